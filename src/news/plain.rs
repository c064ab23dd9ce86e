//! Whether a sentence says nothing but that a deadline is another one. Pure.
//!
//! Whom a sentence leaves out, on what it depends and when it was said cannot be listed: *de pequeno porte*, *da região
//! Norte*, *que decretaram desastre*, *teria sido*, *há um ano*, *mas a decisão foi suspensa*. What a plain announcement is
//! made of can. One word beside it, and a person reads the post.

use std::sync::LazyLock;

use super::word::Phrases;

/// The words of an announcement; one that ends in `*` is the beginning of others.
const WORDS: [&str; 9] = [
    // What holds a sentence together.
    "a as o os um uma e de do da dos das em no na nos nas ao aos por pelo pela para até desde que quem é conforme segundo \
     seu sua seus suas este esta isso assim portanto já ainda agora não partir meio",
    // Who says it.
    "mds snas sagi sagicad ministério secretaria nacional departamento desenvolvimento assistência social família combate \
     fome governo federal suas brasil",
    // That it is said.
    "inform* comunica comunicou comunicado avisa avisou aviso anuncia anunciou divulga divulgou publicou publicada \
     publicado atenção importante",
    // What was done.
    "foi foram fica ficam ficou está estão será serão tem têm vai passa passou segue continua permanece termina encerra \
     encerram vence começa inicia abre aberto aberta abertos abertas abertura início adia adiou adiado adiada adiados \
     adiamento amplia* amplio* extensão reaberto reaberta reabertos prorrog* estend*",
    // Of what.
    "prazo prazos período data datas final limite último novo nova novos novas preenchimento preencher preencham preencheu \
     preencheram envio enviar lançamento registro registros registrar resposta respostas responder concluir conclusão \
     finalizar formulário formulários questionário questionários sistema sistemas dados informações mensal mensais \
     atendimentos plataforma disponível referência referente referentes relativo relativos mês trimestre exercício edição",
    // For all.
    "município municípios municipal municipais todos todas todo toda país brasileiros",
    // Days and hours.
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro jan fev mar abr mai jun jul \
     ago set out nov dez dia dias segunda terça quarta quinta sexta sábado domingo feira h hs hrs hora horas min meia noite \
     horário brasília",
    // Which quarter.
    "primeiro terceiro quarto",
    // By which act.
    "portaria resolução ofício circular nota informe n art",
];

static PLAIN: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(WORDS.iter().flat_map(|words| words.split_whitespace())));

/// Whether a text already spaced has a word that no plain announcement needs. `own` are the names of the system, and the
/// words that tell what happened.
pub(super) fn says_more(spaced: &str, own: [&Phrases; 2]) -> bool {
    let left = own.iter().fold(spaced.to_owned(), |left, phrases| phrases.taken_from(&left));
    let mut words = left.split(' ').filter(|word| !word.is_empty());
    words.any(|word| !word.starts_with(|c: char| c.is_ascii_digit()) && !PLAIN.are_in(&format!(" {word} ")))
}
