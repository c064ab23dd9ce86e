//! The panel beside the service, on a thread of its own: what goes wrong there is told, tried again by itself, and
//! keeps no letter from leaving. And `painel senha`, which makes a user's line.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::{Builder, Handle};
use tracing::{error, info};

use super::session::{Answer, Failure, Result, remark, say};
use super::terminal;
use crate::config::PanelSettings;
use crate::daemon::alert::alert_once;
use crate::daemon::app::App;
use crate::desk::view::LedgerView;
use crate::domain::journal::DossierShown;
use crate::panel::{self, Beat, Beside, DossierView, Later, Panel, PanelDoor, PanelFiles, Renewal, Stamp};
use crate::telemetry::chain;
use crate::world::live::Live;

/// How long until what could not be served is tried again.
const AGAIN: Duration = Duration::from_secs(15);
/// What takes long is done by so many threads at most.
const BLOCKING: usize = 8;
/// How often it is looked whether the configuration or a certificate changed.
const LOOK: Duration = Duration::from_secs(2);
/// The same where there is no panel, and so no file: a configuration that is adopted says so.
const SELDOM: Duration = Duration::from_mins(1);

/// Serves the panel of a service for as long as it runs, if its configuration has one.
pub(super) fn stand_beside(app: &Arc<App>) {
    let (app, home) = (app.clone(), Handle::current());
    let begun = std::thread::Builder::new().name("painel".to_owned()).spawn(move || {
        while !app.stop.is_cancelled() {
            match Builder::new_current_thread().max_blocking_threads(BLOCKING).enable_all().build() {
                Ok(runtime) => {
                    let kept = catch_unwind(AssertUnwindSafe(|| runtime.block_on(keep(&app, &home))));
                    runtime.shutdown_background();
                    if kept.is_ok() {
                        return;
                    }
                    error!("o painel falhou; recomeça sozinho, e o serviço segue");
                    home.block_on(note(&app, &home, Some("ele falhou por dentro".to_owned())));
                }
                Err(failure) => {
                    error!(error = %failure, "o painel não pôde começar");
                    home.block_on(note(&app, &home, Some(format!("ele não pôde começar ({failure})"))));
                }
            }
            std::thread::sleep(AGAIN);
        }
    });
    if let Err(failure) = begun {
        error!(error = %failure, "o painel não pôde começar");
    }
}

/// The service, as the panel sees it. What is written is written by the service's own tasks.
struct Service {
    app: Arc<App>,
    home: Handle,
}

impl Beside for Service {
    fn live(&self) -> Arc<Live> {
        self.app.live()
    }

    fn beat(&self) -> Beat {
        Beat { last_pass: self.app.pulse.last_pass(), attempts: self.app.pulse.attempts() }
    }

    fn note_dossier(&self, shown: DossierView) -> Later<bool> {
        let app = self.app.clone();
        let told = DossierShown { user: shown.user, by_proxy: shown.by_proxy };
        let noted = self.home.spawn(async move {
            let noted =
                app.store.note_dossier_shown(shown.municipality, Some(shown.window), told, app.now()).await;
            noted.inspect_err(|failure| {
                error!(error = %chain(failure), "a consulta a um dossiê não pôde ser registrada");
            })
        });
        Box::pin(async move { matches!(noted.await, Ok(Ok(()))) })
    }
}

/// Opens the panel, and opens it anew whenever its part of the configuration changes.
async fn keep(app: &Arc<App>, home: &Handle) {
    while !app.stop.is_cancelled() {
        let live = app.live();
        let Some(settings) = live.setup.config.settings.panel.clone() else {
            note(app, home, None).await;
            changed(app, &live, None).await;
            continue;
        };
        // Before the files are read, so that what is written meanwhile is seen to be new.
        let stamp = panel::stamp(&settings);
        let opened = open(app, home, &live, &settings).await;
        match opened {
            Ok((panel, place, mut files)) => {
                note(app, home, None).await;
                info!(panel.address = %settings.listen, panel.tls = settings.tls.is_some(), "painel no ar");
                let until = app.stop.child_token();
                let mut served = pin!(panel::serve(panel, place, until.clone()));
                tokio::select! {
                    () = &mut served => continue,
                    () = watched(app, home, &live, &settings, &mut files) => until.cancel(),
                }
                served.await;
            }
            Err(why) => {
                error!(error = %why, "o painel não está no ar; o serviço segue sem ele");
                note(app, home, Some(why)).await;
                let _waited =
                    tokio::time::timeout(AGAIN, changed(app, &live, Some((&settings, stamp)))).await;
            }
        }
    }
}

async fn open(
    app: &Arc<App>,
    home: &Handle,
    live: &Live,
    settings: &PanelSettings,
) -> std::result::Result<(Arc<Panel>, PanelDoor, PanelFiles), String> {
    let (place, files) = panel::open(settings).map_err(|error| chain(&error))?;
    let ledger = LedgerView::open(live).await.map_err(|error| chain(&error))?;
    let owner = app.clone();
    let key = home.spawn(async move { owner.store.return_key().await }).await;
    let key = match key {
        Ok(key) => key.map_err(|error| chain(&error))?,
        Err(_) => return Err("o serviço está parando".to_owned()),
    };
    let beside = Arc::new(Service { app: app.clone(), home: home.clone() });
    Ok((Arc::new(Panel::new(settings.clone(), beside, ledger, &key, app.clock)), place, files))
}

/// Waits until a panel that cannot be served may be tried anew: the configuration asks for another panel or another ledger,
/// a file changed, or the service stops.
async fn changed(app: &App, live: &Live, failed: Option<(&PanelSettings, Vec<Stamp>)>) {
    let look = if failed.is_some() { LOOK } else { SELDOM };
    let (settings, stamp) = failed.unzip();
    while !waited(app, look).await {
        if is_other(app, live, settings) || settings.map(panel::stamp) != stamp {
            return;
        }
    }
}

/// Looks at the files of a panel that is served until it has to be another, or the service stops. What is broken is told
/// where it still is at the next look: who renews a certificate writes one file after the other.
async fn watched(
    app: &Arc<App>,
    home: &Handle,
    live: &Live,
    settings: &PanelSettings,
    files: &mut PanelFiles,
) {
    let mut broken = None;
    while !waited(app, LOOK).await {
        if is_other(app, live, Some(settings)) {
            return;
        }
        match files.look() {
            Renewal::Not => match broken.take() {
                Some((why, false)) => note(app, home, Some(why)).await,
                Some((why, true)) => {
                    tell(app, home, format!("O painel segue com o certificado anterior: {why}")).await;
                }
                None => {}
            },
            Renewal::Taken => {
                info!("os arquivos do painel mudaram e estão em uso");
                broken = None;
                note(app, home, None).await;
            }
            Renewal::Refused { why, keeps_serving } => {
                error!(error = %why, panel.keeps_serving = keeps_serving, "um arquivo do painel mudou e não serve");
                broken = Some((why, keeps_serving));
            }
        }
    }
}

/// Waits until it is time to look again; whether the service stops.
async fn waited(app: &App, look: Duration) -> bool {
    tokio::select! {
        () = app.stop.cancelled() => true,
        () = app.adopted.notified() => false,
        () = tokio::time::sleep(look) => false,
    }
}

/// Whether the configuration asks for another panel, or another ledger.
fn is_other(app: &App, live: &Live, served: Option<&PanelSettings>) -> bool {
    let now = app.live();
    now.setup.config.settings.panel.as_ref() != served || now.setup.database() != live.setup.database()
}

/// Tells of a panel that cannot be served, or that it is: in the ledger, for `saude`, and to staff once a day.
async fn note(app: &Arc<App>, home: &Handle, failing: Option<String>) {
    if app.store.is_reserve() {
        // What the ledger says is of whoever leads.
        return;
    }
    let (owner, why) = (app.clone(), failing.clone());
    let noted = home.spawn(async move {
        let now = owner.now();
        owner.store.note_panel(why.map(|why| (now, why))).await
    });
    if let Ok(Err(failure)) = noted.await {
        error!(error = %chain(&failure), "o livro não pôde guardar como está o painel");
    }
    if let Some(why) = failing {
        tell(app, home, format!("O painel não está no ar: {why}")).await;
    }
}

/// Tells staff, once a day.
async fn tell(app: &Arc<App>, home: &Handle, what: String) {
    let owner = app.clone();
    let told = home.spawn(async move {
        let text = format!(
            "{}. As cartas seguem saindo. O serviço tenta de novo sozinho; confira [painel] em vigia.toml com “vigia-suas \
             verificar”.",
            what.replace("\n  dica: ", "; ").trim_end_matches('.')
        );
        alert_once(&owner, "painel", text, owner.now()).await
    });
    if let Ok(Err(failure)) = told.await {
        error!(error = %chain(&failure), "o livro não pôde guardar o alerta sobre o painel");
    }
}

/// `painel senha`: reads a password, from the terminal twice and unseen, else the first line of stdin, and prints the line.
pub(super) fn password(user: &str) -> Result {
    let first = ask("senha: ")?;
    if io::stdin().is_terminal() && ask("de novo: ")?.expose_secret() != first.expose_secret() {
        return Err(Failure::refused("recusado: as duas senhas são diferentes"));
    }
    let line = panel::password_line(user, first.expose_secret());
    say(&line.map_err(|error| Failure::refused(format!("recusado: {error}")))?);
    if io::stdout().is_terminal() {
        remark("acrescente essa linha ao arquivo que `senhas` de [painel] diz, e deixe-o com chmod 640");
    }
    Ok(Answer::Done)
}

fn ask(question: &str) -> Result<SecretString> {
    let read = || {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    };
    let line = if io::stdin().is_terminal() { terminal::unseen(question, read) } else { read() };
    let line = line.map_err(|error| Failure::could_not(&error))?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned()))
}
