//! Replies, as many as were asked for, tidied for lettre's parser. Pure.
//!
//! lettre refuses what RFC 5321 lets a relay say (a code without text) or relays do say (Latin-1, a bare LF); refused
//! after the final dot, that would make a taken letter uncertain and repeat it.

/// A reply beyond this, all lines together, is no reply.
const LONGEST_REPLY: usize = 64 * 1024;
/// So is one with more lines. lettre reads all lines again at each, without a pause in which a time-out could
/// end it: 64 KiB of short lines kept a processor busy for a minute and a half.
const MOST_LINES: usize = 100;
/// Kept of one line; lettre takes 1,000 at most.
const LONGEST_LINE: usize = 900;

/// Why bytes from a relay are not part of the awaited reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stray {
    /// Every reply that was asked for is whole.
    AfterReply,
    /// It goes on beyond [`LONGEST_REPLY`] or [`MOST_LINES`].
    TooLong,
}

/// The extension that lets several commands be asked at once (RFC 2920), as a line of the reply to EHLO names it.
const PIPELINING: &[u8] = b"PIPELINING";
/// The extension by which a report can be asked for (RFC 3461).
const DSN: &[u8] = b"DSN";

/// Follows a relay's words line by line.
#[derive(Debug)]
pub(super) struct ReplyFilter {
    /// The line so far, tidied, cut at [`LONGEST_LINE`].
    line: Vec<u8>,
    /// Bytes of this reply so far.
    taken: usize,
    /// Whole lines of this reply so far.
    lines: usize,
    /// Replies that may still come.
    awaited: usize,
    pipelines: bool,
    /// The relay offered DSN.
    reports: bool,
}

impl ReplyFilter {
    /// Awaits the greeting.
    pub(super) fn new() -> Self {
        Self { line: Vec::new(), taken: 0, lines: 0, awaited: 1, pipelines: false, reports: false }
    }

    /// That number of replies may come now, and nothing else.
    pub(super) fn expect(&mut self, replies: usize) {
        let (pipelines, reports) = (self.pipelines, self.reports);
        *self = Self { awaited: replies, pipelines, reports, ..Self::new() };
    }

    /// True when the relay offered PIPELINING, on this connection.
    pub(super) fn pipelines(&self) -> bool {
        self.pipelines
    }

    /// True when the relay offered DSN, on this connection.
    pub(super) fn reports(&self) -> bool {
        self.reports
    }

    /// Takes what came and hands on the whole lines in it.
    pub(super) fn take(&mut self, bytes: &[u8], ready: &mut Vec<u8>) -> Result<(), Stray> {
        for &byte in bytes {
            if self.awaited == 0 {
                return Err(Stray::AfterReply);
            }
            self.taken += 1;
            if self.taken > LONGEST_REPLY || self.lines >= MOST_LINES {
                return Err(Stray::TooLong);
            }
            match byte {
                b'\n' => self.end_line(ready),
                b'\r' => {}
                other if self.line.len() < LONGEST_LINE => self.line.push(legible(other)),
                _ => {}
            }
        }
        Ok(())
    }

    fn end_line(&mut self, ready: &mut Vec<u8>) {
        if self.line.len() == 3 {
            self.line.push(b' ');
        }
        self.lines += 1;
        // A line that is no reply is for lettre to refuse.
        let coded = self.line.iter().take(3).all(u8::is_ascii_digit);
        if coded && self.line.get(3) != Some(&b'-') {
            self.awaited -= 1;
            (self.taken, self.lines) = (0, 0);
        }
        let offers = |name: &[u8]| {
            self.line.starts_with(b"250") && self.line[4..].trim_ascii().eq_ignore_ascii_case(name)
        };
        self.pipelines |= offers(PIPELINING);
        self.reports |= offers(DSN);
        ready.append(&mut self.line);
        ready.extend_from_slice(b"\r\n");
    }
}

/// ASCII that can be kept in a ledger; anything else is a question mark.
fn legible(byte: u8) -> u8 {
    match byte {
        b'\t' => b' ',
        b' '..=b'~' => byte,
        _ => b'?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(chunks: &[&[u8]]) -> Result<String, Stray> {
        let (mut filter, mut ready) = (ReplyFilter::new(), Vec::new());
        for chunk in chunks {
            filter.take(chunk, &mut ready)?;
        }
        Ok(String::from_utf8(ready).unwrap())
    }

    #[test]
    fn replies_that_lettre_would_not_read_are_tidied() {
        assert_eq!(take(&[b"250\r\n"]).unwrap(), "250 \r\n");
        assert_eq!(take(&[b"250 ok\n"]).unwrap(), "250 ok\r\n");
        assert_eq!(take(&[b"250-a\r\n2", b"50 b", b"\r\n"]).unwrap(), "250-a\r\n250 b\r\n");
        assert_eq!(take(&[b"550 n\xe3o \x07existe\r\n"]).unwrap(), "550 n?o ?existe\r\n");
        assert_eq!(take(&[&[b"250 ".as_slice(), &[b'x'; 2000], b"\r\n"].concat()]).unwrap().len(), 902);
    }

    #[test]
    fn what_follows_a_whole_reply_is_stray() {
        assert_eq!(take(&[b"220 go\r\n250 injected\r\n"]), Err(Stray::AfterReply));
        assert_eq!(take(&[b"220 go\r\n", b"2"]), Err(Stray::AfterReply));
    }

    #[test]
    fn as_many_replies_come_as_were_asked_for_and_no_more() {
        let mut filter = ReplyFilter::new();
        let mut ready = Vec::new();
        filter.take(b"250-relay\r\n250-pipelining\r\n250 SIZE\r\n", &mut ready).unwrap();
        assert!(filter.pipelines());
        ready.clear();
        filter.expect(3);
        filter.take(b"250 a\r\n550-b\r\n550 b\r\n35", &mut ready).unwrap();
        filter.take(b"4 c\r\n", &mut ready).unwrap();
        assert_eq!(ready, b"250 a\r\n550-b\r\n550 b\r\n354 c\r\n");
        assert_eq!(filter.take(b"2", &mut ready), Err(Stray::AfterReply));
        assert!(filter.pipelines(), "it holds for the connection");
        for other in ["250-PIPELINING2\r\n250 x\r\n", "250 X PIPELINING\r\n", "25\r\n", "\r\n"] {
            let mut filter = ReplyFilter::new();
            filter.take(other.as_bytes(), &mut ready).unwrap();
            assert!(!filter.pipelines(), "{other}");
        }
    }

    #[test]
    fn a_reply_without_end_is_cut() {
        assert_eq!(take(&[&vec![b'2'; LONGEST_REPLY + 1]]), Err(Stray::TooLong));
        assert_eq!(take(&[&b"250-x\r\n".repeat(101)]), Err(Stray::TooLong));
    }
}
