//! The streamer's life, from the lease to its release.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::SdkConfig;
use posts::queue::TweetsQueue;
use service::own_metrics::EmbeddedMetrics;
use service::parameters::{ParameterError, ParameterStore};
use service::tables::TableError;
use stream::close_queue::CloseQueue;
use stream::lease::Acquired;
use stream::report::StreamState;
use stream::{Lease, StreamStatusTable};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::buffer::Buffer;
use crate::config::{Config, SourceConfig};
use crate::connections::Connections;
use crate::control::{desired_keywords, follow_desired, heartbeat, save_reading};
use crate::gap_book::GapBook;
use crate::http::Http;
use crate::lease::{LEASE_TIME, LeaseGuard, Moment};
use crate::ledger::Ledger;
use crate::mastodon::Mastodon;
use crate::pack::Packer;
use crate::progress::Progress;
use crate::seen::Seen;
use crate::send::{Sender, SendingEnded};
use crate::source::{Must, Source};
use crate::x::X;

/// How long what was read may take to reach the queue once reading has stopped.
const FLUSH_TIME: Duration = Duration::from_secs(13);

/// How long each of the last writes may take: the cursors, the state, the lease. All in all a streamer
/// ends within 25 s, less than ECS waits before it kills a task (30 s unless told otherwise).
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
const LAST_WRITE: Duration = Duration::from_secs(3);

/// How often a lease that another holds is asked for.
const LEASE_RETRY: Duration = Duration::from_secs(1);

/// AWS, as far as a streamer uses it.
#[derive(Clone, Debug)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    parameters: ParameterStore,
}

impl Aws {
    /// Clients of these settings.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            parameters: ParameterStore::new(aws_sdk_ssm::Client::new(config)),
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
    #[error(transparent)]
    Token(#[from] ParameterError),
    /// There is no token.
    #[error("the parameter {parameter} holds no bearer token")]
    NoToken {
        /// The parameter's name.
        parameter: String,
    },
    /// The status table could not be used.
    #[error(transparent)]
    Status(#[from] TableError),
    /// The source refused for good.
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

/// Reads the stream while keywords are desired, until `shutdown`; says how it fares to `own_metrics`.
///
/// Whatever ends it: reading stops, what was read is sent, cursors are saved, the lease is released;
/// within 25 s.
///
/// # Errors
/// [`RunError`], which the stream's state tells too.
pub async fn run(
    config: Config,
    aws: &Aws,
    own_metrics: EmbeddedMetrics,
    shutdown: CancellationToken,
) -> Result<Ended, RunError> {
    let status =
        StreamStatusTable::new(aws.dynamodb.clone(), config.status_table.clone(), config.stream_id.clone());
    let (lease, guard) = loop {
        if desired_keywords(&status).await?.is_empty() {
            return Ok(Ended::NothingDesired);
        }
        let asked = Moment::now();
        match status.acquire_lease(&config.owner, UtcTime::now(), LEASE_TIME).await? {
            Acquired::Acquired(lease) => break (lease, LeaseGuard::new(asked)),
            Acquired::HeldByAnother => tracing::info!("another streamer holds the lease"),
        }
        tokio::select! {
            () = tokio::time::sleep(LEASE_RETRY) => {}
            () = shutdown.cancelled() => return Ok(Ended::Shutdown),
        }
    };
    // From here on every way out gives the lease back.
    let reading = match status.reading().await {
        Ok(reading) => reading,
        Err(error) => {
            give_back(&status, &lease).await;
            return Err(error.into());
        }
    };
    let ledger = Ledger::new(reading, config.daily_post_budget);
    let progress = Progress::new(ledger.clone(), config.source.dollars_a_post(), UtcTime::now());
    let held = Held { status, lease, guard, ledger, progress, own_metrics };
    let outcome = held.read(&config, aws, shutdown).await;
    // A streamer that lost its lease says nothing more: the state is another's to tell.
    if !matches!(outcome, Err(RunError::LeaseLost)) {
        held.release(&outcome).await;
    }
    outcome
}

/// Gives the lease back. If that cannot be written now, it ends by itself.
async fn give_back(status: &StreamStatusTable, lease: &Lease) {
    let given_back = tokio::time::timeout(LAST_WRITE, status.release_lease(lease)).await;
    if let Err(error) = given_back.map_err(anyhow::Error::from).and_then(|done| Ok(done?)) {
        tracing::error!(error = format!("{error:#}"), "could not give the lease back; it ends by itself");
    }
}

/// What a streamer holds while it has the lease.
struct Held {
    status: StreamStatusTable,
    lease: Lease,
    guard: LeaseGuard,
    ledger: Ledger,
    progress: Progress,
    own_metrics: EmbeddedMetrics,
}

impl Held {
    /// What is done under the lease.
    async fn read(&self, config: &Config, aws: &Aws, shutdown: CancellationToken) -> Result<Ended, RunError> {
        let http = async |url: &str, parameter: Option<&String>| {
            let token = match parameter {
                Some(parameter) => Some(bearer_token(&aws.parameters, parameter).await?),
                None => None,
            };
            Http::new(url, token.as_deref(), self.ledger.clone())
                .map_err(|failure| RunError::Refused(failure.to_string()))
        };
        match &config.source {
            SourceConfig::X { url, token_parameter, backfill_minutes } => {
                let http = http(url, Some(token_parameter)).await?;
                self.read_from(X::new(http, self.status.clone(), *backfill_minutes), config, aws, shutdown)
                    .await
            }
            SourceConfig::Mastodon { url, token_parameter } => {
                let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
                let host =
                    host.ok_or_else(|| RunError::Refused(format!("MASTODON_URL is no URL: {url:?}")))?;
                let http = http(url, token_parameter.as_ref()).await?;
                self.read_from(Mastodon::new(http, host), config, aws, shutdown).await
            }
        }
    }

    /// Reads one source until something ends it.
    async fn read_from<S: Source>(
        &self,
        source: S,
        config: &Config,
        aws: &Aws,
        shutdown: CancellationToken,
    ) -> Result<Ended, RunError> {
        let Self { status, lease, guard, ledger, progress, own_metrics } = self;
        let (buffer, received) = Buffer::new();
        let (desired, desired_now) = watch::channel(desired_keywords(status).await?);
        let connections = Connections {
            source: source.clone(),
            status: status.clone(),
            lease: lease.clone(),
            ledger: ledger.clone(),
            buffer,
            seen: Seen::default(),
            progress: progress.clone(),
            gaps: GapBook::new(status.clone()),
        };
        let sender = Sender {
            queue: TweetsQueue::new(aws.sqs.clone(), config.tweets_queue_url.clone()),
            lease: guard.clone(),
            progress: progress.clone(),
            packer: Packer::default(),
        };
        let close_queue = CloseQueue::new(aws.sqs.clone(), config.close_queue_url.clone());
        let sending = tokio::spawn(sender.run(received));
        let mut sending = tokio_util::task::AbortOnDropHandle::new(sending);

        let ended = tokio::select! {
            () = shutdown.cancelled() => Ok(Ended::Shutdown),
            () = follow_desired(status.clone(), close_queue, desired) => Ok(Ended::NothingDesired),
            () = heartbeat(status.clone(), lease.clone(), guard.clone(), progress.clone(), own_metrics.clone()) => {
                return Err(RunError::LeaseLost);
            }
            () = save_reading(status.clone(), lease.clone(), ledger.clone()) => return Err(RunError::LeaseLost),
            reason = connections.run(desired_now) => Err(RunError::Refused(reason)),
            sent = &mut sending => {
                flushed(sent)?;
                return Err(RunError::Queue("sending ended by itself".to_owned()));
            }
        };
        tracing::info!(?ended, "reading has stopped");
        // The readers are dropped: their connections are closed, and the sender sees the end of its posts.
        let sent = tokio::time::timeout(FLUSH_TIME, sending).await.map_err(|_| RunError::NotFlushed)?;
        flushed(sent)?;
        if matches!(ended, Ok(Ended::NothingDesired)) {
            let nothing = BTreeSet::new();
            let unfollow = source.follow(&nothing, Must::Everything);
            match tokio::time::timeout(LAST_WRITE, unfollow).await {
                Ok(Ok(_)) => {}
                _ => tracing::warn!("could not delete the rules; the next start does"),
            }
        }
        ended
    }

    /// Says how it ended, and gives the lease back. What cannot be written now is not lost: the lease
    /// ends by itself, and what is behind the cursors is fetched again.
    async fn release(&self, outcome: &Result<Ended, RunError>) {
        let Self { status, lease, ledger, progress, .. } = self;
        match outcome {
            Ok(_) => progress.enter(StreamState::Stopped, None),
            Err(error) => progress.enter(StreamState::Failed, Some(error.to_string())),
        }
        let (reading, report) = (ledger.snapshot(), progress.report(None, None, UtcTime::now()));
        let writes = async {
            tokio::time::timeout(LAST_WRITE, status.save_reading(&reading, lease)).await??;
            tokio::time::timeout(LAST_WRITE, status.save_report(&report, lease)).await??;
            Ok::<(), anyhow::Error>(())
        };
        if let Err(error) = writes.await {
            tracing::error!(error = format!("{error:#}"), "could not note how the streamer ended");
        }
        give_back(status, lease).await;
    }
}

fn flushed(sent: Result<Result<(), SendingEnded>, tokio::task::JoinError>) -> Result<(), RunError> {
    match sent {
        Ok(Ok(())) => Ok(()),
        Ok(Err(SendingEnded::LeaseLost)) => Err(RunError::LeaseLost),
        Ok(Err(SendingEnded::Refused(reason))) => Err(RunError::Queue(reason)),
        Err(error) => Err(RunError::Queue(format!("sending ended unexpectedly: {error}"))),
    }
}

async fn bearer_token(parameters: &ParameterStore, parameter: &str) -> Result<String, RunError> {
    let token = parameters.read(parameter).await?.filter(|token| !token.is_empty());
    token.ok_or_else(|| RunError::NoToken { parameter: parameter.to_owned() })
}
