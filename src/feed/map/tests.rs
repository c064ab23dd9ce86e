//! What files say, row by row and by silence. Above 400 lines: each file stands beside what it says.

mod laws;
mod references;
mod seams;
mod words;

use jiff::civil::date;

use self::references::october;
use super::*;
use crate::domain::feed::{Format, Meaning, PartRule, PlaceRule, ReferenceRule, Says, Word};
use crate::domain::id::{PartId, Reference};
use crate::domain::roster::{Municipality, Units};
use crate::domain::status::{Basis, Observation, State};
use crate::feed::fixture::{
    calendar, code, map, mapped, mapped_at, november, presence, presence_by_unit, roster, roster_with_units,
    situation, told, unit, windows,
};
use crate::format;
use crate::format::body::{Body, Original};
use crate::text::words::Words;

#[test]
fn a_row_means_done_and_an_expected_municipality_without_one_is_pending() {
    let found = mapped(&presence(), &roster(), "IBGE;Ref\r\n320530;10/2026\r\n 3205002 ; 10/2026\r\n");
    assert_eq!(
        told(&found),
        [
            "3201209 pendente",
            "3201308 pendente",
            "3201506 pendente",
            "3205002 concluido",
            "3205200 pendente",
            "3205309 concluido"
        ]
    );
    assert_eq!(found.done[&WindowId::parse("rma/2026-10").unwrap()], 2);
}

#[test]
fn a_reference_without_a_row_makes_nobody_pending() {
    let found = mapped(&presence(), &roster(), "ibge;ref\n320530;01/2026\n");
    assert_eq!(told(&found), ["rma/2026-01 3205309 concluido"], "January is long over, October unheard of");
    assert_eq!(found.done[&WindowId::parse("rma/2026-10").unwrap()], 0);
    let elsewhere = mapped(&presence(), &roster(), "ibge;ref\n355030;10/2026\n320530;01/2026\n");
    assert_eq!(told(&elsewhere).len(), 1, "another state's row tells nothing of ours");
}

#[test]
fn silence_is_still_told_between_the_deadline_and_the_remessa() {
    let zone = crate::feed::fixture::zone();
    let at = |day| {
        mapped_at(&presence(), &roster(), "ibge;ref\n320530;10/2026\n", zone.start_of(date(2026, 12, day)))
    };
    assert_eq!(at(1).observations.len(), 6);
    assert_eq!(at(2).observations.len(), 1, "the remessa was due on the 1st at 8:00");
}

#[test]
fn exempt_municipalities_are_not_expected() {
    let mut roster = roster();
    let exempt = &mut roster.municipalities.get_mut(&code("3205200")).unwrap().exempt;
    exempt.insert(presence().system);
    let found = mapped(&presence(), &roster, "ibge;ref\n320530;10/2026\n");
    assert!(!told(&found).iter().any(|t| t.starts_with("3205200")));
}

#[test]
fn each_unit_of_the_register_is_expected_and_only_those() {
    let found = mapped(&presence_by_unit(), &roster_with_units(), "ibge;ref;unidade\n320530;10/2026;11.0\n");
    assert_eq!(told(&found), ["3205002/21 pendente", "3205309/11 concluido", "3205309/12 pendente"]);
}

#[test]
fn without_a_unit_column_a_municipality_with_units_is_expected_as_a_whole() {
    let found = mapped(&presence(), &roster_with_units(), "ibge;ref\n320530;10/2026\n");
    assert_eq!(told(&found), ["3205002 pendente", "3205309 concluido"]);
}

#[test]
fn a_unit_under_another_id_or_municipality_makes_the_missing_one_unconfirmed_not_pending() {
    let file = "ibge;ref;unidade\n320530;10/2026;11\n320530;10/2026;99\n320520;10/2026;21\n";
    let found = mapped(&presence_by_unit(), &roster_with_units(), file);
    assert_eq!(
        told(&found),
        [
            "3205002/21 nao_confirmado",
            "3205200/21 concluido",
            "3205309/11 concluido",
            "3205309/12 nao_confirmado",
            "3205309/99 concluido"
        ]
    );
    assert_eq!(found.unknown_units.len(), 2);
    let named = found
        .strange_units
        .iter()
        .map(|one| (one.line, one.unit.as_str(), one.municipality.as_str(), one.registered_in.as_deref()));
    let wanted = [(3, "99", "3205309", None), (4, "21", "3205200", Some("3205002"))];
    assert_eq!(named.collect::<Vec<_>>(), wanted, "each with its line, and where the register has it");
    let note =
        crate::feed::judge::notes(&found).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let told = "unidades fora do cadastro: 2 (99, de 3205309, na linha 3; 21, de 3205200, na linha 4: no cadastro é de 3205002)";
    assert!(note.contains(told), "{note}");
}

#[test]
fn a_part_not_answered_by_units_is_expected_of_every_municipality() {
    let mut spec = presence();
    spec.mapping.part = PartRule::Fixed(PartId::parse("GESTAO").unwrap());
    let found = mapped(&spec, &roster_with_units(), "ibge;ref\n320530;10/2026\n");
    assert_eq!(found.observations.len(), 6);
}

#[test]
fn a_bad_line_about_nobody_knows_whom_accuses_nobody() {
    let file = "ibge;ref\n320530;10/2026\nTotal;1\n";
    let found = mapped(&presence(), &roster(), file);
    assert_eq!(found.bad_lines[0].line, 3);
    assert!(!told(&found).iter().any(|t| t.ends_with("pendente")), "{:?}", told(&found));
    assert_eq!(found.unsaid, 5);
}

#[test]
fn a_bad_line_about_a_municipality_does_not_accuse_that_one() {
    let found = mapped(&presence(), &roster(), "ibge;ref\n320530;10/2026\n320520;out/2026\n");
    let told = told(&found);
    assert!(
        told.contains(&"3205200 nao_confirmado".to_owned()) && told.contains(&"3205002 pendente".to_owned())
    );
    assert_eq!(found.bad, 1);
}

#[test]
fn words_are_states_and_who_is_missing_is_unconfirmed() {
    let file = "ibge;parte;situacao;data\n320530;cras; QUESTIONARIO PREENCHIDO;05/11/2026\n\
                320500;Nome CRAS;Preencher o questionário; \n320520;Cras; ;\n";
    let found = mapped(&situation(), &roster(), file);
    let told = told(&found);
    assert_eq!(told[3..], ["3205002 pendente", "3205200 nao_confirmado", "3205309 concluido"]);
    assert!(told[..3].iter().all(|t| t.ends_with("nao_confirmado")));
    let done = found.observations.iter().last().unwrap();
    assert_eq!(done.wording.as_deref(), Some("QUESTIONARIO PREENCHIDO"));
    assert_eq!(done.dated.unwrap().to_string(), "2026-11-06T02:59:59Z", "the whole day");
    assert_eq!((found.blank_situations, found.unknown_words.len()), (1, 0));
}

#[test]
fn unknown_words_are_unconfirmed_and_listed() {
    let file =
        "ibge;parte;situacao;data\n320530;CRAS;Em análise;\n320500;CRAS;Em análise;\n320520;CRASS;x;\n";
    let found = mapped(&situation(), &roster(), file);
    assert!(told(&found).iter().all(|t| t.ends_with("nao_confirmado")));
    assert_eq!(
        found.unknown_words["Em análise"],
        UnknownWord { column: "situacao".to_owned(), count: 2, first_line: 2 }
    );
    assert_eq!(found.unknown_words["CRASS"].column, "parte");
}

#[test]
fn a_pending_row_with_a_doubtful_date_is_unconfirmed() {
    let file = "ibge;parte;situacao;data\n320530;CRAS;Preencher o questionário;31/13/2026\n\
                320500;CRAS;Preencher o questionário;01/01/2062\n320520;CRAS;Questionário Preenchido;ontem\n";
    let found = mapped(&situation(), &roster(), file);
    assert_eq!(told(&found)[3..], ["3205002 nao_confirmado", "3205200 concluido", "3205309 nao_confirmado"]);
    assert!(
        found.observations.iter().all(|o| o.dated.is_none()),
        "a date to come would outlive all later data"
    );
    assert_eq!(found.doubtful_dates, 3);
}

#[test]
fn codes_are_looked_up_and_strangers_and_wrong_digits_listed() {
    let file = "ibge;ref\n320530.0;10/2026\n355030;10/2026\n3550308;10/2026\n3205300;10/2026\n";
    let found = mapped(&presence(), &roster(), file);
    let strangers: Vec<_> = found.unknown_municipalities.iter().map(|u| (u.line, u.code.as_str())).collect();
    assert_eq!(strangers, [(3, "355030"), (4, "3550308")]);
    assert_eq!((found.bad_lines[0].line, found.municipalities_seen.len()), (5, 1));
    assert!(found.bad_lines[0].message.to_string().contains("verificador"));
}

#[test]
fn rows_of_no_window_are_counted_and_say_nothing() {
    let found = mapped(&presence(), &roster(), "ibge;ref\n320530;12/2019\n");
    assert_eq!((found.without_window, found.observations.len(), found.bad), (1, 0, 0));
}

#[test]
fn every_missing_column_is_named_at_once() {
    let found = mapped(&presence_by_unit(), &roster(), "ibge;mes\n320530;10/2026\n");
    let names: Vec<_> = found.columns.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["falta a coluna “unidade”", "falta a coluna “ref”"]);
}

/// As the ministry publishes a Census: semicolons, Windows-1252, CRLF, names in capitals and small letters, two codes of a
/// municipality, broken coordinates, a blank before a word, the day of the unit's beginning.
const CENSUS: &str = "NU_IDENTIFICADOR;IBGE;q0_1;q0_14;Latitude;q1;IBGE7;Regiao;Município;areaKm2;Q_incompleto\r\n\
     11111111111;320530;CENTRO POP - CENTRO DE REFERENCIA;05/07/2010;-20.319.098.716;\u{a0}Cedido;3205309;Região Sudeste;Vitória;96,5; \r\n\
     22222222222;320120;CENTRO POP;14/10/2019;-2.084.676;\u{a0}Alugado;3201209;Região Sudeste;Cachoeiro;864,5; \r\n\
     33333333333;320130;CENTRO POP;20/07/2020;-203.265;\u{a0}Alugado;3201308;Região Sudeste;Cariacica;279,7; \r\n\
     44444444444;320240;CENTRO POP;01/10/2018;-20.652;\u{a0}Cedido;3202405;Região Sudeste;Guarapari;589,8; \r\n";

/// Rows, unknown municipalities, dates that say nothing of a window of 2026, and what is said of whom.
fn census(bytes: &[u8]) -> [usize; 5] {
    let mut spec = presence_by_unit();
    spec.mapping.municipality = PlaceRule::Code("IBGE".to_owned());
    spec.mapping.unit = Some("nu_identificador".to_owned());
    spec.mapping.part = PartRule::Fixed(PartId::parse("CRAS").unwrap());
    spec.mapping.reference = ReferenceRule::Open;
    spec.mapping.dated = Some(("q0_14".to_owned(), "%d/%m/%Y".to_owned()));
    let (calendar, windows, roster) =
        (crate::feed::fixture::calendar(), crate::feed::fixture::windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let body = Body::plain(Original::from_bytes(bytes.to_vec()));
    assert!(format::open(&spec.format, &body, &[]).unwrap().header().find("Municipio").is_ok());
    let found = map(&spec, bytes, &ground);
    [found.rows, found.bad, found.unknown, found.doubtful_dates, found.observations.len()]
}

#[test]
fn a_file_in_the_habits_of_the_published_census_is_read_as_it_is() {
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(CENSUS);
    assert!(!unmappable);
    assert_eq!(census(&bytes), [4, 0, 1, 3, 6]);
}

/// It stays outside the project; the environment says where it is.
#[test]
#[ignore = "needs VIGIA_ARQUIVO_REAL, the path of seven rows of the Census of 2023 about the Centros POP"]
fn a_real_file_is_read_as_it_is() {
    let bytes = std::fs::read(std::env::var_os("VIGIA_ARQUIVO_REAL").unwrap()).unwrap();
    assert_eq!(census(&bytes), [7, 0, 1, 6, 6]);
}

/// Maps pages of a crawl, each with what its request settled.
fn crawled(spec: &FeedSpec, pages: &[(Given, &str)]) -> Mapped {
    let (calendar, windows, roster) =
        (crate::feed::fixture::calendar(), crate::feed::fixture::windows(), roster_with_units());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let mut mapper = Mapper::new(spec, &ground);
    for (given, page) in pages {
        let body = Body { given: given.clone(), original: Original::from_bytes(page.as_bytes()) };
        mapper.read(format::open(&spec.format, &body, &[]).unwrap(), given).unwrap();
    }
    mapper.finish()
}

fn of_unit(id: &str, municipality: &str) -> Given {
    let unit = Some(crate::domain::id::UnitId::parse(id).unwrap());
    Given { municipality: Some(code(municipality)), unit, reference: None }
}

#[test]
fn what_the_request_settled_need_not_stand_in_the_rows() {
    let mut spec = presence();
    spec.mapping.municipality = PlaceRule::Asked;
    let pages =
        [(of_unit("11", "3205309"), "ref\n10/2026\n09/2026\n"), (of_unit("12", "3205309"), "ref\n09/2026\n")];
    let found = crawled(&spec, &pages);
    let october: Vec<_> = told(&found).into_iter().filter(|t| !t.starts_with("rma")).collect();
    assert_eq!(october, ["3205002/21 nao_confirmado", "3205309/11 concluido", "3205309/12 pendente"]);
    assert_eq!(found.unsaid, 1, "of unit 21 nobody asked");
    let mut open = spec.clone();
    open.mapping.reference = ReferenceRule::Open;
    let january = Given { reference: Some(Reference::Month(2026, 1)), ..of_unit("11", "3205309") };
    let found = crawled(&open, &[(january, "x\n1\n")]);
    assert_eq!(told(&found), ["rma/2026-01 3205309/11 concluido"]);
}

#[test]
fn a_page_that_speaks_of_others_than_was_asked_for_is_faulty() {
    let mut spec = presence_by_unit();
    let found = crawled(
        &spec,
        &[(of_unit("11", "3205309"), "ibge;ref;unidade\n320520;10/2026;11\n320530;10/2026;12\n")],
    );
    assert_eq!((found.bad, found.observations.len()), (2, 0));
    assert!(
        found.bad_lines[0].message.to_string().contains("a consulta era sobre 3205309"),
        "{:?}",
        found.bad_lines
    );
    spec.mapping.municipality = PlaceRule::Asked;
    assert_eq!(crawled(&spec, &[(Given::default(), "ref;unidade\n10/2026;11\n")]).bad, 1);
}

#[test]
fn all_four_shapes_of_unit_ids_are_kept_whole() {
    let ids = ["32012098154", "13205303522", "1234567890123", "654321"];
    let rows = ids.map(|id| format!("320530;10/2026;{id}\n")).concat();
    let found = mapped(&presence_by_unit(), &roster(), &format!("ibge;ref;unidade\n{rows}"));
    let mut kept: Vec<_> = found.observations.iter().filter_map(|o| o.unit).map(|u| u.to_string()).collect();
    kept.sort();
    assert_eq!(kept, ["1234567890123", "13205303522", "32012098154", "654321"]);
}

#[test]
fn thousands_of_rows_and_units_are_mapped_in_one_pass() {
    let mut roster = roster();
    roster.units = Some(Units::new((0..2_000).map(|n| unit(&format!("u{n}"), "3205309", "CRAS"))));
    let mut spec = presence_by_unit();
    spec.format = Format::Csv { delimiter: Some(b';'), encoding: Some("utf-8".to_owned()), heading: None };
    spec.mapping.meaning = Meaning::Presence;
    let rows: Vec<_> = (0..20_000).map(|n| format!("320530;10/2026;u{}", n % 2_000)).collect();
    let found = mapped(&spec, &roster, &format!("ibge;ref;unidade\n{}\n", rows.join("\n")));
    assert_eq!((found.observations.len(), found.duplicates, found.rows), (2_000, 18_000, 20_000));
}

#[test]
fn a_form_that_the_source_says_was_opened_again_is_marked_so() {
    let mut spec = situation();
    let Meaning::Situation { words, .. } = &mut spec.mapping.meaning else { panic!() };
    words.insert("Reaberto", Says::Whole(Word::Reopened)).unwrap();
    let file = "ibge;parte;situacao;data\n320530;CRAS;Reaberto;\n320500;CRAS;Preencher o questionário;\n";
    let found = mapped(&spec, &roster(), file);
    let marked: Vec<(Basis, State)> = found
        .observations
        .iter()
        .filter(|o| ["3205309", "3205002"].contains(&o.municipality.to_string().as_str()))
        .map(|o| (o.basis, o.state))
        .collect();
    assert_eq!(marked, [(Basis::Row, State::Pending), (Basis::Reopened, State::Pending)]);
}

fn said_of_vitoria(found: &Mapped) -> (State, Basis) {
    let said = found.observations.iter().find(|said| said.municipality == code("3205309")).unwrap();
    (said.state, said.basis)
}

fn without_parts() -> FeedSpec {
    let mut spec = situation();
    spec.mapping.part = PartRule::Fixed(PartId::parse("CRAS").unwrap());
    spec
}

#[test]
fn rows_of_several_units_that_differ_where_no_unit_is_named_leave_the_part_in_doubt() {
    let file = "ibge;unidade;situacao;data\n3205309;CRAS 1;Questionário Preenchido;\n\
                3205309;CRAS 2;Preencher o questionário;\n3205309;CRAS 3;Preencher o questionário;\n";
    let found = mapped(&without_parts(), &roster(), file);
    assert_eq!(said_of_vitoria(&found), (State::Unconfirmed, Basis::Contradiction));
    assert_eq!(found.contradicted.len(), 1);
}

#[test]
fn two_rows_of_one_file_that_contradict_each_other_leave_it_in_doubt_whatever_their_dates() {
    let file =
        "ibge;situacao;data\n3205309;Preencher o questionário;\n3205309;Questionário Preenchido;09/11/2026\n";
    let found = mapped(&without_parts(), &roster(), file);
    assert_eq!(said_of_vitoria(&found), (State::Unconfirmed, Basis::Contradiction));
}

#[test]
fn data_from_before_the_window_opened_says_nothing_of_it() {
    for (date, state) in [
        ("20/10/2026", State::Unconfirmed),
        ("01/11/2026", State::Done),
        ("10/11/2026", State::Done),
        ("11/11/2026", State::Unconfirmed),
        ("05/11/1926", State::Unconfirmed),
    ] {
        let file = format!("ibge;situacao;data\n3205309;Questionário Preenchido;{date}\n");
        let found = mapped(&without_parts(), &roster(), &file);
        assert_eq!(said_of_vitoria(&found).0, state, "{date}");
        assert_eq!(found.doubtful_dates, usize::from(state == State::Unconfirmed), "{date}");
    }
}

#[test]
fn a_row_that_two_open_windows_could_claim_is_claimed_by_none() {
    let calendar = crate::feed::fixture::calendar();
    let mut second = october();
    second.reference = Reference::Month(2026, 11);
    second.id = WindowId::parse("rma/2026-11").unwrap();
    let (windows, roster) = ([october(), second], roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let found =
        map(&without_parts(), "ibge;situacao;data\n3205309;Preencher o questionário;\n".as_bytes(), &ground);
    assert!(found.observations.is_empty());
    assert!(
        found.bad_lines[0].message.to_string().contains("rma/2026-10, rma/2026-11"),
        "{:?}",
        found.bad_lines
    );
}

#[test]
fn a_shifted_row_of_a_page_accuses_nobody_and_a_sum_that_is_short_is_still_ignored() {
    let mut spec = presence();
    spec.format = Format::Html { table: "CRAS".to_owned(), encoding: None };
    spec.mapping.municipality = PlaceRule::Code("#1".to_owned());
    spec.mapping.reference = ReferenceRule::Open;
    spec.mapping.meaning = Meaning::Count { done: "Feitos".to_owned(), expected: "CRAS".to_owned() };
    spec.mapping.ignored = vec!["Total".to_owned()];
    let page = "<table><tr><th>IBGE<th>Nome<th>CRAS<th>Feitos<th>Em aberto</tr><tr><td>320530<td>3<td>3<td>0</tr>\
                <tr><td>320520<td>Vila Velha<td><td>3<td>3<td>0</tr><tr><td>320500<td>Serra<td>3<td>1<td>2</tr>\
                <tr><td>Total<td>9<td>7<td>2</tr></table>";
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let found = map(&spec, page.as_bytes(), &ground);
    let pending: Vec<String> = told(&found).into_iter().filter(|told| told.ends_with("pendente")).collect();
    assert_eq!(pending, ["3205002 pendente"]);
    assert_eq!((found.bad, found.ignored, found.rows), (2, 1, 4));
    // Where a row means done, whoever has none may be the one of the bad line.
    spec.mapping.meaning = Meaning::Presence;
    assert!(!told(&map(&spec, page.as_bytes(), &ground)).iter().any(|told| told.ends_with("pendente")));
}

/// A roster of Vitória, Viana and Serra, all of Espírito Santo; there is a Viana in Maranhão, too.
fn named_roster() -> Roster {
    let mut roster = roster();
    let like = roster.municipalities.values().next().unwrap().clone();
    let named = [("3205309", "Vitória"), ("3205101", "Viana"), ("3205002", "Serra")];
    roster.municipalities = named
        .map(|(text, name)| {
            (code(text), Municipality { code: code(text), name: name.to_owned(), ..like.clone() })
        })
        .into();
    roster
}

fn by_name(file: &str) -> (Vec<String>, usize) {
    let mut spec = situation();
    spec.mapping.municipality = PlaceRule::Name("municipio".to_owned());
    spec.mapping.part = PartRule::Fixed(PartId::parse("CRAS").unwrap());
    spec.mapping.dated = None;
    let found = mapped(&spec, &named_roster(), file);
    (told(&found).into_iter().filter(|told| !told.ends_with("nao_confirmado")).collect(), found.bad)
}

#[test]
fn a_homonym_of_another_state_accuses_none_of_ours() {
    let (no, yes) = ("Preencher o questionário", "Questionário Preenchido");
    let of_ours = (vec!["3205101 pendente".to_owned(), "3205309 concluido".to_owned()], 0);
    assert_eq!(by_name(&format!("municipio;situacao\nViana;{no}\nVitória;{yes}\n")), of_ours);
    assert_eq!(by_name(&format!("uf;municipio;situacao\nES;Viana;{no}\nES;Vitória;{yes}\n")), of_ours);
    let own = format!("regiao;estado;municipio;situacao\nSE;32;VIANA;{no}\nSE;32;Vitória;{yes}\n");
    assert_eq!(by_name(&own), of_ours);
    // Another column says that it is another's.
    for state in ["MA", "Maranhão", "21"] {
        let file = format!("uf;municipio;situacao\n{state};Viana;{no}\nES;Vitória;{yes}\n");
        assert_eq!(by_name(&file), (vec!["3205309 concluido".to_owned()], 1), "{state}");
    }
    // Nothing says so, but the file has others, too, wherever they stand in it.
    for other in ["Planalto", "Viana - MA", "São Luís/MA"] {
        for file in [
            format!("Viana;{no}\nVitória;{yes}\n{other};{no}"),
            format!("{other};{no}\nVitória;{yes}\nViana;{no}"),
        ] {
            let found = by_name(&format!("municipio;situacao\n{file}\n"));
            assert_eq!(found, (vec!["3205309 concluido".to_owned()], 2), "{file}");
        }
    }
    let with_state = format!("municipio;situacao\nViana - ES;{no}\nPlanalto;{no}\nVitória;{yes}\n");
    assert_eq!(by_name(&with_state).0, of_ours.0, "a name with its state is one alone");
    let misspelled = format!("municipio;situacao\nViana;{no}\nVitóra;{yes}\n");
    assert_eq!(by_name(&misspelled).0, ["3205101 pendente"], "nobody's name is nobody else's");
}
