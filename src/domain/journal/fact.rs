//! What entries hold that is more than a value. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::make::{ObjectType, facts};
use super::word::Text;
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{FeedId, GerenciaId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};
use crate::domain::status::{Basis, Freshness, State, StatusEntry};

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
        /// When that was taken.
        taken_at "coletada_em": Text<Timestamp>,
        /// When a later fetch last found that load unchanged; null: none did, and its age counts from when it was taken.
        confirmed_at "confirmada_em": Option<Text<Timestamp>>,
        /// Until when a *pendente* counts, by the validity in force; null for other states.
        fresh_until "vale_ate": Option<Text<Timestamp>>,
        /// On which of its lines; null: it has no row about the part.
        line "linha": Option<u32>,
        /// The row's word as written, or counts; null where there is none.
        wording "palavra": Option<String>,
        /// Whether a prazo rests on it: the feed's last accepted row about a part or unit that it lists, saying *pendente*.
        is_quoted "citada": bool,
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

    /// Which gerências were competent for a part.
    CompetentFacts {
        /// Which part.
        part "parte": Text<PartId>,
        /// Its gerências.
        gerencias "gerencias": Vec<Text<GerenciaId>>,
    }

    /// A municipality of which something was expected when a deadline passed.
    ExpectedFacts {
        /// Which.
        municipality "municipio": Text<MunicipalityCode>,
        /// Its name.
        name "nome": String,
        /// Its region.
        region "regiao": String,
        /// Whether it counted as told of the first edition outside the system.
        told_outside "informado_por_fora": bool,
        /// Whether it could be written to.
        reachable "alcancavel": bool,
        /// Whether nothing was owed yet because another window was not concluded there.
        waits "esperava_outra": bool,
        /// What was expected.
        parts "partes": Vec<ExpectedPartFacts>,
        /// What the feeds had said.
        known "sabido": Vec<KnownFacts>,
    }

    /// A part that was expected.
    ExpectedPartFacts {
        /// Which part.
        part "parte": Text<PartId>,
        /// The units of it that counted.
        units "unidades": Vec<Text<UnitId>>,
        /// Those of them that began within the period, so that the silence about them means nothing.
        late "novas": Vec<Text<UnitId>>,
    }

    /// What a feed had said of one part when a deadline passed.
    KnownFacts {
        /// Which part.
        part "parte": Text<PartId>,
        /// Which unit; null: the part as a whole.
        unit "unidade": Option<Text<UnitId>>,
        /// What it said.
        state "situacao": Text<State>,
        /// As of when.
        as_of "dados_de": Text<Timestamp>,
        /// When that load was taken.
        taken_at "coletado_em": Text<Timestamp>,
        /// Which feed.
        feed "fonte": Text<FeedId>,
        /// In which load.
        snapshot "coleta": Text<SnapshotId>,
        /// The place of that load among all.
        arrival "ordem": u64,
        /// On what it rested: `linha`, `reaberta`, `silencio` or `contradicao`.
        basis "base": Text<Basis>,
        /// Whether the last word that was believed was *concluído* or *não se aplica*.
        settled "ja_concluido": bool,
        /// Since when it was reported as *pendente* and not yet proven; null: it was proven, or said something else.
        unproven_since "sem_prova_desde": Option<Text<Timestamp>>,
        /// Whether it was young enough to be believed.
        is_fresh "atual": bool,
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
        /// The change in words; of addresses, telephones and names only that they change.
        change "mudanca": String,
    }

    /// Data that stays although its years are over.
    KeptFacts {
        /// Of which window.
        window "janela": Text<WindowId>,
        /// Of which municipality; null: all.
        municipality "municipio": Option<Text<MunicipalityCode>>,
    }
}

impl Evidence {
    /// What is known from one feed, as a decision rests on it or only knew of it.
    pub fn of(entry: &StatusEntry, freshness: Freshness, is_quoted: bool) -> Self {
        Self {
            part: Text(entry.part.clone()),
            unit: entry.unit.clone().map(Text),
            state: Text(entry.state),
            as_of: Text(entry.as_of()),
            feed: Text(entry.feed.clone()),
            snapshot: Text(entry.snapshot.clone()),
            taken_at: Text(entry.taken_at),
            confirmed_at: freshness.confirmed_at.map(Text),
            fresh_until: freshness.until.map(Text),
            line: (entry.line > 0).then_some(entry.line),
            wording: entry.wording.as_deref().map(str::to_owned),
            is_quoted,
        }
    }
}

/// The objects within entries, for the reference page.
pub const PARTS: &[ObjectType] = &[
    Evidence::PART,
    LetterFacts::PART,
    DeliveryFacts::PART,
    Stopped::PART,
    Message::PART,
    CompetentFacts::PART,
    ExpectedFacts::PART,
    ExpectedPartFacts::PART,
    KnownFacts::PART,
    ProposalFacts::PART,
    KeptFacts::PART,
];
