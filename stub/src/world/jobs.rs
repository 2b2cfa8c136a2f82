//! Jobs of batch compliance: which of the posts or users that a client stores have been taken back.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::redaction::{Redacted, Redactions};
use super::uuid::uuid;

/// How long ids may be uploaded, and a result be fetched, after the job was created.
/// <https://developer.x.com/en/docs/x-api/compliance/batch-compliance/api-reference/post-compliance-jobs>
const UPLOAD: SignedDuration = SignedDuration::from_mins(15);
const DOWNLOAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many jobs are remembered; the oldest is forgotten first.
const JOBS_KEPT: usize = 20;

/// The jobs, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    all: VecDeque<Job>,
}

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) kind: JobKind,
    pub(crate) name: Option<String>,
    pub(crate) created_at: Timestamp,
    /// The secrets in its addresses.
    pub(crate) upload_secret: String,
    pub(crate) download_secret: String,
    state: State,
}

/// What a job's ids are the ids of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobKind {
    Tweets,
    Users,
}

#[derive(Debug)]
enum State {
    /// It waits for ids.
    Created,
    /// It looks at these ids until then.
    InProgress {
        ids: Vec<u64>,
        until: Timestamp,
        fails: bool,
    },
    /// Of these ids something has been taken back.
    Complete(Vec<u64>),
    Failed,
    /// No ids have come in time.
    Expired,
}

/// Why a job does not take ids, or has no result to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such job, or this is not its secret.
    WrongSecret,
    /// Its time has passed.
    Expired,
    /// It has its ids.
    Uploaded,
    /// It has no result, or not yet.
    NoResult,
}

impl Job {
    pub(crate) fn status(&self) -> &'static str {
        match self.state {
            State::Created => "created",
            State::InProgress { .. } => "in_progress",
            State::Complete(_) => "complete",
            State::Failed => "failed",
            State::Expired => "expired",
        }
    }

    pub(crate) fn upload_expires_at(&self) -> Timestamp {
        self.created_at.checked_add(UPLOAD).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn download_expires_at(&self) -> Timestamp {
        self.created_at.checked_add(DOWNLOAD).unwrap_or(Timestamp::MAX)
    }

    /// Moves it on to where it is at this time.
    fn settle(&mut self, now: Timestamp, redactions: &Redactions) {
        let upload_expires_at = self.upload_expires_at();
        match &mut self.state {
            State::Created if now >= upload_expires_at => self.state = State::Expired,
            State::InProgress { until, fails: true, .. } if now >= *until => self.state = State::Failed,
            State::InProgress { ids, until, fails: false } if now >= *until => {
                let mut found = std::mem::take(ids);
                found.retain(|id| self.kind.redacted(redactions, *id).is_some());
                found.shrink_to_fit();
                self.state = State::Complete(found);
            }
            _ => {}
        }
    }
}

impl JobKind {
    fn redacted(self, redactions: &Redactions, id: u64) -> Option<&Redacted> {
        match self {
            Self::Tweets => redactions.post(id),
            Self::Users => redactions.user(id),
        }
    }
}

impl Jobs {
    /// Moves every job on to where it is at this time.
    pub(crate) fn settle(&mut self, now: Timestamp, redactions: &Redactions) {
        self.all.iter_mut().for_each(|job| job.settle(now, redactions));
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Job> {
        self.all.iter()
    }

    /// Creates a job, unless one has not ended: "You can run one batch job at a time."
    /// <https://developer.x.com/en/docs/x-api/compliance/batch-compliance/api-reference/post-compliance-jobs>
    pub(crate) fn create(
        &mut self,
        id: u64,
        kind: JobKind,
        name: Option<String>,
        now: Timestamp,
    ) -> Option<&Job> {
        if self.all.iter().any(|job| matches!(job.state, State::Created | State::InProgress { .. })) {
            return None;
        }
        self.all.push_back(Job {
            id,
            kind,
            name,
            created_at: now,
            upload_secret: uuid(),
            download_secret: uuid(),
            state: State::Created,
        });
        if self.all.len() > JOBS_KEPT {
            self.all.pop_front();
        }
        self.all.back()
    }

    /// Whether the job with this id takes ids.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn takes_ids(&mut self, id: u64, secret: &str) -> Result<(), Refused> {
        self.job_for_ids(id, secret).map(|_| ())
    }

    /// Gives the job with this id its ids, to be looked at for this long.
    ///
    /// # Errors
    /// It does not take them.
    pub(crate) fn upload(
        &mut self,
        id: u64,
        secret: &str,
        ids: Vec<u64>,
        now: Timestamp,
        duration: Duration,
        fails: bool,
    ) -> Result<(), Refused> {
        let until = now.checked_add(duration).unwrap_or(Timestamp::MAX);
        self.job_for_ids(id, secret)?.state = State::InProgress { ids, until, fails };
        Ok(())
    }

    fn job_for_ids(&mut self, id: u64, secret: &str) -> Result<&mut Job, Refused> {
        let job = self.all.iter_mut().find(|job| job.id == id && job.upload_secret == secret);
        let job = job.ok_or(Refused::WrongSecret)?;
        match job.state {
            State::Created => Ok(job),
            State::Expired => Err(Refused::Expired),
            _ => Err(Refused::Uploaded),
        }
    }

    /// What the job with this id has found, in the order in which the ids were uploaded.
    ///
    /// # Errors
    /// It has found nothing that may be fetched.
    pub(crate) fn result<'a>(
        &self,
        id: u64,
        secret: &str,
        now: Timestamp,
        redactions: &'a Redactions,
    ) -> Result<Vec<(u64, &'a Redacted)>, Refused> {
        let job = self.all.iter().find(|job| job.id == id && job.download_secret == secret);
        let job = job.ok_or(Refused::WrongSecret)?;
        if now >= job.download_expires_at() {
            return Err(Refused::Expired);
        }
        let State::Complete(found) = &job.state else { return Err(Refused::NoResult) };
        Ok(found.iter().filter_map(|id| Some((*id, job.kind.redacted(redactions, *id)?))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::redaction::{Reason, Redaction};

    const WORK: Duration = Duration::from_secs(3);

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + seconds).unwrap()
    }

    fn create(jobs: &mut Jobs, id: u64, at: i64) -> (String, String) {
        let job = jobs.create(id, JobKind::Tweets, None, seconds(at)).unwrap();
        (job.upload_secret.clone(), job.download_secret.clone())
    }

    fn status(jobs: &Jobs) -> &'static str {
        jobs.iter().next_back().unwrap().status()
    }

    #[test]
    fn a_job_without_ids_expires_after_a_quarter_of_an_hour_and_makes_room_for_the_next() {
        let (mut jobs, none) = (Jobs::default(), Redactions::default());
        let (upload, _) = create(&mut jobs, 1, 0);
        jobs.settle(seconds(899), &none);
        assert_eq!((status(&jobs), jobs.takes_ids(1, &upload)), ("created", Ok(())));
        assert!(jobs.create(2, JobKind::Users, None, seconds(899)).is_none(), "one job at a time");
        jobs.settle(seconds(900), &none);
        assert_eq!((status(&jobs), jobs.takes_ids(1, &upload)), ("expired", Err(Refused::Expired)));
        create(&mut jobs, 2, 900);
    }

    #[test]
    fn a_result_lists_what_was_gone_when_it_was_complete_and_can_be_fetched_for_a_week() {
        let (mut jobs, mut redactions) = (Jobs::default(), Redactions::default());
        let redacted = |at| Redacted {
            created_at: seconds(-5),
            redaction: Redaction { reason: Reason::Deleted, at: seconds(at) },
        };
        redactions.add_post(8, redacted(0));
        redactions.add_user(9, redacted(0));
        let (upload, download) = create(&mut jobs, 1, 0);
        assert_eq!(jobs.takes_ids(1, &download), Err(Refused::WrongSecret));
        jobs.upload(1, &upload, vec![9, 8, 7], seconds(10), WORK, false).unwrap();
        assert_eq!(jobs.takes_ids(1, &upload), Err(Refused::Uploaded));
        jobs.settle(seconds(12), &redactions);
        assert_eq!(status(&jobs), "in_progress");
        assert_eq!(jobs.result(1, &download, seconds(12), &redactions), Err(Refused::NoResult));
        jobs.settle(seconds(13), &redactions);
        redactions.add_post(7, redacted(14));
        assert_eq!(status(&jobs), "complete");
        let found = jobs.result(1, &download, seconds(604_799), &redactions).unwrap();
        assert_eq!(found, [(8, redactions.post(8).unwrap())]);
        assert_eq!(jobs.result(1, &upload, seconds(14), &redactions), Err(Refused::WrongSecret));
        assert_eq!(jobs.result(1, &download, seconds(604_800), &redactions), Err(Refused::Expired));
    }

    #[test]
    fn a_job_may_fail_and_twenty_are_remembered() {
        let (mut jobs, none) = (Jobs::default(), Redactions::default());
        for id in 0..30 {
            let (upload, download) = create(&mut jobs, id, 0);
            jobs.upload(id, &upload, vec![1], seconds(0), WORK, true).unwrap();
            jobs.settle(seconds(3), &none);
            assert_eq!(status(&jobs), "failed");
            assert_eq!(jobs.result(id, &download, seconds(3), &none), Err(Refused::NoResult));
        }
        assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), (10..30).collect::<Vec<_>>());
    }
}
