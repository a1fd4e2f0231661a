//! Ranges of versions, of fleetcron, of Kubernetes and in labels, such as `>=0.3 <0.4`.

use std::fmt;

/// A version: major, minor, patch. What follows a `-` or `+` does not count.
pub type FleetcronVersion = (u64, u64, u64);

/// A list of conditions on a version, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRequirement {
    /// Each as the first version that passes, and the first above it that does not.
    bounds: Vec<Bounds>,
}

/// The versions from one on, and below another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    from: FleetcronVersion,
    below: Option<FleetcronVersion>,
}

/// Why a text is not a [`VersionRequirement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementError {
    /// The condition that cannot be read; empty if there is none at all.
    pub condition: String,
    /// What was probably meant, written so that it can be read.
    pub meant: Option<String>,
}

impl fmt::Display for RequirementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.condition.as_str() {
            "" => f.write_str("it is empty"),
            condition => write!(f, "`{condition}` is not a condition on a version"),
        }
    }
}

impl VersionRequirement {
    /// Reads conditions separated by spaces or commas: `>=`, `>`, `<`, `<=` or `=` and one to three numbers. Numbers that
    /// are missing stand for all values, as in Cargo's `semver`: `>0.3` begins at 0.4.0, and `=0.3` is every 0.3.x.
    ///
    /// # Errors
    /// There is no condition, or one cannot be read.
    pub fn parse(text: &str) -> Result<Self, RequirementError> {
        let mut bounds = Vec::new();
        let mut words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            // The operator may stand apart from the version.
            let joined = match word {
                "=" | ">" | ">=" | "<" | "<=" => format!("{word}{}", words.next().unwrap_or_default()),
                word => word.to_owned(),
            };
            bounds
                .push(condition(&joined).ok_or_else(|| RequirementError { meant: meant(&joined), condition: joined })?);
        }
        if bounds.is_empty() {
            return Err(RequirementError { condition: String::new(), meant: None });
        }
        Ok(Self { bounds })
    }

    /// Whether a version meets every condition.
    pub fn accepts(&self, version: FleetcronVersion) -> bool {
        self.bounds.iter().all(|bounds| version >= bounds.from && bounds.below.is_none_or(|below| version < below))
    }
}

/// The numbers of a version, and how many of them are given; the others are 0. `None` if it is not a version.
fn numbers(text: &str) -> Option<(FleetcronVersion, usize)> {
    let mut numbers = [0; 3];
    let mut count = 0;
    for part in text.split('.') {
        let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        *numbers.get_mut(count)? = part.parse().ok().filter(|_| plain)?;
        count += 1;
    }
    Some((numbers.into(), count))
}

/// The first version above all that begin with the given numbers.
fn after((major, minor, patch): FleetcronVersion, count: usize) -> FleetcronVersion {
    match count {
        1 => (major.saturating_add(1), 0, 0),
        2 => (major, minor.saturating_add(1), 0),
        _ => (major, minor, patch.saturating_add(1)),
    }
}

fn condition(text: &str) -> Option<Bounds> {
    const FIRST: FleetcronVersion = (0, 0, 0);
    let end = text.find(|c: char| c.is_ascii_digit())?;
    let (version, count) = numbers(&text[end..])?;
    Some(match &text[..end] {
        ">=" => Bounds { from: version, below: None },
        ">" => Bounds { from: after(version, count), below: None },
        "<" => Bounds { from: FIRST, below: Some(version) },
        "<=" => Bounds { from: FIRST, below: Some(after(version, count)) },
        "=" => Bounds { from: version, below: Some(after(version, count)) },
        _ => return None,
    })
}

/// What a condition of npm or Cargo means.
fn meant(text: &str) -> Option<String> {
    let bare = text.trim_start_matches(['^', '~', '=', 'v']).trim_end_matches(".x").trim_end_matches(".*");
    let (version, count) = numbers(bare)?;
    let exact = count == 3 && !text.starts_with(['^', '~']);
    // Before 1.0 the minor number is that of incompatible changes.
    let width = if exact {
        3
    } else if version.0 == 0 || text.starts_with('~') {
        2
    } else {
        1
    };
    if exact {
        return Some(format!("={bare}"));
    }
    let (major, minor, _) = after(version, width.min(count.max(1)));
    Some(format!(">={bare} <{major}.{minor}"))
}

/// The version of a program as it is written, `0.3.1-rc.1` for instance.
pub fn version(text: &str) -> Option<FleetcronVersion> {
    numbers(text.split(['-', '+']).next()?).filter(|(_, count)| *count == 3).map(|(version, _)| version)
}

/// The version of a release as clusters state it: `1.33`, `v1.33.4-gke.1245000`, `4.13`. What follows a `-` or `+` does not
/// count, and numbers that are missing are 0.
pub fn release(text: &str) -> Option<FleetcronVersion> {
    let text = text.trim();
    let plain = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next()?;
    numbers(plain).map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_accepts_what_its_conditions_say() {
        for (range, inside, outside) in [
            (">=0.3 <0.4", &["0.3.0", "0.3.99", "0.3.1-rc.1"][..], &["0.2.9", "0.4.0", "1.3.0"][..]),
            (">=0.3,<0.4", &["0.3.0"], &["0.4.0"]),
            (">= 0.3, < 0.4", &["0.3.0"], &["0.4.0"]),
            ("=0.3", &["0.3.0", "0.3.7"], &["0.4.0", "0.2.9"]),
            ("=0.3.1", &["0.3.1"], &["0.3.0", "0.3.2"]),
            (">0.3", &["0.4.0"], &["0.3.0", "0.3.9"]),
            (">0.3.1", &["0.3.2"], &["0.3.1"]),
            ("<=0.3", &["0.3.9", "0.0.1"], &["0.4.0"]),
            ("<1", &["0.99.0"], &["1.0.0"]),
            (">=1", &["1.0.0", "2.1.0"], &["0.9.9"]),
        ] {
            let range = VersionRequirement::parse(range).expect("a range");
            for text in inside {
                assert!(range.accepts(version(text).expect("a version")), "{range:?} {text}");
            }
            for text in outside {
                assert!(!range.accepts(version(text).expect("a version")), "{range:?} {text}");
            }
        }
    }

    #[test]
    fn a_release_may_be_short_and_have_an_ending() {
        for (text, version) in [
            ("1.33", Some((1, 33, 0))),
            ("v1.33.4-gke.1245000", Some((1, 33, 4))),
            ("1.27.3+k3s1", Some((1, 27, 3))),
            ("1.33+", Some((1, 33, 0))),
            ("4", Some((4, 0, 0))),
            ("latest", None),
            ("", None),
            ("1.2.3.4", None),
        ] {
            assert_eq!(release(text), version, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_range_is_refused_with_what_was_meant() {
        for (text, meant) in [
            ("", None),
            (" , ", None),
            ("0.3", Some(">=0.3 <0.4")),
            ("0.3.1", Some("=0.3.1")),
            ("v0.3.1", Some("=0.3.1")),
            ("==0.3.1", Some("=0.3.1")),
            ("^0.3", Some(">=0.3 <0.4")),
            ("^1.2", Some(">=1.2 <2.0")),
            ("~0.3.1", Some(">=0.3.1 <0.4")),
            ("~1.2", Some(">=1.2 <1.3")),
            ("0.3.x", Some(">=0.3 <0.4")),
            ("0.*", Some(">=0 <1.0")),
            (">=", None),
            (">=0.3 || <0.1", None),
            (">=0.3.1.2", None),
            (">=0.-3", None),
            (">=0.+3", None),
            ("=>0.3", None),
            ("latest", None),
            (">=99999999999999999999", None),
        ] {
            let error = VersionRequirement::parse(text).expect_err(text);
            assert_eq!(error.meant.as_deref(), meant, "{text}");
            if let Some(meant) = meant {
                VersionRequirement::parse(meant).expect("can be read");
            }
        }
    }
}
