//! A message as the queue delivers it.

use aws_lambda_events::sqs::SqsMessage;
use posts::TraceId;
use posts::envelope::{DecodeError, Envelope};
use utc_time::UtcTime;

/// The group of a message that names none and whose keyword is unreadable.
const UNKNOWN_GROUP: &str = "unknown";

/// A message as the queue delivers it.
pub(crate) struct Message {
    pub(crate) id: String,
    /// The id by which it is followed. One that a person sent has none.
    pub(crate) trace_id: Option<TraceId>,
    /// Its FIFO group. Where the event does not name it, that of the keyword, which is what the streamer uses.
    pub(crate) group: String,
    /// How often it was received, if that is known.
    pub(crate) receives: Option<String>,
    /// When it was sent, if that is known.
    pub(crate) sent: Option<UtcTime>,
    pub(crate) body: String,
    /// The decoded body. An error is permanent.
    pub(crate) envelope: Result<Envelope, DecodeError>,
}

impl Message {
    /// Drops what the source sent of each post.
    pub(crate) fn drop_raw(&mut self) {
        for post in self.envelope.iter_mut().flat_map(|envelope| &mut envelope.posts) {
            post.raw = None;
        }
    }
}

impl From<SqsMessage> for Message {
    fn from(mut record: SqsMessage) -> Self {
        let body = record.body.unwrap_or_default();
        let envelope = Envelope::decode(&body);
        let group = record.attributes.remove("MessageGroupId");
        let group = group.or_else(|| Some(posts::queue::message_group(&envelope.as_ref().ok()?.keyword)));
        let sent = record.attributes.remove("SentTimestamp");
        let trace_id = record.message_attributes.remove(TraceId::ATTRIBUTE);
        Self {
            id: record.message_id.unwrap_or_default(),
            trace_id: trace_id.and_then(|attribute| attribute.string_value?.parse().ok()),
            group: group.unwrap_or_else(|| UNKNOWN_GROUP.to_owned()),
            receives: record.attributes.remove("ApproximateReceiveCount"),
            sent: sent.and_then(|millis| UtcTime::from_millis(millis.parse().ok()?).ok()),
            body,
            envelope,
        }
    }
}
