//! The report as one self-contained page that prints well: no script, nothing loaded, every chart also in numbers. Pure.
//!
//! One file of more than 400 lines: a function for each part of one page, in the order in which it is read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::because::{self, CALLS, because, part_name};
use super::super::chart::{self, ChartLine, ChartMark};
use super::super::history;
use super::super::page::{CLOSED, shell};
use super::super::portuguese as pt;
use super::text::{letter_words, opening};
use crate::domain::calendar::{Calendar, Deadline};
use crate::domain::id::{MunicipalityCode, UnitId, WindowId};
use crate::domain::roster::Roster;
use crate::domain::status::State;
use crate::plan::curve::Curves;
use crate::plan::history::HistoryLine;
use crate::plan::post::LetterState;
use crate::plan::summary::{CallLine, CallPurpose, Counts, MunicipalityLine, PartLine, WindowSummary};

pub(in crate::render) const STYLE: &str = include_str!("style.css");
/// Municipalities in the tables of a page, all windows together, and calls as many: a page that everybody can open. The
/// table beside it has all.
const MOST_ROWS: usize = 2_000;
/// Days of a curve told in numbers: every so many.
const WEEK: i64 = 7;

/// What a page shows beside where the windows stand.
#[derive(Debug, Clone, Copy)]
pub struct Background<'a> {
    /// How each window filled up.
    pub curves: &'a BTreeMap<WindowId, Curves>,
    /// How punctual everybody was; empty where that is not told.
    pub history: &'a [HistoryLine],
    pub roster: &'a Roster,
}

/// Where each window stands, with charts.
pub fn page(summaries: &[WindowSummary], beside: Background<'_>, calendar: &Calendar) -> String {
    let of_page = |line: &&HistoryLine| {
        summaries
            .iter()
            .any(|summary| calendar.window(&summary.window).is_some_and(|w| w.system == line.system))
    };
    let history: Vec<&HistoryLine> = beside.history.iter().filter(of_page).collect();
    let share = MOST_ROWS / summaries.len().max(1);
    let at = summaries.first().map(|summary| pt::instant(summary.at, &calendar.hours.zone));
    let body = html! {
        header {
            h1 { "Relatório de acompanhamento" }
            @if summaries.iter().any(|summary| summary.rehearsal) { p { strong { (pt::REHEARSAL) } } }
            @match &at {
                Some(at) => p .note { "Situação conhecida em " (at) "." },
                None => p { "Nenhuma janela a relatar." },
            }
            @if summaries.len() > 1 {
                nav aria-label="Janelas" {
                    ul { @for (n, summary) in summaries.iter().enumerate() { li { a href={ "#j" (n) } { (summary.window) } } } li { a href="#municipios" { "municípios e janelas" } } @if !history.is_empty() { li { a href="#historico" { "histórico" } } } }
                }
            }
        }
        main {
            @for (n, summary) in summaries.iter().enumerate() {
                (window(&format!("j{n}"), summary, share, beside, calendar))
            }
            @if !summaries.is_empty() { (heat(summaries)) }
            @if !history.is_empty() { (history::section(&history, calendar)) }
        }
        footer {
            p { "Contém nomes e telefones de titulares de cargos, guardados para as comunicações formais (norma BES Nº 08, 6.1 e 6.2): só para a equipe." }
            p { "“Não confirmado” quer dizer que nenhum dado recente diz se o preenchimento foi concluído: não é culpa nem inocência de ninguém." }
        }
    };
    shell("Relatório de acompanhamento", CLOSED, STYLE, &body)
}

/// Municipalities × windows.
fn heat(summaries: &[WindowSummary]) -> Markup {
    let mut worst: BTreeMap<MunicipalityCode, (State, &str)> = BTreeMap::new();
    for line in summaries.iter().flat_map(|summary| &summary.lines) {
        let known = worst.entry(line.municipality).or_insert((line.state, &line.name));
        known.0 = if rank(line.state) < rank(known.0) { line.state } else { known.0 };
    }
    let rows: Vec<_> = worst.into_iter().map(|(code, (state, name))| (code, state, name)).collect();
    let (mut rows, cut) = first(&rows, MOST_ROWS, |(_, state, _)| *state);
    rows.sort_by_cached_key(|(code, _, name)| (crate::text::fold::folded(name), *code));
    html! {
        section #municipios {
            h2 { "Municípios e janelas" }
            (chart::legend())
            div .wide tabindex="0" {
                table .heat {
                    thead { tr { th scope="col" { "Município" } @for summary in summaries { th scope="col" { (summary.window) } } } }
                    tbody {
                        @for (code, _, name) in rows {
                            tr {
                                th scope="row" { (pt::line(name)) }
                                @for summary in summaries {
                                    @match summary.line(*code) {
                                        Some(line) => td .(class(line.state)) { (symbol(line.state)) " " (line.state) },
                                        None => td { "não esperado" },
                                    }
                                }
                            }
                        }
                    }
                }
            }
            (cut)
        }
    }
}

/// Which state is told first where not all can be.
fn rank(state: State) -> u8 {
    match state {
        State::Pending => 0,
        State::Unconfirmed => 1,
        State::Done => 2,
        State::NotApplicable => 3,
    }
}

/// So many rows at most, in their order: where there are more, those that owe before those of whom nobody knows before all
/// others, and a sentence that says so.
fn first<T>(rows: &[T], most: usize, state: impl Fn(&T) -> State) -> (Vec<&T>, Markup) {
    if rows.len() <= most {
        return (rows.iter().collect(), html! {});
    }
    let mut order: Vec<(u8, usize)> = rows.iter().map(|row| rank(state(row))).zip(0..).collect();
    order.sort_unstable();
    order.truncate(most);
    let mut places: Vec<usize> = order.into_iter().map(|(_, place)| place).collect();
    places.sort_unstable();
    let kept = places.into_iter().filter_map(|place| rows.get(place)).collect();
    let cut = html! {
        p .note { "Mostrados " (most) " de " (rows.len()) ", primeiro quem tem pendência; todos estão na planilha (CSV)." }
    };
    (kept, cut)
}

fn window(
    id: &str,
    summary: &WindowSummary,
    share: usize,
    beside: Background<'_>,
    calendar: &Calendar,
) -> Markup {
    let curves = beside.curves.get(&summary.window);
    let counts = summary.municipalities;
    html! {
        section .window id=(id) {
            h2 { (pt::line(&summary.system)) " (" (summary.window) ")" }
            p {
                (opening(summary, calendar)) ". Prazo: "
                strong { (pt::deadline_or_undefined(summary.deadline)) } ", edição " (summary.edition) (pt::save_for(&summary.other_deadlines())) "."
                @if !summary.source.is_empty() { " Fonte: " (pt::line(&summary.source).trim_end_matches('.')) "." }
            }
            @if summary.halted { p { strong { "A janela está interrompida: ninguém é cobrado." } } }
            ul .tiles {
                li { b { (counts.expected()) } (pt::noun(counts.expected(), "município esperado", "municípios esperados")) }
                li .done { b { (counts.done) } "● " (pt::noun(counts.done, "concluído", "concluídos")) }
                li .pending { b { (counts.pending) } "▲ " (pt::noun(counts.pending, "pendente", "pendentes")) }
                li .unconfirmed { b { (counts.unconfirmed) } "? " (pt::noun(counts.unconfirmed, "não confirmado", "não confirmados")) }
                li { b { (counts.not_applicable) } "– não se aplica" }
            }
            @if let Some(curves) = curves.filter(|curves| !curves.this.points.is_empty()) {
                (growth(id, summary, curves, calendar))
            }
            (tallies(&format!("{id}p"), "Parte", "Por parte (municípios)", summary.by_part.iter().map(|(part, c)| (part_name(part, calendar), *c))))
            (tallies(&format!("{id}g"), "Gerência", "Por gerência (partes)", summary.by_gerencia.iter().map(|(g, c)| (pt::line(g.as_str()), *c))))
            (tallies(&format!("{id}r"), "Região", "Por região (municípios)", summary.by_region.iter().map(|(r, c)| (region(r), *c))))
            (letters(summary))
            (calls(summary, share, calendar))
            (municipalities(summary, share, beside.roster, calendar))
        }
    }
}

fn region(name: &str) -> String {
    if name.is_empty() { "(não informada)".to_owned() } else { pt::line(name) }
}

/// The fill-in curve against the deadline and its editions, with the year before behind it.
fn growth(id: &str, summary: &WindowSummary, curves: &Curves, calendar: &Calendar) -> Markup {
    let this = &curves.this;
    let today = calendar.hours.zone.date_of(summary.at);
    let ends = summary.editions.iter().filter_map(|(number, deadline)| Some((*number, (*deadline)?)));
    let ends: Vec<(u16, Deadline)> = ends.collect();
    let last_end = ends.iter().map(|(_, deadline)| this.day(deadline.on)).max().unwrap_or(0);
    let last = last_end.max(this.day(today)).max(1);
    let points = |curve: &crate::plan::curve::FillCurve| -> Vec<(i64, usize)> {
        let all = curve.points.iter().map(|(on, done)| (curve.day(*on), *done));
        all.filter(|(day, _)| (0..=last).contains(day)).collect()
    };
    let mut lines = vec![ChartLine {
        name: "esta janela (registros concluídos)".to_owned(),
        points: points(this),
        is_behind: false,
    }];
    if let Some(before) = &curves.last_year {
        let line = ChartLine {
            name: "um ano antes (registros concluídos)".to_owned(),
            points: points(before),
            is_behind: true,
        };
        lines.push(line);
    }
    let mark = |(number, deadline): &(u16, Deadline)| ChartMark {
        day: this.day(deadline.on),
        label: format!("prazo {}: {}", number, pt::short_deadline(*deadline)),
    };
    let marks: Vec<ChartMark> = ends.iter().map(mark).collect();
    let end = this.opens_on.saturating_add(jiff::Span::new().days(last.min(20_000)));
    let latest = this.points.last().map(|(on, done)| format!("{done} em {}", pt::date(*on)));
    let description = format!(
        "Registros (partes ou unidades) que as fontes dão como concluídos, por dia desde a abertura, em {}. Último: {}. {}",
        pt::date(this.opens_on),
        latest.unwrap_or_else(|| "nenhum".to_owned()),
        marks.iter().map(|m| m.label.clone()).collect::<Vec<_>>().join("; ")
    );
    let mut days: BTreeSet<i64> = (0..=last).step_by(usize::try_from(WEEK).unwrap_or(7)).collect();
    days.extend(ends.iter().map(|(_, deadline)| this.day(deadline.on)).filter(|day| *day <= last));
    days.insert(this.day(today).clamp(0, last));
    let shown = |known: Option<usize>| known.map_or_else(|| "–".to_owned(), |n| n.to_string());
    let past = this.day(today);
    html! {
        h3 { "Preenchimento ao longo do tempo, em registros das fontes" }
        p .note {
            "A curva conta registros, não municípios: cada parte de um município, ou cada unidade, que uma fonte dá como \
             concluída. O que duas fontes dizem conta duas vezes, e o de quem está dispensado também conta: por isso estes \
             números não batem com os das outras tabelas desta página, que contam municípios (por gerência, partes)."
        }
        div .wide tabindex="0" {
            (chart::lines(&format!("{id}c"), ("Registros concluídos no tempo", &description), &lines, &marks, [(0, pt::date(this.opens_on)), (last, pt::date(end))]))
        }
        div .wide tabindex="0" {
            table {
                thead { tr { th scope="col" { "Dia" } th .number scope="col" { "Registros concluídos" } @if curves.last_year.is_some() { th .number scope="col" { "Um ano antes" } } } }
                tbody {
                    @for day in days {
                        tr {
                            th scope="row" { (pt::date(this.opens_on.saturating_add(jiff::Span::new().days(day)))) }
                            td .number { (shown(this.after(day).filter(|_| day <= past))) }
                            @if let Some(before) = &curves.last_year { td .number { (shown(before.after(day))) } }
                        }
                    }
                }
            }
        }
    }
}

/// How many stand where, a row for each `of`; nothing where there is none.
fn tallies(id: &str, of: &str, title: &str, rows: impl Iterator<Item = (String, Counts)>) -> Markup {
    let rows: Vec<(String, Counts)> = rows.collect();
    if rows.is_empty() {
        return html! {};
    }
    html! {
        h3 { (title) }
        (chart::bars(id, title, &rows))
        (chart::legend())
        div .wide tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { (of) }
                        @for name in ["Esperados", "Concluídos", "Pendentes", "Não confirmados", "Não se aplica"] { th .number scope="col" { (name) } }
                    }
                }
                tbody {
                    @for (name, c) in rows {
                        tr {
                            th scope="row" { (name) }
                            @for number in [c.expected(), c.done, c.pending, c.unconfirmed, c.not_applicable] { td .number { (number) } }
                        }
                    }
                }
            }
        }
    }
}

/// Letters by what really became of them.
fn letters(summary: &WindowSummary) -> Markup {
    let mut rows: BTreeMap<_, BTreeMap<LetterState, usize>> = BTreeMap::new();
    for letter in summary.lines.iter().flat_map(|line| &line.letters) {
        let name = pt::letter_kind(letter.kind, letter.key.slot(), letter.elsewhere);
        let key = (letter.kind, name, letter.elsewhere, letter.edition, letter.rung.map(Reverse));
        *rows.entry(key).or_default().entry(letter.state).or_default() += 1;
    }
    let states: BTreeSet<LetterState> = rows.values().flat_map(BTreeMap::keys).copied().collect();
    html! {
        h3 { "O que aconteceu com as cartas" }
        @if rows.is_empty() { p .none { "Nenhuma carta." } } @else {
            div .wide tabindex="0" {
                table {
                    thead { tr { th scope="col" { "Carta" } th .number scope="col" { "Todas" } @for state in &states { th .number scope="col" { (pt::letter_state(*state)) } } } }
                    tbody {
                        @for ((_, name, elsewhere, edition, rung), counts) in &rows {
                            tr {
                                th scope="row" {
                                    (name)
                                    @if let Some(Reverse(days)) = rung { ", " (pt::days_before(*days)) }
                                    " (edição " (edition) ")"
                                    @if *elsewhere { ", de outro livro" }
                                }
                                td .number { (counts.values().sum::<usize>()) }
                                @for state in &states { td .number { (counts.get(state).copied().unwrap_or(0)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn calls(summary: &WindowSummary, share: usize, calendar: &Calendar) -> Markup {
    html! {
        @for (purpose, title) in CALLS {
            @let calls = summary.call_list.iter().filter(|call| call.purpose() == purpose).collect::<Vec<_>>();
            @if !calls.is_empty() || purpose != CallPurpose::Address { h3 { (title) " (" (calls.len()) ")" } }
            @if !calls.is_empty() {
                @let tried = calls.iter().any(|call| !call.tried.is_empty());
                div .wide tabindex="0" {
                    table {
                        thead { tr { th scope="col" { "Município" } th scope="col" { "Telefone" } th scope="col" { "Titular" } th scope="col" { "Partes" } th scope="col" { "Motivo" } @if tried { th scope="col" { "Já tentado" } } } }
                        tbody { @for call in calls.iter().take(share) { (call_row(call, tried, calendar)) } }
                    }
                }
                @if calls.len() > share {
                    p .note { "Mostradas as " (share) " ligações mais urgentes de " (calls.len()) "; todas: vigia-suas ligacoes." }
                }
            }
        }
    }
}

fn call_row(call: &CallLine, tried: bool, calendar: &Calendar) -> Markup {
    let parts = if call.owes.is_empty() { &call.unconfirmed } else { &call.owes };
    let parts: Vec<String> = parts.iter().map(|part| part_name(part, calendar)).collect();
    html! {
        tr {
            th scope="row" { (pt::line(&call.name)) " " span .note { (call.municipality) } }
            td {
                @let telephone = pt::line(&call.telephone);
                @if telephone.is_empty() { "não informado" } @else { (telephone) @if let Some(role) = &call.role { " (" (role) ")" } }
            }
            td { (pt::line(&call.holder)) }
            td { (pt::list(&parts)) }
            td { @for reason in &call.because { p { (because::call_reason(reason, calendar)) } } }
            @if tried { td { @for note in &call.tried { p { (because::call(note, calendar)) } } } }
        }
    }
}

fn municipalities(summary: &WindowSummary, share: usize, roster: &Roster, calendar: &Calendar) -> Markup {
    // A column that nothing stands in would take the room of those that say something.
    let is_held = summary.lines.iter().any(|line| !line.withheld.is_empty());
    let (lines, cut) = first(&summary.lines, share, |line| line.state);
    html! {
        h3 { "Município por município" }
        div .wide tabindex="0" {
            table {
                thead { tr { th scope="col" { "Município" } th scope="col" { "Situação" } th scope="col" { "Por concluir ou por confirmar" } th scope="col" { "Cartas" } @if is_held { th scope="col" { "Retido" } } } }
                tbody {
                    @for line in lines {
                        tr {
                            th scope="row" { (pt::line(&line.name)) " " span .note { (line.municipality) } }
                            td {
                                b .state .(class(line.state)) aria-hidden="true" { (symbol(line.state)) } " " (line.state)
                                @if line.edition != summary.edition { p .note { "edição " (line.edition) ", prazo " (pt::deadline_or_undefined(line.deadline)) } }
                            }
                            td { ul { @for part in open(line) { li { (part_words(part, calendar)) (units(line, part, roster, calendar)) } } } }
                            td { ul { @for letter in &line.letters { li { (letter_words(letter, calendar)) } } } }
                            @if is_held { td { ul { @for why in line.kept_back_by() { li { (because(why, calendar)) } } } } }
                        }
                    }
                }
            }
        }
        (cut)
    }
}

fn open(line: &MunicipalityLine) -> impl Iterator<Item = &PartLine> {
    line.parts.iter().filter(|part| matches!(part.state, State::Pending | State::Unconfirmed))
}

fn part_words(part: &PartLine, calendar: &Calendar) -> String {
    let mut facts = vec![part.state.to_string()];
    facts.extend(part.doubt.map(|doubt| because::doubt(&doubt, calendar)));
    if !part.units.is_empty() {
        facts.push(pt::counted(part.units.len(), "unidade", "unidades"));
    }
    facts.extend(part.as_of.map(|at| format!("dado de {}", pt::short_instant(at, &calendar.hours.zone))));
    facts.extend(part.feed.as_ref().map(|feed| format!("fonte {feed}")));
    facts.extend(part.wording.as_deref().map(|word| format!("“{}”", pt::line(word))));
    format!("{}: {}", part_name(&part.part, calendar), facts.join("; "))
}

/// The units of a part that are known to be pending, one by one.
fn units(line: &MunicipalityLine, part: &PartLine, roster: &Roster, calendar: &Calendar) -> Markup {
    let name = |id: &UnitId| {
        let mut known = roster.units_of(line.municipality, &part.part);
        known.find(|unit| unit.id == *id).map_or_else(String::new, |unit| pt::line(&unit.name))
    };
    let facts = |id: &UnitId| {
        let row = part.rows.iter().find(|row| row.unit.as_ref() == Some(id));
        // What is said of the part is not said again.
        let as_of = row
            .filter(|row| Some(row.as_of()) != part.as_of)
            .map(|row| format!("dado de {}", pt::short_instant(row.as_of(), &calendar.hours.zone)));
        let word = row.and_then(|row| row.wording.as_deref()).map(|word| format!("“{}”", pt::line(word)));
        [as_of, word].into_iter().flatten().fold(String::new(), |told, fact| told + "; " + &fact)
    };
    html! {
        @if !part.units.is_empty() {
            ul .units { @for id in &part.units { li { (name(id)) " " span .note { "(código " (pt::line(id.as_str())) ")" } (facts(id)) } } }
        }
    }
}

fn class(state: State) -> &'static str {
    match state {
        State::Done => "done",
        State::Pending => "pending",
        State::Unconfirmed => "unconfirmed",
        State::NotApplicable => "na",
    }
}

fn symbol(state: State) -> &'static str {
    chart::STATES.iter().find(|(known, ..)| *known == class(state)).map_or("", |(_, symbol, _)| symbol)
}

/// The list of the reports in a folder, the newest first: each with its name and the endings it is there in.
pub fn index(reports: &[(String, Vec<String>)]) -> String {
    let body = html! {
        header { h1 { "Relatórios de acompanhamento" } }
        main {
            @if reports.is_empty() { p .none { "Nenhum ainda." } }
            ul {
                @for (name, endings) in reports {
                    li { (name) ": " @for ending in endings { a href={ (name) (ending) } { (ending.trim_start_matches(['.', '-'])) } " " } }
                }
            }
        }
    };
    shell("Relatórios de acompanhamento", CLOSED, STYLE, &body)
}
