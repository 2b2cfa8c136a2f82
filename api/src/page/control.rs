//! `/start` and `/stop`: first what it would bring is shown, then a form does it.

use axum::http::{HeaderMap, Method, StatusCode, Uri};
use page::address::Address;
use page::session::{Estimate, Options, Start, Stop};
use page::stream::{Keyword, Stream};
use serde_json::json;

use super::answer::{Answer, Refusal, html, see_other};
use super::form::Form;
use super::origin;
use super::session::Session;

/// Of how many stopped keywords the page says where to start them again: their addresses are in its own.
pub(super) const STARTED_AGAIN: usize = 20;

/// How long that address may get: a request's head may have 8 KB.
const ADDRESS_BYTES: usize = 4096;

/// `GET /start?keyword=…&since=…`: what a keyword would bring. X charges for that, so other sites cannot lead there.
pub(super) async fn confirm_start(session: Session, headers: HeaderMap, uri: Uri) -> Answer {
    if !origin::is_own_visit(&headers) {
        return Err(origin::refusal());
    }
    let address = Address::parse("/start", uri.query().unwrap_or_default());
    let Some(keyword) = address.get("keyword").map(str::trim).filter(|keyword| !keyword.is_empty()) else {
        return Ok(see_other("/"));
    };
    let since = address.get("since");
    let sources: Vec<&str> = address.get("source").map(names).unwrap_or_default();
    let mut asked = Address::of("/stream/estimate").with("keyword", keyword);
    if let Some(since) = since {
        asked = asked.with("since", time(since));
    }
    let mut is_charged = sources.is_empty() || sources.contains(&"x");
    let estimate = match is_charged {
        false => Err(NOT_FROM_X.to_owned()),
        true => match session.get::<Estimate>(asked).await {
            Ok(estimate) => Ok(estimate),
            // What is wrong with the keyword or the day keeps it from being started.
            Err(Refusal::Problem(problem)) if is_unknown(problem.status) => {
                // Posts do not come from X.
                is_charged &= problem.status != StatusCode::CONFLICT;
                Err(problem.detail)
            }
            Err(refusal) => return Err(refusal),
        },
    };
    let estimate = estimate.as_ref().map_err(String::as_str);
    let options = Options::read(|name| address.get(name));
    let view = Start {
        keyword,
        since,
        sources: &sources,
        is_charged,
        options,
        estimate,
        made_up: session.made_up(),
    };
    Ok(html(StatusCode::OK, view.page(&session.frame)))
}

/// Sources as a form sends them, separated by commas.
fn names(sources: &str) -> Vec<&str> {
    sources.split(',').map(str::trim).filter(|source| !source.is_empty()).collect()
}

/// Why there is no estimate of what Mastodon brings.
const NOT_FROM_X: &str = "only X offers counts for an estimate; Mastodon charges for no post";

/// Whether an estimate that is refused with this status says nothing against the keyword.
fn is_unknown(status: StatusCode) -> bool {
    status == StatusCode::CONFLICT || status == StatusCode::SERVICE_UNAVAILABLE
}

/// `POST /start`
pub(super) async fn start(session: Session, form: Form) -> Answer {
    let mut body = json!({ "keyword": form.get("keyword") });
    if let Some(since) = form.get("since") {
        body["since"] = time(since).into();
    }
    let options = Options::read(|name| form.get(name));
    if options.without_reposts {
        body["reposts"] = false.into();
    }
    if let Some(posts) = options.max_posts_a_day {
        body["maxPostsADay"] = posts.into();
    }
    let sources = form.get("source").map(names).unwrap_or_default();
    if !sources.is_empty() {
        body["sources"] = json!(sources);
    }
    session.ask(Method::POST, "/stream", Some(&body)).await?;
    Ok(see_other(&Address::of("/").of_source(sources.first().copied()).to_string()))
}

/// `GET /stop?keyword=…`: what would be stopped.
pub(super) async fn confirm_stop(session: Session, uri: Uri) -> Answer {
    session.require_control()?;
    let address = Address::parse("/stop", uri.query().unwrap_or_default());
    let source = address.get("source");
    let mut stream: Stream = session.get(Address::of("/stream").of_source(source)).await?;
    if source.is_none() {
        for other in stream.other_sources() {
            stream.add(session.get(Address::of("/stream").of_source(Some(&other))).await?);
        }
    }
    let keyword = address.get("keyword");
    let is_stopped = |each: &&Keyword| keyword.is_none_or(|keyword| each.keyword == keyword);
    let all: Vec<&Keyword> = stream.keywords.iter().filter(is_stopped).collect();
    let (stopped, more) = all.split_at(all.len().min(STARTED_AGAIN));
    Ok(html(StatusCode::OK, Stop { keyword, source, stopped, more: more.len() }.page(&session.frame)))
}

/// `POST /stop`
pub(super) async fn stop(session: Session, form: Form) -> Answer {
    let source = form.sent("source");
    let all = Address::of("/stream").of_source(source);
    // All are stopped only by a form that names none: an empty name is refused by the API.
    let address = form.sent("keyword").map_or_else(|| all.clone(), |keyword| all.with("keyword", keyword));
    session.ask(Method::DELETE, &address.to_string(), None).await?;
    let now =
        form.all("stopped").take(STARTED_AGAIN).fold(Address::of("/").of_source(source), |now, again| {
            let longer = now.and("stopped", again);
            if longer.to_string().len() > ADDRESS_BYTES { now } else { longer }
        });
    Ok(see_other(&now.to_string()))
}

/// The beginning of a day (UTC), as a form sends it; what is none is left to the API, which refuses it.
fn time(day: &str) -> String {
    if day.contains('T') { day.to_owned() } else { format!("{day}T00:00:00Z") }
}
