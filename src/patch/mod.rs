//! Pure edits of one JSON object: pointers, RFC 6902 and 7396, strategic merge, fleetcron's own layers, image
//! references.
//!
//! An edit either succeeds whole or returns a [`PatchError`] that says where in the patch, what is wrong, and what to do.
//! Edits work on an open [`serde_json::Value`], so unknown fields pass through. This module uses no other.
//!
//! | file | edits by |
//! |---|---|
//! | [`pointer`](mod@pointer) | RFC 6901: where in a document, and what is near a place that is missing |
//! | [`json`] | RFC 6902, a list of operations |
//! | [`merge`] | RFC 7396, a map laid over a map |
//! | [`table`] | which lists of which kinds merge, and by what key |
//! | [`strategic`] | strategic merge, as `kubectl patch` does it |
//! | [`typed`] | fleetcron's own layers: bases, task, overrides |
//! | [`image`] | the parts of an image reference |
//! | [`images`] | image references over all containers and image volumes of a pod |
//! | [`variables`] | the order of environment variables that refer to each other |
//! | [`karmada`] | Karmada's overriders |
//!
//! [`weight`](fn@weight) edits nothing: it says how heavy a value is, so that no edit multiplies without end.

mod error;
pub mod image;
pub mod images;
pub mod json;
pub mod karmada;
pub mod merge;
pub mod pointer;
pub mod strategic;
pub mod table;
pub mod typed;
pub mod variables;
mod weight;

pub use error::{Operation, PatchError, PatchProblem};
pub use pointer::Pointer;
pub use table::ListShape;
pub use weight::{MAX_OBJECT, weight};
