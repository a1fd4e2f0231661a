//! Runs the phases of an import in order, and again without what could not be proven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::across::{self, Spread};
use super::bases::{self, BasePlan};
use super::factor::{self, Matrix};
use super::group::{self, Group};
use super::oddities::{self, ImportOddity, OddityCandidate};
use super::prove::{self, Proof};
use super::read::{ReadObjects, Sources};
use super::resources::{self, BesideObject};
use super::selectors::Described;
use super::template::Refs;
use super::variables::Pool;
use super::{
    ImportOptions, Imported, SourceText, TaskForm, base_names, body, explain, folder_of, proposals, repair, write,
};
use crate::compile::Compilation;
use crate::diff::ObjectKey;
use crate::tree::{RepoPath, SourceTree};

/// The leaves of so many copies are kept between phases.
const KEPT: usize = 5_000;

/// An import under way.
pub(super) struct Work<'w> {
    pub(super) texts: &'w [SourceText],
    pub(super) sources: &'w Sources,
    pub(super) described: &'w [Described],
    pub(super) refs: &'w [Refs],
    pub(super) options: &'w ImportOptions,
    pub(super) existing: Option<&'w SourceTree>,
    pub(super) before: Option<&'w Compilation>,
    /// The objects that the existing fleet gives.
    pub(super) given: BTreeSet<(String, ObjectKey)>,
}

/// One try: the files, what their proof says, and which source objects they are to give.
struct ImportAttempt<'w> {
    files: BTreeMap<String, Arc<[u8]>>,
    own: Vec<&'w ReadObjects>,
    proof: Proof,
    tasks: usize,
    bases: usize,
    variables: usize,
    left: Vec<usize>,
    oddities: Vec<ImportOddity>,
    proposals: Vec<String>,
    explanation: Vec<String>,
    /// By path, the group that its task is made of.
    paths: BTreeMap<String, usize>,
}

impl<'w> Work<'w> {
    pub(super) fn run(&self, imported: &mut Imported) {
        let (mut groups, refused) = group::group(self.sources, self.refs);
        let refused: Vec<String> = refused
            .iter()
            .map(|refused| {
                let cluster = &self.sources.clusters[refused.cluster];
                format!(
                    "{} of cluster `{cluster}` ({}): {}",
                    refused.object, self.texts[refused.file].path, refused.reason
                )
            })
            .collect();
        match self.options.partial {
            true => imported.left_out.extend(refused),
            false => imported.unproven.extend(refused),
        }
        if self.options.form == TaskForm::Native {
            self.refuse_files(&mut groups, imported);
        }
        // Without what could not be proven the rest mostly can; each further try leaves more out, so it ends.
        loop {
            if groups.is_empty() {
                return;
            }
            let attempt = self.attempt(&groups);
            let wrong = self.wrong_groups(&attempt, &groups);
            if self.options.partial && !attempt.proof.holds() && !wrong.is_empty() {
                imported.left_out.extend(self.words(&attempt));
                let mut at = 0..;
                groups.retain(|_| at.next().is_some_and(|at| !wrong.contains(&at)));
                continue;
            }
            imported.unproven.extend(self.words(&attempt));
            self.fill(attempt, imported);
            return;
        }
    }

    /// Refuses what no `container` task can say.
    fn refuse_files(&self, groups: &mut Vec<Group>, imported: &mut Imported) {
        groups.retain(|group| {
            let Some((copy, reason)) = group.copies.iter().find_map(|copy| Some((copy, copy.needs_file.as_ref()?)))
            else {
                return true;
            };
            let cluster = &self.sources.clusters[copy.cluster];
            let words = format!(
                "CronJob `{}` of cluster `{cluster}` cannot be written as a `container` task: {reason}",
                group.name
            );
            match self.options.partial {
                true => imported.left_out.push(words),
                false => imported.unproven.push(words),
            }
            false
        });
    }

    /// One try at all phases.
    fn attempt(&self, groups: &[Group]) -> ImportAttempt<'w> {
        let mut pool = Pool::default();
        let (mut tasks, odd) = self.factor(groups, &mut pool);
        let beside = resources::attach(self.sources, self.texts, groups, &mut tasks, self.refs, self.described);
        across::name_references(&mut tasks);
        let mut proposals = proposals::labels(&tasks, self.described);
        proposals.extend(proposals::alike(&tasks));
        let taken: BTreeSet<String> = pool.used().map(|variable| variable.name.clone()).collect();
        let mut named = tasks.clone();
        across::name_variables(&mut named, &taken);
        let job_defaults = self.job_defaults(&tasks);
        let ground = self.ground(&job_defaults);
        // The least text wins; the first of equal ones.
        let mut best: Option<BasePlan<'_>> = None;
        for (tasks, wide) in [(&tasks, false), (&tasks, true), (&named, false), (&named, true)] {
            let mut plan = BasePlan::new(tasks, self.described, &ground);
            plan.fill(wide);
            if best.as_ref().is_none_or(|best| plan.lines() < best.lines()) {
                best = Some(plan);
            }
        }
        let Some(mut plan) = best else { unreachable!("four plans were made") };
        let own = self.own(groups, &beside);
        let common = self.common_files(&pool, &job_defaults, &tasks);
        let mut files = self.files(&mut plan, &tasks, &beside, &common);
        let (mut proof, _) =
            prove::prove(&prove::tree(&files, self.existing), &self.sources.clusters, &own, &self.given);
        if !proof.differing.is_empty() && self.repair(&mut plan, &proof, &own, groups) {
            files = self.files(&mut plan, &tasks, &beside, &common);
            proof = prove::prove(&prove::tree(&files, self.existing), &self.sources.clusters, &own, &self.given).0;
        }
        let asked = |task: &Spread| {
            let title = task
                .namespace
                .as_ref()
                .map_or_else(|| task.name.clone(), |namespace| format!("{namespace}/{}", task.name));
            self.options.explain.as_ref().is_some_and(|asked| *asked == task.name || *asked == title)
        };
        let explained = tasks.iter().position(asked).map(|at| {
            let (bases, patched) = plan.reasons(at);
            explain::explain(&tasks[at], &bases, self.described, &patched)
        });
        let paths = tasks.iter().enumerate().map(|(at, task)| (path_of(task), at)).collect();
        ImportAttempt {
            files,
            own,
            proof,
            tasks: tasks.len(),
            bases: plan.bases.len(),
            variables: pool.used().count(),
            left: beside.left,
            explanation: explained.unwrap_or_default(),
            proposals,
            oddities: oddities::rank(groups, &odd, self.described),
            paths,
        }
    }

    /// The tasks of the groups, before they are compared with one another.
    fn factor(&self, groups: &[Group], pool: &mut Pool) -> (Vec<Spread>, Vec<Vec<OddityCandidate>>) {
        // Variables of clusters that exist would have to be written into their documents.
        let counts = self.before.is_none_or(|before| before.model.clusters.is_empty());
        // The leaves of many copies would fill any memory, so those are made twice.
        let keeps = groups.iter().map(|group| group.copies.len()).sum::<usize>() <= KEPT;
        let look = |group: &Group| {
            let matrix = Matrix::of(group, self.refs);
            if counts {
                matrix.count(pool, self.refs);
            }
            keeps.then_some(matrix)
        };
        let matrices: Vec<Option<Matrix>> = groups.iter().map(look).collect();
        pool.choose();
        let mut odd = Vec::with_capacity(groups.len());
        let draft = |(group, matrix): (&Group, Option<Matrix>)| {
            let matrix = matrix.unwrap_or_else(|| Matrix::of(group, self.refs));
            let mut draft = factor::factor(group, &matrix, pool, self.refs, self.described);
            odd.push(std::mem::take(&mut draft.odd));
            let mut task = Spread::of(draft);
            let needs_file = group.copies.iter().any(|copy| copy.needs_file.is_some());
            if self.options.form == TaskForm::CronJob || self.options.form == TaskForm::Auto && needs_file {
                self.take_file(group, &mut task);
            }
            task
        };
        let tasks = groups.iter().zip(matrices).map(draft).collect();
        (tasks, odd)
    }

    /// Makes a task take the file of the copy that it resembles most.
    fn take_file(&self, group: &Group, task: &mut Spread) {
        let alike = |copy: &&group::ClusterCopy| {
            let parts = super::leaves::Parts::of(&copy.body());
            parts.leaves.iter().filter(|(path, value)| task.parts.leaves.get(*path) == Some(value)).count()
        };
        let Some(copy) = group.copies.iter().rev().max_by_key(alike) else { return };
        let mut body = copy.body();
        if let Some(suspend) = copy.suspend
            && !task.parts.leaves.contains_key("active")
        {
            body["job"]["suspend"] = json!(suspend);
        }
        let has_several = body.pointer("/pod/containers").is_some();
        let container =
            body.pointer("/container/name").and_then(Value::as_str).map(str::to_owned).filter(|_| has_several);
        if task.parts.leaves.get("container/name") == Some(&json!("$(task.name)")) {
            task.parts.leaves.insert("container/name".to_owned(), body["container"]["name"].clone());
        }
        task.parts.leaves.insert("cronJob".to_owned(), json!(format!("{}.cronjob.yaml", task.name)));
        task.file = Some((body, container));
    }

    /// Defaults of jobs that the Fleet needs so that nothing is added to what the sources say.
    fn job_defaults(&self, tasks: &[Spread]) -> Map<String, Value> {
        let mut defaults = Map::new();
        if self.fleet_exists() {
            let job = self.before.and_then(|before| before.model.fleet.defaults.job.as_ref());
            return job.and_then(|job| job.value.as_object().cloned()).unwrap_or_default();
        }
        if tasks.iter().any(|task| !task.parts.leaves.contains_key("job/activeDeadlineSeconds")) {
            defaults.insert("activeDeadlineSeconds".to_owned(), Value::Null);
        }
        defaults
    }

    fn ground(&self, job_defaults: &Map<String, Value>) -> Value {
        let zone = self.before.and_then(|before| before.model.fleet.defaults.time_zone.as_ref());
        bases::ground(job_defaults, zone.map(|zone| zone.as_str()))
    }

    fn fleet_exists(&self) -> bool {
        self.before.is_some_and(|before| before.documents.values().flatten().any(|document| document.kind == "Fleet"))
    }

    /// The objects that the groups and their resources are to give.
    fn own(&self, groups: &[Group], beside: &BesideObject) -> Vec<&'w ReadObjects> {
        let mut places: BTreeSet<(usize, Option<&str>, &str)> = BTreeSet::new();
        for copy in groups.iter().flat_map(|group| &group.copies) {
            let text = |name: &str| copy.object.pointer(&format!("/metadata/{name}")).and_then(Value::as_str);
            places.insert((copy.cluster, text("namespace"), text("name").unwrap_or_default()));
        }
        let is_own = |(number, found): &(usize, &ReadObjects)| match group::is_cron_job(found) {
            true => places.contains(&(found.cluster, found.key.namespace.as_deref(), found.key.name.as_str())),
            false => beside.taken.contains(number),
        };
        self.sources.objects.iter().enumerate().filter(is_own).map(|(_, found)| found).collect()
    }

    /// Fleet and clusters.
    fn common_files(
        &self,
        pool: &Pool,
        job_defaults: &Map<String, Value>,
        tasks: &[Spread],
    ) -> BTreeMap<String, String> {
        let (of_fleet, of_clusters) = cluster_variables(pool);
        let mut files = BTreeMap::new();
        let known = |name: &String| {
            self.before.is_some_and(|before| before.model.clusters.iter().any(|cluster| cluster.name.value == *name))
        };
        let new: Vec<(&String, Option<&Map<String, Value>>)> = (self.sources.clusters.iter().enumerate())
            .filter(|(_, name)| !known(name))
            .map(|(at, name)| (name, of_clusters.get(&at)))
            .collect();
        if !new.is_empty() {
            files.insert(self.free_path("clusters"), write::clusters(&new));
        }
        if !self.fleet_exists() {
            files.insert(
                self.free_path("fleetcron"),
                fleet(
                    self.options.fleet.as_deref().unwrap_or("fleet"),
                    job_defaults,
                    of_fleet,
                    tasks,
                    !super::read::broken_images(self.sources).is_empty(),
                ),
            );
        }
        files
    }

    /// A path that the existing fleet does not have.
    fn free_path(&self, stem: &str) -> String {
        let is_taken = |path: &String| {
            self.existing.is_some_and(|tree| RepoPath::new(path).is_ok_and(|path| tree.get(&path).is_some()))
        };
        let numbered = (2..).map(|number| format!("{stem}-{number}.yaml"));
        std::iter::once(format!("{stem}.yaml")).chain(numbered).find(|path| !is_taken(path)).unwrap_or_default()
    }

    fn files(
        &self,
        plan: &mut BasePlan<'_>,
        tasks: &[Spread],
        beside: &BesideObject,
        common: &BTreeMap<String, String>,
    ) -> BTreeMap<String, Arc<[u8]>> {
        let (bases, texts) = plan.written(&base_names(self.before));
        let mut files: BTreeMap<String, Arc<[u8]>> = beside.files.clone();
        let mut put = |path: String, text: &str| files.insert(path, text.as_bytes().into());
        for (name, text) in bases {
            put(format!("bases/{name}.yaml"), &text);
        }
        for (task, text) in tasks.iter().zip(texts) {
            put(path_of(task), &text);
        }
        for (path, text) in common {
            put(path.clone(), text);
        }
        for task in tasks.iter().filter(|task| task.file.is_some()) {
            self.put_file(task, &mut files);
        }
        files
    }

    /// The CronJob file that a task takes whole: as it is, comments included, where it holds nothing that a server wrote.
    fn put_file(&self, task: &Spread, files: &mut BTreeMap<String, Arc<[u8]>>) {
        let Some((wanted, _)) = &task.file else { return };
        let is_it = |found: &&ReadObjects| {
            group::is_cron_job(found)
                && found.key.name == task.name
                && body::take_apart(&found.value).is_some_and(|taken| {
                    taken.body["container"] == wanted["container"] && taken.body["schedule"] == wanted["schedule"]
                })
        };
        let Some(found) = self.sources.objects.iter().find(is_it) else { return };
        let text = &self.texts[found.file];
        let parsed = crate::yaml::parse(crate::tree::FileId(0), &text.bytes);
        let is_plain =
            found.alone && parsed.documents.len() == 1 && parsed.documents[0].root.to_value() == *found.value;
        let bytes: Arc<[u8]> =
            if is_plain { text.bytes.clone() } else { write::object(&found.value).into_bytes().into() };
        files.insert(format!("{}{}.cronjob.yaml", folder_of(task), task.name), bytes);
    }

    /// Adds patches for what comes out otherwise, the same on several clusters once. Says whether there are any.
    fn repair(&self, plan: &mut BasePlan<'_>, proof: &Proof, own: &[&ReadObjects], groups: &[Group]) -> bool {
        let tasks = by_object(groups);
        let mut alike: BTreeMap<(usize, String), (Vec<usize>, Value)> = BTreeMap::new();
        for (at, value) in &proof.differing {
            let found = own[*at];
            let Some(task) = tasks.get(&(found.cluster, found.key.namespace.as_deref(), found.key.name.as_str()))
            else {
                continue;
            };
            if !group::is_cron_job(found) || body::holds_reference(&found.value).is_some() {
                continue;
            }
            let operations = repair::operations(value, &found.value);
            alike
                .entry((*task, operations.to_string()))
                .or_insert_with(|| (Vec::new(), operations))
                .0
                .push(found.cluster);
        }
        let any = !alike.is_empty();
        for ((task, _), (set, operations)) in alike {
            plan.patch(task, set, operations);
        }
        any
    }

    /// The groups whose objects or files are at fault.
    fn wrong_groups(&self, attempt: &ImportAttempt<'_>, groups: &[Group]) -> BTreeSet<usize> {
        let tasks = by_object(groups);
        let objects = attempt.proof.differing.iter().map(|(at, _)| *at).chain(attempt.proof.missing.iter().copied());
        let of_object = |at: usize| {
            let found = attempt.own[at];
            tasks.get(&(found.cluster, found.key.namespace.as_deref(), found.key.name.as_str())).copied()
        };
        let of_files = attempt.proof.errors.iter().filter_map(|(file, _)| attempt.paths.get(file.as_deref()?).copied());
        objects.filter_map(of_object).chain(of_files).collect()
    }

    /// What is wrong with an attempt, in words.
    fn words(&self, attempt: &ImportAttempt<'_>) -> Vec<String> {
        let (proof, own) = (&attempt.proof, &attempt.own);
        let said = |at: usize| format!("{} of cluster `{}`", own[at].key, self.sources.clusters[own[at].cluster]);
        let mut words: Vec<String> =
            proof.errors.iter().map(|(_, error)| format!("the result does not compile: {error}")).collect();
        for (at, value) in &proof.differing {
            let fields = crate::diff::fields(value, &own[*at].value, crate::diff::ListKeys::new(value));
            let fields: Vec<String> = fields.iter().map(|field| field.at()).collect();
            words.push(format!("{} differs: {}", said(*at), fields.join(", ")));
        }
        // Where nothing compiles everything is missing, which is no further news.
        if proof.errors.is_empty() {
            words.extend(proof.missing.iter().map(|at| format!("{} does not come out", said(*at))));
        }
        words.extend(proof.extra.iter().map(|(cluster, key)| format!("{key} of cluster `{cluster}` is in no source")));
        words
    }

    /// Puts the result and its numbers together.
    fn fill(&self, attempt: ImportAttempt<'_>, imported: &mut Imported) {
        let summary = &mut imported.summary;
        (summary.tasks, summary.bases, summary.variables) = (attempt.tasks, attempt.bases, attempt.variables);
        summary.equal = attempt.proof.equal;
        imported.oddities = attempt.oddities;
        imported.notes.extend(attempt.proposals);
        imported.explanation = attempt.explanation;
        imported.files = attempt.files;
        let texts: Vec<std::borrow::Cow<'_, str>> =
            imported.files.values().map(|bytes| String::from_utf8_lossy(bytes)).collect();
        let count = |wanted: fn(&str) -> bool| -> usize {
            texts.iter().flat_map(|text| text.lines()).filter(|line| wanted(line)).count()
        };
        summary.lines_after = count(|_| true);
        summary.nulls = count(|line| line.trim_end().ends_with(": null"));
        summary.overrides = count(|line| line.starts_with("    - {name: ") || line.starts_with("    - name: "));
        if !attempt.left.is_empty() {
            let mut kinds: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for number in &attempt.left {
                let key = &self.sources.objects[*number].key;
                kinds.entry(&key.kind).or_default().insert(key.to_string());
            }
            for (kind, names) in kinds {
                let first: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
                let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
                imported.notes.push(format!(
                    "no CronJob uses these objects of kind {kind}, so they were left out: {}{more}",
                    first.join(", ")
                ));
            }
        }
    }
}

/// The path of a task's file.
fn path_of(task: &Spread) -> String {
    format!("{}{}.yaml", folder_of(task), task.name)
}

/// By cluster, namespace and name of an object, the number of its group.
fn by_object(groups: &[Group]) -> BTreeMap<(usize, Option<&str>, &str), usize> {
    let mut tasks = BTreeMap::new();
    for (number, group) in groups.iter().enumerate() {
        for copy in &group.copies {
            let text = |name: &str| copy.object.pointer(&format!("/metadata/{name}")).and_then(Value::as_str);
            tasks.insert((copy.cluster, text("namespace"), text("name").unwrap_or_default()), number);
        }
    }
    tasks
}

/// Variables of clusters: what most say, and by cluster the exceptions.
type TaskVariables = (Map<String, Value>, BTreeMap<usize, Map<String, Value>>);

/// What most clusters say in the Fleet, exceptions in the Cluster.
fn cluster_variables(pool: &Pool) -> TaskVariables {
    let (mut fleet, mut clusters) = (Map::new(), BTreeMap::<usize, Map<String, Value>>::new());
    for variable in pool.used() {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        variable.values.values().for_each(|text| *counts.entry(text).or_default() += 1);
        let most = counts.iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a))).filter(|(_, n)| **n > 1);
        if let Some((text, _)) = most {
            fleet.insert(variable.name.clone(), json!(text));
        }
        for (cluster, text) in variable.values.iter().filter(|(_, text)| most.is_none_or(|(most, _)| most != text)) {
            clusters.entry(*cluster).or_default().insert(variable.name.clone(), json!(text));
        }
    }
    (fleet, clusters)
}

/// The settings that a fleet of its own needs.
fn fleet(
    name: &str,
    job_defaults: &Map<String, Value>,
    variables: Map<String, Value>,
    tasks: &[Spread],
    has_broken_images: bool,
) -> String {
    let mut spec = Map::new();
    let mut defaults = Map::new();
    if !job_defaults.is_empty() {
        defaults.insert("job".to_owned(), Value::Object(job_defaults.clone()));
    }
    if tasks.iter().any(|task| task.namespace.is_none()) {
        defaults.insert("namespace".to_owned(), Value::Null);
    }
    if !defaults.is_empty() {
        spec.insert("defaults".to_owned(), Value::Object(defaults));
    }
    let mut lints = Map::new();
    if has_broken_images {
        // What stands on the clusters is imported as it is: the API server took it.
        lints.insert("invalid-image".to_owned(), json!("warn"));
    }
    if tasks.iter().any(|task| !task.parts.leaves.contains_key("timeZone")) {
        lints.insert("unset-time-zone".to_owned(), json!("off"));
    }
    if !lints.is_empty() {
        spec.insert("lints".to_owned(), Value::Object(lints));
    }
    if !variables.is_empty() {
        spec.insert("variables".to_owned(), json!([{"set": variables}]));
    }
    write::document("Fleet", json!({"name": name}), Value::Object(spec))
}
