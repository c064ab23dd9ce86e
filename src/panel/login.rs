//! Who somebody is, by the password that they say; the file is read anew whenever it changed.
//!
//! A right password is remembered by a digest until the file changes, since argon2 takes its time by design. Others are
//! judged one at a time, those of one address one after the other and each wrong one with a pause, so that neither guessing
//! nor a flood of guesses gets anywhere, or keeps out whoever knows theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use tokio::sync::Semaphore;

use super::access::{block, is_name};
use super::password::{LONGEST, read};
use crate::text::digest::sha256;

/// After a wrong password, for the next from the same address.
const PAUSE: Duration = Duration::from_millis(500);
/// Wait at once to be judged, and of them from one address.
const MOST_WAITING: usize = 16;
const MOST_OF_ONE: usize = 2;
/// As many right ones are remembered.
const REMEMBERED: usize = 1_000;

/// What an `Authorization` header came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// It is they.
    User(String),
    /// It is not, or nothing was said.
    Nobody,
    /// Too many try at once.
    Busy,
    /// Nobody can be known: the file does not serve. Ends when it is mended.
    Unknowable,
}

/// Whoever says who they are.
#[derive(Debug, Clone)]
pub(super) struct Logins {
    file: Option<PathBuf>,
    /// Digests of headers that were right, each with the file's.
    right: Arc<Mutex<BTreeSet<String>>>,
    /// One is judged at a time, also when whoever sent it is gone: each takes 19 MiB.
    turn: Arc<Semaphore>,
    waiting: Waiting,
}

/// Those whose password is judged or who wait out the pause after a wrong one, by where they come from.
type Waiting = Arc<Mutex<BTreeMap<String, (usize, Arc<Semaphore>)>>>;

/// One of the places to wait in, given back when the password was judged and the pause is over, however long whoever
/// sent it stays.
struct Place {
    waiting: Waiting,
    from: String,
}

impl Place {
    /// A place for whoever comes from somewhere, with the turn that those from there have one after the other; none where
    /// too many wait.
    fn take(waiting: &Waiting, from: &str) -> Option<(Self, Arc<Semaphore>)> {
        let mut places = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = places.values().map(|(number, _)| number).sum();
        let own = places.get(from).map_or(0, |(number, _)| *number);
        if all >= MOST_WAITING || own >= MOST_OF_ONE {
            return None;
        }
        let (number, turn) =
            places.entry(from.to_owned()).or_insert_with(|| (0, Arc::new(Semaphore::new(1))));
        *number += 1;
        Some((Self { waiting: waiting.clone(), from: from.to_owned() }, turn.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, _)) = places.get_mut(&self.from) {
            *number -= 1;
            if *number == 0 {
                places.remove(&self.from);
            }
        }
    }
}

impl Logins {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, right: Arc::default(), turn: Arc::new(Semaphore::new(1)), waiting: Waiting::default() }
    }

    /// Judges an `Authorization` header that comes from an address: through a proxy, where many have one, those who say the
    /// same name are counted together.
    pub(super) async fn judge(&self, header: Option<&str>, peer: IpAddr, is_proxy: bool) -> Login {
        let Some(file) = &self.file else { return Login::Nobody };
        let Ok(users) = read(file) else { return Login::Unknowable };
        let Some((user, password)) = header.and_then(said) else { return Login::Nobody };
        let known = sha256(format!("{}\n{user}\n{password}", users.digest).as_bytes());
        if self.right.lock().unwrap_or_else(PoisonError::into_inner).contains(&known) {
            return Login::User(user);
        }
        let peer = block(peer);
        let from = if is_proxy { format!("{peer} {user}") } else { peer.to_string() };
        let Some((place, own_turn)) = Place::take(&self.waiting, &from) else { return Login::Busy };
        let logins = self.clone();
        let judging = async move {
            let _place = place;
            let Ok(_own_turn) = own_turn.acquire().await else { return Login::Busy };
            let Ok(turn) = logins.turn.acquire_owned().await else { return Login::Busy };
            let name = user.clone();
            let verdict = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                users.knows(&name, &password)
            });
            if verdict.await.unwrap_or(false) {
                let mut right = logins.right.lock().unwrap_or_else(PoisonError::into_inner);
                if right.len() >= REMEMBERED {
                    right.clear();
                }
                right.insert(known);
                return Login::User(user);
            }
            tokio::time::sleep(PAUSE).await;
            Login::Nobody
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "whoever hangs up frees neither the place nor the turn before the time, and a stop waits for neither"
        )]
        let judged = tokio::spawn(judging);
        judged.await.unwrap_or(Login::Busy)
    }
}

/// User and password of a `Basic` header (RFC 7617).
fn said(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || rest.len() > 2 * LONGEST {
        return None;
    }
    let text = String::from_utf8(Base64::decode_vec(rest.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    is_name(user).then(|| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Instant;

    use super::*;
    use crate::panel::password::line;
    use crate::panel::password::tests::file;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn basic(user: &str, password: &str) -> String {
        format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
    }

    #[tokio::test]
    async fn a_line_that_was_made_lets_its_user_in_until_it_is_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        let made = line("ana", "senha bem longa").unwrap();
        assert!(made.starts_with("ana:$argon2id$"), "{made}");
        let path = file(&dir, &format!("# equipe\n\n{made}\n"), 0o640);
        let logins = Logins::new(Some(path.clone()));
        let right = basic("ana", "senha bem longa");
        assert_eq!(logins.judge(Some(&right), HERE, false).await, Login::User("ana".to_owned()));
        assert_eq!(
            logins.judge(Some(&right), HERE, false).await,
            Login::User("ana".to_owned()),
            "remembered"
        );
        for wrong in
            [basic("ana", "outra"), basic("bruno", "senha bem longa"), "Bearer x".into(), "Basic ???".into()]
        {
            assert_eq!(logins.judge(Some(&wrong), HERE, false).await, Login::Nobody, "{wrong}");
        }
        assert_eq!(logins.judge(None, HERE, false).await, Login::Nobody);
        file(&dir, &line("bruno", "outra senha longa").unwrap(), 0o640);
        assert_eq!(logins.judge(Some(&right), HERE, false).await, Login::Nobody, "it counts no longer");
        file(&dir, "bruno:x", 0o640);
        assert_eq!(
            logins.judge(Some(&right), HERE, false).await,
            Login::Unknowable,
            "not a word on whose fault"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_guesses_wrong_keeps_no_other_address_out_and_no_more_than_two_wait_of_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(&dir, &line("ana", "senha bem longa").unwrap(), 0o640);
        let logins = Logins::new(Some(path));
        let attacker: IpAddr = "10.0.0.66".parse().unwrap();
        let wrong = basic("ana", "chute");
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let (logins, wrong) = (logins.clone(), wrong.clone());
            guesses.spawn(async move { logins.judge(Some(&wrong), attacker, false).await });
        }
        let mut said = guesses.join_all().await;
        said.sort_by_key(|login| *login == Login::Busy);
        assert_eq!(said[..2], [Login::Nobody, Login::Nobody]);
        assert!(said[2..].iter().all(|login| *login == Login::Busy), "{said:?}");
        // Those behind a proxy have its address in common, and are told apart by the name.
        let mut guesses = tokio::task::JoinSet::new();
        for n in 0..4 {
            let (logins, wrong) = (logins.clone(), basic(&format!("b{n}"), "chute"));
            guesses.spawn(async move { logins.judge(Some(&wrong), attacker, true).await });
        }
        tokio::time::sleep(PAUSE / 4).await;
        let right = basic("ana", "senha bem longa");
        assert_eq!(logins.judge(Some(&right), attacker, true).await, Login::User("ana".to_owned()));
        guesses.join_all().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_hangs_up_frees_neither_the_place_nor_the_turn() {
        let dir = tempfile::tempdir().unwrap();
        let logins = Logins::new(Some(file(&dir, &line("ana", "senha bem longa").unwrap(), 0o640)));
        let wrong = basic("ana", "chute");
        for _ in 0..2 {
            let gone =
                tokio::time::timeout(Duration::from_millis(1), logins.judge(Some(&wrong), HERE, false));
            assert!(gone.await.is_err());
        }
        assert_eq!(logins.judge(Some(&wrong), HERE, false).await, Login::Busy);
        let begun = Instant::now();
        while logins.judge(Some(&wrong), HERE, false).await == Login::Busy {
            assert!(begun.elapsed() < Duration::from_mins(1));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(begun.elapsed() >= PAUSE / 2, "the pause is waited out: {:?}", begun.elapsed());
    }
}
