//! A machine: starts every part of the pipeline, and stops them in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::{Authorizer, ControlApi, Page, ReadApi, whole};
use axum::{Router, middleware};
use consumer::Consumer;
use posts::Keyword;
use service::own_metrics::EmbeddedMetrics;
use service::parameters::ParameterStore;
use stream::StreamStatusTable;
use stream::keyword_options::KeywordOptions;
use utc_time::UtcTime;

use crate::access::Access;
use crate::aws::resources::API_KEYS_PARAMETER;
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
        let (stub, x_url) = (source.stub, source.x_url());

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
        let api_with = apis(&aws, x_url.clone(), disk);
        let open_api = api_with(None);
        let page = |authorizer| Page { api: open_api.clone(), authorizer, made_up: stub.is_some() };
        running.spawn(serve(api_listener, routes(&aws, access, api_with, page)));
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
    let status = aws.status_table(StreamStatusTable::DEFAULT_STREAM);
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

/// The whole API, for each authorizer that it is made with; without one it checks no keys.
fn apis(aws: &Endpoint, x_url: Option<String>, disk: Disk) -> impl Fn(Option<Authorizer>) -> Router {
    let read = ReadApi::new(&aws.sdk_of("read"), programs::read(aws));
    let control = ControlApi::new(&aws.sdk_of("control"), programs::control(aws, x_url));
    move |authorizer| {
        let api = whole(read.clone(), control.clone(), authorizer);
        api.layer(middleware::from_fn_with_state(disk.clone(), disk::report_failure))
    }
}

/// The API and the page, restricted by `access`.
fn routes(
    aws: &Endpoint,
    access: Access,
    api: impl FnOnce(Option<Authorizer>) -> Router,
    page: impl FnOnce(Option<Authorizer>) -> Page,
) -> Router {
    let authorizer = match access {
        Access::ThisMachine => None,
        Access::WithKey => {
            let parameters = ParameterStore::new(aws_sdk_ssm::Client::new(&aws.sdk_of("authorizer")));
            Some(Authorizer::new(parameters, API_KEYS_PARAMETER.to_owned()))
        }
    };
    let routes = page(authorizer.clone()).beside(api(authorizer));
    match access {
        Access::ThisMachine => routes.layer(middleware::from_fn(browser::only_this_machine)),
        Access::WithKey => routes,
    }
}
