//! What is recorded when a deadline passes: who was expected with which units, who was told which date, and what was
//! known (DESIGN "A closed window is a fact"). Pure.
//!
//! What is said of a closed edition rests on this and on what is loaded later, never on today's roster, ladder, offices
//! or units. It is kept as text, one fact a line, its cells between tabs; no e-mail address is in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::calendar::Deadline;
use super::id::{FeedId, GerenciaId, MunicipalityCode, PartId, UnitId};
use super::notice::{Addressee, Told, Untold};
use super::status::{Doubt, State};

/// An edition as it stood at its deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Which edition.
    pub edition: u16,
    /// Its deadline.
    pub deadline: Deadline,
    /// The instant at which that passed.
    pub ended_at: Timestamp,
    /// The offices that its remessa goes to.
    pub offices: Vec<Addressee>,
    /// The municipalities of which something was expected on it.
    pub municipalities: BTreeMap<MunicipalityCode, ClosedMunicipality>,
}

/// A municipality at the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedMunicipality {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Why it was not told this deadline; absent: it was.
    pub untold: Option<Untold>,
    /// What was expected of it.
    pub parts: Vec<ClosedPart>,
}

/// A part at the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPart {
    /// Which part.
    pub part: PartId,
    /// The competent gerências.
    pub gerencias: Vec<GerenciaId>,
    /// What was known, unit by unit; one without unit for the part as a whole.
    pub known: Vec<Known>,
}

/// What was known of a unit, or of a part as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Which unit.
    pub unit: Option<UnitId>,
    /// Where it stood.
    pub state: State,
    /// Why nobody knew, when *não confirmado*.
    pub doubt: Option<Doubt>,
    /// As of when the data spoke.
    pub as_of: Option<Timestamp>,
    /// When the latest load that it rests on was taken; what is loaded after that is news.
    pub taken_at: Option<Timestamp>,
    /// Which feed said it.
    pub feed: Option<FeedId>,
    /// The source's own words.
    pub wording: Option<Arc<str>>,
}

impl Closing {
    /// As it is kept.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        line(&mut text, &["edicao", &self.edition.to_string(), &Told::Date(self.deadline).to_string(), &self.ended_at.to_string()]);
        for office in &self.offices {
            line(&mut text, &["orgao", &office.to_string()]);
        }
        for (code, municipality) in &self.municipalities {
            let untold = municipality.untold.as_ref().map(untold_text).unwrap_or_default();
            line(&mut text, &["municipio", &code.to_string(), &municipality.name, &municipality.region, &untold]);
            for part in &municipality.parts {
                let gerencias: Vec<&str> = part.gerencias.iter().map(GerenciaId::as_str).collect();
                line(&mut text, &["parte", part.part.as_str(), &gerencias.join(" ")]);
                for known in &part.known {
                    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
                    line(
                        &mut text,
                        &[
                            "sabido",
                            known.unit.as_ref().map_or("", UnitId::as_str),
                            known.state.as_str(),
                            &known.doubt.as_ref().map(doubt_text).unwrap_or_default(),
                            &instant(known.as_of),
                            &instant(known.taken_at),
                            known.feed.as_ref().map_or("", FeedId::as_str),
                            known.wording.as_deref().unwrap_or_default(),
                        ],
                    );
                }
            }
        }
        text
    }

    /// Reads what [`Closing::text`] writes; nothing for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let head = lines.next()?;
        let ["edicao", edition, deadline, ended_at] = head[..] else { return None };
        let Told::Date(deadline) = Told::parse(deadline)? else { return None };
        let mut closing = Self {
            edition: edition.parse().ok()?,
            deadline,
            ended_at: ended_at.parse().ok()?,
            offices: Vec::new(),
            municipalities: BTreeMap::new(),
        };
        for cells in lines {
            match cells[..] {
                ["orgao", office] => closing.offices.push(Addressee::parse(office)?),
                ["municipio", code, name, region, untold] => {
                    let municipality = ClosedMunicipality {
                        name: name.to_owned(),
                        region: region.to_owned(),
                        untold: some(untold).map(parse_untold).map_or(Some(None), |untold| untold.map(Some))?,
                        parts: Vec::new(),
                    };
                    closing.municipalities.insert(MunicipalityCode::parse(code).ok()?, municipality);
                }
                ["parte", part, gerencias] => {
                    let gerencias = gerencias.split_terminator(' ').map(|id| GerenciaId::parse(id).ok());
                    let part = ClosedPart {
                        part: PartId::parse(part).ok()?,
                        gerencias: gerencias.collect::<Option<_>>()?,
                        known: Vec::new(),
                    };
                    closing.municipalities.values_mut().next_back()?.parts.push(part);
                }
                ["sabido", unit, state, doubt, as_of, taken_at, feed, wording] => {
                    let known = Known {
                        unit: read(unit, |t| UnitId::parse(t).ok())?,
                        state: State::parse(state)?,
                        doubt: read(doubt, parse_doubt)?,
                        as_of: read(as_of, |t| t.parse().ok())?,
                        taken_at: read(taken_at, |t| t.parse().ok())?,
                        feed: read(feed, |t| FeedId::parse(t).ok())?,
                        wording: some(wording).map(Arc::from),
                    };
                    let municipality = closing.municipalities.values_mut().next_back()?;
                    municipality.parts.last_mut()?.known.push(known);
                }
                _ => return None,
            }
        }
        Some(closing)
    }
}

/// Cells between tabs; what would break a line is a blank in it.
fn line(text: &mut String, cells: &[&str]) {
    let plain = cells.iter().map(|cell| cell.replace(char::is_control, " "));
    let _ = writeln!(text, "{}", plain.collect::<Vec<_>>().join("\t"));
}

fn some(cell: &str) -> Option<&str> {
    (!cell.is_empty()).then_some(cell)
}

/// An empty cell is nothing; any other must be read.
fn read<T>(cell: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    some(cell).map_or(Some(None), |cell| parse(cell).map(Some))
}

fn untold_text(untold: &Untold) -> String {
    match untold {
        Untold::Unseen => "sem-acompanhamento".to_owned(),
        Untold::NoContact => "sem-contato".to_owned(),
        Untold::Failed => "recusado".to_owned(),
        Untold::Expired => "expirado".to_owned(),
        Untold::Suspended => "suspensao".to_owned(),
        Untold::OtherDate(told) => told.to_string(),
    }
}

fn parse_untold(text: &str) -> Option<Untold> {
    Some(match text {
        "sem-acompanhamento" => Untold::Unseen,
        "sem-contato" => Untold::NoContact,
        "recusado" => Untold::Failed,
        "expirado" => Untold::Expired,
        "suspensao" => Untold::Suspended,
        told => Untold::OtherDate(Told::parse(told)?),
    })
}

fn doubt_text(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Unseen => "sem-dados".to_owned(),
        Doubt::Stale { as_of } => format!("velho {as_of}"),
        Doubt::Declared => "declarado".to_owned(),
        Doubt::Disputed => "contestado".to_owned(),
        Doubt::Reverting => "retrocesso".to_owned(),
        Doubt::Contradicted => "contradito".to_owned(),
    }
}

fn parse_doubt(text: &str) -> Option<Doubt> {
    Some(match text {
        "sem-dados" => Doubt::Unseen,
        "declarado" => Doubt::Declared,
        "contestado" => Doubt::Disputed,
        "retrocesso" => Doubt::Reverting,
        "contradito" => Doubt::Contradicted,
        stale => Doubt::Stale { as_of: stale.strip_prefix("velho ")?.parse().ok()? },
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn whole() -> Closing {
        let known = |unit: Option<&str>, state, doubt| Known {
            unit: unit.map(|id| UnitId::parse(id).unwrap()),
            state,
            doubt,
            as_of: Some(at("2026-04-29T09:00:00Z")),
            taken_at: Some(at("2026-04-30T09:00:00Z")),
            feed: Some(FeedId::parse("rma-lista").unwrap()),
            wording: Some("100% preenchido".into()),
        };
        let unseen = Known {
            as_of: None,
            taken_at: None,
            feed: None,
            wording: None,
            ..known(None, State::Unconfirmed, Some(Doubt::Unseen))
        };
        let stale = Doubt::Stale { as_of: at("2026-04-01T09:00:00Z") };
        let part = |id: &str, known| ClosedPart {
            part: PartId::parse(id).unwrap(),
            gerencias: vec![GerenciaId::parse("GPSB").unwrap(), GerenciaId::parse("GPSE").unwrap()],
            known,
        };
        let deadline = Deadline { on: date(2026, 4, 30), at: Deadline::DEFAULT_TIME };
        let municipality = |name: &str, untold| ClosedMunicipality {
            name: name.to_owned(),
            region: "Sul".to_owned(),
            untold,
            parts: vec![
                part("CENTRO POP", vec![known(Some("11"), State::Pending, None), known(None, State::Unconfirmed, Some(stale))]),
                part("CRAS", vec![unseen.clone()]),
            ],
        };
        let code = |text: &str| MunicipalityCode::parse(text).unwrap();
        Closing {
            edition: 2,
            deadline,
            ended_at: at("2026-05-01T02:59:59Z"),
            offices: vec![Addressee::Gsuas, Addressee::Gerencia(GerenciaId::parse("GPSB").unwrap())],
            municipalities: BTreeMap::from([
                (code("3200102"), municipality("Afonso Cláudio", None)),
                (code("3205309"), municipality("Vitória", Some(Untold::OtherDate(Told::Date(deadline))))),
            ]),
        }
    }

    #[test]
    fn a_closing_is_read_back_as_written() {
        let closing = whole();
        assert_eq!(Closing::parse(&closing.text()).as_ref(), Some(&closing), "{}", closing.text());
    }

    #[test]
    fn never_half_a_closing() {
        let text = whole().text();
        assert_eq!(Closing::parse(&text.replace("pendente", "pendurado")), None);
        assert_eq!(Closing::parse(&text.replace("orgao\tGSUAS", "orgao")), None);
        assert_eq!(Closing::parse(""), None);
    }
}
