//! Logs: JSON, a line for each event, on standard output. `RUST_LOG` sets the level, `info` by default.

use std::fmt::{self, Display};

use tracing_subscriber::EnvFilter;

/// How many ids of posts a line has, at most: so it stays below the 16 KiB at which Docker cuts a line in two
/// (<https://github.com/moby/moby/blob/master/daemon/logger/copier.go>).
pub const IDS_A_LINE: usize = 100;

/// Starts the log of a Lambda function, without timestamps: CloudWatch Logs adds them. To be called once, first of all.
pub fn init_for_lambda() {
    tracing_subscriber::fmt().json().with_env_filter(level()).without_time().init();
}

/// Starts the log of a task on ECS, with timestamps. To be called once, first of all.
pub fn init_for_ecs() {
    tracing_subscriber::fmt().json().with_env_filter(level()).init();
}

/// Values as one field of a line, with this between two of them.
pub fn joined<T: Display>(values: &[T], separator: &str) -> impl Display {
    fmt::from_fn(move |f| {
        let mut between = "";
        for value in values {
            write!(f, "{between}{value}")?;
            between = separator;
        }
        Ok(())
    })
}

fn level() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"))
}
