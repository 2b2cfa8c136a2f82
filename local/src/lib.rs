//! The whole pipeline on one machine: a machine-sized AWS, the stub stream (or X itself), and the same
//! streamer, consumer and api as in the cloud, pointed at it.

mod apis;
mod aws;
mod browser;
mod data;
mod disk;
pub mod keys;
mod mapping;
mod server;
pub mod terminal;

use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::{Authorizer, every_minute, reconcile, whole};
use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use axum::middleware;
use consumer::Consumer;
use posts::Keyword;
use service::own_metrics::EmbeddedMetrics;
use service::parameters::ParameterStore;
use stream::StreamStatusTable;
use streamer::SourceConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::apis::Apis;
use crate::aws::resources::{
    ACCOUNT, API_KEYS_PARAMETER, CLOSE_QUEUE, DEAD_LETTER_QUEUE, REGION, STATISTICS_TABLE, STATUS_TABLE,
    TOKEN_PARAMETER, TWEETS_QUEUE, TWEETS_TABLE,
};
pub use crate::aws::{Call, Fate, Faults};
use crate::aws::{Health, Parameters, Services, Start, Store, Tables, Tasks};
pub use crate::data::recording_is_played;
use crate::data::{API_KEYS, Data};
use crate::disk::Disk;
use crate::server::serve;

/// Where posts come from.
pub enum Stream {
    /// The stub, started here.
    Stub(stub::Options),
    /// X, or something like it elsewhere.
    Elsewhere {
        /// Its address.
        url: String,
        /// The bearer token.
        token: String,
        /// How many minutes of missed posts it delivers again.
        backfill_minutes: u32,
    },
    /// A Mastodon server.
    Mastodon {
        /// Its address.
        url: String,
    },
}

/// What to run.
pub struct Options {
    /// The folder that keeps everything.
    pub data: PathBuf,
    /// Where the api listens; port 0 takes a free one. Elsewhere than on loopback it takes an api key.
    pub listen: SocketAddr,
    /// Whether the api takes a key on loopback too.
    pub require_key: bool,
    /// The port at which a streamer in another process finds the AWS-shaped endpoint; then none is started here.
    pub streamer_elsewhere: Option<u16>,
    /// Where posts come from.
    pub stream: Stream,
    /// Keywords to collect from the start.
    pub keywords: Vec<Keyword>,
    /// How many posts may be read in a day, if they cost anything.
    pub daily_post_budget: Option<u64>,
}

/// A running pipeline.
#[derive(Debug)]
pub struct Machine {
    /// Where the api listens.
    pub api: SocketAddr,
    /// Where the AWS-shaped endpoint listens.
    pub aws: SocketAddr,
    /// Whether the api takes a key.
    pub takes_key: bool,
    /// Where the stub listens, if there is one.
    pub stub: Option<SocketAddr>,
    /// Makes calls to the AWS-shaped endpoint fail on request.
    pub faults: Faults,
    services: Arc<Services>,
    servers: JoinSet<anyhow::Result<()>>,
    shutdown: CancellationToken,
    _data: Data,
}

/// How often the reconciler runs: EventBridge's minute is the longest a user should wait, so less here.
const RECONCILE_EVERY: Duration = Duration::from_secs(5);

/// How often what has expired is deleted. DynamoDB promises a few days; a round reads all that there is.
const FORGET_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// How often the rest of a minute's work is done.
const MINUTE: Duration = Duration::from_secs(60);

impl Machine {
    /// Starts everything; nothing is left running when it fails.
    ///
    /// # Errors
    /// What cannot be used: the port, the data folder.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        service::aws::install_tls();
        let data = Data::open(&options.data)?;
        let api_listener = listen(options.listen, "--port").await?;
        let has_keys = data.file(API_KEYS).exists();
        let open = options.listen.ip().is_loopback() && !options.require_key;
        if !open && !has_keys {
            return Err(NoApiKey(options.listen).into());
        }
        let aws_port = options.streamer_elsewhere.unwrap_or(0);
        let aws_listener = listen(SocketAddr::new(LOOPBACK.ip(), aws_port), "--streamer-elsewhere").await?;
        let mut machine_parts = Parts::default();
        let x = |url: String, backfill_minutes: u32| SourceConfig::X {
            url,
            token_parameter: TOKEN_PARAMETER.to_owned(),
            backfill_minutes,
        };
        let (source, token) = match options.stream {
            Stream::Elsewhere { url, token, backfill_minutes } => (x(url, backfill_minutes), token),
            Stream::Mastodon { url } => {
                (SourceConfig::Mastodon { url, token_parameter: None }, String::new())
            }
            Stream::Stub(options) => {
                let listener = listen(LOOPBACK, "--port").await?;
                let address = listener.local_addr()?;
                machine_parts.stub = Some(address);
                let token = options.token.clone();
                let shutdown = machine_parts.shutdown.clone();
                machine_parts.servers.spawn(async move {
                    stub::serve(listener, options, shutdown).await.context("the stub failed")
                });
                (x(format!("http://{address}"), 0), token)
            }
        };
        let x_url = match &source {
            SourceConfig::X { url, .. } => Some(url.clone()),
            SourceConfig::Mastodon { .. } => None,
        };
        let url = format!("http://{}", aws_listener.local_addr()?);
        let config = config(&url).await;
        let queue_url = |name: &str| format!("{url}/{ACCOUNT}/{name}");
        let streamer_config = streamer::Config {
            stream_id: "x".to_owned(),
            source,
            tweets_queue_url: queue_url(TWEETS_QUEUE),
            close_queue_url: queue_url(CLOSE_QUEUE),
            status_table: STATUS_TABLE.to_owned(),
            daily_post_budget: options.daily_post_budget,
            owner: String::new(),
        };
        let (faults, health) = (Faults::default(), Health::default());
        let start = Some(streamer_task(streamer_config, called(&config, "streamer")));
        let services = Arc::new(Services {
            store: Store::open(&data.file("queues.sqlite"), health.clone())
                .context("failed to open queues.sqlite")?,
            tables: Tables::open(&data.file("tables.sqlite"), health.clone()).await?,
            tasks: Tasks::new(start.filter(|_| options.streamer_elsewhere.is_none())),
            parameters: Parameters::new(token, data.file(API_KEYS)),
            faults: faults.clone(),
            url: url.clone(),
        });
        let Parts { mut servers, shutdown, stub } = machine_parts;
        let (api_address, aws_address) = (api_listener.local_addr()?, aws_listener.local_addr()?);
        servers.spawn(serve(aws_listener, aws::router(Arc::clone(&services))));

        let status = StreamStatusTable::new(
            aws_sdk_dynamodb::Client::new(&config),
            STATUS_TABLE.to_owned(),
            "x".to_owned(),
        );
        // A task ends with its machine: the reconciler need not wait for one that this machine does not know.
        let mut launch = status.launch().await?;
        if launch.task.take().is_some() {
            launch.at = None;
            status.save_launch(&mut launch).await?;
        }
        for keyword in &options.keywords {
            status.add_keyword(keyword, UtcTime::now()).await?;
        }
        let apis = Apis::new(&config, queue_url, x_url);
        let routes = if open {
            whole(apis.read, apis.control, None).layer(middleware::from_fn(browser::only_this_machine))
        } else {
            let parameters = ParameterStore::new(aws_sdk_ssm::Client::new(&called(&config, "authorizer")));
            let authorizer = Authorizer::new(parameters, API_KEYS_PARAMETER.to_owned());
            whole(apis.read, apis.control, Some(authorizer))
        };
        let disk = Disk { folder: options.data.clone(), health };
        let routes = routes.layer(middleware::from_fn_with_state(disk, disk::tell));
        servers.spawn(serve(api_listener, routes));
        servers.spawn(disk::watch(data.file("lock"))?);
        let forgetting = Arc::clone(&services);
        servers.spawn(async move {
            let mut rounds = interval(FORGET_EVERY);
            loop {
                rounds.tick().await;
                forgetting.tables.forget_expired().await;
                // What fails of it is in the log.
                let _ = forgetting.store.forget_old_values(UtcTime::now().as_millis()).await;
            }
        });
        servers.spawn(async move {
            let mut rounds = interval(RECONCILE_EVERY);
            let mut minutes = interval(MINUTE);
            loop {
                tokio::select! {
                    _ = rounds.tick() => if let Err(error) = reconcile(&apis.minute).await {
                        tracing::warn!(%error, "could not reconcile");
                    },
                    // What fails of it is in the log.
                    _ = minutes.tick() => drop(every_minute(&apis.minute, &EmbeddedMetrics::nowhere()).await),
                }
            }
        });
        let consumer_config = consumer::Config {
            tweets_table: TWEETS_TABLE.to_owned(),
            statistics_table: STATISTICS_TABLE.to_owned(),
            status_table: STATUS_TABLE.to_owned(),
            stream_id: "x".to_owned(),
            tweets_queue_url: queue_url(TWEETS_QUEUE),
            dead_letter_queue_url: queue_url(DEAD_LETTER_QUEUE),
        };
        let consumer =
            Consumer::new(&called(&config, "consumer"), consumer_config, EmbeddedMetrics::nowhere());
        let queue_arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{TWEETS_QUEUE}");
        let consumer = Arc::new(consumer);
        for _ in 0..mapping::AT_ONCE {
            let sqs = aws_sdk_sqs::Client::new(&config);
            let mapping =
                mapping::run(sqs, queue_url(TWEETS_QUEUE), queue_arn.clone(), Arc::clone(&consumer));
            servers.spawn(async move {
                mapping.await;
                Ok(())
            });
        }
        Ok(Self {
            api: api_address,
            aws: aws_address,
            takes_key: !open,
            stub,
            faults,
            services,
            servers,
            shutdown,
            _data: data,
        })
    }

    /// Runs until `end`, then ends everything in order: the streamer first, which flushes what it read.
    ///
    /// # Errors
    /// The part that ended by itself, and why.
    pub async fn run(mut self, end: impl Future<Output = ()>) -> anyhow::Result<()> {
        /// Ctrl-C ends within 5 s; what the queue has not accepted by then is fetched again.
        const PATIENCE: Duration = Duration::from_secs(4);
        let outcome = tokio::select! {
            () = end => Ok(()),
            ended = self.servers.join_next() => match ended {
                Some(Ok(Ok(()))) | None => Err(anyhow::anyhow!("a part of the machine ended by itself")),
                Some(Ok(Err(error))) => Err(error),
                Some(Err(error)) => Err(error).context("a part of the machine crashed"),
            },
        };
        if tokio::time::timeout(PATIENCE, self.services.tasks.stop_all()).await.is_err() {
            tracing::warn!("the streamer did not end in time");
        }
        self.shutdown.cancel();
        self.servers.shutdown().await;
        outcome
    }
}

impl Drop for Machine {
    /// Nothing goes on in the background: what has not ended by now ends as if killed.
    fn drop(&mut self) {
        self.services.tasks.kill_all();
    }
}

#[derive(Default)]
struct Parts {
    servers: JoinSet<anyhow::Result<()>>,
    shutdown: CancellationToken,
    stub: Option<SocketAddr>,
}

/// A task that runs the streamer, as ECS starts it.
fn streamer_task(config: streamer::Config, aws: SdkConfig) -> Box<Start> {
    Box::new(move |arn, shutdown| {
        let (config, aws) = (streamer::Config { owner: arn, ..config.clone() }, aws.clone());
        Box::pin(async move {
            match streamer::run(config, &aws, EmbeddedMetrics::nowhere(), shutdown).await {
                Ok(ended) => {
                    tracing::info!(?ended, "the streamer ended");
                    0
                }
                Err(error) => {
                    tracing::error!(%error, "the streamer failed");
                    1
                }
            }
        })
    })
}

/// Ticks that are not made up for after the machine slept.
fn interval(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

/// Listens on an address, whose port `option` chooses.
async fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
                format!(" (choose another port with {option})")
            }
            ErrorKind::AddrNotAvailable => " (--address must be one of this machine's)".to_owned(),
            _ => String::new(),
        };
        anyhow::Error::new(error).context(format!("failed to listen on {address}{hint}"))
    })
}

/// An api that others can reach must take a key, and there is none yet.
#[derive(Debug)]
pub struct NoApiKey(SocketAddr);

impl fmt::Display for NoApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refusing to listen on {} without an api key", self.0)
    }
}

impl std::error::Error for NoApiKey {}

/// A free port of this machine's own.
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The settings by which the SDK finds a machine's endpoint.
pub async fn config(url: &str) -> SdkConfig {
    let config = service::aws::loader().endpoint_url(url).region(Region::new(REGION));
    config.credentials_provider(credentials("local")).load().await
}

/// The same, for one that calls itself `caller`: its [`Call`]s say so.
fn called(config: &SdkConfig, caller: &str) -> SdkConfig {
    let credentials = SharedCredentialsProvider::new(credentials(caller));
    config.to_builder().credentials_provider(credentials).build()
}

fn credentials(caller: &str) -> Credentials {
    Credentials::new(caller, "local", None, None, "local")
}
