//! Turns "expected a string" into one message with the author's spelling to quote.
//!
//! A rule on values sees `1.1` where the author wrote `1.10`; the source text is what was meant.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostics, Place};
use crate::tree::SourceTree;
use crate::yaml::{self, Data};

/// Offers the source text, and drops what is said beside it of how readers take the scalar without quotes.
pub(super) fn offer(diags: &mut Diagnostics, sources: &SourceTree) {
    let mut said = BTreeSet::new();
    let list: Vec<_> = std::mem::take(diags).into_iter().collect();
    let mended = list.into_iter().map(|mut diagnostic| {
        let Place::Text(span) = diagnostic.place.clone() else { return diagnostic };
        let wanted = diagnostic.code == Code::WrongType && diagnostic.message.starts_with("expected a string");
        let text = sources.text(span);
        let parsed = yaml::parse(span.file, if wanted { text.as_bytes() } else { b"" });
        let bare = parsed.documents.first().map(|document| &document.root.data);
        if matches!(bare, Some(Data::Number(_) | Data::Bool(_))) {
            diagnostic.help = vec![format!("quote it: `\"{text}\"`")];
            said.insert(diagnostic.place.clone());
        }
        diagnostic
    });
    diags.extend(mended.collect::<Vec<_>>());
    let twice = |place: &Place| said.contains(place);
    diags.relevel(|d| (d.code != Code::AmbiguousScalar || !twice(&d.place)).then_some(d.severity));
}
