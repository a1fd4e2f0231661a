//! Which diagnostics a command prints: all of them, or those about what was asked for.

use std::collections::BTreeSet;

use crate::compile::Compilation;
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::report::diagnostics::totals;

/// What a command is asked about. Errors are printed whatever it is: with one, no answer is whole.
#[derive(Debug, Default)]
pub(super) enum DiagnosticScope {
    /// The whole repository.
    #[default]
    Everything,
    /// An overview, of which warnings are only counted.
    Overview,
    /// Some tasks, as `namespace/name`, on some clusters, or on any if none is named.
    Some {
        /// The tasks.
        tasks: BTreeSet<String>,
        /// The clusters.
        clusters: Vec<String>,
    },
}

impl DiagnosticScope {
    /// One task, on one cluster if it is named.
    pub(super) fn task(task: String, cluster: Option<&String>) -> Self {
        Self::Some { tasks: BTreeSet::from([task]), clusters: cluster.into_iter().cloned().collect() }
    }

    /// What is placed on some clusters.
    pub(super) fn on_clusters(compilation: &Compilation, names: &[String]) -> Self {
        let model = &compilation.model;
        let wanted = |at: usize| names.contains(&model.clusters[at].name.value);
        let placed = model.units.iter().zip(&compilation.plan);
        let there = placed.filter(|(_, built)| built.decision.chosen().any(|(at, _)| wanted(at)));
        Self::Some { tasks: there.map(|(unit, _)| unit.identity.to_string()).collect(), clusters: names.to_vec() }
    }

    /// The diagnostics to print, and in words how many others there are.
    pub(super) fn select(&self, diags: &Diagnostics) -> (Diagnostics, Option<String>) {
        let (shown, left): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            diags.iter().partition(|diagnostic| diagnostic.severity == Severity::Error || self.covers(diagnostic));
        let left = totals(&left.into_iter().cloned().collect());
        let left = left.map(|left| match self {
            DiagnosticScope::Some { .. } => format!("{left} elsewhere: run `fleetcron check`"),
            DiagnosticScope::Everything | DiagnosticScope::Overview => format!("{left}: run `fleetcron check`"),
        });
        (shown.into_iter().cloned().collect(), left)
    }

    fn covers(&self, diagnostic: &Diagnostic) -> bool {
        match self {
            DiagnosticScope::Everything => true,
            DiagnosticScope::Overview => false,
            DiagnosticScope::Some { tasks, clusters } => {
                let on = diagnostic.clusters.as_ref();
                let there = |names: &[String]| names.iter().any(|name| clusters.contains(name));
                match diagnostic.tasks.is_empty() {
                    true => on.is_some_and(|on| there(&on.names)),
                    false => {
                        diagnostic.tasks.iter().any(|task| tasks.contains(task))
                            && (clusters.is_empty() || on.is_none_or(|on| there(&on.names)))
                    }
                }
            }
        }
    }
}
