//! Finding a place in a tree of places. It finds none that is not there: it stops at the nearest one above.
//!
//! The one idea: a place a little too wide is better than none.

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
