//! The journal's entries: everything that is recorded for good, one variant for each kind. Pure.
//!
//! An entry is written as one JSON object: `formato` first, then its fields in the order given here, each of them always
//! (`null` for none). Those bytes are what the chain's hash covers, so [`Entry::read`] takes an entry only if writing
//! it again gives the same bytes. `formato` is the kind, what happened if the kind has several, and the version of the
//! schema: `entrega.tentativa.1`.
//!
//! Above 400 lines: all that is recorded for good is one list, which is read from end to end.
//!
//! To add a kind: one variant in `entries!` below, with a comment for it and for each field, and one golden line (the
//! test `every_kind_and_version_has_a_golden_entry` prints it). The compiler then names each place that must say what it
//! does with it, and the test of `docs/journal.md` how to write that page again. To change a kind: leave its variant as
//! it is, since ledgers have such entries, and add one with the next version beside it.
//!
//! These structs derive serde although domain types do not: they are no vocabulary, but the stored form itself, and a
//! second set of structs beside them would be all copying. They never reach a decision; the domain's own types are held
//! in [`Text`], which reads them by their `parse`.
//!
//! Longer than other files, because the table is one: what the journal holds is read here from end to end.

mod fact;
mod make;
mod read;
mod word;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use fact::{
    CompetentFacts, DeliveryFacts, Evidence, ExpectedFacts, ExpectedPartFacts, KeptFacts, KnownFacts,
    LetterFacts, Message, PARTS, ProposalFacts, Stopped,
};
pub use make::{Field, Form, ObjectType};
use make::{entries, facts};
pub use read::Unread;
pub use word::{
    Act, Channel, ChannelCause, ClockAct, DoubtCause, FeedAct, LeftProof, OrderAct, OrderKind, Text,
    Unflagging, Verdict,
};

use super::delivery::DeliveryState;
use super::id::{FeedId, MunicipalityCode, PartId, SnapshotId, SystemId, WindowId};
use super::notice::{Addressee, Kind};
use super::overrides::BatchId;
use super::refusal::Refusal;

entries! {
    /// The journal began.
    Opening "abertura.1" since "0.1.0" {
        /// The version of the program that began it.
        program "programa": String,
    }

    /// A pass decided about a notice. The subject is the notice's key.
    Decision "decisao.1" since "0.1.0" {
        /// What was decided: *enviar*, *reter*, *retirar*, *superar*, *expirar* or *publicar*.
        act "acao": Act,
        /// Whether a letter that had been stopped goes on.
        is_resumed "retomado": bool,
        /// What sort of letter; null for a report.
        kind "tipo": Option<Text<Kind>>,
        /// The edition; null for a notice about the service.
        edition "edicao": Option<u16>,
        /// The rung, as days before the deadline (`5d`).
        rung "degrau": Option<String>,
        /// The version of the notice's text; 0 when none was recorded.
        version "versao": u16,
        /// When it is due.
        due_at "vence_em": Text<Timestamp>,
        /// Until when it may leave; null: for ever.
        valid_until "valido_ate": Option<Text<Timestamp>>,
        /// The deadline that it tells: date and hour, or `a-definir`; null when it tells none.
        told "prazo_informado": Option<String>,
        /// The parts that it names, each followed by its units, between tabs.
        parts "partes": Vec<String>,
        /// Who asked for a copy of the letter, each followed by the parts that are theirs, between tabs.
        copies "copias": Vec<String>,
        /// The reason, as one fixed word.
        cause "causa": String,
        /// The reason in words.
        because "porque": String,
        /// What the feeds said that it rests on.
        evidence "evidencia": Vec<Evidence>,
        /// The letter recorded with it; null when none was.
        letter "carta": Option<LetterFacts>,
        /// Deliveries stopped by it; null when none were.
        stopped "parou": Option<Stopped>,
        /// Ids of deliveries taken up again.
        resumed "retomou": Vec<String>,
    }

    /// The deadline of an edition passed: who was expected with which units, and what was known. Whatever is said of it
    /// later rests on this and on later loads. The subject is the key of its last report.
    EditionClosed "encerramento.1" since "0.1.0" {
        /// Which edition.
        edition "edicao": u16,
        /// When its deadline passed.
        ended_at "prazo_em": Text<Timestamp>,
        /// When its remessa is due.
        refer_at "remessa_em": Text<Timestamp>,
        /// For how long a *pendente* was believed.
        validity "validade": Text<SignedDuration>,
        /// To whom its remessa goes.
        offices "remessa_para": Vec<Text<Addressee>>,
        /// The competent gerências of each part.
        competent "competentes": Vec<CompetentFacts>,
        /// The municipalities that it ended for and that owed something.
        municipalities "municipios": Vec<ExpectedFacts>,
        /// The municipalities that owed something and were on another edition.
        elsewhere "em_outra_edicao": Vec<Text<MunicipalityCode>>,
    }

    /// An attempt to deliver a letter to one address ended. The subject is the notice's key.
    Attempt "entrega.tentativa.1" since "0.1.0" {
        /// The delivery's id.
        delivery "entrega": String,
        /// In which role the address was written to.
        role "papel": String,
        /// The version of the notice's text.
        version "versao": u16,
        /// Where the delivery stands after it.
        state "estado": Text<DeliveryState>,
        /// Which attempt, counted from 1.
        number "tentativa": u32,
        /// When it began; the entry's own instant is its end.
        started_at "inicio": Text<Timestamp>,
        /// What it came to.
        outcome "resultado": Text<DeliveryState>,
        /// SHA-256 of what the relay said.
        reply_sha256 "resposta_sha256": String,
        /// When it is tried again; null: never.
        next_at "proxima": Option<Text<Timestamp>>,
    }

    /// Something came back for a delivered letter. The subject is the notice's key.
    Returned "entrega.retorno.1" since "0.1.0" {
        /// The delivery's id.
        delivery "entrega": String,
        /// In which role the address was written to.
        role "papel": String,
        /// The version of the notice's text.
        version "versao": u16,
        /// Where the delivery stands now: *devolvido*, *lido*, or *aceito* where it was in doubt.
        state "estado": Text<DeliveryState>,
        /// Where it stood before.
        before "antes": Text<DeliveryState>,
        /// SHA-256 of what the message says.
        reply_sha256 "resposta_sha256": String,
        /// The message itself, by digests.
        message "mensagem": Message,
    }

    /// Somebody let a letter be sent again of which nobody knew whether it had arrived. The subject is the notice's key.
    Released "entrega.liberada.1" since "0.1.0" {
        /// The delivery's id.
        delivery "entrega": String,
        /// In which role the address is written to.
        role "papel": String,
        /// The version of the notice's text.
        version "versao": u16,
        /// When it is tried again.
        next_at "proxima": Text<Timestamp>,
    }

    /// A letter was to be tried at an instant that only a clock that stood ahead could name, and the clock stands right
    /// again. The subject is the notice's key.
    Rescheduled "entrega.remarcada.1" since "0.1.0" {
        /// The delivery's id.
        delivery "entrega": String,
        /// In which role the address is written to.
        role "papel": String,
        /// The version of the notice's text.
        version "versao": u16,
        /// When it is tried now.
        next_at "proxima": Text<Timestamp>,
    }

    /// A load of a status feed was taken in, believed or not. The subject is its id.
    Snapshot "coleta.1" since "0.1.0" {
        /// Which feed.
        feed "fonte": Text<FeedId>,
        /// When it was taken.
        taken_at "em": Text<Timestamp>,
        /// File or address that it came from.
        source "origem": String,
        /// SHA-256 of the original.
        sha256 "sha256": String,
        /// How many rows it has.
        rows "linhas": u64,
        /// How many of them say nothing.
        rejected "rejeitadas": u64,
        /// How many of them repeat others.
        repeated "repetidas": u64,
        /// Whether it is believed: *aceita* or *quarentena*.
        verdict "veredito": Verdict,
        /// What staff should know of it.
        reasons "motivos": Vec<String>,
        /// SHA-256 of what was read of it; null when nothing was.
        mapped_sha256 "mapeado_sha256": Option<String>,
        /// How many observations say *concluído*.
        done "concluidos": u64,
        /// How many municipalities it speaks of.
        municipalities "municipios": u64,
        /// Whether the ledger keeps the original.
        has_original "original_guardado": bool,
    }

    /// Somebody gave an order by hand, or took one back. The subject is the order's id.
    Ordered "ordem.1" since "0.1.0" {
        /// Whether it was given (*dar*) or taken back (*desfazer*).
        act "acao": OrderAct,
        /// Which order: *reter*, *liberar*, *dispensar*, *contestar*, *anotar* or *reter-dados*.
        order "ordem": OrderKind,
        /// About which part; null: all.
        part "parte": Option<Text<PartId>>,
        /// About which batch of letters.
        batch "lote": Option<Text<BatchId>>,
        /// The last day on which it counts; null: until it is taken back.
        until "ate": Option<Text<Date>>,
        /// SHA-256 of the number called, which itself can be erased one day (LGPD).
        telephone_sha256 "telefone_sha256": Option<String>,
        /// SHA-256 of what came of a call made, which can be erased as well; null for another order.
        outcome_sha256 "resultado_sha256": Option<String>,
        /// Who.
        author "autor": String,
        /// Why; null for a call made.
        reason "motivo": Option<String>,
    }

    /// Somebody believed a load in spite of the judge, or believes it no longer. The subject is the load's id.
    Ruled "ordem.coleta.1" since "0.1.0" {
        /// Whether it is believed now: *aceita* or *quarentena*.
        verdict "veredito": Verdict,
        /// Which load.
        snapshot "coleta": Text<SnapshotId>,
        /// Of which feed.
        feed "fonte": Text<FeedId>,
        /// The windows that it speaks of.
        windows "janelas": Vec<Text<WindowId>>,
        /// Who.
        author "autor": String,
        /// Why.
        reason "motivo": String,
    }

    /// A feed was removed from the configuration or switched off, so that what it said until then no longer counts, or is on
    /// again. The subject is the feed.
    FeedSwitched "fonte.1" since "0.1.0" {
        /// Whether it was retired (*aposentar*) or is on again (*religar*), which brings nothing back.
        act "acao": FeedAct,
        /// The place among all loads of the last that no longer counts; null when it is on again.
        last "ate_coleta": Option<u64>,
        /// The fingerprint of the configuration that says so.
        configuration "configuracao": String,
        /// Who put that in force.
        author "autor": String,
    }

    /// An edition of a deadline was read for the first time, or otherwise than before. The subject is the window.
    Reading "leitura.1" since "0.1.0" {
        /// Which edition, counted from 1.
        edition "edicao": u16,
        /// The deadline: date and hour, or `a-definir`.
        deadline "prazo": String,
        /// Where the date comes from.
        source "fonte": String,
        /// The deadline as read before; null the first time.
        before "antes": Option<String>,
    }

    /// The service was silent for more than 24 hours.
    Outage "parada.1" since "0.1.0" {
        /// The last sign of life.
        from "de": Text<Timestamp>,
        /// When it came back.
        until "ate": Text<Timestamp>,
    }

    /// Somebody gave their word on the clock.
    ClockRuled "relogio.1" since "0.1.0" {
        /// Whether a false high-water mark was taken back (*corrigir*) or a leap believed (*aceitar*).
        act "acao": ClockAct,
        /// The high-water mark before.
        before "antes": Option<Text<Timestamp>>,
        /// Who.
        author "autor": String,
        /// Why.
        reason "motivo": String,
    }

    /// Somebody said that this ledger is the one that counts, of which its witness did not say so.
    Assumed "livro.assumir.1" since "0.1.0" {
        /// Why it was doubted: *ausente*, *copiada*, *anterior* or *outro*.
        cause "duvida": DoubtCause,
        /// The last entry that the witness knew; null when it could not be read.
        witness_seq "testemunha_registro": Option<i64>,
        /// That entry's hash.
        witness_hash "testemunha_hash": Option<String>,
        /// The last entry of this ledger before this one.
        seq "registro": i64,
        /// That entry's hash.
        hash "hash": String,
        /// Who.
        author "autor": String,
        /// Why.
        reason "motivo": String,
    }

    /// Another process leads, and sends from now on: nothing that comes before this entry was written by it. Only where the
    /// ledger is on a server.
    Led "livro.lider.1" since "0.1.0" {
        /// Machine and process.
        leader "quem": String,
        /// How many have led, this one among them.
        epoch "epoca": i64,
        /// Since when, by the server's clock.
        since "desde": Text<Timestamp>,
        /// Who led before; null for the first.
        before "antes": Option<String>,
    }

    /// Somebody moved the ledger to another place, with all its entries, this one among them: both ledgers end with it, and
    /// only the new one goes on.
    Moved "livro.mudar.1" since "0.1.0" {
        /// From where: a file, or a server and a schema.
        from "de": String,
        /// Where to.
        to "para": String,
        /// Who.
        author "autor": String,
    }

    /// A letter left, or may have left, from another ledger before this one was assumed. The subject is the notice's key.
    LeftElsewhere "entrega.outro-livro.1" since "0.1.0" {
        /// Its Message-ID.
        message_id "message_id": String,
        /// The version of the notice's text.
        version "versao": u16,
        /// The delivery's id; null: this ledger has no such letter. Where something proves that it left, its notice counts
        /// as told from then on; where nothing does, as uncertain once this ledger records it.
        delivery "entrega": Option<String>,
        /// In which role the address is written to; null where there is no delivery yet.
        role "papel": Option<String>,
        /// SHA-256 of the address in small letters; null: every address of the letter, or that of the delivery.
        address_sha256 "endereco_sha256": Option<String>,
        /// Where the delivery stands after it: *aceito*, or *incerto* where nothing proves that it left.
        state "estado": Text<DeliveryState>,
        /// When it left, or was said to have.
        left_at "saiu_em": Text<Timestamp>,
        /// How that is known: *registro*, *pessoa* or *nenhuma*.
        proof "prova": LeftProof,
        /// SHA-256 of what the delivery says of it.
        reply_sha256 "resposta_sha256": String,
        /// Who said so; null where a pass counted what had been said before.
        author "autor": Option<String>,
        /// Why.
        reason "motivo": Option<String>,
    }

    /// The queue stands still: letters came back from several domains at once. The subject is the queue.
    QueueStopped "fila.parada.1" since "0.1.0" {
        /// Until when, if nobody ends it before.
        until "ate": Text<Timestamp>,
        /// How many addresses, which are not at fault.
        contacts "contatos": u64,
    }

    /// The queue goes on. The subject is the queue.
    QueueResumed "fila.retomada.1" since "0.1.0" {
        /// Who ended the stop; null: its time was over.
        author "autor": Option<String>,
        /// Why.
        reason "motivo": Option<String>,
    }

    /// A letter marked as a test is about to be handed to the relay, or was. The subject is the address's SHA-256.
    TestSent "teste.1" since "0.1.0" {
        /// Which letter, as an example of it: its kind.
        kind "tipo": Text<Kind>,
        /// SHA-256 of the message.
        sha256 "sha256": String,
        /// What it came to; *enviando* before it may leave.
        outcome "resultado": Text<DeliveryState>,
        /// Who.
        author "autor": String,
    }

    /// An address refused a letter or sent one back. The subject is the address's SHA-256.
    Flagged "contato.marcar.1" since "0.1.0" {
        /// Whose matter it is: *endereco*, *caixa*, *carta*, *remetente*, *caminho* or *desconhecido*.
        refusal "motivo": Text<Refusal>,
        /// Until when it is not written to.
        until "ate": Text<Timestamp>,
        /// SHA-256 of what was said.
        why_sha256 "porque_sha256": String,
    }

    /// An address is no longer flagged. The subject is the address's SHA-256.
    Unflagged "contato.desmarcar.1" since "0.1.0" {
        /// Because somebody confirmed it (*confirmar*), it took a letter (*aceitar*), a letter was read there (*ler*), or
        /// several domains, or the relay of everybody, said the same at once (*isentar*).
        act "acao": Unflagging,
        /// Who confirmed it; null: nobody.
        author "autor": Option<String>,
        /// Why.
        reason "porque": Option<String>,
    }

    /// A configuration was put in force. The subject is its fingerprint.
    Adopted "configuracao.adotar.1" since "0.1.0" {
        /// The fingerprint of the one before; null when that stays the same or there was none.
        before "antes": Option<String>,
        /// The folder that it was read from.
        directory "pasta": String,
        /// Who put it in force.
        author "autor": String,
        /// SHA-256 of each file and variable by its name, in the names' order.
        files "arquivos": BTreeMap<String, String>,
    }

    /// A configuration could not be put in force. The subject is its fingerprint.
    Rejected "configuracao.recusar.1" since "0.1.0" {
        /// SHA-256 of its faults in words.
        faults_sha256 "faltas_sha256": String,
    }

    /// A configuration with large effects was held until a person lets it in. The subject is its fingerprint.
    Held "configuracao.segurar.1" since "0.1.0" {
        /// How many letters it would change.
        letters "cartas": u64,
        /// Each large effect in words.
        effects "efeitos": Vec<String>,
        /// SHA-256 of the table that staff were shown.
        table_sha256 "tabela_sha256": String,
    }

    /// Somebody let a configuration with large effects in. The subject is the digest of its files.
    Consented "configuracao.confirmar.1" since "0.1.0" {
        /// How many letters it changes, as they were shown.
        letters "cartas": u64,
        /// Who.
        author "autor": String,
    }

    /// A load of a register of units is believed. The subject is its feed.
    RegisterLoaded "cadastro.carga.1" since "0.1.0" {
        /// File or address that it came from.
        source "origem": String,
        /// SHA-256 of its bytes.
        sha256 "sha256": String,
        /// How many rows it has.
        rows "linhas": u64,
        /// How many units it lists.
        units "unidades": u64,
        /// What staff should know of it.
        remarks "observacoes": Vec<String>,
        /// Refusals of proposals that ended with it.
        lapsed "recusas_encerradas": Vec<String>,
        /// Who took it in spite of doubts; null when there were none.
        author "autor": Option<String>,
        /// Why it was taken in spite of doubts.
        reason "motivo": Option<String>,
    }

    /// A load of a register of units is not believed. The subject is its feed.
    RegisterDoubted "cadastro.carga-recusada.1" since "0.1.0" {
        /// File or address that it came from.
        source "origem": String,
        /// SHA-256 of its bytes.
        sha256 "sha256": String,
        /// Why.
        reason "motivo": String,
    }

    /// Somebody took what a register proposes into `unidades.csv`.
    ProposalsTaken "cadastro.aplicado.1" since "0.1.0" {
        /// What was taken.
        proposals "propostas": Vec<ProposalFacts>,
        /// SHA-256 of the file before; null when there was none.
        before_sha256 "sha256_antes": Option<String>,
        /// SHA-256 of the file after.
        after_sha256 "sha256_depois": String,
        /// Who.
        author "autor": String,
        /// Why.
        reason "motivo": String,
    }

    /// Somebody refused what a register proposes.
    ProposalsRefused "cadastro.recusado.1" since "0.1.0" {
        /// What was refused.
        proposals "propostas": Vec<ProposalFacts>,
        /// Who.
        author "autor": String,
        /// Why.
        reason "motivo": String,
    }

    /// Something was found in the news. The subject is its id.
    Found "noticia.achada.1" since "0.1.0" {
        /// In which source.
        feed "fonte": Text<FeedId>,
        /// About which system.
        system "sistema": Text<SystemId>,
        /// What it seems to tell, as one fixed word.
        topic "sobre": String,
        /// Its title.
        title "titulo": String,
        /// Its address.
        link "link": String,
        /// The passage that says so.
        quote "trecho": String,
        /// The day on which it was published, if known.
        published_on "publicada": Option<Text<Date>>,
        /// Whether it was too old to be told.
        is_old "antiga": bool,
    }

    /// What should have gone out until now was worked out anew and compared with the ledger, letter by letter.
    Audited "conferencia.1" since "0.1.0" {
        /// Until when.
        until "ate": Text<Timestamp>,
        /// Up to which entry of the journal letters were judged; the next audit judges what comes after.
        reached "ate_registro": u64,
        /// The hash of that entry: until there the whole journal was checked. Empty where it could not be read.
        reached_hash "ate_hash": String,
        /// How many letters were compared.
        letters "cartas": u64,
        /// How many divergences were found.
        divergences "divergencias": u64,
        /// The first of them, in words.
        found "quais": Vec<String>,
    }

    /// Staff were told of an alert by another way than mail, or were not. The subject is the alert's key, or the way where
    /// somebody tries it.
    Announced "alerta.canal.1" since "0.1.0" {
        /// By which: *webhook*, *comando* or, where somebody tries it, *sinal*.
        channel "canal": Channel,
        /// Why: *urgente*, *correio* or *teste*.
        cause "causa": ChannelCause,
        /// What went wrong; null when it was taken.
        failure "falha": Option<String>,
        /// Who tried it; null: the service.
        author "autor": Option<String>,
    }

    /// Somebody saw something found in the news. The subject is its id.
    Seen "noticia.vista.1" since "0.1.0" {
        /// Who.
        author "autor": String,
        /// What they noted.
        reason "motivo": String,
    }

    /// The panel showed a dossier to somebody who came in with a password or through the proxy; whoever needs neither, also
    /// through a tunnel, is not noted, and the same again within a minute is noted once. The subject is the municipality.
    DossierShown "painel.dossie.1" since "0.1.0" {
        /// Who, as they said to the panel or to the proxy before it.
        user "usuario": String,
        /// Whether the proxy says so (true) or the panel's own passwords do (false).
        by_proxy "pelo_proxy": bool,
    }

    /// Names, addresses, telephones and the bytes of letters that were recorded before an instant were erased from the
    /// ledger (`guardar_anos`); the digests of all of them stay in the entries that tell of them. Of each notice whose letters
    /// went an `apagamento` tells before this. The subject is the ledger.
    Reduced "reducao.2" since "0.1.0" {
        /// For how many years they are kept.
        years "anos": u16,
        /// What was recorded before this instant was erased.
        before "antes_de": Text<Timestamp>,
        /// What stayed because somebody said so (`reter-dados`).
        kept "retidas": Vec<KeptFacts>,
        /// How many letters.
        letters "cartas": u64,
        /// How many deliveries of them, with their addresses and the relay's words.
        deliveries "entregas": u64,
        /// SHA-256 of each message that had come back and went.
        returns "retornos_sha256": Vec<String>,
        /// The notes of calls made whose number and outcome went.
        calls "telefonemas": Vec<String>,
        /// SHA-256 of each file that went, of configurations that were no longer in force.
        files "arquivos_sha256": Vec<String>,
        /// SHA-256 of each address that is no longer flagged, because that was over long ago.
        unflagged "marcas_sha256": Vec<String>,
        /// Who; null: the service.
        author "autor": Option<String>,
        /// Why; null: its month had come.
        reason "motivo": Option<String>,
    }

    /// The bytes of a notice's letters, the addresses that they went to and the relay's words were erased, because their years
    /// were over. Those of its other letters were not. The subject is the notice's key.
    Erased "apagamento.1" since "0.1.0" {
        /// Of which of its letters, by the version of its text.
        versions "versoes": Vec<u16>,
    }
}
