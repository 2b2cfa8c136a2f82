//! The readers of X's stream: the slots that they take, what is sent to them, and how they end.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::time::{Duration, Instant};

use super::chunk::{Chunk, Line};
use super::connection::{Connection, DisconnectReason, PastConnection, Slot};
use super::faults::Pending;
use crate::clock::now;

/// How many bytes of lines wait for a slow reader before X cuts it off (inferred: X's own number is not public).
const LINE_BYTES_BUFFERED: usize = 8 * 1024 * 1024;

/// How many past connections are remembered; the oldest is forgotten first.
const PAST_KEPT: usize = 100;

/// The readers of X's stream.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    open: Vec<Connection>,
    /// The latest last.
    past: VecDeque<PastConnection>,
    /// How many there may be.
    slots: usize,
}

impl Readers {
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots, ..Self::default() }
    }

    /// Those that X has not noticed to have ended, in the order in which they came.
    pub(crate) fn open(&mut self) -> &[Connection] {
        self.expire();
        &self.open
    }

    /// Those that have ended, in the order in which they did.
    pub(crate) fn past(&mut self) -> &VecDeque<PastConnection> {
        self.expire();
        &self.past
    }

    /// Those to which lines are sent.
    pub(crate) fn served(&self) -> impl Iterator<Item = &Connection> {
        self.open.iter().filter(|reader| reader.is_served())
    }

    /// Whether another reader may connect.
    pub(crate) fn slot(&mut self) -> Slot {
        self.expire();
        if self.open.len() < self.slots {
            Slot::Free
        } else if self.open.iter().any(|reader| reader.taken_until.is_some()) {
            Slot::HalfOpen
        } else {
            Slot::Taken
        }
    }

    pub(crate) fn add(&mut self, reader: Connection) {
        self.open.push(reader);
    }

    pub(crate) fn is_silent(&self, number: u64) -> bool {
        self.open.iter().any(|reader| reader.description.number == number && reader.silent)
    }

    /// From now on, nothing is sent to those that are connected.
    pub(crate) fn silence(&mut self) {
        self.open.iter_mut().for_each(|reader| reader.silent = true);
    }

    /// Sends a line to the reader with this number, changed by the fault that is due.
    pub(crate) fn send(&mut self, number: u64, line: Line, faults: &mut Pending) {
        let Some(reader) = self.open.iter().find(|reader| reader.description.number == number) else {
            return;
        };
        for chunk in faults.bend(line) {
            let bytes = chunk.len();
            let waiting = reader.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
            // A reader that is too slow is cut off, and its buffer is lost.
            if waiting > LINE_BYTES_BUFFERED || reader.lines.try_send(chunk).is_err() {
                return self
                    .end(DisconnectReason::ClientTooSlow, |reader| reader.description.number == number);
            }
        }
    }

    /// Sends these bytes to every reader.
    pub(crate) fn say(&self, bytes: &Bytes) {
        for reader in self.open.iter().filter(|reader| !reader.silent) {
            reader.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
            // A full buffer loses it, like everything else for a slow reader.
            let _ = reader.lines.try_send(Chunk::Bytes(bytes.clone(), None));
        }
    }

    /// Ends those that are chosen, and frees their slots. What waits for a reader is still sent to it.
    pub(crate) fn end(&mut self, reason: DisconnectReason, is_chosen: impl Fn(&Connection) -> bool) {
        let ended = self.open.extract_if(.., |reader| is_chosen(reader));
        self.past.extend(ended.map(|reader| PastConnection {
            description: reader.description,
            disconnected_at: now(),
            reason,
        }));
        while self.past.len() > PAST_KEPT {
            self.past.pop_front();
        }
    }

    /// The reader with this number has gone; its slot stays taken for a while if a fault asks for it.
    pub(crate) fn left(&mut self, number: u64, reason: DisconnectReason, faults: &mut Pending) {
        let is_it = |reader: &Connection| reader.description.number == number;
        if !self.open.iter().any(is_it) {
            return;
        }
        match faults.take_half_open() {
            Some(seconds) => {
                let until = Instant::now() + Duration::from_secs(seconds);
                let gone = self.open.iter_mut().filter(|reader| is_it(reader));
                gone.for_each(|reader| reader.taken_until = Some(until));
            }
            None => self.end(reason, is_it),
        }
    }

    /// Ends those whose slots have been taken for as long as was requested.
    fn expire(&mut self) {
        let now = Instant::now();
        self.end(DisconnectReason::ClientTimedOut, |reader| {
            reader.taken_until.is_some_and(|until| until <= now)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::mpsc;

    use super::*;
    use crate::world::chunk::{Delivery, LINES_BUFFERED};
    use crate::world::connection::Description;
    use crate::x::hydrate::Wanted;

    fn connect(readers: &mut Readers, number: u64) -> mpsc::Receiver<Chunk> {
        let (lines, receiver) = mpsc::channel(LINES_BUFFERED);
        let (uuid, client_ip) = (number.to_string(), "127.0.0.1".to_owned());
        readers.add(Connection {
            description: Description { number, uuid, client_ip, connected_at: now() },
            wanted: Wanted::default(),
            lines,
            waiting: Arc::default(),
            taken_until: None,
            silent: false,
        });
        receiver
    }

    #[test]
    fn the_last_hundred_connections_are_remembered() {
        let mut readers = Readers::new(1);
        for number in 0..150 {
            connect(&mut readers, number);
            assert_eq!(readers.slot(), Slot::Taken);
            readers.left(number, DisconnectReason::ClientDisconnected, &mut Pending::default());
            assert_eq!(readers.slot(), Slot::Free);
        }
        let numbers: Vec<u64> = readers.past().iter().map(|past| past.description.number).collect();
        assert_eq!(numbers, (50..150).collect::<Vec<_>>());
    }

    #[test]
    fn a_reader_that_is_too_slow_loses_what_waits_for_it() {
        let mut readers = Readers::new(1);
        let (slow, mut faults) = (connect(&mut readers, 1), Pending::default());
        let delivery = Delivery { sequence: 0, resources: Arc::default() };
        let line = Line { bytes: Bytes::from(vec![b'x'; 1024 * 1024]), delivery };
        for _ in 0..8 {
            readers.send(1, line.clone(), &mut faults);
        }
        assert_eq!((readers.slot(), slow.len()), (Slot::Taken, 8));
        readers.send(1, line, &mut faults);
        assert_eq!(readers.slot(), Slot::Free);
        assert_eq!(readers.past()[0].reason, DisconnectReason::ClientTooSlow);
    }
}
