//! `cadastro` and `noticias`, as clap reads them.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::options::Signature;
use super::value;
use crate::domain::id::{FeedId, UnitId};
use crate::domain::news::FindingId;
use crate::domain::register::ProposalKind;

/// `cadastro`: what the register of units proposes.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Register {
    #[command(flatten)]
    pub(in crate::cli) choice: Choice,
    #[arg(id = "recusadas", long, help = "Mostra também as propostas que foram recusadas")]
    pub(in crate::cli) refused: bool,
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<RegisterVerb>,
}

/// Which proposals: those that meet every criterion given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(in crate::cli) struct Choice {
    #[arg(id = "so", long, value_name = "TIPO", value_parser = kind())]
    #[arg(
        help = "Só propostas deste tipo: nova, fechada, reaberta, municipio, parte, nome, email ou telefone"
    )]
    pub(in crate::cli) kinds: Vec<ProposalKind>,
    #[arg(id = "unidade", long, value_name = "ID", value_parser = UnitId::parse)]
    #[arg(help = "Só propostas sobre esta unidade; repita para várias")]
    pub(in crate::cli) units: Vec<UnitId>,
}

/// The same, also by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(in crate::cli) struct Named {
    #[arg(id = "proposta", value_name = "PROPOSTA", value_parser = value::text)]
    #[arg(help = "Nome da proposta, como aparece em cadastro")]
    pub(in crate::cli) proposals: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) choice: Choice,
}

/// What to do with proposals.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum RegisterVerb {
    #[command(name = "aplicar", about = "Grava propostas em unidades.csv, guardando uma cópia")]
    #[command(after_help = "Exemplo:\n  vigia-suas cadastro aplicar --so email --sim\n\n\
        Sem PROPOSTA, --so nem --unidade: todas as que não foram recusadas.")]
    Apply {
        #[command(flatten)]
        named: Named,
        #[arg(id = "sim", long, help = "Grava sem perguntar")]
        unasked: bool,
        #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
        #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
        author: String,
    },
    #[command(name = "recusar", about = "Recusa propostas: não voltam até que o cadastro mude")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas cadastro recusar 1a2b3c4d --motivo \"telefone conferido com a unidade\""
    )]
    Refuse {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        signature: Signature,
    },
    #[command(name = "carregar", about = "Carrega à mão um arquivo do cadastro")]
    #[command(after_help = "Exemplo:\n  vigia-suas cadastro carregar cadsuas-cras cras.json")]
    Load {
        #[arg(id = "nome", value_name = "NOME", value_parser = FeedId::parse)]
        #[arg(help = "Cadastro declarado em fontes.toml")]
        register: FeedId,
        #[arg(id = "arquivo", value_name = "ARQUIVO", help = "Arquivo a carregar")]
        file: PathBuf,
        #[command(flatten)]
        waived: Option<Waiver>,
    },
}

/// A load taken however small it is: by whom and why.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Waiver {
    #[arg(id = "motivo", long, value_name = "TEXTO", value_parser = value::text, required = false)]
    #[arg(help = "Aceita a carga ainda que tenha unidades de menos; por quê fica registrado no livro")]
    pub(in crate::cli) reason: String,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]", requires = "motivo")]
    pub(in crate::cli) author: String,
}

/// `noticias`: what nobody has seen, or everything from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct News {
    #[arg(id = "desde", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Tudo o que foi achado desde este dia, também o já visto e o antigo")]
    pub(in crate::cli) since: Option<Date>,
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<NewsVerb>,
}

/// What to do with news.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum NewsVerb {
    #[command(name = "visto", about = "Marca notícias como vistas")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas noticias visto 0123456789ab --motivo \"prorrogação declarada\""
    )]
    Seen {
        #[arg(id = "noticia", value_name = "NOTICIA", value_parser = value::finding, required = true)]
        #[arg(help = "Nome da notícia, como aparece em noticias")]
        findings: Vec<FindingId>,
        #[arg(id = "motivo", long, value_name = "TEXTO", value_parser = value::text, default_value = "visto")]
        #[arg(help = "O que se fez; fica registrado no livro")]
        reason: String,
        #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
        #[arg(help = "Quem viu [padrão: o usuário do sistema]")]
        author: String,
    },
}

fn kind() -> impl TypedValueParser<Value = ProposalKind> {
    PossibleValuesParser::new(ProposalKind::ALL.map(ProposalKind::as_str))
        .try_map(|word| ProposalKind::parse(&word).ok_or(value::ValueError::Blank))
}
