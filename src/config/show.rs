//! Faults as people see them: the line, the text underlined, and the help, wholly in Portuguese.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::fault::{Fault, Faults, Severity};
use crate::text::visible;

impl Faults {
    /// Every fault with its line and hint, and a count at the end. Colours only when asked.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for fault in &self.0 {
            out.push_str(&render_one(fault, &renderer));
            out.push_str("\n\n");
        }
        out.push_str(&self.summary());
        out.push('\n');
        out
    }
}

fn render_one(fault: &Fault, renderer: &Renderer) -> String {
    let fault = &shown(fault);
    let level = match fault.severity {
        Severity::Error => Level::ERROR.with_name("erro"),
        Severity::Warning => Level::WARNING.with_name("aviso"),
    };
    let mut group = Group::with_title(level.primary_title(fault.message.as_str()));
    group = if fault.line == 0 {
        group.element(Origin::path(fault.file.as_str()))
    } else {
        let snippet = Snippet::source(fault.excerpt.as_str())
            .line_start(fault.line)
            .path(fault.file.as_str())
            .annotation(AnnotationKind::Primary.span(underlined(fault)));
        group.element(snippet)
    };
    if !fault.hint.is_empty() {
        group = group.element(Level::HELP.with_name("ajuda").message(fault.hint.as_str()));
    }
    renderer.render(&[group])
}

/// The same with what its files hold made visible, still underlined where it stands.
fn shown(fault: &Fault) -> Fault {
    let before: String = fault.excerpt.chars().take(fault.column.saturating_sub(1)).collect();
    Fault {
        column: fault.column.min(1) + visible::lines(&before).chars().count(),
        file: visible::line(&fault.file),
        span: visible::lines(&fault.span),
        excerpt: visible::lines(&fault.excerpt),
        message: visible::line(&fault.message),
        hint: visible::line(&fault.hint),
        ..fault.clone()
    }
}

fn underlined(fault: &Fault) -> Range<usize> {
    let start: usize = fault.excerpt.chars().take(fault.column - 1).map(char::len_utf8).sum();
    start..(start + fault.span.len()).min(fault.excerpt.len())
}
