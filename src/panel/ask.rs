//! What a page is asked for with: as of which day, by whom, and the frame that it is shown in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use maud::Markup;

use super::access::Visitor;
use super::answer::{Failure, typed};
use super::page::choice::Choice;
use super::page::{self, Frame, Links};
use super::{Panel, aside};
use crate::config::Mode;
use crate::desk::view::{AsOf, Overview};
use crate::domain::id::WindowId;

/// What a page is asked for with.
pub(super) struct Ask {
    pub(super) visitor: Visitor,
    /// Whether the answer's head alone is asked for (HEAD).
    pub(super) is_head: bool,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Ask {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let senseless = || Failure::Senseless("O endereço tem um trecho inválido.".to_owned());
        Ok(Self {
            visitor: parts.extensions.get().cloned().unwrap_or(Visitor::Anybody),
            is_head: parts.method == Method::HEAD,
            path: parts.uri.path().to_owned(),
            query: Query::try_from_uri(&parts.uri).map_err(|_| senseless())?.0,
        })
    }
}

impl Ask {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Which lines of a list are asked for.
    pub(super) fn choice(&self) -> Choice<'_> {
        Choice::new(&self.path, &self.query)
    }

    /// The day as of which something is asked for (`em`); none: now.
    fn day(&self, panel: &Panel) -> Result<Option<Date>, Failure> {
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

    pub(super) async fn scene(&self, panel: &Arc<Panel>) -> Result<Arc<Overview>, Failure> {
        let Some(day) = self.day(panel)? else { return panel.scene(None).await };
        let zone = panel.beside.live().calendar.hours.zone.clone();
        // Its last second: midnight would be shown as the next day.
        let at = zone.end_of(day).saturating_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN);
        panel.scene(Some(at)).await
    }

    /// The same where a window must be among what is known, however long it is over.
    pub(super) async fn scene_with(
        &self,
        panel: &Arc<Panel>,
        window: &WindowId,
    ) -> Result<Arc<Overview>, Failure> {
        let scene = self.scene(panel).await?;
        let is_read = scene.known.windows.iter().any(|known| known.id == *window);
        if is_read {
            return Ok(scene);
        }
        let (panel, window, turn) = (panel.clone(), window.clone(), panel.turn().await?);
        aside(async move || {
            let _turn = turn;
            Ok(Arc::new(panel.ledger.scene_with(&scene, &window).await?))
        })
        .await
    }

    /// Where a page leads: as of the day that it shows.
    pub(super) fn links(scene: &Overview) -> Links {
        let zone = &scene.calendar().hours.zone;
        Links::new(match scene.as_of {
            AsOf::Now(_) => None,
            AsOf::Then(at) => Some(zone.date_of(at)),
        })
    }

    /// A page within the frame.
    pub(super) fn show(&self, panel: &Panel, scene: &Overview, title: &str, content: &Markup) -> Response {
        let frame = Frame {
            title,
            path: &self.path,
            query: &self.query,
            links: &Self::links(scene),
            at: scene.as_of.at(),
            is_behind: panel.is_behind(scene),
            zone: &scene.calendar().hours.zone,
            is_rehearsal: scene.known.live.setup.config.settings.mode == Mode::Rehearsal,
            user: match &self.visitor {
                Visitor::User { name, .. } => Some(name),
                Visitor::Local | Visitor::Anybody => None,
            },
        };
        typed("text/html; charset=utf-8", page::whole(&frame, content))
    }
}
