//! `cadastro` and `noticias` as clap reads them.
//!
//! No `///` on what clap derives from: it would become help text.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::sense::{Fault, author};
use super::value;
use super::{Choice, News, Register, Signature};
use crate::domain::id::{FeedId, UnitId};
use crate::domain::news::FindingId;
use crate::domain::register::ProposalKind;

type Variable<'a> = &'a dyn Fn(&'static str) -> Option<OsString>;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct RegisterArgs {
    #[command(flatten)]
    choice: ChoiceArgs,
    #[arg(long, help = "Mostra também as propostas que foram recusadas")]
    recusadas: bool,
    #[command(subcommand)]
    verb: Option<RegisterVerb>,
}

#[derive(Args)]
struct ChoiceArgs {
    #[arg(long = "so", value_name = "TIPO", value_parser = kind())]
    #[arg(
        help = "Só propostas deste tipo: nova, fechada, reaberta, municipio, parte, nome, email ou telefone"
    )]
    so: Vec<ProposalKind>,
    #[arg(long, value_name = "ID", value_parser = UnitId::parse)]
    #[arg(help = "Só propostas sobre esta unidade; repita para várias")]
    unidade: Vec<UnitId>,
}

#[derive(Args)]
struct NamedArgs {
    #[arg(value_name = "PROPOSTA", value_parser = value::text)]
    #[arg(help = "Nome da proposta, como aparece em cadastro")]
    proposta: Vec<String>,
    #[command(flatten)]
    choice: ChoiceArgs,
}

#[derive(Subcommand)]
enum RegisterVerb {
    #[command(name = "aplicar", about = "Grava propostas em unidades.csv, guardando uma cópia")]
    #[command(after_help = "Exemplo:\n  vigia-suas cadastro aplicar --so email --sim\n\n\
        Sem PROPOSTA, --so nem --unidade: todas as que não foram recusadas.")]
    Apply {
        #[command(flatten)]
        named: NamedArgs,
        #[arg(long, help = "Grava sem perguntar")]
        sim: bool,
        #[arg(long, value_name = "NOME", value_parser = value::text)]
        #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
        autor: Option<String>,
    },
    #[command(name = "recusar", about = "Recusa propostas: não voltam até que o cadastro mude")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas cadastro recusar 1a2b3c4d --motivo \"telefone conferido com a unidade\""
    )]
    Refuse {
        #[command(flatten)]
        named: NamedArgs,
        #[arg(long, value_name = "TEXTO", value_parser = value::text)]
        #[arg(help = "Por quê; fica registrado no livro")]
        motivo: String,
        #[arg(long, value_name = "NOME", value_parser = value::text)]
        #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
        autor: Option<String>,
    },
    #[command(name = "carregar", about = "Carrega à mão um arquivo do cadastro")]
    #[command(after_help = "Exemplo:\n  vigia-suas cadastro carregar cadsuas-cras cras.json")]
    Load {
        #[arg(value_name = "NOME", value_parser = FeedId::parse)]
        #[arg(help = "Cadastro declarado em fontes.toml")]
        nome: FeedId,
        #[arg(value_name = "ARQUIVO", help = "Arquivo a carregar")]
        arquivo: PathBuf,
        #[arg(long, value_name = "TEXTO", value_parser = value::text)]
        #[arg(help = "Aceita a carga ainda que tenha unidades de menos; por quê fica registrado no livro")]
        motivo: Option<String>,
        #[arg(long, value_name = "NOME", value_parser = value::text, requires = "motivo")]
        #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
        autor: Option<String>,
    },
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct NewsArgs {
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Tudo o que foi achado desde este dia, também o já visto e o antigo")]
    desde: Option<Date>,
    #[command(subcommand)]
    verb: Option<NewsVerb>,
}

#[derive(Subcommand)]
enum NewsVerb {
    #[command(name = "visto", about = "Marca notícias como vistas")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas noticias visto 0123456789ab --motivo \"prorrogação declarada\""
    )]
    Seen {
        #[arg(value_name = "NOTICIA", value_parser = value::text, required = true)]
        #[arg(help = "Nome da notícia, como aparece em noticias")]
        noticia: Vec<String>,
        #[arg(long, value_name = "TEXTO", value_parser = value::text)]
        #[arg(help = "O que se fez; fica registrado no livro")]
        motivo: Option<String>,
        #[arg(long, value_name = "NOME", value_parser = value::text)]
        #[arg(help = "Quem viu [padrão: o usuário do sistema]")]
        autor: Option<String>,
    },
}

fn kind() -> impl TypedValueParser<Value = ProposalKind> {
    PossibleValuesParser::new(ProposalKind::ALL.map(ProposalKind::as_str))
        .try_map(|word| ProposalKind::parse(&word).ok_or(value::ValueError::Blank))
}

impl ChoiceArgs {
    fn into_choice(self, proposals: Vec<String>) -> Choice {
        Choice { proposals, kinds: self.so, units: self.unidade }
    }
}

impl NamedArgs {
    fn into_choice(self) -> Choice {
        self.choice.into_choice(self.proposta)
    }
}

impl RegisterArgs {
    pub(super) fn into_register(self, variable: Variable<'_>) -> Result<Register, Fault> {
        Ok(match self.verb {
            None => Register::List { choice: self.choice.into_choice(Vec::new()), refused: self.recusadas },
            Some(RegisterVerb::Apply { named, sim, autor }) => Register::Apply {
                choice: named.into_choice(),
                unasked: sim,
                author: author(autor, variable)?,
            },
            Some(RegisterVerb::Refuse { named, motivo, autor }) => {
                let choice = named.into_choice();
                if choice == Choice::default() {
                    return Err(Fault::OneOf("PROPOSTA, --so TIPO, --unidade ID"));
                }
                let signature = Signature { author: author(autor, variable)?, reason: motivo };
                Register::Refuse { choice, signature }
            }
            Some(RegisterVerb::Load { nome, arquivo, motivo, autor }) => {
                let waived = match motivo {
                    None => None,
                    Some(reason) => Some(Signature { author: author(autor, variable)?, reason }),
                };
                Register::Load { register: nome, file: arquivo, waived }
            }
        })
    }
}

impl NewsArgs {
    pub(super) fn into_news(self, variable: Variable<'_>) -> Result<News, Fault> {
        Ok(match self.verb {
            None => News::List { since: self.desde },
            Some(NewsVerb::Seen { noticia, motivo, autor }) => News::Seen {
                findings: noticia.iter().map(|text| FindingId::new(text)).collect(),
                signature: Signature {
                    author: author(autor, variable)?,
                    reason: motivo.unwrap_or_else(|| "visto".to_owned()),
                },
            },
        })
    }
}
