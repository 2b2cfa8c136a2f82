//! `GET /charts`: what a keyword has, or all have.

use axum::extract::Path;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use page::address::Address;
use page::browse::PostPage;
use page::charts::{Charts, CountryCounts, PARAMETERS};
use page::histogram::Histogram;
use page::post::FIELDS;
use page::stream::Stream;
use page::words;
use utc_time::UtcTime;

use super::answer::{Answer, Refusal, html};
use super::gaps::streams_with_gaps;
use super::headers::DRAWING;
use super::range::{Counts, Range};
use super::session::Session;

/// How many posts are looked at one by one: those of one page of the API.
const NEWEST: u8 = 100;

/// `GET /charts`: the parameters of `GET /tweetsStatistics`.
pub(super) async fn show(session: Session, uri: Uri) -> Answer {
    let shown = charts(&session, uri.query().unwrap_or_default()).await;
    shown.map_err(|refusal| refusal.back_to("/charts"))
}

async fn charts(session: &Session, query: &str) -> Answer {
    let now = UtcTime::now();
    let address = Address::parse("/charts", query);
    let range = Range::of(&address, now);
    let (keyword, histogram, stream) = over_time(session, &address, range, now).await?;
    let within = range.within(&address);
    let countries =
        async { session.get::<CountryCounts>(within.moved("/tweetsStatistics").with("by", "country")).await };
    let newest = async {
        if keyword.is_none() {
            return Ok(None);
        }
        let tweets = within.at("/tweets", &PARAMETERS).with("limit", NEWEST).with("fields", FIELDS);
        session.get::<PostPage>(tweets).await.map(Some)
    };
    let is_known = keyword.as_deref().is_none_or(|keyword| {
        let since = stream.collected_since(keyword);
        since.is_some_and(|since| since <= range.before().from())
    });
    let before = async { if is_known { before(session, &address, range).await } else { None } };
    let (countries, newest, before) = futures::join!(countries, newest, before);
    let newest = newest?.map(|page| page.tweets).unwrap_or_default();
    let keywords: Vec<String> = stream.keywords.iter().map(|keyword| keyword.keyword.clone()).collect();
    let view = Charts {
        address: &address,
        keywords: &keywords,
        keyword: keyword.as_deref(),
        histogram: &histogram,
        before,
        countries: &countries?,
        newest: &newest,
    };
    Ok(html(StatusCode::OK, view.page(&session.frame, now)))
}

/// The keyword as the API writes it, its posts over time, and the stream.
async fn over_time(
    session: &Session,
    address: &Address,
    range: Range,
    now: UtcTime,
) -> Result<(Option<String>, Histogram, Stream), Refusal> {
    let (stream, counts) = futures::try_join!(
        streams_with_gaps(session, address.get("keyword"), range.from()),
        session.get::<Counts>(range.counts(address))
    )?;
    let histogram = range.histogram(&counts, &stream, now);
    Ok((counts.keyword, histogram, stream))
}

/// How many posts there were in as much time before; `None` where that is not counted. It is not asked where the keyword was not collected then.
async fn before(session: &Session, address: &Address, range: Range) -> Option<u64> {
    let before = range.before();
    let address = address.without("from").without("to");
    let counts: Counts = session.get(before.counts(&address)).await.ok()?;
    Some(before.total(&counts))
}

/// `GET /charts/{file}`: a chart by itself, as a drawing, as CSV, or as the API answers it.
pub(super) async fn file(session: Session, Path(name): Path<String>, uri: Uri) -> Answer {
    let address = Address::parse("/charts", uri.query().unwrap_or_default());
    let file = file_of(&session, &name, &address).await;
    file.map_err(|refusal| refusal.back_to("/charts"))
}

async fn file_of(session: &Session, name: &str, address: &Address) -> Answer {
    let now = UtcTime::now();
    let range = Range::of(address, now);
    let countries = range.within(address).moved("/tweetsStatistics").with("by", "country");
    Ok(match name {
        "posts.json" => session.ask(Method::GET, &range.counts(address).to_string(), None).await?,
        "countries.json" => session.ask(Method::GET, &countries.to_string(), None).await?,
        "countries.csv" => csv(session.get::<CountryCounts>(&countries).await?.csv()),
        "countries.svg" => drawing(session.get::<CountryCounts>(&countries).await?.picture()),
        "posts.csv" => csv(over_time(session, address, range, now).await?.1.csv(now)),
        "posts.svg" => {
            let (keyword, histogram, _) = over_time(session, address, range, now).await?;
            let (posts, unit) = (words::count(histogram.total(), "post"), histogram.unit.name());
            let of = keyword.map(|keyword| format!(" of {keyword}")).unwrap_or_default();
            drawing(histogram.picture(&format!("{posts}{of} by {unit}")))
        }
        _ => {
            let detail = "there is no such chart; there are posts and countries, as .svg, .csv and .json";
            return Err(Refusal::problem(StatusCode::NOT_FOUND, detail).within(&session.frame));
        }
    })
}

fn csv(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}

fn drawing(svg: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, DRAWING)];
    (headers, svg).into_response()
}
