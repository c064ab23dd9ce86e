//! What vanishes from the folder of the configuration: by a share that is not mounted, or by a hand.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

impl Secretariat {
    /// One that is asked besides for a part of units, which two of its municipalities have.
    async fn with_units() -> Self {
        let relay = Relay::start().await;
        let choice = Choice { municipalities: 20, ..Choice::new(relay.port) };
        let here = Self { site: Site::new(&choice), relay, choice, now: Clock::System.now() };
        here.edit("calendario.toml", "partes = [\"GESTAO\"]", "partes = [\"GESTAO\", \"CREAS\"]");
        let part = "[parte.CREAS]\nnome = \"CREAS\"\nresponsavel = \"unidade\"\n[sistema.teste]\n";
        here.edit("calendario.toml", "[sistema.teste]\n", part);
        let of = |n: usize| format!("{n};{};CREAS;CREAS\n", here.site.municipalities[n]);
        here.write("unidades.csv", format!("id;ibge;parte;nome\n{}{}", of(0), of(1)));
        here.service().await.unwrap().once().await.unwrap();
        here.relay.distinct(20).await;
        here
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_or_holidays_that_vanish_are_a_fault_as_a_link_and_held_as_an_absence() {
    let here = Secretariat::with_units().await;
    let in_force = here.site.setup().config.fingerprint;
    let service = here.daemon().await;
    for (name, told) in [
        ("unidades.csv", &["unidades.csv deixa de existir", "18 municípios passam a ter de preencher"][..]),
        ("feriados.toml", &["de ser feriado ou ponto facultativo"]),
    ] {
        let (path, away) = (here.site.config().join(name), here.site.config().join("longe"));
        fs::rename(&path, &away).unwrap();
        symlink("/mnt/partilha/que-nao-esta-montada", &path).unwrap();
        service.reload().await.unwrap();
        let refused = aside(&service.app.store).await.unwrap();
        let faults = &refused.faults;
        assert!(refused.letters.is_none() && faults.contains(name), "{faults}");
        assert!(faults.contains("é um atalho que não leva a nada") && faults.contains("dica: "), "{faults}");
        let output = here.run(&["verificar"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(3) && said.contains("que não existe"), "{said}");

        fs::remove_file(&path).unwrap();
        service.reload().await.unwrap();
        let held = aside(&service.app.store).await.unwrap();
        assert!(held.letters.is_some() && told.iter().all(|told| held.faults.contains(told)), "{held:?}");
        let said = here.refused(&["aplicar", "--sim"]);
        assert!(told.iter().all(|told| said.contains(told)), "{said}");
        assert_eq!(service.app.live().setup.config.fingerprint, in_force);
        is_quiet(&service.app, here.now).await;

        fs::rename(&away, &path).unwrap();
        service.reload().await.unwrap();
        assert_eq!(aside(&service.app.store).await, None);
    }
    service.app.store.close().await;
}
