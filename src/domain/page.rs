//! What a feed says of one window, written small: as evidence for years, and to hold a million observations at once.
//! Pure.
//!
//! A page is text, one line for each thing, fields parted by tabulators, sorted by municipality, part and unit:
//!
//! ```text
//! p CRAS                        the next part (from 0)
//! w Preencher o questionário    the next wording (from 1; 0 is none); \ is written \\, a line feed \n
//! s rma-lista-… 1764000000000   the next snapshot (from 0) and when it was taken, in what is known of a window
//! m 3205309                     the lines that follow are about this municipality
//! -0 1 1764000000000 r 11       a state (+ concluído, - pendente, 0 não se aplica, ? não confirmado), part, wording,
//!                               the data's own date, a mark (r: reopened), and the unit, each but the first two
//!                               perhaps empty; in what is known of a window the snapshot comes before the unit
//! ```

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::id::{MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};
use super::status::{Observation, State};

/// A text that is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} of a status page cannot be read")]
pub struct Damaged(
    /// Which line, from 1.
    pub usize,
);

/// Something besides state and date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    None,
    /// The source says outright that a concluded form was reopened.
    Reopened,
    /// Since when a concluded form is reported as pending without being believed.
    RevertingSince(Timestamp),
}

/// A snapshot and when it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Which.
    pub snapshot: SnapshotId,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// One line: what is said of one part or unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Municipality.
    pub municipality: MunicipalityCode,
    /// Part.
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    /// What it says.
    pub state: State,
    /// The data's own date, in whole milliseconds.
    pub dated: Option<Timestamp>,
    /// What else.
    pub mark: Mark,
    /// The source's own words.
    pub wording: Option<Arc<str>>,
    /// Where it comes from; absent in what a snapshot itself says.
    pub origin: Option<Origin>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    window: WindowId,
    text: Arc<str>,
    lines: usize,
    done: usize,
    municipalities: usize,
}

impl Page {
    /// Reads a text that [`Page::text`] gave, whole or not at all.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn parse(window: WindowId, text: &str) -> Result<Self, Damaged> {
        let mut lines = Lines::of(text);
        let (mut count, mut done, mut municipalities, mut last) = (0, 0, 0, None);
        for line in lines.by_ref() {
            count += 1;
            done += usize::from(line.state == State::Done);
            municipalities += usize::from(last != Some(line.municipality));
            last = Some(line.municipality);
        }
        match lines.damaged {
            Some(damaged) => Err(damaged),
            None => Ok(Self { window, text: text.into(), lines: count, done, municipalities }),
        }
    }

    /// Of which window.
    #[must_use]
    pub fn window(&self) -> &WindowId {
        &self.window
    }

    /// As it is kept.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many things are said.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// How many of them say *concluído*.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// Of how many municipalities something is said.
    #[must_use]
    pub fn municipalities(&self) -> usize {
        self.municipalities
    }

    /// What is said, in order.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines::of(&self.text)
    }
}

/// Writes a page. Lines come sorted by municipality.
#[derive(Debug, Default)]
pub struct PageWriter {
    text: String,
    parts: Vec<PartId>,
    wordings: HashMap<Arc<str>, usize>,
    origins: Vec<Origin>,
    municipality: Option<MunicipalityCode>,
    lines: usize,
    done: usize,
    municipalities: usize,
}

impl PageWriter {
    /// Writes a line.
    pub fn write(&mut self, line: &Line) {
        let part = self.parts.iter().position(|p| *p == line.part).unwrap_or_else(|| {
            let _ = writeln!(self.text, "p\t{}", line.part);
            self.parts.push(line.part.clone());
            self.parts.len() - 1
        });
        let wording = line.wording.as_ref().map_or(0, |wording| {
            if let Some(known) = self.wordings.get(wording) {
                return *known;
            }
            let _ = writeln!(self.text, "w\t{}", escaped(wording));
            self.wordings.insert(wording.clone(), self.wordings.len() + 1);
            self.wordings.len()
        });
        let origin = line.origin.as_ref().map(|origin| {
            self.origins.iter().rposition(|o| o == origin).unwrap_or_else(|| {
                let at = origin.taken_at.as_millisecond();
                let _ = writeln!(self.text, "s\t{}\t{at}", origin.snapshot);
                self.origins.push(origin.clone());
                self.origins.len() - 1
            })
        });
        if self.municipality != Some(line.municipality) {
            let _ = writeln!(self.text, "m\t{}", line.municipality);
            self.municipality = Some(line.municipality);
            self.municipalities += 1;
        }
        self.text.push(sign(line.state));
        let _ = write!(self.text, "{part}\t{wording}\t");
        if let Some(dated) = line.dated {
            let _ = write!(self.text, "{}", dated.as_millisecond());
        }
        self.text.push('\t');
        match line.mark {
            Mark::None => {}
            Mark::Reopened => self.text.push('r'),
            Mark::RevertingSince(since) => {
                let _ = write!(self.text, "{}", since.as_millisecond());
            }
        }
        self.text.push('\t');
        if let Some(origin) = origin {
            let _ = write!(self.text, "{origin}\t");
        }
        if let Some(unit) = &line.unit {
            self.text.push_str(unit.as_str());
        }
        self.text.push('\n');
        self.lines += 1;
        self.done += usize::from(line.state == State::Done);
    }

    /// The page.
    #[must_use]
    pub fn finish(self, window: WindowId) -> Page {
        Page {
            window,
            text: self.text.into(),
            lines: self.lines,
            done: self.done,
            municipalities: self.municipalities,
        }
    }
}

fn sign(state: State) -> char {
    match state {
        State::Done => '+',
        State::Pending => '-',
        State::NotApplicable => '0',
        State::Unconfirmed => '?',
    }
}

/// The lines of a page, one after the other.
pub struct Lines<'a> {
    rest: std::str::Lines<'a>,
    number: usize,
    parts: Vec<PartId>,
    wordings: Vec<Arc<str>>,
    origins: Vec<Origin>,
    municipality: Option<MunicipalityCode>,
    damaged: Option<Damaged>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text.lines(),
            number: 0,
            parts: Vec::new(),
            wordings: Vec::new(),
            origins: Vec::new(),
            municipality: None,
            damaged: None,
        }
    }

    /// Reads one line of text: what is said, or nothing when it only names something.
    #[expect(clippy::option_option, reason = "outside: it can be read; inside: it says something")]
    fn read(&mut self, text: &str) -> Option<Option<Line>> {
        let mut fields = text.split('\t');
        let first = fields.next()?;
        let state = match first.get(..1)? {
            "+" => State::Done,
            "-" => State::Pending,
            "0" => State::NotApplicable,
            "?" => State::Unconfirmed,
            _ => {
                self.name(first, &mut fields)?;
                return Some(None);
            }
        };
        let part = self.parts.get(first.get(1..)?.parse::<usize>().ok()?)?.clone();
        let wording = match fields.next()?.parse::<usize>().ok()? {
            0 => None,
            n => Some(self.wordings.get(n - 1)?.clone()),
        };
        let dated = fields.next().and_then(instant)?;
        let mark = match fields.next()? {
            "" => Mark::None,
            "r" => Mark::Reopened,
            since => Mark::RevertingSince(instant(since)??),
        };
        let origin = if self.origins.is_empty() {
            None
        } else {
            Some(self.origins.get(fields.next()?.parse::<usize>().ok()?)?.clone())
        };
        let unit = match fields.next()? {
            "" => None,
            unit => Some(UnitId::parse(unit).ok()?),
        };
        let municipality = self.municipality?;
        fields.next().is_none().then_some(Some(Line {
            municipality,
            part,
            unit,
            state,
            dated,
            mark,
            wording,
            origin,
        }))
    }

    fn name(&mut self, kind: &str, fields: &mut std::str::Split<'_, char>) -> Option<()> {
        let text = fields.next()?;
        match kind {
            "p" => self.parts.push(PartId::parse(text).ok()?),
            "w" => self.wordings.push(unescaped(text).into()),
            "s" => self.origins.push(Origin {
                snapshot: SnapshotId::parse(text).ok()?,
                taken_at: instant(fields.next()?)??,
            }),
            "m" => self.municipality = Some(MunicipalityCode::parse(text).ok()?),
            _ => return None,
        }
        Some(())
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        while self.damaged.is_none() {
            let text = self.rest.next()?;
            self.number += 1;
            match self.read(text) {
                Some(Some(line)) => return Some(line),
                Some(None) => {}
                None => self.damaged = Some(Damaged(self.number)),
            }
        }
        None
    }
}

/// An instant, or none where nothing stands; absent when it is neither.
#[expect(clippy::option_option, reason = "outside: it can be read; inside: it is there")]
fn instant(text: &str) -> Option<Option<Timestamp>> {
    if text.is_empty() {
        return Some(None);
    }
    Timestamp::from_millisecond(text.parse().ok()?).ok().map(Some)
}

const ESCAPES: [(char, char); 4] = [('\\', '\\'), ('\n', 'n'), ('\r', 'r'), ('\t', 't')];

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match ESCAPES.iter().find(|(plain, _)| *plain == c) {
            Some((_, letter)) => out.extend(['\\', *letter]),
            None => out.push(c),
        }
    }
    out
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(
                chars
                    .next()
                    .and_then(|letter| ESCAPES.iter().find(|(_, l)| *l == letter).map(|(plain, _)| *plain)),
            ),
            c => out.push(c),
        }
    }
    out
}

/// What a snapshot says, a page for each window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations(Vec<Page>);

impl Observations {
    /// Pages of different windows, in the order of the windows.
    #[must_use]
    pub fn new(mut pages: Vec<Page>) -> Self {
        pages.retain(|page| !page.is_empty());
        pages.sort_by(|a, b| a.window.cmp(&b.window));
        Self(pages)
    }

    /// Page by page.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        &self.0
    }

    /// How many observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(Page::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One observation after the other, by window, municipality, part and unit.
    pub fn iter(&self) -> impl Iterator<Item = Observation> + '_ {
        self.0.iter().flat_map(|page| page.lines().map(|line| line.observation(page.window.clone())))
    }
}

impl Line {
    /// As an observation of a window.
    #[must_use]
    pub fn observation(self, window: WindowId) -> Observation {
        Observation {
            window,
            municipality: self.municipality,
            part: self.part,
            unit: self.unit,
            state: self.state,
            dated: self.dated,
            reopened: self.mark == Mark::Reopened,
            wording: self.wording,
        }
    }
}

impl FromIterator<Observation> for Observations {
    fn from_iter<I: IntoIterator<Item = Observation>>(observations: I) -> Self {
        let mut all: Vec<Observation> = observations.into_iter().collect();
        all.sort_by(|a, b| {
            let key = |o: &Observation| (o.window.clone(), o.municipality, o.part.clone(), o.unit.clone());
            key(a).cmp(&key(b))
        });
        let mut pages = Vec::new();
        for of_one in all.chunk_by(|a, b| a.window == b.window) {
            let mut scribe = PageWriter::default();
            for o in of_one {
                scribe.write(&Line {
                    municipality: o.municipality,
                    part: o.part.clone(),
                    unit: o.unit.clone(),
                    state: o.state,
                    dated: o.dated,
                    mark: if o.reopened { Mark::Reopened } else { Mark::None },
                    wording: o.wording.clone(),
                    origin: None,
                });
            }
            pages.extend(of_one.first().map(|o| scribe.finish(o.window.clone())));
        }
        Self::new(pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some_observation() -> impl Strategy<Value = Observation> {
        let window = prop::sample::select(vec!["rma/2026-10", "rma/2026-11"]);
        let code = prop::sample::select(vec!["3205309", "3205200"]);
        let part = prop::sample::select(vec!["CRAS", "CENTRO POP"]);
        let unit = prop::option::of(prop::sample::select(vec!["11", "a b\u{e7}", "-0"]));
        let state =
            prop::sample::select(vec![State::Done, State::Pending, State::NotApplicable, State::Unconfirmed]);
        let dated = prop::option::of(-5_000_i64..5_000);
        let wording = prop::option::of("[a\\\\\n\r\tw]{0,6}");
        (window, code, part, unit, state, dated, any::<bool>(), wording).prop_map(
            |(window, code, part, unit, state, dated, reopened, wording)| Observation {
                window: WindowId::parse(window).unwrap(),
                municipality: MunicipalityCode::parse(code).unwrap(),
                part: PartId::parse(part).unwrap(),
                unit: unit.map(|u| UnitId::parse(u).unwrap()),
                state,
                dated: dated.map(|ms| Timestamp::from_millisecond(ms).unwrap()),
                reopened,
                wording: wording.map(Into::into),
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(all in prop::collection::vec(some_observation(), 0..12)) {
            let written: Observations = all.iter().cloned().collect();
            prop_assert_eq!(written.len(), all.len());
            let mut read: Vec<_> = written.iter().collect();
            for observation in &all {
                let at = read.iter().position(|o| o == observation);
                prop_assert!(at.is_some(), "{:?}", observation);
                read.remove(at.unwrap_or_default());
            }
            for page in written.pages() {
                prop_assert_eq!(Page::parse(page.window().clone(), page.text()), Ok(page.clone()));
            }
        }

        #[test]
        fn arbitrary_text_is_a_page_or_damaged(text in "([pwsm+0?-][0-9]?\t?[0-9ra]{0,3}\t?\n?){0,12}") {
            let _ = Page::parse(WindowId::parse("rma/2026-10").unwrap(), &text);
        }
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let window = WindowId::parse("rma/2026-10").unwrap();
        for (text, line) in [("p\tCRAS\n+0\t0\t\t\t\n", 2), ("m\t3205309\n+0\t0\t\t\t\n", 2), ("x\ty\n", 1)] {
            assert_eq!(Page::parse(window.clone(), text), Err(Damaged(line)));
        }
    }
}
