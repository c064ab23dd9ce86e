//! A rehearsal, a stopped window, one without a deadline, no data at all, a municipality that is gone: each page says so.

use super::*;
use crate::domain::calendar::{Halt, HaltKind, Window};
use crate::render::portuguese::REHEARSAL;

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
    assert!(feeds.contains("Nenhuma fonte declarada") || feeds.contains("nunca disse nada"), "{feeds}");
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
