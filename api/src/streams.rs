//! The streams of a deployment: one for each source that is read.

use posts::Keyword;
use service::tables::TableError;
use stream::close_queue::CloseQueue;
use stream::{SourceName, StreamStatusTable};

use crate::config::TaskDefinition;
use crate::error::ApiError;

/// The stream of a source.
#[derive(Clone, Debug)]
pub(crate) struct SourceStream {
    pub(crate) source: SourceName,
    pub(crate) status: StreamStatusTable,
}

/// The stream of a source, and what starts and wakes its streamer.
#[derive(Clone, Debug)]
pub(crate) struct ControlledStream {
    pub(crate) stream: SourceStream,
    pub(crate) close_queue: CloseQueue,
    pub(crate) task_definition: TaskDefinition,
}

impl AsRef<SourceStream> for SourceStream {
    fn as_ref(&self) -> &SourceStream {
        self
    }
}

impl AsRef<SourceStream> for ControlledStream {
    fn as_ref(&self) -> &SourceStream {
        &self.stream
    }
}

/// The streams of a deployment, at least one, X's first.
#[derive(Clone, Debug)]
pub(crate) struct Streams<S>(Vec<S>);

impl<S: AsRef<SourceStream>> Streams<S> {
    /// # Panics
    /// There are none.
    pub(crate) fn new(streams: Vec<S>) -> Self {
        assert!(!streams.is_empty(), "a deployment reads a source at least");
        Self(streams)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &S> + Clone {
        self.0.iter()
    }

    /// The one that is meant if none is named: X's, if X is read.
    pub(crate) fn first(&self) -> &S {
        &self.0[0]
    }

    /// What concerns all streams.
    pub(crate) fn of_all(&self) -> StreamStatusTable {
        self.first().as_ref().status.of_all()
    }

    /// What is known of X's stream, where X is read.
    pub(crate) fn x(&self) -> &StreamStatusTable {
        &self.first().as_ref().status
    }

    /// The stream of `source`, which the request's `field` names; the first if none is named.
    ///
    /// # Errors
    /// This source is not read here.
    pub(crate) fn of(&self, field: &'static str, source: Option<SourceName>) -> Result<&S, ApiError> {
        let Some(source) = source else { return Ok(self.first()) };
        self.iter().find(|each| each.as_ref().source == source).ok_or_else(|| {
            let read: Vec<&str> = self.sources().map(SourceName::as_str).collect();
            let reason = format!("names {}, but only {} is read here", source.as_str(), read.join(" and "));
            ApiError::Unusable { field, reason }
        })
    }

    /// The sources that are read.
    pub(crate) fn sources(&self) -> impl Iterator<Item = SourceName> {
        self.iter().map(|each| each.as_ref().source)
    }
}

impl SourceStream {
    /// Whether a keyword is requested of this source; without one, whether any is.
    pub(crate) async fn requests(&self, keyword: Option<&Keyword>) -> Result<bool, TableError> {
        match keyword {
            Some(keyword) => {
                Ok(self.status.keywords().await?.iter().any(|requested| requested.keyword == *keyword))
            }
            None => self.status.has_keywords().await,
        }
    }
}
