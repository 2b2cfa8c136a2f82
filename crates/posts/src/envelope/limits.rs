//! The version of the envelope's format, and its limits.

/// The version of the format that this code writes, and the latest that it reads.
pub const ENVELOPE_VERSION: u32 = 1;

/// The size up to which posts are packed into one message, the attribute that carries its trace id included: four of the
/// 64 KiB chunks by which SQS bills a request (<https://aws.amazon.com/sqs/pricing/>), about 120 posts. SQS would take four times as much. But ten messages
/// are one event of the consumer's function, which may have 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>). A single larger post has an envelope of its own.
pub const ENVELOPE_BYTES: usize = 256 * 1024;

/// The largest post, in bytes of JSON. A DynamoDB item holds at most 400 KB; X's longest post has 25,000 characters,
/// at most 100 KB.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub const POST_BYTES: usize = 256 * 1024;
