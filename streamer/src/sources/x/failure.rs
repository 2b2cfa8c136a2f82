//! Why a request to X failed: what X means by a refusal decides how long to wait.

use ::x::{Meaning, meaning};
use json_api::{Error, RateLimit};

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
