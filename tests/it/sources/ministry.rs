//! Pages of the shapes that the ministry publishes: the public RMA report and Solr.

use super::*;

/// A report page in its layout: other tables around the one that counts, months in rows.
fn unit_page(months: &[&str]) -> String {
    let rows = months.iter().fold(String::new(), |mut rows, month| {
        let _ = write!(rows, "<tr><td>{month}</td><td>Sim</td></tr>");
        rows
    });
    format!(
        "<html><body><table><tr><td>Menu</td><td>Sair</td></tr></table>\
         <table><tr><th>Referência</th><th>Preenchido</th></tr>{rows}</table></body></html>"
    )
}

const BY_UNIT: &str = "sistema = \"teste\"\ntipo = \"html\"\norigem = \"http\"\nhorario = \"0 6 * * *\"\n\
    hosts = [\"127.0.0.1\"]\npausa = \"0s\"\ntabela = \"Referência\"\nparte = \"GESTAO\"\nsentido = \"presenca\"\n\
    referencia_coluna = \"Referência\"\nreferencia_formato = \"%Y\"\nminimo = 10\n";

#[tokio::test]
async fn a_report_unit_by_unit_shows_who_has_no_line_for_the_month_once_two_loads_agree() {
    let mut office = Office::open(&format!("{BY_UNIT}url = \"HOST/u?p={{ibge6}}\"\n")).await;
    for (n, code) in office.codes().iter().enumerate() {
        let months: &[&str] = if n < 9 { &["2000", "2001"] } else { &["2000"] };
        office.host.put(&format!("/u?p={}", code.six()), Answer::page(unit_page(months)));
    }
    assert_eq!(office.go_to(november(29)).await, 0, "silence is no guilt at first sight");
    assert_eq!(office.go_to(november(30)).await, 3, "{:?}", office.last().await.reasons);
    assert_eq!(office.last().await.verdict, Verdict::Accepted);
}

#[tokio::test]
async fn a_report_whose_table_is_gone_accuses_nobody() {
    let mut office = Office::open(&format!("{BY_UNIT}url = \"HOST/u?p={{ibge6}}\"\n")).await;
    for code in office.codes() {
        let page = "<html><body><table><tr><td>Em manutenção</td></tr></table></body></html>";
        office.host.put(&format!("/u?p={}", code.six()), Answer::page(page));
    }
    assert_eq!(office.go_to(november(30)).await, 0);
    assert!(office.failure().await.unwrap().contains("8 páginas seguidas falharam"));
}

const SOLR: &str = "sistema = \"teste\"\ntipo = \"solr\"\norigem = \"http\"\nhorario = \"0 6 * * *\"\n\
    hosts = [\"127.0.0.1\"]\npausa = \"0s\"\nmunicipio = \"codigo_ibge\"\nparte = \"GESTAO\"\n\
    sentido = \"situacao\"\nsituacao_coluna = \"st\"\n\
    situacoes = { \"sim\" = \"concluido\", \"nao\" = \"pendente\" }\nminimo = 10\n\
    url = \"HOST/solr?rows=5&wt=json&sort=codigo_ibge+asc\"\n";

/// Some of the documents, as one page of an answer.
fn documents(office: &Office, from: usize, to: usize, found: usize) -> String {
    let docs: Vec<String> = office.codes()[from..to]
        .iter()
        .map(|code| format!("{{\"codigo_ibge\":\"{:06}\",\"st\":\"nao\"}}", code.six()))
        .collect();
    format!("{{\"response\":{{\"numFound\":{found},\"start\":{from},\"docs\":[{}]}}}}", docs.join(","))
}

#[tokio::test]
async fn an_answer_in_parts_is_asked_for_to_its_end() {
    let mut office = Office::open(SOLR).await;
    office.host.put("/solr?rows=5&wt=json&sort=codigo_ibge+asc", Answer::page(documents(&office, 0, 5, 12)));
    office.host.put(
        "/solr?rows=5&wt=json&sort=codigo_ibge+asc&start=5",
        Answer::page(documents(&office, 5, 10, 12)),
    );
    office.host.put(
        "/solr?rows=5&wt=json&sort=codigo_ibge+asc&start=10",
        Answer::page(documents(&office, 10, 12, 12)),
    );
    assert_eq!(office.go_to(november(30)).await, 12);
    assert_eq!((office.last().await.rows, office.host.asked().len()), (12, 3));
}

#[tokio::test]
async fn an_answer_that_stops_before_its_end_or_says_nothing_is_not_believed() {
    let mut office = Office::open(SOLR).await;
    office.host.put("/solr?rows=5&wt=json&sort=codigo_ibge+asc", Answer::page(documents(&office, 0, 5, 12)));
    let nothing = "{\"response\":{\"numFound\":12,\"start\":5,\"docs\":[]}}";
    office.host.put("/solr?rows=5&wt=json&sort=codigo_ibge+asc&start=5", Answer::page(nothing));
    assert_eq!(office.go_to(november(28)).await, 0);
    assert_eq!(office.last().await.verdict, Verdict::Quarantined);
    let unpublished = "{\"response\":{\"numFound\":0,\"start\":0,\"docs\":[]}}";
    office.host.put("/solr?rows=5&wt=json&sort=codigo_ibge+asc", Answer::page(unpublished));
    assert_eq!(office.go_to(november(30)).await, 0);
    let last = office.last().await;
    assert_eq!(last.verdict, Verdict::Quarantined);
    assert!(last.reasons[0].contains("publicad"), "{:?}", last.reasons);
}
