//! Gaps: periods in which posts may have been missed, and what became of them.

use std::collections::BTreeSet;

use posts::Keyword;
use serde::{Deserialize, Serialize};
use utc_time::UtcTime;

use crate::history::History;

/// A period in which posts of a keyword may have been missed.
///
/// An interruption leaves one gap for each keyword; gaps of a keyword that overlap are merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The keyword.
    pub keyword: Keyword,
    /// The gap's beginning: posts written since then may be missing.
    pub from: UtcTime,
    /// The gap's end.
    pub to: UtcTime,
    /// Why reading was interrupted.
    pub cause: String,
    /// Whether it is healed.
    pub state: GapState,
    /// How it was healed, or is being healed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed_by: Option<HealedBy>,
    /// Missed posts that healing has queued.
    #[serde(default)]
    pub posts: u64,
    /// Why it is not healed yet, or cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The part of it that is still to be fetched, once some of it has been; of an open gap, the part that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Period>,
    /// Whether reposts were requested of the keyword.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub reposts: bool,
    /// What it may still lack although it is closed; absent if it lacks nothing but what was taken back meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_lack: Option<MayLack>,
    /// Set if its posts are from before the keyword was started, and were requested too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

/// What a gap may lack although everything that the source still offers has been queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MayLack {
    /// The kinds of posts that were not offered.
    pub kinds: BTreeSet<Unfetchable>,
    /// About how many reposts are missing, by the share of reposts that the stream delivered for the keyword on the day of the
    /// gap's end; absent if it delivered too few to tell, if that day is not remembered, or if no reposts are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reposts_about: Option<u64>,
}

/// A kind of post that a stream delivers and that cannot be fetched afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Unfetchable {
    /// Reposts, which X's search does not return.
    Reposts,
    /// Posts that match only by the text that they quote.
    Quotes,
    /// Versions of a post before its last edit.
    EarlierVersions,
    /// Posts that were taken back before they could be fetched.
    TakenBack,
}

/// A period, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// Its beginning.
    pub from: UtcTime,
    /// Its end.
    pub to: UtcTime,
}

/// Whether a gap is healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum GapState {
    /// It waits to be healed, or is being healed.
    Healing,
    /// The posts that the source still offers have been queued; `mayLack` says what it does not offer.
    Closed,
    /// It cannot be healed: posts are missing.
    Open,
    /// Its keyword was stopped before it was healed: posts are missing and will not be fetched.
    Abandoned,
}

/// How a gap was healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum HealedBy {
    /// X delivered the missed posts again on the stream.
    Backfill,
    /// X delivered again, on request, what the stream had delivered.
    Recovery,
    /// By search, which finds fewer posts than the stream delivers: `mayLack` says which kinds.
    Search,
    /// By a timeline of the server.
    Timeline,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

impl Gap {
    /// The name of its item. Gaps of one state are next to each other, ordered by their ends, so that reading them does not
    /// depend on how many there are in another state.
    pub(crate) fn item_name(&self) -> String {
        format!("{}{}#{}#{}", self.state.prefix(), self.to, self.from, self.keyword)
    }

    /// A gap that covers this one, another of the same keyword and state, and the time between them.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        /// One cause is a phrase and two are a sentence; more would say nothing.
        const CAUSE_BYTES: usize = 160;
        let known = self.cause.contains(&other.cause) || self.cause.len() + other.cause.len() > CAUSE_BYTES;
        Self {
            keyword: self.keyword.clone(),
            from: self.from.min(other.from),
            to: self.to.max(other.to),
            cause: if known { self.cause.clone() } else { format!("{}; {}", self.cause, other.cause) },
            state: self.state,
            // A gap that was healed by search may lack posts.
            healed_by: match (self.healed_by, other.healed_by) {
                (Some(HealedBy::Search), _) | (_, Some(HealedBy::Search)) => Some(HealedBy::Search),
                (one, other) => one.or(other),
            },
            posts: self.posts + other.posts,
            reason: other.reason.clone().or_else(|| self.reason.clone()),
            left: match (self.left, other.left) {
                (None, None) => None,
                _ => Some(Period {
                    from: self.still_to_fetch().from.min(other.still_to_fetch().from),
                    to: self.still_to_fetch().to.max(other.still_to_fetch().to),
                }),
            },
            reposts: self.reposts || other.reposts,
            may_lack: match (&self.may_lack, &other.may_lack) {
                (Some(one), Some(other)) => Some(MayLack {
                    kinds: one.kinds.union(&other.kinds).copied().collect(),
                    reposts_about: match (one.reposts_about, other.reposts_about) {
                        (Some(one), Some(other)) => Some(one + other),
                        (Some(about), None) if !other.kinds.contains(&Unfetchable::Reposts) => Some(about),
                        (None, Some(about)) if !one.kinds.contains(&Unfetchable::Reposts) => Some(about),
                        _ => None,
                    },
                }),
                (one, other) => one.as_ref().or(other.as_ref()).cloned(),
            },
            // One gap that covers others is no longer what somebody requested.
            history: None,
        }
    }

    /// The part of it that is still to be fetched.
    #[must_use]
    pub fn still_to_fetch(&self) -> Period {
        self.left.unwrap_or(Period { from: self.from, to: self.to })
    }

    /// This gap, after its keyword was stopped.
    #[must_use]
    pub fn abandoned(&self) -> Self {
        let reason = Some("the keyword was stopped before it was healed".to_owned());
        Self { state: GapState::Abandoned, reason, ..self.clone() }
    }
}

impl GapState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::Healing, Self::Abandoned, Self::Closed];

    /// The prefix of the names of its items.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Healing => "gap#healing#",
            Self::Closed => "gap#closed#",
            Self::Open => "gap#open#",
            Self::Abandoned => "gap#abandoned#",
        }
    }
}

/// A page of the gaps of one state.
#[derive(Clone, Debug)]
pub struct GapPage {
    /// The gaps.
    pub gaps: Vec<Gap>,
    /// Where the next page begins; `None` on the last page.
    pub next: Option<GapPosition>,
}

/// A position among the gaps of one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapPosition(pub(crate) String);

impl GapPosition {
    /// The position that `text` names among the gaps of `state`, if it names one.
    #[must_use]
    pub fn among(state: GapState, text: String) -> Option<Self> {
        text.starts_with(state.prefix()).then_some(Self(text))
    }

    /// The position as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(from: &str, to: &str, cause: &str) -> Gap {
        let json = serde_json::json!({
            "keyword": "rust", "from": format!("2026-11-25T{from}Z"), "to": format!("2026-11-25T{to}Z"),
            "cause": cause, "state": "healing", "posts": 1,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn one_gap_stands_for_two_and_says_no_less() {
        let (one, other) = (gap("10:00:00", "10:01:00", "a"), gap("09:59:00", "10:00:30", "b"));
        let both = one.merged(&other);
        assert_eq!((both.from, both.to, both.posts), (other.from, one.to, 2));
        assert_eq!(both.cause, "a; b");
        assert_eq!(both.merged(&other).cause, "a; b");
        let long = Gap { cause: "c".repeat(160), ..other };
        assert_eq!(both.merged(&long).cause, "a; b");
        let healed = |by| Gap { healed_by: Some(by), ..one.clone() };
        assert_eq!(
            healed(HealedBy::Backfill).merged(&healed(HealedBy::Search)).healed_by,
            Some(HealedBy::Search)
        );
    }

    #[test]
    fn what_one_of_two_may_lack_both_may_lack() {
        let lacks = |kinds: &[Unfetchable], reposts_about| {
            let may_lack = Some(MayLack { kinds: kinds.iter().copied().collect(), reposts_about });
            Gap { may_lack, ..gap("10:00:00", "10:01:00", "a") }
        };
        let one = lacks(&[Unfetchable::Reposts], Some(3));
        let other = lacks(&[Unfetchable::Quotes], Some(4));
        let both = one.merged(&other).may_lack.unwrap();
        assert_eq!(both.kinds, [Unfetchable::Reposts, Unfetchable::Quotes].into());
        assert_eq!(both.reposts_about, Some(7));
        let unknown = lacks(&[Unfetchable::Reposts], None);
        assert_eq!(one.merged(&unknown).may_lack.unwrap().reposts_about, None);
        let none = lacks(&[Unfetchable::Quotes], None);
        assert_eq!(none.merged(&one).may_lack.unwrap().reposts_about, Some(3));
        let whole = Gap { may_lack: None, ..one.clone() };
        assert_eq!(whole.merged(&one).may_lack, one.may_lack);
    }

    #[test]
    fn gaps_of_a_state_stand_together_in_the_order_of_their_ends() {
        let (earlier, later) = (gap("10:00:00", "10:01:00", "a"), gap("09:00:00", "10:02:00", "a"));
        assert!(earlier.item_name() < later.item_name());
        assert!(earlier.abandoned().item_name() < earlier.item_name());
        for state in GapState::ALL {
            assert!(Gap { state, ..later.clone() }.item_name().starts_with(state.prefix()));
        }
    }
}
