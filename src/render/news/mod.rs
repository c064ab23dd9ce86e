//! Findings of the news as staff read them, with what to do about them. Pure.

mod paste;

use jiff::civil::Date;

use super::portuguese::{self, date, line};
use crate::domain::calendar::Calendar;
use crate::domain::news::{Finding, Topic};

pub use paste::{Paste, Place, paste};

/// What a topic is called.
pub fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::Opening => "abertura",
        Topic::Extension => "prorrogação",
        Topic::Outage => "instabilidade",
    }
}

/// A finding in some lines: what, where, the quote, what it seems to say, and what to run or to paste.
pub fn told(finding: &Finding, calendar: &Calendar, today: Date) -> String {
    let system = calendar.systems.get(&finding.system).map_or(finding.system.as_str(), |s| s.name.as_str());
    let mut lines = vec![format!("possível {}: {}", topic(finding.topic), line(system))];
    if !finding.title.is_empty() {
        lines.push(format!("título: {}", line(&finding.title)));
    }
    lines.push(format!("trecho: “{}”", line(&finding.quote)));
    let published = finding
        .published_on
        .map_or("sem data de publicação".to_owned(), |day| format!("publicada em {}", date(day)));
    lines.push(format!("onde: {} ({published})", line(&finding.link)));
    let guess = &finding.guess;
    let mut seems = Vec::new();
    seems.extend(guess.opens_on.map(|day| format!("início {}", portuguese::date_and_weekday(day))));
    let hour =
        guess.deadline_at.map_or(String::new(), |at| format!(" às {:02}:{:02}", at.hour(), at.minute()));
    seems.extend(guess.deadline_on.map(|day| format!("prazo {}{hour}", portuguese::date_and_weekday(day))));
    let doubtful = !guess.doubts.is_empty();
    if doubtful && !guess.written.is_empty() {
        lines.push(format!(
            "datas no trecho: {}",
            guess.written.iter().map(|w| line(w)).collect::<Vec<_>>().join("; ")
        ));
    }
    if !seems.is_empty() && !doubtful {
        lines.push(format!("parece dizer: {} (palpite: confira)", seems.join("; ")));
    }
    let paste = paste(finding, calendar, today);
    lines.extend(paste.advice.iter().cloned());
    lines.extend(paste.command.iter().map(|command| format!("    {command}")));
    lines.extend(paste.toml.as_deref().map(|toml| toml.trim_end().to_owned()));
    lines.join("\n")
}
