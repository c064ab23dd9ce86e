//! Scenarios: real calendars replayed day by day, each written down as a diary and held to its laws.

mod censo_2017;
mod censo_2023;
mod censo_report;
mod contacts;
mod diary;
mod extensions;
mod hands;
mod outages;
mod plano_2016;
mod rma_2026;
mod sisc;
mod stage;
