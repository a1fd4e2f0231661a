//! Explains why a task left a cluster or came to it, from the placement verdicts of both sides.

use super::task::ComparedState;
use crate::compile::line;
use crate::lock::{self, LockMode, RecordedTask};
use crate::place::{Passed, Reason, Verdict};
use crate::tree::Span;

/// A reason, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// In words; the cluster is not named in it.
    pub words: String,
    /// `path:line`, in the texts of the side without the task.
    pub place: Option<String>,
    /// A NoExecute taint drains the cluster.
    pub drained: bool,
    /// The cluster is in the inventory of one side only.
    pub inventory: bool,
}

impl Why {
    fn of(words: impl Into<String>) -> Self {
        Self { words: words.into(), place: None, drained: false, inventory: false }
    }
}

/// Why a task that stood on a cluster does so no longer.
pub(super) fn left(was: (ComparedState<'_>, usize), (after, unit): (ComparedState<'_>, usize), cluster: &str) -> Why {
    let Some(at) = index(after, cluster) else {
        return Why { inventory: true, ..Why::of("the cluster is gone from the inventory") };
    };
    let decision = &after.compilation.plan[unit].decision;
    match &decision.verdicts[at] {
        Verdict::Refused(reason) => refused(after, reason),
        Verdict::Passed(passed) => {
            let mut why = asked(was, (after, unit));
            if let (None, Some(span)) = (&why.place, passed.task()) {
                why.place = Some(line(after.sources, span));
            }
            why.words = format!("{passed}; {}", why.words);
            why
        }
        Verdict::Chosen { .. } => Why::of("it gives no object there"),
    }
}

/// Why a task did not stand on a cluster before.
pub(super) fn absent(before: ComparedState<'_>, unit: usize, cluster: &str) -> Why {
    let Some(at) = index(before, cluster) else {
        return Why { inventory: true, ..Why::of("the cluster is new in the inventory") };
    };
    let decision = &before.compilation.plan[unit].decision;
    match &decision.verdicts[at] {
        Verdict::Refused(reason) => {
            let why = refused(before, reason);
            Why { words: format!("before: {}", why.words), drained: false, ..why }
        }
        Verdict::Passed(Passed::Kept | Passed::NotRecorded) => {
            Why::of("before: it fitted here, and stayed where it was placed")
        }
        Verdict::Passed(passed) => {
            Why { place: passed.task().map(|span| line(before.sources, span)), ..Why::of(format!("before: {passed}")) }
        }
        Verdict::Chosen { .. } => Why::of("before: it gave no object there"),
    }
}

fn refused(state: ComparedState<'_>, reason: &Reason) -> Why {
    let place = |span: Option<Span>| span.map(|span| line(state.sources, span));
    let (words, drained) = match reason {
        Reason::Taint { taint, drains, .. } => (format!("tainted {taint}, which it does not tolerate"), *drains),
        other => (other.to_string(), false),
    };
    // What a taint says stands in the inventory; of everything else the task's word decides.
    let place = match reason {
        Reason::Taint { cluster, .. } => place(Some(*cluster)),
        other => place(other.task().or(other.inventory())),
    };
    Why { place, drained, ..Why::of(words) }
}

/// Why others are taken now, as the lock tells it.
fn asked((before, was): (ComparedState<'_>, usize), (after, unit): (ComparedState<'_>, usize)) -> Why {
    let compilation = after.compilation;
    let task = &compilation.model.units[unit];
    let record = |state: ComparedState<'_>, unit: usize| {
        let identity = state.compilation.model.units[unit].identity.to_string();
        state.compilation.lock.tasks.get(&identity).cloned()
    };
    let (Some(then), Some(now)) = (record(before, was), record(after, unit)) else {
        return Why::of("others are taken");
    };
    let entry = RecordedTask { record: then, span: task.name, contradictions: Vec::new(), miscounted: false };
    let decision = &compilation.plan[unit].decision;
    let drift = lock::drift(task, Some(&entry), &now, decision, &compilation.model.clusters, &LockMode::Steady);
    match drift.and_then(|drift| drift.because.into_iter().next()) {
        Some(because) => Why { place: because.span.map(|span| line(after.sources, span)), ..Why::of(because.words) },
        None => Why::of("others are taken"),
    }
}

fn index(state: ComparedState<'_>, cluster: &str) -> Option<usize> {
    state.compilation.model.clusters.binary_search_by(|known| known.name.value.as_str().cmp(cluster)).ok()
}
