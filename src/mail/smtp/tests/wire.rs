//! A letter's body and its dot, as they leave.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::mail::smtp::wire::{Permit, Wire};

#[tokio::test]
async fn a_relay_that_hangs_up_at_a_short_body_is_known_not_to_have_taken_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut relay, _) = listener.accept().await.unwrap();
    let mut wire = Wire::plain(stream, &Permit::default()).unwrap();
    wire.begin_letter();
    wire.write_all(b"curto").await.unwrap();
    // The body does not wait for its dot (decision 0293).
    let mut body = [0; 5];
    let read = relay.read_exact(&mut body);
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
    drop(relay);
    while wire.is_quiet().await {}
    wire.body_written();
    wire.write_all(b"\r\n.\r\n").await.unwrap_err();
    assert!(!wire.ended());
}
