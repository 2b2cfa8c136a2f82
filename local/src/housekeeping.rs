//! Periodic work on a machine: EventBridge's schedule, and the expiry of what is stored.

use std::sync::Arc;
use std::time::Duration;

use api::{ControlApi, every_minute, reconcile};
use service::own_metrics::EmbeddedMetrics;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use utc_time::UtcTime;

use crate::aws::Services;

/// How often the reconciler runs. In AWS it runs every minute and on each of ECS's events; here there are no events.
const RECONCILE_EVERY: Duration = Duration::from_secs(5);

/// How often the rest of the minute's work is done.
const MINUTE: Duration = Duration::from_secs(60);

/// How long a turn at what takes long may take; a function has about as long in AWS.
const TURN: Duration = Duration::from_secs(45);

/// How often expired items and metric values are deleted. DynamoDB takes up to a few days, and each round reads every
/// item.
const EXPIRE_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// Runs what EventBridge's schedule runs; never ends.
pub(crate) async fn run_schedule(api: ControlApi) -> anyhow::Result<()> {
    let (mut rounds, mut minutes) = (interval(RECONCILE_EVERY), interval(MINUTE));
    loop {
        tokio::select! {
            _ = rounds.tick() => if let Err(error) = reconcile(&api).await {
                tracing::warn!(%error, "could not reconcile; the next round tries again");
            },
            // Its failures have been logged.
            _ = minutes.tick() => drop(every_minute(&api, &EmbeddedMetrics::nowhere()).await),
        }
    }
}

/// Goes on every minute with what takes long: forgetting, and the check of compliance; never ends. Apart from the rest of the schedule, because a
/// turn may take most of a minute.
pub(crate) async fn take_turns(api: ControlApi) -> anyhow::Result<()> {
    let mut minutes = interval(MINUTE);
    loop {
        minutes.tick().await;
        if let Err(error) = api::forget(&api, Instant::now() + TURN).await {
            tracing::warn!(%error, "forgetting does not go on; the next minute tries again");
        }
        if let Err(error) = api::check_compliance(&api, Instant::now() + TURN).await {
            tracing::warn!(%error, "the check of compliance does not go on; the next minute tries again");
        }
    }
}

/// Deletes expired items and metric values; never ends.
pub(crate) async fn expire(services: Arc<Services>) -> anyhow::Result<()> {
    let mut rounds = interval(EXPIRE_EVERY);
    loop {
        rounds.tick().await;
        services.tables.delete_expired().await;
        // Its failures have been logged.
        let _ = services.store.delete_old_values(UtcTime::now().as_millis()).await;
    }
}

/// An interval that does not catch up on ticks missed while the machine slept.
fn interval(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
