//! Serving a Lambda function's routes behind the HTTP API's gateway.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use tower::ServiceExt as _;

use crate::page::Page;

/// The routes that need no key besides the page's: what says how the API is, and what it can do.
const OPEN: [&str; 4] = ["/health", "/openapi.json", "/docs", "/docs/{file+}"];

/// The paths of all routes for which the gateway requires no key, as `template.yaml` has them.
#[must_use]
pub fn open_paths() -> Vec<&'static str> {
    [Page::view_paths(), Page::form_paths(), OPEN.to_vec()].concat()
}

/// What the gateway has let through without a key is answered by `open` alone, and all else by `keyed`.
///
/// The gateway's own route decides, not the path: a path such as `/docs/%2e%2e/tweets` is of an open route to the gateway, and may be another one
/// once it is read as a URL.
pub fn behind_gateway(open: Router, keyed: Router) -> Router {
    let open_paths: Arc<[&str]> = open_paths().into();
    Router::new().fallback(async move |request: Request| {
        let routes = if is_keyed(&request, &open_paths) { keyed } else { open };
        routes.oneshot(request).await
    })
}

/// Whether the gateway has found a route that requires a key.
fn is_keyed(request: &Request, open_paths: &[&str]) -> bool {
    let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else { return false };
    let path = context.route_key.as_deref().and_then(|route| route.split_once(' ')).map(|(_, path)| path);
    path.is_some_and(|path| !open_paths.contains(&path))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

    use super::*;

    /// The status of a request that came by a route of the gateway, and has this path by now.
    async fn status(route: Option<&str>, path: &str) -> u16 {
        let open = Router::new().route("/charts/{file}", get(async || "a chart"));
        let keyed = Router::new().route("/tweets", get(async || "posts"));
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(route) = route {
            let mut context = ApiGatewayV2httpRequestContext::default();
            context.route_key = Some(route.to_owned());
            request = request.with_request_context(RequestContext::ApiGatewayV2(context));
        }
        behind_gateway(open, keyed).oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn what_needed_no_key_cannot_reach_what_needs_one() {
        assert_eq!(status(Some("GET /tweets"), "/tweets").await, 200);
        assert_eq!(status(Some("GET /charts/{file}"), "/charts/posts.svg").await, 200);
        for route in ["GET /charts/{file}", "GET /assets/{name}", "GET /docs/{file+}", "GET /"] {
            assert_eq!(status(Some(route), "/tweets").await, 404, "{route}");
        }
        assert_eq!(status(None, "/tweets").await, 404);
        assert_eq!(status(Some("$default"), "/tweets").await, 404);
    }
}
