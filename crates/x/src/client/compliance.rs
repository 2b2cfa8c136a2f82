//! Batch compliance: which posts, of those that somebody stores, their authors or X have taken back.
//!
//! A job is created, takes the ids as an upload, works for a while, and offers its result as a download. Both are at addresses of
//! another server, which are signed and take no token.

use std::borrow::Cow;
use std::time::Duration;

use json_api::{Answer, Error};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};
use serde::Deserialize;
use serde_json::json;

use super::Client;
use crate::lenient;

const JOBS: &str = "/2/compliance/jobs";

/// A job of batch compliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplianceJob {
    /// Its id.
    pub id: String,
    /// The name that its creator gave it.
    pub name: Option<String>,
    /// How far it has come.
    pub status: JobStatus,
    /// Where it takes its ids.
    pub upload_url: Option<String>,
    /// Where its result will be.
    pub download_url: Option<String>,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// It waits for its ids.
    Created,
    /// It works; or X uses a new word, which is no reason to give it up.
    InProgress,
    /// Its result can be fetched.
    Complete,
    /// It has failed, and has no result.
    Failed,
    /// Its ids did not come in time, or its result was not fetched in time.
    Expired,
}

/// A line of a result: something was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplianceLine {
    /// The id of the post.
    pub id: String,
    /// What is to be done.
    pub action: ComplianceAction,
}

/// What a line of a result asks for, by its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplianceAction {
    /// The author has deleted the post.
    Deleted,
    /// The author's account has become private.
    Protected,
    /// The author's account is suspended.
    Suspended,
    /// The post has failed one of X's checks.
    Bounced,
    /// The author has taken the place off the post; the post stays.
    ScrubGeo,
    /// The post is to be deleted for a reason that this version does not know, or for none.
    OtherDeletion,
    /// Something that this version does not know is to be done.
    Unknown,
}

impl Client {
    /// Creates a job for posts.
    pub async fn create_compliance_job(&self, name: &str) -> Answer<ComplianceJob> {
        let request = self.0.request(Method::POST, JOBS).json(&json!({ "type": "tweets", "name": name }));
        // Without a job in it, the answer is not one that X documents.
        let missing = Error::Unexpected(serde_json::error::Category::Data);
        self.0.bytes(request).await.and_then(|body| json_api::parse::<One<'_>>(&body)?.job().ok_or(missing))
    }

    /// The job with this id; `None` if X knows none.
    pub async fn compliance_job(&self, id: &str) -> Answer<Option<ComplianceJob>> {
        let request = self.0.request(Method::GET, &format!("{JOBS}/{id}"));
        let Answer { outcome, limit } = self.0.bytes(request).await;
        let outcome = match outcome {
            Ok(body) => json_api::parse::<One<'_>>(&body).map(One::job),
            Err(Error::Refused(refusal)) if refusal.status == reqwest::StatusCode::NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        };
        Answer { outcome, limit }
    }

    /// The jobs for posts that X remembers.
    pub async fn compliance_jobs(&self) -> Answer<Vec<ComplianceJob>> {
        let request = self.0.request(Method::GET, JOBS).query(&[("type", "tweets")]);
        self.0.bytes(request).await.and_then(|body| {
            let many = json_api::parse::<Many<'_>>(&body)?;
            Ok(many.data.into_iter().filter_map(Described::job).collect())
        })
    }

    /// Uploads the ids of a job, one a line, to its `upload_url`. It may take `within`.
    pub async fn upload_compliance_ids(&self, url: &str, ids: Vec<u8>, within: Duration) -> Answer<()> {
        let request = self.0.request_elsewhere(Method::PUT, url).header(CONTENT_TYPE, "text/plain").body(ids);
        self.0.upload(request, within).await
    }

    /// Opens the result of a job at its `download_url`: lines, each to be passed to [`ComplianceLine::read`].
    pub async fn open_compliance_result(&self, url: &str) -> Answer<Response> {
        self.0.open(self.0.request_elsewhere(Method::GET, url)).await
    }
}

impl ComplianceLine {
    /// Reads a line; `None` if it is not JSON, or names no id.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Line<'a> {
            #[serde(borrow, default, deserialize_with = "lenient::id")]
            id: Option<Cow<'a, str>>,
            #[serde(borrow, default, deserialize_with = "lenient::text")]
            action: Option<Cow<'a, str>>,
            #[serde(borrow, default, deserialize_with = "lenient::text")]
            reason: Option<Cow<'a, str>>,
        }
        let Line { id, action, reason } = serde_json::from_slice(line).ok()?;
        let id = id.filter(|id| !id.is_empty())?.into_owned();
        let action = match (action.as_deref(), reason.as_deref()) {
            // X writes `delete` here too.
            (_, Some("scrub_geo")) => ComplianceAction::ScrubGeo,
            (Some("delete"), Some("deleted")) => ComplianceAction::Deleted,
            (Some("delete"), Some("protected")) => ComplianceAction::Protected,
            (Some("delete"), Some("suspended")) => ComplianceAction::Suspended,
            (Some("delete"), Some("bounced")) => ComplianceAction::Bounced,
            (Some("delete"), _) => ComplianceAction::OtherDeletion,
            _ => ComplianceAction::Unknown,
        };
        Some(Self { id, action })
    }
}

#[derive(Deserialize)]
struct One<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    data: Option<Described<'a>>,
}

#[derive(Deserialize)]
struct Many<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::objects")]
    data: Vec<Described<'a>>,
}

/// A job as X describes it. No field is required there.
#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::id")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    upload_url: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    download_url: Option<Cow<'a, str>>,
}

impl One<'_> {
    fn job(self) -> Option<ComplianceJob> {
        self.data?.job()
    }
}

impl Described<'_> {
    fn job(self) -> Option<ComplianceJob> {
        let status = match self.status.as_deref() {
            Some("created") => JobStatus::Created,
            Some("complete") => JobStatus::Complete,
            Some("failed") => JobStatus::Failed,
            Some("expired") => JobStatus::Expired,
            _ => JobStatus::InProgress,
        };
        Some(ComplianceJob {
            id: self.id.filter(|id| !id.is_empty())?.into_owned(),
            name: self.name.map(Cow::into_owned),
            status,
            upload_url: self.upload_url.map(Cow::into_owned),
            download_url: self.download_url.map(Cow::into_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_by_its_reason_and_what_is_broken_is_none() {
        let read = |line: &str| ComplianceLine::read(line.as_bytes());
        let action = |line: &str| read(line).unwrap().action;
        let documented = r#"{"id": "1234567890", "action": "delete", "created_at": "2024-01-10T12:00:00.000Z", "redacted_at": "2024-01-12T08:30:00.000Z", "reason": "deleted"}"#;
        let expected = ComplianceLine { id: "1234567890".to_owned(), action: ComplianceAction::Deleted };
        assert_eq!(read(documented), Some(expected));
        for (reason, expected) in [
            ("protected", ComplianceAction::Protected),
            ("suspended", ComplianceAction::Suspended),
            ("bounced", ComplianceAction::Bounced),
            ("scrub_geo", ComplianceAction::ScrubGeo),
            ("deactivated", ComplianceAction::OtherDeletion),
        ] {
            assert_eq!(action(&format!(r#"{{"id":7,"action":"delete","reason":"{reason}"}}"#)), expected);
        }
        assert_eq!(action(r#"{"id":"7","action":"delete"}"#), ComplianceAction::OtherDeletion);
        assert_eq!(action(r#"{"id":"7","action":"delete","reason":3}"#), ComplianceAction::OtherDeletion);
        assert_eq!(action(r#"{"id":"7","action":"withhold","reason":"legal"}"#), ComplianceAction::Unknown);
        assert_eq!(action(r#"{"id":"7"}"#), ComplianceAction::Unknown);
        for broken in
            ["", "{", "null", "[]", "<html>", r#"{"action":"delete"}"#, r#"{"id":"","action":"delete"}"#]
        {
            assert_eq!(read(broken), None, "{broken}");
        }
        assert_eq!(ComplianceLine::read(b"{\"id\":\"\xff\"}"), None);
    }

    #[test]
    fn a_job_needs_an_id_alone_and_a_new_status_is_work() {
        let job = |json: &str| serde_json::from_str::<One<'_>>(json).unwrap().job();
        let bare = job(r#"{"data":{"id":7}}"#).unwrap();
        assert_eq!((bare.id.as_str(), bare.status, bare.upload_url), ("7", JobStatus::InProgress, None));
        assert_eq!(job(r#"{"data":{"id":"7","status":"expired"}}"#).unwrap().status, JobStatus::Expired);
        assert_eq!(job(r#"{"data":{"id":"7","status":"queued"}}"#).unwrap().status, JobStatus::InProgress);
        assert_eq!(job(r#"{"errors":[{"title":"Not Found Error"}]}"#), None);
        assert_eq!(job(r#"{"data":{"status":"created"}}"#), None);
        let many: Many<'_> = serde_json::from_str(r#"{"data":[{"id":"1"},{},{"id":"2"}]}"#).unwrap();
        assert_eq!(many.data.into_iter().filter_map(Described::job).count(), 2);
    }
}
