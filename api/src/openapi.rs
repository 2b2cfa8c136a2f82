//! The API's description: OpenAPI 3.1, made of the operations' own descriptions and of what all have in common.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Description, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::problem::Problem;
use crate::routes;

/// The name of the security scheme.
const API_KEY: &str = "apiKey";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Aviary",
        description = "Collects posts from X's filtered stream by keyword as they are posted, and lets you browse, query, count \
            and export them.\n\n\
            Requests need an API key, sent as `Authorization: Bearer aviary_…`: one with the scope `read` for `GET` except \
            `GET /stream/estimate`, which costs money; one with the scope `control` for everything. On one machine, the API needs no key on loopback, and one on every other address. \
            A revoked key may stay valid for up to a minute.\n\n\
            Every error is a problem document as in RFC 9457, `application/problem+json`, whose `field` names the parameter or \
            field that is wrong. 400 means that the request is not as described here; 422, that it is, but cannot be carried \
            out. In AWS, the gateway itself answers 401, 403 and 429, with `{\"message\": …}`.\n\n\
            A body may have 64 KiB, an address 8 KiB, and headers 32 KiB (in AWS, address and headers 10,240 bytes together); \
            larger requests get 413, 414 or 431. AWS accepts 50 requests a second, in bursts of up to 100; more get 429. All \
            times are UTC."
    ),
    components(schemas(Problem)),
    modifiers(&ApiKey),
    tags(
        (name = "stream", description = "The requested keywords, and how collecting them is going"),
        (name = "tweets", description = "The collected posts"),
        (name = "statistics", description = "How many posts were collected"),
        (name = "dead letters", description = "Messages that could not be stored"),
        (name = "about", description = "The API itself"),
    )
)]
struct Base;

/// The security scheme.
struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, description: &mut Description) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        description.components.get_or_insert_default().add_security_scheme(API_KEY, scheme);
    }
}

/// The description of the whole API.
#[must_use]
pub fn description() -> Description {
    let mut description = Base::openapi();
    let mut open = routes::open().into_openapi();
    for operation in operations(&mut open) {
        refuse(operation, "400", "A parameter is unknown");
    }
    for mut secured in [routes::reading().into_openapi(), routes::controlling().into_openapi()] {
        operations(&mut secured).for_each(secure);
        description.merge(secured);
    }
    description.merge(open);
    operations(&mut description).for_each(problems);
    description
}

fn operations(description: &mut Description) -> impl Iterator<Item = &mut Operation> {
    description.paths.paths.values_mut().flat_map(operations_at)
}

fn operations_at(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.post, &mut path.delete].into_iter().flatten()
}

/// Adds what every operation with a key has.
fn secure(operation: &mut Operation) {
    operation.security = Some(vec![SecurityRequirement::new(API_KEY, Vec::<String>::new())]);
    refuse(operation, "400", "The request is not as described here");
    refuse(operation, "401", "No valid API key was sent");
    refuse(operation, "403", "The API key does not have the required scope");
    refuse(operation, "429", "Too many requests");
    refuse(operation, "503", "A service behind the API failed; try again");
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        refuse(operation, "414", "The address is longer than 8 KiB");
    }
    if operation.request_body.is_some() {
        refuse(operation, "413", "The body is larger than 64 KiB");
        refuse(operation, "415", "The body is not application/json");
    }
}

fn refuse(operation: &mut Operation, status: &str, why: &str) {
    let response: Response = ResponseBuilder::new().description(why).build();
    operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
}

/// Gives every error of an operation its body: all are problems.
fn problems(operation: &mut Operation) {
    let schema = Ref::from_schema_name("Problem");
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
        {
            let problem = ContentBuilder::new().schema(Some(schema.clone())).build();
            response.content.insert(Problem::MEDIA_TYPE.to_owned(), RefOr::T(problem));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_OPENAPI=1 cargo test --workspace --lib description` writes it again.
    #[test]
    fn the_description_in_docs_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.yaml");
        let present = quoted(&description().to_yaml().unwrap());
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(path, &present).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == present,
            "docs/openapi.yaml is stale: UPDATE_OPENAPI=1 cargo test --workspace --lib description"
        );
    }

    /// The YAML with quotes around texts that YAML 1.1 reads as booleans or dates, unlike YAML 1.2: `NO` is Norway.
    /// <https://yaml.org/type/bool.html>, <https://yaml.org/type/timestamp.html>
    fn quoted(yaml: &str) -> String {
        let lines = yaml.lines().map(|line| {
            let begins = line.len() - line.trim_start().len();
            let at = line[begins..].find("- ").filter(|at| *at == 0).map(|at| begins + at + 2);
            let at = at.or_else(|| line.find(": ").map(|at| at + 2)).unwrap_or(line.len());
            let (before, value) = line.split_at(at);
            if is_no_text_in_yaml_1_1(value) { format!("{before}'{value}'\n") } else { format!("{line}\n") }
        });
        lines.collect()
    }

    fn is_no_text_in_yaml_1_1(value: &str) -> bool {
        // YAML 1.2 reads true, false and null like 1.1: where they are unquoted, they are meant.
        let boolean = ["y", "n", "yes", "no", "on", "off"].contains(&value.to_lowercase().as_str());
        let date = value.len() >= 8
            && value.as_bytes()[..4].iter().all(u8::is_ascii_digit)
            && value.as_bytes()[4] == b'-';
        boolean || date
    }

    #[test]
    fn the_description_in_docs_is_the_same_to_readers_of_yaml_1_1() {
        let yaml = quoted(&description().to_yaml().unwrap());
        let read: serde_json::Value = yaml_serde::from_str(&yaml).unwrap();
        assert_eq!(read, serde_json::to_value(description()).unwrap());
        assert!(yaml.lines().any(|line| line.trim() == "- 'NO'"));
        for line in yaml.lines() {
            let value = line.trim_start().trim_start_matches("- ").rsplit(": ").next().unwrap();
            assert!(!is_no_text_in_yaml_1_1(value), "{line}");
        }
    }

    /// Every text under `description` or `summary`, wherever it is.
    fn texts<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text) if name == "description" || name == "summary" => found.push(text),
                        _ => texts(value, found),
                    }
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
            _ => {}
        }
    }

    #[test]
    fn descriptions_are_written_for_those_who_use_the_api() {
        let description = serde_json::to_value(description()).unwrap();
        let mut found = Vec::new();
        texts(&description, &mut found);
        assert!(found.len() > 200, "{}", found.len());
        for text in found {
            for of_the_code in ["[`", "`]", "::", "crate", "serde", "Copies share"] {
                assert!(!text.contains(of_the_code), "{of_the_code:?} in {text:?}");
            }
        }
    }
}
