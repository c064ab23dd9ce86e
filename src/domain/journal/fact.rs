//! What entries hold that is more than a value. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::make::{Part, facts};
use super::word::Text;
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{FeedId, MunicipalityCode, PartId, SnapshotId, UnitId};
use crate::domain::status::State;

facts! {
    /// What a feed said of one part.
    Evidence {
        /// Which part.
        part "parte": Text<PartId>,
        /// Which unit; null: the part as a whole.
        unit "unidade": Option<Text<UnitId>>,
        /// What it said.
        state "situacao": Text<State>,
        /// As of when.
        as_of "dados_de": Text<Timestamp>,
        /// Which feed.
        feed "fonte": Text<FeedId>,
        /// In which load.
        snapshot "coleta": Text<SnapshotId>,
    }

    /// A letter, recorded before the network is touched.
    LetterFacts {
        /// Its Message-ID.
        message_id "message_id": String,
        /// Its subject.
        subject "assunto": String,
        /// SHA-256 of exactly what goes after DATA.
        sha256 "sha256": String,
        /// One for each address.
        deliveries "entregas": Vec<DeliveryFacts>,
    }

    /// One letter to one address. The address itself is personal data and not in the journal.
    DeliveryFacts {
        /// Its id: a digest of notice, version and address.
        id "entrega": String,
        /// In which role the address is written to.
        role "papel": String,
    }

    /// Deliveries that a decision stopped.
    Stopped {
        /// The decision's word.
        by "por": String,
        /// Where those stand that were never tried; null where they only wait.
        state "estado": Option<Text<DeliveryState>>,
        /// Ids of those that were never tried and end here.
        ended "encerradas": Vec<String>,
        /// Ids of those that keep their state and are not tried again for now.
        halted "paradas": Vec<String>,
    }

    /// A message that came back.
    Message {
        /// SHA-256 of all of it.
        sha256 "sha256": String,
        /// How many bytes it had.
        size "tamanho": u64,
        /// SHA-256 of what is kept of it.
        kept_sha256 "guardado_sha256": String,
    }

    /// One change that a register of units proposes.
    ProposalFacts {
        /// Its short name.
        id "proposta": String,
        /// Which unit.
        unit "unidade": Text<UnitId>,
        /// In which municipality.
        municipality "municipio": Text<MunicipalityCode>,
        /// Which register proposes it.
        feed "fonte": Text<FeedId>,
        /// The change in words.
        change "mudanca": String,
    }
}

/// The objects within entries, for the reference page.
pub const PARTS: &[Part] = &[
    Evidence::PART,
    LetterFacts::PART,
    DeliveryFacts::PART,
    Stopped::PART,
    Message::PART,
    ProposalFacts::PART,
];
