//! `recarregar`: the service reads its files again, and says what it made of them. What `systemctl reload` runs, so that
//! its exit tells whether the configuration was adopted.

use std::time::Duration;

use serde_json::json;

use super::consent::{self, Heard};
use super::contrast;
use super::session::{Answer, Failure, Result, Session, say};

/// How long the service is given: a comparison over a large ledger takes its time.
const PATIENCE: Duration = Duration::from_mins(1);

/// Exit 0 only where the service runs on what the files hold.
pub(super) async fn run(session: &Session) -> Result {
    let in_force = contrast::in_force(session).await?;
    // Where the files have faults the session stands on what is in force.
    let files = session.refused.is_none().then(|| session.setup.sources.digest());
    let heard = consent::hear(&in_force.database(), files.as_deref(), PATIENCE).await;
    let data = session.json.then(|| json!({ "servico": heard.code() }).to_string());
    match heard {
        Heard::Adopted => {
            say(data.as_deref().unwrap_or(heard.words()));
            Ok(Answer::Done)
        }
        Heard::Refused | Heard::Held | Heard::Elsewhere => {
            Err(Failure { data, ..Failure::refused(heard.words()) })
        }
        Heard::Silent | Heard::NotRunning | Heard::NotAllowed => {
            Err(Failure { data, ..Failure::failed(heard.words()) })
        }
    }
}
