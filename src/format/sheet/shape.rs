//! How an XLSX shows a number that it keeps otherwise: a share in percent, a code with zeros before it.

use std::collections::BTreeMap;

use quick_xml::events::Event;

use super::part::{Book, attribute, part};
use super::{broken, number};
use crate::format::error::DecodeError;

/// Most digits of a code, or behind a comma.
const MOST_DIGITS: usize = 20;

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// In percent, with so many digits behind the comma.
    Percent(usize),
    /// With so many digits at least.
    Padded(usize),
}

impl Shape {
    /// Of a format's code; nothing of one that shows a number as it is, or in a way that is not known here.
    fn of(code: &str) -> Option<Self> {
        let positive = code.split(';').next().unwrap_or_default().trim();
        if let Some(digits) = positive.strip_suffix('%') {
            let behind = digits.split_once('.').map_or("", |(_, behind)| behind);
            let plain = digits.bytes().all(|b| b"0#.,".contains(&b)) && behind.bytes().all(|b| b == b'0');
            return (plain && behind.len() <= MOST_DIGITS).then_some(Self::Percent(behind.len()));
        }
        let is_padded = (2..=MOST_DIGITS).contains(&positive.len()) && positive.bytes().all(|b| b == b'0');
        is_padded.then_some(Self::Padded(positive.len()))
    }

    /// A number as a person reads it; nothing of what is none.
    pub(super) fn shown(self, value: &str) -> Option<String> {
        let value = value.parse::<f64>().ok().filter(|value| value.is_finite())?;
        match self {
            Self::Percent(digits) => {
                // Of binary fractions the last digits are noise: 28.499999999999996 is 28.5.
                let near = format!("{:.9}", value * 100.0).parse::<f64>().ok()?;
                let scale = 10_f64.powi(i32::try_from(digits).ok()?);
                let rounded = (near * scale).round() / scale;
                Some(format!("{rounded:.digits$}%").replace('.', ","))
            }
            Self::Padded(digits) => {
                let whole = Some(number(value)).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
                Some(format!("{whole:0>digits$}"))
            }
        }
    }
}

/// The styles of cells that have a shape, by their place.
pub(super) fn of_styles(archive: &mut Book) -> Result<BTreeMap<usize, Shape>, DecodeError> {
    let found = part(archive, "xl/styles.xml", |mut xml| {
        // What Excel knows without being told.
        let mut formats = BTreeMap::from([(9, Shape::Percent(0)), (10, Shape::Percent(2))]);
        let (mut shapes, mut place, mut in_cells) = (BTreeMap::new(), 0, false);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e) => {
                    let id = attribute(&e, "numFmtId")?.and_then(|id| id.trim().parse::<u32>().ok());
                    match (e.local_name().as_ref(), id) {
                        ("numFmt", Some(id)) => {
                            let shape = attribute(&e, "formatCode")?.and_then(|code| Shape::of(&code));
                            formats.extend(shape.map(|shape| (id, shape)));
                        }
                        ("cellXfs", _) => in_cells = true,
                        ("xf", id) if in_cells => {
                            shapes.extend(id.and_then(|id| formats.get(&id)).map(|shape| (place, *shape)));
                            place += 1;
                        }
                        _ => {}
                    }
                }
                Event::End(e) if e.local_name().as_ref() == "cellXfs" => return Ok(shapes),
                Event::Eof => return Ok(shapes),
                _ => {}
            }
        }
    })?;
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_shows_what_a_person_sees_or_is_left_alone() {
        for (code, value, shown) in [
            ("0%", "1", "100%"),
            ("0%", "0.285", "29%"),
            ("0.00%", "0.66666666", "66,67%"),
            ("#,##0.0%;[Red]-0.0%", "12", "1200,0%"),
            ("0000000", "320530", "0320530"),
            ("00", "12345", "12345"),
        ] {
            assert_eq!(
                Shape::of(code).and_then(|shape| shape.shown(value)).as_deref(),
                Some(shown),
                "{code}"
            );
        }
        for code in ["General", "0", "0.00", "dd/mm/yyyy", "\"x\"0%", "#.#%", "@", ""] {
            assert_eq!(Shape::of(code), None, "{code}");
        }
        assert_eq!(Shape::Padded(7).shown("-1"), None);
        assert_eq!(Shape::Padded(7).shown("1.5"), None);
        assert_eq!(Shape::Percent(0).shown("x"), None);
    }
}
