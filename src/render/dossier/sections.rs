//! The sections of the page: windows with their letters, orders, outages, snapshots, journal. Pure.

use maud::{Markup, html};

use crate::domain::calendar::Calendar;
use crate::domain::dossier::{DecisionLine, DeliveryFile, Dossier, ElsewhereLine, LetterFile, WindowFile};
use crate::domain::journal::LeftProof;
use crate::domain::notice::Told;

use super::super::because::is_rest_over;
use super::super::portuguese as pt;
use super::piece::{code, deadline_text, evidence, instant, instant_text, kind, proof, state};

/// `prazo, 5 dias antes, edição 1`.
pub(super) fn letter_kind(letter: &LetterFile) -> String {
    // Of a rung's letter that was written by another ledger nobody knows which of the two it was.
    let is_unknown = letter.left_before && letter.rung.is_some();
    let mut words =
        vec![if is_unknown { "prazo ou lembrete".to_owned() } else { kind(&letter.kind, &letter.key) }];
    words.extend(letter.rung.as_deref().map(rung));
    words.extend(letter.edition.map(|edition| format!("edição {edition}")));
    if letter.version > 1 {
        words.push(format!("versão {}", letter.version));
    }
    words.join(", ")
}

/// A rung as the journal has it (`5d`), in words.
fn rung(text: &str) -> String {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    days.map_or_else(|| pt::line(text), pt::days_before)
}

/// One window: editions, what is known, letters, and what did not leave.
pub(super) fn window(file: &WindowFile, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        section .window {
            h2 { "Janela " (file.window) @if !file.title.is_empty() { ": " (pt::line(&file.title)) } }
            @if let Some(day) = file.opens_on { p { "Abertura: " (pt::date_and_weekday(day)) "." } }
            @if !file.process.is_empty() { p { "Processo: " (pt::line(&file.process)) "." } }
            (editions(file, calendar))
            h3 { "Situação segundo as fontes, ao fazer o dossiê" }
            (evidence(&file.status, zone))
            h3 { "Cartas (" (file.letters.len()) ")" }
            @if let Some(why) = &file.told_outside { p { (pt::line(why)) } }
            @if file.letters.is_empty() { p .none { "Nenhuma carta foi registrada." } }
            @for letter in &file.letters { (self::letter(letter, calendar)) }
            @if !file.elsewhere.is_empty() {
                h3 { "Cartas que saíram, ou podem ter saído, de outro livro (" (file.elsewhere.len()) ")" }
                p .note {
                    "O livro foi restaurado de uma cópia e assumido. Destas cartas ele sabe só o que se diz aqui: o texto delas \
                     não está neste livro, nem nesta pasta."
                }
                ul { @for line in &file.elsewhere { li { (code(&line.key)) ": " (elsewhere(line, calendar)) } } }
            }
            h3 { "O que não foi enviado, ou parou, e por quê (" (file.unsent.len()) ")" }
            @if file.unsent.is_empty() { p .none { "Nada foi retido, retirado, superado nem expirou." } }
            @for decision in &file.unsent { (unsent(decision, calendar)) }
            @if let Some(silence) = &file.silence {
                p { "Ao fazer o dossiê: " (pt::line(silence)) }
            }
        }
    }
}

fn editions(file: &WindowFile, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        h3 { "Edições do prazo" }
        @if file.editions.is_empty() { p .none { "A janela não está no calendário nem foi lida." } }
        @else {
            table {
                thead { tr { th { "Edição" } th { "Prazo" } th { "Anunciada" } th { "Fonte" } th { "Lida pelo serviço" } } }
                tbody {
                    @for edition in &file.editions {
                        @let date = match edition.deadline { Told::Date(d) => Some(d), Told::Undefined => None };
                        tr {
                            td { (edition.number) @if !edition.applies { br; span .note { "não alcança este município" } } }
                            td { (pt::deadline_or_undefined(date)) }
                            td { @match edition.announced_on { Some(day) => { (pt::date(day)) }, None => { "–" } } }
                            td { (pt::line(&edition.source)) }
                            td {
                                @if edition.readings.is_empty() { span .note { "regra de recorrência; sem registro próprio" } }
                                @if let Some(at) = edition.decided_since {
                                    div .note {
                                        "vale em decisões desde " (instant(at, zone)) "; até ser lida à parte, pela \
                                         recorrência ou pela configuração com que a janela abriu"
                                    }
                                }
                                @for reading in &edition.readings {
                                    @let same = edition.source == reading.source
                                        && deadline_text(&reading.deadline) == pt::deadline_or_undefined(date);
                                    div {
                                        (instant(reading.at, zone))
                                        @if !same {
                                            ", como " (deadline_text(&reading.deadline)) ", " (pt::line(&reading.source))
                                        }
                                        " " (proof(Some(reading.seq), true))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn letter(letter: &LetterFile, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        article id=(format!("carta-{}", letter.number)) {
            h4 { "Carta " (letter.number) ": " (letter_kind(letter)) }
            dl .facts {
                @if !letter.left_before { dt { "Assunto" } dd { (pt::line(&letter.subject)) } }
                dt { "Aviso" } dd { (code(&letter.key)) ", versão " (letter.version) }
                dt { "Registrada" } dd { (instant(letter.recorded_at, zone)) " " (proof(letter.seq, letter.intact)) }
                dt { "Motivo" } dd { (pt::line(&letter.because)) }
                @if let Some(told) = &letter.told { dt { "Prazo informado" } dd { (deadline_text(told)) } }
                dt { "Message-ID" } dd { (code(&letter.message_id)) }
                @if letter.left_before {
                    dt { "Texto" } dd {
                        "Saiu de outro livro antes de ser escrita neste: o texto que saiu não está aqui, e o que este livro \
                         escreveu (SHA-256 " (code(&letter.sha256)) ") nunca saiu."
                    }
                } @else {
                    dt { "SHA-256" } dd { (code(&letter.sha256)) }
                    dt { "Arquivo" } dd { (file(letter.file.as_deref())) }
                }
            }
            h5 { "Endereços, horários e respostas" }
            @if letter.deliveries.is_empty() { p .none { "Nenhum endereço." } }
            @for delivery in &letter.deliveries { (self::delivery(delivery, calendar)) }
            @if letter.rung.is_some() {
                h5 { "Dados em que se apoiou" }
                (evidence(&letter.evidence, zone))
            }
            @if !letter.left_before {
                h5 { "Cabeçalho e texto, como se leem" }
                pre .header { (pt::lines(&letter.header)) }
                @match &letter.text {
                    Some(text) => { pre .letter { (pt::lines(text)) } },
                    None if letter.file.is_none() => { p .none { "O texto foi apagado ao fim do prazo de guarda (guardar_anos)." } },
                    None => { p .none { "O texto está no arquivo." } },
                }
            }
        }
    }
}

/// What is known of a letter that left, or may have left, from another ledger.
fn elsewhere(line: &ElsewhereLine, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        @match line.proof {
            LeftProof::Log => { "saiu de outro livro em " (instant(line.left_at, zone)) ", segundo o registro do servidor de saída" }
            LeftProof::Person => { "saiu de outro livro, não se sabe a que hora, segundo uma pessoa, em " (instant(line.left_at, zone)) }
            LeftProof::Nothing => { "pode ter saído de outro livro; não há prova" }
        }
        @if let Some(address) = &line.address { ", para " (address) }
        @else if let Some(digest) = &line.address_sha256 { ", para o endereço de SHA-256 " (code(digest)) }
        "; Message-ID " (code(&line.message_id))
        @if let (Some(author), Some(reason)) = (&line.author, &line.reason) {
            "; dito por " (pt::line(author)) ": “" (pt::line(reason)) "”"
        }
        " " (proof(Some(line.seq), true))
    }
}

/// Where bytes are, or that only their digest is left.
fn file(name: Option<&str>) -> Markup {
    html! {
        @match name {
            Some(name) => { (code(name)) }
            None => { "apagado ao fim do prazo de guarda (guardar_anos); fica o resumo SHA-256" }
        }
    }
}

fn delivery(delivery: &DeliveryFile, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        div .delivery {
            p {
                (state(delivery.state)) " · " (pt::line(&delivery.role.to_string())) " · " (delivery.address)
                @if let Some(act) = &delivery.stopped_by { " · parada por " (pt::line(act)) }
                " · entrega " (code(&delivery.id))
            }
            @for line in &delivery.elsewhere { p { (elsewhere(line, calendar)) } }
            @if delivery.attempts.is_empty() { p .none { "Nenhuma tentativa" @if !delivery.elsewhere.is_empty() { " deste livro" } "." } }
            @else {
                table {
                    thead { tr { th { "Nº" } th { "Início" } th { "Fim" } th { "Resultado" } th { "Resposta do servidor" } th { "Prova" } } }
                    tbody {
                        @for attempt in &delivery.attempts {
                            tr {
                                td { (attempt.number) }
                                td { (instant(attempt.started_at, zone)) }
                                td { (instant(attempt.ended_at, zone)) }
                                td { (state(attempt.outcome)) }
                                td .reply { (pt::lines(&attempt.reply)) }
                                td { (proof(attempt.seq, attempt.intact)) }
                            }
                        }
                    }
                }
            }
            @for back in &delivery.returns {
                p {
                    (state(back.state)) " em " (instant(back.at, zone))
                    @if let Some(reply) = &back.reply { ": “" (pt::line(reply)) "”" }
                    " " (proof(Some(back.seq), true))
                    @if let Some(message) = &back.message {
                        br;
                        "Mensagem: " (file(message.file.as_deref())) ", "
                        @if message.file.is_some() && message.kept < message.size { "os primeiros " (message.kept) " de " }
                        (message.size) " bytes "
                        (proof(Some(back.seq), message.intact))
                    }
                }
            }
        }
    }
}

fn unsent(decision: &DecisionLine, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    let what = match decision.act.as_str() {
        "enviar" => "retomado",
        "reter" => "retido",
        "retirar" | "expirar" if is_rest_over(&decision.because) => "tentativas encerradas",
        "retirar" => "retirado",
        "superar" => "superado",
        "expirar" => "expirado",
        other => other,
    };
    html! {
        article .unsent {
            p {
                strong { (pt::line(what)) } " em " (instant(decision.at, zone)) ": "
                (kind(&decision.kind, &decision.key)) @if let Some(days) = &decision.rung { ", " (rung(days)) }
                ", " (code(&decision.key)) " " (proof(Some(decision.seq), true))
            }
            p { (pt::line(&decision.because)) }
            @if !decision.evidence.is_empty() { (evidence(&decision.evidence, zone)) }
        }
    }
}

/// Orders by hand, with who gave and who lifted them.
pub(super) fn orders(dossier: &Dossier, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        section {
            h2 { "Decisões manuais" }
            @if dossier.orders.is_empty() { p .none { "Nenhuma." } }
            @else {
                table {
                    thead { tr { th { "Ordem" } th { "Autor e motivo" } th { "Em" } th { "Desfeita" } } }
                    tbody {
                        @for order in &dossier.orders {
                            tr {
                                td {
                                    strong { (pt::line(&order.kind)) } " " (pt::line(&order.scope))
                                    @if let Some(until) = &order.until { ", até " (day(until)) }
                                }
                                td { (pt::line(&order.author)) ": “" (pt::line(&order.reason)) "”" }
                                td { (instant(order.at, zone)) " " (proof(Some(order.seq), true)) }
                                td {
                                    @match &order.lifted {
                                        Some(by) => {
                                            (pt::line(&by.author)) ": “" (pt::line(&by.reason)) "”, "
                                            (instant(by.at, zone)) " " (proof(Some(by.seq), true))
                                        },
                                        None => { "não" },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn day(text: &str) -> String {
    text.parse().map_or_else(|_| pt::line(text), pt::date)
}

/// When the service was down.
pub(super) fn outages(dossier: &Dossier, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        section {
            h2 { "Paradas do serviço" }
            @if dossier.outages.is_empty() { p .none { "Nenhuma de mais de 24 horas." } }
            @else {
                ul {
                    @for outage in &dossier.outages {
                        li {
                            "de " (instant_text(&outage.from, zone)) " até " (instant(outage.until, zone)) " "
                            (proof(Some(outage.seq), true))
                        }
                    }
                }
            }
        }
    }
}

/// The snapshots, with their hashes.
pub(super) fn snapshots(dossier: &Dossier, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        section {
            h2 { "Coletas citadas" }
            @if dossier.snapshots.is_empty() { p .none { "Nenhuma." } }
            @for snapshot in &dossier.snapshots {
                article .snapshot {
                    p { (code(&snapshot.id)) " " (proof(Some(snapshot.seq), true)) }
                    dl .facts {
                        dt { "Fonte" } dd { (pt::line(&snapshot.feed)) ", " (pt::line(&snapshot.origin)) }
                        dt { "Em" } dd { (instant_text(&snapshot.taken_at, zone)) "; " (pt::counted(usize::try_from(snapshot.rows).unwrap_or_default(), "linha", "linhas")) }
                        dt { "Original" } dd { "SHA-256 " (code(&snapshot.sha256)) }
                        dt { "O que se leu" } dd { "SHA-256 " (code(&snapshot.mapped_sha256)) }
                    }
                }
            }
        }
    }
}

/// The journal's entries, whole.
pub(super) fn journal(dossier: &Dossier, calendar: &Calendar) -> Markup {
    let zone = &calendar.hours.zone;
    html! {
        section {
            h2 { "Extrato do livro" }
            p .note {
                "Os registros em que este dossiê se apoia, tal como foram escritos. O hash de cada registro cobre o do \
                 registro anterior, seja ou não deste município. O motivo de um registro antigo pode estar acima em outras \
                 palavras, segundo o que se sabe da carta."
            }
            table .journal {
                thead { tr { th { "Nº" } th { "Em" } th { "Registro" } } }
                tbody {
                    @for entry in &dossier.journal {
                        tr {
                            td { (entry.seq) }
                            td { (instant(entry.at, zone)) }
                            td {
                                strong { (entry.kind) } " " (code(&entry.subject)) br;
                                (code(&entry.body)) br;
                                span .note { "hash " } (code(&entry.hash))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a third person can do to check all this.
pub(super) fn how_to_verify(dossier: &Dossier) -> Markup {
    html! {
        section .verify {
            h2 { "Como conferir" }
            ol {
                li {
                    "Nesta pasta, " code { "sha256sum -c SHA256SUMS" }
                    " mostra que nenhum arquivo mudou desde que o dossiê foi feito."
                }
                li {
                    "O SHA-256 de cada carta está também no registro do livro que a anotou, antes do envio; o de cada \
                     resposta do servidor, no registro da tentativa."
                }
                li {
                    "Onde está o livro, " code { "vigia-suas livro conferir" }
                    " refaz a cadeia de registros e confere cartas, entregas, tentativas e coletas. O registro "
                    (dossier.chain.head_seq) " deve ter o hash " (code(&dossier.chain.head_hash)) "."
                }
                li {
                    "Sem o livro: em " code { "dossie.json" } " o hash de cada registro é o SHA-256 de hash_anterior, \
                     registro, em_ms, tipo, assunto, janela, municipio e corpo, nesta ordem, cada um precedido do seu \
                     tamanho em bytes (oito bytes, o mais significativo primeiro); o que falta é vazio."
                }
                li {
                    "No servidor de e-mail, o Message-ID e o horário de cada tentativa identificam a mensagem nos \
                     registros dele."
                }
            }
        }
    }
}
