//! What is said of one window, and what is known of it, as text: small enough to be kept for years. Pure. Above 400 lines: what
//! writes the form, what reads it and what walks two of them stand together, since one line read otherwise than written is lost.
//!
//! A page is a line for each thing, fields parted by tabulators, sorted by municipality, part and unit:
//!
//! ```text
//! p CRAS                        the next part (from 0)
//! w Preencher o questionário    the next wording (from 1; 0 is none); \ is written \\, a line feed \n
//! s rma-lista-… 7 1764000000000 the next snapshot (from 0), its place among all and when it was taken, in what is known
//!                               of a window
//! m 3205309                     the lines that follow are about this municipality
//! -0 1 1764000000000 r 3 11     a state (+ concluído, - pendente, 0 não se aplica, ? não confirmado), part, wording,
//!                               the data's own date, marks (r: reopened, s: silence, c: contradiction; in what is
//!                               known also d: concluído before, then since when a pendente is not believed), the line
//!                               in the file, and the unit, each but the first two perhaps empty; in what is known of a
//!                               window the snapshot comes before the unit
//! ```

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use crate::database::cell::count;
use crate::domain::id::{FeedId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};
use crate::domain::status::{Basis, Belief, Load, Observation, ObservationRef, State, StatusEntry};

/// A text that is no page; which line, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged(pub(super) usize);

/// Writes what a snapshot says of a window.
pub(super) fn said<'o>(observations: impl IntoIterator<Item = ObservationRef<'o>>) -> String {
    let mut writer = PageWriter::default();
    for o in observations {
        writer.begin(o.municipality, (o.part, o.state), o.wording, o.dated);
        writer.text.push_str(mark(o.basis));
        writer.text.push('\t');
        number(&mut writer.text, o.line.into());
        writer.text.push('\t');
        writer.end(o.unit);
    }
    writer.text
}

/// Writes what is known of a window from one feed.
pub(super) fn known<'e>(entries: impl IntoIterator<Item = (MunicipalityCode, &'e StatusEntry)>) -> String {
    let mut writer = PageWriter::default();
    for (municipality, entry) in entries {
        writer.put_known(municipality, entry);
    }
    writer.text
}

/// Reads what [`said`] wrote, whole or not at all.
pub(super) fn read_said(window: &WindowId, text: &str) -> Result<Vec<Observation>, Damaged> {
    let mut reader = Reader::default();
    reader.lines(text, |municipality, line| {
        let (basis, rest) = basis(line.mark);
        if !rest.is_empty() {
            return None;
        }
        Some(Observation {
            window: window.clone(),
            municipality,
            part: line.part.clone(),
            unit: line.unit,
            state: line.state,
            dated: line.dated,
            basis,
            line: line.number,
            wording: line.wording.cloned(),
        })
    })
}

/// Takes what [`said`] wrote of a window in a load into what is known of it from the same feed. Both lie sorted by municipality,
/// part and unit, so they are walked side by side. Where the page is damaged, what is known is worth nothing.
pub(super) fn take_in(
    known: &mut Vec<(MunicipalityCode, StatusEntry)>,
    text: &str,
    load: &Load,
) -> Result<(), Damaged> {
    let (mut reader, mut place) = (Reader::default(), 0);
    let mut spoken = Spoken::new();
    let mut new: Vec<(MunicipalityCode, StatusEntry)> = Vec::new();
    for (number, text) in (1..).zip(text.lines()) {
        let Some((municipality, line)) = reader.line(text).ok_or(Damaged(number))? else { continue };
        let (basis, rest) = basis(line.mark);
        if !rest.is_empty() {
            return Err(Damaged(number));
        }
        let said = ObservationRef {
            municipality,
            part: line.part,
            unit: line.unit.as_ref(),
            state: line.state,
            dated: line.dated,
            basis,
            line: line.number,
            wording: line.wording,
        };
        if load.after.is_some() {
            spoken.insert((municipality, said.part.clone()));
        }
        let about = said.key();
        while known.get(place).is_some_and(|known| key(known) < about) {
            place += 1;
        }
        let known = known.get_mut(place).filter(|known| key(known) == about);
        match known.or_else(|| new.last_mut().filter(|new| key(new) == about)) {
            Some((_, entry)) => entry.go_on(said, load, Belief::Cautious),
            None => new.push((municipality, StatusEntry::after(None, said, load, Belief::Cautious))),
        }
    }
    put_aside(known, &spoken, load);
    if !new.is_empty() {
        known.append(&mut new);
        known.sort_by(|one, other| key(one).cmp(&key(other)));
    }
    Ok(())
}

/// The parts of municipalities that a load speaks of.
pub(super) type Spoken = HashSet<(MunicipalityCode, PartId)>;

/// Takes out of what is known of a window what gives way to a load that speaks of these parts.
pub(super) fn put_aside(known: &mut Vec<(MunicipalityCode, StatusEntry)>, spoken: &Spoken, load: &Load) {
    if !spoken.is_empty() {
        known
            .retain(|(code, entry)| !entry.gives_way(load) || !spoken.contains(&(*code, entry.part.clone())));
    }
}

/// What is known of which key, in the order of pages.
fn key(
    (municipality, entry): &(MunicipalityCode, StatusEntry),
) -> (MunicipalityCode, &PartId, Option<&UnitId>) {
    (*municipality, &entry.part, entry.unit.as_ref())
}

/// Reads what [`known`] wrote, whole or not at all.
pub(super) fn read_known(feed: &FeedId, text: &str) -> Result<Vec<(MunicipalityCode, StatusEntry)>, Damaged> {
    let mut reader = Reader::default();
    reader.lines(text, |municipality, line| {
        let (snapshot, arrival, taken_at) = line.origin?.clone();
        let (basis, rest) = basis(line.mark);
        let (settled, since) = rest.strip_prefix('d').map_or((false, rest), |since| (true, since));
        let entry = StatusEntry {
            part: line.part.clone(),
            unit: line.unit,
            state: line.state,
            dated: line.dated,
            taken_at,
            feed: feed.clone(),
            snapshot,
            arrival,
            basis,
            line: line.number,
            settled,
            unproven_since: instant(since)?,
            wording: line.wording.cloned(),
        };
        Some((municipality, entry))
    })
}

/// A snapshot, its place among all, and when it was taken.
type Origin = (SnapshotId, u64, Timestamp);

/// Writes lines, and names before they are first used.
#[derive(Default)]
pub(super) struct PageWriter {
    pub(super) text: String,
    parts: Vec<PartId>,
    wordings: HashMap<Arc<str>, usize>,
    origins: Vec<Origin>,
    municipality: Option<MunicipalityCode>,
}

impl PageWriter {
    /// Writes what is known of a key of a municipality.
    pub(super) fn put_known(&mut self, municipality: MunicipalityCode, e: &StatusEntry) {
        let origin = self.origin(e);
        self.begin(municipality, (&e.part, e.state), e.wording.as_ref(), e.dated);
        self.text.push_str(mark(e.basis));
        if e.settled {
            self.text.push('d');
        }
        if let Some(since) = e.unproven_since {
            number(&mut self.text, since.as_millisecond());
        }
        self.text.push('\t');
        number(&mut self.text, e.line.into());
        self.text.push('\t');
        number(&mut self.text, count(origin));
        self.text.push('\t');
        self.end(e.unit.as_ref());
    }

    fn origin(&mut self, entry: &StatusEntry) -> usize {
        let is = |(id, ..): &Origin| *id == entry.snapshot;
        self.origins.iter().rposition(is).unwrap_or_else(|| {
            let (id, arrival, at) = (&entry.snapshot, entry.arrival, entry.taken_at);
            let _ = writeln!(self.text, "s\t{id}\t{arrival}\t{}", at.as_millisecond());
            self.origins.push((id.clone(), arrival, at));
            self.origins.len() - 1
        })
    }

    fn begin(
        &mut self,
        municipality: MunicipalityCode,
        (part, state): (&PartId, State),
        wording: Option<&Arc<str>>,
        dated: Option<Timestamp>,
    ) {
        let part = self.parts.iter().position(|known| known == part).unwrap_or_else(|| {
            let _ = writeln!(self.text, "p\t{part}");
            self.parts.push(part.clone());
            self.parts.len() - 1
        });
        let wording = wording.map_or(0, |wording| {
            if let Some(known) = self.wordings.get(wording) {
                return *known;
            }
            let _ = writeln!(self.text, "w\t{}", escaped(wording));
            self.wordings.insert(wording.clone(), self.wordings.len() + 1);
            self.wordings.len()
        });
        if self.municipality != Some(municipality) {
            let _ = writeln!(self.text, "m\t{municipality}");
            self.municipality = Some(municipality);
        }
        self.text.push(sign(state));
        number(&mut self.text, count(part));
        self.text.push('\t');
        number(&mut self.text, count(wording));
        self.text.push('\t');
        if let Some(dated) = dated {
            number(&mut self.text, dated.as_millisecond());
        }
        self.text.push('\t');
    }

    fn end(&mut self, unit: Option<&UnitId>) {
        self.text.push_str(unit.map_or("", UnitId::as_str));
        self.text.push('\n');
    }
}

/// Writes a number: of a million lines with four each, what the formatter of the language does around one is most of the cost.
fn number(text: &mut String, n: i64) {
    if n < 0 {
        text.push('-');
    }
    let (mut digits, mut at, mut rest) = ([b'0'; 20], 20, n.unsigned_abs());
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

fn sign(state: State) -> char {
    match state {
        State::Done => '+',
        State::Pending => '-',
        State::NotApplicable => '0',
        State::Unconfirmed => '?',
    }
}

fn mark(basis: Basis) -> &'static str {
    match basis {
        Basis::Row => "",
        Basis::Reopened => "r",
        Basis::Silence => "s",
        Basis::Contradiction => "c",
    }
}

/// What a mark says of the basis, and the rest of it.
fn basis(mark: &str) -> (Basis, &str) {
    let named = [Basis::Reopened, Basis::Silence, Basis::Contradiction];
    let found = named.into_iter().find_map(|basis| Some((basis, mark.strip_prefix(self::mark(basis))?)));
    found.unwrap_or((Basis::Row, mark))
}

/// A line that says something, read.
struct Line<'a> {
    part: &'a PartId,
    unit: Option<UnitId>,
    state: State,
    dated: Option<Timestamp>,
    mark: &'a str,
    wording: Option<&'a Arc<str>>,
    number: u32,
    origin: Option<&'a Origin>,
}

/// The fields of a line. Of millions with eight each, what the language's own search does around one is most of the cost.
struct Fields<'a>(Option<&'a str>);

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.take()?;
        let Some(end) = rest.bytes().position(|byte| byte == b'\t') else { return Some(rest) };
        self.0 = rest.get(end + 1..);
        rest.get(..end)
    }
}

/// The names that a page gave so far.
#[derive(Default)]
struct Reader {
    parts: Vec<PartId>,
    wordings: Vec<Arc<str>>,
    origins: Vec<Origin>,
    municipality: Option<MunicipalityCode>,
}

impl Reader {
    fn lines<T>(
        &mut self,
        text: &str,
        make: impl Fn(MunicipalityCode, Line<'_>) -> Option<T>,
    ) -> Result<Vec<T>, Damaged> {
        let mut all = Vec::new();
        for (number, text) in (1..).zip(text.lines()) {
            if let Some((about, line)) = self.line(text).ok_or(Damaged(number))? {
                all.push(make(about, line).ok_or(Damaged(number))?);
            }
        }
        Ok(all)
    }

    /// Reads one line: what is said of whom, or nothing when it only names something.
    #[expect(clippy::option_option, reason = "outside: it can be read; inside: it says something")]
    fn line<'a>(&'a mut self, text: &'a str) -> Option<Option<(MunicipalityCode, Line<'a>)>> {
        let mut fields = Fields(Some(text));
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
        let part = self.parts.get(first.get(1..)?.parse::<usize>().ok()?)?;
        let wording = match fields.next()?.parse::<usize>().ok()? {
            0 => None,
            n => Some(self.wordings.get(n - 1)?),
        };
        let dated = fields.next().and_then(instant)?;
        let mark = fields.next()?;
        let number = fields.next()?.parse().ok()?;
        let origin = if self.origins.is_empty() {
            None
        } else {
            Some(self.origins.get(fields.next()?.parse::<usize>().ok()?)?)
        };
        let unit = match fields.next()? {
            "" => None,
            unit => Some(UnitId::parse(unit).ok()?),
        };
        if fields.next().is_some() {
            return None;
        }
        Some(Some((self.municipality?, Line { part, unit, state, dated, mark, wording, number, origin })))
    }

    fn name(&mut self, kind: &str, fields: &mut Fields<'_>) -> Option<()> {
        let text = fields.next()?;
        match kind {
            "p" => self.parts.push(PartId::parse(text).ok()?),
            "w" => self.wordings.push(unescaped(text).into()),
            "s" => {
                let arrival = fields.next()?.parse().ok()?;
                self.origins.push((SnapshotId::parse(text).ok()?, arrival, instant(fields.next()?)??));
            }
            "m" => self.municipality = Some(MunicipalityCode::parse(text).ok()?),
            _ => return None,
        }
        Some(())
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

pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match ESCAPES.iter().find(|(plain, _)| *plain == c) {
            Some((_, letter)) => out.extend(['\\', *letter]),
            None => out.push(c),
        }
    }
    out
}

pub(super) fn unescaped(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::status::Observations;
    use proptest::prelude::*;

    fn some_observation() -> impl Strategy<Value = Observation> {
        let window = prop::sample::select(vec!["rma/2026-10", "rma/2026-11"]);
        let code = prop::sample::select(vec!["3205309", "3205200"]);
        let part = prop::sample::select(vec!["CRAS", "CENTRO POP"]);
        let unit = prop::option::of(prop::sample::select(vec!["11", "a b\u{e7}", "-0"]));
        let state =
            prop::sample::select(vec![State::Done, State::Pending, State::NotApplicable, State::Unconfirmed]);
        let dated = prop::option::of(-5_i64..5);
        let wording = prop::option::of("[a\\\\\n\r\tw]{0,6}");
        let basis =
            prop::sample::select(vec![Basis::Row, Basis::Reopened, Basis::Silence, Basis::Contradiction]);
        (window, code, part, unit, state, dated, (basis, 0..9_u32), wording).prop_map(
            |(window, code, part, unit, state, dated, (basis, line), wording)| Observation {
                window: WindowId::parse(window).unwrap(),
                municipality: MunicipalityCode::parse(code).unwrap(),
                part: PartId::parse(part).unwrap(),
                unit: unit.map(|u| UnitId::parse(u).unwrap()),
                state,
                dated: dated.map(|ms| Timestamp::from_second(ms).unwrap()),
                basis,
                line,
                wording: wording.map(Into::into),
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(all in prop::collection::vec(some_observation(), 0..12)) {
            let told: Observations = all.iter().cloned().collect();
            prop_assert_eq!(told.len(), all.len());
            let mut read = Vec::new();
            for page in told.pages() {
                read.extend(read_said(page.window(), &said(page.each())).unwrap());
            }
            prop_assert_eq!(&read, &told.iter().collect::<Vec<_>>());
            for observation in &all {
                let at = read.iter().position(|o| o == observation);
                prop_assert!(at.is_some(), "{:?}", observation);
                read.remove(at.unwrap_or_default());
            }
        }

        #[test]
        fn arbitrary_text_is_a_page_or_damaged(text in "([pwsm+0?-][0-9]?\t?[0-9ra]{0,3}\t?\n?){0,12}") {
            let _ = read_said(&WindowId::parse("rma/2026-10").unwrap(), &text);
            let _ = read_known(&FeedId::parse("a").unwrap(), &text);
        }
    }

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        for n in [0, 7, 10, -1, -1_764_000_000_000, i64::MAX, i64::MIN] {
            let mut text = "x".to_owned();
            number(&mut text, n);
            assert_eq!(text, format!("x{n}"));
        }
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let window = WindowId::parse("rma/2026-10").unwrap();
        for (text, line) in
            [("p\tCRAS\n+0\t0\t\t\t0\t\n", 2), ("m\t3205309\n+0\t0\t\t\t0\t\n", 2), ("x\ty\n", 1)]
        {
            assert_eq!(read_said(&window, text), Err(Damaged(line)));
        }
    }
}
