//! The words of requests about the account: its usage, its connections, its jobs.

use super::Kind::Words;
use super::Parameter;

/// What is shown of the usage.
pub(super) const USAGE_FIELDS: Parameter = Parameter::query(
    "usage.fields",
    Words(&[
        "cap_reset_day",
        "daily_client_app_usage",
        "daily_project_usage",
        "project_cap",
        "project_id",
        "project_usage",
    ]),
);

/// What is shown of a connection.
pub(super) const CONNECTION_FIELDS: Parameter = Parameter::query(
    "connection.fields",
    Words(&["client_ip", "connected_at", "disconnect_reason", "disconnected_at", "endpoint_name", "id"]),
);

/// The streams that connections can be to.
pub(super) const STREAMS: &[&str] = &[
    "filtered_stream",
    "sample_stream",
    "sample10_stream",
    "firehose_stream",
    "tweets_compliance_stream",
    "users_compliance_stream",
    "tweet_label_stream",
    "firehose_stream_lang_en",
    "firehose_stream_lang_ja",
    "firehose_stream_lang_ko",
    "firehose_stream_lang_pt",
    "likes_firehose_stream",
    "likes_sample10_stream",
    "likes_compliance_stream",
];

/// What jobs of batch compliance can be about.
pub(super) const JOB_TYPES: &[&str] = &["tweets", "users"];

/// What is shown of a job.
pub(super) const JOB_FIELDS: &[Parameter] = &[Parameter::query(
    "compliance_job.fields",
    Words(&[
        "created_at",
        "download_expires_at",
        "download_url",
        "id",
        "name",
        "resumable",
        "status",
        "type",
        "upload_expires_at",
        "upload_url",
    ]),
)];
