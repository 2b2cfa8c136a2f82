//! The authors of made-up posts.

use serde_json::{Value, json};

/// A person who does not exist.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) username: String,
    /// The user object, in X's shape.
    pub(super) user: Value,
}

/// Handle, name, location in their own words, biography, followers, and the kind of verification, if any.
type Profile = (&'static str, &'static str, &'static str, &'static str, u64, &'static str);

const PROFILES: &[Profile] = &[
    ("stub_ada", "Ada 🦀", "London, England", "Engineer. Counts birds on Sundays.", 48_210, "blue"),
    ("stub_jonas", "Jonas Ežeras", "Vilnius, Lithuania", "Ežerai, miškai ir #dviračiai", 812, "none"),
    ("stub_maria", "María José", "Madrid, España", "Periodista. Opiniones mías ☕️", 15_377, "blue"),
    ("stub_yuki", "ゆき", "東京、日本", "写真と猫 🐈", 2_940, "none"),
    ("stub_omar", "عمر", "القاهرة، مصر", "مهندس ومحب للقهوة", 530, "none"),
    ("stub_noa", "נועה", "🇮🇱", "", 77, "none"),
    ("stub_olena", "Олена", "Київ, Україна", "Вчителька. Їжаки 🦔", 6_120, "none"),
    ("stub_lucas", "Lucas", "São Paulo, Brasil", "Futebol e música", 1_204, "none"),
    ("stub_emma", "Emma", "everywhere and nowhere", "Sometimes a poet, never on time.", 305, "none"),
    ("stub_priya", "Priya", "Mumbai, India", "Data engineer | नमस्ते", 22_816, "blue"),
    ("stub_chen", "陈", "", "读书人", 19, "none"),
    ("stub_zofia", "Zofia", "Kraków, Polska 🇵🇱", "Szachy, góry, pierogi", 1_990, "none"),
    ("stub_kwame", "Kwame", "Accra, Ghana", "News desk of a paper that does not exist.", 310_450, "business"),
    ("stub_sam", "Sam \"the\" O'Neil", "Portland, OR", "Bicycles \\ coffee / more bicycles", 4, "none"),
    ("stub_leyla", "Leyla", "İzmir, Türkiye", "Deniz, kitap, kahve", 940, "none"),
    (
        "stub_ingrid",
        "Ingrid",
        "Bergen, Norge",
        "The weather office of an invented town.",
        88_030,
        "government",
    ),
];

/// The id of the first of them.
const FIRST_ID: u64 = 1_000_000_000_000_000_000;

/// The first id that others may have, and how many there are.
const OTHER_IDS: (u64, u64) = (1_100_000_000_000_000_000, 100_000_000_000_000_000);

/// The most characters that a wished-for username may have: X's have up to 15, and those of its first years up to 20.
const USERNAME: usize = 20;

/// Those who always post.
pub(super) fn everybody() -> Vec<Person> {
    (0..).zip(PROFILES).map(|(index, profile)| person((FIRST_ID + index).to_string(), *profile)).collect()
}

/// The person with this username or id, who is made up because a rule names them; `None` if nobody can have that name.
pub(super) fn wished(name: &str) -> Option<Person> {
    let is_id = name.len() <= 19 && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_name =
        name.len() <= USERNAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !(is_id || is_name) {
        return None;
    }
    let (id, username) = match is_id {
        true => (name.to_owned(), format!("user_{}", &name[name.len().saturating_sub(10)..])),
        false => (id_of(name), name.to_owned()),
    };
    Some(person(id, (&username, &username, "", "Posts because a rule asks for it.", 100, "none")))
}

/// The id of a username that is not among [`everybody`]'s.
pub(super) fn id_of(username: &str) -> String {
    let hash = username
        .bytes()
        .fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte.to_ascii_lowercase())));
    (OTHER_IDS.0 + hash % OTHER_IDS.1).to_string()
}

fn person(
    id: String,
    (username, name, location, bio, followers, verified): (&str, &str, &str, &str, u64, &str),
) -> Person {
    let (year, day) = (2007 + followers % 17, 1 + followers % 28);
    let mut user = json!({
        "id": id, "username": username, "name": name, "description": bio,
        "created_at": format!("{year}-05-{day:02}T08:30:00.000Z"),
        "profile_image_url": format!("https://pbs.stub.example/{username}_normal.jpg"),
        "public_metrics": {
            "followers_count": followers, "following_count": 40 + followers % 900,
            "tweet_count": 12 + followers * 3 % 70_000, "listed_count": followers / 400,
        },
        "verified": verified != "none", "verified_type": verified, "protected": false,
    });
    if !location.is_empty() {
        user["location"] = location.into();
    }
    Person { id, username: username.to_owned(), user }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_a_rule_names_can_be_made_up() {
        let person = wished("Some_Body").unwrap();
        assert_eq!((person.username.as_str(), &person.user["username"]), ("Some_Body", &json!("Some_Body")));
        assert_eq!(person.id, id_of("some_body"));
        assert_eq!(wished("12345").unwrap().id, "12345");
        for name in ["", "a b", "é", "a_name_of_too_many_characters"] {
            assert!(wished(name).is_none(), "{name}");
        }
    }
}
