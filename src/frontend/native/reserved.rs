//! Names of members by which the program marks what it has read. An author's text may not hold them.

use super::context::DocumentContext;
use crate::diag::{Code, Diagnostic};
use crate::model::FROM_FILE;
use crate::patch::variables::FREE;
use crate::tree::{SpanTree, Spots};

/// Refuses the marks wherever an author wrote them.
pub(super) fn check(spans: &SpanTree, context: &mut DocumentContext<'_, '_>) {
    match &spans.spots {
        Spots::Items(items) => items.iter().for_each(|item| check(item, context)),
        Spots::Members(members) => {
            for (name, member) in members {
                if name.starts_with('$') && [FROM_FILE, FREE].contains(&name.as_str()) {
                    let diagnostic = Diagnostic::new(Code::UnknownField, member.key, format!("unknown field `{name}`"));
                    context.diags.push(match name.as_str() {
                        FROM_FILE => diagnostic.help("write `fromFile: PATH` for the text of a file"),
                        _ => diagnostic.help("remove it"),
                    });
                }
                check(member, context);
            }
        }
        Spots::Leaf | Spots::Source(_) => {}
    }
}
