//! Connections: how many at once, how long each may take, and TLS. One request a connection: what is slow, idle or large
//! costs whoever sends it a closed door, and the service nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::access::block;
use super::guard::Peer;
use super::router;
use super::tls::Tls;
use super::{Panel, PanelDoor};

/// Connections at once, and of them from one address that is not a proxy's.
const MOST: usize = 256;
const MOST_OF_ONE: usize = 64;
/// How long TLS may take, then the head of the request, then all of it with its answer.
const HANDSHAKE: Duration = Duration::from_secs(5);
const HEAD: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(40);
/// What a head may take.
const LARGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
/// How long those that are open may go on after the stop.
const LAST: Duration = Duration::from_secs(2);

/// Takes connections until told to stop.
pub(super) async fn serve(panel: Arc<Panel>, place: PanelDoor, stop: CancellationToken) {
    let routes = TowerToHyperService::new(router::routes(panel.clone()));
    let crowd = Crowd::default();
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = open.join_next() => continue,
            accepted = place.listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            Err(error) => {
                warn!(error = %error, "o painel não pôde aceitar uma conexão");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let most = if panel.settings.proxies.contains(&peer) { MOST } else { MOST_OF_ONE };
        // Whoever finds no seat is not kept waiting: those who wait would be the next crowd.
        let Some(seat) = crowd.enter(peer, most) else { continue };
        let (routes, tls) = (routes.clone(), place.tls.as_ref().map(Tls::current));
        open.spawn(async move {
            let seat = Arc::new(seat);
            let talk = async {
                match tls {
                    None => talk(stream, peer, seat.clone(), routes).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                            talk(stream, peer, seat.clone(), routes).await;
                        }
                    }
                }
            };
            tokio::select! {
                () = seat.away.cancelled() => {}
                _in_time = tokio::time::timeout(WHOLE, talk) => {}
            }
        });
    }
    let _ended = tokio::time::timeout(LAST, async { while open.join_next().await.is_some() {} }).await;
}

/// One request and its answer. What goes wrong on the way is the visitor's matter.
async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    seat: Arc<Seat>,
    routes: TowerToHyperService<axum::Router>,
) {
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        seat.note_asked();
        request.extensions_mut().insert(Peer(peer));
        routes.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    let _gone = http.serve_connection(TokioIo::new(stream), service).await;
}

/// Who is connected, in order of coming. Whoever has not said anything yet makes room for whoever comes, so that no crowd of
/// idle ones keeps anybody waiting.
#[derive(Clone, Default)]
struct Crowd(Arc<Mutex<BTreeMap<u64, Guest>>>);

struct Guest {
    from: IpAddr,
    /// Whether the whole head of a request came.
    has_asked: bool,
    /// Sends them away.
    away: CancellationToken,
}

impl Crowd {
    /// A seat, for which whoever from there has been silent longest may have to go, or of all where none is left; none where
    /// everybody is being served.
    fn enter(&self, peer: IpAddr, most: usize) -> Option<Seat> {
        let from = block(peer);
        let mut guests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_crowded = guests.values().filter(|guest| guest.from == from).count() >= most;
        if is_crowded || guests.len() >= MOST {
            let mut silent = guests.iter().filter(|(_, guest)| !guest.has_asked);
            let of_all = silent.clone().next();
            let of_there = silent.find(|(_, guest)| guest.from == from);
            let first = if is_crowded { of_there } else { of_there.or(of_all) };
            let first = first.map(|(number, _)| *number)?;
            if let Some(guest) = guests.remove(&first) {
                guest.away.cancel();
            }
        }
        let number = guests.last_key_value().map_or(0, |(last, _)| last + 1);
        let away = CancellationToken::new();
        guests.insert(number, Guest { from, has_asked: false, away: away.clone() });
        Some(Seat { crowd: self.clone(), number, away })
    }
}

/// A connection's place, given back when it ends.
struct Seat {
    crowd: Crowd,
    number: u64,
    away: CancellationToken,
}

impl Seat {
    /// Notes that a whole request came: it is answered, whoever comes.
    fn note_asked(&self) {
        let mut guests = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guest) = guests.get_mut(&self.number) {
            guest.has_asked = true;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_cannot_take_every_seat_and_a_seat_is_given_back() {
        let crowd = Crowd::default();
        let (a, b) = (ip("10.0.0.1"), ip("10.0.0.2"));
        let mut seats: Vec<Seat> = (0..MOST_OF_ONE).map(|_| crowd.enter(a, MOST_OF_ONE).unwrap()).collect();
        seats.iter().for_each(Seat::note_asked);
        for _ in 0..1_000 {
            assert!(crowd.enter(a, MOST_OF_ONE).is_none());
            assert!(crowd.enter(b, 0).is_none());
        }
        assert_eq!(crowd.0.lock().unwrap().len(), MOST_OF_ONE, "of whoever is refused nothing is kept");
        let other = crowd.enter(b, MOST_OF_ONE).unwrap();
        seats.pop();
        seats.push(crowd.enter(a, MOST_OF_ONE).unwrap());
        drop((seats, other));
        assert!(crowd.0.lock().unwrap().is_empty());
    }

    #[test]
    fn whoever_is_silent_longest_makes_room_and_whoever_is_served_stays() {
        let crowd = Crowd::default();
        let (a, b) = (ip("10.0.0.1"), ip("10.0.0.2"));
        let seats: Vec<Seat> = (0..3).map(|_| crowd.enter(a, 3).unwrap()).collect();
        seats[0].note_asked();
        let next = crowd.enter(a, 3).unwrap();
        let gone = |seats: &[Seat]| seats.iter().map(|s| s.away.is_cancelled()).collect::<Vec<_>>();
        assert_eq!(gone(&seats), [false, true, false]);
        next.note_asked();
        seats[2].note_asked();
        assert!(crowd.enter(a, 3).is_none(), "all three are being served");
        // When the house is full of others, the one that is silent longest goes, whosever it is.
        let others: Vec<Seat> = (0..MOST - 3)
            .map(|n| crowd.enter(ip(&format!("10.1.{}.{}", n / 200, n % 200)), 64).unwrap())
            .collect();
        others[0].note_asked();
        let late = crowd.enter(b, 64).unwrap();
        assert_eq!(gone(&others[..3]), [false, true, false]);
        assert!(!late.away.is_cancelled());
        drop((seats, next, others, late));
        assert!(crowd.0.lock().unwrap().is_empty());
    }
}
