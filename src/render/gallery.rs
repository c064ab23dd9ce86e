//! An index over letters kept for proof-reading: a list to search, the letter beside it, the next and the one before.
//! Pure.

use maud::{Markup, PreEscaped, html};

use super::page::shell;
use super::portuguese as pt;

const STYLE: &str = include_str!("gallery.css");
const SCRIPT: &str = include_str!("gallery.js");
/// What is shown lies beside the page; nothing else may be loaded.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-src 'self' file:";

/// One letter of the gallery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GalleryItem {
    /// The window it is about, as shown: `rma/2026-10`.
    pub window: String,
    /// Its sort, as shown: `prorrogação`.
    pub kind: String,
    pub recipient: String,
    /// What is made up in it: the end of “como se …”.
    pub made_up: String,
    pub subject: String,
    /// Its page, relative to the index.
    pub page: String,
    /// Its text, relative to the index.
    pub text: String,
}

/// The index: self-contained but for the letters themselves, and of use without scripts too.
pub fn index(entries: &[GalleryItem], made: &str) -> String {
    let title = "Cartas para conferir";
    let first = entries.first().map(|entry| entry.page.as_str()).unwrap_or_default();
    let body = html! {
        nav {
            h1 { (title) }
            p .note { (pt::counted(entries.len(), "carta", "cartas")) ", " (made) ". Nada foi enviado." }
            label for="busca" { "Procurar" }
            input #busca type="search" placeholder="vitória prazo rma" autocomplete="off";
            p .note #contagem role="status" {}
            ol #lista { (list(entries)) }
        }
        main {
            div .bar {
                button #antes type="button" title="A carta anterior (seta para a esquerda)" { "◀ anterior" }
                button #depois type="button" title="A carta seguinte (seta para a direita)" { "seguinte ▶" }
                a #texto href="" target="carta" { "só o texto" }
                strong #assunto {}
            }
            iframe name="carta" title="A carta" src=(first) {}
        }
        script { (PreEscaped(SCRIPT)) }
    };
    shell(title, POLICY, STYLE, &body)
}

fn list(entries: &[GalleryItem]) -> Markup {
    html! {
        @for entry in entries {
            li {
                a href=(entry.page) target="carta" data-texto=(entry.text) data-assunto=(entry.subject) {
                    b { (entry.recipient) } " "
                    span title={ "Exemplo, como se " (entry.made_up) "." } { (entry.kind) ", " (entry.window) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_its_line_and_no_name_escapes_it() {
        let entry = |recipient: &str| GalleryItem {
            window: "rma/2026-10".to_owned(),
            kind: "prazo".to_owned(),
            recipient: recipient.to_owned(),
            made_up: "tudo estivesse pendente".to_owned(),
            subject: "Prazo do RMA".to_owned(),
            page: "rma-2026-10/prazo/3205309.html".to_owned(),
            text: "rma-2026-10/prazo/3205309.txt".to_owned(),
        };
        let page = index(&[entry("Vitória"), entry("<script>alert(1)</script>")], "em 05/11/2026 às 09:00");
        assert_eq!(page.matches("<li>").count(), 2);
        assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("<b>Vitória</b>"));
        assert_eq!(page.matches("<script>").count(), 1, "only ours");
        assert!(!page.contains("http://") && !page.contains("https://"), "loads nothing");
    }
}
