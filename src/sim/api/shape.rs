//! The schema of a published type, found by letting it read from something that gives whatever it asks for.

use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

/// The OpenAPI schema of a type: names and types of its fields. None for a type that cannot be asked.
pub(super) fn of<T: DeserializeOwned>() -> Option<Value> {
    let mut schema = Value::Null;
    T::deserialize(Probe { schema: &mut schema, name: "" }).ok()?;
    Some(schema)
}

/// Answers one question of the type, and notes what it was.
struct Probe<'a> {
    schema: &'a mut Value,
    /// The field that is being read.
    name: &'a str,
}

impl Probe<'_> {
    /// A text that every type takes which reads texts: times must be times, and bytes base64.
    fn text(&self) -> &'static str {
        if matches!(self.name, "data" | "binaryData" | "caBundle") { "AAAA" } else { "1970-01-01T00:00:00.000000Z" }
    }
}

macro_rules! number {
    ($($method:ident $visit:ident $value:expr, $type:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            *self.schema = json!({"type": $type});
            visitor.$visit($value)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    number! {
        deserialize_bool visit_bool false, "boolean";
        deserialize_i8 visit_i8 0, "integer";
        deserialize_i16 visit_i16 0, "integer";
        deserialize_i32 visit_i32 0, "integer";
        deserialize_i64 visit_i64 0, "integer";
        deserialize_u8 visit_u8 0, "integer";
        deserialize_u16 visit_u16 0, "integer";
        deserialize_u32 visit_u32 0, "integer";
        deserialize_u64 visit_u64 0, "integer";
        deserialize_f32 visit_f32 0.0, "number";
        deserialize_f64 visit_f64 0.0, "number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.schema = json!({"type": "string", "format": "int-or-string"});
        visitor.visit_str(self.text())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.schema = json!({"type": "string"});
        visitor.visit_str(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.schema = json!({"type": "array"});
        visitor.visit_seq(Item { schema: &mut self.schema["items"], name: self.name, given: false })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.schema = json!({"type": "object"});
        visitor.visit_map(Entry { schema: &mut self.schema["additionalProperties"], name: self.name, given: false })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.schema = json!({"type": "object", "properties": {}});
        let Some(properties) = self.schema["properties"].as_object_mut() else { return visitor.visit_unit() };
        // a type insists on its own name there
        for own in fields.iter().filter(|field| matches!(**field, "apiVersion" | "kind")) {
            properties.insert((*own).to_owned(), json!({"type": "string"}));
        }
        visitor.visit_map(Fields { properties, names: fields, at: 0 })
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier ignored_any
    }
}

/// The fields of a struct, one after the other.
struct Fields<'a> {
    properties: &'a mut Map<String, Value>,
    names: &'static [&'static str],
    at: usize,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        while self.names.get(self.at).is_some_and(|field| matches!(*field, "apiVersion" | "kind")) {
            self.at += 1;
        }
        let Some(field) = self.names.get(self.at) else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let name = self.names.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        let schema = self.properties.entry(name).or_insert(Value::Null);
        seed.deserialize(Probe { schema, name })
    }
}

/// A list of one item.
struct Item<'a> {
    schema: &'a mut Value,
    name: &'a str,
    given: bool,
}

impl<'de> SeqAccess<'de> for Item<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        seed.deserialize(Probe { schema: self.schema, name: self.name }).map(Some)
    }
}

/// A map of one entry.
struct Entry<'a> {
    schema: &'a mut Value,
    name: &'a str,
    given: bool,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        seed.deserialize("key".into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Probe { schema: self.schema, name: self.name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_tells_its_fields() {
        let schema = of::<k8s_openapi::api::apps::v1::Deployment>().unwrap();
        let at = |path: &str| {
            path.split('.').fold(&schema, |at, name| {
                let at = at.get("items").unwrap_or(at);
                &at["properties"][name]
            })
        };
        assert_eq!(at("spec.replicas")["type"], "integer");
        assert_eq!(at("spec.template.spec.containers")["type"], "array");
        assert_eq!(at("spec.template.spec.containers.ports.containerPort")["type"], "integer");
        assert_eq!(at("metadata.labels")["additionalProperties"]["type"], "string");
        assert_eq!(at("metadata.creationTimestamp")["type"], "string");
    }
}
