//! Marks where Kubernetes' own shapes belong in the JSON Schemas, as `$ref` that the generator fills in.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! marks {
    ($($(#[$meta:meta])* $name:ident = $schema:tt;)*) => {$(
        $(#[$meta])*
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

marks! {
    /// Labels or annotations; null removes.
    StringMap = {"type": "object", "additionalProperties": {"type": ["string", "null"]}};
    /// Variables: scalars become their source text, null unsets.
    Variables = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}};
    /// Any object.
    Object = {"type": "object"};
    /// `job`
    Job = {"$ref": "#/$defs/fleetcron.job"};
    /// `pod`
    Pod = {"$ref": "#/$defs/fleetcron.pod"};
    /// `container`
    Container = {"$ref": "#/$defs/fleetcron.container"};
    /// `podTemplate`
    PodTemplate = {"$ref": "#/$defs/fleetcron.podTemplate"};
}
