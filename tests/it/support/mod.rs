//! What tests build their worlds from.

pub(crate) mod app;
#[path = "../../../src/mail/conversation.rs"]
#[expect(dead_code, reason = "the relay here has no use for some of what that of a session's tests may do")]
pub(crate) mod conversation;
pub(crate) mod edit;
pub(crate) mod gateway;
pub(crate) mod host;
pub(crate) mod network;
pub(crate) mod postgres;
pub(crate) mod smtp;
pub(crate) mod world;
#[path = "../../../benches/years/mod.rs"]
pub(crate) mod years;
