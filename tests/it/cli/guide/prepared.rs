//! What each section of the operators' guide tells to do by hand, and what it takes for granted: a quarantined load, a
//! proposal, a piece of news, a letter that may have left.

use serde_json::{Value, json};

use super::super::office::Office;
use super::{NOW, blocks};
use vigia_suas::clock::Clock;
use vigia_suas::daemon::lifecycle::Service;
use vigia_suas::world::setup::Setup;

use crate::support::host::{Answer, Host};
use crate::support::smtp::{Deed, Relay};

/// Names that the guide leaves to the reader and only the office knows.
pub(super) type StandIns = Vec<(&'static str, String)>;

/// Others' servers, on loopback.
pub(super) struct Neighbours {
    /// In the ministry's place: pages of units, a spreadsheet, news.
    ministry: Host,
    /// Takes one letter, to Vitória, and closes without saying so.
    lossy: Relay,
}

const SHEET: &str = "ibge;situacao\n3205309;Sim\n3205200;Sim\n3205002;Sim\n";
const CRAS_PAGES: &str = "https://aplicacoes.mds.gov.br/sagi/atendimento/adm/lista_preenchimento_cras_unidade.php\
    ?p_id_cras={unidade}";
const UNITS: &str = "id;ibge;parte;nome;email;telefone;desde;ate\n32053091;3205309;CRAS;CRAS Centro;a@vitoria.invalid;;;\n\
    32052001;3205200;CRAS;CRAS Ibes;;;;\n32050021;3205002;CRAS;CRAS Jacaraípe;;;;\n";
const NEWS: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>x</title><item><title>RMA</title>\
    <link>http://blog.mds.gov.br/redesuas/1/</link><guid>1</guid><pubDate>Wed, 04 Nov 2026 12:00:00 +0000</pubDate>\
    <description>O prazo do RMA de outubro de 2026 foi prorrogado para 15/12/2026.</description></item></channel></rss>";

impl Neighbours {
    pub(super) async fn open() -> Self {
        let (ministry, lossy) = (Host::start().await, Relay::start().await);
        lossy.once("smas.vitoria@municipio.es.gov.br", Deed::HangUpAfterDot);
        ministry.put("/planilha.csv", Answer::page(SHEET));
        ministry.put("/feed/", Answer::page(NEWS));
        for unit in ["32053091", "32052001", "32050021"] {
            let page =
                format!("<p>{unit}</p><table><tr><th>Referência</th></tr><tr><td>10/2026</td></tr></table>");
            ministry.put(&format!("/cras?unidade={unit}"), Answer::page(page));
        }
        Self { ministry, lossy }
    }
}

const RMA_OCTOBER: &str = "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\n\
    prazo = 2026-11-30\nfonte = \"Prática do RMA\"\n";

/// Does what a section tells to do by hand, and has the service running; what the section's names stand for.
pub(super) fn prepare(
    office: &Office,
    title: &str,
    section: &str,
    port: u16,
    neighbours: &Neighbours,
) -> StandIns {
    office.write(
        "aviso.eml",
        "From: a@b.gov.br\nSubject: Ausente\nAuto-Submitted: auto-replied\n\nEstou de férias.\n",
    );
    if title == "Carta que talvez tenha saído" {
        uncertain(office, neighbours.lossy.port);
        return Vec::new();
    }
    if title == "Cópia restaurada, ou máquina nova" {
        return restored(office);
    }
    pass(office);
    let ministry = &neighbours.ministry;
    match title {
        "O que fazer depois de mudar qualquer arquivo" => {
            office.copy("config", "vigia-nova");
            office.edit("vigia-nova/municipios.csv", "smas.vitoria@", "secretaria.vitoria@");
        }
        "Antes do primeiro envio real" => {
            production(office, port, "2026-12-01");
            return vec![("--confirmar N", format!("--confirmar {}", number(office, "aplicar --sim")))];
        }
        "O MDS prorrogou" => extensions(office, section),
        "O sistema saiu do ar ou a janela foi suspensa" => {
            let told = blocks(section, "toml")[0].replace("2026-11-14", "2026-11-05");
            office.append("config/calendario.toml", &format!("{RMA_OCTOBER}{told}"));
            let number = number(office, &format!("aplicar --sim --em {NOW}"));
            return vec![("--confirmar N", format!("--confirmar {number}"))];
        }
        "A fonte caiu" => sheet(office, ministry),
        "A coleta ficou em quarentena" => return loads(office, ministry),
        "Ligar uma fonte pronta" => {
            let url = format!("{CRAS_PAGES}\"");
            let here = format!("{}\"\nhosts = [\"127.0.0.1\"]", ministry.url("/cras?unidade={unidade}"));
            office.edit("config/fontes.toml", &url, &here);
            sheet(office, ministry);
            office.write("config/unidades.csv", UNITS);
        }
        "Uma fonte para a planilha da equipe" => {
            office.write(
                "lista.csv",
                "IBGE;Município;Situação\n3205309;Vitória;Concluído\n3205200;Vila Velha;Pendente\n",
            );
            let answers = "--parte CRAS --referencia abertas";
            let told = office.stdout(&format!("fonte propor lista.csv --sistema rma {answers} --em {NOW}"));
            office.append("config/fontes.toml", &format!("\n{told}"));
        }
        "O cadastro de unidades mudou" => return register(office),
        "Notícias do MDS" => return news(office, ministry),
        "Desfazer o que foi decidido à mão" => {
            office.run(&format!("reter --municipio 3205200 --motivo Enchente --em {NOW}"), 0);
            return vec![("CODIGO", named(office, &format!("decisoes --em {NOW}"), "codigo"))];
        }
        "Novo sistema" => {
            let system = "\n[sistema.novo]\nnome = \"Novo\"\nlink = \"https://novo.mds.gov.br\"\npartes = [\"CRAS\"]\n\
                escada = [{ antes = \"5d\", para = [\"smas\"] }]\n[sistema.novo.recorrencia]\ncada = \"ano\"\nde = 2026\n\
                abre = { mais_meses = 9, dia = 1 }\nprazo = { mais_meses = 11, dia = 1 }\n";
            office.append("config/calendario.toml", system);
        }
        "Cópia de segurança" => return copied(office),
        _ => {}
    }
    Vec::new()
}

/// A ledger that sent, whose witness is gone; its relay is out of reach, and has a log.
fn restored(office: &Office) -> StandIns {
    production(office, 1, "2026-11-01");
    // By the machine's clock: within sending hours it says that no letter could leave.
    let ended = office.output("servir --uma-vez").status.code();
    assert!(matches!(ended, Some(0 | 3)), "{ended:?}");
    std::fs::remove_file(office.path("var/vigia.db.testemunha")).unwrap();
    for log in ["mail.log", "mail.log.1"] {
        let sent = "to=<a@b.gov.br>, relay=mx[10.0.0.1]:25, delay=1, dsn=2.0.0, status=sent (250 ok)";
        office.write(log, format!("Nov  5 08:00:00 mx postfix/smtp[7]: 4F1B2A: {sent}\n"));
    }
    vec![("/var/log/mail.log", "mail.log".to_owned())]
}

/// A folder for copies, and the copy that there is.
fn copied(office: &Office) -> StandIns {
    std::fs::create_dir(office.path("copias")).unwrap();
    office.run("copia copias", 0);
    let made = std::fs::read_dir(office.path("copias")).unwrap().map(|entry| entry.unwrap().file_name());
    let made = made.map(|name| name.into_string().unwrap()).find(|name| name.contains("-copia-2")).unwrap();
    vec![
        ("/var/backups/vigia-suas/vigia-copia-20261126T063000Z.db", format!("copias/{made}")),
        ("/var/backups/vigia-suas", "copias".to_owned()),
    ]
}

fn pass(office: &Office) {
    office.run(&format!("servir --uma-vez --em {NOW}"), 0);
}

/// A name in the first line that a command shows.
fn named(office: &Office, line: &str, key: &str) -> String {
    let shown = office.stdout(&format!("{line} --json"));
    let first: Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    first[key].as_str().unwrap().to_owned()
}

/// Where the service just made a pass, or, when `saude` is to end with 1, was handed faults since.
pub(super) fn at_work(code: i32) -> Office {
    let office = Office::new();
    office.run("servir --uma-vez", 0);
    if code == 1 {
        office.edit("config/vigia.toml", "porta = 587", "porta = \"x\"");
    }
    office
}

/// Steps 1 to 11: addresses that reach somebody, a relay, a beginning.
fn production(office: &Office, port: u16, begins: &str) {
    let roster = office.read("config/municipios.csv").replace("municipio.invalid", "municipio.es.gov.br");
    office.write("config/municipios.csv", roster);
    let vigia = office.read("config/vigia.toml").replace("smtp.example.org", "127.0.0.1");
    let vigia = vigia.replace("example.org", "setades.es.gov.br").replace("\"starttls\"", "\"nenhuma\"");
    let vigia = vigia.replace("porta = 587", &format!("porta = {port}"));
    let login = |line: &&str| !line.starts_with("usuario =") && !line.starts_with("senha_arquivo =");
    let vigia: String = vigia.lines().filter(login).flat_map(|line| [line, "\n"]).collect();
    office.write("config/vigia.toml", vigia);
    office.edit("config/vigia.toml", "# inicio = 2026-12-01", &format!("inicio = {begins}"));
    office.edit("config/vigia.toml", "modo = \"ensaio\"", "modo = \"producao\"");
}

/// A relay took a letter and did not say so, and staff want to be asked.
fn uncertain(office: &Office, port: u16) {
    production(office, port, "2026-10-15");
    office.edit("config/vigia.toml", "ao_incerto = \"reenviar\"", "ao_incerto = \"reter\"");
    let now = "2026-11-05T12:00:00Z".parse().unwrap();
    let mut setup = Setup::load(Some(&office.path("config")), now).unwrap_or_else(|fault| panic!("{fault}"));
    setup.config.settings.data = office.path("var");
    // The program takes no instant but the machine's in production.
    let pass = async {
        Service::start(setup, Clock::Fixed(now)).await.unwrap().once().await.unwrap();
    };
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(pass));
    let told = office.stdout(&format!("porque 3205309 rma/2026-10 --em {NOW}"));
    assert!(told.contains("entrega incerta"), "{told}");
}

/// An earlier deadline waits to be released; what may be written by hand instead is right where the guide says it goes.
fn extensions(office: &Office, section: &str) {
    // Announced on the very day on which the section is followed.
    let told = blocks(section, "toml")[0].replace("2026-12-05", "2026-11-05");
    let by_hand = Office::new();
    pass(&by_hand);
    by_hand.append("config/calendario.toml", &format!("{RMA_OCTOBER}{told}"));
    by_hand.run(&format!("verificar --em {NOW}"), 0);
    let letter = by_hand
        .stdout(&format!("carta --tipo prorrogacao --janela rma/2026-10 --municipio 3205309 --em {NOW}"));
    assert!(letter.contains("19/12/2026"), "{letter}");

    let censo = "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-10-01\n\
        prazo = 2026-12-20\nfonte = \"MDS\"\n";
    office.append("config/calendario.toml", censo);
    pass(office);
    let later = "[[janela.prorrogacao]]\nprazo = 2026-12-10\nanunciada = 2026-11-05\nfonte = \"MDS\"\n";
    office.append("config/calendario.toml", later);
    let number = number(office, &format!("aplicar --sim --em {NOW}"));
    office.run(&format!("aplicar --sim --confirmar {number} --em {NOW}"), 0);
    pass(office);
}

/// The number that a table asks for.
fn number(office: &Office, line: &str) -> String {
    let shown = office.run(line, 1);
    shown.rsplit("--confirmar ").next().unwrap().trim().to_owned()
}

fn sheet(office: &Office, ministry: &Host) {
    let url = ministry.url("/planilha.csv");
    let feed = format!(
        "\n[fonte.planilha]\nativa = false\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"http\"\nurl = \"{url}\"\n\
         hosts = [\"127.0.0.1\"]\nhorario = \"0 6 * * *\"\nmunicipio = \"ibge\"\nparte = \"CRAS\"\n\
         sentido = \"situacao\"\nsituacao_coluna = \"situacao\"\n\
         situacoes = {{ \"Sim\" = \"concluido\", \"Não\" = \"pendente\" }}\nminimo = 2\n"
    );
    office.append("config/fontes.toml", &feed);
    office.write("planilha.csv", SHEET);
}

/// One load that was believed, one in quarantine for want of municipalities.
fn loads(office: &Office, ministry: &Host) -> StandIns {
    sheet(office, ministry);
    let load = |text: &str, code| {
        office.write("planilha.csv", text);
        office.run(&format!("importar planilha planilha.csv --em {NOW}"), code);
        let shown = office.stdout(&format!("fontes planilha --json --em {NOW}"));
        let feed: Value = serde_json::from_str(&shown).unwrap();
        feed["coletas"][0]["coleta"].as_str().unwrap().to_owned()
    };
    let wrong = load(SHEET, 0);
    let few = load("ibge;situacao\n3205309;Não\n", 1);
    office.write("planilha.csv", SHEET);
    vec![("recusar COLETA", format!("recusar {wrong}")), ("aceitar COLETA", format!("aceitar {few}"))]
}

/// The register was read, and says a new name and a new address; a file of it lies at hand.
fn register(office: &Office) -> StandIns {
    office.edit("config/fontes.toml", "minimo = 100", "minimo = 1");
    office.write("config/unidades.csv", UNITS);
    let listed = |name: &str| {
        let unit = |id, ibge, name, email, telefone| json!({ "id_equipamento": id, "ibge": ibge, "nome": name, "email": email, "telefone": telefone });
        let units = [
            unit("32053091", "320530", name, "b@vitoria.invalid", ""),
            unit("32052001", "320520", "CRAS Ibes", "", "27 3333-0000"),
            unit("32050021", "320500", "CRAS Jacaraípe", "", ""),
        ];
        json!({ "response": { "numFound": units.len(), "docs": units } }).to_string()
    };
    office.write("lista.json", listed("CRAS do Centro"));
    office.run(&format!("cadastro carregar cadsuas-cras lista.json --em {NOW}"), 0);
    office.write("lista.json", listed("CRAS Centro e Ilhas"));
    // Those that the section takes; without them taking would go well, and do nothing.
    named(office, "cadastro --so email", "proposta");
    vec![("PROPOSTA", named(office, "cadastro --so telefone", "proposta"))]
}

/// The portal, made active, said that a deadline moved.
fn news(office: &Office, ministry: &Host) -> StandIns {
    let portal = "ativa = false\ntipo = \"rss\"\norigem = \"http\"\nurl = \"http://blog.mds.gov.br/redesuas/feed/\"\n\
        hosts = [\"blog.mds.gov.br\", \"www.gov.br\"]";
    let url = ministry.url("/feed/");
    let here =
        format!("ativa = true\ntipo = \"rss\"\norigem = \"http\"\nurl = \"{url}\"\nhosts = [\"127.0.0.1\"]");
    office.edit("config/fontes.toml", portal, &here);
    pass(office);
    let shown = named(office, &format!("noticias --em {NOW}"), "comando");
    let command = shown.strip_prefix("vigia-suas ").unwrap().replace('\'', "\"");
    office.run(&format!("{command} --sim --em {NOW}"), 0);
    vec![("NOTICIA", named(office, &format!("noticias --em {NOW}"), "noticia"))]
}
