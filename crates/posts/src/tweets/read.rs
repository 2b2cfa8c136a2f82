//! Reading the posts of a keyword, in the order of time.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::table::{StoredPost, TweetsTable};
use crate::{Keyword, Post, PostId};
use place::Country;
use service::tables::TableError;
use utc_time::UtcTime;

/// Most posts that are read for one page. DynamoDB charges for what is read, not for what passes the
/// filter: half a read unit for 4 KB, so this is about 250 read units ($0.00003).
const READ_FOR_A_PAGE: usize = 5000;

/// Posts in one request, where a filter lets few of them pass.
const READ_AT_ONCE: i32 = 1000;

/// A page's texts may exceed this by one request's: DynamoDB answers up to 1 MB, and a Lambda function
/// up to 6 MB. <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const TEXT_BYTES: usize = 1_000_000;

/// In which order posts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Order {
    /// The latest first.
    NewestFirst,
    /// The earliest first.
    OldestFirst,
}

/// Which posts are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostQuery {
    /// Collected under this keyword,
    pub keyword: Keyword,
    /// made at this moment or later,
    pub from: Option<UtcTime>,
    /// made before this one,
    pub before: Option<UtcTime>,
    /// and passing this.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
}

/// What posts must be like, apart from when they were made. No index helps with it: posts are read to be
/// looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Of this country; `Some(None)` where it is not known.
    pub country: Option<Option<Country>>,
    /// In this language, in whatever case the code is written.
    pub language: Option<String>,
    /// With this in the text, as it is written but for the case of its letters.
    pub text: Option<String>,
}

/// A place between two posts of one keyword. It stays right when posts are added or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The last post that was read.
    pub tweet_id: PostId,
    /// When it was made.
    pub create_date: UtcTime,
}

/// Posts of one keyword.
#[derive(Clone, Debug, PartialEq)]
pub struct PostPage {
    /// The posts.
    pub posts: Vec<StoredPost>,
    /// Where to go on, if there may be more.
    pub next: Option<Position>,
    /// How many posts were read to find these.
    pub read: usize,
}

impl PostQuery {
    /// All posts of a keyword.
    #[must_use]
    pub fn all(keyword: Keyword, order: Order) -> Self {
        Self { keyword, from: None, before: None, filter: Filter::default(), order }
    }

    /// Whether a walk of these posts can stand there.
    #[must_use]
    pub fn can_stand_at(&self, position: &Position) -> bool {
        let at = position.create_date;
        self.from.is_none_or(|from| from <= at) && self.before.is_none_or(|before| at < before)
    }

    /// Whether no post can be made at the same time from `from` on and before `before`.
    fn is_empty(&self) -> bool {
        match (self.from, self.before) {
            (Some(from), Some(before)) => before <= from,
            (None, Some(before)) => before.as_millis() == 0,
            _ => false,
        }
    }
}

impl Filter {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a post passes, to be asked of many: what depends on the filter alone is done once.
    fn passes(&self) -> impl Fn(&Post) -> bool {
        let text = self.text.as_ref().map(|text| text.to_lowercase());
        move |post| {
            self.country.is_none_or(|country| country == post.country)
                && self.language.as_ref().is_none_or(|wanted| {
                    post.language.as_ref().is_some_and(|language| language.eq_ignore_ascii_case(wanted))
                })
                && text.as_ref().is_none_or(|text| post.text.to_lowercase().contains(text))
        }
    }
}

impl TweetsTable {
    /// Up to `limit` of the posts that are wanted, from `after` on, as they were a moment ago.
    ///
    /// A page may hold fewer and still have a next one: no more than 5,000 posts are read for it, and
    /// its texts are kept to about two megabytes. Without a filter no more than `limit` are read.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn page(
        &self,
        wanted: &PostQuery,
        limit: usize,
        after: Option<Position>,
    ) -> Result<PostPage, TableError> {
        let mut page = PostPage { posts: Vec::new(), next: after, read: 0 };
        if wanted.is_empty() {
            page.next = None;
            return Ok(page);
        }
        let at_once =
            if wanted.filter.is_empty() { i32::try_from(limit).unwrap_or(i32::MAX) } else { READ_AT_ONCE };
        let passes = wanted.filter.passes();
        let mut text_bytes = 0;
        loop {
            let (posts, more) = self.read(wanted, at_once, page.next.as_ref()).await?;
            let last = posts.len();
            for (number, stored) in posts.into_iter().enumerate() {
                page.read += 1;
                page.next = Some(Position {
                    tweet_id: stored.post.tweet_id.clone(),
                    create_date: stored.post.create_date,
                });
                if passes(&stored.post) {
                    text_bytes += stored.post.text.len();
                    page.posts.push(stored);
                    if page.posts.len() == limit {
                        // Nothing is left only if this was the last of all.
                        if number + 1 == last && !more {
                            page.next = None;
                        }
                        return Ok(page);
                    }
                }
            }
            if !more {
                page.next = None;
                return Ok(page);
            }
            if page.read >= READ_FOR_A_PAGE || text_bytes >= TEXT_BYTES || wanted.filter.is_empty() {
                return Ok(page);
            }
        }
    }

    /// The next posts, and whether there may be more.
    async fn read(
        &self,
        wanted: &PostQuery,
        at_once: i32,
        after: Option<&Position>,
    ) -> Result<(Vec<StoredPost>, bool), TableError> {
        let start = after.map(|position| {
            let mut start = self.key(&wanted.keyword, &position.tweet_id);
            let date = AttributeValue::S(position.create_date.to_string());
            start.insert(Self::INDEX_SORT_KEY.to_owned(), date);
            start
        });
        // Texts sort as times do; both ends belong to it.
        let time = |at: UtcTime| AttributeValue::S(at.to_string());
        let from = wanted.from.map(time);
        let to = wanted.before.map(|before| time(before.before(std::time::Duration::from_millis(1))));
        let dates = match (&from, &to) {
            (None, None) => "",
            (Some(_), None) => " AND #date >= :from",
            (None, Some(_)) => " AND #date <= :to",
            (Some(_), Some(_)) => " AND #date BETWEEN :from AND :to",
        };
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(Self::INDEX)
            .key_condition_expression(format!("#keyword = :keyword{dates}"))
            .expression_attribute_names("#keyword", Self::INDEX_PARTITION_KEY)
            .expression_attribute_values(":keyword", AttributeValue::S(wanted.keyword.to_string()))
            .scan_index_forward(wanted.order == Order::OldestFirst)
            .limit(at_once)
            .set_exclusive_start_key(start);
        if !dates.is_empty() {
            query = query.expression_attribute_names("#date", Self::INDEX_SORT_KEY);
        }
        for (name, value) in [(":from", from), (":to", to)] {
            if let Some(value) = value {
                query = query.expression_attribute_values(name, value);
            }
        }
        let answer = query.send().await.map_err(TableError::during("read posts"))?;
        let more = answer.last_evaluated_key().is_some();
        let posts = serde_dynamo::from_items(answer.items.unwrap_or_default());
        Ok((posts.map_err(|error| self.broken(&error))?, more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(text: &str, country: Option<&str>, language: Option<&str>) -> Post {
        let json = serde_json::json!({
            "tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": text,
            "country": country, "language": language,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn all_that_is_asked_for_must_be_so() {
        let filter = |country: Option<Option<&str>>, language: Option<&str>, text: Option<&str>| Filter {
            country: country.map(|country| country.map(|code| code.parse().unwrap())),
            language: language.map(str::to_owned),
            text: text.map(str::to_owned),
        };
        let post = post("Žirafa ėda LAPUS", Some("LT"), Some("lt"));
        for (passes, filter) in [
            (true, filter(None, None, None)),
            (true, filter(Some(Some("LT")), Some("LT"), Some("žIRAFA"))),
            (true, filter(None, None, Some("lapus"))),
            (false, filter(Some(Some("LV")), Some("lt"), Some("žirafa"))),
            (false, filter(Some(None), None, None)),
            (false, filter(Some(Some("LT")), Some("l"), None)),
            (false, filter(None, None, Some("lapusx"))),
        ] {
            assert_eq!(filter.passes()(&post), passes, "{filter:?}");
        }
    }
}
