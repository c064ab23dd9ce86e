//! The page: head, summary, and the sections in the order in which a reader doubts. Pure.

use maud::{Markup, html};

use crate::domain::calendar::Calendar;
use crate::domain::delivery::DeliveryState;
use crate::domain::dossier::{Dossier, LetterFile};
use crate::domain::time::Zone;

use super::super::page::{CLOSED, shell};
use super::super::portuguese as pt;
use super::{piece, sections};

const STYLE: &str = include_str!("style.css");

/// One self-contained page.
pub fn page(dossier: &Dossier, calendar: &Calendar) -> String {
    let zone = &calendar.hours.zone;
    let title = format!("Dossiê de comunicação: {} ({})", pt::line(&dossier.name), dossier.municipality);
    let body = html! {
        header {
            p .kicker { "Dossiê de comunicação · norma de procedimento BES Nº 08" }
            h1 { (pt::line(&dossier.name)) " " small { "IBGE " (dossier.municipality) } }
            @if dossier.rehearsal {
                p .stamp .bad {
                    strong { "ENSAIO." }
                    " Este livro é o de um ensaio: nenhum município recebeu carta alguma. Não serve de prova."
                }
            }
            dl .facts {
                dt { "Janela" }
                dd { @match &dossier.only { Some(id) => { (id) }, None => { "todas as registradas" } } }
                dt { "Feito em" }
                dd { (piece::instant(dossier.made_at, zone)) ", por vigia-suas " (dossier.made_by) }
                dt { "Livro" }
                dd { (chain_state(dossier, zone)) }
            }
            (contacts(dossier))
        }
        main {
            (summary(dossier, calendar))
            @for window in &dossier.windows { (sections::window(window, calendar)) }
            (sections::orders(dossier, calendar))
            (sections::outages(dossier, calendar))
            (sections::snapshots(dossier, calendar))
            (sections::journal(dossier, calendar))
            (sections::how_to_verify(dossier))
        }
        footer {
            p {
                "Contém nomes, endereços e telefones de titulares de cargos, guardados para fazer e provar \
                 comunicações formais (norma, 6.1 e 6.2). Guarde e entregue só a quem deva conferi-las."
            }
        }
    };
    shell(&title, CLOSED, STYLE, &body)
}

fn chain_state(dossier: &Dossier, zone: &Zone) -> Markup {
    let chain = &dossier.chain;
    let entries = pt::counted(chain.entries, "registro", "registros");
    let letters = pt::counted(chain.letters, "carta", "cartas");
    html! {
        @if !chain.is_whole() {
            strong .bad { "NÃO CONFERE" }
            ul { @for fault in &chain.faults { li { (pt::line(fault)) } } }
        } @else if let Some(audit) = chain.audited {
            strong .good { "íntegro" }
            ": conferido por inteiro na autoconferência de " (piece::instant(audit.at, zone))
            ", até o registro " (audit.reached) "; agora, ao fazer este dossiê, as cartas deste município que ele mostra (" (letters)
            "), cada registro que ele mostra com o anterior e o seguinte, e a sequência do livro desde então (" (entries)
            "). O que desde então se reescreveu do que veio antes, de modo que um trecho inteiro combine, só a próxima \
             autoconferência vê, ou “vigia-suas livro conferir”"
        } @else {
            strong .good { "íntegro" }
            ": " (entries) " e " (letters) " conferidos ao fazer este dossiê"
        }
        br;
        "último registro " (chain.head_seq) ", hash " (piece::code(&chain.head_hash))
    }
}

fn contacts(dossier: &Dossier) -> Markup {
    html! {
        @if !dossier.holders.is_empty() {
            h2 { "Contatos no cadastro" }
            p .note { "Como estavam no dia em que o dossiê foi feito. Os endereços de cada carta estão junto dela." }
            table {
                thead { tr { th { "Papel" } th { "Titular" } th { "Endereços" } th { "Telefone" } } }
                tbody {
                    @for holder in &dossier.holders {
                        tr {
                            td { (pt::line(&holder.role.to_string())) }
                            td { (or_dash(&holder.name)) }
                            td {
                                @if holder.addresses.is_empty() { "nenhum" }
                                @for address in &holder.addresses { span .any { (address) } br; }
                            }
                            td { (or_dash(&holder.telephone)) }
                        }
                    }
                }
            }
        }
    }
}

fn or_dash(text: &str) -> String {
    let text = pt::line(text);
    if text.is_empty() { "–".to_owned() } else { text }
}

/// Every letter on one line: what a hurried reader needs.
fn summary(dossier: &Dossier, calendar: &Calendar) -> Markup {
    let unsent: usize = dossier.windows.iter().map(|w| w.unsent.len()).sum();
    let letters = dossier.letters().count();
    let elsewhere: usize = dossier.windows.iter().map(|w| w.elsewhere.len()).sum();
    html! {
        section {
            h2 { "Resumo" }
            p {
                (pt::counted(letters, "carta registrada", "cartas registradas")) "; "
                @if elsewhere > 0 {
                    (pt::counted(elsewhere, "saída ou possível saída de outro livro", "saídas ou possíveis saídas de outro livro"))
                    ", sem o texto; "
                }
                (pt::counted(unsent, "decisão de não enviar ou de parar", "decisões de não enviar ou de parar"))
                "; " (pt::counted(dossier.orders.len(), "ordem manual", "ordens manuais")) "."
            }
            @if letters > 0 {
                table {
                    thead { tr { th { "Nº" } th { "Registrada em" } th { "Carta" } th { "Prazo informado" } th { "Entrega" } } }
                    tbody {
                        @for (number, letter) in dossier.letters().enumerate() {
                            tr {
                                td { a href=(format!("#carta-{}", number + 1)) { (number + 1) } }
                                td { (piece::instant(letter.recorded_at, &calendar.hours.zone)) }
                                td { (sections::letter_kind(letter)) br; (piece::code(&letter.key)) }
                                td { @match &letter.told { Some(t) => { (piece::deadline_text(t)) }, None => { "–" } } }
                                td { (outcome(letter)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How many addresses stand in which state.
fn outcome(letter: &LetterFile) -> Markup {
    let count = |state| letter.deliveries.iter().filter(|d| d.state == state).count();
    html! {
        @for state in DeliveryState::ALL {
            @let number = count(state);
            @if number > 0 { (piece::state(state)) @if number > 1 { " × " (number) } br; }
        }
    }
}
