//! What the other end of stdin, stdout and stderr is: how wide, whether it wants colours, and what it need not show.

use std::io::{self, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// What a page that is kept in a file or read through a pipe is laid out for.
const ELSEWHERE: usize = 100;

/// Columns of the terminal on stdout; none where stdout is no terminal.
pub(super) fn width() -> Option<usize> {
    let terminal = terminal_size::terminal_size_of(io::stdout());
    terminal.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
}

/// Columns to draw in: the terminal's, else those that `COLUMNS` asks for, else those of the terminal from which a pipe
/// is read (`| less`), else a hundred.
pub(super) fn drawing_width() -> usize {
    let asked = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|width| (20..=1_000).contains(width));
    let beside = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    width().or_else(asked).or_else(beside).unwrap_or(ELSEWHERE)
}

/// Whether stderr shows colours: a terminal that is not told otherwise (<https://no-color.org>).
pub(super) fn colours() -> bool {
    let told = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !told("NO_COLOR") && !dumb
}

/// Asks for a line that is not shown while it is typed. An interruption leaves the terminal as most shells set it again.
pub(super) fn unseen<T>(question: &str, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let stdin = io::stdin();
    let usual = tcgetattr(&stdin)?;
    let mut quiet = usual.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    quiet.local_modes.insert(LocalModes::ECHONL);
    let mut err = io::stderr();
    write!(err, "{question}")?;
    err.flush()?;
    tcsetattr(&stdin, OptionalActions::Flush, &quiet)?;
    let answer = read();
    tcsetattr(&stdin, OptionalActions::Flush, &usual)?;
    answer
}
