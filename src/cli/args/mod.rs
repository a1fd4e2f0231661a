//! Command-line arguments.
//!
//! Library code never sees a type of the argument parser: each command turns its arguments into plain values.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

mod command;
mod init;
mod new;
mod revision_range;
mod shard;

pub(super) use self::command::command;
pub(super) use self::init::Init;
pub(super) use self::new::New;
pub(super) use self::revision_range::RevisionRange;
pub(super) use self::shard::Shard;
use crate::repo::View;
pub(super) use crate::report::Format;

/// Options that say what is read.
const INPUT: &str = "Input";

/// Options that say how results are printed.
const OUTPUT: &str = "Output";

/// Options that every command has.
const GLOBAL: &str = "Global options";

/// Compile a repository of scheduled tasks and cluster inventories into Kubernetes manifests per cluster.
///
/// Exit codes: 0 success; 1 the files are wrong, the output differs, or a guard stopped; 2 the command could not run.
#[derive(Debug, Parser)]
#[command(
    name = "fleetcron",
    version,
    propagate_version = true,
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "`fleetcron help COMMAND` describes a command; `fleetcron explain CODE` a diagnostic."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Use this fleet root instead of the nearest folder upwards with a fleetcron.yaml, else the Git root.
    #[arg(long, global = true, value_name = "DIR", help_heading = INPUT)]
    pub(super) root: Option<PathBuf>,
    /// Print results in this format.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, help_heading = OUTPUT)]
    pub(super) format: Format,
    /// Use colour on a terminal, always, or never.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, help_heading = OUTPUT)]
    pub(super) color: Color,
    /// Only print errors.
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub(super) quiet: bool,
    /// Print every diagnostic one by one, what was read, and how long each stage took.
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = OUTPUT)]
    pub(super) verbose: bool,
    /// Treat warnings as errors.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) strict: bool,
    /// Print help.
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = GLOBAL)]
    help: Option<bool>,
    /// Print the version; with `-v` also the commit, the target, and the versions of Kubernetes and the time zone database.
    #[arg(short = 'V', long, global = true, action = ArgAction::Version, help_heading = GLOBAL)]
    version: Option<bool>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a fleet, or add a Git hook, CI job, Argo CD or Flux files to one.
    Init(Init),
    /// Create a task from an image, a schedule and a placement; prompts for missing values on a terminal.
    New(Box<New>),
    /// Compile, and write the manifests.
    Build(Build),
    /// Compile, write nothing, and fail if anything is wrong or the output is not up to date.
    Check(Check),
    /// Print one cluster's manifests.
    Render(Render),
    /// List tasks with their clusters, or their schedules.
    Plan(Plan),
    /// Show when all tasks run on all clusters, how much at once, and the busiest minutes.
    Timeline(Box<Timeline>),
    /// Explain why a task runs where it runs, or what a diagnostic means; without arguments, list all diagnostics.
    Explain(Explain),
    /// Show what a change does to each cluster, or compare with existing manifests.
    Diff(Diff),
    /// Explain a schedule: what it means, when it runs next, and what is odd about it. Needs no repository.
    Cron(Cron),
    /// Import cluster inventory from other tools.
    Import {
        /// What to write.
        #[command(subcommand)]
        what: Import,
    },
    /// Propose shorter overrides, bases and selectors for tasks that exist, proven to give the same manifests.
    Tidy(Tidy),
    /// Answer Argo CD as its config management plugin.
    Cmp {
        /// What Argo CD asks.
        #[command(subcommand)]
        what: Cmp,
    },
    /// Print the JSON Schema of a kind, or write all of them.
    Schema(Schema),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands.
    Man {
        /// Write one page a command into this folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// The moment from which runs are shown.
#[derive(Debug, Args)]
pub(super) struct Moment {
    /// Show runs from this moment on: an instant as `2026-03-28T12:00:00Z`, or a date or a time of day as
    /// `2026-03-28T12:00`, in the first `--zone` if there is one, else in UTC; absent is now.
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<String>,
}

/// Which state of the repository is read.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct StateArgs {
    /// Read the repository as this revision has it, whatever `git rev-parse` takes; nothing is checked out. `REV:DIR` says
    /// where the fleet root is in it.
    #[arg(long, value_name = "REV", help_heading = INPUT)]
    pub(super) at: Option<String>,
    /// Read the repository as it is staged.
    #[arg(long, conflicts_with = "at", help_heading = INPUT)]
    pub(super) staged: bool,
}

/// `fleetcron build`
#[derive(Debug, Args)]
pub(super) struct Build {
    /// Write here instead of `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) state: StateArgs,
    /// Read the repository as it is staged, write the output, and stage it; refuse if a file of it has unstaged edits.
    #[arg(long, conflicts_with_all = ["at", "out", "dry_run", "clusters", "frozen"])]
    pub(super) stage: bool,
    /// Compile and print what would change, but write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Commit the output to this branch instead of writing it: at the branch's top, straight into Git, only if it differs.
    /// The branch is local; pushing it is Git's. Implies `--locked`.
    #[arg(long, value_name = "BRANCH", conflicts_with_all = ["out", "dry_run", "stage", "fresh"])]
    pub(super) commit_to: Option<String>,
    /// Write only this cluster's directory; may be repeated.
    #[arg(long = "cluster", value_name = "CLUSTER")]
    pub(super) clusters: Vec<String>,
    /// Write only the I-th of N parts of the clusters: several machines share the work. Implies `--locked`.
    #[arg(long, value_name = "I/N", conflicts_with_all = ["stage", "fresh"])]
    pub(super) shard: Option<Shard>,
    /// Fail if fleetcron.lock would change, and print how.
    #[arg(long, conflicts_with_all = ["frozen", "fresh"])]
    pub(super) locked: bool,
    /// Render what fleetcron.lock records and place nothing anew; fail where it records nothing.
    #[arg(long, conflicts_with = "fresh")]
    pub(super) frozen: bool,
    /// Forget where tasks run and place them anew: this one, or all; may be repeated.
    #[arg(long, value_name = "TASK", num_args = 0..=1, default_missing_value = "", conflicts_with = "at")]
    pub(super) fresh: Vec<String>,
    /// Allow deletions beyond what the guard lets pass: in these clusters, of these tasks (`name` or `namespace/name`), or
    /// `all`; with commas between them, may be repeated. Where no option can be given, as in a Git hook, the environment
    /// variable FLEETCRON_ALLOW_DELETIONS says the same.
    #[arg(long = "allow-deletions", value_name = "CLUSTER,TASK,all")]
    pub(super) allow_deletions: Vec<String>,
}

impl Build {
    /// Whether the directory of a cluster is written.
    pub(super) fn writes(&self, cluster: &str) -> bool {
        let named = self.clusters.is_empty() || self.clusters.iter().any(|name| name == cluster);
        named && self.shard.is_none_or(|shard| shard.takes(cluster))
    }
}

/// `fleetcron check`
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Compare with this folder instead of `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Apply the safe fixes of what is found to the files, then check them.
    #[arg(long, conflicts_with_all = ["at", "staged", "out"])]
    pub(super) fix: bool,
    /// With `--fix`: apply also fixes that may change the meaning, such as another spelling of a field.
    #[arg(long, requires = "fix")]
    pub(super) unsafe_fixes: bool,
    /// With `--fix`: print the changes as a patch, and write nothing.
    #[arg(long, requires = "fix")]
    pub(super) diff: bool,
    #[command(flatten)]
    pub(super) state: StateArgs,
    /// Fail if a pause of the Fleet should have been reviewed by a day before this one.
    #[arg(long, value_name = "DATE")]
    pub(super) on: Option<String>,
    /// The revision before: the guard counts what is deleted since, and what its inputs do not give either was edited by
    /// hand; absent is HEAD, with `--at` its first parent.
    #[arg(long, value_name = "REV", conflicts_with = "out")]
    pub(super) base: Option<String>,
    /// Allow deletions beyond what the guard lets pass: in these clusters, of these tasks (`name` or `namespace/name`), or
    /// `all`; with commas between them, may be repeated. Where no option can be given, as in a Git hook, the environment
    /// variable FLEETCRON_ALLOW_DELETIONS says the same.
    #[arg(long = "allow-deletions", value_name = "CLUSTER,TASK,all")]
    pub(super) allow_deletions: Vec<String>,
}

/// `fleetcron render`
#[derive(Debug, Args)]
pub(super) struct Render {
    /// The cluster.
    pub(super) cluster: String,
    #[command(flatten)]
    pub(super) state: StateArgs,
}

/// `fleetcron plan`
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Only this task; may be repeated.
    #[arg(long = "task", value_name = "TASK")]
    pub(super) tasks: Vec<String>,
    /// Only this cluster; may be repeated.
    #[arg(long = "cluster", value_name = "CLUSTER")]
    pub(super) clusters: Vec<String>,
    /// List when tasks run instead: each schedule of a task, what it means, its zone and its next run.
    #[arg(long)]
    pub(super) schedules: bool,
    /// With `--schedules`: by task, or by the time of the next run.
    #[arg(long, value_enum, default_value = "task", requires = "schedules")]
    pub(super) sort: SortBy,
    #[command(flatten)]
    pub(super) state: StateArgs,
    #[command(flatten)]
    pub(super) moment: Moment,
}

/// The order of schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SortBy {
    /// By task.
    Task,
    /// By the time of the next run; those without one last.
    Time,
}

/// `fleetcron timeline`
#[derive(Debug, Args)]
pub(super) struct Timeline {
    #[command(flatten)]
    pub(super) moment: Moment,
    /// How long: `90m`, `24h`, `7d`; absent is `24h`, with `--by weekday` `7d`.
    #[arg(long = "for", value_name = "LENGTH")]
    pub(super) length: Option<String>,
    /// List what starts at this time of the day: `02:00`, in `--zone`.
    #[arg(long, value_name = "HH:MM", conflicts_with = "between")]
    pub(super) at: Option<String>,
    /// List what starts between two times of the day: `01:00-05:00`, in `--zone`.
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub(super) between: Option<String>,
    /// Show a row for each day of the week.
    #[arg(long, value_enum, conflicts_with = "group_by")]
    pub(super) by: Option<TimelineBy>,
    /// Propose staggers that bring the peaks under the budgets of the Fleet, or halve the peak where there is none, as a
    /// patch with the peaks before and after.
    #[arg(long, conflicts_with_all = ["at", "between", "by", "daylight_saving", "tasks", "clusters", "namespaces"])]
    pub(super) suggest: bool,
    /// List every run that a changing clock skips, repeats or adds in this year.
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(1970..=2200), conflicts_with_all = ["at", "between", "by"])]
    pub(super) daylight_saving: Option<i16>,
    /// What makes a row: `cluster`, `region`, `provider`, `namespace` or `label:KEY`; absent is `cluster`.
    #[arg(long, value_name = "GROUP")]
    pub(super) group_by: Option<super::timeline::GroupBy>,
    /// Only this task; may be repeated.
    #[arg(long = "task", value_name = "TASK")]
    pub(super) tasks: Vec<String>,
    /// Only this cluster; may be repeated.
    #[arg(long = "cluster", value_name = "CLUSTER")]
    pub(super) clusters: Vec<String>,
    /// Only tasks in this namespace; may be repeated.
    #[arg(long = "namespace", value_name = "NAMESPACE")]
    pub(super) namespaces: Vec<String>,
    /// The time zone in which times are shown, or `cluster` for that of each schedule.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(super) zone: String,
    /// Read the repository as this revision has it.
    #[arg(long, value_name = "REV")]
    pub(super) revision: Option<String>,
    /// Read the repository as it is staged.
    #[arg(long, conflicts_with = "revision")]
    pub(super) staged: bool,
}

impl Timeline {
    /// The state of the repository; `index` is the index file that Git names, if it does.
    pub(super) fn view(&self, index: Option<PathBuf>) -> View {
        match &self.revision {
            Some(revision) => View::Revision(revision.clone()),
            None if self.staged => View::Index(index),
            None => View::Folder,
        }
    }
}

/// What a row of a timeline may be made of beside groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TimelineBy {
    /// A row for each day of the week.
    Weekday,
}

/// `fleetcron explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A task, as `name` or `namespace/name`, or the code of a diagnostic; absent lists all codes.
    #[arg(value_name = "TASK or CODE")]
    pub(super) subject: Option<String>,
    /// Only this cluster, with every override that applies there.
    pub(super) cluster: Option<String>,
    #[command(flatten)]
    pub(super) state: StateArgs,
    #[command(flatten)]
    pub(super) moment: Moment,
}

/// `fleetcron diff`
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The state before, as a revision: whatever `git rev-parse` takes; absent is HEAD. `A..B` and `A...B` name both
    /// states, as for `git diff`.
    pub(super) base: Option<String>,
    /// The state after, as a revision; absent is the working tree.
    pub(super) head: Option<String>,
    /// The state after is what is staged.
    #[arg(long, conflicts_with_all = ["head", "at"])]
    pub(super) staged: bool,
    /// Show the manifests that differ line by line, too.
    #[arg(long)]
    pub(super) patch: bool,
    /// With `--format markdown`: at most so many bytes. The numbers are always there; diffs are left out whole, and counted.
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(500..))]
    pub(super) max_bytes: u32,
    /// Exit 0: nothing differs; 1: it could not run; 2: something differs. Without it 1 and 2 are the other way round.
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Show what another `karmada.compatibility` of the Fleet would change.
    #[arg(long, value_name = "MODE", conflicts_with_all = ["base", "against"])]
    pub(super) karmada: Option<KarmadaMode>,
    /// Compare with the manifests in this folder, by what they mean: a folder a cluster, or those of one cluster.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["base", "patch"])]
    pub(super) against: Option<PathBuf>,
    /// With `--against`: compile this revision instead of the working tree.
    #[arg(long, value_name = "REV", requires = "against")]
    pub(super) at: Option<String>,
    /// With `--against`: the folder holds the manifests of this cluster.
    #[arg(long, value_name = "CLUSTER", requires = "against")]
    pub(super) cluster: Option<String>,
    /// With `--against`: the namespace of manifests that name none.
    #[arg(long, value_name = "NAMESPACE", requires = "against")]
    pub(super) namespace: Option<String>,
}

/// How documents of Karmada are understood.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum KarmadaMode {
    /// As Karmada does it.
    Exact,
    /// A CronJob is a workload, and all overriders see its containers.
    Intended,
}

impl Diff {
    /// The state after; `index` is the index file that Git names, if it does.
    pub(super) fn view(&self, index: Option<PathBuf>) -> View {
        let ranged = self.base.as_deref().and_then(super::diff::head_of);
        match ranged.as_ref().or(self.head.as_ref()).or(self.at.as_ref()) {
            Some(revision) => View::Revision(revision.clone()),
            None if self.staged => View::Index(index),
            None => View::Folder,
        }
    }
}

/// `fleetcron cron`
#[derive(Debug, Args)]
pub(super) struct Cron {
    /// The schedule, quoted: `"0 3 * * mon-fri"`, `@daily`, `"@every 90m"`.
    #[arg(value_name = "EXPR")]
    pub(super) expression: String,
    /// A time zone by its IANA name; may be repeated, then they stand side by side. Without one it is UTC.
    #[arg(long = "zone", value_name = "ZONE")]
    pub(super) zones: Vec<String>,
    #[command(flatten)]
    pub(super) moment: Moment,
    /// How many runs.
    #[arg(short = 'n', value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) count: u16,
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Cluster documents from objects of Karmada, Open Cluster Management, Cluster API or Argo CD (credentials are never
    /// copied), or a ClusterCapacity from `kubectl get nodes,pods -A -o json`.
    Clusters(ImportClusters),
    /// A fleet from existing CronJobs per cluster: clusters, bases, tasks and overrides that compile to the same objects,
    /// proven before anything is written.
    Tasks(ImportTasks),
    /// Files of a repository of Karmada from policies, templates and clusters as `kubectl get ... -o yaml` writes them, without
    /// what a server wrote and without credentials.
    Karmada(ImportKarmada),
    /// `expectedDuration` of tasks from the start and completion times of their Jobs, as `kubectl get jobs -A -o json`
    /// prints them: the 95th percentile of at least 5 runs.
    Durations(ImportDurations),
}

/// `fleetcron tidy`
#[derive(Debug, Args)]
pub(super) struct Tidy {
    /// The task, as `name` or `namespace/name`; absent means all, with their bases.
    #[arg(value_name = "TASK")]
    pub(super) task: Option<String>,
    /// Write what is proposed.
    #[arg(long)]
    pub(super) write: bool,
}

/// How imported CronJobs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportForm {
    /// As `container` tasks; as a file where the format has no word for something.
    Auto,
    /// As `container` tasks.
    Native,
    /// One existing file as it is, with overrides over it.
    Cronjob,
}

/// `fleetcron import tasks`
#[derive(Debug, Args)]
pub(super) struct ImportTasks {
    /// Folders with a folder or a file a cluster, files called like their cluster, or `-` with `--cluster NAME=-`.
    #[arg(value_name = "SRC")]
    pub(super) sources: Vec<PathBuf>,
    /// A file or folder that is one cluster's; may be repeated.
    #[arg(long = "cluster", value_name = "NAME=PATH")]
    pub(super) clusters: Vec<String>,
    /// Where in the paths below SRC the cluster's name stands, as `envs/{cluster}/**`.
    #[arg(long, value_name = "PATTERN")]
    pub(super) layout: Option<String>,
    /// The folder of the fleet; one that is there is completed, and no file in it is overwritten.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) into: PathBuf,
    /// Say what would be written, but write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How CronJobs are written.
    #[arg(long, value_enum, default_value_t = ImportForm::Auto)]
    pub(super) form: ImportForm,
    /// Leave out what cannot be proven equal, and list it in import-left-out.txt, which the next import shortens.
    #[arg(long)]
    pub(super) partial: bool,
    /// Say why this task would be written as it is, and write nothing.
    #[arg(long, value_name = "TASK")]
    pub(super) explain: Option<String>,
    /// Leave out labels and annotations whose key matches; may be repeated.
    #[arg(long = "drop-labels", value_name = "GLOB")]
    pub(super) drop_labels: Vec<String>,
}

/// `fleetcron import karmada`
#[derive(Debug, Args)]
pub(super) struct ImportKarmada {
    /// YAML or JSON as `kubectl get ... -o yaml` writes it; `-` or nothing is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Write one file an object into this folder; absent prints them.
    #[arg(long, value_name = "DIR")]
    pub(super) into: Option<PathBuf>,
    /// Say what would be written, but write nothing.
    #[arg(long, requires = "into")]
    pub(super) dry_run: bool,
}

/// `fleetcron import durations`
#[derive(Debug, Args)]
pub(super) struct ImportDurations {
    /// YAML or JSON of Jobs; `-` or nothing is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Show what would change as a patch, but write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// `fleetcron import clusters`
#[derive(Debug, Args)]
pub(super) struct ImportClusters {
    /// YAML or JSON as `kubectl get ... -o yaml` writes it; `-` or nothing is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Write one file a cluster into this folder, or all into this .yaml file; what stands there is brought up to date.
    #[arg(long, value_name = "DIR|FILE")]
    pub(super) into: Option<PathBuf>,
    /// Print what would change, but write nothing.
    #[arg(long, requires = "into")]
    pub(super) dry_run: bool,
    /// The cluster that the nodes and pods of the input belong to.
    #[arg(long, value_name = "NAME")]
    pub(super) cluster: Option<String>,
    /// Call a cluster of the input, by its name or as `namespace/name`, something else; may be repeated.
    #[arg(long = "rename", value_name = "OLD=NEW")]
    pub(super) renames: Vec<String>,
}

/// What Argo CD asks its plugin.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Cmp {
    /// Print one cluster's manifests as fleetcron.lock has them, or nothing and what is wrong; the cluster is that of the
    /// plugin parameter `cluster`, of ARGOCD_ENV_CLUSTER, or the last folder of the application's path.
    Generate,
    /// Print the parameters that an application may give, with the clusters of the inventory.
    Parameters,
}

/// `fleetcron schema`
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The kind: Fleet, Cluster, ClusterCapacity, Base, Task or Override; absent prints all as one schema.
    pub(super) kind: Option<String>,
    /// Write one file a kind into this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    pub(super) out: Option<PathBuf>,
}
