//! Takes the recorded placement as the decision. What the lock lacks, or records under other rules or for removed
//! clusters, is an error.

use super::{PATH, RecordedTask};
use crate::diag::{Code, Diagnostic};
use crate::model::{Cluster, Unit};
use crate::place::{self, Decision, Passed, Verdict};

/// What is recorded about a unit, as the decision it was; `digest` is what would decide now, `replicas` how many instances
/// are asked for.
///
/// # Errors
/// What keeps the record from being rendered.
pub fn thaw(
    unit: &Unit,
    entry: Option<&RecordedTask>,
    digest: Option<&str>,
    replicas: i64,
    clusters: &[Cluster],
) -> Result<Decision, Box<Diagnostic>> {
    let error = |message: String, other: Option<&RecordedTask>| {
        let diagnostic = Diagnostic::new(Code::NotInLock, unit.name, message)
            .help(format!("run `fleetcron build` and commit {PATH} with the change"));
        Err(Box::new(other.into_iter().fold(diagnostic, |d, entry| d.other(entry.span, "its facts begin here"))))
    };
    let Some(entry) = entry.filter(|entry| !entry.record.clusters.is_empty()) else {
        return error(format!("the lock does not say where task `{}` runs", unit.identity), None);
    };
    if !entry.contradictions.is_empty() {
        let said = entry.contradictions.join(", ");
        return error(format!("the lock contradicts itself about task `{}`: {said}", unit.identity), Some(entry));
    }
    if entry.record.digest.as_deref() != digest {
        return error(format!("the lock was written for another placement of task `{}`", unit.identity), Some(entry));
    }
    let sum = entry.record.clusters.values().fold(0, |sum: i64, instances| sum.saturating_add(*instances));
    if unit.placement.strategy.divides() && sum != replicas {
        let message =
            format!("the lock shares out {sum} instances of task `{}`, and {replicas} are asked for", unit.identity);
        return error(message, Some(entry));
    }
    let mut verdicts = vec![Verdict::Passed(Passed::NotRecorded); clusters.len()];
    for (name, instances) in &entry.record.clusters {
        let Ok(at) = clusters.binary_search_by(|cluster| cluster.name.value.cmp(name)) else {
            let message = format!("the lock puts task `{}` on `{name}`, and there is no such cluster", unit.identity);
            return error(message, Some(entry));
        };
        verdicts[at] = Verdict::Chosen { instances: u32::try_from(*instances).unwrap_or(u32::MAX) };
    }
    let groups = &unit.placement.fallback;
    let group = entry.record.group.as_ref().and_then(|name| groups.iter().position(|group| *group.name == **name));
    let chosen = |at: &usize| matches!(verdicts[*at], Verdict::Chosen { .. });
    let holds = |group: usize| {
        (0..clusters.len()).filter(chosen).all(|at| place::matches(&groups[group].selector, &clusters[at]).is_ok())
    };
    if !groups.is_empty() && !group.is_some_and(holds) {
        let said = entry.record.group.as_deref().unwrap_or("none");
        let message = format!("the lock says group {said} of task `{}`, and its clusters are not that", unit.identity);
        return error(message, Some(entry));
    }
    Ok(Decision { verdicts, group, kept: true, failure: None })
}
