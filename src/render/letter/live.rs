//! A letter's page while its template is edited: it looks at itself again each second. Pure.

use maud::{DOCTYPE, html};

/// A meta element that has a browser load the page again.
const AGAIN: &str = "<meta http-equiv=\"refresh\" content=\"1\">";

/// The same page, loaded again each second.
pub fn auto_refreshed(page: &str) -> String {
    match page.split_once("<head>") {
        Some((before, after)) => format!("{before}<head>{AGAIN}{after}"),
        None => format!("{AGAIN}{page}"),
    }
}

/// What is wrong, in the letter's place until it is put right.
pub fn fault_page(text: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="pt-BR" {
            head { meta charset="utf-8"; title { "A carta tem falhas" } }
            body { h1 { "A carta não pôde ser escrita" } pre { (text) } }
        }
    };
    auto_refreshed(&page.into_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_any_shape_looks_at_itself_again() {
        assert_eq!(auto_refreshed("<html><head></head>").matches(AGAIN).count(), 1);
        assert!(auto_refreshed("<p>x").starts_with(AGAIN));
        assert!(fault_page("erro: <x>").contains("erro: &lt;x&gt;"));
    }
}
