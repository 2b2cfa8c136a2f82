//! JSON in the characters that SQS accepts.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Finds what U+FFFE and U+FFFF begin with in UTF-8.
static BEGINNING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\xef\xbf"));

/// Escapes U+FFFE and U+FFFF, which JSON allows as they are and SQS refuses:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
pub(super) fn escape_for_sqs(json: String) -> String {
    if BEGINNING.find(json.as_bytes()).is_some() && json.contains(['\u{fffe}', '\u{ffff}']) {
        return json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
    }
    json
}
