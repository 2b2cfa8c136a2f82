//! Making the source deliver what is requested.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use posts::Keyword;
use stream::StreamStatusTable;
use tokio::time::Instant;
use utc_time::UtcTime;

use super::context::Context;
use super::end::End;
use super::missed::missing;
use super::stopped::wait_and_say;
use crate::gaps::{Interruption, Missing, Then};
use crate::source::{Backoff, Extent, Failure, KeywordState, Refusal, RequestedKeywords, Selection, Source};

/// How many notes are written concurrently, and how long all may take: changing the rules comes first.
const AT_ONCE: usize = 16;
const NOTING_TIME: Duration = Duration::from_secs(10);

/// How long changes are gathered, to be made by one request.
pub(super) const GATHERED: Duration = Duration::from_secs(1);

/// Makes the source deliver what is requested and not paused, as far as `extent` requires. A refusal is noted on its keyword.
pub(crate) async fn select<S: Source>(
    context: &Context<S>,
    requested: &RequestedKeywords,
    extent: Extent,
) -> Result<Selection, Failure> {
    let wanted = requested.iter().filter(|(_, state)| !state.is_paused);
    let wanted = wanted.map(|(keyword, state)| (keyword.clone(), *state)).collect();
    let selection = context.source.select(&wanted, extent).await?;
    for refusal in &selection.refused {
        tracing::warn!(keyword = %refusal.keyword, reason = refusal.reason, "the source refused a keyword");
        // Posts that are delivered late may still be on their way.
        note_refusal(&context.status, refusal, UtcTime::now().before(S::LATENESS)).await;
    }
    Ok(selection)
}

/// Notes why nothing is collected for a keyword, and since when.
pub(crate) async fn note_refusal(status: &StreamStatusTable, refusal: &Refusal, from: UtcTime) {
    let Refusal { keyword, reason } = refusal;
    if let Err(error) = status.keyword_is_refused(keyword, reason, from).await {
        tracing::warn!(%error, %keyword, "could not note why a keyword is not collected");
    }
}

/// While a connection is open, makes the source deliver what is requested after each change. Posts of a keyword from before the
/// source delivered it are a gap like any other. Returns when the source refuses for good, or when what was stopped costs more than all that
/// is requested; as long as it costs less, the report says so.
pub(crate) async fn keep_selected<S: Source>(
    context: &Context<S>,
    mut delivered: BTreeSet<Keyword>,
    since: Option<UtcTime>,
) -> End {
    let mut requested = context.requested.clone();
    let mut backoff = Backoff::new(S::BACKOFF);
    let mut notes = Notes::default();
    let mut stopped = BTreeSet::new();
    // Since when the source has not been made to deliver what is requested.
    let mut failing: Option<Instant> = None;
    loop {
        let now_requested = requested.borrow_and_update().clone();
        let failure = match select(context, &now_requested, Extent::Whole).await {
            Ok(Selection { delivered: now_delivered, outdated, unwanted, refused, incomplete }) => {
                let mut new = missing::<S>(&now_requested, since);
                new.retain(|missing| {
                    now_delivered.contains(&missing.keyword) && !delivered.contains(&missing.keyword)
                });
                let carried = delivered.intersection(&now_delivered);
                new.extend(
                    carried
                        .filter(|keyword| !outdated.contains(keyword))
                        .filter_map(|keyword| notes.asked_for_more(keyword, now_requested.get(keyword)?)),
                );
                if let Err(failure) = record_new::<S>(context, new, &outdated).await {
                    return failure.into();
                }
                if let Some(failure) = &incomplete {
                    let has_answer = |keyword: &&Keyword| {
                        now_delivered.contains(*keyword)
                            || refused.iter().any(|refusal| refusal.keyword == **keyword)
                    };
                    let wanted = now_requested.iter().filter(|(_, state)| !state.is_paused);
                    let waiting = wanted.map(|(keyword, _)| keyword).filter(|keyword| !has_answer(keyword));
                    let waiting = waiting.cloned();
                    notes.waiting::<S>(&context.status, waiting.collect(), &failure.to_string()).await;
                }
                (delivered, stopped) = (now_delivered, unwanted);
                incomplete
            }
            Err(failure) => Some(failure),
        };
        match failure {
            None => {
                backoff.reset();
                failing = None;
                context.progress.remark(None);
                if requested.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(GATHERED).await;
            }
            Some(Failure::Passing { class, reason }) => {
                let wait = backoff.wait(class, UtcTime::now());
                tracing::warn!(reason, wait_ms = wait.as_millis(), "could not change what is delivered");
                let waited = failing.get_or_insert_with(Instant::now).elapsed();
                let there: BTreeSet<Keyword> = delivered.union(&stopped).cloned().collect();
                if let Some(still) = wait_and_say(context, &there, waited, wait).await {
                    return End::StoppedCostMore(still);
                }
            }
            Some(failure) => return failure.into(),
        }
    }
}

/// Records what was missed of keywords that the source delivers now.
async fn record_new<S: Source>(
    context: &Context<S>,
    mut new: Vec<Missing>,
    outdated: &BTreeSet<Keyword>,
) -> Result<(), Failure> {
    if new.is_empty() {
        return Ok(());
    }
    new.iter_mut().for_each(|missing| missing.is_outdated = outdated.contains(&missing.keyword));
    let interruption = Interruption {
        cause: "the keyword was new".to_owned(),
        missing: new,
        // The source takes a moment to deliver what was just selected; until then the keyword itself says that posts are missing.
        to: UtcTime::now().after(S::LATENESS),
        heal: true,
        recoverable: false,
        backfill: None,
        untold: None,
        then: Then::Nothing,
    };
    context.interrupted(interruption).await
}

/// What was noted of keywords while this connection was open: each thing is noted once.
#[derive(Default)]
struct Notes {
    /// Since when more was requested of a keyword.
    more: BTreeMap<Keyword, UtcTime>,
    waiting: BTreeSet<Keyword>,
    reason: String,
}

impl Notes {
    /// What is missing of a keyword that was delivered before and of which more has been requested since.
    fn asked_for_more(&mut self, keyword: &Keyword, state: &KeywordState) -> Option<Missing> {
        let from = state.missing_from?;
        if self.more.insert(keyword.clone(), from) == Some(from) {
            return None;
        }
        Some(Missing {
            keyword: keyword.clone(),
            since: state.since,
            from,
            reposts: state.had_reposts(from),
            was_collected: false,
            is_outdated: false,
        })
    }

    /// Notes on keywords what they wait for, and that their posts are missing from now on, unless they were missing already.
    async fn waiting<S: Source>(
        &mut self,
        status: &StreamStatusTable,
        keywords: BTreeSet<Keyword>,
        reason: &str,
    ) {
        if self.reason == reason && self.waiting == keywords {
            return;
        }
        let from = UtcTime::now().before(S::LATENESS);
        let noting = futures::stream::iter(&keywords).for_each_concurrent(AT_ONCE, |keyword| async move {
            if let Err(error) = status.keyword_waits(keyword, reason, from).await {
                tracing::warn!(%error, %keyword, "could not note what a keyword waits for");
            }
        });
        if tokio::time::timeout(NOTING_TIME, noting).await.is_err() {
            tracing::warn!("noting what keywords wait for took too long");
        }
        (self.waiting, self.reason) = (keywords, reason.to_owned());
    }
}
