//! A message of the dead-letter queue.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde::Serialize;

use crate::envelope::Contents;
use crate::{Keyword, PostId, TraceId};
use utc_time::UtcTime;

/// The message attribute that holds the reason.
pub(super) const REASON: &str = "Reason";

/// The reason of a message that SQS itself moved here; it adds no attribute.
const RECEIVED_TOO_OFTEN: &str =
    "the consumer failed to store the message as often as the queue allows; its log has the cause";

/// A message that could not be stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The message's id on this queue.
    pub id: String,
    /// The id by which the message is found in logs, if it has one.
    pub trace_id: Option<TraceId>,
    /// Why it could not be stored.
    pub reason: String,
    /// When it was sent.
    pub since: UtcTime,
    /// The keyword of its posts, if the message is readable.
    pub keyword: Option<Keyword>,
    /// The ids of its posts, if the message is readable.
    pub posts: Vec<PostId>,
    /// The size of its body.
    pub bytes: usize,
}

impl From<&Message> for DeadLetter {
    fn from(message: &Message) -> Self {
        let body = message.body().unwrap_or_default();
        let sent = system_attribute(message, &MessageSystemAttributeName::SentTimestamp);
        let sent = sent.and_then(|millis| UtcTime::from_millis(millis.parse().ok()?).ok());
        let (keyword, posts) = match Contents::read(body) {
            Ok(Contents { keyword, posts }) => (Some(keyword), posts),
            Err(_) => (None, Vec::new()),
        };
        Self {
            id: message.message_id().unwrap_or_default().to_owned(),
            trace_id: trace_id(message),
            reason: attribute(message, REASON).unwrap_or(RECEIVED_TOO_OFTEN).to_owned(),
            since: sent.unwrap_or_else(UtcTime::now),
            keyword,
            posts,
            bytes: body.len(),
        }
    }
}

/// The trace id of a message, if it has one.
pub(super) fn trace_id(message: &Message) -> Option<TraceId> {
    attribute(message, TraceId::ATTRIBUTE)?.parse().ok()
}

/// The FIFO group of a message.
pub(super) fn message_group(message: &Message) -> &str {
    system_attribute(message, &MessageSystemAttributeName::MessageGroupId).unwrap_or_default()
}

fn attribute<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.message_attributes()?.get(name)?.string_value()
}

fn system_attribute<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> Option<&'a str> {
    message.attributes()?.get(name).map(String::as_str)
}
