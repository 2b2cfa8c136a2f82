//! Posting what the source has, at the stub's rate.

use std::time::Duration;

use super::generator::Generator;
use crate::clock::now;
use crate::options::Source;
use crate::stub::Stub;

/// Posts what the source has; never ends.
pub(crate) async fn play(stub: &Stub, mut source: Source) {
    /// At high rates several posts come at once.
    const TICK: Duration = Duration::from_millis(20);
    /// A machine that slept for longer does not make up for it.
    const MADE_UP: Duration = Duration::from_secs(2);
    if matches!(source, Source::Recording { .. }) {
        stub.inner.connected.notified().await;
    }
    let mut recorded = match &mut source {
        Source::Recording { posts, .. } => std::mem::take(posts).into_iter(),
        Source::Generator { .. } => Vec::new().into_iter(),
    };
    let mut generator = match &source {
        Source::Generator { seed } => Some(Generator::new(*seed)),
        Source::Recording { .. } => None,
    };
    let keep = matches!(source, Source::Recording { keep: true, .. });
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = tokio::time::Instant::now();
    let mut due = 0_f64;
    loop {
        let tick = ticks.tick().await;
        let rate = stub.world().rate;
        due += tick.duration_since(last).min(MADE_UP).as_secs_f64() * rate;
        last = tick;
        // Once a tick: with many rules it takes longer than to make a post.
        let mut wanted: Option<Vec<String>> = None;
        while due >= 1.0 {
            due -= 1.0;
            let mut world = stub.world();
            if let Some(generator) = &mut generator {
                if !world.wants_posts() {
                    continue;
                }
                let wanted = wanted.get_or_insert_with(|| {
                    let rules = world.rules.iter().flat_map(|rule| rule.rule.wanted());
                    rules.chain(world.tags.iter().map(|tag| format!("#{tag}"))).collect()
                });
                let post = world.post(generator.next_at(now(), wanted), keep);
                generator.posted(&post);
            } else if let Some(post) = recorded.next() {
                world.post(post, keep);
            }
        }
    }
}
