//! What waits for the queue, and the room for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use posts::Keyword;
use posts::envelope::EncodedPost;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utc_time::UtcTime;

use crate::cursor::{Cursor, Hold};
use crate::source::Arrival;

/// How much may wait for the queue: this many posts, and this many bytes of their JSON. When either is used up, the connection
/// is closed. It is opened again when half is free, and what was missed is a gap.
pub(crate) const WAITING_POSTS: usize = 10_000;
pub(crate) const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// How often to check whether there is room again.
const CHECK_ROOM: Duration = Duration::from_millis(100);

/// Something that waits to be sent.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) arrival: Arrival<EncodedPost>,
    /// When the post was written, or removed.
    pub(crate) at: UtcTime,
    /// The keywords under which it is new.
    pub(crate) keywords: BTreeSet<Keyword>,
    pub(crate) origin: Origin,
    pub(crate) ticket: Ticket,
}

/// Where a post comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The stream delivered it.
    Stream,
    /// It was fetched to heal a gap, and may be of any age.
    Healing,
}

/// What is given back once the queue has accepted something: it releases the cursor, and frees the room when its last copy is
/// dropped.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    hold: Hold,
    _room: Option<Arc<OwnedSemaphorePermit>>,
}

impl Ticket {
    /// The queue has accepted it under one of its keywords.
    pub(crate) fn accepted(&self) {
        self.hold.release();
    }

    #[cfg(test)]
    pub(crate) fn without_room(hold: Hold) -> Self {
        Self { hold, _room: None }
    }
}

/// The reason why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// There is no room for it.
    NoRoom,
    /// Sending has ended.
    Ended,
}

/// The room for what waits. Copies share it.
#[derive(Clone, Debug)]
pub(crate) struct WaitingRoom {
    waiting: mpsc::Sender<Waiting>,
    bytes: Arc<Semaphore>,
}

/// Room for one post or removal.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    place: mpsc::Permit<'a, Waiting>,
    room: OwnedSemaphorePermit,
}

impl WaitingRoom {
    /// The room, and the receiver of what waits in it.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Waiting>) {
        let (waiting, received) = mpsc::channel(WAITING_POSTS);
        (Self { waiting, bytes: Arc::new(Semaphore::new(WAITING_BYTES)) }, received)
    }

    /// Reserves room for something.
    pub(crate) fn reserve(&self, arrival: &Arrival<EncodedPost>) -> Result<Place<'_>, NotTaken> {
        let bytes = match arrival {
            Arrival::Post(post) => post.bytes(),
            Arrival::Removed(id) => id.as_str().len(),
        };
        let place = self.waiting.try_reserve().map_err(|error| match error {
            TrySendError::Full(()) => NotTaken::NoRoom,
            TrySendError::Closed(()) => NotTaken::Ended,
        })?;
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| NotTaken::NoRoom)?;
        Ok(Place { place, room })
    }

    /// Waits until half of the room is free.
    pub(crate) async fn half_free(&self) {
        while self.waiting.capacity() < WAITING_POSTS / 2
            || self.bytes.available_permits() < WAITING_BYTES / 2
        {
            tokio::time::sleep(CHECK_ROOM).await;
        }
    }
}

impl Place<'_> {
    /// Puts something here; `cursor` is held until it is sent.
    pub(crate) fn take(
        self,
        arrival: Arrival<EncodedPost>,
        at: UtcTime,
        keywords: BTreeSet<Keyword>,
        origin: Origin,
        cursor: &Cursor,
    ) {
        let ticket = Ticket { hold: cursor.hold(keywords.len()), _room: Some(Arc::new(self.room)) };
        self.place.send(Waiting { arrival, at, keywords, origin, ticket });
    }
}
