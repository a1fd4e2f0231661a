//! Which objects of files are taken by tasks: the CronJobs that `cronJob` names, the objects that `resources` brings, and
//! those that nobody takes.

use std::collections::{BTreeMap, BTreeSet};

use super::context::DocumentContext;
use super::resource::{is_cron_job, object_name, text};
use crate::diag::{Code, Diagnostic, Severity};
use crate::tree::{FileId, Located, Span, Spanned};

/// The files that `cronJob` and `resources` name, and what is taken of them.
#[derive(Default)]
pub(super) struct TakenFiles {
    /// The places of the CronJobs that tasks take.
    cron_jobs: BTreeSet<Span>,
    /// The files that `cronJob` names.
    sources: BTreeMap<FileId, CronJobFile>,
    /// The files that `resources` names.
    resources: BTreeSet<FileId>,
    /// CronJobs among resources, by place: what is wrong if no task takes them.
    beside: BTreeMap<Span, Diagnostic>,
    /// A task could not be read, so what it takes is not known.
    is_incomplete: bool,
}

/// A file that `cronJob` names.
struct CronJobFile {
    /// As it was written, where it is named first.
    named: Spanned<String>,
    objects: Vec<FileObject>,
}

struct FileObject {
    span: Span,
    kind: String,
    name: String,
    is_cron_job: bool,
}

impl TakenFiles {
    /// A file that `cronJob` names, with its objects.
    pub(super) fn name_as_cron_job(&mut self, named: &Spanned<String>, id: FileId, objects: &[Located]) {
        let entry = |object: &Located| FileObject {
            span: object.span(),
            kind: text(object, "kind").unwrap_or_default().to_owned(),
            name: object_name(object).to_owned(),
            is_cron_job: is_cron_job(object),
        };
        self.sources.entry(id).or_insert_with(|| CronJobFile {
            named: Spanned::new(named.value.clone(), named.span),
            // Documents of our own stand in files of any kind.
            objects: objects.iter().filter(|object| not_for_a_cluster(object).is_none()).map(entry).collect(),
        });
    }

    /// A file that `resources` names.
    pub(super) fn name_as_resource(&mut self, id: FileId) {
        self.resources.insert(id);
    }

    /// Says that a task could not be read.
    pub(super) fn miss_a_task(&mut self) {
        self.is_incomplete = true;
    }

    /// The CronJob that a task takes.
    pub(super) fn take(&mut self, object: Option<&Located>) {
        self.cron_jobs.extend(object.map(Located::span));
    }

    /// Takes the CronJobs out of the objects of a resource: whether some task takes them is only known at the end.
    pub(super) fn set_aside_cron_jobs(&mut self, named: &Spanned<String>, objects: &mut Vec<Located>) {
        objects.retain(|object| {
            if !is_cron_job(object) {
                return true;
            }
            let fault = || cron_job_beside(object, Some(&named.value)).other(named.span, "the file is named here");
            self.beside.entry(object.span()).or_insert_with(fault);
            false
        });
    }
}

/// A CronJob among the resources of a task that no task takes by `cronJob`.
pub(super) fn cron_job_beside(object: &Located, file: Option<&str>) -> Diagnostic {
    let span = object.member("kind").map_or(object.span(), |(_, spans)| spans.value);
    let diagnostic = Diagnostic::new(Code::ResourceInvalid, span, "a CronJob cannot be a resource of a task");
    match file.filter(|_| !object_name(object).is_empty()) {
        Some(file) => diagnostic.help(format!(
            "make it a task of its own, with `cronJob: {{file: {file}, name: {}}}`: it is skipped here then",
            object_name(object)
        )),
        None => diagnostic.help("make it a task of its own: `cronJob: FILE`"),
    }
}

/// What is wrong with an object that no API server takes: a document of fleetcron (also of another version, or misspelt), or
/// one that kustomize reads at build time.
pub(super) fn not_for_a_cluster(object: &Located) -> Option<Diagnostic> {
    let version = text(object, "apiVersion")?;
    let group = version.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let span = object.member("kind").map_or(object.span(), |(_, spans)| spans.value);
    let kind = text(object, "kind").unwrap_or_default();
    let refuse = |message: String| Diagnostic::new(Code::ResourceInvalid, span, message);
    if group.split('.').next() == Some("fleetcron") {
        let message = format!("this `{kind}` is a document of fleetcron, and no cluster takes it");
        Some(refuse(message).help("leave it out of `resources`: fleetcron finds its documents by itself"))
    } else if group == "kustomize.config.k8s.io" {
        let message = format!("this `{kind}` is a document of kustomize, and no cluster takes it");
        Some(refuse(message).help("name the files that it lists, or what `kustomize build` makes of them"))
    } else {
        None
    }
}

/// Reports CronJobs among resources that no task takes, and objects in `cronJob` files that nobody takes. Runs when all tasks
/// are known.
pub(super) fn report(context: &mut DocumentContext<'_, '_>) {
    let files = std::mem::take(&mut context.files);
    if files.is_incomplete {
        return;
    }
    let beside = files.beside.into_iter().filter(|(span, _)| !files.cron_jobs.contains(span));
    context.diags.extend(beside.map(|(_, fault)| fault));
    let used: BTreeSet<FileId> = files.cron_jobs.iter().map(|span| span.file).collect();
    for (id, source) in files.sources.iter().filter(|(id, _)| used.contains(id) && !files.resources.contains(id)) {
        let left: Vec<&FileObject> =
            source.objects.iter().filter(|object| !files.cron_jobs.contains(&object.span)).collect();
        let path = &context.library.sources.file(*id).path;
        context.diags.extend(left_behind(path.as_str(), &source.named, &left));
    }
}

/// The objects of a `cronJob` file that go nowhere.
fn left_behind(path: &str, named: &Spanned<String>, left: &[&FileObject]) -> Option<Diagnostic> {
    let first = left.first()?;
    let name = |object: &&FileObject| match object.name.as_str() {
        "" => format!("a {}", object.kind),
        name => format!("{} `{name}`", object.kind),
    };
    let names: Vec<String> = left.iter().take(5).map(name).collect();
    let more = left.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("`{path}` also holds {}{more}, and no task takes that", names.join(", "));
    let mut diagnostic = Diagnostic::new(Code::InvalidFile, named.span, message)
        .severity(Severity::Warning)
        .other(first.span, "the first is here");
    if left.iter().any(|object| !object.is_cron_job) {
        let help =
            format!("`resources: [{}]` brings it along; the CronJob that a task takes is skipped there", **named);
        diagnostic = diagnostic.help(help);
    }
    if let Some(job) = left.iter().find(|object| object.is_cron_job && !object.name.is_empty()) {
        let help = format!("a CronJob becomes a task of its own: `cronJob: {{file: {}, name: {}}}`", **named, job.name);
        diagnostic = diagnostic.help(help);
    }
    Some(diagnostic)
}
