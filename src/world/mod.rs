//! The loaded world: a configuration in force and what the store knows, joined. The daemon decides on it, the desk
//! answers from it, and this is all that the two share.
//!
//! Reading order: `setup` (a configuration ready to work with), `live` (in force), `known` (the world as the store has
//! it), `start` (who was in the roster on `inicio`), `amend` (what may not be edited in silence), `contrast` (what another configuration would change), `last_good`
//! (what rules when the files cannot be used or are not let in), `aside` (what was not let in, in words), `overview` (where
//! windows stand, for every report, page and command), `compose` (a decision as a letter), `relay`, `route` and `secret`
//! (by which way letters and alerts leave), `lateness` (what has not left), `retention` (how long personal data is kept), `standstill` (why nothing leaves), `health`
//! and `ailment` (all of that and more: whether the service is well), `audit` (what should have gone out, worked out anew), `today` (the
//! page of the day).
//!
//! Architecture invariant: no loop and no use case lives here, and nothing here decides what is due.

pub mod ailment;
pub mod amend;
pub mod aside;
pub mod audit;
pub mod compose;
pub mod contrast;
pub mod health;
pub mod known;
pub mod last_good;
pub mod lateness;
pub mod live;
pub mod overview;
pub mod relay;
pub mod retention;
pub mod route;
pub mod seat;
pub mod secret;
pub mod setup;
pub mod standstill;
mod start;
pub mod today;
