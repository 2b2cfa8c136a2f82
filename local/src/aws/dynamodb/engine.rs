//! Answers the frequent operations directly, without going through dynoxide's HTTP server.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many answers to transactions are remembered. A client that did not receive an answer retries within seconds.
const ANSWERS_KEPT: usize = 1000;

/// dynoxide, and its latest answers to transactions.
pub(super) struct Engine {
    database: Database,
    answers: Answers,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine { .. }")
    }
}

/// The latest answers to transactions, by `ClientRequestToken`: a repeated request gets the same answer and is not
/// executed again. dynoxide itself remembers answers for ten minutes, but scans all of them on each transaction.
#[derive(Default)]
struct Answers {
    by_token: HashMap<String, String>,
    tokens: VecDeque<String>,
}

impl Answers {
    fn remember(&mut self, token: String, answer: String) {
        if self.tokens.len() == ANSWERS_KEPT
            && let Some(oldest) = self.tokens.pop_front()
        {
            self.by_token.remove(&oldest);
        }
        self.tokens.push_back(token.clone());
        self.by_token.insert(token, answer);
    }
}

/// The outcome of a request.
pub(super) enum Outcome {
    Answered(String),
    /// A condition did not hold, or the database failed.
    Failed(DynoxideError),
    /// Nothing was done: dynoxide's HTTP server is to answer the request, or to refuse it with AWS's error.
    Forwarded,
}

impl Engine {
    pub(super) fn new(database: Database) -> Self {
        Self { database, answers: Answers::default() }
    }

    pub(super) fn database(&self) -> Database {
        self.database.clone()
    }

    /// Answers a frequent operation.
    pub(super) fn run(&mut self, operation: &str, body: &[u8]) -> Outcome {
        let database = &self.database;
        match operation {
            "GetItem" => ask(body, |request| database.get_item(request)),
            "PutItem" => ask(body, |request| database.put_item(request)),
            "UpdateItem" => ask(body, |request| database.update_item(request)),
            "DeleteItem" => ask(body, |request| database.delete_item(request)),
            "BatchWriteItem" => ask(body, |request| database.batch_write_item(request)),
            "BatchGetItem" => ask(body, |request| database.batch_get_item(request)),
            "Query" => ask(body, |request| database.query(request)),
            "Scan" => ask(body, |request| database.scan(request)),
            "TransactWriteItems" => self.transact(body),
            _ => Outcome::Forwarded,
        }
    }

    fn transact(&mut self, body: &[u8]) -> Outcome {
        let Ok(mut request) = serde_json::from_slice::<TransactWriteItemsRequest>(body) else {
            return Outcome::Forwarded;
        };
        let token = request.client_request_token.take();
        if let Some(answer) = token.as_ref().and_then(|token| self.answers.by_token.get(token)) {
            return Outcome::Answered(answer.clone());
        }
        let outcome = outcome(self.database.transact_write_items(request));
        if let (Some(token), Outcome::Answered(answer)) = (token, &outcome) {
            self.answers.remember(token, answer.clone());
        }
        outcome
    }
}

fn ask<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    ask: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Outcome {
    serde_json::from_slice(body).map_or(Outcome::Forwarded, |request| outcome(ask(request)))
}

fn outcome<A: Serialize>(answer: Result<A, DynoxideError>) -> Outcome {
    match answer {
        Ok(answer) => serde_json::to_string(&answer).map_or(Outcome::Forwarded, Outcome::Answered),
        Err(
            error @ (DynoxideError::ConditionalCheckFailedException(..)
            | DynoxideError::TransactionCanceledException(..)
            | DynoxideError::InternalServerError(_)
            | DynoxideError::SqliteError(_)),
        ) => Outcome::Failed(error),
        Err(_) => Outcome::Forwarded,
    }
}
