//! A program of the administrator's, started with the text on its standard input. It gets no secret of the service. When its
//! time is over it is ended, with all of its group that still runs: so is what it left to itself in the background, which has
//! until then. What puts itself into another group or session is on its own.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::text::system::io_words;

/// The longest that a program may take, with what it leaves in the background.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// So often it is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// What it gets of our environment.
const VARIABLES: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];
/// ENOEXEC.
const NOT_A_PROGRAM: i32 = rustix::io::Errno::NOEXEC.raw_os_error();

/// Why a program told nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("o comando {program} não pôde começar: {why}")]
    Start {
        /// Its path, as the configuration has it.
        program: String,
        /// What the system says.
        why: String,
    },
    /// It could not be looked after.
    #[error("o comando não pôde ser acompanhado: {0}")]
    Lost(String),
    /// It said that it failed.
    #[error("o comando terminou com {0}")]
    Ended(String),
    /// It did not end.
    #[error("o comando não terminou em {} s e foi encerrado", .0.as_secs())]
    TimeOut(Duration),
}

/// Runs it to its end, and counts on its word. What it left running in the background when it said that all went well has
/// the rest of the time, and is then ended. Its standard error is ours; what it writes otherwise is nobody's.
pub async fn run(argv: &[String], text: &str, patience: Duration) -> Result<(), CommandError> {
    let started = start(argv, text).map_err(|error| CommandError::Start {
        program: argv.first().cloned().unwrap_or_default(),
        why: if error.raw_os_error() == Some(NOT_A_PROGRAM) {
            "não é um programa, ou é um texto sem a linha “#!” no começo".to_owned()
        } else {
            io_words(&error)
        },
    })?;
    let mut group = Group::of(started);
    let until = tokio::time::Instant::now() + patience;
    let ended = tokio::time::timeout_at(until, async {
        loop {
            match group.leader.as_mut().map(Child::try_wait).transpose() {
                Ok(Some(Some(status))) => return Ok(status),
                Ok(_) => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(CommandError::Lost(io_words(&error))),
            }
        }
    });
    let status = ended.await.map_err(|_| CommandError::TimeOut(patience))??;
    if !status.success() {
        return Err(CommandError::Ended(words(status)));
    }
    let emptied = tokio::time::timeout_at(until, async {
        while group.is_there() {
            tokio::time::sleep(LOOK).await;
        }
    })
    .await;
    if emptied.is_ok() {
        // Its number may be another's by now.
        group.id = None;
    }
    Ok(())
}

/// The text lies in memory, so that a program that does not read it, or a full disk, holds nothing up.
fn start(argv: &[String], text: &str) -> std::io::Result<Child> {
    let mut input = File::from(memfd_create("alerta", MemfdFlags::CLOEXEC)?);
    input.write_all(text.as_bytes())?;
    input.rewind()?;
    let (program, arguments) = argv.split_first().ok_or(std::io::ErrorKind::NotFound)?;
    let kept = VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(kept)
        .stdin(Stdio::from(input))
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
}

fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("o código {code}"),
        (None, Some(signal)) => format!("o sinal {signal}"),
        (None, None) => "um estado desconhecido".to_owned(),
    }
}

/// A program and what of its group still runs; all of it ends with this.
struct Group {
    /// Whose number is the group's; it is there until this goes.
    leader: Option<Child>,
    id: Option<Pid>,
}

impl Group {
    fn of(leader: Child) -> Self {
        Self { id: i32::try_from(leader.id()).ok().and_then(Pid::from_raw), leader: Some(leader) }
    }

    /// Whether anything of it still runs, once its leader was seen to end.
    fn is_there(&self) -> bool {
        self.id.is_some_and(|id| test_kill_process_group(id).is_ok())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(mut child) = self.leader.take() else { return };
        if let Some(id) = self.id {
            // Gone already is as good.
            let _ = kill_process_group(id, Signal::KILL);
        }
        if matches!(child.try_wait(), Ok(None)) {
            // One that waits for a disk ends only when that answers: a thread of its own buries it.
            let _buried = std::thread::Builder::new().spawn(move || child.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
    }

    async fn within(script: &str, patience: u64) -> Result<(), CommandError> {
        run(&shell(script), "assunto\n\ntexto\n", Duration::from_millis(patience)).await
    }

    #[tokio::test]
    async fn the_text_comes_on_standard_input_and_the_end_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("saida");
        assert_eq!(within(&format!("cat > {}", out.display()), 20_000).await, Ok(()));
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "assunto\n\ntexto\n");
        assert_eq!(within("exit 7", 20_000).await, Err(CommandError::Ended("o código 7".to_owned())));
        let missing = run(&["/nao/existe".to_owned()], "", Duration::from_secs(1)).await;
        assert!(matches!(missing, Err(CommandError::Start { .. })), "{missing:?}");
        assert_eq!(
            run(&shell("true"), &"x".repeat(1 << 20), Duration::from_secs(20)).await,
            Ok(()),
            "unread"
        );
    }

    #[tokio::test]
    async fn what_a_program_leaves_in_the_background_may_end_and_not_beyond_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("feito");
        let script = format!("(sleep 0.4; echo feito > {}) & exit 0", out.display());
        assert_eq!(within(&script, 5_000).await, Ok(()));
        assert_eq!(std::fs::read_to_string(&out).unwrap_or_default(), "feito\n");
        let script = format!("(sleep 3; echo tarde > {}) & exit 0", out.display());
        let begun = tokio::time::Instant::now();
        assert_eq!(within(&script, 500).await, Ok(()), "it said that all went well");
        assert!(begun.elapsed() >= Duration::from_millis(500));
        tokio::time::sleep_until(begun + Duration::from_secs(4)).await;
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "feito\n", "ended with its time");
    }

    #[tokio::test]
    async fn a_program_that_cannot_start_is_named_with_what_the_system_says() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("texto");
        std::fs::write(&text, "nada\n").unwrap();
        let said = async |program: &Path| {
            let argv = [program.display().to_string()];
            run(&argv, "", Duration::from_secs(1)).await.unwrap_err().to_string()
        };
        let missing = said(Path::new("/nao/existe")).await;
        assert_eq!(missing, "o comando /nao/existe não pôde começar: não existe (erro 2 do sistema)");
        let named = format!("o comando {} não pôde começar: ", text.display());
        assert_eq!(said(&text).await, format!("{named}sem permissão (erro 13 do sistema)"));
        std::fs::set_permissions(&text, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        assert!(said(&text).await.starts_with(&format!("{named}não é um programa")), "{}", said(&text).await);
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_ended_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("filho");
        let script = format!("sleep 600 & echo $! > {}; wait", out.display());
        assert!(matches!(within(&script, 700).await, Err(CommandError::TimeOut(_))));
        let child = std::fs::read_to_string(&out).unwrap();
        // A signal takes a moment on a busy machine; ended, though whoever adopted it may not have looked yet.
        let stat = Path::new("/proc").join(child.trim()).join("stat");
        let ended = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
        for _ in 0..200 {
            if ended() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} goes on", child.trim());
    }

    #[tokio::test]
    async fn no_secret_of_ours_is_in_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("ambiente");
        assert_eq!(within(&format!("/usr/bin/env > {}", out.display()), 20_000).await, Ok(()));
        let seen = std::fs::read_to_string(&out).unwrap();
        let own = ["PWD=", "SHLVL=", "_=", "OLDPWD="];
        let foreign = |line: &&str| {
            !own.iter().any(|name| line.starts_with(name))
                && !VARIABLES.iter().any(|name| line.starts_with(&format!("{name}=")))
        };
        assert_eq!(seen.lines().filter(foreign).count(), 0, "{seen}");
    }
}
