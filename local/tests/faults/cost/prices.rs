//! List prices in us-east-1, in dollars, without free tiers. docs/COST.md has the dates.

/// A request to a FIFO queue, for each 64 KiB. <https://aws.amazon.com/sqs/pricing/>
pub(super) const FIFO_REQUEST: f64 = 0.50 / 1e6;
/// A request to a standard queue (the same page).
pub(super) const QUEUE_REQUEST: f64 = 0.40 / 1e6;
/// What SQS charges for as one request, in bytes (the same page).
pub(super) const CHUNK: usize = 64 * 1024;

/// A write unit and a read unit on demand. <https://aws.amazon.com/dynamodb/pricing/on-demand/>
pub(super) const WRITE_UNIT: f64 = 0.625 / 1e6;
pub(super) const READ_UNIT: f64 = 0.125 / 1e6;
/// A GB for a month, stored; and recovery of it to any second (the same page).
pub(super) const GB_MONTH: f64 = 0.25;
pub(super) const GB_RECOVERABLE: f64 = 0.20;
/// What a write unit and a read unit are for, in bytes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(super) const WRITTEN: usize = 1024;
pub(super) const READ: usize = 4096;

/// A `PutMetricData` request, a metric for a month, an alarm for a month, a GB of logs. <https://aws.amazon.com/cloudwatch/pricing/>
pub(super) const METRIC_REQUEST: f64 = 0.01 / 1e3;
pub(super) const METRIC: f64 = 0.30;
/// Each metric beyond so many is cheaper (the same page).
pub(super) const METRICS_AT_FULL_PRICE: f64 = 10_000.0;
pub(super) const METRIC_BEYOND: f64 = 0.10;
pub(super) const ALARM: f64 = 0.10;
pub(super) const LOG_GB: f64 = 0.50;

/// A call of a function, and a GB-second of it on arm64. <https://aws.amazon.com/lambda/pricing/>
pub(super) const CALL: f64 = 0.20 / 1e6;
pub(super) const GB_SECOND: f64 = 0.000_013_333_4;
/// The functions' memory, as in the template, in GB.
pub(super) const FUNCTION_GB: f64 = 0.25;

/// An hour of a task of 0.25 vCPU and 0.5 GB on Fargate with arm64. <https://aws.amazon.com/fargate/pricing/>
pub(super) const TASK_HOUR: f64 = 0.25 * 0.032_38 + 0.5 * 0.003_56;
/// An hour of a public IPv4 address. <https://aws.amazon.com/vpc/pricing/>
pub(super) const ADDRESS_HOUR: f64 = 0.005;

/// A post of X's. <https://docs.x.com/x-api/getting-started/pricing>
pub(super) const POST_OF_X: f64 = 0.005;

/// How long the consumer takes for a batch, and the minute's function for a turn, in seconds. Both are estimated.
pub(super) const BATCH_SECONDS: f64 = 0.1;
pub(super) const MINUTE_SECONDS: f64 = 0.5;

/// A month, in hours and seconds.
pub(super) const MONTH_HOURS: f64 = 730.0;
pub(super) const MONTH: f64 = MONTH_HOURS * 3600.0;
