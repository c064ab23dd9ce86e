//! Fixed words of the journal, and the domain's own as the journal writes them. Pure.

use std::ops::Deref;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::delivery::DeliveryState;
use crate::domain::id::{
    FeedId, GerenciaId, MunicipalityCode, PartId, SnapshotId, SystemId, UnitId, WindowId,
};
use crate::domain::notice::{Addressee, Kind};
use crate::domain::overrides::BatchId;
use crate::domain::refusal::Refusal;
use crate::domain::status::{Basis, State};
use crate::text::words::words;

macro_rules! stored {
    ($($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $meaning:literal])+ $word:ident $stored:literal,)+ })+) => {
        $(words! {
            $(#[doc = $about])+
            #[derive(Serialize, Deserialize)]
            pub enum $name {
                $($(#[doc = $meaning])+ #[serde(rename = $stored)] $word $stored,)+
            }
        })+
    };
}

stored! {
    /// What to do about a notice.
    Act {
        /// *enviar*: record it and let it leave.
        Send "enviar",
        /// *reter*: it would leave but for its reason.
        Withhold "reter",
        /// *retirar*: it is no longer wanted.
        Withdraw "retirar",
        /// *superar*: something later took its place.
        Supersede "superar",
        /// *expirar*: its validity ended; onto the call list.
        Expire "expirar",
        /// *publicar*: write the window's report.
        Publish "publicar",
    }

    /// Whether a snapshot is believed now: as judged, or as a person ruled since.
    Verdict {
        /// *aceita*: it is believed.
        Accepted "aceita",
        /// *quarentena*: it is not.
        Quarantined "quarentena",
    }

    /// What somebody says of the clock.
    ClockAct {
        /// *corrigir*: the high-water mark was false.
        TakeBack "corrigir",
        /// *aceitar*: the clock is right where it stands.
        Believe "aceitar",
    }

    /// Why a ledger is not known to be the one that last sent.
    DoubtCause {
        /// *ausente*: it has no witness.
        Missing "ausente",
        /// *copiada*: its witness is a copy, or another machine's.
        Copied "copiada",
        /// *anterior*: it ends before its witness.
        Older "anterior",
        /// *outro*: its witness is another ledger's.
        Other "outro",
    }

    /// How it is known that a letter left from another ledger.
    LeftProof {
        /// *registro*: the relay's log says so.
        Log "registro",
        /// *pessoa*: somebody says so.
        Person "pessoa",
        /// *nenhuma*: it is not known, and may be so.
        Nothing "nenhuma",
    }

    /// What became of a feed.
    FeedAct {
        /// *aposentar*: it was removed or switched off.
        Retire "aposentar",
        /// *religar*: it is on again.
        Resume "religar",
    }

    /// Whether an order is given or taken back.
    OrderAct {
        /// *dar*: given.
        Give "dar",
        /// *desfazer*: taken back.
        Lift "desfazer",
    }

    /// What somebody orders by hand.
    OrderKind {
        /// *reter*: letters wait.
        Hold "reter",
        /// *liberar*: a batch may leave.
        Release "liberar",
        /// *dispensar*: nothing is asked of a municipality.
        Exemption "dispensar",
        /// *contestar*: a municipality contests what the data says.
        Dispute "contestar",
        /// *anotar*: somebody called.
        Note "anotar",
        /// *reter-dados*: personal data stays although its years are over.
        Keep "reter-dados",
    }

    /// A way to tell staff besides mail.
    Channel {
        /// *webhook*: a service that shows it to people.
        Webhook "webhook",
        /// *comando*: a program of the administrator's.
        Command "comando",
        /// *sinal*: signs of life for another machine; of these only what somebody tries is told.
        Signal "sinal",
    }

    /// Why staff are told by another way than mail.
    ChannelCause {
        /// *urgente*: it needs a person at once, whatever becomes of the mail.
        Urgent "urgente",
        /// *correio*: no mail server took it.
        NoMail "correio",
        /// *teste*: somebody tries whether it works.
        Test "teste",
    }

    /// Why an address is no longer flagged.
    Unflagging {
        /// *confirmar*: somebody says that it is right.
        Confirmed "confirmar",
        /// *aceitar*: it took a letter.
        TookALetter "aceitar",
        /// *ler*: a letter was read there.
        WasRead "ler",
        /// *isentar*: several domains refused us within an hour, or the relay said the same of everybody, so the address is not
        /// at fault.
        Ours "isentar",
    }
}

impl Verdict {
    /// The command by which somebody brings it about: *aceitar*, *recusar*.
    pub fn command(self) -> &'static str {
        match self {
            Self::Accepted => "aceitar",
            Self::Quarantined => "recusar",
        }
    }
}

/// A value of the domain in an entry: written as its text, read by its own `parse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<T>(pub T);

impl<T> Deref for Text<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Text<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

macro_rules! texts {
    ($($name:ty: $write:expr, $read:expr;)+) => {
        $(
            impl Serialize for Text<$name> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let write: fn(&$name) -> String = $write;
                    serializer.serialize_str(&write(&self.0))
                }
            }

            impl<'de> Deserialize<'de> for Text<$name> {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let read: fn(&str) -> Option<$name> = $read;
                    let text = String::deserialize(deserializer)?;
                    read(&text).map(Self).ok_or_else(|| D::Error::custom(stringify!($name)))
                }
            }
        )+
    };
}

texts! {
    Timestamp: ToString::to_string, |text| text.parse().ok();
    SignedDuration: ToString::to_string, |text| text.parse().ok();
    Date: ToString::to_string, |text| text.parse().ok();
    Addressee: ToString::to_string, Addressee::parse;
    GerenciaId: ToString::to_string, |text| GerenciaId::parse(text).ok();
    DeliveryState: ToString::to_string, DeliveryState::parse;
    Refusal: ToString::to_string, Refusal::parse;
    State: |state| state.as_str().to_owned(), State::parse;
    Basis: |basis| basis.as_str().to_owned(), Basis::parse;
    Kind: |kind| kind.as_str().to_owned(), Kind::parse;
    BatchId: ToString::to_string, |text| BatchId::parse(text).ok();
    FeedId: ToString::to_string, |text| FeedId::parse(text).ok();
    MunicipalityCode: ToString::to_string, |text| MunicipalityCode::parse(text).ok();
    PartId: ToString::to_string, |text| PartId::parse(text).ok();
    SnapshotId: ToString::to_string, |text| SnapshotId::parse(text).ok();
    SystemId: ToString::to_string, |text| SystemId::parse(text).ok();
    UnitId: ToString::to_string, |text| UnitId::parse(text).ok();
    WindowId: ToString::to_string, |text| WindowId::parse(text).ok();
}
