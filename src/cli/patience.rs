//! A command that takes long says what it is doing: once, after ten seconds, on stderr.
//!
//! Whoever was asked something knows already, and a command that goes on until it is stopped says enough of itself.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::args::{Command, Feed, Ledger, LedgerVerb};
use super::session::remark;

/// So long nobody wonders.
const LONG: Duration = Duration::from_secs(10);

/// Whether a person was asked something.
static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on the command waits for a person, or has their answer.
pub(super) fn asks() {
    ASKED.store(true, Ordering::Relaxed);
}

/// Says what a command is doing if it takes long; nothing once the task is aborted.
pub(super) fn watch(runtime: &Runtime, command: &Command) -> Option<JoinHandle<()>> {
    let doing = doing(command)?;
    Some(runtime.spawn(async move {
        tokio::time::sleep(LONG).await;
        if !ASKED.load(Ordering::Relaxed) {
            remark(&format!("isto demora um pouco: {doing}…"));
        }
    }))
}

/// What it is doing, in the operators' words; none where it says so itself, or waits for its input.
fn doing(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::Check => "conferindo a configuração e escrevendo cada carta a cada destinatário",
        Command::Calendar { .. } => "juntando as janelas do período",
        Command::Plan { against: None, .. } => "decidindo o que sairia agora",
        Command::Plan { against: Some(_), .. } | Command::Apply(_) | Command::Extend(_) => {
            "comparando, dia a dia, o que sairia com uma configuração e com a outra"
        }
        Command::Reload => "esperando que o serviço leia os arquivos",
        // A bar shows how far it is.
        Command::Simulate(_) if io::stderr().is_terminal() => return None,
        Command::Simulate(_) => "percorrendo o período, dia a dia",
        Command::Backup { .. } => "copiando o livro e conferindo a cópia",
        Command::Restore { .. } => "conferindo a cópia e pondo-a no lugar do livro",
        Command::Assume { logs, .. } if !logs.is_empty() => "lendo o registro do servidor de saída",
        Command::Dossier { .. } => "conferindo o livro inteiro e juntando o que diz do município",
        Command::Ledger(Ledger { verb: Some(LedgerVerb::Verify), .. }) => {
            "refazendo, registro por registro, o que cada tabela do livro deve ter"
        }
        Command::Ledger(Ledger { verb: Some(LedgerVerb::Reduce(_)), .. }) => {
            "procurando o que passou do prazo de guarda"
        }
        Command::Ledger(Ledger { verb: Some(LedgerVerb::Relocate(_)), .. }) => {
            "levando o livro, linha por linha, e conferindo os dois lados"
        }
        Command::Letter(letter) if letter.watch => return None,
        Command::Letter(_) => "escrevendo as cartas",
        Command::SendTest { .. } => "entregando a carta ao servidor de e-mail",
        Command::TestChannel { .. } => "entregando um alerta de teste",
        Command::Feed(Feed::Try { .. }) => "buscando a fonte e lendo o que ela responde",
        Command::Feed(Feed::Propose(_)) => "lendo o arquivo",
        Command::Ingest { .. } => "lendo e julgando o arquivo",
        Command::Register(_) => "comparando o cadastro com unidades.csv",
        Command::Run { .. }
        | Command::Bounce
        | Command::Panel { .. }
        | Command::Complete { .. }
        | Command::Manual { .. } => {
            return None;
        }
        _ => "lendo o livro",
    })
}
