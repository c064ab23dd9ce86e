//! Whether the machine's time zone database still says the same of the zone: asked at each start.
//!
//! A government may change the clocks on short notice, and an upgrade of the machine then moves deadlines and hours to come
//! without a line of the configuration. Another zone in the configuration is the gate's matter.

use tracing::info;

use super::alert::alert_once;
use super::app::App;
use crate::clock::zone_release;
use crate::store::{StoreError, ZoneRules};

/// Keeps what is so now, and tells staff where hours to come fall at other instants than when the service last began.
pub(super) async fn begin(app: &App, now: jiff::Timestamp) -> Result<(), StoreError> {
    let live = app.live();
    let zone = &live.calendar.hours.zone;
    let rules =
        ZoneRules { name: zone.name(), release: zone_release().unwrap_or_default(), digest: zone.digest() };
    let Some(before) = app.store.note_zone(rules.clone()).await? else { return Ok(()) };
    if before.name != rules.name {
        return Ok(());
    }
    info!(zone.before = before.release, zone.release = rules.release, "o banco de fusos da máquina é outro");
    if before.digest == rules.digest {
        return Ok(());
    }
    let release = |of: &str| if of.is_empty() { "sem versão".to_owned() } else { of.to_owned() };
    let text = format!(
        "A atualização do banco de fusos da máquina (tzdata {} → {}) mudou as regras de {}: prazos e horários por vir caem em \
         outros instantes do que quando foram anunciados. Confira com “vigia-suas agenda” e “vigia-suas plano”.",
        release(&before.release),
        release(&rules.release),
        rules.name
    );
    alert_once(app, "fuso", text, now).await
}
