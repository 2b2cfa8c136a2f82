//! The filters of posts: their parameters, which are those of `GET /tweets`, and how they are told.

use crate::address::Address;

/// A filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The parameter.
    pub name: &'static str,
    /// How it is told.
    says: &'static str,
    /// The parameter that leaves out what this one would keep.
    opposite: Option<&'static str>,
}

/// All filters.
pub const FILTERS: [Filter; 13] = [
    filter("from", "from", None),
    filter("to", "to", None),
    filter("country", "country", Some("notCountry")),
    filter("countryHow", "known by", None),
    filter("language", "language", Some("notLanguage")),
    filter("kind", "kind", Some("notKind")),
    filter("author", "author", Some("notAuthor")),
    filter("text", "text", Some(NOT_TEXT)),
    filter("notCountry", "not country", None),
    filter("notLanguage", "not language", None),
    filter("notKind", "not kind", None),
    filter("notAuthor", "not author", None),
    filter(NOT_TEXT, "not text", None),
];

/// The filter that takes one value; other opposites take several with commas between them.
const NOT_TEXT: &str = "notText";

const fn filter(name: &'static str, says: &'static str, opposite: Option<&'static str>) -> Filter {
    Filter { name, says, opposite }
}

/// A filter that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// How the filter is told.
    pub name: &'static str,
    /// What it is set to.
    pub value: String,
    /// Whether that is a time.
    pub is_time: bool,
    /// The view without it.
    pub without: String,
    /// The view with its opposite instead.
    pub left_out: Option<String>,
}

impl Filter {
    /// Whether it depends on the post rather than on its time alone.
    fn looks_at_posts(&self) -> bool {
        !matches!(self.name, "from" | "to")
    }

    /// What it is set to at this address.
    fn chip(&self, address: &Address) -> Option<Chip> {
        let value = address.get(self.name)?;
        let without = address.without(self.name).without("cursor");
        let left_out = self.opposite.map(|opposite| {
            let before = address.get(opposite).filter(|_| opposite != NOT_TEXT);
            let values = before.map_or(value.to_owned(), |before| format!("{before},{value}"));
            without.with(opposite, values).to_string()
        });
        let is_time = !self.looks_at_posts();
        Some(Chip {
            name: self.says,
            value: value.to_owned(),
            is_time,
            without: without.to_string(),
            left_out,
        })
    }
}

/// The filters that are set at this address.
#[must_use]
pub fn chips(address: &Address) -> Vec<Chip> {
    FILTERS.iter().filter_map(|filter| filter.chip(address)).collect()
}

/// Whether more than a time is set at this address, so that the histogram counts other posts too.
#[must_use]
pub fn looks_at_posts(address: &Address) -> bool {
    FILTERS.iter().any(|filter| filter.looks_at_posts() && address.get(filter.name).is_some())
}

/// The parameters of a view of posts that are those of `GET /tweets`.
#[must_use]
pub fn parameters() -> Vec<&'static str> {
    ["keyword"]
        .into_iter()
        .chain(FILTERS.iter().map(|filter| filter.name))
        .chain(["versions", "order"])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_can_be_taken_off_or_turned_round() {
        let address =
            Address::parse("/browse", "keyword=k&country=LT&notCountry=LV&cursor=c&text=a,b&notText=c");
        let chips = chips(&address);
        let [country, text, ..] = chips.as_slice() else { panic!("{chips:?}") };
        assert_eq!(country.without, "/browse?keyword=k&notCountry=LV&text=a%2Cb&notText=c");
        assert_eq!(
            country.left_out.as_deref(),
            Some("/browse?keyword=k&notCountry=LV%2CLT&text=a%2Cb&notText=c")
        );
        assert_eq!(
            text.left_out.as_deref(),
            Some("/browse?keyword=k&country=LT&notCountry=LV&notText=a%2Cb")
        );
        assert_eq!(chips.len(), 4);
        assert!(looks_at_posts(&address) && !looks_at_posts(&Address::parse("/browse", "keyword=k&from=x")));
    }
}
