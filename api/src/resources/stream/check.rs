//! Whether X takes a keyword: it is asked before the keyword is requested, so that a wrong one is refused at once.

use posts::Keyword;
use stream::keyword_options::KeywordOptions;
use stream::keywords::RequestedKeyword;
use x::{RuleVerdict, rule_value};

use crate::error::{ApiError, causes};
use crate::state::ControlApi;
use crate::x_api::RuleCheckError;

/// Refuses `keyword` if X refuses the rule that the streamer would add for it. `present` is the keyword as it is requested already, if it
/// is. Where X cannot be asked, the keyword is taken: if X refuses the rule later, the keyword's error says so.
pub(super) async fn check(
    api: &ControlApi,
    keyword: &Keyword,
    options: KeywordOptions,
    present: Option<&RequestedKeyword>,
) -> Result<(), ApiError> {
    let Some(rule) = new_rule(keyword, options, present) else { return Ok(()) };
    let verdict = match &api.x {
        Some(x) => x.check_rule(&rule).await,
        None => Err(RuleCheckError::NotFromX),
    };
    match verdict {
        Ok(RuleVerdict::Valid) => Ok(()),
        Ok(RuleVerdict::Invalid { reason }) => {
            Err(ApiError::Unusable { field: "keyword", reason: format!("was rejected by X: {reason}") })
        }
        Err(error) => {
            tracing::info!(
                reason = causes(&error),
                "a keyword is taken without asking X whether it is valid"
            );
            Ok(())
        }
    }
}

/// The value of the rule that the streamer has yet to add if `keyword` is requested with these options.
fn new_rule(
    keyword: &Keyword,
    options: KeywordOptions,
    present: Option<&RequestedKeyword>,
) -> Option<String> {
    let reposts = match present {
        None => options.reposts.unwrap_or(true),
        Some(present) => options.reposts.filter(|reposts| *reposts != present.reposts)?,
    };
    Some(rule_value(keyword.as_str(), reposts))
}

#[cfg(test)]
mod tests {
    use utc_time::UtcTime;

    use super::*;

    #[test]
    fn only_a_keyword_that_is_new_or_changes_has_a_new_rule() {
        let requested = |keyword: &str, reposts| -> RequestedKeyword {
            serde_json::from_value(serde_json::json!({
                "keyword": keyword, "startedAt": UtcTime::now(), "reposts": reposts,
            }))
            .unwrap()
        };
        let requested = [requested("all", true), requested("some", false)];
        let rule = |keyword: &str, reposts| {
            let present = requested.iter().find(|requested| requested.keyword.as_str() == keyword);
            let options = KeywordOptions { reposts, ..KeywordOptions::default() };
            new_rule(&keyword.parse().unwrap(), options, present)
        };
        assert_eq!(rule("new", None).as_deref(), Some("new"));
        assert_eq!(rule("new", Some(true)).as_deref(), Some("new"));
        assert_eq!(rule("new", Some(false)).as_deref(), Some("(new) -is:retweet"));
        assert_eq!(rule("all", Some(false)).as_deref(), Some("(all) -is:retweet"));
        assert_eq!(rule("some", Some(true)).as_deref(), Some("some"));
        for (keyword, reposts) in [("all", None), ("all", Some(true)), ("some", None), ("some", Some(false))]
        {
            assert_eq!(rule(keyword, reposts), None, "{keyword} {reposts:?}");
        }
    }
}
