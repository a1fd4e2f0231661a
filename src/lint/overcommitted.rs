//! `overcommitted`: tasks that were placed one by one, each as if it were alone, ask a cluster together for more than is
//! free. It moves none.
//!
//! The one idea: where a task goes never depends on another task, so shared room is a word to people and not a hidden
//! hand. Only tasks that were placed by what is free are counted: the others never asked.

use std::collections::BTreeMap;

use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Place};
use crate::model::{Model, Unit};
use crate::place::{self, Amounts, Inventory};

/// What one task takes of one cluster.
#[derive(Clone, Debug)]
pub struct Committed<'a> {
    /// The task.
    pub unit: &'a Unit,
    /// The cluster.
    pub cluster: usize,
    /// Its instances there.
    pub instances: u32,
    /// What one of them requests, in billionths.
    pub request: &'a Amounts,
}

/// Adds up what is taken, and compares it with what is free.
pub fn overcommitted(model: &Model, committed: &[Committed<'_>], inventory: &Inventory, diags: &mut Diagnostics) {
    let mut clusters: BTreeMap<usize, Vec<&Committed<'_>>> = BTreeMap::new();
    for one in committed {
        clusters.entry(one.cluster).or_default().push(one);
    }
    for (at, taken) in clusters.into_iter().filter(|(_, taken)| taken.len() > 1) {
        let Some(capacity) = &inventory.clusters()[at].capacity else { continue };
        let mut asked: BTreeMap<&str, i128> = BTreeMap::new();
        let mut pods = 0_i128;
        for one in &taken {
            pods += i128::from(one.instances);
            for (name, nanos) in one.request {
                let sum = asked.entry(name).or_default();
                *sum = sum.saturating_add(nanos.saturating_mul(i128::from(one.instances)));
            }
        }
        asked.insert("pods", pods.saturating_mul(1_000_000_000));
        let words = |name: &str, (asked, free): (i64, i64)| {
            format!("{} of {name} asked, {} free", place::shown(name, asked), place::shown(name, free))
        };
        let lacking = |(name, nanos): (&&str, &i128)| Some(words(name, capacity.lacks(name, *nanos)?));
        let over: Vec<String> = asked.iter().filter_map(lacking).collect();
        if over.is_empty() {
            continue;
        }
        let cluster = &model.clusters[at];
        let span = cluster.capacity.as_ref().map_or(cluster.name.span, |capacity| capacity.span);
        let message = format!("if all {} tasks placed here by what is free run at once, they do not fit", taken.len());
        let mut diagnostic = Diagnostic::at(Code::Overcommitted, Place::Text(span), message);
        diagnostic.notes = over;
        let tasks: Vec<String> = taken.iter().take(6).map(|one| one.unit.identity.to_string()).collect();
        let more = if taken.len() > 6 { format!(" and {} more", taken.len() - 6) } else { String::new() };
        diagnostic = diagnostic
            .note(format!("they are {}{more}", tasks.join(", ")))
            .help("place some of them elsewhere, or let them run at other times and switch this lint off");
        diagnostic.clusters = Some(Clusters { names: vec![cluster.name.value.clone()], of: model.clusters.len() });
        diags.push(diagnostic);
    }
}
