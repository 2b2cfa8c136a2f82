//! A streamer from taking the lease to releasing it.

use std::time::Duration;

use ::stream::StreamStatusTable;
use ::stream::lease::Acquired;
use ::stream::standby::Standby;
use aws_config::SdkConfig;
use service::own_metrics::EmbeddedMetrics;
use service::parameters::ParameterStore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::config::{Config, SourceConfig};
use crate::ended::{Ended, RunError};
use crate::held::{Held, give_back};
use crate::lease::{BothClocks, LEASE_TIME, LeaseGuard};
use crate::ledger::Ledger;
use crate::meter::Budgets;
use crate::progress::Progress;
use crate::requested::requested_keywords;
use crate::requested_at_start;
use crate::source::{Memory, Source};
use crate::sources::mastodon::Mastodon;
use crate::sources::x::X;
use crate::tasks;

/// How long reading what the keywords have brought may take.
const TALLY_TIME: Duration = Duration::from_secs(2);

/// How often to ask for a lease that another streamer holds.
const LEASE_RETRY: Duration = Duration::from_secs(1);

/// How often a streamer that waits for the lease looks whether it is ready, until it is.
const READY_RETRY: Duration = Duration::from_secs(10);

/// Reads the stream while keywords are requested, until `shutdown`; writes its metrics to `own_metrics`.
///
/// However it ends, within 25 s reading stops, what was read is sent, the cursors are saved and the lease is released.
///
/// # Errors
/// [`RunError`], which the last report has too.
pub async fn run(
    config: Config,
    aws: &SdkConfig,
    own_metrics: EmbeddedMetrics,
    shutdown: CancellationToken,
) -> Result<Ended, RunError> {
    service::aws::install_tls();
    let parameters = ParameterStore::new(aws_sdk_ssm::Client::new(aws));
    match config.source.clone() {
        SourceConfig::X { url, token_parameter, backfill_minutes, archive_search } => {
            let open = async |memory| {
                let token = bearer_token(&parameters, &token_parameter).await?;
                let client = x::Client::new(&url)?.bearing(&token)?;
                Ok(X::new(client, memory, backfill_minutes, archive_search))
            };
            run_source(config, aws, own_metrics, shutdown, open).await
        }
        SourceConfig::Mastodon { url, token_parameter, honour_opt_out } => {
            let open = async |memory: Memory| {
                let mut client = json_api::Client::new(&url)?;
                if let Some(parameter) = token_parameter {
                    client = client.bearing(&bearer_token(&parameters, &parameter).await?)?;
                }
                let host = reqwest::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
                let host = host.ok_or_else(|| RunError::MastodonUrl(url.clone()))?;
                Ok(Mastodon::new(client, memory, host, honour_opt_out))
            };
            run_source(config, aws, own_metrics, shutdown, open).await
        }
    }
}

/// [`run`] with a source that `open` opens once this streamer holds the lease, given what earlier readers know of the source. Of the
/// source in `config`, only the price and the token's parameter are used.
///
/// # Errors
/// [`RunError`].
pub async fn run_source<S: Source>(
    config: Config,
    aws: &SdkConfig,
    own_metrics: EmbeddedMetrics,
    shutdown: CancellationToken,
    open: impl AsyncFnOnce(Memory) -> Result<S, RunError>,
) -> Result<Ended, RunError> {
    let dynamodb = aws_sdk_dynamodb::Client::new(aws);
    let status = StreamStatusTable::new(dynamodb, config.status_table.clone(), config.stream_id.clone());
    if let Some(keyword) = &config.keyword {
        requested_at_start::request(&status, keyword, config.since, UtcTime::now()).await?;
    }
    let mut readiness = Readiness::Unknown;
    let (lease, guard) = loop {
        if requested_keywords(&status).await?.is_empty() {
            tracing::warn!(
                "no keyword is requested, so there is nothing to read: request one by POST /stream, or run this task with the variable KEYWORD"
            );
            return Ok(Ended::NothingRequested);
        }
        let asked = BothClocks::now();
        if let Acquired::Acquired(lease) =
            status.acquire_lease(&config.owner, UtcTime::now(), LEASE_TIME).await?
        {
            break (lease, LeaseGuard::new(asked));
        }
        let wait = async {
            stand_by(&status, &config, aws, &mut readiness).await?;
            tokio::time::sleep(LEASE_RETRY).await;
            Ok::<(), RunError>(())
        };
        tokio::select! {
            waited = wait => waited?,
            () = shutdown.cancelled() => return Ok(Ended::Shutdown),
        }
    };
    // From here on, every way out gives the lease back.
    // Reading does not wait for it; it is read again before it is saved.
    let tally = match tokio::time::timeout(TALLY_TIME, status.tally()).await {
        Ok(Ok(tally)) => Some(tally),
        Ok(Err(error)) => {
            tracing::warn!(%error, "could not read what the keywords have brought");
            None
        }
        Err(_) => {
            tracing::warn!("reading what the keywords have brought took too long");
            None
        }
    };
    let reading = match status.reading().await {
        Ok(reading) => reading,
        Err(error) => {
            give_back(&status, &lease).await;
            return Err(error.into());
        }
    };
    let budgets = Budgets { a_day: config.daily_post_budget, a_month: config.monthly_post_budget };
    let ledger = Ledger::new(reading, tally, budgets, S::CONNECTS, UtcTime::now());
    let progress =
        Progress::new(ledger.meter.clone(), config.prices(), ledger.source.opted_out.clone(), UtcTime::now());
    let held = Held { status, lease, guard, ledger, progress, own_metrics };
    let outcome = match open(held.ledger.source.clone()).await {
        Ok(source) => tasks::run(&held, source, &config, aws_sdk_sqs::Client::new(aws), shutdown).await,
        Err(error) => Err(error),
    };
    // A streamer that lost its lease writes no report: the next holder does.
    if !matches!(outcome, Err(RunError::LeaseLost)) {
        held.release(&outcome).await;
    }
    outcome
}

/// Whether a streamer that waits for the lease could read if it held it.
#[derive(Clone, Copy, Debug)]
enum Readiness {
    /// It has not been looked at.
    Unknown,
    /// It could not, when it was looked at.
    NotYet(Instant),
    /// It could, and has noted that.
    Ready,
}

/// Notes that this streamer waits for the lease and is ready to read, so that an earlier version of it may end; or why it is not.
///
/// # Errors
/// It never will be: its source's token is missing.
async fn stand_by(
    status: &StreamStatusTable,
    config: &Config,
    aws: &SdkConfig,
    readiness: &mut Readiness,
) -> Result<(), RunError> {
    match readiness {
        Readiness::Ready => return Ok(()),
        Readiness::NotYet(at) if at.elapsed() < READY_RETRY => return Ok(()),
        Readiness::NotYet(_) => {}
        Readiness::Unknown => tracing::info!("another streamer holds the lease; this one stands by"),
    }
    let parameters = ParameterStore::new(aws_sdk_ssm::Client::new(aws));
    let token = match config.source.token_parameter() {
        Some(parameter) => bearer_token(&parameters, parameter).await.map(drop),
        None => Ok(()),
    };
    let trouble = token.as_ref().err().map(RunError::to_string);
    let is_ready = trouble.is_none();
    let standby = Standby { owner: config.owner.clone(), at: UtcTime::now(), trouble };
    let noted = status.save_standby(&standby).await;
    if let Err(error) = &noted {
        tracing::warn!(%error, "could not note that this streamer stands by");
    }
    *readiness = if is_ready && noted.is_ok() { Readiness::Ready } else { Readiness::NotYet(Instant::now()) };
    match token {
        Err(error @ RunError::NoToken { .. }) => Err(error),
        // SSM may answer later.
        Err(error) => {
            tracing::warn!(%error, "this streamer is not ready to read yet");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

async fn bearer_token(parameters: &ParameterStore, parameter: &str) -> Result<String, RunError> {
    let token = parameters.read(parameter).await?.filter(|token| !token.is_empty());
    token.ok_or_else(|| RunError::NoToken { parameter: parameter.to_owned() })
}
