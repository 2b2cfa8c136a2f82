//! The answer to a request for an export: streamed where answers have no limit, else as much as fits and a link to the rest.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt, TryStreamExt};
use posts::tweets::{PostPosition, PostQuery};
use tokio::time::Instant;

use super::error::ExportError;
use super::format::Shape;
use super::link;
use super::payload::PayloadSize;
use super::writer::Writer;
use crate::error::ApiError;
use crate::request::PageCursor;
use crate::state::ReadApi;

/// Posts that are read together.
const READ_AT_ONCE: usize = 1000;

/// How long a bounded export keeps reading: an HTTP API waits for 30 s.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// The posts of `query` from `after` on. Where answers are bounded, the posts are collected first, so that a header can link
/// to the rest; elsewhere they are sent as they are read.
pub(crate) async fn answer(
    api: ReadApi,
    query: PostQuery,
    shape: Shape,
    after: Option<PostPosition>,
) -> Result<Response, ApiError> {
    let content_type = [(header::CONTENT_TYPE, shape.format.media_type())];
    let Some(limit) = api.answer_bytes else {
        return Ok((content_type, streamed(api, query, shape, after).await?).into_response());
    };
    let (body, next) = bounded(&api, &query, &shape, after, limit).await?;
    let Some(next) = next else { return Ok((content_type, body).into_response()) };
    let link = link::next(&query, &shape, &PageCursor::encode(next, &query)?);
    Ok((content_type, [(header::LINK, link)], body).into_response())
}

/// All posts. If reading them fails later, the answer is cut off, which its reader notices.
async fn streamed(
    api: ReadApi,
    query: PostQuery,
    shape: Shape,
    after: Option<PostPosition>,
) -> Result<Body, ExportError> {
    let (first, next) = part(&api, &query, Writer::new(&shape)?, &shape, after).await?;
    let rest = stream::try_unfold(next, move |next| {
        let (api, query, shape) = (api.clone(), query.clone(), shape.clone());
        async move {
            let Some(next) = next else { return Ok(None) };
            part(&api, &query, Writer::continued(shape.format), &shape, Some(next)).await.map(Some)
        }
    });
    let rest = rest.inspect_err(|error: &ExportError| tracing::error!(%error, "an export was cut off"));
    Ok(Body::from_stream(stream::iter([Ok(first)]).chain(rest)))
}

/// The next posts, written, and where the rest begins.
async fn part(
    api: &ReadApi,
    query: &PostQuery,
    mut writer: Writer,
    shape: &Shape,
    after: Option<PostPosition>,
) -> Result<(Bytes, Option<PostPosition>), ExportError> {
    let page = api.tweets.page_with_removed(query, READ_AT_ONCE, after, shape.fields.detail()).await?;
    for found in &page.found {
        writer.push(found, shape)?;
    }
    Ok((writer.finish()?.into(), page.next))
}

/// As many posts as `limit` bytes hold, but at least one, and where the rest begins.
async fn bounded(
    api: &ReadApi,
    query: &PostQuery,
    shape: &Shape,
    after: Option<PostPosition>,
    limit: usize,
) -> Result<(Vec<u8>, Option<PostPosition>), ExportError> {
    let deadline = Instant::now() + ANSWER_TIME;
    let mut writer = Writer::new(shape)?;
    let mut size = PayloadSize::new(shape.format);
    size.add(writer.bytes());
    let (mut at, mut is_first) = (after, true);
    loop {
        let detail = shape.fields.detail();
        let page = api.tweets.page_with_removed(query, READ_AT_ONCE, at.clone(), detail).await?;
        for found in &page.found {
            let before = writer.bytes().len();
            writer.push(found, shape)?;
            size.add(&writer.bytes()[before..]);
            if size.bytes() > limit && !is_first {
                let mut body = writer.finish()?;
                body.truncate(before);
                return Ok((body, at));
            }
            is_first = false;
            at = Some(found.position());
        }
        at = page.next;
        if at.is_none() || Instant::now() >= deadline {
            return Ok((writer.finish()?, at));
        }
    }
}
