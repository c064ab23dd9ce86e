//! `fonte propor`: the table to stdout, so that it can be put at the end of `fontes.toml`; everything else to stderr.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::attempt::{fetched, in_words};
use crate::cli::args::Propose;
use crate::cli::session::{Answer, Failure, Result, Session, remark, say};
use crate::cli::status::original;
use crate::desk::propose::{self, Answered, Asked, ProposeError};
use crate::domain::feed::{
    FeedSpec, Format, Manners, Mapping, Meaning, PartRule, PlaceRule, ReferenceRule, Source,
};
use crate::domain::id::FeedId;
use crate::feed::propose::{Choices, Met, Question};
use crate::format::body::Body;
use crate::render::portuguese;
use crate::text::words::Words;
use crate::world::live::Live;

/// When a fetched feed is looked at, unless the operator writes something else.
const SCHEDULE: &str = "0 6,12 * * *";

/// Proposes a feed for a file or an address.
pub(in crate::cli) async fn propose(session: Session, asked: &Propose) -> Result {
    let live = Arc::new(Live::under(session.setup.clone(), session.calendar()));
    let (body, source) = if asked.of.starts_with("http://") || asked.of.starts_with("https://") {
        answered(&session, &live, asked).await?
    } else {
        (Body::plain(original(&session, Path::new(&asked.of))?), Source::Folder)
    };
    let wished = Asked {
        body,
        name: asked.of.clone(),
        source,
        system: asked.system.clone(),
        id: asked.name.clone(),
        choices: choices(asked),
    };
    match propose::answer(&live, wished, session.now()).await {
        Ok(Answered::Open(questions)) => {
            ask(&session, &questions);
            Ok(Answer::Negative)
        }
        Ok(Answered::Draft { proposed, toml, intake }) => {
            let undecided: Vec<&Met> = proposed.undecided().collect();
            if session.json {
                let words = undecided.iter().map(|met| json!({ "palavra": met.word, "linhas": met.rows }));
                let rows = proposed.kinds.iter().map(crate::feed::propose::RowKind::told);
                say(&json!({
                    "fonte": proposed.spec.id.as_str(),
                    "toml": toml,
                    "linhas": rows.collect::<Vec<_>>(),
                    "por_decidir": words.collect::<Vec<_>>(),
                    "perguntas": [],
                })
                .to_string());
                return Ok(Answer::Done);
            }
            say(&toml);
            remark(&in_words(&intake, &asked.of, None));
            if !undecided.is_empty() {
                remark(&left_open(undecided.len()));
            }
            let id = &proposed.spec.id;
            remark(&format!(
                "ponha o que está acima no fim de fontes.toml e rode “vigia-suas verificar” e “vigia-suas fonte experimentar {id}{}”",
                if matches!(proposed.spec.source, Source::Http { .. }) { "" } else { " ARQUIVO" }
            ));
            Ok(Answer::Done)
        }
        Err(
            error @ (ProposeError::System(..)
            | ProposeError::Taken(_)
            | ProposeError::Unnamed
            | ProposeError::Otherwise(_)),
        ) => Err(Failure::refused(format!("erro: {error}"))),
        Err(error) => Err(Failure::could_not(&error)),
    }
}

/// What is left to decide by hand.
fn left_open(words: usize) -> String {
    match words {
        1 => "1 palavra está por decidir, marcada com PREENCHA: tire o # da frente e escreva o que ela quer dizer".to_owned(),
        words => format!(
            "{words} palavras estão por decidir, marcadas com PREENCHA: tire o # da frente e escreva o que cada uma quer \
             dizer"
        ),
    }
}

fn ask(session: &Session, questions: &[Question]) {
    if session.json {
        let told =
            |question: &Question| -> Value { json!({ "texto": question.text, "opcoes": question.options }) };
        let told: Vec<Value> = questions.iter().map(told).collect();
        say(&json!({ "fonte": null, "toml": null, "perguntas": told }).to_string());
        return;
    }
    let count = portuguese::counted(questions.len(), "pergunta", "perguntas");
    remark(&format!("nada é proposto ainda: o arquivo deixa {count} sem resposta"));
    for (number, question) in questions.iter().enumerate() {
        remark(&format!("{}. {question}", number + 1));
    }
}

fn choices(asked: &Propose) -> Choices {
    Choices {
        tab: asked.tab.clone(),
        table: asked.table.clone(),
        heading: asked.heading,
        municipality: asked.municipality.clone(),
        unit: asked.unit.clone(),
        part: asked.part.clone(),
        reference: asked.reference.clone(),
        reference_pattern: asked.reference_pattern.clone(),
        situation: asked.situation.clone(),
        presence: asked.presence,
        done: asked.done.clone(),
        expected: asked.expected.clone(),
        dated: asked.dated.clone(),
    }
}

/// What an address answers, fetched as the service would. A machine of the house is asked only where the address is its
/// number: whoever writes that means it.
async fn answered(session: &Session, live: &Live, asked: &Propose) -> Result<(Body, Source)> {
    let host =
        asked.of.split("//").nth(1).and_then(|rest| rest.split(['/', '?', ':']).next()).unwrap_or_default();
    let hosts = if host.parse::<std::net::IpAddr>().is_ok() { vec![host.to_owned()] } else { Vec::new() };
    let manners = Manners { hosts, ..Manners::default() };
    let source = Source::Http { url: asked.of.clone(), schedule: SCHEDULE.to_owned(), manners };
    let id = asked.name.clone().map_or_else(|| FeedId::parse(asked.system.as_str()), Ok);
    let id = id.map_err(|error| Failure::could_not(&error))?;
    let spec = FeedSpec {
        id,
        enabled: false,
        system: asked.system.clone(),
        source: source.clone(),
        format: Format::Csv { delimiter: None, encoding: None, heading: None },
        mapping: Mapping {
            municipality: PlaceRule::Asked,
            unit: None,
            part: PartRule::Column { column: String::new(), words: Words::default() },
            reference: ReferenceRule::Open,
            meaning: Meaning::Presence,
            dated: None,
            blanks: Vec::new(),
            ignored: Vec::new(),
        },
        minimum: 1,
        keep_original: false,
    };
    let (load, crawl) = fetched(session, live, &spec).await?;
    match (load.bodies.into_iter().next(), crawl) {
        (_, Some(_)) => Err(Failure::refused(
            "recusado: o endereço pede uma página para cada município ou unidade\ndica: dê o endereço de uma só página",
        )),
        (Some(body), None) => Ok((body, source)),
        (None, None) => Err(Failure::failed("o endereço não trouxe nada")),
    }
}
