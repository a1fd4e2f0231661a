//! Finds what the author sees as the mistake where the parser stopped later or says something else: conflict markers of
//! Git, characters that look like spaces, byte order marks, and a missing space after a colon.

use std::ops::Range;

use crate::diag::{Code, Diagnostic};
use crate::tree::{FileId, Span};

/// A mistake is looked for in so many lines above the place where the parser stopped.
const ABOVE: usize = 20;

/// The mistake behind an error at an offset, if it is one of these.
pub(super) fn find(file: FileId, text: &str, at: usize) -> Option<Diagnostic> {
    let diagnostic = |range: Range<usize>, message: String| {
        Diagnostic::new(Code::YamlSyntax, Span::new(file, range.start, range.end), message)
    };
    if let Some(range) = conflict_marker(text) {
        let message = "this line is a conflict marker of Git: a merge is not finished".to_owned();
        let help = "keep one of the two parts, and remove the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`";
        return Some(diagnostic(range, message).help(help));
    }
    let lines = || lines_above(text, at);
    if let Some((range, character)) = lines().find_map(|(start, line)| odd_space(start, line)) {
        let name = name_of(character);
        let message = format!("{name} (U+{:04X}) stands where YAML takes only a space", u32::from(character));
        let what = if character == '\u{feff}' { "remove it" } else { "write a space in its place" };
        return Some(diagnostic(range, message).help(what));
    }
    lines().take(2).find_map(|(start, line)| {
        let (key, value) = unspaced(line)?;
        let colon = start + line.find(key)? + key.len();
        let message = format!("a space is missing after `{key}:`");
        Some(diagnostic(colon..colon + 1, message).help(format!("write `{key}: {value}`")))
    })
}

/// The first line that only Git writes.
fn conflict_marker(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let marks = ["<<<<<<<", ">>>>>>>", "|||||||"];
        if marks.iter().any(|mark| bare == *mark || bare.strip_prefix(mark).is_some_and(|rest| rest.starts_with(' '))) {
            return Some(start..start + bare.len());
        }
        start += line.len();
    }
    None
}

/// The line of an offset and those above it, nearest first, without empty ones.
fn lines_above(text: &str, at: usize) -> impl Iterator<Item = (usize, &str)> {
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    let mut rest = Some(&text[..end]);
    let lines = std::iter::from_fn(move || {
        let all = rest?;
        let start = all.rfind('\n').map_or(0, |end| end + 1);
        rest = start.checked_sub(1).map(|end| &all[..end]);
        Some((start, &all[start..]))
    });
    lines.filter(|(_, line)| !line.trim_matches([' ', '\r']).is_empty()).take(ABOVE)
}

/// A character in the indentation of a line, or behind its `-` or `:`, that looks like a space or like nothing.
fn odd_space(start: usize, line: &str) -> Option<(Range<usize>, char)> {
    let odd = |c: char| {
        c != ' '
            && c != '\t'
            && (c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'))
            && c != '\r'
    };
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if odd(c)
            && matches!(before, ' ' | '-' | ':')
            && !line[..at].contains(['"', '\'', '#'])
            && !(start == 0 && at == 0)
        {
            return Some((start + at..start + at + c.len_utf8(), c));
        }
        if c.is_alphanumeric() && before == ' ' && line[..at].contains(": ") {
            return None;
        }
        before = c;
    }
    None
}

fn name_of(character: char) -> &'static str {
    match character {
        '\u{a0}' => "a no-break space",
        '\u{feff}' => "a byte order mark",
        '\u{200b}'..='\u{200d}' | '\u{2060}' => "an invisible character",
        _ => "a wide or narrow space",
    }
}

/// Key and value of a line such as `schedule:daily`. A URL or a time of day is none.
fn unspaced(line: &str) -> Option<(&str, &str)> {
    let entry = line.trim().trim_start_matches("- ").trim_start();
    let (key, value) = entry.split_once(':')?;
    let word = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    let value = value.trim_end();
    let fits = value.starts_with(|c: char| !c.is_whitespace() && !"/:".contains(c)) && !value.contains(": ");
    (word && fits).then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(text: &str) -> Option<(usize, String)> {
        let parsed = crate::yaml::parse(FileId(0), text.as_bytes());
        let first = parsed.diagnostics.into_iter().next()?;
        let crate::diag::Place::Text(span) = first.place else { return None };
        Some((text[..span.start as usize].matches('\n').count() + 1, first.message))
    }

    #[test]
    fn a_mistake_is_reported_at_its_own_line() {
        for (text, line, words) in [
            ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n", 2, "conflict marker"),
            ("a:\n  b: 1\n\u{a0} c: 2\n  d: 3\n", 3, "no-break space (U+00A0)"),
            ("a: 1\n\u{feff}---\nb: 2\n", 2, "byte order mark (U+FEFF)"),
            ("a: 1\nkind:Task\nb: 2\n", 2, "a space is missing after `kind:`"),
            ("spec:\n  a: 1\n  image:x/y:1\n  b: 2\n", 3, "a space is missing after `image:`"),
        ] {
            let (found, message) = cause(text).unwrap_or_else(|| panic!("{text:?} is read"));
            assert!(found == line && message.contains(words), "{text:?}: line {found}: {message}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_no_cause() {
        for text in ["a: 1\nhttp://example.com\nb: 2\n", "a: 1\n03:00\nb: 2\n", "a: 1\n======\nb: 2\n"] {
            let (_, message) = cause(text).unwrap_or_else(|| panic!("{text:?} is read"));
            assert!(!message.contains("space is missing") && !message.contains("marker"), "{text:?}: {message}");
        }
    }
}
