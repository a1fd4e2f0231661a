//! Values with a short and a long form: a string, a list, or an object.
//!
//! Both forms are one type, read without backtracking, so a mistake inside the long form is reported where it is.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::tree::Spanned;

/// A text, or an object.
#[derive(Clone, Debug)]
pub(crate) enum TextOr<T> {
    /// The short form.
    Text(String),
    /// The long form.
    Object(T),
}

/// A list of texts, or an object.
#[derive(Clone, Debug)]
pub(crate) enum ListOr<T> {
    /// The short form.
    List(Vec<Spanned<String>>),
    /// The long form.
    Object(T),
}

/// A text, a list of texts, or an object.
#[derive(Clone, Debug)]
pub(crate) enum TextListOr<T> {
    /// One.
    Text(String),
    /// Several.
    List(Vec<Spanned<String>>),
    /// The long form.
    Object(T),
}

/// A text or a list of texts.
#[derive(Clone, Debug)]
pub(crate) enum TextOrList {
    /// One.
    Text(String),
    /// Several.
    List(Vec<Spanned<String>>),
}

macro_rules! form {
    ($name:ident $(<$t:ident>)?, $expecting:literal, $schema_name:literal
        $(, text $text:ident)? $(, list $list:ident)? $(, object $object:ident)?) => {
        impl<'de $(, $t: Deserialize<'de>)?> Deserialize<'de> for $name $(<$t>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Form<T>(PhantomData<T>);
                impl<'de $(, $t: Deserialize<'de>)?> Visitor<'de> for Form<$name $(<$t>)?> {
                    type Value = $name $(<$t>)?;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    $(fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        Ok($name::$text(text.to_owned()))
                    })?

                    $(fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
                        Vec::deserialize(SeqAccessDeserializer::new(items)).map($name::$list)
                    })?

                    $(fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                        Deserialize::deserialize(MapAccessDeserializer::new(members)).map($name::$object)
                    })?
                }
                deserializer.deserialize_any(Form(PhantomData))
            }
        }

        impl $(<$t: JsonSchema>)? JsonSchema for $name $(<$t>)? {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($schema_name)
            }

            #[allow(unused_variables, reason = "a form without an object asks the generator nothing")]
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let mut forms: Vec<Schema> = Vec::new();
                $(let _ = stringify!($text); forms.push(json_schema!({"type": "string"}));)?
                $(let _ = stringify!($list); forms.push(json_schema!({"type": "array", "items": {"type": "string"}}));)?
                $(let _ = stringify!($object); forms.push(generator.subschema_for::<T>());)?
                json_schema!({"anyOf": forms})
            }
        }
    };
}

form!(TextOr<T>, "a string or a map", "TextOr", text Text, object Object);
form!(ListOr<T>, "a list of strings or a map", "ListOr", list List, object Object);
form!(TextListOr<T>, "a string, a list of strings or a map", "TextListOr", text Text, list List, object Object);
form!(TextOrList, "a string or a list of strings", "TextOrList", text Text, list List);
