//! Checking a request against the description.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Asked, Dialect, Kind, Operation, Parameter, Place, Spelling};
use crate::x::answer::Failure;

/// What a request to `operation` asks for, if X takes it in this dialect.
///
/// # Errors
/// X's 400, which names the parameter or value that the description does not have, and those that it has.
pub(crate) fn check(
    operation: &Operation,
    dialect: Dialect,
    path: &str,
    query: &str,
    body: &[u8],
) -> Result<Asked, Failure> {
    let in_path = operation.path_values(path).unwrap_or_default();
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        given.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let spellings = if operation.has_dialects() { dialect.taken() } else { &[Spelling::Posts] };
    let mut refused = None;
    for spelling in spellings {
        let parameters: Vec<&Parameter> = operation.parameters(*spelling).collect();
        match values(&parameters, &in_path, &given) {
            Ok(values) => {
                let body = read_body(operation.body, body)?;
                return Ok(Asked { spelling: *spelling, values, body });
            }
            Err(failure) => refused = refused.or(Some(failure)),
        }
    }
    Err(refused.unwrap_or_else(|| Failure::invalid("query", query, "no request of this kind is taken")))
}

/// The values of the parameters.
fn values(
    parameters: &[&Parameter],
    in_path: &[(&'static str, &str)],
    given: &BTreeMap<String, Vec<String>>,
) -> Result<BTreeMap<&'static str, String>, Failure> {
    let mut values = BTreeMap::new();
    for (name, all) in given {
        let known = parameters.iter().find(|known| known.place == Place::Query && known.name == name);
        let value = all.first().map(String::as_str).unwrap_or_default();
        let Some(parameter) = known else {
            let names = parameters.iter().filter(|known| known.place == Place::Query);
            let names: Vec<&str> = names.map(|known| known.name).collect();
            let message = format!("The query parameter [{name}] is not one of [{}]", names.join(","));
            return Err(Failure::invalid(name, value, &message));
        };
        if all.len() > 1 {
            let message = format!("The query parameter [{name}] was given {} times", all.len());
            return Err(Failure::invalid(name, value, &message));
        }
        let wrong = |(value, reason): (String, String)| {
            let message = format!("The `{name}` query parameter value [{value}] {reason}");
            Failure::invalid(name, &value, &message)
        };
        parameter.kind.takes(value).map_err(wrong)?;
        values.insert(parameter.name, value.to_owned());
    }
    for (name, value) in in_path {
        let known = parameters.iter().find(|known| known.place == Place::Path && known.name == *name);
        let wrong = |(value, reason): (String, String)| {
            let message = format!("The `{name}` path parameter value [{value}] {reason}");
            Failure::invalid(name, &value, &message)
        };
        known.map_or(Ok(()), |known| known.kind.takes(value)).map_err(wrong)?;
        values.insert(name, (*value).to_owned());
    }
    match parameters.iter().find(|known| known.required && !values.contains_key(known.name)) {
        Some(missing) => {
            let message = format!("The `{}` query parameter can not be empty", missing.name);
            Err(Failure::invalid(missing.name, "", &message))
        }
        None => Ok(values),
    }
}

impl Kind {
    /// Whether it takes this text of a query or path.
    ///
    /// # Errors
    /// The value that it does not take, and why.
    fn takes(&self, text: &str) -> Result<(), (String, String)> {
        let wrong = |value: &str, reason: String| Err((value.to_owned(), reason));
        let characters = text.chars().count();
        match self {
            Self::Text(least, _) if characters < *least => {
                wrong(text, format!("has fewer than {least} characters"))
            }
            Self::Text(_, most) if characters > *most => {
                wrong(text, format!("has more than {most} characters"))
            }
            Self::Integer(least, most) => match text.parse::<i64>() {
                Ok(number) if (*least..=*most).contains(&number) => Ok(()),
                _ => wrong(text, format!("is not a number between {least} and {most}")),
            },
            Self::Boolean if !["true", "false"].contains(&text) => {
                wrong(text, "is not one of [true,false]".to_owned())
            }
            Self::Time if text.parse::<Timestamp>().is_err() => {
                wrong(text, "is not a valid RFC3339 date and time: [YYYY-MM-DDTHH:mm:ssZ]".to_owned())
            }
            Self::Id if !is_id(text) => wrong(text, "does not match ^[0-9]{1,19}$".to_owned()),
            Self::Word(words) if !words.contains(&text) => {
                wrong(text, format!("is not one of [{}]", words.join(",")))
            }
            Self::Words(words) => {
                let mut seen = BTreeSet::new();
                for word in text.split(',') {
                    if !words.contains(&word) {
                        return wrong(word, format!("is not one of [{}]", words.join(",")));
                    }
                    if !seen.insert(word) {
                        return wrong(word, "is there twice".to_owned());
                    }
                }
                Ok(())
            }
            Self::Ids(most) => {
                let ids: Vec<&str> = text.split(',').collect();
                match ids.iter().find(|id| !is_id(id)) {
                    Some(id) => wrong(id, "does not match ^[0-9]{1,19}$".to_owned()),
                    None if ids.len() > *most => wrong(text, format!("has more than {most} ids")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether it takes this value of a body; `at` names it.
    fn takes_json(&self, value: &Value, at: &str) -> Result<(), Failure> {
        let wrong = |reason: &str| {
            let message = format!("The field `{at}` of the request body {reason}: {value}");
            Err(Failure::invalid(at, &value.to_string(), &message))
        };
        match (self, value) {
            (Self::Object(fields), Value::Object(_)) => object(fields, value, at),
            (Self::List(least, most, of), Value::Array(items)) => {
                if !(*least..=*most).contains(&items.len()) {
                    return wrong(&format!("must have {least} to {most} items"));
                }
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, item)| of.takes_json(item, &format!("{at}[{index}]")))
            }
            (Self::Boolean, Value::Bool(_)) => Ok(()),
            (Self::Text(..) | Self::Id | Self::Word(_), Value::String(text)) => match self.takes(text) {
                Ok(()) => Ok(()),
                Err((_, reason)) => wrong(&reason),
            },
            _ => wrong("has the wrong type"),
        }
    }
}

fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The body, if it is one that the description has.
fn read_body(fields: Option<&'static [Parameter]>, body: &[u8]) -> Result<Value, Failure> {
    let Some(fields) = fields else { return Ok(Value::Null) };
    // X takes `?delete_all=true` without a body.
    let body = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(body) };
    let body: Value = body.map_err(|error| {
        let message = format!("The request body is not JSON: {error}");
        Failure::invalid("body", "", &message)
    })?;
    if !body.is_object() {
        return Err(Failure::invalid("body", "", "The request body is not an object"));
    }
    object(fields, &body, "").map(|()| body)
}

/// Checks the fields of an object at `at`, which is empty for the body itself.
fn object(fields: &[Parameter], object: &Value, at: &str) -> Result<(), Failure> {
    let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    for (name, value) in object.as_object().into_iter().flatten() {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            let message =
                format!("The field `{}` of the request body is not one of [{}]", path(name), names.join(","));
            return Err(Failure::invalid(&path(name), &value.to_string(), &message));
        };
        field.kind.takes_json(value, &path(name))?;
    }
    match fields.iter().find(|field| field.required && object[field.name].is_null()) {
        Some(missing) => {
            let message = format!("The field `{}` of the request body is missing", path(missing.name));
            Err(Failure::invalid(&path(missing.name), "", &message))
        }
        None => Ok(()),
    }
}

/// X's answer to a path or method that it does not have.
pub(crate) fn not_found(method: &Method, path: &str) -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        json!({
            "title": "Not Found Error", "detail": format!("There is no endpoint for {method} {path}."),
            "type": "https://api.x.com/2/problems/resource-not-found",
            "resource_type": "endpoint", "status": 404,
        }),
    )
}
