//! Arguments of `fleetcron init`: each flag adds one thing; without flags a folder becomes a fleet.

use std::path::PathBuf;

use clap::Args;

use crate::scaffold::ci::CiService;

/// `fleetcron init`
#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    /// The folder, made if it does not exist; absent is the fleet around this folder, else this folder.
    #[arg(value_name = "DIR")]
    pub(in crate::cli) dir: Option<PathBuf>,
    /// Make the fleet of the existing CronJobs in this folder, as `fleetcron import tasks` does, instead of an example.
    #[arg(long, value_name = "SRC")]
    pub(in crate::cli) from: Option<PathBuf>,
    /// Install a Git hook that checks what is staged before each commit, and print what the pre-commit framework needs.
    #[arg(long)]
    pub(in crate::cli) hook: bool,
    /// Write the jobs for GitHub Actions or GitLab CI: a check with the difference as a comment, and the rendered branch if the
    /// output is not committed.
    #[arg(long, value_enum, value_name = "SERVICE")]
    pub(in crate::cli) ci: Option<CiService>,
    /// Write an Argo CD ApplicationSet with one Application for each cluster directory.
    #[arg(long)]
    pub(in crate::cli) argocd: bool,
    /// Write a Flux GitRepository and one Kustomization a cluster; again after the inventory changed, those that are new.
    #[arg(long)]
    pub(in crate::cli) flux: bool,
    /// Where Argo CD or Flux find the repository; absent is the remote `origin`. Credentials are never written.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) repo_url: Option<String>,
    /// The branch that Argo CD or Flux follow; absent is the repository's own, or `rendered` where the output is not
    /// committed beside the inputs.
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) branch: Option<String>,
    /// Print what would be written, but write nothing.
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}
