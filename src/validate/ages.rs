//! Which releases of Kubernetes serve an API version of a built-in kind, by `schemas/k8s/apis.tsv`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Version;

/// The releases that serve one version of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Age {
    /// The first that serves it.
    pub first: Version,
    /// The first that no longer does.
    pub gone: Option<Version>,
    /// The version to write instead, if there is one.
    pub instead: Option<&'static str>,
}

static AGES: LazyLock<BTreeMap<(&'static str, &'static str), Age>> =
    LazyLock::new(|| read(include_str!("../../schemas/k8s/apis.tsv")).expect("a test reads the table"));

fn read(text: &'static str) -> Option<BTreeMap<(&'static str, &'static str), Age>> {
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| {
        let [version, kind, first, gone, instead] = row.split('\t').collect::<Vec<_>>()[..] else { return None };
        let gone = if gone == "-" { None } else { Some(Version::parse(gone)?) };
        let instead = Some(instead).filter(|instead| !instead.is_empty());
        Some(((version, kind), Age { first: Version::parse(first)?, gone, instead }))
    })
    .collect()
}

/// The age of a version of a kind; none of a kind that is not built in, or as old as Kubernetes 1.
pub fn age(api_version: &str, kind: &str) -> Option<Age> {
    AGES.get(&(api_version, kind)).copied()
}

#[cfg(test)]
mod tests {
    use super::{AGES, age};
    use crate::validate::Version;

    #[test]
    fn every_version_has_an_age_and_a_successor_that_is_known() {
        for ((version, kind), age) in AGES.iter() {
            assert!(age.gone.is_none_or(|gone| gone > age.first), "{version} {kind}");
            let known = |instead: &str| AGES.get(&(instead, *kind)).is_some_and(|it| it.gone.is_none());
            assert!(age.instead.is_none_or(known), "{version} {kind}");
            assert!(age.gone.is_some() || age.instead.is_none(), "{version} {kind}");
        }
    }

    #[test]
    fn versions_of_kinds_come_and_go() {
        let v = |minor| Version { major: 1, minor };
        assert_eq!(age("batch/v1", "CronJob").map(|it| (it.first, it.gone)), Some((v(21), None)));
        let policy = age("policy/v1beta1", "PodSecurityPolicy").unwrap();
        assert_eq!((policy.gone, policy.instead), (Some(v(25)), None));
        assert_eq!(age("v1", "ConfigMap"), None);
        assert_eq!(age("example.com/v1beta1", "Deployment"), None);
    }
}
