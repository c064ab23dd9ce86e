//! Reload: another configuration takes over whole, or changes nothing and is told.
//!
//! By SIGHUP, or by files that changed. Compiled aside; what cannot be used is refused, and what has a large effect is held
//! (`gate`): said in the log each time, by mail once a day, and where systemd and `saude` show it.

use jiff::Timestamp;
use sd_notify::NotifyState;
use tracing::{error, info, warn};

use super::alert;
use super::beat::notify;
use super::gate::{self, Verdict};
use super::lifecycle::Service;
use super::watch::{self, Look, Watch};
use crate::store::{HeldConfiguration, StoreError};
use crate::telemetry::{chain, faults_for_logs};
use crate::world::contrast::ContrastError;
use crate::world::known::note_readings;
use crate::world::last_good::{self, RefusedFiles};
use crate::world::setup::Setup;
use crate::world::{aside, relay};

impl Service {
    /// Takes in files that changed, once they are quiet and whole (`vigiar_arquivos`).
    pub(super) async fn look(&self, watch: &mut Watch) -> Result<(), ContrastError> {
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
            info!("os arquivos da configuração mudaram e ainda têm falhas; aguarda-se o resto da gravação");
        }
        Ok(())
    }

    /// Compiles the configuration aside and swaps it only if it is whole and passes the gate; else the last good one goes
    /// on, and says so. What SIGHUP does.
    ///
    /// # Errors
    /// [`ContrastError`]; then what is in force stays so.
    pub async fn reload(&self) -> Result<(), ContrastError> {
        let now = self.app.now();
        let monotonic = NotifyState::monotonic_usec_now();
        match monotonic {
            Ok(stamp) => notify(&[NotifyState::Reloading, stamp]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
        match last_good::load(self.directory.as_deref(), now) {
            Ok(setup) => match self.judge(&setup, now).await? {
                Verdict::Adopt => self.take_over(setup, now).await?,
                Verdict::Hold(held) => self.hold(held, now).await?,
                Verdict::Refuse(refusal) => self.refuse(&refusal, now).await?,
            },
            Err(refusal) => self.refuse(&refusal, now).await?,
        }
        notify(&[NotifyState::Ready]);
        Ok(())
    }

    async fn take_over(&self, setup: Setup, now: Timestamp) -> Result<(), StoreError> {
        self.app.adopt(setup);
        let live = self.app.live();
        note_readings(&live, &self.app.store, now).await?;
        last_good::adopt(&self.app.store, &live.setup, "recarga", now).await?;
        self.app.runs_on_last_good(false);
        info!(config.fingerprint = %live.setup.config.fingerprint, "configuração recarregada");
        Ok(())
    }

    /// Goes on without what the files hold: said in the log each time, by mail at once for each distinct one and then once a
    /// day while they hold it, and where systemd shows it.
    pub(super) async fn refuse(&self, refusal: &RefusedFiles, now: Timestamp) -> Result<(), StoreError> {
        let RefusedFiles { fingerprint, faults } = refusal;
        error!(
            "a configuração nova tem falhas e não foi adotada; vale a anterior\n{}",
            faults_for_logs(faults)
        );
        if self.app.store.refuse_configuration(fingerprint, faults, now).await? {
            self.tell_aside(now).await?;
        }
        self.show_aside().await
    }

    /// Goes on without what has a large effect until a person lets it in: said in the log each time, by mail once a day,
    /// and where systemd shows it.
    pub(super) async fn hold(&self, held: HeldConfiguration, now: Timestamp) -> Result<(), StoreError> {
        error!(
            letters = held.letters,
            "a configuração nova tem efeito grande e espera confirmação (vigia-suas aplicar --confirmar {}); vale a \
             anterior\n{}",
            held.letters,
            held.table
        );
        self.app.store.hold_configuration(held, now).await?;
        self.tell_aside(now).await?;
        self.show_aside().await
    }

    /// Tells staff what the files hold and is not in force, once a day.
    async fn tell_aside(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(aside) = self.app.store.configuration_refused().await? else { return Ok(()) };
        let fingerprint = &aside.fingerprint;
        let topic = format!("{}{}", alert::topic::CONFIGURATION, fingerprint.get(..8).unwrap_or(fingerprint));
        alert::alert_once(&self.app, &topic, aside::told(&aside), now).await
    }

    async fn show_aside(&self) -> Result<(), StoreError> {
        if let Some(aside) = self.app.store.configuration_refused().await? {
            notify(&[NotifyState::Status(aside::headline(&aside))]);
        }
        Ok(())
    }

    /// Says once a day what the files hold and is not in force, or that the service began on the last good configuration
    /// and runs on it still.
    pub async fn remind(&self, now: Timestamp) -> Result<(), StoreError> {
        if !self.app.is_on_last_good() {
            return self.tell_aside(now).await;
        }
        let text = "O serviço começou com a última configuração boa, guardada no livro, porque os arquivos têm falhas. \
                    Rode “vigia-suas verificar”, corrija-os e rode “systemctl reload vigia-suas”.";
        warn!("{text}");
        alert::alert_once(
            &self.app,
            &format!("{}anterior", alert::topic::CONFIGURATION),
            text.to_owned(),
            now,
        )
        .await
    }

    /// Whether a whole configuration may take the place of the one in force.
    async fn judge(&self, setup: &Setup, now: Timestamp) -> Result<Verdict, ContrastError> {
        let verdict = gate::judge(&self.app.store, Some(&self.app.live().setup), setup, now).await?;
        let faults = match verdict {
            Verdict::Adopt if !setup.keeps(self.app.store.path()) => Some(
                "a mudança de `modo` ou `dados` está confirmada: rode “systemctl restart vigia-suas”"
                    .to_owned(),
            ),
            Verdict::Adopt => relay::check(setup).err().map(|failure| chain(&failure)),
            Verdict::Hold(_) | Verdict::Refuse(_) => None,
        };
        let fingerprint = setup.config.fingerprint.clone();
        Ok(faults.map_or(verdict, |faults| Verdict::Refuse(RefusedFiles { fingerprint, faults })))
    }
}
