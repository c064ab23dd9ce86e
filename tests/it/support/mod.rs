//! What tests build their worlds from.

pub(crate) mod app;
pub(crate) mod edit;
pub(crate) mod host;
pub(crate) mod smtp;
pub(crate) mod world;
#[path = "../../../benches/years/mod.rs"]
pub(crate) mod years;
