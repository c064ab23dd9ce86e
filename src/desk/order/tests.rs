//! Orders checked against calendar and roster, and what is in force of them.

use super::*;
use crate::config::{Sources, compile};
use crate::domain::roster::Municipality;

#[test]
fn a_name_that_two_municipalities_have_is_refused_with_their_codes() {
    let named = [("2201903", "Bom Jesus"), ("4302303", "Bom Jesus"), ("3205200", "Vila Velha")];
    let municipalities = named.map(|(code, name)| {
        let code = MunicipalityCode::parse(code).unwrap();
        let (region, note) = (String::new(), String::new());
        let one = Municipality {
            code,
            name: name.to_owned(),
            region,
            contacts: Vec::new(),
            exempt: [].into(),
            note,
        };
        (code, one)
    });
    let roster = Roster { municipalities: municipalities.into(), ..Roster::default() };
    let found = |text: &str| municipality(&roster, text).map(|code| code.to_string());
    let refused = found("bom jesus").unwrap_err().to_string();
    assert!(refused.contains("mais de um município “bom jesus”"), "{refused}");
    assert!(refused.ends_with("use o código: 2201903 (PI), 4302303 (RS)"), "{refused}");
    assert_eq!(found("4302303").unwrap(), "4302303");
    assert_eq!(found("220190").unwrap(), "2201903");
    assert_eq!(found("VILA VELHA").unwrap(), "3205200");
    let hint = |text: &str| found(text).unwrap_err().to_string();
    assert!(
        hint("vila velh").contains("você quis dizer “Vila Velha”? Senão, use o código"),
        "{}",
        hint("vila velh")
    );
    assert!(hint("Vila Vehla").contains("“Vila Velha”"), "a slip");
    assert!(!hint("3205308").contains("quis dizer") && !hint("").contains("quis dizer"));
    assert!(found("Bom Jesus do Norte").unwrap_err().to_string().contains("não há município"));
}

#[test]
fn an_earlier_deadline_is_released_only_while_its_letters_leave_before_it() {
    let calendar = "[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\n\
        prazo = 2026-11-30\nfonte = \"x\"\n[[janela.prorrogacao]]\nprazo = 2026-11-25\n\
        anunciada = 2026-11-16\nfonte = \"MDS\"\n";
    let sources = Sources::embedded();
    let mut text = sources.bytes("calendario.toml").unwrap().to_vec();
    text.extend_from_slice(calendar.as_bytes());
    let at = |text: &str| format!("{text}-03:00").parse::<Timestamp>().unwrap();
    let config = compile(&sources.with("calendario.toml", text), at("2026-11-16T09:00:00")).unwrap();
    let mut hours = config.calendar.hours.clone();
    hours.waits = true;
    let batch = BatchId::parse("rma/2026-10@2/prorrogacao").unwrap();
    let refused = |hours: &SendingHours, text: &str| in_time(&config, hours, &batch, at(text)).is_err();
    assert!(!refused(&hours, "2026-11-25T15:00:00"));
    // What is released in the evening leaves the next morning.
    assert!(refused(&hours, "2026-11-25T21:00:00"));
    hours.waits = false;
    assert!(!refused(&hours, "2026-11-25T21:00:00"));
    assert!(refused(&hours, "2026-11-26T08:00:00"));
    let opening = BatchId::parse("rma/2026-10/divulgacao").unwrap();
    let told =
        |batch: &str| last_day_told(&config, &BatchId::parse(batch).unwrap()).map(|day| day.to_string());
    assert_eq!(told("rma/2026-10@2/prorrogacao").as_deref(), Some("2026-11-25"));
    assert_eq!(told("rma/2026-10@1/prazo-5d").as_deref(), Some("2026-11-30"));
    assert_eq!((told("rma/2026-10/divulgacao"), told("dia/2026-11-20"), told("fila")), (None, None, None));
    assert!(in_time(&config, &hours, &opening, at("2026-12-26T08:00:00")).is_ok());
}
