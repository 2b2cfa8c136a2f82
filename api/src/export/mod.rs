//! Exports: all posts of a range as lines of JSON or as a table.

mod written;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use posts::tweets::{CountryFilter, PageCursor, PostQuery, StoredPost};
use tokio::time::Instant;

use self::written::{Sent, Written};
use crate::cursor::Cursor;
use crate::{Problem, ReadApi};

/// Posts that are read at once.
const AT_ONCE: usize = 1000;

/// How long an export of a function goes on: an HTTP API waits for 30 s.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// How posts are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values as in RFC 4180, with a head.
    Csv,
}

/// Why a part of an export could not be had.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Table(#[from] service::tables::TableError),
    #[error("failed to write a post: {0}")]
    Json(#[from] serde_json::Error),
    #[error("failed to write a post: {0}")]
    Csv(#[from] csv::Error),
}

/// The posts that are wanted, from `after` on, as they are read. Where answers are bounded, they are
/// gathered first, so that a header can say where the rest is.
pub(crate) async fn answer(
    api: ReadApi,
    wanted: PostQuery,
    format: Format,
    after: Option<PageCursor>,
) -> Result<Response, Problem> {
    let headers = [(header::CONTENT_TYPE, format.media_type())];
    if let Some(most) = api.answer_bytes {
        let (body, rest) = bounded(&api, &wanted, format, after, most).await?;
        let Some(at) = rest else { return Ok((headers, body).into_response()) };
        let next = link(&wanted, format, &Cursor::write(at, &wanted)?);
        return Ok((headers, [(HeaderName::from_static("link"), next)], body).into_response());
    }
    let (first, next) = part(&api, &wanted, Written::new(format)?, after).await?;
    // What fails later breaks the answer off, which its reader sees.
    let rest = stream::try_unfold(next, move |next| {
        let (api, wanted) = (api.clone(), wanted.clone());
        async move {
            let Some(at) = next else { return Ok(None) };
            part(&api, &wanted, Written::going_on(format), Some(at)).await.map(Some)
        }
    });
    let all = futures::StreamExt::chain(stream::iter([Ok::<_, ExportError>(first)]), rest);
    Ok((headers, Body::from_stream(all)).into_response())
}

/// The next posts, written, and where to go on.
async fn part(
    api: &ReadApi,
    wanted: &PostQuery,
    mut written: Written,
    after: Option<PageCursor>,
) -> Result<(Bytes, Option<PageCursor>), ExportError> {
    let page = api.tweets.page(wanted, AT_ONCE, after).await?;
    for post in &page.posts {
        written.push(post)?;
    }
    Ok((written.finish()?.into(), page.next))
}

/// As many posts as can be sent in `most` bytes, but at least one, and where to go on.
async fn bounded(
    api: &ReadApi,
    wanted: &PostQuery,
    format: Format,
    after: Option<PageCursor>,
    most: usize,
) -> Result<(Vec<u8>, Option<PageCursor>), ExportError> {
    let end = Instant::now() + ANSWER_TIME;
    let mut written = Written::new(format)?;
    let mut sent = Sent::new(format);
    sent.add(written.bytes());
    let (mut at, mut is_first) = (after, true);
    loop {
        let page = api.tweets.page(wanted, AT_ONCE, at.clone()).await?;
        for post in &page.posts {
            let before = written.bytes().len();
            written.push(post)?;
            sent.add(&written.bytes()[before..]);
            if sent.bytes() > most && !is_first {
                let mut body = written.finish()?;
                body.truncate(before);
                return Ok((body, at));
            }
            is_first = false;
            at = Some(place(post));
        }
        at = page.next;
        if at.is_none() || Instant::now() >= end {
            return Ok((written.finish()?, at));
        }
    }
}

/// Where a walk stands after this post.
fn place(stored: &StoredPost) -> PageCursor {
    PageCursor { tweet_id: stored.post.tweet_id.clone(), create_date: stored.post.create_date }
}

/// The rest of an export, as RFC 8288 writes it: relative to the request, wherever the api is.
fn link(wanted: &PostQuery, format: Format, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("keyword", wanted.keyword.as_str());
    let country = wanted.filter.country.map(CountryFilter::as_str);
    for (name, value) in [
        ("from", wanted.from.map(|at| at.to_string())),
        ("to", wanted.before.map(|at| at.to_string())),
        ("country", country.map(str::to_owned)),
        ("language", wanted.filter.language.clone()),
        ("text", wanted.filter.text.clone()),
    ] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.append_pair(
        "order",
        match wanted.order {
            posts::tweets::Order::NewestFirst => "newest",
            posts::tweets::Order::OldestFirst => "oldest",
        },
    );
    query.append_pair(
        "format",
        match format {
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        },
    );
    query.append_pair("cursor", cursor);
    format!("<?{}>; rel=\"next\"", query.finish())
}
