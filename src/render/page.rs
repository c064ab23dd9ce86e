//! The shell of every page of ours that stands alone: it loads nothing, and prints. Pure.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::text::visible;

/// Nothing may be loaded or run, whatever a name or a reply says.
pub(super) const CLOSED: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Head, policy and style around a body.
pub(super) fn shell(title: &str, policy: &str, style: &str, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="pt-BR" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body { (body) }
        }
    };
    visible::lines(&markup.into_string())
}
