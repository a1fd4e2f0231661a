//! Reads the two revisions of `diff BASE HEAD`. `A..B` and `A...B` mean what they mean to `git diff`.

use super::Diff;
use crate::cli::outcome::Failure;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct RevisionRange {
    /// The state before.
    pub(in crate::cli) base: String,
    /// The state after, if the range names it.
    pub(in crate::cli) head: Option<String>,
    /// The state before is where the one after left it.
    pub(in crate::cli) forked: bool,
}

impl RevisionRange {
    /// Of the arguments.
    pub(in crate::cli) fn of(args: &Diff) -> Result<Self, Failure> {
        let said = args.base.as_deref().unwrap_or("HEAD");
        let range = Self::parse(said);
        let plain = match (&range.head, args.head.is_some() || args.staged) {
            (Some(head), true) => format!("`{said}` names both states: write `fleetcron diff {} {head}`", range.base),
            _ => return Ok(range),
        };
        Err(Failure::Run(format!("{plain}, or the range alone")))
    }

    /// The state after, of a range that names one.
    pub(in crate::cli) fn head(said: &str) -> Option<String> {
        Self::parse(said).head
    }

    fn parse(said: &str) -> Self {
        // Behind a colon stands a folder, and no revision has two dots in its name.
        let dots = said.find("..").filter(|at| !said[..*at].contains(':'));
        let Some(at) = dots else { return Self { base: said.to_owned(), head: None, forked: false } };
        let forked = said[at..].starts_with("...");
        let side = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
        let head = side(&said[at + if forked { 3 } else { 2 }..]);
        Self { base: side(&said[..at]), head: Some(head), forked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_git_takes_it_for() {
        for (said, base, head, forked) in [
            ("main", "main", None, false),
            ("main..topic", "main", Some("topic"), false),
            ("main...topic", "main", Some("topic"), true),
            ("main..", "main", Some("HEAD"), false),
            ("...topic", "HEAD", Some("topic"), true),
            ("main:../fleet", "main:../fleet", None, false),
        ] {
            let wanted = RevisionRange { base: base.to_owned(), head: head.map(str::to_owned), forked };
            assert_eq!(RevisionRange::parse(said), wanted, "{said}");
        }
    }
}
