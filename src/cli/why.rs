//! `porque`: the chain of decisions about one municipality in one window, sent and not sent.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::args::Subject;
use super::session::{Answer, Failure, Result, Session, say};
use crate::desk::entry::entry_words;
use crate::desk::order;
use crate::desk::why::{self, Account};
use crate::domain::calendar::Calendar;
use crate::domain::id::{MunicipalityCode, PartId, WindowId};
use crate::domain::journal::{Entry, Evidence};
use crate::domain::overrides::Authorship;
use crate::domain::reason::Reason;
use crate::domain::status::StatusEntry;
use crate::plan::Decision;
use crate::plan::summary::PartLine;
use crate::render::because::{
    because, call, call_reason, doubt, opposed, part_name, quoted, told_outside, waits_for,
};
use crate::render::line::rfc3339;
use crate::render::portuguese;
use crate::render::report::letter_words;
use crate::text::visible;
use crate::world::known::Known;

/// Tells what was decided, what is known, and what would be decided now.
pub(super) async fn run(session: &Session, subject: &Subject) -> Result {
    let Subject { municipality, window } = subject;
    let store = session.ledger().await?;
    let (known, plan) = Box::pin(session.decided(store.as_ref(), std::slice::from_ref(window))).await?;
    let roster = &session.setup.config.roster;
    let code = order::ever_known(roster, municipality)?;
    order::window(&known.live.calendar, window, None)?;
    let gathered = why::gather((&known, &plan), store.as_ref(), code, window, session.as_of()).await?;
    let Some(account) = gathered else {
        return Err(Failure::refused(format!(
            "recusado: a janela {window} abre em mais de um ano; nada foi decidido sobre ela"
        )));
    };
    if account.journal.is_empty() && account.explained.line.is_none() {
        order::municipality(roster, municipality)?;
    }
    let printed = Printed { known: &known, account: &account };
    say(&if session.json { printed.json().to_string() } else { printed.text(municipality) });
    Ok(Answer::Done)
}

struct Printed<'a> {
    known: &'a Known,
    account: &'a Account,
}

impl Printed<'_> {
    fn calendar(&self) -> &Calendar {
        &self.known.live.calendar
    }

    fn text(&self, municipality: &str) -> String {
        let calendar = self.calendar();
        let zone = &calendar.hours.zone;
        let mut out = self.head(municipality);
        out.push_str("\nSituação conhecida");
        let _ = writeln!(out, " em {}:", portuguese::instant(self.account.now, zone));
        match &self.account.explained.line {
            None => out.push_str("  este município não é esperado nesta janela\n"),
            Some(line) => {
                if let Some(day) = line.told_outside_on {
                    let _ = writeln!(out, "  {}", told_outside(day));
                }
                for part in &line.parts {
                    let since = part.as_of.map_or(String::new(), |at| {
                        format!(", dados de {}", portuguese::short_instant(at, zone))
                    });
                    let from = part.feed.as_ref().map_or(String::new(), |feed| format!(", fonte {feed}"));
                    let why = part.doubt.map(|d| doubt(&d, calendar));
                    let why = why.or_else(|| line.waits_for.as_ref().map(waits_for));
                    let why = why.map_or(String::new(), |why| format!(": {why}"));
                    let _ = writeln!(
                        out,
                        "  {}: {}{why}{since}{from}",
                        part_name(&part.part, calendar),
                        part.state
                    );
                    for side in self.sides(part) {
                        let _ = writeln!(out, "    {side}");
                    }
                    for row in &part.rows {
                        let _ = writeln!(out, "    {}", quoted(&self.said(row), calendar));
                    }
                }
            }
        }
        for line in self.by_hand() {
            let _ = writeln!(out, "  {}", visible::line(&line));
        }
        out.push_str("\nDecisões e entregas no livro:\n");
        if self.account.journal.is_empty() {
            out.push_str("  nenhuma\n");
        }
        for entry in &self.account.journal {
            let _ = writeln!(
                out,
                "  {}  {}",
                portuguese::short_instant(entry.at, zone),
                entry_words(entry, &self.account.journal)
            );
            if let Ok(Entry::Decision(told)) = &entry.told {
                for said in told.evidence.iter().filter(|said| said.is_quoted) {
                    let _ = writeln!(out, "    {}", quoted(said, calendar));
                }
            }
        }
        let letters = self.account.explained.line.iter().flat_map(|line| &line.letters);
        for (index, letter) in letters.enumerate() {
            if index == 0 {
                out.push_str("\nCartas:\n");
            }
            let _ = writeln!(out, "  {}", letter_words(letter, calendar));
        }
        out.push_str("\nAgora:\n");
        for decision in self.account.explained.actions.iter().chain(self.account.held()) {
            let what = format!("{} {}", portuguese::act(decision.act()), decision.key());
            let _ = writeln!(out, "  {what}: {}", because(decision.because(), calendar));
        }
        let waiting = self.account.explained.line.iter().flat_map(|line| &line.letters);
        let waiting = waiting.filter(|letter| letter.state.is_waiting()).count();
        match &self.account.explained.silence {
            Some(Reason::NothingDue) if waiting > 0 => {
                out.push_str(
                    "  Há carta já decidida que ainda não saiu; se demora, veja “vigia-suas saude”.\n",
                );
            }
            Some(silence) => {
                let _ = writeln!(out, "  {}", because(silence, calendar));
            }
            None => {}
        }
        for held in &self.account.uncertain {
            let Some(batch) = &held.batch else { continue };
            let _ = writeln!(
                out,
                "  {} pode ter saído, e espera por alguém: se não saiu, vigia-suas liberar --lote {batch}",
                held.key
            );
        }
        for reason in self.account.explained.call.iter().flat_map(|call| &call.because) {
            let _ = writeln!(out, "  a telefonar: {}", call_reason(reason, calendar));
        }
        out
    }

    /// Whom and what it is about: the window's opening and its editions.
    fn head(&self, municipality: &str) -> String {
        let zone = &self.calendar().hours.zone;
        let name = self.account.explained.line.as_ref().map_or(municipality, |line| line.name.as_str());
        let mut out = format!("{}, janela {}\n\n", visible::line(name), self.account.window.id);
        let _ = writeln!(out, "Abertura: {}", portuguese::date_and_weekday(self.account.window.opens_on));
        for edition in self.account.window.announced_by(zone.date_of(self.account.now)) {
            let deadline = portuguese::deadline_or_undefined(edition.deadline);
            let announced = edition
                .announced_on
                .map_or(String::new(), |d| format!(", anunciada em {}", portuguese::date(d)));
            let named = &edition.municipalities;
            let is_of_others = !named.is_empty() && !named.contains(&self.account.municipality);
            let reach = if is_of_others { "; não alcança este município" } else { "" };
            let _ = writeln!(
                out,
                "Edição {}: prazo {deadline}{announced}{reach} (fonte: {})",
                edition.number,
                visible::line(&edition.source)
            );
        }
        out
    }

    /// What each feed says, where they say opposite things.
    fn sides(&self, part: &PartLine) -> Vec<String> {
        let entries = self.known.status.window(&self.account.window.id).of(self.account.municipality);
        opposed(part, entries, self.calendar())
    }

    /// What people decided about this municipality in this window, and counts still.
    fn by_hand(&self) -> Vec<String> {
        let zone = &self.calendar().hours.zone;
        let counts = |until: Option<Date>| until.is_none_or(|day| zone.date_of(self.account.now) <= day);
        let told = |what: &str, part: &Option<PartId>, until: Option<Date>, by: &Authorship| {
            let part = part.as_ref().map_or("todas as partes".to_owned(), |p| part_name(p, self.calendar()));
            let until = until.map_or(String::new(), |day| format!(", até {}", portuguese::date(day)));
            format!("{part}: {what} por {}{until}; motivo: {}", by.author, by.reason)
        };
        let orders = &self.known.overrides;
        let entries = self.known.status.window(&self.account.window.id).of(self.account.municipality);
        let exempt = orders.exemptions.iter().filter(|o| self.is_about(&o.window, o.municipality));
        let disputed = orders.disputes.iter().filter(|o| self.is_about(&o.window, o.municipality));
        // A call stands as having been made, also after its pause.
        let notes = orders.notes.iter().filter(|o| self.is_about(&o.window, o.municipality));
        let exempt = exempt.filter(|o| counts(o.until));
        let disputed = disputed.filter(|o| counts(o.until));
        exempt
            .map(|o| told("dispensado", &o.part, o.until, &o.authorship))
            .chain(disputed.map(|o| {
                let ended = o.ended_by(entries).map(|at| format!("; {}", order::ended_words(at, zone)));
                told("contestado", &o.part, o.until, &o.authorship) + &ended.unwrap_or_default()
            }))
            .chain(notes.map(|note| call(note, self.calendar())))
            .chain(self.account.rulings.iter().map(|r| {
                format!("coleta {} (fonte {}): {}", r.snapshot, r.feed, super::feed::in_words(r, zone))
            }))
            .collect()
    }

    fn is_about(&self, window: &WindowId, municipality: MunicipalityCode) -> bool {
        *window == self.account.window.id && municipality == self.account.municipality
    }

    /// A row that a *pendente* rests on, and how fresh it is.
    fn said(&self, row: &StatusEntry) -> Evidence {
        let window = &self.account.window.id;
        let validity = self.calendar().status_validity(window);
        Evidence::of(row, self.known.status.window(window).freshness(row, validity), true)
    }

    fn json(&self) -> Value {
        let calendar = self.calendar();
        let decision = |d: &Decision| json!({ "acao": d.act().as_str(), "aviso": d.key().to_string(), "porque": because(d.because(), calendar) });
        let parts = self.account.explained.line.iter().flat_map(|line| &line.parts).map(|p| {
            json!({
                "parte": p.part.as_str(),
                "situacao": p.state.as_str(),
                "duvida": p.doubt.map(|d| doubt(&d, calendar)),
                "dados_de": p.as_of.map(|at| at.to_string()),
                "fonte": p.feed.as_ref().map(ToString::to_string),
                "fontes_em_desacordo": self.sides(p),
                "linhas": p.rows.iter().map(|row| self.said(row)).collect::<Vec<_>>(),
            })
        });
        json!({
            "janela": self.account.window.id.as_str(),
            "municipio": self.account.municipality.to_string(),
            "em": rfc3339(self.account.now, calendar),
            "partes": parts.collect::<Vec<_>>(),
            "espera": self.account.explained.line.as_ref().and_then(|line| line.waits_for.as_ref()).map(WindowId::as_str),
            "comunicado_por_fora": self.account.explained.line.as_ref().and_then(|line| line.told_outside_on).map(told_outside),
            "decidido_a_mao": self.by_hand(),
            "livro": self.account.journal.iter().map(super::ledger::entry_json).collect::<Vec<_>>(),
            "cartas": self.account.explained.line.iter().flat_map(|line| &line.letters).map(|l| letter_words(l, calendar)).collect::<Vec<_>>(),
            "agora": self.account.explained.actions.iter().chain(self.account.held()).map(decision).collect::<Vec<_>>(),
            "telefonar": self.account.explained.call.iter().flat_map(|call| &call.because).map(|r| call_reason(r, calendar)).collect::<Vec<_>>(),
            "silencio": self.account.explained.silence.as_ref().map(|r| because(r, calendar)),
        })
    }
}
