//! URL templates of feeds: `{uf}`, `{ibge6}`, `{ibge7}`, `{unidade}`, `{referencia:%m/%Y}`. Pure.

use jiff::civil::Date;

use crate::domain::id::{MunicipalityCode, Reference, UnitId};

/// Why a template gives no address. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A field that nobody knows.
    #[error(
        "“{{{0}}}” não existe no endereço: use {{uf}}, {{ibge6}}, {{ibge7}}, {{unidade}} ou {{referencia:%m/%Y}}"
    )]
    Unknown(String),
    /// A brace without its pair.
    #[error("chave sem par no endereço “{0}”")]
    Unpaired(String),
    /// A pattern that cannot be written.
    #[error("“{0}” não é um formato de data: use como em {{referencia:%m/%Y}}")]
    Pattern(String),
    /// A value is asked for and there is none.
    #[error("o endereço pede {{{0}}}, e não há valor para ele")]
    NoValue(&'static str),
}

/// What a template asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four questions, each asked by its name")]
pub struct Fields {
    /// `{uf}`: an address for each state.
    pub state: bool,
    /// `{ibge6}` or `{ibge7}`: an address for each municipality.
    pub municipality: bool,
    /// `{unidade}`: an address for each unit.
    pub unit: bool,
    /// `{referencia}`: an address for each reference.
    pub reference: bool,
}

impl Fields {
    /// Whether a run goes through municipalities or units, page by page.
    pub fn is_crawl(self) -> bool {
        self.municipality || self.unit
    }
}

/// What fills a template in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    /// The state's two letters.
    pub state: Option<&'a str>,
    pub municipality: Option<MunicipalityCode>,
    pub unit: Option<&'a UnitId>,
    pub reference: Option<Reference>,
}

/// What a template asks for, having tried it whole.
///
/// # Errors
/// [`TemplateError`] that no value could mend.
pub fn fields(template: &str) -> Result<Fields, TemplateError> {
    let mut fields = Fields::default();
    walk(template, |field| {
        match field {
            Piece::Text(_) => {}
            Piece::Field("uf", None) => fields.state = true,
            Piece::Field("ibge6" | "ibge7", None) => fields.municipality = true,
            Piece::Field("unidade", None) => fields.unit = true,
            Piece::Field("referencia", pattern) => {
                fields.reference = true;
                written(Reference::Month(2026, 10), pattern)?;
            }
            Piece::Field(name, _) => return Err(TemplateError::Unknown(name.to_owned())),
        }
        Ok(())
    })?;
    Ok(fields)
}

/// Fills in a template. `{referencia}` alone is written as operators do (`2026-10`), `{referencia:PATTERN}` as the
/// pattern says of the first day of the period, with `%q` for the quarter.
pub fn expand(template: &str, values: &Values<'_>) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(template.len() + 16);
    let municipality = |name| values.municipality.ok_or(TemplateError::NoValue(name));
    walk(template, |piece| {
        let value = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                return Ok(());
            }
            Piece::Field("uf", None) => values.state.ok_or(TemplateError::NoValue("uf"))?.to_owned(),
            Piece::Field("ibge6", None) => format!("{:06}", municipality("ibge6")?.six()),
            Piece::Field("ibge7", None) => municipality("ibge7")?.to_string(),
            Piece::Field("unidade", None) => {
                values.unit.ok_or(TemplateError::NoValue("unidade"))?.to_string()
            }
            Piece::Field("referencia", pattern) => {
                written(values.reference.ok_or(TemplateError::NoValue("referencia"))?, pattern)?
            }
            Piece::Field(name, _) => return Err(TemplateError::Unknown(name.to_owned())),
        };
        push_encoded(&mut out, &value);
        Ok(())
    })?;
    Ok(out)
}

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    /// A field's name, and what stands after its colon.
    Field(&'a str, Option<&'a str>),
}

fn walk<'a>(
    template: &'a str,
    mut each: impl FnMut(Piece<'a>) -> Result<(), TemplateError>,
) -> Result<(), TemplateError> {
    let unpaired = || TemplateError::Unpaired(template.to_owned());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, brace) = rest.split_at(at);
        each(Piece::Text(text))?;
        let (field, after) = brace.strip_prefix('{').and_then(|b| b.split_once('}')).ok_or_else(unpaired)?;
        each(match field.split_once(':') {
            Some((name, pattern)) => Piece::Field(name, Some(pattern)),
            None => Piece::Field(field, None),
        })?;
        rest = after;
    }
    each(Piece::Text(rest))
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

    fn filled(template: &str, reference: Reference) -> Result<String, TemplateError> {
        let unit = UnitId::parse("13205303522").unwrap();
        let municipality = MunicipalityCode::parse("3205309").ok();
        let values =
            Values { state: Some("ES"), municipality, unit: Some(&unit), reference: Some(reference) };
        expand(template, &values)
    }

    #[test]
    fn every_field_is_filled_in() {
        let month = Reference::Month(2026, 10);
        let full = filled("https://x.org/?p_uf={uf}&r={referencia:%m/%Y}&a={referencia:%Y%m}", month);
        assert_eq!(full.unwrap(), "https://x.org/?p_uf=ES&r=10/2026&a=202610");
        assert_eq!(filled("{referencia}", month).unwrap(), "2026-10");
        assert_eq!(filled("{referencia:%q de %Y}", Reference::Quarter(2026, 4)).unwrap(), "4%20de%202026");
        assert_eq!(filled("{ibge6} {ibge7} {unidade}", month).unwrap(), "320530 3205309 13205303522");
    }

    #[test]
    fn a_template_says_what_it_goes_through() {
        let of = |template: &str| fields(template).unwrap();
        assert!(of("?r={referencia:%Y}").reference && !of("?uf={uf}").reference);
        assert!(of("?i={ibge6}").is_crawl() && of("?u={unidade}").is_crawl() && !of("?uf={uf}").is_crawl());
    }

    #[test]
    fn what_cannot_be_filled_in_is_refused_by_name() {
        assert_eq!(fields("{cidade}"), Err(TemplateError::Unknown("cidade".to_owned())));
        assert_eq!(fields("{uf:%Y}"), Err(TemplateError::Unknown("uf".to_owned())));
        for template in ["a{uf", "a}b", "a{uf}}"] {
            assert!(matches!(fields(template), Err(TemplateError::Unpaired(_))), "{template}");
        }
        assert!(matches!(fields("{referencia:%é}"), Err(TemplateError::Pattern(_))));
        assert_eq!(expand("{unidade}", &Values::default()), Err(TemplateError::NoValue("unidade")));
    }
}
