//! `fonte`: what may be done with a feed, and what an operator settles about a file that none reads yet.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::Ruling;
use super::value;
use crate::domain::id::{FeedId, SystemId};

/// What to do with a feed or a snapshot of one.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum Feed {
    #[command(name = "aceitar", alias = "accept", about = "Acredita em uma coleta que ficou em quarentena")]
    #[command(after_help = "Exemplo:\n  vigia-suas fonte aceitar rma-cras-20261123T090000000Z-0123456789ab \
        --motivo \"O MDS corrigiu os dados\"")]
    Accept(Ruling),
    #[command(name = "recusar", alias = "reject")]
    #[command(about = "Deixa de acreditar em uma coleta: volta a valer o que se sabia antes")]
    #[command(after_help = "Exemplo:\n  vigia-suas fonte recusar rma-cras-20261123T090000000Z-0123456789ab \
        --motivo \"Arquivo do mês errado\"")]
    Reject(Ruling),
    #[command(name = "experimentar", alias = "try")]
    #[command(about = "Mostra o que a fonte traria agora, sem gravar nada")]
    #[command(after_help = "Exemplo:\n  vigia-suas fonte experimentar rma-cras")]
    Try {
        #[arg(id = "fonte", value_name = "FONTE", value_parser = FeedId::parse)]
        #[arg(help = "Fonte declarada em fontes.toml, ainda que inativa")]
        feed: FeedId,
        #[arg(id = "arquivo", value_name = "ARQUIVO", help = "Arquivo a experimentar em vez do endereço")]
        file: Option<PathBuf>,
    },
    #[command(name = "propor", alias = "propose")]
    #[command(about = "Propõe a fonte que lê um arquivo que a equipe já tem")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas fonte propor planilha.xlsx --sistema rma --referencia 2026-10\n\n\
        A proposta, a colar em fontes.toml, vai para a saída; o que seria entendido, para a tela.\n\
        Uma coluna se diz pelo título ou pela posição (#3).\n\
        Saída: 0 há uma proposta; 1 falta responder o que a tela pergunta; 3 o arquivo não pôde ser lido."
    )]
    Propose(Box<Propose>),
}

/// A file or an address, and what of it is settled.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(in crate::cli) struct Propose {
    #[arg(id = "arquivo", value_name = "ARQUIVO|URL", value_parser = value::text)]
    #[arg(help = "Arquivo (CSV, planilha, página HTML ou JSON), ou o endereço http(s) dele")]
    pub(in crate::cli) of: String,
    #[arg(id = "sistema", long, value_name = "SISTEMA", value_parser = SystemId::parse)]
    #[arg(help = "Sistema de que o arquivo fala")]
    pub(in crate::cli) system: SystemId,
    #[arg(id = "nome", long, value_name = "FONTE", value_parser = FeedId::parse)]
    #[arg(help = "Nome da fonte [padrão: o sistema e o nome do arquivo]")]
    pub(in crate::cli) name: Option<FeedId>,
    #[arg(id = "aba", long, value_name = "ABA", value_parser = value::text, help = "Aba da planilha")]
    pub(in crate::cli) tab: Option<String>,
    #[arg(id = "tabela", long, value_name = "TEXTO", value_parser = value::text)]
    #[arg(help = "Um texto do cabeçalho da tabela da página")]
    pub(in crate::cli) table: Option<String>,
    #[arg(id = "cabecalho", long, value_name = "LINHA", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    #[arg(help = "Linha dos títulos")]
    pub(in crate::cli) heading: Option<u32>,
    #[arg(id = "coluna-municipio", long = "municipio", value_name = "COLUNA", value_parser = value::text)]
    #[arg(help = "Coluna do município: código do IBGE, ou nome por inteiro")]
    pub(in crate::cli) municipality: Option<String>,
    #[arg(id = "unidade", long, value_name = "COLUNA", value_parser = value::text)]
    #[arg(help = "Coluna do código da unidade, ou “nenhuma”")]
    pub(in crate::cli) unit: Option<String>,
    #[arg(id = "parte-ou-coluna", long = "parte", value_name = "PARTE|COLUNA", value_parser = value::text)]
    #[arg(help = "De que parte são as linhas, ou a coluna que diz")]
    pub(in crate::cli) part: Option<String>,
    #[arg(id = "referencia", long, value_name = "REFERENCIA|COLUNA", value_parser = value::text)]
    #[arg(help = "De que referência são as linhas (2026-10, 2026-T4, 2026), a coluna que diz, ou “abertas”")]
    pub(in crate::cli) reference: Option<String>,
    #[arg(id = "referencia-formato", long, value_name = "FORMATO", value_parser = value::text)]
    #[arg(help = "Como a referência está escrita: %m/%Y, T%q/%Y", requires = "referencia")]
    pub(in crate::cli) reference_pattern: Option<String>,
    #[arg(id = "situacao", long, value_name = "COLUNA", value_parser = value::text)]
    #[arg(help = "Coluna que diz se o formulário foi preenchido")]
    #[arg(conflicts_with_all = ["presenca", "feitos", "esperados"])]
    pub(in crate::cli) situation: Option<String>,
    #[arg(id = "presenca", long, help = "Haver a linha já quer dizer concluído")]
    #[arg(conflicts_with_all = ["feitos", "esperados"])]
    pub(in crate::cli) presence: bool,
    #[arg(id = "feitos", long, value_name = "COLUNA", value_parser = value::text, requires = "esperados")]
    #[arg(help = "Coluna de quantos formulários foram preenchidos")]
    pub(in crate::cli) done: Option<String>,
    #[arg(id = "esperados", long, value_name = "COLUNA", value_parser = value::text, requires = "feitos")]
    #[arg(help = "Coluna de quantos há a preencher")]
    pub(in crate::cli) expected: Option<String>,
    #[arg(id = "data", long, value_name = "COLUNA", value_parser = value::text)]
    #[arg(help = "Coluna com a data da informação de cada linha, ou “nenhuma”")]
    pub(in crate::cli) dated: Option<String>,
}
