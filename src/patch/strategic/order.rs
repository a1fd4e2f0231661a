//! Orders the elements of a merged list as kubectl does: both sides keep their order, and in doubt the patch comes
//! first.

use serde_json::Value;
use std::collections::HashMap;

/// By what an element is known: its merge key, or itself in a list of scalars.
#[derive(Clone, Copy)]
pub(super) enum ElementKey {
    Key(&'static str),
    Itself,
}

impl ElementKey {
    /// The identity of an element; a map without the key has none.
    pub(super) fn of(self, element: &Value) -> Option<&Value> {
        match self {
            ElementKey::Key(key) => element.get(key),
            ElementKey::Itself => Some(element),
        }
    }

    /// The identities of a list's elements.
    pub(super) fn all(self, elements: &[Value]) -> Vec<Value> {
        elements.iter().map(|element| self.of(element).cloned().unwrap_or_default()).collect()
    }
}

/// Where each identity stands first in a list.
struct Ranks<'a>(HashMap<&'a Value, usize>);

impl<'a> Ranks<'a> {
    fn new(identities: &'a [Value]) -> Self {
        let mut ranks = HashMap::with_capacity(identities.len());
        for (rank, identity) in identities.iter().enumerate() {
            ranks.entry(identity).or_insert(rank);
        }
        Self(ranks)
    }

    fn get(&self, identity: &Value) -> Option<usize> {
        self.0.get(identity).copied()
    }
}

/// Puts `merged` in order: what `wanted` names in its order, the rest in the order of `old`, both woven together by
/// the order of `old`. `wanted` and `old` are identities.
pub(super) fn arrange(merged: Vec<Value>, wanted: &[Value], old: &[Value], by: ElementKey) -> Vec<Value> {
    let identities = by.all(&merged);
    let (wanted, old) = (Ranks::new(wanted), Ranks::new(old));
    let rank = |ranks: &Ranks<'_>, i: &usize| ranks.get(&identities[*i]);
    let (mut named, mut rest): (Vec<usize>, Vec<usize>) = (0..merged.len()).partition(|i| rank(&wanted, i).is_some());
    sort(&mut named, |i| rank(&wanted, i));
    sort(&mut rest, |i| rank(&old, i));
    let order = weave(&rest, &named, |i| rank(&old, i));
    let mut merged: Vec<Option<Value>> = merged.into_iter().map(Some).collect();
    order.into_iter().filter_map(|i| merged[i].take()).collect()
}

/// Go's insertion sort with kubectl's comparison, which says "less" of everything without a rank.
fn sort(items: &mut [usize], rank: impl Fn(&usize) -> Option<usize>) {
    // Where each has a rank it is an order like any other, and a long list need not be walked again for each.
    if items.iter().all(|item| rank(item).is_some()) {
        items.sort_by_key(rank);
        return;
    }
    insert(items, rank);
}

fn insert(items: &mut [usize], rank: impl Fn(&usize) -> Option<usize>) {
    for end in 1..items.len() {
        let mut i = end;
        while i > 0 && rank(&items[i]).zip(rank(&items[i - 1])).is_none_or(|(a, b)| a < b) {
            items.swap(i, i - 1);
            i -= 1;
        }
    }
}

fn weave(left: &[usize], right: &[usize], rank: impl Fn(&usize) -> Option<usize>) -> Vec<usize> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut woven = Vec::new();
    loop {
        let next = match (left.peek(), right.peek()) {
            (None, None) => return woven,
            (Some(_), None) => left.next(),
            (None, Some(_)) => right.next(),
            (Some(l), Some(r)) => match rank(l).zip(rank(r)) {
                Some((l, r)) if l < r => left.next(),
                _ => right.next(),
            },
        };
        woven.extend(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn arranged(merged: &str, wanted: &str, old: &str) -> String {
        let list = |text: &str| text.chars().map(|c| json!(c.to_string())).collect::<Vec<_>>();
        let out = arrange(list(merged), &list(wanted), &list(old), ElementKey::Itself);
        out.iter().filter_map(Value::as_str).collect()
    }

    #[test]
    fn new_elements_stand_in_front() {
        assert_eq!(arranged("abcx", "x", "abc"), "xabc");
        assert_eq!(arranged("abcxy", "xy", "abc"), "xyabc");
    }

    #[test]
    fn a_known_element_stays_behind_those_that_stood_before_it() {
        assert_eq!(arranged("abcx", "bx", "abc"), "abxc");
    }

    #[test]
    fn what_has_ranks_is_sorted_as_by_insertion() {
        for seed in 0..200_usize {
            let rank = |item: &usize| Some((item * 7 + seed) * (seed + 3) % 5);
            let (mut sorted, mut inserted): (Vec<usize>, Vec<usize>) = ((0..9).collect(), (0..9).collect());
            sort(&mut sorted, rank);
            insert(&mut inserted, rank);
            assert_eq!(sorted, inserted, "{seed}");
        }
    }

    #[test]
    fn the_wanted_order_wins_over_the_old_one() {
        assert_eq!(arranged("abc", "cba", "abc"), "cba");
        assert_eq!(arranged("abcd", "db", "abcd"), "acdb");
    }
}
