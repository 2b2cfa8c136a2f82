//! Misbehaviour on request.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::chunk::Chunk;

/// Something that goes wrong, as it does at X. Requested with `POST /control/faults`, for example
/// `{"fault":"status","status":503,"seconds":5}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The next line ends in its middle, and the connection with it.
    CutMidLine,
    /// The next line that holds a character of several bytes ends within it, and the connection too.
    CutMidCharacter,
    /// Nothing is sent any more, not even keep-alives, but the connection stays open.
    Silence,
    /// X's announcement that it ends the connection, then its end.
    OperationalDisconnect,
    /// The connection ends without a word.
    Close,
    /// When the reader leaves, its slot stays taken: connecting again answers 429.
    HalfOpen {
        /// For how long.
        seconds: u64,
    },
    /// Every request is answered with an error.
    Status {
        /// The status: 503 or 429, say.
        status: u16,
        /// For how long.
        seconds: u64,
    },
    /// Every search is answered with an error, and nothing else is.
    SearchStatus {
        /// The status: 403, say.
        status: u16,
        /// For how long.
        seconds: u64,
    },
    /// The next lines are sent twice.
    Duplicates {
        /// How many.
        count: usize,
    },
    /// The next lines are sent in reverse, when all of them are there.
    Disorder {
        /// How many.
        count: usize,
    },
    /// A line that is not JSON.
    Garbage,
    /// A line of more than 1 MiB.
    HugeLine,
    /// A message of an unknown kind.
    UnknownMessage,
    /// The next lines arrive seven bytes at a time, with a keep-alive before each.
    Dribble {
        /// How many.
        count: usize,
    },
}

/// The faults that are still to happen.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    lines: VecDeque<Fault>,
    held_back: Vec<(Bytes, u64)>,
    status: Option<(u16, Instant)>,
    search_status: Option<(u16, Instant)>,
    half_open: Option<u64>,
}

impl Pending {
    pub(crate) fn add(&mut self, fault: Fault, now: Instant) {
        match fault {
            Fault::Status { status, seconds } => {
                self.status = Some((status, now + Duration::from_secs(seconds)))
            }
            Fault::SearchStatus { status, seconds } => {
                self.search_status = Some((status, now + Duration::from_secs(seconds)));
            }
            Fault::HalfOpen { seconds } => self.half_open = Some(seconds),
            fault => self.lines.push_back(fault),
        }
    }

    /// The error with which requests are answered now, and for how much longer.
    pub(crate) fn status(&self, now: Instant) -> Option<(u16, Duration)> {
        self.status.filter(|(_, until)| *until > now).map(|(status, until)| (status, until - now))
    }

    /// The same of searches.
    pub(crate) fn search_status(&self, now: Instant) -> Option<(u16, Duration)> {
        self.search_status.filter(|(_, until)| *until > now).map(|(status, until)| (status, until - now))
    }

    pub(crate) fn take_half_open(&mut self) -> Option<u64> {
        self.half_open.take()
    }

    /// What is sent in place of `line`.
    pub(crate) fn bend(&mut self, line: Bytes, sequence: u64) -> Vec<Chunk> {
        let whole = |(line, sequence)| Chunk::Bytes(line, vec![sequence]);
        let Some(fault) = self.lines.front_mut() else { return vec![whole((line, sequence))] };
        match fault {
            Fault::CutMidLine => {
                self.lines.pop_front();
                vec![Chunk::Bytes(line.slice(..line.len() / 2), Vec::new()), Chunk::Cut]
            }
            Fault::CutMidCharacter => match line.iter().position(|byte| *byte >= 0xC0) {
                Some(start) => {
                    self.lines.pop_front();
                    vec![Chunk::Bytes(line.slice(..=start), Vec::new()), Chunk::Cut]
                }
                None => vec![whole((line, sequence))],
            },
            Fault::Duplicates { .. } => {
                count_down(&mut self.lines);
                vec![whole((line.clone(), sequence)), whole((line, sequence))]
            }
            Fault::Disorder { .. } => {
                self.held_back.push((line, sequence));
                if count_down(&mut self.lines) {
                    self.held_back.drain(..).rev().map(whole).collect()
                } else {
                    Vec::new()
                }
            }
            Fault::Dribble { .. } => {
                count_down(&mut self.lines);
                let mut chunks = vec![Chunk::Bytes(Bytes::from_static(b"\r\n"), Vec::new())];
                // Seven bytes divide neither lines nor characters evenly.
                let ends = (7..line.len()).step_by(7).chain([line.len()]);
                chunks.extend(ends.map(|end| {
                    let delivered = if end == line.len() { vec![sequence] } else { Vec::new() };
                    Chunk::Bytes(line.slice((end - 1) / 7 * 7..end), delivered)
                }));
                chunks
            }
            // Not faults of lines.
            _ => {
                self.lines.pop_front();
                vec![whole((line, sequence))]
            }
        }
    }
}

/// Takes one off the first fault's count; true if that was its last line.
fn count_down(lines: &mut VecDeque<Fault>) -> bool {
    let Some(Fault::Duplicates { count } | Fault::Disorder { count } | Fault::Dribble { count }) =
        lines.front_mut()
    else {
        return false;
    };
    *count = count.saturating_sub(1);
    let last = *count == 0;
    if last {
        lines.pop_front();
    }
    last
}
