//! `GET` and `POST /2/tweets/search/stream/rules`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Authorized, Failure, ok, within_limit};
use crate::clock::now;
use crate::limits::Endpoint;
use crate::posted::StreamRule;
use crate::rule::Rule;
use crate::stub::Stub;
use crate::world::World;

/// Most rules, and most characters of one, on X's pay-per-use plan.
const RULES: usize = 1000;
const RULE_CHARACTERS: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    ids: Option<String>,
    #[serde(rename = "max_results")]
    _max_results: Option<u32>,
    #[serde(rename = "pagination_token")]
    _pagination_token: Option<String>,
}

/// Lists the rules, all on one page: there are never more than fit.
pub(crate) async fn list(
    State(stub): State<Stub>,
    _: Authorized,
    parameters: Result<Query<ListParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(parameters) = parameters.map_err(|error| invalid_query(&error))?;
    let standing = within_limit(&stub, Endpoint::ReadRules)?;
    let world = stub.world();
    let rules: Vec<Value> = world
        .rules
        .iter()
        .filter(|rule| parameters.ids.as_ref().is_none_or(|ids| ids.split(',').any(|id| id == rule.id)))
        .map(|rule| described(rule))
        .collect();
    let mut body = json!({ "meta": { "sent": sent(), "result_count": rules.len() } });
    // Without rules X leaves `data` out.
    if !rules.is_empty() {
        body["data"] = rules.into();
    }
    Ok(ok(StatusCode::OK, standing, body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateParameters {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    delete_all: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Update {
    add: Option<Vec<Add>>,
    delete: Option<Delete>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    value: String,
    tag: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// Adds or deletes rules; with `dry_run`, only reports what that would do.
pub(crate) async fn update(
    State(stub): State<Stub>,
    _: Authorized,
    parameters: Result<Query<UpdateParameters>, QueryRejection>,
    update: Result<Json<Update>, JsonRejection>,
) -> Result<Response, Failure> {
    let Query(parameters) = parameters.map_err(|error| invalid_query(&error))?;
    let Json(update) = update.map_err(|error| Failure::invalid("body", "", &error.body_text()))?;
    let standing = within_limit(&stub, Endpoint::WriteRules)?;
    let mut world = stub.world();
    let (status, body) = match (update.add, update.delete, parameters.delete_all) {
        (Some(add), None, false) => world.add_rules(add, parameters.dry_run),
        (None, Some(Delete { ids, values }), false) => world
            .delete_rules(parameters.dry_run, |rule| ids.contains(&rule.id) || values.contains(&rule.value)),
        (None, None, true) => world.delete_rules(parameters.dry_run, |_| true),
        _ => {
            return Err(Failure::invalid(
                "body",
                "",
                "Exactly one of `add`, `delete`, or `?delete_all=true` must be specified.",
            ));
        }
    };
    Ok(ok(status, standing, body))
}

impl World {
    fn add_rules(&mut self, add: Vec<Add>, dry_run: bool) -> (StatusCode, Value) {
        let total = add.len();
        let mut created = Vec::new();
        let mut errors = Vec::new();
        for Add { value, tag } in add {
            let value = value.trim().to_owned();
            let known = self.rules.iter().chain(&created).find(|rule| rule.value == value);
            if let Some(known) = known {
                errors.push(json!({
                    "value": value, "id": known.id, "title": "DuplicateRule",
                    "type": "https://api.x.com/2/problems/duplicate-rules",
                }));
                continue;
            }
            let parsed = if value.chars().count() > RULE_CHARACTERS {
                Err(format!("The length of the rule must be at most {RULE_CHARACTERS} characters"))
            } else if self.rules.len() + created.len() >= RULES {
                Err(format!("You may have at most {RULES} rules"))
            } else {
                Rule::parse(&value).map_err(|error| error.to_string())
            };
            match parsed {
                Ok(rule) => {
                    let id = self.ids.next(now()).to_string();
                    created.push(Arc::new(StreamRule { id, value, tag, rule }));
                }
                Err(detail) => errors.push(json!({
                    "value": value, "title": "UnprocessableEntity", "detail": detail, "details": [detail],
                    "type": "https://api.x.com/2/problems/invalid-rules",
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

/// A query string that X does not understand.
pub(crate) fn invalid_query(error: &QueryRejection) -> Failure {
    Failure::invalid("query", "", &error.body_text())
}
