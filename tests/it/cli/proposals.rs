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
fn proposals_wait_until_what_the_folder_holds_is_settled() {
    let refused = "a pasta tem mudanças por confirmar ou com falhas";
    let take = format!("cadastro aplicar --sim {AT}");
    let office = proposed();
    office.run("servir --uma-vez --em 2026-11-23T09:01", 0);
    let (good, units) = (office.read("config/municipios.csv"), office.read("config/unidades.csv"));
    // Held by the service for its effect; then with a fault.
    let fewer: Vec<&str> = good.lines().filter(|line| !line.starts_with("3205200")).collect();
    let ways = [("menor", fewer.join("\n")), ("falha", good.replace("3205309;", "3205308;"))];
    for (way, roster) in ways {
        office.write("config/municipios.csv", roster);
        let held = office.output("servir --uma-vez --em 2026-11-23T09:02");
        assert!(!held.status.success());
        let said = office.run(&take, 1);
        assert!(said.contains(refused) && !said.contains("enquanto você lia"), "{way}: {said}");
        assert_eq!(office.read("config/unidades.csv"), units, "{way}");
    }
    office.write("config/municipios.csv", good);
    office.run("servir --uma-vez --em 2026-11-23T09:04", 0);
    office.run(&take, 0);
}

#[test]
fn proposals_are_taken_with_the_same_yes_as_everything_else() {
    let office = proposed();
    let (shown, code) = answered(&office, &format!("cadastro aplicar --so email {AT}"), || ());
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("gravar em unidades.csv? [s/N]") && shown.contains("1 mudança gravada"),
        "{shown}"
    );
    assert!(office.read("config/unidades.csv").contains("novo@vitoria.invalid"));
}
