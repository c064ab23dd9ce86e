//! What people decide by hand, and how a configuration is put in force: the arguments, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::{Date, Time};

use super::options::{Signature, Subject};
use super::value;
use crate::domain::id::{EmailAddress, PartId, WindowId};
use crate::domain::overrides::BatchId;

/// `aplicar`: a configuration to install; without one, the files as they are.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Apply {
    #[arg(id = "pasta", value_name = "DIR", conflicts_with = "voltar")]
    #[arg(help = "Pasta da configuração nova [padrão: os arquivos como estão]")]
    pub(in crate::cli) from: Option<PathBuf>,
    #[arg(id = "voltar", long, help = "Volta à última configuração guardada")]
    pub(in crate::cli) back: bool,
    #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Último dia comparado [padrão: 60 dias, ou o último prazo que muda]")]
    pub(in crate::cli) until: Option<Date>,
    #[arg(id = "sim", long, help = "Não pergunta: a resposta é sim")]
    pub(in crate::cli) yes: bool,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
    pub(in crate::cli) author: String,
    #[arg(id = "confirmar", long, value_name = "N")]
    #[arg(help = "Confirma um efeito grande: quantas cartas mudam, como na tabela")]
    pub(in crate::cli) confirm: Option<usize>,
}

/// `prorrogar`: a new deadline that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Extend {
    #[arg(id = "janela", value_name = "JANELA", value_parser = WindowId::parse)]
    #[arg(help = "Janela, como rma/2026-10")]
    pub(in crate::cli) window: WindowId,
    #[arg(id = "para", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "O novo prazo: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(in crate::cli) deadline: Date,
    #[arg(long = "fonte", value_name = "TEXTO", value_parser = value::text, help = "De onde vem a nova data")]
    pub(in crate::cli) source: String,
    #[arg(id = "anunciada", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Dia do anúncio [padrão: hoje]")]
    pub(in crate::cli) announced: Option<Date>,
    #[arg(id = "hora", long, value_name = "HH:MM", value_parser = value::hour)]
    #[arg(help = "Hora do prazo [padrão: a da janela]")]
    pub(in crate::cli) at: Option<Time>,
    #[arg(id = "municipios", long, value_name = "MUNICIPIO", value_parser = value::text, value_delimiter = ',')]
    #[arg(help = "Só estes municípios, por código ou nome, separados por vírgula [padrão: todos]")]
    pub(in crate::cli) municipalities: Vec<String>,
    #[arg(id = "sim", long, help = "Não pergunta: a resposta é sim")]
    pub(in crate::cli) yes: bool,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
    pub(in crate::cli) author: String,
    #[arg(id = "confirmar", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Repete a nova data, quando ela vem antes da antiga ou o efeito é grande")]
    pub(in crate::cli) confirm: Option<Date>,
}

/// `anotar`: a telephone call. Without `pausar` and `ate` the ladder does not wait.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Note {
    #[command(flatten)]
    pub(in crate::cli) of: Subject,
    #[arg(id = "resultado", long, value_name = "TEXTO", value_parser = value::text)]
    #[arg(help = "O que resultou do telefonema", required_unless_present = "desfazer")]
    pub(in crate::cli) outcome: Option<String>,
    #[arg(id = "pausar", long, value_name = "DIAS", value_parser = value::days, conflicts_with = "ate")]
    #[arg(help = "Pausa as cobranças deste município nesta janela por tantos dias depois de hoje, como 3d")]
    pub(in crate::cli) pause: Option<u16>,
    #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Pausa as cobranças até este dia: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(in crate::cli) until: Option<Date>,
    #[arg(id = "telefone", long, value_name = "NUMERO", value_parser = value::text, help = "O telefone discado")]
    pub(in crate::cli) telephone: Option<String>,
    #[arg(id = "desfazer", long, requires = "motivo", help = "Desfaz a última anotação")]
    #[arg(conflicts_with_all = ["resultado", "pausar", "ate", "telefone"])]
    pub(in crate::cli) lift: bool,
    #[arg(id = "motivo", long, value_name = "TEXTO", value_parser = value::text, requires = "desfazer")]
    #[arg(help = "Por que se desfaz")]
    pub(in crate::cli) reason: Option<String>,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem telefonou [padrão: o usuário do sistema]")]
    pub(in crate::cli) author: String,
}

/// `decisoes`: those in force, all, or one to take back.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Orders {
    #[arg(id = "todas", long, conflicts_with = "desfazer", help = "Também as que já não valem")]
    pub(in crate::cli) all: bool,
    #[command(flatten)]
    pub(in crate::cli) undo: Option<Undo>,
}

/// `decisoes --desfazer ID`
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Undo {
    #[arg(id = "desfazer", long, value_name = "ID", value_parser = value::text, required = false)]
    #[arg(help = "Desfaz esta decisão, pelo código que a lista mostra", requires = "motivo")]
    pub(in crate::cli) id: String,
    #[arg(id = "motivo", long, value_name = "TEXTO", value_parser = value::text, required = false)]
    #[arg(help = "Por que se desfaz", requires = "desfazer")]
    pub(in crate::cli) reason: String,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]", requires = "desfazer")]
    pub(in crate::cli) author: String,
}

/// `reter-dados`: personal data of a window that stays although its years are over.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Keep {
    #[arg(id = "janela", value_name = "JANELA", value_parser = WindowId::parse)]
    #[arg(help = "Janela, como rma/2026-10")]
    pub(in crate::cli) window: WindowId,
    #[arg(id = "municipio", long, value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Só deste município: código IBGE de 7 ou 6 dígitos, ou nome [padrão: todos]")]
    pub(in crate::cli) municipality: Option<String>,
    #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Último dia em que ficam retidos [padrão: até que a ordem seja desfeita]")]
    pub(in crate::cli) until: Option<Date>,
    #[command(flatten)]
    pub(in crate::cli) signature: Signature,
}

/// `contato`: the health of the addresses, or one to clear.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Contact {
    #[arg(id = "todos", long, help = "Também os endereços em ordem")]
    pub(in crate::cli) all: bool,
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<ContactVerb>,
}

/// What to do with an address.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum ContactVerb {
    #[command(
        name = "confirmar",
        alias = "confirm",
        about = "Tira a marca de um endereço: ele volta a receber cartas"
    )]
    #[command(
        after_help = "Exemplo:\n  vigia-suas contato confirmar smas@exemplo.es.gov.br --motivo \"Conferido por telefone\""
    )]
    Confirm {
        #[arg(id = "endereco", value_name = "ENDERECO", value_parser = EmailAddress::parse)]
        #[arg(help = "Endereço que está certo")]
        address: EmailAddress,
        #[command(flatten)]
        signature: Signature,
    },
}

/// What to hold or release: exactly one of these. The domain's `HoldScope` before the municipality is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Scope {
    #[arg(id = "tudo", long, help = "Todas as cartas")]
    pub(in crate::cli) all: bool,
    #[arg(id = "janela", long, value_name = "ID", value_parser = WindowId::parse)]
    #[arg(help = "As cartas de uma janela, como rma/2026-10")]
    pub(in crate::cli) window: Option<WindowId>,
    #[arg(id = "municipio", long, value_name = "COD", value_parser = value::text)]
    #[arg(help = "As cartas de um município: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(in crate::cli) municipality: Option<String>,
    #[arg(id = "lote", long, value_name = "ID", value_parser = value::batch)]
    #[arg(help = "As cartas de um lote, como aparece em plano")]
    pub(in crate::cli) batch: Option<BatchId>,
}

/// `dispensar`, `contestar`: a decision on one municipality in one window.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Override {
    #[command(flatten)]
    pub(in crate::cli) of: Subject,
    #[arg(id = "parte", long, value_name = "PARTE", value_parser = PartId::parse)]
    #[arg(help = "Só esta parte, como CRAS; sem ela, todas")]
    pub(in crate::cli) part: Option<PartId>,
    #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date, conflicts_with = "desfazer")]
    #[arg(help = "Último dia em que vale: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(in crate::cli) until: Option<Date>,
    #[arg(id = "desfazer", long, help = "Desfaz o que foi registrado antes")]
    pub(in crate::cli) lift: bool,
    #[command(flatten)]
    pub(in crate::cli) signature: Signature,
}
