//! Reads the native dialect, `fleetcron.dev/v1alpha1`.
//!
//! Two passes: every document is read as its kind, then tasks are joined with bases and overrides. A wrong document is
//! reported and left out, so that one mistake does not become many.

mod body;
mod context;
mod durations;
mod fleet;
mod fleet_time;
mod forms;
mod image;
mod inventory;
mod join;
mod kubernetes;
mod misplaced;
mod names;
mod near_miss;
mod period;
mod placing;
mod requires;
mod reserved;
mod resource;
mod server;
mod sharing;
mod sops;
mod sources;
mod spelling;
mod spreading;
mod starting;
mod taken;
pub(crate) mod wire;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use self::context::DocumentContext;
use super::Understood;
use super::karmada::{self, Met};
use super::library::{Broken, Library, Look};
use crate::diag::{Code, Diagnostic, Diagnostics, Place, nearest};
use crate::model::{Cluster, DocumentName, Fleet, Identity, Model};
use crate::tree::{FileId, MANIFEST, RepoPath, SourceFile, SourceTree, Span, Spanned};
use crate::yaml::{self, Encoding, Node, Parsed};

/// The apiVersion of all native kinds.
pub const API_VERSION: &str = "fleetcron.dev/v1alpha1";

/// The native kinds.
pub const KINDS: [&str; 6] = ["Fleet", "Cluster", "ClusterCapacity", "Base", "Task", "Override"];

/// The JSON Schema of every kind, by name; `$ref`s to `#/$defs/fleetcron.*` are for the caller to fill in.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("Fleet", schemars::schema_for!(wire::FleetDocument)),
        ("Cluster", schemars::schema_for!(wire::ClusterDocument)),
        ("ClusterCapacity", schemars::schema_for!(wire::CapacityDocument)),
        ("Base", schemars::schema_for!(wire::BaseDocument)),
        ("Task", schemars::schema_for!(wire::TaskDocument)),
        ("Override", schemars::schema_for!(wire::OverrideDocument)),
    ]
}

/// The documents of a repository, read as their kinds.
#[derive(Default)]
struct Documents {
    clusters: Vec<(Span, wire::ClusterDocument)>,
    capacities: Vec<(Span, wire::CapacityDocument)>,
    bases: Vec<(Span, wire::BaseDocument)>,
    tasks: Vec<(Span, wire::TaskDocument)>,
    overrides: Vec<(Span, wire::OverrideDocument)>,
    /// Tasks that could not be read.
    broken_tasks: usize,
    /// The names of clusters that could not be read.
    broken_clusters: BTreeSet<String>,
}

impl Documents {
    fn extend(&mut self, more: Documents) {
        let Documents { clusters, capacities, bases, tasks, overrides, broken_tasks, broken_clusters } = more;
        self.clusters.extend(clusters);
        self.capacities.extend(capacities);
        self.bases.extend(bases);
        self.tasks.extend(tasks);
        self.overrides.extend(overrides);
        self.broken_tasks += broken_tasks;
        self.broken_clusters.extend(broken_clusters);
    }
}

/// The native documents of one file, read before anybody knows whether the settings look at it.
#[derive(Default)]
pub(super) struct FileRead {
    fleets: Vec<wire::FleetDocument>,
    /// What is wrong with them.
    fleet_diags: Diagnostics,
    /// A Fleet stands in it, be it wrong.
    has_fleet: bool,
    documents: Documents,
    /// What is wrong with them.
    diags: Diagnostics,
    /// Another document of ours stands in it, be it wrong.
    has_ours: bool,
    /// Its documents of ours, those with mistakes too.
    names: Vec<DocumentName>,
    /// `spec.requires` of its Fleet.
    requires: Option<Spanned<String>>,
    /// Documents of Karmada in it.
    karmada: Met,
    /// Scalars that YAML readers disagree about, those aside that are kept as they were written.
    odd: Vec<Diagnostic>,
}

impl FileRead {
    /// Reports a document that is meant for us and cannot be read as this version. What it would have brought counts as
    /// unread, so that its absence has no other consequence.
    fn refuse(&mut self, root: &Node, diagnostic: Diagnostic) {
        let name = name_of(root);
        if name.kind == "Fleet" {
            self.has_fleet = true;
            self.fleet_diags.push(diagnostic);
        } else {
            self.has_ours = true;
            self.documents.broken_tasks += usize::from(name.kind == "Task");
            if name.kind == "Cluster" {
                self.documents.broken_clusters.insert(name.name.clone());
            }
            self.diags.push(diagnostic);
        }
        self.names.push(name);
    }
}

/// Whether a document says what it is, as every object of Kubernetes does.
fn is_kubernetes(root: &Node) -> bool {
    ["apiVersion", "kind"].iter().all(|name| root.get(name).and_then(Node::as_str).is_some())
}

/// The kind and name of a document as they are written.
fn name_of(root: &Node) -> DocumentName {
    let text = |node: Option<&Node>| node.and_then(Node::as_str).map(str::to_owned);
    let metadata = |name: &str| text(root.get("metadata").and_then(|metadata| metadata.get(name)));
    DocumentName {
        kind: text(root.get("kind")).unwrap_or_default(),
        namespace: metadata("namespace"),
        name: metadata("name").unwrap_or_default(),
    }
}

/// Reads the native documents of one file.
pub(super) fn read_file(parsed: &Parsed, source: &SourceFile) -> Look<FileRead> {
    let mut file = FileRead::default();
    let mut spent = true;
    let mut remains = Vec::new();
    for document in &parsed.documents {
        let near_miss = near_miss::find(&document.root);
        let (miss, repaired) = near_miss.map(|miss| (miss.diagnostic, miss.repaired)).unzip();
        let repaired = repaired.flatten();
        if let (Some(diagnostic), None) = (&miss, &repaired) {
            file.refuse(&document.root, diagnostic.clone());
            continue;
        }
        let root = &spelling::settle(repaired.as_ref().unwrap_or(&document.root), &source.bytes);
        if is_fleet(root) {
            file.has_fleet = true;
            file.fleet_diags.extend(miss);
            file.names.push(name_of(root));
            file.requires = file.requires.take().or_else(|| requires::text(root));
            file.fleets.extend(read::<wire::FleetDocument>(root, &mut file.fleet_diags));
        } else if read_document(root, &mut file.documents, &mut file.diags) {
            file.has_ours = true;
            file.diags.extend(miss);
            file.names.push(name_of(root));
        } else {
            file.karmada.see(root);
            spent = false;
            if !is_kubernetes(root) {
                remains.push(root.span);
            }
        }
    }
    // Beside documents of ours, what is no document at all is the rest of one.
    if file.has_fleet || file.has_ours {
        let diagnostic = |span| {
            Diagnostic::new(Code::MissingField, span, "this document has no `apiVersion` and `kind`").help(format!(
                "write `apiVersion: {API_VERSION}` and one of the kinds {}, or remove it",
                KINDS.join(", ")
            ))
        };
        file.has_ours |= !remains.is_empty();
        file.diags.extend(remains.into_iter().map(diagnostic));
    }
    if (file.has_fleet || file.has_ours) && parsed.diagnostics.is_empty() && !parsed.warnings.is_empty() {
        let mut as_written = BTreeSet::new();
        for document in &parsed.documents {
            spelling::kept(&document.root, &source.bytes, &mut as_written);
        }
        let odd = |warning: &&Diagnostic| !matches!(warning.place, Place::Text(at) if as_written.contains(&at));
        file.odd = parsed.warnings.iter().filter(odd).cloned().collect();
    }
    Look { read: file, spent }
}

/// Says what the native documents mean. The Fleet comes first: it says which files are looked at.
pub(super) fn understand(
    library: &Library<'_>,
    mut files: Vec<Option<FileRead>>,
    diags: &mut Diagnostics,
) -> Understood {
    let mut wanted = BTreeSet::new();
    let links: Vec<Option<FileRead>> =
        library.sources.files().zip(&mut files).map(|((_, file), read)| read.take_if(|_| file.link)).collect();
    let governing = governing(library.sources, &files);
    let required = files.iter().zip(&governing).filter(|(_, governs)| **governs);
    if let Some(unmet) = required.filter_map(|(file, _)| file.as_ref()?.requires.as_ref()).find_map(requires::unmet) {
        return Understood { unmet: Some(unmet), ..Understood::default() };
    }
    let mut fleets = Vec::new();
    for (file, governs) in files.iter_mut().zip(&governing) {
        let Some(file) = file.as_mut().filter(|_| *governs) else { continue };
        fleets.append(&mut file.fleets);
        diags.extend(std::mem::take(&mut file.fleet_diags));
    }
    let (mut broken, mut named) = (Broken::default(), BTreeSet::new());
    let mut settling = DocumentContext::new(library, diags, &mut wanted, &mut broken, &mut named);
    let unread = fleets.is_empty() && governing.contains(&true);
    let mut fleet = fleet::lower(fleets, &mut settling);
    fleet.settings.unread = unread;
    if let Some(span) = fleet.output_dir {
        output_on_inputs(library.sources, &files, span, &mut fleet.settings, settling.diags);
    }
    fleet.sources.report_unmatched(library.sources, diags);
    let takes = |file: &SourceFile| fleet.sources.takes(file.path.as_str());
    let policies = has_policies(library.sources, &files, takes);
    let speaks = |file: &SourceFile| speaks_of_us(file) || policies && names_an_api(file);
    let mut broken = library.report(takes, speaks, diags);
    sources::take_links(library.sources, links, &mut files, takes);
    let mut documents = Documents::default();
    let (mut names, mut names_left_out) = (BTreeMap::new(), BTreeMap::new());
    let (mut karmada, mut excluded) = (Vec::new(), BTreeMap::new());
    for (((id, source), file), governs) in library.sources.files().zip(files).zip(governing) {
        // Not YAML by its name, or a link whose documents count at its target.
        let Some(mut file) = file else { continue };
        let taken = takes(source);
        if governs || taken && file.has_ours {
            diags.extend(file.odd);
        }
        if governs && !taken && file.has_ours {
            diags.push(sources::beside_fleet(source, &file.names));
            file.names.retain(|name| name.kind == "Fleet");
        }
        if !file.names.is_empty() {
            let names = if governs || taken { &mut names } else { &mut names_left_out };
            names.insert(source.path.clone(), file.names);
        }
        if taken {
            diags.extend(file.diags);
            documents.extend(file.documents);
            karmada.push((id, file.karmada));
        } else {
            excluded.extend(file.documents.tasks.iter().map(|(_, task)| {
                let (namespace, name) = (task.metadata.namespace.as_ref(), &task.metadata.name);
                let namespace = namespace.map(|namespace| namespace.value.clone());
                (Identity { kind: None, namespace, name: name.value.clone() }, name.span)
            }));
        }
    }
    let left_out = library.sources.problems().iter().filter(|problem| !fleet.sources.takes(&problem.path));
    let left_out = left_out.map(|problem| problem.path.clone()).collect();
    let mut joining = DocumentContext::new(library, diags, &mut wanted, &mut broken, &mut named);
    let of_karmada = karmada.iter().any(|(_, met)| met.others);
    let mut model = Model {
        excluded_tasks: excluded,
        ..join(documents, fleet.settings, (fleet.task_filters, of_karmada), &mut joining)
    };
    library.report_passed_over(&broken, &named, diags);
    // What a native document names is the task's.
    karmada.retain(|(id, met)| !named.contains(id) && (policies || met.others));
    let files: Vec<FileId> = karmada.into_iter().map(|(id, _)| id).collect();
    add_karmada(library, &files, policies, &mut model, &mut names, diags);
    Understood { model, wanted, left_out, documents: names, documents_left_out: names_left_out, unmet: None }
}

/// Whether a policy of Karmada stands in a file that is looked at.
fn has_policies(sources: &SourceTree, files: &[Option<FileRead>], takes: impl Fn(&SourceFile) -> bool) -> bool {
    let has = |file: &Option<FileRead>| file.as_ref().is_some_and(|file| file.karmada.policies);
    sources.files().zip(files).any(|((_, source), file)| has(file) && takes(source))
}

/// Whether a text may be that of an object of Kubernetes.
fn names_an_api(file: &SourceFile) -> bool {
    String::from_utf8_lossy(&file.bytes).contains("apiVersion:")
}

/// Adds what the documents of Karmada mean.
fn add_karmada(
    library: &Library<'_>,
    files: &[FileId],
    policies: bool,
    model: &mut Model,
    names: &mut BTreeMap<RepoPath, Vec<DocumentName>>,
    diags: &mut Diagnostics,
) {
    if files.is_empty() {
        return;
    }
    let of_native = |cluster: &Cluster| (cluster.name.value.clone(), cluster.name.span);
    let native_clusters: BTreeMap<String, Span> = model.clusters.iter().map(of_native).collect();
    let compatibility = model.fleet.karmada.compatibility;
    if policies && let Some(version) = model.fleet.karmada.version.as_ref().filter(|version| version.value < (1, 18)) {
        diags.push(older_karmada(version));
    }
    let request = karmada::Request { library, files, is_native, policies, compatibility };
    let read = karmada::read(&request, diags);
    for (id, of_file) in read.names {
        let called = of_file.into_iter().map(|(kind, namespace, name)| DocumentName { kind, namespace, name });
        let called: Vec<DocumentName> = called.collect();
        if !called.is_empty() {
            names.entry(library.sources.file(id).path.clone()).or_default().extend(called);
        }
    }
    for cluster in read.clusters {
        match native_clusters.get(cluster.name.as_str()) {
            Some(first) => diags.push(
                Diagnostic::new(
                    Code::DuplicateName,
                    cluster.name.span,
                    format!("there are two clusters of the name `{}`", *cluster.name),
                )
                .other(*first, "the native one is here")
                .help("keep one of them"),
            ),
            None => model.clusters.push(cluster),
        }
    }
    model.clusters.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    let tasks: BTreeMap<Identity, Span> = model.units.iter().map(|unit| (unit.identity.clone(), unit.name)).collect();
    for unit in read.units {
        model.tasks_seen += 1;
        match tasks.get(&unit.identity) {
            Some(task) => diags.push(
                Diagnostic::new(
                    Code::ObjectCollision,
                    unit.name,
                    format!("a task and a template of Karmada both make CronJob `{}`", unit.identity),
                )
                .other(*task, "the task is here")
                .help("keep one of them, or give one another name"),
            ),
            None => model.units.push(unit),
        }
    }
    model.units.sort_by(|a, b| a.identity.cmp(&b.identity));
    model.karmada = read.facts;
}

/// What was different in a version of Karmada whose rules are not those of here.
fn older_karmada(version: &Spanned<(u32, u32)>) -> Diagnostic {
    let (major, minor) = version.value;
    let message = format!("the rules of Karmada 1.19 are applied, and {major}.{minor} differs from them");
    Diagnostic::new(Code::KarmadaIgnored, version.span, message)
        .note(
            "a `fieldSelector` for `zone` with In was met by a cluster all of whose zones are listed, not one of them",
        )
        .note("the `completions` of a Job that is divided were not divided: each cluster had all of them")
        .note("`purgeMode` was called Immediately and Graciously where it is Directly and Gracefully now")
}

/// Whether a document is one of fleetcron's, or was meant as one.
fn is_native(root: &Node) -> bool {
    let version = root.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
    version.starts_with("fleetcron.dev/") || near_miss::find(root).is_some()
}

/// Refuses an output folder in which documents stand: they would not be read. Another folder is taken for it, so that they
/// are, and one mistake does not become many.
fn output_on_inputs(
    sources: &SourceTree,
    files: &[Option<FileRead>],
    span: Span,
    settings: &mut Fleet,
    diags: &mut Diagnostics,
) {
    let Ok(dir) = RepoPath::new(&settings.output.dir) else { return };
    let holds = |file: &Option<FileRead>| file.as_ref().is_some_and(|file| file.has_fleet || file.has_ours);
    let inside = sources.files().zip(files).filter(|((_, source), file)| source.path.is_below(&dir) && holds(file));
    let inside: Vec<&RepoPath> = inside.map(|((_, source), _)| &source.path).collect();
    let Some(first) = inside.first() else { return };
    let message = format!("`{dir}` cannot be the output folder: `{first}` in it is a document of fleetcron");
    let mut diagnostic = Diagnostic::new(Code::OutputOnInputs, span, message);
    if inside.len() > 1 {
        diagnostic = diagnostic.note(format!("{} files in it hold documents of fleetcron", inside.len()));
    }
    diags.push(diagnostic.help("name a folder that holds nothing else, such as `rendered`"));
    settings.output.dir = Fleet::default().output.dir;
}

/// By file, whether the settings of the repository stand in it. Where there are several Fleets, those do not count that the
/// one at the root, or else any other, leaves out by its `sources`.
fn governing(sources: &SourceTree, files: &[Option<FileRead>]) -> Vec<bool> {
    let paths: Vec<&str> = sources.files().map(|(_, file)| file.path.as_str()).collect();
    let holds = |at: usize| files[at].as_ref().is_some_and(|file| file.has_fleet);
    let all: Vec<usize> = (0..files.len().min(paths.len())).filter(|at| holds(*at)).collect();
    let said = |at: usize| files[at].iter().flat_map(|file| &file.fleets).map(sources::SourceGlobs::of);
    // The manifest of the root is never left out: it is what says so.
    let first = all.iter().copied().find(|at| paths[*at] == MANIFEST);
    let judges: Vec<usize> = first.map_or_else(|| all.clone(), |first| vec![first]);
    let stays = |at: usize| {
        let others = judges.iter().filter(|judge| **judge != at && Some(at) != first);
        others.flat_map(|judge| said(*judge)).all(|sources| sources.takes(paths[at]))
    };
    let mut governing: Vec<bool> = (0..files.len()).map(|at| holds(at) && stays(at)).collect();
    // Two that leave each other out are two all the same.
    if !governing.contains(&true) {
        governing = (0..files.len()).map(holds).collect();
    }
    governing
}

/// Whether a document is the Fleet.
fn is_fleet(root: &Node) -> bool {
    let is = |name: &str, text: &str| root.get(name).and_then(Node::as_str) == Some(text);
    is("apiVersion", API_VERSION) && is("kind", "Fleet")
}

fn join(
    documents: Documents,
    mut fleet: Fleet,
    (task_filters, of_karmada): (Vec<wire::TasksSpec>, bool),
    context: &mut DocumentContext<'_, '_>,
) -> Model {
    let tasks_seen = documents.tasks.len() + documents.broken_tasks;
    if documents.broken_tasks > 0 {
        context.files.miss_a_task();
    }
    let unread_clusters = documents.broken_clusters;
    let (mut clusters, mut misnamed) =
        inventory::lower(documents.clusters, documents.capacities, (&unread_clusters, of_karmada), context);
    for cluster in clusters.iter_mut().chain(&mut misnamed).filter(|cluster| cluster.release.is_none()) {
        cluster.release.clone_from(&fleet.defaults.release);
    }
    let units = join::units(documents.bases, documents.tasks, documents.overrides, &mut fleet, task_filters, context);
    taken::report(context);
    Model { fleet, clusters, units, unread_clusters, misnamed, tasks_seen, ..Model::default() }
}

/// Whether the text of a file names an apiVersion of ours, nearly so, or of Karmada's: then it must be readable. A file of
/// another encoding than UTF-8 must be readable too if it has a CronJob: tasks and clusters may be meant to use it.
fn speaks_of_us(file: &SourceFile) -> bool {
    let encoding = Encoding::detect(&file.bytes);
    let text = match encoding {
        Some(encoding) => encoding.decode(&file.bytes).into(),
        None => String::from_utf8_lossy(&file.bytes),
    };
    near_miss::text_names_us(&text)
        || text.to_ascii_lowercase().contains("karmada.io/")
        || encoding.is_some() && text.contains("CronJob")
}

/// Reads one document if it is ours; says whether it is.
fn read_document(root: &Node, documents: &mut Documents, diags: &mut Diagnostics) -> bool {
    let text = |name: &str| root.get(name).and_then(|node| node.as_str().map(|text| (text, node.span)));
    let Some((version, version_span)) = text("apiVersion").filter(|(text, _)| text.starts_with("fleetcron.dev/"))
    else {
        return false;
    };
    let kind = text("kind");
    if version != API_VERSION {
        let message = format!("`{version}` is not an apiVersion of fleetcron");
        diags.push(Diagnostic::new(Code::UnknownKind, version_span, message).help(format!("write `{API_VERSION}`")));
        documents.broken_tasks += usize::from(kind.is_some_and(|(kind, _)| kind == "Task"));
        return true;
    }
    let span = root.span;
    match kind {
        Some(("Cluster", _)) => match read(root, diags) {
            Some(document) => documents.clusters.push((span, document)),
            None => {
                let name = root.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str);
                documents.broken_clusters.insert(name.unwrap_or_default().to_owned());
            }
        },
        Some(("ClusterCapacity", _)) => documents.capacities.extend(read(root, diags).map(|document| (span, document))),
        Some(("Base", _)) => documents.bases.extend(read(root, diags).map(|document| (span, document))),
        Some(("Task", _)) => match read(root, diags) {
            Some(document) => documents.tasks.push((span, document)),
            None => documents.broken_tasks += 1,
        },
        Some(("Override", _)) => documents.overrides.extend(read(root, diags).map(|document| (span, document))),
        Some((other, span)) => diags.push(
            Diagnostic::new(Code::UnknownKind, span, format!("there is no kind `{other}`"))
                .did_you_mean(nearest(other, KINDS))
                .note(format!("the kinds of fleetcron are {}", KINDS.join(", "))),
        ),
        None => {
            let near = root.as_map().unwrap_or_default().iter().find(|entry| entry.key.eq_ignore_ascii_case("kind"));
            let span = near.map_or(version_span, |entry| entry.key_span);
            let diagnostic = Diagnostic::new(Code::MissingField, span, "a document of fleetcron needs a `kind`");
            let known = near.and_then(|entry| entry.value.as_str()).filter(|kind| KINDS.contains(kind));
            diags.push(diagnostic.help(match known {
                Some(kind) => format!("write `kind: {kind}`"),
                None => format!("write one of {}", KINDS.join(", ")),
            }));
        }
    }
    true
}

fn read<T: DeserializeOwned>(root: &Node, diags: &mut Diagnostics) -> Option<T> {
    yaml::read_with(root, misplaced::help, diags)
}
