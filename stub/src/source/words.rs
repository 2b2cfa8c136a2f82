//! The words of made-up posts.

/// What posts are about when nothing is requested.
pub(super) const TOPICS: &[&str] = &[
    "rust",
    "coffee",
    "football",
    "climate",
    "music",
    "space",
    "chess",
    "AI",
    "bicycles",
    "election",
    "サッカー",
    "música",
    "кофе",
    "قهوة",
    "krepšinis",
    "भारत",
];

/// Sentences with room for a topic: language as X writes it, text. They include accents, right-to-left script, scripts
/// without spaces, emoji of several code points, and characters that JSON escapes.
pub(super) const SENTENCES: &[(&str, &str)] = &[
    ("en", "Just read something about {} and I can't stop thinking about it."),
    ("en", "Hot take: {} was better ten years ago 🔥"),
    ("en", "Does anyone here know a good book on {}?\n\nAsking for a friend 👀"),
    ("en", "\"{}\" – that's it, that's the post \\o/"),
    ("es", "¿Alguien más está pensando en {} esta mañana? ☕️"),
    ("fr", "Franchement, {} c’est déjà l’été à la bibliothèque 🌞"),
    ("de", "Schöne Grüße aus der Straßenbahn: heute nur {} gehört."),
    ("pt", "Não consigo parar de pensar em {} 😂😂"),
    ("it", "Perché nessuno parla di {}? È così importante!"),
    ("lt", "Šiandien visi kalba apie {}, o aš žiūriu į ežerą 🇱🇹"),
    ("pl", "Zażółć gęślą jaźń, czyli {} na dziś."),
    ("tr", "Bugün {} hakkında çok şey öğrendim, İstanbul'dan selamlar"),
    ("ru", "Сегодня весь день только {} и ничего больше."),
    ("uk", "Їжак каже: {} — це щастя 🦔"),
    ("ar", "اليوم نتحدث عن {} مع الأصدقاء 👨‍👩‍👧‍👦"),
    ("iw", "היום דיברנו על {} כל הערב"),
    ("fa", "امروز دربارهٔ {} می‌خوانم"),
    ("hi", "आज मैंने {} के बारे में पढ़ा 🙏🏽"),
    ("ja", "今日は {} のことばかり考えている。"),
    ("ko", "오늘은 하루 종일 {} 생각만 했어요"),
    ("zh", "今天 {} 真的很好玩 🎉"),
    ("th", "วันนี้ {} สนุกมาก"),
    ("und", "{} 🦀🦀🦀"),
    ("qme", "#{}"),
];

/// Names of tags that stand at a post's end.
pub(super) const TAGS: &[&str] =
    &["morning", "photo", "opensource", "weekend", "новости", "日常", "fediverse", "GoodNews2026"];

/// Companies that do not exist, by their cashtags.
pub(super) const CASHTAGS: &[&str] = &["STUB", "AVRY", "LAKE.B"];

/// Apps. The last one's posts are promotion only.
pub(super) const APPS: &[&str] = &[
    "X Web App",
    "X for iPhone",
    "X for Android",
    "X for iPad",
    "Stub Scheduler",
    "Twitter for Advertisers",
];

/// Pages that do not exist: path, title, description.
pub(super) const PAGES: &[(&str, &str, &str)] = &[
    (
        "news/2026/a-lake-freezes-early",
        "A lake freezes early",
        "Skaters were out two weeks before the usual date.",
    ),
    (
        "recipes/cold-beetroot-soup",
        "Cold beetroot soup, step by step",
        "Kefir, dill, an egg, and a hot potato beside it.",
    ),
    ("blog/why-we-count-birds?ref=feed", "Why we count birds", "Ten years of Sunday mornings in the reeds."),
    ("photos/the-old-tram", "The old tram in 24 photos", "It ran for the last time in 1962."),
    ("music/choir-of-a-thousand", "A choir of a thousand", "The song festival begins on Friday."),
];

/// What pictures show, for those who cannot see them.
pub(super) const ALT_TEXTS: &[&str] = &[
    "A lake at dawn with fog above the water",
    "A cup of coffee beside an open book",
    "Ein Fahrrad vor einer roten Wand",
];
