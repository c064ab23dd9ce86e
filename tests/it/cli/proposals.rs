//! Proposals of the register of units, taken by a person.

use super::office::Office;
use super::together::answered;
use super::watch::{LISTED, with_register};

const AT: &str = "--em 2026-11-23T09:05";

/// With proposals to take.
fn proposed() -> Office {
    let office = with_register("manual", "");
    office.write("cras.csv", LISTED);
    office.run("cadastro carregar cras cras.csv --em 2026-11-23T09:00", 0);
    office
}

#[test]
fn proposals_are_taken_with_the_same_yes_as_everything_else() {
    let office = proposed();
    let (shown, code) = answered(&office, &format!("cadastro aplicar --so email {AT}"), || ());
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("gravar em unidades.csv? [s/N]") && shown.contains("1 mudança gravada"), "{shown}");
    assert!(office.read("config/unidades.csv").contains("novo@vitoria.invalid"));
}
