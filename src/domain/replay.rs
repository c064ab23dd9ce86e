//! A year in memory: the real decision in virtual time, every delivery accepted at once. Pure.
