//! The table that goes with a remessa: what its lists say, a row for each part, for a spreadsheet. Pure.
//!
//! It is made of the letter's own facts, so that it never says other than the letter.

use super::facts::{Facts, PartFacts, ReferralFacts};
use super::{Context, Enclosure};
use crate::domain::id::MunicipalityCode;
use crate::domain::notice::Content;
use crate::domain::roster::Role;
use crate::plan::Notice;
use crate::render::portuguese as pt;
use crate::render::report::{day_and_time, heading, row, telephone};

const COLUMNS: [&str; 10] = [
    "janela",
    "prazo",
    "lista",
    "ibge",
    "municipio",
    "regiao",
    "parte",
    "unidades",
    "observacao",
    "telefone_smas",
];

/// The table of a remessa; no other letter has one.
pub(super) fn of(desk: &Context<'_>, notice: &Notice, facts: &Facts) -> Option<Enclosure> {
    let Content::Referral { deadline, .. } = &notice.content else { return None };
    let window = notice.key.window()?.to_string();
    let deadline = day_and_time(*deadline);
    let mut csv = heading(&COLUMNS);
    let lists = [
        ("com pendência", &facts.pending_municipalities),
        ("situação não confirmada", &facts.unconfirmed_municipalities),
        ("não comunicado deste prazo", &facts.untold_municipalities),
        ("nada devido ao fim do prazo", &facts.waiting_municipalities),
    ];
    for (list, municipalities) in lists {
        for item in municipalities {
            if item.parts.is_empty() {
                add(desk, [&window, &deadline, list], item, None, &mut csv);
            }
            for part in &item.parts {
                add(desk, [&window, &deadline, list], item, Some(part), &mut csv);
            }
        }
    }
    let name = format!("remessa-{}.csv", window.replace('/', "-"));
    Some(Enclosure { name, csv })
}

fn add(desk: &Context<'_>, of: [&str; 3], item: &ReferralFacts, part: Option<&PartFacts>, csv: &mut String) {
    let known = MunicipalityCode::parse(&item.municipality.code).ok();
    let known = known.and_then(|code| desk.roster.municipalities.get(&code));
    let smas = known.into_iter().flat_map(|m| &m.contacts).find(|contact| contact.role == Role::Smas);
    let note = part.map_or(&item.because, |part| &part.note);
    let cells = [
        item.municipality.code.clone(),
        item.municipality.name.clone(),
        known.map(|m| pt::line(&m.region)).unwrap_or_default(),
        part.map(|part| part.name.clone()).unwrap_or_default(),
        part.map(|part| part.units.join(", ")).unwrap_or_default(),
        note.clone(),
        smas.map(|contact| telephone(&pt::line(&contact.telephone))).unwrap_or_default(),
    ];
    let cells: Vec<String> = of.into_iter().map(str::to_owned).chain(cells).collect();
    row(&cells, csv);
}
