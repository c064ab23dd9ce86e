//! What stands behind each command on the line: options and arguments, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::{Date, Time};

use super::LetterFormat;
use super::value;
use crate::domain::id::{FeedId, PartId, SnapshotId, SystemId, WindowId};
use crate::domain::notice::Kind;
use crate::domain::overrides::BatchId;

#[derive(Args)]
pub(super) struct ApplyArgs {
    #[arg(value_name = "DIR", required_unless_present = "voltar", conflicts_with = "voltar")]
    #[arg(help = "Pasta da configuração nova")]
    pub(super) pasta: Option<PathBuf>,
    #[arg(long, help = "Volta à última configuração guardada")]
    pub(super) voltar: bool,
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Último dia comparado [padrão: 60 dias, ou o último prazo que muda]")]
    pub(super) ate: Option<Date>,
    #[command(flatten)]
    pub(super) consent: Consent,
    #[arg(long, value_name = "N", help = "Confirma um efeito grande: quantas cartas mudam, como na tabela")]
    pub(super) confirmar: Option<usize>,
}

#[derive(Args)]
pub(super) struct Consent {
    #[arg(long, help = "Não pergunta: a resposta é sim")]
    pub(super) sim: bool,
    #[arg(long, value_name = "NOME", value_parser = value::text)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
    pub(super) autor: Option<String>,
}

#[derive(Args)]
pub(super) struct ExtendArgs {
    #[arg(value_name = "JANELA", value_parser = WindowId::parse, help = "Janela, como rma/2026-10")]
    pub(super) janela: WindowId,
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "O novo prazo: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(super) para: Date,
    #[arg(long, value_name = "TEXTO", value_parser = value::text, help = "De onde vem a nova data")]
    pub(super) fonte: String,
    #[arg(long, value_name = "DATA", value_parser = value::date, help = "Dia do anúncio [padrão: hoje]")]
    pub(super) anunciada: Option<Date>,
    #[arg(long, value_name = "HH:MM", value_parser = value::hour, help = "Hora do prazo [padrão: a da janela]")]
    pub(super) hora: Option<Time>,
    #[arg(long, value_name = "MUNICIPIO", value_parser = value::text, value_delimiter = ',')]
    #[arg(help = "Só estes municípios, por código ou nome, separados por vírgula [padrão: todos]")]
    pub(super) municipios: Vec<String>,
    #[command(flatten)]
    pub(super) consent: Consent,
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Repete a nova data, quando ela vem antes da antiga")]
    pub(super) confirmar: Option<Date>,
}

#[derive(Args)]
pub(super) struct NoteArgs {
    #[command(flatten)]
    pub(super) place: Place,
    #[arg(long, value_name = "TEXTO", value_parser = value::text, required_unless_present = "desfazer")]
    #[arg(help = "O que resultou do telefonema")]
    pub(super) resultado: Option<String>,
    #[arg(long, value_name = "DIAS", value_parser = value::days, conflicts_with = "ate")]
    #[arg(help = "Pausa as cobranças deste município nesta janela por tantos dias depois de hoje, como 3d")]
    pub(super) pausar: Option<u16>,
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Pausa as cobranças até este dia: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(super) ate: Option<Date>,
    #[arg(long, value_name = "NUMERO", value_parser = value::text, help = "O telefone discado")]
    pub(super) telefone: Option<String>,
    #[arg(long, requires = "motivo", conflicts_with_all = ["resultado", "pausar", "ate", "telefone"])]
    #[arg(help = "Desfaz a última anotação")]
    pub(super) desfazer: bool,
    #[arg(long, value_name = "TEXTO", value_parser = value::text, requires = "desfazer")]
    #[arg(help = "Por que se desfaz")]
    pub(super) motivo: Option<String>,
    #[arg(long, value_name = "NOME", value_parser = value::text)]
    #[arg(help = "Quem telefonou [padrão: o usuário do sistema]")]
    pub(super) autor: Option<String>,
}

#[derive(Args)]
pub(super) struct OrdersArgs {
    #[arg(long, conflicts_with = "desfazer", help = "Também as que já não valem")]
    pub(super) todas: bool,
    #[arg(long, value_name = "ID", value_parser = value::text, requires = "motivo")]
    #[arg(help = "Desfaz esta decisão, pelo código que a lista mostra")]
    pub(super) desfazer: Option<String>,
    #[arg(long, value_name = "TEXTO", value_parser = value::text, requires = "desfazer")]
    #[arg(help = "Por que se desfaz")]
    pub(super) motivo: Option<String>,
    #[arg(long, value_name = "NOME", value_parser = value::text)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
    pub(super) autor: Option<String>,
}

#[derive(Args)]
pub(super) struct Simulate {
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Primeiro dia: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(super) de: Date,
    #[arg(long, value_name = "DATA", value_parser = value::date, help = "Último dia, inclusive")]
    pub(super) ate: Date,
    #[arg(long, value_name = "ARQ.csv")]
    #[arg(help = "Situações no tempo: em;janela;ibge;parte;unidade;situacao")]
    pub(super) situacoes: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    #[arg(help = "Pasta onde guardar as cartas, os relatórios e o resumo (página e planilhas)")]
    pub(super) saida: Option<PathBuf>,
    #[arg(long, help = "Mostra só o resumo, sem o diário")]
    pub(super) resumo: bool,
    #[arg(long, value_name = "N", value_parser = value::count)]
    #[arg(help = "Avisa quando um município recebe mais do que N cartas em 7 dias [padrão: 3]")]
    #[arg(default_value = "3")]
    pub(super) por_semana: u16,
}

#[derive(Args)]
pub(super) struct LetterArgs {
    #[arg(long, value_name = "TIPO", value_parser = value::kind(), required_unless_present = "todas")]
    #[arg(help = "divulgacao, lembrete, prazo, prorrogacao, suspensao, resumo, remessa ou alerta")]
    pub(super) tipo: Option<Kind>,
    #[arg(long, value_name = "ID", value_parser = SystemId::parse, conflicts_with = "janela")]
    #[arg(help = "Sistema, como rma: vale a janela atual dele, ou a próxima")]
    pub(super) sistema: Option<SystemId>,
    #[arg(long, value_name = "ID", value_parser = WindowId::parse, help = "Janela, como rma/2026-10")]
    pub(super) janela: Option<WindowId>,
    #[arg(long, value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Destinatário: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(super) municipio: Option<String>,
    #[arg(long, value_name = "FORMATO", value_enum, default_value = "texto")]
    #[arg(help = "texto, html ou eml [padrão: texto]")]
    pub(super) formato: LetterFormat,
    #[arg(long, requires = "saida", conflicts_with = "tipo")]
    #[arg(help = "Grava todas as cartas, de todo tipo, a todo destinatário, com um índice para conferir")]
    pub(super) todas: bool,
    #[arg(long, conflicts_with = "todas")]
    #[arg(help = "Mostra a carta de novo cada vez que um arquivo da configuração muda; Ctrl-C encerra")]
    pub(super) observar: bool,
    #[arg(long, value_name = "DIR", help = "Pasta onde gravar, com --todas ou --observar")]
    pub(super) saida: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Place {
    #[arg(value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Código IBGE de 7 ou 6 dígitos, ou nome (entre aspas, se tiver espaços)")]
    pub(super) municipio: String,
    #[arg(value_name = "JANELA", value_parser = WindowId::parse, help = "Janela, como rma/2026-10")]
    pub(super) janela: WindowId,
}

#[derive(Args)]
pub(super) struct Filter {
    #[arg(long, value_name = "ID", value_parser = WindowId::parse)]
    #[arg(help = "Só esta janela, como rma/2026-10")]
    pub(super) janela: Option<WindowId>,
    #[arg(long, value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Só este município: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(super) municipio: Option<String>,
}

#[derive(Args)]
pub(super) struct DossierArgs {
    #[arg(value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Código IBGE de 7 ou 6 dígitos, ou nome (entre aspas, se tiver espaços)")]
    pub(super) municipio: String,
    #[arg(long, value_name = "ID", value_parser = WindowId::parse)]
    #[arg(help = "Só esta janela, como rma/2026-10")]
    pub(super) janela: Option<WindowId>,
    #[arg(long, value_name = "DIR")]
    #[arg(help = "Pasta a gravar, nova ou vazia [padrão: dossie-MUNICIPIO-JANELA na pasta atual]")]
    pub(super) saida: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct LedgerArgs {
    #[command(flatten)]
    pub(super) filter: Filter,
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Só o que foi registrado desde este dia: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(super) desde: Option<Date>,
    #[command(subcommand)]
    pub(super) verb: Option<LedgerVerb>,
}

#[derive(Subcommand)]
pub(super) enum FeedVerb {
    #[command(name = "aceitar", alias = "accept", about = "Acredita em uma coleta que ficou em quarentena")]
    #[command(after_help = "Exemplo:\n  vigia-suas fonte aceitar rma-cras-20261123T090000000Z-0123456789ab \
        --motivo \"O MDS corrigiu os dados\"")]
    Accept {
        #[arg(value_name = "COLETA", value_parser = SnapshotId::parse)]
        #[arg(help = "Coleta, como aparece em “vigia-suas fontes FONTE”")]
        coleta: SnapshotId,
        #[command(flatten)]
        signature: SignatureArgs,
    },
    #[command(name = "recusar", alias = "reject")]
    #[command(about = "Deixa de acreditar em uma coleta: volta a valer o que se sabia antes")]
    #[command(after_help = "Exemplo:\n  vigia-suas fonte recusar rma-cras-20261123T090000000Z-0123456789ab \
        --motivo \"Arquivo do mês errado\"")]
    Reject {
        #[arg(value_name = "COLETA", value_parser = SnapshotId::parse)]
        #[arg(help = "Coleta, como aparece em “vigia-suas fontes FONTE”")]
        coleta: SnapshotId,
        #[command(flatten)]
        signature: SignatureArgs,
    },
    #[command(name = "experimentar", alias = "try")]
    #[command(about = "Mostra o que a fonte traria agora, sem gravar nada")]
    #[command(after_help = "Exemplo:\n  vigia-suas fonte experimentar rma-cras")]
    Try {
        #[arg(value_name = "FONTE", value_parser = FeedId::parse)]
        #[arg(help = "Fonte declarada em fontes.toml, ainda que inativa")]
        fonte: FeedId,
        #[arg(value_name = "ARQUIVO", help = "Arquivo a experimentar em vez do endereço")]
        arquivo: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub(super) enum LedgerVerb {
    #[command(name = "conferir", about = "Confere se o livro está íntegro, elo por elo")]
    #[command(after_help = "Exemplo:\n  vigia-suas livro conferir")]
    Verify,
}

#[derive(Args)]
pub(super) struct SampleArgs {
    #[arg(long, value_name = "TIPO", value_parser = value::kind())]
    #[arg(help = "divulgacao, lembrete, prazo, prorrogacao, suspensao, resumo, remessa ou alerta")]
    pub(super) tipo: Kind,
    #[command(flatten)]
    pub(super) of: SampleOfArgs,
    #[arg(long, value_name = "MUNICIPIO", value_parser = value::text)]
    #[arg(help = "Destinatário: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(super) municipio: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct SampleOfArgs {
    #[arg(long, value_name = "ID", value_parser = SystemId::parse)]
    #[arg(help = "Sistema, como rma: vale a janela atual dele, ou a próxima")]
    pub(super) sistema: Option<SystemId>,
    #[arg(long, value_name = "ID", value_parser = WindowId::parse, help = "Janela, como rma/2026-10")]
    pub(super) janela: Option<WindowId>,
}

#[derive(Args)]
pub(super) struct StopArgs {
    #[command(flatten)]
    pub(super) hold: HoldArgs,
    #[arg(long, value_name = "DATA", value_parser = value::date)]
    #[arg(help = "Último dia em que fica retido [padrão: até ser liberado]")]
    pub(super) ate: Option<Date>,
}

#[derive(Args)]
pub(super) struct HoldArgs {
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    #[command(flatten)]
    pub(super) signature: SignatureArgs,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct ScopeArgs {
    #[arg(long, help = "Todas as cartas")]
    pub(super) tudo: bool,
    #[arg(long, value_name = "ID", value_parser = WindowId::parse)]
    #[arg(help = "As cartas de uma janela, como rma/2026-10")]
    pub(super) janela: Option<WindowId>,
    #[arg(long, value_name = "COD", value_parser = value::text)]
    #[arg(help = "As cartas de um município: código IBGE de 7 ou 6 dígitos, ou nome")]
    pub(super) municipio: Option<String>,
    #[arg(long, value_name = "ID", value_parser = value::batch)]
    #[arg(help = "As cartas de um lote, como aparece em plano")]
    pub(super) lote: Option<BatchId>,
}

#[derive(Args)]
pub(super) struct SignatureArgs {
    #[arg(long, value_name = "TEXTO", value_parser = value::text, help = "Por quê; fica registrado no livro")]
    pub(super) motivo: String,
    #[arg(long, value_name = "NOME", value_parser = value::text)]
    #[arg(help = "Quem decidiu [padrão: o usuário do sistema]")]
    pub(super) autor: Option<String>,
}

#[derive(Args)]
pub(super) struct OverrideArgs {
    #[command(flatten)]
    pub(super) place: Place,
    #[arg(long, value_name = "PARTE", value_parser = PartId::parse)]
    #[arg(help = "Só esta parte, como CRAS; sem ela, todas")]
    pub(super) parte: Option<PartId>,
    #[arg(long, value_name = "DATA", value_parser = value::date, conflicts_with = "desfazer")]
    #[arg(help = "Último dia em que vale: AAAA-MM-DD ou DD/MM/AAAA")]
    pub(super) ate: Option<Date>,
    #[arg(long, help = "Desfaz o que foi registrado antes")]
    pub(super) desfazer: bool,
    #[command(flatten)]
    pub(super) signature: SignatureArgs,
}
