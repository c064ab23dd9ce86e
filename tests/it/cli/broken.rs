//! Whatever is broken is told in Portuguese with its place and what to do; nothing is sent, nothing is lost, and the
//! exit code says which sort of trouble it is.

use std::process::Stdio;

use super::office::Office;

const CENSUS: &str = "\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-12-10\n\
    prazo = 2026-12-01\nfonte = \"MDS\"\n";

const OVERLAP: &str = "\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nnome = \"a\"\n\
    partes = [\"CRAS\", \"CREAS\"]\nabertura = 2026-10-10\nprazo = 2026-12-01\nfonte = \"MDS\"\n\
    [[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nnome = \"b\"\npartes = [\"CRAS\"]\n\
    abertura = 2026-11-10\nprazo = 2026-12-11\nfonte = \"MDS\"\n";

const FEW: &str = "ibge;nome;regiao;smas_email;smas_titular;smas_telefone;cmas_email\n";

/// Breaks an office in one way, and shows what `verificar` and a pass say of it.
fn refused(break_it: impl Fn(&Office)) -> String {
    let office = Office::new();
    // The shipped feeds would all say that the calendar lacks their systems.
    office.write("config/fontes.toml", "");
    break_it(&office);
    let page = office.run("verificar --em 2026-11-05T09:00", 1);
    let pass = office.output("servir --uma-vez --em 2026-11-05T09:00");
    assert_eq!(pass.status.code(), Some(1), "a pass must be refused too:\n{page}");
    assert_eq!(office.letters(), 0, "nothing is sent:\n{page}");
    assert!(!office.path("var").exists(), "nothing is begun:\n{page}");
    page
}

#[test]
fn what_is_wrong_with_the_configuration_is_told_at_its_place() {
    let roster = "config/municipios.csv";
    let calendar = "config/calendario.toml";
    let pages = [
        refused(|o| o.edit(roster, "3205309;", "3205308;")),
        refused(|o| o.append(roster, "3205309;Vitória;;;;;;;;;\n")),
        refused(|o| o.edit(roster, "smas.vitoria@municipio.invalid", "smas.vitoria(arroba)municipio")),
        refused(|o| o.write(roster, "")),
        refused(|o| o.write(roster, FEW.to_owned() + "3205309;Vitória;Metropolitana;smas@vitoria.inv")),
        refused(|o| o.write(roster, b"\xFF\xFEi\0b\0g\0e\0;\0")),
        refused(|o| o.append(calendar, CENSUS)),
        refused(|o| o.append(calendar, OVERLAP)),
        refused(|o| o.edit(calendar, "\"CENTRO POP\"]", "\"CENTRO POPP\"]")),
        refused(|o| o.edit("config/vigia.toml", "modo = \"ensaio\"", "modo = = \"ensaio\"")),
        refused(|o| o.edit("config/modelos/prazo.assunto.txt", "municipio.nome", "municipio.nomes")),
        refused(|o| o.append("config/modelos/prazo.txt", "{% if municipio %}")),
        refused(|o| o.append("config/modelos/prazo.html", "{% iff municipio %}")),
    ];
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn what_may_be_meant_is_a_warning_of_verificar_and_stops_nothing() {
    let office = Office::new();
    office.edit("config/calendario.toml", "a_confirmar = false", "a_confirmar = true");
    office.edit("config/modelos/norma.txt", "bloqueio de recursos", "bloqueio de verbas");
    office.edit("config/modelos/prazo.txt", "{{ norma.disposicao() }}", "Até logo.");
    office.edit("config/municipios.csv", "cmas.vitoria@municipio.invalid", "SMAS.vitoria@municipio.invalid");
    insta::assert_snapshot!(office.run("verificar --em 2026-11-05T09:00", 0));
}

#[test]
fn an_empty_calendar_is_refused_by_verificar() {
    let office = Office::new();
    office.write("config/calendario.toml", "");
    office.write("config/fontes.toml", "");
    insta::assert_snapshot!(office.run("verificar --em 2026-11-05T09:00", 1));
}

#[test]
fn ten_faults_in_five_files_are_told_all_at_once() {
    let office = Office::new();
    office.edit("config/vigia.toml", "porta = 587", "porta = 70000");
    office.edit("config/vigia.toml", "seguranca = \"starttls\"", "seguranca = \"talvez\"");
    office.edit("config/vigia.toml", "por_minuto = 30", "por_minutos = 30");
    office.edit("config/calendario.toml", "cada = \"mes\"", "cada = \"mês\"");
    office.edit(
        "config/calendario.toml",
        "gerencias = [\"GPSB\", \"GPSE\"]",
        "gerencias = [\"GPSB\", \"GPSX\"]",
    );
    office.append("config/calendario.toml", CENSUS);
    office.edit("config/municipios.csv", "3205309;", "3205308;");
    office.edit("config/municipios.csv", "smas.serra@municipio.invalid", "smas.serra");
    office.edit("config/feriados.toml", "pascoa = 8", "pascoa = \"oito\"");
    office.edit("config/modelos/prazo.assunto.txt", "municipio.nome", "municipio.nomes");
    let page = office.run("verificar --em 2026-11-05T09:00", 1);
    assert_eq!(page.matches("\nerro: ").count(), 10, "{page}");
    let places = page.lines().filter(|line| line.trim_start().starts_with("--> config/"));
    let exact = |line: &str| {
        let end: Vec<&str> = line.rsplit(':').take(2).collect();
        end.len() == 2 && end.iter().all(|number| number.parse::<u32>().is_ok_and(|n| n > 0))
    };
    assert_eq!(places.filter(|line| exact(line)).count(), 10, "each has its line and column:\n{page}");
    assert_eq!(page.matches("= ajuda: ").count(), 10, "each has a hint:\n{page}");
    assert!(page.contains("\n10 erros na configuração\n"), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn an_address_that_nobody_can_have_keeps_production_from_starting() {
    let office = Office::new();
    office.edit("config/vigia.toml", "modo = \"ensaio\"", "modo = \"producao\"");
    let page = office.run("verificar --em 2026-11-05T09:00", 1);
    assert!(page.contains("smas.vitoria@municipio.invalid"), "{page}");
    assert!(page.contains("inicio"), "production needs its first day: {page}");
    office.run("servir --uma-vez", 1);
    assert!(!office.path("var").exists());
}

#[test]
fn in_production_only_what_reads_takes_another_instant() {
    let office = Office::new();
    let roster = office.read("config/municipios.csv").replace("municipio.invalid", "municipio.es.gov.br");
    office.write("config/municipios.csv", roster);
    let vigia = office.read("config/vigia.toml").replace("example.org", "setades.es.gov.br");
    office.write("config/vigia.toml", vigia);
    office.edit("config/vigia.toml", "# inicio = 2026-12-01", "inicio = 2026-10-15");
    office.edit("config/vigia.toml", "modo = \"ensaio\"", "modo = \"producao\"");
    office.copy("config", "nova");
    let em = "--em 2026-11-05T09:00";
    for line in [
        "servir",
        "servir --uma-vez",
        "reter --tudo --motivo x",
        "liberar --tudo --motivo x",
        "dispensar vitoria rma/2026-10 --motivo x",
        "contestar vitoria rma/2026-10 --motivo x",
        "anotar vitoria rma/2026-10 --resultado x",
        "decisoes --desfazer 3b7c39d96489 --motivo x",
        "importar planilha planilha.csv",
        "cadastro recusar 1a2b3c4d --motivo x",
        "noticias visto 0123456789ab",
        "devolucao",
        "enviar-teste ana@es.gov.br --tipo prazo --sistema rma",
        "prorrogar rma/2026-10 --para 15/12/2026 --fonte MDS --sim",
        "aplicar nova --sim",
        "aplicar --voltar --sim",
    ] {
        let page = office.run(&format!("{line} {em}"), 2);
        assert!(page.contains("em modo produção, “--em” só vale para comandos que apenas leem"), "{page}");
    }
    assert!(!office.path("var").exists(), "nothing was written");
    for line in
        ["verificar", "agenda", "plano", "porque vitoria rma/2026-10", "carta --tipo prazo --sistema rma"]
    {
        office.run(&format!("{line} {em}"), 0);
    }
    let page = office.run("plano --em 9999-12-31", 2);
    assert!(page.contains("está longe demais"), "{page}");
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    let office = Office::new();
    let now = "--em 2026-11-05T09:00";
    let pages: Vec<String> = [
        ("porque Atlântida rma/2026-10", 1),
        ("porque 3205308 rma/2026-10", 1),
        ("situacao --janela rma/2019-01", 1),
        ("relatorio --janela rma/2019-01", 1),
        ("carta --tipo prazo --janela rma/2019-01", 1),
        ("carta --tipo prazo --sistema rmaa", 1),
        ("carta --tipo prazo --sistema censo-suas", 1),
        ("importar rma lista.csv", 1),
        ("dispensar vitoria rma/2026-10 --parte GESTAO --motivo x", 1),
        ("dispensar vitoria rma/2026-10 --motivo x --ate 01/11/2026", 1),
        ("contestar vitoria rma/2026-10 --motivo x --desfazer", 1),
        ("liberar --tudo --motivo x", 1),
        ("liberar --janela rma/2026-10 --motivo x", 1),
        ("liberar --lote rma/2026-10/divulgacao --motivo x", 1),
        ("liberar --lote qualquer --motivo x", 1),
        ("reter --lote rma/2019-01/divulgacao --motivo x", 1),
        ("plano --em ontem", 2),
        ("reter --tudo --motivo \"\"", 2),
        ("reter --motivo x", 2),
        ("porque vitoria rma", 2),
    ]
    .into_iter()
    .map(|(line, code)| {
        let timeless = line.contains("--em");
        office.run(
            &format!("{line}{}{}", if timeless { "" } else { " " }, if timeless { "" } else { now }),
            code,
        )
    })
    .collect();
    insta::assert_snapshot!(pages.join("\n"));
    assert_eq!(office.letters(), 0);
}

#[test]
fn a_batch_that_waits_can_be_released_and_no_other() {
    let office = Office::new();
    office.edit("config/calendario.toml", "confirmar_abertura = false", "confirmar_abertura = true");
    let plan = office.stdout("plano --em 2026-11-05T09:00");
    let batch = "rma/2026-10/divulgacao";
    assert!(plan.contains(&format!("vigia-suas liberar --lote {batch} --motivo")), "{plan}");
    office.run("liberar --lote sisc/2026-T4/divulgacao --motivo x --em 2026-11-05T09:00", 1);
    // Also in the evening, when nothing could leave.
    office.run(&format!("liberar --lote {batch} --motivo \"Conferido\" --em 2026-11-05T21:00"), 0);
    let pass = office.stdout("servir --uma-vez --em 2026-11-06T09:00");
    assert!(pass.contains("6 cartas registradas"), "{pass}");
}

#[test]
fn files_that_cannot_be_read_are_no_faults_but_failures() {
    let office = Office::new();
    std::fs::create_dir(office.path("pasta")).unwrap();
    office.write("arquivo", "x");
    office.append(
        "config/fontes.toml",
        "\n[fonte.x]\nativa = false\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \
        \"manual\"\nmunicipio = \"ibge\"\nparte = \"CRAS\"\nsentido = \"presenca\"\n",
    );
    let mut pages: Vec<String> = [
        "verificar --config nada",
        "verificar --config arquivo",
        "importar x nada.csv --em 2026-11-05T09:00",
        "importar x pasta --em 2026-11-05T09:00",
        "simular --de 2026-12-01 --ate 2026-12-02 --situacoes nada.csv",
        "simular --de 2026-12-01 --ate 2026-12-02 --saida arquivo",
        "livro",
    ]
    .into_iter()
    .map(|line| office.run(line, 3))
    .collect();
    std::fs::remove_file(office.path("config/vigia.toml")).unwrap();
    std::fs::create_dir(office.path("config/vigia.toml")).unwrap();
    pages.push(office.run("verificar", 3));
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn a_status_file_with_bad_lines_is_refused_with_every_line() {
    let office = Office::new();
    let header = "em;janela;ibge;parte;unidade;situacao\n";
    let bad = [
        "ontem;rma/2026-10;320530;CRAS;;pendente",
        "2026-11-02;rma;3205309;CREAS;;concluido",
        "2026-11-02;rma/2026-10;3205308;CREAS;;pendente",
        "2026-11-02;rma/2026-10;3550308;CREAS;;pendente",
        "2026-11-02;rma/2026-10;3205200;CRAS;;feito",
        "31/02/2026;rma/2026-10;3205200;CRAS;;pendente",
        "2026-11-02;rma/2026-10;3205200",
    ];
    office.write("ruim.csv", header.to_owned() + &bad.join("\n"));
    office.write("vazio.csv", "");
    office.write("outro.csv", "nome,situacao\nx,y\n");
    office.write("binario.csv", b"PK\x03\x04\0\0\0\0");
    let line = |file| format!("simular --de 2026-12-01 --ate 2026-12-02 --situacoes {file} --json");
    let pages = ["ruim.csv", "vazio.csv", "outro.csv", "binario.csv"].map(|file| {
        let page = office.run(&line(file), 1);
        assert!(page.contains("saída 1\n--- stderr\n"), "nothing on stdout: {page}");
        page
    });
    insta::assert_snapshot!(pages.join("\n"));
    let backwards = office.run("simular --de 2026-12-02 --ate 2026-12-01", 2);
    assert!(backwards.contains("--ate 2026-12-01 vem antes de --de 2026-12-02"), "{backwards}");
}

/// SQLite as another program would open it.
fn sql(office: &Office, statement: &'static str) {
    let url = format!("sqlite://{}", office.path("var/vigia-ensaio.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_ledger_of_a_newer_program_is_left_alone() {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    sql(
        &office,
        "INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum, execution_time \
         FROM _sqlx_migrations LIMIT 1",
    );
    let before = std::fs::read(office.path("var/vigia-ensaio.db")).unwrap();
    for line in ["servir --uma-vez", "situacao", "verificar", "plano", "reter --tudo --motivo x"] {
        let page = office.run(&format!("{line} --em 2026-11-09T09:00"), 3);
        assert!(page.contains("é de uma versão mais nova deste programa: esquema 9999"), "{page}");
        assert!(page.contains("\ndica: "), "{page}");
    }
    assert_eq!(std::fs::read(office.path("var/vigia-ensaio.db")).unwrap(), before);
    assert_eq!(office.letters(), 6);
}

#[test]
fn a_ledger_that_is_none_is_told_as_damaged() {
    let office = Office::new();
    std::fs::create_dir(office.path("var")).unwrap();
    office.write("var/vigia-ensaio.db", "isto não é um banco de dados, e é comprido o bastante para se ver");
    let page = office.run("servir --uma-vez --em 2026-11-05T09:00", 3);
    assert!(
        page.contains("danificado ou não é um banco")
            && page.contains("\ndica: ponha a última cópia no lugar"),
        "{page}"
    );
}

#[test]
fn a_data_folder_that_cannot_be_written_stops_before_anything_is_sent() {
    let office = Office::new();
    office.write("var", "um arquivo no lugar da pasta");
    let page = office.run("servir --uma-vez --em 2026-11-05T09:00", 3);
    assert!(
        page.contains("não foi possível abrir ou criar o banco de dados “var/vigia-ensaio.db”"),
        "{page}"
    );
    assert!(page.contains("dica: confira o caminho em `dados`"), "{page}");
    assert!(!page.contains("os error"), "{page}");
}

#[test]
fn letters_that_cannot_be_written_stay_in_the_ledger_until_they_can() {
    let office = Office::new();
    std::fs::create_dir(office.path("var")).unwrap();
    office.write("var/cartas", "um arquivo no lugar da pasta");
    let page = office.run("servir --uma-vez --em 2026-11-05T09:00", 3);
    assert!(page.contains("erro: nenhuma carta pôde sair"), "{page}");
    std::fs::remove_file(office.path("var/cartas")).unwrap();
    office.run("servir --uma-vez --em 2026-11-05T12:00", 0);
    assert_eq!(office.letters(), 6);
}

#[test]
fn a_second_daemon_does_not_start_and_staff_commands_still_work() {
    let office = Office::new();
    let mut daemon = office.program("servir").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lock = office.path("var/vigia-ensaio.db.lock");
    let waited = std::time::Instant::now();
    let taken = |page: &str| page.contains("outro processo já envia com o livro");
    let page = loop {
        // The lock's file is there before the lock is held.
        if lock.exists() {
            let output = office.output("servir --uma-vez");
            let errors = String::from_utf8(output.stderr).unwrap();
            if taken(&errors) {
                assert_eq!(output.status.code(), Some(3));
                break errors;
            }
        }
        assert!(waited.elapsed().as_secs() < 30, "the daemon never held the ledger");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert!(page.contains("\ndica: pare o serviço antes"), "{page}");
    office.run("reter --tudo --motivo x", 0);
    office.run("situacao", 0);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

/// `| head -1`: the reader goes away while there is more to say.
#[test]
fn a_reader_that_went_away_is_no_failure() {
    use std::io::{BufRead as _, BufReader};
    let office = Office::new();
    for line in [
        "simular --de 2026-11-01 --ate 2027-12-31",
        "simular --de 2026-11-01 --ate 2027-12-31 --json",
        "agenda --de 2026-11-01 --ate 2036-11-01",
        "servir --uma-vez --em 2026-11-05T09:00",
    ] {
        let mut program = office.program(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(program.stderr.take());
        let mut first = String::new();
        let mut reader = BufReader::with_capacity(16, program.stdout.take().unwrap());
        reader.read_line(&mut first).unwrap();
        drop(reader);
        assert!(!first.is_empty(), "{line}");
        assert_eq!(program.wait().unwrap().code(), Some(0), "{line}");
    }
}
