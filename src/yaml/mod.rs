//! Reads YAML and JSON into nodes with source locations, and prints values as canonical YAML. Never panics.
//!
//! A scalar is read as `kubectl` reads it (`sigs.k8s.io/yaml`: the rules of go-yaml v2, then JSON), and text is printed so
//! that readers of YAML 1.1 and 1.2 agree about it.
//!
//! - [`parse()`] gives the [`Document`]s of a file and what is wrong with it; later documents are read although an earlier
//!   one is broken.
//! - [`read()`] turns a [`Node`] into a type of the program: every unknown field, wrong type and missing field of the
//!   document is reported in one go, each at its place.
//! - [`emit()`] writes a value: known fields in the order of a [`FieldOrder`], user maps sorted.
//!
//! # Types that are read
//!
//! Plain `serde` derives with `#[serde(deny_unknown_fields)]`. [`Spanned`](crate::tree::Spanned) gives the place of a
//! value, [`Keyed`](crate::tree::Keyed) a map with the places of its keys, [`Located`](crate::tree::Located) any value with
//! all its places, [`ScalarText`](crate::tree::ScalarText) a text or the source text of a number or a boolean. Where `null` must be
//! told from absence: `#[serde(default, deserialize_with = "tree::present")]` on an `Option<Located>` or an
//! `Option<Option<T>>`. Where a short form stands beside a long one, a hand-written visitor (`visit_str`, and in
//! `visit_map` `T::deserialize(MapAccessDeserializer::new(map))`) keeps all places; `flatten`, `untagged` and
//! `tag = "…"` buffer the value and lose them, so `Spanned` and its kin cannot be read inside those.

mod access;
mod cause;
mod de;
mod emit;
mod encoding;
mod fault;
mod json;
mod members;
mod message;
mod node;
mod parse;
mod pretty;
mod read;
mod scalar;
mod scan;
mod tag;

pub use emit::{FieldOrder, emit, emit_into};
pub(crate) use encoding::Encoding;
pub use node::{Data, Document, Entry, Node, NodeStyle, Parsed};
pub use parse::parse;
pub use pretty::{Layout, Sorted, pretty};
pub use read::{Stray, read, read_with};
pub(crate) use scan::{refused, uncarried};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// How deep lists and maps may stand in each other, aliases followed.
pub const MAX_DEPTH: usize = 100;
/// How many values a file may have, those that aliases repeat counted each time.
pub const MAX_NODES: usize = 1_000_000;
/// How many bytes of text aliases may repeat in a file.
pub const MAX_COPIED: usize = 16 << 20;
/// How many values, and how many bytes of text, aliases may repeat for each byte of a file: a thousand files of half a
/// kilobyte would fill any memory.
pub const REPEATED_A_BYTE: usize = 10;
/// How many values aliases may repeat in a file, however small it is.
pub const FEW_REPEATED: usize = 10_000;
/// How many bytes of text aliases may repeat in a file, however small it is.
pub const LITTLE_COPIED: usize = 1 << 20;
/// How many errors, and how many warnings, are collected from a file.
pub const MAX_SAID: usize = 1000;

/// How many values and bytes aliases may repeat in a file of some bytes.
fn most_repeated(length: usize) -> (usize, usize) {
    let most = length.saturating_mul(REPEATED_A_BYTE);
    (most.max(FEW_REPEATED), most.clamp(LITTLE_COPIED, MAX_COPIED))
}

#[cfg(test)]
mod tests;
