//! No page grows with the country: long lists are shown in parts, which together are the whole.

use super::*;
use crate::domain::roster::Municipality;

const MANY: usize = 2_500;

/// So many municipalities, in forty regions.
fn many(setup: &mut Setup) {
    let municipalities = &mut setup.config.roster.municipalities;
    let like = municipalities.values().next().unwrap().clone();
    municipalities.clear();
    for n in 0..MANY {
        let code = (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{}{digit}", 320_000 + n)).ok());
        let (code, name) = (code.unwrap(), format!("Município de número {n}"));
        let region = format!("Região {}", n % 40);
        municipalities.insert(code, Municipality { code, name, region, ..like.clone() });
    }
}

/// Links to the account of a municipality.
fn accounts(text: &str) -> BTreeSet<String> {
    links(text).into_iter().filter(|link| link.starts_with("/municipio/") && link.contains("/rma/")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_grows_with_the_country_and_the_parts_of_a_list_are_all_of_it() {
    let (house, _service) = House::quiet(many).await;
    let panel = house.here().await;
    let window = "/janela/rma/2026-10";
    for (path, most) in [
        ("/", 100_000),
        (window, 150_000),
        ("/municipio/3200003", 50_000),
        ("/cartas", 150_000),
        ("/telefonar", 300_000),
        ("/relatorio", 2_500_000),
        ("/busca", 50_000),
        ("/busca?q=numero", 50_000),
        ("/metrics", 50_000),
    ] {
        let Got(status, _, text) = page(&panel, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(text.len() < most, "{path} has {} bytes", text.len());
    }
    let (mut seen, mut next) = (BTreeSet::new(), Some(window.to_owned()));
    let mut parts = 0;
    while let Some(path) = next {
        let text = page(&panel, &path).await.2;
        let shown = accounts(&text);
        assert!(seen.is_disjoint(&shown), "{path} shows some again");
        seen.extend(shown);
        parts += 1;
        let rest = text.split("rel=\"next\" href=\"").nth(1);
        next = rest.and_then(|rest| rest.split(['"', '#']).next()).map(|link| link.replace("&amp;", "&"));
    }
    assert_eq!((seen.len(), parts), (MANY, MANY.div_ceil(200)));
    let report = page(&panel, "/relatorio?janela=rma/2026-10").await.2;
    assert!(
        report.contains("Mostrados 2000 de 2500, primeiro quem tem pendência"),
        "the report says what it leaves out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_chosen_by_region_gerencia_state_and_name() {
    let (house, _service) = House::quiet(|setup| {
        many(setup);
        let municipalities = &mut setup.config.roster.municipalities;
        *municipalities = std::mem::take(municipalities).into_iter().take(90).collect();
    })
    .await;
    let panel = house.here().await;
    let shown = async |query: &str| {
        let text = page(&panel, &format!("/janela/rma/2026-10?{query}")).await.2;
        accounts(&text).len()
    };
    assert_eq!(shown("").await, 90);
    assert_eq!(shown("regiao=Regi%C3%A3o%207").await, 3);
    assert_eq!(shown("regiao=nenhuma").await, 0);
    assert_eq!(shown("nome=NUMERO%2012").await, 1);
    assert_eq!(shown("nome=3200").await, 90);
    assert_eq!(shown("situacao=nao_confirmado").await, 90);
    assert_eq!(shown("situacao=pendente").await, 0);
    let gerencias =
        panel.scene(None).await.ok().unwrap().windows[0].by_gerencia.keys().next().unwrap().clone();
    assert_eq!(
        shown(&format!("gerencia={gerencias}&situacao=nao_confirmado&regiao=Regi%C3%A3o%201")).await,
        3
    );
    assert_eq!(shown("gerencia=nenhuma").await, 0);
    let calls = page(&panel, "/telefonar?janela=rma/2026-10&regiao=nenhuma").await.2;
    assert!(!calls.contains("/municipio/32"), "{calls}");
}
