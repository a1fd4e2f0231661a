//! `check --fix`: applies the fixes of diagnostics to the files they point into.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::outcome::Failure;
use super::session::Session;
use crate::diag::{Edit, Fix};
use crate::report::paint::Paint;
use crate::report::table::count;
use crate::sink;
use crate::tree::FileId;

/// A file with its fixes applied.
pub(super) struct FixedFile {
    /// Its path below the root.
    path: String,
    old: String,
    new: String,
    fixes: usize,
}

/// What the fixes make of the files; of fixes that meet only the first counts, the next run finds the others.
pub(super) struct Fixes {
    files: Vec<FixedFile>,
    /// Fixes that only `--unsafe-fixes` applies.
    unsafe_left: usize,
}

impl Fixes {
    /// The fixes of all diagnostics of a session: the safe ones, or all.
    pub(super) fn collect(session: &Session, unsafe_too: bool) -> Self {
        let mut by_file: BTreeMap<FileId, Vec<&Fix>> = BTreeMap::new();
        let mut unsafe_left = 0;
        for fix in session.diags.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
            if fix.safe || unsafe_too {
                by_file.entry(fix.span.file).or_default().push(fix);
            } else {
                unsafe_left += 1;
            }
        }
        let files = by_file.into_iter().filter_map(|(file, fixes)| {
            let source = session.tree().file(file);
            let old =
                std::str::from_utf8(&source.bytes).ok().filter(|text| !source.link && !text.starts_with('\u{feff}'))?;
            let (new, fixes) = apply(old, fixes);
            (new != old).then(|| FixedFile { path: source.path.to_string(), old: old.to_owned(), new, fixes })
        });
        Self { files: files.collect(), unsafe_left }
    }

    /// Whether there is something to change.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The changes as a patch that `git apply` takes.
    pub(super) fn patch(&self, paint: Paint) -> String {
        let mut text = String::new();
        for file in &self.files {
            let diff = TextDiff::from_lines(&file.old, &file.new);
            let names = (format!("a/{}", file.path), format!("b/{}", file.path));
            let unified = diff.unified_diff().context_radius(3).header(&names.0, &names.1).to_string();
            for line in unified.lines() {
                text.push_str(&match line.as_bytes() {
                    [b'-', ..] => paint.red(line),
                    [b'+', ..] => paint.green(line),
                    _ => line.to_owned(),
                });
                text.push('\n');
            }
        }
        text
    }

    /// Writes the files.
    pub(super) fn write(&self, session: &Session) -> Result<(), Failure> {
        for file in &self.files {
            sink::write_file(&session.root.join(&file.path), file.new.as_bytes())
                .map_err(|error| Failure::run(&error))?;
        }
        Ok(())
    }

    /// What was done, or would be, in words.
    pub(super) fn remark(&self, dry: bool) -> String {
        let fixes = self.files.iter().map(|file| file.fixes).sum();
        let verb = if dry { "would fix" } else { "fixed" };
        let left = match self.unsafe_left {
            0 => String::new(),
            left => format!("; {} only with `--unsafe-fixes`", count(left, "more fix").replace("fixs", "fixes")),
        };
        format!("{verb} {} in {}{left}", count(fixes, "mistake"), count(self.files.len(), "file"))
    }
}

/// A text with the fixes that fit it, and how many those are.
fn apply(text: &str, mut fixes: Vec<&Fix>) -> (String, usize) {
    fixes.sort_by_key(|fix| (fix.span.start, fix.span.end));
    let (mut new, mut at, mut applied) = (String::with_capacity(text.len()), 0, 0);
    for fix in fixes {
        let range = fix.span.range();
        let Some(old) = text.get(range.clone()).filter(|_| range.start >= at) else { continue };
        let quote =
            old.chars().next().filter(|first| matches!(fix.edit, Edit::Rename(_)) && ['"', '\''].contains(first));
        new.push_str(&text[at..range.start]);
        new.extend(quote);
        new.push_str(fix.text());
        new.extend(quote);
        at = range.end;
        applied += 1;
    }
    new.push_str(&text[at..]);
    (new, applied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Span;

    #[test]
    fn fixes_are_applied_in_order_and_those_that_meet_once() {
        let span = |start, end| Span::new(FileId(0), start, end);
        let fixes = [
            Fix::replace(span(9, 10), "true"),
            Fix::rename(span(0, 3), "aab", "aaa"),
            Fix::rename(span(0, 3), "aab", "bab"),
            Fix::rename(span(4, 7), "c", "cc"),
            Fix::replace(span(90, 91), "x"),
        ];
        let (new, applied) = apply("aab \"c\", y\n", fixes.iter().collect());
        assert_eq!((new.as_str(), applied), ("aaa \"cc\", true\n", 3));
    }
}
