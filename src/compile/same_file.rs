//! Finds tasks that take one CronJob of one file and would all give it the name that it has there.

use std::collections::{BTreeMap, BTreeSet};

use super::Built;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{Identity, Model, Unit};
use crate::tree::{Span, Spanned};

/// Of one CronJob in a file: the tasks that render it under its own name, each with the namespaces.
type Takers<'a> = Vec<(&'a Unit, BTreeSet<Option<&'a str>>)>;

/// Reports them, one error a CronJob, and returns the tasks it names. The clusters do not count: that two tasks make objects
/// of one name on different clusters would be an accident of today's placement. Different namespaces do: there the name means
/// two objects.
pub(super) fn report<'a>(model: &'a Model, plan: &'a [Built], diags: &mut Diagnostics) -> BTreeSet<&'a Identity> {
    let mut by_object: BTreeMap<Span, (Spanned<&str>, Takers<'_>)> = BTreeMap::new();
    for (unit, built) in model.units.iter().zip(plan) {
        let (Some(object), Some(name)) = (unit.file_object(), unit.name_in_file()) else { continue };
        let of_file = built.rendered.variants.iter().filter(|variant| unit.object_name(&variant.overrides).is_none());
        let jobs = of_file.filter_map(|variant| variant.manifests.first()).filter(|job| job.name == name.value);
        let namespaces: BTreeSet<Option<&str>> = jobs.map(|job| job.namespace.as_deref()).collect();
        by_object.entry(object.span()).or_insert_with(|| (name, Vec::new())).1.push((unit, namespaces));
    }
    let mut named = BTreeSet::new();
    for (name, takers) in by_object.into_values() {
        let meets = |at: &usize| {
            takers.iter().enumerate().any(|(other, (_, theirs))| other != *at && !theirs.is_disjoint(&takers[*at].1))
        };
        let units: Vec<&Unit> = (0..takers.len()).filter(meets).map(|at| takers[at].0).collect();
        diags.extend(diagnostic(name, &units));
        named.extend(units.into_iter().map(|unit| &unit.identity));
    }
    named
}

fn diagnostic(name: Spanned<&str>, units: &[&Unit]) -> Option<Diagnostic> {
    let (last, others) = units.split_last()?;
    let list: Vec<String> = others.iter().map(|unit| format!("`{}`", unit.identity)).collect();
    let message = format!(
        "tasks {} and `{}` take the CronJob `{}` from one file, and only one of them can give it that name",
        list.join(", "),
        last.identity,
        name.value
    );
    let mut diagnostic = Diagnostic::new(Code::ObjectCollision, last.name, message);
    for unit in others {
        diagnostic = diagnostic.other(unit.name, "this task takes it too");
    }
    let own = units.iter().map(|unit| format!("`objectName: {}` in task `{}`", unit.identity.name, unit.identity));
    let own: Vec<String> = own.collect();
    Some(
        diagnostic
            .other(name.span, "the name in the file")
            .help(format!("write {}; one of the tasks may do without and keep the name", own.join(", "))),
    )
}
