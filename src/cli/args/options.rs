//! What several commands ask for, and the arguments of those that show, rehearse and write letters, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::value;
use crate::domain::id::{SnapshotId, SystemId, WindowId};
use crate::domain::notice::Kind;

/// A municipality, as typed, in a window.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Subject {
    #[arg(id = "municipio", value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Código IBGE de 7 ou 6 dígitos, ou nome (entre aspas, se tiver espaços)")]
    pub(in crate::cli) municipality: String,
    #[arg(id = "janela", value_name = "JANELA", value_parser = WindowId::parse)]
    #[arg(help = "Janela, como rma/2026-10")]
    pub(in crate::cli) window: WindowId,
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(in crate::cli) struct Filter {
    #[arg(id = "janela", long, value_name = "ID", value_parser = WindowId::parse)]
    #[arg(help = "Só esta janela, como rma/2026-10")]
    pub(in crate::cli) window: Option<WindowId>,
    #[arg(id = "municipio", long, value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Só este município: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(in crate::cli) municipality: Option<String>,
}

/// By whom and why. Neither is blank; who is as said, else the login name (`SUDO_USER`, then `USER`, then the system's).
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Signature {
    #[arg(id = "motivo", long, value_name = "TEXTO", value_parser = value::text)]
    #[arg(help = "Por quê; fica registrado no livro")]
    pub(in crate::cli) reason: String,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
    pub(in crate::cli) author: String,
}

/// An instant as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Moment {
    /// RFC 3339, offset included.
    Instant(Timestamp),
    /// A local date and time, in the calendar's zone.
    Civil(DateTime),
    /// A local date; the command knows whether its start or its end is meant.
    Day(Date),
}

/// `simular`: a period in virtual time; `from` is not after `until`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Simulate {
    #[arg(id = "de", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Primeiro dia: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(in crate::cli) from: Date,
    #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date, help = "Último dia, inclusive")]
    pub(in crate::cli) until: Date,
    #[arg(id = "situacoes", long, value_name = "ARQ.csv")]
    #[arg(help = "Situações no tempo: em;janela;ibge;parte;unidade;situacao")]
    pub(in crate::cli) statuses: Option<PathBuf>,
    #[arg(id = "saida", long, value_name = "DIR")]
    #[arg(help = "Pasta onde guardar as cartas, os relatórios e o resumo (página e planilhas)")]
    pub(in crate::cli) output: Option<PathBuf>,
    #[arg(id = "resumo", long, help = "Mostra só o resumo, sem o diário")]
    pub(in crate::cli) summary_only: bool,
    #[arg(long = "por-semana", value_name = "N", value_parser = value::count, default_value = "3")]
    #[arg(help = "Avisa quando um município recebe mais do que N cartas em 7 dias [padrão: 3]")]
    pub(in crate::cli) weekly: u16,
}

/// `livro`
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Ledger {
    #[command(flatten)]
    pub(in crate::cli) filter: Filter,
    #[arg(id = "desde", long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Só o que foi registrado desde este dia: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(in crate::cli) since: Option<Date>,
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<LedgerVerb>,
}

/// What to do with the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum LedgerVerb {
    #[command(name = "conferir", about = "Confere se o livro está íntegro, elo por elo")]
    #[command(after_help = "Exemplo:\n  vigia-suas livro conferir")]
    Verify,
    #[command(name = "reduzir", alias = "reduce")]
    #[command(about = "Mostra os dados pessoais cujo prazo de guarda terminou (guardar_anos), e os apaga")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas livro reduzir\n  vigia-suas livro reduzir --confirmar 312 \
        --motivo \"Prazo de guarda vencido\""
    )]
    Reduce(Reduce),
    #[command(name = "mudar", alias = "move")]
    #[command(
        about = "Leva o livro, com o serviço parado, para um servidor PostgreSQL, ou de volta a um arquivo"
    )]
    #[command(
        after_help = "Exemplo:\n  vigia-suas livro mudar --para postgres://vigia@banco.es.gov.br/vigia\n  \
        vigia-suas livro mudar --para /var/lib/vigia-suas/vigia.db"
    )]
    Relocate(Relocate),
}

/// `livro mudar`
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Relocate {
    #[arg(id = "para", long, value_name = "DESTINO", value_parser = value::text)]
    #[arg(help = "Endereço do servidor (postgres://…), como em `url` de [banco], ou um arquivo vigia.db")]
    pub(in crate::cli) to: String,
    #[arg(id = "esquema", long, value_name = "NOME", value_parser = value::text)]
    #[arg(help = "Esquema no servidor, um para cada serviço [padrão: vigia]")]
    pub(in crate::cli) schema: Option<String>,
    #[arg(id = "senha-arquivo", long, value_name = "ARQUIVO")]
    #[arg(help = "Arquivo cuja primeira linha é a senha do servidor")]
    pub(in crate::cli) password_file: Option<PathBuf>,
    #[arg(id = "ca-arquivo", long, value_name = "ARQUIVO")]
    #[arg(help = "Certificados (PEM) de quem assinou o do servidor [padrão: os do sistema]")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
    pub(in crate::cli) author: String,
}

/// `livro reduzir`: without a number it shows.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Reduce {
    #[command(flatten)]
    pub(in crate::cli) confirmed: Option<Reduction>,
}

/// `livro reduzir --confirmar N`
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Reduction {
    #[arg(id = "confirmar", long, value_name = "N", required = false, requires = "motivo")]
    #[arg(help = "Apaga: repete quantas cartas, como mostrado; não se desfaz")]
    pub(in crate::cli) letters: usize,
    #[arg(id = "motivo", long, value_name = "TEXTO", value_parser = value::text, required = false)]
    #[arg(help = "Por que se apaga antes que o serviço o faça", requires = "confirmar")]
    pub(in crate::cli) reason: String,
    #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]", requires = "confirmar")]
    pub(in crate::cli) author: String,
}

/// A person's word on a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Ruling {
    #[arg(id = "coleta", value_name = "COLETA", value_parser = SnapshotId::parse)]
    #[arg(help = "Coleta, como aparece em “vigia-suas fontes FONTE”")]
    pub(in crate::cli) snapshot: SnapshotId,
    #[command(flatten)]
    pub(in crate::cli) signature: Signature,
}

/// `carta`: one letter, or with `--todas` all of them, where there is no kind.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Letter {
    #[arg(id = "tipo", long, value_name = "TIPO", value_parser = value::kind())]
    #[arg(help = "divulgacao, lembrete, prazo, prorrogacao, suspensao, resumo, remessa ou alerta")]
    #[arg(required_unless_present = "todas")]
    pub(in crate::cli) kind: Option<Kind>,
    #[command(flatten)]
    pub(in crate::cli) of: Option<SampleOf>,
    #[arg(id = "municipio", long, value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Destinatário: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(in crate::cli) municipality: Option<String>,
    #[arg(id = "formato", long, value_name = "FORMATO", value_enum, default_value = "texto")]
    #[arg(help = "texto, html ou eml [padrão: texto]")]
    pub(in crate::cli) format: LetterFormat,
    #[arg(id = "todas", long, requires = "saida", conflicts_with = "tipo")]
    #[arg(help = "Grava todas as cartas, de todo tipo, a todo destinatário, com um índice para conferir")]
    pub(in crate::cli) all: bool,
    #[arg(id = "observar", long, conflicts_with = "todas")]
    #[arg(help = "Mostra a carta de novo cada vez que um arquivo da configuração muda; Ctrl-C encerra")]
    pub(in crate::cli) watch: bool,
    #[arg(id = "saida", long, value_name = "DIR", help = "Pasta onde gravar, com --todas ou --observar")]
    pub(in crate::cli) output: Option<PathBuf>,
}

impl Letter {
    /// The one letter asked for; none where it does not say which.
    pub(in crate::cli) fn sample(&self) -> Option<Sample> {
        Some(Sample { kind: self.kind?, of: self.of.clone()?, municipality: self.municipality.clone() })
    }
}

/// A letter to show or to try.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Sample {
    #[arg(id = "tipo", long, value_name = "TIPO", value_parser = value::kind())]
    #[arg(help = "divulgacao, lembrete, prazo, prorrogacao, suspensao, resumo, remessa ou alerta")]
    pub(in crate::cli) kind: Kind,
    #[command(flatten)]
    pub(in crate::cli) of: SampleOf,
    #[arg(id = "municipio", long, value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Destinatário: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(in crate::cli) municipality: Option<String>,
}

/// What a sample letter is about: one of these, never both.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[group(multiple = false)]
pub(in crate::cli) struct SampleOf {
    #[arg(id = "sistema", long, value_name = "ID", value_parser = SystemId::parse)]
    #[arg(help = "Sistema, como rma: vale a janela atual dele, ou a próxima")]
    pub(in crate::cli) system: Option<SystemId>,
    #[arg(id = "janela", long, value_name = "ID", value_parser = WindowId::parse)]
    #[arg(help = "Janela, como rma/2026-10")]
    pub(in crate::cli) window: Option<WindowId>,
}

/// Which of the ways to be heard is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ChannelToTest {
    Webhook,
    #[value(name = "comando")]
    Command,
    #[value(name = "sinal")]
    Signal,
}

/// A shell that completes words. No `///` on the variants here and below: a shell would show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Words that only the configuration knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Values {
    // Windows open now or about to open.
    #[value(name = "janela")]
    Windows,
    #[value(name = "fonte")]
    Feeds,
    // Codes of municipalities.
    #[value(name = "municipio")]
    Municipalities,
    #[value(name = "sistema")]
    Systems,
    #[value(name = "parte")]
    Parts,
}

/// How to write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
    #[value(name = "texto")]
    Text,
    Csv,
    Html,
}

/// How to write a list that is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ListFormat {
    #[value(name = "texto")]
    Text,
    Csv,
}

/// How to write a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LetterFormat {
    #[value(name = "texto")]
    Text,
    Html,
    // `eml`: the bytes that would leave.
    Eml,
}
