//! Real peers: Postfix and its smtp-sink, `SpamAssassin`; and what every letter must be for any of them.
//!
//! Tests that need one are ignored unless asked for; `.ci/run` installs the peers and asks.

mod calendar;
mod letter;
mod postfix;
mod process;
mod shells;
mod sink;
mod sorts;
