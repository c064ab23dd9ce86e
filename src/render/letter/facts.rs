//! What a template may say: the facts of one letter, under the names that operators use. Pure.
//!
//! Every name is there in every letter; what does not apply is empty or none. Whatever came from a file or a feed is
//! brought to one line here, so that no name can forge a header or a paragraph.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::calendar::{Deadline, Sanction, System, Window};
use crate::domain::feed::Word;
use crate::domain::id::{MunicipalityCode, PartId};
use crate::domain::notice::{
    Addressee, Content, DAILY_PAGE, DigestLine, NoticeKey, Overtaken, PendingPart, StaffSlot, Told,
    UnconfirmedPart,
};
use crate::plan::Notice;

use super::super::because;
use super::super::portuguese as pt;
use super::{Context, TemplateFault, alert};

/// The facts of one letter. The names in `rename` are those that `config/LEIAME.md` documents.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Facts {
    #[serde(rename = "assunto")]
    pub(super) subject: String,
    #[serde(rename = "municipio")]
    municipality: Option<Place>,
    #[serde(rename = "sistema")]
    system: SystemFacts,
    #[serde(rename = "janela")]
    window: String,
    #[serde(rename = "referencia")]
    reference: String,
    #[serde(rename = "prazo")]
    deadline: Option<DeadlineFacts>,
    #[serde(rename = "prazo_anterior")]
    previous: Option<DeadlineFacts>,
    /// `definido`, `prorrogado`, `antecipado` or `mantido`.
    #[serde(rename = "mudanca")]
    change: &'static str,
    #[serde(rename = "fonte")]
    source: String,
    #[serde(rename = "sancao")]
    sanction: SanctionFacts,
    #[serde(rename = "pendencias")]
    pending: Vec<PartFacts>,
    #[serde(rename = "nao_confirmadas")]
    unconfirmed: Vec<PartFacts>,
    #[serde(rename = "cancelada")]
    cancelled: bool,
    #[serde(rename = "suspensa")]
    suspended: bool,
    #[serde(rename = "desde")]
    since: Option<String>,
    #[serde(rename = "destinatario")]
    addressee: String,
    #[serde(rename = "dia")]
    day: Option<String>,
    #[serde(rename = "cartas")]
    letters: Vec<DigestFacts>,
    #[serde(rename = "municipios_pendentes")]
    pub(super) pending_municipalities: Vec<ReferralFacts>,
    #[serde(rename = "municipios_nao_confirmados")]
    pub(super) unconfirmed_municipalities: Vec<ReferralFacts>,
    #[serde(rename = "municipios_nao_comunicados")]
    pub(super) untold_municipalities: Vec<ReferralFacts>,
    /// Those that owed nothing yet.
    #[serde(rename = "municipios_a_espera")]
    pub(super) waiting_municipalities: Vec<ReferralFacts>,
    /// How many municipalities its lists name, each counted once.
    #[serde(rename = "municipios_na_remessa")]
    referred: usize,
    /// How many others of the window are in a remessa of their own.
    #[serde(rename = "municipios_a_parte")]
    apart: usize,
    #[serde(rename = "motivo")]
    topic: String,
    #[serde(rename = "municipios_retirados")]
    left_municipalities: Vec<Place>,
    /// Whom a remessa named and who has concluded since.
    #[serde(rename = "municipios_concluidos")]
    concluded_municipalities: Vec<Place>,
    /// How many municipalities a remessa still names after an addendum.
    #[serde(rename = "permanecem")]
    remaining: usize,
    #[serde(rename = "itens")]
    items: Vec<String>,
    /// Whether an alert is the page of the day, and no alarm.
    #[serde(rename = "pagina")]
    is_page: bool,
    #[serde(rename = "suporte")]
    support: String,
    /// Paragraphs of lines.
    #[serde(rename = "assinatura")]
    signature: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Place {
    #[serde(rename = "nome")]
    pub(super) name: String,
    #[serde(rename = "codigo")]
    pub(super) code: String,
}

#[derive(Debug, Clone, Default, Serialize)]
struct SystemFacts {
    #[serde(rename = "nome")]
    name: String,
    link: String,
    #[serde(rename = "processo")]
    case_number: String,
}

#[derive(Debug, Clone, Serialize)]
struct DeadlineFacts {
    /// `05/12/2023`
    #[serde(rename = "data")]
    date: String,
    /// `05/12/2023 (terça-feira)`, with the time when it is not the end of the day.
    #[serde(rename = "completo")]
    whole: String,
}

#[derive(Debug, Clone, Default, Serialize)]
struct SanctionFacts {
    /// `padrao`, `nenhuma` or `texto`.
    #[serde(rename = "tipo")]
    kind: &'static str,
    #[serde(rename = "texto")]
    text: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct PartFacts {
    #[serde(rename = "nome")]
    pub(super) name: String,
    #[serde(rename = "unidades")]
    pub(super) units: Vec<String>,
    /// The source's own words, or why nobody knows.
    #[serde(rename = "observacao")]
    pub(super) note: String,
}

#[derive(Debug, Clone, Serialize)]
struct DigestFacts {
    #[serde(rename = "municipio")]
    municipality: Place,
    #[serde(rename = "tipo")]
    kind: &'static str,
    #[serde(rename = "degrau")]
    rung: String,
    /// The day on which it left.
    #[serde(rename = "dia")]
    left_on: String,
    /// The deadline that it names.
    #[serde(rename = "prazo")]
    deadline: String,
    #[serde(rename = "partes")]
    parts: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ReferralFacts {
    #[serde(rename = "municipio")]
    pub(super) municipality: Place,
    #[serde(rename = "partes")]
    pub(super) parts: Vec<PartFacts>,
    #[serde(rename = "motivo")]
    pub(super) because: String,
}

/// The facts of a notice's letter.
pub(super) fn gather(desk: &Context<'_>, notice: &Notice) -> Result<Facts, TemplateFault> {
    let mut facts = Facts {
        municipality: notice.key.municipality().map(|code| place(desk, code)),
        sanction: SanctionFacts { kind: "nenhuma", text: String::new() },
        support: pt::line(&desk.secretariat.support),
        signature: paragraphs(&desk.secretariat.signature),
        ..Facts::default()
    };
    if let Some(id) = notice.key.window() {
        let missing = || TemplateFault::unwritable(format!("a janela {id} não está no calendário"));
        let window = desk.calendar.window(id).ok_or_else(missing)?;
        let system = desk.calendar.systems.get(&window.system).ok_or_else(missing)?;
        about(&mut facts, &window, system);
    }
    if let NoticeKey::Staff { slot: StaffSlot::Digest { on, .. } | StaffSlot::Alert { on, .. }, .. }
    | NoticeKey::Service { on, .. } = &notice.key
    {
        facts.day = Some(pt::date_and_weekday(*on));
    }
    facts.is_page = matches!(&notice.key, NoticeKey::Service { topic, .. } if topic == DAILY_PAGE);
    fill(&mut facts, desk, notice.key.municipality(), &notice.content);
    Ok(facts)
}

fn about(facts: &mut Facts, window: &Window, system: &System) {
    facts.window = window.id.to_string();
    facts.reference = pt::period(window);
    facts.system = SystemFacts {
        name: pt::line(&system.name),
        link: pt::line(&system.link),
        case_number: pt::line(&system.case_number),
    };
    facts.sanction = match window.sanction.as_ref().unwrap_or(&system.sanction) {
        Sanction::Standard => SanctionFacts { kind: "padrao", text: String::new() },
        Sanction::Omitted => SanctionFacts { kind: "nenhuma", text: String::new() },
        Sanction::Text(text) => SanctionFacts { kind: "texto", text: pt::line(text) },
    };
}

fn fill(facts: &mut Facts, desk: &Context<'_>, municipality: Option<MunicipalityCode>, content: &Content) {
    match content {
        Content::Announcement { deadline, .. } | Content::Upheld { deadline } => {
            facts.deadline = deadline.map(deadline_facts);
        }
        Content::Reminder { deadline, unconfirmed } => {
            facts.deadline = Some(deadline_facts(*deadline));
            facts.unconfirmed = unconfirmed.iter().map(|p| unconfirmed_part(desk, p)).collect();
        }
        Content::Warning { deadline, pending } => {
            facts.deadline = Some(deadline_facts(*deadline));
            facts.pending = pending.iter().map(|p| pending_part(desk, municipality, p)).collect();
        }
        Content::Extension { previous, deadline, source } => {
            moved(facts, *previous, Some(*deadline), source);
        }
        Content::Suspension { cancelled, since } => {
            facts.cancelled = *cancelled;
            facts.since = since.map(pt::date);
        }
        Content::Digest { to, deadline, lines } => {
            facts.addressee = office(desk, to);
            facts.deadline = deadline.map(deadline_facts);
            facts.letters = lines.iter().map(|l| digest_line(desk, l)).collect();
        }
        Content::Referral { to, deadline, pending, unconfirmed, never_told, apart, waited } => {
            facts.addressee = office(desk, to);
            facts.deadline = deadline.map(deadline_facts);
            let owing = pending.iter().map(|(code, _)| code);
            let doubted = unconfirmed.iter().map(|(code, _)| code);
            let named: BTreeSet<_> =
                owing.chain(doubted).chain(never_told.iter().map(|(code, _)| code)).collect();
            facts.referred = named.len();
            facts.apart = *apart;
            facts.pending_municipalities = pending
                .iter()
                .map(|(code, parts)| {
                    let parts = parts.iter().map(|p| pending_part(desk, Some(*code), p)).collect();
                    ReferralFacts { municipality: place(desk, *code), parts, because: String::new() }
                })
                .collect();
            facts.unconfirmed_municipalities = unconfirmed
                .iter()
                .map(|(code, parts)| {
                    let parts = parts.iter().map(|p| unconfirmed_part(desk, p)).collect();
                    ReferralFacts { municipality: place(desk, *code), parts, because: String::new() }
                })
                .collect();
            facts.untold_municipalities = never_told
                .iter()
                .map(|(code, why)| {
                    let because = because::untold(why);
                    ReferralFacts { municipality: place(desk, *code), parts: Vec::new(), because }
                })
                .collect();
            facts.waiting_municipalities = waited
                .iter()
                .map(|(code, window)| {
                    let because = because::waited_for(window.as_ref());
                    ReferralFacts { municipality: place(desk, *code), parts: Vec::new(), because }
                })
                .collect();
        }
        Content::ReferralAddendum { to, previous, why, left, concluded, remaining } => {
            facts.addressee = office(desk, to);
            match why {
                Overtaken::Extended { deadline, source } => {
                    moved(facts, Told::from(*previous), *deadline, source);
                }
                Overtaken::Cancelled | Overtaken::Suspended => {
                    facts.cancelled = *why == Overtaken::Cancelled;
                    facts.suspended = *why == Overtaken::Suspended;
                    facts.deadline = previous.map(deadline_facts);
                }
            }
            facts.left_municipalities = left.iter().map(|code| place(desk, *code)).collect();
            facts.concluded_municipalities = concluded.iter().map(|code| place(desk, *code)).collect();
            facts.remaining = *remaining;
        }
        Content::Alert { items } => {
            facts.topic = alert::topic(items);
            facts.items = items.iter().map(|item| alert::item(desk, item)).collect();
        }
    }
}

fn moved(facts: &mut Facts, previous: Told, deadline: Option<Deadline>, source: &str) {
    let before = match previous {
        Told::Date(before) => Some(before),
        Told::Undefined => None,
    };
    facts.change = match (before, deadline) {
        (Some(before), Some(now)) if now > before => "prorrogado",
        (Some(before), Some(now)) if now < before => "antecipado",
        (None, Some(_)) => "definido",
        _ => "mantido",
    };
    facts.previous = before.map(deadline_facts);
    facts.deadline = deadline.map(deadline_facts);
    pt::line(source).trim_end_matches('.').clone_into(&mut facts.source);
}

fn deadline_facts(deadline: Deadline) -> DeadlineFacts {
    let on: Date = deadline.on;
    DeadlineFacts { date: pt::date(on), whole: pt::deadline(deadline) }
}

fn place(desk: &Context<'_>, code: MunicipalityCode) -> Place {
    Place { name: desk.name(code), code: code.to_string() }
}

fn pending_part(desk: &Context<'_>, at: Option<MunicipalityCode>, part: &PendingPart) -> PartFacts {
    let units = part
        .units
        .iter()
        .map(|id| {
            let mut known = at.into_iter().flat_map(|code| desk.roster.units_of(code, &part.part));
            match known.find(|unit| unit.id == *id) {
                Some(unit) => format!("{} (código {})", pt::line(&unit.name), pt::line(id.as_str())),
                None => format!("unidade de código {}", pt::line(id.as_str())),
            }
        })
        .collect();
    let note = part.wording.as_deref().and_then(Word::said_of_form).unwrap_or_default().to_owned();
    PartFacts { name: because::part_name(&part.part, desk.calendar), units, note }
}

fn unconfirmed_part(desk: &Context<'_>, part: &UnconfirmedPart) -> PartFacts {
    PartFacts {
        name: because::part_name(&part.part, desk.calendar),
        units: Vec::new(),
        note: because::doubt(&part.doubt, desk.calendar),
    }
}

fn digest_line(desk: &Context<'_>, line: &DigestLine) -> DigestFacts {
    let name = |part: &PartId| because::part_name(part, desk.calendar);
    DigestFacts {
        municipality: place(desk, line.municipality),
        kind: pt::kind(line.kind),
        rung: pt::of_days_before(line.days_before),
        left_on: pt::date(line.left_on),
        deadline: line.deadline.map(pt::short_deadline).unwrap_or_default(),
        parts: pt::list(&line.parts.iter().map(name).collect::<Vec<_>>()),
    }
}

fn office(desk: &Context<'_>, to: &Addressee) -> String {
    let offices = &desk.roster.offices;
    let known = match to {
        Addressee::Gsuas => Some(&offices.gsuas.name),
        Addressee::Gerencia(id) => offices.gerencias.get(id).map(|office| &office.name),
    };
    match known.map(|name| pt::line(name)) {
        Some(name) if !name.is_empty() => name,
        _ => pt::line(&to.to_string()),
    }
}

/// Lines parted into paragraphs at empty ones.
fn paragraphs(lines: &[String]) -> Vec<Vec<String>> {
    let lines: Vec<String> = lines.iter().map(|l| pt::line(l)).collect();
    lines.split(String::is_empty).filter(|p| !p.is_empty()).map(<[String]>::to_vec).collect()
}
