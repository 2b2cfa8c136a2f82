//! The rules of the filtered stream.

use json_api::{Answer, Error};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Client;

const RULES: &str = "/2/tweets/search/stream/rules";

/// A rule of the filtered stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What a post must match.
    pub value: String,
    /// The name that it was given when it was added.
    #[serde(default)]
    pub tag: Option<String>,
}

/// A page of rules.
#[derive(Debug)]
pub struct RulesPage {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The token of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// A rule to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// What a post must match.
    pub value: String,
    /// Its name.
    pub tag: String,
}

/// The outcome of adding rules.
#[derive(Debug, Default)]
pub struct RulesAdded {
    /// The rules that exist now, including those that existed before.
    pub rules: Vec<Rule>,
    /// The rules that X refused.
    pub refused: Vec<Refused>,
}

/// A rule that X refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The rule's value.
    pub value: String,
    /// X's reason.
    pub reason: String,
}

/// What X says of a rule that it was only asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleVerdict {
    /// Nothing is wrong with it. It may exist already, and there may be no room for it.
    Valid,
    /// It is no rule.
    Invalid {
        /// X's reason.
        reason: String,
    },
}

impl Client {
    /// A page of the existing rules.
    pub async fn rules(&self, page: Option<&str>) -> Answer<RulesPage> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            data: Vec<Rule>,
            #[serde(default)]
            meta: Value,
        }
        let page = page.map(|page| ("pagination_token", page));
        let request = self.0.request(Method::GET, RULES).query(page.as_slice());
        let answer = self.0.json::<Listed>(request).await;
        answer.map(|listed| RulesPage {
            rules: listed.data,
            next: listed.meta["next_token"].as_str().map(str::to_owned),
        })
    }

    /// Adds rules. A refused rule does not affect the others, but X may also refuse the whole request.
    pub async fn add_rules(&self, rules: &[NewRule]) -> Answer<RulesAdded> {
        let add: Vec<Value> =
            rules.iter().map(|NewRule { value, tag }| json!({ "value": value, "tag": tag })).collect();
        let request = self.0.request(Method::POST, RULES).json(&json!({ "add": add }));
        self.0.json::<Updated>(request).await.map(RulesAdded::from)
    }

    /// Asks what X would say of a rule with this value, and adds none. X charges nothing for that, and counts it against the limit of
    /// adding and deleting rules.
    pub async fn check_rule(&self, value: &str) -> Answer<RuleVerdict> {
        let add = json!({ "add": [{ "value": value }] });
        let request = self.0.request(Method::POST, RULES).query(&[("dry_run", true)]).json(&add);
        let Answer { outcome, limit } = self.0.json::<Updated>(request).await;
        Answer { outcome: verdict(value, outcome), limit }
    }

    /// Deletes the rules with these ids.
    pub async fn delete_rules(&self, ids: &[String]) -> Answer<()> {
        let request = self.0.request(Method::POST, RULES).json(&json!({ "delete": { "ids": ids } }));
        self.0.json::<Value>(request).await.map(|_| ())
    }
}

/// X's answer to rules that were to be added.
#[derive(Deserialize)]
struct Updated {
    #[serde(default)]
    data: Vec<Rule>,
    #[serde(default)]
    errors: Vec<Value>,
}

impl From<Updated> for RulesAdded {
    fn from(updated: Updated) -> Self {
        let mut added = Self { rules: updated.data, refused: Vec::new() };
        for error in &updated.errors {
            let text = |field: &str| error[field].as_str().map(str::to_owned);
            let Some(value) = text("value") else { continue };
            match text("id").filter(|_| is_of_kind(error, "/duplicate-rules")) {
                // It exists already, whoever added it.
                Some(id) => added.rules.push(Rule { id, value, tag: None }),
                None => added.refused.push(Refused { value, reason: reason(error) }),
            }
        }
        added
    }
}

/// What X says of the rule with this value, the only one that was sent. X may also refuse the whole request for its sake.
fn verdict(value: &str, outcome: Result<Updated, Error>) -> Result<RuleVerdict, Error> {
    let is_of_rule = |error: &&Value| error["value"].as_str().is_none_or(|own| own == value);
    let invalid = |errors: &[Value]| {
        let mut of_rule = errors.iter().filter(is_of_rule);
        let error = of_rule.find(|error| is_of_kind(error, "/invalid-rules"))?;
        Some(RuleVerdict::Invalid { reason: reason(error) })
    };
    match outcome {
        Ok(updated) => Ok(invalid(&updated.errors).unwrap_or(RuleVerdict::Valid)),
        Err(Error::Refused(refusal)) => {
            let errors = refusal.explanation["errors"].as_array();
            errors.and_then(|errors| invalid(errors)).ok_or(Error::Refused(refusal))
        }
        Err(error) => Err(error),
    }
}

/// Whether an error is of the kind whose type ends so.
/// <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>
fn is_of_kind(error: &Value, kind: &str) -> bool {
    error["type"].as_str().is_some_and(|own| own.ends_with(kind))
}

/// Why X refuses a rule, in its own words.
fn reason(error: &Value) -> String {
    let texts = [&error["details"][0], &error["detail"], &error["title"]];
    texts.into_iter().find_map(Value::as_str).unwrap_or("X gave no reason").to_owned()
}

#[cfg(test)]
mod tests {
    use json_api::Refusal;
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn a_rule_that_is_there_already_is_not_refused() {
        let updated = json!({
            "data": [{ "id": "1", "value": "new", "tag": "t" }],
            "errors": [
                { "value": "old", "id": "2", "title": "DuplicateRule", "type": "https://api.x.com/2/problems/duplicate-rules" },
                { "value": "(", "details": ["missing )"], "title": "UnprocessableEntity", "type": "https://api.x.com/2/problems/invalid-rules" },
                { "value": "x", "title": "Odd" },
                { "title": "no rule of ours" },
            ],
        });
        let added = RulesAdded::from(serde_json::from_value::<Updated>(updated).unwrap());
        assert_eq!(added.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        let refused =
            |value: &str, reason: &str| Refused { value: value.to_owned(), reason: reason.to_owned() };
        assert_eq!(added.refused, [refused("(", "missing )"), refused("x", "Odd")]);
    }

    const KIND: &str = "https://api.x.com/2/problems";

    /// An error that X makes of a wrong rule.
    fn wrong(value: &str) -> Value {
        json!({ "value": value, "title": "UnprocessableEntity", "type": format!("{KIND}/invalid-rules") })
    }

    #[test]
    fn a_rule_is_invalid_only_if_x_says_so_of_it() {
        let of = |errors: Value| {
            verdict("(", Ok(serde_json::from_value(json!({ "errors": errors })).unwrap())).unwrap()
        };
        let invalid = |reason: &str| RuleVerdict::Invalid { reason: reason.to_owned() };
        let mut explained = wrong("(");
        explained["detail"] = "no rule".into();
        assert_eq!(of(json!([explained])), invalid("no rule"));
        explained["details"] = json!(["missing )", "and more"]);
        assert_eq!(of(json!([explained])), invalid("missing )"));
        assert_eq!(of(json!([wrong("other"), wrong("(")])), invalid("UnprocessableEntity"));
        assert_eq!(of(json!([{ "type": format!("{KIND}/invalid-rules") }])), invalid("X gave no reason"));
        for other in [
            json!([]),
            json!([wrong("other")]),
            json!([{ "value": "(", "id": "2", "type": format!("{KIND}/duplicate-rules") }]),
            json!([{ "value": "(", "type": format!("{KIND}/rule-cap") }]),
            json!([{ "value": "(", "title": "no type" }]),
        ] {
            assert_eq!(of(other.clone()), RuleVerdict::Valid, "{other}");
        }
    }

    #[test]
    fn a_refusal_of_the_whole_request_is_a_verdict_only_if_it_is_for_the_rule() {
        let of = |status: u16, explanation: Value| {
            let status = StatusCode::from_u16(status).unwrap();
            verdict("(", Err(Error::Refused(Refusal { status, reason: "no".to_owned(), explanation })))
        };
        let invalid = RuleVerdict::Invalid { reason: "UnprocessableEntity".to_owned() };
        assert_eq!(of(400, json!({ "errors": [wrong("(")] })), Ok(invalid));
        for other in [json!({ "errors": [{ "message": "dry_run" }] }), json!({}), Value::Null] {
            assert!(matches!(of(400, other), Err(Error::Refused(refusal)) if refusal.reason == "no"));
        }
        assert_eq!(verdict("(", Err(Error::Timeout)), Err(Error::Timeout));
    }
}
