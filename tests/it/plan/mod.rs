//! The decision: sentences in small worlds, laws over thousands of drawn ones.

mod cases;
mod closed_windows;
mod frontier;
mod laws;
mod memo;
mod punctual;
mod seen;
