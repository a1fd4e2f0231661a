//! Chooses the best groups of clusters for a spread.
//!
//! Karmada ranks all subsets (`spreadconstraint/select_groups.go`); here the best is built by dynamic programming,
//! which is fast for fifty regions.

/// A group: its clusters, and how good it is.
#[derive(Clone, Debug)]
pub(super) struct ClusterGroup<'a> {
    /// Its name; of two that are as good, the smaller comes first.
    pub(super) name: &'a str,
    /// How many clusters.
    pub(super) count: usize,
    /// Its score, never below zero.
    pub(super) score: i64,
}

/// How many groups, and how many clusters in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupBounds {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) clusters: usize,
}

impl GroupBounds {
    /// Whether so many groups with so many clusters are enough; no more are added to them then.
    fn accepts(self, groups: usize, clusters: usize) -> bool {
        clusters >= self.clusters && (self.min..=self.max).contains(&groups)
    }
}

/// What a set is worth: its score, then its clusters.
type Worth = (i64, usize);

/// The places of the chosen groups, best first. `None` if no set is large enough.
///
/// Of all accepted sets the one with the greatest score wins, then the one with most clusters, then the one found
/// first; and if the best groups of it are an accepted set too, the fewest such.
pub(super) fn choose(groups: &[ClusterGroup<'_>], wanted: GroupBounds) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&groups[*a], &groups[*b]);
        a.count.cmp(&b.count).then(b.score.cmp(&a.score)).then(a.name.cmp(b.name))
    });
    let mut best = found_first(groups, &order, wanted)?;
    let place = |group: &usize| order.iter().position(|at| at == group);
    best.sort_by(|a, b| groups[*b].score.cmp(&groups[*a].score).then(groups[*a].name.cmp(groups[*b].name)));
    let accepted = |length: &usize| {
        let part = &best[..*length];
        let clusters: usize = part.iter().map(|at| groups[*at].count).sum();
        let last = part.iter().max_by_key(|group| place(group)).map_or(0, |at| groups[*at].count);
        wanted.accepts(*length, clusters) && !wanted.accepts(length - 1, clusters - last)
    };
    let length = (1..best.len()).find(accepted).unwrap_or(best.len());
    best.truncate(length);
    Some(best)
}

/// How many steps a choice takes.
pub(super) fn work(groups: usize, wanted: GroupBounds) -> u64 {
    let product = |factors: [usize; 3]| factors.iter().map(|factor| *factor as u64).fold(1, u64::saturating_mul);
    product([groups, steps(groups, wanted) + 1, wanted.clusters + 1])
}

/// So many groups are told apart: without a limit on groups, more than the minimum is as good as the minimum.
fn steps(groups: usize, wanted: GroupBounds) -> usize {
    if wanted.max >= groups { wanted.min } else { wanted.max }
}

/// The best accepted set, the first in the order of the walk among equals.
fn found_first(groups: &[ClusterGroup<'_>], order: &[usize], wanted: GroupBounds) -> Option<Vec<usize>> {
    let most = wanted.max.min(groups.len());
    if most < wanted.min {
        return None;
    }
    let steps = steps(groups.len(), wanted);
    let width = wanted.clusters + 1;
    let cell = |taken: usize, clusters: usize| taken.min(steps) * width + clusters.min(wanted.clusters);
    let enough = |taken: usize, clusters: usize| wanted.accepts(taken, clusters);
    let full = |taken: usize| wanted.max < groups.len() && taken >= most;
    let mut worth: Vec<Option<Worth>> = (0..=steps)
        .flat_map(|taken| (0..width).map(move |clusters| enough(taken, clusters).then_some((0, 0))))
        .collect();
    let mut takes: Vec<Vec<bool>> = Vec::with_capacity(order.len());
    for at in order.iter().rev() {
        let group = &groups[*at];
        let mut next = worth.clone();
        let mut take = vec![false; worth.len()];
        for taken in 0..=steps {
            for clusters in 0..width {
                if enough(taken, clusters) || full(taken) {
                    continue;
                }
                let with = worth[cell(taken + 1, clusters + group.count)]
                    .map(|(score, count)| (score.saturating_add(group.score), count + group.count));
                let here = cell(taken, clusters);
                if with.is_some() && with >= worth[here] {
                    (next[here], take[here]) = (with, true);
                }
            }
        }
        worth = next;
        takes.push(take);
    }
    worth[0]?;
    let (mut taken, mut clusters) = (0, 0);
    let mut chosen = Vec::new();
    for (at, take) in order.iter().zip(takes.iter().rev()) {
        if !enough(taken, clusters) && take[cell(taken, clusters)] {
            chosen.push(*at);
            taken += 1;
            clusters += groups[*at].count;
        }
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Karmada's own way: walk, rank, look for a part that will do.
    fn walk(groups: &[ClusterGroup<'_>], wanted: GroupBounds) -> Option<Vec<usize>> {
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|at| (groups[*at].count, -groups[*at].score, groups[*at].name));
        let mut paths: Vec<Vec<usize>> = Vec::new();
        fn step(
            from: usize,
            path: &mut Vec<usize>,
            order: &[usize],
            groups: &[ClusterGroup<'_>],
            wanted: GroupBounds,
            paths: &mut Vec<Vec<usize>>,
        ) {
            let clusters: usize = path.iter().map(|at| groups[*at].count).sum();
            if wanted.accepts(path.len(), clusters) {
                paths.push(path.clone());
                return;
            }
            if path.len() >= wanted.max {
                return;
            }
            for next in from..order.len() {
                path.push(order[next]);
                step(next + 1, path, order, groups, wanted, paths);
                path.pop();
            }
        }
        step(0, &mut Vec::new(), &order, groups, wanted, &mut paths);
        for path in &mut paths {
            path.sort_by_key(|at| (-groups[*at].score, groups[*at].name));
        }
        let worth = |path: &Vec<usize>| {
            (
                path.iter().map(|at| groups[*at].score).sum::<i64>(),
                path.iter().map(|at| groups[*at].count).sum::<usize>(),
            )
        };
        paths.sort_by_key(|path| std::cmp::Reverse(worth(path)));
        let mut best = paths.first()?.clone();
        for path in &paths {
            if path.len() < best.len() && best.starts_with(path) {
                best = path.clone();
            }
        }
        Some(best)
    }

    #[test]
    fn the_choice_is_that_of_walking_all_sets() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let mut state = 11_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as usize
        };
        let mut found = 0;
        for round in 0..20_000 {
            let groups: Vec<ClusterGroup<'_>> = names[..=random(7)]
                .iter()
                .map(|name| ClusterGroup {
                    name,
                    count: random(4) + 1,
                    score: random(if round % 2 == 0 { 3 } else { 3000 }) as i64,
                })
                .collect();
            let wanted = GroupBounds { min: random(4) + 1, max: random(6), clusters: random(9) };
            let ours = choose(&groups, wanted);
            found += usize::from(ours.is_some());
            assert_eq!(ours, walk(&groups, wanted), "{groups:?} {wanted:?}");
        }
        assert!(found > 5_000, "{found} sets were found");
    }
}
