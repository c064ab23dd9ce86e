//! A dossier for programs: Portuguese keys in alphabetical order, instants in UTC as the ledger holds them. Pure.

use serde_json::{Value, json};

use crate::domain::dossier::{
    DecisionLine, DeliveryFile, Dossier, EditionLine, ElsewhereLine, EvidenceLine, JournalLine, LetterFile,
    MessageFile, Order, SnapshotLine, WindowFile,
};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::Told;

/// The whole dossier, indented; the same dossier gives the same text.
pub fn json(dossier: &Dossier) -> String {
    let d = dossier;
    let holders = d.holders.iter().map(|h| {
        json!({
            "papel": h.role.to_string(),
            "titular": h.name,
            "enderecos": h.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "telefone": h.telephone,
        })
    });
    let value = json!({
        "formato": 1,
        "municipio": d.municipality.to_string(),
        "nome": d.name,
        "contatos": holders.collect::<Vec<_>>(),
        "janela": d.only.as_ref().map(ToString::to_string),
        "ensaio": d.rehearsal,
        "feito_em": d.made_at.to_string(),
        "programa": d.made_by,
        "janelas": d.windows.iter().map(window).collect::<Vec<_>>(),
        "ordens": d.orders.iter().map(order).collect::<Vec<_>>(),
        "paradas": d.outages.iter().map(|o| json!({ "registro": o.seq, "de": o.from, "ate": o.until.to_string() }))
            .collect::<Vec<_>>(),
        "coletas": d.snapshots.iter().map(snapshot).collect::<Vec<_>>(),
        "livro": {
            "integro": d.chain.is_whole(),
            "falhas": d.chain.faults,
            "registros": d.chain.entries,
            "cartas": d.chain.letters,
            "ultimo_registro": d.chain.head_seq,
            "ultimo_hash": d.chain.head_hash,
            "extrato": d.journal.iter().map(entry).collect::<Vec<_>>(),
        },
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn window(w: &WindowFile) -> Value {
    json!({
        "janela": w.window.as_str(),
        "titulo": w.title,
        "abertura": w.opens_on.map(|day| day.to_string()),
        "processo": w.process,
        "edicoes": w.editions.iter().map(edition).collect::<Vec<_>>(),
        "situacao": w.status.iter().map(evidence).collect::<Vec<_>>(),
        "comunicado_por_fora": w.told_outside,
        "cartas": w.letters.iter().map(letter).collect::<Vec<_>>(),
        "de_outro_livro": w.elsewhere.iter().map(elsewhere).collect::<Vec<_>>(),
        "nao_enviado": w.unsent.iter().map(decision).collect::<Vec<_>>(),
        "silencio": w.silence,
    })
}

fn edition(e: &EditionLine) -> Value {
    let readings = e.readings.iter().map(
        |r| json!({ "registro": r.seq, "em": r.at.to_string(), "prazo": r.deadline, "fonte": r.source }),
    );
    json!({
        "edicao": e.number,
        "prazo": match e.deadline {
            Told::Date(deadline) => deadline.on.to_datetime(deadline.at).to_string(),
            Told::Undefined => "a-definir".to_owned(),
        },
        "anunciada": e.announced_on.map(|day| day.to_string()),
        "fonte": e.source,
        "alcanca_o_municipio": e.applies,
        "leituras": readings.collect::<Vec<_>>(),
        "decidida_desde": e.decided_since.map(|at| at.to_string()),
    })
}

fn evidence(e: &EvidenceLine) -> Value {
    let mut said = json!(e.said);
    if let Some(aside) = e.aside {
        said["ressalva"] = aside.into();
    }
    said
}

fn letter(l: &LetterFile) -> Value {
    json!({
        "aviso": l.key,
        "versao": l.version,
        "tipo": l.kind,
        "edicao": l.edition,
        "degrau": l.rung,
        "prazo_informado": l.told,
        "porque": l.because,
        "assunto": l.subject,
        "message_id": l.message_id,
        "sha256": l.sha256,
        "registrada_em": l.recorded_at.to_string(),
        "registro": l.seq,
        "confere": l.intact,
        "arquivo": l.file,
        "saiu_antes_de_outro_livro": l.left_before,
        "evidencia": l.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "entregas": l.deliveries.iter().map(delivery).collect::<Vec<_>>(),
    })
}

fn delivery(d: &DeliveryFile) -> Value {
    let attempts = d.attempts.iter().map(|a| {
        json!({
            "tentativa": a.number,
            "inicio": a.started_at.to_string(),
            "fim": a.ended_at.to_string(),
            "resultado": a.outcome.as_str(),
            "resposta": a.reply,
            "registro": a.seq,
            "confere": a.intact,
        })
    });
    let returns = d.returns.iter().map(|r| {
        json!({
            "registro": r.seq,
            "em": r.at.to_string(),
            "estado": r.state.as_str(),
            "texto": r.reply,
            "mensagem": r.message.as_ref().map(message),
        })
    });
    json!({
        "entrega": d.id,
        "papel": d.role.to_string(),
        "endereco": d.address.as_str(),
        "estado": d.state.as_str(),
        "parada_por": d.stopped_by,
        "de_outro_livro": d.elsewhere.iter().map(elsewhere).collect::<Vec<_>>(),
        "tentativas": attempts.collect::<Vec<_>>(),
        "retornos": returns.collect::<Vec<_>>(),
    })
}

fn elsewhere(e: &ElsewhereLine) -> Value {
    json!({
        "registro": e.seq,
        "em": e.said_at.to_string(),
        "aviso": e.key,
        "versao": e.version,
        "message_id": e.message_id,
        "endereco": e.address.as_ref().map(ToString::to_string),
        "endereco_sha256": e.address_sha256,
        "saiu_em": e.left_at.to_string(),
        "prova": e.proof.as_str(),
        "autor": e.author,
        "motivo": e.reason,
    })
}

fn message(m: &MessageFile) -> Value {
    json!({
        "sha256": m.sha256,
        "tamanho": m.size,
        "guardado": m.kept,
        "confere": m.intact,
        "arquivo": m.file,
    })
}

fn decision(d: &DecisionLine) -> Value {
    json!({
        "registro": d.seq,
        "em": d.at.to_string(),
        "aviso": d.key,
        "acao": d.act,
        "tipo": d.kind,
        "degrau": d.rung,
        "porque": d.because,
        "evidencia": d.evidence.iter().map(evidence).collect::<Vec<_>>(),
    })
}

fn order(o: &Order) -> Value {
    json!({
        "registro": o.seq,
        "ordem": o.id,
        "tipo": o.kind,
        "alcance": o.scope,
        "ate": o.until,
        "autor": o.author,
        "motivo": o.reason,
        "em": o.at.to_string(),
        "desfeita": o.lifted.as_ref().map(|l| {
            json!({ "registro": l.seq, "autor": l.author, "motivo": l.reason, "em": l.at.to_string() })
        }),
    })
}

fn snapshot(s: &SnapshotLine) -> Value {
    json!({
        "coleta": s.id,
        "registro": s.seq,
        "fonte": s.feed,
        "em": s.taken_at,
        "origem": s.origin,
        "sha256": s.sha256,
        "mapeado_sha256": s.mapped_sha256,
        "linhas": s.rows,
    })
}

fn entry(e: &JournalLine) -> Value {
    // Everything that the hash covers, as it was hashed: whoever holds only this file can compute it again.
    json!({
        "registro": e.seq,
        "em": e.at.to_string(),
        "em_ms": e.at.as_millisecond(),
        "tipo": e.kind,
        "assunto": e.subject,
        "janela": e.window.as_ref().map(WindowId::as_str),
        "municipio": e.municipality.map(MunicipalityCode::number),
        "corpo": e.body,
        "hash_anterior": e.prev_hash,
        "hash": e.hash,
    })
}
