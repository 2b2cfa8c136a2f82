//! The streams from which a keyword is to be collected.

use posts::Keyword;
use stream::SourceName;
use stream::keywords::RequestedKeyword;

use crate::error::ApiError;
use crate::state::ControlApi;
use crate::streams::ControlledStream;

/// A stream from which a keyword is to be collected.
pub(super) struct Chosen<'a> {
    pub(super) stream: &'a ControlledStream,
    /// The keyword, if it is being collected from there already.
    pub(super) present: Option<RequestedKeyword>,
    /// How many keywords are.
    pub(super) requested: usize,
}

/// Takes `keyword` back from the streams in which it was not before.
pub(super) async fn remove_new(chosen: &[Chosen<'_>], keyword: &Keyword) -> Result<(), ApiError> {
    for each in chosen.iter().filter(|each| each.present.is_none()) {
        each.stream.stream.status.remove_keyword(keyword).await?;
    }
    Ok(())
}

/// The streams from which `keyword` is to be collected: those of `sources`; without any, those from which it is being collected already, or the
/// first.
///
/// # Errors
/// A source is not read here, or the list is empty.
pub(super) async fn chosen<'a>(
    api: &'a ControlApi,
    keyword: &Keyword,
    sources: Option<Vec<SourceName>>,
) -> Result<Vec<Chosen<'a>>, ApiError> {
    const FIELD: &str = "sources";
    if let Some(sources) = &sources {
        if sources.is_empty() {
            return Err(ApiError::Unusable { field: FIELD, reason: "must name a source".to_owned() });
        }
        for source in sources {
            api.streams.of(FIELD, Some(*source))?;
        }
    }
    let mut chosen = Vec::new();
    for stream in api.streams.iter() {
        if sources.as_ref().is_some_and(|sources| !sources.contains(&stream.stream.source)) {
            continue;
        }
        let requested = stream.stream.status.keywords().await?;
        let count = requested.len();
        let present = requested.into_iter().find(|requested| requested.keyword == *keyword);
        chosen.push(Chosen { stream, present, requested: count });
    }
    if sources.is_none() {
        match chosen.iter().any(|each| each.present.is_some()) {
            true => chosen.retain(|each| each.present.is_some()),
            false => chosen.truncate(1),
        }
    }
    Ok(chosen)
}
