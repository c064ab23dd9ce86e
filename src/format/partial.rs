//! Signs by which an answer says of itself that it is only a part: what stands beside a list, or around a table. Pure.
//!
//! A sign is what every reader of a page would go by, never a guess from the number of rows alone.

use serde_json::Value;

use crate::text::fold::folded;

/// Where the next part is; a value that is neither null, false nor blank says that there is one.
const NEXT: &[&str] = &[
    "next",
    "nextpage",
    "nextpageurl",
    "nexturl",
    "nextlink",
    "odatanextlink",
    "nextcursor",
    "nextpagetoken",
    "nexttoken",
    "proxima",
    "proximapagina",
    "proximo",
    "urlproximapagina",
];
/// Where the part before is, which a whole answer has not.
const PREVIOUS: &[&str] = &[
    "previous",
    "prev",
    "previouspage",
    "prevpage",
    "prevpageurl",
    "previouspageurl",
    "anterior",
    "paginaanterior",
];
/// True when there is more, or when something was left out.
const MORE: &[&str] = &[
    "hasmore",
    "hasnext",
    "hasnextpage",
    "hasprevious",
    "hasprev",
    "hasprevpage",
    "hasmoreitems",
    "incomplete",
    "incompleteresults",
    "partial",
    "partialresults",
    "truncated",
    "istruncated",
    "exceededtransferlimit",
    "timedout",
    "temmais",
    "temproxima",
    "parcial",
    "incompleto",
    "truncado",
];
/// False when there is more.
const ENDS: &[&str] =
    &["last", "islast", "islastpage", "first", "isfirst", "isfirstpage", "ultima", "ultimapagina"];
/// How many rows all parts have together.
const TOTAL: &[&str] = &[
    "count",
    "total",
    "totalcount",
    "totalelements",
    "totalrecords",
    "totalresults",
    "totalitems",
    "totalrows",
    "totalhits",
    "recordsfiltered",
    "odatacount",
    "nhits",
    "numfound",
    "totalregistros",
    "totalitens",
    "totaldelinhas",
    "totalderegistros",
    "totallinhas",
];
/// How many parts there are.
const PARTS: &[&str] = &[
    "totalpages",
    "totalpaginas",
    "totaldepaginas",
    "lastpage",
    "pages",
    "pagecount",
    "numpages",
    "paginas",
    "ultimapagina",
];
/// What went wrong beside the list.
const ERROR: &[&str] = &["error", "errors", "erro", "erros"];
/// Objects beside the list, in which the same may stand.
const WITHIN: &[&str] =
    &["page", "pagination", "paging", "pageinfo", "meta", "metadata", "links", "info", "paginacao", "pagina"];

/// What stands beside a list, as it is met on the way to it.
#[derive(Debug, Default)]
pub(crate) struct PartSigns {
    sign: Option<String>,
    total: Option<(String, u64)>,
    is_one_part: bool,
}

/// A field's name in small letters and digits: `next_page_url`, `nextPageUrl` and `@odata.nextLink` are read alike.
fn plain(name: &str) -> String {
    folded(name).chars().filter(char::is_ascii_alphanumeric).collect()
}

impl PartSigns {
    /// Whether a field of that name may say something: the others are not held.
    pub(crate) fn is_asked(name: &str) -> bool {
        let name = plain(name);
        [NEXT, PREVIOUS, MORE, ENDS, TOTAL, PARTS, ERROR, WITHIN]
            .iter()
            .any(|names| names.contains(&name.as_str()))
    }

    /// Takes in a field that stands beside the list, or beside what holds it.
    pub(crate) fn note(&mut self, name: &str, value: &Value) {
        let plain = plain(name);
        let is = |names: &[&str]| names.contains(&plain.as_str());
        let whole = number(value);
        let says = (is(NEXT) || is(PREVIOUS) || is(ERROR)) && says_something(value)
            || is(MORE) && truth(value) == Some(true)
            || is(ENDS) && truth(value) == Some(false)
            || is(PARTS) && whole.is_some_and(|parts| parts > 1);
        if says {
            self.sign.get_or_insert_with(|| format!("traz “{name}”"));
        }
        self.is_one_part |= is(PARTS) && whole == Some(1);
        if is(TOTAL)
            && let Some(total) =
                whole.filter(|total| self.total.as_ref().is_none_or(|(_, most)| most < total))
        {
            self.total = Some((name.to_owned(), total));
        }
        if is(WITHIN) {
            self.within(value);
        }
    }

    fn within(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.note(name, value);
                }
            }
            // `"links": [{"rel": "next", "href": "…"}]`
            Value::Array(links) => {
                for link in links {
                    let relation = link.get("rel").and_then(Value::as_str).unwrap_or_default();
                    if ["next", "prev", "previous"].contains(&relation) {
                        self.note(relation, link);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// By what the answer says that it is not whole, now that the list had so many items.
    pub(crate) fn sign(self, items: u64) -> Option<String> {
        let fewer = || {
            let (name, total) = self.total.filter(|(_, total)| !self.is_one_part && *total > items)?;
            Some(format!("traz “{name}” igual a {total}, e a lista tem {items}"))
        };
        self.sign.or_else(fewer)
    }
}

/// Whether a value says that there is something: an address, a number, a message.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_u64() != Some(0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(fields) => fields.values().any(says_something),
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number, also as text, or as Elasticsearch writes it: `{"value": 78, "relation": "eq"}`.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Object(fields) => fields.get("value").and_then(Value::as_u64),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// Words with one of which `1 a 50 de 78` speaks of rows.
const OF_ROWS: &[&str] = &[
    "mostrando",
    "exibindo",
    "exibidos",
    "exibidas",
    "registro",
    "registros",
    "resultado",
    "resultados",
    "item",
    "itens",
    "linha",
    "linhas",
    "municipio",
    "municipios",
    "showing",
    "entries",
    "results",
    "records",
    "rows",
    "items",
];

/// No pager is longer, in bytes.
const LONGEST_PAGER: usize = 1_000;

/// Whether a text beside a table says that other pages have more of its rows: `Mostrando 1 a 50 de 78 registros`,
/// `Página 1 de 2`. Answers what it says.
pub(crate) fn pager(text: &str) -> Option<String> {
    if text.len() > LONGEST_PAGER || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = folded(text);
    let spaced: String = text
        .chars()
        .map(|c| if matches!(c, '-' | '–' | '—') { " a ".to_owned() } else { c.to_string() })
        .collect();
    let words: Vec<String> = spaced
        .split(|c: char| !c.is_alphanumeric() && c != '.')
        .map(|word| word.trim_matches('.').to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.replace('.', "").parse::<u64>().ok();
    let is_of_rows = words.iter().any(|word| OF_ROWS.contains(word));
    words
        .windows(5)
        .filter(|_| is_of_rows)
        .find_map(|five| {
            let &[from, to, until, of, all] = five else { return None };
            let (first, last, all) = (number(from)?, number(until)?, number(all)?);
            let is_range =
                matches!(to, "a" | "ate" | "to") && matches!(of, "de" | "of") && first <= last && last <= all;
            (is_range && (first > 1 || last < all))
                .then(|| format!("diz que mostra {first} a {last} de {all}"))
        })
        .or_else(|| {
            words.windows(4).find_map(|four| {
                let &[page, at, of, all] = four else { return None };
                let (at, all) = (number(at)?, number(all)?);
                let is_page =
                    matches!(page, "pagina" | "pag" | "page") && matches!(of, "de" | "of") && at <= all;
                (is_page && all > 1).then(|| format!("diz que é a página {at} de {all}"))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(beside: &str, items: u64) -> Option<String> {
        let fields: Value = serde_json::from_str(beside).unwrap();
        let mut found = PartSigns::default();
        for (name, value) in fields.as_object().unwrap() {
            if PartSigns::is_asked(name) {
                found.note(name, value);
            }
        }
        found.sign(items)
    }

    #[test]
    fn what_stands_beside_a_list_may_say_that_it_is_a_part() {
        for beside in [
            r#"{"next":"https://x/api?page=2"}"#,
            r#"{"previous":"https://x/api?page=1","next":null}"#,
            r#"{"count":78}"#,
            r#"{"total":"78"}"#,
            r#"{"total":{"value":78,"relation":"eq"}}"#,
            r#"{"totalElements":78,"last":false}"#,
            r#"{"last":true,"first":false}"#,
            r#"{"page":{"totalElements":50,"totalPages":2,"number":0}}"#,
            r#"{"_links":{"self":{"href":"a"},"next":{"href":"b"}}}"#,
            r#"{"links":[{"rel":"self","href":"a"},{"rel":"next","href":"b"}]}"#,
            r#"{"meta":{"pagination":1,"last_page":3}}"#,
            r#"{"pageInfo":{"hasNextPage":true,"endCursor":"x"}}"#,
            r#"{"@odata.nextLink":"x"}"#,
            r#"{"has_more":true}"#,
            r#"{"exceededTransferLimit":true}"#,
            r#"{"timed_out":true}"#,
            r#"{"error":{"msg":"shard 2 is down"}}"#,
            r#"{"recordsTotal":5570,"recordsFiltered":78}"#,
        ] {
            assert!(sign(beside, 50).is_some(), "{beside}");
        }
        assert_eq!(sign(r#"{"count":78}"#, 50).unwrap(), "traz “count” igual a 78, e a lista tem 50");
        assert_eq!(sign(r#"{"hasMore":true}"#, 50).unwrap(), "traz “hasMore”");
    }

    #[test]
    fn what_says_that_the_list_is_whole_or_nothing_of_it_is_no_sign() {
        for beside in [
            r#"{"count":50,"next":null,"previous":null}"#,
            r#"{"next":"","erro":null,"errors":[],"error":false,"erros":{}}"#,
            r#"{"totalElements":50,"totalPages":1,"last":true,"first":true,"number":0}"#,
            r#"{"total":152,"totalPages":1}"#,
            r#"{"hasMore":false,"limit":1000,"offset":0,"page":1}"#,
            r#"{"links":[{"rel":"self","href":"a"}],"_links":{"self":{"href":"a"}}}"#,
            r#"{"recordsTotal":5570,"recordsFiltered":50}"#,
            r#"{"atualizado":"2026-11-05","uf":"ES"}"#,
        ] {
            assert_eq!(sign(beside, 50), None, "{beside}");
        }
    }

    #[test]
    fn a_pager_says_which_rows_or_which_page_it_shows() {
        for (text, says) in [
            ("Mostrando 1 a 50 de 78 registros Próximo", "diz que mostra 1 a 50 de 78"),
            ("Exibindo 51 até 78 de 78", "diz que mostra 51 a 78 de 78"),
            ("1-50 de 1.234 resultados", "diz que mostra 1 a 50 de 1234"),
            ("Showing 1 to 50 of 78 entries", "diz que mostra 1 a 50 de 78"),
            ("1 – 50 of 78 items", "diz que mostra 1 a 50 de 78"),
            ("« Página 1 de 2 »", "diz que é a página 1 de 2"),
            ("Page 2 of 2", "diz que é a página 2 de 2"),
        ] {
            assert_eq!(pager(text).as_deref(), Some(says), "{text}");
        }
        for text in [
            "Mostrando 1 a 78 de 78 registros",
            "Página 1 de 1",
            "Municípios com dados de 1 a 31 de outubro de 2026",
            "Registros de 01/11 a 30/11 de 2026",
            "Total de registros: 78",
            "Dados de 2026",
            "",
        ] {
            assert_eq!(pager(text), None, "{text}");
        }
    }
}
