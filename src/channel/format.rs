//! What each service understands: an alert as the body of a POST. Pure.

use serde_json::{Value, json};

/// What the other side understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageFormat {
    /// An object of our own: `programa`, `assunto`, `texto`.
    Json,
    /// Microsoft Teams: an adaptive card, as a Workflows webhook takes it.
    Teams,
    /// Slack, and what imitates it.
    Slack,
    /// The Telegram bot API.
    Telegram {
        chat: String,
    },
    Ntfy,
}

/// What is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: String,
}

/// Telegram takes 4,096 characters and ntfy as many bytes. Whoever puts alerts together keeps to this (`bulletin`); what is
/// longer all the same is cut.
pub const MOST_BYTES: usize = 3_500;
/// Says that it was.
const CUT: &str = "\n(cortado)";

/// An alert as the service takes it.
pub fn message(format: &MessageFormat, subject: &str, text: &str) -> Posted {
    let text = cut(text);
    let object = |value: Value| Posted {
        content_type: "application/json",
        headers: Vec::new(),
        body: value.to_string(),
    };
    match format {
        MessageFormat::Json => object(json!({ "programa": "vigia-suas", "assunto": subject, "texto": text })),
        MessageFormat::Teams => {
            let block = |text: &str, weight: &str| json!({ "type": "TextBlock", "text": text, "wrap": true, "weight": weight });
            object(json!({
                "type": "message",
                "attachments": [{
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": null,
                    "content": {
                        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                        "type": "AdaptiveCard",
                        "version": "1.2",
                        // One line break is none in its Markdown.
                        "body": [block(subject, "Bolder"), block(&text.replace('\n', "\n\n"), "Default")],
                    },
                }],
            }))
        }
        MessageFormat::Slack => {
            object(json!({ "text": format!("*{}*\n{}", escaped(subject), escaped(&text)) }))
        }
        MessageFormat::Telegram { chat } => {
            object(json!({ "chat_id": chat, "text": format!("{subject}\n\n{text}") }))
        }
        MessageFormat::Ntfy => Posted {
            content_type: "text/plain; charset=utf-8",
            headers: vec![("title", "vigia-suas"), ("priority", "high"), ("tags", "warning")],
            body: format!("{subject}\n\n{text}"),
        },
    }
}

/// As Slack asks for it; anything else of its mark-up only decorates.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str) -> String {
    if text.len() <= MOST_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MOST_BYTES);
    format!("{}{CUT}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_gets_what_it_understands_with_the_text_whole() {
        let (subject, text) = ("Livro em dúvida", "Serra & Vitória <confira>\nsegunda linha");
        let body = |format: &MessageFormat| -> Value {
            serde_json::from_str(&message(format, subject, text).body).unwrap()
        };
        assert_eq!(body(&MessageFormat::Json)["texto"], text);
        assert_eq!(
            body(&MessageFormat::Slack)["text"],
            "*Livro em dúvida*\nSerra &amp; Vitória &lt;confira&gt;\nsegunda linha"
        );
        let told = body(&MessageFormat::Telegram { chat: "-100".to_owned() });
        assert_eq!(
            (&told["chat_id"], &told["text"]),
            (&json!("-100"), &json!(format!("{subject}\n\n{text}")))
        );
        let card = &body(&MessageFormat::Teams)["attachments"][0]["content"]["body"];
        assert_eq!(
            (&card[0]["text"], card[1]["text"].as_str()),
            (&json!(subject), Some(text.replace('\n', "\n\n").as_str()))
        );
        let posted = message(&MessageFormat::Ntfy, subject, text);
        assert_eq!(posted.body, format!("{subject}\n\n{text}"));
        assert!(posted.headers.iter().all(|(name, value)| name.is_ascii() && value.is_ascii()));
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        for format in [MessageFormat::Json, MessageFormat::Slack, MessageFormat::Ntfy] {
            let body = message(&format, "a", &"ç".repeat(5_000)).body;
            assert!(body.len() < 4_000, "{}", body.len());
            assert!(body.contains("cortado"), "{body}");
        }
    }
}
