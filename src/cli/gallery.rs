//! `carta --todas`: every letter to every recipient, in a folder with an index, to be proof-read.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::SampleOf;
use super::letter;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::desk::order;
use crate::desk::sample::{self, Example};
use crate::domain::calendar::Window;
use crate::domain::id::{MunicipalityCode, slugify};
use crate::domain::notice::{Content, NoticeKey};
use crate::files;
use crate::plan::Notice;
use crate::render::gallery::{GalleryItem, index};
use crate::render::letter::{Context, name_of};
use crate::render::portuguese;
use crate::world::live::Live;

/// Writes the letters of the windows asked for, or of every system's, to one municipality or to all.
pub(super) async fn run(
    session: &Session,
    of: Option<&SampleOf>,
    municipality: Option<&str>,
    dir: &Path,
) -> Result {
    let live = Live::under(session.setup.clone(), session.calendar());
    let only =
        municipality.map(|text| order::municipality(&session.setup.config.roster, text)).transpose()?;
    let windows: Vec<Window> = match of {
        Some(of) => vec![letter::window(session, &live, of)?],
        None => sample::windows(&live.calendar, session.now()),
    };
    let config = &live.setup.config;
    let context =
        Context { calendar: &live.calendar, roster: &config.roster, secretariat: &config.secretariat };
    let overrides = session.overrides().await?;
    let mut entries = Vec::new();
    let mut faults = BTreeSet::new();
    for window in &windows {
        let examples =
            sample::every(&live, &overrides, window).map_err(|error| Failure::could_not(&error))?;
        for example in examples {
            let notice = &example.notice;
            if only.is_some_and(|code| !concerns(notice, code)) {
                continue;
            }
            match crate::render::letter::letter(&live.setup.templates, &context, notice) {
                Ok(letter) => {
                    let entry = entry(&live, window, &example, &letter.subject);
                    write(&dir.join(&entry.page), &letter.html)?;
                    write(
                        &dir.join(&entry.text),
                        &format!("\u{feff}Assunto: {}\n\n{}", letter.subject, letter.text),
                    )?;
                    entries.push(entry);
                }
                Err(fault) => {
                    faults.insert(format!("erro: {fault}\n  dica: {}", fault.hint));
                }
            }
        }
    }
    let made = format!("em {}", portuguese::instant(session.now(), &live.calendar.hours.zone));
    write(&dir.join("index.html"), &index(&entries, &made))?;
    for fault in &faults {
        remark(fault);
    }
    let path = dir.join("index.html").display().to_string();
    say(&if session.json {
        serde_json::json!({ "indice": path, "cartas": entries.len(), "falhas": faults }).to_string()
    } else {
        let letters = portuguese::counted(entries.len(), "carta", "cartas");
        format!("{letters} de exemplo em {path}; nada foi enviado nem registrado")
    });
    Ok(if faults.is_empty() { Answer::Done } else { Answer::Negative })
}

/// Whether a letter goes to that municipality; those to the secretariat's own concern all.
fn concerns(notice: &Notice, code: MunicipalityCode) -> bool {
    notice.key.municipality().is_none_or(|to| to == code)
}

fn entry(live: &Live, window: &Window, example: &Example, subject: &str) -> GalleryItem {
    let notice = &example.notice;
    let name = name_of(&notice.content);
    let window = window.id.to_string();
    let (file, recipient) = match (&notice.key, &notice.content) {
        (NoticeKey::Municipal { municipality, .. }, _) => {
            let roster = &live.setup.config.roster.municipalities;
            let name = roster.get(municipality).map(|m| portuguese::line(&m.name)).unwrap_or_default();
            (municipality.to_string(), name)
        }
        (
            _,
            Content::Digest { to, .. } | Content::Referral { to, .. } | Content::ReferralAddendum { to, .. },
        ) => (slugify(&to.to_string()), to.to_string()),
        (_, _) => ("equipe".to_owned(), "equipe".to_owned()),
    };
    let kind = match &notice.content {
        Content::ReferralAddendum { .. } => "adendo à remessa",
        content => portuguese::letter(content.kind(), notice.key.slot()),
    };
    let stem = format!("{}/{name}/{file}", slugify(&window));
    GalleryItem {
        window,
        kind: kind.to_owned(),
        recipient,
        made_up: example.made_up().to_owned(),
        subject: subject.to_owned(),
        page: format!("{stem}.html"),
        text: format!("{stem}.txt"),
    }
}

/// Writes a file and the folders above it.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| files::write(path, text.as_bytes())).map_err(|error| {
        Failure::unwritable(path, &error, "confira a pasta dada em --saida e o espaço em disco")
    })
}
