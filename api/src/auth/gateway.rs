//! The Lambda authorizer of an HTTP API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use serde_json::json;

use super::authorizer::{Authorizer, AuthorizerError, Verdict};

/// Decides whether a request is allowed. The gateway itself answers 401 if there is no header `Authorization`, and 403 if
/// the request is not allowed. The name and the scope of the key go to its log.
///
/// # Errors
/// The keys could not be read; the gateway then refuses the request.
pub async fn authorize(
    authorizer: &Authorizer,
    request: &ApiGatewayV2CustomAuthorizerV2Request,
) -> Result<ApiGatewayV2CustomAuthorizerSimpleResponse, AuthorizerError> {
    let authorization = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    // The route that the gateway has found, as in `GET /stream`, rather than the path as it was written.
    let route = request.route_key.as_deref().and_then(|route| route.split_once(' '));
    let path = route.map_or("", |(_, path)| path);
    let verdict = authorizer.check(&request.request_context.http.method, path, authorization).await?;
    let mut response = ApiGatewayV2CustomAuthorizerSimpleResponse::default();
    if let Verdict::Allowed { key_name, scope } = verdict {
        response.is_authorized = true;
        response.context = json!({ "key": key_name, "scope": scope });
    }
    Ok(response)
}
