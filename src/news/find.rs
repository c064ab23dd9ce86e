//! Posts to findings: which sentence of a post tells what of which system. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::NewsGround;
use super::date::{Found, Lead, dates};
use super::period::references;
use super::post::{Passage, Post};
use super::sense::{Reading, doubts, hours};
use super::word::{Phrases, sentences, spaced};
use crate::domain::calendar::Calendar;
use crate::domain::id::{Reference, SystemId};
use crate::domain::news::{Finding, FindingId, Guess, NewsSpec, Topic};
use crate::text::digest::sha256;
use crate::text::fold::excerpt;

/// Most characters of a title or a quote that are kept.
const MOST_TITLE: usize = 200;
const MOST_QUOTE: usize = 500;
/// Most findings of one look: beyond that the words are wrong.
const MOST_FINDINGS: usize = 200;

/// Most sentences of a post that are looked at, and of them that may tell the same.
const MOST_SENTENCES: usize = 2_000;
const MOST_CANDIDATES: usize = 50;

/// A block of a post, also as words.
struct Block {
    text: String,
    plain: String,
    has_struck: bool,
    sentences: Vec<Sentence>,
}

/// A sentence, also as words.
struct Sentence {
    text: String,
    plain: String,
}

/// The title and the blocks of a post, as far as they are looked at.
fn blocks(post: &Post) -> Vec<Block> {
    let mut left = MOST_SENTENCES;
    let mut blocks = Vec::new();
    let title = Passage { text: post.title.clone(), has_struck: false };
    for Passage { text, has_struck } in std::iter::once(&title).chain(&post.blocks) {
        let sentences: Vec<Sentence> = sentences(text)
            .into_iter()
            .take(left)
            .map(|text| Sentence { plain: spaced(&text), text })
            .collect();
        left -= sentences.len();
        blocks.push(Block { text: text.clone(), plain: spaced(text), has_struck: *has_struck, sentences });
        if left == 0 {
            break;
        }
    }
    blocks
}

/// A system and its names.
struct Named<'a> {
    system: &'a SystemId,
    names: Phrases,
    /// For each part of the system, the words that name it.
    parts: Vec<Phrases>,
}

/// A sentence that tells something, and where it stands.
struct Candidate<'a> {
    sentence: &'a str,
    /// The sentence after it in its block.
    next: Option<&'a str>,
    /// Whether it names the system itself.
    names_it: bool,
    names_another: bool,
    block: &'a Block,
    /// The block before, where it leads to this one.
    lead: &'a str,
}

pub(super) fn find(spec: &NewsSpec, posts: &[Post], ground: &NewsGround<'_>) -> Vec<Finding> {
    let systems: Vec<Named<'_>> = spec
        .systems
        .iter()
        .map(|(system, words)| Named {
            system,
            names: names(system, words, ground.calendar),
            parts: parts(system, ground.calendar),
        })
        .collect();
    let topics: Vec<(Topic, Phrases)> = spec
        .words
        .iter()
        .map(|(topic, words)| (*topic, Phrases::new(words.iter().map(String::as_str))))
        .collect();
    let mut found = Vec::new();
    let mut seen: BTreeSet<FindingId> = BTreeSet::new();
    for post in posts {
        for finding in of_post(spec, post, &systems, &topics, ground) {
            if found.len() < MOST_FINDINGS && seen.insert(finding.id.clone()) {
                found.push(finding);
            }
        }
    }
    found
}

/// The words of the configuration; else the system's id and the pieces of its name.
fn names(system: &SystemId, words: &[String], calendar: &Calendar) -> Phrases {
    if !words.is_empty() {
        return Phrases::new(words.iter().map(String::as_str));
    }
    let id = system.as_str().replace('-', " ");
    let name = calendar.systems.get(system).map(|known| known.name.clone()).unwrap_or_default();
    let pieces = name.split(['–', '—', '(', ')', ':']).flat_map(|piece| piece.split(" - "));
    let pieces = pieces.map(str::trim).filter(|piece| piece.chars().count() >= 3);
    Phrases::new(std::iter::once(id.as_str()).chain(pieces))
}

/// What names each part: its id, its name, and what posts call the management, the council and the fund.
fn parts(system: &SystemId, calendar: &Calendar) -> Vec<Phrases> {
    let ids = calendar.systems.get(system).map(|known| known.parts.as_slice()).unwrap_or_default();
    ids.iter()
        .map(|id| {
            let usual: &[&str] = match id.as_str() {
                "CMAS" => &["conselho*"],
                "GESTAO" => &["gestor*", "gestão municipal", "órgão gestor"],
                "FUNDO" => &["fundo*"],
                "CENTRO POP" => &["centros pop", "centro de referência especializado para população"],
                _ => &[],
            };
            let name = calendar.parts.get(id).map_or("", |part| part.name.as_str());
            Phrases::new([id.as_str(), name].into_iter().chain(usual.iter().copied()))
        })
        .collect()
}

fn of_post(
    spec: &NewsSpec,
    post: &Post,
    systems: &[Named<'_>],
    topics: &[(Topic, Phrases)],
    ground: &NewsGround<'_>,
) -> Vec<Finding> {
    let title = spaced(&post.title);
    let blocks = blocks(post);
    let mut findings = Vec::new();
    for named in systems {
        let in_title = named.names.are_in(&title);
        let others_in =
            |text: &str| systems.iter().any(|other| other.system != named.system && other.names.are_in(text));
        let mut of_topic: Vec<((Topic, &Phrases), Candidate<'_>, BTreeSet<Date>)> = Vec::new();
        for (topic, words) in topics {
            let mut candidates = Vec::new();
            let before = std::iter::once(None).chain(blocks.iter().map(Some));
            for (place, before) in blocks.iter().zip(before) {
                let lead = before.map_or("", |before| before.text.trim());
                let lead = if lead.ends_with(':') { lead } else { "" };
                let Block { plain: block, sentences, .. } = place;
                let in_block = named.names.are_in(block);
                for (at, Sentence { text: sentence, plain }) in sentences.iter().enumerate() {
                    if candidates.len() >= MOST_CANDIDATES || !words.are_in(plain) {
                        continue;
                    }
                    let names_it = named.names.are_in(plain);
                    // A sentence that names no system speaks of its block's, else of its post's.
                    let meant = names_it || !others_in(plain) && (in_block || in_title && !others_in(block));
                    if meant {
                        let next = sentences.get(at + 1).map(|next| next.text.as_str());
                        let names_another = others_in(plain);
                        let block = place;
                        candidates.push(Candidate { sentence, next, names_it, names_another, block, lead });
                    }
                }
            }
            let near = day_of(post, ground);
            let told = deadlines(&candidates, near);
            of_topic
                .extend(best(candidates, *topic, near).map(|candidate| ((*topic, words), candidate, told)));
        }
        // A post that tells of a new deadline mentions that the window is open, too.
        let extended = of_topic.iter().any(|((topic, _), ..)| *topic == Topic::Extension);
        of_topic.retain(|((topic, _), ..)| !(extended && *topic == Topic::Opening));
        findings.extend(
            of_topic
                .into_iter()
                .map(|(topic, candidate, told)| finding(spec, post, named, topic, &candidate, &told, ground)),
        );
    }
    findings
}

/// The day from which years and months that are not written are guessed. One to come is a clock gone wrong.
fn day_of(post: &Post, ground: &NewsGround<'_>) -> Date {
    post.published_on.unwrap_or(ground.today).min(ground.today)
}

/// Whether dates tell what a topic asks for: of a deadline, one that was still to come.
fn tells(topic: Topic, found: &[Found], near: Date) -> bool {
    match topic {
        Topic::Opening | Topic::Extension => {
            found.iter().any(|date| date.lead == Lead::Until && date.on >= near || date.on > near)
        }
        Topic::Outage => !found.is_empty(),
    }
}

/// Every deadline that sentences about the same tell, still to come.
fn deadlines(candidates: &[Candidate<'_>], near: Date) -> BTreeSet<Date> {
    let ends = |text: &str| {
        dates(text, near).into_iter().filter(|date| date.lead == Lead::Until).map(|date| date.on)
    };
    candidates.iter().flat_map(|candidate| ends(candidate.sentence)).filter(|on| *on >= near).collect()
}

/// The sentence that says most: with the date in question, with any date, by naming the system, then the first.
fn best(candidates: Vec<Candidate<'_>>, topic: Topic, near: Date) -> Option<Candidate<'_>> {
    let worth = |candidate: &Candidate<'_>| {
        let found = dates(candidate.sentence, near);
        let next = candidate.next.map(|next| dates(next, near)).unwrap_or_default();
        (u8::from(tells(topic, &found, near)) * 8)
            + (u8::from(!found.is_empty()) * 4)
            + (u8::from(candidate.names_it) * 2)
            + u8::from(tells(topic, &next, near))
    };
    let mut best: Option<(u8, Candidate<'_>)> = None;
    for candidate in candidates {
        let worth = worth(&candidate);
        if best.as_ref().is_none_or(|(most, _)| worth > *most) {
            best = Some((worth, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn finding(
    spec: &NewsSpec,
    post: &Post,
    named: &Named<'_>,
    (topic, words): (Topic, &Phrases),
    candidate: &Candidate<'_>,
    told: &BTreeSet<Date>,
    ground: &NewsGround<'_>,
) -> Finding {
    let near = day_of(post, ground);
    let mut quote = candidate.sentence.to_owned();
    let mut found = dates(&quote, near);
    if !tells(topic, &found, near)
        && let Some(next) = candidate.next.filter(|next| tells(topic, &dates(next, near), near))
    {
        quote = format!("{quote} {next}");
        found = dates(&quote, near);
    }
    let title = excerpt(&post.title.split_whitespace().collect::<Vec<_>>().join(" "), MOST_TITLE);
    let mut periods = references(&quote, &named.names, near);
    periods.extend(references(&title, &named.names, near));
    let mut once = BTreeSet::new();
    periods.retain(|reference| once.insert(*reference));
    let mut guess = guess(topic, &quote, &found, periods, near);
    guess.doubts = doubts(&Reading {
        topic,
        quote: &quote,
        lead: candidate.lead,
        words,
        around: &format!("{} {}", post.title, candidate.block.text),
        has_struck: candidate.block.has_struck,
        found: &found,
        near,
        names: &named.names,
        names_another: candidate.names_another,
        parts: &named.parts,
        elsewhere: told,
    });
    let id = name(post, named.system, topic, &quote, &guess);
    Finding {
        id,
        feed: spec.id.clone(),
        system: named.system.clone(),
        topic,
        title,
        link: post.link.clone(),
        quote: excerpt(&quote, MOST_QUOTE),
        published_on: post.published_on.map(|day| day.min(ground.today)),
        guess,
    }
}

/// A finding is the same while its post, its words and its dates are: a counter in a sentence, a new layout, a year
/// guessed otherwise make no new one.
fn name(post: &Post, system: &SystemId, topic: Topic, quote: &str, guess: &Guess) -> FindingId {
    let letters: String = spaced(quote)
        .split(' ')
        .filter(|word| !word.chars().any(|c| c.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join(" ");
    let dates: Vec<String> = guess.written.iter().map(|written| spaced(written)).collect();
    let text = format!("{}\n{system}\n{}\n{letters}\n{}", post.key, topic.as_str(), dates.join("\n"));
    FindingId::new(sha256(text.as_bytes()).get(..12).unwrap_or_default())
}

fn guess(topic: Topic, quote: &str, found: &[Found], references: Vec<Reference>, near: Date) -> Guess {
    let until = found.iter().filter(|date| date.lead == Lead::Until).map(|date| date.on).max();
    let from = found.iter().find(|date| date.lead == Lead::From).map(|date| date.on);
    let bare: Vec<Date> = found.iter().filter(|date| date.lead == Lead::Bare).map(|date| date.on).collect();
    let latest = found.iter().map(|date| date.on).max();
    let (opens_on, deadline_on) = match topic {
        // Of two dates the old deadline is the earlier; one that had passed when this was written is no new one.
        Topic::Extension => (None, until.max(latest.filter(|_| until.is_none())).filter(|on| *on >= near)),
        Topic::Opening => {
            let ends = Phrases::new([
                "encerra*",
                "termina*",
                "vence*",
                "prazo final",
                "data limite",
                "até",
                "último dia",
                "prazo para",
            ]);
            let one = match bare.as_slice() {
                [only] if ends.are_in(&spaced(quote)) && from.is_none() && until.is_none() => {
                    (None, Some(*only))
                }
                [first, .., last] if from.is_none() && until.is_none() => (Some(*first), Some(*last)),
                _ => (bare.first().copied(), None),
            };
            (from.or(one.0), until.or(one.1).filter(|last| from.or(one.0).is_none_or(|first| first <= *last)))
        }
        Topic::Outage => (from.or(bare.first().copied()), None),
    };
    // The last second of a day is what a deadline without an hour means, too.
    let deadline_at = match hours(quote).as_slice() {
        [only] if deadline_on.is_some() && (only.hour(), only.minute()) < (23, 59) => Some(*only),
        _ => None,
    };
    Guess {
        opens_on,
        deadline_on,
        deadline_at,
        doubts: Vec::new(),
        references,
        written: found.iter().map(|date| date.written.clone()).collect(),
    }
}
