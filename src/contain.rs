//! Parsers of outside bytes, contained: a panic is one more way of being unreadable, and time and memory have bounds.
//!
//! A thread cannot be killed, so a parser is bounded three times over. What it is given is measured before it begins:
//! bytes, and whatever of them costs more than its length (each decoder says how). While it runs it is looked at many times
//! a second, and given up when it takes too long or the process has grown too much meanwhile; whatever reads bytes for
//! it asks [`is_given_up`] and then reads no further, which ends it. And while `MOST_ADRIFT` that were given up still
//! run, no other is begun. That state ends when one of them comes to its next read, or with the process. A stack that
//! overflows is not contained: no parser here goes deeper than it says.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Most parsers of one sort that were given up and still run.
const MOST_ADRIFT: isize = 2;
/// How often a parser is looked at.
const LOOK: Duration = Duration::from_millis(25);
const MB: u64 = 1024 * 1024;

const RUNNING: u8 = 0;
const GIVEN_UP: u8 = 1;
const ENDED: u8 = 2;

thread_local! {
    /// The parser that this thread runs, if it runs one.
    static HERE: RefCell<Option<Arc<AtomicU8>>> = const { RefCell::new(None) };
}

/// Why a parser gave nothing. Displayed to operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncontained {
    /// It panicked.
    #[error(
        "o leitor falhou com este conteúdo: está danificado, ou é uma falha do programa; guarde os bytes e avise o suporte"
    )]
    Panicked,
    /// It took longer than this.
    #[error("a leitura passou de {} s e foi abandonada: confira o conteúdo", .0.as_secs_f32())]
    Slow(Duration),
    /// The process grew by more than so many megabytes while it ran.
    #[error("a leitura passou de {0} MB de memória e foi abandonada: confira o conteúdo")]
    Large(u64),
    /// Others that were given up still run, or there is no thread to run it on.
    #[error("leituras abandonadas ainda ocupam o serviço: nada mais é lido até que terminem ou ele recomece")]
    Busy,
}

/// Runs a parser where it is; a panic is an error.
///
/// # Errors
/// [`Uncontained::Panicked`].
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Uncontained> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Uncontained::Panicked)
}

/// Whether the parser that runs on this thread was given up: nobody waits for what it reads any more.
pub fn is_given_up() -> bool {
    HERE.with_borrow(|here| here.as_ref().is_some_and(|state| state.load(Ordering::Relaxed) == GIVEN_UP))
}

/// The bounds of parsers of one sort, and how many of them were given up and still run.
#[derive(Debug)]
pub struct Bounds {
    time: Duration,
    megabytes: u64,
    adrift: AtomicIsize,
}

impl Bounds {
    /// So long, and so many megabytes by which the process may grow meanwhile.
    pub const fn new(time: Duration, megabytes: u64) -> Self {
        Self { time, megabytes, adrift: AtomicIsize::new(0) }
    }

    /// Runs a parser on a thread of its own, until it ends or is given up.
    pub async fn run<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Uncontained> {
        if self.adrift.load(Ordering::SeqCst) >= MOST_ADRIFT {
            return Err(Uncontained::Busy);
        }
        let (done, mut answer) = oneshot::channel();
        let state = Arc::new(AtomicU8::new(RUNNING));
        let (began, held_before) = (Instant::now(), resident());
        let of_thread = state.clone();
        // Not one of the runtime's, which would wait for it when the service ends.
        let thread = std::thread::Builder::new().name("leitura".to_owned()).spawn(move || {
            HERE.set(Some(of_thread.clone()));
            let read = caught(work);
            if of_thread.swap(ENDED, Ordering::SeqCst) == GIVEN_UP {
                self.adrift.fetch_sub(1, Ordering::SeqCst);
            }
            // Nobody may wait any more.
            let _ = done.send(read);
        });
        // Also when whoever waits is told to stop.
        let _leash = Leash { bounds: self, state };
        thread.map_err(|_| Uncontained::Busy)?;
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer.unwrap_or(Err(Uncontained::Panicked)),
                () = tokio::time::sleep(LOOK) => {}
            }
            if began.elapsed() > self.time {
                return Err(Uncontained::Slow(self.time));
            }
            let grown = resident().zip(held_before).map_or(0, |(now, before)| now.saturating_sub(before));
            if grown > self.megabytes {
                return Err(Uncontained::Large(self.megabytes));
            }
        }
    }
}

/// Gives up what nobody waits for.
struct Leash {
    bounds: &'static Bounds,
    state: Arc<AtomicU8>,
}

impl Drop for Leash {
    fn drop(&mut self) {
        let was = self.state.compare_exchange(RUNNING, GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst);
        if was.is_ok() {
            self.bounds.adrift.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Megabytes that the process holds; unknown where the system does not say.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024 / MB)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn until_given_up() {
        while !is_given_up() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[tokio::test]
    async fn a_parser_that_panics_is_an_error_and_the_next_one_runs() {
        static BOUNDS: Bounds = Bounds::new(Duration::from_mins(1), 1_000);
        assert_eq!(BOUNDS.run(|| panic!("como o quick-xml")).await, Err::<(), _>(Uncontained::Panicked));
        assert_eq!(BOUNDS.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_parser_that_never_ends_is_given_up_and_reads_no_further() {
        static BOUNDS: Bounds = Bounds::new(Duration::from_millis(50), 10_000);
        for _ in 0..3 {
            let told = BOUNDS.run(until_given_up).await;
            assert_eq!(told, Err(Uncontained::Slow(Duration::from_millis(50))));
            while BOUNDS.adrift.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    #[tokio::test]
    async fn a_parser_that_eats_memory_is_given_up() {
        static BOUNDS: Bounds = Bounds::new(Duration::from_mins(1), 100);
        let eats = || {
            let mut eaten: Vec<Vec<u8>> = Vec::new();
            while !is_given_up() {
                if eaten.len() < 400 {
                    eaten.push(vec![1; 1024 * 1024]);
                }
            }
            eaten.len()
        };
        assert_eq!(BOUNDS.run(eats).await, Err(Uncontained::Large(100)));
    }

    #[tokio::test]
    async fn no_other_is_begun_while_some_that_were_given_up_still_run() {
        static BOUNDS: Bounds = Bounds::new(Duration::from_millis(30), 10_000);
        static END: AtomicBool = AtomicBool::new(false);
        let deaf = || {
            while !END.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        assert!(matches!(BOUNDS.run(deaf).await, Err(Uncontained::Slow(_))));
        assert!(matches!(BOUNDS.run(deaf).await, Err(Uncontained::Slow(_))));
        assert_eq!(BOUNDS.run(|| 7).await, Err(Uncontained::Busy));
        END.store(true, Ordering::SeqCst);
        while BOUNDS.adrift.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(BOUNDS.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_given_up() {
        static BOUNDS: Bounds = Bounds::new(Duration::from_mins(1), 10_000);
        let waited = tokio::time::timeout(Duration::from_millis(30), BOUNDS.run(until_given_up)).await;
        assert!(waited.is_err());
        while BOUNDS.adrift.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
