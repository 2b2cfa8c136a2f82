//! What must be true of posts, and what must not.

use serde::Serialize;

use super::item::StoredPost;
use crate::Post;
use crate::post::PostKind;
use crate::statistics::country_name;
use place::{Country, CountryHow};

/// Conditions that no index helps with: posts are read and then tested. All that are given must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PostFilter {
    /// The country.
    pub country: Option<CountryFilter>,
    /// What in the location of the author's profile told the country.
    pub country_how: Option<CountryHow>,
    /// The language's code, in any case.
    pub language: Option<String>,
    /// A part of the text, in any case.
    pub text: Option<String>,
    /// What kind of post it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PostKind>,
    /// The author's handle, in any case, or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What must not be true of them.
    #[serde(skip_serializing_if = "Without::is_empty")]
    pub without: Without,
    /// Which versions of an edited post.
    #[serde(skip_serializing_if = "Versions::is_default")]
    pub versions: Versions,
}

/// Posts that are left out: those for which any of this is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Without {
    /// Their country is one of these.
    pub countries: Vec<CountryFilter>,
    /// Their language is one of these, in any case.
    pub languages: Vec<String>,
    /// They are of one of these kinds.
    pub kinds: Vec<PostKind>,
    /// Their author's handle, in any case, or id is one of these.
    pub authors: Vec<String>,
    /// Their text contains this, in any case.
    pub text: Option<String>,
}

/// Which versions of an edited post, where an edit is a new post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Versions {
    /// The newest that is stored under the keyword.
    #[default]
    Newest,
    /// All.
    All,
}

/// A condition on the country of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CountryFilter {
    /// It is this one.
    Is(Country),
    /// It is unknown.
    Unknown,
}

impl Versions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl PostFilter {
    /// Whether it requires nothing of a post but its version, and so lets nearly all through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { versions: self.versions, ..Self::default() }
    }

    /// A test of many posts: what depends on the filter alone is done once.
    pub(super) fn matcher(&self) -> impl Fn(&StoredPost) -> bool {
        let text = self.text.as_ref().map(|text| text.to_lowercase());
        let without_text = self.without.text.as_ref().map(|text| text.to_lowercase());
        move |StoredPost { post, superseded_by, .. }| {
            (self.versions == Versions::All || superseded_by.is_none())
                && self.country.is_none_or(|country| country.matches(post.country))
                && self.country_how.is_none_or(|how| post.country_how == Some(how))
                && self.language.as_ref().is_none_or(|code| is_in(post, code))
                && self.kind.is_none_or(|kind| post.kind() == kind)
                && self.author.as_ref().is_none_or(|author| is_by(post, author))
                && text.as_ref().is_none_or(|text| post.text.to_lowercase().contains(text))
                && !self.without.applies(post)
                && !without_text.as_ref().is_some_and(|text| post.text.to_lowercase().contains(text))
        }
    }
}

impl Without {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a post is left out, whatever its text.
    fn applies(&self, post: &Post) -> bool {
        self.countries.iter().any(|country| country.matches(post.country))
            || self.languages.iter().any(|code| is_in(post, code))
            || self.kinds.contains(&post.kind())
            || self.authors.iter().any(|author| is_by(post, author))
    }
}

/// Whether a post is in the language with this code, in any case.
fn is_in(post: &Post, code: &str) -> bool {
    post.language.as_ref().is_some_and(|language| language.eq_ignore_ascii_case(code))
}

/// Whether a post's author has this handle, in any case, or id.
fn is_by(post: &Post, author: &str) -> bool {
    post.author_username.as_ref().is_some_and(|handle| handle.eq_ignore_ascii_case(author))
        || post.author_id.as_deref() == Some(author)
}

impl CountryFilter {
    /// The country's code, or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is(country) => country_name(Some(&country)),
            Self::Unknown => country_name(None),
        }
    }

    fn matches(self, country: Option<Country>) -> bool {
        match self {
            Self::Is(required) => country == Some(required),
            Self::Unknown => country.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(text: &str, country: Option<&str>, language: Option<&str>) -> StoredPost {
        let json = serde_json::json!({
            "tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": text,
            "country": country, "language": language, "keyword": "k", "expiresAt": 0,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_post_matches_if_it_meets_every_condition() {
        let filter =
            |country: Option<CountryFilter>, language: Option<&str>, text: Option<&str>| PostFilter {
                country,
                language: language.map(str::to_owned),
                text: text.map(str::to_owned),
                ..PostFilter::default()
            };
        let is = |code: &str| Some(CountryFilter::Is(code.parse().unwrap()));
        let mut post = post("Žirafa ėda LAPUS", Some("LT"), Some("lt"));
        for (matches, filter) in [
            (true, filter(None, None, None)),
            (true, filter(is("LT"), Some("LT"), Some("žIRAFA"))),
            (true, filter(None, None, Some("lapus"))),
            (false, filter(is("LV"), Some("lt"), Some("žirafa"))),
            (false, filter(Some(CountryFilter::Unknown), None, None)),
            (false, filter(is("LT"), Some("l"), None)),
            (false, filter(None, None, Some("lapusx"))),
        ] {
            assert_eq!(filter.matcher()(&post), matches, "{filter:?}");
        }
        post.post.author_username = Some("Ona".to_owned());
        post.post.author_id = Some("7".to_owned());
        let leaves_out = |without: Without| !PostFilter { without, ..PostFilter::default() }.matcher()(&post);
        let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let without = Without::default;
        for (left_out, leaves_out) in [
            (
                true,
                leaves_out(Without {
                    countries: vec![CountryFilter::Unknown, is("LT").unwrap()],
                    ..without()
                }),
            ),
            (false, leaves_out(Without { countries: vec![CountryFilter::Unknown], ..without() })),
            (true, leaves_out(Without { languages: texts(["en", "LT"]), ..without() })),
            (true, leaves_out(Without { authors: texts(["oNA", "x"]), ..without() })),
            (true, leaves_out(Without { authors: texts(["on", "7"]), ..without() })),
            (false, leaves_out(Without { authors: texts(["on", "77"]), ..without() })),
            (true, leaves_out(Without { kinds: vec![PostKind::Original], ..without() })),
            (false, leaves_out(Without { kinds: vec![PostKind::Repost, PostKind::Quote], ..without() })),
            (true, leaves_out(Without { text: Some("LAPUS".to_owned()), ..without() })),
            (false, leaves_out(Without { text: Some("lapusx".to_owned()), ..without() })),
        ] {
            assert_eq!(leaves_out, left_out);
        }
        let by = |author: &str| PostFilter { author: Some(author.to_owned()), ..PostFilter::default() };
        assert!(by("ona").matcher()(&post) && by("7").matcher()(&post) && !by("jonas").matcher()(&post));
        let of = |kind| PostFilter { kind: Some(kind), ..PostFilter::default() };
        assert!(of(PostKind::Original).matcher()(&post) && !of(PostKind::Reply).matcher()(&post));
        assert!(!of(PostKind::Reply).is_empty());
        post.superseded_by = Some("2".parse().unwrap());
        let (newest, all) =
            (filter(None, None, None), PostFilter { versions: Versions::All, ..filter(None, None, None) });
        assert!(!newest.matcher()(&post) && all.matcher()(&post) && newest.is_empty() && all.is_empty());
    }
}
