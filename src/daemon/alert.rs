//! Calls a person: one alert per topic and day, delivered like any letter, and by other ways too where `herald` finds
//! that it must be.

use std::num::NonZeroU16;

use jiff::Timestamp;
use jiff::civil::Date;

use super::app::{App, Outcry};
use crate::domain::notice::{AlertItem, Content, NoticeKey, Recipient};
use crate::domain::reason::Reason;
use crate::domain::roster::Role;
use crate::plan::{Decision, Notice, Sending};
use crate::render::because::because;
use crate::store::{NewDecision, Recorded, StoreError};
use crate::telemetry::chain;
use crate::world::compose::compose;

/// Topics of alerts that cannot wait: nothing leaves, or nothing is decided, until a person does something. They go by
/// every way at once; others only where mail does not get through.
pub(super) mod topic {
    use crate::domain::id::FeedId;
    use crate::domain::notice::DAILY_PAGE;
    use crate::text::digest::sha256;

    /// The clock leapt ahead.
    pub(in crate::daemon) const CLOCK_LEAPT: &str = "relogio-saltou";
    /// The ledger may not be the one that last sent.
    pub(in crate::daemon) const LEDGER_DOUBTED: &str = "livro-em-duvida";
    /// The relay takes nothing.
    pub(in crate::daemon) const RELAY: &str = "servidor-de-saida";
    /// Letters come back from several domains, and the queue stands still.
    pub(in crate::daemon) const RETURNED: &str = "devolvidas-de-varios-dominios";
    /// What the files hold is not in force; the configuration follows.
    pub(in crate::daemon) const CONFIGURATION: &str = "configuracao-";
    /// A loop hangs or failed; its name follows.
    pub(in crate::daemon) const LOOP: &str = "laco-";
    /// The self-audit found something.
    pub(in crate::daemon) const AUDIT: &str = "autoconferencia-diverge";
    /// The plan's own: the clock stands before what the ledger has seen.
    const CLOCK_BEHIND: &str = "relogio";

    /// A load that is not believed, or a file that was not read. One that is wrong otherwise, or another file, is told on the
    /// same day too: who mended the first must hear of it.
    pub(in crate::daemon) fn of_load(feed: &FeedId, name: &str, sorts: &str) -> String {
        format!("coleta-{}-{feed}", &sha256(format!("{name}\n{sorts}").as_bytes())[..8])
    }

    /// What an alert of a topic is about, for its entry in the journal, which is kept for ever: the text itself may quote
    /// what others wrote.
    pub(in crate::daemon) fn words(topic: &str) -> String {
        let whole = match topic {
            DAILY_PAGE => "a página do dia",
            CLOCK_LEAPT => "o relógio saltou e ninguém o confirma",
            CLOCK_BEHIND => "o relógio está atrasado",
            LEDGER_DOUBTED => "não se sabe se o livro é o que enviou por último",
            RELAY => "o servidor de saída não aceita cartas",
            RETURNED => "cartas voltam de vários domínios, e a fila espera",
            AUDIT => "a autoconferência achou divergências",
            "autoconferencia" => "o resultado da autoconferência",
            "fuso" => "as regras do fuso horário mudaram",
            "caixa-de-devolucoes" => "a caixa de devoluções não pôde ser lida",
            "devolucoes" => "cartas foram devolvidas",
            "devolvida-sem-culpa" => "cartas foram devolvidas por outra causa que não o endereço",
            "recusada-sem-culpa" => "cartas foram recusadas por outra causa que não o endereço",
            _ => "",
        };
        if !whole.is_empty() {
            return whole.to_owned();
        }
        let of = |begin: &str| topic.strip_prefix(begin);
        if topic.starts_with(CONFIGURATION) {
            "os arquivos da configuração não valem ainda".to_owned()
        } else if let Some(name) = of(LOOP) {
            format!("uma tarefa do serviço parou ou falhou ({name})")
        } else if let Some(feed) = of("fonte-") {
            format!("a fonte {feed} precisa de atenção")
        } else if let Some((_, feed)) = of("coleta-").and_then(|rest| rest.split_once('-')) {
            format!("uma coleta da fonte {feed} não foi aceita")
        } else if let Some(feed) = of("arquivo-") {
            format!("um arquivo da fonte {feed} não pôde ser lido")
        } else if topic.starts_with("cadastro-") {
            "o cadastro de unidades".to_owned()
        } else if topic.starts_with("noticia") {
            "as notícias do MDS".to_owned()
        } else if topic.starts_with("incerta-") {
            "não se sabe se algumas cartas saíram".to_owned()
        } else {
            topic.to_owned()
        }
    }

    /// Whether this is one.
    pub(in crate::daemon) fn is_urgent(topic: &str) -> bool {
        [CLOCK_LEAPT, CLOCK_BEHIND, LEDGER_DOUBTED, RELAY, RETURNED, AUDIT].contains(&topic)
            || [CONFIGURATION, LOOP].iter().any(|begin| topic.starts_with(begin))
    }
}

/// Records an alert of that topic and day, unless there is one already.
pub async fn alert_once(app: &App, topic: &str, text: String, now: Timestamp) -> Result<(), StoreError> {
    let on = app.live().calendar.hours.zone.date_of(now);
    alert_once_on(app, topic, text, on, now).await
}

/// The same for what came about on a given civil day, so that it is told once however long it lasts. What the ledger does
/// not take is told by the ways that need none.
pub async fn alert_once_on(
    app: &App,
    topic: &str,
    text: String,
    on: Date,
    now: Timestamp,
) -> Result<(), StoreError> {
    let live = app.live();
    let offices = &live.setup.config.roster.offices;
    let to: Vec<Recipient> = offices
        .alert_addresses()
        .iter()
        .map(|address| Recipient { role: Role::Alerts, address: address.clone() })
        .collect();
    let notice = Notice {
        key: NoticeKey::Service { topic: topic.to_owned(), on },
        content: Content::Alert { items: vec![AlertItem::Text(text.clone())] },
        to,
        due_at: now,
        valid_until: None,
    };
    let version = NonZeroU16::MIN;
    match compose(&live, &notice, version, &[], now) {
        Ok(letter) => {
            let reason = Reason::StaffTold { about: topic::words(topic) };
            let because = because(&reason, &live.calendar);
            let decision = Decision::Send(Sending { notice, version, copies: Vec::new(), because: reason });
            let change = NewDecision { decision, because, letter: Some(letter), evidence: Vec::new() };
            match app.store.record_alert(now, change).await {
                // Whoever finds the same again at each look for letters would call itself to look again.
                Ok(Recorded::Repeated) => {}
                Ok(_) => {
                    app.mail.notify_one();
                    app.herald.notify_one();
                }
                Err(failure) => {
                    app.cry(Outcry { topic: topic.to_owned(), text });
                    return Err(failure);
                }
            }
        }
        Err(failure) => {
            tracing::error!(alert.topic = topic, error = %chain(&*failure), "o alerta não pôde ser escrito");
            app.cry(Outcry { topic: topic.to_owned(), text });
        }
    }
    Ok(())
}
