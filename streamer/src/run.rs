//! The streamer's life, from the lease to its release.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::SdkConfig;
use posts::{
    Acquired, CloseQueue, Keyword, Lease, StreamState, StreamStatusTable, TableError, TweetsQueue, UtcTime,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::control::{LEASE_TIME, desired_keywords, follow_desired, heartbeat};
use crate::progress::Progress;
use crate::read::{BUFFER_POSTS, Reader};
use crate::rules::Rules;
use crate::send::Sender;
use crate::x::Client;

/// How long what was read may take to reach the queue once reading has stopped.
const FLUSH_TIME: Duration = Duration::from_secs(20);

/// How often a lease that another holds is asked for.
const LEASE_RETRY: Duration = Duration::from_secs(1);

/// AWS, as far as a streamer uses it.
#[derive(Clone, Debug)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    ssm: aws_sdk_ssm::Client,
}

impl Aws {
    /// Clients of these settings.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            ssm: aws_sdk_ssm::Client::new(config),
        }
    }
}

/// Why a streamer ended as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Shutdown,
    /// No keyword is desired.
    NothingDesired,
}

/// Why a streamer could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The token could not be read.
    #[error("failed to read the bearer token from the parameter {parameter}: {reason}")]
    Token {
        /// The parameter's name.
        parameter: String,
        /// What SSM answered.
        reason: String,
    },
    /// The status table could not be used.
    #[error(transparent)]
    Status(#[from] TableError),
    /// X refused for good.
    #[error("{0}")]
    Refused(String),
    /// Another streamer holds the lease now.
    #[error("lost the lease: another streamer reads, or StreamStatusTable is out of reach")]
    LeaseLost,
    /// The queue refused a message for good.
    #[error("{0}")]
    Queue(String),
    /// What was read did not all reach the queue in time; the cursors tell up to where it did.
    #[error("the queue did not take all that was read within {} s", FLUSH_TIME.as_secs())]
    NotFlushed,
}

/// Reads the stream while keywords are desired, until `shutdown`.
///
/// Whatever ends it: reading stops, what was read is sent, cursors are saved, the lease is released.
///
/// # Errors
/// [`RunError`], which the stream's state tells too.
pub async fn run(config: Config, aws: &Aws, shutdown: CancellationToken) -> Result<Ended, RunError> {
    let status =
        StreamStatusTable::new(aws.dynamodb.clone(), config.status_table.clone(), config.stream_id.clone());
    let lease = loop {
        if desired_keywords(&status).await?.is_empty() {
            return Ok(Ended::NothingDesired);
        }
        match status.acquire_lease(&config.owner, UtcTime::now(), LEASE_TIME).await? {
            Acquired::Acquired(lease) => break lease,
            Acquired::HeldByAnother => tracing::info!("another streamer holds the lease"),
        }
        tokio::select! {
            () = tokio::time::sleep(LEASE_RETRY) => {}
            () = shutdown.cancelled() => return Ok(Ended::Shutdown),
        }
    };
    let progress = Progress::new();
    let outcome = hold(&config, aws, &status, &lease, &progress, shutdown).await;
    match &outcome {
        Ok(_) => progress.enter(StreamState::Stopped, None),
        Err(error) => progress.enter(StreamState::Failed, Some(error.to_string())),
    }
    // A streamer that lost its lease says nothing more: the state is another's to tell.
    if !matches!(outcome, Err(RunError::LeaseLost)) {
        status.save_report(&progress.report(UtcTime::now())).await?;
        status.release_lease(&lease).await?;
    }
    outcome
}

/// What is done under the lease.
async fn hold(
    config: &Config,
    aws: &Aws,
    status: &StreamStatusTable,
    lease: &Lease,
    progress: &Progress,
    shutdown: CancellationToken,
) -> Result<Ended, RunError> {
    let token = bearer_token(&aws.ssm, &config.token_parameter).await?;
    let client =
        Client::new(&config.x_api_url, &token).map_err(|failure| RunError::Refused(failure.to_string()))?;
    let (posts, received) = mpsc::channel(BUFFER_POSTS);
    let (desired, desired_now) = watch::channel(desired_keywords(status).await?);
    let reader = Reader {
        client: client.clone(),
        status: status.clone(),
        desired: desired_now,
        posts,
        progress: progress.clone(),
    };
    let queue = TweetsQueue::new(aws.sqs.clone(), config.tweets_queue_url.clone());
    let close_queue = CloseQueue::new(aws.sqs.clone(), config.close_queue_url.clone());
    let sending = tokio::spawn(Sender::new(queue, status.clone()).run(received));
    let mut sending = tokio_util::task::AbortOnDropHandle::new(sending);

    let ended = tokio::select! {
        () = shutdown.cancelled() => Ok(Ended::Shutdown),
        () = follow_desired(status.clone(), close_queue, desired) => Ok(Ended::NothingDesired),
        () = heartbeat(status.clone(), lease.clone(), progress.clone()) => return Err(RunError::LeaseLost),
        reason = reader.run() => Err(RunError::Refused(reason)),
        sent = &mut sending => return Err(RunError::Queue(flushed(sent).err().unwrap_or_default())),
    };
    tracing::info!(?ended, "reading has stopped");
    // The reader is dropped: its connection is closed, and the sender sees the end of its posts.
    let sent = tokio::time::timeout(FLUSH_TIME, sending).await.map_err(|_| RunError::NotFlushed)?;
    flushed(sent).map_err(RunError::Queue)?;
    if matches!(ended, Ok(Ended::NothingDesired)) {
        let none: BTreeSet<Keyword> = BTreeSet::new();
        if let Err(failure) = Rules::default().sync(&client, status, &none).await {
            tracing::warn!(%failure, "could not delete the rules; the next start does");
        }
    }
    ended
}

fn flushed(sent: Result<Result<(), String>, tokio::task::JoinError>) -> Result<(), String> {
    sent.unwrap_or_else(|error| Err(format!("sending ended unexpectedly: {error}")))
}

async fn bearer_token(ssm: &aws_sdk_ssm::Client, parameter: &str) -> Result<String, RunError> {
    let failed = |reason: String| RunError::Token { parameter: parameter.to_owned(), reason };
    let answer = ssm
        .get_parameter()
        .name(parameter)
        .with_decryption(true)
        .send()
        .await
        .map_err(|error| failed(aws_sdk_ssm::error::DisplayErrorContext(&error).to_string()))?;
    let value = answer.parameter.and_then(|parameter| parameter.value);
    value.filter(|token| !token.is_empty()).ok_or_else(|| failed("it has no value".to_owned()))
}
