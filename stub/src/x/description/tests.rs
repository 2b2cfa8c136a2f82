//! The table is what X's published description says, where that is at hand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::operations::OPERATIONS;
use super::{Asked, Dialect, Kind, Parameter, Place, Spelling, check, find};

/// X's description, if it is beside the project: it is X's, and not copied.
fn description() -> Option<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/x-api/openapi.json");
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A value or what it refers to.
fn resolved<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => description.pointer(pointer).unwrap(),
        None => value,
    }
}

/// What the schema of a kind of value says, as far as the description says anything.
fn schema(kind: &Kind) -> Value {
    let of_words = |words: &'static [&'static str]| words.iter().copied().collect::<BTreeSet<_>>();
    let bound = |most: usize| if most == usize::MAX { Value::Null } else { json!(most) };
    let least = |least: usize| if least == 0 { Value::Null } else { json!(least) };
    match kind {
        Kind::Text(few, many) => {
            json!({ "type": "string", "minLength": least(*few), "maxLength": bound(*many) })
        }
        Kind::Integer(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
        Kind::Id => json!({ "type": "string", "pattern": "^[0-9]{1,19}$" }),
        Kind::Word(words) => json!({ "type": "string", "enum": of_words(words) }),
        Kind::Words(words) => {
            json!({ "type": "array", "uniqueItems": true, "items": { "type": "string", "enum": of_words(words) } })
        }
        Kind::Ids(most) => json!({ "type": "array", "maxItems": most, "items": schema(&Kind::Id) }),
        Kind::List(few, many, of) => {
            json!({ "type": "array", "minItems": least(*few), "maxItems": bound(*many), "items": schema(of) })
        }
        Kind::Object(fields) => object(fields),
    }
}

fn object(fields: &[Parameter]) -> Value {
    let properties: BTreeMap<_, _> = fields.iter().map(|field| (field.name, schema(&field.kind))).collect();
    let required: BTreeSet<_> =
        fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let required = if required.is_empty() { Value::Null } else { json!(required) };
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The same of the description: what [`schema`] says of every kind of value, and nothing else.
fn described(description: &Value, schema: &Value) -> Value {
    let schema = resolved(description, schema);
    let mut kept = json!({});
    for (name, value) in schema.as_object().unwrap() {
        let value = match name.as_str() {
            "properties" => {
                let properties = value.as_object().unwrap().iter();
                properties.map(|(name, value)| (name.clone(), described(description, value))).collect()
            }
            "items" => described(description, value),
            "enum" | "required" => {
                let words: BTreeSet<_> =
                    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
                json!(words)
            }
            "type"
            | "minimum"
            | "maximum"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "maxItems"
            | "uniqueItems"
            | "additionalProperties" => value.clone(),
            "format" if value == "date-time" => value.clone(),
            // An empty list of words cannot be written in a query.
            "minItems" if schema["items"]["enum"].is_null() && schema["uniqueItems"].is_null() => {
                value.clone()
            }
            _ => continue,
        };
        kept[name] = value;
    }
    kept
}

/// Without fields that are null.
fn known(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, known(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        value => value,
    }
}

#[test]
fn the_table_is_what_x_describes() {
    let Some(description) = description() else { return };
    assert_eq!(description["info"]["version"], "2.167", "the table follows another version");
    let mut operations = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let own = OPERATIONS
                .iter()
                .find(|own| own.path == path && own.method.as_str().eq_ignore_ascii_case(method))
                .unwrap_or_else(|| panic!("the table lacks {method} {path}"));
            operations += 1;
            let place = |place: Place| if place == Place::Path { "path" } else { "query" };
            let parameters: BTreeMap<_, _> = own
                .parameters(Spelling::Posts)
                .map(|own| (own.name, (place(own.place).to_owned(), own.required, known(schema(&own.kind)))))
                .collect();
            let theirs = operation["parameters"].as_array().into_iter().flatten();
            let expected: BTreeMap<_, _> = theirs
                .map(|theirs| {
                    let theirs = resolved(&description, theirs);
                    let mut schema = described(&description, &theirs["schema"]);
                    if theirs["name"] == "ids"
                        && let Some(schema) = schema.as_object_mut()
                    {
                        schema.remove("minItems");
                    }
                    let required = theirs["required"].as_bool().unwrap_or_default();
                    let place = theirs["in"].as_str().unwrap().to_owned();
                    (theirs["name"].as_str().unwrap(), (place, required, schema))
                })
                .collect();
            assert_eq!(parameters, expected, "{method} {path}");
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let expected = (!body.is_null()).then(|| described(&description, body));
            assert_eq!(own.body.map(object).map(known), expected, "the body of {method} {path}");
        }
    }
    assert_eq!(operations, OPERATIONS.len(), "the table has an operation that X lacks");
}

/// The answer to a `GET` request: what it asks for, or the message and the parameters of the refusal.
fn get(path: &str, query: &str, dialect: Dialect) -> Result<Asked, (String, Value)> {
    let operation = find(&axum::http::Method::GET, path).unwrap();
    check(operation, dialect, path, query, b"").map_err(|failure| {
        let error = &failure.body["errors"][0];
        (error["message"].as_str().unwrap().to_owned(), error["parameters"].clone())
    })
}

#[test]
fn a_request_that_x_does_not_describe_is_refused_by_name_with_what_is_allowed() {
    const SEARCH: &str = "/2/tweets/search/recent";
    let refused = |query: &str, dialect| get(SEARCH, query, dialect).unwrap_err();
    let (message, parameters) = refused("query=a&expansions=author_id,referenced_tweets.id", Dialect::Posts);
    assert!(
        message.contains("value [referenced_tweets.id] is not one of [article.cover_media,"),
        "{message}"
    );
    assert_eq!(parameters, json!({ "expansions": ["referenced_tweets.id"] }));
    let (message, _) = refused("query=a&tweet.fields=lang", Dialect::Posts);
    assert!(
        message.contains("The query parameter [tweet.fields] is not one of [query,start_time,"),
        "{message}"
    );
    let (message, _) = refused("query=a&post.fields=lang", Dialect::Tweets);
    assert!(message.contains("The query parameter [post.fields] is not one of"), "{message}");
    for (query, part) in [
        ("max_results=10", "`query` query parameter can not be empty"),
        ("query=a&max_results=5", "value [5] is not a number between 10 and 100"),
        ("query=a&since_id=x", "value [x] does not match ^[0-9]{1,19}$"),
        ("query=a&start_time=yesterday", "value [yesterday] is not a valid RFC3339"),
        ("query=a&expansions=author_id,author_id", "value [author_id] is there twice"),
        ("query=a&query=b", "[query] was given 2 times"),
    ] {
        assert!(refused(query, Dialect::Posts).0.contains(part), "{query}");
    }
    let (message, _) = get("/2/connections", "status=open", Dialect::Posts).unwrap_err();
    assert!(message.contains("value [open] is not one of [active,inactive,all]"), "{message}");
}

#[test]
fn each_dialect_takes_its_words() {
    let spelling = |query: &str, dialect| {
        get("/2/tweets/search/recent", query, dialect).map(|asked| asked.spelling).ok()
    };
    let (tweets, posts) = ("query=a&tweet.fields=note_tweet", "query=a&post.fields=note_post");
    for (dialect, of_tweets, of_posts) in [
        (Dialect::Tweets, Some(Spelling::Tweets), None),
        (Dialect::Posts, None, Some(Spelling::Posts)),
        (Dialect::Both, Some(Spelling::Tweets), Some(Spelling::Posts)),
        (Dialect::Crossed, Some(Spelling::Tweets), Some(Spelling::Posts)),
    ] {
        assert_eq!(
            (spelling(tweets, dialect), spelling(posts, dialect)),
            (of_tweets, of_posts),
            "{dialect:?}"
        );
    }
    // The stream's parameters have one spelling, whatever search takes.
    assert!(get("/2/tweets/search/stream", "tweet.fields=note_tweet", Dialect::Posts).is_ok());
}

#[test]
fn a_wrong_body_is_refused_by_the_name_of_its_field() {
    let path = "/2/tweets/search/stream/rules";
    let operation = find(&axum::http::Method::POST, path).unwrap();
    for (body, message) in [
        ("{", "The request body is not JSON"),
        ("[]", "The request body is not an object"),
        (r#"{"ad":[]}"#, "The field `ad` of the request body is not one of [add,delete]"),
        (r#"{"add":{}}"#, "The field `add` of the request body has the wrong type"),
        (r#"{"add":[{"tag":"t"}]}"#, "The field `add[0].value` of the request body is missing"),
        (r#"{"delete":{"ids":["x"]}}"#, "The field `delete.ids[0]` of the request body does not match"),
    ] {
        let failure = check(operation, Dialect::Posts, path, "", body.as_bytes()).unwrap_err();
        let told = failure.body["errors"][0]["message"].as_str().unwrap();
        assert!(told.starts_with(message), "{body}: {told}");
    }
}
