//! Every order in which a user, two reconcilers, ECS and a streamer can act ends as desired.

use std::collections::BTreeMap;
use std::time::Duration;

use stream::Lease;
use stream::launch::Launch;
use stream::lease::LeaseHolder;
use utc_time::UtcTime;

use super::{GRACE, HUNG, INFANCY, Seen, Step, Task, TaskState, UNSEEN, after, plan};

/// What a reconciler has in hand between two of its acts.
#[derive(Clone, Debug, Default)]
enum Hand {
    #[default]
    Nothing,
    Seen(Box<Seen>),
    Noted(Launch, Vec<Step>),
}

/// How the streamer of a task behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Streamer {
    /// It reads, and ends when nothing is desired.
    Good,
    /// It takes no lease and listens to nobody.
    Hung,
    /// It dies a moment after its start.
    Stillborn,
}

#[derive(Clone, Debug)]
struct World {
    desired: bool,
    launch: Launch,
    holder: Option<LeaseHolder>,
    tasks: Vec<Task>,
    /// Which task each number has started.
    started: BTreeMap<u64, String>,
    now: UtcTime,
    hands: [Hand; 2],
    streamer: Streamer,
    /// For how long after its start ECS answers that a task is `MISSING`.
    unseen: Duration,
    most_alive: usize,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Desire(bool),
    /// A reconciler's next act: it looks, it notes, it does.
    Reconciler(usize),
    /// The streamer of the latest task reads, or ends if nothing is desired.
    Live,
    /// The latest task dies.
    Die,
}

impl World {
    fn new(streamer: Streamer) -> Self {
        Self {
            desired: false,
            launch: Launch::default(),
            holder: None,
            tasks: Vec::new(),
            started: BTreeMap::new(),
            now: UtcTime::from_millis(1_000_000).unwrap(),
            hands: [Hand::Nothing, Hand::Nothing],
            streamer,
            unseen: Duration::ZERO,
            most_alive: 0,
        }
    }

    fn alive(&self) -> usize {
        self.tasks.iter().filter(|task| task.state == TaskState::Alive).count()
    }

    fn seen(&self) -> Seen {
        let launched = |task: &&Task| {
            if self.now.since(task.created) < self.unseen {
                return false;
            }
            !matches!(task.state, TaskState::Ended { .. }) || self.launch.task.as_ref() == Some(&task.arn)
        };
        Seen {
            desired: self.desired,
            launch: self.launch.clone(),
            holder: self.holder.clone(),
            tasks: self.tasks.iter().filter(launched).cloned().collect(),
            now: self.now,
        }
    }

    fn save(&mut self, launch: &mut Launch) -> bool {
        if launch.version != self.launch.version {
            return false;
        }
        launch.version += 1;
        self.launch = launch.clone();
        true
    }

    fn end(&mut self, arn: &str, well: bool) {
        let at = self.now;
        if let Some(task) = self.tasks.iter_mut().find(|task| task.arn == arn) {
            task.state = TaskState::Ended { at, well, reason: "exit code 1".to_owned() };
        }
        if self.holder.as_ref().is_some_and(|holder| holder.lease.owner == arn) && well {
            self.holder = None;
        }
    }

    fn act(&mut self, reconciler: usize) {
        self.hands[reconciler] = match std::mem::take(&mut self.hands[reconciler]) {
            Hand::Nothing => Hand::Seen(Box::new(self.seen())),
            Hand::Seen(seen) => {
                let (mut launch, steps) = plan(&seen);
                let noted = launch == seen.launch || self.save(&mut launch);
                if noted { Hand::Noted(launch, steps) } else { Hand::Nothing }
            }
            Hand::Noted(launch, steps) => {
                self.carry_out(launch, steps);
                Hand::Nothing
            }
        };
    }

    fn carry_out(&mut self, mut launch: Launch, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Release(lease) => {
                    self.holder.take_if(|holder| holder.lease == lease);
                }
                Step::Run(number) => {
                    let arn = format!("arn:aws:ecs:task/{number}");
                    if self.started.insert(number, arn.clone()).is_none() {
                        let state = TaskState::Alive;
                        self.tasks.push(Task { arn: arn.clone(), state, created: self.now });
                    }
                    launch.at = self.tasks.iter().find(|task| task.arn == arn).map(|task| task.created);
                    launch.task = Some(arn.clone());
                    self.save(&mut launch);
                    if self.streamer == Streamer::Stillborn {
                        self.end(&arn, false);
                    }
                }
                // A streamer looks by itself too.
                Step::Wake => {}
                Step::Stop(arn, _) => self.end(&arn, false),
            }
        }
    }

    fn live(&mut self) {
        let Some(task) = self.tasks.iter().find(|task| task.state == TaskState::Alive) else { return };
        let arn = task.arn.clone();
        if self.streamer != Streamer::Good {
            return;
        }
        if !self.desired {
            return self.end(&arn, true);
        }
        let until = self.now.after(Duration::from_secs(40));
        let free =
            self.holder.as_ref().is_none_or(|holder| holder.until < self.now || holder.lease.owner == arn);
        if free {
            self.holder = Some(LeaseHolder { lease: Lease { owner: arn, epoch: 1 }, until });
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Desire(desired) => self.desired = desired,
            Event::Reconciler(reconciler) => self.act(reconciler),
            Event::Live => self.live(),
            Event::Die => {
                if let Some(task) = self.tasks.iter().find(|task| task.state == TaskState::Alive) {
                    self.end(&task.arn.clone(), false);
                }
            }
        }
        self.most_alive = self.most_alive.max(self.alive());
    }

    /// Goes on for a while: the streamer lives, reconcilers finish what they have in hand and look again.
    fn go_on(&mut self, time: Duration) {
        const STEP: Duration = Duration::from_secs(10);
        let end = self.now.after(time);
        while self.now < end {
            self.now = self.now.after(STEP);
            self.happen(Event::Live);
            for reconciler in 0..self.hands.len() {
                self.happen(Event::Reconciler(reconciler));
                while !matches!(self.hands[reconciler], Hand::Nothing) {
                    self.happen(Event::Reconciler(reconciler));
                }
            }
        }
    }
}

/// All orders of these, each list in its own order; `check` is called with what became of each.
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

#[test]
fn every_order_of_events_ends_as_desired_and_never_runs_two() {
    let reconciler = |index| [Event::Reconciler(index); 3];
    let users: [&[Event]; 3] = [
        &[Event::Desire(true)],
        &[Event::Desire(true), Event::Desire(false)],
        &[Event::Desire(true), Event::Desire(false), Event::Desire(true)],
    ];
    let mut count = 0;
    let at_once = users.iter().map(|user| (user, 0));
    // Of the longest list there are too many orders to wait so long in each.
    let unseen = users[..2].iter().map(|user| (user, UNSEEN.as_secs()));
    for (user, unseen) in at_once.chain(unseen) {
        for running_already in [false, true] {
            let mut world = World::new(Streamer::Good);
            world.unseen = Duration::from_secs(unseen);
            if running_already {
                world.desired = true;
                world.go_on(Duration::from_secs(60));
                assert_eq!(world.alive(), 1);
            }
            let (first, second) = (reconciler(0), reconciler(1));
            let mut lists: [&[Event]; 5] = [user, &first, &second, &[Event::Live], &[Event::Die]];
            orders(&world, &mut lists, &mut Vec::new(), &mut |mut world, order| {
                world.go_on(Duration::from_secs(150 + unseen));
                let expected = usize::from(world.desired);
                assert_eq!(world.alive(), expected, "{order:?} {world:#?}");
                assert!(world.most_alive <= 1, "{order:?} {world:#?}");
                count += 1;
            });
        }
    }
    assert!(count > 100_000, "{count}");
}

#[test]
fn a_task_that_dies_at_birth_is_started_ever_more_rarely_and_the_reason_is_kept() {
    let mut world = World::new(Streamer::Stillborn);
    world.desired = true;
    world.go_on(Duration::from_secs(60 * 60));
    let starts = world.started.len();
    assert!((9..=13).contains(&starts), "{starts} starts in an hour");
    assert_eq!(world.launch.reason.as_deref(), Some("exit code 1"));
    // Once it is well again, that is forgotten.
    world.streamer = Streamer::Good;
    world.go_on(Duration::from_secs(20 * 60));
    assert_eq!((world.alive(), world.launch.failures, world.launch.reason.as_ref()), (1, 0, None));
    // So it is when nobody wants it any more.
    world.launch = after(world.launch, false, "why", world.now);
    world.desired = false;
    world.go_on(Duration::from_secs(20));
    assert_eq!((world.alive(), world.launch.failures), (0, 0));
}

#[test]
fn a_task_that_does_not_listen_is_stopped_after_the_grace_and_not_before() {
    let mut world = World::new(Streamer::Hung);
    world.desired = true;
    world.go_on(Duration::from_secs(20));
    world.desired = false;
    world.go_on(GRACE);
    assert_eq!(world.alive(), 1);
    world.go_on(Duration::from_secs(30));
    assert_eq!(world.alive(), 0);
}

#[test]
fn a_task_that_holds_no_lease_is_replaced_and_a_second_one_is_stopped() {
    let mut world = World::new(Streamer::Hung);
    world.desired = true;
    world.go_on(HUNG);
    assert_eq!(world.started.len(), 1);
    world.streamer = Streamer::Good;
    // It is the hung one's turn no more: the next is good.
    world.tasks.iter_mut().for_each(|task| task.created = UtcTime::from_millis(0).unwrap());
    world.holder = None;
    let seen = world.seen();
    assert!(matches!(plan(&seen).1.as_slice(), [Step::Stop(_, "it holds no lease")]));
    world.go_on(INFANCY);
    let another = Task { arn: "another".to_owned(), state: TaskState::Alive, created: world.now };
    world.tasks.push(another);
    world.go_on(Duration::from_secs(20));
    assert_eq!(world.alive(), 1);
    assert!(world.tasks.iter().any(|task| task.arn == "another" && task.state != TaskState::Alive));
}
