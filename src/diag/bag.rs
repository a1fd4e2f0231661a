//! Collects diagnostics, and orders them by place, code and message, never by order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Diagnostic, Severity};

/// Diagnostics on their way to a report.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty bag.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds all of another bag.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(other);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many have that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|d| d.severity == severity).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, in no promised order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Diagnostic> {
        self.list.iter_mut()
    }

    /// Puts them in the order of report and drops exact repetitions.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| {
            (&a.place, a.code.name(), &a.message, &a.others).cmp(&(&b.place, b.code.name(), &b.message, &b.others))
        });
        self.list.dedup();
    }

    /// Of what most tasks lack, as long as it is a note, one is left, the first in the order of report, and it says how
    /// many there are.
    pub fn sum_up(&mut self) {
        let common = |d: &Diagnostic| d.severity == Severity::Note && d.code.is_common();
        let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
        self.list.iter().filter(|d| common(d)).for_each(|d| *counts.entry(d.code).or_default() += 1);
        let mut seen = BTreeSet::new();
        self.list.retain(|d| !common(d) || seen.insert(d.code));
        for one in self.list.iter_mut().filter(|d| common(d)) {
            let more = counts.get(&one.code).copied().unwrap_or_default().saturating_sub(1);
            if more > 0 {
                let name = one.code.name();
                let places = if more == 1 { "one more place".to_owned() } else { format!("{more} more places") };
                one.notes.push(format!("the same in {places}: `lints: {{{name}: warn}}` shows them all, `off` none"));
            }
        }
    }

    /// Changes the severity of each, or drops it: `None` from the closure drops.
    pub fn relevel(&mut self, level: impl Fn(&Diagnostic) -> Option<Severity>) {
        self.list.retain_mut(|d| match level(d) {
            Some(severity) => {
                d.severity = severity;
                true
            }
            None => false,
        });
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Self { list: diagnostics.into_iter().collect() }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
