//! Places in files, and the list that faults are gathered in.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use super::fault::{Fault, Severity};

/// A file already decoded.
#[derive(Debug)]
pub(super) struct Text {
    /// As shown to operators: `config/calendario.toml`.
    pub(super) name: String,
    /// Its text, without a byte order mark.
    pub(super) text: String,
}

/// Where a value was written.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    At(Rc<Text>, Range<usize>),
    Whole(String),
    Variable(String),
    /// Nowhere: a default of the program's own.
    Default,
}

impl Spot {
    /// The line number, for naming one place in a fault at another.
    pub(super) fn line(&self) -> usize {
        match self {
            Self::At(text, range) => line_of(&text.text, range.start),
            _ => 0,
        }
    }

    /// The file or variable, for grouping.
    pub(super) fn file(&self) -> &str {
        match self {
            Self::At(text, _) => &text.name,
            Self::Whole(name) | Self::Variable(name) => name,
            Self::Default => "valores padrão",
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}

/// So many faults are shown; whoever has more has another sort of file, or one slip that makes them all.
const MOST: usize = 500;

/// Faults as they are found. Shared by reference: readers only ever add to it.
#[derive(Debug, Default)]
pub(super) struct Log {
    faults: RefCell<Vec<Fault>>,
    /// How many more there were, and whether any was an error.
    more: Cell<(usize, bool)>,
}

impl Log {
    pub(super) fn error(&self, spot: &Spot, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Severity::Error, spot, message, hint);
    }

    /// An error, and nothing in place of what could not be read.
    pub(super) fn refuse<T>(
        &self,
        spot: &Spot,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Option<T> {
        self.error(spot, message, hint);
        None
    }

    pub(super) fn warn(&self, spot: &Spot, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Severity::Warning, spot, message, hint);
    }

    /// An error at a key whose value is a secret, or may hold one: the value is not shown.
    pub(super) fn secret(&self, spot: &Spot, message: impl Into<String>, hint: impl Into<String>) {
        self.unshown(Severity::Error, spot, message, hint);
    }

    /// The same where the value may stand.
    pub(super) fn secret_warning(&self, spot: &Spot, message: impl Into<String>, hint: impl Into<String>) {
        self.unshown(Severity::Warning, spot, message, hint);
    }

    fn unshown(&self, severity: Severity, spot: &Spot, message: impl Into<String>, hint: impl Into<String>) {
        let before = self.faults.borrow().len();
        self.push(severity, spot, message, hint);
        if let Some(fault) = self.faults.borrow_mut().get_mut(before)
            && fault.line > 0
        {
            let shown = fault.column - 1 + fault.span.chars().count();
            fault.excerpt = fault.excerpt.chars().take(shown).chain(" = …".chars()).collect();
        }
    }

    pub(super) fn push(
        &self,
        severity: Severity,
        spot: &Spot,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.faults.borrow().len() >= MOST {
            let (more, errors) = self.more.get();
            self.more.set((more + 1, errors || severity == Severity::Error));
            return;
        }
        let mut fault = Fault {
            severity,
            file: spot.file().to_owned(),
            line: 0,
            column: 0,
            span: String::new(),
            message: message.into(),
            hint: hint.into(),
            excerpt: String::new(),
        };
        if let Spot::At(text, range) = spot {
            let text = &text.text;
            let start = floor(text, range.start);
            let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
            let line = text[line_start..line_end].trim_end_matches('\r');
            // What spans lines (a table, a list) is underlined in its first.
            let end = floor(text, range.end).clamp(start, (line_start + line.len()).max(start));
            fault.line = line_of(text, start);
            fault.column = text[line_start..start].chars().count() + 1;
            text[start..end].trim_end().clone_into(&mut fault.span);
            line.clone_into(&mut fault.excerpt);
        }
        self.faults.borrow_mut().push(fault);
    }

    /// Whether any fault so far makes the configuration unusable.
    pub(super) fn has_errors(&self) -> bool {
        self.more.get().1 || self.faults.borrow().iter().any(|f| f.severity == Severity::Error)
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        let (more, errors) = self.more.replace((0, false));
        if more > 0 {
            let file = self.faults.borrow().last().map_or_else(String::new, |fault| fault.file.clone());
            let hint = "corrija primeiro as que são mostradas: muitas podem vir do mesmo engano";
            let message = format!("há mais {more} falhas, que não são mostradas");
            self.faults.borrow_mut().push(Fault {
                severity: if errors { Severity::Error } else { Severity::Warning },
                file,
                line: 0,
                column: 0,
                span: String::new(),
                message,
                hint: hint.to_owned(),
                excerpt: String::new(),
            });
        }
        self.faults.into_inner()
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
