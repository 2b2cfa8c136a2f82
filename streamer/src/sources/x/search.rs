//! Searching for what the stream did not deliver.

use std::time::Duration;

use ::stream::gaps::Period;
use ::x::snowflake::{first_id, made_at};
use ::x::wire::SearchPage;
use ::x::{Dialect, Search, names_query};
use json_api::{Answer, Error};
use posts::{Keyword, Post};

use super::failure::failure;
use super::post::post;
use super::source::{SEARCH, X};
use crate::source::{Failure, FetchedPage, Rest};

/// The name under which it is saved in which dialect search last answered.
const SEARCH_DIALECT: &str = "searchDialect";

impl X {
    /// Searches in the dialect that worked last, and in the other one if X refuses its words.
    pub(super) async fn search(
        &self,
        keyword: &Keyword,
        period: Period,
        page: Option<&str>,
        most: u64,
    ) -> Result<FetchedPage, Failure> {
        let search = Search {
            query: keyword.as_str(),
            first_id: first_id(period.from),
            before_id: first_id(period.to.after(Duration::from_millis(1))),
            most,
            page,
        };
        let noted = self.memory.learnt.get(SEARCH_DIALECT);
        let mut dialect = noted.as_deref().and_then(Dialect::from_name).unwrap_or_default();
        let mut first_refusal = None;
        loop {
            let request = self.client.search(search, dialect, |page| fetched(&page, period));
            let Answer { outcome, limit } = self.memory.limits.answer(SEARCH, request).await;
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
                Err(error) => return Err(failure(error, limit)),
            }
        }
    }
}

/// The posts of a page, newest first, and what follows in the search of a period.
fn fetched(page: &SearchPage<'_>, Period { from, to }: Period) -> FetchedPage {
    let includes = page.includes.as_ref();
    // What cannot be read as a post is skipped.
    let posts: Vec<Post> = page.data.iter().filter_map(|data| post(data, includes).ok()).collect();
    let next = page.meta.as_ref().and_then(|meta| meta.next_token.as_deref());
    // Search sorts by id, also what cannot be read.
    let oldest = page.data.iter().filter_map(|data| made_at(data.id.as_deref()?)).min();
    let rest = next.map(|next| Rest {
        page: next.to_owned(),
        // Posts of one millisecond may be on two pages.
        period: Period { from, to: oldest.unwrap_or(to).clamp(from, to) },
    });
    FetchedPage { posts, rest }
}
