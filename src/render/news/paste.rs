//! What a finding seems to ask for: the command `prorrogar`, or TOML such that `verificar` takes it where it says to paste
//! it. Pure.
//!
//! It is a guess for a person to correct. Where the guess would make a fault, or the sentence leaves a doubt, there is
//! advice and nothing to run or to paste.

use std::fmt::Write as _;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{Reference, WindowId};
use crate::domain::news::{Finding, NewsDoubt, Topic};
use crate::render::portuguese::{self, date, line};
use crate::text::toml;

/// Windows closed for so many days may still be extended.
const STILL_SPOKEN_OF_DAYS: i64 = 60;
/// Windows are laid out so far ahead.
const AHEAD_DAYS: i64 = 400;

/// Where the text goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At the end of `calendario.toml`.
    End,
    /// Among the keys of the `[[janela]]` of this window, before its prorrogações.
    Inside(WindowId),
}

/// What to write, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paste {
    /// What to do, line by line.
    pub advice: Vec<String>,
    /// Where the TOML goes; absent with it.
    pub place: Option<Place>,
    /// Lines of TOML; absent when there is nothing that would be right.
    pub toml: Option<String>,
    /// A command, quoted for a shell; absent when there is nothing that would be right.
    pub command: Option<String>,
}

impl Paste {
    fn advice(text: impl Into<String>) -> Self {
        Self { advice: vec![text.into()], place: None, toml: None, command: None }
    }

    fn toml(advice: impl Into<String>, place: Place, toml: String) -> Self {
        Self { advice: vec![advice.into()], place: Some(place), toml: Some(toml), command: None }
    }
}

/// What a finding asks for, given the calendar as it is.
pub fn paste(finding: &Finding, calendar: &Calendar, today: Date) -> Paste {
    let near = finding.published_on.unwrap_or(today).min(today);
    let windows: Vec<Window> = calendar
        .windows(today.saturating_add(AHEAD_DAYS.days()))
        .into_iter()
        .filter(|window| window.system == finding.system)
        .collect();
    let Some(system) = calendar.systems.get(&finding.system) else {
        return Paste::advice(format!(
            "o sistema {} não está em calendario.toml: declare-o antes",
            finding.system
        ));
    };
    if !finding.guess.doubts.is_empty() {
        let why: Vec<&str> = finding.guess.doubts.iter().map(|doubt| reason(*doubt)).collect();
        let mut lines = vec![format!("nada é proposto, porque {}", portuguese::list(&why))];
        lines.push(
            "leia a notícia inteira; se ela disser respeito a uma janela, o guia diz o que fazer".to_owned(),
        );
        return Paste { advice: lines, place: None, toml: None, command: None };
    }
    let recurring = system.recurrence.as_ref().map(|r| r.first);
    let fits = |reference: &Reference| {
        recurring.is_none_or(|first| std::mem::discriminant(&first) == std::mem::discriminant(reference))
    };
    let named = finding.guess.references.iter().copied().find(fits);
    match finding.topic {
        Topic::Opening => opening(finding, &windows, named, near),
        Topic::Extension => extension(finding, &windows, named, near, today),
        Topic::Outage => outage(finding, &windows, named, near),
    }
}

fn opening(finding: &Finding, windows: &[Window], named: Option<Reference>, near: Date) -> Paste {
    let (opens, deadline) = (finding.guess.opens_on, finding.guess.deadline_on);
    let about =
        |day: Date| windows.iter().filter(move |w| w.opens_on <= day && last_day(w).is_none_or(|d| d >= day));
    // A system whose windows recur needs nobody to open them: what is open is what is spoken of.
    let reference = named
        .or_else(|| about(opens.unwrap_or(near)).find(|w| w.recurring).map(|w| w.reference))
        .or_else(|| recurs_by_year(windows).then(|| Reference::Year(opens.unwrap_or(near).year())));
    let Some(reference) = reference else {
        return Paste::advice(
            "não dá para adivinhar a referência: confira se a janela já está em “vigia-suas agenda”",
        );
    };
    if let Some(known) = windows.iter().find(|w| w.reference == reference) {
        let told = format!(
            "{} já está no calendário: abre em {}, prazo {}; se o prazo mudou, use “vigia-suas prorrogar”: uma data já comunicada não \
             se troca",
            known.id,
            date(known.opens_on),
            last_day(known).map_or("a definir".to_owned(), date)
        );
        return Paste::advice(told);
    }
    let Some(opens) =
        opens.or(finding.published_on).filter(|opens| deadline.is_none_or(|last| last >= *opens))
    else {
        return Paste::advice("não dá para adivinhar o dia da abertura: leia a notícia e escreva a janela");
    };
    let mut toml = String::from("[[janela]]\n");
    let _ = writeln!(toml, "sistema = {}", quoted(finding.system.as_str()));
    let _ = writeln!(toml, "referencia = {}", quoted(&reference.to_string()));
    let _ = writeln!(toml, "abertura = {opens}");
    match deadline.filter(|last| *last <= opens.saturating_add(366.days())) {
        Some(last) => {
            let _ = writeln!(toml, "prazo = {last}");
        }
        None => toml.push_str("# prazo = AAAA-MM-DD    (sem ele: “aberto, prazo a definir”)\n"),
    }
    let _ = writeln!(toml, "fonte = {}", source(finding));
    Paste::toml("se for isso mesmo, cole no fim de calendario.toml:", Place::End, toml)
}

/// Whether a window of one year follows that of the last, written out by people.
fn recurs_by_year(windows: &[Window]) -> bool {
    windows.iter().all(|w| matches!(w.reference, Reference::Year(_)) && !w.recurring)
}

fn extension(
    finding: &Finding,
    windows: &[Window],
    named: Option<Reference>,
    near: Date,
    today: Date,
) -> Paste {
    let candidates = spoken_of(windows, named, near);
    let Some(window) = nearest(&candidates, near) else {
        return Paste::advice(
            "não há no calendário uma janela aberta deste sistema: escreva-a antes, e abaixo dela a prorrogação",
        );
    };
    let Some(deadline) = finding.guess.deadline_on else {
        return Paste::advice(format!(
            "não dá para adivinhar o novo prazo de {}: leia a notícia e declare a prorrogação",
            window.id
        ));
    };
    let mut paste = extended(finding, window, deadline, near, today);
    let others: Vec<&str> = candidates.iter().filter(|w| w.id != window.id).map(|w| w.id.as_str()).collect();
    if !others.is_empty() {
        paste.advice.push(format!("pode ser outra janela: {}", others.join(", ")));
    }
    paste
}

fn extended(finding: &Finding, window: &Window, deadline: Date, near: Date, today: Date) -> Paste {
    let known = window.editions.iter().any(|e| e.deadline.is_some_and(|d| d.on == deadline));
    if known {
        return Paste::advice(format!("o prazo {} já está em {}: nada a fazer", date(deadline), window.id));
    }
    if deadline < window.opens_on {
        let advice = "a data achada vem antes da abertura de";
        return Paste::advice(format!("{advice} {} ({}): leia a notícia", window.id, date(window.opens_on)));
    }
    let announced_before = window.editions.iter().filter_map(|e| e.announced_on).max();
    if announced_before.is_some_and(|before| before > near) {
        return Paste::advice(format!(
            "{} já tem prorrogação anunciada depois desta notícia: confira",
            window.id
        ));
    }
    if near < window.opens_on {
        if !window.recurring {
            let advice = format!(
                "anunciado antes da abertura de {}: não é prorrogação; troque o prazo da janela para",
                window.id
            );
            return Paste::advice(format!("{advice} {deadline}"));
        }
        let advice = "anunciado antes da abertura: cole no fim de calendario.toml a janela com o prazo novo:";
        return Paste::toml(advice, Place::End, declared(window, Some(deadline), &source(finding)));
    }
    if deadline < today {
        return Paste::advice(format!(
            "o prazo {} já passou: confira em que dia a notícia saiu",
            date(deadline)
        ));
    }
    if let Some(in_force) = last_day(window).filter(|last| deadline < *last) {
        let advice = format!(
            "o prazo em vigor de {} é {}, depois do achado: leia a notícia",
            window.id,
            date(in_force)
        );
        return Paste::advice(advice);
    }
    let hour = finding
        .guess
        .deadline_at
        .map_or(String::new(), |at| format!(" --hora {:02}:{:02}", at.hour(), at.minute()));
    let command = format!(
        "vigia-suas prorrogar {} --para {deadline}{hour} --anunciada {near} --fonte {}",
        window.id,
        shell_quoted(&format!("{}, notícia {}", who(finding), finding.id))
    );
    let advice =
        vec!["se for isso mesmo, rode o comando; ele mostra quem será avisado e pergunta antes:".to_owned()];
    Paste { advice, place: None, toml: None, command: Some(command) }
}

/// Why nothing is proposed.
fn reason(doubt: NewsDoubt) -> &'static str {
    match doubt {
        NewsDoubt::Denied => "o trecho nega a mudança ou não diz a data nova",
        NewsDoubt::Uncertain => "o trecho fala de algo que ainda pode mudar",
        NewsDoubt::Rectified => "o texto corrige, risca ou revoga alguma coisa",
        NewsDoubt::OtherSystem => "o trecho fala de mais de um sistema",
        NewsDoubt::OtherSubject => "a data pode ser de outro assunto",
        NewsDoubt::OtherPublic => {
            "o trecho parece valer só para uma parte dos municípios ou de quem preenche"
        }
        NewsDoubt::OpeningMoved => "o que mudou pode ser a abertura, e não o prazo",
        NewsDoubt::SeveralDates => "há mais de uma data ou hora que pode ser a do prazo",
        NewsDoubt::Qualified => "o trecho diz mais do que a data: pode não valer para todos, ou já não valer",
    }
}

/// One word for a shell.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", line(text).replace('\'', "’"))
}

fn outage(finding: &Finding, windows: &[Window], named: Option<Reference>, near: Date) -> Paste {
    let candidates = spoken_of(windows, named, near);
    let stop = |window: &Window| format!("vigia-suas reter --janela {} --motivo \"…\"", window.id);
    let Some(window) = nearest(&candidates, near) else {
        return Paste::advice("nenhuma janela deste sistema está aberta: nada a fazer agora");
    };
    if window.halt.is_some() {
        return Paste::advice(format!("{} já está marcada como suspensa ou cancelada", window.id));
    }
    let since = finding.guess.opens_on.unwrap_or(near).min(near);
    let resumed = window.editions.iter().filter_map(|e| e.announced_on).max().filter(|on| *on > since);
    if let Some(announced) = resumed {
        let advice = format!(
            "a prorrogação anunciada em {} veio depois: se o sistema parou de novo, escreva a suspensão com o dia em que \
             se soube",
            date(announced)
        );
        let now = format!("para parar as cobranças agora, antes de saber mais: {}", stop(window));
        return Paste { advice: vec![now, advice], place: None, toml: None, command: None };
    }
    let keys = format!("situacao = \"suspensa\"\nsituacao_desde = {since}\n");
    let mut paste = if window.recurring {
        let whole = declared(window, None, &quoted(&line(first_source(window)))) + &keys;
        Paste::toml("se a janela foi suspensa, cole no fim de calendario.toml:", Place::End, whole)
    } else {
        let advice = format!(
            "se a janela foi suspensa, cole entre as chaves da [[janela]] de {} (no lugar de `situacao`, se houver):",
            window.id
        );
        Paste::toml(advice, Place::Inside(window.id.clone()), keys)
    };
    paste.advice.insert(0, format!("para parar as cobranças agora, antes de saber mais: {}", stop(window)));
    paste
}

/// The windows that a notice of that day may be about: those of the reference that it names, else those open then,
/// closed not long before, or about to open.
fn spoken_of(windows: &[Window], named: Option<Reference>, near: Date) -> Vec<&Window> {
    let of_reference: Vec<&Window> = windows.iter().filter(|w| Some(w.reference) == named).collect();
    if !of_reference.is_empty() {
        return of_reference;
    }
    let from = near.saturating_sub(STILL_SPOKEN_OF_DAYS.days());
    windows.iter().filter(|w| w.opens_on <= near && last_day(w).is_none_or(|last| last >= from)).collect()
}

/// The one whose deadline is nearest; of equals the later by id.
fn nearest<'a>(windows: &[&'a Window], near: Date) -> Option<&'a Window> {
    let far = |window: &Window| last_day(window).map_or(i32::MAX, |last| (last - near).get_days().abs());
    windows.iter().copied().min_by(|a, b| (far(a), &b.id).cmp(&(far(b), &a.id)))
}

/// The last day as announced to all.
fn last_day(window: &Window) -> Option<Date> {
    window.editions.iter().rev().find(|e| e.municipalities.is_empty())?.deadline.map(|d| d.on)
}

fn first_source(window: &Window) -> &str {
    let written = window.editions.first().map(|edition| edition.source.as_str());
    written.filter(|source| !source.trim().is_empty()).unwrap_or("regra da recorrência")
}

/// A recurring window written out, with its own first deadline or another.
fn declared(window: &Window, deadline: Option<Date>, source: &str) -> String {
    let first = window.editions.first().and_then(|edition| edition.deadline);
    let mut toml = String::from("[[janela]]\n");
    let _ = writeln!(toml, "sistema = {}", quoted(window.system.as_str()));
    let _ = writeln!(toml, "referencia = {}", quoted(&window.reference.to_string()));
    let _ = writeln!(toml, "abertura = {}", window.opens_on);
    if let Some(last) = deadline.or(first.map(|d| d.on)) {
        let _ = writeln!(toml, "prazo = {last}");
    }
    if let Some(at) = first.map(|d| d.at).filter(|at| *at != crate::domain::calendar::Deadline::DEFAULT_TIME)
    {
        let _ = writeln!(toml, "prazo_hora = \"{at}\"");
    }
    let _ = writeln!(toml, "fonte = {source}");
    toml
}

/// Who said so, as a TOML string.
fn source(finding: &Finding) -> String {
    quoted(&who(finding))
}

/// Who said so: title and link.
fn who(finding: &Finding) -> String {
    let title = line(&finding.title);
    let title = if title.is_empty() { String::new() } else { format!("“{title}”, ") };
    let day = finding.published_on.map_or(String::new(), |day| format!("de {}, ", date(day)));
    format!("MDS, {title}{day}{}", line(&finding.link))
}

/// What others wrote, as a TOML string without their control characters.
fn quoted(text: &str) -> String {
    toml::quoted(&text.replace(char::is_control, " "))
}
