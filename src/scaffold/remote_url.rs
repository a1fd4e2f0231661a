//! Turns a remote URL into one that a cluster can use.
//!
//! URLs may hold a password or name a folder of this machine; neither is ever written into a committed file.

/// What stands where nobody said a URL: a name that no host can have.
pub const PLACEHOLDER: &str = "https://git.example.invalid/REPLACE/ME.git";

/// An address that Argo CD and Flux both understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUrl {
    /// `https://` or `ssh://`, without credentials.
    pub url: String,
    /// Something was left out: a password, a token, a user of https.
    pub stripped: bool,
}

/// Reads a URL, or what `git clone` takes for one; `None` for folders, and for what neither Argo CD nor Flux fetch.
pub fn parse_remote(said: &str) -> Option<RemoteUrl> {
    let said = said.trim();
    if said.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let (scheme, rest) = match said.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        None => ("ssh".to_owned(), short(said)?),
    };
    let scheme = match scheme.as_str() {
        "https" | "http" | "ssh" => scheme.as_str(),
        "git+ssh" | "ssh+git" => "ssh",
        _ => return None,
    };
    let (authority, path) = rest.split_once('/')?;
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let clean = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    if host.is_empty() || clean.is_empty() {
        return None;
    }
    let (user, secret) = match user {
        None | Some("") => (String::new(), false),
        Some(user) if scheme == "ssh" => match user.split_once(':') {
            Some((name, _)) => (format!("{name}@"), true),
            None => (format!("{user}@"), false),
        },
        Some(_) => (String::new(), true),
    };
    let stripped = secret || path.contains(['?', '#']);
    Some(RemoteUrl { url: format!("{scheme}://{user}{host}/{clean}"), stripped })
}

/// `user@host:path` as what follows `ssh://`; `None` for a folder.
fn short(said: &str) -> Option<String> {
    let (host, path) = said.split_once(':')?;
    let folder = host.contains(['/', '\\']) || host.len() < 2 || path.starts_with('\\');
    (!folder).then(|| format!("{host}/{}", path.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::parse_remote;

    #[test]
    fn credentials_never_pass() {
        let clean = |said: &str| parse_remote(said).map(|address| (address.url, address.stripped));
        for (said, url, stripped) in [
            ("https://github.com/acme/fleet.git", "https://github.com/acme/fleet.git", false),
            ("https://me:s3cret@github.com/acme/fleet.git", "https://github.com/acme/fleet.git", true),
            ("https://ghp_token@github.com/acme/fleet", "https://github.com/acme/fleet", true),
            ("https://oauth2:a@b@gitlab.com/acme/fleet/", "https://gitlab.com/acme/fleet", true),
            ("https://host/a.git?private_token=x", "https://host/a.git", true),
            ("HTTPS://host:8443/a.git", "https://host:8443/a.git", false),
            ("git@github.com:acme/fleet.git", "ssh://git@github.com/acme/fleet.git", false),
            ("host.example.com:/srv/fleet.git", "ssh://host.example.com/srv/fleet.git", false),
            ("ssh://git:pw@host:2222/acme/fleet.git", "ssh://git@host:2222/acme/fleet.git", true),
            ("git+ssh://git@host/a", "ssh://git@host/a", false),
        ] {
            assert_eq!(clean(said), Some((url.to_owned(), stripped)), "{said}");
        }
    }

    #[test]
    fn a_folder_is_no_address() {
        for said in [
            "/srv/git/fleet.git",
            "../fleet",
            "file:///srv/fleet",
            "C:\\fleet",
            "c:/fleet",
            "",
            "https://host",
            "git://h/a",
            "https://h/a b",
        ] {
            assert_eq!(parse_remote(said), None, "{said}");
        }
    }
}
