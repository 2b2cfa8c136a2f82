//! What is to be collected of a keyword.

use aws_sdk_dynamodb::types::AttributeValue;
use posts::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

use crate::history::{History, HistoryProgress, KeywordHistory};
use crate::keywords::{GENERATION, keyword_item};
use crate::table::{StreamStatusTable, condition_failed, number};

/// What is to be collected of a keyword. Where it says nothing, what was requested before stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeywordOptions {
    /// Whether reposts are collected; they are if nothing else was ever requested.
    pub reposts: Option<bool>,
    /// How many posts it may bring in a day (UTC): `Some(None)` lifts the limit.
    pub max_posts_a_day: Option<Option<u64>>,
    /// Posts from before the keyword was started that are to be fetched too.
    pub history: Option<History>,
}

impl StreamStatusTable {
    /// Changes the options of a keyword, unless it has been stopped meanwhile.
    pub(crate) async fn set_options(
        &self,
        keyword: &Keyword,
        options: KeywordOptions,
        present: AttributeValue,
        now: UtcTime,
    ) -> Result<(), TableError> {
        if let Some(history) = options.history {
            self.set_history(keyword, history, present.clone()).await?;
        }
        if let Some(posts) = options.max_posts_a_day {
            self.set_max_posts_a_day(keyword, posts, present.clone()).await?;
        }
        let Some(reposts) = options.reposts else { return Ok(()) };
        // Reposts are missing from now on until the source delivers them; or they were collected until now.
        let (update, attribute, before) = if reposts {
            (
                "SET #reposts = :reposts, #at = if_not_exists(#at, :now) REMOVE #until",
                "missingFrom",
                "#reposts = :before",
            )
        } else {
            (
                "SET #reposts = :reposts, #at = :now",
                "repostsUntil",
                "(attribute_not_exists(#reposts) OR #reposts = :before)",
            )
        };
        let mut names = vec![("#reposts", "reposts"), ("#generation", GENERATION), ("#at", attribute)];
        if reposts {
            names.push(("#until", "repostsUntil"));
        }
        let values = [
            (":present", present),
            (":reposts", AttributeValue::Bool(reposts)),
            (":before", AttributeValue::Bool(!reposts)),
            (":now", AttributeValue::S(now.to_string())),
        ];
        let condition = format!("#generation = :present AND {before}");
        self.update_keyword("change a keyword's options", keyword, update, &condition, &names, values).await
    }

    /// Sets or lifts a keyword's own budget, unless it has been stopped meanwhile.
    async fn set_max_posts_a_day(
        &self,
        keyword: &Keyword,
        posts: Option<u64>,
        present: AttributeValue,
    ) -> Result<(), TableError> {
        let update = if posts.is_some() { "SET #max = :max" } else { "REMOVE #max" };
        let names = [("#max", "maxPostsADay"), ("#generation", GENERATION)];
        let max = posts.map(|posts| (":max", number(posts)));
        let values = [(":present", present)].into_iter().chain(max);
        let condition = "#generation = :present";
        self.update_keyword("set a keyword's budget", keyword, update, condition, &names, values).await
    }

    /// Requests the history of a keyword of which none was requested yet, unless it has been stopped meanwhile.
    async fn set_history(
        &self,
        keyword: &Keyword,
        requested: History,
        present: AttributeValue,
    ) -> Result<(), TableError> {
        let history = KeywordHistory { requested, progress: HistoryProgress::default() };
        let history = serde_dynamo::to_attribute_value(history).map_err(|error| self.invalid_item(&error))?;
        let names = [("#history", "history"), ("#generation", GENERATION)];
        let values = [(":history", history), (":present", present)];
        let condition = "#generation = :present AND attribute_not_exists(#history)";
        let update = "SET #history = :history";
        self.update_keyword("request a keyword's history", keyword, update, condition, &names, values).await
    }

    /// Changes the item of a keyword, or does nothing if it does not meet `condition`. All names and values must be used.
    pub(crate) async fn update_keyword(
        &self,
        action: &'static str,
        keyword: &Keyword,
        update: &str,
        condition: &str,
        names: &[(&str, &str)],
        values: impl IntoIterator<Item = (&str, AttributeValue)>,
    ) -> Result<(), TableError> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(&keyword_item(keyword))))
            .update_expression(update)
            .condition_expression(condition);
        for (name, attribute) in names {
            request = request.expression_attribute_names(*name, *attribute);
        }
        for (name, value) in values {
            request = request.expression_attribute_values(name, value);
        }
        match request.send().await {
            Err(error) if !condition_failed(&error) => Err(TableError::during(action)(error)),
            _ => Ok(()),
        }
    }
}
