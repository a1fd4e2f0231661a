//! Finds tasks that take one CronJob of one file and would all give it the name that it has there.

use std::collections::{BTreeMap, BTreeSet};

use super::TaskResult;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{Identity, Model, Unit};
use crate::tree::{Span, Spanned};

/// So many tasks are named.
const SHOWN: usize = 10;

/// Of one CronJob in a file: the tasks that render it under its own name, each with the namespaces.
type Takers<'a> = Vec<(&'a Unit, BTreeSet<Option<&'a str>>)>;

/// Reports them, one error a CronJob, and returns the tasks it names. The clusters do not count: that two tasks make objects
/// of one name on different clusters would be an accident of today's placement. Different namespaces do: there the name means
/// two objects.
pub(super) fn report<'a>(model: &'a Model, plan: &'a [TaskResult], diags: &mut Diagnostics) -> BTreeSet<&'a Identity> {
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
        let mut users: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        takers
            .iter()
            .flat_map(|(_, namespaces)| namespaces)
            .for_each(|namespace| *users.entry(*namespace).or_default() += 1);
        let meets = |namespaces: &BTreeSet<Option<&str>>| namespaces.iter().any(|namespace| users[namespace] > 1);
        let units: Vec<&Unit> =
            takers.iter().filter(|(_, namespaces)| meets(namespaces)).map(|(unit, _)| *unit).collect();
        diags.extend(diagnostic(name, &units));
        named.extend(units.into_iter().map(|unit| &unit.identity));
    }
    named
}

fn diagnostic(name: Spanned<&str>, units: &[&Unit]) -> Option<Diagnostic> {
    let shown = &units[..units.len().min(SHOWN)];
    let (last, others) = shown.split_last()?;
    let list: Vec<String> = others.iter().map(|unit| format!("`{}`", unit.identity)).collect();
    let more = units.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "tasks {} and `{}`{more} take the CronJob `{}` from one file, and only one of them can give it that name",
        list.join(", "),
        last.identity,
        name.value
    );
    let mut diagnostic = Diagnostic::new(Code::ObjectCollision, last.name, message);
    for unit in others {
        diagnostic = diagnostic.other(unit.name, "this task takes it too");
    }
    let own = shown.iter().map(|unit| format!("`objectName: {}` in task `{}`", unit.identity.name, unit.identity));
    let own: Vec<String> = own.collect();
    Some(
        diagnostic
            .other(name.span, "the name in the file")
            .help(format!("write {}; one of the tasks may do without and keep the name", own.join(", "))),
    )
}
