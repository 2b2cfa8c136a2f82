//! Searching for what the stream did not deliver.

use std::time::Duration;

use ::stream::gaps::Period;
use ::x::limits::SEARCH_REACH;
use ::x::snowflake::made_at;
use ::x::wire::{PostHead, SearchPage, StreamHead};
use ::x::{Dialect, Reach, Search, meaning, names_query};
use json_api::{Answer, Error};
use posts::Keyword;
use posts::sources::{Sent, x};
use utc_time::UtcTime;

use super::failure::failure;
use super::source::X;
use crate::source::{Failure, FetchedPage, Rest};

/// How far back recent search is used: five minutes less than X states, for clocks that differ and the way of a request.
pub(super) const RECENT: Duration = SEARCH_REACH.saturating_sub(Duration::from_secs(300));

/// The search that reaches back to a period.
pub(super) fn reach(period: Period, now: UtcTime) -> Reach {
    if period.from < now.before(RECENT) { Reach::Archive } else { Reach::Recent }
}

/// The names under which the limits of searches are saved.
pub(super) fn limit_of(reach: Reach) -> &'static str {
    match reach {
        Reach::Recent => "search",
        Reach::Archive => "searchArchive",
    }
}

/// The name under which it is saved in which dialect search last answered.
const SEARCH_DIALECT: &str = "searchDialect";

impl X {
    /// Searches as far back as it takes, in the dialect that worked last, and in the other one if X refuses its words.
    pub(super) async fn search(
        &self,
        keyword: &Keyword,
        period: Period,
        page: Option<&str>,
        most: u64,
    ) -> Result<FetchedPage, Failure> {
        // A page goes on in the search that began it.
        let (reach, page) = match page.and_then(|page| page.split_once(':')) {
            Some((name, token)) if name == limit_of(Reach::Archive) => (Reach::Archive, Some(token)),
            Some((_, token)) => (Reach::Recent, Some(token)),
            None => (reach(period, UtcTime::now()), None),
        };
        let (from, to) = (period.from, period.to);
        let search =
            Search { reach, query: keyword.as_str(), from, to, most: most.min(reach.page().1), page };
        let noted = self.memory.learnt.get(SEARCH_DIALECT);
        let mut dialect = noted.as_deref().and_then(Dialect::from_name).unwrap_or_default();
        let mut first_refusal = None;
        loop {
            if reach == Reach::Archive {
                self.archive.turn().await;
            }
            let request = self.client.search(search, dialect, |page| fetched(&page, period, reach));
            let Answer { outcome, limit } = self.answer(limit_of(reach), request).await;
            match outcome {
                Ok(page) => {
                    if noted.as_deref() != Some(dialect.name()) {
                        self.memory.learnt.note(SEARCH_DIALECT, dialect.name());
                    }
                    return Ok(page);
                }
                Err(Error::Refused(refusal)) if dialect.is_refused(&refusal) => {
                    // X takes neither: what it said first is about the words that it took last.
                    if let Some(first) = first_refusal {
                        return Err(failure(Error::Refused(first), limit));
                    }
                    dialect = dialect.other();
                    tracing::warn!(%refusal, dialect = dialect.name(), "X's search takes other words now");
                    first_refusal = Some(refusal);
                }
                Err(Error::Refused(refusal)) if names_query(&refusal) => {
                    return Err(Failure::KeywordRefused(refusal.to_string()));
                }
                Err(Error::Refused(refusal))
                    if reach == Reach::Archive
                        && refusal.status.as_u16() == 403
                        && meaning(&refusal).is_none() =>
                {
                    tracing::warn!(%refusal, "X does not offer full-archive search to this account");
                    self.archive.is_refused(UtcTime::now());
                    return Err(Failure::OutOfReach(refusal.to_string()));
                }
                Err(error) => return Err(failure(error, limit)),
            }
        }
    }
}

/// When a post was written. The ids of posts from before November 2010 hold no time.
fn written(post: &PostHead<'_>) -> Option<UtcTime> {
    let created = post.created_at.as_deref().and_then(|at| at.parse().ok());
    let by_id = post.id.as_deref().and_then(made_at);
    match (created, by_id) {
        // The id is more precise, and they are of the same second.
        (Some(created), Some(by_id)) if by_id.since(created) < Duration::from_secs(1) => {
            Some(by_id.max(created))
        }
        (created, by_id) => created.or(by_id),
    }
}

/// The posts of a page, newest first, and what follows in the search of a period.
fn fetched(page: &SearchPage<'_>, Period { from, to }: Period, reach: Reach) -> FetchedPage {
    let messages = page.messages();
    let heads = messages.iter().map(|message| serde_json::from_str(message).unwrap_or_default());
    let heads: Vec<StreamHead<'_>> = heads.collect();
    // Search sorts by id, also what cannot be read.
    let oldest = heads.iter().filter_map(|head| written(head.data.as_ref()?)).min();
    // What cannot be read as a post is skipped.
    let posts: Vec<Sent> =
        heads.iter().zip(&messages).filter_map(|(head, message)| x::sent(head, message).ok()).collect();
    let skipped = messages.len() - posts.len();
    if skipped > 0 {
        tracing::warn!(
            skipped,
            read = posts.len(),
            "skipped what cannot be read as a post on a page of search"
        );
    }
    let next = page.meta.as_ref().and_then(|meta| meta.next_token.as_deref());
    let rest = next.map(|next| Rest {
        page: format!("{}:{next}", limit_of(reach)),
        // Posts of one millisecond may be on two pages.
        period: Period { from, to: oldest.unwrap_or(to).clamp(from, to) },
    });
    FetchedPage { posts, rest }
}
