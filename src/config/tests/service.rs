//! `vigia.toml`, its defaults, the environment, and what production asks for.

use jiff::civil::{date, time};

use super::super::{Mode, RelaySecurity};
use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

const RELAY: &str = "[smtp]\nservidor = \"smtp.es.gov.br\"\n";

#[test]
fn what_the_file_does_not_say_has_its_default() {
    let config = good(&small());
    assert_eq!(config.settings.mode, Mode::Rehearsal);
    assert_eq!(config.settings.data.to_str(), Some("var"));
    assert_eq!(config.settings.keep_years, 5);
    assert_eq!(config.calendar.hours.from, time(8, 0, 0, 0));
    assert_eq!(config.calendar.daily_limit, 6, "three for each of two municipalities");
    assert_eq!(config.settings.relay, None);
    assert_eq!(config.secretariat.reply_to.as_str(), "v@setades.es.gov.br");
}

#[test]
fn what_comes_back_goes_to_the_sender_unless_it_has_an_address_of_its_own() {
    let plain = good(&small());
    assert_eq!((plain.secretariat.returns_to, plain.settings.returns), (plain.secretariat.sender, None));
    assert!(!plain.secretariat.read_receipts);
    let text = format!("{VIGIA}[devolucoes]\nemail = \"d@setades.es.gov.br\"\nmaildir = \"/var/spool/d\"\n")
        .replace("[remetente]", "[remetente]\nconfirmacao_leitura = true");
    let own = good(&small().with("vigia.toml", text));
    assert_eq!(own.secretariat.returns_to.as_str(), "d@setades.es.gov.br");
    assert_eq!(own.settings.returns.as_deref(), Some(std::path::Path::new("/var/spool/d")));
    assert!(own.secretariat.read_receipts);
}

#[test]
fn the_environment_overrides_the_file() {
    let sources = plus("vigia.toml", RELAY).with_variables(variables(&[
        ("VIGIA_SMTP__PORTA", "2525"),
        ("VIGIA_SMTP__USUARIO", "00123"),
        ("VIGIA_SMTP__SENHA_ARQUIVO", "/run/senha"),
        ("VIGIA_INICIO", "2026-12-01"),
        ("VIGIA_HORARIO__DAS", "09:30"),
        ("VIGIA_GERENCIA__GPSB__EMAIL", "outra@setades.es.gov.br"),
        ("VIGIA_LOG", "debug"),
        ("PATH", "/bin"),
    ]));
    let config = good(&sources);
    assert_eq!(lines(&config.warnings), "");
    let relay = config.settings.relay.unwrap();
    assert_eq!((relay.port, relay.user.as_deref()), (2525, Some("00123")));
    assert_eq!(config.calendar.starts_on, Some(date(2026, 12, 1)));
    assert_eq!(config.calendar.hours.from, time(9, 30, 0, 0));
    let gpsb = config.roster.offices.gerencias.values().next().unwrap();
    assert_eq!(gpsb.addresses[0].as_str(), "outra@setades.es.gov.br");
    assert_eq!(config.roster.offices.gerencias.len(), 1, "GPSB and not a second gpsb");
}

#[test]
fn a_fault_in_the_environment_names_the_variable() {
    let sources = plus("vigia.toml", RELAY)
        .with_variables(variables(&[("VIGIA_SMTP__PORTA", "muitas"), ("VIGIA_MOD", "ensaio")]));
    insta::assert_snapshot!(lines(&faults(&sources)), @r"
    VIGIA_MOD: aviso: chave desconhecida em vigia.toml: `mod`
        [] você quis dizer “modo”?
    VIGIA_SMTP__PORTA: erro: esperava um número inteiro, veio um texto
        [] escreva um número inteiro de 1 a 65535, sem aspas
    ");
}

#[test]
fn each_mistake_in_vigia_toml_is_one_fault_at_its_place() {
    each_makes_one_fault(
        "vigia.toml",
        &[
            ("[smtp]\nservidor = 1\n", "1", "esperava um texto"),
            ("[smtp]\n", "[smtp]", "falta a chave `servidor`"),
            ("[smtp]\nservidor = \"s.gov.br\"\nporta = 70000\n", "70000", "não serve"),
            ("[smtp]\nservidor = \"s.gov.br\"\nsegurança = 1\n", "ç", "letra que não pode ter"),
            ("[smtp]\nservidor = \"s.gov.br\"\nseguranca = \"ssl\"\n", "\"ssl\"", "não é uma opção"),
            ("[smtp]\nservidor = \"s.gov.br\"\nseguranca = \"nenhuma\"\n", "\"nenhuma\"", "sem segurança"),
            ("[smtp]\nservidor = \"s.gov.br\"\nsenha_arquivo = \"/s\"\n", "\"/s\"", "sem `usuario`"),
            ("[smtp]\nservidor = \"s.gov.br\"\nespera_final = \"10\"\n", "\"10\"", "não é uma duração"),
            ("[smtp]\nservidor = \"s.gov.br\"\nespera_final = \"2h\"\n", "\"2h\"", "pode levar 164 minutos"),
            ("[smtp]\nservidor = \"s.gov.br\"\nespera_comando = \"6min\"\n", "\"6min\"", "o máximo é 55"),
            ("[devolucoes]\nemail = \"a\"\n", "\"a\"", "endereço de e-mail"),
            ("[devolucoes]\nmaildir = \"\"\n", "\"\"", "vazio"),
            ("[devolucoes]\nimap = \"x\"\n", "imap", "chave desconhecida"),
            ("[horario]\ndas = \"18:00\"\nas = \"08:00\"\n", "\"08:00\"", "antes de começar"),
            ("[horario]\ndas = \"25:00\"\n", "\"25:00\"", "não é uma hora"),
            ("[horario]\nsomente_dias_uteis = \"sim\"\n", "\"sim\"", "true ou false"),
            ("[painel]\nescuta = \"8080\"\n", "\"8080\"", "endereço de escuta"),
            ("[painel]\nescuta = \"0.0.0.0:8080\"\nsenhas = \"s\"\n", "\"0.0.0.0:8080\"", "sem criptografia"),
            (
                "[painel]\nescuta = \"10.0.0.1:80\"\nproxy = [\"10.0.0.5\"]\n",
                "\"10.0.0.1:80\"",
                "a quem quer",
            ),
            (
                "[painel]\nescuta = \"[::1]:80\"\nproxy = [\"10.0.0.5\"]\n",
                "[\"10.0.0.5\"]",
                "sem `senhas` nem `usuario_cabecalho`",
            ),
            ("[painel]\nescuta = \"[::1]:80\"\nproxy = []\n", "[]", "lista está vazia"),
            ("[painel]\nescuta = \"[::1]:80\"\nproxy = [\"intra\"]\n", "\"intra\"", "endereço IP"),
            ("[alertas]\npara = [\"a@b.gov.br\", \"x\"]\n", "\"x\"", "endereço de e-mail"),
            ("[alerta]\npara = []\n", "alerta", "chave desconhecida"),
            ("[gerencia.GPSE]\nemail = \"a@b.gov.br\"\n", "[gerencia.GPSE]", "falta a chave `nome`"),
            ("[assinatura]\nlinhas = \"x\"\n", "\"x\"", "esperava uma lista"),
            ("[banco]\nurl = \"mysql://x\"\n", "url", "`banco.url`"),
            ("[banco]\nurl = \"postgres://x\"\n", "url", "o usuário"),
        ],
    );
}

#[test]
fn keys_before_the_tables_are_checked_too() {
    for (text, span, message) in [
        ("modo = \"produção\"", "\"produção\"", "não é uma opção"),
        ("inicio = 2026-02-30", "2026-02-30", "não existe"),
        ("inicio = \"ontem\"", "\"ontem\"", "não é uma data"),
        ("fuso = \"Brasil\"", "\"Brasil\"", "fuso horário desconhecido"),
        ("limite_dia = 0", "0", "não serve"),
        ("guardar_ano = 5", "guardar_ano", "chave desconhecida"),
        ("vigiar_arquivos = 1", "1", "true ou false"),
    ] {
        let found = faults(&small().with("vigia.toml", format!("{text}\n{VIGIA}")));
        let [fault] = &found[..] else { panic!("{text} made\n{}", lines(&found)) };
        assert!(fault.message.contains(message), "{}", lines(&found));
        assert_eq!((fault.line, fault.span.as_str()), (1, span), "{}", lines(&found));
    }
}

#[test]
fn production_wants_a_beginning_a_relay_and_addresses_that_reach_somebody() {
    let bare = small().with("vigia.toml", format!("modo = \"producao\"\n{VIGIA}"));
    insta::assert_snapshot!(lines(&errors(&bare)), @r#"
    vigia.toml:1:8: erro: em produção, falta a chave `inicio`
        ["producao"] escreva `inicio = 2026-12-01`: o que venceria antes desse dia nunca é enviado
    vigia.toml:1:8: erro: em produção, falta a tabela [smtp]
        ["producao"] escreva [smtp] com `servidor`, `porta` e `seguranca`, como no exemplo de vigia.toml
    "#);
    let whole = format!("modo = \"producao\"\ninicio = 2026-12-01\n{VIGIA}{RELAY}");
    let config = good(&small().with("vigia.toml", whole.clone()));
    assert_eq!(config.settings.mode, Mode::Production);
    assert_eq!(config.settings.relay.unwrap().security, RelaySecurity::StartTls);
    assert!(config.calendar.hours.waits);
    let reserved = whole.replace("gsuas@setades.es.gov.br", "gsuas@example.org");
    let reserved = reserved.replace("smtp.es.gov.br", "smtp.example.org");
    let found = errors(&small().with("vigia.toml", reserved));
    let spans: Vec<&str> = found.iter().map(|f| f.span.as_str()).collect();
    assert_eq!(spans, ["\"gsuas@example.org\"", "\"smtp.example.org\""]);
}

#[test]
fn an_announcement_that_has_not_come_yet_is_a_fault_only_in_production() {
    let window = "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-10-01\n\
        prazo = 2026-12-01\nfonte = \"MDS\"\n[[janela.prorrogacao]]\nprazo = 2026-12-19\n\
        anunciada = 2026-11-24\nfonte = \"MDS\"\n";
    let found = faults(&plus("calendario.toml", window));
    assert_eq!(
        (found.len(), found[0].severity, found[0].span.as_str()),
        (1, Severity::Warning, "2026-11-24")
    );
    let whole = format!("modo = \"producao\"\ninicio = 2026-12-01\n{VIGIA}{RELAY}");
    let found = faults(&plus("calendario.toml", window).with("vigia.toml", whole));
    assert_eq!((found.len(), found[0].severity), (1, Severity::Error));
}

#[test]
fn no_security_is_taken_only_to_this_very_machine() {
    for host in ["localhost", "127.0.0.1", "::1"] {
        let relay = format!("[smtp]\nservidor = \"{host}\"\nseguranca = \"nenhuma\"\n");
        assert_eq!(good(&plus("vigia.toml", &relay)).settings.relay.unwrap().port, 25);
    }
}

#[test]
fn a_missing_file_is_named_and_those_that_may_be_absent_are_not() {
    let nothing = Sources::default();
    insta::assert_snapshot!(lines(&faults(&nothing)), @r"
    calendario.toml: erro: falta o arquivo calendario.toml
        [] copie o que acompanha o programa e adapte-o
    municipios.csv: erro: falta o arquivo municipios.csv
        [] copie o que acompanha o programa e adapte-o
    vigia.toml: erro: falta o arquivo vigia.toml
        [] copie o que acompanha o programa e adapte-o
    ");
}

#[test]
fn a_directory_that_is_not_there_could_not_be_read() {
    let error = super::super::load(std::path::Path::new("/nao/existe"), now()).unwrap_err();
    assert_eq!(error.to_string(), "não foi possível ler /nao/existe");
}

#[test]
fn syntax_mistakes_do_not_stop_the_other_files() {
    let sources = plus("vigia.toml", "[smtp\n")
        .with("fontes.toml", "[fonte.x]\nsistema = rma\n")
        .with("feriados.toml", &b"nome = \"Jo\xe3o\""[..])
        .with("municipios.csv", "ibge;nome;smas_email\n3205308;Vit\u{f3}ria;\n");
    insta::assert_snapshot!(Faults(faults(&sources)).render(false));
}

#[test]
fn ten_different_faults_in_several_files_are_shown_at_once_each_at_its_place() {
    let sources = small()
        .with("vigia.toml", format!("guardar_anos = \"cinco\"\n{VIGIA}[painel]\nescutar = \"127.0.0.1:80\"\n"))
        .with(
            "calendario.toml",
            format!(
                "{CALENDAR}escada = [ {{ antes = \"5d\", para = [\"smsa\"] }}, {{ antes = \"5d\", para = [\"smas\"] }} ]\n\
                [[janela]]\nsistema = \"censo-sua\"\nreferencia = \"2026\"\nabertura = 2026-10-01\nfonte = \"MDS\"\n\
                [[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-10-01\nprazo = 2026-09-01\nfonte = \"\"\n"
            ),
        )
        .with("municipios.csv", "ibge;nome;smas_email\n3205308;Vitória;a@b@c\n")
        .with("feriados.toml", "[[feriado]]\nnome = \"x\"\ndia = \"02-30\"\n");
    let found = Faults(faults(&sources));
    assert_eq!(found.errors().count(), 11, "{}", lines(&found.0));
    insta::assert_snapshot!(found.render(false));
}

#[test]
fn faults_are_data_for_other_programs_too() {
    let found = Faults(faults(&small().with("vigia.toml", format!("modo = \"x\"\n{VIGIA}"))));
    insta::assert_snapshot!(serde_json::to_string_pretty(&found).unwrap(), @r#"
    [
      {
        "gravidade": "erro",
        "arquivo": "vigia.toml",
        "linha": 1,
        "coluna": 8,
        "linha_fim": 1,
        "coluna_fim": 11,
        "trecho": "\"x\"",
        "mensagem": "“x” não é uma opção",
        "ajuda": "use “ensaio” ou “producao”"
      }
    ]
    "#);
}

#[test]
fn the_fingerprint_changes_with_a_file_a_letter_or_a_variable() {
    let base = small().fingerprint();
    assert_eq!(base, small().fingerprint());
    assert_ne!(base, plus("vigia.toml", "# x\n").fingerprint());
    assert_ne!(base, small().with("modelos/prazo.txt", "x").fingerprint());
    assert_ne!(base, small().with_variables(variables(&[("VIGIA_MODO", "ensaio")])).fingerprint());
    assert_eq!(base, small().with_variables(variables(&[("PATH", "x"), ("VIGIA_LOG", "x")])).fingerprint());
}

#[test]
fn letters_of_the_operators_own_come_along() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in
        [("vigia.toml", VIGIA), ("calendario.toml", CALENDAR), ("municipios.csv", MUNICIPALITIES)]
    {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    std::fs::create_dir(directory.path().join("modelos")).unwrap();
    for name in ["prazo.txt", ".prazo.txt.swp", "prazo.html~", "notas.md"] {
        std::fs::write(directory.path().join("modelos").join(name), "Prezado").unwrap();
    }
    let config = good(&Sources::read(directory.path()).unwrap());
    let names: Vec<&str> = config.templates.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["prazo.txt"]);
    assert!(config.templates[0].path.ends_with("modelos/prazo.txt"));
}

/// What is there and cannot be read is never taken for what was left out.
#[test]
fn a_name_that_leads_nowhere_or_to_no_file_is_a_fault_and_not_an_absence() {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::super::source::FILES;

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let nowhere = |name: &str| symlink("/mnt/partilha/nada", path(name)).unwrap();
    let pipe = |name: &str| mknodat(CWD, path(name), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let told = || Sources::read(directory.path()).unwrap_err();
    let file = |name: &str| std::fs::write(path(name), "").unwrap();
    for name in FILES.into_iter().chain(["modelos", "modelos/prazo.txt"]) {
        let ways: [&dyn Fn(&str); 2] = [&nowhere, if name == "modelos" { &file } else { &pipe }];
        for make in ways {
            make(name);
            let LoadError::Unreadable { path: told, .. } = told() else { panic!("{name}") };
            assert_eq!(told, path(name));
            std::fs::remove_file(path(name)).unwrap();
        }
        assert!(Sources::read(directory.path()).unwrap().bytes(name).is_none(), "{name}");
        if name == "modelos" {
            std::fs::create_dir(path(name)).unwrap();
        }
    }
}
