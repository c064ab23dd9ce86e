//! `testar-canal`: a test by a way that staff are told besides mail. It says nothing of how the service is: another machine
//! that waits for signs of life is told of a test, and never that all is well where it is not.

use super::args::ChannelToTest;
use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, say};
use crate::channel::signal::Sign;
use crate::config::Mode;
use crate::domain::journal::{Announced, Channel, ChannelCause};
use crate::text::discreet::without_addresses;
use crate::text::visible;
use crate::world::health::examine;
use crate::world::live::Live;
use crate::world::route::{beacon, failure_words, route};
use crate::world::secret::Surroundings;

/// What a test says.
const SUBJECT: &str = "TESTE da vigilância: este canal funciona";

/// What became of a test: what went wrong, if anything did.
type Outcome = std::result::Result<(), String>;

/// Tells a test by one way and notes it in the journal.
pub(super) async fn test(session: &Session, asked: ChannelToTest, author: &str) -> Result {
    // Nobody's address leaves by these ways, not that of who tries them either.
    let text =
        format!("Teste feito por {}. Nada precisa ser feito.", without_addresses(&visible::line(author)));
    let channel = match asked {
        ChannelToTest::Webhook => Channel::Webhook,
        ChannelToTest::Command => Channel::Command,
        ChannelToTest::Signal => return signal(session, text, author).await,
    };
    let settings = &session.setup.config.settings;
    let Some(route) = route(&settings.channels, channel, &Surroundings::here()) else {
        return Err(Failure::refused(format!(
            "recusado: não há `{0}` em [alertas] de vigia.toml\ndica: escreva a chave `{0}`; config/LEIAME.md mostra como",
            channel.as_str()
        )));
    };
    let route = route.map_err(|failure| Failure::could_not(&failure))?;
    noted(session, channel, author, async || {
        route.tell(SUBJECT, &text).await.map_err(|failure| failure_words(&failure))
    })
    .await
}

async fn signal(session: &Session, text: String, author: &str) -> Result {
    let settings = &session.setup.config.settings;
    let Some(signal) = &settings.signal else {
        return Err(Failure::refused(
            "recusado: não há [sinal] em vigia.toml\ndica: escreva [sinal] com `url`; config/LEIAME.md mostra como",
        ));
    };
    if settings.mode == Mode::Rehearsal {
        return Err(Failure::refused(
            "recusado: um sinal dado no ensaio esconderia o silêncio do serviço que se ensaia\ndica: experimente em produção, \
             ou abra você mesmo o endereço do outro vigia",
        ));
    }
    let beacon = beacon(signal, &Surroundings::here()).map_err(|failure| Failure::could_not(&failure))?;
    let sign = if beacon.tells_failure { Sign::Trial(text) } else { well(session).await? };
    noted(session, Channel::Signal, author, async || {
        beacon.give(&sign).await.map(|_| ()).map_err(|failure| failure_words(&failure))
    })
    .await
}

/// The one sign that a plain address knows, if it is true.
async fn well(session: &Session) -> Result<Sign> {
    let store = existing(session).await?;
    let live = Live::new(session.setup.clone());
    let health = examine(&store, &live, session.refused.is_some(), session.now()).await?;
    if health.ailments.is_empty() {
        return Ok(Sign::Well);
    }
    Err(Failure::refused(
        "recusado: com formato = \"simples\" um sinal diz que o serviço está bem, e agora não está\ndica: “vigia-suas saude” \
         diz o que há; experimente depois de resolvido",
    ))
}

/// Makes the test and notes in the journal how it went.
async fn noted(
    session: &Session,
    channel: Channel,
    author: &str,
    attempt: impl AsyncFnOnce() -> Outcome,
) -> Result {
    let store = session.writable_ledger().await?;
    let outcome = attempt().await;
    let failure = outcome.as_ref().err().cloned();
    let told = Announced { channel, cause: ChannelCause::Test, failure, author: Some(author.to_owned()) };
    store.note_announced(vec![(channel.as_str().to_owned(), told)], session.now()).await?;
    store.close().await;
    answer(session, channel, outcome)
}

fn answer(session: &Session, channel: Channel, outcome: Outcome) -> Result {
    let name = channel.as_str();
    match outcome {
        Ok(()) => {
            if session.json {
                say(&serde_json::json!({ "canal": name, "entregue": true }).to_string());
            } else {
                say(&format!("o teste foi entregue por {name}; confira se chegou a quem devia"));
            }
            Ok(Answer::Done)
        }
        Err(failure) => {
            Err(Failure::failed(format!("o teste não saiu por {name}: {failure}\ndica: {}", hint(channel))))
        }
    }
}

fn hint(channel: Channel) -> &'static str {
    match channel {
        Channel::Webhook => "confira `webhook` de [alertas] em vigia.toml e o segredo",
        Channel::Command => {
            "confira `comando` de [alertas] em vigia.toml, se o programa existe e se quem o roda pode executá-lo; ele termina \
             com 0 quando avisou"
        }
        Channel::Signal => "confira `url` de [sinal] em vigia.toml e o segredo",
    }
}
