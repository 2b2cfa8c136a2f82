//! How every program of this workspace reaches AWS.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{ConfigLoader, SdkConfig};
use aws_smithy_http_client::{Builder, tls};

/// How long AWS may take for one attempt. It answers within milliseconds, or something is wrong: then trying
/// again soon is worth more than waiting.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// SQS's longest poll. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
const LONGEST_POLL: Duration = Duration::from_secs(20);

/// Settings common to all: TLS by rustls with ring, and a limit on each attempt.
#[must_use]
pub fn loader() -> ConfigLoader {
    let https = Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(https)
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
}

/// What a request that polls a queue for up to 20 s needs besides: the time to do so.
#[must_use]
pub fn long_poll() -> aws_sdk_sqs::config::Builder {
    let timeout = TimeoutConfig::builder().operation_attempt_timeout(LONGEST_POLL + ATTEMPT_TIMEOUT).build();
    aws_sdk_sqs::config::Config::builder().timeout_config(timeout)
}

/// Makes rustls with ring what every other HTTP client of this process uses too. To be called before
/// the first is made; calling it again does nothing.
pub fn install_tls() {
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The settings that AWS's own variables and files give (`AWS_REGION`, `AWS_ENDPOINT_URL`, the
/// task's or function's role, …).
pub async fn from_env() -> SdkConfig {
    loader().load().await
}
