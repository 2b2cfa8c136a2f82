//! Makes numbered calls to AWS fail, each in one of several ways.

use std::sync::{Arc, Mutex};

use local::{Call, Fate, Faults};
use tokio::sync::Notify;

/// How a call fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// Before it takes effect.
    Before,
    /// Once it has taken effect.
    After,
    /// Once it has taken effect, and the whole machine is killed.
    Death,
}

pub(crate) const FAILURES: [Failure; 3] = [Failure::Before, Failure::After, Failure::Death];

/// Counts calls and makes some of them fail.
#[derive(Clone)]
pub(crate) struct Calls {
    made: Arc<Mutex<Vec<String>>>,
    /// Notified when a call has killed the machine.
    pub(crate) died: Arc<Notify>,
    counts: fn(&Call) -> bool,
}

impl Calls {
    /// Counts the calls for which `counts` returns true.
    pub(crate) fn that(counts: fn(&Call) -> bool) -> Self {
        Self { made: Arc::default(), died: Arc::default(), counts }
    }

    /// From now on, these calls of the machine fail, numbered from 0 since the start of the test.
    pub(crate) fn fail(&self, faults: &Faults, which: &[(usize, Failure)]) {
        let (calls, which) = (self.clone(), which.to_vec());
        faults.judge(move |call| {
            if !(calls.counts)(call) {
                return Fate::Answered;
            }
            let mut made = calls.made.lock().unwrap();
            let number = made.len();
            made.push(call.operation.clone());
            let failure = which.iter().find(|(which, _)| *which == number);
            match failure.map(|(_, failure)| failure) {
                None => Fate::Answered,
                Some(Failure::Before) => Fate::FailsBefore,
                Some(Failure::After) => Fate::FailsAfter,
                Some(Failure::Death) => Fate::Unheard(Arc::clone(&calls.died)),
            }
        });
    }

    /// The operations of the calls so far.
    pub(crate) fn made(&self) -> Vec<String> {
        self.made.lock().unwrap().clone()
    }
}

/// What `play` returns. If it panics, this does, and says what was not survived.
pub(crate) fn survives<T>(what: impl std::fmt::Debug, play: impl FnOnce() -> T) -> T {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(play));
    outcome.unwrap_or_else(|_| panic!("not survived: {what:?}"))
}

/// Plays every `step`th of all combinations of a call and a way in which it can fail, starting with combination `first`. `play` plays one
/// and returns the operations called; all of `operations` must be among those called
/// without a failure, which are returned.
#[expect(clippy::print_stdout, reason = "`cargo test` shows it where a test fails, or with `--nocapture`")]
pub(crate) fn single_failures(
    play: impl Fn(&[(usize, Failure)]) -> Vec<String>,
    operations: &[&str],
    first: usize,
    step: usize,
) -> Vec<String> {
    let calls = play(&[]);
    for operation in operations {
        assert!(calls.iter().any(|call| call == operation), "no {operation} among {calls:?}");
    }
    let all: Vec<(usize, Failure)> =
        (0..calls.len()).flat_map(|number| FAILURES.map(|failure| (number, failure))).collect();
    let played = all.iter().skip(first).step_by(step);
    println!("{} of {} single failures", played.len(), all.len());
    played.for_each(|failure| {
        survives(failure, || play(&[*failure]));
    });
    calls
}
