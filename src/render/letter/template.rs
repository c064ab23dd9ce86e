//! The set of templates: embedded ones, and an operator's in their place. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

use super::super::portuguese as pt;
use super::facts::Facts;
use super::{Letter, TemplateFault, example, layout, markup, names};

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        /// The templates that the program carries, as `config/modelos` ships them: file name and text.
        pub const EMBEDDED: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../config/modelos/", $name)))),+];
    };
}

embedded! {
    "alerta.assunto.txt", "alerta.html", "alerta.txt",
    "assinatura.html", "assinatura.txt", "base.html", "dados.html", "dados.txt",
    "divulgacao.assunto.txt", "divulgacao.html", "divulgacao.txt", "frases.txt",
    "lembrete.assunto.txt", "lembrete.html", "lembrete.txt",
    "norma.txt", "partes.html", "partes.txt",
    "prazo-mantido.assunto.txt", "prazo-mantido.html", "prazo-mantido.txt",
    "prazo.assunto.txt", "prazo.html", "prazo.txt",
    "prorrogacao.assunto.txt", "prorrogacao.html", "prorrogacao.txt",
    "remessa-adendo.assunto.txt", "remessa-adendo.html", "remessa-adendo.txt",
    "remessa.assunto.txt", "remessa.html", "remessa.txt",
    "resumo.assunto.txt", "resumo.html", "resumo.txt",
    "suspensao.assunto.txt", "suspensao.html", "suspensao.txt",
}

/// What one template may cost: a remessa of 5,570 municipalities takes a fraction; a runaway loop does not pass.
const FUEL: u64 = 5_000_000;

/// Templates, compiled and ready to write letters.
#[derive(Debug, Clone)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// The embedded set.
    ///
    /// # Errors
    /// The faults of [`Templates::compile`]; none, as a test shows.
    pub fn embedded() -> Result<Self, Vec<TemplateFault>> {
        Self::compile(std::iter::empty::<(String, String)>())
    }

    /// The embedded set, with an operator's templates (file name and text) in place of those of the same name.
    ///
    /// # Errors
    /// Every template that does not read, and every name that no template has.
    pub fn compile<N, T>(overrides: impl IntoIterator<Item = (N, T)>) -> Result<Self, Vec<TemplateFault>>
    where
        N: Into<String>,
        T: Into<String>,
    {
        let mut faults = Vec::new();
        let mut texts: BTreeMap<String, String> =
            EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        for (name, text) in overrides {
            let name = name.into();
            match texts.get_mut(&name) {
                Some(known) => *known = text.into(),
                None => faults.push(unknown_name(name)),
            }
        }
        let mut environment = environment();
        for (name, text) in texts {
            // A file saved by an editor that marks UTF-8 is as good as one without the mark.
            let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            if let Err(error) = environment.add_template_owned(name.clone(), text) {
                faults.push(TemplateFault::of(&name, &error));
            }
        }
        if faults.is_empty() { Ok(Self { environment }) } else { Err(faults) }
    }

    /// Whether all of them are the program's own, which a test tries: there is nothing to check.
    pub fn are_shipped(&self) -> bool {
        let template = |name| self.environment.get_template(name).ok();
        EMBEDDED.iter().all(|(name, text)| template(name).is_some_and(|template| template.source() == *text))
    }

    /// Tries every letter with example facts, with and without each optional fact, and gathers the faults that only
    /// filling in shows: unknown names, pieces that do not exist, templates that do not end. Names in branches that no
    /// example enters are looked up too.
    pub fn check(&self) -> Vec<TemplateFault> {
        let letters = example::letters();
        let examples: Vec<Value> =
            letters.iter().map(|(_, facts)| Value::from(Serde(facts.clone()))).collect();
        let mut faults: Vec<TemplateFault> = Vec::new();
        for (name, facts) in letters {
            faults.extend(self.try_write(name, facts));
        }
        faults.extend(names::unknown(&self.environment, &examples));
        faults.sort();
        faults.dedup();
        faults
    }

    /// Writes one letter.
    pub(super) fn write(&self, name: &str, mut facts: Facts) -> Result<Letter, TemplateFault> {
        let subject = self.subject(name, &facts)?;
        facts.subject.clone_from(&subject);
        let facts = Value::from(Serde(facts));
        let text = layout::text(&self.render(&format!("{name}.txt"), &facts)?);
        let html = layout::html(&self.render(&format!("{name}.html"), &facts)?);
        Ok(Letter { subject, text, html, table: None })
    }

    fn try_write(&self, name: &str, mut facts: Facts) -> Vec<TemplateFault> {
        let subject = self.subject(name, &facts);
        facts.subject = subject.clone().unwrap_or_default();
        let facts = Value::from(Serde(facts));
        let text = self.render(&format!("{name}.txt"), &facts);
        let html = self.render(&format!("{name}.html"), &facts);
        let empty = |file: String| TemplateFault {
            file,
            line: Some(1),
            message: "o modelo nada escreve".to_owned(),
            hint: "apague o arquivo para voltar ao modelo de fábrica".to_owned(),
        };
        [(subject, "assunto.txt"), (text, "txt"), (html, "html")]
            .into_iter()
            .filter_map(|(rendered, end)| match rendered {
                Err(fault) => Some(fault),
                Ok(text) => text.trim().is_empty().then(|| empty(format!("{name}.{end}"))),
            })
            .collect()
    }

    fn subject(&self, name: &str, facts: &Facts) -> Result<String, TemplateFault> {
        let rendered = self.render(&format!("{name}.assunto.txt"), &Value::from(Serde(facts.clone())))?;
        Ok(pt::line(&rendered))
    }

    /// The text of a template, as it was compiled.
    pub(super) fn source(&self, name: &str) -> Option<String> {
        Some(self.environment.get_template(name).ok()?.source().to_owned())
    }

    /// A text filled in as a file of that name would be; absent where these facts do not fill it.
    pub(super) fn render_as(&self, file: &str, text: &str, facts: &Value) -> Option<String> {
        self.environment.render_named_str(file, text, facts).ok()
    }

    pub(super) fn render(&self, file: &str, facts: &Value) -> Result<String, TemplateFault> {
        self.environment
            .get_template(file)
            .and_then(|template| template.render(facts))
            .map_err(|error| TemplateFault::of(file, &error))
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    if let Ok(syntax) =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
    {
        environment.set_syntax(syntax);
    }
    markup::install(&mut environment);
    environment
}

fn unknown_name(file: String) -> TemplateFault {
    let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let like: Vec<&str> =
        EMBEDDED.iter().map(|(name, _)| *name).filter(|name| stem(name) == stem(&file)).collect();
    let hint = if like.is_empty() {
        let letters: Vec<&str> =
            EMBEDDED.iter().filter_map(|(name, _)| name.strip_suffix(".assunto.txt")).collect();
        format!("as cartas são {}", pt::list(&letters))
    } else {
        format!("os nomes parecidos são {}", pt::list(&like))
    };
    TemplateFault {
        file,
        line: Some(1),
        message: "nenhuma carta usa um modelo com este nome".to_owned(),
        hint,
    }
}
