//! Why a request to X failed: what X means by a refusal decides how long to wait.

use ::x::{Meaning, meaning};
use json_api::{Answer, Error, RateLimit};

use crate::source::{Class, Failure};

/// What an answer of X's means, given what its headers said about the rate limit.
pub(super) fn failure(error: Error, limit: Option<RateLimit>) -> Failure {
    let Error::Refused(refusal) = &error else { return Failure::from_answer(error, limit) };
    let class = match meaning(refusal) {
        None => return Failure::from_answer(error, limit),
        Some(Meaning::SlotTaken) => Class::SlotTaken,
        Some(Meaning::OutOfCredits) => Class::OutOfCredits,
        Some(Meaning::MonthlyCap) => Class::MonthlyCap,
    };
    Failure::passing(class, error.to_string())
}

/// The answer without what it says about the rate limit, if X refused the request for another reason. Such a refusal has its own wait, which
/// a limit must not make longer: it is renewed up to 15 minutes later, while the stream's slot may be free in one.
pub(super) fn limit_apart<T>(answer: Answer<T>) -> Answer<T> {
    let has_a_reason = matches!(&answer.outcome, Err(Error::Refused(refusal)) if meaning(refusal).is_some());
    let limit = answer.limit.filter(|_| !has_a_reason);
    Answer { limit, ..answer }
}

#[cfg(test)]
mod tests;
