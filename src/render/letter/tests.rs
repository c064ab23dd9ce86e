//! The letters, sentence by sentence.

use std::fmt::Write as _;
use std::sync::LazyLock;

use jiff::civil::{date, time};

use crate::domain::calendar::{Deadline, Sanction};
use crate::domain::notice::{Content, NoticeKey, PendingPart, Slot};
use crate::domain::roster::Role;
use crate::plan::Notice;

use super::example::World;
use super::{Letter, Templates, example, folded, letter};

/// Anexo I of norma BES Nº 08, sentence by sentence, blanks filled in.
const ANNEX_I: [&str; 10] = [
    "Senhores gestores da Assistência Social!",
    "A equipe estadual da Coordenação de Vigilância Socioassistencial da Gerência do Sistema Único de Assistência \
     Social desta Secretaria de Estado de Trabalho, Assistência e Desenvolvimento Social lembra que o prazo para \
     preenchimento do Sistema Censo SUAS encerra-se no dia 05/12/2023.",
    "O link para acessar o sistema é: <https://aplicacoes.mds.gov.br/sagi/censosuas>",
    "ATENÇÃO!",
    "Como já é de conhecimento, o não preenchimento pelo município produz sanções administrativas que podem levar \
     ao bloqueio de recursos e inativação dos equipamentos pelo Ministério do Desenvolvimento Social. Fique atento \
     às datas e evite deixar o preenchimento para a última hora.",
    "Conforme orientações prestadas pelo Ministério do Desenvolvimento Social, na ocorrência de eventuais \
     dificuldades para acessar os sistemas, solicita-se que tentem acessar por meio de diferentes navegadores, em \
     diferentes períodos do dia, bem como verificar as configurações e a qualidade do sinal da internet local e a \
     velocidade. E ainda, diante de alguma inconsistência momentânea, realizem novas tentativas de acesso. Caso o \
     problema persista, encaminhem o relato da situação com o print da tela para a Rede SUAS, que é a área \
     competente para averiguar problemas no sistema. O endereço eletrônico é: <rede.suas@mds.gov.br>.",
    "Atenciosamente,",
    "Equipe estadual da Coordenação de Vigilância Socioassistencial Gerência do Sistema Único de Assistência \
     Social Subsecretaria de Estado da Assistência e Desenvolvimento Social",
    "GOVERNO DO ESTADO DO ESPÍRITO SANTO Secretaria de Trabalho, Assistência e Desenvolvimento Social",
    "Rua Doutor João Carlos de Souza, nº 107, sala 1301, Ed. Green Tower, Barro Vermelho, Vitória/ES. CEP \
     29.057-530. Telefone: (27) 3636-6850",
];

/// Anexo II, likewise.
const ANNEX_II: [&str; 10] = [
    "Prezado (a) Secretário (a) Municipal de Assistência Social",
    "Identificamos que há pendências no preenchimento do Sistema Censo SUAS e solicitamos a regularização do mesmo \
     a fim de proporcionar dados qualificados que contribuam para o desenvolvimento do Sistema Único de \
     Assistência Social (SUAS).",
    "O link para acessar o sistema é: <https://aplicacoes.mds.gov.br/sagi/censosuas>",
    "ATENÇÃO!",
    ANNEX_I[4],
    "Estamos à disposição para maiores esclarecimentos e orientações.",
    "Atenciosamente,",
    ANNEX_I[7],
    ANNEX_I[8],
    ANNEX_I[9],
];

const SANCTION: &str =
    "Como já é de conhecimento, o não preenchimento pelo município produz sanções administrativas";

fn world() -> World {
    World::new(Sanction::Standard, "").unwrap()
}

fn written(world: &World, decision: &Notice) -> Letter {
    static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::embedded().unwrap());
    letter(&TEMPLATES, &world.context(), decision).unwrap()
}

fn notice(world: &World, name: &str) -> Notice {
    let is = |n: &&Notice| super::name_of(&n.content) == name;
    world.notices().iter().find(is).unwrap().clone()
}

/// The words of a text part: one blank between, no list marks.
fn words(text: &str) -> String {
    let unmarked = text.lines().map(|line| line.trim_start().strip_prefix("- ").unwrap_or(line));
    unmarked.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words that an HTML part shows.
fn shown(html: &str) -> String {
    let (_, body) = html.split_once("<body").unwrap();
    // A block's end parts words; the end of an emphasis or a link does not.
    let mut plain = body.to_owned();
    plain.replace_range(..=plain.find('>').unwrap(), "");
    for inline in ["strong", "em"] {
        plain = plain.replace(&format!("<{inline}>"), "").replace(&format!("</{inline}>"), "");
    }
    while let Some(at) = plain.find("<a ") {
        let end = at + plain[at..].find('>').unwrap();
        plain.replace_range(at..=end, "");
    }
    plain = plain.replace("</a>", "");
    while let Some(at) = plain.find('<') {
        let end = at + plain[at..].find('>').unwrap();
        plain.replace_range(at..=end, " ");
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    for (entity, c) in entities {
        plain = plain.replace(entity, c);
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_whole_and_in_order(sentences: &[&str], text: &str) {
    let mut rest = text;
    for sentence in sentences {
        let at =
            rest.find(sentence).unwrap_or_else(|| panic!("missing or out of order: {sentence}\nin: {text}"));
        rest = &rest[at + sentence.len()..];
    }
}

#[test]
fn annex_i_is_whole_and_in_order_in_a_divulgacao_and_in_a_lembrete() {
    for name in ["divulgacao", "lembrete"] {
        let world = world();
        let letter = written(&world, &notice(&world, name));
        assert_whole_and_in_order(&ANNEX_I, &words(&letter.text));
        assert_whole_and_in_order(&ANNEX_I, &shown(&letter.html));
    }
}

#[test]
fn annex_ii_is_whole_and_in_order_in_a_prazo() {
    let world = world();
    let letter = written(&world, &notice(&world, "prazo"));
    assert_whole_and_in_order(&ANNEX_II, &words(&letter.text));
    assert_whole_and_in_order(&ANNEX_II, &shown(&letter.html));
}

#[test]
fn each_sentence_of_the_norm_is_a_paragraph_of_its_own() {
    let world = world();
    for (name, annex) in [("divulgacao", &ANNEX_I[..7]), ("prazo", &ANNEX_II[..7])] {
        let letter = written(&world, &notice(&world, name));
        let paragraphs: Vec<String> = letter.text.split("\n\n").map(words).collect();
        for sentence in annex {
            assert!(paragraphs.iter().any(|p| p == sentence), "{name}: {sentence}\n{paragraphs:#?}");
        }
    }
}

#[test]
fn text_and_html_say_the_same() {
    for world in [world(), World::new(Sanction::Omitted, "2023-ABC12").unwrap()] {
        for notice in world.notices() {
            let letter = written(&world, &notice);
            assert_eq!(words(&letter.text), shown(&letter.html), "{}", notice.key);
        }
    }
}

#[test]
fn without_sanction_only_its_sentence_is_left_out() {
    let keep = "ATENÇÃO! Fique atento às datas e evite deixar o preenchimento para a última hora.";
    for name in ["divulgacao", "lembrete", "prazo"] {
        let world = World::new(Sanction::Omitted, "").unwrap();
        let letter = written(&world, &notice(&world, name));
        for part in [words(&letter.text), shown(&letter.html)] {
            assert!(!part.contains("sanções"), "{part}");
            assert!(part.contains(keep), "{part}");
        }
    }
}

#[test]
fn a_sanction_of_its_own_takes_the_sentences_place() {
    let world =
        World::new(Sanction::Text("O RMA em atraso <não> suspende repasses.".to_owned()), "").unwrap();
    let letter = written(&world, &notice(&world, "prazo"));
    let whole = "ATENÇÃO! O RMA em atraso <não> suspende repasses. Fique atento às datas e evite deixar o \
                 preenchimento para a última hora.";
    for part in [words(&letter.text), shown(&letter.html)] {
        assert!(part.contains(whole), "{part}");
        assert!(!part.contains(SANCTION));
    }
}

#[test]
fn a_windows_own_sanction_is_preferred_to_its_systems() {
    let mut world = World::new(Sanction::Text("Perde-se o repasse.".to_owned()), "").unwrap();
    let sentence = |world: &World| {
        let text = words(&written(world, &notice(world, "prazo")).text);
        (text.contains("Perde-se o repasse."), text.contains(SANCTION))
    };
    assert_eq!(sentence(&world), (true, false));
    world.calendar.declared[0].sanction = Some(Sanction::Omitted);
    assert_eq!(sentence(&world), (false, false));
    world.calendar.declared[0].sanction = Some(Sanction::Standard);
    assert_eq!(sentence(&world), (false, true));
}

#[test]
fn letters_state_the_deadline_as_date_and_weekday_and_never_the_days_left() {
    let world = world();
    for name in ["divulgacao", "lembrete", "prazo", "prazo-mantido"] {
        let letter = written(&world, &notice(&world, name));
        let text = words(&letter.text);
        assert!(text.contains("Prazo: 05/12/2023 (terça-feira)"), "{text}");
        assert!(!text.contains("dias"), "{text}");
    }
}

#[test]
fn a_deadline_before_the_end_of_the_day_names_its_time() {
    let world = world();
    let deadline = Deadline { on: date(2023, 12, 5), at: time(18, 0, 0, 0) };
    let mut notice = notice(&world, "divulgacao");
    notice.content = Content::Announcement { edition: 1, deadline: Some(deadline) };
    let text = written(&world, &notice).text;
    assert!(text.contains("Prazo: 05/12/2023 (terça-feira), até as 18:00\n"), "{text}");
}

#[test]
fn without_a_deadline_no_date_is_named() {
    let world = world();
    let mut notice = notice(&world, "divulgacao");
    notice.content = Content::Announcement { edition: 1, deadline: None };
    let letter = written(&world, &notice);
    assert!(letter.subject.contains("prazo a definir"), "{}", letter.subject);
    assert!(letter.text.contains("Prazo: a definir"));
    assert!(!letter.text.contains("encerra-se no dia"));
}

#[test]
fn a_lembrete_accuses_nobody() {
    let world = world();
    let letter = written(&world, &notice(&world, "lembrete"));
    let text = words(&letter.text);
    for accusation in ["Identificamos", "pendências", "regularização", "contesta"] {
        assert!(!text.contains(accusation), "{accusation}: {text}");
    }
    assert!(text.contains("não foi possível confirmar"));
    assert!(!letter.subject.to_lowercase().contains("pend"));
}

#[test]
fn the_municipality_is_named() {
    let world = world();
    for notice in world.notices().iter().filter(|n| n.key.municipality().is_some()) {
        let letter = written(&world, notice);
        assert!(letter.subject.contains("Vitória"), "{}", letter.subject);
        assert!(letter.text.contains("Município: Vitória"), "{}", letter.text);
    }
}

#[test]
fn folded_lines_fit_a_terminal() {
    let world = World::new(Sanction::Standard, "2023-ABC12").unwrap();
    for notice in world.notices() {
        for line in folded(&written(&world, &notice).text).lines() {
            let link = line.contains("https://");
            assert!(link || line.chars().count() <= 76 || line.starts_with("Rua Doutor"), "{line}");
        }
    }
}

#[test]
fn every_letter_reads_as_before() {
    let world = World::new(Sanction::Standard, "2023-ABC12").unwrap();
    let mut all = String::new();
    for notice in world.notices() {
        let letter = written(&world, &notice);
        let _ = writeln!(all, "===== {}\nAssunto: {}\n\n{}", notice.key, letter.subject, letter.text);
    }
    insta::assert_snapshot!("letters", all);
}

#[test]
fn the_html_of_a_prazo_reads_as_before() {
    let world = world();
    insta::assert_snapshot!("prazo_html", written(&world, &notice(&world, "prazo")).html);
}

#[test]
fn a_hostile_name_stays_a_name() {
    let mut world = world();
    let hostile = "Vitória\r\nBcc: x@y.z\n\n<script>alert(1)</script>{{ sistema.link }} \u{202e}\"'&";
    let code = world.municipality;
    world.roster.municipalities.get_mut(&code).unwrap().name = hostile.to_owned();
    let system = world.calendar.systems.values_mut().next().unwrap();
    system.name = "Censo\n\nAtenciosamente, <b>outro</b>".to_owned();
    system.link = "javascript:alert(1)\"><img src=x>".to_owned();
    for notice in world.notices() {
        let letter = written(&world, &notice);
        assert!(!letter.subject.chars().any(char::is_control), "{:?}", letter.subject);
        assert!(!letter.text.lines().any(|l| l.starts_with("Bcc:")), "{}", letter.text);
        assert!(!letter.text.contains('\u{202e}'));
        for tag in ["<script", "<b>", "<img", "href=\"javascript"] {
            assert!(!letter.html.contains(tag), "{tag}: {}", letter.html);
        }
        assert_eq!(words(&letter.text), shown(&letter.html));
    }
}

#[test]
fn the_signature_and_the_support_address_are_the_secretariats() {
    let mut world = world();
    world.secretariat.signature = vec!["Equipe <X>".to_owned(), String::new(), "Belém/PA".to_owned()];
    world.secretariat.support = "apoio@example.org".to_owned();
    let letter = written(&world, &notice(&world, "divulgacao"));
    assert!(letter.text.ends_with("Atenciosamente,\n\nEquipe <X>\n\nBelém/PA\n"), "{}", letter.text);
    assert!(letter.text.contains("<apoio@example.org>."));
    assert!(letter.html.contains("Equipe &lt;X&gt;"));
    assert!(!letter.text.contains("mds.gov.br>."));
}

#[test]
fn html_is_accessible_and_asks_for_nothing_from_outside() {
    let world = world();
    for notice in world.notices() {
        let html = written(&world, &notice).html;
        assert!(html.contains("<html lang=\"pt-BR\">"));
        for outside in ["<img", "<link", "src=", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}

#[test]
fn a_notice_about_an_unknown_window_has_no_letter() {
    let world = world();
    let templates = Templates::embedded().unwrap();
    let elsewhere = NoticeKey::parse("rma/2026-11@1/prazo-5d/3205309").unwrap();
    let pending = vec![PendingPart { part: world.cras.clone(), units: vec![], wording: None }];
    let deadline = Deadline { on: date(2023, 12, 5), at: Deadline::DEFAULT_TIME };
    let other = example::notice(elsewhere, Content::Warning { deadline, pending });
    let fault = letter(&templates, &world.context(), &other).unwrap_err();
    assert_eq!(fault.to_string(), "carta: a janela rma/2026-11 não está no calendário");
}

#[test]
fn a_remessa_of_every_municipality_of_the_country_can_be_written() {
    let world = world();
    let mut notice = notice(&world, "remessa");
    if let Content::Referral { pending, unconfirmed, never_told, .. } = &mut notice.content {
        *pending = vec![pending[0].clone(); 5570];
        *unconfirmed = vec![unconfirmed[0].clone(); 5570];
        *never_told = vec![never_told[0].clone(); 5570];
    }
    assert_eq!(written(&world, &notice).text.matches("Vitória (3205309)").count(), 3 * 5570);
}

#[test]
fn a_remessa_says_in_its_second_list_what_not_confirmed_means_and_carries_its_three_lists_as_a_table() {
    let mut world = world();
    let smas = world.roster.municipalities.get_mut(&world.municipality).unwrap();
    for contact in smas.contacts.iter_mut().filter(|contact| contact.role == Role::Smas) {
        contact.telephone = "2731490000".to_owned();
    }
    smas.region = "=SOMA(1)".to_owned();
    let letter = written(&world, &notice(&world, "remessa"));
    let of =
        |from: &str, to: &str| letter.text.split(from).nth(1).unwrap().split(to).next().unwrap().to_owned();
    assert!(of("\n2. ", "\n3. ").contains("não significa pendência"), "{}", letter.text);
    assert_eq!(letter.text.matches("não significa pendência").count(), 1);
    let table = letter.table.clone().unwrap();
    assert_eq!(table.name, "remessa-censo-suas-2023.csv");
    insta::assert_snapshot!("remessa_csv", table.csv.replace('\u{feff}', "<BOM>"));
    assert!(table.csv.contains(";'=SOMA(1);") && table.csv.contains(";(27) 3149-0000\r\n"), "{}", table.csv);
    assert_eq!(written(&world, &notice(&world, "remessa")), letter, "the same again");
    for kind in ["divulgacao", "prazo", "resumo"] {
        assert_eq!(written(&world, &notice(&world, kind)).table, None, "{kind}");
    }
}

#[test]
fn a_named_window_is_named() {
    let mut world = world();
    let window = &mut world.calendar.declared[0];
    window.name = Some("onda 1".to_owned());
    let (window, municipality) = (window.id.clone(), world.municipality);
    let key = NoticeKey::Municipal { window, slot: Slot::Announcement, municipality };
    let letter = written(&world, &example::notice(key, Content::Announcement { edition: 1, deadline: None }));
    assert!(letter.text.contains("Referência: 2023, onda 1\n"), "{}", letter.text);
    assert!(letter.subject.contains("2023, onda 1"), "{}", letter.subject);
}

/// `config/LEIAME.md` lists the names between two marks, in backticks at the beginning of each row.
#[test]
fn the_guide_lists_every_name_that_a_template_may_say_and_no_other() {
    let guide = include_str!("../../../config/LEIAME.md");
    let table = guide.split("<!-- nomes").nth(1).unwrap().split("<!-- fim").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let listed: std::collections::BTreeSet<String> = rows
        .flat_map(|names| names.split(", "))
        .map(|name| name.trim_matches(['`', ' ']).to_owned())
        .collect();
    let mut known = std::collections::BTreeSet::new();
    for (_, facts) in super::example::letters() {
        let serde_json::Value::Object(facts) = serde_json::to_value(facts).unwrap() else {
            panic!("no object")
        };
        for (name, value) in facts {
            match value {
                serde_json::Value::Object(inner) => {
                    known.extend(inner.keys().map(|key| format!("{name}.{key}")));
                }
                // Absent in this letter; another has it, or it is plain.
                serde_json::Value::Null => {}
                _ => {
                    known.insert(name);
                }
            }
        }
    }
    assert_eq!(listed, known);
}
