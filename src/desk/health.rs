//! Whether the service is well: alive, running on the configuration that its files hold, and sending what is due.
//!
//! Each question is one [`Ailment`]; whatever else the service vouches for by and by is one more here.

use jiff::{SignedDuration, Timestamp};

use crate::config::Mode;
use crate::domain::delivery::QueueStop;
use crate::domain::time::{Leap, Zone};
use crate::plan::CLOCK_TOLERANCE;
use crate::render::portuguese as pt;
use crate::store::{LastBackup, LedgerDoubt, RefusedConfiguration, Signs, Store, StoreError};
use crate::world::aside;
use crate::world::lateness::{self, Overdue};
use crate::world::live::Live;
use crate::world::standstill;

/// A heartbeat older than this is none: the daemon gives one a minute.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Copies are made each day, or each week.
const BACKUP_FRESH: SignedDuration = SignedDuration::from_hours(8 * 24);

/// What is amiss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ailment {
    /// No daemon ever ran on this ledger.
    NeverAlive,
    /// Nobody knows that the ledger is the one that last sent. Ends with `assumir`, or with a start on the right one.
    Doubted(LedgerDoubt),
    /// The queue stands still because letters came back from several domains. Ends by its time, or by `liberar`.
    QueueStopped(QueueStop),
    /// The clock stands before what the service already lived through.
    ClockBehind {
        /// Up to when.
        mark: Timestamp,
    },
    /// The clock leapt ahead, and nobody vouches for it.
    ClockLeapt(Leap),
    /// No sign of life for too long.
    Silent {
        /// The last one.
        since: Timestamp,
    },
    /// The relay takes nothing, and letters wait for it. Ends with the next letter that it takes.
    RelayFails {
        /// The first round in which it failed.
        since: Timestamp,
    },
    /// Something due has not left for longer than `saude.atraso` allows. Ends when it leaves, or need not any more.
    Late(Overdue),
    /// The panel cannot be served; all else goes on. Ends when it can, which is tried again and again, or when `[painel]` is
    /// taken out.
    PanelDown {
        /// Since when.
        since: Timestamp,
        /// Why not.
        why: String,
    },
    /// The service refused what the files hold, or holds it until a person lets it in. Ends when they are put back, changed
    /// to what passes, or let in.
    Refused(RefusedConfiguration),
    /// The files hold faults that the service has not met yet.
    Faulty,
    /// Copies were made regularly, and the last is too old. Ends with the next `copia`.
    BackupOld {
        /// The last one.
        since: Timestamp,
    },
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The ledger's signs of life.
    pub signs: Signs,
    /// The configuration in force: its hash, since when, by whom.
    pub in_force: Option<(String, Timestamp, String)>,
    /// The last copy of the ledger that is known of.
    pub backup: Option<LastBackup>,
    /// What is amiss; nothing when all is well.
    pub ailments: Vec<Ailment>,
}

/// Examines the service of a configuration by its ledger. `faulty`: whether the files cannot be used as they are now.
///
/// # Errors
/// [`StoreError`].
pub async fn examine(store: &Store, live: &Live, faulty: bool, now: Timestamp) -> Result<Health, StoreError> {
    let signs = store.signs().await?;
    let kept = store.configuration_in_force().await?;
    let mut ailments = standstills(store, live, &signs, now).await?;
    match signs.heartbeat_at {
        None => ailments.push(Ailment::NeverAlive),
        Some(since) if now.duration_since(since) > FRESH => ailments.push(Ailment::Silent { since }),
        Some(_) => {}
    }
    if let Some(since) = signs.relay_failing_since
        && store.waiting(now).await? > 0
    {
        ailments.push(Ailment::RelayFails { since });
    }
    if let Some(overdue) = lateness::overdue(store, live, now).await? {
        ailments.push(Ailment::Late(overdue));
    }
    if let Some((since, why)) = &signs.panel_failing
        && live.setup.config.settings.panel.is_some()
    {
        ailments.push(Ailment::PanelDown { since: *since, why: why.clone() });
    }
    match store.configuration_refused().await? {
        Some(refused) => ailments.push(Ailment::Refused(refused)),
        None if faulty => ailments.push(Ailment::Faulty),
        None => {}
    }
    let backup = store.last_backup();
    let old = |last: &&LastBackup| last.is_regular && now.duration_since(*last.at) > BACKUP_FRESH;
    ailments.extend(backup.as_ref().filter(old).map(|last| Ailment::BackupOld { since: *last.at }));
    Ok(Health { backup, signs, in_force: kept.map(|k| (k.fingerprint, k.since, k.by)), ailments })
}

/// What keeps letters from leaving, whatever is due: the ledger, the clock, what came back. A rehearsal writes to nobody,
/// and does not ask whether its ledger is the one that last sent.
///
/// # Errors
/// [`StoreError`].
pub async fn standstills(
    store: &Store,
    live: &Live,
    signs: &Signs,
    now: Timestamp,
) -> Result<Vec<Ailment>, StoreError> {
    let doubt = match live.setup.config.settings.mode {
        Mode::Rehearsal => None,
        Mode::Production => store.doubt().await?.map(Ailment::Doubted),
    };
    let stop = signs.stop.filter(|stop| stop.holds(now)).map(Ailment::QueueStopped);
    Ok([doubt, clock_trouble(signs, now), stop].into_iter().flatten().collect())
}

/// Whether the clock keeps letters from leaving.
#[must_use]
pub fn clock_trouble(signs: &Signs, now: Timestamp) -> Option<Ailment> {
    let behind = signs.high_water.filter(|mark| mark.duration_since(now) > CLOCK_TOLERANCE);
    signs.leap.map(Ailment::ClockLeapt).or(behind.map(|mark| Ailment::ClockBehind { mark }))
}

impl Ailment {
    /// A fixed word for it, for metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::NeverAlive => "nunca_rodou",
            Self::Doubted(_) => "livro_duvidoso",
            Self::QueueStopped(_) => "fila_parada",
            Self::ClockBehind { .. } => "relogio_atrasado",
            Self::ClockLeapt(_) => "relogio_saltou",
            Self::Silent { .. } => "sem_sinal",
            Self::RelayFails { .. } => "servidor_recusa",
            Self::Late(_) => "atraso",
            Self::PanelDown { .. } => "painel_fora",
            Self::Refused(_) => "configuracao_recusada",
            Self::Faulty => "configuracao_com_falhas",
            Self::BackupOld { .. } => "copia_velha",
        }
    }

    /// The words of those that keep letters from leaving.
    pub const FREEZES: [&'static str; 4] =
        ["livro_duvidoso", "fila_parada", "relogio_atrasado", "relogio_saltou"];

    /// Every word that [`Self::label`] may give.
    pub const LABELS: [&'static str; 12] = [
        "nunca_rodou",
        "livro_duvidoso",
        "fila_parada",
        "relogio_atrasado",
        "relogio_saltou",
        "sem_sinal",
        "servidor_recusa",
        "atraso",
        "painel_fora",
        "configuracao_recusada",
        "configuracao_com_falhas",
        "copia_velha",
    ];

    /// What is amiss and what to do, in the operators' words.
    #[must_use]
    pub fn words(&self, zone: &Zone) -> String {
        match self {
            Self::NeverAlive => {
                "o serviço nunca rodou com este livro\n  dica: systemctl start vigia-suas".to_owned()
            }
            Self::Doubted(found) => standstill::doubted(found, zone),
            Self::QueueStopped(stop) => standstill::stopped(stop, zone),
            Self::ClockBehind { mark } => format!(
                "o relógio desta máquina está antes de {}, até onde o serviço já trabalhou: nenhuma carta sai a município\n  \
                 dica: confira com “timedatectl”; se o relógio está certo agora, rode “vigia-suas relogio corrigir --motivo …”",
                pt::instant(*mark, zone)
            ),
            Self::ClockLeapt(leap) => format!(
                "o relógio desta máquina saltou de {} para {} e ninguém o confirma: nada é decidido\n  dica: confira com \
                 “timedatectl”; se o relógio está certo, rode “vigia-suas relogio aceitar --motivo …”",
                pt::instant(leap.from, zone),
                pt::instant(leap.to, zone)
            ),
            Self::Silent { since } => format!(
                "o serviço não dá sinal de vida desde {}\n  dica: systemctl status vigia-suas; se está de pé, confira o espaço em disco",
                pt::instant(*since, zone)
            ),
            Self::RelayFails { since } => format!(
                "o servidor de saída de e-mail não aceita cartas desde {}; a fila espera\n  dica: veja o que ele responde \
                 (journalctl -u vigia-suas) e confira a rede, a senha e [smtp] em vigia.toml",
                pt::instant(*since, zone)
            ),
            Self::Late(overdue) => format!(
                "{}\n  dica: veja por quê (journalctl -u vigia-suas); confira o espaço em disco, a rede, o servidor de \
                 saída e os limites por_minuto e por_dia em vigia.toml",
                overdue.words(zone)
            ),
            Self::PanelDown { since, why } => format!(
                "o painel não está no ar desde {}: {why}; as cartas seguem saindo\n  dica: corrija [painel] em vigia.toml ou o \
                 que a falha diz, e confira com “vigia-suas verificar”; o serviço tenta de novo sozinho",
                pt::instant(*since, zone)
            ),
            Self::Refused(aside) => aside::words(aside, zone),
            Self::BackupOld { since } => format!(
                "a última cópia do livro é de {}\n  dica: veja por que as seguintes não foram feitas (systemctl status \
                 vigia-suas-copia.timer; journalctl -u vigia-suas-copia) e rode “vigia-suas copia PASTA --guardar N”",
                pt::instant(*since, zone)
            ),
            Self::Faulty => {
                "os arquivos da configuração têm falhas; o serviço ainda não os leu\n  dica: rode \
                             “vigia-suas verificar” e corrija antes de recarregar ou reiniciar"
                    .to_owned()
            }
        }
    }
}
