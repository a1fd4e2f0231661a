//! Chooses the active copies among the placed ones; the others are standby.
//!
//! A recorded active copy stays as long as it may; else the author's order, then untainted clusters, then by name.

use std::collections::BTreeMap;

use super::decision::Decision;
use super::filter;
use crate::model::{Active, Cluster, Named, SpreadBy};

/// Which copies run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The clusters whose copy runs, in the order of the inventory.
    pub running: Vec<usize>,
    /// The placed clusters whose copy may run, best first.
    pub eligible: Vec<usize>,
    /// Under `per`, the copies that run in each group of placed clusters; none in a group that `active` does not meet.
    pub groups: BTreeMap<String, Vec<usize>>,
    /// Under `per`, the placed clusters that are in no group.
    pub ungrouped: Vec<usize>,
}

/// Decides which of the placed copies run; `recorded` are the clusters whose copies ran before.
pub fn activate(active: &Active, clusters: &[Cluster], decision: &Decision, recorded: &[String]) -> Activation {
    let selector = active.selector();
    let (mut groups, mut ungrouped) = (BTreeMap::new(), Vec::new());
    if let Some(by) = &active.per {
        for (at, _) in decision.chosen() {
            match group(by, &clusters[at]) {
                Some(name) => drop(groups.entry(name.to_owned()).or_insert_with(Vec::new)),
                None => ungrouped.push(at),
            }
        }
    }
    let placed = decision.chosen().map(|(at, _)| at).filter(|at| !ungrouped.contains(at));
    let mut eligible: Vec<usize> = match &active.clusters {
        Some(Named::Names(names)) if names.value.is_empty() => Vec::new(),
        _ => placed.filter(|at| filter::matches(&selector, &clusters[*at]).is_ok()).collect(),
    };
    let listed = |at: usize| match &active.clusters {
        Some(Named::Names(names)) => names.value.iter().position(|name| name.value == clusters[at].name.value),
        _ => None,
    };
    eligible.sort_by_key(|at| {
        let cluster = &clusters[*at];
        let ran = recorded.contains(&cluster.name.value);
        (!ran, listed(*at), !cluster.taints.is_empty(), *at)
    });
    let most = active.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    let mut running: Vec<usize> = match &active.per {
        None => eligible.iter().copied().take(most).collect(),
        Some(by) => {
            let mut running = Vec::new();
            for at in &eligible {
                let Some(members) = group(by, &clusters[*at]).and_then(|name| groups.get_mut(name)) else { continue };
                if members.len() < most {
                    members.push(*at);
                    running.push(*at);
                }
            }
            running
        }
    };
    running.sort_unstable();
    Activation { running, eligible, groups, ungrouped }
}

/// The group that a cluster is in, if it has what the groups are made by.
fn group<'c>(by: &SpreadBy, cluster: &'c Cluster) -> Option<&'c str> {
    let value = match by {
        SpreadBy::Provider => cluster.provider.as_ref(),
        SpreadBy::Region => cluster.region.as_ref(),
        SpreadBy::Label(key) => cluster.labels.get(key),
        SpreadBy::Zone | SpreadBy::Cluster => None,
    };
    value.map(|value| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Match, Values};
    use crate::place::Verdict;
    use crate::tree::{FileId, Span, Spanned};

    const HERE: Span = Span { file: FileId(0), start: 0, end: 0 };

    fn said(text: &str) -> Spanned<String> {
        Spanned::new(text.to_owned(), HERE)
    }

    /// Clusters a to e: a and b are pair p, c is pair q, d is pair r, e is in none.
    fn inventory() -> Vec<Cluster> {
        let pairs = [("a", Some("p")), ("b", Some("p")), ("c", Some("q")), ("d", Some("r")), ("e", None)];
        let cluster = |(name, pair): (&str, Option<&str>)| {
            let mut cluster = Cluster::bare(said(name));
            cluster.region = Some(said(if name == "d" { "cn" } else { "eu" }));
            cluster.labels.extend(pair.map(|pair| ("pair".to_owned(), said(pair))));
            cluster
        };
        pairs.into_iter().map(cluster).collect()
    }

    fn activated(max: Option<u32>, recorded: &[&str]) -> Activation {
        let clusters = inventory();
        let regions = Values { not: false, values: vec![said("eu")], span: HERE };
        let matching = Match {
            provider: None,
            region: Some(regions),
            zone: None,
            labels: vec![],
            expressions: vec![],
            kubernetes_version: None,
            any_of: vec![],
            span: HERE,
        };
        let per = Some(SpreadBy::Label("pair".to_owned()));
        let active =
            Active { clusters: None, matching: Some(matching), exclude: None, max, per, span: HERE, unread: false };
        let verdicts = vec![Verdict::Chosen { instances: 1 }; clusters.len()];
        let decision = Decision { verdicts, group: None, kept: false, failure: None };
        let recorded: Vec<String> = recorded.iter().map(|name| (*name).to_owned()).collect();
        activate(&active, &clusters, &decision, &recorded)
    }

    #[test]
    fn each_group_has_its_own_active_copies() {
        let Activation { running, groups, ungrouped, .. } = activated(Some(1), &[]);
        assert_eq!(running, [0, 2]);
        assert_eq!(ungrouped, [4]);
        let groups: Vec<(&str, &[usize])> = groups.iter().map(|(name, at)| (name.as_str(), at.as_slice())).collect();
        assert_eq!(groups, [("p", &[0][..]), ("q", &[2]), ("r", &[])]);
    }

    #[test]
    fn what_ran_before_stays_in_its_group() {
        assert_eq!(activated(Some(1), &["b"]).running, [1, 2]);
        assert_eq!(activated(Some(2), &["b"]).running, [0, 1, 2]);
    }
}
