//! Misbehaviour on request.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::chunk::{Chunk, Line};
use crate::x::Dialect;

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
    /// Every answer comes late.
    Slow {
        /// How late.
        milliseconds: u64,
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
    /// Every request that changes rules is answered with an error, and nothing else is.
    RulesStatus {
        /// The status: 503, say.
        status: u16,
        /// For how long.
        seconds: u64,
    },
    /// Every recovery is answered with an error, and nothing else is.
    RecoveryStatus {
        /// The status: 503, say.
        status: u16,
        /// For how long.
        seconds: u64,
    },
    /// Every request about connections is answered with an error, and nothing else is.
    ConnectionsStatus {
        /// The status: 503, say.
        status: u16,
        /// For how long.
        seconds: u64,
    },
    /// Every upload of ids for batch compliance is answered with an error, and nothing else is.
    UploadStatus {
        /// The status: 503, say.
        status: u16,
        /// For how long.
        seconds: u64,
    },
    /// The next job of batch compliance that gets its ids fails.
    JobFails,
    /// The jobs of batch compliance are forgotten, as if there had been none.
    JobsForgotten,
    /// The results of jobs hold more than they should: lines that are no JSON or too long, ids that nobody uploaded, reasons and actions that are new.
    StrangeResults {
        /// For how long.
        seconds: u64,
    },
    /// Full-archive search refuses this account.
    ArchiveRefused {
        /// For how long.
        seconds: u64,
    },
    /// From now on, search takes and uses these words.
    Dialect {
        /// The words.
        dialect: Dialect,
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

/// What a fault can make answer with errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// All of it, storage apart.
    Everything,
    Search,
    RuleChanges,
    Recovery,
    Connections,
    Uploads,
}

/// The faults that are still to happen.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    lines: VecDeque<Fault>,
    held_back: Vec<Line>,
    /// The errors with which parts answer, and until when.
    statuses: BTreeMap<Part, (u16, Instant)>,
    /// How late answers are, and until when.
    slow: Option<(Duration, Instant)>,
    archive_refused: Option<Instant>,
    strange_results: Option<Instant>,
    half_open: Option<u64>,
    job_fails: bool,
}

impl Pending {
    pub(crate) fn add(&mut self, fault: Fault, now: Instant) {
        let mut answer = |part: Part, status: u16, seconds: u64| {
            self.statuses.insert(part, (status, now + Duration::from_secs(seconds)));
        };
        match fault {
            Fault::Status { status, seconds } => answer(Part::Everything, status, seconds),
            Fault::SearchStatus { status, seconds } => answer(Part::Search, status, seconds),
            Fault::RulesStatus { status, seconds } => answer(Part::RuleChanges, status, seconds),
            Fault::RecoveryStatus { status, seconds } => answer(Part::Recovery, status, seconds),
            Fault::ConnectionsStatus { status, seconds } => answer(Part::Connections, status, seconds),
            Fault::UploadStatus { status, seconds } => answer(Part::Uploads, status, seconds),
            Fault::Slow { milliseconds, seconds } => {
                self.slow = Some((Duration::from_millis(milliseconds), now + Duration::from_secs(seconds)));
            }
            Fault::ArchiveRefused { seconds } => {
                self.archive_refused = Some(now + Duration::from_secs(seconds));
            }
            Fault::StrangeResults { seconds } => {
                self.strange_results = Some(now + Duration::from_secs(seconds));
            }
            Fault::HalfOpen { seconds } => self.half_open = Some(seconds),
            Fault::JobFails => self.job_fails = true,
            fault => self.lines.push_back(fault),
        }
    }

    /// The error with which this part answers now, and for how much longer.
    pub(crate) fn status(&self, part: Part, now: Instant) -> Option<(u16, Duration)> {
        let (status, until) = self.statuses.get(&part)?;
        (*until > now).then(|| (*status, *until - now))
    }

    /// How late an answer is that is asked for now.
    pub(crate) fn delay(&self, now: Instant) -> Option<Duration> {
        self.slow.filter(|(_, until)| *until > now).map(|(delay, _)| delay)
    }

    /// Whether full-archive search refuses this account.
    pub(crate) fn is_archive_refused(&self, now: Instant) -> bool {
        self.archive_refused.is_some_and(|until| until > now)
    }

    /// Whether results hold more than they should.
    pub(crate) fn are_results_strange(&self, now: Instant) -> bool {
        self.strange_results.is_some_and(|until| until > now)
    }

    /// Whether a job that gets its ids now is to fail.
    pub(crate) fn take_job_failure(&mut self) -> bool {
        std::mem::take(&mut self.job_fails)
    }

    pub(crate) fn take_half_open(&mut self) -> Option<u64> {
        self.half_open.take()
    }

    /// What is sent in place of `line`.
    pub(crate) fn bend(&mut self, line: Line) -> Vec<Chunk> {
        let whole = |line: Line| Chunk::Bytes(line.bytes, Some(line.delivery));
        let Some(fault) = self.lines.front_mut() else { return vec![whole(line)] };
        match fault {
            Fault::CutMidLine => {
                self.lines.pop_front();
                vec![Chunk::Bytes(line.bytes.slice(..line.bytes.len() / 2), None), Chunk::Cut]
            }
            Fault::CutMidCharacter => match line.bytes.iter().position(|byte| *byte >= 0xC0) {
                Some(start) => {
                    self.lines.pop_front();
                    vec![Chunk::Bytes(line.bytes.slice(..=start), None), Chunk::Cut]
                }
                None => vec![whole(line)],
            },
            Fault::Duplicates { .. } => {
                count_down(&mut self.lines);
                vec![whole(line.clone()), whole(line)]
            }
            Fault::Disorder { .. } => {
                self.held_back.push(line);
                if count_down(&mut self.lines) {
                    self.held_back.drain(..).rev().map(whole).collect()
                } else {
                    Vec::new()
                }
            }
            Fault::Dribble { .. } => {
                count_down(&mut self.lines);
                let Line { bytes, delivery } = line;
                let mut chunks = vec![Chunk::Bytes(Bytes::from_static(b"\r\n"), None)];
                // Seven bytes divide neither lines nor characters evenly.
                let ends = (7..bytes.len()).step_by(7).chain([bytes.len()]);
                chunks.extend(ends.map(|end| {
                    let delivered = (end == bytes.len()).then(|| delivery.clone());
                    Chunk::Bytes(bytes.slice((end - 1) / 7 * 7..end), delivered)
                }));
                chunks
            }
            // Not faults of lines.
            _ => {
                self.lines.pop_front();
                vec![whole(line)]
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
