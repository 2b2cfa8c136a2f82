//! Texts of made-up posts, and X's `entities` of them.

use serde_json::{Map, Value, json};

use super::links::Link;
use super::people::{Person, id_of};
use crate::rule::entities::{self, Kind};

/// X's `entities` of a text: positions count Unicode code points. `links` are those in the text, `people` those whose
/// ids are known.
pub(super) fn entities(text: &str, links: &[Link], people: &[Person]) -> Map<String, Value> {
    let mut lists = Map::new();
    for found in entities::entities(text) {
        let mut entity = json!({ "start": found.start, "end": found.end });
        let list = match found.kind {
            Kind::Hashtag | Kind::Cashtag => {
                entity["tag"] = found.name.into();
                if found.kind == Kind::Hashtag { "hashtags" } else { "cashtags" }
            }
            Kind::Mention => {
                let known = people.iter().find(|person| person.username.eq_ignore_ascii_case(found.name));
                entity["username"] = found.name.into();
                entity["id"] = known.map_or_else(|| id_of(found.name), |person| person.id.clone()).into();
                "mentions"
            }
            Kind::Link => {
                entity["url"] = found.name.into();
                let known = links.iter().find(|link| link.url == found.name);
                if let (Some(link), Some(entity)) = (known, entity.as_object_mut()) {
                    entity.extend(link.fields.clone());
                }
                "urls"
            }
        };
        add(&mut lists, list, entity);
    }
    lists
}

/// The entities that end by `end`, after their text was moved by so many code points.
pub(super) fn moved(lists: &Map<String, Value>, by: usize, end: usize) -> Map<String, Value> {
    let mut moved = Map::new();
    for (list, entities) in lists {
        for mut entity in entities.as_array().into_iter().flatten().cloned() {
            for place in ["start", "end"] {
                entity[place] = (entity[place].as_u64().unwrap_or_default() + by as u64).into();
            }
            if entity["end"].as_u64().is_some_and(|own| own <= end as u64) {
                add(&mut moved, list, entity);
            }
        }
    }
    moved
}

/// Adds an entity to the end of its list.
pub(super) fn add(lists: &mut Map<String, Value>, list: &str, entity: Value) {
    match lists.get_mut(list).and_then(Value::as_array_mut) {
        Some(entities) => entities.push(entity),
        None => {
            lists.insert(list.to_owned(), json!([entity]));
        }
    }
}

/// A text of at most so many code points: what is longer ends with `…`. Also how many of its own it keeps.
pub(super) fn cut(text: &str, most: usize) -> (String, usize) {
    let length = text.chars().count();
    if length <= most {
        return (text.to_owned(), length);
    }
    let end = text.char_indices().nth(most - 1).map_or(text.len(), |(end, _)| end);
    let kept = text[..end].trim_end();
    (format!("{kept}…"), kept.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_stay_with_their_words_when_the_text_is_moved_and_cut() {
        let text = "🦀 #one and #two";
        let (whole, kept) = cut(&format!("RT @a: {text}"), 17);
        assert_eq!((whole.as_str(), kept), ("RT @a: 🦀 #one an…", 16));
        let entities = moved(&entities(text, &[], &[]), 7, kept);
        assert_eq!(Value::from(entities), json!({ "hashtags": [{ "start": 9, "end": 13, "tag": "one" }] }));
    }

    #[test]
    fn a_text_that_fits_is_not_cut() {
        assert_eq!(cut("żółw", 4), ("żółw".to_owned(), 4));
        assert_eq!(cut("a bcde", 3), ("a…".to_owned(), 1), "no white space before the cut");
    }
}
