//! The languages that `lang:` takes.

/// X's list. <https://docs.x.com/x-api/posts/filtered-stream/integrate/operators#supported-languages>
const LANGUAGES: &[&str] = &[
    "am", "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gu",
    "hi", "hr", "hu", "hy", "in", "it", "iw", "ja", "ka", "kn", "ko", "lt", "lv", "ml", "mr", "nl", "no",
    "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "te", "th", "tr", "uk", "ur", "vi", "zh-cn",
    "zh-tw",
];

/// Whether `lang:` takes this language, which is in lower case.
pub(crate) fn is_supported(language: &str) -> bool {
    LANGUAGES.contains(&language)
}

/// Whether a post of `language` is one that `lang:wanted` names. X names the two Chinese scripts in rules, but writes
/// `zh` in posts, so a post in `zh` is in either (inferred).
pub(crate) fn is_named(language: &str, wanted: &str) -> bool {
    language == wanted || (language == "zh" && wanted.starts_with("zh-"))
}
