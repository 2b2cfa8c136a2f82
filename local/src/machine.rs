//! A machine: starts every part of the pipeline, and stops them in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::{Authorizer, ControlApi, Page, ReadApi, page_beside, whole};
use axum::{Router, middleware};
use consumer::Consumer;
use posts::Keyword;
use service::own_metrics::EmbeddedMetrics;
use stream::StreamStatusTable;
use stream::keyword_options::KeywordOptions;
use utc_time::UtcTime;

use crate::access::Access;
use crate::aws::{self, Faults, Health, Parameters, Services, Store, StreamerTask, Tables, Tasks};
use crate::data::{API_KEYS, Data};
use crate::disk::{self, Disk};
use crate::endpoint::Endpoint;
use crate::life::Life;
use crate::listeners::{listen, loopback};
use crate::options::Options;
use crate::running::Running;
use crate::screen::Screen;
use crate::server::serve;
use crate::source::Source;
use crate::{browser, housekeeping, mapping, programs};

/// A running pipeline.
#[derive(Debug)]
pub struct Machine {
    /// The address that the API listens on.
    pub api: SocketAddr,
    /// The AWS-compatible endpoint.
    pub aws: Endpoint,
    /// Whether the API requires a key.
    pub requires_key: bool,
    /// The address that the stub listens on, if this machine runs it.
    pub stub: Option<SocketAddr>,
    /// Makes calls to the AWS-compatible endpoint fail on request.
    pub faults: Faults,
    /// The API for this process itself, which checks no keys.
    open_api: Router,
    services: Arc<Services>,
    running: Running,
    _data: Data,
}

impl Machine {
    /// Starts everything. If any part fails to start, none is left running.
    ///
    /// # Errors
    /// The data folder or a port cannot be used, or [`NoApiKey`](crate::NoApiKey).
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        service::aws::install_tls();
        let data = Data::open(&options.data)?;
        let api_listener = listen(options.listen, "--port").await?;
        let access = Access::of(&options, &data)?;
        let streamer_port = options.streamer_elsewhere.unwrap_or(0);
        let aws_listener = listen(loopback(streamer_port), "--streamer-elsewhere").await?;
        let (api, aws) = (api_listener.local_addr()?, aws_listener.local_addr()?);
        let aws = Endpoint::at(format!("http://{aws}")).await;
        let mut running = Running::default();
        let source = Source::start(options.stream, options.honour_opt_out, &mut running).await?;
        let (stub, x_url, name) = (source.stub, source.x_url(), source.config.name());

        // The AWS-compatible endpoint, and the tasks that it runs.
        let health = Health::default();
        let Options { daily_post_budget, monthly_post_budget, charged_for_users, .. } = options;
        let streamer = programs::streamer(
            &aws,
            source.config,
            daily_post_budget,
            monthly_post_budget,
            charged_for_users,
        );
        let streamer = StreamerTask { config: streamer, aws: aws.sdk_of("streamer") };
        let services = Arc::new(Services {
            store: Store::open(&data.file("queues.sqlite"), health.clone())
                .context("failed to open queues.sqlite")?,
            tables: Tables::open(&data.file("tables.sqlite"), health.clone()).await?,
            tasks: Tasks::new(options.streamer_elsewhere.is_none().then_some(streamer)),
            parameters: Parameters::new(source.token, data.file(API_KEYS)),
            faults: Faults::default(),
            url: aws.url.clone(),
        });
        running.spawn(serve(aws_listener, aws::router(Arc::clone(&services))));
        prepare_status(&aws, &options.keywords).await?;

        // The API, the schedule and the consumer.
        let disk = Disk { folder: options.data, health };
        let apis = Apis {
            read: ReadApi::new(&aws.sdk_of("read"), programs::read(&aws, name)),
            control: ControlApi::new(&aws.sdk_of("control"), programs::control(&aws, x_url.clone())),
            disk,
        };
        let open_api = apis.read();
        running.spawn(serve(api_listener, routes(&aws, access, &apis, stub.is_some())));
        running.spawn(disk::watch(data.file("lock"))?);
        let minute = ControlApi::new(&aws.sdk_of("minute"), programs::control(&aws, x_url));
        running.spawn(housekeeping::take_turns(minute.clone()));
        running.spawn(housekeeping::run_schedule(minute));
        running.spawn(housekeeping::expire(Arc::clone(&services)));
        let consumer = programs::consumer(&aws, options.keep_raw);
        let consumer = Consumer::new(&aws.sdk_of("consumer"), consumer, EmbeddedMetrics::nowhere());
        mapping::start(&mut running, &aws, consumer);

        let (faults, requires_key) = (services.faults.clone(), access == Access::WithKey);
        Ok(Self { api, aws, requires_key, stub, faults, open_api, services, running, _data: data })
    }

    /// The line of life of this machine on this screen.
    #[must_use]
    pub fn life(&self, screen: Screen) -> Life {
        Life { api: self.open_api.clone(), made_up: self.stub.is_some(), screen }
    }

    /// Runs until `end` completes, then stops everything in order: first the streamer, which sends what it has read.
    ///
    /// # Errors
    /// A part ended by itself; the error has the reason.
    pub async fn run(mut self, end: impl Future<Output = ()>) -> anyhow::Result<()> {
        /// Ctrl-C takes at most 5 s; what the queue has not accepted by then is fetched again.
        const PATIENCE: Duration = Duration::from_secs(4);
        let outcome = tokio::select! {
            () = end => Ok(()),
            error = self.running.any_end() => Err(error),
        };
        if tokio::time::timeout(PATIENCE, self.services.tasks.stop_all()).await.is_err() {
            tracing::warn!("the streamer did not end in time");
        }
        std::mem::take(&mut self.running).end().await;
        outcome
    }
}

impl Drop for Machine {
    /// Nothing keeps running in the background: parts that have not ended are killed.
    fn drop(&mut self) {
        self.services.tasks.kill_all();
    }
}

/// Clears the task of an earlier run, and requests `keywords`.
async fn prepare_status(aws: &Endpoint, keywords: &[Keyword]) -> anyhow::Result<()> {
    let status = aws.status_table(StreamStatusTable::FIRST_STREAM);
    // A task ends with its machine, so the reconciler need not wait for a task of an earlier run.
    let mut launch = status.launch().await?;
    if launch.task.take().is_some() {
        launch.at = None;
        status.save_launch(&mut launch).await?;
    }
    for keyword in keywords {
        status.add_keyword(keyword, KeywordOptions::default(), UtcTime::now()).await?;
    }
    Ok(())
}

/// The API in its parts, which check no keys; each reports a failure of the disk.
struct Apis {
    read: ReadApi,
    control: ControlApi,
    disk: Disk,
}

impl Apis {
    fn read(&self) -> Router {
        self.with_disk(api::read(self.read.clone()))
    }

    fn control(&self) -> Router {
        self.with_disk(api::control(self.control.clone()))
    }

    fn whole(&self, authorizer: Option<Authorizer>) -> Router {
        self.with_disk(whole(self.read.clone(), self.control.clone(), authorizer))
    }

    fn with_disk(&self, api: Router) -> Router {
        api.layer(middleware::from_fn_with_state(self.disk.clone(), disk::report_failure))
    }
}

/// The API and the page, restricted by `access`. Each half of the page asks as in AWS: the views what `read` answers, the forms what `control` does.
fn routes(aws: &Endpoint, access: Access, apis: &Apis, made_up: bool) -> Router {
    const LOOK_EVERY: Duration = Duration::from_secs(2);
    let authorizer = |caller: &str| match access {
        Access::ThisMachine => None,
        Access::WithKey => Some(Authorizer::new(&aws.sdk_of(caller), programs::authorizer())),
    };
    let page = |api: Router, caller: &str| Page {
        api,
        authorizer: authorizer(caller),
        made_up,
        look_every: LOOK_EVERY,
    };
    let views = page(apis.read(), "read").views();
    let forms = page(apis.control(), "control").forms();
    let routes = page_beside(views.merge(forms), apis.whole(authorizer("authorizer")));
    match access {
        Access::ThisMachine => routes.layer(middleware::from_fn(browser::only_this_machine)),
        Access::WithKey => routes,
    }
}
