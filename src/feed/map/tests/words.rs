//! What the words of a column and counts say, also of several parts at once.

use super::*;

fn spec_by_words(words: &[(&str, Says)]) -> FeedSpec {
    let mut spec = situation();
    spec.mapping.part = PartRule::Situation;
    spec.mapping.dated = None;
    let words = Words::of(words.iter().map(|(word, says)| (*word, says.clone()))).unwrap();
    spec.mapping.meaning = Meaning::Situation { column: "situacao".to_owned(), words };
    spec
}

fn parts(words: &[(&str, Word)]) -> Says {
    Says::Parts(words.iter().map(|(part, word)| (PartId::parse(part).unwrap(), *word)).collect())
}

fn by_part(found: &Mapped, of: &str) -> Vec<String> {
    let own = found.observations.iter().filter(|o| o.municipality == code(of));
    own.map(|o| format!("{} {}", o.part, o.state.as_str())).collect()
}

#[test]
fn one_word_may_settle_several_parts() {
    let spec = spec_by_words(&[
        (
            "em avaliação no CMAS",
            parts(&[("GESTAO", Word::Is(State::Done)), ("CREAS", Word::Is(State::Pending))]),
        ),
        ("em preenchimento", parts(&[("GESTAO", Word::Is(State::Pending))])),
    ]);
    let file =
        "ibge;situacao\n320530;Em avaliacao no CMAS\n320520;em preenchimento\n320500;sumiu\n320150; \n";
    let found = mapped(&spec, &roster(), file);
    assert_eq!(by_part(&found, "3205309"), ["CREAS pendente", "GESTAO concluido"]);
    assert_eq!(by_part(&found, "3205200"), ["CREAS nao_confirmado", "GESTAO pendente"]);
    assert_eq!(by_part(&found, "3205002"), ["CREAS nao_confirmado", "GESTAO nao_confirmado"]);
    assert_eq!((found.unknown_words.len(), found.blank_situations, found.duplicates), (1, 1, 0));
}

#[test]
fn one_word_of_the_parts_column_may_be_several_parts() {
    let mut spec = situation();
    let both = vec![PartId::parse("GESTAO").unwrap(), PartId::parse("CREAS").unwrap()];
    let words = Words::of([("Gestão e CREAS", both)]).unwrap();
    spec.mapping.part = PartRule::Column { column: "parte".to_owned(), words };
    let file = "ibge;parte;situacao;data\n320530;gestao e creas;Questionário Preenchido;\n320530;gestao e creas;Preencher o questionário;\n";
    let found = mapped(&spec, &roster(), file);
    let lines =
        found.observations.iter().filter(|said| said.municipality == code("3205309")).map(|said| said.line);
    assert_eq!(lines.collect::<Vec<_>>(), [2, 2], "each part has the row's line");
    assert_eq!(
        by_part(&found, "3205309"),
        ["CREAS nao_confirmado", "GESTAO nao_confirmado"],
        "the rows differ"
    );
    assert_eq!((found.duplicates, found.first_duplicate), (1, Some(3)), "rows are counted, not parts");
}

#[test]
fn filled_in_and_not_concluded_is_pending_in_words_of_its_own() {
    let mut spec = situation();
    let words = Words::of([("100%", Says::Whole(Word::FilledNotConcluded))]).unwrap();
    spec.mapping.meaning = Meaning::Situation { column: "situacao".to_owned(), words };
    let found = mapped(&spec, &roster(), "ibge;parte;situacao;data\n320530;CRAS;100%;\n");
    let said = found.observations.iter().last().unwrap();
    assert_eq!(
        (said.state, said.wording.as_deref()),
        (State::Pending, Some("preenchido, falta concluir (“100%”)"))
    );
}

#[test]
fn a_word_that_reads_like_what_is_said_of_a_form_is_the_sources_own_still() {
    for (word, means, of_form) in [
        ("preenchido, falta concluir", Word::Is(State::Pending), None),
        ("preenchido, falta concluir (“sim”)", Word::Is(State::Pending), None),
        ("preenchido, falta concluir (“sim”)", Word::Reopened, None),
        ("”) (“", Word::FilledNotConcluded, Some("preenchido, falta concluir")),
    ] {
        let mut spec = situation();
        let words = Words::of([(word, Says::Whole(means))]).unwrap();
        spec.mapping.meaning = Meaning::Situation { column: "situacao".to_owned(), words };
        let found = mapped(&spec, &roster(), &format!("ibge;parte;situacao;data\n320530;CRAS;{word};\n"));
        let said = found.observations.iter().last().unwrap();
        let wording = said.wording.as_deref().expect("it is kept");
        assert!(wording.contains(word), "{wording}");
        assert_eq!((said.state, Word::said_of_form(wording)), (State::Pending, of_form), "{wording}");
    }
}

#[test]
fn counts_say_done_pending_or_nothing_sure() {
    let mut spec = presence();
    spec.mapping.reference = ReferenceRule::Open;
    spec.mapping.municipality = PlaceRule::Code("#1".to_owned());
    spec.mapping.ignored = vec!["total".to_owned()];
    spec.mapping.meaning = Meaning::Count { done: "#4".to_owned(), expected: "CRAS CADSUAS".to_owned() };
    let file = "IBGE;Município;CRAS CADSUAS;Preenchidos\n320530;V;1.012;1.012\n320520;W;7;5\n320500;S;7;9\n320150;C;;\nTotal;;x;y\n";
    let found = mapped(&spec, &roster(), file);
    assert_eq!(
        told(&found)[2..],
        ["3201506 nao_confirmado", "3205002 nao_confirmado", "3205200 pendente", "3205309 concluido"]
    );
    assert_eq!((found.unclear_counts, found.ignored, found.bad), (2, 1, 0));
    let pending = found.observations.iter().find(|o| o.state == State::Pending).unwrap();
    assert_eq!(pending.wording.as_deref(), Some("5 de 7"));
}

#[test]
fn a_sum_under_no_municipality_is_told_by_the_first_word_of_its_row_and_a_lost_code_is_no_sum() {
    let mut spec = presence();
    let mut roster = roster();
    roster.municipalities.values_mut().next().unwrap().name = "Vila Velha".to_owned();
    let read = |spec: &FeedSpec, row: &str| {
        let file = format!("ibge;nome;ref\n320530;Vitória;10/2026\n{row}\n");
        let found = mapped(spec, &roster, &file);
        (found.ignored, found.bad)
    };
    assert_eq!(read(&spec, ";TOTAL GERAL;3"), (0, 1), "nobody said that it is one");
    spec.mapping.ignored = vec!["Total geral".to_owned()];
    assert_eq!(read(&spec, ";TOTAL GERAL;3"), (1, 0));
    assert_eq!(read(&spec, ";;Total geral"), (1, 0));
    assert_eq!(read(&spec, ";Vila Velha;Total geral"), (0, 1), "a municipality whose code is lost");
    assert_eq!(read(&spec, ";;3"), (0, 1));
    spec.mapping.ignored = vec!["Vila Velha".to_owned(), "Total".to_owned()];
    assert_eq!(read(&spec, ";Vila Velha;3"), (0, 1), "whatever was proposed, a municipality is no sum");
    assert_eq!(read(&spec, ";Total;Vila Velha"), (0, 1), "here the word is about a municipality");
}

#[test]
fn words_for_nothing_are_blank_where_the_feed_says_so() {
    let mut spec = situation();
    spec.mapping.blanks = vec!["SI".to_owned(), "NSA".to_owned(), "-".to_owned(), "0".to_owned()];
    let file = "ibge;parte;situacao;data\n320530;CRAS;nsa;-\n320520;CRAS;Questionário Preenchido;0\n";
    let found = mapped(&spec, &roster(), file);
    assert_eq!((found.blank_situations, found.unknown_words.len(), found.doubtful_dates), (1, 0, 0));
}
