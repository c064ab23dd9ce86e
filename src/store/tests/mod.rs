//! The store, told as facts.

mod doubt;
mod elsewhere;
mod engines;
mod golden;
mod group;
mod migration;
mod opening;
mod order;
mod outbox;
mod pass;
mod past;
mod queue;
mod retention;
mod statement;
