//! Whether a rule is valid, in X's own judgement.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use json_api::{Answer, RateLimit};
use utc_time::UtcTime;
use x::RuleVerdict;
use x::limits::RULE_WRITES;

use super::{NoClient, XApi};

/// How long a check may take, from reading the token on. Chosen here: whoever waits for it would rather have an answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

/// How many of X's requests are left to the streamer, which adds the rules that are checked here within the same limit. Chosen here.
const WRITES_LEFT: u32 = RULE_WRITES / 2;

/// Why it is not known whether a rule is valid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuleCheckError {
    #[error("posts do not come from X")]
    NotFromX,
    #[error(transparent)]
    NoClient(#[from] NoClient),
    #[error("the requests that X allows until {until} are left to the streamer")]
    LeftToStreamer { until: UtcTime },
    #[error("there was no answer within {} s", CHECK_TIMEOUT.as_secs())]
    Timeout,
    #[error("X did not check the rule")]
    Request(#[from] json_api::Error),
}

impl XApi {
    /// What X says of a rule with this value, of which it adds none.
    pub(crate) async fn check_rule(&self, value: &str) -> Result<RuleVerdict, RuleCheckError> {
        if let Some(until) = self.rule_writes.left_to_streamer(UtcTime::now()) {
            return Err(RuleCheckError::LeftToStreamer { until });
        }
        let check = async { Ok::<_, NoClient>(self.client().await?.check_rule(value).await) };
        let answer = tokio::time::timeout(CHECK_TIMEOUT, check).await;
        let Answer { outcome, limit } = answer.map_err(|_| RuleCheckError::Timeout)??;
        self.rule_writes.note(limit);
        Ok(outcome?)
    }
}

/// What X last said of its limit on requests that add, delete or check rules. Copies share it.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleWrites(Arc<Mutex<Option<RateLimit>>>);

impl RuleWrites {
    /// Notes what an answer said of the limit; one that says nothing changes nothing.
    fn note(&self, limit: Option<RateLimit>) {
        if limit.is_some() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = limit;
        }
    }

    /// Until when the requests that are left belong to the streamer, if they do at `now`.
    fn left_to_streamer(&self, now: UtcTime) -> Option<UtcTime> {
        let limit = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limit.filter(|limit| limit.remaining <= WRITES_LEFT && limit.reset > now).map(|limit| limit.reset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_requests_are_left_to_the_streamer_until_the_window_ends() {
        let reset: UtcTime = "2026-11-26T10:15:00Z".parse().unwrap();
        let before = reset.before(Duration::from_secs(1));
        let writes = RuleWrites::default();
        assert_eq!(writes.left_to_streamer(before), None, "nothing is known yet");
        writes.note(Some(RateLimit { remaining: 51, reset }));
        assert_eq!(writes.left_to_streamer(before), None);
        writes.note(Some(RateLimit { remaining: 50, reset }));
        writes.note(None);
        assert_eq!(writes.clone().left_to_streamer(before), Some(reset));
        assert_eq!(writes.left_to_streamer(reset), None, "the next window has begun");
    }
}
