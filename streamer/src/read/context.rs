//! What reading a connection needs.

use stream::{Fenced, Lease, StreamStatusTable};
use tokio::sync::{mpsc, watch};
use utc_time::UtcTime;

use super::stopped::Judge;
use crate::cursor::Cursor;
use crate::gaps::Interruption;
use crate::intake::Intake;
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::source::{Class, Failure, RequestedKeywords};

/// What reading a connection needs.
pub(crate) struct Context<S> {
    /// The connection's name among those of the stream.
    pub(crate) name: String,
    pub(crate) source: S,
    pub(crate) status: StreamStatusTable,
    pub(crate) lease: Lease,
    pub(crate) ledger: Ledger,
    pub(crate) requested: watch::Receiver<RequestedKeywords>,
    pub(crate) intake: Intake,
    pub(crate) interruptions: mpsc::Sender<Interruption>,
    pub(crate) progress: Progress,
    /// How far reading has come.
    pub(crate) cursor: Cursor,
}

impl<S> Context<S> {
    /// Saves that a connection is about to be opened: a reader that crashes must not forget it.
    pub(crate) async fn note_connection(&self) -> Result<(), Failure> {
        self.ledger.source.limits.connecting(UtcTime::now());
        match self.status.save_reading(&self.ledger.snapshot(), &self.lease).await {
            Ok(Fenced::Written) => Ok(()),
            Ok(Fenced::LeaseLost) => Err(Failure::Final("another streamer reads".to_owned())),
            Err(error) => {
                let reason = format!("cannot note the connection before it is opened: {error}");
                Err(Failure::passing(Class::Server, reason))
            }
        }
    }

    /// Judges what to do about stopped keywords, by what is known now.
    pub(crate) fn judge<'a>(&'a self, requested: &'a RequestedKeywords) -> Judge<'a> {
        let (tallies, micro_dollars_a_post) = (&self.ledger.tallies, self.progress.micro_dollars_a_post());
        Judge { tallies, micro_dollars_a_post, requested, now: UtcTime::now() }
    }

    /// Hands an interruption over to be recorded.
    pub(crate) async fn interrupted(&self, interruption: Interruption) -> Result<(), Failure> {
        let closed = |_| Failure::Final("the records of gaps are closed".to_owned());
        self.interruptions.send(interruption).await.map_err(closed)
    }
}
