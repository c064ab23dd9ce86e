//! Why, in words: one plain Portuguese sentence for every reason, with its facts. Pure. Above 400 lines:
//! one table, matched without `_`.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::domain::calendar::{Calendar, HaltKind};
use crate::domain::id::{PartId, WindowId};
use crate::domain::journal::Evidence;
use crate::domain::notice::{Kind, Told, UnconfirmedPart, Untold};
use crate::domain::overrides::{BatchId, HoldScope, Note};
use crate::domain::reason::{Cause, Reason};
use crate::domain::refusal::Refusal;
use crate::domain::status::{Basis, Doubt, State, StatusEntry};
use crate::domain::time::Zone;
use crate::plan::summary::{CallLine, CallPurpose, CallReason, PartLine};

use super::portuguese as pt;

/// The because of a decision as a complete sentence, ending with a full stop.
#[expect(clippy::too_many_lines, reason = "one arm for each reason, so that no reason goes unworded")]
pub fn because(reason: &Reason, calendar: &Calendar) -> String {
    let at = |instant| pt::instant(instant, &calendar.hours.zone);
    match reason {
        Reason::WindowOpen { opened_on } => format!(
            "A janela está aberta desde {} e o município ainda não foi comunicado.",
            pt::date(*opened_on)
        ),
        Reason::RungDue { due_at, .. } => {
            format!("O aviso é devido desde {} e há preenchimento pendente.", at(*due_at))
        }
        Reason::Coincidence { due_at, rungs, .. } => {
            let rungs: Vec<String> =
                rungs
                    .iter()
                    .map(|days| {
                        if *days == 0 {
                            "do dia".to_owned()
                        } else {
                            format!("de {}", pt::days_before(*days))
                        }
                    })
                    .collect();
            format!(
                "Coincidência: os avisos {} do prazo são devidos no mesmo instante, desde {}, e formam uma só carta.",
                pt::list(&rungs),
                at(*due_at)
            )
        }
        Reason::ReminderInstead { unconfirmed } => format!(
            "Nada consta como pendente, mas não há confirmação de {}: em vez da cobrança vai o lembrete, que não \
             acusa ninguém.",
            doubted(unconfirmed, calendar)
        ),
        Reason::DeadlineMoved { told, now } => {
            let [told, now] = told_dates([*told, *now]);
            format!("O último prazo comunicado ao município foi {told}, e o que vale agora é {now}.")
        }
        Reason::Halted { kind, since } => {
            let how = halted(*kind);
            match since {
                // The day is the one on which it became known.
                Some(day) => format!("Soube-se em {} que a janela foi {how}.", pt::date(*day)),
                None => format!("A janela está {how}."),
            }
        }
        Reason::DeadlineUpheld => "A suspensão terminou e o prazo está mantido.".to_owned(),
        Reason::GoesOn => {
            "Um dos endereços já recebeu a carta: ela segue para os outros como foi escrita.".to_owned()
        }
        Reason::CopiesDue { letters } => format!(
            "{} {}.",
            if *letters == 1 { "Saiu" } else { "Saíram" },
            pt::counted(
                *letters,
                "carta que este destinatário acompanha",
                "cartas que este destinatário acompanha"
            )
        ),
        Reason::DeadlinePassed { at: passed } => format!("O prazo encerrou-se em {}.", at(*passed)),
        Reason::ReferralOvertaken { edition } => {
            format!("Depois da remessa veio a edição {edition} do prazo, que retira municípios dela.")
        }
        Reason::StaffNeeded { notices } => format!(
            "{} da equipe.",
            pt::counted(*notices, "aviso espera providência", "avisos esperam providência")
        ),
        Reason::StaffTold { about } => format!("Mensagem à equipe: {}.", pt::line(about)),
        Reason::ClockBehind { high_water } => format!(
            "O relógio está atrasado: o livro já tem registros de {}. Nada é enviado até que o relógio seja \
             acertado.",
            at(*high_water)
        ),
        Reason::Unconfirmed { unconfirmed } => format!(
            "Nada consta como pendente, mas não há confirmação de {}; na dúvida ninguém é cobrado.",
            doubted(unconfirmed, calendar)
        ),
        Reason::AddressFlagged { role, refusal: Refusal::Address } => {
            format!("O endereço de {role} recusou ou devolveu uma carta e ainda não foi corrigido.")
        }
        Reason::AddressFlagged { role, refusal } => {
            format!("Uma carta não chegou ao endereço de {role}: {}.", refusal.words())
        }
        Reason::NoContact => {
            "Não há endereço utilizável em nenhum papel do município; complete o cadastro.".to_owned()
        }
        Reason::Held { scope, author, reason } => format!(
            "O envio ({}) foi retido por {}; motivo: {}.",
            scope_words(scope),
            open_ended(author),
            open_ended(reason)
        ),
        Reason::Paused { until, author, result } => format!(
            "A cobrança está em pausa até {}, por um telefonema de {}; resultado: {}.",
            pt::date(*until),
            open_ended(author),
            open_ended(result)
        ),
        Reason::AwaitsOpening { batch } => {
            format!("Aguarda liberação ({}): a abertura da janela precisa ser confirmada.", release(batch))
        }
        Reason::AwaitsApproval { batch } => {
            format!("Aguarda liberação ({}): todo lote deste sistema precisa ser aprovado.", release(batch))
        }
        Reason::EarlierDeadline { batch, announced, in_force } => {
            let [announced, in_force] = told_dates([*announced, *in_force]);
            format!(
                "Aguarda liberação ({}): o novo prazo, {announced}, é anterior ao que está em vigor, {in_force}, que \
                 continua valendo até lá.",
                release(batch)
            )
        }
        Reason::DeadlineInDoubt { batch } => format!(
            "Há um prazo anterior ao vigente que aguarda liberação ({}); até lá não sai carta de prazo.",
            release(batch)
        ),
        Reason::DeadlineLapsed { deadline } => format!(
            "O prazo antecipado para {} passou sem que alguém o liberasse, e liberá-lo agora não adianta: nenhuma carta de \
             prazo sai, e ninguém é tido por atrasado por ele. Se outra data vale, escreva-a com prorrogar.",
            pt::deadline(*deadline)
        ),
        Reason::DailyLimit { batch, due, limit } => format!(
            "Aguarda liberação ({}): {} no mesmo dia, acima do limite de {limit}.",
            release(batch),
            pt::counted(*due, "aviso é devido", "avisos são devidos")
        ),
        Reason::AfterOutage { batch, from, until } => format!(
            "Aguarda liberação ({}): o serviço ficou parado de {} até {}.",
            release(batch),
            at(*from),
            at(*until)
        ),
        Reason::Satisfied => "Tudo foi preenchido ou deixou de ser devido.".to_owned(),
        Reason::EditionChanged { edition } => format!("Passou a valer a edição {edition} do prazo."),
        Reason::NotExpected => "O preenchimento deixou de ser esperado deste município.".to_owned(),
        Reason::WindowGone => "A janela não está mais no calendário.".to_owned(),
        Reason::NoLongerConfirmed => "Os dados deixaram de confirmar a pendência.".to_owned(),
        Reason::ContentChanged => "O que a carta dizia deixou de valer.".to_owned(),
        Reason::HaltOver => format!("A janela voltou a correr{HALT_OVER}"),
        Reason::GivesWay => {
            "Outra carta ao município vai antes; esta volta depois dela, se ainda valer.".to_owned()
        }
        Reason::AddressGone => "Um endereço a que ela iria não está mais no cadastro.".to_owned(),
        Reason::WrittenAnew => {
            "Ninguém a recebeu antes de ser retida; agora é escrita de novo, com o que vale hoje.".to_owned()
        }
        Reason::Outage { from, until } => format!(
            "O serviço ficou parado de {} até {}, durante toda a validade do aviso.",
            at(*from),
            at(*until)
        ),
        Reason::TooSoon { told_at } => {
            format!("Toda a validade do aviso caiu nas 48 horas seguintes à comunicação de {}.", at(*told_at))
        }
        Reason::ValidityOver { at: ended, withheld } => match withheld {
            Some(why) => {
                format!("{OVER}{}{STILL_HELD}{}.", at(*ended), cause(*why))
            }
            None => format!("{OVER}{}{NEVER_LEFT}", at(*ended)),
        },
        Reason::RestOver { at: ended, withheld } => {
            rest_over(&format!("{OVER}{}", at(*ended)), withheld.map(cause))
        }
        Reason::AllDone => "Nada está pendente: tudo foi concluído, dispensado ou não se aplica.".to_owned(),
        Reason::NotOpenYet { opens_on } => format!("A janela só abre em {}.", pt::date(*opens_on)),
        Reason::NothingDue => "Nenhum aviso é devido agora.".to_owned(),
        Reason::Waits { until } => {
            format!("Espera até {}, para não suceder de perto a outra carta.", at(*until))
        }
        Reason::AwaitsHours { until } => {
            format!("Espera o próximo horário de envio: {}.", at(*until))
        }
        Reason::LeavesNoMore { until, valid_until } => format!(
            "Não sai mais: o próximo horário em que poderia sair é {}, e a validade do aviso termina em {}.",
            at(*until),
            at(*valid_until)
        ),
        Reason::BeforeStart => match calendar.starts_on {
            Some(day) => format!("Era devido antes de {}, quando os envios começam.", pt::date(day)),
            None => "Era devido antes do início dos envios.".to_owned(),
        },
    }
}

/// How the words begin that say that a validity ended, and how they go on where the letter never left.
const OVER: &str = "A validade terminou em ";
const NEVER_LEFT: &str = " antes que o aviso pudesse sair.";
const REST_OVER: &str = "; a carta saiu, ou pode ter saído, para ao menos um dos endereços.";
const STILL_HELD: &str = " com o aviso ainda retido: ";

/// What a note that a window stopped ends with when the window goes on, and what was written of it before it was seen that
/// somebody may have it.
const HALT_OVER: &str = ": o que restava desta carta por enviar não vale mais.";
const HALT_OVER_BEFORE: &str = " antes que alguém recebesse a carta.";

fn rest_over(ended: &str, withheld: Option<&str>) -> String {
    let withheld = withheld.map_or_else(String::new, |why| format!(", ainda retido ({why}),"));
    format!("{ended}, e o que restava tentar{withheld} acabou{REST_OVER}")
}

/// Whether a because is that only what was left of a letter ended with its validity.
pub fn is_rest_over(because: &str) -> bool {
    because.starts_with(OVER) && because.ends_with(REST_OVER)
}

/// The because of a decision as the journal has it, read by what is known of its letter: before decision 0399 the end of what was
/// left of a letter that an address took, or may have taken, was written as if it had never left.
pub fn reread(because: &str, has_left: bool) -> Cow<'_, str> {
    if !has_left {
        return Cow::Borrowed(because);
    }
    if let Some(ended) = because.strip_suffix(NEVER_LEFT).filter(|ended| ended.starts_with(OVER)) {
        return Cow::Owned(rest_over(ended, None));
    }
    if let Some((ended, why)) = because.split_once(STILL_HELD).filter(|(ended, _)| ended.starts_with(OVER)) {
        return Cow::Owned(rest_over(ended, Some(why.trim_end_matches('.'))));
    }
    match because.strip_suffix(HALT_OVER_BEFORE) {
        Some(halt) => Cow::Owned(format!("{halt}{HALT_OVER}")),
        None => Cow::Borrowed(because),
    }
}

/// What those are called whose calls are for one thing.
pub const CALLS: [(CallPurpose, &str); 3] = [
    (CallPurpose::Debt, "A quem telefonar"),
    (CallPurpose::Doubt, "Por confirmar, antes de qualquer cobrança"),
    (CallPurpose::Address, "Para pedir um endereço que receba cartas"),
];

/// Which of these lists a call is in, as tables and JSON name it.
pub fn call_list(purpose: CallPurpose) -> &'static str {
    match purpose {
        CallPurpose::Debt => "telefonar",
        CallPurpose::Doubt => "confirmar",
        CallPurpose::Address => "pedir_endereco",
    }
}

/// Why somebody should telephone: a complete sentence, ending with a full stop.
pub fn call_reason(reason: &CallReason, calendar: &Calendar) -> String {
    let at = |instant| pt::instant(instant, &calendar.hours.zone);
    match reason {
        CallReason::Warned { letters, earlier, first_at, last_at } => {
            let by = match letters + earlier {
                1 => format!("carta de prazo em {}", at(*first_at)),
                all => format!("{all} cartas de prazo, de {} a {},", at(*first_at), at(*last_at)),
            };
            let dates = match (letters, earlier) {
                (_, 0) => String::new(),
                (0, _) => " com um prazo que mudou depois,".to_owned(),
                (_, 1) => " uma delas com um prazo que mudou depois,".to_owned(),
                (_, many) => format!(" {many} delas com um prazo que mudou depois,"),
            };
            let comma = if *earlier > 0 && letters + earlier == 1 { "," } else { "" };
            format!("O município foi avisado por {by}{comma}{dates} e o preenchimento continua pendente.")
        }
        CallReason::PerhapsWarned { letters: 1, last_at } => format!(
            "O preenchimento está pendente. Uma carta de prazo, de {}, pode ter chegado (incerta): não diga que o município \
             foi avisado por ela.",
            at(*last_at)
        ),
        CallReason::PerhapsWarned { letters, last_at } => format!(
            "O preenchimento está pendente. {letters} cartas de prazo, a última de {}, podem ter chegado (incertas): não diga \
             que o município foi avisado por elas.",
            at(*last_at)
        ),
        CallReason::WarnedOfOther { letters: 1, last_at } => format!(
            "O preenchimento está pendente. A carta de prazo que saiu em {} tratava de outra pendência; desta, nenhuma carta \
             falou.",
            at(*last_at)
        ),
        CallReason::WarnedOfOther { letters, last_at } => format!(
            "O preenchimento está pendente. As {letters} cartas de prazo que saíram, a última em {}, tratavam de outra \
             pendência; desta, nenhuma carta falou.",
            at(*last_at)
        ),
        CallReason::Rehearsed { letters } => format!(
            "O preenchimento está pendente. Em ensaio, o município não foi avisado: {} em arquivo.",
            pt::counted(*letters, "carta de prazo foi gravada", "cartas de prazo foram gravadas")
        ),
        CallReason::Undelivered { kind, rung } => {
            format!(
                "Nenhum endereço recebeu a carta de {}: todos a recusaram ou devolveram.",
                named(*kind, *rung)
            )
        }
        CallReason::Ended { kind, rung, because: why } => {
            format!("A carta de {} não saiu. {}", named(*kind, *rung), because(why, calendar))
        }
        CallReason::Missed { rungs, until } => {
            let days: Vec<String> = rungs.iter().map(|days| pt::days_before(*days)).collect();
            let (letters, whose) = match rungs.len() {
                1 => ("A carta devida", "não saiu: o serviço ficou parado durante toda a validade dela"),
                _ => {
                    ("As cartas devidas", "não saíram: o serviço ficou parado durante toda a validade delas")
                }
            };
            format!("{letters} {} do prazo {whose}, e só voltou em {}.", pt::list(&days), at(*until))
        }
        CallReason::Decided(why) => because(why, calendar),
    }
}

/// A sort of letter, and its rung in words: `prazo (5 dias antes)`.
fn named(kind: Kind, rung: Option<u16>) -> String {
    let kind = pt::kind(kind);
    rung.map_or_else(|| kind.to_owned(), |days| format!("{kind} ({})", pt::days_before(days)))
}

/// A telephone with whose it is: `telefone (27) 3333-3333 (cmas)`.
pub fn telephone_of(call: &CallLine) -> String {
    match (pt::line(&call.telephone), &call.role) {
        (none, _) if none.is_empty() => "telefone não informado".to_owned(),
        (number, Some(role)) => format!("telefone {number} ({role})"),
        (number, None) => format!("telefone {number}"),
    }
}

/// A call made, in one line: when, by whom, what came of it, and until when the ladder waits.
pub fn call(note: &Note, calendar: &Calendar) -> String {
    let at = pt::short_instant(note.authorship.at, &calendar.hours.zone);
    let number = note.telephone.as_deref().map(|n| format!(" ({})", pt::line(n))).unwrap_or_default();
    let pause =
        note.until.map(|day| format!("; cobrança em pausa até {}", pt::date(day))).unwrap_or_default();
    let (by, result) = (open_ended(&note.authorship.author), open_ended(&note.authorship.reason));
    format!("telefonema em {at} por {by}{number}: {result}{pause}")
}

/// Why a part is *não confirmado*: a clause without a full stop.
pub fn doubt(doubt: &Doubt, calendar: &Calendar) -> String {
    match doubt {
        Doubt::Unseen => "nenhum dado recebido".to_owned(),
        Doubt::Stale { as_of } => {
            format!("dado de {}, antigo demais", pt::instant(*as_of, &calendar.hours.zone))
        }
        Doubt::Declared => "a própria fonte não confirma".to_owned(),
        Doubt::Absent => "a última coleta da fonte não traz linha".to_owned(),
        Doubt::Disputed => "o município contesta o dado".to_owned(),
        Doubt::Reverting => "constava como concluído e voltou a pendente, ainda por confirmar".to_owned(),
        Doubt::Silence => {
            "nenhuma coleta traz linha, e o silêncio ainda não se repetiu doze horas depois".to_owned()
        }
        Doubt::Contradicted => "as fontes se contradizem".to_owned(),
        Doubt::Unregistered => {
            "a fonte diz pendente uma unidade que unidades.csv não tem neste município e parte".to_owned()
        }
    }
}

/// Why nothing of a window is owed yet: a clause without a full stop.
pub fn waits_for(window: &WindowId) -> String {
    format!("nada é devido até que {window} esteja concluída neste município (depende_de)")
}

/// Why nothing of a window was owed when its deadline passed: a clause without a full stop.
pub fn waited_for(window: Option<&WindowId>) -> String {
    let for_what = window.map_or_else(|| "outra janela".to_owned(), ToString::to_string);
    format!("aguardava a conclusão de {for_what} neste município (depende_de)")
}

/// Why no divulgação is sent, where a municipality counts as told outside the system: a sentence.
pub fn told_outside(starts_on: Date) -> String {
    format!(
        "Conta como comunicado do primeiro prazo fora deste sistema: em {}, dia de `inicio`, a janela já estava aberta, e \
         por isso não há carta de divulgação.",
        pt::date(starts_on)
    )
}

/// Where feeds say opposite things of a part, or a unit pends that nobody registered: what each says, one clause a feed
/// (and unit). Empty elsewhere.
pub fn opposed(part: &PartLine, entries: &[StatusEntry], calendar: &Calendar) -> Vec<String> {
    if !matches!(part.doubt, Some(Doubt::Contradicted | Doubt::Unregistered)) {
        return Vec::new();
    }
    // Where a unit pends that nobody registered, the others have nothing to do with it.
    let speaks = |entry: &&StatusEntry| {
        entry.part == part.part
            && (part.doubt == Some(Doubt::Contradicted)
                || (entry.unit.is_some() && entry.state == State::Pending))
    };
    let of_part: Vec<&StatusEntry> = entries.iter().filter(speaks).collect();
    let agreed = |entry: &&&StatusEntry| {
        let mut same = of_part.iter().filter(|other| other.unit == entry.unit);
        entry.unit.is_some() && same.all(|other| other.state == entry.state)
    };
    // A word on the part as a whole may stand against what another feed says of its units.
    let split = of_part.iter().any(|entry| !agreed(&entry) && entry.unit.is_some());
    let mut sides: Vec<&&StatusEntry> = of_part.iter().filter(|entry| !split || !agreed(entry)).collect();
    sides.sort_by(|a, b| (&a.unit, &a.feed).cmp(&(&b.unit, &b.feed)));
    sides
        .into_iter()
        .map(|entry| {
            let unit = entry.unit.as_ref().map(|unit| format!(" da unidade {unit}")).unwrap_or_default();
            if entry.basis == Basis::Contradiction {
                return format!(
                    "as linhas da fonte {}{unit} se contradizem (a primeira é a linha {}, coleta de {})",
                    entry.feed,
                    entry.line,
                    pt::short_instant(entry.taken_at, &calendar.hours.zone)
                );
            }
            if entry.basis == Basis::Silence && entry.state == State::Unconfirmed {
                return format!(
                    "a fonte {} não traz linha{unit} (coleta de {})",
                    entry.feed,
                    pt::short_instant(entry.taken_at, &calendar.hours.zone)
                );
            }
            format!(
                "a fonte {} diz{unit}: {} (dados de {})",
                entry.feed,
                entry.state,
                pt::short_instant(entry.as_of(), &calendar.hours.zone)
            )
        })
        .collect()
}

/// The row that a feed's word on a part rests on: its line and the word as written, which never stands beside *não
/// confirmado*.
pub fn row(said: &Evidence) -> String {
    let word = said
        .wording
        .as_deref()
        .filter(|_| *said.state != State::Unconfirmed)
        .map(|word| format!(": “{}”", pt::line(word)))
        .unwrap_or_default();
    said.line.map_or_else(|| "nenhuma linha".to_owned(), |line| format!("linha {line}{word}"))
}

/// When the source last said that the load stands unchanged, where it did: `, sem mudança até 19/12/2026 às 9h30`.
pub fn confirmed(said: &Evidence, zone: &Zone) -> String {
    said.confirmed_at.map_or_else(String::new, |at| format!(", sem mudança até {}", pt::instant(*at, zone)))
}

/// The same with the feed and the load: what a prazo rests on.
pub fn quoted(said: &Evidence, calendar: &Calendar) -> String {
    let unit = said.unit.as_ref().map(|unit| format!(", unidade {}", **unit)).unwrap_or_default();
    format!(
        "{}{unit}: {} segundo a fonte {}, coleta {} de {}{}, {}",
        part_name(&said.part, calendar),
        *said.state,
        *said.feed,
        said.snapshot.as_str(),
        pt::instant(*said.taken_at, &calendar.hours.zone),
        confirmed(said, &calendar.hours.zone),
        row(said)
    )
}

/// Why a municipality was not told the deadline that passed: a clause without a full stop.
pub fn untold(untold: &Untold) -> String {
    match untold {
        Untold::Unseen => "a janela abriu e encerrou sem que o serviço a acompanhasse".to_owned(),
        Untold::NoContact => "não havia endereço utilizável".to_owned(),
        Untold::Failed => "todos os endereços recusaram ou devolveram a carta".to_owned(),
        Untold::Expired => "a carta não pôde sair enquanto valia".to_owned(),
        Untold::OtherDate(Told::Date(other)) => {
            format!("o prazo comunicado foi outro: {}", pt::deadline(*other))
        }
        Untold::OtherDate(Told::Undefined) => "foi comunicado que o prazo seria definido".to_owned(),
        Untold::Suspended => "foi comunicada a suspensão, e não que o prazo estava mantido".to_owned(),
    }
}

/// What a filed reason means, when its facts are no longer at hand: a clause without a full stop.
pub fn cause(cause: Cause) -> &'static str {
    match cause.as_str() {
        "nao-confirmado" => "a situação não estava confirmada",
        "sem-contato" => "não havia endereço utilizável",
        "retido" => "o envio foi retido pela equipe",
        "pausa" => "a cobrança estava em pausa por um telefonema",
        "aguarda-abertura" => "a abertura da janela não foi confirmada",
        "aguarda-aprovacao" => "o lote não foi aprovado",
        "prazo-antecipado" => "o prazo anterior ao vigente não foi liberado",
        "prazo-em-duvida" => "um prazo anterior ao vigente aguardava liberação",
        "prazo-antecipado-vencido" => "um prazo antecipado passou sem que alguém o liberasse",
        "limite-do-dia" => "o limite de avisos do dia foi ultrapassado",
        "retomada" => "o serviço voltava de uma parada",
        "relogio" => "o relógio estava atrasado",
        "espera" => "esperava-se o intervalo depois de outra carta",
        "horario" => "esperava-se o próximo horário de envio",
        "nao-sai-mais" => "não havia mais horário de envio dentro da validade",
        _ => "havia impedimento registrado no livro",
    }
}

/// The name of a part in words; its id when the calendar does not declare it.
pub fn part_name(part: &PartId, calendar: &Calendar) -> String {
    pt::line(calendar.parts.get(part).map_or(part.as_str(), |p| &p.name))
}

/// A rung as operators write it: `10d`.
pub fn rung(days_before: u16) -> String {
    format!("{days_before}d")
}

fn doubted(parts: &[UnconfirmedPart], calendar: &Calendar) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|p| format!("{} ({})", part_name(&p.part, calendar), doubt(&p.doubt, calendar)))
        .collect();
    pt::list(&parts)
}

/// Two deadlines that are told side by side: on one day only the hours tell them apart.
fn told_dates(both: [Told; 2]) -> [String; 2] {
    let is_one_day = matches!(both, [Told::Date(one), Told::Date(other)] if one.on == other.on);
    both.map(|told| match told {
        Told::Date(deadline) if is_one_day => pt::deadline_to_the_hour(deadline),
        Told::Date(deadline) => pt::deadline(deadline),
        Told::Undefined => "“a definir”".to_owned(),
    })
}

fn halted(kind: HaltKind) -> &'static str {
    match kind {
        HaltKind::Suspended => "suspensa",
        HaltKind::Cancelled => "cancelada",
    }
}

fn scope_words(scope: &HoldScope) -> String {
    match scope {
        HoldScope::All => "de tudo".to_owned(),
        HoldScope::Window(id) => format!("da janela {id}"),
        HoldScope::Municipality(code) => format!("ao município {code}"),
        HoldScope::Batch(batch) => format!("do lote {batch}"),
    }
}

fn release(batch: &BatchId) -> String {
    format!("vigia-suas liberar --lote {batch} --motivo \"…\"")
}

/// Somebody's words on one line, without the full stop that the sentence brings itself.
fn open_ended(text: &str) -> String {
    let text = pt::line(text);
    let text = text.trim_end_matches(['.', ' ']);
    if text.is_empty() { "não informado".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
