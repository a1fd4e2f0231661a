//! Where Argo CD or Flux find the output: URL, revision, path. What is not known becomes a placeholder that the user is
//! told about.

use super::super::outcome::Failure;
use super::remote::{self, Address};
use crate::model::Output;
use crate::repo::Around;

/// The branch that holds the output where it is not committed beside the inputs.
const RENDERED: &str = "rendered";

/// What both deployers are told.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The URL, or a placeholder.
    pub(super) url: String,
    /// The URL is a placeholder.
    pub(super) unknown: bool,
    /// The branch that was asked for, or the one that holds the output.
    pub(super) branch: Option<String>,
    /// The branch that everybody starts from.
    pub(super) main: String,
    /// What leads from the top of the repository, or of the branch, to the cluster directories; empty at the top.
    pub(super) folder: String,
}

/// Finds it out; what the reader should know goes into `notes`.
pub(super) fn of(
    url: Option<&str>,
    branch: Option<&str>,
    around: Option<&Around>,
    output: &Output,
    notes: &mut Vec<String>,
) -> Result<Source, Failure> {
    let origin = around.and_then(|around| around.origin.as_deref());
    let found = match (url, origin) {
        (Some(said), _) => {
            let address = remote::address(said);
            let forms = "write it as https://HOST/PATH.git, ssh://git@HOST/PATH.git or git@HOST:PATH.git";
            Some(address.ok_or_else(|| Failure::Run(format!("a cluster cannot fetch `--repo-url`: {forms}")))?)
        }
        (None, Some(origin)) => {
            let address = remote::address(origin);
            if address.is_none() {
                notes.push("the remote `origin` is no address that a cluster can fetch from".to_owned());
            }
            address
        }
        (None, None) => None,
    };
    if let Some(Address { stripped: true, url }) = &found {
        notes.push(format!("credentials in the URL were left out: the files say {url}"));
    }
    let unknown = found.is_none();
    if unknown {
        let say = "the URL of the repository is not known: replace it in the files, or say `--repo-url URL`";
        notes.push(format!("{say}; now it is {}", remote::PLACEHOLDER));
    }
    if let Some(bad) =
        branch.filter(|branch| branch.is_empty() || branch.contains(|c: char| c.is_whitespace() || c.is_control()))
    {
        return Err(Failure::Run(format!("`--branch {bad}` is no name of a branch")));
    }
    let prefix = around.map_or("", |around| around.prefix.as_str());
    let folder = match (output.committed, prefix) {
        (false, _) => String::new(),
        (true, "") => output.dir.clone(),
        (true, prefix) => format!("{prefix}/{}", output.dir),
    };
    let own = if output.committed { None } else { Some(RENDERED.to_owned()) };
    Ok(Source {
        url: found.map_or_else(|| remote::PLACEHOLDER.to_owned(), |address| address.url),
        unknown,
        branch: branch.map(str::to_owned).or(own),
        main: around.and_then(|around| around.branch.clone()).unwrap_or_else(|| "main".to_owned()),
        folder,
    })
}
