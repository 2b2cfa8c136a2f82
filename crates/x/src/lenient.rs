//! Reading X's JSON, whatever type a field turns out to have.
//!
//! A field of an undocumented type counts as absent, so that it does not cost the post. Nothing is copied that can be borrowed
//! from the input.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A kind of value that a field is documented to have. By default, no JSON type has it.
trait Kind<'de>: Sized {
    fn from_text(_: Cow<'de, str>) -> Option<Self> {
        None
    }

    fn from_number(_: impl fmt::Display) -> Option<Self> {
        None
    }

    fn from_count(number: u64) -> Option<Self> {
        Self::from_number(number)
    }

    fn from_flag(_: bool) -> Option<Self> {
        None
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A text.
struct Text<'a>(Cow<'a, str>);

impl<'de> Kind<'de> for Text<'de> {
    fn from_text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self(text))
    }
}

/// An id: a text or a number.
struct Id<'a>(Cow<'a, str>);

impl<'de> Kind<'de> for Id<'de> {
    fn from_text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self(text))
    }

    fn from_number(number: impl fmt::Display) -> Option<Self> {
        Some(Self(Cow::Owned(number.to_string())))
    }
}

/// A number of things: a whole number from 0, or one that is written as a text.
struct Count(u64);

impl<'de> Kind<'de> for Count {
    fn from_text(text: Cow<'de, str>) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn from_count(number: u64) -> Option<Self> {
        Some(Self(number))
    }
}

/// `true` or `false`.
struct Flag(bool);

impl<'de> Kind<'de> for Flag {
    fn from_flag(flag: bool) -> Option<Self> {
        Some(Self(flag))
    }
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Kind<'de> for Object<T> {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|object| Some(Self(object)))
    }
}

/// The elements of a list that are of one kind.
struct List<K>(Vec<K>);

impl<'de, K: Kind<'de>> Kind<'de> for List<K> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut elements = Vec::new();
        while let Some(Perhaps(element)) = list.next_element()? {
            elements.extend(element);
        }
        Ok(Some(Self(elements)))
    }
}

/// A value of a kind, if it is one.
struct Perhaps<K>(Option<K>);

impl<'de, K: Kind<'de>> Deserialize<'de> for Perhaps<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType(PhantomData)).map(Self)
    }
}

struct AnyType<K>(PhantomData<K>);

impl<'de, K: Kind<'de>> Visitor<'de> for AnyType<K> {
    type Value = Option<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of any type")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(K::from_text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(K::from_text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(K::from_count(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(K::from_number(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(K::from_number(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(K::from_flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        K::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        K::from_object(object)
    }
}

/// For `deserialize_with`: a text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Perhaps::deserialize(deserializer).map(|Perhaps(text)| text.map(|Text(text)| text))
}

/// For `deserialize_with`: an id, which is a text or a number.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Perhaps::deserialize(deserializer).map(|Perhaps(id)| id.map(|Id(id)| id))
}

/// For `deserialize_with`: a number of things.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Perhaps::deserialize(deserializer).map(|Perhaps(count)| count.map(|Count(count)| count))
}

/// For `deserialize_with`: `true` or `false`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Perhaps::deserialize(deserializer).map(|Perhaps(flag)| flag.map(|Flag(flag)| flag))
}

/// For `deserialize_with`: the ids of a list.
pub(crate) fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Cow<'de, str>>, D::Error> {
    let Perhaps(list) = Perhaps::<List<Id<'_>>>::deserialize(deserializer)?;
    Ok(list.map(|List(ids)| ids.into_iter().map(|Id(id)| id).collect()).unwrap_or_default())
}

/// For `deserialize_with`: an object.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Perhaps::deserialize(deserializer).map(|Perhaps(object)| object.map(|Object(object)| object))
}

/// For `deserialize_with`: the objects of a list.
pub(crate) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let Perhaps(list) = Perhaps::<List<Object<T>>>::deserialize(deserializer)?;
    Ok(list
        .map(|List(objects)| objects.into_iter().map(|Object(object)| object).collect())
        .unwrap_or_default())
}
