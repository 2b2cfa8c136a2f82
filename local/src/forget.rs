//! `aviary forget`: deletes what was collected for good, here or in AWS, and prints the receipt.
#![expect(clippy::print_stderr, reason = "messages for the person at the terminal")]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::RequestBuilder;
use serde_json::Value;

use crate::data;
use crate::machine::Machine;
use crate::options::{Options, Stream};
use crate::terminal::print;

/// How often is looked whether it is done.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// What is to be forgotten.
#[derive(Debug)]
pub struct ForgetOrder {
    /// The keyword; `None` for everything.
    pub keyword: Option<String>,
    /// The keyword once more, or `everything`.
    pub confirm: String,
    /// Whether the counts are forgotten too.
    pub counts: bool,
}

impl ForgetOrder {
    /// Forgets in a data folder that no `aviary` uses.
    ///
    /// # Errors
    /// The folder is in use or cannot be used, or the order is refused.
    pub async fn in_folder(&self, folder: &Path) -> anyhow::Result<()> {
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        if data::is_in_use(folder) {
            bail!("{} is in use; name its API instead, as in: --api http://127.0.0.1:8080", folder.display());
        }
        // It reads nothing, and forgets by itself.
        let options = Options { streamer_elsewhere: Some(0), ..Options::new(folder, Stream::nowhere()) };
        let machine = Machine::start(options).await?;
        let url = format!("http://{}", machine.api);
        let (done, ended) = tokio::sync::oneshot::channel();
        let forgotten = async {
            let outcome = self.through(&url, None).await;
            let _ = done.send(());
            outcome
        };
        let ran = machine.run(async {
            let _ = ended.await;
        });
        let (forgotten, ran) = tokio::join!(forgotten, ran);
        forgotten.and(ran)
    }

    /// Forgets through the API at `url`, with `key` if it requires one; returns when it is done.
    ///
    /// # Errors
    /// The API cannot be reached, or refuses.
    pub async fn through(&self, url: &str, key: Option<&str>) -> anyhow::Result<()> {
        service::aws::install_tls();
        let url = url.trim_end_matches('/');
        let http =
            reqwest::Client::builder().timeout(ANSWER).build().context("failed to set up an HTTP client")?;
        let with_key = |request: RequestBuilder| match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let mut query =
            vec![("confirm", self.confirm.as_str()), ("counts", if self.counts { "true" } else { "false" })];
        match &self.keyword {
            Some(keyword) => query.push(("keyword", keyword)),
            None => query.push(("all", "true")),
        }
        let order = with_key(http.delete(format!("{url}/tweets")).query(&query));
        let mut receipt = answer(order, url).await?;
        eprintln!(
            "aviary: it is being forgotten, which takes two minutes at least; to stop waiting, press Ctrl-C: it goes on by itself"
        );
        while receipt["state"] != "done" {
            if let Some(reason) = receipt["waiting"].as_str() {
                bail!("it does not go on: {reason}; its receipt is at {url}/forgotten/{}", id(&receipt));
            }
            tokio::time::sleep(LOOK_EVERY).await;
            receipt = answer(with_key(http.get(format!("{url}/forgotten/{}", id(&receipt)))), url).await?;
        }
        print(&format!("{receipt:#}\n")).context("failed to print the receipt")
    }
}

fn id(receipt: &Value) -> &str {
    receipt["id"].as_str().unwrap_or_default()
}

/// The API's answer, or its refusal as an error.
async fn answer(request: RequestBuilder, url: &str) -> anyhow::Result<Value> {
    let answer = request.send().await.with_context(|| format!("failed to reach the API at {url}"))?;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    let detail = body["detail"].as_str().or(body["message"].as_str()).unwrap_or("it gave no reason");
    bail!("the API at {url} answered {status}: {detail}")
}
