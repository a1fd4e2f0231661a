//! A path relative to the fleet root, `/`-separated. A [`RepoPath`] cannot climb out of the root.

use std::fmt;

/// A `/`-separated relative path with no empty, `.` or `..` parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Box<str>);

/// Why a text is not a [`RepoPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `..` climbs above the root.
    #[error("it leads out of the fleet root")]
    Outside,
    /// Nothing is left after normalising.
    #[error("it is empty")]
    Empty,
    /// A NUL, a backslash or another control character stands in it.
    #[error("it holds a character that a path in a repository cannot have")]
    Character,
}

impl RepoPath {
    /// Reads a path that must already be clean: no `.`, `..`, empty parts or leading `/`.
    ///
    /// # Errors
    /// [`PathError`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.bytes().any(|byte| !matches!(byte, b' '..=b'~')) && text.chars().any(char::is_control) {
            return Err(PathError::Character);
        }
        if text.as_bytes().split(|byte| *byte == b'/').any(|part| matches!(part, b"" | b"." | b"..")) {
            return Err(PathError::Outside);
        }
        Ok(Self(text.into()))
    }

    /// Resolves `reference` as it stands in the file `self`: relative to the folder of that file,
    /// or to the fleet root if it begins with `/`. `.` and `..` are folded.
    ///
    /// # Errors
    /// [`PathError::Outside`] if it climbs above the root, [`PathError::Empty`] if nothing is left.
    pub fn resolve(&self, reference: &str) -> Result<Self, PathError> {
        if reference.chars().any(|c| c.is_control()) {
            return Err(PathError::Character);
        }
        let mut parts: Vec<&str> = Vec::new();
        if !reference.starts_with('/') {
            parts.extend(self.0.split('/'));
            parts.pop();
        }
        for part in reference.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(PathError::Outside)?;
                }
                part => parts.push(part),
            }
        }
        if parts.is_empty() { Err(PathError::Empty) } else { Ok(Self(parts.join("/").into())) }
    }

    /// `self/child`, where `child` is clean as [`RepoPath::new`] asks.
    ///
    /// # Errors
    /// As [`RepoPath::new`].
    pub fn join(&self, child: &str) -> Result<Self, PathError> {
        Self::new(&format!("{}/{child}", self.0))
    }

    /// `self/path`: two clean paths make a clean one.
    #[must_use]
    pub fn append(&self, path: &RepoPath) -> Self {
        Self(format!("{}/{}", self.0, path.0).into())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last `/`.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The first part: for output, the cluster directory.
    pub fn first(&self) -> &str {
        self.0.split('/').next().unwrap_or(&self.0)
    }

    /// Whether `self` is `folder` or lies below it.
    pub fn is_below(&self, folder: &RepoPath) -> bool {
        self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_climb_out() {
        for bad in ["", "/a", "a//b", "a/", ".", "..", "a/../b", "./a", "a\0b"] {
            assert!(RepoPath::new(bad).is_err(), "{bad:?}");
        }
        let here = RepoPath::new("tasks/billing/a.yaml").unwrap();
        assert_eq!(here.resolve("../x.sh").unwrap().as_str(), "tasks/x.sh");
        assert_eq!(here.resolve("/x.sh").unwrap().as_str(), "x.sh");
        assert_eq!(here.resolve("./x.sh").unwrap().as_str(), "tasks/billing/x.sh");
        assert_eq!(here.resolve("../../../x").unwrap_err(), PathError::Outside);
        assert_eq!(here.resolve("/..").unwrap_err(), PathError::Outside);
        assert_eq!(here.resolve("../..").unwrap_err(), PathError::Empty);
    }
}
