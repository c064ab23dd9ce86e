//! The program as operators use it: exit code, stdout, stderr.
//!
//! Every instant is given (`--em`), so that what is shown is the same on every day and every machine.

mod broken;
mod day;
mod json;
mod office;
mod rehearsal;
mod watch;
