//! The stages in reading order, over the whole repository. It opens nothing and writes nothing.
//!
//! The one idea: [`compile`] is total and pure. It always returns, with as much as could be made, and the same tree
//! gives the same bytes. Tasks are built one at a time, each seeing no other, then joined in order.

mod assemble;
mod overrides;
mod runs;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Diagnostics, Gather, Severity};
use crate::frontend;
use crate::lint;
use crate::model::{Level, Model, Named, Unit};
use crate::place::{self, Decision, Verdict};
use crate::render::{self, Rendered, Scope, Surroundings};
use crate::tree::{OutputTree, RepoPath, SourceTree, Span};
use crate::validate;

pub use assemble::MARKER_PREFIX;

/// Everything that a repository comes to.
#[derive(Debug, Default)]
pub struct Compilation {
    /// What the user means.
    pub model: Model,
    /// One per unit of the model, in its order.
    pub plan: Vec<Built>,
    /// What is to be written, below the output directory.
    pub output: OutputTree,
    /// What is wrong or odd, in the order of report.
    pub diags: Diagnostics,
    /// Files that are referred to and were not read: a tree with them may compile otherwise.
    pub wanted: BTreeSet<RepoPath>,
}

/// One task, built.
#[derive(Debug)]
pub struct Built {
    /// Where it goes, and why.
    pub decision: Decision,
    /// What it becomes.
    pub rendered: Rendered,
}

/// The stages, in order, for whoever wants to know how far a compilation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Parsing, and giving documents their meaning.
    Understanding,
    /// Placing and rendering the tasks, checks included.
    Building,
    /// Joining what the tasks gave.
    Joining,
}

impl Stage {
    /// What is being done, in a word.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Understanding => "understanding",
            Stage::Building => "placing and rendering",
            Stage::Joining => "joining",
        }
    }
}

/// Compiles a repository.
pub fn compile(sources: &SourceTree) -> Compilation {
    compile_watched(sources, |_| {})
}

/// As [`compile`]; `begins` is told of each stage as it begins. The result does not depend on it.
pub fn compile_watched(sources: &SourceTree, mut begins: impl FnMut(Stage)) -> Compilation {
    let mut diags = Diagnostics::new();
    begins(Stage::Understanding);
    let frontend::Understood { model, wanted, left_out } = frontend::understand(sources, &mut diags);
    source_problems(sources, &left_out, &mut diags);
    begins(Stage::Building);
    validate::inventory::capacities(&model, &mut diags);
    render::files(&model, &mut diags);
    let faults = lint::model(&model, &mut diags);
    let scopes: Vec<Scope<'_>> = model.clusters.iter().map(|cluster| Scope::new(&model.fleet, cluster)).collect();
    let around = Surroundings { fleet: &model.fleet, scopes: &scopes, sources };
    let built: Vec<(Built, Vec<runs::Wanted>, Diagnostics)> =
        model.units.par_iter().map(|unit| build(unit, &model, &faults, around)).collect();
    begins(Stage::Joining);
    let mut plan = Vec::with_capacity(built.len());
    let (mut asked_for, mut said) = (Vec::with_capacity(built.len()), Vec::with_capacity(built.len()));
    for (task, objects, of_task) in built {
        plan.push(task);
        asked_for.push(objects);
        said.push(of_task);
    }
    shared::say(said.into_iter(), &mut diags);
    overrides::shared(&model, &plan, &faults, &mut diags);
    runs::missing(&model, &plan, asked_for, &mut diags);
    let output = assemble::assemble(&model, &plan, &mut diags);
    relevel(&model, &mut diags);
    diags.sort();
    diags.sum_up();
    drop(scopes);
    Compilation { model, plan, output, diags, wanted }
}

/// The files that a repository refers to and that its tree lacks. Cheaper than to compile it in vain.
pub fn wanted(sources: &SourceTree) -> BTreeSet<RepoPath> {
    frontend::understand(sources, &mut Diagnostics::new()).wanted
}

/// Builds one task; it sees no other.
fn build(
    unit: &Unit,
    model: &Model,
    faults: &BTreeSet<Span>,
    around: Surroundings<'_>,
) -> (Built, Vec<runs::Wanted>, Diagnostics) {
    let mut diags = Diagnostics::new();
    let mut decision = place::place(&unit.placement, &model.clusters);
    if decision.chosen().next().is_none() && !explained(unit, model, faults) {
        diags.push(nowhere(unit, &decision));
    }
    let mut watch = runs::Watch::new(unit, around);
    let rendered = render::render(unit, &decision, around, |variant, object| watch.look(variant, object), &mut diags);
    // Every cluster runs the whole, so how many pods that is, the finished object says: a file, `job.parallelism`,
    // `instances`, overrides and patches have all had their word.
    for variant in &rendered.variants {
        for cluster in &variant.clusters {
            decision.verdicts[*cluster] = Verdict::Chosen { instances: variant.instances };
        }
    }
    overrides::own(unit, &decision, &rendered, model, faults, &mut diags);
    schedules(unit, &rendered, model, around.sources, &mut diags);
    let asked_for = watch.into_bag(&rendered, &mut diags);
    (Built { decision, rendered }, asked_for, diags)
}

/// What is odd about when the variants of a task run.
fn schedules(unit: &Unit, rendered: &Rendered, model: &Model, sources: &SourceTree, diags: &mut Diagnostics) {
    let mut said = Gather::default();
    for variant in &rendered.variants {
        let seen = lint::Variant {
            timing: &variant.timing,
            clusters: variant.clusters.iter().map(|at| (*at, &model.clusters[*at])).collect(),
            task: unit.name,
            said: &|path| render::said(unit, &variant.overrides, path),
        };
        for (diagnostic, clusters) in lint::schedule(&seen, &model.fleet, sources) {
            said.add(diagnostic, &clusters);
        }
    }
    let placed = rendered.variants.iter().map(|variant| variant.clusters.len()).sum();
    said.into_bag(|cluster| model.clusters[cluster].name.as_str(), placed, diags);
}

/// Whether another diagnostic says already why a task lands nowhere.
fn explained(unit: &Unit, model: &Model, faults: &BTreeSet<Span>) -> bool {
    let nobody = matches!(&unit.placement.selector.clusters, Some(Named::Names(names)) if names.is_empty());
    nobody
        || faults.contains(&unit.placement.span)
        || !model.unread_clusters.is_empty()
        || model.clusters.is_empty()
        || place::place(&unit.placement, &model.misnamed).chosen().next().is_some()
}

fn nowhere(unit: &Unit, decision: &Decision) -> Diagnostic {
    let total = decision.verdicts.len();
    let mut diagnostic =
        Diagnostic::new(Code::Nowhere, unit.placement.span, format!("task `{}` lands on no cluster", unit.identity));
    if !unit.placement.selector.says_nothing() {
        for (rule, count) in decision.histogram() {
            diagnostic = diagnostic.note(format!("{count} of {total}: {rule}"));
        }
    }
    diagnostic.help(format!("`fleetcron explain {}` shows the verdict of every cluster", unit.identity))
}

/// What could not be read becomes diagnostics.
fn source_problems(sources: &SourceTree, left_out: &BTreeSet<String>, diags: &mut Diagnostics) {
    use crate::diag::Place;
    use crate::tree::ProblemKind;
    for problem in sources.problems().iter().filter(|problem| !left_out.contains(&problem.path)) {
        let place = Place::Path(problem.path.clone());
        diags.push(match &problem.kind {
            ProblemKind::LinkOutside(target) => Diagnostic::at(
                Code::LinkOutside,
                place,
                format!("this symbolic link leads out of the fleet root, to `{target}`"),
            )
            .help("copy the file into the repository, or leave it out by `sources.exclude` or .gitignore"),
            ProblemKind::LinkBroken(target) => {
                Diagnostic::at(Code::Unreadable, place, format!("this symbolic link leads nowhere: `{target}`"))
                    .help("remove the link, or add the file that it names")
            }
            ProblemKind::TooLarge(size) => Diagnostic::at(
                Code::YamlLimits,
                place,
                format!("this file has {size} bytes, which is more than we read"),
            )
            .help("leave it out by `sources.exclude` or .gitignore"),
            ProblemKind::Unreadable(reason) => {
                Diagnostic::at(Code::Unreadable, place, format!("this cannot be read: {reason}"))
            }
            ProblemKind::Name => Diagnostic::at(
                Code::Unreadable,
                place,
                "the name of this file is not UTF-8, or holds control characters",
            ),
        });
    }
}

/// Levels as the settings say; what is an error by itself stays one.
pub fn relevel(model: &Model, diags: &mut Diagnostics) {
    diags.relevel(|diagnostic| {
        let level = model.fleet.lints.get(diagnostic.code.name());
        match level {
            _ if diagnostic.severity == Severity::Error => Some(Severity::Error),
            Some(Level::Off) => None,
            Some(Level::Warn) => Some(Severity::Warning),
            Some(Level::Error) => Some(Severity::Error),
            None if diagnostic.code.waits() => None,
            None => Some(diagnostic.severity),
        }
    });
}
