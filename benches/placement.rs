//! How long one decision takes among five thousand clusters, and a thousand of them among a thousand:
//! `cargo bench --bench placement`.
//!
//! The one idea: the clusters are prepared once, as for a whole repository; what is measured is what each task costs, in
//! processor time where the system tells it.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement reads the clock")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use fleetcron::diag::Diagnostics;
use fleetcron::place::{
    Affinity, Area, Candidate, CandidateInventory, DecisionRequest, Demand, FreeCapacity, PlacementRules, Previous,
    ReplicaRequest, ReplicaStrategy, Requirement, ResourceAmounts, SpreadBy, SpreadRule, Terms, Ways, decide, schedule,
};
use fleetcron::tree::SourceTree;

const CLUSTERS: usize = 5_000;
const ROUNDS: usize = 200;

fn amounts(list: &[(&str, i128)]) -> ResourceAmounts {
    list.iter().map(|(name, units)| ((*name).to_owned(), units * 1_000_000_000)).collect()
}

fn cluster(number: usize) -> Candidate {
    // A fixed scramble, so that neither room nor regions follow the names.
    let odd = number.wrapping_mul(2_654_435_761) % 65_521;
    let region = format!("region-{}", odd % 30);
    let offered = amounts(&[("cpu", odd as i128 % 61 + 4), ("memory", 64 << 30), ("pods", odd as i128 % 113 + 10)]);
    Candidate {
        name: format!("cluster-{number:04}"),
        labels: BTreeMap::from([
            ("env".to_owned(), if odd.is_multiple_of(4) { "test" } else { "prod" }.to_owned()),
            ("tier".to_owned(), format!("tier-{}", odd % 5)),
        ]),
        provider: Some(format!("provider-{}", odd % 3)),
        zones: vec![format!("{region}-a")],
        region: Some(region),
        capacity: Some(FreeCapacity::new(&offered, &amounts(&[("cpu", 1), ("pods", 3)]), &ResourceAmounts::new())),
        ..Candidate::default()
    }
}

fn rules(ways: Ways, strategy: ReplicaStrategy, spread: &[(SpreadBy, usize, usize)]) -> PlacementRules {
    let prod = Requirement { key: "env".to_owned(), operator: "NotIn".to_owned(), values: vec!["none".to_owned()] };
    let spread = spread.iter().map(|(by, min, max)| SpreadRule { by: by.clone(), min: *min, max: Some(*max) });
    PlacementRules {
        ways,
        area: Area::One(Affinity::new(&Terms { labels: Some(vec![prod]), ..Terms::default() })),
        tolerations: Vec::new(),
        spread: spread.collect(),
        strategy,
    }
}

/// Nanoseconds that this thread has had a processor, or since a start where that is not told.
fn spent(start: Instant) -> u128 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let first = told.and_then(|text| text.split(' ').next()?.parse().ok());
    first.unwrap_or_else(|| start.elapsed().as_nanos())
}

/// A thousand clusters and a thousand tasks of every strategy, as they are written.
fn fleet() -> SourceTree {
    let head = "apiVersion: fleetcron.dev/v1alpha1\nkind:";
    let mut clusters = String::new();
    for number in 0..1000_usize {
        let odd = number.wrapping_mul(2_654_435_761) % 65_521;
        let taint = if odd.is_multiple_of(17) { "taints: [{key: maintenance, effect: NoSchedule}], " } else { "" };
        clusters.push_str(&format!(
            "---\n{head} Cluster\nmetadata: {{name: cluster-{number:04}, labels: {{env: {}, tier: tier-{}}}}}\nspec: \
             {{provider: provider-{}, region: region-{}, {taint}capacity: {{allocatable: {{cpu: \"{}\", memory: 64Gi, pods: \"110\"}}}}}}\n",
            if odd.is_multiple_of(4) { "test" } else { "prod" },
            odd % 5,
            odd % 3,
            odd % 30,
            odd % 61 + 4,
        ));
    }
    let placements = [
        "{match: {labels: {env: prod}}}",
        "{match: {labels: {env: prod}}, spread: [{by: region, min: 2, max: 5}, {by: cluster, max: 40}]}",
        "{clusters: \"*\", strategy: Aggregated}",
        "{match: {labels: {tier: tier-1}}, strategy: DynamicWeight}",
        "{fallback: [{name: first, match: {region: region-1}}, {name: second, match: {region: {notIn: [region-1]}}}], strategy: StaticWeight, weights: [{weight: 2, match: {labels: {env: prod}}}]}",
    ];
    let mut tasks = String::new();
    for number in 0..1000 {
        tasks.push_str(&format!(
            "---\n{head} Task\nmetadata: {{name: task-{number:04}, namespace: batch}}\nspec:\n  schedule: \"0 3 * * *\"\n  \
             instances: {}\n  placement: {}\n  container: {{image: \"x:1\", resources: {{requests: {{cpu: 500m}}}}}}\n",
            number % 50 + 1,
            placements[number % placements.len()],
        ));
    }
    SourceTree::of([("clusters.yaml", clusters.as_str()), ("tasks.yaml", tasks.as_str())])
}

/// Places all tasks of a fleet, verdicts included.
fn whole(zero: Instant) {
    let mut diags = Diagnostics::new();
    let model = fleetcron::frontend::understand(&fleet(), &mut diags).model;
    assert!(!diags.has_errors() && model.units.len() == 1000, "the fleet is understood");
    for round in 0..5 {
        let start = spent(zero);
        let inventory = fleetcron::compile::inventory(&model.clusters);
        let (mut chosen, mut verdicts) = (0, 0);
        for unit in &model.units {
            let request = Some(ReplicaRequest::new(&ResourceAmounts::from([("cpu".to_owned(), 500_000_000)])));
            let replicas = unit.instances.as_ref().map_or(1, |said| i64::from(said.value));
            let demand = Demand { replicas, request, ..Demand::default() };
            let decision = decide(DecisionRequest {
                placement: &unit.placement,
                clusters: &model.clusters,
                inventory: &inventory,
                demand: &demand,
                recorded: None,
            });
            chosen += decision.chosen().count();
            verdicts += black_box(decision).verdicts.len();
        }
        let took = (spent(zero) - start) as f64 / 1e6;
        println!("1,000 tasks on 1,000 clusters, round {round}: {took:.0} ms, {verdicts} verdicts, {chosen} chosen");
    }
}

fn main() {
    let zero = Instant::now();
    whole(zero);
    let inventory = CandidateInventory::new((0..CLUSTERS).map(cluster).collect());
    let request = || Some(ReplicaRequest::new(&amounts(&[("cpu", 1), ("memory", 1 << 30)])));
    let demand = |replicas| Demand { replicas, request: request(), ..Demand::default() };
    let spread = [(SpreadBy::Region, 2, 5), (SpreadBy::Cluster, 3, 40)];
    let karmada = |strategy, spread: &[_]| rules(Ways::Karmada, strategy, spread);
    let cases = [
        ("Duplicated, 1 replica", karmada(ReplicaStrategy::Duplicated, &[]), demand(1)),
        ("DynamicWeight, 1,000 replicas", karmada(ReplicaStrategy::DynamicWeight, &[]), demand(1_000)),
        ("Aggregated, 1,000 replicas", karmada(ReplicaStrategy::Aggregated, &[]), demand(1_000)),
        ("StaticWeight, all equal, 1,000 replicas", karmada(ReplicaStrategy::StaticWeight(None), &[]), demand(1_000)),
        (
            "Aggregated, 1,000 replicas, 2 to 5 of 30 regions",
            karmada(ReplicaStrategy::Aggregated, &spread),
            demand(1_000),
        ),
        ("the same in our own ways", rules(Ways::Own, ReplicaStrategy::Aggregated, &spread), demand(1_000)),
    ];
    let mut before = Previous::default();
    for (what, rules, demand) in cases {
        for (when, previous) in [("first", Previous::default()), ("again", before.clone())] {
            let start = spent(zero);
            let mut used = 0;
            for _ in 0..ROUNDS {
                let placed = schedule(black_box(&inventory), &rules, &demand, &previous).expect("there is room");
                used = black_box(placed).shares.len();
            }
            let mean = (spent(zero) - start) as f64 / ROUNDS as f64 / 1e6;
            println!("{what}, {when}: {mean:.3} ms, {used} clusters");
        }
        let placed = schedule(&inventory, &rules, &demand, &Previous::default()).expect("there is room");
        let name = |at: usize| inventory.clusters()[at].name.clone();
        before.clusters = placed.shares.iter().map(|(at, replicas)| (name(*at), *replicas)).collect();
    }
}
