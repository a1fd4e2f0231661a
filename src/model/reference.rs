//! Finds `$(cluster.…)`, `$(task.…)` and `$(var.…)` in a text. `$$(...` escapes as in Kubernetes
//! (`third_party/forked/golang/expansion`).

/// How the references of this format begin, behind the bracket.
const OURS: [&str; 3] = ["cluster.", "task.", "var."];

/// One of our references in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference<'t> {
    /// Where it begins.
    pub(crate) start: usize,
    /// One past its closing bracket.
    pub(crate) end: usize,
    /// What is in the brackets; `None` if they never close.
    pub(crate) name: Option<&'t str>,
}

/// Our references in a text, from left to right.
pub(crate) fn find(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    // One letter is found many times faster than two, and most texts have none.
    if !text.contains('$') {
        return found;
    }
    let mut from = 0;
    while let Some(at) = text[from..].find("$(").map(|at| at + from) {
        let dollars = text[..at].bytes().rev().take_while(|b| *b == b'$').count();
        let inner = &text[at + 2..];
        from = at + 2;
        if dollars % 2 == 1 || !OURS.iter().any(|prefix| inner.starts_with(prefix)) {
            continue;
        }
        let close = inner.find([')', '\n']).filter(|close| inner.as_bytes()[*close] == b')');
        let end = close.map_or(text.len(), |close| at + 2 + close + 1);
        found.push(Reference { start: at, end, name: close.map(|close| &inner[..close]) });
        from = end;
    }
    found
}

/// The first of our references in a text, brackets included.
pub(crate) fn first(text: &str) -> Option<&str> {
    find(text).first().map(|reference| &text[reference.start..reference.end])
}
