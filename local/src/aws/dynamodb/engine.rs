//! Answers the frequent operations in this process, without dynoxide's own server in between.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many answers to transactions are remembered: a client that lost one asks again within seconds.
const ANSWERS_KEPT: usize = 1000;

/// dynoxide, and what it answered.
pub(super) struct Engine {
    database: Database,
    answers: Answers,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine { .. }")
    }
}

/// The latest answers to transactions, by their `ClientRequestToken`: one that is asked for again is not made again.
/// dynoxide remembers ten minutes of them itself, and with each goes through them all.
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

/// What became of a request.
pub(super) enum Outcome {
    Answered(String),
    /// A condition did not hold, or the file failed.
    Failed(DynoxideError),
    /// Not answered here, and nothing done: dynoxide's own server refuses it in AWS's words, or answers it.
    Forwarded,
}

impl Engine {
    pub(super) fn new(database: Database) -> Self {
        Self { database, answers: Answers::default() }
    }

    pub(super) fn database(&self) -> Database {
        self.database.clone()
    }

    /// Answers what is asked often, without a server in between.
    pub(super) fn run(&mut self, operation: &str, body: &[u8]) -> Outcome {
        let database = &self.database;
        match operation {
            "GetItem" => ask(body, |request| database.get_item(request)),
            "PutItem" => ask(body, |request| database.put_item(request)),
            "UpdateItem" => ask(body, |request| database.update_item(request)),
            "DeleteItem" => ask(body, |request| database.delete_item(request)),
            "BatchGetItem" => ask(body, |request| database.batch_get_item(request)),
            "Query" => ask(body, |request| database.query(request)),
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
