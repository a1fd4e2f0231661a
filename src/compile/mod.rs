//! Runs the stages over the whole repository.
//!
//! [`compile`] is pure and total: it always returns, with as much as could be made, and the same tree gives the same
//! bytes. Each task is built without seeing another; results are joined in order of identity.

mod apis;
mod assemble;
mod fleet_time;
mod inventory;
mod karmada;
mod load;
mod nowhere;
mod overrides;
mod planning;
mod proof;
mod quoting;
mod records;
mod runs;
mod same_file;
mod shared;
mod starts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Diagnostics, Gather, Severity};
use crate::frontend;
use crate::lint;
use crate::lock::{Drift, Lock, LockMode, ParsedLock};
use crate::model::karmada::Compatibility;
use crate::model::{DocumentName, LintLevel, Model, Timing, Unit};
use crate::place::{self, Account, CandidateInventory, Decision, DecisionRequest, Passed, Reason, Verdict};
use crate::render::{self, Rendered, Scope, Surroundings};
use crate::tree::{OutputTree, RepoPath, SourceTree, Span};
use crate::validate;

pub use assemble::MARKER_PREFIX;
pub use inventory::of as inventory;
pub use karmada::{KarmadaOutcome, why};
pub use load::{Load, loads};
pub use nowhere::in_words;
pub use planning::Planned;
pub use records::line;
pub use starts::copies;

pub use crate::frontend::Unmet;
pub use crate::render::Manifest;

/// Everything that a repository comes to.
#[derive(Debug, Default)]
pub struct Compilation {
    /// What the user means.
    pub model: Model,
    /// One per unit of the model, in its order.
    pub plan: Vec<TaskResult>,
    /// What is to be written, below the output directory.
    pub output: OutputTree,
    /// What is wrong or odd, in the order of report.
    pub diags: Diagnostics,
    /// What is recorded from now on.
    pub lock: Lock,
    /// What that changes, by task.
    pub drift: Vec<Drift>,
    /// The lock that stands in the tree has other bytes.
    pub lock_differs: bool,
    /// Files that are referred to and were not read: a tree with them may compile otherwise.
    pub wanted: BTreeSet<RepoPath>,
    /// By file, the documents of ours that were taken from it.
    pub documents: BTreeMap<RepoPath, Vec<DocumentName>>,
    /// The same of files that `sources` leaves out.
    pub documents_left_out: BTreeMap<RepoPath, Vec<DocumentName>>,
    /// `requires` of the Fleet, if this version does not meet it: then nothing was compiled.
    pub unmet: Option<Unmet>,
}

impl Compilation {
    /// The paths that go because a NoExecute taint drains their cluster, below the output directory.
    pub fn drained(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for built in &self.plan {
            paths.extend(built.drained.iter().cloned());
            for (at, verdict) in built.decision.verdicts.iter().enumerate() {
                let Verdict::Refused(Reason::Taint { drains: true, .. }) = verdict else { continue };
                let name = &self.model.clusters[at].name.value;
                let manifests = built.rendered.variants.iter().flat_map(|variant| &variant.manifests);
                paths.extend(manifests.map(|manifest| format!("{name}/{}", manifest.path)));
            }
        }
        paths
    }
}

/// One task, built.
#[derive(Debug)]
pub struct TaskResult {
    /// Where it goes, and why.
    pub decision: Decision,
    /// What that rests on.
    pub planned: Planned,
    /// What it becomes.
    pub rendered: Rendered,
    /// The files that it had on clusters where it is recorded and that are drained now, below the output directory.
    pub drained: Vec<String>,
    /// What Karmada makes of it, if it is a template.
    pub karmada: Option<Box<KarmadaOutcome>>,
}

impl TaskResult {
    /// A task of which it is not known where it goes: that was reported, and nothing else is to follow from it.
    fn unplaced(clusters: usize) -> Self {
        let decision = Decision {
            verdicts: vec![Verdict::Passed(Passed::Nothing); clusters],
            group: None,
            kept: false,
            failure: None,
        };
        Self {
            decision,
            planned: Planned::default(),
            rendered: Rendered::default(),
            drained: Vec::new(),
            karmada: None,
        }
    }
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

/// What every task is planned on.
struct Ground<'a> {
    model: &'a Model,
    /// The inventory as the algorithm sees it.
    inventory: &'a CandidateInventory,
    /// What is recorded.
    lock: &'a ParsedLock,
    /// What the record is for.
    mode: &'a LockMode,
    /// The places of the selectors at fault.
    faults: &'a BTreeSet<Span>,
    around: Surroundings<'a>,
}

/// Compiles a repository; what is recorded stays as long as it may.
pub fn compile(sources: &SourceTree) -> Compilation {
    compile_watched(sources, &LockMode::Steady, |_| {})
}

/// As [`compile`], with the record used as `mode` says; `begins` is told of each stage as it begins. The result does not
/// depend on it.
pub fn compile_watched(sources: &SourceTree, mode: &LockMode, begins: impl FnMut(Stage)) -> Compilation {
    compile_as(sources, mode, None, begins)
}

/// As [`compile_watched`], with documents of Karmada understood as `compatibility` says, whatever the settings say.
pub fn compile_as(
    sources: &SourceTree,
    mode: &LockMode,
    compatibility: Option<Compatibility>,
    mut begins: impl FnMut(Stage),
) -> Compilation {
    let mut diags = Diagnostics::new();
    begins(Stage::Understanding);
    let frontend::Understood { mut model, wanted, left_out, documents, documents_left_out, unmet } =
        frontend::understand(sources, &mut diags);
    if unmet.is_some() {
        return Compilation { unmet, ..Compilation::default() };
    }
    model.fleet.karmada.compatibility = compatibility.unwrap_or(model.fleet.karmada.compatibility);
    source_problems(sources, &left_out, &wanted, &mut diags);
    let found = records::read(sources, &mut diags);
    begins(Stage::Building);
    validate::inventory::capacities(&model, &mut diags);
    // A capacity that cannot be read says nothing of what is free.
    let capacities_read = !diags.has_errors();
    render::files(&model, &mut diags);
    let faults = lint::model(&model, &mut diags);
    let scopes: Vec<Scope<'_>> = model.clusters.iter().map(|cluster| Scope::new(&model.fleet, cluster)).collect();
    let reach = render::SharedReach::of(&model);
    let around = Surroundings { fleet: &model.fleet, scopes: &scopes, sources, reach: &reach };
    // Where a frozen lock is not there, that is one thing to say and not one a task.
    let nothing = ParsedLock { broken: *mode == LockMode::Frozen, ..ParsedLock::default() };
    let inventory = inventory::of(&model.clusters);
    let lock = found.as_ref().unwrap_or(&nothing);
    let ground = Ground { model: &model, inventory: &inventory, lock, mode, faults: &faults, around };
    let settled = karmada::settle(&ground);
    let build_one = |(at, unit): (usize, &Unit)| match &unit.template {
        Some(_) => {
            let (built, said) = karmada::build(at, &settled, &ground);
            (built, Vec::new(), said)
        }
        None => build(unit, &ground),
    };
    let built: Vec<(TaskResult, Vec<runs::VariantRequirement>, Diagnostics)> =
        model.units.par_iter().enumerate().map(build_one).collect();
    begins(Stage::Joining);
    let mut plan = Vec::with_capacity(built.len());
    let (mut asked_for, mut said) = (Vec::with_capacity(built.len()), Vec::with_capacity(built.len()));
    for (task, objects, of_task) in built {
        plan.push(task);
        asked_for.push(objects);
        said.push(of_task);
    }
    shared::say(&model, said.into_iter(), &mut diags);
    karmada::report(&plan, &ground, &mut diags);
    overrides::shared(&model, &plan, &reach, &faults, &mut diags);
    proof::once(&model, &plan, &mut diags);
    if capacities_read {
        lint::overcommitted(&model, load::overcommitted(&model.units, &plan, &model.clusters, &inventory), &mut diags);
    }
    fleet_time::check(&model, &plan, &mut diags);
    runs::missing(&model, &plan, asked_for, &mut diags);
    let (lock, drift) = records::renew(&plan, &ground);
    let named = same_file::report(&model, &plan, &mut diags);
    let output = assemble::assemble(&model, &plan, &named, &mut diags);
    drop(named);
    match mode {
        // What does not compile moves nothing, and would only be said twice.
        LockMode::Locked if !diags.has_errors() => records::locked(found.as_ref(), &drift, &model, sources, &mut diags),
        LockMode::Frozen => records::frozen(found.as_ref(), &drift, &model, &mut diags),
        LockMode::Steady | LockMode::Fresh(_) | LockMode::Locked => {}
    }
    let lock_differs = records::differs(sources, &lock);
    relevel(&model, &mut diags);
    quoting::offer(&mut diags, sources);
    shared::attribute(&model, &mut diags);
    diags.sort();
    diags.sum_up();
    drop(scopes);
    Compilation {
        model,
        plan,
        output,
        diags,
        lock,
        drift,
        lock_differs,
        wanted,
        documents,
        documents_left_out,
        unmet: None,
    }
}

/// How one task was decided, with what was taken into account.
pub fn account(compilation: &Compilation, task: usize) -> (Decision, Account) {
    let Compilation { model, plan, .. } = compilation;
    let planned = &plan[task].planned;
    place::account(DecisionRequest {
        placement: &model.units[task].placement,
        clusters: &model.clusters,
        inventory: &inventory::of(&model.clusters),
        demand: &planned.demand,
        recorded: planned.recorded.as_ref(),
    })
}

/// The one change that would place a task that is placed nowhere on the most clusters.
pub fn helpful_rule(compilation: &Compilation, task: usize) -> Option<place::NearMiss> {
    let Compilation { model, plan, .. } = compilation;
    place::helpful_rule(DecisionRequest {
        placement: &model.units[task].placement,
        clusters: &model.clusters,
        inventory: &inventory::of(&model.clusters),
        demand: &plan[task].planned.demand,
        recorded: None,
    })
}

/// The files that a repository refers to and that its tree lacks. Cheaper than to compile it in vain.
pub fn wanted(sources: &SourceTree) -> BTreeSet<RepoPath> {
    frontend::understand(sources, &mut Diagnostics::new()).wanted
}

/// By file, the documents of ours that a repository takes from it. Cheaper than to compile it for that.
pub fn documents(sources: &SourceTree) -> BTreeMap<RepoPath, Vec<DocumentName>> {
    frontend::understand(sources, &mut Diagnostics::new()).documents
}

/// Builds one task; it sees no other.
fn build(unit: &Unit, ground: &Ground<'_>) -> (TaskResult, Vec<runs::VariantRequirement>, Diagnostics) {
    let mut diags = Diagnostics::new();
    if unit.is_unread() {
        return (TaskResult::unplaced(ground.model.clusters.len()), Vec::new(), diags);
    }
    let (model, around) = (ground.model, ground.around);
    let (mut decision, orders, planned) = planning::plan(unit, ground, &mut diags);
    nowhere::check(unit, &decision, &planned, ground, &mut diags);
    lint::namespace(unit, &decision, model, &mut diags);
    let mut watch = runs::Watch::new(unit, around);
    let look = |variant: &render::Variant, object: &serde_json::Value| watch.look(variant, object);
    let rendered = render::render(unit, (&decision, &orders), around, look, &mut diags);
    // How many pods a run has, the finished object says: a file, `job.parallelism`, `instances`, a share, overrides and
    // patches have all had their word.
    proof::adds_up(unit, &decision, &rendered, planned.demand.replicas, &mut diags);
    for variant in &rendered.variants {
        for cluster in &variant.clusters {
            decision.verdicts[*cluster] = Verdict::Chosen { instances: variant.instances };
        }
    }
    proof::decided(unit, &rendered, &mut diags);
    proof::undone(unit, &rendered, model, &mut diags);
    proof::suspended_shares(unit, &rendered, model, &mut diags);
    proof::active_runs(unit, &rendered, model, &mut diags);
    overrides::own(unit, &decision, &rendered, model, ground.faults, &mut diags);
    schedules(unit, &rendered, model, around.sources, &mut diags);
    apis::check(&rendered, model, &mut diags);
    let copies: Vec<(&Timing, &[usize])> =
        rendered.variants.iter().map(|variant| (&variant.timing, variant.clusters.as_slice())).collect();
    lint::standby(unit, &copies, model, &mut diags);
    let asked_for = watch.into_bag(&rendered, &mut diags);
    let drained = drained(unit, &decision, &planned, ground);
    (TaskResult { decision, planned, rendered, drained, karmada: None }, asked_for, diags)
}

/// The files of the copies that are drained now: as they would be written if the task were still there.
fn drained(unit: &Unit, decision: &Decision, planned: &Planned, ground: &Ground<'_>) -> Vec<String> {
    let name = |at: usize| ground.model.clusters[at].name.as_str();
    let drains = |at: &usize| matches!(decision.verdicts[*at], Verdict::Refused(Reason::Taint { drains: true, .. }));
    let there = |at: &usize| {
        planned.recorded.iter().any(|recorded| recorded.clusters.iter().any(|(there, _)| there == name(*at)))
    };
    let gone: Vec<usize> = (0..decision.verdicts.len()).filter(drains).filter(there).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let mut before = decision.clone();
    before.verdicts.fill(Verdict::Passed(Passed::Nothing));
    gone.into_iter().for_each(|at| before.verdicts[at] = Verdict::Chosen { instances: 1 });
    let plain = render::Orders::default();
    let rendered = render::render(unit, (&before, &plain), ground.around, |_, _| {}, &mut Diagnostics::new());
    let paths = |variant: &render::Variant| -> Vec<String> {
        let files = variant.manifests.iter().map(|manifest| manifest.path.as_str());
        files.flat_map(|path| variant.clusters.iter().map(move |at| format!("{}/{path}", name(*at)))).collect()
    };
    rendered.variants.iter().flat_map(paths).collect()
}

/// What is odd about when the variants of a task run.
fn schedules(unit: &Unit, rendered: &Rendered, model: &Model, sources: &SourceTree, diags: &mut Diagnostics) {
    let mut said = Gather::default();
    let (mut spread, mut possible_changes) = (starts::SpreadLints::default(), Vec::new());
    for variant in &rendered.variants {
        let seen = lint::ScheduleVariant {
            timing: &variant.timing,
            clusters: variant.clusters.iter().map(|at| (*at, &model.clusters[*at])).collect(),
            task: unit.name,
            said: &|path| render::said(unit, &variant.overrides, path),
        };
        for (diagnostic, clusters) in lint::schedule(&seen, &model.fleet, sources) {
            said.add(spread.one_a_task(diagnostic, &variant.timing), &clusters);
        }
        spread.look(&variant.timing);
        let possible = spread.is_spread.then(|| lint::possible_daylight(&seen, &model.fleet, sources)).flatten();
        possible_changes.extend(possible.map(|diagnostic| (diagnostic, variant.clusters.as_slice())));
    }
    if !spread.knows(Code::DaylightSaving) {
        possible_changes.into_iter().for_each(|(diagnostic, clusters)| said.add(diagnostic, clusters));
    }
    let placed = rendered.variants.iter().map(|variant| variant.clusters.len()).sum();
    said.into_bag(|cluster| model.clusters[cluster].name.as_str(), placed, diags);
}

/// What could not be read becomes diagnostics.
fn source_problems(
    sources: &SourceTree,
    left_out: &BTreeSet<String>,
    wanted: &BTreeSet<RepoPath>,
    diags: &mut Diagnostics,
) {
    use crate::diag::Place;
    use crate::tree::ProblemKind;
    let referred = |path: &str| wanted.iter().any(|wanted| wanted.as_str() == path);
    let counts = |path: &str| !left_out.contains(path) || referred(path);
    for problem in sources.problems().iter().filter(|problem| counts(&problem.path)) {
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
            ProblemKind::LargeFilePointer => {
                let message = "this is a pointer of Git LFS, and the file is not looked for";
                let help = "keep what fleetcron reads out of Git LFS, or leave it out by `sources.exclude`";
                let severity = if referred(&problem.path) { Severity::Error } else { Severity::Warning };
                Diagnostic::at(Code::Unreadable, place, message).help(help).severity(severity)
            }
            ProblemKind::Encrypted => Diagnostic::at(
                Code::Unreadable,
                place,
                "this file is encrypted by git-crypt, so it is not known whether it has tasks",
            )
            .note("what is read from Git's objects is encrypted also where `git-crypt unlock` was run: by hooks, `--at` and `--base`")
            .help("keep what fleetcron reads out of git-crypt, or leave it out by `sources.exclude`"),
            ProblemKind::Name => Diagnostic::at(
                Code::Unreadable,
                place,
                "the name of this file is not UTF-8, or holds control characters",
            ),
        });
    }
}

/// Levels as the settings say; what is an error by itself stays one, but for codes that may be lowered to a warning.
pub fn relevel(model: &Model, diags: &mut Diagnostics) {
    diags.relevel(|diagnostic| {
        let level = model.fleet.lints.get(diagnostic.code.name());
        match level {
            Some(LintLevel::Warn) if diagnostic.code.lowers_to_warning() => Some(Severity::Warning),
            _ if diagnostic.severity == Severity::Error => Some(Severity::Error),
            Some(LintLevel::Off) => None,
            Some(LintLevel::Warn) => Some(Severity::Warning),
            Some(LintLevel::Error) => Some(Severity::Error),
            None if diagnostic.code.waits() => None,
            None => Some(diagnostic.severity),
        }
    });
}
