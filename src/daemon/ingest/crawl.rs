//! A run page by page, over municipalities or units: polite, resumed after a restart, whole at the end.
//!
//! Each page that comes is kept at once (its bytes in one file beside the database, its place in the ledger), so that
//! a restart goes on where it was; a page that the crawl has is not asked for again. Only when every page was had or
//! given up does the whole become one load.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tracing::{error, info, warn};

use super::load::Received;
use crate::contain::Bounds;
use crate::daemon::app::App;
use crate::domain::feed::{FeedSpec, Format};
use crate::domain::id::Reference;
use crate::feed::error::FeedError;
use crate::feed::http::{Fetched, Rules, Validators};
use crate::feed::pages::PageRequest;
use crate::feed::{Missing, looks_right, paging};
use crate::format::body::{Body, Original};
use crate::format::error::DecodeError;
use crate::format::table::RowProblem;
use crate::intake::CrawlPage;
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::text::digest;

/// A crawl older than this is begun anew: its first pages speak of another day.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// How many times all pages are gone through; after the first, only those that failed and may pass.
const ROUNDS: usize = 2;
/// So many failures one after the other are the host's: the crawl stops and is taken up later.
const IN_A_ROW: usize = 8;

/// What reading one page may take.
static PAGES: Bounds = Bounds::new(Duration::from_mins(1), 512);

/// How a crawl ended.
pub(super) enum Crawled {
    /// Every page was had or given up.
    Whole(Received),
    /// The host does not answer; what was had is kept.
    GaveUp { what: String, retry_after: Option<Duration> },
}

/// A crawl under way.
struct Crawl<'a> {
    app: &'a App,
    spec: &'a FeedSpec,
    rules: &'a Rules,
    file: Arc<File>,
    end: u64,
    had: BTreeMap<String, CrawlPage>,
}

/// Goes through the pages that are not had yet. `spoken_of`: the references that the feed speaks of without naming them;
/// with others it is another crawl.
pub(super) async fn crawl(
    app: &App,
    (spec, spoken_of): (&FeedSpec, &[Reference]),
    pages: &[PageRequest],
    rules: &Rules,
    pause: Duration,
) -> Result<Crawled, StoreError> {
    let mut crawl = match begin(app, (spec, spoken_of), pages, rules).await? {
        Ok(crawl) => crawl,
        Err(what) => return Ok(Crawled::GaveUp { what, retry_after: None }),
    };
    let every = pages.len().div_ceil(10).max(25);
    let mut given_up = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut failed_in_a_row = 0;
        for (n, page) in pages.iter().enumerate() {
            let had = crawl.had.get(&page.key).is_some_and(|had| had.failure.is_none());
            if had || given_up.contains(&page.key) {
                continue;
            }
            let fetched = crawl.page(page).await;
            match crawl.keep(page, fetched).await? {
                Kept::Had => failed_in_a_row = 0,
                Kept::Missing => {
                    given_up.insert(page.key.clone());
                }
                Kept::Passing((what, retry_after)) => {
                    failed_in_a_row += 1;
                    if failed_in_a_row >= IN_A_ROW {
                        let what = format!("{failed_in_a_row} páginas seguidas falharam; a última: {what}");
                        return Ok(Crawled::GaveUp { what, retry_after });
                    }
                }
            }
            if (n + 1) % every == 0 {
                info!(feed.id = %spec.id, crawl.settled = crawl.had.len(), crawl.pages = pages.len(), "varredura em andamento");
            }
            tokio::time::sleep(pause).await;
        }
    }
    info!(feed.id = %spec.id, crawl.pages = pages.len(), "varredura completa");
    Ok(Crawled::Whole(crawl.load(pages)))
}

/// Takes up the crawl that is under way, if it is the same and not too old; else begins one.
async fn begin<'a>(
    app: &'a App,
    (spec, spoken_of): (&'a FeedSpec, &[Reference]),
    pages: &[PageRequest],
    rules: &'a Rules,
) -> Result<Result<Crawl<'a>, String>, StoreError> {
    let now = app.now();
    let plan = plan(spec, spoken_of, pages);
    let path = file_of(&app.live().setup.config.settings.data, spec);
    let known = app.store.crawl(&spec.id).await?.filter(|known| {
        let age = now.duration_since(known.started_at);
        known.plan == plan && age < LONGEST && !age.is_negative()
    });
    let resumed = known.is_some();
    let opened = open(&path, resumed);
    let file = match opened {
        Ok(file) => Arc::new(file),
        Err(failure) => {
            error!(feed.id = %spec.id, error = %chain(&failure), "o arquivo da varredura não pôde ser aberto");
            return Ok(Err(format!("não foi possível gravar em {}: confira o disco", path.display())));
        }
    };
    let length = file.metadata().map_or(0, |data| data.len());
    let mut had = known.map(|known| known.pages).unwrap_or_default();
    // A page whose bytes did not reach the disk, or are others by now, is asked for again.
    had.retain(|_, page| page.failure.is_none() && is_there(&file, length, page));
    if resumed {
        info!(feed.id = %spec.id, crawl.settled = had.len(), crawl.pages = pages.len(), "varredura retomada");
    } else {
        app.store.begin_crawl(&spec.id, &plan, pages.len(), now).await?;
        info!(feed.id = %spec.id, crawl.pages = pages.len(), "varredura iniciada");
    }
    Ok(Ok(Crawl { app, spec, rules, file, end: length, had }))
}

/// What makes two crawls the same: the feed, and every page of it.
fn plan(spec: &FeedSpec, spoken_of: &[Reference], pages: &[PageRequest]) -> String {
    let urls: Vec<&str> = pages.iter().map(|page| page.url.as_str()).collect();
    digest::sha256(format!("{spec:?}\n{spoken_of:?}\n{}", urls.join("\n")).as_bytes())
}

/// `DADOS/coletas/FONTE.paginas`: pages as they came, for as long as the crawl lasts.
fn file_of(data: &Path, spec: &FeedSpec) -> PathBuf {
    data.join("coletas").join(format!("{}.paginas", spec.id))
}

fn open(path: &Path, resumed: bool) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(!resumed).mode(0o600).open(path)
}

fn is_there(file: &Arc<File>, length: u64, page: &CrawlPage) -> bool {
    let within = page.place.checked_add(page.length).is_some_and(|end| end <= length);
    let part = Original::within(file.clone(), page.place, page.length, &page.sha256);
    within && part.bytes().is_ok_and(|bytes| digest::sha256(&bytes) == page.sha256)
}

/// What became of a page.
enum Kept {
    Had,
    /// It is not there, and will not be.
    Missing,
    /// It may come at another time.
    Passing((String, Option<Duration>)),
}

impl Crawl<'_> {
    /// Fetches a page, and makes sure that it is one.
    async fn page(&self, page: &PageRequest) -> Result<Original, (String, Option<Duration>, bool)> {
        let told = |error: &FeedError| {
            (chain(error), error.retry_after(), matches!(error, FeedError::Transient { .. }))
        };
        let fetched = self.app.fetcher.fetch(&page.url, &Validators::default(), self.rules).await;
        let original = match fetched.map_err(|error| told(&error))? {
            Fetched::Fresh(reply) => reply.original,
            Fetched::NotModified => return Err(("o servidor respondeu 304".to_owned(), None, true)),
        };
        let body = Body { given: page.given.clone(), original };
        let (spec, page) = (self.spec.clone(), body.clone());
        let read = PAGES.run(move || {
            looks_right(&spec, &page)?;
            Ok::<_, DecodeError>(paging::is_part(&spec.format, &page))
        });
        let is_part = read.await.map_err(DecodeError::from).and_then(|read| read);
        // An error page with status 200 is what these hosts send under load: it may pass.
        if is_part.map_err(|error| (error.to_string(), None, true))? {
            let what = "a resposta veio só em parte: aumente `rows` no endereço da fonte";
            return Err((what.to_owned(), None, false));
        }
        if matches!(self.spec.format, Format::Csv { .. }) && body.original.is_open_ended() {
            return Err((RowProblem::OpenEnd.to_string(), None, false));
        }
        Ok(body.original)
    }

    /// Settles a page, durably.
    async fn keep(
        &mut self,
        page: &PageRequest,
        fetched: Result<Original, (String, Option<Duration>, bool)>,
    ) -> Result<Kept, StoreError> {
        let mut settled = CrawlPage {
            fetched_at: self.app.now(),
            place: self.end,
            length: 0,
            sha256: String::new(),
            failure: None,
        };
        let kept = match fetched {
            Ok(original) => match self.write(&original) {
                Ok(()) => {
                    settled.length = original.len();
                    original.sha256().clone_into(&mut settled.sha256);
                    self.end = self.end.saturating_add(original.len());
                    Kept::Had
                }
                Err(failure) => {
                    error!(feed.id = %self.spec.id, error = %chain(&failure), "a página não pôde ser gravada");
                    Kept::Passing(("a página não pôde ser gravada: confira o disco".to_owned(), None))
                }
            },
            Err((what, retry_after, true)) => Kept::Passing((what, retry_after)),
            Err((what, _, false)) => {
                settled.failure = Some(what);
                Kept::Missing
            }
        };
        if let Kept::Passing((what, _)) = &kept {
            settled.failure = Some(what.clone());
        }
        if let Some(what) = &settled.failure {
            warn!(feed.id = %self.spec.id, page.key = page.key, error = what, "página não obtida");
        }
        self.app.store.keep_page(&self.spec.id, &page.key, settled.clone()).await?;
        self.had.insert(page.key.clone(), settled);
        Ok(kept)
    }

    /// Appends a page's bytes.
    fn write(&self, original: &Original) -> std::io::Result<()> {
        self.file.write_all_at(&original.bytes()?, self.end)?;
        self.file.sync_data()
    }

    /// All that was had, as one load.
    fn load(&self, pages: &[PageRequest]) -> Received {
        let (mut bodies, mut missing) = (Vec::new(), Vec::new());
        for page in pages {
            let given = page.given.clone();
            match self.had.get(&page.key) {
                Some(had) if had.failure.is_none() => {
                    let original = Original::within(self.file.clone(), had.place, had.length, &had.sha256);
                    bodies.push(Body { given, original });
                }
                lost => {
                    let why = lost.and_then(|page| page.failure.clone()).unwrap_or_default();
                    missing.push(Missing { given, why });
                }
            }
        }
        let name = pages.first().map(|page| page.url.clone()).unwrap_or_default();
        let had = self.had.values().filter(|page| page.failure.is_none());
        let since = had.map(|page| page.fetched_at).min();
        Received { name: format!("{name} (varredura de {} páginas)", pages.len()), bodies, missing, since }
    }
}
