//! `GET /`: what runs now, of the first source or of `source`.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{StatusCode, Uri};
use futures::future::try_join_all;
use page::address::Address;
use page::histogram::Histogram;
use page::now::{Now, TIME_LINE};
use page::unit::Unit;
use utc_time::UtcTime;

use super::answer::{Answer, Refusal, html};
use super::control::STARTED_AGAIN;
use super::gaps::stream_with_gaps;
use super::range::Counts;
use super::session::Session;

/// Of how many keywords the last hour is drawn: each takes a request.
const SPARKS: usize = 20;

/// How many minutes are drawn.
const MINUTES: u64 = 60;

/// `GET /`, and `GET /?stopped=…` for those who have just stopped a keyword.
pub(super) async fn show(session: Session, uri: Uri) -> Answer {
    let now = UtcTime::now();
    let address = Address::parse("/", uri.query().unwrap_or_default());
    let stopped: Vec<Address> =
        address.all("stopped").take(STARTED_AGAIN).map(|again| Address::parse("/start", again)).collect();
    let stream = stream_with_gaps(&session, address.get("source"), None, now.before(TIME_LINE)).await?;
    let drawn = stream.keywords.iter().take(SPARKS).map(|keyword| minutes(&session, &keyword.keyword, now));
    let minutes: BTreeMap<String, Vec<u64>> = try_join_all(drawn).await?.into_iter().collect();
    let view = Now { stream: &stream, minutes: &minutes, now, made_up: session.made_up(), stopped: &stopped };
    Ok(html(StatusCode::OK, view.page(&session.frame)))
}

/// The posts of each minute of a keyword's last hour, oldest first.
async fn minutes(session: &Session, keyword: &str, now: UtcTime) -> Result<(String, Vec<u64>), Refusal> {
    let last = Unit::Minute.start(now);
    let first = last.before(Duration::from_secs(60 * (MINUTES - 1)));
    let address = Address::of("/tweetsStatistics").with("keyword", keyword).with("by", Unit::Minute.name());
    let counts: Counts = session.get(address.with("from", first).with("to", now)).await?;
    let start = |minute| first.after(Duration::from_secs(60 * minute));
    let mut minutes: BTreeMap<UtcTime, u64> = (0..MINUTES).map(|minute| (start(minute), 0)).collect();
    for bar in Histogram::bars_of(Unit::Minute, &counts.statistics) {
        if let Some(posts) = minutes.get_mut(&bar.start) {
            *posts = bar.posts;
        }
    }
    Ok((keyword.to_owned(), minutes.into_values().collect()))
}
