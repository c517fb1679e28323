//! Reading JSON that may hold anything: a value of the wrong type costs its own field and nothing else.
//!
//! A derived `Deserialize` gives up at the first wrong type, and with it goes the whole object. Here every type takes
//! every kind of value: what it cannot use is skipped, noted in an [`Oddity`] with its path, and left at its default.
//! `null` counts as absent. Strings are borrowed from the input where they hold no escapes.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The first value of an object that was not what it should be.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Oddity {
    first: Option<Note>,
}

#[derive(Debug, PartialEq, Eq)]
struct Note {
    /// Innermost first.
    path: Vec<&'static str>,
    expected: &'static str,
    found: &'static str,
}

impl Oddity {
    /// Whether everything was as it should be.
    pub fn is_none(&self) -> bool {
        self.first.is_none()
    }

    fn note(&mut self, expected: &'static str, found: &'static str) {
        self.first.get_or_insert(Note { path: Vec::new(), expected, found });
    }

    /// Reads a field's value; if the first oddity is found inside, its path goes through `field`.
    pub fn within<'de, M: MapAccess<'de>, T: Accept<'de>>(
        &mut self,
        field: &'static str,
        map: &mut M,
    ) -> Result<T, M::Error> {
        let was_none = self.is_none();
        let value = map.next_value_seed(Seed::new(self))?;
        if let (true, Some(note)) = (was_none, &mut self.first) {
            note.path.push(field);
        }
        Ok(value)
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Note { path, expected, found }) = &self.first else { return Ok(()) };
        for (at, field) in path.iter().rev().enumerate() {
            write!(f, "{}{field}", if at == 0 { "" } else { "." })?;
        }
        write!(f, "{}{found} where {expected} belongs", if path.is_empty() { "" } else { " is " })
    }
}

/// A type that can be read from any JSON value. What a method does not take, it leaves as `None`.
pub trait Accept<'de>: Sized + Default {
    /// What belongs here, with its article.
    const EXPECTED: &'static str;

    /// Takes a string.
    fn text(_: Cow<'de, str>) -> Option<Self> {
        None
    }

    /// Takes a boolean.
    fn flag(_: bool) -> Option<Self> {
        None
    }

    /// Takes a whole number.
    fn number(_: i64) -> Option<Self> {
        None
    }

    /// Takes a list; must read it to its end.
    fn items<A: SeqAccess<'de>>(mut items: A, _: &mut Oddity) -> Result<Option<Self>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Takes an object; must read it to its end.
    fn fields<A: MapAccess<'de>>(mut fields: A, _: &mut Oddity) -> Result<Option<Self>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Reads a `T` and notes what was odd.
pub struct Seed<'o, T> {
    oddity: &'o mut Oddity,
    kind: PhantomData<T>,
}

impl<'o, T> Seed<'o, T> {
    /// A reader that notes into `oddity`.
    pub fn new(oddity: &'o mut Oddity) -> Self {
        Self { oddity, kind: PhantomData }
    }

    fn or_odd<'de>(self, taken: Option<T>, found: &'static str) -> T
    where
        T: Accept<'de>,
    {
        taken.unwrap_or_else(|| {
            self.oddity.note(T::EXPECTED, found);
            T::default()
        })
    }
}

impl<'de, T: Accept<'de>> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Accept<'de>> Visitor<'de> for Seed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(self.or_odd(T::flag(value), "a boolean"))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(self.or_odd(T::number(value), "a number"))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        let number = i64::try_from(value).ok().and_then(T::number);
        Ok(self.or_odd(number, "a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(self.or_odd(None, "a number"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<T, E> {
        Ok(self.or_odd(T::text(Cow::Borrowed(value)), "text"))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(self.or_odd(T::text(Cow::Owned(value.to_owned())), "text"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        let taken = T::items(items, self.oddity)?;
        Ok(self.or_odd(taken, "a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        let taken = T::fields(fields, self.oddity)?;
        Ok(self.or_odd(taken, "an object"))
    }
}

/// Text, empty when absent.
pub type Text<'de> = Cow<'de, str>;

impl<'de> Accept<'de> for Cow<'de, str> {
    const EXPECTED: &'static str = "text";

    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(text)
    }
}

impl Accept<'_> for bool {
    const EXPECTED: &'static str = "a boolean";

    fn flag(flag: bool) -> Option<Self> {
        Some(flag)
    }
}

impl Accept<'_> for i64 {
    const EXPECTED: &'static str = "a number";

    fn number(number: i64) -> Option<Self> {
        Some(number)
    }
}

/// Absent and `null` are `None`, and so is a value of the wrong type.
impl<'de, T: Accept<'de>> Accept<'de> for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn text(text: Cow<'de, str>) -> Option<Self> {
        T::text(text).map(Some)
    }

    fn flag(flag: bool) -> Option<Self> {
        T::flag(flag).map(Some)
    }

    fn number(number: i64) -> Option<Self> {
        T::number(number).map(Some)
    }

    fn items<A: SeqAccess<'de>>(items: A, oddity: &mut Oddity) -> Result<Option<Self>, A::Error> {
        Ok(T::items(items, oddity)?.map(Some))
    }

    fn fields<A: MapAccess<'de>>(fields: A, oddity: &mut Oddity) -> Result<Option<Self>, A::Error> {
        Ok(T::fields(fields, oddity)?.map(Some))
    }
}

/// A list of which the first `LIMIT` items are kept.
#[derive(Debug)]
pub struct List<T, const LIMIT: usize>(pub Vec<T>);

impl<T, const LIMIT: usize> Default for List<T, LIMIT> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Accept<'de>, const LIMIT: usize> Accept<'de> for List<T, LIMIT> {
    const EXPECTED: &'static str = "a list";

    fn items<A: SeqAccess<'de>>(mut items: A, oddity: &mut Oddity) -> Result<Option<Self>, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < LIMIT
            && let Some(item) = items.next_element_seed(Seed::new(oddity))?
        {
            kept.push(item);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Self(kept)))
    }
}

/// A list of which only the last item matters.
#[derive(Debug)]
pub struct Last<T>(pub Option<T>);

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Accept<'de>> Accept<'de> for Last<T> {
    const EXPECTED: &'static str = "a list";

    fn items<A: SeqAccess<'de>>(mut items: A, oddity: &mut Oddity) -> Result<Option<Self>, A::Error> {
        let mut last = None;
        while let Some(item) = items.next_element_seed(Seed::new(oddity))? {
            last = Some(item);
        }
        Ok(Some(Self(last)))
    }
}

/// A list that is only counted: each item is read and handed to `T`, then forgotten.
#[derive(Debug, Default)]
pub struct Tally<T>(pub T);

/// What counts the items of a [`Tally`].
pub trait Count<'de>: Default {
    /// The part of an item that decides how it counts.
    type Item: Accept<'de>;

    /// Counts one.
    fn add(&mut self, item: &Self::Item);
}

impl<'de, T: Count<'de>> Accept<'de> for Tally<T> {
    const EXPECTED: &'static str = "a list";

    fn items<A: SeqAccess<'de>>(mut items: A, oddity: &mut Oddity) -> Result<Option<Self>, A::Error> {
        let mut count = T::default();
        while let Some(item) = items.next_element_seed(Seed::<T::Item>::new(oddity))? {
            count.add(&item);
        }
        Ok(Some(Self(count)))
    }
}

/// An object whose keys are data, in the order it came in; the first `LIMIT` entries are kept.
#[derive(Debug)]
pub struct Pairs<'de, const LIMIT: usize>(pub Vec<(Text<'de>, Text<'de>)>);

impl<const LIMIT: usize> Default for Pairs<'_, LIMIT> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, const LIMIT: usize> Accept<'de> for Pairs<'de, LIMIT> {
    const EXPECTED: &'static str = "an object";

    fn fields<A: MapAccess<'de>>(mut fields: A, oddity: &mut Oddity) -> Result<Option<Self>, A::Error> {
        let (mut kept, mut keys) = (Vec::new(), Oddity::default());
        while let Some(key) = fields.next_key_seed(Seed::<Text<'de>>::new(&mut keys))? {
            let value = fields.next_value_seed(Seed::<Text<'de>>::new(oddity))?;
            if kept.len() < LIMIT {
                kept.push((key, value));
            }
        }
        Ok(Some(Self(kept)))
    }
}

/// A key of an object, compared in place.
pub struct Key<F>(pub F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Key<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Key<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<T, E> {
        Ok((self.0)(key))
    }
}

/// Declares objects of which only some fields matter: `field: Type = "jsonName"`. A repeated field wins.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty = $key:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name<'de> {
            $($(#[$field_doc])* pub $field: $kind,)+
            _input: std::marker::PhantomData<&'de ()>,
        }

        impl<'de> $crate::source::kube::lenient::Accept<'de> for $name<'de> {
            const EXPECTED: &'static str = "an object";

            fn fields<A: serde::de::MapAccess<'de>>(
                mut fields: A,
                oddity: &mut $crate::source::kube::lenient::Oddity,
            ) -> Result<Option<Self>, A::Error> {
                #[allow(non_camel_case_types, reason = "one variant a field, named as the field is")]
                enum Field { $($field,)+ Other }
                let mut object = Self::default();
                let name = |key: &str| match key { $($key => Field::$field,)+ _ => Field::Other };
                while let Some(field) = fields.next_key_seed($crate::source::kube::lenient::Key(name))? {
                    match field {
                        $(Field::$field => object.$field = oddity.within($key, &mut fields)?,)+
                        Field::Other => { fields.next_value::<serde::de::IgnoredAny>()?; }
                    }
                }
                Ok(Some(object))
            }
        }
    )+};
}
pub(super) use objects;
