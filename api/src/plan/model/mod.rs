//! Every order in which a user, two reconcilers, ECS and a streamer can act ends as requested.

mod rollout;
mod world;

use std::time::Duration;

use utc_time::UtcTime;

use self::world::{Event, Streamer, World};
use super::decide::{GRACE, HUNG, MISSING, STARTED, ended, plan};
use super::observed::{Step, TaskState};

/// Plays all interleavings of the lists, and calls `check` with the world after each.
fn orders(
    world: &World,
    lists: &mut [&[Event]],
    done: &mut Vec<Event>,
    check: &mut impl FnMut(World, &[Event]),
) {
    if lists.iter().all(|list| list.is_empty()) {
        check(world.clone(), done);
        return;
    }
    for index in 0..lists.len() {
        let Some((event, rest)) = lists[index].split_first() else { continue };
        let whole = std::mem::replace(&mut lists[index], rest);
        let mut next = world.clone();
        next.happen(*event);
        done.push(*event);
        orders(&next, lists, done, check);
        done.pop();
        lists[index] = whole;
    }
}

/// Plays every order in which this user, two reconcilers and a streamer can act, while ECS does not show a task for
/// `missing`; returns how many orders there are.
fn every_order(user: &[Event], missing: Duration) -> usize {
    let reconciler = |index| [Event::Reconciler(index); 3];
    let mut count = 0;
    for running_already in [false, true] {
        let mut world = World::new(Streamer::Good);
        world.missing = missing;
        if running_already {
            world.requested = true;
            world.go_on(Duration::from_secs(60));
            assert_eq!(world.alive(), 1);
        }
        let (first, second) = (reconciler(0), reconciler(1));
        let mut lists: [&[Event]; 5] = [user, &first, &second, &[Event::Live], &[Event::Crash]];
        orders(&world, &mut lists, &mut Vec::new(), &mut |mut world, order| {
            world.go_on(Duration::from_secs(150) + missing);
            let expected = usize::from(world.requested);
            assert_eq!(world.alive(), expected, "{order:?} {world:#?}");
            assert!(world.most_alive <= 1, "{order:?} {world:#?}");
            count += 1;
        });
    }
    count
}

const START: &[Event] = &[Event::Request(true)];
const START_AND_STOP: &[Event] = &[Event::Request(true), Event::Request(false)];
const START_STOP_AND_START: &[Event] = &[Event::Request(true), Event::Request(false), Event::Request(true)];

#[test]
fn every_order_of_a_start_ends_as_requested_and_never_runs_two() {
    let count = every_order(START, Duration::ZERO) + every_order(START, MISSING);
    assert!(count > 10_000, "{count}");
}

#[test]
fn every_order_of_a_start_and_a_stop_ends_as_requested_and_never_runs_two() {
    let count = every_order(START_AND_STOP, Duration::ZERO);
    assert!(count > 10_000, "{count}");
}

#[test]
#[ignore = "takes a minute; `.ci/run` plays it"]
fn every_order_of_three_requests_ends_as_requested_and_never_runs_two() {
    // The longest list has too many orders to wait in each until ECS shows a task.
    let count = every_order(START_AND_STOP, MISSING) + every_order(START_STOP_AND_START, Duration::ZERO);
    assert!(count > 100_000, "{count}");
}

#[test]
fn a_task_that_fails_to_start_is_started_with_backoff_and_its_reason_is_kept() {
    let mut world = World::new(Streamer::FailsToStart);
    world.requested = true;
    world.go_on(Duration::from_secs(60 * 60));
    let starts = world.started.len();
    assert!((9..=13).contains(&starts), "{starts} starts in an hour");
    assert_eq!(world.launch.reason.as_deref(), Some("exit code 1"));
    // A task that runs makes the failures forgotten.
    world.streamer = Streamer::Good;
    world.go_on(Duration::from_secs(20 * 60));
    assert_eq!((world.alive(), world.launch.failures, world.launch.reason.as_ref()), (1, 0, None));
    // So does a stop.
    world.launch = ended(world.launch, false, "why", world.now);
    world.requested = false;
    world.go_on(Duration::from_secs(20));
    assert_eq!((world.alive(), world.launch.failures), (0, 0));
}

#[test]
fn a_task_that_does_not_end_by_itself_is_stopped_after_the_grace_and_not_before() {
    let mut world = World::new(Streamer::Hung);
    world.requested = true;
    world.go_on(Duration::from_secs(20));
    world.requested = false;
    world.go_on(GRACE);
    assert_eq!(world.alive(), 1);
    world.go_on(Duration::from_secs(30));
    assert_eq!(world.alive(), 0);
}

#[test]
fn a_task_that_holds_no_lease_is_replaced_and_a_second_one_is_stopped() {
    let mut world = World::new(Streamer::Hung);
    world.requested = true;
    world.go_on(HUNG);
    assert_eq!(world.started.len(), 1);
    world.streamer = Streamer::Good;
    // The task has been hung for long; the next one is good.
    world.tasks.iter_mut().for_each(|task| task.created = UtcTime::from_millis(0).unwrap());
    world.holder = None;
    let observed = world.observed();
    assert!(matches!(plan(&observed).1.as_slice(), [Step::Stop(_, "it holds no lease")]));
    world.go_on(STARTED);
    world.run_by_hand("another", TaskState::Alive);
    world.go_on(Duration::from_secs(20));
    assert_eq!(world.alive(), 1);
    assert!(world.tasks.iter().any(|task| task.arn == "another" && task.state != TaskState::Alive));
}

/// A person stops the running task, which ends.
fn stop_by_hand(world: &mut World) {
    world.happen(Event::StopByHand);
    world.happen(Event::EndByHand);
}

#[test]
fn a_task_that_a_person_stopped_is_not_started_again_until_somebody_asks() {
    let minute = Duration::from_secs(60);
    let mut world = World::new(Streamer::Good);
    world.requested = true;
    world.go_on(minute);
    stop_by_hand(&mut world);
    world.go_on(60 * minute);
    assert_eq!((world.alive(), world.started.len()), (0, 1));
    let stopped = world.launch.stopped_by_hand.clone();
    assert_eq!(stopped.map(|stopped| stopped.reason).as_deref(), Some("by hand"));
    assert_eq!((world.launch.failures, world.launch.task.as_ref()), (0, None));

    // Asking by the API.
    world.happen(Event::Ask);
    world.go_on(minute);
    assert_eq!((world.alive(), world.started.len()), (1, 2));

    // Asking by running a task, which is then watched like any other.
    stop_by_hand(&mut world);
    world.go_on(minute);
    world.run_by_hand("by hand", TaskState::Alive);
    world.go_on(minute);
    assert_eq!((world.alive(), world.launch.task.as_deref()), (1, Some("by hand")));
    assert_eq!(world.launch.stopped_by_hand, None);
    stop_by_hand(&mut world);
    world.go_on(minute);
    assert_eq!((world.alive(), world.started.len()), (0, 2));

    // Stopping all keywords and starting one is asking too; so is it if the task is stopped as well.
    world.requested = false;
    world.go_on(minute);
    world.requested = true;
    world.go_on(minute);
    assert_eq!((world.alive(), world.most_alive), (1, 1));
    world.requested = false;
    stop_by_hand(&mut world);
    world.go_on(minute);
    world.requested = true;
    world.go_on(minute);
    assert_eq!(world.alive(), 1);
}

#[test]
fn in_every_order_whoever_asked_last_is_obeyed() {
    let reconciler = |index| [Event::Reconciler(index); 3];
    let mut world = World::new(Streamer::Good);
    world.requested = true;
    world.go_on(Duration::from_secs(60));
    let (first, second) = (reconciler(0), reconciler(1));
    let person: &[Event] = &[Event::StopByHand, Event::EndByHand];
    let mut lists: [&[Event]; 4] = [person, &[Event::Ask], &first, &second];
    let (mut obeyed, mut refused) = (0, 0);
    orders(&world, &mut lists, &mut Vec::new(), &mut |mut world, order| {
        let at = |event: Event| order.iter().position(|each| *each == event);
        let asked_last = at(Event::Ask) > at(Event::StopByHand);
        world.go_on(Duration::from_secs(150));
        assert_eq!(world.alive(), usize::from(asked_last), "{order:?} {world:#?}");
        assert!(world.most_alive <= 1, "{order:?} {world:#?}");
        *if asked_last { &mut obeyed } else { &mut refused } += 1;
    });
    assert!(obeyed > 1_000 && refused > 1_000, "{obeyed} {refused}");
}

#[test]
fn a_task_that_is_run_by_hand_gets_the_time_to_start() {
    let minute = Duration::from_secs(60);
    for requested in [false, true] {
        let mut world = World::new(Streamer::Good);
        world.requested = requested;
        world.go_on(minute);
        world.run_by_hand("by hand", TaskState::Starting);
        world.go_on(3 * minute);
        let by_hand =
            |world: &World| world.tasks.iter().find(|task| task.arn == "by hand").unwrap().state.clone();
        assert_eq!(by_hand(&world), TaskState::Starting, "{requested}");
        // One that never starts is stopped.
        world.go_on(5 * minute);
        assert!(matches!(by_hand(&world), TaskState::Ended { .. }), "{requested}");
    }
}
