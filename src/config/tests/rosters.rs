//! `municipios.csv` and `unidades.csv`.

use jiff::civil::date;

use super::*;
use crate::domain::id::MunicipalityCode;
use crate::domain::roster::Role;
use crate::text::encoding::Encoding;

const HEAD: &str = "ibge;nome;smas_email\n";

fn vitoria() -> MunicipalityCode {
    MunicipalityCode::parse("3205309").unwrap()
}

#[test]
fn contacts_stand_in_the_order_smas_cmas_others() {
    let text = "conselho_email;cmas_email;nome;smas_email;ibge;smas_titular;conselho_titular;smas_telefone\n\
        c@x.gov.br;d@x.gov.br;Vitória;a@x.gov.br, b@x.gov.br a@x.gov.br;3205309.0;Maria;João;(27) 3333-0000\n";
    let ladder = "escada = [{ antes = \"1d\", para = [\"conselho\"] }]\n";
    let config =
        good(&small().with("municipios.csv", text).with("calendario.toml", format!("{CALENDAR}{ladder}")));
    assert_eq!(config.warnings, []);
    let contacts = &config.roster.municipalities[&vitoria()].contacts;
    let roles: Vec<Role> = contacts.iter().map(|c| c.role.clone()).collect();
    assert_eq!(roles, [Role::Smas, Role::Cmas, Role::Other("conselho".into())]);
    assert_eq!(contacts[0].addresses.len(), 2, "the third repeats the first");
    assert_eq!((contacts[0].holder.as_str(), contacts[0].telephone.as_str()), ("Maria", "(27) 3333-0000"));
    assert_eq!(contacts[2].holder, "João");
}

#[test]
fn windows_1252_and_a_byte_order_mark_read_as_well() {
    let bytes = Encoding::WINDOWS_1252.encode("ibge;nome;smas_email\r\n3205309;Vitória;\r\n").unwrap();
    let config = good(&small().with("municipios.csv", bytes));
    assert_eq!(config.roster.municipalities[&vitoria()].name, "Vitória");
    let marked = format!("\u{feff}{MUNICIPALITIES}");
    assert_eq!(good(&small().with("municipios.csv", marked)).roster.municipalities.len(), 2);
}

/// Each is the same roster as a spreadsheet may leave it.
#[test]
fn what_excel_makes_of_the_roster_reads_as_what_was_meant() {
    let unicode = |text: &str| -> Vec<u8> {
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    for (how, bytes) in [
        ("commas", b"ibge,nome,smas_email\n3205309,Vit\xF3ria,\"a@x.gov.br, b@x.gov.br\"\n".to_vec()),
        (
            "tabulators in UTF-16",
            unicode("ibge\tnome\tsmas_email\r\n3205309\tVitória\ta@x.gov.br b@x.gov.br\r\n"),
        ),
        (
            "a line that names the delimiter",
            "sep=;\r\nibge;nome;smas_email\r\n3205309;Vitória;a@x.gov.br b@x.gov.br\r\n".into(),
        ),
        ("capitals and accents", "IBGE;Nome;SMAS e-mail\n3205309;Vitória;a@x.gov.br b@x.gov.br\n".into()),
        ("a number", "ibge;nome;smas_email\n3205309.0;Vitória;a@x.gov.br b@x.gov.br\n".into()),
        (
            "a number with a comma",
            "ibge;nome;smas_email\n\"3205309,0\";Vitória;a@x.gov.br b@x.gov.br\n".into(),
        ),
        ("a power of ten", "ibge;nome;smas_email\n3,205309E+06;Vitória;a@x.gov.br b@x.gov.br\n".into()),
        ("a formula", "ibge;nome;smas_email\n=\"3205309\";Vitória;a@x.gov.br b@x.gov.br\n".into()),
        ("blanks", "ibge;nome;smas_email\n 3205309\u{a0};  Vitória ;a@x.gov.br  b@x.gov.br \n".into()),
        (
            "empty columns and rows",
            "ibge;nome;smas_email;;\n3205309;Vitória;a@x.gov.br b@x.gov.br;;\n;;;;\n\n;;;;\n".into(),
        ),
        (
            "quotes",
            "\"ibge\";\"nome\";\"smas_email\"\n\"3205309\";\"Vitória\";\"a@x.gov.br b@x.gov.br\"\n".into(),
        ),
    ] {
        let config = good(&small().with("municipios.csv", bytes));
        assert_eq!(lines(&config.warnings), "", "{how}");
        let municipality = &config.roster.municipalities[&vitoria()];
        assert_eq!(
            (municipality.name.as_str(), municipality.contacts[0].addresses.len()),
            ("Vitória", 2),
            "{how}"
        );
    }
}

#[test]
fn places_in_a_windows_1252_file_count_characters() {
    let text = "ibge;nome;smas_email\r\n\r\n3205309;\"São; João\";não é\r\n";
    let bytes = Encoding::WINDOWS_1252.encode(text).unwrap();
    let found = errors(&small().with("municipios.csv", bytes));
    assert_eq!(found.len(), 2, "{}", lines(&found));
    assert_eq!((found[0].line, found[0].column, found[0].span.as_str()), (3, 21, "não é"));
}

#[test]
fn each_mistake_in_the_roster_is_one_fault_at_its_place() {
    for (text, line, column, span, message) in [
        ("3205308;Vitória;\n", 2, 1, "3205308", "dígito verificador"),
        ("320530;Vitória;\n", 2, 1, "320530", "7 dígitos"),
        ("3205309;Vitória;a@b\n", 2, 17, "a@b", "endereço de e-mail"),
        ("3205309;Vitória;a@b.c\n3205309;Vitória;a@b.c\n", 3, 1, "3205309", "já está na linha 2"),
        ("3205309;;a@b.c\n", 2, 9, "", "sem nome"),
        ("3205309;\"Vi\ntória\";a@b.c\n", 2, 9, "\"Vi", "quebra de linha"),
        ("3205309;Vitória;a@b.c;d@e.f\n", 2, 23, "d@e.f", "4 células"),
    ] {
        let found = faults(&small().with("municipios.csv", format!("{HEAD}{text}")));
        let [fault] = &found[..] else { panic!("{text} made\n{}", lines(&found)) };
        assert!(fault.message.contains(message), "{}", lines(&found));
        assert_eq!((fault.line, fault.column, fault.span.as_str()), (line, column, span), "{text}");
    }
}

#[test]
fn headers_are_checked_too() {
    for (text, severity, span, message) in [
        ("ibge;nome\n3205309;Vitória\n", Severity::Error, "ibge", "falta a coluna `smas_email`"),
        ("ibge;nome;smas_email;x\n3205309;Vitória;;\n", Severity::Warning, "x", "coluna desconhecida"),
        ("ibge;nome;smas_email;nome\n3205309;Vitória;;\n", Severity::Error, "nome", "duas vezes"),
        ("", Severity::Error, "", "está vazio"),
        ("ibge;nome;smas_email\n", Severity::Error, "", "nenhum município"),
    ] {
        let found = faults(&small().with("municipios.csv", text));
        let [fault] = &found[..] else { panic!("{text} made\n{}", lines(&found)) };
        assert!(fault.message.contains(message), "{}", lines(&found));
        assert_eq!((fault.severity, fault.span.as_str()), (severity, span));
    }
}

#[test]
fn an_exemption_from_an_unknown_system_is_a_warning_at_its_cell() {
    let text = "ibge;nome;smas_email;dispensas\n3205309;Vitória;a@b.c;rma sisc\n";
    let found = faults(&small().with("municipios.csv", text));
    assert_eq!((found.len(), found[0].severity), (1, Severity::Warning));
    assert_eq!((found[0].line, found[0].column, found[0].span.as_str()), (2, 23, "rma sisc"));
    let config = good(&small().with("municipios.csv", text));
    assert_eq!(config.roster.municipalities[&vitoria()].exempt.len(), 2);
}

#[test]
fn units_count_from_a_day_to_a_day() {
    let text = "id;ibge;parte;nome;email;telefone;desde;ate\n\
        32053098154;3205309;CRAS;CRAS Centro;cras@x.gov.br;;01/02/2020;2026-12-31\n";
    let config = good(&small().with("unidades.csv", text));
    let units = config.roster.units.unwrap();
    let [unit] = units.of(vitoria()) else { panic!() };
    assert_eq!((unit.from, unit.until), (Some(date(2020, 2, 1)), Some(date(2026, 12, 31))));
    assert_eq!(unit.addresses[0].as_str(), "cras@x.gov.br");
}

#[test]
fn each_mistake_in_the_units_is_one_fault_at_its_place() {
    let head = "id;ibge;parte;nome;desde;ate\n";
    for (text, line, span, message) in [
        ("1;3205309;CRAS;A;;\n1;3205309;CRAS;B;;\n", 3, "1", "já está na linha 2"),
        ("1;3205309;CREAS;A;;\n", 2, "CREAS", "parte não declarada"),
        ("1;3200102;CRAS;A;;\n", 2, "3200102", "não está em municipios.csv"),
        ("1;3205309;CRAS;A;31/02/2026;\n", 2, "31/02/2026", "não é uma data"),
        ("1;3205309;CRAS;A;2026-02-01;2026-01-01\n", 2, "2026-01-01", "fecha antes de abrir"),
        ("3,2E+10;3205309;CRAS;A;;\n", 2, "3,2E+10", "estragou"),
        (";3205309;CRAS;A;;\n", 2, "", "sem código"),
    ] {
        let found = faults(&small().with("unidades.csv", format!("{head}{text}")));
        let [fault] = &found[..] else { panic!("{text} made\n{}", lines(&found)) };
        assert!(fault.message.contains(message), "{}", lines(&found));
        assert_eq!((fault.line, fault.span.as_str()), (line, span), "{text}");
    }
}

#[test]
fn in_production_a_municipality_without_an_address_is_a_warning() {
    let production =
        format!("modo = \"producao\"\ninicio = 2026-12-01\n{VIGIA}[smtp]\nservidor = \"smtp.es.gov.br\"\n");
    let text = "ibge;nome;smas_email\n3205309;Vitória;\n3205200;Vila Velha;x@pmvv.invalid\n";
    let found = faults(&small().with("vigia.toml", production).with("municipios.csv", text));
    insta::assert_snapshot!(lines(&found), @r"
    municipios.csv:2:17: aviso: Vitória está sem endereço da secretaria municipal
        [] escreva o endereço em `smas_email`
    municipios.csv:3:20: erro: “x@pmvv.invalid” é de um domínio reservado, que não recebe mensagens
        [x@pmvv.invalid] em produção, escreva o endereço verdadeiro
    ");
}

#[test]
fn a_quote_in_the_middle_of_a_cell_is_refused_at_its_line() {
    let text = "ibge;nome;smas_email\n3205309;Vitória;a@x.gov.br\n3205200;\"Vila \"Vila\";b@x.gov.br\n";
    let found = errors(&small().with("municipios.csv", text));
    let fault = found.iter().find(|fault| fault.message.contains("aspas fora de lugar"));
    let Some(fault) = fault else { panic!("{}", lines(&found)) };
    assert_eq!(fault.line, 3, "{}", lines(&found));
    let sound = text.replace("\"Vila \"Vila\"", "\"Vila Velha\"");
    assert_eq!(errors(&small().with("municipios.csv", sound)), []);
}

/// Each made a municipality lose an address, or another get its letters, and was "em ordem".
#[test]
fn a_row_that_slipped_by_a_cell_is_a_fault_where_an_address_came_to_stand() {
    let head = "ibge;nome;regiao;smas_email;smas_titular;smas_telefone;cmas_email\n";
    for (row, column, span) in [
        ("3205309;Vitória;Norte;a@x.gov.br;b@x.gov.br;Ana;27 3333-0000;c@x.gov.br\n", 34, "b@x.gov.br"),
        ("3205309;Vitória;a@x.gov.br;Ana;27 3333-0000;c@x.gov.br\n", 17, "a@x.gov.br"),
        ("3205309;Vitória;Norte;;a@x.gov.br;Ana;27 3333-0000\n", 24, "a@x.gov.br"),
        ("3205309;Vitória;Norte;a@x.gov.br;Ana;c@x.gov.br\n", 38, "c@x.gov.br"),
    ] {
        let found = errors(&small().with("municipios.csv", format!("{head}{row}")));
        let fault = found.iter().find(|f| f.message.contains("há um endereço de e-mail na coluna"));
        let Some(fault) = fault else { panic!("{row} made\n{}", lines(&found)) };
        assert_eq!((fault.line, fault.column, fault.span.as_str()), (2, column, span), "{row}");
    }
    let quoted = "ibge;nome;smas_email;observacao\n3205309;Vitória;a@x.gov.br;antes: b@x.gov.br\n";
    assert_eq!(faults(&small().with("municipios.csv", quoted)), [], "a note may quote one");
}

#[test]
fn a_cell_too_many_or_too_few_is_told_once_for_all_rows() {
    let head = "ibge;nome;smas_email;cmas_email\n";
    let rows = "3205309;Vitória;a@x.gov.br\n3205200;Vila Velha;b@x.gov.br;;\n3205002;Serra;;c@x.gov.br\n";
    let found = faults(&small().with("municipios.csv", format!("{head}{rows}")));
    assert_eq!(
        lines(&found),
        "municipios.csv:2:1: aviso: a linha tem 3 células, e o cabeçalho 4 colunas; também a linha 3\n    \
         [3205309;Vitória;a@x.gov.br] confira se cada célula está na sua coluna; se só faltam ou sobram células \
         vazias no fim, nada a fazer\n"
    );
}

/// One row after another, with the faults that they make.
fn told(rows: &str) -> Vec<(Severity, usize, String)> {
    let head = "ibge;nome;smas_email;smas_telefone;cmas_email\n";
    let found = faults(&small().with("municipios.csv", format!("{head}{rows}")));
    found.into_iter().map(|fault| (fault.severity, fault.line, fault.span)).collect()
}

#[test]
fn a_name_on_another_code_is_a_fault_and_one_name_in_two_states_is_none() {
    let fault = |line: usize, span: &str| vec![(Severity::Error, line, span.to_owned())];
    let warning = |line: usize, span: &str| vec![(Severity::Warning, line, span.to_owned())];
    assert_eq!(told("3205309;Vila Velha;;;\n"), fault(2, "Vila Velha"));
    let swapped = told("3205309;Vila Velha;;;\n3205200;Vitória;;;\n");
    assert_eq!(swapped, [fault(2, "Vila Velha"), fault(3, "Vitória")].concat());
    assert_eq!(told("2201903;Bom Jesus;;;\n4302303;Bom Jesus;;;\n"), []);
    let ilha = told("3205309;Ilha;;;\n3205200;Ilha;;;\n");
    assert_eq!(ilha, [warning(2, "Ilha"), fault(3, "Ilha")].concat());
    assert_eq!(told("3205309;VITORIA;;;\n"), [], "capitals and accents make no other name");
    assert_eq!(told("3200706;Atílio Vivácqua;;;\n"), []);
    assert_eq!(told("3205309;Vitória de Santo Antão;;;\n"), warning(2, "Vitória de Santo Antão"));
}

#[test]
fn an_address_in_two_municipalities_and_one_written_in_two_ways_are_told() {
    let warning = |line: usize, span: &str| vec![(Severity::Warning, line, span.to_owned())];
    assert_eq!(told("3205309;Vitória;a@x.org;;\n3205200;Vila Velha;A@X.org;;\n"), warning(3, "A@X.org"));
    assert_eq!(told("3205309;Vitória;a@x.org;;A@x.org\n"), warning(2, "A@x.org"));
    assert_eq!(told("3205309;Vitória;a@x.org;;a@x.org\n"), [], "one mailbox may have two roles");
    let neighbour =
        told("3205309;Vitória;smas@vilavelha.es.gov.br;;\n3205200;Vila Velha;smas@vilavelha.es.gov.br;;\n");
    assert_eq!(neighbour, [(Severity::Error, 2, "smas@vilavelha.es.gov.br".to_owned())]);
    let units = "id;ibge;parte;nome;email\n1;3205309;CRAS;A;smas@vilavelha.es.gov.br\n";
    let found = errors(&small().with("unidades.csv", units));
    assert_eq!((found.len(), found[0].file.as_str()), (1, "unidades.csv"), "a unit is its municipality's");
}

#[test]
fn a_telephone_that_lost_digits_is_told() {
    for text in ["27 3333", "8001234567", "800123456", "3333-00"] {
        let found = told(&format!("3205309;Vitória;;{text};\n"));
        assert_eq!(found, [(Severity::Warning, 2, text.to_owned())]);
    }
    for text in [
        "27 3333-0000",
        "2733330000",
        "3333-0000",
        "0800 123 4567",
        "156",
        "27 3333-0000 / 3333-0001 r. 7",
        "",
    ] {
        assert_eq!(told(&format!("3205309;Vitória;;{text};\n")), [], "{text}");
    }
}
