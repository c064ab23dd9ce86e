//! A program of the administrator's, started with the text on its standard input. It gets no secret of the service, and is
//! ended with all that it started when its time is over.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, Signal, kill_process_group};

/// The longest that a program may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// So often it is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// What it gets of our environment.
const VARIABLES: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// Why a program told nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("o comando não pôde começar: {0}")]
    Start(String),
    /// It said that it failed.
    #[error("o comando terminou com {0}")]
    Ended(String),
    /// It did not end.
    #[error("o comando não terminou em {} s e foi encerrado", .0.as_secs())]
    TimeOut(Duration),
}

/// Runs it to its end. Its standard error is ours; what it writes otherwise is nobody's.
pub async fn run(argv: &[String], text: &str, patience: Duration) -> Result<(), CommandError> {
    let started = start(argv, text).map_err(|error| CommandError::Start(error.kind().to_string()))?;
    let mut group = Group(Some(started));
    let ended = tokio::time::timeout(patience, async {
        loop {
            match group.0.as_mut().map(Child::try_wait).transpose() {
                Ok(Some(Some(status))) => return Ok(status),
                Ok(_) => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(CommandError::Start(error.kind().to_string())),
            }
        }
    });
    let status = ended.await.map_err(|_| CommandError::TimeOut(patience))??;
    if status.success() { Ok(()) } else { Err(CommandError::Ended(words(status))) }
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

/// A program and all that it started; all of it ends with this. It is there until this goes.
struct Group(Option<Child>);

impl Drop for Group {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // Gone already is as good.
            let _ = kill_process_group(pid, Signal::KILL);
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
        assert!(matches!(missing, Err(CommandError::Start(_))), "{missing:?}");
        assert_eq!(
            run(&shell("true"), &"x".repeat(1 << 20), Duration::from_secs(20)).await,
            Ok(()),
            "unread"
        );
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
