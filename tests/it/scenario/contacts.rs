//! Who can be written to, and who need not be: addresses missing, dispensas, what is exempted by hand.

use jiff::civil::date;
use vigia_suas::domain::notice::{Content, Kind, Untold};
use vigia_suas::domain::roster::Role;
use vigia_suas::domain::status::State;
use vigia_suas::plan::Act;

use super::stage::{Play, Script, Stage};

const WINDOW: &str = "rma/2025-04";
const CALENDAR: &str = "[[janela]]\nsistema = \"rma\"\nreferencia = \"2025-04\"\nabertura = 2025-05-01\n\
    prazo = 2025-05-31\nfonte = \"Prática do RMA\"\n";
const SMAS: &str = "smas.vitoria@municipio.invalid";
const NO_ADDRESS: &str = "smas.serra@municipio.invalid;;;cmas.serra@municipio.invalid;;;;";
const TAKES_PART: &str = "cmas.alegre@municipio.invalid;;;;";

/// Vitória has no smas address, Serra none at all, Alegre does not take part.
fn script() -> Script {
    Script::new(CALENDAR)
        .with_units()
        .where_roster(SMAS, "")
        .where_roster(NO_ADDRESS, ";;;;;;;")
        .where_roster(TAKES_PART, "cmas.alegre@municipio.invalid;;;rma;")
}

fn everybody_pending(stage: &Stage) -> Play<'_> {
    let (opened, until) = (date(2025, 5, 1), date(2025, 6, 6));
    let changes = stage.each_morning(WINDOW, opened, until, |_, _| State::Pending);
    Play::new(stage, "2025-04-28 00:00", "2025-06-06 00:00", changes)
}

#[test]
fn where_addresses_are_missing_the_next_role_stands_in_and_staff_hear_of_the_rest() {
    let stage = script().compile();
    let mut play = everybody_pending(&stage);
    play.until("2025-05-14 10:00").exempt(WINDOW, "Castelo", None);
    play.until("2025-05-22 10:00").exempt(WINDOW, "Linhares", Some("CRAS"));
    play.until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();

    let vitoria = Some(stage.code("Vitória"));
    let stands_in: Vec<_> =
        play.sent(Kind::Warning).filter(|(_, code, d)| *code == vitoria && d.rung() == Some(10)).collect();
    let [(_, _, letter)] = &stands_in[..] else { panic!("one letter for the rung that asks for smas alone") };
    assert_eq!(
        letter.version(),
        std::num::NonZeroU16::new(2),
        "the council stands in, in a version of its own"
    );
    assert!(letter.to().iter().all(|r| r.role == Role::Cmas));

    let alegre = Some(stage.code("Alegre"));
    assert!(play.decisions().all(|(_, d)| d.key().municipality() != alegre), "a dispensa is silence");
    let castelo = Some(stage.code("Castelo"));
    let after = |at: &str| at > "2025-05-14 10:00";
    assert!(play.decisions().all(|(at, d)| d.key().municipality() != castelo || !after(&play.local(at))));
    let linhares = Some(stage.code("Linhares"));
    for (at, code, letter) in play.sent(Kind::Warning) {
        let Some(Content::Warning { pending, .. }) = letter.content() else { panic!("{at}") };
        let names_cras = pending.iter().any(|p| p.part.as_str() == "CRAS");
        if code == linhares {
            assert_eq!(names_cras, at.as_str() < "2025-05-22 10:00", "{at}");
        }
    }

    let serra = stage.code("Serra");
    let sent_to_serra: Vec<_> = play
        .decisions()
        .filter(|(_, d)| d.act() == Act::Send && d.key().municipality() == Some(serra))
        .collect();
    assert!(
        sent_to_serra.iter().all(|(_, d)| d.to().iter().all(|r| r.role == Role::Unit)),
        "only its units can be written to"
    );
    let (.., referral) = play.sent(Kind::Referral).next().unwrap();
    let Some(Content::Referral { pending, never_told, .. }) = referral.content() else { panic!() };
    assert!(pending.iter().any(|(code, _)| *code == serra));
    assert!(pending.iter().all(|(code, _)| Some(*code) != alegre && Some(*code) != castelo));
    assert!(never_told.iter().all(|(code, why)| *code == serra && *why == Untold::NoContact));
}

#[test]
fn an_address_added_while_the_notice_is_valid_sends_it() {
    let (without, with) = (script().compile(), script_with_serra().compile());
    let mut before = everybody_pending(&without);
    before.until("2025-05-06 10:00");
    let serra = Some(without.code("Serra"));
    let held: Vec<_> =
        before.acts(Act::Withhold, Kind::Announcement).filter(|(_, c, _)| *c == serra).collect();
    assert_eq!(held.len(), 1);
    let mut after = everybody_pending(&with);
    after.replay.ledger = before.replay.ledger.clone();
    after.replay.status = before.replay.status.clone();
    after.resume("2025-05-06 10:00").until("2025-05-20 12:00");
    insta::assert_snapshot!(after.diary());
    let sent: Vec<_> = after.sent(Kind::Announcement).map(|(at, code, d)| (at, code, d.version())).collect();
    assert_eq!(sent, [("2025-05-06 10:00".to_owned(), serra, std::num::NonZeroU16::new(1))]);
}

fn script_with_serra() -> Script {
    Script::new(CALENDAR)
        .with_units()
        .where_roster(SMAS, "")
        .where_roster(TAKES_PART, "cmas.alegre@municipio.invalid;;;rma;")
}
