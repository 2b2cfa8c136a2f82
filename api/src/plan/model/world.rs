//! The model's world: what each participant does, in steps between which others can act.

use std::collections::BTreeMap;
use std::time::Duration;

use stream::Lease;
use stream::launch::{Launch, StoppedByHand};
use stream::lease::LeaseHolder;
use stream::standby::Standby;
use utc_time::UtcTime;

use crate::plan::decide::plan;
use crate::plan::observed::{Observed, Start, Step, Task, TaskState};

/// How far a reconciler has come.
#[derive(Clone, Debug, Default)]
pub(super) enum Progress {
    #[default]
    Idle,
    Observed(Box<Observed>),
    Saved(Box<Launch>, Vec<Step>),
}

/// How the streamer of a task behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Streamer {
    /// It reads, and ends when no keyword is requested.
    Good,
    /// It takes no lease and does not end by itself.
    Hung,
    /// It ends as soon as it has started.
    FailsToStart,
    /// It runs, and never says that it is ready to take over.
    NeverReady,
    /// It says that it cannot read even if it held the lease, and ends.
    Unable,
}

/// A user, ECS, the lease, two reconcilers and a streamer.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) requested: bool,
    pub(super) launch: Launch,
    pub(super) holder: Option<LeaseHolder>,
    pub(super) tasks: Vec<Task>,
    /// Which task each number has started.
    pub(super) started: BTreeMap<u64, String>,
    pub(super) now: UtcTime,
    progress: [Progress; 2],
    /// The deployed revision.
    pub(super) newest: Option<String>,
    /// What each task has noted while it waited for the lease.
    pub(super) standby: BTreeMap<String, Standby>,
    /// How the streamers of the newest revision behave.
    pub(super) streamer: Streamer,
    /// How those of earlier revisions behave.
    pub(super) earlier: Streamer,
    /// How long after its start ECS answers that a task is `MISSING`.
    pub(super) missing: Duration,
    pub(super) most_alive: usize,
    /// The task that a person has stopped and that has not ended yet.
    stopping: Option<(String, StoppedByHand)>,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Request(bool),
    /// Another revision of the task definition is deployed.
    Deploy(&'static str),
    /// A reconciler's next step: it observes, saves or acts.
    Reconciler(usize),
    /// The streamers of the running tasks take or renew the lease, wait for it, or end if no keyword is requested.
    Live,
    /// The running task crashes.
    Crash,
    /// A person stops the running task, a moment later.
    StopByHand,
    /// It has ended.
    EndByHand,
    /// Somebody asks for the stream by the API, a moment later.
    Ask,
}

impl World {
    pub(super) fn new(streamer: Streamer) -> Self {
        Self {
            requested: false,
            launch: Launch::default(),
            holder: None,
            tasks: Vec::new(),
            started: BTreeMap::new(),
            now: UtcTime::from_millis(1_000_000).unwrap(),
            progress: [Progress::Idle, Progress::Idle],
            newest: None,
            standby: BTreeMap::new(),
            streamer,
            earlier: Streamer::Good,
            missing: Duration::ZERO,
            most_alive: 0,
            stopping: None,
        }
    }

    pub(super) fn alive(&self) -> usize {
        self.tasks.iter().filter(|task| task.state == TaskState::Alive).count()
    }

    pub(super) fn observed(&self) -> Observed {
        let launched = |task: &&Task| {
            if self.now.since(task.created) < self.missing {
                return false;
            }
            let has_ended = matches!(task.state, TaskState::Ended { .. } | TaskState::StoppedByHand(_));
            let successor = self.launch.rollout.as_ref().and_then(|rollout| rollout.task.as_ref());
            !has_ended || [self.launch.task.as_ref(), successor].contains(&Some(&task.arn))
        };
        Observed {
            requested: self.requested,
            launch: self.launch.clone(),
            holder: self.holder.clone(),
            tasks: self.tasks.iter().filter(launched).cloned().collect(),
            standby: self
                .launch
                .rollout
                .as_ref()
                .and_then(|rollout| self.standby.get(rollout.task.as_ref()?))
                .cloned(),
            newest: self.newest.clone(),
            now: self.now,
        }
    }

    /// How the streamer of a task behaves.
    fn behaves(&self, task: &Task) -> Streamer {
        let is_newest = self.newest.as_ref().is_none_or(|newest| *newest == task.revision);
        if is_newest { self.streamer } else { self.earlier }
    }

    /// Who holds a lease that is still valid.
    pub(super) fn reader(&self) -> Option<&Task> {
        let holder = self.holder.as_ref().filter(|holder| holder.until > self.now)?;
        self.tasks.iter().find(|task| task.arn == holder.lease.owner && task.state == TaskState::Alive)
    }

    fn save(&mut self, launch: &mut Launch) -> bool {
        if launch.version != self.launch.version {
            return false;
        }
        launch.version += 1;
        self.launch = launch.clone();
        true
    }

    fn end(&mut self, arn: &str, success: bool) {
        let at = self.now;
        if let Some(task) = self.tasks.iter_mut().find(|task| task.arn == arn) {
            task.state = TaskState::Ended { at, success, reason: "exit code 1".to_owned() };
        }
        if self.holder.as_ref().is_some_and(|holder| holder.lease.owner == arn) && success {
            self.holder = None;
        }
    }

    /// A person runs a task of the newest revision.
    pub(super) fn run_by_hand(&mut self, arn: &str, state: TaskState) {
        let revision = self.newest.clone().unwrap_or_default();
        self.tasks.push(Task { arn: arn.to_owned(), state, created: self.now, revision, is_ours: false });
    }

    /// A task crashes, and keeps its lease.
    pub(super) fn crash(&mut self, arn: &str) {
        self.end(arn, false);
    }

    /// A person stops the running task, which takes a moment to end.
    fn stop_by_hand(&mut self) {
        if let Some(task) = self.tasks.iter_mut().find(|task| task.state == TaskState::Alive) {
            task.state = TaskState::Ending;
            self.stopping =
                Some((task.arn.clone(), StoppedByHand { at: self.now, reason: "by hand".to_owned() }));
        }
    }

    /// The task that a person has stopped ends.
    fn end_by_hand(&mut self) {
        let Some((arn, stopped)) = self.stopping.take() else { return };
        self.holder.take_if(|holder| holder.lease.owner == arn);
        if let Some(task) = self.tasks.iter_mut().find(|task| task.arn == arn) {
            task.state = TaskState::StoppedByHand(stopped);
        }
    }

    /// Somebody asks for the stream by the API.
    fn ask(&mut self) {
        self.requested = true;
        let version = self.launch.version + 1;
        self.launch =
            Launch { stopped_by_hand: None, asked_at: Some(self.now), version, ..self.launch.clone() };
    }

    fn act(&mut self, reconciler: usize) {
        self.progress[reconciler] = match std::mem::take(&mut self.progress[reconciler]) {
            Progress::Idle => Progress::Observed(Box::new(self.observed())),
            Progress::Observed(observed) => {
                let (mut launch, steps) = plan(&observed);
                let saved = launch == observed.launch || self.save(&mut launch);
                if saved { Progress::Saved(Box::new(launch), steps) } else { Progress::Idle }
            }
            Progress::Saved(launch, steps) => {
                self.carry_out(*launch, steps);
                Progress::Idle
            }
        };
    }

    fn carry_out(&mut self, mut launch: Launch, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Release(lease) => {
                    self.holder.take_if(|holder| holder.lease == lease);
                }
                Step::Run(Start { number, revision, takes_over }) => {
                    let arn = format!("arn:aws:ecs:task/{number}");
                    if self.started.insert(number, arn.clone()).is_none() {
                        let revision = revision.or_else(|| self.newest.clone()).unwrap_or_default();
                        let (state, created) = (TaskState::Alive, self.now);
                        self.tasks.push(Task { arn: arn.clone(), state, created, revision, is_ours: true });
                    }
                    match &mut launch.rollout {
                        Some(rollout) if takes_over => rollout.task = Some(arn.clone()),
                        _ => {
                            launch.at =
                                self.tasks.iter().find(|task| task.arn == arn).map(|task| task.created);
                            launch.task = Some(arn.clone());
                        }
                    }
                    self.save(&mut launch);
                    let task = self.tasks.iter().find(|task| task.arn == arn);
                    if task.is_some_and(|task| self.behaves(task) == Streamer::FailsToStart) {
                        self.end(&arn, false);
                    }
                }
                // A streamer checks by itself too.
                Step::Wake => {}
                // A task that is ending already keeps the reason that it was given first.
                Step::Stop(arn, _) => {
                    if self.tasks.iter().any(|task| task.arn == arn && task.is_alive()) {
                        self.end(&arn, false);
                    }
                }
            }
        }
    }

    fn stands_by(&mut self, arn: &str, trouble: Option<String>) {
        self.standby.insert(arn.to_owned(), Standby { owner: arn.to_owned(), at: self.now, trouble });
    }

    /// Each running task takes or renews the lease, waits for it, or ends if no keyword is requested.
    fn live(&mut self) {
        let alive = self.tasks.iter().filter(|task| task.state == TaskState::Alive);
        for task in alive.cloned().collect::<Vec<_>>() {
            let behaves = self.behaves(&task);
            if behaves == Streamer::Unable {
                self.stands_by(&task.arn, Some("no token".to_owned()));
                self.end(&task.arn, false);
            }
            if !matches!(behaves, Streamer::Good | Streamer::NeverReady) {
                continue;
            }
            if !self.requested {
                self.end(&task.arn, true);
                continue;
            }
            let until = self.now.after(Duration::from_secs(40));
            let free = self
                .holder
                .as_ref()
                .is_none_or(|holder| holder.until < self.now || holder.lease.owner == task.arn);
            if behaves == Streamer::Good && free {
                self.holder = Some(LeaseHolder { lease: Lease { owner: task.arn, epoch: 1 }, until });
            } else if behaves == Streamer::Good {
                self.stands_by(&task.arn, None);
            }
        }
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Request(requested) => self.requested = requested,
            Event::Reconciler(reconciler) => self.act(reconciler),
            Event::Deploy(revision) => self.newest = Some(revision.to_owned()),
            Event::Live => self.live(),
            Event::StopByHand => {
                self.now = self.now.after(Duration::from_secs(1));
                self.stop_by_hand();
            }
            Event::EndByHand => self.end_by_hand(),
            Event::Ask => {
                self.now = self.now.after(Duration::from_secs(1));
                self.ask();
            }
            Event::Crash => {
                if let Some(task) = self.tasks.iter().find(|task| task.state == TaskState::Alive) {
                    self.end(&task.arn.clone(), false);
                }
            }
        }
        self.most_alive = self.most_alive.max(self.alive());
    }

    /// Lets `time` pass, in which the streamer lives, and the reconcilers finish what they have begun and run again.
    pub(super) fn go_on(&mut self, time: Duration) {
        const STEP: Duration = Duration::from_secs(10);
        let end = self.now.after(time);
        while self.now < end {
            self.now = self.now.after(STEP);
            self.happen(Event::Live);
            for reconciler in 0..self.progress.len() {
                self.happen(Event::Reconciler(reconciler));
                while !matches!(self.progress[reconciler], Progress::Idle) {
                    self.happen(Event::Reconciler(reconciler));
                }
            }
        }
    }
}
