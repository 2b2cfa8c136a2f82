//! Collecting the ids that a job is about.

use posts::PostId;
use posts::tweets::{ItemPosition, TweetsTable};
use service::tables::TableError;
use tokio::time::Instant;
use x::limits::COMPLIANCE_IDS;

/// The most digits of X's ids. <https://docs.x.com/x-api/compliance/get-compliance-job-by-id>
const DIGITS: usize = 19;

/// The ids of the next posts of X.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// One a line.
    pub(super) lines: Vec<u8>,
    /// How many there are.
    pub(super) count: usize,
    /// They are all of the posts up to this item; `None` if they reach to the table's end.
    pub(super) through: Option<ItemPosition>,
}

/// The ids of the posts behind `after`, at most [`COMPLIANCE_IDS`] and those of one more page, as far as they can be read before `until`: at
/// least one page.
pub(super) async fn collect(
    tweets: &TweetsTable,
    after: Option<ItemPosition>,
    until: Instant,
) -> Result<Ids, TableError> {
    let mut ids = Ids { through: after, ..Ids::default() };
    loop {
        let walked = tweets.walk(ids.through.as_ref()).await?;
        for id in walked.ids.iter().filter(|id| is_of_x(id)) {
            ids.lines.extend_from_slice(id.as_str().as_bytes());
            ids.lines.push(b'\n');
            ids.count += 1;
        }
        ids.through = walked.next;
        if ids.through.is_none() || ids.count >= COMPLIANCE_IDS || Instant::now() >= until {
            return Ok(ids);
        }
    }
}

/// Whether a post's id is one of X's: a number. Others begin with the name of a server.
pub(super) fn is_of_x(id: &PostId) -> bool {
    id.as_str().len() <= DIGITS && id.as_str().bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_x_is_a_number() {
        for (id, expected) in [
            ("1440716895355764743", true),
            ("1", true),
            ("14407168953557647431", false),
            ("mastodon.example:116", false),
            ("-1", false),
        ] {
            assert_eq!(is_of_x(&id.parse().unwrap()), expected, "{id}");
        }
    }
}
