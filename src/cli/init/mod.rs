//! `fleetcron init`: creates a fleet, or adds a Git hook, a CI job, Argo CD or Flux files to one.
//!
//! All files are planned and compiled in memory before the first is written, and no existing file is replaced.

mod files;
mod hook;

use std::path::{Path, PathBuf};

use serde_json::json;

use self::files::{FileFate, PlannedFile};
use super::args::{Global, Init};
use super::outcome::{Failure, Outcome};
use super::session::Session;
use crate::compile::Compilation;
use crate::lock::{self, LockMode};
use crate::model::Output;
use crate::repo::{self, Around, View};
use crate::report::schedules;
use crate::report::table::{count, names};
use crate::scaffold::output_source::{GitRepository, find_output_source};
use crate::scaffold::{FileText, argocd, ci, flux, quote_for_shell, repository};
use crate::sink;
use crate::tree::MANIFEST;
use crate::tree::SourceFile;

/// A list of clusters names so many.
const NAMES: usize = 5;

/// Opens the fleet, or what becomes one; reads nothing yet.
pub(super) fn open(args: &Init, global: &Global, here: &Path, watched: bool) -> Result<Session, Failure> {
    let root = match (&args.dir, &global.root) {
        (Some(_), Some(_)) => return Err(Failure::Run("DIR and `--root` say the same: give one of them".to_owned())),
        (Some(dir), None) | (None, Some(dir)) => here.join(dir),
        (None, None) => {
            let fleet = here.ancestors().find(|folder| folder.join(MANIFEST).is_file());
            fleet.unwrap_or(here).to_owned()
        }
    };
    let outer = full(&root).ancestors().skip(1).find(|above| above.join(MANIFEST).is_file()).map(Path::to_owned);
    if let Some(outer) = outer.filter(|_| !root.join(MANIFEST).is_file()) {
        let why = "all files below a fleet are its own, so a second one in it would be told twice";
        return Err(Failure::files(format!("`{}` lies in the fleet at `{}`: {why}", root.display(), outer.display())));
    }
    let stands = repo::stands(&root).map_err(|error| Failure::run(&error))?;
    if !root.is_dir() && (stands != repo::Stands::Nothing || repo::blocked(&root).is_some()) {
        return Err(Failure::Run(format!("`{}` is not a folder", root.display())));
    }
    Ok(Session::at(root, global, here, None, View::Folder, watched))
}

/// Runs it; `quiet` leaves out what is good to know and not wrong.
pub(super) fn run(session: &mut Session, args: &Init, here: &Path, quiet: bool) -> Result<Outcome, Failure> {
    let wants_url = args.argocd || args.flux;
    if !wants_url && (args.repo_url.is_some() || args.branch.is_some()) {
        return Err(Failure::Run("`--repo-url` and `--branch` go with `--argocd` or `--flux`".to_owned()));
    }
    let root = session.root.clone();
    let around = match repo::around(&root) {
        Ok(around) => around,
        Err(error) if args.hook || wants_url => return Err(Failure::run(&error)),
        Err(_) => None,
    };
    if args.hook && around.is_none() {
        let say = format!("`{}` is in no Git work tree, so there is no hook to install", root.display());
        return Err(Failure::Run(format!("{say}: run `git init` first")));
    }
    let git = around.as_ref().map(|around| GitRepository {
        prefix: around.prefix.clone(),
        origin: around.origin.clone(),
        branch: around.branch.clone(),
    });
    let there = there(session)?;
    let mut plan = InitPlan::default();
    if !there {
        let name = repository::fleet_name(full(&root).file_name().and_then(|name| name.to_str()));
        let texts = match &args.from {
            Some(from) => super::import::fleet_of(&here.join(from), &name)?,
            None => repository::starter_files(&name),
        };
        for text in texts {
            plan.files.push(PlannedFile::look(&root, text)?);
        }
    } else if args.from.is_some() {
        let message =
            format!("`{}` is a fleet already: add to it with `fleetcron import tasks SRC --into {0}`", root.display());
        return Err(Failure::files(message));
    }
    let more: Vec<SourceFile> = plan.files.iter().filter_map(PlannedFile::source).collect();
    let compilation = session.imagine(&more, &LockMode::Steady)?;
    let asked = args.hook || wants_url || args.ci.is_some() || !there;
    if asked && session.diags.has_errors() {
        let mut said = vec!["nothing was written".to_owned()];
        said.extend(plan.kept());
        return Ok(Outcome::wrong(said, json!({"written": false})));
    }
    let output = &compilation.model.fleet.output;
    if !there {
        plan.files.push(PlannedFile::attributes(&root, &output.dir)?);
    }
    if wants_url {
        let (url, branch) = (args.repo_url.as_deref(), args.branch.as_deref());
        let source = find_output_source(url, branch, git.as_ref(), output, &mut plan.notes).map_err(Failure::Run)?;
        if args.argocd {
            let text = argocd::application_set(&compilation.model.fleet, &source);
            plan.add(&root, (argocd::PATH.to_owned(), text), &output.dir)?;
        }
        if args.flux {
            for text in flux::flux_files(&compilation.model, &source) {
                plan.add(&root, text, &output.dir)?;
            }
            plan.gone = flux::files_of_removed_clusters(&compilation.model, session.tree());
            plan.notes.push(flux::substitution_note(&compilation.model.fleet));
        }
        if !output.committed {
            plan.notes.push(format!(
                "output.committed is false: `fleetcron build --commit-to {}` fills the branch, `git push` gives it away",
                source.branch.as_deref().unwrap_or_default()
            ));
        }
    }
    if let Some(ci) = args.ci {
        let prefix = git.as_ref().map_or("", |git| git.prefix.as_str());
        let branch = git.as_ref().and_then(|git| git.branch.as_deref());
        plan.add(&root, ci::job_file(ci, prefix, branch, output).map_err(Failure::files)?, &output.dir)?;
    }
    if let Some(around) = around.as_ref().filter(|_| args.hook) {
        plan.hook(around, !there || root.join(MANIFEST).is_file())?;
    }
    if let Some(around) = &around {
        plan.ignored(around, output)?;
    }
    if !args.dry_run {
        files::write(&root, &plan.files)?;
        if let Some((path, hook::HookFate::Write(script) | hook::HookFate::Replace(script, _))) = &plan.hook {
            sink::write_program(path, script.as_bytes()).map_err(|error| Failure::run(&error))?;
        }
    }
    let staged = there && is_staged(&root, &session.output_dir);
    let next = next(&plan, args, &root, here, around.as_ref(), (there, staged));
    if session.diags.count(crate::diag::Severity::Warning) > 0 && there {
        // What is odd about a fleet that was there before is told by `check`.
        session.diags = crate::diag::Diagnostics::new();
    }
    let mut outcome = Outcome::said(
        plan.text(args, &root, here, there, session, &compilation, &next),
        json!({
            "written": !args.dry_run,
            "root": root.display().to_string(),
            "files": plan.files.iter().map(PlannedFile::value).collect::<Vec<_>>(),
            "hook": plan.hook.as_ref().map(|(path, fate)| json!({
                "path": path.display().to_string(),
                "fate": match fate {
                    hook::HookFate::Write(_) => "create",
                    hook::HookFate::Replace(..) => "replace",
                    hook::HookFate::There => "same",
                    hook::HookFate::NotRunnable | hook::HookFate::Taken(_) | hook::HookFate::Off => "kept",
                },
            })),
            "gone": plan.gone,
            "notes": plan.notes,
            "next": next,
        }),
    );
    outcome.remarks = plan.kept();
    if !quiet {
        outcome.remarks.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    }
    outcome.wrong = plan.is_in_vain();
    Ok(outcome)
}

/// Whether a fleet is there already.
fn there(session: &mut Session) -> Result<bool, Failure> {
    if !session.root.is_dir() {
        return Ok(false);
    }
    let manifest = session.root.join(MANIFEST).symlink_metadata().is_ok();
    let compilation = session.compile()?;
    let model = &compilation.model;
    Ok(manifest || model.fleet.name.is_some() || !model.clusters.is_empty() || !model.units.is_empty())
}

/// A folder with its name, also if it was said as `.`.
fn full(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.components().collect())
}

/// What is to be done.
#[derive(Debug, Default)]
struct InitPlan {
    files: Vec<PlannedFile>,
    hook: Option<(PathBuf, hook::HookFate)>,
    /// What leads from the top of the work tree to the fleet.
    fleet: String,
    /// Files of clusters that are gone.
    gone: Vec<String>,
    /// What is good to know.
    notes: Vec<String>,
}

impl InitPlan {
    fn add(&mut self, root: &Path, text: FileText, output: &str) -> Result<(), Failure> {
        if text.0.strip_prefix(output).is_some_and(|rest| rest.starts_with('/')) {
            let say = "is the output directory, where only what is rendered may stand";
            return Err(Failure::Run(format!("`{output}` {say}: give `output.dir` another name")));
        }
        self.files.push(PlannedFile::look(root, text)?);
        Ok(())
    }

    fn hook(&mut self, around: &Around, manifest: bool) -> Result<(), Failure> {
        let path = around.hooks.join(hook::NAME);
        let off = around.hooks.exists() && !around.hooks.is_dir();
        if around.husky {
            let say = "its own folder is made anew by each install, so the hook stands beside it; commit it";
            self.notes.push(format!("husky runs {}: {say}", hook::NAME));
        }
        if around.shared {
            if !manifest {
                let say = "other repositories use its folder too, so it must know which are fleets";
                return Err(Failure::Run(format!("the hook needs a {MANIFEST}: {say}")));
            }
            let folder = around.hooks.display();
            self.notes.push(format!("core.hooksPath is {folder}: the hook runs in every repository that uses that folder, and minds only those with this fleet"));
        }
        let stands =
            if off { repo::Stands::Nothing } else { repo::stands(&path).map_err(|error| Failure::run(&error))? };
        self.fleet.clone_from(&around.prefix);
        let fate = hook::fate(around, &stands, manifest, around.husky || runnable(&path), off);
        self.hook = Some((path, fate));
        Ok(())
    }

    /// Refuses files that Git would ignore: they would be read by nobody else. Of what a build writes it is only said.
    fn ignored(&mut self, around: &Around, output: &Output) -> Result<(), Failure> {
        let ignores = |path: &str| repo::ignores(around, path);
        let made = self.files.iter().filter(|file| file.fate == FileFate::Create && ignores(&file.path));
        let made: Vec<&str> = made.map(|file| file.path.as_str()).collect();
        if !made.is_empty() {
            let say = "a clone would not have it; take it out of .gitignore first";
            let list = names(made.iter().copied(), NAMES);
            return Err(Failure::files(format!("Git ignores {list}: {say}; nothing was written")));
        }
        let below = format!("{}/.fleetcron", output.dir);
        let built = [(lock::PATH, true, lock::PATH), (output.dir.as_str(), output.committed, below.as_str())];
        for (name, wanted, path) in built {
            if wanted && ignores(path) {
                self.notes.push(format!("Git ignores {name}, which is to be committed: take it out of .gitignore"));
            }
        }
        Ok(())
    }

    /// What stays as it is although it should be otherwise, in words.
    fn kept(&self) -> Vec<String> {
        let kept = self.files.iter().filter_map(|file| match &file.fate {
            FileFate::Kept(why) => Some(format!("left as it is: {} ({why})", file.path)),
            _ => None,
        });
        let mut said: Vec<String> = kept.collect();
        if let Some((path, fate)) = &self.hook {
            let path = path.display();
            match fate {
                hook::HookFate::Write(_) | hook::HookFate::Replace(..) | hook::HookFate::There => {}
                hook::HookFate::NotRunnable => {
                    said.push(format!(
                        "left as it is: {path} (Git runs no hook that is not executable: `chmod +x` it)"
                    ));
                }
                hook::HookFate::Taken(lines) => {
                    said.push(format!("left as it is: {path} (another hook is there); add these lines to it:"));
                    said.extend(lines.lines().map(|line| format!("  {line}")));
                }
                hook::HookFate::Off => said.push(
                    "no hook was installed: core.hooksPath is no folder, so Git runs none; `git config --unset \
                     core.hooksPath` lets it"
                        .to_owned(),
                ),
            }
        }
        said.extend(self.gone.iter().map(|path| format!("left as it is: {path} (the inventory has no such cluster)")));
        said
    }

    /// Whether a hook could not be installed, or nothing could be done at all.
    fn is_in_vain(&self) -> bool {
        let hook = matches!(
            self.hook,
            Some((_, hook::HookFate::NotRunnable | hook::HookFate::Taken(_) | hook::HookFate::Off))
        );
        let kept = |file: &PlannedFile| matches!(file.fate, FileFate::Kept(_));
        hook || self.hook.is_none() && !self.files.is_empty() && self.files.iter().all(kept)
    }

    /// Whether anything is written.
    fn writes(&self) -> bool {
        let hook = matches!(self.hook, Some((_, hook::HookFate::Write(_) | hook::HookFate::Replace(..))));
        hook || self.files.iter().any(|file| matches!(file.fate, FileFate::Create | FileFate::Append))
    }

    #[expect(clippy::too_many_arguments, reason = "the one place that puts everything into words")]
    fn text(
        &self,
        args: &Init,
        root: &Path,
        here: &Path,
        there: bool,
        session: &Session,
        compilation: &Compilation,
        next: &[String],
    ) -> String {
        let mut text = String::new();
        let folder = shown(root, here);
        match (there, self.writes()) {
            (true, _) if self.files.is_empty() && self.hook.is_none() => {
                let flags = "`--hook`, `--ci`, `--argocd` and `--flux` add to it";
                return format!("a fleet is in {folder} already, nothing was written; {flags}\n");
            }
            (_, false) if self.kept().is_empty() => text.push_str("nothing to write: everything is there\n"),
            (_, false) => text.push_str("nothing was written\n"),
            (_, true) if args.dry_run => text.push_str(&format!("would write in {folder}:\n")),
            (_, true) => text.push_str(&format!("wrote in {folder}:\n")),
        }
        for file in &self.files {
            match file.fate {
                FileFate::Create => text.push_str(&format!("  create {}\n", file.path)),
                FileFate::Append => text.push_str(&format!("  add to {}\n", file.path)),
                FileFate::Same | FileFate::Kept(_) => {}
            }
        }
        match &self.hook {
            Some((path, hook::HookFate::Write(_))) => {
                text.push_str(&format!("  create {}\n", shown(&full_hook(path), &full(here))));
            }
            Some((path, hook::HookFate::Replace(_, former))) => {
                let folder = if former.is_empty() { "the top of the repository" } else { former };
                let path = shown(&full_hook(path), &full(here));
                text.push_str(&format!("  replace {path} (it was written for a fleet in {folder}, which is gone)\n"));
            }
            _ => {}
        }
        if !there {
            text.push_str(&format!("\n{}", runs(session, compilation)));
        }
        if args.hook {
            text.push_str("\nwith the pre-commit framework (https://pre-commit.com), in .pre-commit-config.yaml instead of the hook:\n");
            text.extend(hook::snippet(&self.fleet).lines().map(|line| format!("  {line}\n")));
        }
        if !next.is_empty() {
            text.push_str("\nnext:\n");
            text.extend(next.iter().map(|command| format!("  {command}\n")));
        }
        text
    }
}

/// The path of a hook as it is, whatever led there.
fn full_hook(path: &Path) -> PathBuf {
    let folder = path.parent().map(full).unwrap_or_default();
    folder.join(path.file_name().unwrap_or_default())
}

/// What runs where.
fn runs(session: &Session, compilation: &Compilation) -> String {
    let model = &compilation.model;
    let mut text = String::new();
    for (unit, built) in model.units.iter().zip(&compilation.plan) {
        let on: Vec<&str> = built.decision.chosen().map(|(at, _)| model.clusters[at].name.as_str()).collect();
        for schedule in schedules::of(built) {
            text.push_str(&format!(
                "{} would run {}, zone {}, on {} of {}: {}\n",
                unit.identity,
                schedule.meaning(),
                schedule.zone(),
                on.len(),
                count(model.clusters.len(), "cluster"),
                names(on.iter().copied(), NAMES),
            ));
        }
    }
    let files = count(compilation.output.len(), "file");
    text.push_str(&format!("a build would write {files} in {}\n", session.output_dir));
    text
}

/// The next commands.
fn next(
    plan: &InitPlan,
    args: &Init,
    root: &Path,
    here: &Path,
    around: Option<&Around>,
    (there, staged): (bool, bool),
) -> Vec<String> {
    let mut next = Vec::new();
    if args.dry_run || plan.is_in_vain() || !plan.writes() {
        return next;
    }
    let folder = shown(root, here);
    if folder != "." {
        next.push(format!("cd {}", quote_for_shell(&folder)));
    }
    if there {
        let husky = around.is_some_and(|around| around.husky && plan.hook.is_some());
        if staged && !husky && !plan.files.iter().any(|file| matches!(file.fate, FileFate::Create)) {
            next.push("fleetcron check --staged".to_owned());
            return next;
        }
        // The hook refuses a commit without the output.
        next.extend((!staged && plan.hook.is_some()).then(|| "fleetcron build".to_owned()));
        next.push("git add -A".to_owned());
        next.push("git commit".to_owned());
        return next;
    }
    if around.is_none() {
        next.push("git init".to_owned());
    }
    next.push("fleetcron build".to_owned());
    next.push("git add -A".to_owned());
    if around.is_some() {
        next.push("git commit -m \"A fleet\"".to_owned());
    }
    next
}

/// Whether anything of the fleet is in the index, so that it can be checked there.
fn is_staged(root: &Path, output: &str) -> bool {
    let opened = View::Index(None).open(root);
    opened.is_ok_and(|opened| {
        let read = opened.read(output, &[]);
        read.tree.files().any(|(_, file)| file.path.as_str() != crate::tree::GIT_ATTRIBUTES)
    })
}

/// A path as the reader would write it.
fn shown(path: &Path, here: &Path) -> String {
    match path.strip_prefix(here) {
        Ok(below) if below.as_os_str().is_empty() || below == Path::new(".") => ".".to_owned(),
        Ok(below) => below.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

#[cfg(unix)]
fn runnable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runnable(_: &Path) -> bool {
    true
}
