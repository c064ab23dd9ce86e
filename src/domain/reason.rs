//! Why: the because of every decision, with its facts. Pure.

use jiff::Timestamp;
use jiff::civil::Date;

use super::calendar::{Deadline, HaltKind};
use super::notice::{Told, UnconfirmedPart};
use super::overrides::{BatchId, HoldScope};
use super::refusal::Refusal;
use super::roster::Role;
use super::status::StatusEntry;

/// The because of a decision. The words are `render`'s; here are the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    // --- to send
    /// The window is open and the municipality was never told.
    WindowOpen { opened_on: Date },
    /// The rung is due and something is pending.
    RungDue {
        due_at: Timestamp,
        /// What it rests on: of each pending part, or of each of its units, the last accepted row (or silence) of each feed
        /// that says so, as they arrived.
        rows: Vec<StatusEntry>,
    },
    /// Several rungs fell on the same instant and became this one.
    Coincidence {
        due_at: Timestamp,
        /// All of them, days before the deadline, the farthest first.
        rungs: Vec<u16>,
        /// What it rests on, as for one rung; none for a lembrete.
        rows: Vec<StatusEntry>,
    },
    /// Nothing is pending, something is unconfirmed, and the rung asks for the reminder.
    ReminderInstead { unconfirmed: Vec<UnconfirmedPart> },
    /// They were told another date.
    DeadlineMoved {
        /// What they were told last.
        told: Told,
        /// What holds now.
        now: Told,
    },
    /// The window stopped, whether they had been told of it or not.
    Halted {
        kind: HaltKind,
        /// The day it became known.
        since: Option<Date>,
    },
    /// The suspension ended and the deadline stands.
    DeadlineUpheld,
    /// One address took the letter; it goes on to the others as it was written, whatever would be written now.
    GoesOn,
    /// Letters with a copy to them left.
    CopiesDue { letters: usize },
    /// The deadline passed and the business days after it too.
    DeadlinePassed {
        /// The instant it passed.
        at: Timestamp,
    },
    /// A remessa was sent, and an extension took municipalities off its list.
    ReferralOvertaken {
        /// The edition that followed.
        edition: u16,
    },
    /// Staff must know of what is withheld.
    StaffNeeded {
        /// How many notices.
        notices: usize,
    },
    /// The service tells staff something that is about no notice.
    StaffTold {
        /// What about, in words: nobody's name or address, and nothing that others wrote.
        about: String,
    },
    /// The clock stands before what the ledger has seen.
    ClockBehind {
        /// The latest instant in the ledger.
        high_water: Timestamp,
    },

    // --- to withhold
    /// Nothing pending, something unconfirmed.
    Unconfirmed { unconfirmed: Vec<UnconfirmedPart> },
    /// Nobody to write to.
    NoContact,
    /// A letter did not reach an address, which is not written to for now (for the call list).
    AddressFlagged {
        role: Role,
        /// Whose matter it is.
        refusal: Refusal,
    },
    /// Somebody stopped it.
    Held {
        /// What they stopped.
        scope: HoldScope,
        author: String,
        reason: String,
    },
    /// A call was made, and the ladder waits for what was promised in it.
    Paused {
        /// Last day of the pause.
        until: Date,
        /// Who called.
        author: String,
        /// What came of it.
        result: String,
    },
    /// The opening must be confirmed first.
    AwaitsOpening {
        /// The batch to release.
        batch: BatchId,
    },
    /// Every batch of this system must be approved.
    AwaitsApproval {
        /// The batch to release.
        batch: BatchId,
    },
    /// The new deadline is earlier than the one in force.
    EarlierDeadline {
        /// The batch to release.
        batch: BatchId,
        /// The new one.
        announced: Told,
        /// The deadline in force until then.
        in_force: Told,
    },
    /// An earlier deadline waits for release, and until then nobody is warned.
    DeadlineInDoubt {
        /// The batch to release.
        batch: BatchId,
    },
    /// An earlier deadline passed before somebody released it: what they were told is wrong, and whom to warn by which
    /// date is for people to say.
    DeadlineLapsed {
        /// The one that passed.
        deadline: Deadline,
    },
    /// Too many notices on one day.
    DailyLimit {
        /// The batch to release.
        batch: BatchId,
        /// How many fall on that day.
        due: usize,
        /// How many may.
        limit: usize,
    },
    /// The daemon was down too long.
    AfterOutage {
        /// The batch to release.
        batch: BatchId,
        /// Last sign of life.
        from: Timestamp,
        /// When it came back.
        until: Timestamp,
    },

    // --- to withdraw, supersede, expire
    /// Everything is filled in, or no longer owed.
    Satisfied,
    /// A newer edition holds.
    EditionChanged { edition: u16 },
    /// The municipality is no longer expected.
    NotExpected,
    /// The window is no longer in the calendar.
    WindowGone,
    /// The status is no longer confirmed.
    NoLongerConfirmed,
    /// What the letter says no longer holds.
    ContentChanged,
    /// The window goes on before anybody took the note that it was stopped.
    HaltOver,
    /// Another letter to the municipality goes first; this one comes again after it, if it still holds then.
    GivesWay,
    /// An address that it was to go to is no longer one of the municipality's, or the office's.
    AddressGone,
    /// What held a letter to staff is over, and nobody took it: what it tells is written by what is known now.
    WrittenAnew,
    /// The daemon was down for the whole validity.
    Outage {
        /// Last sign of life.
        from: Timestamp,
        /// When it came back.
        until: Timestamp,
    },
    /// Its whole validity lay within 48 h of a divulgação or a correction.
    TooSoon {
        /// When that letter was accepted.
        told_at: Timestamp,
    },
    /// Its validity ended before it could leave.
    ValidityOver {
        at: Timestamp,
        /// Why it had not left, when it was withheld.
        withheld: Option<Cause>,
    },
    /// Its validity ended, and an address took it or may have: only the attempts that were left end with it.
    RestOver {
        at: Timestamp,
        /// What held back what was left of it, if something did.
        withheld: Option<Cause>,
    },

    // --- nothing to do
    /// Everything is concluído, não se aplica or dispensado.
    AllDone,
    /// The window is not open yet.
    NotOpenYet { opens_on: Date },
    /// No rung is due now.
    NothingDue,
    /// It waits for the 48 h after a divulgação or a correction, or for another letter of that day.
    Waits { until: Timestamp },
    /// Nothing holds it; it waits for the next sending instant.
    AwaitsHours {
        /// When letters may leave again.
        until: Timestamp,
    },
    /// Nothing holds it, but it cannot leave before its validity ends.
    LeavesNoMore {
        /// When it could leave.
        until: Timestamp,
        valid_until: Timestamp,
    },
    /// Due before the first day of sending (`inicio`).
    BeforeStart,
}

/// A reason without its facts: what the ledger compares and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause(&'static str);

macro_rules! causes {
    ($($variant:ident $([$batch:ident])? => $code:literal),+ $(,)?) => {
        impl Reason {
            /// The batch that `liberar` would let go, when that is what it waits for.
            pub fn batch(&self) -> Option<&BatchId> {
                match self {
                    $(Self::$variant { $($batch,)? .. } => causes!(@$($batch)?)),+
                }
            }

            /// The reason without its facts. A validity that ended is filed under what had held the notice back.
            pub fn cause(&self) -> Cause {
                match self {
                    Self::ValidityOver { withheld: Some(held_by), .. } => *held_by,
                    $(Self::$variant { .. } => Cause($code)),+
                }
            }
        }

        impl Cause {
            /// Reads the code in the ledger.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($code => Some(Self($code)),)+ _ => None }
            }
        }
    };
    (@$batch:ident) => {
        Some($batch)
    };
    (@) => {
        None
    };
}

causes! {
    WindowOpen => "janela-aberta",
    RungDue => "degrau-vencido",
    Coincidence => "coincidencia",
    ReminderInstead => "lembrete-sem-confirmacao",
    DeadlineMoved => "prazo-alterado",
    Halted => "janela-interrompida",
    DeadlineUpheld => "prazo-mantido",
    GoesOn => "segue",
    CopiesDue => "copia",
    DeadlinePassed => "prazo-encerrado",
    ReferralOvertaken => "remessa-adendo",
    StaffNeeded => "equipe",
    StaffTold => "mensagem-a-equipe",
    ClockBehind => "relogio",
    Unconfirmed => "nao-confirmado",
    NoContact => "sem-contato",
    AddressFlagged => "endereco-recusado",
    Held => "retido",
    Paused => "pausa",
    AwaitsOpening [batch] => "aguarda-abertura",
    AwaitsApproval [batch] => "aguarda-aprovacao",
    EarlierDeadline [batch] => "prazo-antecipado",
    DeadlineInDoubt [batch] => "prazo-em-duvida",
    DeadlineLapsed => "prazo-antecipado-vencido",
    DailyLimit [batch] => "limite-do-dia",
    AfterOutage [batch] => "retomada",
    Satisfied => "preenchido",
    EditionChanged => "prorrogado",
    NotExpected => "nao-esperado",
    WindowGone => "janela-removida",
    NoLongerConfirmed => "deixou-de-confirmar",
    ContentChanged => "conteudo-mudou",
    HaltOver => "interrupcao-terminou",
    GivesWay => "cede-a-vez",
    AddressGone => "endereco-mudou",
    WrittenAnew => "escrita-de-novo",
    Outage => "parada",
    TooSoon => "48h",
    ValidityOver => "validade",
    RestOver => "fim-das-tentativas",
    AllDone => "nada-pendente",
    NotOpenYet => "ainda-nao-aberta",
    NothingDue => "nada-a-fazer",
    Waits => "espera",
    AwaitsHours => "horario",
    LeavesNoMore => "nao-sai-mais",
    BeforeStart => "antes-do-inicio",
}

impl Cause {
    /// The validity of a notice ended, and nothing had held it back.
    pub const VALIDITY: Self = Self("validade");

    /// Whether nothing holds a notice, and only the hour is not come.
    pub fn only_waits(self) -> bool {
        matches!(self.0, "espera" | "horario" | "nao-sai-mais")
    }

    /// Whether it holds a batch of letters as a whole, and not each for itself.
    pub fn holds_batches(self) -> bool {
        matches!(self.0, "limite-do-dia" | "retomada")
    }

    /// Whether somebody holds it with an order of their own (`reter`), which may have a last day.
    pub fn is_by_hand(self) -> bool {
        self.0 == "retido"
    }

    /// Whether the service stood still for the whole validity.
    pub fn is_outage(self) -> bool {
        self.0 == "parada"
    }

    /// Whether only a person's `liberar` lets it go.
    pub fn waits_for_release(self) -> bool {
        matches!(
            self.0,
            "aguarda-abertura"
                | "aguarda-aprovacao"
                | "prazo-antecipado"
                | "prazo-em-duvida"
                | "limite-do-dia"
        )
    }

    /// The code in the ledger.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl Reason {
    /// When the validity of the letter ended, where that is the reason.
    pub fn validity_ended_at(&self) -> Option<Timestamp> {
        let (Self::ValidityOver { at, .. } | Self::RestOver { at, .. }) = self else { return None };
        Some(*at)
    }

    /// The last accepted rows that say *pendente* of what a prazo lists, where it is sent because of them.
    pub fn rows(&self) -> &[StatusEntry] {
        let (Self::RungDue { rows, .. } | Self::Coincidence { rows, .. }) = self else { return &[] };
        rows
    }
}
