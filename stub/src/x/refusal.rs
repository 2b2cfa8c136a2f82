//! X's refusals to an account that may read no more.

use axum::http::StatusCode;
use serde_json::json;

use super::answer::Failure;
use crate::world::billing::{ACCOUNT, Exhausted};

/// The answer to a paid request. X describes none of these: the words and statuses are those that people have
/// reported in 2026: without credits 402 (<https://github.com/tryethernal/ethernal/issues/1324>), at the spending limit
/// 403 with the day on which it ends, at the monthly cap 429 (<https://github.com/xdevplatform/xdk/issues/25>).
pub(crate) fn refusal(exhausted: Exhausted) -> Failure {
    let detail = exhausted.detail();
    match exhausted {
        Exhausted::Credits => Failure::new(
            StatusCode::PAYMENT_REQUIRED,
            json!({
                "account_id": ACCOUNT, "title": "CreditsDepleted", "detail": detail,
                "type": "https://api.x.com/2/problems/credits",
            }),
        ),
        Exhausted::SpendingLimit(until) => Failure::new(
            StatusCode::FORBIDDEN,
            json!({
                "account_id": ACCOUNT, "title": "SpendCapReached", "detail": detail, "reset_date": until.to_string(),
                "type": "https://api.x.com/2/problems/credits",
            }),
        ),
        Exhausted::MonthlyCap => Failure::new(
            StatusCode::TOO_MANY_REQUESTS,
            json!({
                "account_id": ACCOUNT, "title": "UsageCapExceeded", "detail": detail, "period": "Monthly",
                "scope": "Product", "product_name": "pay-per-use",
                "type": "https://api.x.com/2/problems/usage-capped",
            }),
        ),
    }
}
