//! How punctual a municipality was, part by part: what `history` finds, and the calls are put in order by. Pure.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::calendar::Calendar;
use crate::domain::id::{MunicipalityCode, PartId, SystemId, WindowId};

/// How one part of one municipality did in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Punctuality {
    /// It was done when the deadline passed and is still, or the data says since that it was.
    OnTime,
    /// It was pending then, and is done.
    Late {
        /// How many days after, at least one; absent where no data carries its own date.
        days: Option<i64>,
    },
    /// It was pending then, and data of after the deadline says that it is still.
    Never,
    /// It was pending then, and no data of after the deadline says more. It counts against nobody.
    Pending {
        /// As of when the last data said so.
        as_of: Timestamp,
    },
    /// Nobody knew then, or nobody knows now; or the two contradict each other: it was done then and is believed to be
    /// pending now, or it owed nothing then. It counts against nobody.
    Unknown,
}

/// One part of one municipality over the last references of a system, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    pub system: SystemId,
    pub municipality: MunicipalityCode,
    /// Its name, as last recorded.
    pub name: String,
    pub part: PartId,
    /// How it did, window by window.
    pub references: Vec<(WindowId, Punctuality)>,
}

/// How municipalities did before, to be looked up; empty where that was not read.
#[derive(Default)]
pub struct Recall<'a>(HashMap<(&'a SystemId, MunicipalityCode), Vec<&'a HistoryLine>>);

impl<'a> Recall<'a> {
    /// Of these lines.
    pub fn new(lines: &'a [HistoryLine]) -> Self {
        let mut of: HashMap<_, Vec<&HistoryLine>> = HashMap::new();
        for line in lines {
            of.entry((&line.system, line.municipality)).or_default().push(line);
        }
        Self(of)
    }

    /// How some parts of a municipality did over the last references of a window's system, but for the window itself: a
    /// debt is not its own past.
    pub fn of(
        &self,
        municipality: MunicipalityCode,
        window: &WindowId,
        parts: &[PartId],
        calendar: &Calendar,
    ) -> Vec<HistoryLine> {
        let system = calendar.window(window).map(|window| window.system);
        let lines = system.as_ref().and_then(|system| self.0.get(&(system, municipality)));
        let lines = lines.into_iter().flatten().filter(|line| parts.contains(&line.part));
        let before = |line: &&HistoryLine| {
            let mut before = HistoryLine::clone(line);
            before.references.retain(|(id, _)| id != window);
            before
        };
        lines.map(before).collect()
    }
}

/// Where it is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Fewer delays in the later half than in the earlier.
    Better,
    /// As many.
    Steady,
    /// More.
    Worse,
    /// Fewer than four windows are known.
    TooShort,
}

impl HistoryLine {
    pub(super) fn new((system, municipality, part): &LineKey) -> Self {
        Self {
            system: system.clone(),
            municipality: *municipality,
            name: String::new(),
            part: part.clone(),
            references: Vec::new(),
        }
    }

    fn count(&self, wanted: impl Fn(Punctuality) -> bool) -> usize {
        self.references.iter().filter(|(_, how)| wanted(*how)).count()
    }

    /// How often it was done when the deadline passed.
    pub fn on_time(&self) -> usize {
        self.count(|how| how == Punctuality::OnTime)
    }

    /// How often it was done later.
    pub fn late(&self) -> usize {
        self.count(|how| matches!(how, Punctuality::Late { .. }))
    }

    /// How often it never was.
    pub fn never(&self) -> usize {
        self.count(|how| how == Punctuality::Never)
    }

    /// How often the last that is known is that it was pending when the deadline passed.
    pub fn pending(&self) -> usize {
        self.count(|how| matches!(how, Punctuality::Pending { .. }))
    }

    /// How often nobody knows.
    pub fn unknown(&self) -> usize {
        self.count(|how| how == Punctuality::Unknown)
    }

    /// The days late on average, rounded down, over those that are known; absent where none is.
    pub fn mean_days_late(&self) -> Option<i64> {
        let days = self.references.iter().filter_map(|(_, how)| match how {
            Punctuality::Late { days } => *days,
            Punctuality::OnTime | Punctuality::Never | Punctuality::Pending { .. } | Punctuality::Unknown => {
                None
            }
        });
        let (sum, count) = days.fold((0_i64, 0_i64), |(sum, count), days| (sum + days, count + 1));
        (count > 0).then(|| sum / count)
    }

    /// How much it would gain from support: what never came weighs twice what came late.
    pub fn need(&self) -> usize {
        2 * self.never() + self.late()
    }

    /// Where it is going, by the two halves of what is known.
    pub fn trend(&self) -> Trend {
        let is_known = |how: &Punctuality| !matches!(how, Punctuality::Unknown | Punctuality::Pending { .. });
        let known: Vec<Punctuality> = self.references.iter().map(|(_, how)| *how).filter(is_known).collect();
        if known.len() < 4 {
            return Trend::TooShort;
        }
        // An odd one in the middle counts to neither.
        let half = known.len() / 2;
        let delays = |part: &[Punctuality]| part.iter().filter(|how| **how != Punctuality::OnTime).count();
        let (before, after) = (delays(&known[..half]), delays(&known[known.len() - half..]));
        match after.cmp(&before) {
            std::cmp::Ordering::Less => Trend::Better,
            std::cmp::Ordering::Equal => Trend::Steady,
            std::cmp::Ordering::Greater => Trend::Worse,
        }
    }
}

/// What a line is about.
pub(super) type LineKey = (SystemId, MunicipalityCode, PartId);
