//! The rules of the stream: `GET` and `POST /2/tweets/search/stream/rules`, `GET …/rules/counts`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{Failure, ok};
use super::description::Asked;
use super::project::APP;
use crate::clock::now;
use crate::rule::{Rule, Scope};
use crate::stub::Stub;
use crate::world::World;
use crate::world::faults::Part;
use crate::world::posted::StreamRule;

/// Most rules, and most characters of one, on X's pay-per-use plan.
/// <https://docs.x.com/x-api/fundamentals/rate-limits>
const RULES: usize = 1000;
const RULE_CHARACTERS: usize = 1024;

/// Lists the rules, all on one page unless fewer are requested.
pub(crate) async fn list(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    let world = stub.world();
    let most = asked.number("max_results").and_then(|most| usize::try_from(most).ok()).unwrap_or(RULES);
    let first = match asked.text("pagination_token") {
        Some(token) => usize::from_str_radix(token, 16)
            .map_err(|_| Failure::invalid("pagination_token", token, "not a pagination token"))?,
        None => 0,
    };
    let ids: Vec<&str> = asked.words("ids").collect();
    let chosen: Vec<&Arc<StreamRule>> =
        world.rules.iter().filter(|rule| ids.is_empty() || ids.contains(&rule.id.as_str())).collect();
    let rules: Vec<Value> = chosen.iter().skip(first).take(most).map(|rule| described(rule)).collect();
    let mut body = json!({ "meta": { "sent": sent(), "result_count": rules.len() } });
    if first + rules.len() < chosen.len() {
        body["meta"]["next_token"] = format!("{:016x}", first + rules.len()).into();
    }
    // Without rules X leaves `data` out.
    if !rules.is_empty() {
        body["data"] = rules.into();
    }
    Ok(ok(body))
}

/// How many rules there are, and may be.
pub(crate) async fn counts(State(stub): State<Stub>) -> Response {
    let rules = stub.world().rules.len();
    let count = json!({ "client_app_id": APP, "rule_count": rules });
    ok(json!({ "data": {
        "all_project_client_apps": [count], "client_app_rules_count": count,
        "cap_per_client_app": RULES.to_string(), "cap_per_project": RULES.to_string(),
        "project_rules_count": rules.to_string(),
    } }))
}

/// Adds or deletes rules; with `dry_run`, only reports what that would do.
pub(crate) async fn update(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    let mut world = stub.world();
    if let Some((status, left)) = world.faults.status(Part::RuleChanges, Instant::now()) {
        return Err(Failure::asked_for(status, left));
    }
    let dry_run = asked.is_true("dry_run");
    let (add, delete) = (asked.body["add"].as_array(), asked.body["delete"].as_object());
    let (status, body) = match (add, delete, asked.is_true("delete_all")) {
        (Some(add), None, false) => world.add_rules(add, dry_run),
        (None, Some(delete), false) => {
            let has = |name: &str, value: &str| {
                delete
                    .get(name)
                    .and_then(Value::as_array)
                    .is_some_and(|all| all.iter().any(|own| own == value))
            };
            world.delete_rules(dry_run, |rule| has("ids", &rule.id) || has("values", &rule.value))
        }
        (None, None, true) => world.delete_rules(dry_run, |_| true),
        _ => {
            return Err(Failure::invalid(
                "body",
                "",
                "Exactly one of `add`, `delete`, or `?delete_all=true` must be specified.",
            ));
        }
    };
    Ok((status, axum::Json(body)).into_response())
}

impl World {
    fn add_rules(&mut self, add: &[Value], dry_run: bool) -> (StatusCode, Value) {
        let total = add.len();
        let mut created = Vec::new();
        let mut errors = Vec::new();
        for rule in add {
            let tag = rule["tag"].as_str().map(str::to_owned);
            let value = rule["value"].as_str().unwrap_or_default().trim().to_owned();
            let known = self.rules.iter().chain(&created).find(|rule| rule.value == value);
            if let Some(known) = known {
                errors.push(json!({
                    "value": value, "id": known.id, "title": "DuplicateRule",
                    "type": "https://api.x.com/2/problems/duplicate-rules",
                }));
                continue;
            }
            // The kinds are X's: <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>.
            let invalid = |detail: String| ("invalid-rules", detail);
            let parsed = if value.chars().count() > RULE_CHARACTERS {
                Err(invalid(format!("The length of the rule must be at most {RULE_CHARACTERS} characters")))
            } else if self.rules.len() + created.len() >= RULES {
                Err(("rule-cap", format!("You may have at most {RULES} rules")))
            } else {
                Rule::parse(&value, Scope::Stream).map_err(|error| invalid(error.to_string()))
            };
            match parsed {
                Ok(rule) => {
                    let id = self.ids.next(now()).to_string();
                    created.push(Arc::new(StreamRule { id, value, tag, rule }));
                }
                Err((kind, detail)) => errors.push(json!({
                    "value": value, "title": "UnprocessableEntity", "detail": detail, "details": [detail],
                    "type": format!("https://api.x.com/2/problems/{kind}"),
                })),
            }
        }
        let count = created.len();
        let duplicates = errors.iter().filter(|error| error["title"] == "DuplicateRule").count();
        let mut body = json!({ "meta": { "sent": sent(), "summary": {
            "created": count,
            "not_created": errors.len(),
            "valid": count + duplicates,
            "invalid": total - count - duplicates,
        } } });
        if count > 0 {
            body["data"] = created.iter().map(|rule| described(rule)).collect();
        }
        if !errors.is_empty() {
            body["errors"] = errors.into();
        }
        if !dry_run {
            self.rules.extend(created);
        }
        (if count > 0 { StatusCode::CREATED } else { StatusCode::OK }, body)
    }

    fn delete_rules(&mut self, dry_run: bool, chosen: impl Fn(&StreamRule) -> bool) -> (StatusCode, Value) {
        let deleted = self.rules.iter().filter(|rule| chosen(rule)).count();
        if !dry_run {
            self.rules.retain(|rule| !chosen(rule));
        }
        let summary = json!({ "deleted": deleted, "not_deleted": 0 });
        (StatusCode::OK, json!({ "meta": { "sent": sent(), "summary": summary } }))
    }
}

fn described(rule: &StreamRule) -> Value {
    let mut described = json!({ "id": rule.id, "value": rule.value });
    if let Some(tag) = &rule.tag {
        described["tag"] = tag.clone().into();
    }
    described
}

fn sent() -> String {
    format!("{:.3}", now())
}
