//! Why an export fails.

/// Why a part of an export could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Table(#[from] service::tables::TableError),
    #[error("failed to write a post as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("failed to write a post as CSV: {0}")]
    Csv(#[from] csv::Error),
}
