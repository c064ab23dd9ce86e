//! Delivery: a real ledger, a real relay on loopback, and for crashes the real program.

mod audit;
mod backup;
mod blame;
mod clock;
mod contact;
mod crash;
mod disk;
mod displaced;
mod doubt;
mod faults;
mod gate;
#[cfg(debug_assertions)]
mod hang;
mod herald;
mod history;
mod hostile;
mod idle;
mod mismatch;
mod pages;
mod recovery;
mod reload;
mod relocate;
mod reserve;
mod secrecy;
mod server;
mod start;
mod succession;
mod truth;
