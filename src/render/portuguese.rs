//! Dates, periods and lists as Portuguese writes them. Pure.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};

use crate::domain::calendar::{Deadline, HaltKind, Window};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{Reference, SnapshotId};
use crate::domain::journal::Act;
use crate::domain::notice::{Kind, Slot};
use crate::domain::status::State;
use crate::domain::time::Zone;
use crate::plan::post::LetterState;
pub use crate::text::number::{counted, noun};

/// What to type where a load in quarantine is right after all; only for one of which something could be read.
pub fn accepting(load: &SnapshotId) -> String {
    format!("vigia-suas fonte aceitar {load} --motivo \"…\"")
}

/// `05/12/2023`
pub fn date(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// `08:00`
pub fn time(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// `05/12/2023 às 08:00`, in the calendar's zone.
pub fn instant(instant: Timestamp, zone: &Zone) -> String {
    format!("{} às {}", date(zone.date_of(instant)), time(zone.time_of(instant)))
}

/// `05/12/2023 08:00`, for tables.
pub fn short_instant(instant: Timestamp, zone: &Zone) -> String {
    let civil = zone.datetime_of(instant);
    format!("{} {}", date(civil.date()), time(civil.time()))
}

/// `terça-feira`
pub fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Sunday => "domingo",
        Weekday::Monday => "segunda-feira",
        Weekday::Tuesday => "terça-feira",
        Weekday::Wednesday => "quarta-feira",
        Weekday::Thursday => "quinta-feira",
        Weekday::Friday => "sexta-feira",
        Weekday::Saturday => "sábado",
    }
}

/// `05/12/2023 (terça-feira)`
pub fn date_and_weekday(on: Date) -> String {
    format!("{} ({})", date(on), weekday(on))
}

/// `05/12/2023 (terça-feira)`, with the local time when it is not the end of the day.
pub fn deadline(deadline: Deadline) -> String {
    if ends_the_day(deadline) { date_and_weekday(deadline.on) } else { deadline_to_the_hour(deadline) }
}

/// The same in few words, with its hour unless that is the day's end: `05/12/2023`, `05/12/2023, até as 12:00`.
pub fn short_deadline(deadline: Deadline) -> String {
    let on = date(deadline.on);
    if ends_the_day(deadline) { on } else { format!("{on}, até as {}", time(deadline.at)) }
}

/// The same as where a sentence goes on: `até 05/12/2023`, `até as 12:00 de 05/12/2023`.
pub fn until_deadline(deadline: Deadline) -> String {
    let on = date(deadline.on);
    if ends_the_day(deadline) {
        format!("até {on}")
    } else {
        format!("até as {} de {on}", time(deadline.at))
    }
}

/// The same of one that passed: `em 05/12/2023`, `às 12:00 de 05/12/2023`.
pub fn at_deadline(deadline: Deadline) -> String {
    let on = date(deadline.on);
    if ends_the_day(deadline) { format!("em {on}") } else { format!("às {} de {on}", time(deadline.at)) }
}

/// The same with its hour, also where that is the day's end.
pub fn deadline_to_the_hour(deadline: Deadline) -> String {
    format!("{}, até as {}", date_and_weekday(deadline.on), time(deadline.at))
}

/// The deadline, or `a definir`.
pub fn deadline_or_undefined(known: Option<Deadline>) -> String {
    known.map_or_else(|| "a definir".to_owned(), deadline)
}

/// The deadlines that are in force for some only, as where a sentence goes on after the date of all others:
/// `, salvo para 3 municípios, até 27/11/2026`. Nothing where there is none.
pub fn save_for<'a>(others: impl IntoIterator<Item = (&'a Option<Deadline>, &'a usize)>) -> String {
    let one = |(deadline, municipalities): (&Option<Deadline>, &usize)| {
        let until = deadline.map_or_else(|| "com prazo a definir".to_owned(), until_deadline);
        format!("para {}, {until}", counted(*municipalities, "município", "municípios"))
    };
    let each: Vec<String> = others.into_iter().map(one).collect();
    if each.is_empty() { String::new() } else { format!(", salvo {}", each.join("; ")) }
}

fn ends_the_day(deadline: Deadline) -> bool {
    deadline.at.hour() == 23 && deadline.at.minute() == 59
}

/// A rung in words: `5 dias antes`.
pub fn days_before(days: u16) -> String {
    match days {
        0 => "no dia".to_owned(),
        days => format!("{} antes", counted(usize::from(days), "dia", "dias")),
    }
}

/// The same as what names a rung, for a letter may leave nearer to the deadline: `de 5 dias antes`, `do dia`.
pub fn of_days_before(days: u16) -> String {
    match days {
        0 => "do dia".to_owned(),
        days => format!("de {}", days_before(days)),
    }
}

/// `outubro`
pub fn month(number: i8) -> &'static str {
    match number {
        1 => "janeiro",
        2 => "fevereiro",
        3 => "março",
        4 => "abril",
        5 => "maio",
        6 => "junho",
        7 => "julho",
        8 => "agosto",
        9 => "setembro",
        10 => "outubro",
        11 => "novembro",
        _ => "dezembro",
    }
}

/// The head of whatever is shown of letters in `ensaio`.
pub const REHEARSAL: &str = "ENSAIO: nenhuma carta saiu; as cartas foram gravadas em arquivo.";

/// `2026`, `outubro de 2026` or `4º trimestre de 2026`.
pub fn reference(reference: Reference) -> String {
    match reference {
        Reference::Year(year) => year.to_string(),
        Reference::Month(year, number) => format!("{} de {year}", month(number)),
        Reference::Quarter(year, quarter) => format!("{quarter}º trimestre de {year}"),
    }
}

/// A window's period, with the window's name when it has one: `2017, onda 1`.
pub fn period(window: &Window) -> String {
    let period = reference(window.reference);
    match &window.name {
        Some(name) => format!("{period}, {}", line(name)),
        None => period,
    }
}

/// `a`, `a e b`, `a, b e c`.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} e {}", first.join(", "), last.as_ref())
        }
    }
}

/// The name of a sort of letter: `divulgação`.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Announcement => "divulgação",
        Kind::Reminder => "lembrete",
        Kind::Warning => "prazo",
        Kind::Extension => "prorrogação",
        Kind::Suspension => "suspensão",
        Kind::Digest => "resumo",
        Kind::Referral => "remessa",
        Kind::Alert => "alerta",
    }
}

/// The name of one letter: what a halt brings is three letters of one sort, which its place in the window tells apart.
pub fn letter(kind: Kind, slot: Option<Slot>) -> &'static str {
    match slot {
        Some(Slot::Upheld { .. }) => "prazo mantido",
        Some(Slot::Suspension { kind: HaltKind::Cancelled, .. }) => "cancelamento",
        Some(
            Slot::Suspension { kind: HaltKind::Suspended, .. }
            | Slot::Announcement
            | Slot::Extension { .. }
            | Slot::Rung { .. },
        )
        | None => self::kind(kind),
    }
}

/// The name of a sort of letter where all of it is counted together, whatever its place.
pub fn kind_counted(kind: Kind) -> &'static str {
    if kind == Kind::Suspension { "interrupção" } else { self::kind(kind) }
}

/// The same as [`letter`]. Of a rung's that left from another ledger nobody knows which of the two it was.
pub fn letter_kind(kind: Kind, slot: Option<Slot>, elsewhere: bool) -> &'static str {
    if elsewhere && slot.and_then(Slot::rung).is_some() { "prazo ou lembrete" } else { letter(kind, slot) }
}

/// How many stand in a state: `48 concluídos`, `1 pendente`.
pub fn standing(number: usize, state: State) -> String {
    match state {
        State::Done => counted(number, "concluído", "concluídos"),
        State::Pending => counted(number, "pendente", "pendentes"),
        State::Unconfirmed => counted(number, "não confirmado", "não confirmados"),
        State::NotApplicable => format!("{number} a que não se aplica"),
    }
}

/// What is done about a notice, as people say it; files and JSON have the word of the journal.
pub fn act(act: Act) -> &'static str {
    match act {
        Act::Send | Act::Withhold | Act::Withdraw | Act::Expire | Act::Publish => act.as_str(),
        Act::Supersede => "deixar de enviar",
    }
}

/// What became of a delivery: `aceita`.
pub fn delivery(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Recorded => "registrada",
        DeliveryState::Sending => "em envio",
        DeliveryState::Accepted => "aceita",
        DeliveryState::Deferred => "adiada",
        DeliveryState::Refused => "recusada",
        DeliveryState::Uncertain => "incerta",
        DeliveryState::Bounced => "devolvida",
        DeliveryState::Read => "lida",
        DeliveryState::Withdrawn => "retirada",
        DeliveryState::Expired => "expirada",
    }
}

/// Where a letter really stands: `na fila`, `aceita`, `vencida sem sair`.
pub fn letter_state(state: LetterState) -> &'static str {
    match state {
        LetterState::Queued => "na fila",
        LetterState::Sending => "em envio",
        LetterState::Deferred => "adiada",
        LetterState::Held => "retida",
        LetterState::Accepted => "aceita",
        LetterState::Uncertain => "incerta",
        LetterState::Read => "lida",
        LetterState::Refused => "recusada",
        LetterState::Bounced => "devolvida",
        LetterState::Expired => "vencida sem sair",
        LetterState::Missed => "perdida com o serviço parado",
        LetterState::Withdrawn => "retirada antes de sair",
    }
}

/// One line of what somebody else wrote: every run of blanks, line breaks and control characters becomes one blank,
/// and characters that turn the direction of writing or cannot be seen are dropped.
pub fn line(text: &str) -> String {
    let seen = text.chars().filter(|c| !invisible(*c)).map(|c| if c.is_control() { ' ' } else { c });
    seen.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As [`line()`], for text that may have several lines: each keeps its indentation, none its control characters.
pub fn lines(text: &str) -> String {
    let clean = |row: &str| -> String {
        let visible = row.chars().filter(|c| !invisible(*c));
        visible.map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim_end().to_owned()
    };
    text.lines().map(clean).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}

/// Zero-width and bidirectional control characters, by which a name could show as something else.
fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn a_deadline_at_the_end_of_the_day_names_no_time() {
        let on = civil::date(2023, 12, 5);
        assert_eq!(deadline(Deadline { on, at: Deadline::DEFAULT_TIME }), "05/12/2023 (terça-feira)");
        let at = civil::time(18, 0, 0, 0);
        assert_eq!(deadline(Deadline { on, at }), "05/12/2023 (terça-feira), até as 18:00");
        assert_eq!(deadline_or_undefined(None), "a definir");
    }

    #[test]
    fn references_are_named_for_people() {
        let named = |text| reference(Reference::parse(text).unwrap());
        assert_eq!(named("2026"), "2026");
        assert_eq!(named("2026-10"), "outubro de 2026");
        assert_eq!(named("2026-T4"), "4º trimestre de 2026");
    }

    #[test]
    fn lists_end_with_an_e() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a e b");
        assert_eq!(list(&["a", "b", "c"]), "a, b e c");
    }

    #[test]
    fn what_others_wrote_stays_on_one_line() {
        assert_eq!(line("Vitória\r\nBcc: x@y.z"), "Vitória Bcc: x@y.z");
        assert_eq!(line(" a\u{202e}b\u{0}c\u{2028}d "), "ab c d");
        assert_eq!(lines("a\r\n  b\u{7}c  \n\n"), "a\n  b c");
    }
}
