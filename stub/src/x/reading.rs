//! The body of the stream, as its reader gets it.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::Stream;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::stub::Stub;
use crate::world::chunk::Chunk;
use crate::world::connection::DisconnectReason;

/// The body of a stream. Dropping it (the reader has gone) frees the slot.
pub(crate) struct Reading {
    stub: Stub,
    number: u64,
    lines: mpsc::Receiver<Chunk>,
    /// How many bytes wait in them.
    waiting: Arc<AtomicUsize>,
    keep_alive: Interval,
    gzip: Option<GzEncoder<Vec<u8>>>,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    cut: bool,
    over: bool,
}

impl Reading {
    pub(crate) fn new(
        stub: Stub,
        number: u64,
        lines: mpsc::Receiver<Chunk>,
        waiting: Arc<AtomicUsize>,
        gzip: bool,
    ) -> Self {
        let period = stub.inner.keep_alive;
        let mut keep_alive = tokio::time::interval_at(Instant::now() + period, period);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            number,
            lines,
            waiting,
            keep_alive,
            gzip: gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
            ended: Box::pin(stub.inner.ended.clone().cancelled_owned()),
            cut: false,
            over: false,
            stub,
        }
    }

    fn is_silent(&self) -> bool {
        self.stub.world().readers.is_silent(self.number)
    }

    /// Frees the slot, unless a fault keeps it.
    fn leave(&self, reason: DisconnectReason) {
        let mut world = self.stub.world();
        let world = &mut *world;
        world.readers.left(self.number, reason, &mut world.faults);
    }

    /// Bytes as they are sent; flushed, so that the reader has them immediately.
    fn encode(&mut self, bytes: Bytes) -> std::io::Result<Bytes> {
        let Some(gzip) = &mut self.gzip else { return Ok(bytes) };
        gzip.write_all(&bytes)?;
        gzip.flush()?;
        Ok(Bytes::from(std::mem::take(gzip.get_mut())))
    }
}

impl Stream for Reading {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        if self.ended.as_mut().poll(context).is_ready() {
            self.over = true;
            return Poll::Ready(None);
        }
        if self.cut {
            self.over = true;
            self.leave(DisconnectReason::NetworkIssue);
            // An error ends the connection without the last chunk of chunked encoding.
            return Poll::Ready(Some(Err(std::io::Error::other("cut on request"))));
        }
        match self.lines.poll_recv(context) {
            Poll::Ready(Some(Chunk::Bytes(bytes, delivery))) => {
                self.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
                if let Some(delivery) = delivery {
                    self.stub.world().delivered(&delivery);
                }
                self.keep_alive.reset();
                let bytes = self.encode(bytes);
                Poll::Ready(Some(bytes))
            }
            Poll::Ready(Some(Chunk::Cut)) => {
                // Only an idle body is flushed: what was sent before the cut must get out first.
                self.cut = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(None) => {
                self.over = true;
                Poll::Ready(None)
            }
            Poll::Pending => {
                while self.keep_alive.poll_tick(context).is_ready() {
                    if !self.is_silent() {
                        let bytes = self.encode(Bytes::from_static(b"\r\n"));
                        return Poll::Ready(Some(bytes));
                    }
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.leave(DisconnectReason::ClientDisconnected);
    }
}
