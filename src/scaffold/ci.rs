//! The jobs for GitHub Actions and GitLab CI.
//!
//! They are those of `docs/ci.md`, which a test runs; only the branch and the rendered branch are filled in.

use clap::ValueEnum;

use super::{FileText, quote_for_shell};
use crate::model::Output;

/// Where jobs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CiService {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

const GITHUB: &str = include_str!("../../integrations/github/fleetcron.yaml");
const GITLAB: &str = include_str!("../../integrations/gitlab/fleetcron.yml");

/// What the last job, which fills the rendered branch, begins with.
const RENDER: &str = "# The manifests, on a branch that Argo CD or Flux reads.";

/// The path and text of the job file. `prefix` leads from the top of the repository to the fleet, `branch` is the one
/// everybody starts from. Both services read the file at the top of the repository only.
///
/// # Errors
/// The fleet is not at the top.
pub fn job_file(service: CiService, prefix: &str, branch: Option<&str>, output: &Output) -> Result<FileText, String> {
    let (path, text) = match service {
        CiService::Github => (".github/workflows/fleetcron.yaml", GITHUB),
        CiService::Gitlab => (".gitlab-ci.yml", GITLAB),
    };
    if !prefix.is_empty() {
        let say = format!(
            "copy the jobs of docs/ci.md there, and add `--root {}` to each fleetcron",
            quote_for_shell(prefix)
        );
        return Err(format!("`{path}` is read at the top of the repository, and this fleet is not: {say}"));
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
    if let Some(branch) = branch {
        text = text.replace("branches: [main]", &format!("branches: [{}]", crate::scaffold::yaml_text::scalar(branch)));
    }
    Ok((path.to_owned(), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fleet;

    #[test]
    fn the_last_job_is_left_out_where_the_output_stands_beside_the_inputs() {
        for ci in [CiService::Github, CiService::Gitlab] {
            let apart = Output { committed: false, ..Fleet::default().output };
            let (_, whole) = job_file(ci, "", None, &apart).unwrap();
            let (_, beside) = job_file(ci, "", None, &Output { committed: true, ..Fleet::default().output }).unwrap();
            assert!(whole.contains("--commit-to rendered") && !beside.contains("--commit-to"), "{ci:?}");
            assert!(beside.contains("fleetcron check") && beside.contains("fleetcron diff"), "{ci:?}");
            assert!(!beside.contains("put this into") && !beside.ends_with("\n\n"), "{ci:?}");
        }
    }
}
