//! A new revision takes over while the earlier one reads, in every order, and does not if it is not ready.

use std::time::Duration;

use super::orders;
use super::world::{Event, Streamer, World};
use crate::plan::TaskState;
use crate::plan::rollout::PATIENCE;

const MINUTE: Duration = Duration::from_secs(60);

/// A world whose first revision reads.
fn reading(streamer_of_the_next: Streamer) -> World {
    let mut world = World::new(Streamer::Good);
    world.happen(Event::Deploy("one"));
    world.requested = true;
    world.go_on(2 * MINUTE);
    assert_eq!(world.reader().map(|task| task.revision.as_str()), Some("one"));
    world.streamer = streamer_of_the_next;
    world
}

/// Lets time pass in short steps, and asserts that the stream is read at the end of each, except while the lease of a task that did not give it back
/// expires.
fn go_on_reading(world: &mut World, time: Duration) {
    let mut unread = Duration::ZERO;
    let step = Duration::from_secs(10);
    for _ in 0..time.as_secs() / step.as_secs() {
        world.go_on(step);
        unread = if world.reader().is_some() { Duration::ZERO } else { unread + step };
        assert!(unread <= Duration::from_secs(50), "{world:#?}");
    }
}

fn revision_that_reads(world: &World) -> Option<&str> {
    world.reader().map(|task| task.revision.as_str())
}

#[test]
fn a_new_revision_takes_over_once_it_is_ready() {
    let mut world = reading(Streamer::Good);
    world.happen(Event::Deploy("two"));
    go_on_reading(&mut world, 3 * MINUTE);
    assert_eq!((revision_that_reads(&world), world.alive(), world.most_alive), (Some("two"), 1, 2));
    assert_eq!((&world.launch.rollout, &world.launch.refused), (&None, &None));
    assert_eq!(world.launch.revision.as_deref(), Some("two"));
    let starts = world.started.len();
    world.go_on(60 * MINUTE);
    assert_eq!((world.started.len(), starts), (2, 2));
}

#[test]
fn one_that_is_not_ready_in_time_is_refused_and_the_earlier_one_stays() {
    for (streamer, reason) in [
        (Streamer::FailsToStart, "exit code 1"),
        (Streamer::NeverReady, "its task was not ready to read within 5 minutes"),
        (Streamer::Hung, "its task was not ready to read within 5 minutes"),
    ] {
        let mut world = reading(streamer);
        world.happen(Event::Deploy("two"));
        world.go_on(PATIENCE - MINUTE);
        assert_eq!(world.launch.refused, None, "{streamer:?}");
        world.go_on(2 * MINUTE);
        let refused = world.launch.refused.clone().unwrap();
        assert_eq!((refused.revision.as_str(), refused.reason.as_str()), ("two", reason), "{streamer:?}");
        assert_eq!((revision_that_reads(&world), world.alive()), (Some("one"), 1), "{streamer:?}");
        let starts = world.started.len();
        world.go_on(60 * MINUTE);
        assert_eq!((revision_that_reads(&world), world.started.len()), (Some("one"), starts));

        // What replaces a crashed task is not the refused revision either.
        world.happen(Event::Crash);
        world.go_on(3 * MINUTE);
        assert_eq!(revision_that_reads(&world), Some("one"), "{streamer:?}");

        // The next deployment is tried; so is one that goes back.
        for next in ["three", "one"] {
            world.streamer = Streamer::Good;
            world.happen(Event::Deploy(next));
            go_on_reading(&mut world, 4 * MINUTE);
            assert_eq!((revision_that_reads(&world), world.alive()), (Some(next), 1));
            assert_eq!(world.launch.refused, None);
        }
    }
}

#[test]
fn one_that_says_that_it_cannot_read_is_refused_at_once() {
    let mut world = reading(Streamer::Unable);
    world.happen(Event::Deploy("two"));
    go_on_reading(&mut world, MINUTE);
    assert_eq!(world.launch.refused.as_ref().map(|refused| refused.reason.as_str()), Some("no token"));
    assert_eq!((revision_that_reads(&world), world.started.len()), (Some("one"), 2));
}

#[test]
fn if_the_earlier_one_crashes_before_a_bad_one_is_ready_it_is_started_again() {
    for streamer in [Streamer::FailsToStart, Streamer::Hung] {
        let mut world = reading(streamer);
        world.happen(Event::Deploy("two"));
        world.go_on(MINUTE);
        let arn = world.reader().unwrap().arn.clone();
        world.crash(&arn);
        world.go_on(PATIENCE + 8 * MINUTE);
        assert_eq!(world.launch.refused.as_ref().map(|refused| refused.revision.as_str()), Some("two"));
        assert_eq!((revision_that_reads(&world), world.alive()), (Some("one"), 1), "{streamer:?} {world:#?}");
    }
}

#[test]
fn a_deployment_that_is_taken_back_or_followed_by_another_leaves_one_task() {
    for (then, reads) in [("one", "one"), ("three", "three")] {
        let mut world = reading(Streamer::NeverReady);
        world.happen(Event::Deploy("two"));
        world.go_on(MINUTE);
        assert_eq!(world.alive(), 2);
        world.streamer = Streamer::Good;
        world.happen(Event::Deploy(then));
        world.go_on(8 * MINUTE);
        assert_eq!((revision_that_reads(&world), world.alive()), (Some(reads), 1), "{world:#?}");
    }
}

#[test]
fn a_mend_is_not_refused_for_what_it_mends() {
    let mut world = reading(Streamer::FailsToStart);
    world.happen(Event::Deploy("two"));
    world.go_on(MINUTE);
    let arn = world.reader().unwrap().arn.clone();
    world.crash(&arn);
    // Nobody reads, and the second revision fails.
    world.go_on(3 * MINUTE);
    world.streamer = Streamer::Good;
    world.happen(Event::Deploy("three"));
    world.go_on(10 * MINUTE);
    assert_eq!((revision_that_reads(&world), world.alive()), (Some("three"), 1), "{world:#?}");
    assert_eq!(world.launch.refused, None);
}

#[test]
fn if_the_earlier_revision_cannot_be_started_any_more_the_newest_is_tried_after_all() {
    let mut world = reading(Streamer::NeverReady);
    world.happen(Event::Deploy("two"));
    world.go_on(PATIENCE + 2 * MINUTE);
    assert!(world.launch.refused.is_some());
    (world.streamer, world.earlier) = (Streamer::Good, Streamer::FailsToStart);
    let arn = world.reader().unwrap().arn.clone();
    world.crash(&arn);
    world.go_on(3 * MINUTE);
    assert_eq!(revision_that_reads(&world), Some("two"));
}

/// Every order in which a deployment, two reconcilers, the streamers and a crash of the reader can act.
#[test]
fn in_every_order_the_new_revision_reads_in_the_end() {
    let world = reading(Streamer::Good);
    let reconciler = |index| [Event::Reconciler(index); 3];
    let (first, second) = (reconciler(0), reconciler(1));
    let live = [Event::Live; 2];
    let mut lists: [&[Event]; 5] = [&[Event::Deploy("two")], &first, &second, &live, &[Event::Crash]];
    let mut count = 0;
    orders(&world, &mut lists, &mut Vec::new(), &mut |mut world, order| {
        world.go_on(Duration::from_secs(240));
        assert_eq!((revision_that_reads(&world), world.alive()), (Some("two"), 1), "{order:?} {world:#?}");
        assert!(world.most_alive <= 2, "{order:?} {world:#?}");
        assert_eq!(world.launch.rollout, None, "{order:?}");
        count += 1;
    });
    assert!(count > 10_000, "{count}");
}

/// Every order in which a person stops the task that reads while another one is to take over.
#[test]
fn in_every_order_a_person_who_stops_the_reader_during_a_rollout_is_obeyed() {
    let mut world = reading(Streamer::Good);
    world.happen(Event::Deploy("two"));
    let reconciler = |index| [Event::Reconciler(index); 3];
    let (first, second) = (reconciler(0), reconciler(1));
    let live = [Event::Live; 2];
    let person = [Event::StopByHand, Event::EndByHand];
    let mut lists: [&[Event]; 4] = [&person, &first, &second, &live];
    let mut count = 0;
    orders(&world, &mut lists, &mut Vec::new(), &mut |mut world, order| {
        world.go_on(Duration::from_secs(240));
        assert_eq!(world.alive(), 0, "{order:?} {world:#?}");
        assert!(world.tasks.iter().any(|task| matches!(task.state, TaskState::StoppedByHand(_))));
        assert!(world.launch.stopped_by_hand.is_some(), "{order:?} {world:#?}");
        count += 1;
        // Whoever asks then gets the new revision.
        world.happen(Event::Ask);
        world.go_on(Duration::from_secs(120));
        assert_eq!((revision_that_reads(&world), world.alive()), (Some("two"), 1), "{order:?} {world:#?}");
    });
    assert!(count > 1_000, "{count}");
}
