//! A ledger that is moved or replaced beneath the running service.

use std::fs;
use std::path::{Path, PathBuf};

use vigia_suas::store::Store;

use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

/// Moves the ledger and what SQLite has beside it.
fn carry(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        let beside = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        fs::rename(beside(from), beside(to)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_ledger_is_moved_or_replaced_sends_no_more_and_ends_and_no_order_goes_astray() {
    for is_replaced in [false, true] {
        let relay = Relay::start().await;
        let choice = Choice { municipalities: 20, per_minute: 5, ..Choice::new(relay.port) };
        let site = Site::new(&choice);
        let (database, away) = (site.database(), site.data().join("longe.db"));
        let daemon = site.daemon();
        relay.distinct(5).await;
        // A ledger that is where it was takes orders.
        site.ok(&["reter", "--janela", "teste/2001", "--motivo", "x", "--autor", "ana"]);
        site.ok(&["liberar", "--janela", "teste/2001", "--motivo", "x", "--autor", "ana"]);
        let copy = site.data().join("copia.db");
        if is_replaced {
            let store = Store::open_read_only(database.as_path()).await.unwrap();
            store.copy_to(&copy).await.unwrap();
            store.close().await;
        }
        carry(&database, &away);
        if is_replaced {
            fs::rename(&copy, &database).unwrap();
        }
        let before = is_replaced.then(|| fs::read(&database).unwrap());
        let order = site.run(&["reter", "--tudo", "--motivo", "parar", "--autor", "ana"]);
        let said = String::from_utf8(order.stderr).unwrap();
        assert_eq!(order.status.code(), Some(3), "{said}");
        assert!(said.contains(&format!("processo {}", daemon.pid())), "{said}");
        assert!(said.contains("usa outro arquivo") && said.contains("systemctl stop"), "{said}");
        assert_eq!(database.exists().then(|| fs::read(&database).unwrap()), before);
        let log = || fs::read_to_string(site.config().parent().unwrap().join("log")).unwrap();
        assert_eq!(daemon.ended().code(), Some(3), "{}", log());
        assert!(log().contains("foi trocado, apagado ou levado para outro lugar"), "{}", log());
        assert_eq!(relay.taken().len(), 5);
        // Put back as it was, it is the ledger again.
        if is_replaced {
            fs::remove_file(&database).unwrap();
        }
        carry(&away, &database);
        site.ok(&["reter", "--tudo", "--motivo", "parar", "--autor", "ana"]);
        site.ok(&["livro", "conferir"]);
    }
}
