//! Every command, as clap reads it.
//!
//! Each carries its own `about`, so that no doc comment becomes help. The names of arguments are Portuguese where an
//! operator may see them: completions show the name of an argument that is not an option.
//!
//! Long because a command is read with its arguments, in the order in which help lists them.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::civil::Date;

use super::by_hand::{Apply, Contact, Extend, Keep, Note, Orders, Override, Scope};
use super::feed::Feed;
use super::options::{
    ChannelToTest, Filter, Ledger, LedgerVerb, Letter, ListFormat, ReportFormat, Sample, Shell, Signature,
    Simulate, Subject, Values,
};
use super::register::{News, Register};
use super::value;
use crate::domain::id::{EmailAddress, FeedId, WindowId};

/// What to do, by its English alias.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum Command {
    #[command(name = "servir", alias = "run", about = "Mantém o serviço em funcionamento")]
    #[command(after_help = "Exemplo:\n  vigia-suas servir --uma-vez")]
    Run {
        #[arg(long = "uma-vez", help = "Faz uma única passada (coleta, plano, envio, relatório) e termina")]
        once: bool,
    },
    #[command(name = "verificar", alias = "check")]
    #[command(about = "Confere configuração, calendário, cadastro e cartas, sem rede")]
    #[command(after_help = "Exemplo:\n  vigia-suas verificar --config config")]
    Check,
    #[command(name = "agenda", alias = "calendar")]
    #[command(about = "Mostra as janelas de um período, com os prazos e suas fontes")]
    #[command(after_help = "Exemplo:\n  vigia-suas agenda --de 2026-10-01 --ate 2026-12-31\n  \
        vigia-suas agenda --ics prazos.ics")]
    Calendar {
        #[arg(id = "de", long, value_name = "DATA", value_parser = value::date)]
        #[arg(help = "Primeiro dia: AAAA-MM-DD ou DD/MM/AAAA [padrão: hoje]")]
        from: Option<Date>,
        #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date)]
        #[arg(help = "Último dia, inclusive [padrão: um ano depois]")]
        until: Option<Date>,
        #[arg(long, value_name = "ARQUIVO")]
        #[arg(help = "Grava o período como calendário (iCalendar), para Outlook, Google ou Thunderbird; \
            - escreve na saída padrão")]
        ics: Option<PathBuf>,
    },
    #[command(name = "plano", alias = "plan")]
    #[command(about = "Mostra o que seria enviado, retido ou retirado agora, sem enviar")]
    #[command(after_help = "Exemplo:\n  vigia-suas plano --contra /root/vigia-nova")]
    Plan {
        #[arg(id = "contra", long, value_name = "DIR")]
        #[arg(
            help = "Compara com esta configuração: o que ela enviaria, deixaria de enviar ou mudaria de data"
        )]
        against: Option<PathBuf>,
        #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date, requires = "contra")]
        #[arg(help = "Último dia comparado [padrão: 60 dias, ou o último prazo que muda]")]
        until: Option<Date>,
    },
    #[command(name = "aplicar", alias = "apply")]
    #[command(about = "Instala uma configuração, depois de mostrar o que ela muda e perguntar")]
    #[command(after_help = "Exemplo:\n  vigia-suas --config /etc/vigia-suas aplicar /root/vigia-nova\n  \
        vigia-suas aplicar --confirmar 78")]
    Apply(Apply),
    #[command(name = "recarregar", alias = "reload")]
    #[command(about = "Manda o serviço ler os arquivos de novo e diz o que ele fez deles")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas recarregar\n\nÉ o que “systemctl reload vigia-suas” faz. \
        Saída: 0 adotou; 1 recusou ou reteve, e vale a configuração anterior; 3 não se soube."
    )]
    Reload,
    #[command(name = "prorrogar", alias = "extend")]
    #[command(about = "Escreve uma prorrogação no calendário, mostrando antes quem será avisado")]
    #[command(after_help = "Exemplo:\n  vigia-suas prorrogar rma/2026-10 --para 15/12/2026 \
        --fonte \"MDS, comunicado de 27/11/2026\"")]
    Extend(Extend),
    #[command(name = "simular", alias = "simulate")]
    #[command(about = "Percorre um período em tempo simulado, sem enviar nada")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas simular --de 2026-10-01 --ate 2026-12-31 --saida ensaio\n  \
        vigia-suas simular --de 2027-01-01 --ate 2027-12-31 --resumo"
    )]
    Simulate(Simulate),
    #[command(name = "porque", alias = "why")]
    #[command(about = "Explica o que foi ou não enviado a um município em uma janela")]
    #[command(after_help = "Exemplo:\n  vigia-suas porque 3205309 rma/2026-10")]
    Why(Subject),
    #[command(name = "situacao", alias = "status")]
    #[command(about = "Mostra quem já preencheu o quê, com data e fonte da informação")]
    #[command(after_help = "Exemplo:\n  vigia-suas situacao --janela rma/2026-10 --municipio \"Vila Velha\"")]
    Status(Filter),
    #[command(name = "importar", alias = "ingest", about = "Carrega à mão um arquivo de situação")]
    #[command(after_help = "Exemplo:\n  vigia-suas importar rma-lista lista-rma.csv")]
    Ingest {
        #[arg(id = "fonte", value_name = "FONTE", value_parser = FeedId::parse)]
        #[arg(help = "Fonte declarada em fontes.toml")]
        feed: FeedId,
        #[arg(id = "arquivo", value_name = "ARQUIVO", help = "Arquivo a carregar")]
        file: PathBuf,
    },
    #[command(name = "fontes", alias = "feeds")]
    #[command(about = "Mostra as fontes: última coleta, idade, veredito e próxima busca")]
    #[command(after_help = "Exemplo:\n  vigia-suas fontes rma-cras")]
    Feeds {
        #[arg(id = "fonte", value_name = "FONTE", value_parser = FeedId::parse)]
        #[arg(help = "Só esta fonte, com suas últimas coletas")]
        feed: Option<FeedId>,
    },
    #[command(
        name = "fonte",
        alias = "feed",
        about = "Aceita ou recusa uma coleta, experimenta ou propõe uma fonte"
    )]
    #[command(after_help = "Exemplo:\n  vigia-suas fonte experimentar rma-cras")]
    #[command(subcommand)]
    Feed(Feed),
    #[command(name = "cadastro", alias = "register")]
    #[command(about = "Mostra o que o cadastro do MDS mudaria em unidades.csv")]
    #[command(after_help = "Exemplo:\n  vigia-suas cadastro --so fechada")]
    Register(Register),
    #[command(name = "noticias", alias = "news")]
    #[command(about = "Mostra notícias do MDS sobre aberturas, prorrogações e instabilidades")]
    #[command(after_help = "Exemplo:\n  vigia-suas noticias --desde 2026-11-01")]
    News(News),
    #[command(name = "relatorio", alias = "report", about = "Escreve o relatório de acompanhamento")]
    #[command(after_help = "Exemplo:\n  vigia-suas relatorio --formato csv --janela rma/2026-10")]
    Report {
        #[arg(id = "formato", long, value_name = "FORMATO", value_enum, default_value = "texto")]
        #[arg(help = "texto, csv ou html [padrão: texto]")]
        format: ReportFormat,
        #[arg(id = "janela", long, value_name = "ID", value_parser = WindowId::parse)]
        #[arg(help = "Só esta janela, como rma/2026-10")]
        window: Option<WindowId>,
    },
    #[command(name = "ligacoes", alias = "calls", about = "Mostra a quem telefonar, por urgência")]
    #[command(after_help = "Exemplo:\n  vigia-suas ligacoes --janela rma/2026-10\n  \
        vigia-suas ligacoes --formato html > ligacoes.html")]
    Calls {
        #[arg(id = "formato", long, value_name = "FORMATO", value_enum, default_value = "texto")]
        #[arg(help = "texto, csv ou html, para imprimir [padrão: texto]")]
        format: ReportFormat,
        #[arg(id = "janela", long, value_name = "ID", value_parser = WindowId::parse)]
        #[arg(help = "Só esta janela, como rma/2026-10")]
        window: Option<WindowId>,
    },
    #[command(name = "historico", alias = "history")]
    #[command(about = "Mostra a pontualidade de cada município nas últimas referências")]
    #[command(after_help = "Exemplo:\n  vigia-suas historico --municipio \"Vila Velha\"")]
    History {
        #[arg(id = "formato", long, value_name = "FORMATO", value_enum, default_value = "texto")]
        #[arg(help = "texto ou csv [padrão: texto]")]
        format: ListFormat,
        #[arg(id = "municipio", long, value_name = "MUNICIPIO", value_parser = value::text)]
        #[arg(help = "Só este município: código IBGE, ou nome (entre aspas, se tiver espaços)")]
        municipality: Option<String>,
    },
    #[command(name = "dossie", alias = "dossier")]
    #[command(about = "Grava a prova do que foi comunicado a um município: página, JSON e cartas")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas dossie 3205309 --janela rma/2026-10 --saida dossie-vitoria"
    )]
    Dossier {
        #[arg(id = "municipio", value_name = "MUNICIPIO", value_parser = value::text)]
        #[arg(help = "Código IBGE de 7 ou 6 dígitos, ou nome (entre aspas, se tiver espaços)")]
        municipality: String,
        #[arg(id = "janela", long, value_name = "ID", value_parser = WindowId::parse)]
        #[arg(help = "Só esta janela, como rma/2026-10")]
        window: Option<WindowId>,
        #[arg(id = "saida", long, value_name = "DIR")]
        #[arg(help = "Pasta a gravar, nova ou vazia [padrão: dossie-MUNICIPIO-JANELA na pasta atual]")]
        output: Option<PathBuf>,
    },
    #[command(name = "livro", alias = "ledger", about = "Lista os avisos e entregas registrados no livro")]
    #[command(after_help = "Exemplo:\n  vigia-suas livro --janela rma/2026-10 --desde 2026-11-01")]
    Ledger(Ledger),
    #[command(name = "carta", alias = "letter", about = "Mostra como fica uma carta, sem enviá-la")]
    #[command(
        override_usage = "vigia-suas carta [OPÇÕES] --tipo <TIPO> <--sistema <ID>|--janela <ID>>\n     \
        vigia-suas carta [OPÇÕES] --todas --saida <DIR>"
    )]
    #[command(after_help = "Exemplo:\n  vigia-suas carta --tipo prazo --sistema rma --municipio 3205309\n  \
        vigia-suas carta --todas --saida provas\n  vigia-suas carta --observar --tipo prazo --sistema rma")]
    Letter(Letter),
    #[command(name = "enviar-teste", alias = "send-test")]
    #[command(about = "Envia uma carta de teste a um endereço")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas enviar-teste fulana@exemplo.es.gov.br --tipo divulgacao --sistema rma"
    )]
    #[command(mut_group("SampleOf", |of| of.required(true)))]
    SendTest {
        #[arg(id = "endereco", value_name = "ENDERECO", value_parser = EmailAddress::parse)]
        #[arg(help = "Endereço que recebe o teste")]
        to: EmailAddress,
        #[command(flatten)]
        sample: Sample,
        #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
        #[arg(help = "Quem testa [padrão: o usuário do sistema]")]
        author: String,
    },
    #[command(name = "testar-canal", alias = "test-channel")]
    #[command(about = "Experimenta o webhook, o comando ou o sinal de vida da configuração")]
    #[command(after_help = "Exemplo:\n  vigia-suas testar-canal webhook")]
    TestChannel {
        #[arg(
            id = "canal",
            value_name = "CANAL",
            help = "webhook ou comando, de [alertas]; sinal, de [sinal]"
        )]
        channel: ChannelToTest,
        #[arg(id = "autor", long, value_name = "NOME", value_parser = value::text, required = false)]
        #[arg(help = "Quem testa [padrão: o usuário do sistema]")]
        author: String,
    },
    #[command(name = "devolucao", alias = "bounce")]
    #[command(about = "Lê da entrada padrão uma carta devolvida ou uma confirmação de leitura")]
    #[command(after_help = "Exemplo:\n  vigia-suas devolucao\n\nUm arquivo: acrescente < aviso.eml\n\
        Saída: 0 anotada, ou nada a anotar; 1 alguém precisa lê-la; 3 não foi possível, repita depois.")]
    Bounce,
    #[command(
        name = "contato",
        alias = "contact",
        about = "Mostra a saúde de cada endereço, ou tira a marca de um"
    )]
    #[command(after_help = "Exemplo:\n  vigia-suas contato\n  vigia-suas contato --todos")]
    Contact(Contact),
    #[command(name = "reter", alias = "hold", about = "Suspende o envio até que seja liberado")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas reter --janela rma/2026-10 --motivo \"Prazo em revisão no MDS\""
    )]
    Hold {
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        signature: Signature,
        #[arg(id = "ate", long, value_name = "DATA", value_parser = value::date)]
        #[arg(help = "Último dia em que fica retido [padrão: até ser liberado]")]
        until: Option<Date>,
    },
    #[command(name = "liberar", alias = "release", about = "Libera o que está retido")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas liberar --lote rma/2026-10/divulgacao --motivo \"Cartas conferidas\""
    )]
    Release {
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        signature: Signature,
    },
    #[command(name = "anotar", alias = "note")]
    #[command(about = "Registra um telefonema e o que resultou dele; pode pausar as cobranças")]
    #[command(after_help = "Exemplo:\n  vigia-suas anotar \"Vila Velha\" rma/2026-10 --pausar 3d \
        --resultado \"Prometeram preencher\"")]
    Note(Note),
    #[command(name = "decisoes", alias = "decisions")]
    #[command(about = "Lista o que foi decidido à mão e está valendo, e desfaz uma decisão")]
    #[command(after_help = "Exemplo:\n  vigia-suas decisoes --todas")]
    Orders(Orders),
    #[command(name = "saude", alias = "health")]
    #[command(about = "Diz se o serviço está de pé e com a configuração em ordem (saída 0 ou 1)")]
    #[command(after_help = "Exemplo:\n  vigia-suas saude")]
    Health,
    #[command(name = "relogio", alias = "clock")]
    #[command(about = "Mostra até onde o livro viu o tempo, e corrige uma marca falsa")]
    #[command(after_help = "Exemplo:\n  vigia-suas relogio")]
    Clock {
        #[command(subcommand)]
        verb: Option<ClockVerb>,
    },
    #[command(
        name = "painel",
        alias = "panel",
        about = "Prepara o acesso ao painel ([painel] em vigia.toml)"
    )]
    #[command(after_help = "Exemplo:\n  vigia-suas painel senha ana")]
    Panel {
        #[command(subcommand)]
        verb: PanelVerb,
    },
    #[command(name = "copia", alias = "backup")]
    #[command(about = "Copia o livro inteiro para uma pasta, com o serviço em pé, e confere a cópia")]
    #[command(after_help = "Exemplo:\n  vigia-suas copia /var/backups/vigia-suas --guardar 14")]
    Backup {
        #[arg(
            id = "pasta",
            value_name = "PASTA",
            help = "Onde gravar; precisa existir, e não ser a do livro"
        )]
        folder: PathBuf,
        #[arg(id = "guardar", long, value_name = "N", value_parser = value::count)]
        #[arg(help = "Deixa na pasta só as N cópias mais novas deste livro [padrão: todas]")]
        keep: Option<u16>,
    },
    #[command(name = "restaurar", alias = "restore")]
    #[command(about = "Põe uma cópia no lugar do livro, com o serviço parado; o que estava ali fica ao lado")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas restaurar /var/backups/vigia-suas/vigia-copia-20261126T063000Z.db"
    )]
    Restore {
        #[arg(id = "copia", value_name = "ARQUIVO", help = "A cópia, como “vigia-suas copia” a gravou")]
        copy: PathBuf,
    },
    #[command(name = "assumir", alias = "adopt")]
    #[command(about = "Põe para valer um livro copiado, restaurado ou trazido de outra máquina")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas assumir --motivo \"Máquina nova; a antiga foi desligada\"\n  \
        vigia-suas assumir --registro /var/log/mail.log --registro /var/log/mail.log.1 --motivo \"Disco trocado\"\n  \
        vigia-suas assumir --saiu rma/2026-10/divulgacao/3205309 --motivo \"Confirmado por telefone\""
    )]
    Assume {
        #[command(flatten)]
        signature: Signature,
        #[arg(id = "registro", long, value_name = "ARQUIVO")]
        #[arg(
            help = "Registro do servidor de saída (Postfix), também .gz: as cartas que constam dele como enviadas não \
            saem de novo; pode ser repetida"
        )]
        logs: Vec<PathBuf>,
        #[arg(id = "saiu", long, value_name = "AVISO", value_parser = value::text)]
        #[arg(help = "Uma carta que já saiu, pelo nome do aviso ou pelo Message-ID; pode ser repetida")]
        left: Vec<String>,
    },
    #[command(name = "dispensar", alias = "exempt")]
    #[command(about = "Registra que a janela não se aplica, ou que nada há a declarar")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas dispensar 3205309 rma/2026-10 --parte CREAS --motivo \"Unidade fechada\""
    )]
    Exempt(Override),
    #[command(name = "contestar", alias = "dispute")]
    #[command(about = "Registra que o município diz já ter preenchido (fica não confirmado)")]
    #[command(after_help = "Exemplo:\n  vigia-suas contestar \"Vila Velha\" rma/2026-10 --ate 30/11/2026 \
        --motivo \"Comprovante recebido\"")]
    Dispute(Override),
    #[command(name = "reter-dados", alias = "keep-data")]
    #[command(about = "Guarda os dados pessoais de uma janela além de guardar_anos")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas reter-dados censo-suas/2026 --municipio 3205309 --motivo \"Processo em curso\""
    )]
    KeepData(Keep),
    #[command(name = "completar", alias = "completions")]
    #[command(about = "Escreve o que a tecla Tab precisa saber, para bash, zsh ou fish")]
    #[command(after_help = "Exemplo:\n  vigia-suas completar bash\n\nPara instalar: \
        vigia-suas completar bash > /usr/share/bash-completion/completions/vigia-suas")]
    Complete {
        #[arg(value_name = "SHELL", value_enum, help = "bash, zsh ou fish")]
        shell: Option<Shell>,
        #[arg(id = "valores", long, value_name = "O_QUE", value_enum, hide = true, conflicts_with = "shell")]
        values: Option<Values>,
    },
    #[command(name = "manual", alias = "man", about = "Grava as páginas de manual de todos os comandos")]
    #[command(after_help = "Exemplo:\n  vigia-suas manual /usr/local/share/man/man1")]
    Manual {
        #[arg(value_name = "DIR", help = "Pasta onde gravar; criada, se não existir")]
        dir: PathBuf,
    },
}

/// What to prepare for the panel.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum PanelVerb {
    #[command(name = "senha", alias = "password")]
    #[command(about = "Faz a linha de um usuário para o arquivo de senhas do painel")]
    #[command(after_help = "Exemplo:\n  vigia-suas painel senha ana\n\n\
        A senha é pedida no terminal, ou lida da primeira linha da entrada padrão. Acrescente a linha\n\
        escrita ao arquivo que `senhas` de [painel] diz, com chmod 640 e chgrp vigia-suas.")]
    Password {
        #[arg(value_name = "USUARIO", value_parser = value::text, help = "Nome com que a pessoa entra no painel")]
        user: String,
    },
}

/// A person's word on the clock.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(in crate::cli) enum ClockVerb {
    #[command(name = "corrigir", alias = "correct")]
    #[command(about = "Traz de volta a marca do livro que ficou adiante do relógio")]
    #[command(
        after_help = "Exemplo:\n  vigia-suas relogio corrigir --motivo \"A máquina esteve em 2028 por engano\""
    )]
    TakeBack(Signature),
    #[command(name = "aceitar", alias = "accept")]
    #[command(about = "Confirma que a hora da máquina está certa, depois de um salto")]
    #[command(after_help = "Exemplo:\n  vigia-suas relogio aceitar --motivo \"Hora conferida\"")]
    Believe(Signature),
}

impl Command {
    /// Whether it is about the service and its ledger, and so can be done with the last good configuration while the
    /// files have faults. What judges the files, or shows what they say, cannot.
    pub(in crate::cli) fn goes_on(&self) -> bool {
        self.nature().0
    }

    /// Whether it answers for the service as it runs, also while the files hold what was not let in. What runs it, or puts
    /// files in force, is about those files.
    pub(in crate::cli) fn follows_the_service(&self) -> bool {
        self.goes_on()
            && !matches!(
                self,
                Self::Run { .. } | Self::Apply(_) | Self::Reload | Self::Plan { against: Some(_), .. }
            )
    }

    /// Whether it writes to the ledger or the configuration, sends, or takes data in. In `producao` that happens now and
    /// at no other instant, so such a command refuses `--em` there.
    pub(in crate::cli) fn acts(&self) -> bool {
        self.nature().1
    }

    /// Whether it goes on without good files, and whether it acts.
    fn nature(&self) -> (bool, bool) {
        match self {
            Self::Run { once } => (!once, true),
            Self::Clock { verb } => (true, verb.is_some()),
            Self::Ledger(Ledger { verb, .. }) => match verb {
                Some(LedgerVerb::Reduce(asked)) => (true, asked.confirmed.is_some()),
                Some(LedgerVerb::Relocate(_)) => (true, true),
                Some(LedgerVerb::Verify) | None => (true, false),
            },
            Self::Contact(Contact { verb, .. }) => (true, verb.is_some()),
            Self::Orders(Orders { undo, .. }) => (true, undo.is_some()),
            Self::Register(Register { verb, .. }) => (true, verb.is_some()),
            Self::News(News { verb, .. }) => (true, verb.is_some()),
            Self::Apply(_)
            | Self::Reload
            | Self::Backup { .. }
            | Self::Restore { .. }
            | Self::Assume { .. }
            | Self::Note(_)
            | Self::Ingest { .. }
            | Self::Bounce
            | Self::Hold { .. }
            | Self::KeepData(_)
            | Self::Release { .. }
            | Self::Exempt(_)
            | Self::Dispute(_)
            | Self::Feed(Feed::Accept(_) | Feed::Reject(_)) => (true, true),
            Self::Plan { .. }
            | Self::Health
            | Self::Why(_)
            | Self::Status(_)
            | Self::Report { .. }
            | Self::Calls { .. }
            | Self::History { .. }
            | Self::Dossier { .. }
            | Self::Complete { .. }
            | Self::Feeds { .. }
            | Self::Feed(Feed::Try { .. } | Feed::Propose(_)) => (true, false),
            Self::SendTest { .. } | Self::TestChannel { .. } | Self::Extend(_) => (false, true),
            Self::Check
            | Self::Calendar { .. }
            | Self::Simulate(_)
            | Self::Letter(_)
            | Self::Manual { .. }
            | Self::Panel { .. } => (false, false),
        }
    }
}
