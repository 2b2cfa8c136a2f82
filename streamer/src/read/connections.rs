//! The connections of a stream: one reader and one healer for each.

use std::collections::{BTreeMap, BTreeSet};

use posts::Keyword;
use stream::{Lease, StreamStatusTable};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use utc_time::UtcTime;

use super::context::Context;
use super::reader::read_and_reconnect;
use super::selection::note_refusal;
use crate::gaps::{GapBook, Healer, INTERRUPTIONS};
use crate::intake::Intake;
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::source::{Refusal, RequestedKeywords, Source};

/// Reads all connections that the requested keywords take.
pub(crate) struct Connections<S> {
    pub(crate) source: S,
    pub(crate) status: StreamStatusTable,
    pub(crate) lease: Lease,
    pub(crate) ledger: Ledger,
    pub(crate) intake: Intake,
    pub(crate) progress: Progress,
    pub(crate) gaps: GapBook,
}

impl<S: Source> Connections<S> {
    /// Opens and closes connections as `requested` changes. A connection that the source refuses for good is noted on its
    /// keywords, and tried again when `requested` changes. Once all are refused, returns the reason of the last. Drop it to stop it.
    pub(crate) async fn run(self, mut requested: watch::Receiver<RequestedKeywords>) -> String {
        let mut running = JoinSet::new();
        let mut open: BTreeMap<String, (watch::Sender<RequestedKeywords>, tokio::task::AbortHandle)> =
            BTreeMap::new();
        loop {
            let now_requested = requested.borrow_and_update().clone();
            let wanted = S::connections(&now_requested);
            self.ledger.keep_only(&wanted.keys().collect());
            self.note_left_out(&now_requested, &wanted).await;
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
                    changed = requested.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => std::future::pending().await,
                    },
                    Some(ended) = running.join_next() => ended,
                };
                // A connection that was closed because it is no longer needed has not failed.
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

    /// Notes on each keyword that no connection carries that it is one too many.
    async fn note_left_out(
        &self,
        requested: &RequestedKeywords,
        wanted: &BTreeMap<String, RequestedKeywords>,
    ) {
        let carried: BTreeSet<_> = wanted.values().flat_map(RequestedKeywords::keys).collect();
        for keyword in requested.keys().filter(|keyword| !carried.contains(keyword)) {
            let reason = "too many connections: this keyword would take one more than is allowed";
            self.refuse(keyword, reason).await;
        }
    }

    /// Notes why nothing is collected for a keyword. Its connection's cursor says since when.
    async fn refuse(&self, keyword: &Keyword, reason: &str) {
        let refusal = Refusal { keyword: keyword.clone(), reason: reason.to_owned() };
        note_refusal(&self.status, &refusal, UtcTime::now()).await;
    }

    /// Reads and heals one connection; returns its name, and why the source refused it for good.
    fn connection(
        &self,
        name: String,
        requested: watch::Receiver<RequestedKeywords>,
    ) -> impl Future<Output = (String, String)> + Send + use<S> {
        let source = self.source.on(&name);
        let (interruptions, interrupted) = mpsc::channel(INTERRUPTIONS);
        let first_requested = requested.borrow().values().map(|state| state.since).min();
        let (cursor, left_at) = self.ledger.take_up(&name, first_requested, UtcTime::now());
        let context = Context {
            name: name.clone(),
            source: source.clone(),
            status: self.status.clone(),
            lease: self.lease.clone(),
            ledger: self.ledger.clone(),
            requested: requested.clone(),
            intake: self.intake.clone(),
            interruptions,
            progress: self.progress.clone(),
            cursor,
        };
        let (gaps, ledger) = (self.gaps.clone(), self.ledger.clone());
        let (intake, progress) = (self.intake.clone(), self.progress.clone());
        let healer = Healer::new(name.clone(), source, gaps, ledger, intake, requested, progress);
        async move {
            let reason = tokio::select! {
                reason = read_and_reconnect(context, left_at) => reason,
                () = healer.run(interrupted) => "healing ended".to_owned(),
            };
            (name, reason)
        }
    }
}
