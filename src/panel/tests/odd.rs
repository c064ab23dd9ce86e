//! A rehearsal, a stopped window, one without a deadline, no data at all, a municipality that is gone: each page says so.

use maud::html;

use super::*;
use crate::domain::calendar::{Halt, HaltKind, Window};
use crate::domain::overrides::{Authorship, HoldScope};
use crate::render::because::because;
use crate::render::portuguese::REHEARSAL;
use crate::render::report;
use crate::store::Override;

const WINDOW: &str = "rma/2026-10";
const STOPPED: &str = "nterrompida: ninguém é cobrado";

/// The RMA of October, changed, among few municipalities, after a pass.
async fn with_window(change: impl FnOnce(&mut Window)) -> House {
    let (house, service) = House::quiet(|setup| {
        House::few(setup);
        let calendar = &mut setup.config.calendar;
        let mut window = calendar.window(&WindowId::parse(WINDOW).unwrap()).unwrap();
        change(&mut window);
        calendar.declared.push(window);
    })
    .await;
    service.once().await.unwrap();
    house
}

/// Every sort of page about a window and a municipality.
fn pages(municipality: &str) -> Vec<String> {
    let mut all: Vec<String> =
        ["/", "/cartas", "/telefonar", "/fontes", "/agenda", "/relatorio", "/busca?q=vit"]
            .map(str::to_owned)
            .into();
    all.push(format!("/janela/{WINDOW}"));
    all.push(format!("/municipio/{municipality}"));
    all.push(format!("/municipio/{municipality}/{WINDOW}"));
    all.push(format!("/relatorio?janela={WINDOW}"));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_window_and_a_rehearsal_say_so_on_the_pages_that_tell_of_them() {
    let house = with_window(|window| {
        window.halt =
            Some(Halt { kind: HaltKind::Suspended, since: Some("2026-11-03".parse().unwrap()), until: None });
    })
    .await;
    let panel = house.here().await;
    for path in pages("3205309") {
        let Got(status, _, text) = page(&panel, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let of_report = path.starts_with("/relatorio");
        let rehearsal = if of_report { REHEARSAL } else { "Ensaio: </strong>nenhum município recebe" };
        assert!(text.contains(rehearsal), "{path}: {text}");
        if !of_report {
            let between = text.split_once("</header>").and_then(|(_, rest)| rest.split_once("<main"));
            let outside = between.map(|(outside, _)| outside.trim());
            assert_eq!(outside, Some(""), "{path}: nothing stands outside the landmarks");
        }
        if of_report || path == "/" || path == format!("/janela/{WINDOW}") {
            assert!(text.contains(STOPPED), "{path}: {text}");
        }
        assert!(!text.contains("Diga: “No Registro Mensal"), "{path}: nobody is told to hurry");
    }
    let quiet = with_window(|_| {}).await;
    let panel = quiet.here().await;
    for path in ["/", "/relatorio", "/janela/rma/2026-10"] {
        assert!(!page(&panel, path).await.2.contains(STOPPED), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agenda_shows_what_stands_and_what_does_not() {
    let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    for (kind, word) in [(HaltKind::Suspended, "suspensa"), (HaltKind::Cancelled, "cancelada")] {
        let house = with_window(|window| {
            window.halt = Some(Halt { kind, since: Some(day("2026-11-03")), until: None });
        })
        .await;
        let text = page(&house.here().await, "/agenda").await.2;
        let name = "<a href=\"/janela/rma/2026-10\">";
        let (_, rest) = text.split_once(&format!("<strong>30 termina</strong> {name}")).unwrap();
        let note = rest.split_once("</li>").unwrap().0;
        assert!(note.contains(&format!("({word} desde 03/11/2026; 23:59)")), "{note}");
        assert!(text.contains(&format!("<strong>3 é {word}</strong> {name}")), "{text}");
    }
    let special = |number, on: &str, code: &str| crate::domain::calendar::Edition {
        number,
        deadline: Some(crate::domain::calendar::Deadline { on: day(on), at: jiff::civil::time(18, 0, 0, 0) }),
        announced_on: Some(day("2026-11-02")),
        source: String::new(),
        municipalities: [MunicipalityCode::parse(code).unwrap()].into(),
    };
    let house = with_window(|window| {
        window.editions.push(special(2, "2026-12-03", "3205309"));
        window.editions.push(special(3, "2026-12-04", "3205309"));
    })
    .await;
    let panel = house.here().await;
    let text = page(&panel, "/agenda").await.2;
    assert!(text.contains("(só para 1 município; já substituída por outra edição; 18:00)"), "{text}");
    assert!(text.contains("(só para 1 município; 18:00)"), "{text}");
    // Every page says that the date of all is not that of everybody.
    for path in ["/", "/janela/rma/2026-10", "/relatorio?janela=rma/2026-10"] {
        let text = page(&panel, path).await.2;
        assert!(text.contains(", salvo para 1 município, até as 18:00 de 04/12/2026"), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_without_a_deadline_and_without_any_data_is_shown_as_that() {
    let house = with_window(|window| window.editions[0].deadline = None).await;
    let panel = house.here().await;
    for path in pages("3205309") {
        let Got(status, _, text) = page(&panel, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
    }
    let window = page(&panel, "/janela/rma/2026-10").await.2;
    assert!(window.contains("a definir"), "{window}");
    assert!(window.contains("5 não confirmados") && window.contains("0 pendentes"), "{window}");
    let feeds = page(&panel, "/fontes").await.2;
    assert!(feeds.contains("Nenhuma fonte declarada") || feeds.contains("ainda não disse nada"), "{feeds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_municipality_that_left_the_roster_is_still_told_of_with_its_letters() {
    let mut house = House::build().await;
    let mut setup = house.live.setup.clone();
    let code = MunicipalityCode::parse("3205309").unwrap();
    setup.config.roster.municipalities.remove(&code);
    house.live = Arc::new(Live::new(setup));
    let panel = house.here().await;
    for path in pages("3205309") {
        let Got(status, _, text) = page(&panel, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
    }
    let own = page(&panel, "/municipio/3205309").await.2;
    assert!(own.contains("Não está mais em municipios.csv"), "{own}");
    assert!(own.contains("/carta?aviso=rma/2026-10/divulgacao/3205309"), "{own}");
    let window = page(&panel, "/janela/rma/2026-10").await.2;
    assert!(!window.contains("/municipio/3205309/"), "nobody expects it any more: {window}");
    assert_eq!(page(&panel, "/dossie/3205309").await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_municipality_and_its_dossier_give_the_reasons_that_porque_gives() {
    let (house, service) = House::quiet(House::few).await;
    let id = WindowId::parse("rma/2026-10").unwrap();
    let held = MunicipalityCode::parse("3205309").unwrap();
    let scope = HoldScope::Municipality(held);
    let by = Authorship {
        author: "ana".to_owned(),
        reason: "enchente & <chuva>".to_owned(),
        at: now() - jiff::SignedDuration::from_mins(5),
    };
    let order = service.app.store.add_override(Override::Hold { scope, until: None }, by).await;
    order.unwrap();
    service.once().await.unwrap();
    let panel = house.here().await;
    let scene = panel.scene(None).await.ok().unwrap();
    let text = report::text(&scene.windows, scene.calendar());
    let escaped = |words: &str| html! { (words) }.into_string();
    let mut told = 0;
    for code in scene.known.live.setup.config.roster.municipalities.keys() {
        let account = panel.ledger.account(&scene, *code, &id).await.unwrap().unwrap();
        let own = page(&panel, &format!("/municipio/{code}/{id}")).await.2;
        let dossier = page(&panel, &format!("/dossie/{code}?janela={id}")).await.2;
        let (held, silence) = (&account.explained.held, &account.explained.silence);
        let quiet = silence.iter().filter(|_| held.is_empty() && account.explained.actions.is_empty());
        for why in held.iter().map(crate::plan::Decision::because).chain(quiet) {
            let words = because(why, scene.calendar());
            for (place, page) in [("page", &own), ("dossier", &dossier)] {
                assert!(page.contains(&escaped(&words)), "{code}: {words} is not in the {place}: {page}");
            }
            assert!(held.is_empty() || text.contains(&words), "{code}: {words} is not in {text}");
            told += 1;
        }
    }
    assert!(text.contains("enchente") && told > 4, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_municipality_of_another_state_is_not_said_to_have_left_nor_shown_an_empty_table() {
    let house = House::build().await;
    let panel = house.here().await;
    let other = page(&panel, "/municipio/3550308").await.2;
    assert!(other.contains("Não está em municipios.csv"), "{other}");
    assert!(other.contains("Não é esperado em nenhuma janela aberta"), "{other}");
    assert!(!other.contains("aria-label=\"Janelas\""), "{other}");
    let own = page(&panel, "/municipio/3205309").await.2;
    assert!(own.contains("aria-label=\"Janelas\"") && !own.contains("Não é esperado em nenhuma"), "{own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_not_open_yet_says_so() {
    let house = House::build().await;
    let panel = house.here().await;
    let later = page(&panel, "/janela/rma/2026-11").await.2;
    assert!(later.contains("A janela só abre em 01/12/2026."), "{later}");
    let report = page(&panel, "/relatorio?janela=rma/2026-11").await.2;
    assert!(report.contains("Só abre em 01/12/2026") && !report.contains("Aberta em"), "{report}");
    let open = page(&panel, "/janela/rma/2026-10").await.2;
    assert!(!open.contains("só abre em"), "{open}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leads_to_what_is_told_of_a_municipality_that_the_roster_has_no_more() {
    let house = House::build().await;
    let panel = house.here().await;
    let search = page(&panel, "/busca?q=3106200").await.2;
    let link = search.split("<h2>Município que não está em municipios.csv</h2>").nth(1).unwrap();
    assert!(link.contains("href=\"/municipio/3106200\""), "{link}");
    assert!(!search.contains("Nada encontrado"), "{search}");
    assert_eq!(page(&panel, "/municipio/3106200").await.0, StatusCode::OK);
    for id in ["rma/2026-10", "sisc/2026-T4", "2026-t4"] {
        let found = page(&panel, &format!("/busca?q={id}")).await.2;
        assert!(!found.contains("Nada encontrado") && found.contains("href=\"/janela/"), "{id}: {found}");
    }
    let none = page(&panel, "/busca?q=3106201").await.2;
    assert!(none.contains("Nada encontrado para “3106201”."), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_stays_at_the_day_that_is_looked_at_and_the_way_back_at_what_was_asked_for() {
    let house = House::build().await;
    let panel = house.here().await;
    let search = page(&panel, "/busca?q=vit&em=2026-11-01").await.2;
    let form = search.split("<form role=\"search\"").nth(1).unwrap().split("</form>").next().unwrap();
    assert!(form.contains("name=\"em\" value=\"2026-11-01\""), "{form}");
    assert!(search.contains("<a href=\"/busca?q=vit\">Voltar a hoje</a>"), "{search}");
    let calls = page(&panel, "/telefonar?janela=rma/2026-10&em=2026-11-01").await.2;
    assert!(calls.contains("<a href=\"/telefonar?janela=rma/2026-10\">Voltar a hoje</a>"), "{calls}");
    let now = page(&panel, "/busca?q=vit").await.2;
    let form = now.split("<form role=\"search\"").nth(1).unwrap().split("</form>").next().unwrap();
    assert!(!form.contains("name=\"em\""), "{form}");
}
