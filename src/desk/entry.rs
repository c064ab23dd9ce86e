//! What an entry of the journal tells, in words: one account for `livro`, `porque` and the panel.

use std::borrow::Cow;

use crate::domain::journal::{
    Act, Announced, Audited, ChannelCause, ClockAct, Decision, Entry, FeedAct, LeftProof, OrderAct,
    OrderKind, Ordered, ProposalsRefused, ProposalsTaken, QueueResumed, Reduced, RegisterDoubted, Seen,
    Unflagged, Verdict,
};
use crate::render::because::{is_rest_over, reread};
use crate::render::portuguese;
use crate::store::JournalEntry;
use crate::text::visible;

/// An entry in words, on one line whatever others wrote into it; `among` are those around it that are at hand, for what
/// became of its letter.
pub fn entry_words(entry: &JournalEntry, among: &[JournalEntry]) -> String {
    visible::line(&told_words(entry, among))
}

/// The because of a decision, read by what `among` tells of its letter.
pub fn because_of<'a, 'e>(
    entry: &JournalEntry,
    told: &'a Decision,
    among: impl IntoIterator<Item = &'e JournalEntry>,
) -> Cow<'a, str> {
    let has_left = |other: &JournalEntry| {
        other.subject == entry.subject
            && match &other.told {
                Ok(Entry::Attempt(attempt)) => attempt.outcome.0.reaches(),
                Ok(Entry::LeftElsewhere(_)) => true,
                Ok(_) | Err(_) => false,
            }
    };
    let has_left = match told.act {
        // Of one that nobody took the end of its validity is no withdrawal.
        Act::Withdraw => true,
        Act::Expire => among.into_iter().any(has_left),
        Act::Send | Act::Withhold | Act::Supersede | Act::Publish => false,
    };
    reread(&told.because, has_left)
}

fn decision_words(entry: &JournalEntry, told: &Decision, among: &[JournalEntry]) -> String {
    let because = because_of(entry, told, among);
    let act = match told.act {
        Act::Withdraw | Act::Expire if is_rest_over(&because) => "tentativas encerradas:",
        Act::Send => "decidido enviar",
        Act::Withhold => "decidido reter",
        Act::Withdraw => "decidido retirar",
        Act::Supersede => "decidido deixar de enviar",
        Act::Expire => "validade encerrada:",
        Act::Publish => "decidido publicar",
    };
    with_reason(act, &entry.subject, &because)
}

fn with_reason(words: &str, subject: &str, why: &str) -> String {
    if why.is_empty() { format!("{words} {subject}") } else { format!("{words} {subject}: {why}") }
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of entry, so that none goes untold")]
fn told_words(entry: &JournalEntry, among: &[JournalEntry]) -> String {
    let subject = entry.subject.as_str();
    let told = match &entry.told {
        Ok(told) => told,
        Err(fault) => return format!("{} {subject}: o registro {} {fault}", entry.kind, entry.seq),
    };
    let to = |words: &str, role: &str| {
        let role = if role.is_empty() { String::new() } else { format!(" ({role})") };
        format!("{words}: {subject}{role}")
    };
    let because = |words: &str, why: &str| with_reason(words, subject, why);
    match told {
        Entry::Opening(_) => "o livro começa".to_owned(),
        Entry::Reading(told) => format!("edição {} de {subject} lida no calendário", told.edition),
        Entry::EditionClosed(told) => format!("prazo encerrado: edição {} de {subject}", told.edition),
        Entry::Outage(_) => format!("parada do serviço registrada: {subject}"),
        Entry::Decision(told) => decision_words(entry, told, among),
        Entry::Attempt(told) => to(&format!("entrega {}", portuguese::delivery(told.state.0)), &told.role),
        Entry::Returned(told) => to(&format!("entrega {}", portuguese::delivery(told.state.0)), &told.role),
        Entry::LeftElsewhere(told) => {
            let what = match told.proof {
                LeftProof::Nothing => "pode ter saído de outro livro; espera",
                LeftProof::Log | LeftProof::Person => "saiu de outro livro",
            };
            to(what, told.role.as_deref().unwrap_or_default())
        }
        Entry::Released(told) => to("entrega incerta liberada", &told.role),
        Entry::Rescheduled(told) => to("entrega remarcada, porque o relógio esteve adiantado", &told.role),
        Entry::Snapshot(told) => match told.verdict {
            Verdict::Accepted => format!("coleta aceita: {subject}"),
            Verdict::Quarantined => format!("coleta em quarentena: {subject}"),
        },
        Entry::Ordered(told) => order_words(entry, told),
        Entry::Ruled(told) => {
            let what = match told.verdict {
                Verdict::Accepted => "coleta aceita à mão",
                Verdict::Quarantined => "coleta recusada à mão",
            };
            let about = format!("{} (fonte {})", told.snapshot.as_str(), told.feed.as_str());
            signed(&format!("{what}: {about}"), &told.reason, &told.author)
        }
        Entry::RegisterLoaded(told) => {
            because("carga do cadastro aceita:", told.reason.as_deref().unwrap_or_default())
        }
        Entry::RegisterDoubted(RegisterDoubted { reason, .. }) => {
            because("carga do cadastro recusada:", reason)
        }
        Entry::ProposalsTaken(ProposalsTaken { reason, .. }) => {
            because("propostas do cadastro aplicadas:", reason)
        }
        Entry::ProposalsRefused(ProposalsRefused { reason, .. }) => {
            because("propostas do cadastro recusadas:", reason)
        }
        Entry::Found(_) => because("notícia achada:", ""),
        Entry::Seen(Seen { reason, .. }) => because("notícia vista:", reason),
        Entry::Flagged(_) => because("endereço marcado:", ""),
        Entry::Unflagged(Unflagged { reason: Some(reason), author: Some(author), .. }) => {
            signed("endereço confirmado", reason, author)
        }
        Entry::Unflagged(_) => because("marca tirada de um endereço:", ""),
        Entry::Adopted(_) => because("configuração adotada:", ""),
        Entry::Rejected(_) => because("configuração recusada:", ""),
        Entry::ClockRuled(told) => {
            let what = match told.act {
                ClockAct::TakeBack => "marca do relógio corrigida",
                ClockAct::Believe => "relógio aceito",
            };
            signed(what, &told.reason, &told.author)
        }
        Entry::TestSent(told) => {
            let what = format!("carta de teste {}: {subject}", portuguese::delivery(told.outcome.0));
            format!("{what} (por {})", given(&told.author, "não se sabe quem"))
        }
        Entry::QueueResumed(QueueResumed { reason: Some(reason), author: Some(author) }) => {
            signed("fila retomada", reason, author)
        }
        Entry::Audited(told) => audit_words(told),
        Entry::Announced(told) => announcement_words(subject, told),
        Entry::QueueStopped(_) => "fila parada: cartas voltaram de vários domínios".to_owned(),
        Entry::QueueResumed(_) => "fila retomada: o tempo da parada acabou".to_owned(),
        Entry::Assumed(told) => signed("livro assumido", &told.reason, &told.author),
        Entry::Led(told) => {
            let before = told.before.as_ref().map_or(String::new(), |before| format!("; antes, {before}"));
            format!("passa a enviar: {} (época {}{before})", told.leader, told.epoch)
        }
        Entry::Moved(told) => format!(
            "livro mudou de {} para {} (por {})",
            told.from,
            told.to,
            given(&told.author, "não se sabe quem")
        ),
        Entry::Reduced(told) => reduction_words(told),
        Entry::Erased(_) => because("dados pessoais apagados da carta", ""),
        Entry::Held(told) => because("configuração à espera de confirmação:", &told.effects.join("; ")),
        Entry::Consented(told) => {
            format!(
                "efeitos da configuração confirmados: {subject} (por {})",
                given(&told.author, "não se sabe quem")
            )
        }
        Entry::DossierShown(told) => {
            let by = if told.by_proxy { "segundo o proxy" } else { "com senha" };
            format!("dossiê mostrado no painel a {} ({by})", given(&told.user, "não se sabe quem"))
        }
        Entry::FeedSwitched(told) => {
            let what = match told.act {
                FeedAct::Retire => "fonte aposentada",
                FeedAct::Resume => "fonte religada",
            };
            format!("{what}: {subject} (por {})", given(&told.author, "não se sabe quem"))
        }
    }
}

/// How a self-audit ended.
fn audit_words(told: &Audited) -> String {
    let letters = usize::try_from(told.letters).unwrap_or(usize::MAX);
    let compared = portuguese::counted(letters, "carta comparada", "cartas comparadas");
    let many = usize::try_from(told.divergences).unwrap_or(usize::MAX);
    let found = portuguese::counted(many, "divergência", "divergências");
    let which = if many == 0 { String::new() } else { format!(": {}", told.found.join("; ")) };
    format!("autoconferência: {found} ({compared}){which}")
}

/// What was erased because its years were over.
fn reduction_words(told: &Reduced) -> String {
    let letters = usize::try_from(told.letters).unwrap_or(usize::MAX);
    let letters = portuguese::counted(letters, "carta", "cartas");
    let words = format!("dados pessoais apagados ({letters}; guardar_anos = {})", told.years);
    match (&told.reason, &told.author) {
        (Some(reason), Some(author)) => signed(&words, reason, author),
        _ => format!("{words} (pelo serviço)"),
    }
}

/// By which way an alert was told, besides mail.
fn announcement_words(subject: &str, told: &Announced) -> String {
    let what = match told.cause {
        ChannelCause::Urgent => "alerta, por ser urgente",
        ChannelCause::NoMail => "alerta, porque o e-mail não sai",
        ChannelCause::Test => "teste",
    };
    let by = told.author.as_deref().map(|author| format!(" (por {author})")).unwrap_or_default();
    match &told.failure {
        None => format!("{what}, entregue por {}: {subject}{by}", told.channel.as_str()),
        Some(failure) => {
            format!("{what}, não saiu por {}: {subject}: {failure}{by}", told.channel.as_str())
        }
    }
}

/// What was done, in one word, where an entry tells of somebody or something that acted.
pub fn act(told: &Entry) -> Option<&'static str> {
    Some(match told {
        Entry::Decision(told) => told.act.as_str(),
        Entry::Ordered(told) => match told.act {
            OrderAct::Give => told.order.as_str(),
            OrderAct::Lift => told.act.as_str(),
        },
        Entry::Ruled(told) => told.verdict.command(),
        Entry::Flagged(_) => "marcar",
        Entry::Unflagged(told) => told.act.as_str(),
        Entry::Adopted(_) => "adotar",
        Entry::Rejected(_) => "recusar",
        Entry::Held(_) => "segurar",
        Entry::Consented(_) => "confirmar",
        Entry::RegisterLoaded(_) => "carga aceita",
        Entry::RegisterDoubted(_) => "carga recusada",
        Entry::ProposalsTaken(_) => "aplicado",
        Entry::ProposalsRefused(_) => "recusado",
        Entry::Found(_) => "achada",
        Entry::Seen(_) => "vista",
        Entry::Announced(told) => told.channel.as_str(),
        Entry::Audited(told) if told.divergences == 0 => "confere",
        Entry::Audited(_) => "diverge",
        Entry::ClockRuled(told) => told.act.as_str(),
        Entry::QueueStopped(_) => "parada",
        Entry::QueueResumed(_) => "retomada",
        Entry::Assumed(_) => "assumir",
        Entry::Led(_) => "liderar",
        Entry::Moved(_) => "mudar",
        Entry::Reduced(_) => "reduzir",
        Entry::Erased(_) => "apagar",
        Entry::FeedSwitched(told) => told.act.as_str(),
        Entry::DossierShown(_) => "mostrar",
        Entry::TestSent(told) => told.outcome.as_str(),
        Entry::Opening(_)
        | Entry::Attempt(_)
        | Entry::Returned(_)
        | Entry::LeftElsewhere(_)
        | Entry::Released(_)
        | Entry::Rescheduled(_)
        | Entry::Snapshot(_)
        | Entry::Reading(_)
        | Entry::EditionClosed(_)
        | Entry::Outage(_) => return None,
    })
}

/// What somebody decided by hand: what about, until when, why, and who.
fn order_words(entry: &JournalEntry, told: &Ordered) -> String {
    let lifted = told.act == OrderAct::Lift;
    let mut words = vec![if lifted { "desfeita a ordem de" } else { "ordem de" }.to_owned()];
    words.push(told.order.as_str().to_owned());
    let about = [
        entry.window.as_ref().map(ToString::to_string),
        entry.municipality.map(|code| code.to_string()),
        told.part.as_ref().map(|part| part.as_str().to_owned()),
        told.batch.as_ref().map(|batch| format!("lote {}", batch.as_str())),
    ];
    let about: Vec<String> = about.into_iter().flatten().collect();
    words.push(if about.is_empty() { "tudo".to_owned() } else { about.join(" ") });
    let sense = if told.order == OrderKind::Release { "para o prazo de" } else { "até" };
    words.extend(told.until.map(|day| format!("{sense} {}", portuguese::date(*day))));
    let words = words.join(" ");
    match told.reason.as_ref().or(entry.outcome.as_ref()) {
        Some(reason) => signed(&words, reason, &told.author),
        None => format!("{words} (por {}; o resultado foi apagado)", given(&told.author, "não se sabe quem")),
    }
}

fn signed(words: &str, reason: &str, author: &str) -> String {
    format!("{words}: {} (por {})", given(reason, "sem motivo"), given(author, "não se sabe quem"))
}

fn given<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}

#[cfg(test)]
mod tests;
