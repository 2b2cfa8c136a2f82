//! A message as the queue hands it over.

use aws_lambda_events::sqs::SqsMessage;
use posts::envelope::{DecodeError, Envelope};
use utc_time::UtcTime;

/// The group of a message that names none and whose keyword cannot be read.
const NO_GROUP: &str = "unknown";

/// A message as the queue hands it over.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// Its FIFO group; where the event does not say it, the keyword, which is what groups are made of.
    pub(crate) group: String,
    /// How often it has been received, if that is known.
    pub(crate) receives: Option<String>,
    /// When it was sent, if that is known.
    pub(crate) sent: Option<UtcTime>,
    pub(crate) body: String,
    /// What the body says; an error will be the same however often it is tried.
    pub(crate) envelope: Result<Envelope, DecodeError>,
}

impl Message {
    pub(crate) fn read(mut record: SqsMessage) -> Self {
        let body = record.body.unwrap_or_default();
        let envelope = Envelope::decode(&body);
        let group = record.attributes.remove("MessageGroupId");
        let group = group.or_else(|| Some(posts::queue::message_group(&envelope.as_ref().ok()?.keyword)));
        let sent = record.attributes.remove("SentTimestamp");
        Self {
            id: record.message_id.unwrap_or_default(),
            group: group.unwrap_or_else(|| NO_GROUP.to_owned()),
            receives: record.attributes.remove("ApproximateReceiveCount"),
            sent: sent.and_then(|millis| UtcTime::from_millis(millis.parse().ok()?).ok()),
            body,
            envelope,
        }
    }
}
