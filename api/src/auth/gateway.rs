//! The authorizer that an HTTP API asks.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};

use super::{Authorizer, AuthorizerError, Verdict};

/// Whether a request may pass. The gateway itself answers 401 where there is no header `Authorization`, and 403 to
/// what is not allowed.
///
/// # Errors
/// The keys could not be read; the gateway lets nothing pass then.
pub async fn authorize(
    authorizer: &Authorizer,
    request: &ApiGatewayV2CustomAuthorizerV2Request,
) -> Result<ApiGatewayV2CustomAuthorizerSimpleResponse, AuthorizerError> {
    let authorization = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    let verdict = authorizer.judge(&request.request_context.http.method, authorization).await?;
    let mut response = ApiGatewayV2CustomAuthorizerSimpleResponse::default();
    response.is_authorized = matches!(verdict, Verdict::Allowed(_));
    Ok(response)
}
