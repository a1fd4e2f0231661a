//! Parses a lock. Order has no meaning, conflict markers count both sides, duplicates are one.

use std::collections::{BTreeMap, BTreeSet};

use super::{PATH, Record, RecordedTask, VERSION};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::tree::{FileId, Span};

/// What a lock was found to say.
#[derive(Clone, Debug, Default)]
pub struct ParsedLock {
    /// By the task's identity.
    pub tasks: BTreeMap<String, RecordedTask>,
    /// It holds the markers of a merge conflict.
    pub conflict: bool,
    /// The minor version that wrote it.
    pub minor: u32,
    /// It could not be read: what is recorded is not known.
    pub broken: bool,
}

/// What the first line begins with; the version follows.
pub(super) const HEADER: &str = "# fleetcron.lock version ";

/// The lines that Git puts around the sides of a conflict.
const MARKERS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// One task's facts as they come.
#[derive(Default)]
struct Facts {
    span: Option<Span>,
    clusters: BTreeMap<String, BTreeSet<i64>>,
    groups: BTreeSet<String>,
    digests: BTreeSet<String>,
    active: BTreeSet<String>,
    more: BTreeSet<String>,
}

/// Reads a lock. What is wrong with it goes into the bag.
pub fn read(file: FileId, bytes: &[u8], diags: &mut Diagnostics) -> ParsedLock {
    let mut found = ParsedLock::default();
    let whole = Span::new(file, 0, bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let Ok(text) = std::str::from_utf8(bytes) else {
        diags.push(invalid(whole, "the lock is not UTF-8 text"));
        return ParsedLock { broken: true, ..found };
    };
    let Some(version) = version(text, whole, diags) else { return ParsedLock { broken: true, ..found } };
    // A newer minor version may have facts that this one does not know.
    let newer = version > VERSION;
    found.minor = version.1;
    let mut tasks: BTreeMap<&str, Facts> = BTreeMap::new();
    let (mut offset, mut in_base) = (0, false);
    let mut unknown = 0_usize;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim_end();
        let span = Span::new(file, start, start + line.len());
        if let Some(marker) = MARKERS.iter().find(|marker| line.starts_with(**marker)) {
            if !found.conflict {
                diags.push(
                    Diagnostic::new(Code::LockConflict, span, "the lock holds an unresolved merge")
                        .note("the facts of both sides count, and the next build writes what comes of them")
                        .help("`fleetcron.lock merge=union` in .gitattributes lets Git merge it by itself"),
                );
            }
            // What both sides come from is history.
            (found.conflict, in_base) = (true, *marker == "|||||||");
            continue;
        }
        if in_base || line.is_empty() || line.starts_with('#') {
            continue;
        }
        match fact(line, newer) {
            Ok((task, fact)) => {
                let facts = tasks.entry(task).or_default();
                facts.span = facts.span.or(Some(span));
                unknown += usize::from(matches!(fact, Fact::More(_)));
                facts.add(fact);
            }
            Err(why) => {
                diags.push(invalid(span, &why));
                found.broken = true;
            }
        }
    }
    if unknown > 0 {
        let message = match unknown {
            1 => "a fact of a newer fleetcron is kept and not understood".to_owned(),
            n => format!("{n} facts of a newer fleetcron are kept and not understood"),
        };
        diags.push(Diagnostic::new(Code::LockNewer, whole, message).help("use the fleetcron that wrote it"));
    }
    found.tasks = tasks.into_iter().map(|(task, facts)| (task.to_owned(), facts.settle(whole))).collect();
    found
}

fn invalid(span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(Code::LockInvalid, span, message)
        .help(format!("take {PATH} from the last good commit, or remove it: then everything is decided anew"))
}

/// The version that wrote it; `None` if the lock cannot be read at all.
fn version(text: &str, whole: Span, diags: &mut Diagnostics) -> Option<(u32, u32)> {
    let versions = text.lines().filter_map(|line| line.strip_prefix(HEADER));
    let read = |said: &str| {
        let word: String = said.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let (major, minor) = word.split_once('.').unwrap_or((&word, "0"));
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    // A merge may leave the first lines of both sides.
    let Some(version) = versions.map(read).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max()) else {
        let message = format!("this is no lock: it does not say `{HEADER}{}`", VERSION.0);
        diags.push(invalid(whole, &message));
        return None;
    };
    if version.0 != VERSION.0 {
        let message = format!("the lock has version {}, and this fleetcron knows {}", version.0, VERSION.0);
        diags.push(Diagnostic::new(Code::LockInvalid, whole, message).help("use the fleetcron that wrote it"));
        return None;
    }
    Some(version)
}

/// One line behind the task.
enum Fact<'a> {
    Cluster(&'a str, i64),
    Group(&'a str),
    Active(&'a str),
    Digest(&'a str),
    More(&'a str),
}

fn fact(line: &str, newer: bool) -> Result<(&str, Fact<'_>), String> {
    let wrong = || format!("`{line}` is no fact: a line reads `TASK cluster NAME INSTANCES`, or active, group, digest");
    let (task, rest) = line.split_once(' ').ok_or_else(wrong)?;
    let words: Vec<&str> = rest.split(' ').collect();
    let fact = match words.as_slice() {
        ["cluster", name, number] if !name.is_empty() => {
            let number = number.parse::<i64>().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
            Fact::Cluster(name, number)
        }
        ["group", name] if !name.is_empty() => Fact::Group(name),
        ["active", name] if !name.is_empty() => Fact::Active(name),
        ["digest", digest] if !digest.is_empty() => Fact::Digest(digest),
        ["cluster" | "group" | "active" | "digest", ..] => return Err(wrong()),
        [_, ..] if newer => Fact::More(rest),
        _ => return Err(wrong()),
    };
    if task.is_empty() { Err(wrong()) } else { Ok((task, fact)) }
}

impl Facts {
    fn add(&mut self, fact: Fact<'_>) {
        match fact {
            Fact::Cluster(name, number) => {
                self.clusters.entry(name.to_owned()).or_default().insert(number);
            }
            Fact::Group(name) => {
                self.groups.insert(name.to_owned());
            }
            Fact::Active(name) => {
                self.active.insert(name.to_owned());
            }
            Fact::Digest(digest) => {
                self.digests.insert(digest.to_owned());
            }
            Fact::More(rest) => {
                self.more.insert(rest.to_owned());
            }
        }
    }

    fn settle(self, whole: Span) -> RecordedTask {
        let mut contradictions = Vec::new();
        let mut miscounted = false;
        for (name, numbers) in self.clusters.iter().filter(|(_, numbers)| numbers.len() > 1) {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            contradictions.push(format!("{} instances on {name}", numbers.join(" and ")));
            miscounted = true;
        }
        if self.groups.len() > 1 {
            let all: Vec<&str> = self.groups.iter().map(String::as_str).collect();
            contradictions.push(format!("the groups {}", all.join(" and ")));
        }
        if self.digests.len() > 1 {
            contradictions.push(format!("the digests of {} placements", self.digests.len()));
        }
        let one = |all: BTreeSet<String>| if all.len() > 1 { None } else { all.into_iter().next() };
        let (group, digest) = (one(self.groups), one(self.digests));
        let clusters = self.clusters.into_iter().filter_map(|(name, numbers)| Some((name, *numbers.first()?)));
        let record = Record { clusters: clusters.collect(), group, active: self.active, digest, more: self.more };
        RecordedTask { record, span: self.span.unwrap_or(whole), contradictions, miscounted }
    }
}
