//! Scenarios: real calendars replayed day by day, each written down as a diary and held to its laws.

mod censo_2023;
mod diary;
mod stage;
