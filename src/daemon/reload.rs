//! Reload: another configuration takes over whole, or changes nothing and is told.
//!
//! By SIGHUP, or by files that changed. Compiled aside; what cannot be used is refused: said in the log each time, by
//! mail once for each distinct one, and where systemd and `saude` show it.

use jiff::Timestamp;
use sd_notify::NotifyState;
use tracing::{error, info, warn};

use super::alert;
use super::beat::notify;
use super::lifecycle::{REFUSED, Service};
use super::watch::{self, Look, Watch};
use crate::store::StoreError;
use crate::telemetry::{chain, faults_for_logs};
use crate::world::known::note_readings;
use crate::world::last_good::{self, Refusal};
use crate::world::setup::Setup;
use crate::world::{amend, relay};

impl Service {
    /// Takes in files that changed, once they are quiet and whole (`vigiar_arquivos`).
    pub(super) async fn look(&self, watch: &mut Watch) -> Result<(), StoreError> {
        let (live, now) = (self.app.live(), self.app.now());
        let Some(directory) =
            live.setup.directory.as_deref().filter(|_| live.setup.config.settings.watch_files)
        else {
            *watch = Watch::default();
            return Ok(());
        };
        let look = watch.look(watch::stamp(directory), now);
        if look == Look::Leave {
            return Ok(());
        }
        let (fingerprint, whole) = match last_good::load(self.directory.as_deref(), now) {
            Ok(setup) => (setup.config.fingerprint, true),
            Err(refusal) => (refusal.fingerprint, false),
        };
        let refused = self.app.store.configuration_refused().await?.map(|refused| refused.fingerprint);
        let known = match &refused {
            Some(refused) => *refused == fingerprint,
            None => live.setup.config.fingerprint == fingerprint,
        };
        if known || whole || look == Look::Insist {
            watch.settled();
        }
        if !known && (whole || look == Look::Insist) {
            info!("os arquivos da configuração mudaram");
            return self.reload().await;
        }
        if !known && watch.waits() {
            info!("os arquivos da configuração mudaram e ainda têm faltas; aguarda-se o resto da gravação");
        }
        Ok(())
    }

    /// Compiles the configuration aside and swaps it only if it is whole; a bad one keeps the last good and says so.
    pub(super) async fn reload(&self) -> Result<(), StoreError> {
        let now = self.app.now();
        let monotonic = NotifyState::monotonic_usec_now();
        match monotonic {
            Ok(stamp) => notify(&[NotifyState::Reloading, stamp]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
        let outcome = match last_good::load(self.directory.as_deref(), now) {
            Ok(setup) => self.fit(setup).await?,
            Err(refusal) => Err(refusal),
        };
        match outcome {
            Ok(setup) => {
                self.app.adopt(setup);
                let live = self.app.live();
                note_readings(&live, &self.app.store, now).await?;
                last_good::adopt(&self.app.store, &live.setup, "recarga", now).await?;
                self.app.runs_on_last_good(false);
                info!(config.fingerprint = %live.setup.config.fingerprint, "configuração recarregada");
            }
            Err(refusal) => self.refuse(&refusal, now).await?,
        }
        notify(&[NotifyState::Ready]);
        Ok(())
    }

    /// Goes on without what the files hold: said in the log each time, by mail once for each distinct one, and where
    /// systemd shows it.
    pub(super) async fn refuse(&self, refusal: &Refusal, now: Timestamp) -> Result<(), StoreError> {
        let Refusal { fingerprint, faults } = refusal;
        error!(
            "a configuração nova tem faltas e não foi adotada; vale a anterior\n{}",
            faults_for_logs(faults)
        );
        let new = self.app.store.refuse_configuration(fingerprint, faults, now).await?;
        self.app.refused(true);
        if new {
            let topic = format!("configuracao-{}", fingerprint.get(..8).unwrap_or(fingerprint));
            let text = format!("A configuração nova não foi adotada; vale a anterior.\n{faults}");
            alert::alert_once(&self.app, &topic, text, now).await?;
        }
        notify(&[NotifyState::Status(REFUSED)]);
        Ok(())
    }

    /// Says once a day that the service began on the last good configuration and runs on it still.
    pub(super) async fn remind(&self, now: Timestamp) -> Result<(), StoreError> {
        if !self.app.is_on_last_good() {
            return Ok(());
        }
        let text = "O serviço começou com a última configuração boa, guardada no livro, porque os arquivos têm faltas. \
                    Rode “vigia-suas verificar”, corrija-os e rode “systemctl reload vigia-suas”.";
        warn!("{text}");
        alert::alert_once(&self.app, "configuracao-anterior", text.to_owned(), now).await
    }

    /// Whether a whole configuration may take the place of the one in force.
    async fn fit(&self, setup: Setup) -> Result<Result<Setup, Refusal>, StoreError> {
        let faults = if setup.database() != self.app.store.path() {
            Some("o modo ou a pasta de dados mudou: reinicie o serviço".to_owned())
        } else if let Some(edits) = amend::silent_edits(&self.app.store, &setup).await? {
            Some(edits)
        } else {
            relay::check(&setup).err().map(|failure| chain(&failure))
        };
        Ok(match faults {
            None => Ok(setup),
            Some(faults) => Err(Refusal { fingerprint: setup.config.fingerprint, faults }),
        })
    }
}
