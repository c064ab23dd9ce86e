//! A warning as a sentence, with what to do about it. Pure.

use jiff::ToSpan;

use super::super::portuguese as pt;
use crate::domain::id::MunicipalityCode;
use crate::domain::roster::Roster;
use crate::plan::forecast::Warning;

/// So many names are given before the rest are counted.
const NAMED: usize = 5;

/// What deserves a look.
pub(super) fn what(warning: &Warning, roster: &Roster) -> String {
    match warning {
        Warning::OverQuota { on, waiting, left } => format!(
            "em {} o servidor não daria conta: {} à espera, {} para o dia seguinte de envio",
            pt::date_and_weekday(*on),
            pt::counted(*waiting, "entrega", "entregas"),
            pt::counted(*left, "ficaria", "ficariam")
        ),
        Warning::DailyLimit { on, due, limit } => format!(
            "em {} haveria {}, mais do que o limite de {limit}: o dia ficaria retido por inteiro",
            pt::date_and_weekday(*on),
            pt::counted(*due, "aviso devido", "avisos devidos")
        ),
        Warning::Crowded { from, letters, municipalities } => format!(
            "{} em 7 dias, de {} a {}: {}",
            pt::counted(*letters, "carta", "cartas"),
            pt::date(*from),
            pt::date(from.saturating_add(6.days())),
            names(municipalities, roster)
        ),
        Warning::NoAudience { window, municipalities } => {
            format!("na janela {window} não há a quem escrever: {}", names(municipalities, roster))
        }
        Warning::NobodyExpected { window } => {
            format!("a janela {window} abre e nenhum município é avisado")
        }
        Warning::RungBeforeOpening { window, rung, opens_on } => format!(
            "na janela {window} o degrau {} do prazo cai antes da abertura ({}): a escada é mais longa que a janela",
            rung_of(*rung),
            pt::date(*opens_on)
        ),
        Warning::NoLadder { window } => format!("a janela {window} não tem escada: ninguém é cobrado"),
        Warning::RungMoved { window, rung, on, holiday, leaves_on } => format!(
            "na janela {window} o degrau {} do prazo cai em {}{}: as cartas saem em {}",
            rung_of(*rung),
            pt::date_and_weekday(*on),
            holiday.as_ref().map(|name| format!(", {}", pt::line(name))).unwrap_or_default(),
            pt::date_and_weekday(*leaves_on)
        ),
    }
}

/// What to do about it.
pub(super) fn remedy(warning: &Warning) -> &'static str {
    match warning {
        Warning::OverQuota { .. } => {
            "aumente por_minuto ou por_dia em [smtp], se o servidor aceitar, ou antecipe um degrau"
        }
        Warning::DailyLimit { .. } => "se o volume está certo, aumente limite_dia em vigia.toml",
        Warning::Crowded { .. } => "afaste os degraus de sistemas que vencem na mesma semana, ou tire um",
        Warning::NoAudience { .. } => "complete os endereços em municipios.csv",
        Warning::NobodyExpected { .. } => {
            "confira as partes da janela, as dispensas de municipios.csv e unidades.csv"
        }
        Warning::RungBeforeOpening { .. } => "tire o degrau ou aproxime-o do prazo",
        Warning::NoLadder { .. } => "escreva a escada do sistema em calendario.toml",
        Warning::RungMoved { .. } => "nada a fazer: é a regra; confira só se o dia serve",
    }
}

/// The sort of warning, for a column or a heading.
pub(super) fn sort(warning: &Warning) -> &'static str {
    match warning {
        Warning::OverQuota { .. } => "servidor de e-mail",
        Warning::DailyLimit { .. } => "limite do dia",
        Warning::Crowded { .. } => "muitas cartas na semana",
        Warning::NoAudience { .. } => "sem contato",
        Warning::NobodyExpected { .. } => "ninguém esperado",
        Warning::RungBeforeOpening { .. } => "degrau antes da abertura",
        Warning::NoLadder { .. } => "sem escada",
        Warning::RungMoved { .. } => "degrau antecipado",
    }
}

/// `do dia`, `de 5 dias antes`.
fn rung_of(days: u16) -> String {
    if days == 0 { "do dia".to_owned() } else { format!("de {}", pt::days_before(days)) }
}

fn names(codes: &[MunicipalityCode], roster: &Roster) -> String {
    let name = |code: &MunicipalityCode| {
        roster.municipalities.get(code).map_or_else(|| code.to_string(), |m| pt::line(&m.name))
    };
    if codes.len() == roster.municipalities.len() && codes.len() > NAMED {
        return format!("todos os {} municípios", codes.len());
    }
    let mut named: Vec<String> = codes.iter().take(NAMED).map(name).collect();
    if codes.len() > NAMED {
        named.push(format!("mais {}", codes.len() - NAMED));
    }
    pt::list(&named)
}
