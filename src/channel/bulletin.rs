//! Several alerts in one message: each with its subject, and as much of its text as there is room for. What does not fit
//! waits for the next message, and nothing counts as told that is not in it. Pure.

/// Alerts in one message.
const MOST_TOLD: usize = 20;
/// A text that is cut stands with so many bytes at least, or waits.
const LEAST_TEXT: usize = 240;
/// Of a subject so many bytes.
const MOST_SUBJECT: usize = 240;
/// What a program may find on its standard input: whole texts, the page of a day of much too.
pub const MOST_ON_STANDARD_INPUT: usize = 256 * 1024;
/// Between two alerts.
const BETWEEN: &str = "\n\n---\n\n";
/// For what says that others follow.
const FOOT: usize = 80;

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub subject: String,
    pub text: String,
    /// What stands at the end of a text that was cut: where all of it is.
    pub cut: String,
}

/// A message, and how many of the items are in it: the first ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulletin {
    pub subject: String,
    pub text: String,
    pub told: usize,
}

/// The first of these alerts, as many as there is room for; at least one. `room`: bytes of the text; `more`: how many wait
/// besides these.
pub fn bulletin(items: &[Item], room: usize, more: usize) -> Bulletin {
    let subjects: Vec<&str> = items.iter().map(|item| within(&item.subject, MOST_SUBJECT)).collect();
    let room = room.saturating_sub(FOOT);
    let mut told = 0;
    let mut least = 0;
    for (item, subject) in items.iter().zip(&subjects).take(MOST_TOLD) {
        let needs =
            subject.len() + "\n\n".len() + item.text.len().min(LEAST_TEXT + item.cut.len()) + BETWEEN.len();
        if told > 0 && least + needs > room {
            break;
        }
        least += needs;
        told += 1;
    }
    let heads: usize = subjects[..told].iter().map(|s| s.len() + "\n\n".len() + BETWEEN.len()).sum();
    let needs: Vec<usize> = items[..told].iter().map(|item| item.text.len()).collect();
    let texts: Vec<String> =
        items.iter().zip(shares(&needs, room.saturating_sub(heads))).map(shortened).collect();
    let left = items.len() - told + more;
    let (subject, mut text) = match (texts.as_slice(), subjects.as_slice()) {
        ([text], [subject, ..]) => ((*subject).to_owned(), text.clone()),
        (texts, subjects) => {
            let pieces: Vec<String> =
                subjects.iter().zip(texts).map(|(subject, text)| format!("{subject}\n\n{text}")).collect();
            (format!("{told} alertas da vigilância"), pieces.join(BETWEEN))
        }
    };
    if left > 0 {
        text.push_str(BETWEEN);
        let follow = match left {
            1 => "Mais 1 alerta vem na mensagem seguinte.".to_owned(),
            left => format!("Mais {left} alertas vêm nas mensagens seguintes."),
        };
        text.push_str(&follow);
    }
    Bulletin { subject, text, told }
}

/// How many bytes each gets of what there is: whoever needs less leaves the rest to the others.
fn shares(needs: &[usize], mut room: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|place| needs[*place]);
    let mut shares = vec![0; needs.len()];
    for (done, place) in order.iter().enumerate() {
        let share = needs[*place].min(room / (needs.len() - done));
        shares[*place] = share;
        room -= share;
    }
    shares
}

fn shortened((item, share): (&Item, usize)) -> String {
    if item.text.len() <= share {
        return item.text.clone();
    }
    format!("{}{}", within(&item.text, share.saturating_sub(item.cut.len())), item.cut)
}

/// The beginning of a text, whole characters.
fn within(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(subject: &str, text: &str) -> Item {
        let (subject, text) = (subject.to_owned(), text.to_owned());
        Item { cut: format!("\n(cortado: {subject})"), subject, text }
    }

    #[test]
    fn each_that_is_told_stands_with_its_subject_and_the_longest_is_cut() {
        let short = item("Relé", "não aceita cartas");
        let long = item("Fonte", &"ç".repeat(5_000));
        let told = bulletin(&[short.clone(), long], 3_500, 0);
        assert_eq!((told.told, told.subject.as_str()), (2, "2 alertas da vigilância"));
        assert!(told.text.starts_with("Relé\n\nnão aceita cartas\n\n---\n\nFonte\n\nççç"), "{}", told.text);
        assert!(
            told.text.ends_with("ç\n(cortado: Fonte)") && told.text.len() <= 3_500,
            "{}",
            told.text.len()
        );
        let alone = bulletin(&[short], 3_500, 0);
        assert_eq!((alone.subject.as_str(), alone.text.as_str()), ("Relé", "não aceita cartas"));
    }

    #[test]
    fn what_does_not_fit_waits_and_is_counted_whatever_there_is() {
        for (count, length, room) in
            [(1_usize, 9_000, 3_500), (7, 900, 3_500), (30, 10, 3_500), (90, 300, 300_000)]
        {
            let items: Vec<Item> =
                (0..count).map(|n| item(&format!("Assunto {n:02}"), &"é".repeat(length))).collect();
            let (mut from, mut messages) = (0, 0);
            while from < items.len() {
                let told = bulletin(&items[from..], room, 1);
                assert!(told.told > 0 && told.told <= MOST_TOLD && told.text.len() <= room, "{told:?}");
                for (n, item) in items[from..from + told.told].iter().enumerate() {
                    let stands = told.text.contains(&item.subject) || told.subject == item.subject;
                    assert!(stands, "{n}: {told:?}");
                }
                from += told.told;
                messages += 1;
                let left = items.len() - from + 1;
                let says =
                    if left == 1 { "Mais 1 alerta vem".to_owned() } else { format!("Mais {left} alertas") };
                assert!(told.text.contains(&says), "{says}: {}", told.text);
            }
            assert!(messages >= count.div_ceil(MOST_TOLD), "{messages}");
        }
    }
}
