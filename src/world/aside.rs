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

/// What it is and what to do first.
pub fn words(aside: &RefusedConfiguration, zone: &Zone) -> String {
    match aside.letters {
        Some(letters) => format!(
            "os arquivos têm mudanças de efeito grande que ninguém confirmou, desde {}; vale a configuração anterior\n  \
             dica: veja o que muda com “vigia-suas aplicar”; {}",
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
