//! The program as operators use it: exit code, stdout, stderr.
//!
//! Every instant is given (`--em`), so that what is shown is the same on every day and every machine.

mod broken;
mod change;
mod daily;
mod day;
mod extension;
mod guide;
mod hostile;
mod json;
mod office;
mod past;
mod proposals;
mod propose;
mod reading;
mod rehearsal;
mod shell;
mod together;
mod unheard;
mod watch;
mod words;
