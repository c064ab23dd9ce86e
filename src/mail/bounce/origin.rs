//! Which letter a message is about: the Message-IDs that it gives, the likeliest first. Pure.

use super::Mail;
use super::field::blocks;

/// How many Message-IDs are kept.
const MOST: usize = 16;
const LONGEST: usize = 320;

/// Where the returned letter or its headers stand, by the names that `bound` gives them.
const RETURNED: [&str; 4] =
    ["message/rfc_22", "text/rfc_22-headers", "message/glob_l", "message/glob_l-headers"];

/// The returned letter's own Message-ID, and nothing else, where it is there; else what the message says that it
/// answers, and then whatever its text mentions: a letter that was returned as text has the older ones of its window
/// in References.
pub(super) fn originals(mail: &Mail<'_>, reported: Option<&str>, prose: &str) -> Vec<String> {
    let returned = mail.part(&RETURNED).and_then(|text| {
        let head = blocks(&text).into_iter().next()?;
        head.get("message-id").and_then(|id| ids(id).into_iter().next())
    });
    let told = reported.and_then(|id| ids(id).into_iter().next());
    if let Some(certain) = told.or(returned) {
        return vec![certain];
    }
    let own = mail.message.message_id().map(|id| format!("<{id}>"));
    let mut found: Vec<String> = Vec::new();
    let answers = mail.header("In-Reply-To").into_iter().flat_map(|text| ids(&text));
    let refers = mail.header("References").into_iter().flat_map(|text| ids(&text).into_iter().rev());
    let lines = || prose.lines();
    // The value may stand on the next line.
    let labelled = lines().zip(lines().skip(1).chain([""])).filter_map(|(line, next)| {
        let at = line.to_ascii_lowercase().find("message-id:")?;
        ids(&line[at..]).into_iter().chain(ids(next)).next()
    });
    let mentioned = ids(prose).into_iter();
    for id in answers.chain(refers).chain(labelled).chain(mentioned) {
        if own.as_ref() != Some(&id) && !found.contains(&id) {
            found.push(id);
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Every `<left@right>` of a text.
fn ids(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in text.split('<').skip(1) {
        let Some((inner, _)) = piece.split_once('>') else { continue };
        let fits = inner.len() < LONGEST
            && inner.bytes().all(|b| b.is_ascii_graphic())
            && inner.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
        if fits {
            found.push(format!("<{inner}>"));
        }
        if found.len() == 4 * MOST {
            break;
        }
    }
    found
}
