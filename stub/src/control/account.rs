//! The account on the control path: what was read, what it cost, and what may still be.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Body, accepted, refused};
use crate::clock::now;
use crate::stub::Stub;
use crate::world::billing::{Billing, balance};
use crate::world::meter::{Day, date_of, start_of};

/// `GET /control/usage`: what was read, by UTC day, the oldest first, and in the current cycle; and the account's
/// limits. Unlike X's usage it counts users and counts requests too, and money.
pub(crate) async fn usage(State(stub): State<Stub>) -> Json<Value> {
    let world = stub.world();
    let billing = &world.billing;
    Json(json!({
        "days": billing.meter.since(i64::MIN).map(described).collect::<Value>(),
        "cycle": described(&billing.cycle(now())),
        "account": account(billing),
    }))
}

fn described(day: &Day) -> Value {
    json!({
        "date": date_of(start_of(day.number)).to_string(), "posts": day.posts, "users": day.users,
        "countsRequests": day.requests, "microDollars": day.micro_dollars,
    })
}

fn account(billing: &Billing) -> Value {
    json!({
        "creditsMicroDollars": billing.credits, "spendingLimitMicroDollars": billing.spending_limit,
        "monthlyCapPosts": billing.monthly_cap,
    })
}

/// An amount of money.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Amount {
    /// Null, not absent: without end.
    #[serde(deserialize_with = "Option::deserialize")]
    micro_dollars: Option<u64>,
}

/// `POST /control/credits`: sets the balance.
pub(crate) async fn credits(State(stub): State<Stub>, amount: Body<Amount>) -> Response {
    set(&stub, amount, |billing, amount| billing.credits = amount.micro_dollars.map(balance))
}

/// `POST /control/spending-limit`: sets the most that may be spent in a cycle.
pub(crate) async fn spending_limit(State(stub): State<Stub>, amount: Body<Amount>) -> Response {
    set(&stub, amount, |billing, amount| billing.spending_limit = amount.micro_dollars)
}

/// A number of posts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Posts {
    posts: u64,
}

/// `POST /control/monthly-cap`: sets the most posts that may be read in a cycle.
pub(crate) async fn monthly_cap(State(stub): State<Stub>, posts: Body<Posts>) -> Response {
    set(&stub, posts, |billing, posts| billing.monthly_cap = posts.posts)
}

/// Changes the account, which can end the streams at once.
fn set<T>(stub: &Stub, body: Body<T>, change: impl FnOnce(&mut Billing, T)) -> Response {
    match body {
        Ok(Json(body)) => {
            let mut world = stub.world();
            change(&mut world.billing, body);
            world.end_if_exhausted();
            accepted(account(&world.billing))
        }
        Err(error) => refused(&error.body_text()),
    }
}
