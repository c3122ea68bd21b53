//! Reading fields the way they come: `null` for absent, lists with a bad item, times that are not times.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::Timestamp;

/// `null` is the type's default, as an absent field is.
pub(super) fn null_is_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A moment, or nothing where the field is absent, `null` or not a time.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(from)?;
    Ok(text.and_then(|text| Timestamp::parse_rfc3339(&text).ok()))
}

/// A list that keeps what can be read and counts what cannot.
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    pub(super) unread: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List { items: Vec::new(), unread: 0 }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or null")
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut list = List::default();
        while let Some(raw) = seq.next_element::<&'de RawValue>()? {
            match serde_json::from_str(raw.get()) {
                Ok(item) => list.items.push(item),
                Err(_) => list.unread += 1,
            }
        }
        Ok(list)
    }
}
