//! The id by which a message is followed through logs, from the streamer to the tables.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use serde::{Deserialize, Serialize};
use utc_time::UtcTime;

/// The id of a message of TweetsFifoQueue, in X-Ray's format: `1-`, the seconds since 1970 in eight hexadecimal digits, `-`, and 96
/// random bits in 24 (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>).
///
/// A message has one from when it is packed. It keeps it when it is sent again, received again, given up and redriven, and each log line
/// about it has it as `trace_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^1-[0-9a-f]{8}-[0-9a-f]{24}$", example = "1-6b12c8f0-5e1f0a7bd2c94e63b8a1f004", description = "The id by which the message is found in logs, where it is `trace_id`."))]
#[serde(into = "String", try_from = "String")]
pub struct TraceId(
    /// The seconds, and below them the random bits.
    u128,
);

/// The text is not a trace id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a trace id is 1-, eight hexadecimal digits, - and 24 more, in lower case")]
pub struct InvalidTraceId;

impl TraceId {
    /// The message attribute that carries it, of the type [`TraceId::ATTRIBUTE_TYPE`].
    pub const ATTRIBUTE: &str = "TraceId";
    const ATTRIBUTE_TYPE: &str = "String";

    /// How many characters it has.
    const LENGTH: usize = "1-".len() + Self::SECONDS_DIGITS + "-".len() + Self::RANDOM_DIGITS;
    const SECONDS_DIGITS: usize = 8;
    const RANDOM_DIGITS: usize = 24;
    const RANDOM_BITS: usize = 4 * Self::RANDOM_DIGITS;

    /// How much its attribute adds to a message's size: the name, the type and the value count
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>).
    pub const ATTRIBUTE_BYTES: usize = Self::ATTRIBUTE.len() + Self::ATTRIBUTE_TYPE.len() + Self::LENGTH;

    /// A new id, made at this time.
    #[must_use]
    pub fn new(now: UtcTime) -> Self {
        let seconds = u32::try_from(now.as_millis() / 1000).unwrap_or(u32::MAX);
        // It is no secret, so a quick generator will do.
        Self(u128::from(seconds) << Self::RANDOM_BITS | fastrand::u128(..1 << Self::RANDOM_BITS))
    }

    /// The message attributes that carry it.
    pub(crate) fn attributes(self) -> HashMap<String, MessageAttributeValue> {
        let value = MessageAttributeValue::builder().data_type(Self::ATTRIBUTE_TYPE);
        // `build` fails only if the type is missing.
        let value = value.string_value(self.to_string()).build().ok();
        value.map(|value| (Self::ATTRIBUTE.to_owned(), value)).into_iter().collect()
    }

    /// `AWSTraceHeader`, the system attribute by which Lambda and X-Ray know it. It says nothing of sampling, which is the
    /// receiver's to decide, and counts for nothing in a message's size
    /// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html>).
    pub(crate) fn system_attributes(
        self,
    ) -> HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue> {
        let value = MessageSystemAttributeValue::builder().data_type(Self::ATTRIBUTE_TYPE);
        let value = value.string_value(format!("Root={self}")).build().ok();
        value.map(|value| (MessageSystemAttributeNameForSends::AwsTraceHeader, value)).into_iter().collect()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, random) = (self.0 >> Self::RANDOM_BITS, self.0 & ((1 << Self::RANDOM_BITS) - 1));
        let (first, second) = (Self::SECONDS_DIGITS, Self::RANDOM_DIGITS);
        write!(f, "1-{seconds:0first$x}-{random:0second$x}")
    }
}

impl FromStr for TraceId {
    type Err = InvalidTraceId;

    fn from_str(text: &str) -> Result<Self, InvalidTraceId> {
        let digits = |text: &str, length: usize| {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let fits = text.len() == length && text.bytes().all(is_digit);
            u128::from_str_radix(text, 16).ok().filter(|_| fits).ok_or(InvalidTraceId)
        };
        let (seconds, random) =
            text.strip_prefix("1-").and_then(|rest| rest.split_once('-')).ok_or(InvalidTraceId)?;
        let seconds = digits(seconds, Self::SECONDS_DIGITS)?;
        Ok(Self(seconds << Self::RANDOM_BITS | digits(random, Self::RANDOM_DIGITS)?))
    }
}

impl TryFrom<String> for TraceId {
    type Error = InvalidTraceId;

    fn try_from(text: String) -> Result<Self, InvalidTraceId> {
        text.parse()
    }
}

impl From<TraceId> for String {
    fn from(id: TraceId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_written_as_x_ray_has_it() {
        // The example of X-Ray's documentation.
        let id = "1-58406520-a006649127e371903a2de979";
        let read: TraceId = id.parse().unwrap();
        assert_eq!(read.to_string(), id);
        assert_eq!(read.0 >> TraceId::RANDOM_BITS, 1_480_615_200, "December 1st, 2016, at 18:00 UTC");
        let header = &read.system_attributes()[&MessageSystemAttributeNameForSends::AwsTraceHeader];
        assert_eq!(header.string_value(), Some("Root=1-58406520-a006649127e371903a2de979"));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for wrong in [
            "",
            "1-58406520",
            "2-58406520-a006649127e371903a2de979",
            "1-5840652-a006649127e371903a2de979",
            "1-58406520-a006649127e371903a2de97",
            "1-58406520-A006649127E371903A2DE979",
            "1-58406520-a006649127e371903a2de979 ",
            "1-+8406520-a006649127e371903a2de979",
            "Root=1-58406520-a006649127e371903a2de979",
        ] {
            assert_eq!(wrong.parse::<TraceId>(), Err(InvalidTraceId), "{wrong}");
        }
    }

    #[test]
    fn no_two_ids_of_a_second_are_the_same() {
        let now = UtcTime::now();
        let ids: HashSet<TraceId> = (0..100_000).map(|_| TraceId::new(now)).collect();
        assert_eq!(ids.len(), 100_000);
        // All of the 96 bits are used.
        let random = ids.iter().map(|id| id.0 & ((1 << 96) - 1));
        let (any, all) = random.fold((0, u128::MAX), |(any, all), bits| (any | bits, all & bits));
        assert_eq!((any, all), ((1 << 96) - 1, 0));
    }

    proptest! {
        #[test]
        fn ids_are_read_as_they_are_written(seconds in 0..253_402_300_000_i64) {
            let id = TraceId::new(UtcTime::from_millis(seconds * 1000).unwrap());
            prop_assert_eq!(id.to_string().len(), TraceId::LENGTH);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let attributes = id.attributes();
            let size = |(name, value): (&String, &MessageAttributeValue)| {
                name.len() + value.data_type().len() + value.string_value().unwrap().len()
            };
            prop_assert_eq!(attributes.iter().map(size).sum::<usize>(), TraceId::ATTRIBUTE_BYTES);
        }
    }
}
