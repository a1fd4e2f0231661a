//! Serde access to the parts of nodes: items, members, keys, variants, locations.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::tree::Span;
use crate::tree::protocol::{SPANNED, TEXT};

use super::de::{De, ReadContext, Unknown, id};
use super::fault::{ErrorKind, ReadError, Segment, at_key};
use super::node::{Entry, Node};

/// The answer to `SPANNED` and `LOCATED`: numbers, the source before the last of them, then the value.
pub(super) struct SpannedAccess<'n, 'a> {
    pub(super) numbers: &'n [u32],
    pub(super) source: Option<Option<&'a str>>,
    pub(super) value: Option<De<'a>>,
}

impl<'a> SeqAccess<'a> for SpannedAccess<'_, 'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        if self.numbers.len() == 1
            && let Some(source) = self.source.take()
        {
            return seed.deserialize(Maybe(source)).map(Some);
        }
        if let Some((number, rest)) = self.numbers.split_first() {
            self.numbers = rest;
            return seed.deserialize(number.into_deserializer()).map(Some);
        }
        self.value.take().map(|value| seed.deserialize(value)).transpose()
    }
}

/// A text that may be absent.
struct Maybe<'a>(Option<&'a str>);

impl<'a> Deserializer<'a> for Maybe<'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Some(text) => visitor.visit_some(BorrowedStrDeserializer::new(text)),
            None => visitor.visit_none(),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

pub(super) struct ItemAccess<'a> {
    pub(super) nodes: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
    pub(super) context: &'a ReadContext,
}

impl<'a> SeqAccess<'a> for ItemAccess<'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        for (index, node) in self.nodes.by_ref() {
            if self.context.pruned.contains(&id(node)) {
                continue;
            }
            let item = De { node, key: None, context: self.context };
            return seed
                .deserialize(item)
                .map(Some)
                .map_err(|error| error.place(node, None).under(Segment::Item(index)));
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len())
    }
}

pub(super) struct MemberAccess<'a> {
    pub(super) map: &'a Node,
    pub(super) entries: std::slice::Iter<'a, Entry>,
    /// The fields that are known, where they are.
    pub(super) known: Option<&'static [&'static str]>,
    pub(super) value: Option<&'a Entry>,
    pub(super) context: &'a ReadContext,
}

impl<'a> MapAccess<'a> for MemberAccess<'a> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        for entry in self.entries.by_ref() {
            if self.context.pruned.contains(&id(&entry.value)) {
                continue;
            }
            if let Some(known) = self.known.filter(|known| !known.contains(&entry.key.as_str())) {
                let unknown = Unknown { field: entry.key.clone(), known, map: id(self.map) };
                self.context.unknown.borrow_mut().insert((entry.key_span, id(&entry.value)), unknown);
                continue;
            }
            self.value = Some(entry);
            let key = MemberName { key: &entry.key, span: entry.key_span };
            return seed.deserialize(key).map(Some).map_err(|error| at_key(error, entry));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let Some(entry) = self.value.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        let value = De { node: &entry.value, key: Some(entry.key_span), context: self.context };
        seed.deserialize(value)
            .map_err(|error| error.place(&entry.value, Some(entry.key_span)).under(Segment::Member(entry.key.clone())))
    }
}

struct MemberName<'a> {
    key: &'a str,
    span: Span,
}

impl<'a> Deserializer<'a> for MemberName<'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_str(self.key)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        if name == SPANNED {
            visitor.visit_seq(KeyAnswer {
                numbers: [self.span.file.0, self.span.start, self.span.end],
                next: 0,
                key: self.key,
            })
        } else if name == TEXT {
            visitor.visit_borrowed_str(self.key)
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        BorrowedStrDeserializer::new(self.key).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The answer to `SPANNED` about a key.
struct KeyAnswer<'a> {
    numbers: [u32; 3],
    next: usize,
    key: &'a str,
}

impl<'a> SeqAccess<'a> for KeyAnswer<'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        self.next += 1;
        match self.numbers.get(self.next - 1) {
            Some(number) => seed.deserialize(number.into_deserializer()).map(Some),
            None if self.next == 4 => seed.deserialize(BorrowedStrDeserializer::new(self.key)).map(Some),
            None => Ok(None),
        }
    }
}

/// One variant of an enum: a word, or a map of one member.
pub(super) struct EnumValue<'a> {
    pub(super) word: &'a str,
    pub(super) value: Option<&'a Entry>,
    pub(super) context: &'a ReadContext,
}

impl<'a> EnumAccess<'a> for EnumValue<'a> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), ReadError> {
        match seed.deserialize(BorrowedStrDeserializer::new(self.word)) {
            Ok(variant) => Ok((variant, self)),
            Err(error) => Err(match self.value {
                Some(entry) => at_key(error, entry),
                None => error,
            }),
        }
    }
}

impl<'a> EnumValue<'a> {
    fn with<T>(self, read: impl FnOnce(De<'a>) -> Result<T, ReadError>) -> Result<T, ReadError> {
        match self.value {
            Some(entry) => {
                let value = De { node: &entry.value, key: Some(entry.key_span), context: self.context };
                read(value).map_err(|error| error.under(Segment::Member(entry.key.clone())))
            }
            None => Err(ReadError::new(ErrorKind::Type(format!("a map with the member `{}`", self.word)))),
        }
    }
}

impl<'a> VariantAccess<'a> for EnumValue<'a> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(ReadError::new(ErrorKind::Type(format!("the word `{}` alone", self.word)))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, ReadError> {
        self.with(|value| value.placed(seed.deserialize(value)))
    }

    fn tuple_variant<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.with(|value| value.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.with(|value| value.deserialize_struct("", fields, visitor))
    }
}
