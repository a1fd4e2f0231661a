//! Serde deserializer over nodes. Every error gets the location of its node.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use serde::de::{Deserializer, Visitor};

use crate::tree::Span;
use crate::tree::protocol::{KIND_LIST, KIND_MAP, KIND_SCALAR, LOCATED, SPANNED, TEXT};

use super::access::{EnumValue, ItemAccess, MemberAccess, SpannedAccess};
use super::fault::{ErrorKind, ReadError, list};
use super::node::{Data, Entry, Node};

/// A node by its address, which stands still while a document is read.
pub(super) type Id = usize;

pub(super) fn id(node: &Node) -> Id {
    std::ptr::from_ref(node) as Id
}

/// What all deserializers of one reading share.
#[derive(Default)]
pub(super) struct ReadContext {
    /// Nodes that have been cut away.
    pub(super) pruned: HashSet<Id>,
    /// Members that nobody asked for, by where their key stands.
    pub(super) unknown: RefCell<BTreeMap<(Span, Id), Unknown>>,
}

/// A member that nobody asked for.
pub(super) struct Unknown {
    pub(super) field: String,
    pub(super) known: &'static [&'static str],
    /// The map it stands in.
    pub(super) map: Id,
}

/// One node, waiting to be asked.
#[derive(Clone, Copy)]
pub(super) struct De<'a> {
    pub(super) node: &'a Node,
    /// Its key, if it is the member of a map.
    pub(super) key: Option<Span>,
    pub(super) context: &'a ReadContext,
}

impl<'a> De<'a> {
    pub(super) fn placed<T>(self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        result.map_err(|error| error.place(self.node, self.key))
    }

    fn wrong<T>(self, expected: &str) -> Result<T, ReadError> {
        self.placed(Err(ReadError::new(ErrorKind::Type(expected.to_owned()))))
    }

    fn members(self, known: Option<&'static [&'static str]>, entries: &'a [Entry]) -> MemberAccess<'a> {
        MemberAccess { map: self.node, entries: entries.iter(), known, value: None, context: self.context }
    }

    fn items(self, nodes: &'a [Node]) -> ItemAccess<'a> {
        ItemAccess { nodes: nodes.iter().enumerate(), context: self.context }
    }

    fn number<V: Visitor<'a>>(self, visitor: V, whole: bool) -> Result<V::Value, ReadError> {
        let Data::Number(number) = &self.node.data else {
            return self.wrong(if whole { "a whole number" } else { "a number" });
        };
        if let Some(value) = number.as_u64() {
            self.placed(visitor.visit_u64(value))
        } else if let Some(value) = number.as_i64() {
            self.placed(visitor.visit_i64(value))
        } else if whole {
            self.wrong("a whole number")
        } else {
            self.placed(visitor.visit_f64(number.as_f64().unwrap_or(f64::MAX)))
        }
    }
}

macro_rules! numbers {
    ($($method:ident $whole:literal)*) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.number(visitor, $whole)
        })*
    };
}

impl<'a> Deserializer<'a> for De<'a> {
    type Error = ReadError;

    numbers! {
        deserialize_i8 true deserialize_i16 true deserialize_i32 true deserialize_i64 true deserialize_i128 true
        deserialize_u8 true deserialize_u16 true deserialize_u32 true deserialize_u64 true deserialize_u128 true
        deserialize_f32 false deserialize_f64 false
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match &self.node.data {
            Data::Null => visitor.visit_unit(),
            Data::Bool(value) => visitor.visit_bool(*value),
            Data::Number(_) => return self.number(visitor, false),
            Data::String(text) => visitor.visit_borrowed_str(text),
            Data::Seq(items) => visitor.visit_seq(self.items(items)),
            Data::Map(entries) => visitor.visit_map(self.members(None, entries)),
        };
        self.placed(result)
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.data {
            Data::Bool(value) => self.placed(visitor.visit_bool(value)),
            _ => self.wrong("a boolean"),
        }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.data {
            Data::String(text) => self.placed(visitor.visit_borrowed_str(text)),
            _ => self.wrong("a string"),
        }
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.is_null() { self.placed(visitor.visit_none()) } else { self.placed(visitor.visit_some(self)) }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.is_null() { self.placed(visitor.visit_unit()) } else { self.wrong("null") }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        match name {
            SPANNED => {
                let span = self.node.span;
                let head = [span.file.0, span.start, span.end];
                self.placed(visitor.visit_seq(SpannedAccess {
                    numbers: head.as_slice(),
                    source: None,
                    value: Some(self),
                }))
            }
            LOCATED => {
                let span = self.node.span;
                let key = self.key.unwrap_or(span);
                let kind = match self.node.data {
                    Data::Seq(_) => KIND_LIST,
                    Data::Map(_) => KIND_MAP,
                    _ => KIND_SCALAR,
                };
                let head = [span.file.0, span.start, span.end, key.start, key.end, kind];
                let source = Some(self.node.source.as_deref());
                self.placed(visitor.visit_seq(SpannedAccess { numbers: head.as_slice(), source, value: Some(self) }))
            }
            TEXT => match (&self.node.data, self.node.source.as_deref()) {
                (Data::String(text), _) => self.placed(visitor.visit_borrowed_str(text)),
                (_, Some(source)) => self.placed(visitor.visit_borrowed_str(source)),
                _ => self.wrong("a string, a number or a boolean"),
            },
            _ => self.placed(visitor.visit_newtype_struct(self)),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.data {
            Data::Seq(items) => self.placed(visitor.visit_seq(self.items(items))),
            _ => self.wrong("a list"),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.data {
            Data::Map(entries) => self.placed(visitor.visit_map(self.members(None, entries))),
            _ => self.wrong("a map"),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match &self.node.data {
            Data::Map(entries) => self.placed(visitor.visit_map(self.members(Some(fields), entries))),
            _ => self.wrong("a map"),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match &self.node.data {
            Data::String(word) => {
                self.placed(visitor.visit_enum(EnumValue { word, value: None, context: self.context }))
            }
            Data::Map(entries) => match entries.as_slice() {
                [entry] => self.placed(visitor.visit_enum(EnumValue {
                    word: &entry.key,
                    value: Some(entry),
                    context: self.context,
                })),
                _ => self.wrong(&format!("a map with one of {}", list(variants))),
            },
            _ => self.wrong(&format!("one of {}", list(variants))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}
