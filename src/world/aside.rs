//! What the files hold and the service did not let in, in words: for `saude`, `plano`, STATUS and alerts.

use crate::domain::time::Zone;
use crate::render::portuguese as pt;
use crate::store::RefusedConfiguration;

/// In a few words, as systemd shows it.
pub fn headline(aside: &RefusedConfiguration) -> &'static str {
    match aside.letters {
        Some(_) => "a configuração nova espera confirmação, vale a anterior",
        None => "a configuração nova foi recusada, vale a anterior",
    }
}

/// What to type first.
pub fn command(aside: &RefusedConfiguration) -> &'static str {
    match aside.letters {
        Some(_) => "vigia-suas aplicar",
        None => "vigia-suas verificar",
    }
}

/// What it is and what to do first. It stands for days, while fewer and fewer letters are left to change: the number is that of
/// the day on which it was held, and the table has the one of now.
pub fn words(aside: &RefusedConfiguration, zone: &Zone) -> String {
    match aside.letters {
        Some(letters) => format!(
            "os arquivos têm mudanças de efeito grande que ninguém confirmou, desde {}; vale a configuração anterior\n  \
             dica: veja o que muda com “vigia-suas aplicar”, que diz também o número de hoje, se já for outro; {}",
            pt::instant(aside.since, zone),
            way_out(letters)
        ),
        None => format!(
            "a configuração nova foi recusada em {}; vale a anterior\n  dica: rode “vigia-suas verificar”, corrija e \
             rode “systemctl reload vigia-suas”",
            pt::instant(aside.last_at, zone)
        ),
    }
}

/// The whole of it, as staff are told.
pub fn told(aside: &RefusedConfiguration) -> String {
    match aside.letters {
        Some(letters) => format!(
            "A configuração nova tem efeito grande e não foi adotada; vale a anterior.\n{}\nO que fazer: {}.",
            aside.faults,
            way_out(letters)
        ),
        None => format!("A configuração nova não foi adotada; vale a anterior.\n{}", aside.faults),
    }
}

/// How what is held is let in, or ceases to wait.
fn way_out(letters: usize) -> String {
    format!(
        "se é isso mesmo, rode “vigia-suas aplicar --confirmar {letters}”; se não é, corrija os arquivos e rode \
         “systemctl reload vigia-suas”"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aside(letters: Option<usize>) -> RefusedConfiguration {
        let at = "2026-11-26T12:00:00Z".parse().unwrap();
        RefusedConfiguration {
            fingerprint: "f".to_owned(),
            since: at,
            last_at: at,
            letters,
            faults: "muda: municipios.csv".to_owned(),
        }
    }

    #[test]
    fn what_stands_for_days_names_the_number_it_was_held_with_and_the_command_that_shows_the_one_of_now() {
        let zone = Zone::new(jiff::tz::TimeZone::UTC);
        let held = aside(Some(8));
        let standing = words(&held, &zone);
        assert!(standing.contains("“vigia-suas aplicar”, que diz também o número de hoje"), "{standing}");
        for text in [standing, told(&held)] {
            assert!(text.contains("“vigia-suas aplicar --confirmar 8”"), "{text}");
        }
        assert_eq!(command(&held), "vigia-suas aplicar");
        assert_eq!(command(&aside(None)), "vigia-suas verificar");
    }
}
