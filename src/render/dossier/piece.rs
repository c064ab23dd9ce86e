//! Small pieces of the page: instants, hashes, states, proof. Pure.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::domain::calendar::Deadline;
use crate::domain::delivery::DeliveryState;
use crate::domain::dossier::EvidenceLine;
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::time::Zone;

use super::super::because::{confirmed, row};
use super::super::portuguese as pt;

/// An instant to the second, with its offset: proof must not depend on the reader's zone.
pub(super) fn instant(at: Timestamp, zone: &Zone) -> Markup {
    let text = zone.zoned(at).strftime("%d/%m/%Y %H:%M:%S (%:z)").to_string();
    html! { time datetime=(at.to_string()) { (text) } }
}

/// An instant as the journal writes it in a body.
pub(super) fn instant_text(text: &str, zone: &Zone) -> Markup {
    text.parse().map_or_else(|_| html! { (pt::line(text)) }, |at| instant(at, zone))
}

/// A deadline as the journal writes it: `2026-12-31T23:59:59`, or `a-definir`.
pub(super) fn deadline_text(text: &str) -> String {
    match text.parse::<jiff::civil::DateTime>() {
        Ok(at) => pt::deadline(Deadline { on: at.date(), at: at.time() }),
        Err(_) if text == "a-definir" => "a definir".to_owned(),
        Err(_) => pt::line(text),
    }
}

/// The name of a letter, by its sort and its key as the journal has them.
pub(super) fn kind(word: &str, key: &str) -> String {
    let slot = NoticeKey::parse(key).and_then(|key| key.slot());
    Kind::parse(word).map_or_else(|| pt::line(word), |kind| pt::letter(kind, slot).to_owned())
}

/// A hash or an identifier: in one piece for the eye, breakable for the paper.
pub(super) fn code(text: &str) -> Markup {
    html! { code { (pt::line(text)) } }
}

/// Which entry proves it.
pub(super) fn proof(seq: Option<i64>, intact: bool) -> Markup {
    html! {
        @match (seq, intact) {
            (Some(seq), true) => { span .proof { "registro " (seq) } },
            (Some(seq), false) => { strong .bad { "NÃO CONFERE com o registro " (seq) } },
            (None, _) => { strong .bad { "SEM REGISTRO no livro" } },
        }
    }
}

/// The state of a delivery, in words and not by colour alone.
pub(super) fn state(state: DeliveryState) -> Markup {
    let class = match state {
        DeliveryState::Accepted | DeliveryState::Read => "good",
        DeliveryState::Refused | DeliveryState::Bounced => "bad",
        DeliveryState::Recorded
        | DeliveryState::Sending
        | DeliveryState::Deferred
        | DeliveryState::Uncertain
        | DeliveryState::Withdrawn
        | DeliveryState::Expired => "fair",
    };
    html! { strong class=(class) { (state.as_str()) } }
}

/// What the feeds said, as a table; a sentence when they said nothing.
pub(super) fn evidence(lines: &[EvidenceLine], zone: &Zone) -> Markup {
    html! {
        @if lines.is_empty() {
            p .none { "Nenhum dado de situação." }
        } @else {
            table {
                thead { tr { th { "Parte" } th { "Unidade" } th { "Segundo a fonte" } th { "Dados de" } th { "Fonte e coleta" } th { "Linha" } } }
                tbody {
                    @for line in lines {
                        tr {
                            td { (pt::line(&line.part_name)) }
                            td { @match &line.said.unit { Some(unit) => { (**unit) }, None => { "–" } } }
                            td { (*line.said.state) @if let Some(aside) = line.aside { br; span .note { (aside) } } }
                            td { (instant(*line.said.as_of, zone)) }
                            td { (*line.said.feed) br; (code(line.said.snapshot.as_str())) br; (instant(*line.said.taken_at, zone)) (confirmed(&line.said, zone)) }
                            td {
                                (row(&line.said))
                                @if line.said.is_quoted { br; strong { "a carta se baseia nela" } }
                            }
                        }
                    }
                }
            }
        }
    }
}
