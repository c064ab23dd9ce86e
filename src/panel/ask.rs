//! What a page is asked for with: as of which day, by whom, and the frame that it is shown in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use maud::Markup;

use super::Panel;
use super::access::Visitor;
use super::answer::{Answer, Failure, typed};
use super::page::{self, Frame, Links};
use crate::config::Mode;
use crate::desk::view::Overview;

/// What a page is asked for with.
pub(super) struct Ask {
    pub(super) visitor: Visitor,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Ask {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let senseless = || Failure::Senseless("O endereço tem um trecho inválido.".to_owned());
        Ok(Self {
            visitor: parts.extensions.get().cloned().unwrap_or(Visitor::Anybody),
            path: parts.uri.path().to_owned(),
            query: Query::try_from_uri(&parts.uri).map_err(|_| senseless())?.0,
        })
    }
}

impl Ask {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// The day as of which something is asked for (`em`); none: now.
    pub(super) fn day(&self, panel: &Panel) -> Result<Option<Date>, Failure> {
        let Some(text) = self.text("em") else { return Ok(None) };
        let today = panel.beside.live().calendar.hours.zone.date_of(panel.clock.now());
        let day: Option<Date> = text.parse().ok();
        match day.filter(|day| day.year() >= 2000) {
            Some(day) if day < today => Ok(Some(day)),
            Some(day) if day == today => Ok(None),
            Some(_) => Err(Failure::Senseless(
                "Esse dia ainda não chegou: o painel mostra o que se sabia.".to_owned(),
            )),
            None => Err(Failure::Senseless("O dia se escreve assim: 2026-11-30.".to_owned())),
        }
    }

    pub(super) async fn scene(&self, panel: &Panel) -> Result<Arc<Overview>, Failure> {
        let Some(day) = self.day(panel)? else { return panel.scene(None).await };
        let zone = panel.beside.live().calendar.hours.zone.clone();
        // Its last second: midnight would be shown as the next day.
        let at = zone.end_of(day).saturating_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN);
        panel.scene(Some(at)).await
    }

    pub(super) fn links(&self) -> Links {
        Links::new(self.text("em").filter(|text| text.parse::<Date>().is_ok()))
    }

    /// A page within the frame.
    pub(super) fn show(&self, panel: &Panel, at: Timestamp, title: &str, content: &Markup) -> Answer {
        let live = panel.beside.live();
        let frame = Frame {
            title,
            path: &self.path,
            query: &self.query,
            links: &self.links(),
            is_past: self.day(panel)?.is_some(),
            at,
            zone: &live.calendar.hours.zone,
            is_rehearsal: live.setup.config.settings.mode == Mode::Rehearsal,
            user: match &self.visitor {
                Visitor::User { name, .. } => Some(name),
                Visitor::Local | Visitor::Anybody => None,
            },
        };
        Ok(typed("text/html; charset=utf-8", page::whole(&frame, content)))
    }
}
