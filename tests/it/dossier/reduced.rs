//! Years later: personal data is erased, by command or by the service, and what is left still proves.

use jiff::Timestamp;
use vigia_suas::clock::Clock;
use vigia_suas::daemon::app::App;
use vigia_suas::daemon::retention::Retainer;
use vigia_suas::domain::time::Leap;
use vigia_suas::store::Store;
use vigia_suas::world::setup::Setup;

use super::Office;

/// In the evening of a weekday, five years and a month after the story.
const LATER: &str = "2028-12-20T22:00:00Z";
const EM: &str = "2028-12-20T19:00:00-03:00";

fn later() -> Timestamp {
    LATER.parse().unwrap()
}

impl Office {
    async fn store(&self) -> Store {
        Store::open(&self.database(), later()).await.unwrap()
    }

    /// The service was there not long before.
    async fn lived(self) -> Self {
        let store = self.store().await;
        store.heartbeat(later()).await.unwrap();
        store.close().await;
        self
    }

    fn says(&self, line: &[&str], code: i32) -> String {
        let (found, out, err) = self.run(line);
        assert_eq!(found, code, "{line:?}: {out}{err}");
        out + &err
    }

    /// Whether a text lies in the ledger's file or its log.
    fn holds(&self, text: &str) -> bool {
        let db = self.database();
        let log = db.with_file_name("vigia-ensaio.db-wal");
        let lies_in = |bytes: Vec<u8>| bytes.windows(text.len()).any(|at| at == text.as_bytes());
        [db, log].into_iter().any(|file| std::fs::read(file).is_ok_and(lies_in))
    }
}

#[tokio::test]
async fn livro_reduzir_shows_first_asks_for_the_number_and_leaves_a_ledger_that_proves_and_plans_the_same() {
    let office = Office::open().await;
    assert!(office.says(&["livro", "reduzir", "--em", "2028-11-19"], 0).contains("nada a apagar"));
    let shown = office.says(&["livro", "reduzir", "--em", EM], 0);
    assert!(shown.contains("  2 cartas (o texto") && shown.contains("--confirmar 2 --motivo"), "{shown}");
    let confirm = |n: &'static str| {
        ["livro", "reduzir", "--confirmar", n, "--motivo", "prazo vencido", "--autor", "ana", "--em", EM]
    };
    let refused = office.says(&confirm("2"), 1);
    assert!(refused.contains("relógio") && refused.contains("48 horas"), "nobody vouches: {refused}");
    let office = office.lived().await;
    assert!(office.says(&confirm("3"), 1).contains("seriam apagadas 2 cartas, e não 3"));
    assert!(office.holds("cmas@vitoria.invalid") && office.holds("caixa cheia"));
    let plan = office.says(&["plano", "--json", "--em", EM], 0);

    let done = office.says(&confirm("2"), 0);
    assert!(done.contains("foram apagados:") && !done.contains("aviso"), "{done}");
    for gone in ["smas@vitoria.invalid", "cmas@vitoria.invalid", "caixa cheia", "queued as 4F1"] {
        assert!(!office.holds(gone), "{gone}");
    }
    assert!(office.says(&["livro", "conferir"], 0).contains("livro íntegro"));
    assert_eq!(
        office.says(&["plano", "--json", "--em", EM], 0),
        plan,
        "the decision rests on nothing erased"
    );
    let entries = office.says(&["livro"], 0);
    assert!(
        entries.contains("dados pessoais apagados (2 cartas; guardar_anos = 5): prazo vencido (por ana)")
    );
    office.says(&["dossie", "Vitória", "--janela", "censo-suas/2023"], 0);
    let page = super::words(&office.read("dossie-3205309-censo-suas-2023/dossie.html"));
    assert!(!page.contains("NÃO CONFERE") && page.contains("apagado ao fim do prazo de guarda"), "{page}");
    assert!(page.contains("livro íntegro") || page.contains("íntegro"), "{page}");
    let json = office.read("dossie-3205309-censo-suas-2023/dossie.json");
    assert!(json.contains(r#""arquivo": null"#) && json.contains("@reduzido.invalid"), "{json}");
    assert!(!office.dir.path().join("dossie-3205309-censo-suas-2023/cartas").exists());
    assert!(office.says(&["livro", "reduzir", "--em", EM], 0).contains("nada a apagar"));
}

#[tokio::test]
async fn reter_dados_keeps_them_with_a_reason_and_ends_when_it_is_undone() {
    let office = Office::open().await.lived().await;
    let keep = [
        "reter-dados",
        "censo-suas/2023",
        "--municipio",
        "3205309",
        "--motivo",
        "processo em curso",
        "--autor",
        "ana",
    ];
    let kept = office.says(&keep, 0);
    assert!(kept.contains("retidos os dados: janela censo-suas/2023, município 3205309"), "{kept}");
    let shown = office.says(&["livro", "reduzir", "--em", EM], 0);
    assert!(!shown.contains("(o texto") && shown.contains("ao todo, 2 cartas"), "{shown}");
    assert!(shown.contains("processo em curso"), "{shown}");
    let code = kept.split("--desfazer ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(office.says(&["decisoes"], 0).contains("reter-dados município 3205309, janela censo-suas/2023"));
    office.says(&["decisoes", "--desfazer", code, "--motivo", "arquivado", "--autor", "ana"], 0);
    assert!(office.says(&["livro", "reduzir", "--em", EM], 0).contains("  2 cartas (o texto"));
    office.says(&["reter-dados", "censo-suas/1999", "--motivo", "x", "--autor", "ana"], 1);
}

#[tokio::test]
async fn the_service_erases_once_a_month_outside_sending_hours_and_never_on_a_clock_that_is_doubted() {
    let office = Office::open().await;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let setup = Setup::load(Some(&office.dir.path().join("config")), later()).unwrap();
    let once = async |text: &str| {
        let store = Store::open(&office.database(), at(text)).await.unwrap();
        let app = App::new(setup.clone(), store, Clock::Fixed(at(text)));
        Retainer::default().retain_once(&app, at(text)).await.unwrap();
        let last = app.store.last_reduction().await.unwrap();
        assert!(app.store.verify().await.unwrap().is_whole());
        app.store.close().await;
        last
    };
    assert_eq!(once("2028-11-17T22:00:00Z").await, None, "nothing is old");
    assert_eq!(once("2028-12-04T14:00:00Z").await, None, "letters may leave");
    let store = office.store().await;
    store.note_leap(Some(Leap { from: at("2026-12-01T12:00:00Z"), to: later() })).await.unwrap();
    store.close().await;
    assert_eq!(once(LATER).await, None, "the clock leapt, perhaps");
    let store = office.store().await;
    store.note_leap(None).await.unwrap();
    store.close().await;
    assert_eq!(once(LATER).await, Some(later()));
    assert!(!office.holds("cmas@vitoria.invalid"));
    assert_eq!(once("2028-12-21T22:00:00Z").await, Some(later()));
}
