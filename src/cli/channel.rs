//! `testar-canal`: a test by a way that staff are told besides mail.

use super::args::ChannelToTest;
use super::session::{Answer, Failure, Result, Session, say};
use crate::channel::signal::Sign;
use crate::domain::journal::{Announced, Channel, ChannelCause};
use crate::text::visible;
use crate::world::route::{beacon, route};
use crate::world::secret::Surroundings;

/// What a test says.
const SUBJECT: &str = "TESTE da vigilância: este canal funciona";

/// Tells a test by one way and notes it in the journal. A sign of life is given as the service gives it.
pub(super) async fn test(session: &Session, asked: ChannelToTest, author: &str) -> Result {
    let channel = match asked {
        ChannelToTest::Webhook => Channel::Webhook,
        ChannelToTest::Command => Channel::Command,
        ChannelToTest::Signal => return signal(session).await,
    };
    let settings = &session.setup.config.settings;
    let Some(route) = route(&settings.channels, channel, &Surroundings::here()) else {
        return Err(Failure::refused(format!(
            "recusado: não há `{0}` em [alertas] de vigia.toml\ndica: escreva a chave `{0}`; config/LEIAME.md mostra como",
            channel.as_str()
        )));
    };
    let route = route.map_err(|failure| Failure::could_not(&failure))?;
    let text = format!("Teste feito por {}. Nada precisa ser feito.", visible::line(author));
    let store = session.writable_ledger().await?;
    let outcome = route.tell(SUBJECT, &text).await;
    let failure = outcome.as_ref().err().map(|failure| visible::line(&failure.to_string()));
    let told = Announced { channel, cause: ChannelCause::Test, failure, author: Some(author.to_owned()) };
    store.note_announced(vec![(channel.as_str().to_owned(), told)], session.now()).await?;
    store.close().await;
    answer(session, channel.as_str(), outcome.map_err(|failure| failure.to_string()))
}

async fn signal(session: &Session) -> Result {
    let Some(settings) = &session.setup.config.settings.signal else {
        return Err(Failure::refused(
            "recusado: não há [sinal] em vigia.toml\ndica: escreva [sinal] com `url`; config/LEIAME.md mostra como",
        ));
    };
    let beacon = beacon(settings, &Surroundings::here()).map_err(|failure| Failure::could_not(&failure))?;
    answer(session, "sinal", beacon.give(&Sign::Well).await.map_err(|failure| failure.to_string()))
}

fn answer(session: &Session, name: &str, outcome: std::result::Result<(), String>) -> Result {
    match outcome {
        Ok(()) => {
            if session.json {
                say(&serde_json::json!({ "canal": name, "entregue": true }).to_string());
            } else {
                say(&format!("o teste foi entregue por {name}; confira se chegou a quem devia"));
            }
            Ok(Answer::Done)
        }
        Err(failure) => Err(Failure::failed(format!(
            "o teste não saiu por {name}: {}\ndica: confira [{}] em vigia.toml e o segredo",
            visible::line(&failure),
            if name == "sinal" { name } else { "alertas" }
        ))),
    }
}
