//! Why nothing leaves to municipalities, in words: for `saude`, `plano`, STATUS and alerts.

use jiff::Timestamp;

use crate::domain::delivery::QueueStop;
use crate::domain::journal::DoubtCause;
use crate::domain::time::Zone;
use crate::render::portuguese as pt;
use crate::store::LedgerDoubt;

/// Nobody knows that the ledger is the one that last sent: what is amiss and what to do first.
pub fn doubted(doubt: &LedgerDoubt, zone: &Zone) -> String {
    let known = doubt.witness.as_ref().and_then(|head| {
        let at: Timestamp = head.at.parse().ok()?;
        Some(format!(
            " (o que enviou por último chegou ao registro {}, em {})",
            head.seq,
            pt::instant(at, zone)
        ))
    });
    let what = match doubt.cause {
        DoubtCause::Missing => {
            "o livro está sem a testemunha que fica ao lado dele (arquivo .testemunha): é uma cópia, ou começou do nada onde \
             havia outro"
        }
        DoubtCause::Copied => {
            "o livro e a testemunha dele foram copiados, de outra pasta, de outra máquina ou de uma cópia antiga"
        }
        DoubtCause::Older => "o livro é uma cópia antiga: termina antes do que já foi enviado",
        DoubtCause::Other => "o livro não é o que enviou por último: os registros são outros",
    };
    format!(
        "{what}{}. Nada é decidido e nenhuma carta sai a município, para não repetir as que já saíram\n  dica: confira se \
         o serviço não roda em outra máquina ou pasta, e se há livro mais novo a trazer de volta; se vale este: \
         vigia-suas assumir --motivo \"…\"",
        known.unwrap_or_default()
    )
}

/// The queue stands still because letters came back.
pub fn stopped(stop: &QueueStop, zone: &Zone) -> String {
    format!(
        "a fila espera desde {} porque cartas voltaram de vários domínios; sai de novo em {}\n  dica: confira se o servidor \
         de saída ou o domínio do remetente está em lista de bloqueio, o SPF, o DKIM e o DMARC, e se o servidor acha os \
         destinatários; para retomar antes: vigia-suas liberar --lote fila --motivo \"…\"",
        pt::instant(stop.since, zone),
        pt::instant(stop.until, zone)
    )
}

/// The same on one line, as systemd shows it.
pub fn on_one_line(words: &str) -> String {
    words.replace("\n  dica: ", "; ")
}
