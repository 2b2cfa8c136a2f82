//! The connections of a stream: one reader and one healer for each.

use std::collections::{BTreeMap, BTreeSet};

use posts::Keyword;
use stream::{Lease, StreamStatusTable};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use utc_time::UtcTime;

use crate::buffer::Buffer;
use crate::gap_book::GapBook;
use crate::heal::{Healer, INTERRUPTIONS};
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::read::{Desired, Reader};
use crate::seen::Seen;
use crate::source::Source;

/// Reads all connections that what is desired takes.
pub(crate) struct Connections<S> {
    pub(crate) source: S,
    pub(crate) status: StreamStatusTable,
    pub(crate) lease: Lease,
    pub(crate) ledger: Ledger,
    pub(crate) buffer: Buffer,
    pub(crate) seen: Seen,
    pub(crate) progress: Progress,
    pub(crate) gaps: GapBook,
}

impl<S: Source> Connections<S> {
    /// Opens and closes connections as `desired` changes. Returns the reason when none is left that the
    /// source has not refused for good; that of one among others is noted at its keywords, and the connection
    /// is tried again when what is desired changes. Dropped to be stopped.
    pub(crate) async fn run(self, mut desired: watch::Receiver<Desired>) -> String {
        let mut running = JoinSet::new();
        let mut open: BTreeMap<String, (watch::Sender<Desired>, tokio::task::AbortHandle)> = BTreeMap::new();
        loop {
            let now_desired = desired.borrow_and_update().clone();
            let wanted = S::connections(&now_desired);
            self.ledger.keep_only(&wanted.keys().collect());
            self.note_left_out(&now_desired, &wanted).await;
            open.retain(|name, (_, task)| {
                let is_wanted = wanted.contains_key(name);
                if !is_wanted {
                    task.abort();
                }
                is_wanted
            });
            for (name, keywords) in wanted {
                match open.get(&name) {
                    Some((sender, _)) => {
                        sender.send_if_modified(|present| {
                            let changed = *present != keywords;
                            *present = keywords;
                            changed
                        });
                    }
                    None => {
                        let (sender, receiver) = watch::channel(keywords);
                        let task = running.spawn(self.connection(name.clone(), receiver));
                        open.insert(name, (sender, task));
                    }
                }
            }
            loop {
                let ended = tokio::select! {
                    changed = desired.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => std::future::pending().await,
                    },
                    Some(ended) = running.join_next() => ended,
                };
                // One that was closed because nobody wants it any more is no failure.
                let (name, reason) = match ended {
                    Ok(ended) => ended,
                    Err(error) if error.is_cancelled() => continue,
                    Err(error) => return format!("reading ended unexpectedly: {error}"),
                };
                if let Some((sender, _)) = open.remove(&name) {
                    let keywords: Vec<_> = sender.borrow().keys().cloned().collect();
                    for keyword in keywords {
                        self.refuse(&keyword, &reason).await;
                    }
                }
                if open.is_empty() {
                    return reason;
                }
                tracing::error!(name, reason, "a connection ended for good; the others go on");
            }
        }
    }

    /// Keywords that no connection carries are told so.
    async fn note_left_out(&self, desired: &Desired, wanted: &BTreeMap<String, Desired>) {
        let carried: BTreeSet<_> = wanted.values().flat_map(Desired::keys).collect();
        for keyword in desired.keys().filter(|keyword| !carried.contains(keyword)) {
            self.refuse(keyword, "too many connections: this keyword would take one more than is allowed")
                .await;
        }
    }

    /// Notes why nothing is collected for a keyword. From when on, its connection's cursor knows.
    async fn refuse(&self, keyword: &Keyword, reason: &str) {
        if let Err(error) = self.status.keyword_is_refused(keyword, reason, UtcTime::now()).await {
            tracing::warn!(%error, %keyword, "could not note why a keyword is not collected");
        }
    }

    /// Reads and heals one connection; returns its name and why the source refused for good.
    fn connection(
        &self,
        name: String,
        desired: watch::Receiver<Desired>,
    ) -> impl Future<Output = (String, String)> + Send + use<S> {
        let source = self.source.on(&name);
        let (interruptions, interrupted) = mpsc::channel(INTERRUPTIONS);
        let reader = Reader {
            name: name.clone(),
            source: source.clone(),
            status: self.status.clone(),
            lease: self.lease.clone(),
            ledger: self.ledger.clone(),
            desired: desired.clone(),
            buffer: self.buffer.clone(),
            seen: self.seen.clone(),
            interruptions,
            progress: self.progress.clone(),
        };
        let healer = Healer {
            source,
            gaps: self.gaps.clone(),
            ledger: self.ledger.clone(),
            buffer: self.buffer.clone(),
            seen: self.seen.clone(),
            desired,
        };
        async move {
            let reason = tokio::select! {
                reason = reader.run() => reason,
                () = healer.run(interrupted) => "healing ended".to_owned(),
            };
            (name, reason)
        }
    }
}
