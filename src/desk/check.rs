//! `verificar`: what can be judged of a configuration beyond its own files, without a network.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;

use super::sample;
use crate::config::{Fault, Faults, PLACEHOLDER, Settings, Severity};
use crate::domain::id::IdError;
use crate::domain::overrides::Overrides;
use crate::store::{Store, StoreError};
use crate::telemetry::chain;
use crate::text::system::io_words;
use crate::world::compose::compose;
use crate::world::live::Live;
use crate::world::secret::{self, Secret, SecretSource, Surroundings};
use crate::world::setup::Setup;
use crate::world::{amend, last_good};

/// What of a calendar contradicts what the ledger says was told.
///
/// # Errors
/// [`StoreError`] when the ledger cannot be read.
pub async fn contradictions(
    setup: &Setup,
    ledger: Option<&Store>,
    now: Timestamp,
) -> Result<Faults, StoreError> {
    let Some(store) = ledger else { return Ok(Faults(Vec::new())) };
    let kept = last_good::of(store, setup.directory.as_deref(), now).await?;
    let in_force = kept.as_ref().map(|kept| &kept.setup);
    Ok(Faults(amend::contradictions(store, in_force, setup).await?))
}

/// Writes every sort of letter of every system to everybody who may get it; answers how many, and adds those that could
/// not be written.
///
/// # Errors
/// None in practice (see [`sample::every`]).
pub fn letters(
    live: &Live,
    overrides: &Overrides,
    now: Timestamp,
    found: &mut BTreeSet<String>,
) -> Result<usize, IdError> {
    let mut written = 0;
    for window in sample::windows(&live.calendar, now) {
        for sample::Example { notice, .. } in sample::every(live, overrides, &window)? {
            match compose(live, &notice, NonZeroU16::MIN, &[], now) {
                Ok(_) => written += 1,
                Err(error) => {
                    let why = chain(&*error);
                    found.insert(format!("erro: a carta {} não pôde ser escrita: {why}", notice.key));
                }
            }
        }
    }
    Ok(written)
}

/// What is not there and may be left out, but is seldom left out on purpose.
pub fn absences(setup: &Setup) -> Option<Fault> {
    let name = "feriados.toml";
    if setup.sources.bytes(name).is_some() {
        return None;
    }
    let file =
        setup.directory.as_ref().map_or_else(|| name.into(), |dir| dir.join(name).display().to_string());
    let message = "não há feriados.toml: cartas saem também nos feriados do estado e da cidade e nos pontos facultativos";
    let hint = "traga de volta o arquivo que vem com o programa, ou o da última cópia; se é de propósito, deixe-o vazio";
    let mut fault = Fault::at_line(file, 0, "", message.to_owned(), hint.to_owned());
    fault.severity = Severity::Warning;
    Some(fault)
}

/// What is to be known of a configuration that is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayNote {
    /// As it should be, or only seen by the service.
    Said(String),
    /// Nobody would be told by this way, as things are here.
    Warning(String),
}

/// Whether staff could be told besides by mail, and another machine get signs of life: the program is there, and where the
/// secrets come from.
pub fn ways(settings: &Settings, around: &Surroundings) -> Vec<WayNote> {
    let program = settings.channels.command.as_ref().and_then(|argv| argv.first());
    let mut notes: Vec<WayNote> =
        program.and_then(|program| startable(Path::new(program))).into_iter().collect();
    if let Some(webhook) = &settings.channels.webhook {
        let named = ("`webhook` de [alertas]", webhook.url.as_str(), webhook.secret_file.as_deref());
        notes.extend(secret_of(Secret::Webhook, named, around));
    }
    if let Some(signal) = &settings.signal {
        let named = ("`url` de [sinal]", signal.url.as_str(), signal.secret_file.as_deref());
        notes.extend(secret_of(Secret::Signal, named, around));
    }
    notes
}

/// What keeps a program from being started, as far as its file tells.
fn startable(program: &Path) -> Option<WayNote> {
    let why = match std::fs::metadata(program) {
        Err(error) => io_words(&error),
        Ok(file) if file.is_dir() => "é uma pasta".to_owned(),
        Ok(file) if file.permissions().mode() & 0o111 == 0 => "não tem permissão de execução".to_owned(),
        Ok(_) => return None,
    };
    Some(WayNote::Warning(format!(
        "aviso: o programa de `comando` em [alertas], {}: {why}\ndica: escreva o caminho inteiro de um programa que o usuário do \
         serviço possa executar",
        program.display()
    )))
}

fn secret_of(
    which: Secret,
    (key, url, file): (&str, &str, Option<&Path>),
    around: &Surroundings,
) -> Option<WayNote> {
    let source = SecretSource::of(which, file, around);
    if let Some(source @ SecretSource::File(_, path)) = &source
        && !path.exists()
    {
        return Some(WayNote::Said(format!("o segredo de {key} viria {source}, que aqui não existe")));
    }
    match secret::optional(which, file, around) {
        Ok(Some(_)) => source.map(|source| WayNote::Said(format!("o segredo de {key} vem {source}"))),
        Ok(None) if url.contains(PLACEHOLDER) => Some(WayNote::Warning(format!(
            "aviso: há {PLACEHOLDER} em {key} e nenhum segredo ao alcance deste comando; o serviço precisa da credencial {}, de \
             `segredo_arquivo` ou de {}",
            which.credential(),
            which.variable()
        ))),
        Ok(None) => None,
        Err(failure) => Some(WayNote::Warning(format!("aviso: {}", chain(&failure)))),
    }
}
