//! The buffer between reading and sending.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use posts::{Keyword, Post, PostId};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utc_time::UtcTime;

use crate::cursor::{Cursor, Hold};

/// How much may wait for the queue: this many posts, and this many KiB of them. When either is used
/// up, the connection is closed; it is opened again when half of it is free, and what was missed is a gap.
const BUFFER_POSTS: usize = 10_000;
const BUFFER_KIB: usize = 64 * 1024;

/// How often it looks whether there is room again.
const LOOK_FOR_ROOM: Duration = Duration::from_millis(100);

/// Something on its way to the queue.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) content: Content,
    pub(crate) keywords: BTreeSet<Keyword>,
    pub(crate) origin: Origin,
    pub(crate) ticket: Ticket,
}

/// Where something came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The stream delivered it.
    Stream,
    /// It was fetched to heal a gap, and may be of any age.
    Healing,
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

/// Why the buffer did not take something.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// There is no room for it; here it is.
    Full(Content),
    /// Nobody sends any more.
    Ended,
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
    pub(crate) fn take(
        &self,
        content: Content,
        keywords: BTreeSet<Keyword>,
        origin: Origin,
        cursor: &Cursor,
    ) -> Result<(), NotTaken> {
        let bytes = match &content {
            Content::Post(post) => post.text.len(),
            Content::Removed(..) => 0,
        };
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let place = match self.posts.try_reserve() {
            Ok(place) => place,
            Err(TrySendError::Full(())) => return Err(NotTaken::Full(content)),
            Err(TrySendError::Closed(())) => return Err(NotTaken::Ended),
        };
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(kib) else {
            return Err(NotTaken::Full(content));
        };
        let ticket = Ticket { hold: cursor.hold(keywords.len()), _room: Some(Arc::new(room)) };
        place.send(Received { content, keywords, origin, ticket });
        Ok(())
    }

    /// Waits until half of it is free.
    pub(crate) async fn half_free(&self) {
        while self.posts.capacity() < BUFFER_POSTS / 2 || self.room.available_permits() < BUFFER_KIB / 2 {
            tokio::time::sleep(LOOK_FOR_ROOM).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_nobody_empties_any_more_says_so() {
        let at = UtcTime::from_millis(0).unwrap();
        let (buffer, received) = Buffer::new();
        let cursor = Cursor::new(at);
        let take = || {
            let removed = Content::Removed("1".parse().unwrap(), at);
            buffer.take(removed, ["rust".parse().unwrap()].into(), Origin::Stream, &cursor)
        };
        for _ in 0..BUFFER_POSTS {
            take().unwrap();
        }
        assert!(matches!(take(), Err(NotTaken::Full(Content::Removed(..)))));
        drop(received);
        assert!(matches!(take(), Err(NotTaken::Ended)));
    }
}
