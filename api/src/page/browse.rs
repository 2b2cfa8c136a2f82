//! `GET /browse`: the posts of a keyword, and their export.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use page::address::Address;
use page::browse::{Browse, PostPage, Shown};
use page::post::FIELDS;
use page::stream::Stream;
use utc_time::UtcTime;

use super::answer::{Answer, Refusal, html};
use super::gaps::streams_with_gaps;
use super::headers::WITH_PICTURES;
use super::range::{Counts, Range};
use super::session::{Host, Session};

/// Posts on a page. Laying out twice as many held a browser up for more than 50 ms, which is seen while scrolling (docs/BENCHMARKS.md).
const LIMIT: u8 = 25;

/// `GET /browse`: the parameters of `GET /tweets`, and `pictures=on`.
pub(super) async fn show(session: Session, Host(host): Host, uri: Uri) -> Answer {
    let shown = posts(&session, &host, uri.query().unwrap_or_default()).await;
    shown.map_err(|refusal| refusal.back_to("/browse"))
}

async fn posts(session: &Session, host: &str, query: &str) -> Answer {
    let now = UtcTime::now();
    let address = Address::parse("/browse", query);
    let pictures = address.get("pictures") == Some("on");
    let asked = address.without("pictures");
    let range = Range::of(&asked, now);
    let stream = streams_with_gaps(session, asked.get("keyword"), range.from()).await?;
    let keywords: Vec<String> = stream.keywords.iter().map(|keyword| keyword.keyword.clone()).collect();
    // Without a keyword the API is asked too if there is anything that it must refuse.
    let found = match asked.parameters() {
        [] => None,
        _ if asked.get("keyword").is_none()
            && address.at("/", &page::filter::parameters()) == asked.moved("/") =>
        {
            None
        }
        _ => Some(found(session, &asked, range, &stream, now).await?),
    };
    let shown = found.as_ref().map(|(keyword, histogram, page)| Shown { keyword, histogram, page });
    let view = Browse { address: &address, keywords: &keywords, shown, pictures, api: host };
    let mut response = html(StatusCode::OK, view.page(&session.frame));
    if pictures {
        let policy = HeaderValue::from_static(WITH_PICTURES);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// The keyword as the API writes it, its histogram, and a page of its posts.
async fn found(
    session: &Session,
    asked: &Address,
    range: Range,
    stream: &Stream,
    now: UtcTime,
) -> Result<(String, page::histogram::Histogram, PostPage), Refusal> {
    let mut tweets = asked.moved("/tweets").with("fields", FIELDS);
    if tweets.get("limit").is_none() {
        tweets = tweets.with("limit", LIMIT);
    }
    let page: PostPage = session.get(tweets).await?;
    let counts: Counts =
        session.get(range.counts(&asked.at("/", &["keyword", "from", "to", "versions"]))).await?;
    let histogram = range.histogram(&counts, stream, now);
    Ok((counts.keyword.unwrap_or_default(), histogram, page))
}

/// `GET /export`: what `GET /tweets` answers, for those who have signed in.
pub(super) async fn export(session: Session, uri: Uri) -> Answer {
    let address = Address::parse("/tweets", uri.query().unwrap_or_default());
    let exported = session.ask(Method::GET, &address.to_string(), None).await;
    exported.map_err(|refusal| refusal.back_to("/browse"))
}
