//! Mastodon's streams and timelines, of the same posts: `GET /api/v1/streaming/public`, `…/hashtag?tag=`,
//! `GET /api/v1/timelines/public`, `…/tag/{tag}`.

mod follower;
mod status;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::Stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::clock::now;
use crate::stub::Stub;
use crate::world::World;
use crate::world::chunk::{Chunk, Delivery, LINES_BUFFERED, Line};
use crate::world::faults::Part;
use crate::world::posted::Posted;
use crate::world::redaction::{Reason, Redaction};
use crate::x::answer::Failure;
pub(crate) use follower::Follower;
use follower::has_tag;
use status::{opted_out, status, status_id};

/// Most posts on a page of a timeline.
const PAGE: usize = 40;

impl World {
    /// Sends the post with this sequence number to every reader of Mastodon's streams that follows it, changed by the fault that is
    /// due.
    pub(crate) fn tell_followers(&mut self, sequence: u64, event: &str) {
        if self.followers.is_empty() {
            return;
        }
        let Some(post) = self.posted(sequence) else { return };
        let data = match event {
            "delete" => status_id(post, sequence).to_string(),
            _ => status(post, sequence).to_string(),
        };
        let facts = post.facts();
        let followers: Vec<u64> = self
            .followers
            .iter()
            .filter(|follower| !follower.silent && follower.follows(&facts))
            .map(|follower| follower.number)
            .collect();
        let bytes = Bytes::from(format!("event: {event}\ndata: {data}\n\n"));
        let line = Line { bytes, delivery: Delivery { sequence, resources: Arc::default() } };
        for number in followers {
            for chunk in self.faults.bend(line.clone()) {
                let Some(follower) = self.followers.iter().find(|follower| follower.number == number) else {
                    break;
                };
                if follower.lines.try_send(chunk).is_err() {
                    self.followers.retain(|follower| follower.number != number);
                }
            }
        }
    }

    /// Sends these bytes to every reader of Mastodon's streams.
    pub(crate) fn say_to_followers(&self, bytes: &Bytes) {
        for follower in self.followers.iter().filter(|follower| !follower.silent) {
            let _ = follower.lines.try_send(Chunk::Bytes(bytes.clone(), None));
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Tag {
    tag: String,
}

pub(crate) async fn public_stream(State(stub): State<Stub>) -> Result<Response, Failure> {
    open(stub, None)
}

pub(crate) async fn hashtag_stream(
    State(stub): State<Stub>,
    Query(Tag { tag }): Query<Tag>,
) -> Result<Response, Failure> {
    open(stub, Some(tag.to_lowercase()))
}

fn open(stub: Stub, tag: Option<String>) -> Result<Response, Failure> {
    let (sender, lines) = mpsc::channel(LINES_BUFFERED);
    let number = {
        let mut world = stub.world();
        if let Some((status, left)) = world.faults.status(Part::Everything, Instant::now()) {
            return Err(Failure::asked_for(status, left));
        }
        world.connected += 1;
        let number = world.connected;
        world.tags.extend(tag.clone());
        world.followed = true;
        world.followers.push(Follower { number, tag, lines: sender, silent: false });
        number
    };
    let mut keep_alive =
        tokio::time::interval_at(Instant::now() + stub.inner.keep_alive, stub.inner.keep_alive);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ended = Box::pin(stub.inner.ended.clone().cancelled_owned());
    let following = Following { stub, number, lines, keep_alive, ended, cut: false, over: false };
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))];
    Ok((headers, Body::from_stream(following)).into_response())
}

/// The body of a stream.
struct Following {
    stub: Stub,
    number: u64,
    lines: mpsc::Receiver<Chunk>,
    keep_alive: Interval,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    cut: bool,
    over: bool,
}

impl Stream for Following {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over || self.ended.as_mut().poll(context).is_ready() {
            self.over = true;
            return Poll::Ready(None);
        }
        if self.cut {
            self.over = true;
            return Poll::Ready(Some(Err(std::io::Error::other("cut on request"))));
        }
        match self.lines.poll_recv(context) {
            Poll::Ready(Some(Chunk::Bytes(bytes, delivery))) => {
                if let Some(delivery) = delivery {
                    self.stub.world().delivered(&delivery);
                }
                self.keep_alive.reset();
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(Some(Chunk::Cut)) => {
                // Only an idle body is flushed: what was sent before the cut must get out first.
                self.cut = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                while self.keep_alive.poll_tick(context).is_ready() {
                    let silent = self
                        .stub
                        .world()
                        .followers
                        .iter()
                        .any(|follower| follower.number == self.number && follower.silent);
                    if !silent {
                        return Poll::Ready(Some(Ok(Bytes::from_static(b":thump\n\n"))));
                    }
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let number = self.number;
        self.stub.world().followers.retain(|follower| follower.number != number);
    }
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    min_id: Option<u64>,
    limit: Option<usize>,
}

pub(crate) async fn public_timeline(
    State(stub): State<Stub>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Failure> {
    timeline(&stub, None, &wanted)
}

pub(crate) async fn hashtag_timeline(
    State(stub): State<Stub>,
    Path(tag): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Failure> {
    timeline(&stub, Some(&tag.to_lowercase()), &wanted)
}

/// With `min_id`, the posts that follow it; without, the newest; in both cases newest first.
fn timeline(stub: &Stub, tag: Option<&str>, wanted: &Wanted) -> Result<Json<Value>, Failure> {
    let world = stub.world();
    let now = Instant::now();
    if let Some((status, left)) =
        [Part::Everything, Part::Search].into_iter().find_map(|part| world.faults.status(part, now))
    {
        return Err(Failure::asked_for(status, left));
    }
    let limit = wanted.limit.unwrap_or(20).clamp(1, PAGE);
    let of_tag = |post: &Posted| post.is_public() && tag.is_none_or(|tag| has_tag(&post.facts(), tag));
    let all = (world.forgotten..).zip(&world.posts);
    let page: Vec<Value> = match wanted.min_id {
        Some(min_id) => {
            let following = all.filter(|(sequence, post)| status_id(post, *sequence) > min_id);
            let page = following.filter(|(_, post)| of_tag(post)).take(limit);
            let mut page: Vec<Value> = page.map(|(sequence, post)| status(post, sequence)).collect();
            page.reverse();
            page
        }
        None => {
            let all: Vec<_> = all.collect();
            let newest = all.into_iter().rev().filter(|(_, post)| of_tag(post)).take(limit);
            newest.map(|(sequence, post)| status(post, sequence)).collect()
        }
    };
    Ok(Json(page.into()))
}

/// An author's correction of a post: an edit or a removal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correct {
    id: u64,
    /// The new text; absent to remove the post.
    text: Option<String>,
}

/// `POST /control/correct`: an author edits or removes a post.
pub(crate) async fn correct(
    State(stub): State<Stub>,
    Json(Correct { id, text }): Json<Correct>,
) -> StatusCode {
    let mut world = stub.world();
    let sequence =
        (world.forgotten..).zip(&world.posts).find(|(sequence, post)| status_id(post, *sequence) == id);
    let Some((sequence, _)) = sequence else { return StatusCode::NOT_FOUND };
    let removed = text.is_none();
    if let Some(post) = world.posted_mut(sequence) {
        post.redaction = removed.then(|| Redaction { reason: Reason::Deleted, at: now() });
        post.edited = text.map(|text| (text, now()));
    }
    world.tell_followers(sequence, if removed { "delete" } else { "status.update" });
    StatusCode::ACCEPTED
}

/// `GET /control/statuses`: every post with a hashtag that was ever followed, as Mastodon knows it.
pub(crate) async fn statuses(State(stub): State<Stub>) -> Json<Value> {
    let world = stub.world();
    let statuses: Vec<Value> = (world.forgotten..)
        .zip(&world.posts)
        .filter_map(|(sequence, post)| {
            let facts = post.facts();
            let tags: Vec<&String> = world.tags.iter().filter(|tag| has_tag(&facts, tag)).collect();
            (!tags.is_empty()).then(|| {
                json!({
                    "id": status_id(post, sequence).to_string(), "at": format!("{:.3}", post.at), "tags": tags,
                    "removed": !post.is_public(), "text": post.edited.as_ref().map(|(text, _)| text),
                    "delivered": post.delivered, "optedOut": opted_out(post),
                })
            })
        })
        .collect();
    Json(json!({ "statuses": statuses }))
}
