//! The values of operators: what is wrong with one is said in a sentence.

use super::keyword::Keyword;
use super::languages::is_supported;
use super::words::is_of_a_word;

/// The most that `sample:` takes.
const PERCENT: u64 = 100;

/// A username, or a user's id.
pub(crate) fn user(value: &str) -> Result<String, String> {
    name(value.trim_start_matches('@'))
}

/// A tag or a name, without its sign.
pub(crate) fn name(value: &str) -> Result<String, String> {
    if value.is_empty() || !value.chars().all(is_of_a_word) {
        return Err("a tag or a name is letters, digits and _".to_owned());
    }
    Ok(value.to_lowercase())
}

/// A cashtag, without its sign.
pub(crate) fn cashtag(value: &str) -> Result<String, String> {
    let is_one = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if !value.starts_with(|c: char| c.is_ascii_alphabetic())
        || value.ends_with('.')
        || !value.chars().all(is_one)
    {
        return Err("a cashtag is letters and digits, and begins with a letter".to_owned());
    }
    Ok(value.to_lowercase())
}

pub(crate) fn keyword(value: &str) -> Result<Keyword, String> {
    Keyword::of(value).ok_or_else(|| "an empty phrase".to_owned())
}

/// The id of a post.
pub(crate) fn id(value: &str) -> Result<String, String> {
    if !(1..=19).contains(&value.len()) || !is_number(value) {
        return Err(format!("an id is 1 to 19 digits, not '{value}'"));
    }
    Ok(value.to_owned())
}

pub(crate) fn language(value: &str) -> Result<String, String> {
    let language = value.to_lowercase();
    if !is_supported(&language) {
        return Err(format!("'{value}' is no language that 'lang:' takes"));
    }
    Ok(language)
}

pub(crate) fn country(value: &str) -> Result<String, String> {
    if value.len() != 2 || !value.chars().all(|c| c.is_ascii_alphabetic()) {
        return Err(format!("a country is two letters (ISO 3166-1 alpha-2), not '{value}'"));
    }
    Ok(value.to_lowercase())
}

pub(crate) fn count(value: &str) -> Result<u64, String> {
    let count = is_number(value).then(|| value.parse().ok()).flatten();
    count.ok_or_else(|| format!("a count is a number, not '{value}'"))
}

/// A percentage of at least 1.
pub(crate) fn percent(value: &str) -> Result<u64, String> {
    let percent = count(value).ok().filter(|percent| (1..=PERCENT).contains(percent));
    percent.ok_or_else(|| format!("a percentage is a number from 1 to {PERCENT}, not '{value}'"))
}

/// `from..to`, or a number for as many and more.
pub(crate) fn range(value: &str) -> Result<(u64, u64), String> {
    let Some((from, to)) = value.split_once("..") else { return Ok((count(value)?, u64::MAX)) };
    let (from, to) = (count(from)?, count(to)?);
    if from > to {
        return Err(format!("a range ends no lower than it begins, other than '{value}'"));
    }
    Ok((from, to))
}

/// The ids of a domain and an entity. A `*` stands for any, but not for both.
pub(crate) fn context(value: &str) -> Result<(Option<String>, Option<String>), String> {
    let part = |part: &str| match part {
        "*" => Some(None),
        id => is_number(id).then(|| Some(id.to_owned())),
    };
    let parts = value.split_once('.').and_then(|(domain, entity)| Some((part(domain)?, part(entity)?)));
    match parts {
        Some((None, None)) | None => {
            Err(format!("a context is domain_id.entity_id, domain_id.* or *.entity_id, not '{value}'"))
        }
        Some(context) => Ok(context),
    }
}

/// The name of an app.
pub(crate) fn source(value: &str) -> Result<String, String> {
    if value.contains("://") {
        return Err(
            "the stub cannot judge 'source:' by an address: a post holds only the name of its app".to_owned()
        );
    }
    Ok(value.to_lowercase())
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}
