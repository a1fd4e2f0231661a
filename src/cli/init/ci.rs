//! The jobs for GitHub Actions and GitLab CI.
//!
//! They are those of `docs/ci.md`, which a test runs; only the branch and the rendered branch are filled in.

use clap::ValueEnum;

use super::super::outcome::Failure;
use super::hook::quoted;
use super::start::Text;
use crate::model::Output;
use crate::repo::Around;

/// Where jobs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

const GITHUB: &str = include_str!("../../../integrations/github/fleetcron.yaml");
const GITLAB: &str = include_str!("../../../integrations/gitlab/fleetcron.yml");

/// What the last job, which fills the rendered branch, begins with.
const RENDER: &str = "# The manifests, on a branch that Argo CD or Flux reads.";

/// The file. Both services read it at the top of the repository only.
///
/// # Errors
/// The fleet is not at the top.
pub(super) fn text(ci: Ci, around: Option<&Around>, output: &Output) -> Result<Text, Failure> {
    let (path, text) = match ci {
        Ci::Github => (".github/workflows/fleetcron.yaml", GITHUB),
        Ci::Gitlab => (".gitlab-ci.yml", GITLAB),
    };
    if let Some(around) = around.filter(|around| !around.prefix.is_empty()) {
        let say =
            format!("copy the jobs of docs/ci.md there, and add `--root {}` to each fleetcron", quoted(&around.prefix));
        return Err(Failure::files(format!(
            "`{path}` is read at the top of the repository, and this fleet is not: {say}"
        )));
    }
    let mut text = text.to_owned();
    if output.committed
        && let Some(render) = text.find(RENDER)
    {
        text.truncate(render);
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    // The first line says where to put the file; now it is there.
    let text = text.lines().skip_while(|line| line.contains("put this into")).map(|line| format!("{line}\n"));
    let mut text: String = text.collect::<String>().trim_start_matches("#\n").to_owned();
    if let Some(branch) = around.and_then(|around| around.branch.as_deref()) {
        text = text.replace("branches: [main]", &format!("branches: [{}]", super::super::hand::scalar(branch)));
    }
    Ok((path.to_owned(), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fleet;

    #[test]
    fn the_last_job_is_left_out_where_the_output_stands_beside_the_inputs() {
        for ci in [Ci::Github, Ci::Gitlab] {
            let apart = Output { committed: false, ..Fleet::default().output };
            let (_, whole) = text(ci, None, &apart).unwrap();
            let (_, beside) = text(ci, None, &Output { committed: true, ..Fleet::default().output }).unwrap();
            assert!(whole.contains("--commit-to rendered") && !beside.contains("--commit-to"), "{ci:?}");
            assert!(beside.contains("fleetcron check") && beside.contains("fleetcron diff"), "{ci:?}");
            assert!(!beside.contains("put this into") && !beside.ends_with("\n\n"), "{ci:?}");
        }
    }
}
