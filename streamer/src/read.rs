//! Reading: from one connection to the buffer before the queue, for as long as it may.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io::ErrorKind;
use std::time::Duration;

use futures::StreamExt;
use posts::{Keyword, Post};
use stream::report::StreamState;
use stream::{Fenced, Lease, StreamStatusTable};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::buffer::{Buffer, Content, NotTaken, Origin};
use crate::cursor::{Cursor, Hold};
use crate::heal::{Backfill, Interruption, Then};
use crate::http::network;
use crate::ledger::Ledger;
use crate::progress::{Progress, Untold};
use crate::reconnect::{Class, Failures};
use crate::seen::Seen;
use crate::source::{Connection, Failure, Item, Must, Source};

/// A source says something at least every 20 s; a second more for the way.
const SILENCE: Duration = Duration::from_secs(21);

/// Bytes that came after a wait of this length were not waiting for us: reading is not behind.
const FRESH: Duration = Duration::from_millis(100);

/// The keywords that are desired.
pub(crate) type Desired = BTreeMap<Keyword, Wanted>;

/// What must be known of a desired keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Since when it is desired.
    pub(crate) started: UtcTime,
    /// From when on its posts are missing and no gap says so; none if they are where the cursor is.
    pub(crate) missing_from: Option<UtcTime>,
}

/// A keyword whose posts were missed.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub(crate) keyword: Keyword,
    /// Since when it is desired.
    pub(crate) started: UtcTime,
    /// From when on.
    pub(crate) from: UtcTime,
    /// Whether the source delivered it before.
    pub(crate) was_collected: bool,
}

/// Reads one connection of a stream.
pub(crate) struct Reader<S> {
    /// The connection's name among those of the stream.
    pub(crate) name: String,
    pub(crate) source: S,
    pub(crate) status: StreamStatusTable,
    pub(crate) lease: Lease,
    pub(crate) ledger: Ledger,
    pub(crate) desired: watch::Receiver<Desired>,
    pub(crate) buffer: Buffer,
    pub(crate) seen: Seen,
    pub(crate) interruptions: mpsc::Sender<Interruption>,
    pub(crate) progress: Progress,
}

/// Why a connection ended.
enum End {
    Failed(Failure),
    /// The buffer before the queue is full.
    Full,
    /// The day's posts are used up.
    BudgetUsedUp,
    /// The source refuses every keyword.
    NothingToRead,
}

impl From<NotTaken> for End {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::Full(_) => Self::Full,
            NotTaken::Ended => Self::Failed(Failure::ours("sending has ended")),
        }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Where reading was interrupted, until it is on record.
struct Missed {
    cause: String,
    /// Up to where everything was received; none if nothing was ever read.
    since: Option<UtcTime>,
    /// Keeps the cursor there.
    hold: Hold,
    /// Tells until then that posts are missing.
    untold: Untold,
}

/// From when on posts of each keyword are missing, where everything up to `since` was received: a
/// little earlier, for posts are delivered late, and never before the keyword was desired.
fn missing<S: Source>(desired: &Desired, since: Option<UtcTime>) -> Vec<Missing> {
    desired
        .iter()
        .map(|(keyword, wanted)| {
            let Wanted { started, missing_from } = *wanted;
            let behind = since.map_or(started, |since| since.before(S::LATENESS));
            let from = missing_from.map_or(behind, |from| from.min(behind)).max(started);
            Missing { keyword: keyword.clone(), started, from, was_collected: missing_from.is_none() }
        })
        .collect()
}

impl<S: Source> Reader<S> {
    /// Reads and reconnects until the source refuses for good; returns that reason. Dropped to be stopped.
    pub(crate) async fn run(mut self) -> String {
        let now = UtcTime::now();
        let left_at = self.ledger.left_at(&self.name, now);
        let first = self.desired.borrow().values().map(|wanted| wanted.started).min();
        let cursor = Cursor::new(left_at.or(first).unwrap_or(now));
        self.ledger.follow(&self.name, cursor.clone());
        let mut failures = Failures::default();
        let mut missed = Some(self.missed("the streamer was not running", left_at, &cursor));
        loop {
            if self.ledger.is_budget_used_up(UtcTime::now()) {
                if let Err(failure) = self.pause_for_budget(&cursor, &mut missed).await {
                    return failure.to_string();
                }
                continue;
            }
            let wait = self.ledger.connect_wait(UtcTime::now());
            if !wait.is_zero() {
                let reason = "waiting: the source allows no more connections for now".to_owned();
                self.progress.enter(StreamState::Reconnecting, Some(reason));
                tokio::time::sleep(wait).await;
            }
            let mut worked = false;
            let end = match self.connection(&cursor, &mut missed, &mut worked).await {
                Ok(never) => match never {},
                Err(end) => end,
            };
            let cause = match &end {
                End::Failed(failure) => failure.to_string(),
                End::Full => "the queue took posts too slowly, and the buffer was full".to_owned(),
                End::BudgetUsedUp => "the day's budget of posts was used up".to_owned(),
                End::NothingToRead => "the source refused every keyword".to_owned(),
            };
            if missed.is_none() {
                missed = Some(self.missed(&cause, Some(cursor.reached()), &cursor));
            }
            match end {
                End::Failed(Failure::Final { reason, .. }) => return reason,
                End::Failed(Failure::Passing { class, .. }) => {
                    // A connection that drops at once is one of a row of failures.
                    let wait = failures.wait(class, worked, UtcTime::now());
                    tracing::warn!(cause, wait_ms = wait.as_millis(), "reconnecting");
                    self.progress.enter(StreamState::Reconnecting, Some(cause));
                    tokio::time::sleep(wait).await;
                }
                End::Full => {
                    tracing::warn!(cause, "reading waits for the queue");
                    self.progress.enter(StreamState::Paused, Some(cause));
                    tokio::time::sleep(failures.wait(Class::HungUp, worked, UtcTime::now())).await;
                    self.buffer.half_free().await;
                }
                End::BudgetUsedUp => {}
                End::NothingToRead => {
                    self.progress.enter(StreamState::Paused, Some(cause));
                    if self.desired.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }

    /// From now on posts are missing that were made since then, or since the first keyword was desired.
    fn missed(&self, cause: &str, since: Option<UtcTime>, cursor: &Cursor) -> Missed {
        let missing = missing::<S>(&self.desired.borrow(), since);
        let from = missing.iter().map(|missing| missing.from).min().unwrap_or_else(UtcTime::now);
        let untold = self.progress.missing(from);
        Missed { cause: cause.to_owned(), since, hold: cursor.hold(1), untold }
    }

    /// Waits until the budget allows posts again. What is posted until then is not read, to spare money: a gap
    /// that is on record when the pause begins, and that nobody heals.
    async fn pause_for_budget(
        &mut self,
        cursor: &Cursor,
        missed: &mut Option<Missed>,
    ) -> Result<(), Failure> {
        const CAUSE: &str = "the day's budget of posts was used up";
        let tomorrow = UtcTime::now().start_of_next_day();
        let budget = self.ledger.daily_post_budget().unwrap_or_default();
        tracing::warn!(budget, %tomorrow, "the day's budget of posts is used up");
        let reason = format!("budget: {budget} posts were read today; reading goes on at {tomorrow}");
        self.progress.enter(StreamState::Paused, Some(reason));
        let Missed { since, hold, untold, .. } =
            missed.take().unwrap_or_else(|| self.missed(CAUSE, Some(cursor.reached()), cursor));
        let mut untold = Some(untold);
        let interruption = |missing: Vec<Missing>, to: UtcTime, heal: bool, untold, then: Then| {
            Interruption { cause: CAUSE.to_owned(), missing, to, heal, backfill: None, untold, then }
        };
        let ledger = self.ledger.clone();
        let allowed = ledger.budget();
        tokio::pin!(allowed);
        let mut told: Vec<Missing> = Vec::new();
        // Once more whenever a keyword comes: it has missed something too.
        loop {
            let mut missing = missing::<S>(&self.desired.borrow_and_update(), since);
            missing.retain(|new| told.iter().all(|told| told.keyword != new.keyword));
            told.extend(missing.iter().cloned());
            let pause = Then::Pause(self.name.clone());
            self.interrupted(interruption(missing, tomorrow, false, untold.take(), pause)).await?;
            tokio::select! {
                () = &mut allowed => break,
                Ok(()) = self.desired.changed() => {}
            }
        }
        // Before tomorrow only where the clock has been set, or healing asked for posts that did not come: what
        // was missed can be paid for.
        let end = UtcTime::now().min(tomorrow);
        let missing = if end < tomorrow { told } else { Vec::new() };
        cursor.reach(end);
        *missed = Some(self.missed(CAUSE, Some(end), cursor));
        let pass = Then::Pass { connection: self.name.clone(), hold };
        self.interrupted(interruption(missing, end, true, None, pass)).await
    }

    /// One connection, from what it takes to open it to its end.
    async fn connection(
        &mut self,
        cursor: &Cursor,
        missed: &mut Option<Missed>,
        worked: &mut bool,
    ) -> Result<Infallible, End> {
        let desired = self.desired.borrow_and_update().clone();
        let keywords: BTreeSet<Keyword> = desired.keys().cloned().collect();
        let delivered = self.source.follow(&keywords, Must::Connect).await?;
        if delivered.is_empty() {
            return Err(End::NothingToRead);
        }
        self.note_connection().await?;
        let since = missed.as_ref().map_or_else(|| Some(cursor.reached()), |missed| missed.since);
        let missing_from = since.map(|since| since.before(S::LATENESS));
        let Connection { answer, mut decoder, backfilled_from } = self.source.connect(missing_from).await?;
        let connected = UtcTime::now();
        tracing::info!(name = self.name, keywords = delivered.len(), "connected");
        self.progress.enter(StreamState::Running, None);
        // Ends with this connection.
        let alive = CancellationToken::new();
        let _alive = alive.clone().drop_guard();
        cursor.reach(connected);
        if let Some(missed) = missed.take() {
            let mut missing = missing::<S>(&desired, since);
            missing.retain(|missing| delivered.contains(&missing.keyword));
            let interruption = Interruption {
                cause: missed.cause,
                missing,
                to: connected,
                heal: true,
                backfill: backfilled_from.map(|from| Backfill {
                    from,
                    connection: alive.clone(),
                    cursor: cursor.clone(),
                }),
                untold: Some(missed.untold),
                then: Then::Pass { connection: self.name.clone(), hold: missed.hold },
            };
            self.interrupted(interruption).await?;
        }

        let follow = follow::<S>(
            self.source.clone(),
            self.desired.clone(),
            delivered,
            since,
            self.interruptions.clone(),
        );
        tokio::pin!(follow);
        let opened = Instant::now();
        let mut bytes = answer.bytes_stream();
        loop {
            let asked = Instant::now();
            let chunk = tokio::select! {
                chunk = tokio::time::timeout(SILENCE, bytes.next()) => chunk,
                failure = &mut follow => return Err(failure.into()),
            };
            let chunk = chunk
                .map_err(|_| Failure::passing(Class::HungUp, "the stream fell silent"))?
                .ok_or_else(|| Failure::passing(Class::Dropped, "the source closed the stream"))?
                .map_err(|error| broken(&error))?;
            *worked = opened.elapsed() >= SILENCE;
            let fresh = asked.elapsed() >= FRESH;
            let mut ended = None;
            for item in decoder.push(&chunk) {
                match item {
                    // Behind a backlog it says nothing of now.
                    Item::Alive if fresh => cursor.reach(UtcTime::now()),
                    Item::Alive => {}
                    Item::Post(post, keywords) => self.take(post, keywords, cursor)?,
                    Item::Removed(id, keywords) => {
                        for keyword in &keywords {
                            self.seen.removed(keyword, &id);
                        }
                        let removed = Content::Removed(id, UtcTime::now());
                        if !keywords.is_empty() {
                            self.buffer.take(removed, keywords, Origin::Stream, cursor)?;
                        }
                    }
                    Item::Ended(title) => ended = Some(title),
                }
            }
            if let Some(title) = ended {
                let reason = format!("the source ended the stream: {title}");
                return Err(Failure::passing(Class::Dropped, reason).into());
            }
            // All that came with the last post has been paid for, and is kept.
            if self.ledger.is_budget_used_up(UtcTime::now()) {
                return Err(End::BudgetUsedUp);
            }
        }
    }

    /// Notes that a connection is being opened, before it is: a reader that crashes must not forget it.
    async fn note_connection(&self) -> Result<(), Failure> {
        let now = UtcTime::now();
        self.ledger.connecting(now);
        match self.status.save_reading(&self.ledger.snapshot(), &self.lease).await {
            Ok(Fenced::Written) => Ok(()),
            Ok(Fenced::LeaseLost) => Err(Failure::ours("another streamer reads")),
            Err(error) => {
                let reason = format!("cannot note the connection before it is opened: {error}");
                Err(Failure::passing(Class::Server, reason))
            }
        }
    }

    async fn interrupted(&self, interruption: Interruption) -> Result<(), Failure> {
        let closed = |_| Failure::ours("the records of gaps are closed");
        self.interruptions.send(interruption).await.map_err(closed)
    }

    /// Takes a post into the buffer, unless it is there already.
    fn take(&self, post: Box<Post>, keywords: BTreeSet<Keyword>, cursor: &Cursor) -> Result<(), End> {
        let now = UtcTime::now();
        let made = post.create_date;
        let (id, edited_at, matched) = (post.tweet_id.clone(), post.edited_at, keywords.len());
        let new: BTreeSet<Keyword> =
            keywords.into_iter().filter(|keyword| !self.seen.contains(keyword, &post)).collect();
        // A post that is delivered again costs nothing again. One that is nobody's is paid for too.
        if new.len() == matched {
            self.ledger.count_posts(1, now);
        }
        if !new.is_empty() {
            self.progress.read(made);
            self.buffer.take(Content::Post(post), new.clone(), Origin::Stream, cursor)?;
            for keyword in &new {
                self.seen.insert(keyword, &id, edited_at);
            }
        }
        cursor.reach(made.min(now));
        Ok(())
    }
}

/// Why a connection that was open broke: the source's doing, for all we know.
fn broken(error: &reqwest::Error) -> Failure {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    // Compressed, a stream that is closed ends in the middle of what it was saying.
    let is_end = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::UnexpectedEof)
    };
    let reason = if error.is_decode() && causes.any(is_end) {
        "the source closed the stream".to_owned()
    } else {
        network(error).to_string()
    };
    Failure::passing(Class::Dropped, reason)
}

/// Makes changes of what is desired changes of what the source delivers, while the connection goes on.
/// What was posted of a keyword before the source delivers it is a gap like any other.
async fn follow<S: Source>(
    source: S,
    mut desired: watch::Receiver<Desired>,
    mut delivered: BTreeSet<Keyword>,
    since: Option<UtcTime>,
    interruptions: mpsc::Sender<Interruption>,
) -> Failure {
    loop {
        let now_desired = desired.borrow_and_update().clone();
        let keywords: BTreeSet<Keyword> = now_desired.keys().cloned().collect();
        let mut failures = Failures::default();
        let now_delivered = loop {
            match source.follow(&keywords, Must::Everything).await {
                Ok(delivered) => break delivered,
                Err(Failure::Passing { class, reason }) => {
                    let wait = failures.wait(class, false, UtcTime::now());
                    tracing::warn!(reason, wait_ms = wait.as_millis(), "could not change what is delivered");
                    tokio::time::sleep(wait).await;
                }
                Err(failure @ Failure::Final { .. }) => return failure,
            }
        };
        let is_new = |keyword: &Keyword| now_delivered.contains(keyword) && !delivered.contains(keyword);
        let mut new = missing::<S>(&now_desired, since);
        new.retain(|missing| is_new(&missing.keyword));
        if !new.is_empty() {
            let interruption = Interruption {
                cause: "the keyword was new".to_owned(),
                missing: new,
                // The source needs a moment before it delivers what it has just been asked for; until then the
                // keyword itself says that posts are missing.
                to: UtcTime::now().after(S::LATENESS),
                heal: true,
                backfill: None,
                untold: None,
                then: Then::Nothing,
            };
            if interruptions.send(interruption).await.is_err() {
                return Failure::ours("the records of gaps are closed");
            }
        }
        delivered = now_delivered;
        if desired.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
