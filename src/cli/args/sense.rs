//! What a command line that clap took means: one [`Invocation`], or why not.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::civil::Date;

use super::line::{
    DossierArgs, FeedVerb, Filter, HoldArgs, LedgerArgs, LedgerVerb, Line, OverrideArgs, Place, SampleArgs,
    SampleOfArgs, ScopeArgs, SignatureArgs, Simulate, Verb,
};
use super::{Change, Command, Feed, Invocation, Ledger, Override, Sample, SampleOf, Scope, Signature};

/// A line that clap takes and we do not.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Fault {
    #[error("--ate {until} vem antes de --de {from}")]
    Backwards { from: Date, until: Date },
    #[error("“--em” não se aplica a “{0}”")]
    Timeless(&'static str),
    #[error("“conferir” confere o livro inteiro: não aceita --janela, --municipio nem --desde")]
    WholeLedger,
    #[error("informe uma destas: {0}")]
    OneOf(&'static str),
    #[error("não sei quem está decidindo: informe --autor NOME")]
    Nobody,
}

type Variable<'a> = &'a dyn Fn(&'static str) -> Option<OsString>;

impl Line {
    pub(super) fn into_invocation(self, variable: Variable<'_>) -> Result<Invocation, Fault> {
        let command = self.verb.into_command(variable)?;
        let timeless = match &command {
            Command::Simulate { .. } => Some("simular"),
            Command::Ledger(_) => Some("livro"),
            Command::Dossier { .. } => Some("dossie"),
            _ => None,
        };
        match timeless {
            Some(name) if self.em.is_some() => Err(Fault::Timeless(name)),
            _ => Ok(Invocation {
                config: self.config.or_else(|| variable("VIGIA_CONFIG").map(PathBuf::from)),
                json: self.json,
                at: self.em,
                verbosity: self.detalhado,
                command,
            }),
        }
    }
}

impl Verb {
    fn into_command(self, variable: Variable<'_>) -> Result<Command, Fault> {
        Ok(match self {
            Self::Run { uma_vez } => Command::Run { once: uma_vez },
            Self::Check => Command::Check,
            Self::Calendar { de, ate } => {
                if let (Some(from), Some(until)) = (de, ate) {
                    forwards(from, until)?;
                }
                Command::Calendar { from: de, until: ate }
            }
            Self::Plan => Command::Plan,
            Self::Simulate(Simulate { de, ate, situacoes, saida }) => {
                forwards(de, ate)?;
                Command::Simulate { from: de, until: ate, statuses: situacoes, output: saida }
            }
            Self::Why { place } => Command::Why { municipality: place.municipio, window: place.janela },
            Self::Status { filter } => {
                Command::Status { window: filter.janela, municipality: filter.municipio }
            }
            Self::Feeds { fonte } => Command::Feeds { feed: fonte },
            Self::Feed { verb } => Command::Feed(verb.into_feed(variable)?),
            Self::Ingest { fonte, arquivo } => Command::Ingest { feed: fonte, file: arquivo },
            Self::Report { formato, janela } => Command::Report { format: formato, window: janela },
            Self::Dossier(DossierArgs { municipio, janela, saida }) => {
                Command::Dossier { municipality: municipio, window: janela, output: saida }
            }
            Self::Ledger(args) => Command::Ledger(args.into_ledger()?),
            Self::Letter { sample, formato } => {
                Command::Letter { sample: sample.into_sample()?, format: formato }
            }
            Self::SendTest { endereco, sample } => {
                Command::SendTest { to: endereco, sample: sample.into_sample()? }
            }
            Self::Bounce => Command::Bounce,
            Self::Hold(HoldArgs { scope, signature }) => {
                Command::Hold { scope: scope.into_scope()?, signature: signature.signed(variable)? }
            }
            Self::Release(HoldArgs { scope, signature }) => {
                Command::Release { scope: scope.into_scope()?, signature: signature.signed(variable)? }
            }
            Self::Exempt(args) => Command::Exempt(args.into_override(variable)?),
            Self::Dispute(args) => Command::Dispute(args.into_override(variable)?),
            Self::Register(args) => Command::Register(args.into_register(variable)?),
            Self::News(args) => Command::News(args.into_news(variable)?),
        })
    }
}

fn forwards(from: Date, until: Date) -> Result<(), Fault> {
    if from <= until { Ok(()) } else { Err(Fault::Backwards { from, until }) }
}

impl FeedVerb {
    fn into_feed(self, variable: Variable<'_>) -> Result<Feed, Fault> {
        Ok(match self {
            Self::Accept { coleta, signature } => {
                Feed::Accept { snapshot: coleta, signature: signature.signed(variable)? }
            }
            Self::Reject { coleta, signature } => {
                Feed::Reject { snapshot: coleta, signature: signature.signed(variable)? }
            }
            Self::Try { fonte, arquivo } => Feed::Try { feed: fonte, file: arquivo },
        })
    }
}

impl LedgerArgs {
    fn into_ledger(self) -> Result<Ledger, Fault> {
        let Self { filter: Filter { janela, municipio }, desde, verb } = self;
        match verb {
            None => Ok(Ledger::List { window: janela, municipality: municipio, since: desde }),
            Some(LedgerVerb::Verify) if janela.is_none() && municipio.is_none() && desde.is_none() => {
                Ok(Ledger::Verify)
            }
            Some(LedgerVerb::Verify) => Err(Fault::WholeLedger),
        }
    }
}

impl SampleArgs {
    fn into_sample(self) -> Result<Sample, Fault> {
        let of = match self.of {
            SampleOfArgs { sistema: Some(system), janela: None } => SampleOf::System(system),
            SampleOfArgs { sistema: None, janela: Some(window) } => SampleOf::Window(window),
            SampleOfArgs { .. } => return Err(Fault::OneOf("--sistema ID, --janela ID")),
        };
        Ok(Sample { kind: self.tipo, of, municipality: self.municipio })
    }
}

impl ScopeArgs {
    fn into_scope(self) -> Result<Scope, Fault> {
        match self {
            Self { tudo: true, janela: None, municipio: None, lote: None } => Ok(Scope::All),
            Self { tudo: false, janela: Some(window), municipio: None, lote: None } => {
                Ok(Scope::Window(window))
            }
            Self { tudo: false, janela: None, municipio: Some(typed), lote: None } => {
                Ok(Scope::Municipality(typed))
            }
            Self { tudo: false, janela: None, municipio: None, lote: Some(batch) } => Ok(Scope::Batch(batch)),
            Self { .. } => Err(Fault::OneOf("--tudo, --janela ID, --municipio COD, --lote ID")),
        }
    }
}

/// Who decides: as named, else by the login name.
pub(super) fn author(named: Option<String>, variable: Variable<'_>) -> Result<String, Fault> {
    let login = || {
        ["SUDO_USER", "USER"]
            .into_iter()
            .filter_map(variable)
            .map(|name| name.to_string_lossy().trim().to_owned())
            .find(|name| !name.is_empty())
    };
    named.or_else(login).ok_or(Fault::Nobody)
}

impl SignatureArgs {
    fn signed(self, variable: Variable<'_>) -> Result<Signature, Fault> {
        Ok(Signature { author: author(self.autor, variable)?, reason: self.motivo })
    }
}

impl OverrideArgs {
    fn into_override(self, variable: Variable<'_>) -> Result<Override, Fault> {
        let Self { place: Place { municipio, janela }, parte, ate, desfazer, signature } = self;
        let change = if desfazer { Change::Lift } else { Change::Set { until: ate } };
        let signature = signature.signed(variable)?;
        Ok(Override { municipality: municipio, window: janela, part: parte, change, signature })
    }
}
