//! The order of a container's environment variables.
//!
//! Kubernetes replaces `$(NAME)` in a variable's value only by variables that stand earlier in `env`, or that come from
//! `envFrom` or from services (`makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go`). What it cannot replace stays
//! as text. So the order of `env` has a meaning, and where the author gave none (a map, a variable that a layer adds)
//! [`arrange`] finds one in which references are replaced.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use serde_json::Value;

/// The member that marks a variable of an `env` map: its author gave it no place among the others. It never leaves the
/// layers.
pub const FREE: &str = "$free";

/// The names that a value refers to by `$(NAME)`, in the order of the text, as `Expand` and `tryReadVariableName` in
/// `third_party/forked/golang/expansion/expand.go` read them: `$$` is a dollar sign, and a name ends at the next `)`.
pub fn references(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('(') {
            // Without a closing bracket there is no further reference either.
            let Some((name, after)) = inner.split_once(')') else { break };
            found.push(name);
            rest = after;
        }
    }
    found
}

/// A reference that Kubernetes does not replace by the variable that it names, because that stands later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// The position of the variable that refers.
    pub from: usize,
    /// The position of the variable that it refers to.
    pub to: usize,
    /// The other refers back, by itself or through others, so that no order replaces both.
    pub cycle: bool,
}

/// The references to later variables, in the order of the list. A variable that refers to itself, as `PATH` does, means
/// the value from elsewhere and is none.
pub fn late(list: &[Value]) -> Vec<Late> {
    if !refers(list) {
        return Vec::new();
    }
    let graph = Graph::of(list);
    let pairs = graph.needs.iter().enumerate().flat_map(|(from, needs)| needs.iter().map(move |to| (from, *to)));
    let pairs: Vec<(usize, usize)> = pairs.filter(|(from, to)| from < to).collect();
    let component = if pairs.is_empty() { Vec::new() } else { graph.components() };
    pairs.into_iter().map(|(from, to)| Late { from, to, cycle: component[from] == component[to] }).collect()
}

/// Orders a list of which the last `new` entries were added by a layer.
///
/// A new variable goes directly before the first that refers to it, else it stays at the end. Then variables that are
/// [`FREE`] and those that refer to them change places as far as references ask for it; the others keep their order
/// among themselves.
pub fn arrange(list: &mut Vec<Value>, new: usize) {
    if !refers(list) {
        return;
    }
    let graph = Graph::of(list);
    let mut order = graph.with_new_ones_placed(list.len().saturating_sub(new));
    let free: Vec<bool> = list.iter().map(|entry| entry.get(FREE).is_some()).collect();
    if free.contains(&true) {
        order = graph.sorted(&order, &free);
    }
    if !order.is_sorted() {
        let mut entries: Vec<Value> = std::mem::take(list);
        list.extend(order.into_iter().map(|at| entries[at].take()));
    }
}

/// Whether anything in the list may be a reference; most lists have none.
fn refers(list: &[Value]) -> bool {
    list.iter().any(|entry| value(entry).contains("$("))
}

/// The text that Kubernetes expands; what comes from a source is taken as it is.
fn value(entry: &Value) -> &str {
    entry.get("value").and_then(Value::as_str).unwrap_or_default()
}

/// Which entries of a list each entry refers to.
struct Graph {
    needs: Vec<Vec<usize>>,
}

impl Graph {
    fn of(list: &[Value]) -> Self {
        let name = |entry: &'_ Value| entry.get("name").and_then(Value::as_str).map(str::to_owned);
        let mut first: HashMap<String, usize> = HashMap::with_capacity(list.len());
        for (at, entry) in list.iter().enumerate() {
            // Of two with one name the first is enough for those behind it.
            if let Some(name) = name(entry) {
                first.entry(name).or_insert(at);
            }
        }
        let needs = list.iter().map(|entry| {
            let own = entry.get("name").and_then(Value::as_str);
            let named = references(value(entry)).into_iter().filter(|name| Some(*name) != own);
            let mut needs: Vec<usize> = named.filter_map(|name| first.get(name).copied()).collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        });
        Self { needs: needs.collect() }
    }

    /// The order in which each entry from `old` on stands directly before the first that refers to it, with what it
    /// needs itself before it; the others of them keep the end.
    fn with_new_ones_placed(&self, old: usize) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.needs.len());
        let mut seen = vec![false; self.needs.len()];
        for root in 0..self.needs.len() {
            if root >= old {
                if !seen[root] {
                    order.push(root);
                }
                continue;
            }
            let mut open = vec![(root, 0)];
            while let Some((at, next)) = open.last_mut() {
                let Some(need) = self.needs[*at].get(*next).copied() else {
                    order.push(*at);
                    open.pop();
                    continue;
                };
                *next += 1;
                if need >= old && !seen[need] {
                    seen[need] = true;
                    open.push((need, 0));
                }
            }
        }
        order
    }

    /// The order again, with each entry behind those it needs where one of the two is free; else the earlier stays the
    /// earlier, and entries that are not free keep their order. A cycle is cut at its earliest entry.
    fn sorted(&self, order: &[usize], free: &[bool]) -> Vec<usize> {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, entry)| place[*entry] = at);
        let moves = |from: usize, to: usize| free[from] || free[to];
        let ahead =
            |(from, needs): (usize, &Vec<usize>)| needs.iter().any(|to| place[*to] > place[from] && moves(from, *to));
        if !self.needs.iter().enumerate().any(ahead) {
            return order.to_vec();
        }
        // By places: what must stand before each. The one that it follows in the author's order comes first.
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
        let mut held = None;
        for (at, entry) in order.iter().enumerate() {
            if !free[*entry] {
                before[at].extend(held.replace(at));
            }
            let needs = self.needs[*entry].iter().filter(|need| moves(*entry, **need));
            before[at].extend(needs.map(|need| place[*need]));
        }
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
        before.iter().enumerate().for_each(|(at, all)| all.iter().for_each(|other| after[*other].push(at)));
        let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
        let mut ready: BinaryHeap<Reverse<usize>> =
            missing.iter().enumerate().filter(|(_, missing)| **missing == 0).map(|(at, _)| Reverse(at)).collect();
        let mut done = vec![false; order.len()];
        let mut sorted = Vec::with_capacity(order.len());
        let mut earliest = 0;
        while sorted.len() < order.len() {
            let at = match ready.pop() {
                Some(Reverse(at)) => at,
                None => {
                    earliest = (earliest..order.len()).find(|at| !done[*at]).unwrap_or(earliest);
                    cut(earliest, &before, &done, |at| !free[order[at]])
                }
            };
            if std::mem::replace(&mut done[at], true) {
                continue;
            }
            sorted.push(order[at]);
            for other in &after[at] {
                missing[*other] = missing[*other].saturating_sub(1);
                if missing[*other] == 0 && !done[*other] {
                    ready.push(Reverse(*other));
                }
            }
        }
        sorted
    }

    /// The number of the strongly connected component of each entry (Kosaraju's algorithm).
    fn components(&self) -> Vec<usize> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.needs.len()];
        self.needs.iter().enumerate().for_each(|(from, needs)| needs.iter().for_each(|to| users[*to].push(from)));
        let mut finished = Vec::with_capacity(self.needs.len());
        let mut seen = vec![false; self.needs.len()];
        for root in 0..self.needs.len() {
            walk(root, &self.needs, &mut seen, |at| finished.push(at));
        }
        let mut component = vec![0; self.needs.len()];
        let mut seen = vec![false; self.needs.len()];
        for root in finished.into_iter().rev() {
            walk(root, &users, &mut seen, |at| component[at] = root);
        }
        component
    }
}

/// Where a cycle is cut on the way from an entry to what it waits for: its earliest entry that no order of an author
/// holds back.
fn cut(start: usize, before: &[Vec<usize>], done: &[bool], fixed: impl Fn(usize) -> bool) -> usize {
    let mut way: Vec<usize> = Vec::new();
    let mut met: HashMap<usize, usize> = HashMap::new();
    let mut at = start;
    let from = loop {
        if let Some(from) = met.get(&at) {
            break *from;
        }
        met.insert(at, way.len());
        way.push(at);
        match before[at].iter().copied().find(|other| !done[*other]) {
            Some(other) => at = other,
            None => return at,
        }
    };
    // Of a fixed entry the first that it waits for is the one ahead of it in the author's order.
    let held = |at: &usize| {
        fixed(*at) && before[*at].first().is_some_and(|other| *other < *at && !done[*other] && fixed(*other))
    };
    way[from..].iter().copied().filter(|at| !held(at)).min().unwrap_or(at)
}

/// Visits what can be reached from an entry and was not seen, each after what it leads to.
fn walk(root: usize, ways: &[Vec<usize>], seen: &mut [bool], mut leave: impl FnMut(usize)) {
    if std::mem::replace(&mut seen[root], true) {
        return;
    }
    let mut open = vec![(root, 0)];
    while let Some((at, next)) = open.last_mut() {
        match ways[*at].get(*next).copied() {
            Some(other) => {
                *next += 1;
                if !std::mem::replace(&mut seen[other], true) {
                    open.push((other, 0));
                }
            }
            None => {
                leave(*at);
                open.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// `third_party/forked/golang/expansion.Expand`: cases of `expand_test.go` in words of our own.
    #[test]
    fn expand() {
        for (text, names) in [
            ("$(A)-$(B)", vec!["A", "B"]),
            ("$$(A)", vec![]),
            ("$$$(A)", vec!["A"]),
            ("$A $ {A} $(A", vec![]),
            ("$(A $(B)", vec!["A $(B"]),
            ("$()$(a.b-c)$", vec!["", "a.b-c"]),
            ("$x$(A)$$$$(B)", vec!["A"]),
        ] {
            assert_eq!(references(text), names, "{text}");
        }
    }

    fn list(entries: &[(&str, &str, bool)]) -> Vec<Value> {
        let entry = |(name, value, free): &(&str, &str, bool)| match free {
            true => json!({"name": name, "value": value, FREE: true}),
            false => json!({"name": name, "value": value}),
        };
        entries.iter().map(entry).collect()
    }

    fn names(list: &[Value]) -> String {
        list.iter().filter_map(|entry| entry["name"].as_str()).collect::<Vec<_>>().join(" ")
    }

    fn arranged(entries: &[(&str, &str, bool)], new: usize) -> String {
        let mut list = list(entries);
        arrange(&mut list, new);
        names(&list)
    }

    #[test]
    fn entries_of_a_map_stand_behind_those_they_refer_to_and_else_by_name() {
        assert_eq!(arranged(&[("A", "$(C)", true), ("B", "", true), ("C", "", true)], 3), "B C A");
        assert_eq!(arranged(&[("A", "$(B)", true), ("B", "$(C)", true), ("C", "$(D)", true)], 3), "C B A");
        assert_eq!(arranged(&[("A", "$(A)", true), ("B", "$$(C)", true), ("C", "", true)], 3), "A B C");
    }

    #[test]
    fn a_new_variable_goes_before_the_first_that_refers_to_it_and_else_to_the_end() {
        let old = [("X", "", false), ("A", "$(N)", false), ("B", "$(N)$(M)", false)];
        let with = |new: &[(&'static str, &'static str, bool)]| [&old, new].concat();
        assert_eq!(arranged(&with(&[("M", "", true), ("N", "", true), ("O", "", true)]), 3), "X N A M B O");
        assert_eq!(arranged(&with(&[("O", "", false), ("N", "$(O)", false)]), 2), "X O N A B");
    }

    #[test]
    fn a_list_keeps_its_order_whatever_it_refers_to() {
        assert_eq!(arranged(&[("B", "$(A)", false), ("A", "$(C)", false), ("C", "", false)], 3), "B A C");
        assert_eq!(arranged(&[("B", "$(F)", false), ("A", "", false), ("F", "$(A)", true)], 0), "B A F");
    }

    #[test]
    fn a_cycle_costs_no_more_than_itself() {
        let cycle = [("A", "$(B)", true), ("B", "$(C)", true), ("C", "$(B)", true), ("D", "", true)];
        assert_eq!(arranged(&cycle, 4), "D B A C");
        let found = late(&list(&[("B", "$(C)", true), ("C", "$(B)", true), ("A", "$(D)", true), ("D", "", true)]));
        let late = |from, to, cycle| Late { from, to, cycle };
        assert_eq!(found, [late(0, 1, true), late(2, 3, false)]);
    }

    #[test]
    fn a_long_chain_and_an_endless_text_are_no_trouble() {
        let name = |at: usize| format!("V{at:05}");
        let entry = |at: usize| json!({"name": name(at), "value": format!("$({})", name(at + 1)), FREE: true});
        let mut list: Vec<Value> = (0..20_000).map(entry).collect();
        arrange(&mut list, 20_000);
        assert_eq!((&list[0]["name"], late(&list).len()), (&json!(name(19_999)), 0));
        assert_eq!(references(&"$(".repeat(1_000_000)), [""; 0]);
    }
}
