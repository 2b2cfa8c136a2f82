//! JSON in the characters that SQS accepts.

use memchr::memmem;

/// What U+FFFE and U+FFFF begin with in UTF-8.
const BEGINNING: [u8; 2] = [0xef, 0xbf];

/// Escapes U+FFFE and U+FFFF, which JSON allows as they are and SQS refuses:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
pub(super) fn escape_for_sqs(json: String) -> String {
    if memmem::find(json.as_bytes(), &BEGINNING).is_some() && json.contains(['\u{fffe}', '\u{ffff}']) {
        return json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
    }
    json
}
