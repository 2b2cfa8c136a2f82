//! Logs: JSON, a line for each event, on standard output. `RUST_LOG` sets the level, `info` by default.

use tracing_subscriber::EnvFilter;

/// Starts the log of a Lambda function, without timestamps: CloudWatch Logs adds them. To be called once, first of all.
pub fn init_for_lambda() {
    tracing_subscriber::fmt().json().with_env_filter(level()).without_time().init();
}

/// Starts the log of a task on ECS, with timestamps. To be called once, first of all.
pub fn init_for_ecs() {
    tracing_subscriber::fmt().json().with_env_filter(level()).init();
}

fn level() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"))
}
