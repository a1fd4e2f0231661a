//! The path of a manifest below its cluster's directory: `<namespace>/<name>.<kind>.yaml`.
//!
//! Names, namespaces, kinds and API groups may come from references and patches, so a path is only made of parts that can
//! stand in one. Whoever makes a manifest has to handle a part that cannot: it is never left out of the output silently.

use super::sha256::sha256;
use crate::tree::RepoPath;

/// `NAME_MAX` of Linux, macOS and Windows: no file name has more bytes.
const NAME_MAX: usize = 255;
/// How many bytes of a longer name are kept.
const KEPT: usize = 200;

/// The path of an object of that kind (`configmap`, `foo.example.com`); `None` if one of the parts cannot stand in a path.
pub(super) fn manifest(namespace: Option<&str>, name: &str, kind: &str) -> Option<RepoPath> {
    let parts = || namespace.into_iter().chain([name, kind]);
    if !parts().all(is_sound) {
        return None;
    }
    let file = file_name(name, kind);
    let path = match namespace {
        Some(namespace) => format!("{namespace}/{file}"),
        None => file,
    };
    RepoPath::new(&path).ok()
}

/// Whether a text can stand in a path as a part of it, and in a line of text.
pub(super) fn is_sound(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(['/', '\\']) && !part.contains(char::is_control)
}

/// `<name>.<kind>.yaml`. Of a name with which that would be too long for a file system the first bytes are kept, and a hash
/// of the whole tells it from others; where the kind leaves no room for that, the same is done to name and kind together.
fn file_name(name: &str, kind: &str) -> String {
    let full = format!("{name}.{kind}.yaml");
    if full.len() <= NAME_MAX {
        return full;
    }
    let short = format!("{}.{kind}.yaml", shortened(name));
    if short.len() <= NAME_MAX { short } else { format!("{}.yaml", shortened(&format!("{name}.{kind}"))) }
}

/// The first 200 bytes, `-`, and the first 12 digits of the SHA-256 of the whole.
fn shortened(name: &str) -> String {
    format!("{}-{}", &name[..name.floor_char_boundary(KEPT)], &sha256(name)[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(namespace: Option<&str>, name: &str, kind: &str) -> Option<String> {
        manifest(namespace, name, kind).map(|path| path.to_string())
    }

    #[test]
    fn a_part_that_cannot_stand_in_a_path_gives_none() {
        assert_eq!(path(Some("a"), "b", "configmap").as_deref(), Some("a/b.configmap.yaml"));
        assert_eq!(path(None, "system:a b", "clusterrole").as_deref(), Some("system:a b.clusterrole.yaml"));
        for odd in ["", ".", "..", "a/b", "../x", "a\\b", "a\nb", "\u{1b}"] {
            assert_eq!(path(Some(odd), "b", "c"), None, "{odd:?}");
            assert_eq!(path(None, odd, "c"), None, "{odd:?}");
            assert_eq!(path(None, "b", odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_file_name_has_255_bytes_at_most() {
        let whole = "a".repeat(255 - ".configmap.yaml".len());
        assert_eq!(path(None, &whole, "configmap"), Some(format!("{whole}.configmap.yaml")));
        let longer = format!("{whole}a");
        // printf 'a%.0s' {1..241} | sha256sum
        let kept = "a".repeat(200);
        assert_eq!(path(None, &longer, "configmap"), Some(format!("{kept}-ec6e326ef29f.configmap.yaml")));
        let other = path(None, &format!("{whole}b"), "configmap").unwrap();
        assert!(other.starts_with(&kept) && other != path(None, &longer, "configmap").unwrap());
        // The kind alone is longer than a file name may be.
        let kind = format!("thing.{}", "g".repeat(250));
        let file = path(None, "b", &kind).unwrap();
        assert!(file.len() == 218 && file.starts_with("b.thing.gg") && file.ends_with(".yaml"), "{file}");
        // A name of no limit (RBAC) is cut between two characters.
        let file = path(None, &"é".repeat(400), "role").unwrap();
        assert!(file.len() <= 255 && file.starts_with("éé"), "{file}");
    }
}
