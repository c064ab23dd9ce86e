//! The command line: words in, a typed invocation out, and what each command does with it.

pub mod args;
pub mod usage;
