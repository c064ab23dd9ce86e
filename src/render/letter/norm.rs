//! Whether an operator's templates still say what the norm says, word for word. Pure.
//!
//! Nothing is refused for it: the norm may have changed, and then the sentence is rightly another.

use std::collections::BTreeMap;

use minijinja::value::{Serde, Value};

use super::template::{EMBEDDED, Templates};
use super::{TemplateFault, example};

/// Where the norm's sentences are.
const FILE: &str = "norma.txt";
const HINT: &str = "as frases da norma ficam inteiras, e o que é só daqui vai em parágrafo à parte; se a norma mudou, \
                    nada a fazer; apagar o arquivo traz de volta o de fábrica";

impl Templates {
    /// Every sentence of the norm that is no longer worded so, and every letter that lost one.
    pub fn departures(&self) -> Vec<TemplateFault> {
        if self.are_shipped() {
            return Vec::new();
        }
        let own = self.source(FILE).unwrap_or_default();
        let factory = EMBEDDED.iter().find(|(name, _)| *name == FILE).map_or("", |(_, text)| text);
        let (theirs, ours) = (sentences(factory), sentences(&own));
        let changed =
            theirs.iter().filter(|(name, (_, text))| ours.get(*name).is_none_or(|(_, o)| o != text));
        let mut told: Vec<TemplateFault> = changed
            .map(|(name, _)| TemplateFault {
                file: FILE.to_owned(),
                line: ours.get(name).map(|(line, _)| *line),
                message: format!("a frase “{name}” já não é a da norma BES nº 08"),
                hint: HINT.to_owned(),
            })
            .collect();
        told.extend(self.lost(&theirs.into_keys().collect::<Vec<_>>()));
        told.sort();
        told.dedup();
        told
    }

    /// Letters that say less of the norm than those from the factory with the same facts.
    fn lost(&self, names: &[&str]) -> Vec<TemplateFault> {
        let Ok(factory) = Self::embedded() else { return Vec::new() };
        let mut lost = Vec::new();
        for (letter, facts) in example::letters() {
            let facts = Value::from(Serde(facts));
            for file in ["txt", "html"].map(|end| format!("{letter}.{end}")) {
                if self.source(&file) == factory.source(&file) {
                    continue;
                }
                let says = |templates: &Self, name: &str| {
                    let sentence = templates.sentence(name, &file, &facts)?;
                    let letter = templates.render(&file, &facts).ok()?;
                    Some(!sentence.is_empty() && plain(&letter).contains(&sentence))
                };
                lost.extend(
                    names
                        .iter()
                        .filter(|name| says(&factory, name) == Some(true) && says(self, name) == Some(false))
                        .map(|name| TemplateFault {
                            file: file.clone(),
                            line: None,
                            message: format!("esta carta já não diz a frase “{name}” da norma BES nº 08"),
                            hint: HINT.to_owned(),
                        }),
                );
            }
        }
        lost
    }

    /// A sentence filled in, as a file of that name would have it; absent where these facts do not fill it.
    fn sentence(&self, name: &str, file: &str, facts: &Value) -> Option<String> {
        let template = format!("{{% import \"{FILE}\" as norma %}}{{{{ norma.{name}() }}}}");
        self.render_as(file, &template, facts).map(|text| plain(&text))
    }
}

/// The macros of a file: where each begins, and what it says.
fn sentences(text: &str) -> BTreeMap<&str, (usize, String)> {
    let mut found = BTreeMap::new();
    for (at, _) in text.match_indices("{% macro ") {
        let rest = &text[at + "{% macro ".len()..];
        let (Some((name, _)), Some((body, _))) = (rest.split_once('('), rest.split_once("endmacro")) else {
            continue;
        };
        found.insert(name.trim(), (text[..at].lines().count() + 1, plain(body)));
    }
    found
}

/// Where lines break says nothing.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
