//! Which windows a pass need not read, as the last pass left it, and what the journal tells since.
//!
//! Whatever changes the ledger so that a plan may differ tells the journal in the same transaction. So the windows that
//! may have come back are those that its newer entries name, and no writer has to know that anybody asks.

use std::collections::BTreeSet;

use super::{Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::sql::{bound, statements};
use crate::domain::id::WindowId;
use crate::plan::frontier::Frontier;

statements! {
    const HEAD = "SELECT head_seq FROM meta WHERE id = 1";
    const KEPT = "SELECT id, entry, at, open FROM frontier WHERE id = 1 AND basis = $1";
    const PUT = "INSERT INTO frontier (id, basis, entry, at, open) VALUES (1, $1, $2, $3, $4) ON CONFLICT (id) \
                 DO UPDATE SET basis = excluded.basis, entry = excluded.entry, at = excluded.at, open = excluded.open";
    const SINCE = "SELECT DISTINCT kind, window_id, CASE WHEN kind = 'coleta' THEN subject END AS load FROM journal \
                   WHERE seq > $1";
    const LOADED = "SELECT window_id FROM snapshot_tallies WHERE snapshot = $1";
}

/// What need not be read, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// The frontier that stands.
    pub frontier: Frontier,
    /// Windows that something was told of since.
    pub touched: BTreeSet<WindowId>,
    /// The journal's last entry: what is read after this knows all that was told until it.
    pub head: u64,
    /// The last entry that the frontier was judged over; absent where none stands.
    pub judged: Option<u64>,
}

/// Whom an entry may bring back.
enum Reach {
    Nobody,
    ItsWindow,
    WindowsOfItsLoad,
    Everybody,
}

/// By the first word of its format. What is not known here brings everybody back, as an order does that names no window.
fn reach(kind: &str, window: Option<&WindowId>) -> Reach {
    match kind {
        "decisao" | "encerramento" | "entrega" | "leitura" => Reach::ItsWindow,
        "coleta" => Reach::WindowsOfItsLoad,
        // The journal itself, the service and its clock, alerts; addresses that rest; configurations, which are the basis
        // of a frontier; what only proposes; and what no decision rests on, whose years are over.
        "abertura" | "parada" | "relogio" | "fila" | "teste" | "contato" | "configuracao" | "cadastro"
        | "noticia" | "conferencia" | "alerta" | "painel" | "reducao" | "apagamento" => Reach::Nobody,
        "ordem" if window.is_some() => Reach::ItsWindow,
        _ => Reach::Everybody,
    }
}

impl Store {
    /// The frontier that was judged with this basis, and what was told since. With another, or when something was told
    /// that may change every window, nothing is settled.
    pub async fn skipped(&self, basis: &str) -> Result<Skipped, StoreError> {
        let mut view = self.db.view().await?;
        let head: i64 = bound!(HEAD).fetch_one(&mut view).await?.try_get(0)?;
        let head = u64::try_from(head).unwrap_or_default();
        let nothing = Skipped { frontier: Frontier::default(), touched: BTreeSet::new(), head, judged: None };
        let Some(row) = bound!(KEPT, basis).fetch_optional(&mut view).await? else { return Ok(nothing) };
        let cells = Cells::of("frontier", &row);
        let open: Option<BTreeSet<WindowId>> =
            cells.get::<&str>("open")?.lines().map(|id| WindowId::parse(id).ok()).collect();
        let open = open.ok_or_else(|| cells.corrupt("open"))?;
        let frontier = Frontier { at: cells.instant("at")?, open };
        let entry: i64 = cells.get("entry")?;
        Ok(match touched(&mut view, entry).await? {
            Some(touched) => Skipped { frontier, touched, head, judged: u64::try_from(entry).ok() },
            None => nothing,
        })
    }

    /// Keeps a frontier, judged over all that was told until an entry.
    pub async fn note_frontier(&self, frontier: &Frontier, basis: &str, head: u64) -> Result<(), StoreError> {
        let open: Vec<&str> = frontier.open.iter().map(WindowId::as_str).collect();
        let (open, at, basis) = (open.join("\n"), ms(frontier.at), basis.to_owned());
        written!(self.db, quietly, |tx| {
            let entry = i64::try_from(head).unwrap_or(i64::MAX);
            bound!(PUT, basis, entry, at, open).execute(&mut tx).await?;
        })
    }
}

/// The windows that something was told of after an entry; none when it may be all of them.
async fn touched(conn: &mut Conn, entry: i64) -> Result<Option<BTreeSet<WindowId>>, StoreError> {
    let mut touched = BTreeSet::new();
    for row in bound!(SINCE, entry).fetch_all(&mut *conn).await? {
        let cells = Cells::of("journal", &row);
        let window = cells.parsed_opt("window_id", |id| WindowId::parse(id).ok())?;
        match reach(cells.get("kind")?, window.as_ref()) {
            Reach::Nobody => {}
            Reach::ItsWindow => touched.extend(window),
            Reach::WindowsOfItsLoad => {
                for row in bound!(LOADED, cells.get::<&str>("load")?).fetch_all(&mut *conn).await? {
                    let cells = Cells::of("snapshot_tallies", &row);
                    touched.insert(cells.parsed("window_id", |id| WindowId::parse(id).ok())?);
                }
            }
            Reach::Everybody => return Ok(None),
        }
    }
    Ok(Some(touched))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{FeedId, SnapshotId};
    use crate::domain::journal::Entry;
    use crate::domain::overrides::{Authorship, HoldScope};
    use crate::domain::status::{Basis, Observation, State};
    use crate::intake::NewSnapshot;
    use crate::plan::Act;
    use crate::store::Override;
    use crate::store::testing::{act, at, municipality, part, rma, store};

    #[test]
    fn every_kind_of_entry_says_whom_it_may_bring_back() {
        let kinds: BTreeSet<&str> =
            Entry::FORMS.iter().filter_map(|form| form.name.split('.').next()).collect();
        let everybody = kinds.into_iter().filter(|kind| matches!(reach(kind, None), Reach::Everybody));
        assert_eq!(everybody.collect::<Vec<_>>(), ["fonte", "livro", "ordem"]);
        assert!(matches!(reach("desconhecida", Some(&rma())), Reach::Everybody));
    }

    #[tokio::test]
    async fn what_is_told_of_a_window_brings_it_back_and_what_may_be_of_all_brings_all_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        let frontier = Frontier { at: at(9), open: BTreeSet::from([rma()]) };
        let keep = async || {
            let head = store.skipped("base").await.unwrap().head;
            store.note_frontier(&frontier, "base", head).await.unwrap();
        };
        assert_eq!(store.skipped("base").await.unwrap().judged, None, "nobody judged yet");
        keep().await;
        let kept = store.skipped("base").await.unwrap();
        assert_eq!((kept.frontier, kept.touched), (frontier.clone(), BTreeSet::new()));
        assert_eq!(store.skipped("outra").await.unwrap().judged, None, "another configuration");

        store.record_pass(at(10), vec![act(Act::Withhold, "3205309")]).await.unwrap();
        assert_eq!(store.skipped("base").await.unwrap().touched, BTreeSet::from([rma()]), "a decision");
        keep().await;
        let observation = Observation {
            window: rma(),
            municipality: municipality("3205309"),
            part: part("CRAS"),
            unit: None,
            state: State::Done,
            dated: None,
            basis: Basis::Row,
            line: 0,
            wording: None,
        };
        let snapshot = NewSnapshot {
            id: SnapshotId::parse("lista-1").unwrap(),
            feed: FeedId::parse("lista").unwrap(),
            taken_at: at(11),
            source: String::new(),
            sha256: String::new(),
            rows: 1,
            rejected: 0,
            repeated: 0,
            form: None,
            reasons: Vec::new(),
            original: None,
        };
        store.accept_snapshot(snapshot, [observation].into_iter().collect(), at(11)).await.unwrap();
        assert_eq!(store.skipped("base").await.unwrap().touched, BTreeSet::from([rma()]), "a load");
        keep().await;
        let by = || Authorship { author: "Ana".to_owned(), reason: "teste".to_owned(), at: at(12) };
        let hold = |scope| Override::Hold { scope, until: None };
        store.add_override(hold(HoldScope::Window(rma())), by()).await.unwrap();
        assert_eq!(store.skipped("base").await.unwrap().touched, BTreeSet::from([rma()]), "an order");
        store.add_override(hold(HoldScope::All), by()).await.unwrap();
        let all = store.skipped("base").await.unwrap();
        assert_eq!((all.judged, all.frontier), (None, Frontier::default()), "an order about everything");
    }
}
