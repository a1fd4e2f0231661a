//! Kubernetes versions as people and clouds write them. Only the minor release matters here.

use std::fmt;

/// The Kubernetes release whose schema we carry; `schemas/k8s/cronjob.txt` says the same.
pub const SCHEMA_VERSION: Version = Version { major: 1, minor: 36 };

/// A minor release of Kubernetes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// The 1 of 1.36.
    pub major: u16,
    /// The 36 of 1.36.
    pub minor: u16,
}

impl Version {
    /// Reads `1.33`, `v1.33.4`, `v1.33.4-gke.1245000`, `1.33+`.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim();
        let (major, rest) = text.strip_prefix('v').unwrap_or(text).split_once('.')?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (minor, tail) = rest.split_at_checked(end)?;
        if !(tail.is_empty() || tail.starts_with(['.', '-', '+'])) || major.starts_with('+') {
            return None;
        }
        Some(Version { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }

    /// Whether a cluster of this version may know fields that our schema does not.
    pub fn newer_than_schema(self) -> bool {
        self > SCHEMA_VERSION
    }
}

/// A range of versions for which something holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Valid {
    /// The first of them, if there is one.
    from: Option<Version>,
    /// The first after them, if there is one.
    to: Option<Version>,
}

impl Valid {
    /// Whether `version` is at least `least`; what follows from the answer holds only where the answer is the same.
    pub fn narrow(&mut self, version: Version, least: Version) -> bool {
        let reached = version >= least;
        if reached {
            self.from = self.from.max(Some(least));
        } else {
            self.to = Some(self.to.map_or(least, |to| to.min(least)));
        }
        reached
    }

    /// Whether it holds for a version.
    pub fn holds(self, version: Version) -> bool {
        self.from.is_none_or(|from| version >= from) && self.to.is_none_or(|to| version < to)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::{SCHEMA_VERSION, Valid, Version};

    #[test]
    fn versions_are_read_as_clouds_write_them() {
        let v133 = Some(Version { major: 1, minor: 33 });
        for text in ["1.33", "v1.33", "1.33.4", "v1.33.4-gke.1245000", "1.33+", "v1.33.0+k3s1", "1.33-eks-1"] {
            assert_eq!(Version::parse(text), v133, "{text}");
        }
        for text in ["", "1", "v", "1.", ".33", "1.x", "1.33x", "+1.33", "1.99999999999", "latest", "1.é"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_holds_where_it_would_be_the_same() {
        let version = |minor| Version { major: 1, minor };
        let mut valid = Valid::default();
        assert!(valid.narrow(version(33), version(30)) && !valid.narrow(version(33), version(35)));
        assert!(valid.narrow(version(33), version(28)) && !valid.narrow(version(33), version(36)));
        let held: Vec<u16> = (25..40).filter(|minor| valid.holds(version(*minor))).collect();
        assert_eq!(held, [30, 31, 32, 33, 34]);
    }

    #[test]
    fn minor_releases_are_numbers_and_not_texts() {
        assert!(Version::parse("1.9") < Version::parse("1.10"));
        assert!(Version::parse("1.37").is_some_and(Version::newer_than_schema));
        assert!(!SCHEMA_VERSION.newer_than_schema());
        assert_eq!(SCHEMA_VERSION.to_string(), crate::validate::SchemaNode::release());
    }
}
