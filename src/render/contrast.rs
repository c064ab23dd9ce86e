//! What another configuration would say otherwise, as a table for people. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::portuguese as pt;
use super::table::{TableColumn, table as columns};
use crate::domain::calendar::{Calendar, HaltKind, Window};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::Kind;
use crate::domain::roster::Roster;
use crate::plan::contrast::{Difference, Shift, WindowShift, deadline_of};
use crate::plan::effects::{Contrast, Effect, Move, Readiness};

/// So many municipalities are named; more are counted.
const NAMED: usize = 3;
/// So many windows are told one by one.
const TOLD: usize = 12;

/// A whole comparison: what is large first, then files, windows, letters, and how many. `rosters`: where names are, the
/// other's first. `width`: of the terminal; absent: as wide as it gets. `rows`: of letters at most.
pub fn page(
    contrast: &Contrast,
    calendar: &Calendar,
    rosters: [&Roster; 2],
    width: Option<u16>,
    rows: Option<usize>,
) -> String {
    let mut out = String::new();
    if !contrast.files.is_empty() {
        let verb = if contrast.files.len() == 1 { "muda" } else { "mudam" };
        let _ = writeln!(out, "{verb}: {}", pt::list(&contrast.files));
    }
    if !contrast.windows.is_empty() {
        let _ = write!(out, "\njanelas:\n{}", windows(&contrast.windows));
    }
    if !contrast.differences.is_empty() {
        let all = table(&contrast.differences, calendar, rosters, width);
        // The heading is no row.
        let most = rows.map_or(usize::MAX, |rows| rows + 1);
        let _ = writeln!(out);
        all.lines().take(most).for_each(|line| out.extend([line, "\n"]));
        let rest = all.lines().count().saturating_sub(most);
        if rest > 0 {
            let _ = writeln!(out, "  e mais {}", pt::counted(rest, "linha", "linhas"));
        }
    }
    let _ = writeln!(
        out,
        "\n{}, daqui até {}, se as situações continuarem como estão",
        total(&contrast.differences),
        pt::date(contrast.until)
    );
    let of_files = contrast.files.iter().any(|name| name.starts_with("modelos/") || name == "vigia.toml");
    let sanction = |window: &Option<Window>| window.as_ref().and_then(|window| window.sanction.clone());
    let of_windows = contrast.windows.iter().any(|shift| sanction(&shift.before) != sanction(&shift.after));
    if of_files || of_windows {
        out.push_str("o texto das cartas também pode mudar: compare com “vigia-suas carta”\n");
    }
    out
}

/// Each large effect in words.
pub fn effects(effects: &[Effect]) -> Vec<String> {
    effects.iter().map(effect).collect()
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Moves(Move::ToProduction(ready)) => format!(
            "`modo` passa de ensaio a produção: as cartas passam a sair de verdade, por outro livro; {}",
            readiness(*ready)
        ),
        Effect::Moves(Move::ToRehearsal) => {
            "`modo` passa de produção a ensaio: nenhum município recebe mais nada".to_owned()
        }
        Effect::Moves(Move::OtherLedger) => {
            "`dados` muda: o livro passa a ser outro, que não sabe o que já foi enviado".to_owned()
        }
        Effect::MunicipalitiesGone(n) => {
            format!("{} do cadastro", pt::counted(*n, "município sai", "municípios saem"))
        }
        Effect::WindowGone(window) => format!("a janela {window} deixa de existir"),
        Effect::WindowStopped(window) => format!("a janela {window} fica interrompida"),
        Effect::WindowOver(window) => format!("a janela {window} é nova e o prazo dela já passou"),
        Effect::DeadlineEarlier(window) => format!("o prazo da janela {window} fica mais cedo"),
        Effect::DeadlineFar(window, on) => format!(
            "o prazo da janela {window} fica para {}, um ano ou mais depois do prazo anterior ou da abertura",
            pt::date(*on)
        ),
        Effect::StartsLater(on) => {
            format!("`inicio` passa a {}: o que vence antes nunca sai", pt::date(*on))
        }
        Effect::Silence { municipalities: n, letters } => format!(
            "{} de receber {}",
            pt::counted(*n, "município deixa", "municípios deixam"),
            pt::counted(*letters, "carta", "cartas")
        ),
        Effect::NotExpected(n) => format!(
            "{} em alguma janela ainda não encerrada",
            pt::counted(*n, "município deixa de ser esperado", "municípios deixam de ser esperados")
        ),
        Effect::Expected(n) => format!(
            "{} uma parte que não se esperava, em alguma janela ainda não encerrada",
            pt::counted(*n, "município passa a ter de preencher", "municípios passam a ter de preencher")
        ),
        Effect::UnitsGone => {
            "unidades.csv deixa de existir: nenhuma unidade é mais conhecida, e as partes que as unidades \
             preenchem passam a ser esperadas de todos os municípios"
                .to_owned()
        }
        Effect::HolidaysGone(n) => format!(
            "{} de ser feriado ou ponto facultativo nos próximos 12 meses: cartas passam a sair neles",
            pt::counted(*n, "dia deixa", "dias deixam")
        ),
        Effect::RungsGone { system, rungs } => {
            format!("a escada do sistema {system} perde {}", pt::counted(*rungs, "degrau", "degraus"))
        }
        Effect::LettersHeld(system) => {
            format!("as cartas do sistema {system} passam a esperar liberação")
        }
        Effect::AtOnce(letters) => {
            format!("{} logo a municípios", pt::counted(*letters, "carta sai", "cartas saem"))
        }
        Effect::Many(letters) => {
            format!(
                "{} a mais a municípios, acima de limite_dia",
                pt::counted(*letters, "carta sai", "cartas saem")
            )
        }
        Effect::OwnersChanged(n) => format!(
            "{} cartas em endereço que era de outro",
            pt::counted(*n, "município passa a receber", "municípios passam a receber")
        ),
        Effect::ZoneMoved => "o fuso muda: prazos e horários passam a cair em outros instantes".to_owned(),
        Effect::ErasedSooner { from, to } => format!(
            "guardar_anos cai de {from} para {to}: dados pessoais são apagados mais cedo, e não voltam"
        ),
        Effect::AddressesReplaced(n) => {
            format!("{} de endereço", pt::counted(*n, "município muda", "municípios mudam"))
        }
    }
}

/// What stands between a rehearsal and the first real letter, all of it each time: what is in order is seen to be.
fn readiness(ready: Readiness) -> String {
    let Readiness { placeholders, unconfirmed, feeds, is_tested } = ready;
    format!(
        "prontidão: {}; {} (`a_confirmar`); {}; {}",
        match placeholders {
            0 => "nenhum endereço de exemplo".to_owned(),
            n => pt::counted(n, "endereço de exemplo", "endereços de exemplo"),
        },
        match unconfirmed {
            0 => "nada por confirmar com o MDS".to_owned(),
            n => pt::counted(n, "regra por confirmar com o MDS", "regras por confirmar com o MDS"),
        },
        match feeds {
            0 => "nenhuma fonte ativa, e ninguém será cobrado".to_owned(),
            n => pt::counted(n, "fonte ativa", "fontes ativas"),
        },
        if is_tested {
            "o servidor de saída já aceitou uma carta de teste"
        } else {
            "o servidor de saída ainda não aceitou nenhuma carta de teste (“vigia-suas enviar-teste”)"
        }
    )
}

/// What becomes of a notice, in a word or two.
pub fn shift(shift: Shift) -> &'static str {
    match shift {
        Shift::Added => "passa a sair",
        Shift::Dropped => "deixa de sair",
        Shift::Withdrawn => "sai da fila",
        Shift::Withheld => "fica retida",
        Shift::Moved => "muda de data",
        Shift::Altered => "muda",
    }
}

/// The same of several.
fn shifts(shift: Shift) -> &'static str {
    match shift {
        Shift::Added => "passam a sair",
        Shift::Dropped => "deixam de sair",
        Shift::Withdrawn => "saem da fila",
        Shift::Withheld => "ficam retidas",
        Shift::Moved => "mudam de data",
        Shift::Altered => "mudam",
    }
}

/// The word in JSON.
pub fn shift_code(shift: Shift) -> &'static str {
    match shift {
        Shift::Added => "passa_a_sair",
        Shift::Dropped => "deixa_de_sair",
        Shift::Withdrawn => "sai_da_fila",
        Shift::Withheld => "fica_retida",
        Shift::Moved => "muda_de_data",
        Shift::Altered => "muda",
    }
}

/// The windows that are announced otherwise, one a line; nothing when none is.
pub fn windows(shifts: &[WindowShift]) -> String {
    let mut out = String::new();
    for one in shifts.iter().take(TOLD) {
        let _ = writeln!(out, "  {}: {}", one.window, window(one));
    }
    if shifts.len() > TOLD {
        let _ = writeln!(out, "  e mais {}", pt::counted(shifts.len() - TOLD, "janela", "janelas"));
    }
    out
}

fn window(one: &WindowShift) -> String {
    let deadline = |w: &Window| pt::deadline_or_undefined(deadline_of(w, None));
    let (before, after) = match (&one.before, &one.after) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(after)) => {
            return format!("nova, abre em {}, prazo {}", pt::date(after.opens_on), deadline(after));
        }
        (Some(_), None) => return "deixa de existir".to_owned(),
        (None, None) => return String::new(),
    };
    let mut changes = Vec::new();
    if before.opens_on != after.opens_on {
        changes.push(format!("abertura {} → {}", pt::date(before.opens_on), pt::date(after.opens_on)));
    }
    if deadline(before) != deadline(after) {
        changes.push(format!("prazo {} → {}", deadline(before), deadline(after)));
    }
    let named = |w: &Window| w.editions.iter().filter(|e| !e.municipalities.is_empty()).count();
    if named(before) != named(after) {
        let special = after.editions.iter().rev().find(|e| !e.municipalities.is_empty());
        changes.extend(special.map(|e| {
            let until = pt::deadline_or_undefined(e.deadline);
            format!("prazo {until} para {}", pt::counted(e.municipalities.len(), "município", "municípios"))
        }));
    }
    if before.parts != after.parts {
        changes.push("outras partes".to_owned());
    }
    // What holds, not what the key says: a prorrogação announced after a halt ends it.
    let halt = |w: &Window| w.halt.map(|halt| (halt, w.halted_until()));
    if halt(before) != halt(after) {
        changes.push(match halt(after) {
            Some((halt, until)) => {
                let word = match halt.kind {
                    HaltKind::Suspended => "suspensa",
                    HaltKind::Cancelled => "cancelada",
                };
                word.to_owned() + &until.map_or(String::new(), |day| format!(" até {}", pt::date(day)))
            }
            None => "não está mais interrompida".to_owned(),
        });
    }
    if before.sanction != after.sanction {
        changes.push("outra frase de sanção nas cartas".to_owned());
    }
    if before.editions.len() != after.editions.len() {
        changes.push(format!("edição {}", after.editions.len()));
    }
    if changes.is_empty() {
        changes.push("fonte ou outro dado".to_owned());
    }
    changes.join("; ")
}

type Row<'a> =
    (&'a WindowId, Shift, (Option<Kind>, &'static str), Option<u16>, Option<Timestamp>, Option<Timestamp>);

/// Letters that change, in rows of window, change, sort and time, each with its municipalities: few named, many
/// counted. `rosters`: where their names are. `width`: of the terminal; absent: as wide as it gets.
pub fn table(
    differences: &[Difference],
    calendar: &Calendar,
    rosters: [&Roster; 2],
    width: Option<u16>,
) -> String {
    let mut rows: BTreeMap<Row<'_>, (Vec<MunicipalityCode>, usize)> = BTreeMap::new();
    for difference in differences {
        let Some(decision) = difference.decision() else { continue };
        let Some(id) = decision.window() else { continue };
        let name = decision.kind().map_or("relatório", |kind| pt::letter(kind, decision.key().slot()));
        // Letters that leave in the same minute are one row: 48 h after an acceptance is never the same instant twice.
        let at = |event: &Option<crate::plan::contrast::Event>| event.as_ref().map(|e| to_the_minute(e.at));
        let row = (
            id,
            difference.shift,
            (decision.kind(), name),
            decision.rung(),
            at(&difference.after),
            at(&difference.before),
        );
        let entry = rows.entry(row).or_default();
        match decision.municipality() {
            Some(code) => entry.0.push(code),
            None => entry.1 += 1,
        }
    }
    let heading = ["janela", "mudança", "carta", "em vigor", "com a nova", "quem"]
        .map(|name| (name, TableColumn::Text));
    let mut told: Vec<Vec<String>> = Vec::with_capacity(rows.len());
    let zone = &calendar.hours.zone;
    for ((id, what, (_, letter), days, after, before), (codes, staff)) in rows {
        let at = |at: Option<Timestamp>| at.map_or("—".to_owned(), |at| pt::short_instant(at, zone));
        let letter =
            days.map_or_else(|| letter.to_owned(), |days| format!("{letter} ({})", pt::days_before(days)));
        let out = match what {
            Shift::Withheld => "retida".to_owned(),
            Shift::Added | Shift::Dropped | Shift::Withdrawn | Shift::Moved | Shift::Altered => at(after),
        };
        let out = if matches!(what, Shift::Dropped | Shift::Withdrawn) { "—".to_owned() } else { out };
        told.push(vec![
            id.to_string(),
            shift(what).to_owned(),
            letter,
            at(before),
            out,
            who(&codes, staff, rosters),
        ]);
    }
    columns(&heading, &told, width.map(usize::from)).trim_end().to_owned()
}

fn to_the_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

fn who(codes: &[MunicipalityCode], staff: usize, rosters: [&Roster; 2]) -> String {
    if codes.is_empty() {
        return pt::counted(staff, "destinatário interno", "destinatários internos");
    }
    if codes.len() > NAMED {
        return pt::counted(codes.len(), "município", "municípios");
    }
    let name = |code: &MunicipalityCode| {
        let found = rosters.iter().find_map(|roster| roster.municipalities.get(code));
        found.map_or_else(|| code.to_string(), |m| pt::line(&m.name))
    };
    pt::list(&codes.iter().map(name).collect::<Vec<_>>())
}

/// How many letters change and how: `5 cartas mudam: 3 passam a sair, 2 mudam`; that none does is said too.
pub fn total(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return "nenhuma carta muda".to_owned();
    }
    let mut counts: BTreeMap<Shift, usize> = BTreeMap::new();
    for difference in differences {
        *counts.entry(difference.shift).or_default() += 1;
    }
    let parts: Vec<String> =
        counts.iter().map(|(what, n)| pt::counted(*n, shift(*what), shifts(*what))).collect();
    format!("{}: {}", pt::counted(differences.len(), "carta muda", "cartas mudam"), parts.join(", "))
}
