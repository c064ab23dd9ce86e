//! The page of the day as a part of a page: the panel's home, and the head of the reports' index. Pure.

use maud::{Markup, html};

use super::super::portuguese as pt;
use super::text::{feed_words, moved};
use super::{FROZEN, ORDERS, Words, lift, queue, release, to_staff};
use crate::domain::calendar::Calendar;
use crate::domain::roster::Roster;
use crate::plan::day::DayPage;

/// Every section of the page, under headings of the second order.
pub fn section(page: &DayPage, calendar: &Calendar, roster: &Roster) -> Markup {
    let words = Words { calendar, roster };
    let zone = &calendar.hours.zone;
    let decisions = words.decisions(&page.decisions);
    let ahead = words.ahead(page);
    let (queued, done): (Vec<_>, Vec<_>) = page.staff.iter().partition(|letter| letter.state.is_waiting());
    html! {
        section .day {
            @if page.rehearsal { p { strong { (pt::REHEARSAL) } } }
            h2 { "O que pede uma pessoa" }
            @if page.tasks.is_empty() { p .none { "Nada." } }
            ul {
                @for task in &page.tasks {
                    li { (pt::lines(&task.what)) @if let Some(command) = &task.command { ": " code { (command) } } }
                }
            }
            @if !page.held.is_empty() {
                h2 { "Retido" }
                ul {
                    @for group in &page.held {
                        li {
                            strong { (group.batch) } ": " (words.counted(&group.municipalities))
                            ", desde " (pt::instant(group.since, zone)) "; " (words.end(group)) ". "
                            (words.why(group))
                            @if let Some(command) = release(group) { " " code { (command) } }
                        }
                    }
                }
            }
            @if !page.holds.is_empty() {
                h2 { (ORDERS) }
                ul { @for hold in &page.holds { li { (words.order(hold)) " " code { (lift(&hold.scope)) } } } }
            }
            h2 { "Desde " (pt::instant(page.since, zone)) }
            @if page.left.is_empty() && done.is_empty() { p .none { "Nenhuma carta saiu." } }
            ul {
                @for group in &page.left { li { (words.letters(group)) } }
                @for letter in done { li { (to_staff(letter)) ": " (pt::letter_state(letter.state)) } }
            }
            @if !page.waiting.is_empty() || !queued.is_empty() {
                h2 { "Já decidido e ainda não saiu" }
                ul {
                    @for group in &page.waiting { li { (words.letters(group)) } }
                    @for letter in queued { li { (to_staff(letter)) ": " (pt::letter_state(letter.state)) } }
                    @if let Some(waits) = &page.queue { li { (queue(waits, zone)) } }
                }
            }
            @if !decisions.is_empty() || page.is_frozen {
                h2 { "Agora" }
                @if page.is_frozen { p .none { (FROZEN) "." } }
                ul { @for line in &decisions { li { (line) } } }
            }
            h2 { "Em seguida" }
            @if ahead.is_empty() { p .none { "Nada à vista." } }
            ul { @for line in &ahead { li { (line) } } }
            h2 { "O que mudou no preenchimento" }
            @if page.moved.is_empty() { p .none { "Nada." } }
            ul { @for group in &page.moved { li { (moved(group, words)) } } }
            @if !page.feeds.is_empty() {
                h2 { "Fontes" }
                ul { @for feed in &page.feeds { li { (feed_words(feed, page, calendar)) } } }
            }
        }
    }
}
