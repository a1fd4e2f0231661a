//! How types with source locations are read by `serde` and appear in JSON Schemas.
//!
//! A location travels as the first members of a sequence, asked for by a private newtype name that only the reader in
//! `yaml` knows.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{FileId, Keyed, Located, ScalarText, Span, SpanTree, Spanned, Spots};

use protocol::{KIND_LIST, KIND_MAP, LOCATED, SPANNED, TEXT};

/// The words between these types and the reader in `yaml`.
pub(crate) mod protocol {
    /// Asks for `[file, start, end, value]`.
    pub(crate) const SPANNED: &str = "$fleetcron::Spanned";
    /// Asks for `[file, start, end, key start, key end, source, kind, value]`, kind being one of the three below.
    pub(crate) const LOCATED: &str = "$fleetcron::Located";
    /// Asks for a text, or the source text of a number or a boolean.
    pub(crate) const TEXT: &str = "$fleetcron::Text";
    /// [`LOCATED`]: the value is a scalar.
    pub(crate) const KIND_SCALAR: u32 = 0;
    /// [`LOCATED`]: the value is a list.
    pub(crate) const KIND_LIST: u32 = 1;
    /// [`LOCATED`]: the value is a map.
    pub(crate) const KIND_MAP: u32 = 2;
}

/// For `#[serde(default, deserialize_with = "tree::present")]`: what is absent is `None`, a written `null` is
/// `Some` of whatever `T` makes of null.
///
/// # Errors
/// Those of `T`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| A::Error::custom("a place was cut short"))
}

fn span<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Span, A::Error> {
    Ok(Span { file: FileId(next(seq)?), start: next(seq)?, end: next(seq)? })
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Spanned<T>, A::Error> {
                let span = span(&mut seq)?;
                Ok(Spanned { value: next(&mut seq)?, span })
            }
        }

        deserializer.deserialize_newtype_struct(SPANNED, Read(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Located;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its places")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Located, A::Error> {
                let place = span(&mut seq)?;
                let key = Span { file: place.file, start: next(&mut seq)?, end: next(&mut seq)? };
                let source: Option<String> = next(&mut seq)?;
                let (value, spots) = match next::<A, u32>(&mut seq)? {
                    KIND_LIST => {
                        let items: Vec<Located> = next(&mut seq)?;
                        let (values, spans) = items.into_iter().map(|item| (item.value, item.spans)).unzip();
                        (Value::Array(values), Spots::Items(spans))
                    }
                    KIND_MAP => {
                        let Keyed(members): Keyed<Located> = seq
                            .next_element_seed(MembersVisitor(PhantomData))?
                            .ok_or_else(|| A::Error::custom("a place was cut short"))?;
                        let mut values = Map::new();
                        let mut spans = Vec::with_capacity(members.len());
                        for (key, member) in members {
                            values.insert(key.value.clone(), member.value);
                            spans.push((key.value, member.spans));
                        }
                        (Value::Object(values), Spots::Members(spans))
                    }
                    _ => (next(&mut seq)?, source.map_or(Spots::Leaf, |text| Spots::Source(text.into()))),
                };
                Ok(Located { value, spans: SpanTree { key, value: place, spots } })
            }
        }

        deserializer.deserialize_newtype_struct(LOCATED, Read)
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for MembersVisitor<T> {
    type Value = Keyed<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Keyed<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
    type Value = Keyed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keyed<T>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Keyed(members))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keyed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MembersVisitor(PhantomData).deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for ScalarText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = ScalarText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number or a boolean")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ScalarText, E> {
                Ok(ScalarText(text.to_owned()))
            }
        }

        deserializer.deserialize_newtype_struct(TEXT, Read)
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl JsonSchema for Located {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Any".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::from(true)
    }
}

impl<T: JsonSchema> JsonSchema for Keyed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Map_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}

impl JsonSchema for ScalarText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}
