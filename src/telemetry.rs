//! The log subscriber, and whole error chains in one line.
