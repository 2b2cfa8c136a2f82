//! What `GET /stream` answers, derived from what StreamStatusTable holds.

use std::collections::BTreeMap;

use posts::Keyword;
use serde::Serialize;
use service::tables::TableError;
use stream::SourceName;
use stream::gaps::{Gap, GapState};
use stream::keywords::RequestedKeyword;
use stream::launch::{Launch, RefusedRevision, StoppedByHand};
use stream::lease::LeaseHolder;
use stream::report::{StreamReport, StreamState, Traffic};
use utc_time::UtcTime;
use utoipa::ToSchema;

use super::compliance::Compliance;
use crate::resources::gaps::{self, GapCounts};
use crate::resources::ongoing::{self, Ongoing};
use crate::spending::{KeywordSpending, Spending};
use crate::streams::{SourceStream, Streams};

/// A running stream whose posts take this long from being written to being found is late. A few seconds are normal, and more
/// after a short outage.
const LATE_MS: i64 = 60_000;

/// The stream as it is requested and as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stream {
    /// Where its posts come from.
    source: SourceName,
    /// Every source that is read here, with the state of its stream; `source` in the request chooses the one that is shown.
    sources: Vec<SourceState>,
    /// Whether the stream should run: it should while any keyword is requested.
    #[serde(rename = "desired")]
    requested: RequestedState,
    /// The state that the streamer last reported; without one `starting`, or `stopped` if none is needed.
    state: StreamState,
    /// Why the stream is in this state, where that needs an explanation.
    reason: Option<String>,
    /// A new version that takes over from the one that reads, or that did not; null if there is none.
    rollout: Option<Rollout>,
    /// The requested keywords, in alphabetical order.
    keywords: Vec<StreamKeyword>,
    /// Posts and costs of today (UTC).
    today: Spending,
    /// Posts and costs of this month (UTC).
    this_month: Spending,
    /// The streamer's latest report.
    report: Option<StreamReport>,
    /// Who may read the stream, and until when; null if nobody may.
    lease: Option<StreamLease>,
    /// What is being missed now, by keyword; it becomes a gap once reading goes on.
    ongoing: Vec<Ongoing>,
    /// How many gaps of the last 90 days there are.
    gap_counts: GapCounts,
    /// The latest gaps, times in which posts may have been missed: up to 100 that are open or being healed, then up to 20
    /// others; the one that ended last comes first in each group. `GET /stream/gaps` lists all.
    gaps: Vec<Gap>,
    /// Checking whether posts were taken back at X; null if no check was ever made, as where posts do not come from X.
    compliance: Option<Compliance>,
}

/// A source, and the state of its stream.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SourceState {
    source: SourceName,
    state: StreamState,
    /// How many of its gaps are open: their posts are missing.
    open_gaps: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum RequestedState {
    Running,
    Stopped,
}

/// A requested keyword.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StreamKeyword {
    #[serde(flatten)]
    status: RequestedKeyword,
    /// What the streamer has queued for the keyword; null if it has queued nothing, or if 100 other keywords have more
    /// posts.
    traffic: Option<Traffic>,
    /// What it has brought today (UTC).
    today: KeywordSpending,
}

/// A new version of the streamer: another revision of its task definition.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Rollout {
    /// The revision: the ARN of a task definition.
    revision: String,
    /// How far it has come.
    state: RolloutState,
    /// When it began, or was given up.
    at: UtcTime,
    /// Why it was given up, or why its latest task has ended; null if neither is so.
    reason: Option<String>,
}

/// How far a new version has come.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum RolloutState {
    /// Its task starts, and takes over once it is ready.
    Starting,
    /// Its task was not ready within five minutes, or can never be: the earlier version is used until the next deployment.
    Refused,
}

impl Rollout {
    /// What `launch` says of it, unless its task holds the lease by now.
    fn of(launch: &Launch, holder: Option<&LeaseHolder>) -> Option<Self> {
        let owner = holder.map(|holder| &holder.lease.owner);
        let running =
            launch.rollout.as_ref().filter(|rollout| owner.is_none() || rollout.task.as_ref() != owner);
        let refused = launch.refused.clone().map(|RefusedRevision { revision, at, reason }| Self {
            revision,
            state: RolloutState::Refused,
            at,
            reason: Some(reason),
        });
        refused.or_else(|| {
            let stream::launch::Rollout { revision, at, reason, .. } = running?.clone();
            Some(Self { revision, state: RolloutState::Starting, at, reason })
        })
    }
}

/// The exclusive right to read the stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StreamLease {
    /// Who holds it: the ARN of an ECS task, or the name of another reader.
    owner: String,
    /// When it ends, unless it is renewed.
    until: UtcTime,
    /// How often the lease has changed hands.
    epoch: u64,
}

impl Stream {
    /// The stream `shown`, one of `streams`, at `now`.
    pub(super) async fn read<S: AsRef<SourceStream>>(
        shown: &S,
        streams: &Streams<S>,
        now: UtcTime,
    ) -> Result<Self, TableError> {
        let SourceStream { source, status } = shown.as_ref();
        let (keywords, mut report, launch, holder, (gap_counts, gaps), asked, brought, compliance) = tokio::try_join!(
            status.keywords(),
            status.report(),
            status.launch(),
            status.lease_holder(),
            gaps::summary(status),
            status.asked_so_far(now),
            status.tally_of_day(now),
            status.compliance(),
        )?;
        let holder = holder.filter(|holder| holder.until > now);
        let requested = if keywords.is_empty() { RequestedState::Stopped } else { RequestedState::Running };
        let state = state(requested, report.as_ref(), &launch, holder.as_ref());
        let mut sources = Vec::new();
        for each in streams.iter().map(AsRef::as_ref) {
            sources.push(match each.source == *source {
                true => SourceState { source: *source, state, open_gaps: gap_counts.open },
                false => SourceState::read(each, now).await?,
            });
        }
        let interruption = ongoing::interruption(status, &keywords, report.as_ref(), holder.as_ref()).await?;
        let ongoing = ongoing::ongoing(&keywords, interruption.as_ref());
        let missing: BTreeMap<&Keyword, UtcTime> =
            ongoing.iter().map(|ongoing| (ongoing.keyword(), ongoing.from())).collect();
        let mut traffic =
            report.as_mut().map(|report| std::mem::take(&mut report.keywords)).unwrap_or_default();
        let keywords = keywords.into_iter().map(|mut status| {
            status.missing_from = missing.get(&status.keyword).copied();
            status.paused_until = status.paused_until.filter(|until| *until > now);
            let brought = brought.get(&status.keyword).copied().unwrap_or_default();
            StreamKeyword {
                traffic: traffic.remove(&status.keyword).filter(|_| holder.is_some()),
                today: KeywordSpending::new(brought, report.as_ref()),
                status,
            }
        });
        let keywords = keywords.collect();
        Ok(Self {
            source: *source,
            sources,
            requested,
            state,
            keywords,
            rollout: Rollout::of(&launch, holder.as_ref()),
            reason: reason(state, report.as_ref(), launch),
            today: Spending::today(report.as_ref(), asked.today, now),
            this_month: Spending::this_month(report.as_ref(), asked.this_month, now),
            report,
            lease: holder.map(|LeaseHolder { lease, until }| StreamLease {
                owner: lease.owner,
                epoch: lease.epoch,
                until,
            }),
            ongoing,
            gap_counts,
            gaps,
            compliance: compliance.map(Compliance::from),
        })
    }
}

impl SourceState {
    /// The state of `stream` at `now`.
    async fn read(SourceStream { source, status }: &SourceStream, now: UtcTime) -> Result<Self, TableError> {
        let (is_requested, report, launch, holder, open_gaps) = tokio::try_join!(
            status.has_keywords(),
            status.report(),
            status.launch(),
            status.lease_holder(),
            status.count_gaps(GapState::Open, None)
        )?;
        let holder = holder.filter(|holder| holder.until > now);
        let requested = if is_requested { RequestedState::Running } else { RequestedState::Stopped };
        let state = state(requested, report.as_ref(), &launch, holder.as_ref());
        Ok(Self { source: *source, state, open_gaps })
    }
}

/// The state of a stream that `holder`, if anybody, reads now.
fn state(
    requested: RequestedState,
    report: Option<&StreamReport>,
    launch: &Launch,
    holder: Option<&LeaseHolder>,
) -> StreamState {
    let reported = report.map(|report| report.state);
    match (holder, requested) {
        (Some(_), _) => reported.unwrap_or(StreamState::Starting),
        (None, RequestedState::Stopped) => StreamState::Stopped,
        (None, RequestedState::Running) if launch.stopped_by_hand.is_some() => StreamState::StoppedByHand,
        (None, RequestedState::Running) if reported == Some(StreamState::Failed) || launch.failures > 0 => {
            StreamState::Failed
        }
        (None, RequestedState::Running) => StreamState::Starting,
    }
}

/// Why the stream is in this state.
fn reason(state: StreamState, report: Option<&StreamReport>, launch: Launch) -> Option<String> {
    let reported = report.filter(|report| report.state == state).and_then(|report| report.reason.clone());
    match state {
        StreamState::Failed if launch.failures > 0 => {
            let reason = reported.or(launch.reason).unwrap_or_else(|| "no reason is known".to_owned());
            let next = launch.not_before.map_or_else(|| "immediately".to_owned(), |at| format!("at {at}"));
            let failures = launch.failures;
            Some(format!("{reason}; failed starts in a row: {failures}; the next attempt is due {next}"))
        }
        StreamState::Stopped => None,
        StreamState::StoppedByHand => launch.stopped_by_hand.map(|StoppedByHand { at, reason }| {
            format!("a person stopped the task at {at} ({reason}); POST /stream with a keyword of this source starts it again; in AWS, CloudTrail's event StopTask says who it was")
        }),
        StreamState::Running => reported.or_else(|| late(report?.lag_ms?)),
        _ => reported,
    }
}

/// What to say of a running stream whose posts are found `lag_ms` after they were written.
fn late(lag_ms: i64) -> Option<String> {
    (lag_ms >= LATE_MS).then(|| {
        format!("posts are stored late: they can be found {} s after they were written", lag_ms / 1000)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_runs_late_says_so() {
        assert_eq!(late(59_999), None);
        assert!(late(122_000).unwrap().contains("found 122 s after"));
    }
}
