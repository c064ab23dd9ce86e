//! `carta` and `enviar-teste`: one letter, to read or to try the relay with.

use std::io::IsTerminal as _;
use std::num::NonZeroU16;

use super::args::{Invocation, Letter as Asked, LetterFormat, Sample, SampleOf};
use super::session::{Answer, Failure, Result, Session, remark, say, say_bytes};
use super::{gallery, watch};
use crate::desk::{order, sample};
use crate::domain::calendar::Window;
use crate::domain::delivery::{DeliveryState, Outcome};
use crate::domain::id::EmailAddress;
use crate::domain::journal::{TestSent, Text};
use crate::domain::notice::{NoticeKey, Recipient};
use crate::domain::roster::{Municipality, Role};
use crate::mail::smtp::{Envelope, SmtpSender};
use crate::plan::Notice;
use crate::render::letter::{Context, Letter, folded, letter};
use crate::render::portuguese;
use crate::telemetry::chain;
use crate::text::digest::sha256;
use crate::text::visible;
use crate::world::compose::{compose, compose_test};
use crate::world::live::Live;
use crate::world::relay::{SenderError, relay_of};

/// An example letter, and what it is an example of.
pub(super) struct Example {
    pub(super) window: Window,
    pub(super) municipality: String,
    pub(super) sample: sample::Example,
    pub(super) letter: Letter,
}

/// Writes an example letter.
pub(super) async fn example(session: &Session, sample: &Sample) -> Result<Example> {
    let live = Live::under(session.setup.clone(), session.calendar());
    let (window, municipality) = subject(session, &live, sample)?;
    let found = drawn(session, &live, sample, (&window, municipality)).await?;
    let config = &live.setup.config;
    let context =
        Context { calendar: &live.calendar, roster: &config.roster, secretariat: &config.secretariat };
    let letter = letter(&live.setup.templates, &context, &found.notice)
        .map_err(|fault| Failure::refused(format!("erro: {fault}\ndica: {}", fault.hint)))?;
    Ok(Example { municipality: municipality.name.clone(), sample: found, window, letter })
}

/// The letter as a rehearsal of the window sends it; refused where it would send none.
async fn drawn(
    session: &Session,
    live: &Live,
    asked: &Sample,
    (window, municipality): (&Window, &Municipality),
) -> Result<sample::Example> {
    let about = (asked.kind, municipality.code);
    sample::one(live, &session.overrides().await?, window, about, session.now())
        .map_err(|error| Failure::could_not(&error))?
        .ok_or_else(|| {
            Failure::refused(format!(
                "recusado: na janela {} ninguém recebe {} a respeito de {}: nada é esperado desse município, não há \
                 endereço, ou a escada não pede essa carta\n\
                 dica: veja o que se espera com “vigia-suas porque {} {}”",
                window.id,
                portuguese::kind(asked.kind),
                municipality.name,
                municipality.code,
                window.id
            ))
        })
}

/// One letter, one again and again while somebody edits it, or all of them.
pub(super) async fn run(invocation: &Invocation, asked: &Asked) -> Result {
    match (asked.sample(), &asked.output) {
        (_, Some(output)) if asked.all => {
            gallery::run(
                &Session::open(invocation).await?,
                asked.of.as_ref(),
                asked.municipality.as_deref(),
                output,
            )
            .await
        }
        (Some(sample), output) if asked.watch => {
            watch::run(invocation, &sample, asked.format, output.as_deref()).await
        }
        (Some(sample), _) => show(&Session::open(invocation).await?, &sample, asked.format).await,
        (None, _) => Err(Failure::refused("erro: informe --sistema ID ou --janela ID")),
    }
}

/// Renders one letter to stdout; stderr says that it is an example.
pub(super) async fn show(session: &Session, sample: &Sample, format: LetterFormat) -> Result {
    let Example { window, municipality, sample: found, letter } = example(session, sample).await?;
    let notice = &found.notice;
    remark(&format!(
        "EXEMPLO: {} de {}, {}, como se {}; nada foi enviado nem registrado",
        portuguese::letter(sample.kind, notice.key.slot()),
        window.id,
        if sample.kind.is_municipal() {
            format!("para {municipality}")
        } else {
            format!("à equipe ou às gerências, só com {municipality}")
        },
        found.made_up()
    ));
    if session.json {
        let facts = serde_json::json!({
            "tipo": sample.kind.as_str(),
            "janela": window.id.as_str(),
            "municipio": notice.key.municipality().map(|code| code.to_string()),
            "para": notice.to.iter().map(|to| to.address.as_str()).collect::<Vec<_>>(),
            "assunto": letter.subject,
            "texto": letter.text,
            "html": letter.html,
        });
        say(&facts.to_string());
        return Ok(Answer::Done);
    }
    match format {
        LetterFormat::Eml => {
            let live = Live::under(session.setup.clone(), session.calendar());
            say_bytes(&write(&live, notice, session)?.bytes);
        }
        LetterFormat::Html => say_bytes(letter.html.as_bytes()),
        LetterFormat::Text => {
            let body = if std::io::stdout().is_terminal() { folded(&letter.text) } else { letter.text };
            say(&format!("Assunto: {}\n\n{body}", letter.subject));
        }
    }
    Ok(Answer::Done)
}

/// Sends one example letter, marked as a test, to one address through the configured relay, and notes it in the journal.
/// An address of the roster gets none: whoever reads it there might take it for a real one.
pub(super) async fn send_test(session: &Session, to: &EmailAddress, sample: &Sample, author: &str) -> Result {
    if session.setup.config.roster.has_address(to) {
        return Err(Failure::refused(format!(
            "recusado: {to} é endereço de um município ou de uma unidade, que poderia tomar o teste por cobrança\n\
             dica: use um endereço seu"
        )));
    }
    let live = Live::under(session.setup.clone(), session.calendar());
    let (window, municipality) = subject(session, &live, sample)?;
    let now = session.now();
    let on = live.calendar.hours.zone.date_of(now);
    let key = NoticeKey::Service { topic: format!("teste-{}", now.as_millisecond()), on };
    let notice = Notice {
        to: vec![Recipient { role: Role::Alerts, address: to.clone() }],
        ..drawn(session, &live, sample, (&window, municipality)).await?.notice
    };
    let config = &session.setup.config;
    let relay = config.settings.relay.as_ref().ok_or_else(|| Failure::could_not(&SenderError::NoRelay))?;
    let relay = relay_of(relay, &config.secretariat.sender).map_err(|e| Failure::could_not(&e))?;
    let mut sender = SmtpSender::new(relay).map_err(|e| Failure::could_not(&e))?;
    let letter = compose_test(&live, &notice, &key, now).map_err(|error| Failure::could_not(&*error))?;
    let store = session.writable_ledger().await?;
    let told = |outcome| TestSent {
        kind: Text(sample.kind),
        sha256: sha256(&letter.bytes),
        outcome: Text(outcome),
        author: author.to_owned(),
    };
    // Before it may leave: whatever becomes of this process, the ledger tells of it.
    store.note_test(to, told(DeliveryState::Sending), now).await?;
    let envelope = Envelope { from: &config.secretariat.returns_to, to, id: None };
    let outcome = sender.send(envelope, &letter.bytes).await;
    sender.close().await;
    let noted = store.note_test(to, told(outcome.state()), session.now()).await;
    store.close().await;
    let reply = visible::line(outcome.reply());
    if let Err(error) = noted {
        return Err(Failure::failed(format!(
            "{} ({reply}), mas isso não pôde ser registrado: {}\ndica: o livro diz que o envio começou; não mande \
             outra só por isso",
            of_test(outcome.state()),
            chain(&error)
        )));
    }
    if !matches!(outcome, Outcome::Accepted { .. }) {
        return Err(Failure::failed(format!(
            "{}: {reply}\ndica: confira [smtp] em vigia.toml e a senha",
            of_test(outcome.state())
        )));
    }
    if session.json {
        say(&serde_json::json!({ "para": to.as_str(), "resposta": outcome.reply() }).to_string());
    } else {
        say(&format!("o servidor aceitou a carta de teste para {to}: {reply}"));
    }
    Ok(Answer::Done)
}

/// What became of a letter marked as a test, which nobody tries again.
fn of_test(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Accepted => "o servidor aceitou a carta de teste",
        DeliveryState::Refused => "o servidor recusou a carta de teste",
        DeliveryState::Uncertain => "não se sabe se a carta de teste saiu",
        _ => "a carta de teste não saiu",
    }
}

fn write(live: &Live, notice: &Notice, session: &Session) -> Result<crate::store::NewLetter> {
    compose(live, notice, NonZeroU16::MIN, &[], session.now()).map_err(|error| Failure::could_not(&*error))
}

/// The window and the municipality that an example is about.
fn subject<'a>(session: &Session, live: &'a Live, sample: &Sample) -> Result<(Window, &'a Municipality)> {
    let window = window(session, live, &sample.of)?;
    let roster = &live.setup.config.roster;
    let municipality = match &sample.municipality {
        Some(text) => {
            let code = order::municipality(roster, text)?;
            roster.municipalities.get(&code)
        }
        None => roster.municipalities.values().next(),
    };
    let municipality =
        municipality.ok_or_else(|| Failure::refused("erro: municipios.csv não tem municípios"))?;
    Ok((window, municipality))
}

/// The window asked for, or the system's current or next one.
pub(super) fn window(session: &Session, live: &Live, of: &SampleOf) -> Result<Window> {
    match (&of.window, &of.system) {
        (Some(id), _) => live.calendar.window(id).ok_or_else(|| {
            Failure::refused(format!("erro: não há janela “{id}” no calendário\ndica: veja vigia-suas agenda"))
        }),
        (None, Some(id)) => sample::window_of(&live.calendar, id, session.now()).ok_or_else(|| {
            Failure::refused(if live.calendar.systems.contains_key(id) {
                format!(
                    "erro: o sistema “{id}” não tem janela aberta nem próxima\ndica: escreva uma [[janela]] em \
                     calendario.toml, ou use --janela"
                )
            } else {
                format!(
                    "erro: não há sistema “{id}” em calendario.toml\ndica: os sistemas são {}",
                    live.calendar.systems.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                )
            })
        }),
        (None, None) => Err(Failure::refused("erro: informe --sistema ID ou --janela ID")),
    }
}
