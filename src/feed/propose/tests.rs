//! Invented files in the habits of the offices that write them: each is read rightly, or a person is asked.
//! Above 400 lines: each file is written out beside what is proposed of it.

use super::*;
use crate::domain::id::{MunicipalityCode, SystemId};
use crate::domain::roster::{Municipality, Roster};
use crate::feed::fixture;
use crate::feed::take_in;
use crate::format::body::Body;
use crate::format::sheet::fixture::{ods, xlsx_of};
use crate::text::encoding::Encoding;

/// Six municipalities of Espírito Santo by their names, two namesakes in other states, and the codes of all.
fn roster() -> Roster {
    let mut roster = fixture::roster();
    let like = roster.municipalities.values().next().unwrap().clone();
    for (code, name) in [
        ("3201209", "Cachoeiro de Itapemirim"),
        ("3201308", "Cariacica"),
        ("3201506", "Colatina"),
        ("3205002", "Serra"),
        ("3205200", "Vila Velha"),
        ("3205309", "Vitória"),
    ] {
        let code = MunicipalityCode::parse(code).unwrap();
        roster.municipalities.insert(code, Municipality { code, name: name.to_owned(), ..like.clone() });
    }
    roster
}

fn with_namesakes() -> Roster {
    let mut roster = roster();
    let like = roster.municipalities.values().next().unwrap().clone();
    for code in ["3205101", "2112803"] {
        let code = MunicipalityCode::parse(code).unwrap();
        roster.municipalities.insert(code, Municipality { code, name: "Viana".to_owned(), ..like.clone() });
    }
    roster
}

/// What is asked, or the proposal with what the reader makes of the file by it.
fn tried(bytes: &[u8], choices: &Choices, roster: &Roster) -> Result<(Proposed, Vec<String>), Vec<Question>> {
    let (calendar, windows) = (fixture::calendar(), fixture::windows());
    let ground = Ground { calendar: &calendar, windows: &windows, roster, taken_at: fixture::november(10) };
    let (id, source) = (FeedId::parse("rma-teste").unwrap(), Source::Folder);
    let system = &calendar.systems[&SystemId::parse("rma").unwrap()];
    let known = [fixture::situation()];
    let wish = Wish { id: &id, system, source: &source, known: &known, choices };
    let original = Original::from_bytes(bytes);
    match propose(&original, &ground, &wish).unwrap() {
        FileOutcome::Asked(questions) => Err(questions),
        FileOutcome::Proposed(proposed) => {
            let intake = take_in(&proposed.spec, &[Body::plain(original)], &ground, None);
            assert_eq!(intake.mapped.columns, [], "{}", proposed.toml("x"));
            assert_eq!(intake.mapped.municipalities_seen.len(), proposed.municipalities);
            let told = fixture::told(&intake.mapped);
            // Of who has no row a situation feed says only that nobody knows.
            let told = told.into_iter().filter(|line| !line.ends_with("nao_confirmado")).collect();
            Ok((*proposed, told))
        }
    }
}

fn gaps(bytes: &[u8], choices: &Choices) -> Vec<Gap> {
    let questions = tried(bytes, choices, &roster()).expect_err("something should be asked");
    questions.iter().map(|question| question.gap).collect()
}

fn right(bytes: &[u8], choices: &Choices) -> (Proposed, Vec<String>) {
    tried(bytes, choices, &roster()).unwrap_or_else(|asked| panic!("{asked:#?}"))
}

fn latin(text: &str) -> Vec<u8> {
    Encoding::WINDOWS_1252.encode(text).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "what is chosen is named so in every test")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The lines of the table that are no comments.
fn keys(proposed: &Proposed) -> Vec<String> {
    let toml = proposed.toml("lista.csv");
    let bare = |line: &str| line.split("   #").next().unwrap().to_owned();
    toml.lines().filter(|line| !line.starts_with('#')).map(bare).collect()
}

#[test]
fn a_list_in_windows_1252_with_titles_above_and_a_sum_below_is_read_whole() {
    let text = "Secretaria de Estado, Vigilância; ; ; ; \r\nPreenchimento em 05/11/2026\r\n\r\n\
        IBGE;Município;Parte;Referência;Situação\r\n\
        320530;Vitória;CRAS;10/2026;Questionário Preenchido\r\n\
        320520;Vila Velha;CRAS;10/2026; Preencher o questionário\r\n\
        320500;Serra;GESTAO;10/2026;Em análise\r\n\
        Total;;;;3\r\n";
    let (proposed, told) = right(&latin(text), &Choices::default());
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"]);
    assert_eq!(
        keys(&proposed),
        [
            "[fonte.rma-teste]",
            "ativa = false",
            "sistema = \"rma\"",
            "origem = \"pasta\"",
            "tipo = \"csv\"",
            "delimitador = \";\"",
            "cabecalho = 4",
            "municipio = \"IBGE\"",
            "parte_coluna = \"Parte\"",
            "referencia_coluna = \"Referência\"",
            "referencia_formato = \"%m/%Y\"",
            "sentido = \"situacao\"",
            "situacao_coluna = \"Situação\"",
            "ignorar = [\"Total\"]",
            "minimo = 2",
            "[fonte.rma-teste.situacoes]",
            "\"Preencher o questionário\" = \"pendente\"",
            "\"Questionário Preenchido\" = \"concluido\"",
        ]
    );
    let toml = proposed.toml("lista.csv");
    let left =
        "# \"Em análise\" = \"PREENCHA\"   # 1 linha: concluido, pendente, nao_se_aplica ou nao_confirmado?";
    assert!(toml.contains(left), "{toml}");
    assert!(toml.contains("#   1 linha com “Total” (a primeira: linha 8): soma, não conta"), "{toml}");
}

#[test]
fn a_sum_without_a_municipality_is_told_by_its_first_word_and_one_without_any_word_is_not_understood() {
    let text = "IBGE;Município;Unidades CADSUAS;Preenchidos\n320530;Vitória;2;2\n320520;Vila Velha;3;1\n\
                ;TOTAL GERAL;5;3\n;;5;3\n";
    let choices = Choices { reference: some("2026-10"), part: some("CRAS"), ..Choices::default() };
    let (proposed, told) = right(text.as_bytes(), &choices);
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"]);
    assert!(keys(&proposed).contains(&"ignorar = [\"TOTAL GERAL\"]".to_owned()), "{:?}", keys(&proposed));
    let toml = proposed.toml("lista.csv");
    assert!(toml.contains("#   1 linha com “TOTAL GERAL” (a primeira: linha 4): soma, não conta"), "{toml}");
    assert!(toml.contains("#   1 linha sem município (a primeira: linha 5): não seria entendida"), "{toml}");
}

#[test]
fn a_word_that_nobody_gave_a_meaning_is_never_given_one() {
    let text = "ibge;parte;ref;situacao\n320530;CRAS;10/2026;Preenchido\n320520;CRAS;10/2026;Não\n\
                320500;CRAS;10/2026;Sim\n320130;CRAS;10/2026;100%\n";
    let (proposed, told) = right(text.as_bytes(), &Choices::default());
    assert_eq!(told, [""; 0]);
    let words: Vec<&str> = proposed.undecided().map(|met| met.word.as_str()).collect();
    assert_eq!(words, ["Preenchido", "Não", "Sim", "100%"]);
}

#[test]
fn two_rows_of_headings_with_merged_groups_are_asked_of_which_part_and_then_read_by_place() {
    let text = "Preenchimento do RMA;;;;;\n;;CRAS;;CREAS;\nIBGE;Município;Preenchidos;Unidades;Preenchidos;Unidades\n\
                320530;Vitória;2;2;0;1\n320520;Vila Velha;1;3;1;1\n320500;Serra;4;4;2;2\n";
    let month = Choices { reference: some("2026-10"), ..Choices::default() };
    let asked = tried(text.as_bytes(), &month, &roster()).unwrap_err();
    assert!(asked.iter().any(|q| q.gap == Gap::Part && q.text.contains("CRAS, CREAS")), "{asked:#?}");
    let of = |part: &str| right(text.as_bytes(), &Choices { part: some(part), ..month.clone() });
    let (proposed, told) = of("CRAS");
    assert_eq!(told, ["3205002 concluido", "3205200 pendente", "3205309 concluido"]);
    let keys = keys(&proposed);
    assert!(keys.contains(&"feitos_coluna = \"#3\"".to_owned()), "{keys:?}");
    assert!(keys.contains(&"esperados_coluna = \"#4\"".to_owned()), "{keys:?}");
    assert_eq!(of("CREAS").1, ["3205002 concluido", "3205200 concluido", "3205309 pendente"]);
}

#[test]
fn names_without_codes_name_only_who_has_them_alone() {
    let text =
        "Município;Situação\nVITORIA;Concluído\nVila Velha - ES;Pendente\nViana;Pendente\nSerr.;Pendente\n";
    let choices = Choices { part: some("CRAS"), reference: some("2026-10"), ..Choices::default() };
    let (proposed, told) = tried(text.as_bytes(), &choices, &with_namesakes()).unwrap();
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"], "neither Viana nor Serra");
    assert!(keys(&proposed).contains(&"municipio_nome = \"Município\"".to_owned()));
    let toml = proposed.toml("lista.csv");
    assert!(toml.contains("2 linhas com “Viana” (a primeira: linha 4): não é um município"), "{toml}");
}

#[test]
fn a_first_row_that_might_be_a_municipality_is_never_taken_for_the_headings() {
    let choices = Choices { part: some("CRAS"), reference: some("2026-10"), ..Choices::default() };
    for text in [
        "3205309;Pendente\n3205200;Concluído\n",
        "Vitória;Pendente\nVila Velha;Concluído\n",
        "S. Mateus;Pendente\nVitória;Pendente\nVila Velha;Concluído\n",
        ";Pendente\n3205309;Pendente\n3205200;Concluído\n",
    ] {
        assert_eq!(gaps(text.as_bytes(), &choices), [Gap::Heading], "{text}");
    }
}

#[test]
fn dates_stand_for_references_only_where_the_heading_says_so() {
    let text = "ibge;competência;atualizado em;parte;situação\n320530;01/10/2026;05/11/2026;CRAS;Concluído\n\
                320520;01/10/2026;06/11/2026;CRAS;Pendente\n";
    let (proposed, told) = right(text.as_bytes(), &Choices::default());
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"]);
    let keys = keys(&proposed);
    assert!(keys.contains(&"referencia_formato = \"%d/%m/%Y\"".to_owned()), "{keys:?}");
    assert!(keys.contains(&"data_coluna = \"atualizado em\"".to_owned()), "{keys:?}");
    let bare = text.replace("competência", "início").replace("atualizado em", "data");
    assert_eq!(gaps(bare.as_bytes(), &Choices::default()), [Gap::Reference, Gap::Dated]);
    let twice = text.replace("atualizado em", "mês de referência");
    assert_eq!(gaps(twice.as_bytes(), &Choices::default()), [Gap::Reference]);
}

fn cells(rows: &[&[&str]]) -> String {
    let cell = |row: usize, at: usize, text: &str| {
        let place = format!("{}{}", char::from(b'A' + u8::try_from(at).unwrap()), row + 1);
        match text.strip_prefix("date:") {
            Some(serial) => format!("<c r=\"{place}\" s=\"1\"><v>{serial}</v></c>"),
            None if text.parse::<f64>().is_ok() => format!("<c r=\"{place}\"><v>{text}</v></c>"),
            None => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
        }
    };
    let row = |(n, row): (usize, &&[&str])| {
        let cells: String = row.iter().enumerate().map(|(at, text)| cell(n, at, text)).collect();
        format!("<row r=\"{}\">{cells}</row>", n + 1)
    };
    format!("<sheetData>{}</sheetData>", rows.iter().enumerate().map(row).collect::<String>())
}

#[test]
fn a_workbook_is_read_from_the_tab_with_municipalities_and_two_such_tabs_are_asked_about() {
    let texts = "<sst uniqueCount=\"0\"></sst>";
    let data = cells(&[
        &["Relatório"],
        &["IBGE", "Mês de referência", "Parte", "Situação"],
        &["320530.0", "date:46296", "CRAS", "Concluído"],
        &["3.2052E5", "date:46296", "CRAS", "Pendente"],
    ]);
    let book = xlsx_of(&[("Capa", "", "<sheetData/>"), ("Dados", "", &data)], texts);
    let (proposed, told) = right(&book, &Choices::default());
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"]);
    assert!(keys(&proposed).contains(&"aba = \"Dados\"".to_owned()));
    let both = xlsx_of(&[("Setembro", "", &data), ("Outubro", "", &data)], texts);
    assert_eq!(gaps(&both, &Choices::default()), [Gap::Table]);
    assert_eq!(right(&both, &Choices { tab: some("outubro"), ..Choices::default() }).1, told);
}

#[test]
fn an_open_document_sheet_is_read_by_its_only_tab() {
    let cell = |text: &&str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |cells: &[&str]| {
        format!("<table:table-row>{}</table:table-row>", cells.iter().map(cell).collect::<String>())
    };
    let rows = row(&["código", "município", "parte", "ref.", "status"])
        + &row(&["3205309", "Vitória", "CRAS", "out/2026", "Concluído"])
        + &row(&["3205200", "Vila Velha", "CRAS", "out/2026", "Pendente"]);
    let (proposed, told) = right(&ods(&rows), &Choices::default());
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"]);
    assert!(keys(&proposed).contains(&"referencia_formato = \"%b/%Y\"".to_owned()));
}

#[test]
fn a_table_of_a_page_is_told_from_the_others_by_a_heading_of_its_own() {
    let table = |of: &str, done: u32| {
        format!(
            "<table><tr><th>IBGE</th><th>Município</th><th>{of} CADSUAS</th><th>Preenchidos</th></tr>\
             <tr><td>320530</td><td>Vitória</td><td>3</td><td>{done}</td></tr>\
             <tr><td>320520</td><td>Vila Velha</td><td>2</td><td>2</td></tr></table>"
        )
    };
    let page = format!(
        "<html><table><tr><td>menu</td></tr></table>{}{}</html>",
        table("CRAS", 2),
        table("CREAS", 3)
    );
    let choices = Choices { reference: some("abertas"), part: some("CRAS"), ..Choices::default() };
    assert_eq!(gaps(page.as_bytes(), &choices), [Gap::Table]);
    let (_, told) = right(page.as_bytes(), &Choices { table: some("CRAS CADSUAS"), ..choices.clone() });
    assert_eq!(told, ["3205200 concluido", "3205309 pendente"]);
    let only = format!("<html><table><tr><td>IBGE</td></tr></table>{}</html>", table("CRAS", 2));
    let (proposed, told) = right(only.as_bytes(), &choices);
    assert_eq!(told, ["3205200 concluido", "3205309 pendente"]);
    assert!(keys(&proposed).contains(&"tabela = \"Município\"".to_owned()), "{:?}", keys(&proposed));
}

#[test]
fn only_the_files_own_words_are_quoted_as_its_words() {
    let rows = "<tr><th>IBGE</th><th>Situação</th></tr><tr><td>320530</td><td>Concluído</td></tr>\
                <tr><td>320520</td><td>Pendente</td></tr></table></html>";
    let told = |page: String| {
        let asked =
            tried(page.as_bytes(), &Choices::default(), &roster()).expect_err("it names no reference");
        asked.iter().map(ToString::to_string).collect::<String>()
    };
    let bare = told(format!("<html><table>{rows}"));
    assert!(!bare.contains("está escrito") && !bare.contains("ª tabela"), "{bare}");
    let titled = told(format!("<html><table><tr><td>Lista do RMA</td></tr>{rows}"));
    assert!(titled.contains("perto da tabela está escrito: “Lista do RMA”"), "{titled}");
}

#[test]
fn a_list_inside_a_json_is_found_by_its_path() {
    let text = r#"{"meta":{"total":2},"dados":{"itens":[
        {"codigo_ibge":320530,"parte":"CRAS","competencia":"2026-10","situacao":"Concluído"},
        {"codigo_ibge":320520,"parte":"CRAS","competencia":"2026-10","situacao":"Pendente"}]}}"#;
    let (proposed, told) = right(text.as_bytes(), &Choices::default());
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"]);
    assert!(keys(&proposed).contains(&"caminho = \"dados.itens\"".to_owned()));
}

#[test]
fn a_file_with_a_column_a_month_is_asked_which_and_read_by_that_one() {
    let text = "ibge;município;set/2026;out/2026;nov/2026\n320530;Vitória;Concluído;Pendente;\n\
                320520;Vila Velha;Pendente;Concluído;\n";
    let part = Choices { part: some("CRAS"), ..Choices::default() };
    assert_eq!(gaps(text.as_bytes(), &part)[0], Gap::Reference);
    let of = |month: &str| Choices { reference: some(month), ..part.clone() };
    let (proposed, told) = right(text.as_bytes(), &of("2026-10"));
    assert_eq!(told, ["3205200 concluido", "3205309 pendente"]);
    assert!(keys(&proposed).contains(&"situacao_coluna = \"out/2026\"".to_owned()));
    assert_eq!(gaps(text.as_bytes(), &of("2026-07"))[0], Gap::Reference);
    let bare = text.replace("/2026", "");
    assert_eq!(right(bare.as_bytes(), &of("2026-10")).1, told);
}

#[test]
fn a_count_of_what_was_not_done_is_never_taken_for_what_was() {
    let text = |done: &str, all: &str| {
        format!("IBGE;Município;{all};{done}\n320530;Vitória;3;0\n320520;Vila Velha;2;2\n")
    };
    let choices = Choices { part: some("CRAS"), reference: some("2026-10"), ..Choices::default() };
    for label in [
        "Não preenchidos",
        "CRAS que ainda não preencheram",
        "Unidades sem preenchimento",
        "CRAS a preencher",
        "Que devem enviar",
        "Enviados fora do prazo",
        "Envios com erro",
        "Preenchimento pendente",
        "Em preenchimento",
        "Preenchidos parcialmente",
    ] {
        assert_eq!(gaps(text(label, "CRAS existentes").as_bytes(), &choices), [Gap::Meaning], "{label}");
    }
    for all in ["Total de pendentes", "Unidades que ainda faltam"] {
        assert_eq!(gaps(text("Preenchidos", all).as_bytes(), &choices), [Gap::Meaning], "{all}");
    }
    for label in ["Preenchidos", "CRAS que preencheram", "Formulários concluídos"] {
        let (_, told) = right(text(label, "CRAS existentes").as_bytes(), &choices);
        assert_eq!(told, ["3205200 concluido", "3205309 pendente"], "{label}");
    }
    let both =
        "IBGE;Município;Total;Preenchidos;Não preenchidos\n320530;Vitória;3;0;3\n320520;Vila Velha;2;2;0\n";
    assert_eq!(right(both.as_bytes(), &choices).1, ["3205200 concluido", "3205309 pendente"]);
}

#[test]
fn where_two_columns_could_be_it_a_person_chooses() {
    let text = "ibge;parte;ref;Situação do envio;Status\n320530;CRAS;10/2026;Concluído;Pendente\n\
                320520;CRAS;10/2026;Pendente;Concluído\n";
    assert_eq!(gaps(text.as_bytes(), &Choices::default()), [Gap::Meaning]);
    let chosen = Choices { situation: some("Status"), ..Choices::default() };
    assert_eq!(right(text.as_bytes(), &chosen).1, ["3205200 concluido", "3205309 pendente"]);
    let unknown = Choices { situation: some("Estado"), ..Choices::default() };
    assert_eq!(gaps(text.as_bytes(), &unknown), [Gap::Meaning]);
}

#[test]
fn codes_of_six_and_of_seven_digits_are_one_column_only_while_they_agree_and_agree_with_the_name() {
    let text = "IBGE;IBGE7;Município;parte;ref;situação\n320530;3205309;Vitória;CRAS;10/2026;Concluído\n\
                320520;3205200;Vila Velha;CRAS;10/2026;Pendente\n";
    let (proposed, told) = right(text.as_bytes(), &Choices::default());
    assert_eq!(told, ["3205200 pendente", "3205309 concluido"]);
    assert!(keys(&proposed).contains(&"municipio = \"IBGE7\"".to_owned()));
    let torn = text.replace("320520;3205200", "320520;3205002");
    assert_eq!(gaps(torn.as_bytes(), &Choices::default()), [Gap::Municipality]);
    let shifted = text.replace("3205200;Vila Velha", "3205200;Serra");
    assert_eq!(gaps(shifted.as_bytes(), &Choices::default()), [Gap::Municipality]);
    let settled = Choices { municipality: some("IBGE7"), ..Choices::default() };
    assert_eq!(right(shifted.as_bytes(), &settled).1, told);
}

#[test]
fn a_row_means_done_only_where_a_person_says_so() {
    let text = "NU_IDENTIFICADOR;IBGE7;Região;Referência\n32053091;3205309;Sudeste;10/2026\n";
    let part = Choices { part: some("CRAS"), ..Choices::default() };
    assert_eq!(gaps(text.as_bytes(), &part), [Gap::Meaning]);
    let (proposed, _) = right(text.as_bytes(), &Choices { presence: true, ..part });
    assert!(keys(&proposed).contains(&"unidade = \"NU_IDENTIFICADOR\"".to_owned()));
}

#[test]
fn a_year_beside_a_month_is_no_reference() {
    let text = "ibge;ano;mês;parte;situação\n320530;2026;10;CRAS;Concluído\n320520;2026;10;CRAS;Pendente\n";
    assert_eq!(gaps(text.as_bytes(), &Choices::default()), [Gap::Reference]);
}

#[test]
fn a_file_without_municipalities_is_asked_about() {
    assert_eq!(gaps(b"nome;valor\nA;1\nB;2\n", &Choices::default()), [Gap::Municipality]);
    assert_eq!(gaps(b"ibge;x\n355030;1\n", &Choices::default()), [Gap::Municipality], "another state's");
}

#[test]
fn hostile_words_are_quoted() {
    let text = "ibge;parte;ref;situação\n320530;CRAS;10/2026;\"a\"\" = 1\n[fonte.x]\"\n320520;CRAS;10/2026;Pendente\n";
    let (proposed, _) = right(text.as_bytes(), &Choices::default());
    let toml = proposed.toml("a\n[fonte.y]\n.csv");
    assert!(!toml.lines().any(|line| line.starts_with("[fonte.x") || line.starts_with("[fonte.y")), "{toml}");
}

proptest::proptest! {
    #[test]
    fn arbitrary_files_are_proposed_for_or_asked_about(text in "[a-c0-9;,\"\\n/ <>{}\\[\\]:]{0,300}") {
        let (calendar, windows, roster) = (fixture::calendar(), fixture::windows(), roster());
        let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: fixture::november(10) };
        let (id, source) = (FeedId::parse("x").unwrap(), Source::Folder);
        let system = &calendar.systems[&SystemId::parse("rma").unwrap()];
        let wish = Wish { id: &id, system, source: &source, known: &[], choices: &Choices::default() };
        let uncontained = propose(&Original::from_bytes(text.as_bytes()), &ground, &wish);
        let panicked = DecodeError::Uncontained(crate::contain::Uncontained::Panicked);
        proptest::prop_assert_ne!(uncontained.err(), Some(panicked));
    }
}

/// On a real file of a secretariat, whose path the environment gives; it stays outside the project.
#[test]
#[ignore = "needs VIGIA_ARQUIVO_REAL, the path of seven rows of the Census of 2023 about the Centros POP"]
fn a_real_file_is_read_once_the_three_things_that_it_does_not_say_are_said() {
    let bytes = std::fs::read(std::env::var_os("VIGIA_ARQUIVO_REAL").unwrap()).unwrap();
    let asked = tried(&bytes, &Choices::default(), &roster()).unwrap_err();
    let asked: Vec<Gap> = asked.iter().map(|question| question.gap).collect();
    assert_eq!(asked, [Gap::Reference, Gap::Meaning, Gap::Part]);
    let choices =
        Choices { reference: some("2026-10"), part: some("CRAS"), presence: true, ..Choices::default() };
    let (proposed, _) = right(&bytes, &choices);
    let keys = keys(&proposed);
    for key in ["municipio = \"IBGE7\"", "unidade = \"NU_IDENTIFICADOR\"", "delimitador = \";\""] {
        assert!(keys.contains(&key.to_owned()), "{keys:?}");
    }
}
