//! Where Argo CD or Flux find the output: URL, revision, path. What is not known becomes a placeholder that the user is
//! told about.

use super::remote_url::{self, RemoteUrl};
use crate::model::Output;

/// The branch that holds the output where it is not committed beside the inputs.
const RENDERED: &str = "rendered";

/// What both deployers are told.
#[derive(Clone, Debug)]
pub struct OutputSource {
    /// The URL, or a placeholder.
    pub url: String,
    /// The URL is a placeholder.
    pub unknown: bool,
    /// The branch that was asked for, or the one that holds the output.
    pub branch: Option<String>,
    /// The branch that everybody starts from.
    pub main: String,
    /// What leads from the top of the repository, or of the branch, to the cluster directories; empty at the top.
    pub folder: String,
}

/// What is known of the Git repository around the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitRepository {
    /// What leads from the top of the work tree to the fleet, `/`-separated; empty at the top.
    pub prefix: String,
    /// The URL of the remote `origin`.
    pub origin: Option<String>,
    /// The default branch.
    pub branch: Option<String>,
}

/// Finds it out; what the reader should know goes into `notes`.
pub fn find_output_source(
    url: Option<&str>,
    branch: Option<&str>,
    repository: Option<&GitRepository>,
    output: &Output,
    notes: &mut Vec<String>,
) -> Result<OutputSource, String> {
    let origin = repository.and_then(|repository| repository.origin.as_deref());
    let found = match (url, origin) {
        (Some(said), _) => {
            let address = remote_url::parse_remote(said);
            let forms = "write it as https://HOST/PATH.git, ssh://git@HOST/PATH.git or git@HOST:PATH.git";
            Some(address.ok_or_else(|| format!("a cluster cannot fetch `--repo-url`: {forms}"))?)
        }
        (None, Some(origin)) => {
            let address = remote_url::parse_remote(origin);
            if address.is_none() {
                notes.push("the remote `origin` is no address that a cluster can fetch from".to_owned());
            }
            address
        }
        (None, None) => None,
    };
    if let Some(RemoteUrl { stripped: true, url }) = &found {
        notes.push(format!("credentials in the URL were left out: the files say {url}"));
    }
    let unknown = found.is_none();
    if unknown {
        let say = "the URL of the repository is not known: replace it in the files, or say `--repo-url URL`";
        notes.push(format!("{say}; now it is {}", remote_url::PLACEHOLDER));
    }
    if let Some(bad) =
        branch.filter(|branch| branch.is_empty() || branch.contains(|c: char| c.is_whitespace() || c.is_control()))
    {
        return Err(format!("`--branch {bad}` is no name of a branch"));
    }
    let prefix = repository.map_or("", |repository| repository.prefix.as_str());
    let folder = match (output.committed, prefix) {
        (false, _) => String::new(),
        (true, "") => output.dir.clone(),
        (true, prefix) => format!("{prefix}/{}", output.dir),
    };
    let own = if output.committed { None } else { Some(RENDERED.to_owned()) };
    Ok(OutputSource {
        url: found.map_or_else(|| remote_url::PLACEHOLDER.to_owned(), |address| address.url),
        unknown,
        branch: branch.map(str::to_owned).or(own),
        main: repository.and_then(|repository| repository.branch.clone()).unwrap_or_else(|| "main".to_owned()),
        folder,
    })
}
