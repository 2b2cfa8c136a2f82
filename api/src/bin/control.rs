//! `control`: the Lambda function behind those routes of the HTTP API that change something, and behind the page's forms.

use api::{Authorizer, AuthorizerConfig, ControlApi, ControlConfig, Page, behind_gateway};
use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::logs::init_for_lambda();
    let variable = |name: &str| std::env::var(name).ok();
    let (config, keys) =
        (ControlConfig::from_variables(variable)?, AuthorizerConfig::from_variables(variable)?);
    let aws = service::aws::from_env().await;
    // The gateway checks the keys of the API, the page those of its own routes.
    let api = api::control(ControlApi::new(&aws, config));
    let page = Page::in_lambda(api.clone(), Authorizer::new(&aws, keys));
    lambda_http::run(behind_gateway(page.forms(), api)).await
}
