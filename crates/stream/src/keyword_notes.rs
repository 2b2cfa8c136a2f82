//! What the reader notes on a requested keyword.

use aws_sdk_dynamodb::types::AttributeValue;
use posts::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::StreamStatusTable;

impl StreamStatusTable {
    /// Notes why nothing is collected for `keyword`, and that its posts are missing since `from`, unless they were missing
    /// already. Does nothing if the keyword is no longer requested.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn keyword_is_refused(
        &self,
        keyword: &Keyword,
        error: &str,
        from: UtcTime,
    ) -> Result<(), TableError> {
        let values = [(":error", error.to_owned()), (":from", from.to_string())];
        self.note_on_keyword(
            keyword,
            "SET #error = :error, #missing = if_not_exists(#missing, :from) REMOVE #waiting",
            "attribute_exists(#stream)",
            &values,
            &[("#stream", Self::PARTITION_KEY)],
        )
        .await
    }

    /// Notes what `keyword` waits for, and that its posts are missing since `from`, unless they were missing already. Does nothing if the
    /// keyword is no longer requested.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn keyword_waits(
        &self,
        keyword: &Keyword,
        reason: &str,
        from: UtcTime,
    ) -> Result<(), TableError> {
        let values = [(":waiting", reason.to_owned()), (":from", from.to_string())];
        self.note_on_keyword(
            keyword,
            "SET #waiting = :waiting, #missing = if_not_exists(#missing, :from) REMOVE #error",
            "attribute_exists(#stream)",
            &values,
            &[("#stream", Self::PARTITION_KEY)],
        )
        .await
    }

    /// Notes that `keyword`, requested since `started_at`, is not read until `until`, and why. Does nothing if the keyword is no longer requested,
    /// or was requested again.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn keyword_is_paused(
        &self,
        keyword: &Keyword,
        started_at: UtcTime,
        until: UtcTime,
        reason: &str,
    ) -> Result<(), TableError> {
        let values = [
            (":started", started_at.to_string()),
            (":until", until.to_string()),
            (":waiting", reason.to_owned()),
        ];
        self.note_on_keyword(
            keyword,
            "SET #until = :until, #waiting = :waiting REMOVE #error",
            "#started = :started",
            &values,
            &[("#started", "startedAt"), ("#until", "pausedUntil")],
        )
        .await
    }

    /// Notes that `keyword`, requested since `started_at`, is to be read again before its pause is over, and that its posts are missing since `from`.
    /// Does nothing if the keyword is no longer requested, or was requested again.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn keyword_goes_on(
        &self,
        keyword: &Keyword,
        started_at: UtcTime,
        from: UtcTime,
    ) -> Result<(), TableError> {
        let values = [(":started", started_at.to_string()), (":from", from.to_string())];
        self.note_on_keyword(
            keyword,
            "SET #missing = :from REMOVE #until, #waiting",
            "#started = :started",
            &values,
            &[("#started", "startedAt"), ("#until", "pausedUntil")],
        )
        .await
    }

    /// Notes that the posts of `keyword`, requested since `started_at`, are collected, and that a gap says which of them are
    /// missing. What it waits for stays if it `is_paused`. Does nothing if the keyword is no longer requested, or was requested again.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn keyword_is_collected(
        &self,
        keyword: &Keyword,
        started_at: UtcTime,
        is_paused: bool,
    ) -> Result<(), TableError> {
        let values = [(":started", started_at.to_string())];
        self.note_on_keyword(
            keyword,
            if is_paused { "REMOVE #error, #missing" } else { "REMOVE #error, #missing, #waiting" },
            "#started = :started",
            &values,
            &[("#started", "startedAt")],
        )
        .await
    }

    /// Changes the notes on a keyword, in which `values` are texts.
    async fn note_on_keyword(
        &self,
        keyword: &Keyword,
        update: &str,
        condition: &str,
        values: &[(&str, String)],
        names: &[(&str, &str)],
    ) -> Result<(), TableError> {
        let notes = [("#error", "error"), ("#missing", "missingFrom"), ("#waiting", "waiting")];
        // DynamoDB refuses a name that is not used.
        let notes = notes.iter().filter(|(name, _)| update.contains(name));
        let names: Vec<(&str, &str)> = notes.chain(names).copied().collect();
        let values = values.iter().map(|(name, value)| (*name, AttributeValue::S(value.clone())));
        self.update_keyword("note a keyword's state", keyword, update, condition, &names, values).await
    }
}
