//! `noticias`: what the ministry published that may concern a window, and what to write into the calendar.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::args::NewsVerb;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::intake::FindingLine;
use crate::render::line::rfc3339;
use crate::render::{news as words, portuguese};
use crate::text::visible;

/// Shows findings: those that nobody has seen, or everything from a day on.
pub(super) async fn list(session: &Session, since: Option<Date>) -> Result {
    let config = &session.setup.config;
    let zone = &config.calendar.hours.zone;
    let from = since.map_or(Timestamp::UNIX_EPOCH, |day| zone.start_of(day));
    let mut lines = match session.ledger().await? {
        Some(store) => store.findings(from).await?,
        None => Vec::new(),
    };
    lines.retain(|line| session.knows(line.found_at));
    for line in &mut lines {
        line.told_at.take_if(|at| !session.knows(*at));
        line.seen.take_if(|by| !session.knows(by.at));
    }
    lines.retain(|line| since.is_some() || line.seen.is_none() && !line.quiet);
    if lines.is_empty() && !session.json {
        let watched = config.news.iter().filter(|spec| spec.enabled).count();
        remark(match (watched, since) {
            (0, _) => "nenhuma fonte de notícias está ativa em fontes.toml",
            (_, None) => "nenhuma notícia por ver; para as anteriores, use --desde",
            (_, Some(_)) => "nenhuma notícia desde esse dia",
        });
    }
    let today = zone.date_of(session.now());
    let mut out = String::new();
    for line in &lines {
        if session.json {
            let _ = writeln!(out, "{}", object(session, line, today));
            continue;
        }
        let found = portuguese::instant(line.found_at, zone);
        let _ = writeln!(out, "{}  achada em {found} em {}", line.finding.id, line.finding.feed);
        for text in words::told(&line.finding, &config.calendar, today).lines() {
            let _ = writeln!(out, "    {}", visible::lines(text));
        }
        if line.quiet {
            let _ = writeln!(out, "    antiga: registrada, e a equipe não foi avisada");
        }
        if let Some(by) = &line.seen {
            let at = portuguese::instant(by.at, zone);
            let _ = writeln!(
                out,
                "    vista em {at} por {}: {}",
                visible::line(&by.author),
                visible::line(&by.reason)
            );
        }
        out.push('\n');
    }
    if !out.is_empty() {
        say(out.trim_end());
    }
    Ok(Answer::Done)
}

/// Marks findings as seen.
pub(super) async fn seen(session: &Session, asked: &NewsVerb) -> Result {
    let NewsVerb::Seen { findings, reason, author } = asked;
    let store = session.writable_ledger().await?;
    let by = session.by(author, reason)?;
    for id in findings {
        if store.finding(id).await?.is_none() {
            return Err(Failure::refused(format!(
                "erro: não há notícia “{id}”\ndica: veja os nomes com “vigia-suas noticias”"
            )));
        }
    }
    let mut marked = Vec::new();
    for id in findings {
        if store.see_finding(id.clone(), by.clone()).await? {
            marked.push(id.as_str());
        }
    }
    if session.json {
        say(&json!({ "vistas": marked, "autor": by.author, "motivo": by.reason }).to_string());
    } else {
        say(&portuguese::counted(
            marked.len(),
            "notícia marcada como vista",
            "notícias marcadas como vistas",
        ));
    }
    Ok(Answer::Done)
}

fn object(session: &Session, line: &FindingLine, today: Date) -> Value {
    let FindingLine { finding, found_at, quiet, told_at, seen } = line;
    let calendar = &session.setup.config.calendar;
    let paste = words::paste(finding, calendar, today);
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    json!({
        "noticia": finding.id.as_str(),
        "fonte": finding.feed.as_str(),
        "sistema": finding.system.as_str(),
        "sobre": finding.topic.as_str(),
        "titulo": finding.title,
        "trecho": finding.quote,
        "link": finding.link,
        "publicada": day(finding.published_on),
        "inicio": day(finding.guess.opens_on),
        "prazo": day(finding.guess.deadline_on),
        "prazo_hora": finding.guess.deadline_at.map(|at| at.to_string()),
        "referencias": finding.guess.references.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "datas_escritas": finding.guess.written,
        "conselho": paste.advice,
        "duvidas": finding.guess.doubts.iter().map(|doubt| doubt.as_str()).collect::<Vec<_>>(),
        "comando": paste.command,
        "toml": paste.toml,
        "achada_em": rfc3339(*found_at, calendar),
        "antiga": quiet,
        "avisada_em": told_at.map(|at| rfc3339(at, calendar)),
        "vista": seen.as_ref().map(|by| json!({ "autor": by.author, "motivo": by.reason, "em": rfc3339(by.at, calendar) })),
    })
}
