//! `overcommitted`: the copies that run on a cluster request more than is free there.
//!
//! Where a task goes never depends on another task, and what was placed stays when the inventory changes, so a cluster
//! may end with less than nothing. What is added up is what `plan` shows: every copy that is not suspended, whatever its
//! strategy, as if all ran at once.

use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Place};
use crate::model::{Model, Unit};
use crate::place;

/// A cluster of which more is requested than is free.
#[derive(Clone, Debug)]
pub struct Overcommitted<'a> {
    /// Its place in the inventory.
    pub cluster: usize,
    /// The resources, each with what is free and what is left once all run, measured as capacities are.
    pub lacking: Vec<(String, i64, i64)>,
    /// The tasks whose copies run there.
    pub tasks: Vec<&'a Unit>,
}

/// How many tasks a message names.
const NAMED: usize = 6;

/// Warns of each such cluster.
pub fn overcommitted(model: &Model, found: Vec<Overcommitted<'_>>, diags: &mut Diagnostics) {
    for Overcommitted { cluster: at, lacking, tasks } in found {
        let cluster = &model.clusters[at];
        let name = &cluster.name;
        let span = cluster.capacity.as_ref().map_or(name.span, |capacity| capacity.span);
        let message = match tasks.as_slice() {
            [] => format!("on cluster `{}` more is allocated than it offers", name.value),
            [only] => {
                format!("the copy of task `{}` requests more than is free on cluster `{}`", only.identity, name.value)
            }
            all => format!(
                "the {} tasks on cluster `{}` request more than is free, if all run at once",
                all.len(),
                name.value
            ),
        };
        let mut diagnostic = Diagnostic::at(Code::Overcommitted, Place::Text(span), message);
        for (resource, free, left) in lacking {
            let shown = |amount| place::shown(&resource, amount);
            let requested = shown(free.saturating_sub(left));
            let named = cluster.capacity.as_ref().is_some_and(|capacity| capacity.allocatable.contains_key(&resource));
            diagnostic = diagnostic.note(if named {
                format!("{resource}: {requested} requested, {} free", shown(free))
            } else {
                format!("{resource}: {requested} requested, and `allocatable` does not name it, which counts as none")
            });
        }
        if tasks.len() > 1 {
            let names: Vec<String> = tasks.iter().take(NAMED).map(|task| task.identity.to_string()).collect();
            let more = tasks.len().checked_sub(NAMED).filter(|more| *more > 0);
            let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
            diagnostic = diagnostic.note(format!("the tasks are {}{more}", names.join(", ")));
        }
        diagnostic = diagnostic.help(match tasks.as_slice() {
            [] => "refresh the capacity with `fleetcron import clusters`, or correct it".to_owned(),
            [only] if only.placement.strategy.needs_capacity() => format!(
                "run `fleetcron build --fresh {}` to place it by what is free, or give it fewer `instances`",
                only.identity
            ),
            [_] => "place it elsewhere, or lower its requests or `instances`".to_owned(),
            _ => "place some of them elsewhere; if they never run at the same time, write `lints: {overcommitted: off}` in the Fleet document".to_owned(),
        });
        diagnostic.clusters = Some(Clusters { names: vec![name.value.clone()], of: model.clusters.len() });
        diags.push(diagnostic);
    }
}
