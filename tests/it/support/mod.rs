//! What tests build their worlds from.

pub(crate) mod world;
