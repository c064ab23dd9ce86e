//! Faults of the relay.
