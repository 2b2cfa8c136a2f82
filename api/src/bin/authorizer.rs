//! `authorizer`: the Lambda function that the HTTP API asks whether a request may pass.

use api::{Authorizer, Verdict};
use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use posts::{ParameterStore, Variables};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(level).without_time().init();
    let mut variables = Variables::new(|name| std::env::var(name).ok());
    // The SSM parameter that holds the hashes of the api keys.
    let parameter = variables.required("API_KEYS_PARAMETER");
    let parameter = variables.complete(parameter)?;
    let ssm = aws_sdk_ssm::Client::new(&posts::aws::from_env().await);
    let authorizer = &Authorizer::new(ParameterStore::new(ssm), parameter);
    lambda_runtime::run(service_fn(|event| judge(authorizer, event))).await
}

/// The gateway answers 401 by itself where there is no header, and 403 to what is not allowed.
async fn judge(
    authorizer: &Authorizer,
    event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>,
) -> Result<ApiGatewayV2CustomAuthorizerSimpleResponse, Error> {
    let request = event.payload;
    let authorization = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    let verdict = authorizer.judge(&request.request_context.http.method, authorization).await?;
    let mut response = ApiGatewayV2CustomAuthorizerSimpleResponse::default();
    response.is_authorized = matches!(verdict, Verdict::Allowed(_));
    Ok(response)
}
