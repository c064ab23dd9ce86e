//! `cadastro`: what the ministry's register of units would change, taken or refused by a person.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{Choice, Named, Register, RegisterVerb, Signature, Waiver};
use super::session::{Answer, Failure, Result, Session, bytes_of, remark, say};
use super::{apply, consent};
use crate::daemon::register::{self, Pending};
use crate::desk::units::{self, ApplyError};
use crate::domain::id::FeedId;
use crate::domain::journal::{ProposalFacts, Text};
use crate::domain::overrides::Authorship;
use crate::domain::register::{Edit, Refused};
use crate::format::body::Original;
use crate::render::line::rfc3339;
use crate::render::{portuguese, register as words};
use crate::store::Store;
use crate::text::remark::Reading;
use crate::text::visible;
use crate::world::live::Live;

/// Shows proposals, or does with them what was asked.
pub(super) async fn run(session: &Session, asked: &Register) -> Result {
    match &asked.verb {
        Some(RegisterVerb::Load { register, file, waived }) => {
            load(session, register, file, waived.as_ref()).await
        }
        _ if session.setup.config.registers.is_empty() => Err(Failure::refused(
            "erro: nenhum cadastro foi declarado em fontes.toml\ndica: tire o comentário de uma tabela [cadastro.…]",
        )),
        None => list(session, &asked.choice, asked.refused).await,
        Some(RegisterVerb::Apply { named, unasked, author }) => apply(session, named, *unasked, author).await,
        Some(RegisterVerb::Refuse { named, signature }) => refuse(session, named, signature).await,
    }
}

/// Shows proposals as a diff.
async fn list(session: &Session, choice: &Choice, refused: bool) -> Result {
    let (mut pending, read) = match session.ledger().await? {
        Some(store) => (chosen(session, &store, &[], choice).await?, !store.registers().await?.is_empty()),
        None => (Vec::new(), false),
    };
    pending.retain(|pending| refused || pending.refused.is_none());
    if session.json {
        for pending in &pending {
            say(&object(session, pending).to_string());
        }
    } else if pending.is_empty() {
        remark(if read {
            "nenhuma proposta a mostrar"
        } else {
            "nada foi lido do cadastro ainda; para carregar um arquivo à mão: vigia-suas cadastro carregar NOME ARQUIVO"
        });
    } else {
        say(&diff(session, &pending));
    }
    Ok(Answer::Done)
}

/// Writes proposals into `unidades.csv`.
async fn apply(session: &Session, named: &Named, unasked: bool, author: &str) -> Result {
    if session.is_aside {
        return Err(Failure::refused(
            "recusado: a pasta tem mudanças por confirmar ou com falhas, e as propostas seriam gravadas entre elas; nada foi \
             mudado\ndica: resolva-as antes, com “vigia-suas aplicar” ou “vigia-suas verificar”",
        ));
    }
    let store = session.writable_ledger().await?;
    let mut pending = chosen(session, &store, &named.proposals, &named.choice).await?;
    // What was refused is taken only when somebody names it.
    pending.retain(|pending| pending.refused.is_none() || named.proposals.contains(&pending.id));
    if pending.is_empty() {
        remark("nenhuma proposta a aplicar");
        return Ok(Answer::Done);
    }
    if !unasked {
        let shown = diff(session, &pending);
        if session.json {
            remark(&shown);
        } else {
            say(&shown);
        }
    }
    if !consent::ask("gravar em unidades.csv?", unasked)? {
        return Ok(Answer::Negative);
    }
    let by = session.by(author, "cadastro aplicar")?;
    let edits: Vec<Edit> = pending.iter().map(|pending| pending.proposal.edit()).collect();
    let told = pending.iter().map(|pending| told(session, pending)).collect();
    let applied = units::apply(&session.setup, &store, &edits, told, by).await;
    let applied = applied.map_err(|error| failure(&error))?;
    let without: Vec<String> = applied.without_units.iter().map(ToString::to_string).collect();
    if session.json {
        say(&json!({
            "arquivo": applied.path.display().to_string(),
            "copia": applied.copy.as_ref().map(|path| path.display().to_string()),
            "aplicadas": pending.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
            "partes_sem_unidades": without,
        })
        .to_string());
        return Ok(Answer::Done);
    }
    let count = portuguese::counted(pending.len(), "mudança gravada", "mudanças gravadas");
    let mut out = format!("{count} em {}\n", applied.path.display());
    match &applied.copy {
        Some(copy) => {
            let _ = writeln!(out, "como era: {}", copy.display());
        }
        None => {
            out.push_str("o arquivo não existia: a partir de agora só se cobra de quem tem a unidade nele\n");
        }
    }
    if !without.is_empty() {
        let _ = writeln!(
            out,
            "ATENÇÃO: não há nenhuma unidade de {} em unidades.csv, e ninguém será cobrado por essas partes",
            portuguese::list(&without)
        );
    }
    out.push_str("para valer no serviço: vigia-suas verificar e systemctl reload vigia-suas");
    say(&out);
    Ok(Answer::Done)
}

/// Refuses proposals.
async fn refuse(session: &Session, named: &Named, signature: &Signature) -> Result {
    let store = session.writable_ledger().await?;
    let mut pending = chosen(session, &store, &named.proposals, &named.choice).await?;
    pending.retain(|pending| pending.refused.is_none());
    if pending.is_empty() {
        return Err(Failure::refused(
            "recusado: nenhuma proposta a recusar\ndica: veja-as com “vigia-suas cadastro”",
        ));
    }
    let by = session.by(&signature.author, &signature.reason)?;
    let refused = pending
        .iter()
        .map(|Pending { proposal, .. }| Refused {
            unit: proposal.unit.clone(),
            kind: proposal.change.kind(),
            fact: proposal.fact.clone(),
        })
        .collect();
    let told = pending.iter().map(|pending| told(session, pending)).collect();
    store.refuse_proposals(refused, told, by).await?;
    if session.json {
        let ids: Vec<&str> = pending.iter().map(|pending| pending.id.as_str()).collect();
        say(&json!({ "recusadas": ids, "motivo": signature.reason, "autor": signature.author }).to_string());
    } else {
        let count = portuguese::counted(pending.len(), "proposta recusada", "propostas recusadas");
        say(&format!("{count}; só volta se o cadastro do MDS mudar"));
    }
    Ok(Answer::Done)
}

/// Loads a file of a register by hand.
async fn load(session: &Session, register: &FeedId, file: &Path, waived: Option<&Waiver>) -> Result {
    let registers = &session.setup.config.registers;
    let spec = registers.iter().find(|spec| spec.id == *register).ok_or_else(|| {
        let known: Vec<&str> = registers.iter().map(|spec| spec.id.as_str()).collect();
        let hint = if known.is_empty() {
            "nenhum cadastro foi declarado ainda; há exemplos no próprio arquivo".to_owned()
        } else {
            format!("os cadastros são {}", portuguese::list(&known))
        };
        Failure::refused(format!("erro: não há cadastro “{register}” em fontes.toml\ndica: {hint}"))
    })?;
    let bytes = bytes_of(file)?;
    let by = waived.map(|waiver| session.by(&waiver.author, &waiver.reason)).transpose()?;
    let store = session.writable_ledger().await?;
    let live = Live::under(session.setup.clone(), session.calendar());
    let name =
        file.file_name().map_or_else(|| file.display().to_string(), |n| n.to_string_lossy().into_owned());
    let originals = vec![Original::from_bytes(bytes)];
    let loaded = register::load(&live, &store, spec, &name, originals, by, session.now()).await?;
    let open = if loaded.is_accepted() {
        let pending = register::pending(&session.setup.config, &store).await?;
        pending.iter().filter(|pending| pending.refused.is_none()).count()
    } else {
        0
    };
    let read = &loaded.intake.read;
    if session.json {
        say(&json!({
            "cadastro": register.as_str(),
            "aceita": loaded.is_accepted(),
            "linhas": read.rows,
            "unidades": read.register.units.len(),
            "propostas": open,
            "observacoes": loaded.remarks(Reading::Shown),
        })
        .to_string());
    } else {
        let verdict = if loaded.is_accepted() { "aceita" } else { "RECUSADA; vale a última boa" };
        let units = portuguese::counted(read.register.units.len(), "unidade", "unidades");
        let mut out =
            format!("carga {verdict}: {}, {units}\n", portuguese::counted(read.rows, "linha", "linhas"));
        for remark in loaded.remarks(Reading::Shown) {
            let _ = writeln!(out, "  {}", visible::line(&remark));
        }
        if loaded.is_accepted() {
            let count = portuguese::counted(open, "proposta", "propostas");
            let _ = writeln!(out, "{count}; veja com “vigia-suas cadastro”");
        }
        say(&out);
    }
    Ok(if loaded.is_accepted() { Answer::Done } else { Answer::Negative })
}

/// The proposals that meet every criterion; a name that none has is refused.
async fn chosen(
    session: &Session,
    store: &Store,
    proposals: &[String],
    Choice { kinds, units }: &Choice,
) -> Result<Vec<Pending>> {
    let mut pending = register::pending(&session.setup.config, store).await?;
    for id in proposals {
        if pending.iter().all(|pending| pending.id != *id) {
            return Err(Failure::refused(format!(
                "erro: não há proposta “{id}”\ndica: veja os nomes com “vigia-suas cadastro --recusadas”"
            )));
        }
    }
    pending.retain(|pending| {
        (proposals.is_empty() || proposals.contains(&pending.id))
            && (kinds.is_empty() || kinds.contains(&pending.proposal.change.kind()))
            && (units.is_empty() || units.contains(&pending.proposal.unit))
    });
    Ok(pending)
}

fn failure(error: &ApplyError) -> Failure {
    match error {
        ApplyError::Install(error) => apply::refused(error),
        ApplyError::Store { .. } | ApplyError::Load(_) => Failure::could_not(error),
        ApplyError::Embedded | ApplyError::Rewrite(_) | ApplyError::Faulty(_) => {
            Failure::refused(format!("recusado: {error}"))
        }
    }
}

/// Proposals under their registers and municipalities.
fn diff(session: &Session, pending: &[Pending]) -> String {
    let config = &session.setup.config;
    let zone = &config.calendar.hours.zone;
    let mut out = String::new();
    let mut feeds: Vec<&FeedId> = pending.iter().map(|pending| &pending.proposal.feed).collect();
    feeds.sort();
    feeds.dedup();
    for feed in feeds {
        let of_feed: Vec<&Pending> =
            pending.iter().filter(|pending| pending.proposal.feed == *feed).collect();
        if let Some(first) = of_feed.first() {
            let count = portuguese::counted(of_feed.len(), "proposta", "propostas");
            let at = portuguese::instant(first.taken_at, zone);
            let _ = writeln!(out, "{feed}, lido em {at} ({}): {count}", visible::line(&first.source));
        }
        let mut place = None;
        for Pending { id, proposal, refused, .. } in of_feed {
            if place != Some(proposal.municipality) {
                place = Some(proposal.municipality);
                let known = config.roster.municipalities.get(&proposal.municipality);
                let name = known.map(|municipality| visible::line(&municipality.name)).unwrap_or_default();
                let _ = writeln!(out, "\n{} {name}", proposal.municipality);
            }
            let _ =
                writeln!(out, "  {id}  {:<9}  {}", proposal.change.kind().as_str(), words::unit(proposal));
            let (from, to) = words::cells(&proposal.change, &config.roster);
            for (sign, text) in [("-", from), ("+", to)].into_iter().filter(|(_, text)| !text.is_empty()) {
                let _ = writeln!(out, "      {sign} {}", visible::line(&text));
            }
            if let Some(by) = refused {
                let on = portuguese::instant(by.at, zone);
                let (author, reason) = (visible::line(&by.author), visible::line(&by.reason));
                let _ = writeln!(out, "      recusada em {on} por {author}: {reason}");
            }
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// A proposal as the journal keeps it.
fn told(session: &Session, pending: &Pending) -> ProposalFacts {
    let proposal = &pending.proposal;
    ProposalFacts {
        id: pending.id.clone(),
        unit: Text(proposal.unit.clone()),
        municipality: Text(proposal.municipality),
        feed: Text(proposal.feed.clone()),
        change: words::kept(&proposal.change, &session.setup.config.roster),
    }
}

/// A proposal as JSON.
fn object(session: &Session, pending: &Pending) -> Value {
    let Pending { id, proposal, refused, source, taken_at } = pending;
    let calendar = &session.setup.config.calendar;
    let (from, to) = words::cells(&proposal.change, &session.setup.config.roster);
    let by =
        |by: &Authorship| json!({ "autor": by.author, "motivo": by.reason, "em": rfc3339(by.at, calendar) });
    json!({
        "proposta": id,
        "tipo": proposal.change.kind().as_str(),
        "unidade": proposal.unit.as_str(),
        "municipio": proposal.municipality.to_string(),
        "parte": proposal.part.as_str(),
        "nome": proposal.name,
        "de": from,
        "para": to,
        "cadastro": proposal.feed.as_str(),
        "origem": source,
        "lido_em": rfc3339(*taken_at, calendar),
        "recusada": refused.as_ref().map(by),
    })
}
