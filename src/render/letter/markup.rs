//! Emphasis, links and escaping: filters that know whether they stand in text or in HTML. Pure.

use std::fmt::Write as _;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State};

use super::fault::VALUE_MISSING;

/// Puts the filters and the formatter into an environment.
pub(super) fn install(environment: &mut Environment<'static>) {
    environment
        .add_filter("forte", |state: &State<'_, '_>, value: &Value| emphasised(state, value, "strong"));
    environment.add_filter("italico", |state: &State<'_, '_>, value: &Value| emphasised(state, value, "em"));
    environment.add_filter("enlace", link);
    environment.set_formatter(format);
}

/// Writes a value: escaped in HTML, refused when it is none, so that no letter ever says "none".
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() || value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, VALUE_MISSING));
    }
    out.write_str(&shown(state, value)).map_err(Error::from)
}

fn is_html(state: &State<'_, '_>) -> bool {
    matches!(state.auto_escape(), AutoEscape::Html)
}

fn shown(state: &State<'_, '_>, value: &Value) -> String {
    let text = value.to_string();
    if is_html(state) && !value.is_safe() { escape(&text) } else { text }
}

fn emphasised(state: &State<'_, '_>, value: &Value, tag: &str) -> Result<Value, Error> {
    if value.is_none() || value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, VALUE_MISSING));
    }
    let shown = shown(state, value);
    Ok(if is_html(state) {
        Value::from_safe_string(format!("<{tag}>{shown}</{tag}>"))
    } else {
        Value::from(shown)
    })
}

/// A web or e-mail address between angle brackets, as the norm writes it; in HTML it can be followed.
fn link(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let Some(address) = value.as_str() else {
        return Err(Error::new(ErrorKind::UndefinedError, VALUE_MISSING));
    };
    if !is_html(state) {
        return Ok(Value::from(format!("<{address}>")));
    }
    let shown = escape(address);
    let web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
    let mail = !web && address.contains('@') && !address.contains([':', '/', '?']);
    let mut html = String::from("&lt;");
    let followed = match (web, mail) {
        (true, _) => write!(html, "<a href=\"{shown}\" style=\"color:#0b4f8a\">{shown}</a>"),
        (false, true) => write!(html, "<a href=\"mailto:{shown}\" style=\"color:#0b4f8a\">{shown}</a>"),
        (false, false) => write!(html, "{shown}"),
    };
    followed?;
    html.push_str("&gt;");
    Ok(Value::from_safe_string(html))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
