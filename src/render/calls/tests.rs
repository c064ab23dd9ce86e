//! What a caller is told to say.

use jiff::Timestamp;
use jiff::civil::{date, time};

use super::{csv, json, page, sentence, text};
use crate::domain::calendar::{Deadline, Sanction};
use crate::domain::id::{EmailAddress, PartId, WindowId};
use crate::domain::notice::{Kind, Recipient};
use crate::domain::reason::Reason;
use crate::domain::refusal::Refusal;
use crate::domain::roster::Role;
use crate::plan::calls::calls;
use crate::plan::history::{HistoryLine, Punctuality, Recall};
use crate::plan::post::{DeliveryFact, LetterState};
use crate::plan::summary::{CallLine, CallPurpose, CallReason, WindowSummary};
use crate::render::letter::example::World;

/// One call about CRAS in a window whose deadline ends at noon of 5 December.
fn summary(world: &World, now: &str) -> WindowSummary {
    let at: Timestamp = now.parse().unwrap();
    let mut summary = WindowSummary::empty(world.window.clone(), at);
    summary.system = "Censo SUAS".to_owned();
    summary.deadline = Some(Deadline { on: date(2023, 12, 5), at: time(12, 0, 0, 0) });
    summary.call_list = vec![CallLine {
        municipality: world.municipality,
        name: "Vitória".to_owned(),
        role: Some(Role::Smas),
        holder: String::new(),
        telephone: String::new(),
        as_of: None,
        owes: vec![PartId::parse("CRAS").unwrap()],
        unconfirmed: Vec::new(),
        because: vec![CallReason::Rehearsed { letters: 2 }],
        resting: Vec::new(),
        unreachable: false,
        tried: Vec::new(),
    }];
    summary
}

fn said(world: &World, summary: &WindowSummary) -> String {
    let windows = std::slice::from_ref(summary);
    sentence(&calls(windows, &world.calendar, &Recall::default())[0], &world.calendar)
}

#[test]
fn the_sentence_names_the_reference_and_asks_by_the_instant_of_the_deadline() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let morning = summary(&world, "2023-12-05T14:00:00Z");
    assert_eq!(
        said(&world, &morning),
        "“No Censo SUAS de 2023, com prazo até as 12:00 de 05/12/2023, ainda não consta como concluído: CRAS. Conseguem concluir até lá, ou \
         precisam de apoio?”"
    );
    let afternoon = summary(&world, "2023-12-05T16:00:00Z");
    assert_eq!(
        said(&world, &afternoon),
        "“No Censo SUAS de 2023, cujo prazo acabou às 12:00 de 05/12/2023, ainda não consta como concluído: CRAS. Há alguma dificuldade em que \
         possamos ajudar?”"
    );
    let undefined = WindowSummary { deadline: None, ..summary(&world, "2023-12-05T14:00:00Z") };
    assert_eq!(
        said(&world, &undefined),
        "“No Censo SUAS de 2023, ainda não consta como concluído: CRAS. Precisam de apoio para concluir?”"
    );
}

#[test]
fn who_owes_nothing_is_asked_for_an_address_and_a_stopped_window_says_so() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut stopped = WindowSummary { halted: true, ..summary(&world, "2023-12-07T14:00:00Z") };
    stopped.call_list[0].owes.clear();
    assert!(said(&world, &stopped).ends_with("Qual é o e-mail certo?”"), "{}", said(&world, &stopped));
    let entries = calls(std::slice::from_ref(&stopped), &world.calendar, &Recall::default());
    let shown = text(&entries, &world.calendar, stopped.at);
    assert!(shown.contains("janela interrompida") && !shown.contains("acabou"), "{shown}");
}

#[test]
fn a_deadline_that_is_no_days_end_is_told_with_its_hour_in_every_form() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut summary = summary(&world, "2023-12-04T14:00:00Z");
    summary.deadline = Some(Deadline { on: date(2023, 12, 5), at: time(0, 0, 0, 0) });
    assert!(
        said(&world, &summary).contains("com prazo até as 00:00 de 05/12/2023"),
        "{}",
        said(&world, &summary)
    );
    let entries = calls(std::slice::from_ref(&summary), &world.calendar, &Recall::default());
    assert!(csv(&entries, &world.calendar, summary.at).contains(";05/12/2023 00:00;"));
    assert_eq!(json(&entries[0], &world.calendar, summary.at)["prazo_hora"], "00:00:00");
    summary.deadline = Some(Deadline { on: date(2023, 12, 5), at: Deadline::DEFAULT_TIME });
    assert!(said(&world, &summary).contains("com prazo até 05/12/2023, ainda"), "{}", said(&world, &summary));
}

#[test]
fn an_address_alone_is_asked_about_as_an_address_and_by_its_name() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut summary = summary(&world, "2023-12-04T14:00:00Z");
    let call = &mut summary.call_list[0];
    call.unconfirmed = std::mem::take(&mut call.owes);
    let flagged = Reason::AddressFlagged { role: Role::Smas, refusal: Refusal::Address };
    call.because = vec![CallReason::Decided(flagged)];
    let to = |address| Recipient { role: Role::Smas, address: EmailAddress::parse(address).unwrap() };
    call.resting = vec![to("geral@vitoria.invalid")];
    assert_eq!(call.purpose(), CallPurpose::Address);
    assert_eq!(
        said(&world, &summary),
        "“Uma carta nossa não chegou ao endereço geral@vitoria.invalid (smas). Qual é o e-mail certo?”",
        "none about this window was written"
    );
    summary.call_list[0].resting.push(to("social@vitoria.invalid"));
    assert!(
        said(&world, &summary).contains(
            "aos endereços geral@vitoria.invalid (smas) e social@vitoria.invalid (smas). Quais são"
        ),
        "{}",
        said(&world, &summary)
    );
    // That letters about this window do not arrive is said where one of them came back.
    let mut entry = calls(std::slice::from_ref(&summary), &world.calendar, &Recall::default()).remove(0);
    let fact = fact_of("social@vitoria.invalid");
    entry.failed = vec![&fact];
    assert_eq!(
        sentence(&entry, &world.calendar),
        "“As nossas cartas sobre o Censo SUAS de 2023 não chegam ao endereço social@vitoria.invalid (smas), nem outras ao \
         endereço geral@vitoria.invalid (smas). Quais são os e-mails certos?”"
    );
    let call = &mut summary.call_list[0];
    call.resting.clear();
    call.because = vec![CallReason::Decided(Reason::NoContact)];
    assert!(said(&world, &summary).starts_with("“Não temos um e-mail"), "{}", said(&world, &summary));
    // Whoever is not known to have filled in and waits for a letter is asked about that first.
    summary.call_list[0].because.push(CallReason::Decided(Reason::NotExpected));
    assert_eq!(summary.call_list[0].purpose(), CallPurpose::Doubt);
}

fn fact_of(address: &str) -> DeliveryFact {
    DeliveryFact {
        version: 1,
        kind: Some(Kind::Warning),
        recorded_at: None,
        left_at: None,
        role: Role::Smas,
        address: EmailAddress::parse(address).unwrap(),
        state: LetterState::Refused,
        at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn whoever_owes_and_has_no_working_address_is_asked_for_one_too() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut summary = summary(&world, "2023-12-04T14:00:00Z");
    assert!(said(&world, &summary).ends_with("precisam de apoio?”"));
    summary.call_list[0].unreachable = true;
    let asked = "precisam de apoio? Não temos um e-mail que receba as nossas cartas. Qual é?”";
    assert!(said(&world, &summary).ends_with(asked), "{}", said(&world, &summary));
    let geral = EmailAddress::parse("geral@vitoria.invalid").unwrap();
    summary.call_list[0].resting = vec![Recipient { role: Role::Smas, address: geral }];
    let asked =
        "Uma carta nossa não chegou ao endereço geral@vitoria.invalid (smas). Qual é o e-mail certo?”";
    assert!(said(&world, &summary).ends_with(asked), "{}", said(&world, &summary));
}

#[test]
fn a_telephone_is_shown_with_whose_it_is() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut summary = summary(&world, "2023-12-04T14:00:00Z");
    let call = &mut summary.call_list[0];
    (call.role, call.telephone) = (Some(Role::Cmas), "27 3333-3333".to_owned());
    let entries = calls(std::slice::from_ref(&summary), &world.calendar, &Recall::default());
    let calendar = &world.calendar;
    for shown in [text(&entries, calendar, summary.at), page(&entries, calendar, summary.at)] {
        assert!(shown.contains("telefone 27 3333-3333 (cmas)"), "{shown}");
    }
    assert!(csv(&entries, calendar, summary.at).contains(";cmas;"));
    assert_eq!(json(&entries[0], calendar, summary.at)["papel"], "cmas");
}

#[test]
fn no_sheet_of_a_rehearsal_says_that_somebody_was_warned() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let summary = WindowSummary { rehearsal: true, ..summary(&world, "2023-12-05T14:00:00Z") };
    let entries = calls(std::slice::from_ref(&summary), &world.calendar, &Recall::default());
    let calendar = &world.calendar;
    for shown in [text(&entries, calendar, summary.at), page(&entries, calendar, summary.at)] {
        assert!(shown.contains("ENSAIO: nenhuma carta saiu") && shown.contains("não foi avisado"), "{shown}");
    }
    assert_eq!(json(&entries[0], calendar, summary.at)["cartas_que_sairam"], 0);
}

#[test]
fn a_call_tells_how_what_is_owed_was_done_before_and_of_what_nobody_knows_nothing() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let reference = |year: i16| WindowId::parse(&format!("censo-suas/{year}")).unwrap();
    let this = [(world.window.clone(), Punctuality::Never)];
    let line = |part: &str, how: &[Punctuality]| HistoryLine {
        system: world.calendar.window(&world.window).unwrap().system,
        municipality: world.municipality,
        name: String::new(),
        part: PartId::parse(part).unwrap(),
        // And the window itself: the debt that the call is about is not its own past.
        references: how
            .iter()
            .zip(2018..)
            .map(|(how, year)| (reference(year), *how))
            .chain(this.clone())
            .collect(),
    };
    let (on_time, late) = (Punctuality::OnTime, Punctuality::Late { days: None });
    let lines = [
        line("CRAS", &[on_time, late, on_time, Punctuality::Never, Punctuality::Unknown]),
        line("CREAS", &[Punctuality::Never]),
    ];
    let recall = Recall::new(&lines);
    let mut summary = summary(&world, "2023-12-04T14:00:00Z");
    let told = |summary: &WindowSummary| {
        let entries = calls(std::slice::from_ref(summary), &world.calendar, &recall);
        text(&entries, &world.calendar, summary.at)
    };
    let shown = told(&summary);
    assert!(
        shown.contains("nas últimas referências, CRAS: 2 no prazo, 1 depois do prazo, 1 não concluído\n"),
        "{shown}"
    );
    assert!(!shown.contains("CREAS"), "{shown}");
    summary.call_list[0].unconfirmed = std::mem::take(&mut summary.call_list[0].owes);
    assert!(!told(&summary).contains("últimas referências"), "{}", told(&summary));
}

#[test]
fn open_windows_come_first_by_the_days_left_and_who_owes_nothing_last() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let ending = |on: Option<i8>| WindowSummary {
        deadline: on.map(|day| Deadline { on: date(2023, 12, day), at: Deadline::DEFAULT_TIME }),
        ..summary(&world, "2023-12-05T14:00:00Z")
    };
    let mut asked = ending(Some(6));
    asked.call_list[0].unconfirmed = std::mem::take(&mut asked.call_list[0].owes);
    let windows = [asked, ending(Some(1)), ending(None), ending(Some(4)), ending(Some(9)), ending(Some(7))];
    let order: Vec<Option<i8>> = calls(&windows, &world.calendar, &Recall::default())
        .iter()
        .map(|entry| entry.deadline.map(|deadline| deadline.on.day()))
        .collect();
    assert_eq!(order, [Some(7), Some(9), None, Some(4), Some(1), Some(6)]);
}

#[test]
fn the_days_since_a_deadline_are_a_number_in_a_spreadsheet() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let summary = summary(&world, "2023-12-08T14:00:00Z");
    let entries = calls(std::slice::from_ref(&summary), &world.calendar, &Recall::default());
    let table = csv(&entries, &world.calendar, summary.at);
    let (names, row) = (table.lines().next().unwrap(), table.lines().nth(1).unwrap());
    let place = names.split(';').position(|name| name == "dias").unwrap();
    assert_eq!(row.split(';').nth(place), Some("-3"), "{row}");
}

#[test]
fn of_two_whom_as_many_letters_did_not_move_who_was_late_before_comes_first() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut summary = summary(&world, "2023-12-04T14:00:00Z");
    let other = crate::domain::id::MunicipalityCode::parse("3205200").unwrap();
    let first = summary.call_list[0].clone();
    summary.call_list.push(CallLine { municipality: other, ..first });
    let line = |municipality, how: Punctuality| HistoryLine {
        system: world.calendar.window(&world.window).unwrap().system,
        municipality,
        name: String::new(),
        part: PartId::parse("CRAS").unwrap(),
        references: vec![(WindowId::parse("censo-suas/2022").unwrap(), how)],
    };
    let order = |of_one: Punctuality, of_other: Punctuality| {
        let lines = [line(world.municipality, of_one), line(other, of_other)];
        let recall = Recall::new(&lines);
        let entries = calls(std::slice::from_ref(&summary), &world.calendar, &recall);
        entries.iter().map(|entry| entry.call.municipality).collect::<Vec<_>>()
    };
    let late = Punctuality::Late { days: Some(3) };
    assert_eq!(order(late, Punctuality::OnTime), [world.municipality, other]);
    assert_eq!(order(Punctuality::OnTime, late), [other, world.municipality]);
    assert_eq!(order(late, Punctuality::Never), [other, world.municipality], "what never came weighs more");
}

#[test]
fn whose_address_takes_no_letter_is_not_among_those_to_be_confirmed() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut summary = summary(&world, "2023-12-04T14:00:00Z");
    summary.call_list[0].owes.clear();
    let entries = calls(std::slice::from_ref(&summary), &world.calendar, &Recall::default());
    let shown = text(&entries, &world.calendar, summary.at);
    assert!(shown.contains("cobrança: 0\n") && shown.contains("endereço que receba cartas: 1\n"), "{shown}");
    let shown = page(&entries, &world.calendar, summary.at);
    assert!(shown.contains("cobrança (0)") && shown.contains("endereço que receba cartas (1)"), "{shown}");
    assert_eq!(json(&entries[0], &world.calendar, summary.at)["lista"], "pedir_endereco");
    let table = csv(&entries, &world.calendar, summary.at);
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(';').collect()).collect();
    assert_eq!([rows[0][2], rows[1][2]], ["lista", "pedir_endereco"], "{table}");
}
