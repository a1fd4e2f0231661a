//! Arguments of `fleetcron new`. Everything that is asked on a terminal has a flag.

use std::path::PathBuf;

use clap::Args;

use super::Moment;

/// `fleetcron new`
#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    /// The task: `name`, or `namespace/name`. On a terminal, what is not given is asked.
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,
    /// The image, with a tag or a digest.
    #[arg(long, value_name = "IMAGE")]
    pub(in crate::cli) image: Option<String>,
    /// When: a cron expression, or `every 15m`, `hourly 10`, `daily 03:00`, `weekly mon,thu 03:00`, `monthly 1,15 03:00`.
    #[arg(long, value_name = "EXPR")]
    pub(in crate::cli) schedule: Option<String>,
    /// The time zone of the schedule by its IANA name; `cluster` is each cluster's own.
    #[arg(long, value_name = "ZONE")]
    pub(in crate::cli) time_zone: Option<String>,
    /// On every cluster.
    #[arg(long, conflicts_with_all = ["clusters", "regions", "zones", "providers", "labels"])]
    pub(in crate::cli) all: bool,
    /// On this cluster; may be repeated.
    #[arg(long = "cluster", value_name = "CLUSTER")]
    pub(in crate::cli) clusters: Vec<String>,
    /// On clusters of this region; may be repeated.
    #[arg(long = "region", value_name = "REGION")]
    pub(in crate::cli) regions: Vec<String>,
    /// On clusters with this zone; may be repeated.
    #[arg(long = "zone", value_name = "ZONE")]
    pub(in crate::cli) zones: Vec<String>,
    /// On clusters of this provider; may be repeated.
    #[arg(long = "provider", value_name = "PROVIDER")]
    pub(in crate::cli) providers: Vec<String>,
    /// On clusters with this label; may be repeated: other labels must hold too, of one label any value will do.
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub(in crate::cli) labels: Vec<String>,
    /// Not on this cluster; may be repeated.
    #[arg(long = "exclude", value_name = "CLUSTER")]
    pub(in crate::cli) exclude: Vec<String>,
    /// The namespace.
    #[arg(long, value_name = "NAMESPACE")]
    pub(in crate::cli) namespace: Option<String>,
    /// What the task is for.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) description: Option<String>,
    /// A base; may be repeated. What a base says need not be said here.
    #[arg(long = "base", value_name = "BASE")]
    pub(in crate::cli) bases: Vec<String>,
    /// One word of the command; may be repeated.
    #[arg(long = "command", value_name = "WORD", allow_hyphen_values = true)]
    pub(in crate::cli) command: Vec<String>,
    /// One argument; may be repeated.
    #[arg(long = "arg", value_name = "ARG", allow_hyphen_values = true)]
    pub(in crate::cli) args: Vec<String>,
    /// A variable of the environment; may be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(in crate::cli) env: Vec<String>,
    /// What the container asks for, as `cpu=100m` or `memory=64Mi`; may be repeated.
    #[arg(long = "request", value_name = "RESOURCE=AMOUNT")]
    pub(in crate::cli) requests: Vec<String>,
    /// Pods of one run: in every cluster, or shared out as `--strategy` says.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) instances: Option<u32>,
    /// How instances are shared out.
    #[arg(long, value_name = "STRATEGY", value_parser = ["Duplicated", "Aggregated", "DynamicWeight", "StaticWeight"])]
    pub(in crate::cli) strategy: Option<String>,
    /// Of the clusters it is placed on, this one runs it and the others stand by; may be repeated.
    #[arg(long = "active", value_name = "CLUSTER")]
    pub(in crate::cli) active: Vec<String>,
    /// Of the clusters it is placed on, at most so many run it and the others stand by.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) active_max: Option<u32>,
    /// What differs on some clusters, as `cluster=NAME:WHAT=VALUE` or `region=NAME:WHAT=VALUE`, where WHAT is `registry`,
    /// `tag`, `env.NAME`, `schedule` or `suspend`; may be repeated. All else that may differ: docs/format.md.
    #[arg(long = "override", value_name = "WHERE:WHAT=VALUE")]
    pub(in crate::cli) overrides: Vec<String>,
    /// The file to write; absent is where most tasks live.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) into: Option<PathBuf>,
    /// Show the file and where the task would run, but write nothing.
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    #[command(flatten)]
    pub(in crate::cli) moment: Moment,
}
