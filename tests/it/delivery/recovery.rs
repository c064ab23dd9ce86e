//! PostgreSQL brought back to an earlier moment (PITR): the ledger is older than what left, and nothing leaves to a
//! municipality until a person says what becomes of that.

use std::fs;

use super::server::{A_MINUTE, is_served, point, repeats, said, until};
use crate::support::app::{Choice, Site};
use crate::support::postgres::{Server, keep_at};
use crate::support::smtp::Relay;

const MUNICIPALITIES: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_server_brought_back_to_before_the_last_letters_is_held_until_somebody_assumes_and_none_leaves_twice()
 {
    let server = Server::start("wal_level = replica\narchive_mode = on\narchive_command = 'cp %p ../%f'\n");
    let relay = Relay::start().await;
    let choice = |windows| Choice { municipalities: MUNICIPALITIES, windows, ..Choice::new(relay.port) };
    let site = Site::new(&choice(1));
    let place = site.config().with_file_name("servidor");
    point(&place, &server);
    keep_at(&site, &place);
    site.ok(&["servir", "--uma-vez"]);
    let copy = Server::copy_of(&server);
    let moment = server.psql("vigia", "SELECT clock_timestamp()");
    site.write_calendar(&choice(2));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(repeats(&relay, &site.announcements(&choice(2))), 0);
    // All of it is in the archive when the server is lost.
    let last = server.psql("vigia", "SELECT pg_walfile_name(pg_switch_wal())");
    until(A_MINUTE, "it is archived", || server.socket().join(&last).exists()).await;
    server.control(&["-m", "immediate", "stop"]);

    copy.recover(server.socket(), &moment);
    until(A_MINUTE, "it is brought back", || copy.psql("vigia", "SELECT pg_is_in_recovery()") == "f").await;
    point(&place, &copy);
    let daemon = site.daemon();
    until(A_MINUTE, "it is served", || is_served(&copy)).await;
    daemon.logs("não se sabe se este livro é o que enviou por último");
    let health = site.run(&["saude"]);
    assert_eq!(health.status.code(), Some(1), "{}", said(&health));
    assert!(said(&health).contains("o livro é uma cópia antiga"), "{}", said(&health));
    assert_eq!(to_towns(&relay), 2 * MUNICIPALITIES, "nothing leaves while it is doubted");
    let assumed = site.ok(&["assumir", "--autor", "ana", "--motivo", "o servidor voltou a ontem"]);
    assert!(assumed.contains("podem já ter saído de outro livro"), "{assumed}");
    assert!(assumed.contains("--lote retomada/"), "{assumed}");
    daemon.logs("este livro passa a valer");
    assert_eq!(daemon.terminate().code(), Some(0));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(repeats(&relay, &site.announcements(&choice(2))), 0, "what may have left waits for a person");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
    fs::remove_file(place).unwrap();
}

fn to_towns(relay: &Relay) -> usize {
    relay.taken().iter().filter(|taken| taken.message_id.contains(".divulgacao.")).count()
}
