//! Forgetting: what is being deleted for good, how far that has come, and the receipts of what was.

use std::time::Duration;

use posts::Keyword;
use posts::tweets::{Doomed, DoomedPosition, Forgotten, IdSum};
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::gaps::GapState;
use crate::table::{Saved, StreamStatusTable, Versioned};

/// The prefix of the names of its items; the id follows.
const PREFIX: &str = "forgetting#";

/// The attribute that is there once it has ended.
const ENDED_AT: &str = "endedAt";

/// How long a receipt is kept. Whoever needs it longer saves it.
const KEEP: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// How many receipts are read, the latest first.
const SHOWN: i32 = 100;

/// Something that is forgotten, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Forgetting {
    /// Its id: when it began, in milliseconds since 1970, or shortly after.
    pub id: String,
    /// The keyword; `None` if all are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<Keyword>,
    /// Whether counts are forgotten too.
    pub counts: bool,
    /// The tables and queues from which things are deleted.
    pub from: Vec<String>,
    /// When it began.
    pub begun_at: UtcTime,
    /// When it ended; absent while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<UtcTime>,
    /// What was deleted so far.
    pub deleted: Deleted,
    /// How far it has come.
    pub pass: Pass,
    /// Since when the barrier is up that keeps out what was sent before; absent while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred_since: Option<UtcTime>,
    /// Why it does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// A process is at it until then, at the latest; others wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_until: Option<UtcTime>,
    /// How often this item has been written.
    #[serde(default)]
    pub version: u64,
    /// When DynamoDB may delete it, in seconds since 1970.
    pub expires_at: i64,
}

/// What was deleted. The posts are counted exactly. Of the others, some may not be counted where a process died.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// Posts, in every version; one that was stored under several keywords counts once for each.
    pub posts: u64,
    /// The checksum of their ids, each added as often as its post is counted.
    pub post_ids: IdSum,
    /// What was left of posts that had been removed before. Where one keyword is forgotten, the notes stay that keep them from being stored
    /// under others.
    pub remains: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Records of gaps.
    pub gaps: u64,
    /// Counts: one for each keyword and hour.
    pub counts: u64,
}

/// A pass through everything that is to be forgotten. The last one finds nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pass {
    /// When it began.
    pub begun_at: UtcTime,
    /// Whether it has found something.
    #[serde(default)]
    pub found: bool,
    /// Where it goes on in TweetsTable; absent at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<DoomedPosition>,
    /// Whether it has gone through TweetsTable.
    #[serde(default)]
    pub posts_done: bool,
    /// What is being deleted now. It is on record before it is deleted, and counted afterwards, so that each post is counted once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doomed: Vec<Doomed>,
}

impl Pass {
    /// A pass that begins now.
    #[must_use]
    pub fn new(now: UtcTime) -> Self {
        Self { begun_at: now, found: false, after: None, posts_done: false, doomed: Vec::new() }
    }
}

impl Deleted {
    /// Whether nothing was deleted.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Counts items of TweetsTable.
    pub fn count(&mut self, items: &[Doomed]) {
        for item in items {
            if item.is_post {
                self.posts += 1;
                self.post_ids.add(&item.key.tweet_id);
            } else {
                self.remains += 1;
            }
        }
    }
}

impl Forgetting {
    /// One that begins now.
    #[must_use]
    pub fn new(keyword: Option<Keyword>, counts: bool, from: Vec<String>, now: UtcTime) -> Self {
        Self {
            id: now.as_millis().to_string(),
            keyword,
            counts,
            from,
            begun_at: now,
            ended_at: None,
            deleted: Deleted::default(),
            pass: Pass::new(now),
            barred_since: None,
            waiting: None,
            busy_until: None,
            version: 0,
            expires_at: now.after(KEEP).as_millis() / 1000,
        }
    }

    /// What is forgotten.
    #[must_use]
    pub fn what(&self) -> Forgotten {
        self.keyword.clone().map_or(Forgotten::Everything, Forgotten::Keyword)
    }

    /// Whether it is under way and concerns this keyword.
    #[must_use]
    pub fn forgets(&self, keyword: &Keyword) -> bool {
        self.ended_at.is_none() && self.keyword.as_ref().is_none_or(|own| own == keyword)
    }
}

impl Versioned for Forgetting {
    fn version(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl StreamStatusTable {
    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is forgotten, or was: up to a hundred, the latest first.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn forgettings(&self) -> Result<Vec<Forgetting>, TableError> {
        let query = self.query(PREFIX).scan_index_forward(false).limit(SHOWN);
        let answer = query.send().await.map_err(TableError::during("read what is forgotten"))?;
        serde_dynamo::from_items(answer.items.unwrap_or_default()).map_err(|error| self.invalid_item(&error))
    }

    /// What is being forgotten and has this keyword in it, the earliest, if anything has.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn forgetting_of(&self, keyword: &Keyword) -> Result<Option<Forgetting>, TableError> {
        let unfinished = self.unfinished_forgettings().await?;
        Ok(unfinished.into_iter().find(|forgetting| forgetting.forgets(keyword)))
    }

    /// What is being forgotten, the earliest first, however much it is.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn unfinished_forgettings(&self) -> Result<Vec<Forgetting>, TableError> {
        let query = self
            .query(PREFIX)
            .filter_expression("attribute_not_exists(#ended)")
            .expression_attribute_names("#ended", ENDED_AT);
        let mut items = query.into_paginator().items().send();
        let mut unfinished = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(TableError::during("read what is forgotten"))?;
            unfinished.push(serde_dynamo::from_item(item).map_err(|error| self.invalid_item(&error))?);
        }
        Ok(unfinished)
    }

    /// Writes one that begins. Where another has begun in the same millisecond, its id is a later one's.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn begin_forgetting(&self, forgetting: &mut Forgetting) -> Result<(), TableError> {
        let mut millis = forgetting.begun_at.as_millis();
        while self.save_forgetting(forgetting).await? == Saved::Outdated {
            millis += 1;
            forgetting.id = millis.to_string();
        }
        Ok(())
    }

    /// The one with this id; `None` if there is none.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn forgetting(&self, id: &str) -> Result<Option<Forgetting>, TableError> {
        let item = self.item(&format!("{PREFIX}{id}"), "read what is forgotten").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.invalid_item(&error))
    }

    /// Writes it as the next version of what was read, unless another process has written one.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_forgetting(&self, forgetting: &mut Forgetting) -> Result<Saved, TableError> {
        let name = format!("{PREFIX}{}", forgetting.id);
        self.save_next(&name, forgetting, "save what is forgotten").await
    }

    /// Takes back one that was written and not begun.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn delete_forgetting(&self, id: &str) -> Result<(), TableError> {
        let key = self.key(&format!("{PREFIX}{id}"));
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key));
        delete.send().await.map_err(TableError::during("take back what is to be forgotten"))?;
        Ok(())
    }

    /// Deletes the records of the gaps of a keyword, or of all; returns how many there were.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read. Retrying is safe.
    pub async fn forget_gaps(&self, keyword: Option<&Keyword>) -> Result<u64, TableError> {
        const A_PAGE: i32 = 1_000;
        let mut forgotten = 0;
        for state in GapState::ALL {
            let mut after = None;
            loop {
                let page = self.gaps(state, A_PAGE, after).await?;
                for gap in
                    page.gaps.iter().filter(|gap| keyword.is_none_or(|keyword| gap.keyword == *keyword))
                {
                    self.delete_gap(gap).await?;
                    forgotten += 1;
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}
