//! Reading: from one connection to the buffer before the queue, for as long as it may.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use posts::{Fenced, Keyword, Lease, Post, PostId, StreamState, StreamStatusTable, UtcTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cursor::{Cursor, Hold};
use crate::heal::Interruption;
use crate::http::network;
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::reconnect::{Class, Failures};
use crate::seen::Seen;
use crate::source::{Connection, Failure, Item, Must, Source};

/// A source says something at least every 20 s; a second more for the way.
const SILENCE: Duration = Duration::from_secs(21);

/// Bytes that came after a wait of this length were not waiting for us: reading is not behind.
const FRESH: Duration = Duration::from_millis(100);

/// How much may wait for the queue: this many posts, and this many KiB of them. When either is used
/// up, the connection is closed; it is opened again when half of it is free, and what was missed is a gap.
const BUFFER_POSTS: usize = 10_000;
const BUFFER_KIB: usize = 64 * 1024;

/// How often it looks whether there is room again.
const LOOK_FOR_ROOM: Duration = Duration::from_millis(100);

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
}

/// Something on its way to the queue.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) content: Content,
    pub(crate) keywords: BTreeSet<Keyword>,
    pub(crate) ticket: Ticket,
}

/// What is on its way to the queue.
#[derive(Debug)]
pub(crate) enum Content {
    /// A post.
    Post(Box<Post>),
    /// That a post was taken back, and when that was read.
    Removed(PostId, UtcTime),
}

/// What a post gives back once the queue has it: it holds a cursor no longer, and frees its room when
/// the last ticket is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    hold: Hold,
    _room: Option<Arc<OwnedSemaphorePermit>>,
}

impl Ticket {
    /// The queue has the post under one of its keywords.
    pub(crate) fn accepted(&self) {
        self.hold.release();
    }

    #[cfg(test)]
    pub(crate) fn without_room(hold: Hold) -> Self {
        Self { hold, _room: None }
    }
}

/// The buffer before the queue, with bounds of its own.
#[derive(Clone, Debug)]
pub(crate) struct Buffer {
    posts: mpsc::Sender<Received>,
    room: Arc<Semaphore>,
}

impl Buffer {
    /// A buffer, and its other end.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Received>) {
        let (posts, received) = mpsc::channel(BUFFER_POSTS);
        (Self { posts, room: Arc::new(Semaphore::new(BUFFER_KIB)) }, received)
    }

    /// Takes a post, if there is room for it.
    pub(crate) fn take(&self, content: Content, keywords: BTreeSet<Keyword>, cursor: &Cursor) -> Option<()> {
        let bytes = match &content {
            Content::Post(post) => post.text.len(),
            Content::Removed(..) => 0,
        };
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let place = self.posts.try_reserve().ok()?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(kib).ok()?;
        let ticket = Ticket { hold: cursor.hold(keywords.len()), _room: Some(Arc::new(room)) };
        place.send(Received { content, keywords, ticket });
        Some(())
    }

    /// Waits until half of it is free.
    pub(crate) async fn half_free(&self) {
        while self.posts.capacity() < BUFFER_POSTS / 2 || self.room.available_permits() < BUFFER_KIB / 2 {
            tokio::time::sleep(LOOK_FOR_ROOM).await;
        }
    }
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
            Missing { keyword: keyword.clone(), started, from }
        })
        .collect()
}

impl<S: Source> Reader<S> {
    /// Reads and reconnects until the source refuses for good; returns that reason. Dropped to be stopped.
    pub(crate) async fn run(mut self) -> String {
        let now = UtcTime::now();
        // A budget's pause leaves it in the future.
        let left_at = self.ledger.left_at(&self.name).map(|at| at.min(now));
        let first = self.desired.borrow().values().map(|wanted| wanted.started).min();
        let cursor = Cursor::new(left_at.or(first).unwrap_or(now));
        self.ledger.follow(&self.name, cursor.clone());
        let mut failures = Failures::default();
        let mut missed = Some(Missed {
            cause: "the streamer was not running".to_owned(),
            since: left_at,
            hold: cursor.hold(1),
        });
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
            missed.get_or_insert_with(|| Missed {
                cause: cause.clone(),
                since: Some(cursor.reached()),
                hold: cursor.hold(1),
            });
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

    /// Waits for the next day. What is posted until then is not read, to spare money: a gap that is
    /// on record when the pause begins, and that nobody heals.
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
        let before = missed.take();
        let since = before.as_ref().map_or(Some(cursor.reached()), |missed| missed.since);
        let mut hold = Some(before.map_or_else(|| cursor.hold(1), |missed| missed.hold));
        cursor.reach(tomorrow);
        *missed = Some(Missed { cause: CAUSE.to_owned(), since: Some(tomorrow), hold: cursor.hold(1) });
        let end = tokio::time::sleep(tomorrow.since(UtcTime::now()));
        tokio::pin!(end);
        // Once more whenever a keyword comes: it has missed something too.
        loop {
            let desired = self.desired.borrow_and_update().clone();
            self.interrupted(Interruption {
                cause: CAUSE.to_owned(),
                missing: missing::<S>(&desired, since),
                to: tomorrow,
                heal: false,
                backfilled: None,
                hold: hold.take(),
            })
            .await?;
            tokio::select! {
                () = &mut end => return Ok(()),
                Ok(()) = self.desired.changed() => {}
            }
        }
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
        let missed_time = since.map_or(Duration::ZERO, |since| UtcTime::now().since(since));
        let Connection { answer, mut decoder, backfilled } = self.source.connect(missed_time).await?;
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
                backfilled: backfilled.then(|| alive.clone()),
                hold: Some(missed.hold),
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
                            self.buffer.take(removed, keywords, cursor).ok_or(End::Full)?;
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
        match self.status.save_reading(&self.ledger.snapshot(now), &self.lease).await {
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
            self.buffer.take(Content::Post(post), new.clone(), cursor).ok_or(End::Full)?;
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
                // The source needs a moment before it delivers what it has just been asked for.
                to: UtcTime::now().after(S::LATENESS),
                heal: true,
                backfilled: None,
                hold: None,
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
