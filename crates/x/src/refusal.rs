//! What X's refusals mean.

use json_api::Refusal;

/// What X means by a refusal, where its status alone does not say.
/// <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Another connection holds the stream's slot: perhaps one that is gone, and that X has not missed yet.
    SlotTaken,
    /// The account has no credits left, or has reached its spending limit.
    OutOfCredits,
    /// The project has read as many posts as it may in a month.
    MonthlyCap,
}

/// What X means by this refusal; `None` if its status says all.
#[must_use]
pub fn meaning(refusal: &Refusal) -> Option<Meaning> {
    let explanation = &refusal.explanation;
    let is_of_kind = |kind: &str| {
        let errors = explanation["errors"].as_array().into_iter().flatten();
        let kinds = errors.chain([explanation]).filter_map(|problem| problem["type"].as_str());
        kinds.into_iter().any(|own| own.ends_with(kind))
    };
    let is_monthly = || {
        let says = |field: &str| explanation[field].as_str().unwrap_or_default().contains("Monthly");
        says("period") || says("detail")
    };
    match refusal.status.as_u16() {
        402 => Some(Meaning::OutOfCredits),
        // The spending limit: seen in public reports of 2026, X's documentation does not say.
        403 if is_of_kind("/credits") => Some(Meaning::OutOfCredits),
        429 if explanation["connection_issue"] == "TooManyConnections" => Some(Meaning::SlotTaken),
        // A cap that X does not call monthly may be lifted at any time.
        429 | 403 if is_of_kind("/usage-capped") && is_monthly() => Some(Meaning::MonthlyCap),
        429 | 403 if is_of_kind("/usage-capped") => Some(Meaning::OutOfCredits),
        _ => None,
    }
}

/// Whether X refuses the query itself, rather than the request that carries it.
#[must_use]
pub fn names_query(refusal: &Refusal) -> bool {
    parameters(refusal).contains(&"query")
}

/// Whether X refuses parameters of a request other than its query: a mistake of whoever made the request.
#[must_use]
pub fn names_others_than_query(refusal: &Refusal) -> bool {
    let parameters = parameters(refusal);
    !parameters.is_empty() && !parameters.contains(&"query")
}

/// The parameters that a 400 names.
fn parameters(refusal: &Refusal) -> Vec<&str> {
    if refusal.status.as_u16() != 400 {
        return Vec::new();
    }
    let explanation = &refusal.explanation;
    let problems = explanation["errors"].as_array().into_iter().flatten().chain([explanation]);
    let names = problems.flat_map(|problem| {
        let several = problem["parameters"].as_object().into_iter().flatten();
        let named = several.filter(|(_, values)| !values.is_null()).map(|(name, _)| name.as_str());
        named.chain(problem["parameter"].as_str())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_refused_query_is_the_keywords_fault() {
        let of = |status: u16, explanation: Value| {
            let status = StatusCode::from_u16(status).unwrap();
            names_query(&Refusal { status, reason: String::new(), explanation })
        };
        let query =
            json!({ "errors": [{ "parameters": { "query": ["bio:x"] }, "message": "no such operator" }] });
        assert!(of(400, query.clone()) && !of(403, query));
        assert!(of(400, json!({ "parameter": "query" })));
        assert!(!of(400, json!({ "errors": [{ "parameters": { "max_results": ["5"] } }] })));
    }

    #[test]
    fn another_refused_parameter_is_not_the_keywords_fault() {
        let of = |explanation: Value| {
            let status = StatusCode::BAD_REQUEST;
            names_others_than_query(&Refusal { status, reason: String::new(), explanation })
        };
        assert!(of(json!({ "errors": [{ "parameters": { "start_time": ["2005"] } }] })));
        assert!(of(json!({ "parameter": "granularity" })));
        assert!(!of(json!({ "errors": [{ "parameters": { "query": ["("] } }] })));
        assert!(!of(json!({ "errors": [{ "message": "missing ')'" }] })), "it may be the query");
    }

    #[test]
    fn a_429_has_three_meanings_and_402_has_one() {
        let of = |status: u16, explanation: Value| {
            meaning(&Refusal {
                status: StatusCode::from_u16(status).unwrap(),
                reason: String::new(),
                explanation,
            })
        };
        let slot = json!({ "title": "ConnectionException", "connection_issue": "TooManyConnections" });
        assert_eq!(of(429, slot.clone()), Some(Meaning::SlotTaken));
        assert_eq!(of(503, slot), None);
        let capped =
            json!({ "title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped" });
        assert_eq!(of(429, capped.clone()), Some(Meaning::OutOfCredits));
        assert_eq!(of(429, json!({ "errors": [capped.clone()] })), Some(Meaning::OutOfCredits));
        let mut monthly = capped;
        monthly["period"] = "Monthly".into();
        assert_eq!(of(429, monthly), Some(Meaning::MonthlyCap));
        assert_eq!(of(429, json!({ "title": "Too Many Requests", "type": "about:blank" })), None);
        assert_eq!(of(429, Value::Null), None);
        assert_eq!(of(402, Value::Null), Some(Meaning::OutOfCredits));
        let spent = json!({ "title": "SpendCapReached", "type": "https://api.x.com/2/problems/credits" });
        assert_eq!(of(403, spent), Some(Meaning::OutOfCredits));
        assert_eq!(of(403, json!({ "title": "Client Forbidden" })), None);
    }
}
