//! A notice as a letter: subject, text and HTML. Pure.
//!
//! Reading order: `facts` (what a template may say; of alerts: `alert`), `template` (the set of templates, embedded or an operator's),
//! `markup` (emphasis, links, escaping), `layout` (line width), `live` (while it is edited), `fault` (what is wrong with a template, and where),
//! `enclosure` (the table that goes with a remessa), `example` (facts to try templates with), `names` (names that no letter knows), `norm` (whether the norm's sentences are whole).
//!
//! The sentences of Anexos I and II of norma BES Nº 08 are in `config/modelos/norma.txt`, once, and serve text and
//! HTML alike.

mod alert;
mod enclosure;
pub(in crate::render) mod example;
mod facts;
mod fault;
mod layout;
mod live;
mod markup;
mod names;
mod norm;
mod template;

#[cfg(test)]
mod tests;

use crate::domain::calendar::Calendar;
use crate::domain::id::MunicipalityCode;
use crate::domain::notice::Content;
use crate::domain::roster::Roster;
use crate::domain::secretariat::Secretariat;
use crate::plan::Notice;

use super::portuguese;

pub use fault::TemplateFault;
pub use layout::folded;
pub use live::{auto_refreshed, fault_page};
pub use template::{EMBEDDED, Templates};

/// What letters are written from, besides the decision itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Systems, windows, parts, and the zone of dates.
    pub calendar: &'a Calendar,
    /// Names of municipalities, units and offices.
    pub roster: &'a Roster,
    /// Signature and support address.
    pub secretariat: &'a Secretariat,
}

impl Context<'_> {
    /// What a municipality is called.
    fn name(&self, code: MunicipalityCode) -> String {
        let known = self.roster.municipalities.get(&code);
        known.map_or_else(|| format!("município {code}"), |m| portuguese::line(&m.name))
    }
}

/// A notice rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line, without control characters.
    pub subject: String,
    /// Plain text, one line a paragraph; ends with a line break.
    pub text: String,
    /// A whole HTML document that says the same.
    pub html: String,
    /// What goes with it for a spreadsheet.
    pub table: Option<Enclosure>,
}

/// A table that goes with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosure {
    pub name: String,
    /// What is in it: `;`, UTF-8 with its mark, no formulas.
    pub csv: String,
}

/// Writes a notice as its letter.
///
/// # Errors
/// [`TemplateFault`] when a template fails with these facts, or when there is no letter to write: a window that is
/// not in the calendar, or a municipality that is not in the roster.
pub fn letter(templates: &Templates, desk: &Context<'_>, notice: &Notice) -> Result<Letter, TemplateFault> {
    let facts = facts::gather(desk, notice)?;
    let table = enclosure::of(desk, notice, &facts);
    Ok(Letter { table, ..templates.write(name_of(&notice.content), facts)? })
}

/// The name of the templates of a content: `NAME.assunto.txt`, `NAME.txt`, `NAME.html`.
pub fn name_of(content: &Content) -> &'static str {
    match content {
        Content::Announcement { .. } => "divulgacao",
        Content::Reminder { .. } => "lembrete",
        Content::Warning { .. } => "prazo",
        Content::Extension { .. } => "prorrogacao",
        Content::Suspension { .. } => "suspensao",
        Content::Upheld { .. } => "prazo-mantido",
        Content::Digest { .. } => "resumo",
        Content::Referral { .. } => "remessa",
        Content::ReferralAddendum { .. } => "remessa-adendo",
        Content::Alert { .. } => "alerta",
    }
}
