//! What a command line that clap took means: one [`Invocation`], or why not.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::civil::Date;

use super::line::{Line, Verb};
use super::options::{
    ApplyArgs, Consent, DossierArgs, ExtendArgs, FeedVerb, Filter, HoldArgs, LedgerArgs, LedgerVerb,
    LetterArgs, NoteArgs, OrdersArgs, OverrideArgs, Place, SampleArgs, SampleOfArgs, ScopeArgs,
    SignatureArgs, Simulate, StopArgs,
};
use super::{
    Apply, Change, Command, Diary, Extend, Feed, Invocation, Ledger, Note, NoteChange, Orders, Override,
    Sample, SampleOf, Scope, Signature,
};

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
    #[error("--saida só serve com --todas ou --observar")]
    StrayOutput,
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
            Command::Health => Some("saude"),
            Command::Complete(_) | Command::Values(_) => Some("completar"),
            Command::Manual(_) => Some("manual"),
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
            Self::Calendar { de, ate, ics } => {
                if let (Some(from), Some(until)) = (de, ate) {
                    forwards(from, until)?;
                }
                Command::Calendar { from: de, until: ate, ics }
            }
            Self::Plan { contra: None, .. } => Command::Plan,
            Self::Plan { contra: Some(against), ate } => Command::Contrast { against, until: ate },
            Self::Apply(args) => Command::Apply(args.into_apply(variable)?),
            Self::Extend(args) => Command::Extend(args.into_extend(variable)?),
            Self::Note(args) => Command::Note(args.into_note(variable)?),
            Self::Orders(args) => Command::Orders(args.into_orders(variable)?),
            Self::Health => Command::Health,
            Self::Simulate(Simulate { de, ate, situacoes, saida, resumo, por_semana }) => {
                forwards(de, ate)?;
                Command::Simulate {
                    from: de,
                    until: ate,
                    statuses: situacoes,
                    output: saida,
                    diary: if resumo { Diary::LeftOut } else { Diary::Shown },
                    weekly: por_semana,
                }
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
            Self::Letter(args) => args.into_command()?,
            Self::SendTest { endereco, sample } => {
                Command::SendTest { to: endereco, sample: sample.into_sample()? }
            }
            Self::Bounce => Command::Bounce,
            Self::Hold(StopArgs { hold: HoldArgs { scope, signature }, ate }) => Command::Hold {
                scope: scope.into_scope()?,
                until: ate,
                signature: signature.signed(variable)?,
            },
            Self::Release(HoldArgs { scope, signature }) => {
                Command::Release { scope: scope.into_scope()?, signature: signature.signed(variable)? }
            }
            Self::Exempt(args) => Command::Exempt(args.into_override(variable)?),
            Self::Dispute(args) => Command::Dispute(args.into_override(variable)?),
            Self::Complete { shell, valores } => match (shell, valores) {
                (_, Some(values)) => Command::Values(values),
                (Some(shell), None) => Command::Complete(shell),
                (None, None) => return Err(Fault::OneOf("bash, zsh, fish")),
            },
            Self::Manual { dir } => Command::Manual(dir),
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

impl LetterArgs {
    fn into_command(self) -> Result<Command, Fault> {
        let of = match (self.sistema, self.janela) {
            (Some(system), None) => Some(SampleOf::System(system)),
            (None, Some(window)) => Some(SampleOf::Window(window)),
            (_, _) => None,
        };
        if let (true, Some(output)) = (self.todas, self.saida.clone()) {
            return Ok(Command::Letters { of, municipality: self.municipio, output });
        }
        let (Some(kind), Some(of)) = (self.tipo, of) else {
            return Err(Fault::OneOf("--sistema ID, --janela ID"));
        };
        let sample = Sample { kind, of, municipality: self.municipio };
        match (self.observar, self.saida) {
            (true, output) => Ok(Command::WatchLetter { sample, format: self.formato, output }),
            (false, Some(_)) => Err(Fault::StrayOutput),
            (false, None) => Ok(Command::Letter { sample, format: self.formato }),
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

/// Who decides: as said, else by the login name.
pub(super) fn author(said: Option<String>, variable: Variable<'_>) -> Result<String, Fault> {
    let login = || {
        ["SUDO_USER", "USER"]
            .into_iter()
            .filter_map(variable)
            .map(|name| name.to_string_lossy().trim().to_owned())
            .find(|name| !name.is_empty())
    };
    said.or_else(login).ok_or(Fault::Nobody)
}

impl SignatureArgs {
    fn signed(self, variable: Variable<'_>) -> Result<Signature, Fault> {
        Ok(Signature { author: author(self.autor, variable)?, reason: self.motivo })
    }
}

impl ApplyArgs {
    fn into_apply(self, variable: Variable<'_>) -> Result<Apply, Fault> {
        let Self { pasta, voltar: _, ate, consent: Consent { sim, autor }, confirmar } = self;
        let author = author(autor, variable)?;
        Ok(Apply { from: pasta, until: ate, yes: sim, confirm: confirmar, author })
    }
}

impl ExtendArgs {
    fn into_extend(self, variable: Variable<'_>) -> Result<Extend, Fault> {
        Ok(Extend {
            window: self.janela,
            deadline: self.para,
            at: self.hora,
            source: self.fonte,
            announced: self.anunciada,
            municipalities: self.municipios,
            yes: self.consent.sim,
            confirm: self.confirmar,
            author: author(self.consent.autor, variable)?,
        })
    }
}

impl NoteArgs {
    fn into_note(self, variable: Variable<'_>) -> Result<Note, Fault> {
        let change = match (self.desfazer, self.pausar, self.ate) {
            (true, ..) => NoteChange::Lift,
            (false, Some(days), _) => NoteChange::PauseFor(days),
            (false, None, Some(day)) => NoteChange::PauseUntil(day),
            (false, None, None) => NoteChange::Made,
        };
        let reason = self.resultado.or(self.motivo).unwrap_or_default();
        Ok(Note {
            municipality: self.place.municipio,
            window: self.place.janela,
            telephone: self.telefone,
            change,
            signature: Signature { author: author(self.autor, variable)?, reason },
        })
    }
}

impl OrdersArgs {
    fn into_orders(self, variable: Variable<'_>) -> Result<Orders, Fault> {
        let Self { todas, desfazer, motivo, autor } = self;
        let Some(id) = desfazer else { return Ok(Orders::List { all: todas }) };
        let signature = Signature { author: author(autor, variable)?, reason: motivo.unwrap_or_default() };
        Ok(Orders::Undo { id, signature })
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
