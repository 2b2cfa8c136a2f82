//! Opening X's stream, in the one slot that an account has.

use std::time::Duration;

use ::x::{Meaning, meaning};
use json_api::{ANSWER_TIMEOUT, Answer, Error};
use reqwest::Response;
use utc_time::UtcTime;

use super::failure::failure;
use super::source::{END_CONNECTIONS, X};
use crate::source::{Class, Failure, RateLimits};

const MINUTE: Duration = Duration::from_secs(60);

impl X {
    /// Opens the stream; says since when X delivers what was missed, if it does.
    async fn open(&self, missing_from: Option<UtcTime>) -> Answer<(Response, Option<UtcTime>)> {
        let request = async {
            // How long ago that was is known only once the request is allowed.
            let minutes =
                missing_from.and_then(|from| backfill_minutes(from, UtcTime::now(), self.backfill_minutes));
            let answer = self.client.stream(minutes).await;
            // X counts from when it received the request, which is before now.
            let backfilled_from = minutes.map(|minutes| UtcTime::now().before(MINUTE * minutes));
            answer.map(|answer| (answer, backfilled_from))
        };
        self.answer(RateLimits::CONNECT, request).await
    }

    /// Opens the stream. This streamer holds the lease, so a connection that holds the slot should be an earlier reader's, whose end X
    /// has not noticed yet: it is ended, and the stream opened at once. If another program reads with the same token, it loses its connection to this
    /// one, at most [`MOST_ENDINGS`] times in [`WINDOW`].
    pub(super) async fn open_in_our_slot(
        &self,
        missing_from: Option<UtcTime>,
    ) -> Result<(Response, Option<UtcTime>), Failure> {
        let Answer { outcome, limit } = self.open(missing_from).await;
        let error = match outcome {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        let now = UtcTime::now();
        let limits = &self.memory.limits;
        let is_taken =
            matches!(&error, Error::Refused(refusal) if meaning(refusal) == Some(Meaning::SlotTaken));
        let may_end = || limits.request_wait(END_CONNECTIONS, now).is_zero() && self.may_end_another(now);
        if !is_taken || !may_end() {
            return Err(failure(error, limit));
        }
        tracing::warn!("another connection holds the stream's slot, probably a dead one; ending it");
        self.ask(END_CONNECTIONS, self.client.end_stream_connections()).await.map_err(|cause| {
            tracing::warn!(%cause, "could not end it");
            Failure::passing(Class::SlotTaken, format!("{error}, and it could not be freed: {cause}"))
        })?;
        limits.connecting(UtcTime::now());
        let Answer { outcome, limit } = self.open(missing_from).await;
        outcome.map_err(|error| failure(error, limit))
    }

    /// Counts another ending, unless there have been too many lately, also by earlier readers.
    fn may_end_another(&self, now: UtcTime) -> bool {
        let learnt = &self.memory.learnt;
        let noted = learnt.get(ENDINGS).unwrap_or_default();
        let Some(endings) = with_another(&noted, now) else { return false };
        learnt.note(ENDINGS, &endings);
        true
    }
}

/// The name under which it is saved when connections were ended lately.
const ENDINGS: &str = "connectionsEnded";

/// Connections may be ended this often in [`WINDOW`]. Chosen here, far below X's 25, so that two installations that share a token
/// do not spend their time on ending each other's connections.
const MOST_ENDINGS: usize = 5;

/// The period in which endings are counted.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// The times of the last endings, separated by spaces, and this one; `None` if it would be one too many.
fn with_another(noted: &str, now: UtcTime) -> Option<String> {
    let times = noted.split(' ').filter_map(|time| time.parse::<UtcTime>().ok());
    let mut times: Vec<UtcTime> = times.filter(|time| now.since(*time) < WINDOW).collect();
    if times.len() >= MOST_ENDINGS {
        return None;
    }
    times.push(now);
    Some(times.iter().map(UtcTime::to_string).collect::<Vec<_>>().join(" "))
}

/// How many minutes X must deliver again so that nothing is missing since `from`, if the account has that many.
fn backfill_minutes(from: UtcTime, now: UtcTime, account: u32) -> Option<u32> {
    // X may take a while to answer, and counts from then on.
    let missed = now.since(from) + ANSWER_TIMEOUT;
    let minutes = u32::try_from(missed.as_secs() / 60 + 1).ok()?;
    (minutes <= account).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backfill_covers_all_that_is_missing_or_is_not_asked_for() {
        let now: UtcTime = "2026-11-25T10:10:00Z".parse().unwrap();
        let asked =
            |seconds, account| backfill_minutes(now.before(Duration::from_secs(seconds)), now, account);
        assert_eq!(asked(30, 5), Some(1));
        assert_eq!(asked(40, 5), Some(2), "the answer may take 20 s");
        assert_eq!(asked(279, 5), Some(5));
        assert_eq!(asked(280, 5), None);
        assert_eq!(asked(1, 0), None);
    }

    #[test]
    fn only_so_many_connections_are_ended_in_a_window() {
        let at = |second: i64| UtcTime::from_millis(second * 1000).unwrap();
        let mut noted = String::new();
        for second in 0..MOST_ENDINGS as i64 {
            noted = with_another(&noted, at(second)).unwrap();
        }
        assert_eq!(with_another(&noted, at(899)), None);
        noted = with_another(&noted, at(900)).unwrap();
        assert_eq!(with_another(&noted, at(900)), None, "one has left the window");
        assert!(with_another("nonsense", at(0)).is_some());
    }
}
