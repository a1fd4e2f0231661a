//! `unknown-cluster`, `unknown-place`: a selector asks for a name or value that the inventory does not have. Under
//! `notIn` and `exclude` it may be a precaution, so it is a warning there.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::model::reference;
use crate::model::{Cluster, LintLevel, Match, Model, Named, Operator, Override, Selector, Unit, Values, VersionRange};
use crate::tree::{Span, Spanned};

pub(super) fn run(model: &Model, diags: &mut Diagnostics) -> BTreeSet<Span> {
    let mut check = InventoryCheck { model, diags, faults: BTreeSet::new() };
    if model.clusters.is_empty() {
        return check.faults;
    }
    // Tasks share what a base or a document gives them; its selector is looked at once.
    let (mut placements, mut overrides) = (HashSet::new(), HashSet::new());
    for unit in &model.units {
        let placement = &unit.placement;
        if !placements.insert(Arc::as_ptr(placement)) {
            check.of_task(unit, &mut overrides);
            continue;
        }
        check.selector(&placement.selector, placement.span);
        for selector in placement.fallback.iter().map(|group| &group.selector) {
            check.selector(selector, placement.span);
        }
        for selector in placement.weights.iter().map(|weight| &weight.selector) {
            check.selector(selector, placement.span);
        }
        check.of_task(unit, &mut overrides);
    }
    for set in &model.fleet.variables {
        if let (Some(when), Some(span)) = (&set.when, set.set.values().next().map(|value| value.span)) {
            check.selector(when, span);
        }
    }
    let fleet = &model.fleet;
    let blackouts = fleet.blackouts.iter().map(|blackout| (&blackout.name, &blackout.copies));
    let budgets = fleet.budgets.iter().map(|budget| (&budget.name, &budget.copies));
    let pauses = fleet.pauses.iter().map(|pause| (&pause.name, &pause.copies));
    for (name, copies) in blackouts.chain(budgets).chain(pauses) {
        if let Some(selector) = &copies.clusters {
            check.selector(selector, name.span);
        }
    }
    check.faults
}

/// A property by name, what is asked of it, and where a cluster has it.
type InventoryProperty<'a> = (&'static str, &'a Option<Values>, fn(&Cluster) -> &[Spanned<String>]);

struct InventoryCheck<'a> {
    model: &'a Model,
    diags: &'a mut Diagnostics,
    faults: BTreeSet<Span>,
}

impl<'a> InventoryCheck<'a> {
    /// The selectors of a task beside its placement; those of overrides that were not looked at for another task.
    fn of_task(&mut self, unit: &'a Unit, seen: &mut HashSet<*const Override>) {
        if let Some(active) = &unit.active {
            self.selector(&active.selector(), active.span);
        }
        for over in unit.overrides.iter().filter(|over| seen.insert(Arc::as_ptr(over))) {
            self.selector(&over.selector, over.name.span);
        }
    }

    fn selector(&mut self, selector: &Selector, owner: Span) {
        if selector.unread.is_some() {
            return;
        }
        self.part(selector.clusters.as_ref(), selector.matching.as_ref(), owner, Severity::Error);
        if let Some(exclude) = &selector.exclude {
            self.part(exclude.clusters.as_ref(), exclude.matching.as_ref(), owner, Severity::Warning);
        }
    }

    fn part(&mut self, named: Option<&Named>, matching: Option<&Match>, owner: Span, severity: Severity) {
        if let Some(Named::Names(names)) = named {
            for name in &names.value {
                self.name(name, owner, severity);
            }
        }
        let Some(matching) = matching else { return };
        let places: [InventoryProperty<'_>; 3] = [
            ("provider", &matching.provider, |cluster| cluster.provider.as_slice()),
            ("region", &matching.region, |cluster| cluster.region.as_slice()),
            ("zone", &matching.zone, |cluster| &cluster.zones),
        ];
        for (what, asked, have) in places {
            let Some(asked) = asked else { continue };
            let severity = if asked.not { Severity::Warning } else { severity };
            let known: BTreeSet<&str> = clusters(self.model).flat_map(have).map(|value| value.as_str()).collect();
            for value in &asked.values {
                self.value(what, value, &known, owner, severity);
            }
        }
        for (key, value) in &matching.labels {
            self.label(key, std::slice::from_ref(value), owner, severity);
        }
        for expression in &matching.expressions {
            let severity = match expression.operator {
                Operator::NotIn | Operator::DoesNotExist => Severity::Warning,
                _ => severity,
            };
            // A number or a range is compared with values, and is none.
            let compares = matches!(expression.operator, Operator::Gt | Operator::Lt | Operator::SemVer);
            let values = if compares { &[][..] } else { &expression.values };
            self.label(&expression.key, values, owner, severity);
        }
        if let Some(range) = &matching.kubernetes_version {
            self.unstated(range);
        }
        for any in &matching.any_of {
            self.part(None, Some(any), owner, severity);
        }
    }

    /// Clusters that a range of versions never meets, for nobody states their version.
    fn unstated(&mut self, range: &VersionRange) {
        let without = self.model.clusters.iter().filter(|cluster| cluster.release.is_none());
        let names: BTreeSet<&str> = without.map(|cluster| cluster.name.as_str()).collect();
        if names.is_empty() {
            return;
        }
        let message = match names.len() {
            1 => "a cluster states no Kubernetes version, so this never meets it".to_owned(),
            count => format!("{count} clusters state no Kubernetes version, so this never meets them"),
        };
        let diagnostic =
            Diagnostic::new(Code::UnknownPlace, range.text.span, message).severity(Severity::Warning).help(
                "write `kubernetesVersion` in those clusters, or `defaults: {kubernetesVersion: ...}` in the Fleet for all",
            );
        let diagnostic = list(&names).into_iter().fold(diagnostic, |it, names| it.note(format!("without it: {names}")));
        self.diags.push(diagnostic);
    }

    fn name(&mut self, name: &Spanned<String>, owner: Span, severity: Severity) {
        let known = |cluster: &Cluster| *cluster.name == **name;
        if clusters(self.model).any(known) || self.model.unread_clusters.contains(&name.value) || name.contains('*') {
            return;
        }
        let names: BTreeSet<&str> = self.model.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        let near = nearest(name, names.iter().copied());
        let diagnostic = Diagnostic::new(Code::UnknownCluster, name.span, format!("there is no cluster `{}`", **name))
            .did_you_mean(near)
            .severity(severity);
        let diagnostic = if near.is_none() { with_known(diagnostic, "cluster", &names) } else { diagnostic };
        self.say(name, diagnostic, owner);
    }

    fn value(&mut self, what: &str, value: &Spanned<String>, known: &BTreeSet<&str>, owner: Span, severity: Severity) {
        if known.contains(value.as_str()) || !self.model.unread_clusters.is_empty() {
            return;
        }
        let diagnostic =
            Diagnostic::new(Code::UnknownPlace, value.span, format!("no cluster has the {what} `{}`", **value))
                .did_you_mean(nearest(value, known.iter().copied()))
                .severity(severity);
        self.say(value, with_known(diagnostic, what, known), owner);
    }

    fn label(&mut self, key: &Spanned<String>, values: &[Spanned<String>], owner: Span, severity: Severity) {
        if !self.model.unread_clusters.is_empty() {
            return;
        }
        let carried = clusters(self.model).filter_map(|cluster| cluster.labels.get(&key.value));
        let known: BTreeSet<&str> = carried.map(|value| value.as_str()).collect();
        if known.is_empty() {
            let keys: BTreeSet<&str> =
                clusters(self.model).flat_map(|cluster| cluster.labels.keys()).map(String::as_str).collect();
            let diagnostic =
                Diagnostic::new(Code::UnknownPlace, key.span, format!("no cluster has a label `{}`", **key))
                    .did_you_mean(nearest(key, keys.iter().copied()))
                    .severity(severity);
            return self.say(key, with_known(diagnostic, "label", &keys), owner);
        }
        for value in values.iter().filter(|value| !known.contains(value.as_str())) {
            let message = format!("no cluster has the label `{}` with the value `{}`", **key, **value);
            let diagnostic = Diagnostic::new(Code::UnknownPlace, value.span, message)
                .did_you_mean(nearest(value, known.iter().copied()))
                .severity(severity);
            let known = list(&known).map(|list| format!("in the inventory the label `{}` is {list}", **key));
            let diagnostic = known.into_iter().fold(diagnostic, Diagnostic::note);
            self.say(value, diagnostic, owner);
        }
    }

    /// Reports what is asked for and is not there; that a reference cannot stand there is said already.
    fn say(&mut self, asked: &str, diagnostic: Diagnostic, owner: Span) {
        // What is lowered explains nothing that follows from it.
        let lowered = self.model.fleet.lints.get(diagnostic.code.name()) == Some(&LintLevel::Warn);
        let diagnostic = if lowered { diagnostic.severity(Severity::Warning) } else { diagnostic };
        if diagnostic.severity == Severity::Error {
            self.faults.insert(owner);
        }
        if reference::first(asked).is_none() {
            self.diags.push(diagnostic);
        }
    }
}

/// Everything whose properties are known: a cluster with a refused name has a region all the same.
fn clusters(model: &Model) -> impl Iterator<Item = &Cluster> {
    model.clusters.iter().chain(&model.misnamed)
}

/// Lists what there is, if the list is short.
fn with_known(diagnostic: Diagnostic, what: &str, known: &BTreeSet<&str>) -> Diagnostic {
    match list(known) {
        Some(list) if known.len() == 1 => diagnostic.note(format!("the inventory has the {what} {list}")),
        Some(list) => diagnostic.note(format!("the inventory has the {what}s {list}")),
        None => diagnostic,
    }
}

fn list(known: &BTreeSet<&str>) -> Option<String> {
    let short = !known.is_empty() && known.len() <= 12;
    short.then(|| known.iter().copied().collect::<Vec<_>>().join(", "))
}
