//! Recovering what the stream delivered before, which X offers to Enterprise accounts.

use std::time::Duration;

use ::stream::gaps::Period;
use ::x::limits::RECOVERY_REACH;
use futures::stream::BoxStream;
use utc_time::UtcTime;

use super::decode::Decode;
use super::source::X;
use crate::source::{Failure, Item, RateLimits, decoded};

/// Five minutes less than X states, for clocks that differ and the way of a request.
const REACH: Duration = RECOVERY_REACH.saturating_sub(Duration::from_secs(300));

impl X {
    /// How far back X delivers again what the stream delivered, if the account is an Enterprise one: it has backfill too.
    pub(super) fn recovery_reach(&self) -> Option<Duration> {
        (self.backfill_minutes > 0).then_some(REACH)
    }

    /// Opens a recovery, as soon as X allows another connection. It counts as one, and takes no slot of the stream's.
    pub(super) async fn open_recovery(
        &self,
        Period { from, to }: Period,
    ) -> Result<BoxStream<'static, Result<Vec<Item>, Failure>>, Failure> {
        let limits = &self.memory.limits;
        loop {
            let wait = limits.connect_wait(UtcTime::now());
            if wait.is_zero() {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        limits.connecting(UtcTime::now());
        let answer = self.ask(RateLimits::CONNECT, self.client.recovery(from, to)).await?;
        Ok(decoded(answer, Decode::new(self.keywords.clone())))
    }
}
