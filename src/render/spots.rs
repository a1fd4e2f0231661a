//! Looks up spans by path. Where a path has none, the nearest enclosing one is taken.

use crate::tree::{SpanTree, Spots};

/// The spot at a path, or the deepest one on the way to it.
pub(super) fn deepest<'t>(spans: &'t SpanTree, path: &[String]) -> &'t SpanTree {
    let mut spot = spans;
    for name in path {
        let next = match &spot.spots {
            Spots::Members(_) => spot.member(name),
            Spots::Items(_) => name.parse().ok().and_then(|i| spot.item(i)),
            Spots::Leaf | Spots::Source(_) => None,
        };
        match next {
            Some(next) => spot = next,
            None => break,
        }
    }
    spot
}
