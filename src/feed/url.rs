//! URL templates of feeds: `{uf}`, `{referencia:%m/%Y}`. Pure.
//!
//! One template, one address. Going through municipalities or units (`{ibge6}`, `{ibge7}`, `{unidade}`) is not done
//! yet and refused by name.

use jiff::civil::Date;

use crate::domain::id::Reference;

/// Why a template gives no address. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A field that would need one request for each municipality or unit.
    #[error(
        "“{{{0}}}” no endereço ainda não é possível: a consulta por município ou unidade não está disponível"
    )]
    Crawling(String),
    /// A field that nobody knows.
    #[error("“{{{0}}}” não existe: use {{uf}} ou {{referencia:%m/%Y}}")]
    Unknown(String),
    /// A brace without its pair.
    #[error("chave sem par no endereço “{0}”")]
    Unpaired(String),
    /// A pattern that cannot be written.
    #[error("“{0}” não é um formato de data: use como em {{referencia:%m/%Y}}")]
    Pattern(String),
    /// A reference is asked for and there is none.
    #[error("o endereço pede {{referencia}}, e nenhuma janela do sistema está aberta")]
    NoReference,
}

/// Whether a template asks for a reference: then it gives one address for each.
#[must_use]
pub fn wants_reference(template: &str) -> bool {
    template.contains("{referencia}") || template.contains("{referencia:")
}

/// Fills in a template. `uf` is the state's two letters; `{referencia}` alone is written as operators do (`2026-10`),
/// `{referencia:PATTERN}` as the pattern says of the first day of the period, with `%q` for the quarter.
///
/// # Errors
/// [`TemplateError`].
pub fn expand(template: &str, uf: &str, reference: Option<Reference>) -> Result<String, TemplateError> {
    let unpaired = || TemplateError::Unpaired(template.to_owned());
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, brace) = rest.split_at(at);
        out.push_str(text);
        let (field, after) = brace.strip_prefix('{').and_then(|b| b.split_once('}')).ok_or_else(unpaired)?;
        match field.split_once(':').map_or((field, None), |(name, pattern)| (name, Some(pattern))) {
            ("uf", None) => push_encoded(&mut out, uf),
            ("referencia", pattern) => {
                let reference = reference.ok_or(TemplateError::NoReference)?;
                push_encoded(&mut out, &written(reference, pattern)?);
            }
            ("ibge6" | "ibge7" | "unidade", _) => return Err(TemplateError::Crawling(field.to_owned())),
            _ => return Err(TemplateError::Unknown(field.to_owned())),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn written(reference: Reference, pattern: Option<&str>) -> Result<String, TemplateError> {
    let Some(pattern) = pattern else { return Ok(reference.to_string()) };
    let bad = |_| TemplateError::Pattern(pattern.to_owned());
    let (year, month) = reference.first_month();
    let day = Date::new(year, month, 1).map_err(bad)?;
    let pattern_with_quarter = pattern.replace("%q", &((month - 1) / 3 + 1).to_string());
    jiff::fmt::strtime::format(&pattern_with_quarter, day).map_err(bad)
}

/// Percent-encodes what could end a query's value. A slash may stand in one (RFC 3986, 3.4).
fn push_encoded(out: &mut String, value: &str) {
    use std::fmt::Write as _;
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_reference_are_filled_in() {
        let month = Some(Reference::Month(2026, 10));
        let full = expand("https://x.org/?p_uf={uf}&r={referencia:%m/%Y}&a={referencia:%Y%m}", "ES", month);
        assert_eq!(full.unwrap(), "https://x.org/?p_uf=ES&r=10/2026&a=202610");
        assert_eq!(expand("{referencia}", "ES", month).unwrap(), "2026-10");
        assert_eq!(
            expand("{referencia:%q de %Y}", "ES", Some(Reference::Quarter(2026, 4))).unwrap(),
            "4%20de%202026"
        );
        assert!(wants_reference("?r={referencia:%Y}") && !wants_reference("?uf={uf}"));
    }

    #[test]
    fn what_cannot_be_filled_in_is_refused_by_name() {
        for field in ["ibge6", "ibge7", "unidade"] {
            let error = expand(&format!("https://x.org/{{{field}}}"), "ES", None).unwrap_err();
            assert!(error.to_string().contains(field), "{error}");
        }
        assert_eq!(expand("{cidade}", "ES", None), Err(TemplateError::Unknown("cidade".to_owned())));
        assert!(matches!(expand("a{uf", "ES", None), Err(TemplateError::Unpaired(_))));
        assert!(matches!(expand("a}b", "ES", None), Err(TemplateError::Unpaired(_))));
        assert_eq!(expand("{referencia}", "ES", None), Err(TemplateError::NoReference));
        let year = Some(Reference::Year(2026));
        assert!(matches!(expand("{referencia:%é}", "ES", year), Err(TemplateError::Pattern(_))));
    }
}
