//! The documentation page fills its forms with the description's examples; sent unchanged, each request succeeds.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::world::{World, post};

/// The initial value of a parameter in a form of the page.
fn filled(description: &Value, parameter: &Value) -> Option<String> {
    let schema = resolved(description, &parameter["schema"]);
    let examples = [&parameter["example"], &schema["example"], &schema["default"]];
    let example = examples.into_iter().find(|example| !example.is_null())?;
    Some(example.as_str().map_or_else(|| example.to_string(), str::to_owned))
}

/// The initial body in a form of the page.
fn filled_body(description: &Value, body: &Value) -> String {
    let json = &body["content"]["application/json"];
    if !json["example"].is_null() {
        return json["example"].to_string();
    }
    let properties = resolved(description, &json["schema"])["properties"].as_object().unwrap();
    let fields = properties.iter().map(|(name, schema)| {
        let example = resolved(description, schema)["example"].clone();
        assert!(!example.is_null(), "{name} has no example");
        (name.clone(), example)
    });
    Value::Object(fields.collect::<Map<String, Value>>()).to_string()
}

fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => description.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

#[tokio::test]
async fn requests_with_the_prefilled_examples_succeed() {
    let world = World::start().await;
    // The post that the examples refer to.
    world.store("rust", &[post(1_440_716_895_355_764_743, 1, "text", None, None)]).await;
    let description = world.json("GET /openapi.json").await;
    let mut requests = 0;
    // Deleting comes last, since it removes what the other requests show.
    for method in ["get", "post", "delete"] {
        for (path, item) in description["paths"].as_object().unwrap() {
            let operation = &item[method];
            if operation.is_null() || path.ends_with("/{id}") || path.contains("/{id}/") {
                // The id of a dead letter or a receipt is not known in advance.
                continue;
            }
            let names = |parameter: &Value| (parameter["name"].to_string(), parameter["in"].to_string());
            let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            let distinct: BTreeSet<_> = parameters.iter().map(names).collect();
            assert_eq!(distinct.len(), parameters.len(), "{path} has a parameter twice");
            let (mut path, mut query) = (path.clone(), String::new());
            for parameter in parameters {
                let name = parameter["name"].as_str().unwrap();
                let filled = filled(&description, parameter);
                match (parameter["in"].as_str().unwrap(), filled) {
                    ("path", filled) => path = path.replace(&format!("{{{name}}}"), &filled.unwrap()),
                    (_, Some(filled)) => query.push_str(&format!("&{name}={filled}")),
                    (_, None) => assert_ne!(parameter["required"], true, "{path} needs {name}"),
                }
            }
            let body = &operation["requestBody"];
            let body = (!body.is_null()).then(|| filled_body(&description, body));
            let request = format!("{} {path}?{}", method.to_uppercase(), query.trim_start_matches('&'));
            let answer = world.ask_with(&request, body.as_deref(), None).await;
            assert!(
                (200..300).contains(&answer.status),
                "{request} {body:?}: {} {}",
                answer.status,
                answer.text
            );
            requests += 1;
        }
    }
    assert_eq!(requests, 16);
}
