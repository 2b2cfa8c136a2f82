//! How every program of this workspace reaches AWS.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{ConfigLoader, SdkConfig};
use aws_smithy_http_client::{Builder, tls};

/// How long AWS may take for one attempt. It answers within milliseconds, or something is wrong; then trying again soon is worth
/// more than waiting.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// SQS's longest poll. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
const LONGEST_POLL: Duration = Duration::from_secs(20);

/// The settings of every client: TLS by rustls with ring, and a time limit for each attempt.
#[must_use]
pub fn loader() -> ConfigLoader {
    let https = Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(https)
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
}

/// The additional settings of a request that polls a queue for up to 20 s: the time to do so.
#[must_use]
pub fn long_poll() -> aws_sdk_sqs::config::Builder {
    let timeout = TimeoutConfig::builder().operation_attempt_timeout(LONGEST_POLL + ATTEMPT_TIMEOUT).build();
    aws_sdk_sqs::config::Config::builder().timeout_config(timeout)
}

/// Makes rustls with ring the TLS of every other HTTP client of this process. Call it before the first client is made; calling it
/// again does nothing.
pub fn install_tls() {
    // An error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The settings from AWS's own variables and files (`AWS_REGION`, `AWS_ENDPOINT_URL`, the role of the task or function, …).
pub async fn from_env() -> SdkConfig {
    loader().load().await
}
