//! What may be amiss with the service, in the operators' words and what to do first. Each says what ends it.

use jiff::Timestamp;

use super::lateness::Overdue;
use super::{aside, standstill};
use crate::domain::delivery::QueueStop;
use crate::domain::id::{FeedId, SnapshotId};
use crate::domain::time::{Leap, Zone};
use crate::render::portuguese as pt;
use crate::store::{ChannelFailure, LedgerDoubt, RefusedConfiguration};
use crate::text::visible;

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
    /// A loop does not get on. Ends when it does, or when systemd starts the service again.
    Hung {
        name: String,
        /// When it last did.
        since: Timestamp,
    },
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
    PanelDown { since: Timestamp, why: String },
    /// The service refused what the files hold, or holds it until a person lets it in. Ends when they are put back, changed
    /// to what passes, or let in.
    Refused(RefusedConfiguration),
    /// The files hold faults that the service has not met yet.
    Faulty,
    /// What the ledger holds is not what should have gone out. Ends with the next self-audit that finds nothing.
    Diverges {
        /// When that was found.
        at: Timestamp,
        letters: u64,
    },
    /// No self-audit was made for more than a day though the service runs. Ends with the next one.
    Unaudited {
        /// The last one; absent: none ever.
        since: Option<Timestamp>,
    },
    /// Copies were made regularly, and the last is too old. Ends with the next `copia`.
    BackupOld {
        /// The last one.
        since: Timestamp,
    },
    /// Every address that alerts go to refuses them. Ends with the next alert that one of them takes, or after a week.
    AlertsRefused {
        /// The first since one was taken.
        since: Timestamp,
        alerts: usize,
    },
    /// A way to tell staff failed. Ends when it is taken again, or after a week.
    ChannelFails(ChannelFailure),
    /// A source cannot be read. Ends with the next fetch that can.
    FeedFails {
        feed: FeedId,
        /// How often in a row.
        failures: u32,
        failure: String,
    },
    /// The last load of a source is not believed. Ends with the next one that is, or when a person accepts it.
    FeedQuarantined {
        feed: FeedId,
        since: Timestamp,
        /// It, where something could be read of it, so that it can be accepted.
        readable: Option<SnapshotId>,
    },
    /// What a source said is too old to count while a window is open. Ends with its next load.
    FeedStale { feed: FeedId, fetched_at: Timestamp },
}

/// The fixed word of each, for metrics.
macro_rules! labels {
    ($($ailment:ident $label:literal,)+) => {
        impl Ailment {
            /// Every word that [`Self::label`] may give.
            pub const LABELS: [&'static str; [$($label),+].len()] = [$($label),+];

            /// A fixed word for it, for metrics.
            pub fn label(&self) -> &'static str {
                match self {
                    $(Self::$ailment { .. } => $label,)+
                }
            }
        }
    };
}

labels! {
    NeverAlive "nunca_rodou",
    Doubted "livro_duvidoso",
    QueueStopped "fila_parada",
    ClockBehind "relogio_atrasado",
    ClockLeapt "relogio_saltou",
    Hung "laco_parado",
    Silent "sem_sinal",
    RelayFails "servidor_recusa",
    Late "atraso",
    PanelDown "painel_fora",
    Refused "configuracao_recusada",
    Faulty "configuracao_com_falhas",
    Diverges "autoconferencia_diverge",
    Unaudited "autoconferencia_atrasada",
    BackupOld "copia_velha",
    AlertsRefused "alerta_recusado",
    ChannelFails "canal_falha",
    FeedFails "fonte_ilegivel",
    FeedQuarantined "fonte_em_quarentena",
    FeedStale "fonte_velha",
}

impl Ailment {
    /// The words of those that keep letters from leaving.
    pub const FREEZES: [&'static str; 4] =
        ["livro_duvidoso", "fila_parada", "relogio_atrasado", "relogio_saltou"];

    /// Whether no pass decides anything while it lasts. (Of a clock that stands behind the plan itself says so.)
    pub fn keeps_from_deciding(&self) -> bool {
        matches!(self, Self::Doubted(_) | Self::ClockLeapt(_))
    }

    /// The same in one line, as systemd and other machines show it: no file's content, and nobody's address.
    pub fn line(&self, zone: &Zone) -> String {
        match self {
            Self::Refused(aside) => aside::headline(aside).to_owned(),
            Self::Late(overdue) => overdue.words(zone),
            _ => standstill::on_one_line(&self.words(zone)),
        }
    }

    /// What to type, where the one line does not say it.
    pub fn command(&self) -> Option<String> {
        match self {
            Self::Refused(aside) => Some(aside::command(aside).to_owned()),
            _ => None,
        }
    }

    /// What is amiss and what to do, in the operators' words.
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
            Self::Hung { name, since } => format!(
                "o serviço não avança ({name}) desde {}\n  dica: systemctl restart vigia-suas; se voltar a acontecer, avise \
                 o suporte com o registro do dia (journalctl -u vigia-suas)",
                pt::instant(*since, zone)
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
            Self::Diverges { at, letters } => format!(
                "a autoconferência de {} achou {}\n  dica: leia a lista em “vigia-suas livro”, rode “vigia-suas livro \
                 conferir” e não mude nada antes de guardar uma cópia do livro",
                pt::instant(*at, zone),
                pt::counted(usize::try_from(*letters).unwrap_or(usize::MAX), "divergência", "divergências")
            ),
            Self::Unaudited { since } => format!(
                "{} e o serviço está de pé\n  dica: veja por quê (journalctl -u vigia-suas)",
                match since {
                    Some(at) => format!("a última autoconferência é de {}", pt::instant(*at, zone)),
                    None => "nenhuma autoconferência foi feita ainda".to_owned(),
                }
            ),
            Self::AlertsRefused { since, alerts } => alerts_refused(*since, *alerts, zone),
            Self::ChannelFails(failing) => format!(
                "os alertas não saem por {} desde {}: {}\n  dica: confira [alertas] em vigia.toml e experimente com \
                 “vigia-suas testar-canal {0}”",
                failing.channel.as_str(),
                pt::instant(failing.since, zone),
                visible::line(&failing.failure)
            ),
            Self::FeedFails { feed, failures, failure } => format!(
                "a fonte {feed} não pôde ser lida em {}: {}\n  dica: “vigia-suas fontes {feed}” mostra o que houve; \
                 experimente com “vigia-suas fonte experimentar {feed}”",
                pt::counted(
                    usize::try_from(*failures).unwrap_or(usize::MAX),
                    "tentativa",
                    "tentativas seguidas"
                ),
                visible::line(failure)
            ),
            Self::FeedQuarantined { feed, since, readable } => format!(
                "a última coleta da fonte {feed} está em quarentena desde {}; vale a anterior\n  dica: veja os motivos com \
                 “vigia-suas fontes {feed}”; {}",
                pt::instant(*since, zone),
                match readable {
                    Some(load) => format!("se ela está certa, “{}”", pt::accepting(load)),
                    None => "nada dela pôde ser lido: a quarentena acaba com a próxima coleta boa".to_owned(),
                }
            ),
            Self::FeedStale { feed, fetched_at } => format!(
                "a última coleta da fonte {feed} é de {} e já não conta: sem outra, ninguém é cobrado por ela\n  dica: \
                 veja a fonte com “vigia-suas fontes {feed}”; se ela vem por arquivo, traga um novo",
                pt::instant(*fetched_at, zone)
            ),
        }
    }
}

fn alerts_refused(since: Timestamp, alerts: usize, zone: &Zone) -> String {
    format!(
        "{} por e-mail desde {}: os endereços de [alertas] recusaram\n  dica: veja quais com “vigia-suas livro” e leia-os no \
         painel; confira `para` em [alertas] (vigia.toml) e a caixa, e experimente com “vigia-suas enviar-teste”",
        pt::counted(alerts, "alerta não chegou a ninguém", "alertas não chegaram a ninguém"),
        pt::instant(since, zone)
    )
}
