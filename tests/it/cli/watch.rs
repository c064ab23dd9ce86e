//! The register of units and the news, end to end: a server on loopback, the program, and what staff read.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::runtime::Runtime;
use vigia_suas::domain::id::FeedId;
use vigia_suas::intake::FeedRun;
use vigia_suas::store::Store;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::office::Office;

/// A server on loopback that answers each path with bytes that may be changed.
struct Ministry {
    runtime: Runtime,
    server: MockServer,
}

impl Ministry {
    fn open() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(MockServer::start());
        Self { runtime, server }
    }

    fn answers(&self, at: &str, reply: ResponseTemplate) {
        self.runtime.block_on(async {
            self.server.reset().await;
            Mock::given(path(at)).respond_with(reply).mount(&self.server).await;
        });
    }

    fn serves(&self, at: &str, body: impl Into<Vec<u8>>) {
        self.answers(at, ResponseTemplate::new(200).set_body_bytes(body));
    }

    fn url(&self, at: &str) -> String {
        format!("{}{at}", self.server.uri())
    }
}

/// The alerts about registers and news that staff were mailed, by their files.
fn alerts(office: &Office) -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let about = |path: &PathBuf| {
        let text = path.display().to_string();
        text.contains("alerta-cadastro") || text.contains("alerta-noticia")
    };
    below(&office.path("var/cartas/geral")).into_iter().filter(about).collect()
}

const REGISTER: &str = r#"
[cadastro.cras]
tipo = "csv"
origem = "ORIGEM"
unidade = "id_equipamento"
municipio = "ibge"
nome = "nome"
email = "email"
telefone = "telefone"
situacao_coluna = "situacao"
situacoes = { "Em funcionamento" = "aberta", "Desativado" = "fechada" }
parte = "CRAS"
"#;

const UNITS: &str = "id;ibge;parte;nome;email;telefone;desde;ate;nota\r\n\
    32053091;3205309;CRAS;\"CRAS; Centro\";centro@vitoria.invalid;27 3333-0001;;;não mexer\r\n\
    32053092;3205309;CRAS;CRAS Maruípe;;;;;\r\n\
    32050021;3205002;CRAS;CRAS Serra;serra@serra.invalid;;;;\r\n\
    32052001;3205200;CREAS;CREAS Vila Velha;;;;;\r\n";

pub(super) const LISTED: &str = "id_equipamento;ibge;nome;responsavel;telefone;email;situacao\n\
    32053091;320530;CRAS CENTRO E ILHAS;FULANA DE TAL;NSA;novo@vitoria.invalid;Em funcionamento\n\
    32050021;3205002;CRAS SERRA;BELTRANO;0;serra@serra.invalid;Desativado\n\
    32053093;3205309;CRAS Jucutuquara;SICRANA;(27) 3333-0003;-;Em funcionamento\n\
    35503081;355030;CRAS DE OUTRO ESTADO;ALGUÉM;1;x@sp.invalid;Em funcionamento\n";

pub(super) fn with_register(origin: &str, more: &str) -> Office {
    let office = Office::new();
    office.append("config/fontes.toml", &format!("{}{more}", REGISTER.replace("ORIGEM", origin)));
    office.write("config/unidades.csv", UNITS);
    office
}

fn proposals(office: &Office) -> Vec<Value> {
    office.stdout("cadastro --json").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn named(office: &Office, kind: &str) -> String {
    let of_kind = |p: &&Value| p["tipo"] == kind;
    proposals(office).iter().find(of_kind).unwrap()["proposta"].as_str().unwrap().to_owned()
}

#[test]
fn what_the_register_says_is_proposed_taken_and_proved() {
    let office = with_register("manual", "");
    office.write("cras.csv", LISTED);
    let mut page = office.run("cadastro", 0);
    page += &office.run("cadastro carregar cras cras.csv --em 2026-11-23T09:00", 0);
    page += &office.run("cadastro", 0);
    page += &office.run("cadastro aplicar --so email --em 2026-11-23T09:05", 1);
    assert_eq!(office.read("config/unidades.csv"), UNITS, "nothing is written without a yes");
    let name = named(&office, "nome");
    page +=
        &office.run(&format!("cadastro recusar {name} --motivo \"nome conferido\" --em 2026-11-23T09:06"), 0);
    page += &office.run("cadastro aplicar --sim --em 2026-11-23T09:07", 0);
    let here = format!("{}/", office.path("").canonicalize().unwrap().display());
    insta::assert_snapshot!(
        "register",
        page.replace(&here, "").replace(&format!("{}/", office.path("").display()), "")
    );
    assert_eq!(
        office.read("config/unidades.csv"),
        "id;ibge;parte;nome;email;telefone;desde;ate;nota\r\n\
         32053091;3205309;CRAS;\"CRAS; Centro\";novo@vitoria.invalid;27 3333-0001;;;não mexer\r\n\
         32053092;3205309;CRAS;CRAS Maruípe;;;;2026-11-23;\r\n\
         32050021;3205002;CRAS;CRAS Serra;serra@serra.invalid;;;2026-11-23;\r\n\
         32052001;3205200;CREAS;CREAS Vila Velha;;;;;\r\n\
         32053093;3205309;CRAS;CRAS Jucutuquara;;(27) 3333-0003;2026-11-23;;\r\n"
    );
    assert_eq!(office.read("config/unidades.csv.anterior-20261123-090700"), UNITS, "as it was is kept");
    assert_eq!(proposals(&office), Vec::<Value>::new(), "what was refused does not come back");
    assert_eq!(office.stdout("cadastro --recusadas --json").lines().count(), 1);
    office.run("verificar", 0);
    let ledger = office.stdout("livro");
    for told in [
        "carga do cadastro aceita: cras",
        "propostas do cadastro recusadas: unidades.csv: nome conferido",
        "propostas do cadastro aplicadas",
    ] {
        assert!(ledger.contains(told), "{ledger}");
    }
    assert!(office.stdout("livro conferir").contains("íntegro"));
    // Until the register says otherwise.
    office.write("cras.csv", LISTED.replace("CENTRO E ILHAS", "CENTRO E PRAIAS"));
    office.run("cadastro carregar cras cras.csv --em 2026-12-01T09:00", 0);
    assert_eq!(named(&office, "nome").len(), 8);
    let ledger = |name: &str| std::fs::read(office.path(name)).unwrap_or_default();
    let whole = [ledger("var/vigia-ensaio.db"), ledger("var/vigia-ensaio.db-wal")].concat();
    let has = |text: &str| whole.windows(text.len()).any(|piece| piece == text.as_bytes());
    assert!(has("CRAS Jucutuquara") && !has("SICRANA"), "whoever answers for a unit is not kept");
}

#[test]
fn half_a_register_proposes_nothing_until_a_person_takes_it() {
    let office = with_register("manual", "");
    let rows = |n: usize| -> String {
        let head = LISTED.lines().next().unwrap();
        let row = |n: usize| format!("3205309{n:04};320530;CRAS {n};X;;;Em funcionamento\n");
        format!("{head}\n{}", (0..n).map(row).collect::<String>())
    };
    office.write("cras.csv", rows(60));
    office.run("cadastro carregar cras cras.csv --em 2026-11-23T09:00", 0);
    let before = proposals(&office).len();
    office.write("cras.csv", rows(30));
    let page = office.run("cadastro carregar cras cras.csv --em 2026-11-24T09:00", 1);
    assert!(page.contains("RECUSADA") && page.contains("a última aceita tinha 60"), "{page}");
    assert_eq!(proposals(&office).len(), before);
    office.run("cadastro carregar cras cras.csv --motivo \"conferido no CadSUAS\" --em 2026-11-24T09:01", 0);
    assert_eq!(proposals(&office).len(), before - 30);
    let ledger = office.stdout("livro");
    assert!(ledger.contains("conferido no CadSUAS"), "{ledger}");
    for (line, told) in [
        ("cadastro carregar outro cras.csv", "os cadastros são cadsuas-cras"),
        ("cadastro recusar 00000000 --motivo x", "não há proposta"),
        ("cadastro carregar cras nada.csv", "nada.csv"),
    ] {
        let output = office.output(line);
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && shown.contains(told), "{line}: {shown}");
    }
}

#[test]
fn a_file_that_cannot_be_good_is_not_written() {
    let office = with_register("manual", "");
    office.write("cras.csv", LISTED);
    office.run("cadastro carregar cras cras.csv --em 2026-11-23T09:00", 0);
    // No unit may be in it twice.
    office.append("config/unidades.csv", "32053091;3205309;CRAS;Outro;;;;;\r\n");
    let before = office.read("config/unidades.csv");
    office.run("cadastro aplicar --sim --em 2026-11-23T09:07", 1);
    assert_eq!(office.read("config/unidades.csv"), before);
    assert_eq!(std::fs::read_dir(office.path("config")).unwrap().count(), 8, "and nothing beside it");
    let bare = Office::new();
    bare.write("config/fontes.toml", "");
    let page = bare.run("cadastro", 1);
    assert!(page.contains("nenhum cadastro foi declarado"), "{page}");
}

#[test]
fn the_service_loads_the_register_and_tells_staff_once() {
    let ministry = Ministry::open();
    ministry.serves("/cras.csv", LISTED);
    let address = format!(
        "url = \"{}\"\nhosts = [\"127.0.0.1\"]\nhorario = \"0 5 * * *\"\n",
        ministry.url("/cras.csv")
    );
    let office = with_register("http", &address);
    office.run("servir --uma-vez --em 2026-11-23T09:00", 0);
    assert_eq!(proposals(&office).len(), 5);
    let told = alerts(&office);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(office.read("config/unidades.csv"), UNITS, "the service never writes it");
    office.run("servir --uma-vez --em 2026-11-23T10:00", 0);
    office.run("servir --uma-vez --em 2026-11-24T10:00", 0);
    assert_eq!(alerts(&office).len(), 1, "told once");
    // A page of error with status 200 is not believed, and that is told; the last good one stays.
    ministry.serves("/cras.csv", "<html>Sistema indisponível</html>");
    office.run("servir --uma-vez --em 2026-11-25T10:00", 0);
    assert_eq!((proposals(&office).len(), alerts(&office).len()), (5, 2));
}

#[test]
fn every_state_of_the_roster_is_asked_about_its_units() {
    let ministry = Ministry::open();
    let row = |id: u32, code: u32| format!("{id};{code};CRAS;X;0;-;Em funcionamento\n");
    let head = LISTED.lines().next().unwrap().to_owned() + "\n";
    let of_es =
        format!("{head}{}{}{}", row(32_053_091, 320_530), row(32_053_092, 320_530), row(32_050_021, 320_500));
    let of_rj = format!("{head}{}", row(33_045_571, 330_455));
    ministry.runtime.block_on(async {
        for (at, body) in [("/ES.csv", of_es), ("/RJ.csv", of_rj)] {
            Mock::given(path(at))
                .respond_with(ResponseTemplate::new(200).set_body_bytes(body))
                .mount(&ministry.server)
                .await;
        }
    });
    let address = format!(
        "url = \"{}\"\nhosts = [\"127.0.0.1\"]\nhorario = \"0 5 * * *\"\npausa = \"0s\"\n",
        ministry.url("/{uf}.csv")
    );
    let office = with_register("http", &address);
    let rio =
        "3304557;Rio de Janeiro;Capital;smas.rio@municipio.invalid;;;cmas.rio@municipio.invalid;;;;\r\n";
    office.append("config/municipios.csv", rio);
    office.append(
        "config/unidades.csv",
        "33045571;3304557;CRAS;CRAS Rio;;;;;\r\n33045572;3304557;CRAS;CRAS Lapa;;;;;\r\n",
    );
    office.run("servir --uma-vez --em 2026-11-23T09:00", 0);
    let closed = proposals(&office).into_iter().filter(|p| p["tipo"] == "fechada");
    let closed: Vec<String> = closed.map(|p| p["unidade"].as_str().unwrap().to_owned()).collect();
    assert_eq!(closed, ["33045572"], "{:?}", proposals(&office));
}

#[test]
fn a_register_may_come_through_its_drop_folder() {
    let office = with_register("pasta", "");
    std::fs::create_dir_all(office.path("var/entrada/cras")).unwrap();
    office.write("var/entrada/cras/cras.csv", LISTED);
    office.run("servir --uma-vez --em 2026-11-23T09:00", 0);
    assert_eq!(proposals(&office).len(), 5);
    let kept = std::fs::read_dir(office.path("var/entrada/cras/processados")).unwrap().count();
    assert_eq!(kept, 1);
}

#[test]
fn a_register_whose_reading_ended_the_service_is_put_aside_and_read_when_it_comes_again() {
    let office = with_register("pasta", "");
    office.run("servir --uma-vez --em 2026-11-23T09:00", 0);
    Runtime::new().unwrap().block_on(async {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let store = Store::open(&office.path("var/vigia-ensaio.db"), now).await.unwrap();
        let failure = Some("o serviço parou enquanto lia o arquivo “cras.csv”".to_owned());
        let begun = FeedRun { tried_at: now, next_at: None, failures: 1, failure };
        store.note_run(&FeedId::parse("cras").unwrap(), begun).await.unwrap();
        store.close().await;
    });
    for (shelf, proposed) in [("quarentena", 0), ("processados", 5)] {
        office.write("var/entrada/cras/cras.csv", LISTED);
        office.run("servir --uma-vez --em 2026-11-23T09:30", 0);
        assert_eq!(proposals(&office).len(), proposed);
        let kept = std::fs::read_dir(office.path("var/entrada/cras").join(shelf)).unwrap().count();
        assert_eq!(kept, 1, "{shelf}");
    }
    let told = std::fs::read_dir(office.path("var/cartas/geral")).unwrap();
    let of_load = |name: &str| name.starts_with("alerta-coleta-") && name.ends_with("-cras");
    let told = told.filter(|entry| of_load(&entry.as_ref().unwrap().file_name().to_string_lossy()));
    assert_eq!(told.count(), 1, "staff are told");
}

fn rss(posts: &[(&str, &str, &str)]) -> String {
    let item = |(id, day, body): &(&str, &str, &str)| {
        format!(
            "<item><title>Censo SUAS 2026</title><link>http://blog.mds.gov.br/redesuas/{id}/</link><guid>{id}</guid>\
             <pubDate>{day} 12:00:00 +0000</pubDate><description><![CDATA[<p>{body}</p>]]></description></item>"
        )
    };
    let items: String = posts.iter().map(item).collect();
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>x</title>{items}</channel></rss>")
}

const OLD: (&str, &str, &str) = ("1", "Mon, 01 Jun 2026", "O Censo SUAS 2026 foi adiado, sem nova data.");
const OPENING: (&str, &str, &str) =
    ("2", "Mon, 26 Oct 2026", "Está aberto o Censo SUAS 2026, de 26 de outubro a 4 de dezembro.");
const EXTENSION: (&str, &str, &str) =
    ("3", "Mon, 30 Nov 2026", "O prazo do Censo SUAS 2026 foi prorrogado at&eacute; 18/12.");

#[test]
fn news_is_told_once_with_what_to_do_and_kept_until_seen() {
    let ministry = Ministry::open();
    ministry.serves("/feed/", rss(&[OPENING, OLD]));
    let office = Office::new();
    office.append(
        "config/fontes.toml",
        &format!(
            "\n[noticia.rede]\ntipo = \"rss\"\norigem = \"http\"\nurl = \"{}\"\nhosts = [\"127.0.0.1\"]\n\
             horario = \"0 8 * * *\"\n",
            ministry.url("/feed/")
        ),
    );
    office.run("servir --uma-vez --em 2026-10-27T09:00", 0);
    assert_eq!(alerts(&office).len(), 1, "the old one is recorded, not told");
    office.run("servir --uma-vez --em 2026-10-27T09:30", 0);
    office.run("servir --uma-vez --em 2026-10-28T09:30", 0);
    assert_eq!(alerts(&office).len(), 1);
    let mut page = office.run("noticias --em 2026-10-28T10:00", 0);
    let opening: Value =
        serde_json::from_str(office.stdout("noticias --json --em 2026-10-28").trim()).unwrap();
    office.append("config/calendario.toml", opening["toml"].as_str().unwrap());
    office.run("verificar --em 2026-10-28", 0);
    page += &office.run(
        &format!(
            "noticias visto {} --motivo \"janela escrita\" --em 2026-10-28T10:05",
            opening["noticia"].as_str().unwrap()
        ),
        0,
    );
    page += &office.run("noticias --em 2026-10-28T10:06", 0);
    // A deadline moves: one new finding, whose command writes it below the window just written.
    ministry.serves("/feed/", rss(&[EXTENSION, OPENING, OLD]));
    office.run("servir --uma-vez --em 2026-12-01T09:00", 0);
    assert_eq!(alerts(&office).len(), 2);
    page += &office.run("noticias --em 2026-12-01T10:00", 0);
    let extension: Value =
        serde_json::from_str(office.stdout("noticias --json --em 2026-12-01").trim()).unwrap();
    let command =
        extension["comando"].as_str().unwrap().strip_prefix("vigia-suas ").unwrap().replace('\'', "\"");
    office.run(&format!("{command} --sim --em 2026-12-01T10:00"), 0);
    let agenda = office.stdout("agenda --de 2026-10-01 --ate 2026-12-31 --em 2026-12-01");
    assert!(agenda.contains("18/12/2026"), "{agenda}");
    page += &office.run("noticias --desde 2026-10-01 --em 2026-12-01T10:00", 0);
    insta::assert_snapshot!("news", page);
    let ledger = office.stdout("livro");
    assert!(ledger.contains("notícia achada") && ledger.contains("janela escrita"), "{ledger}");
    office.run("noticias visto 000000000000", 1);
}

#[test]
fn a_source_of_news_that_is_silent_is_told_of() {
    let ministry = Ministry::open();
    let office = Office::new();
    office.append(
        "config/fontes.toml",
        &format!(
            "\n[noticia.rede]\ntipo = \"rss\"\norigem = \"http\"\nurl = \"{}\"\nhosts = [\"127.0.0.1\"]\n\
             horario = \"0 8 * * *\"\n",
            ministry.url("/feed/")
        ),
    );
    ministry.serves("/feed/", "<html>em manutenção</html>");
    office.run("servir --uma-vez --em 2026-10-27T09:00", 0);
    assert_eq!(alerts(&office).len(), 1, "it never could be read");
    ministry.serves("/feed/", rss(&[OLD]));
    office.run("servir --uma-vez --em 2026-10-28T09:00", 0);
    ministry.answers("/feed/", ResponseTemplate::new(404));
    office.run("servir --uma-vez --em 2026-10-29T09:00", 0);
    assert_eq!(alerts(&office).len(), 1, "a day is not long");
    office.run("servir --uma-vez --em 2026-11-02T09:00", 0);
    assert_eq!(alerts(&office).len(), 2);
    // One that answers and brings nothing is as silent.
    ministry.serves("/feed/", rss(&[]));
    office.run("servir --uma-vez --em 2026-11-10T09:00", 0);
    assert_eq!(alerts(&office).len(), 3);
}

/// A declaration behind so many blanks that the parser had begun without it, and one in UTF-16: both panicked it.
fn what_panicked_the_parser() -> [Vec<u8>; 2] {
    let late = format!(
        "<rss version=\"2.0\">{}<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><channel/></rss>",
        " ".repeat(9_995)
    );
    let wide = "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-16\"?><rss version=\"2.0\"><channel><title>t</title></channel></rss>";
    [late.into_bytes(), wide.encode_utf16().flat_map(u16::to_be_bytes).collect()]
}

#[test]
fn news_that_panics_its_parser_ends_nothing_is_told_once_and_rests_until_the_next_day() {
    for page in what_panicked_the_parser() {
        let ministry = Ministry::open();
        let office = Office::new();
        office.append(
            "config/fontes.toml",
            &format!(
                "\n[noticia.rede]\ntipo = \"rss\"\norigem = \"http\"\nurl = \"{}\"\nhosts = [\"127.0.0.1\"]\n\
                 horario = \"0 8 * * *\"\n",
                ministry.url("/feed/")
            ),
        );
        ministry.serves("/feed/", page);
        let asked = || ministry.runtime.block_on(ministry.server.received_requests()).unwrap().len();
        office.run("servir --uma-vez --em 2026-10-27T09:00", 0);
        office.run("servir --uma-vez --em 2026-10-27T09:10", 0);
        office.run("servir --uma-vez --em 2026-10-27T15:00", 0);
        assert_eq!((asked(), alerts(&office).len()), (1, 1), "a start is no reason to ask again");
        // What ends it: the next hour of the source, and a page that can be read.
        ministry.serves("/feed/", rss(&[OPENING]));
        office.run("servir --uma-vez --em 2026-10-28T09:00", 0);
        assert_eq!(alerts(&office).len(), 2, "the opening is told");
    }
}
