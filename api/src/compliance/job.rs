//! A job at X, from its creation to its result.

use std::time::Duration;

use json_api::Answer;
use stream::Saved;
use stream::compliance::Job;
use tokio::time::Instant;
use utc_time::UtcTime;
use x::JobStatus;
use x::limits::COMPLIANCE_JOB;

use super::ids::{Ids, collect};
use super::{Failed, MARGIN, Next, Stopped, Turn};

/// How long ids are collected, at most.
const COLLECT: Duration = Duration::from_secs(20);

/// How much of a turn is left to creating a job and uploading its ids.
const UPLOAD: Duration = Duration::from_secs(15);

impl Turn<'_> {
    /// Creates a job about the next posts, and uploads their ids.
    pub(super) async fn create_job(&mut self) -> Result<Next, Stopped> {
        let Some(ids) = self.collect().await? else { return Ok(Next::Wait) };
        if ids.count == 0 {
            return self.pass(ids.through).await;
        }
        let name = format!("aviary-{}", self.state.since.as_millis());
        let Answer { outcome, limit } = self.x.create_compliance_job(&name).await;
        let job = match outcome {
            Ok(job) => job,
            Err(json_api::Error::Refused(refusal)) if refusal.status.as_u16() == 409 => {
                self.job_without_ids(&name).await?
            }
            Err(error) => return Err(Failed::at_x("create a job", &error, limit).into()),
        };
        let Some(url) = job.upload_url else {
            return Err(failed("X named no address for the ids of a job"));
        };
        self.note(Job {
            id: job.id,
            created_at: UtcTime::now(),
            through: None,
            posts: 0,
            is_uploaded: false,
            followed: 0,
        });
        self.upload(&url, ids).await
    }

    /// The job that this check created when a process died before it could note that. X runs one job at a time.
    async fn job_without_ids(&self, name: &str) -> Result<x::ComplianceJob, Stopped> {
        let Answer { outcome, limit } = self.x.compliance_jobs().await;
        let jobs = outcome.map_err(|error| Failed::at_x("list the jobs", &error, limit))?;
        let is_ours =
            |job: &x::ComplianceJob| job.status == JobStatus::Created && job.name.as_deref() == Some(name);
        let ours = jobs.into_iter().find(is_ours);
        ours.ok_or_else(|| failed("another job of batch compliance is under way, and X runs one at a time"))
    }

    /// Looks how a job is going, and does what it needs.
    pub(super) async fn attend_to(&mut self, job: Job) -> Result<Next, Stopped> {
        let Answer { outcome, limit } = self.x.compliance_job(&job.id).await;
        let at_x = outcome.map_err(|error| Failed::at_x("look at a job", &error, limit))?;
        let Some(at_x) = at_x else { return Err(self.give_up("X does not know a job that it has created")) };
        match (at_x.status, at_x.upload_url, at_x.download_url) {
            (JobStatus::Failed, ..) => Err(self.give_up("a job has failed at X")),
            (JobStatus::Expired, ..) => Err(self.give_up("a job has expired at X")),
            (JobStatus::Complete, _, Some(url)) => self.follow_result(&url, job).await,
            // A process died before it could upload the ids.
            (JobStatus::Created, Some(url), _) if !job.is_uploaded => {
                let Some(ids) = self.collect().await? else { return Ok(Next::Wait) };
                if ids.count == 0 {
                    // They have been removed meanwhile; X lets the job expire.
                    return self.pass(ids.through).await;
                }
                self.upload(&url, ids).await
            }
            _ if UtcTime::now().since(job.created_at) > COMPLIANCE_JOB => {
                Err(self.give_up("a job did not end at X in time"))
            }
            _ => Ok(Next::Wait),
        }
    }

    /// The ids of the next posts; `None` if there is no time for them and their upload in this turn.
    async fn collect(&self) -> Result<Option<Ids>, Stopped> {
        let until = (Instant::now() + COLLECT).min(self.until.checked_sub(UPLOAD).unwrap_or(self.until));
        if until <= Instant::now() {
            return Ok(None);
        }
        let after = self.state.check.as_ref().and_then(|check| check.after.clone());
        Ok(Some(collect(self.tweets, after, until).await?))
    }

    /// Uploads the ids of the job on record. What they cover is saved first: a job whose ids are at X is known to be about no others.
    async fn upload(&mut self, url: &str, ids: Ids) -> Result<Next, Stopped> {
        let Ids { lines, count, through } = ids;
        if let Some(job) = self.job() {
            (job.through, job.posts) = (through, count as u64);
        }
        if self.save().await? == Saved::Outdated {
            return Ok(Next::Outdated);
        }
        let within = (self.until + MARGIN / 2).saturating_duration_since(Instant::now());
        let Answer { outcome, limit } = self.x.upload_compliance_ids(url, lines, within).await;
        match outcome {
            Ok(()) => {
                tracing::info!(posts = count, "uploaded the ids of a job of batch compliance");
                if let Some(job) = self.job() {
                    job.is_uploaded = true;
                }
                Ok(match self.save().await? {
                    Saved::Saved => Next::Wait,
                    Saved::Outdated => Next::Outdated,
                })
            }
            Err(error @ json_api::Error::Refused(_)) if is_final(&error) => {
                // It may have other ids already, so its result says nothing of these.
                let Failed { reason, .. } = Failed::at_x("upload ids", &error, limit);
                Err(self.give_up(&reason))
            }
            Err(error) => Err(Failed::at_x("upload ids", &error, limit).into()),
        }
    }

    /// Forgets the job; the check goes on with another one about the same posts.
    pub(super) fn give_up(&mut self, reason: &str) -> Stopped {
        if let Some(check) = &mut self.state.check {
            check.job = None;
            check.outcome.jobs_failed += 1;
        }
        failed(reason)
    }

    pub(super) fn job(&mut self) -> Option<&mut Job> {
        self.state.check.as_mut()?.job.as_mut()
    }

    fn note(&mut self, job: Job) {
        if let Some(check) = &mut self.state.check {
            check.job = Some(job);
        }
    }
}

/// Whether a refusal of a signed address will not change: it has no other way to heal than another job.
pub(super) fn is_final(error: &json_api::Error) -> bool {
    matches!(error, json_api::Error::Refused(refusal) if refusal.status.is_client_error() && refusal.status.as_u16() != 429)
}

fn failed(reason: &str) -> Stopped {
    Stopped::AtX(Failed { reason: reason.to_owned(), not_before: None })
}
