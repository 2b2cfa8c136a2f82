//! The api's own description: OpenAPI, and a page that shows it.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::{Json, Router, middleware};
use serde::Serialize;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Description, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::request::{NoParameters, Query};
use crate::{Problem, controlling, reading};

/// How the security scheme is called.
const KEY: &str = "apiKey";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Aviary",
        description = "Collects posts from X's filtered stream by keyword, as they are posted, and lets you browse, query and \
            count them.\n\n\
            Requests bear an api key: one of scope `read` for `GET`, one of scope `control` for everything. On one machine \
            the api is open on loopback, and everywhere else asks for a key too. A key that is revoked may be valid for up to \
            a minute.\n\n\
            Every error is a problem as RFC 9457 describes it, `application/problem+json`, and its `field` names what is \
            wrong. 400 is for what is not as described here, 422 for what is and yet cannot be used. In AWS the gateway \
            itself answers 401, 403 and 429, with `{\"message\": …}`.\n\n\
            A body may have 64 KiB, an address 8 KiB, headers 32 KiB (in AWS address and headers 10,240 bytes together); what is \
            more gets 413, 414 and 431. In AWS 50 requests a second pass, and 100 at once; what is more gets 429. Times are UTC."
    ),
    components(schemas(Problem)),
    modifiers(&Access),
    tags(
        (name = "stream", description = "What is collected, and how that fares"),
        (name = "tweets", description = "The posts"),
        (name = "statistics", description = "How many there are"),
        (name = "dead letters", description = "What could not be stored"),
        (name = "about", description = "The api itself"),
    )
)]
struct Base;

/// How to get in.
struct Access;

impl Modify for Access {
    fn modify(&self, description: &mut Description) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        description.components.get_or_insert_default().add_security_scheme(KEY, scheme);
    }
}

/// The description of the whole api.
#[must_use]
pub fn description() -> Description {
    let mut description = Base::openapi();
    let secured = [reading().into_openapi(), controlling().into_openapi()];
    for mut part in secured {
        for item in part.paths.paths.values_mut() {
            for operation in operations(item) {
                secure(operation);
            }
        }
        description.merge(part);
    }
    let mut open = about().into_openapi();
    for operation in open.paths.paths.values_mut().flat_map(operations) {
        refuse(operation, "400", "A parameter that is not known");
    }
    description.merge(open);
    description
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten()
}

/// What every operation that takes a key may answer.
fn secure(operation: &mut Operation) {
    let requirement = utoipa::openapi::security::SecurityRequirement::new(KEY, Vec::<String>::new());
    operation.security = Some(vec![requirement]);
    refuse(operation, "400", "What was sent is not as described");
    refuse(operation, "401", "There is no api key, or none that is valid");
    refuse(operation, "403", "The api key may not do this");
    refuse(operation, "429", "More requests than pass");
    refuse(operation, "503", "Something behind the api failed; try again");
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        refuse(operation, "414", "The address has more than 8 KiB");
    }
    if operation.request_body.is_some() {
        refuse(operation, "413", "The body has more than 64 KiB");
        refuse(operation, "415", "The body is not application/json");
    }
}

fn refuse(operation: &mut Operation, status: &str, why: &str) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response: Response =
        ResponseBuilder::new().description(why).content(Problem::MEDIA_TYPE, problem).build();
    operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
}

/// What anybody may know.
fn about() -> OpenApiRouter<Arc<Description>> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(openapi))
}

/// The routes that take no key: whether the api is there, its description, and a page that shows it. The
/// page's files are in this program, and it asks no other host.
pub(crate) fn open() -> Router {
    // The validator would be asked for a judgement of every description that is not on a loopback address.
    let config = Config::new(["/openapi.json"]).validator_url("none").try_it_out_enabled(true);
    let page: Router = SwaggerUi::new("/docs").config(config).into();
    let page = page.layer(middleware::map_response(async |response: axum::response::Response| {
        let mut response = entitled(response).await;
        let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      frame-ancestors 'none'";
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        response
    }));
    let (about, _) = about().with_state(Arc::new(description())).split_for_parts();
    about.merge(page)
}

/// The page with the title of what it shows; it comes with that of the program that shows it.
async fn entitled(response: axum::response::Response) -> axum::response::Response {
    const THEIRS: &str = "<title>Swagger UI</title>";
    const OURS: &str = "<title>Aviary API</title>";
    let is_page = |value: &HeaderValue| value.as_bytes().starts_with(b"text/html");
    if !response.headers().get(header::CONTENT_TYPE).is_some_and(is_page) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It is in memory as a whole already.
    let Ok(html) = axum::body::to_bytes(body, usize::MAX).await else {
        return Problem::unavailable("the page cannot be read", None).into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let html = String::from_utf8_lossy(&html).replacen(THEIRS, OURS, 1);
    axum::response::Response::from_parts(parts, Body::from(html))
}

#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`: the api answers.
    status: &'static str,
    /// Its version.
    version: &'static str,
}

/// Whether the api is there
///
/// It asks nothing of what is behind it, and takes no key: `GET /stream` tells how the collection fares.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "health",
    tag = "about",
    responses((status = 200, description = "It is", body = Health))
)]
async fn health(Query(NoParameters {}): Query<NoParameters>) -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// This description
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "about",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
async fn openapi(
    State(description): State<Arc<Description>>,
    Query(NoParameters {}): Query<NoParameters>,
) -> impl IntoResponse {
    Json(description)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_OPENAPI=1 cargo test -p api description` writes it anew.
    #[test]
    fn the_description_in_docs_is_the_present_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.yaml");
        let present = quoted(&description().to_yaml().unwrap());
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(path, &present).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == present,
            "docs/openapi.yaml is stale: UPDATE_OPENAPI=1 cargo test -p api description"
        );
    }

    /// The YAML with quotes around those texts that YAML 1.1 takes for booleans, null and dates, and 1.2 for texts: `NO` is
    /// Norway. <https://yaml.org/type/bool.html>, <https://yaml.org/type/timestamp.html>
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
        // true, false and null are none in YAML 1.2 either: where they stand unquoted, they are meant.
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
