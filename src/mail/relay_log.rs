//! What the relay's log says of letters: which Message-IDs left, to whom and when.
//!
//! Postfix, in the stamps that syslog gives it: `Nov 26 06:05:40`, RFC 3339, and RFC 5424 with its head; plain or gzip.
//! cleanup ties a queue id to a Message-ID, and the delivery agents say of each recipient what became of it. Log files may
//! come in any order: a queue id whose cleanup line is in another file counts where only one Message-ID ever had it.
//!
//! Only what somebody could not write into a letter is believed: the words stand right behind the queue id, where Postfix
//! puts them. Lines are bounded, and of other people's mail nothing is kept.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::domain::id::EmailAddress;
use crate::domain::time::{Zone, hours_after};

/// syslog cuts lines long before.
const LONGEST_LINE: u64 = 64 * 1024;

/// What became of a letter to one recipient, as the log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoggedFate {
    /// The relay still had it, and was trying.
    Waiting,
    Left,
    /// The relay gave it up: it came back, or would have.
    CameBack,
}

/// A letter to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedLetter {
    /// Its Message-ID, brackets included.
    pub message_id: String,
    pub address: EmailAddress,
    pub fate: LoggedFate,
    /// When; absent where the stamp cannot be read.
    pub at: Option<Timestamp>,
}

/// Logs, read one after the other.
pub struct RelayLog<'a> {
    wanted: &'a dyn Fn(&str) -> bool,
    zone: &'a Zone,
    now: Timestamp,
    /// Message-IDs by queue id in the file that is being read; none where it is somebody else's.
    here: HashMap<String, Option<String>>,
    /// The same over all files.
    ever: HashMap<String, BTreeSet<Option<String>>>,
    letters: Vec<LoggedLetter>,
    /// Deliveries whose queue id was not in their file: queue id and what else is known.
    loose: Vec<(String, EmailAddress, LoggedFate, Option<Timestamp>)>,
    /// Lines of Postfix.
    lines: usize,
}

impl<'a> RelayLog<'a> {
    /// Nothing read yet. Stamps without a zone are of `zone`, and none is after `now`.
    pub fn new(wanted: &'a dyn Fn(&str) -> bool, zone: &'a Zone, now: Timestamp) -> Self {
        Self {
            wanted,
            zone,
            now,
            here: HashMap::new(),
            ever: HashMap::new(),
            letters: Vec::new(),
            loose: Vec::new(),
            lines: 0,
        }
    }

    /// Reads one file. Answers how many lines of Postfix it has: one with none is no log of it.
    ///
    /// # Errors
    /// It cannot be read, or is no whole gzip.
    pub fn read(&mut self, path: &Path) -> io::Result<usize> {
        let mut file = BufReader::new(File::open(path)?);
        if file.fill_buf()?.starts_with(&[0x1F, 0x8B]) {
            self.read_text(BufReader::new(flate2::bufread::MultiGzDecoder::new(file)))
        } else {
            self.read_text(file)
        }
    }

    fn read_text(&mut self, mut text: impl BufRead) -> io::Result<usize> {
        let before = self.lines;
        self.here.clear();
        let (mut line, mut is_rest) = (Vec::new(), false);
        loop {
            line.clear();
            if text.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(self.lines - before);
            }
            // The rest of a line too long is not another line.
            if !is_rest {
                self.line(&String::from_utf8_lossy(&line));
            }
            is_rest = line.last() != Some(&b'\n');
        }
    }

    fn line(&mut self, line: &str) {
        let Some((head, told)) = line.trim_end().split_once("postfix") else { return };
        // Stamp and machine; more is what another program quotes.
        if head.split_whitespace().count() > 5 {
            return;
        }
        let mut words = told.split(' ');
        // `/smtp[123]:` stands before it, or `/smtp`, number and dashes.
        let is_queue_id = |word: &&str| {
            word.strip_suffix(':')
                .is_some_and(|id| id.len() >= 6 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        };
        let Some(queue_id) = words.by_ref().take(8).find(is_queue_id) else { return };
        let queue_id = queue_id.trim_end_matches(':');
        let rest = words.collect::<Vec<_>>().join(" ");
        self.lines += 1;
        if let Some(id) = rest.strip_prefix("message-id=") {
            let id = Some(id.trim().to_owned()).filter(|id| (self.wanted)(id));
            self.here.insert(queue_id.to_owned(), id.clone());
            self.ever.entry(queue_id.to_owned()).or_default().insert(id);
        } else if let Some((address, what)) = rest.strip_prefix("to=<").and_then(|to| to.split_once('>')) {
            let status = what.split_once("status=").map(|(_, status)| status.split(' ').next());
            let fate = match status.flatten() {
                Some("sent") => LoggedFate::Left,
                Some("deferred") => LoggedFate::Waiting,
                Some("bounced" | "expired") => LoggedFate::CameBack,
                _ => return,
            };
            let at = self.stamp(head);
            // An alias leads elsewhere; we wrote to the one before.
            let asked = what.strip_prefix(", orig_to=<").and_then(|to| to.split_once('>'));
            let Ok(address) = EmailAddress::parse(asked.map_or(address, |(to, _)| to)) else { return };
            match self.here.get(queue_id) {
                Some(Some(id)) => {
                    self.letters.push(LoggedLetter { message_id: id.clone(), address, fate, at });
                }
                Some(None) => {}
                None => self.loose.push((queue_id.to_owned(), address, fate, at)),
            }
        }
    }

    /// When a line was written. A stamp without a year is of the last one in which it was not ahead.
    fn stamp(&self, head: &str) -> Option<Timestamp> {
        let mut words = head.split(' ').filter(|word| !word.is_empty()).peekable();
        if words.peek()?.starts_with('<') {
            // `<22>1 2026-…`, or `<22>Nov 26 …`.
            let (_, rest) = words.next()?.split_once('>')?;
            if !rest.is_empty() && !rest.bytes().all(|byte| byte.is_ascii_digit()) {
                return self.dated(rest, words.next()?, words.next()?);
            }
        }
        let first = words.next()?;
        match first.parse::<Timestamp>() {
            Ok(at) => Some(at.min(self.now)),
            Err(_) => self.dated(first, words.next()?, words.next()?),
        }
    }

    fn dated(&self, month: &str, day: &str, time: &str) -> Option<Timestamp> {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = i8::try_from(MONTHS.iter().position(|name| *name == month)? + 1).ok()?;
        let (day, time): (i8, Time) = (day.parse().ok()?, time.parse().ok()?);
        let this_year = self.zone.date_of(self.now).year();
        // A leap day may be some years back.
        let written = (0..5)
            .filter_map(|back| Date::new(this_year - back, month, day).ok())
            .map(|date| self.zone.at(date, time));
        written.into_iter().find(|at| *at <= hours_after(self.now, 24)).map(|at| at.min(self.now))
    }

    /// Every letter that matters, each once: what came back at the end did not arrive, whatever was said before.
    pub fn letters(mut self) -> Vec<LoggedLetter> {
        for (queue_id, address, fate, at) in std::mem::take(&mut self.loose) {
            let ids = self.ever.get(&queue_id).into_iter().flatten();
            let mut ids = ids.cloned();
            if let (Some(Some(message_id)), None) = (ids.next(), ids.next()) {
                self.letters.push(LoggedLetter { message_id, address, fate, at });
            }
        }
        let mut found: Vec<LoggedLetter> = Vec::new();
        for letter in self.letters {
            let same = |one: &&mut LoggedLetter| {
                one.message_id == letter.message_id && one.address == letter.address
            };
            match found.iter_mut().find(same) {
                Some(known) if known.fate < letter.fate => *known = letter,
                Some(_) => {}
                None => found.push(letter),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use jiff::tz::TimeZone;

    use super::*;

    const ID: &str = "<rma.2026-11.divulgacao.3205309@example.org>";

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    /// What logs say, each of them given as text.
    fn read(texts: &[&str]) -> Vec<(String, LoggedFate, Option<String>)> {
        let zone = Zone::new(TimeZone::get("America/Sao_Paulo").unwrap());
        let wanted = |id: &str| id.ends_with("@example.org>");
        let mut log = RelayLog::new(&wanted, &zone, now());
        for text in texts {
            log.read_text(text.as_bytes()).unwrap();
        }
        log.letters()
            .into_iter()
            .map(|one| {
                assert_eq!(one.message_id, ID);
                (one.address.as_str().to_owned(), one.fate, one.at.map(|at| at.to_string()))
            })
            .collect()
    }

    #[test]
    fn a_letter_is_found_under_every_stamp_that_syslog_writes() {
        let at = "2026-11-25T11:05:41Z";
        for (cleanup, smtp) in [
            ("Nov 25 08:05:40 mx postfix/cleanup[12]:", "Nov 25 08:05:41 mx postfix/smtp[9]:"),
            (
                "2026-11-25T08:05:40.1-03:00 mx postfix/cleanup[12]:",
                "2026-11-25T08:05:41-03:00 mx postfix/smtp[9]:",
            ),
            (
                "<22>1 2026-11-25T11:05:40Z mx postfix/cleanup 12 - -",
                "<22>1 2026-11-25T11:05:41Z mx postfix/smtp 9 - -",
            ),
            ("<22>Nov 25 08:05:40 mx postfix/cleanup[12]:", "<22>Nov 25 08:05:41 mx postfix-out/smtp[9]:"),
        ] {
            let text = format!(
                "{cleanup} 4F1A2B3C4D: message-id={ID}\n{smtp} 4F1A2B3C4D: to=<ana@a.es.gov.br>, \
                 relay=a.es.gov.br[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n"
            );
            assert_eq!(
                read(&[&text]),
                [("ana@a.es.gov.br".to_owned(), LoggedFate::Left, Some(at.to_owned()))]
            );
        }
    }

    #[test]
    fn a_stamp_without_a_year_is_of_the_last_in_which_it_was_not_ahead() {
        let text = format!(
            "Dec 31 23:59:59 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id={ID}\n\
             Dec 31 23:59:59 mx postfix/smtp[1]: 4F1A2B3C4D: to=<ana@a.br>, status=sent (250 ok)\n"
        );
        assert_eq!(read(&[&text])[0].2.as_deref(), Some("2026-01-01T02:59:59Z"));
    }

    #[test]
    fn what_came_back_or_waits_did_not_leave_and_the_alias_is_not_who_we_wrote_to() {
        let head = format!("Nov 25 08:00:00 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id={ID}\n");
        let to = |rest: &str| format!("Nov 25 08:00:01 mx postfix/smtp[1]: 4F1A2B3C4D: to=<{rest}\n");
        let text = [
            head,
            to("a@a.br>, status=deferred (451 later)"),
            to("a@a.br>, status=sent (250 ok)"),
            to("b@a.br>, status=sent (250 ok, as status=bounced says)"),
            to("b@a.br>, status=bounced (550 no)"),
            to("c@x.br>, orig_to=<c@a.br>, status=deferred (451 later)"),
        ]
        .concat();
        let fates: Vec<_> = read(&[&text]).into_iter().map(|(address, fate, _)| (address, fate)).collect();
        assert_eq!(
            fates,
            [
                ("a@a.br".to_owned(), LoggedFate::Left),
                ("b@a.br".to_owned(), LoggedFate::CameBack),
                ("c@a.br".to_owned(), LoggedFate::Waiting)
            ]
        );
    }

    #[test]
    fn rotated_files_may_come_in_any_order_and_a_queue_id_used_twice_is_doubt() {
        let old = format!("Nov 24 23:59:59 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id={ID}\n");
        let new = "Nov 25 00:00:01 mx postfix/smtp[1]: 4F1A2B3C4D: to=<a@a.br>, status=sent (250 ok)\n";
        assert_eq!(read(&[new, &old]).len(), 1);
        assert_eq!(read(&[&old, new]).len(), 1);
        let again = "Nov 20 10:00:00 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id=<outra@elsewhere.org>\n";
        assert_eq!(read(&[&old, again, new]), [], "whose letter left cannot be told");
        let reused = format!("{again}{}", old.replace("24 23:59:59", "25 00:00:00"));
        assert_eq!(read(&[&format!("{reused}{new}")]).len(), 1, "in one file the last before counts");
    }

    #[test]
    fn nothing_that_a_letter_may_hold_is_taken_for_the_logs_own_words() {
        let forged = format!(
            "Nov 25 08:00:00 mx postfix/cleanup[1]: 4F1A2B3C4D: warning: header Subject: postfix/smtp[1]: 4F1A2B3C4D: \
             message-id={ID} from x[192.0.2.9]\n\
             Nov 25 08:00:00 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id=<x@elsewhere.org>\n\
             Nov 25 08:00:01 mx postfix/smtp[1]: 4F1A2B3C4D: to=<a@a.br>, status=sent (250 ok)\n"
        );
        assert_eq!(read(&[&forged]), []);
        let quoted = "Nov 25 08:00:01 mx sshd[1]: Invalid user postfix 4F1A2B3C4D: to=<a@a.br>, status=sent (250 ok)\n";
        let cleanup = format!("Nov 25 08:00:00 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id={ID}\n");
        assert_eq!(read(&[&format!("{cleanup}{quoted}")]), []);
        let long = format!(
            "{}Nov 25 08:00:00 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id={ID}\n",
            "x".repeat(70_000)
        );
        let sent = "Nov 25 08:00:01 mx postfix/smtp[1]: 4F1A2B3C4D: to=<a@a.br>, status=sent (250 ok)\n";
        assert_eq!(read(&[&format!("{long}{sent}")]), []);
    }

    #[test]
    fn a_rotated_log_is_read_as_gzip_leaves_it_and_half_of_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "Nov 25 08:00:00 mx postfix/cleanup[1]: 4F1A2B3C4D: message-id={ID}\n\
             Nov 25 08:00:01 mx postfix/smtp[1]: 4F1A2B3C4D: to=<a@a.br>, status=sent (250 ok)\n"
        );
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        let bytes = encoder.finish().unwrap();
        let path = dir.path().join("mail.log.2.gz");
        let zone = Zone::new(TimeZone::UTC);
        let wanted = |_: &str| true;
        std::fs::write(&path, &bytes).unwrap();
        let mut log = RelayLog::new(&wanted, &zone, now());
        assert_eq!(log.read(&path).unwrap(), 2);
        assert_eq!(log.letters().len(), 1);
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(RelayLog::new(&wanted, &zone, now()).read(&path).is_err());
    }
}
