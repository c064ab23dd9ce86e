//! `porque`: the chain of decisions about one municipality in one window, sent and not sent.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::session::{Answer, Failure, Result, Session, say};
use crate::desk::order;
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{MunicipalityCode, PartId, WindowId};
use crate::domain::overrides::Authorship;
use crate::domain::reason::Reason;
use crate::plan::account::{Explanation, explain, summarise};
use crate::plan::summary::{MunicipalityLine, PartLine};
use crate::plan::{self, Decision};
use crate::render::because::{because, call, doubt, opposed, part_name};
use crate::render::line::rfc3339;
use crate::render::portuguese;
use crate::store::{JournalEntry, JournalFilter, Ruling};
use crate::world::known::Known;

/// Tells what was decided, what is known, and what would be decided now.
pub(super) async fn run(session: &Session, municipality: &str, window: &WindowId) -> Result {
    let known = session.known().await?;
    let code = order::municipality(&session.setup.config.roster, municipality)?;
    order::window(&known, window, None)?;
    let now = session.now();
    let world = known.world();
    let plan = plan::plan(&world, now);
    let found = known.windows.iter().find(|w| w.id == *window);
    let (Some(found), Some(explained)) = (found, explain(&world, &plan, window, code, now)) else {
        return Err(Failure::refused(format!(
            "recusado: a janela {window} abre em mais de um ano; nada foi decidido sobre ela"
        )));
    };
    let line = summarise(&world, &plan, window, now)
        .and_then(|summary| summary.lines.into_iter().find(|line| line.municipality == code));
    let filter =
        JournalFilter { window: Some(window.clone()), municipality: Some(code), ..JournalFilter::default() };
    let (journal, rulings) = match session.ledger().await? {
        Some(store) => (store.journal(&filter).await?, store.rulings(Some(window)).await?),
        None => (Vec::new(), Vec::new()),
    };
    let told =
        Told { known: &known, window: found, municipality: code, line, explained, journal, rulings, now };
    say(&if session.json { told.json().to_string() } else { told.text(municipality) });
    Ok(Answer::Done)
}

struct Told<'a> {
    known: &'a Known,
    window: &'a Window,
    municipality: MunicipalityCode,
    line: Option<MunicipalityLine>,
    explained: Explanation,
    journal: Vec<JournalEntry>,
    rulings: Vec<Ruling>,
    now: Timestamp,
}

impl Told<'_> {
    fn calendar(&self) -> &Calendar {
        &self.known.live.calendar
    }

    fn text(&self, municipality: &str) -> String {
        let calendar = self.calendar();
        let zone = &calendar.hours.zone;
        let name = self.line.as_ref().map_or(municipality, |line| line.name.as_str());
        let mut out = format!("{name}, janela {}\n\n", self.window.id);
        let _ = writeln!(out, "Abertura: {}", portuguese::date_and_weekday(self.window.opens_on));
        for edition in &self.window.editions {
            let deadline = portuguese::deadline_or_undefined(edition.deadline);
            let announced = edition
                .announced_on
                .map_or(String::new(), |d| format!(", anunciada em {}", portuguese::date(d)));
            let _ = writeln!(
                out,
                "Edição {}: prazo {deadline}{announced} (fonte: {})",
                edition.number, edition.source
            );
        }
        out.push_str("\nSituação conhecida");
        let _ = writeln!(out, " em {}:", portuguese::instant(self.now, zone));
        match &self.line {
            None => out.push_str("  este município não é esperado nesta janela\n"),
            Some(line) => {
                for part in &line.parts {
                    let since = part.as_of.map_or(String::new(), |at| {
                        format!(", dados de {}", portuguese::short_instant(at, zone))
                    });
                    let from = part.feed.as_ref().map_or(String::new(), |feed| format!(", fonte {feed}"));
                    let why = part.doubt.map_or(String::new(), |d| format!(": {}", doubt(&d, calendar)));
                    let _ = writeln!(
                        out,
                        "  {}: {}{why}{since}{from}",
                        part_name(&part.part, calendar),
                        part.state
                    );
                    for side in self.sides(part) {
                        let _ = writeln!(out, "    {side}");
                    }
                }
            }
        }
        for line in self.by_hand() {
            let _ = writeln!(out, "  {line}");
        }
        out.push_str("\nDecisões e entregas no livro:\n");
        if self.journal.is_empty() {
            out.push_str("  nenhuma\n");
        }
        for entry in &self.journal {
            let _ = writeln!(
                out,
                "  {}  {}",
                portuguese::short_instant(entry.at, zone),
                super::ledger::entry_words(entry)
            );
        }
        out.push_str("\nAgora:\n");
        for decision in self.explained.actions.iter().chain(self.held()) {
            let what = format!("{} {}", decision.act().as_str(), decision.key());
            let _ = writeln!(out, "  {what}: {}", because(decision.because(), calendar));
        }
        if let Some(silence) = &self.explained.silence {
            let _ = writeln!(out, "  {}", because(silence, calendar));
        } else if self.explained.actions.is_empty() && self.explained.held.is_empty() {
            let _ = writeln!(out, "  {}", because(&Reason::NothingDue, calendar));
        }
        out
    }

    /// What each feed says, where they say opposite things.
    fn sides(&self, part: &PartLine) -> Vec<String> {
        let entries = self.known.status.window(&self.window.id).of(self.municipality);
        opposed(part, entries, self.calendar())
    }

    /// What people decided about this municipality in this window, and counts still.
    fn by_hand(&self) -> Vec<String> {
        let zone = &self.calendar().hours.zone;
        let counts = |until: Option<Date>| until.is_none_or(|day| zone.date_of(self.now) <= day);
        let told = |what: &str, part: &Option<PartId>, until: Option<Date>, by: &Authorship| {
            let part = part.as_ref().map_or("todas as partes".to_owned(), |p| part_name(p, self.calendar()));
            let until = until.map_or(String::new(), |day| format!(", até {}", portuguese::date(day)));
            format!("{part}: {what} por {}{until}; motivo: {}", by.author, by.reason)
        };
        let orders = &self.known.overrides;
        let exempt = orders.exemptions.iter().filter(|o| self.is_about(&o.window, o.municipality));
        let disputed = orders.disputes.iter().filter(|o| self.is_about(&o.window, o.municipality));
        // A call stands as having been made, also after its pause.
        let notes = orders.notes.iter().filter(|o| self.is_about(&o.window, o.municipality));
        let exempt = exempt.filter(|o| counts(o.until));
        let disputed = disputed.filter(|o| counts(o.until));
        exempt
            .map(|o| told("dispensado", &o.part, o.until, &o.authorship))
            .chain(disputed.map(|o| told("contestado", &o.part, o.until, &o.authorship)))
            .chain(notes.map(|note| call(note, self.calendar())))
            .chain(self.rulings.iter().map(|r| {
                format!("coleta {} (fonte {}): {}", r.snapshot, r.feed, super::feed::in_words(r, zone))
            }))
            .collect()
    }

    fn is_about(&self, window: &WindowId, municipality: MunicipalityCode) -> bool {
        *window == self.window.id && municipality == self.municipality
    }

    /// What is withheld and not already among the changes.
    fn held(&self) -> impl Iterator<Item = &Decision> {
        self.explained.held.iter().filter(|held| !self.explained.actions.contains(held))
    }

    fn json(&self) -> Value {
        let calendar = self.calendar();
        let decision = |d: &Decision| json!({ "acao": d.act().as_str(), "aviso": d.key().to_string(), "porque": because(d.because(), calendar) });
        let parts = self.line.iter().flat_map(|line| &line.parts).map(|p| {
            json!({
                "parte": p.part.as_str(),
                "situacao": p.state.as_str(),
                "duvida": p.doubt.map(|d| doubt(&d, calendar)),
                "dados_de": p.as_of.map(|at| at.to_string()),
                "fonte": p.feed.as_ref().map(ToString::to_string),
                "fontes_em_desacordo": self.sides(p),
            })
        });
        json!({
            "janela": self.window.id.as_str(),
            "municipio": self.municipality.to_string(),
            "em": rfc3339(self.now, calendar),
            "partes": parts.collect::<Vec<_>>(),
            "decidido_a_mao": self.by_hand(),
            "livro": self.journal.iter().map(super::ledger::entry_json).collect::<Vec<_>>(),
            "agora": self.explained.actions.iter().chain(self.held()).map(decision).collect::<Vec<_>>(),
            "silencio": self.explained.silence.as_ref().map(|r| because(r, calendar)),
        })
    }
}
