//! From a 429, as it comes over the wire, to the wait before the next attempt.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Response;
use futures::FutureExt;
use json_api::answered;
use proptest::prelude::*;
use serde_json::json;
use utc_time::UtcTime;

use super::*;
use crate::source::{RateLimits, Source};
use crate::sources::x::X;

const MINUTE: u64 = 60;

/// What X says with a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// Another connection holds the slot.
    Slot,
    /// There were too many requests.
    TooMany,
    /// The account has no credits left.
    Credits,
    /// The month's cap is reached.
    Cap,
    /// Nothing that can be read.
    Nothing,
}

fn body() -> impl Strategy<Value = (Says, Vec<u8>)> {
    let slot = json!({ "title": "ConnectionException", "connection_issue": "TooManyConnections",
        "type": "https://api.x.com/2/problems/streaming-connection" });
    let too_many = json!({ "title": "Too Many Requests", "detail": "Too Many Requests", "status": 429 });
    let credits = json!({ "title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped" });
    let mut cap = credits.clone();
    cap["period"] = "Monthly".into();
    // Where X expects a text, something else.
    let bent = json!({ "connection_issue": ["TooManyConnections"], "errors": { "type": 7 }, "type": null });
    let said = |says, body: serde_json::Value| Just((says, body.to_string().into_bytes()));
    prop_oneof![
        said(Says::Slot, slot),
        said(Says::TooMany, too_many),
        said(Says::Credits, json!({ "errors": [credits.clone()] })),
        said(Says::Credits, credits),
        said(Says::Cap, cap),
        said(Says::Nothing, bent),
        Just((Says::Nothing, Vec::new())),
        proptest::collection::vec(any::<u8>(), 0..100).prop_map(|bytes| (Says::Nothing, bytes)),
    ]
}

/// The header that says how many requests are left, and what it says.
fn remaining() -> impl Strategy<Value = (Option<Vec<u8>>, Option<u32>)> {
    let nonsense = ["", "many", "-1", "1.5", "99999999999"].map(str::as_bytes).map(<[u8]>::to_vec);
    prop_oneof![
        Just((None, None)),
        (0..60_u32).prop_map(|left| (Some(left.to_string().into_bytes()), Some(left))),
        proptest::sample::select(nonsense.to_vec()).prop_map(|text| (Some(text), None)),
        Just((Some(vec![0xFF]), None)),
    ]
}

/// What the header says about the end of the window.
#[derive(Clone, Copy, Debug)]
enum Reset {
    /// There is no such header.
    Absent,
    /// It is so many seconds ahead: in the past, in a window, or in an absurd future.
    Ahead(i64),
    /// It is no time.
    Nonsense(&'static str),
}

fn reset() -> impl Strategy<Value = Reset> {
    let nonsense = ["", "soon", "-5", "1e9", "9223372036854775807", "1795514400000"];
    prop_oneof![
        1 => Just(Reset::Absent),
        6 => prop_oneof![-900_000_000..0_i64, 0..=15 * 60_i64, 3_600..1_000_000_000_i64].prop_map(Reset::Ahead),
        2 => proptest::sample::select(nonsense.to_vec()).prop_map(Reset::Nonsense),
    ]
}

/// The wait before the next attempt to connect, after a 429 with these headers and this body.
fn wait(headers: [(&str, Option<Vec<u8>>); 2], body: Vec<u8>, attempt: u32, now: UtcTime) -> Duration {
    let mut response = Response::builder().status(429);
    for (name, value) in headers {
        response = value.into_iter().fold(response, |response, value| response.header(name, value));
    }
    let limits = RateLimits::new(X::CONNECTS, Vec::new(), BTreeMap::new());
    let request = async { limit_apart(answered(response.body(body).unwrap().into(), true).await) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let Answer { outcome, limit } =
        runtime.block_on(limits.answer(RateLimits::CONNECT, request).boxed_local());
    let Failure::Passing { class, .. } = failure(outcome.unwrap_err(), limit) else {
        panic!("no 429 is final")
    };
    X::BACKOFF.wait(class, attempt, now).max(limits.connect_wait(now))
}

proptest! {
    #[test]
    fn after_a_429_the_wait_is_what_it_means(
        attempt in prop_oneof![0..6_u32, any::<u32>()],
        now in 1_000_000_000..2_000_000_000_i64,
        (says, body) in body(),
        (remaining, left) in remaining(),
        reset in reset(),
    ) {
        let at = UtcTime::from_millis(now * 1000).unwrap();
        let (text, ahead) = match reset {
            Reset::Absent => (None, None),
            Reset::Ahead(ahead) => (Some((now + ahead).to_string()), Some(ahead)),
            Reset::Nonsense(text) => (Some(text.to_owned()), None),
        };
        let headers = [("x-rate-limit-remaining", remaining), ("x-rate-limit-reset", text.map(String::into_bytes))];
        let wait = wait(headers, body, attempt, at).as_secs();
        let doubled = (MINUTE << attempt.min(4)).min(15 * MINUTE);
        match says {
            Says::Slot => prop_assert_eq!(wait, doubled),
            Says::Credits => prop_assert_eq!(wait, 5 * MINUTE),
            Says::Cap => prop_assert_eq!(wait, 60 * MINUTE),
            Says::TooMany | Says::Nothing => {
                // The last connections are a person's, so they are as good as none.
                let is_used_up = left.is_none_or(|left| left <= X::CONNECTS.reserve);
                let window = ahead.filter(|ahead| is_used_up && (0..=15 * 60).contains(ahead));
                match window {
                    Some(ahead) => prop_assert_eq!(wait, doubled.max(u64::try_from(ahead).unwrap() + 2)),
                    None => prop_assert_eq!(wait, doubled),
                }
            }
        }
    }
}
