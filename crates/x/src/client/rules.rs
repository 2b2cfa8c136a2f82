//! The rules of the filtered stream.

use json_api::Answer;
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
            let is_duplicate = text("type").is_some_and(|kind| kind.ends_with("/duplicate-rules"));
            match text("id").filter(|_| is_duplicate) {
                // It exists already, whoever added it.
                Some(id) => added.rules.push(Rule { id, value, tag: None }),
                None => {
                    let reason = error["details"][0].as_str().map(str::to_owned);
                    let reason = reason.or_else(|| text("detail")).or_else(|| text("title"));
                    let reason = reason.unwrap_or_else(|| "X refused it".to_owned());
                    added.refused.push(Refused { value, reason });
                }
            }
        }
        added
    }
}

#[cfg(test)]
mod tests {
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
}
