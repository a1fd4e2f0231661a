//! The settings in a text, found by looking from each sign back and ahead anew: the oracle for the reader that remembers
//! what it found. It is quadratic.

use std::ops::Range;

use proptest::prelude::*;

use super::super::SecretNames;
use super::super::{harmless, merge_overlapping};
use super::{blank, named, quote};

/// Where the line ends that holds a place.
fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |end| from + end)
}

/// The value behind a sign, if the name before it speaks of a secret.
fn setting(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    // A comparison sets nothing.
    let near = [at.checked_sub(1).map(|at| bytes[at]), bytes.get(at + 1).copied()];
    if bytes[at] == b'=' && (matches!(near[0], Some(b'=' | b'!' | b'<' | b'>')) || matches!(near[1], Some(b'=' | b'~')))
    {
        return None;
    }
    let before = |mut end: usize, is: fn(u8) -> bool| {
        while end > 0 && is(bytes[end - 1]) {
            end -= 1;
        }
        end
    };
    let close = before(at, |byte| blank(byte) || matches!(byte, b':' | b'+' | b'?'));
    let end = before(close, |byte| quote(byte) || byte == b'\\');
    let start = before(end, named);
    if start == end || !SecretNames::default().announces(&text[start..end]) {
        return None;
    }
    let quoted = end < close;
    let opened = start.checked_sub(1).map(|before| bytes[before]).filter(|byte| quote(*byte));
    let flag = bytes[start] == b'-';
    let line = text[..start].rfind('\n').map_or(0, |line| line + 1);
    let lead = text[line..start].trim_start_matches(['-', ' ', '\t']);
    let first = matches!(lead, "" | "export " | "set " | "\"" | "'") && !flag;
    let arrow = usize::from(bytes.get(at + 1) == Some(&b'>'));
    let mut from = at + 1 + arrow;
    if bytes[at] == b':' || first || quoted || arrow > 0 {
        from += bytes[from..].iter().take_while(|byte| blank(**byte)).count();
    }
    let rest = &text[from..];
    // A quote, its backslashes where it stands in a quoted text itself.
    let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
    if let Some(mark) = bytes.get(from + slashes).filter(|byte| quote(**byte)) {
        let begin = from + slashes + 1;
        let end = closing(&bytes[begin..], *mark, slashes).map_or(text.len(), |end| begin + end);
        return Some(begin..end);
    }
    if let Some(mark) = opened.filter(|_| !quoted) {
        // The quotes are around name and value: a header, or a setting as one word.
        let end = closing(&bytes[from..], mark, 0).map_or(line_end(text, from), |end| from + end);
        return Some(from..end);
    }
    let line = &text[from..line_end(text, from)];
    if bytes[at] == b':' && (line.trim().is_empty() || line.starts_with(['|', '>'])) {
        return below(text, start, from + line.len());
    }
    let prior = bytes[..start].iter().rev().find(|byte| !blank(**byte) && !quote(**byte) && **byte != b'\\');
    let stop = match (bytes[at], prior) {
        (_, Some(b'?' | b'&')) => line.find(|c: char| c == '&' || c.is_whitespace()),
        _ if line.starts_with("$(") => line.find(')').map(|end| end + 1),
        (b':', Some(b'{' | b',')) => line.find([',', '}']),
        (b':', _) => None,
        _ if first => None,
        _ => line.find(char::is_whitespace),
    };
    let value = line[..stop.unwrap_or(line.len())].trim_end();
    let value = value.strip_suffix(['"', '\'', '`']).unwrap_or(value);
    Some(from..from + value.len())
}

/// Where a quoted text ends; the mark has as many backslashes as the opening one. Two single quotes are no end.
fn closing(bytes: &[u8], mark: u8, slashes: usize) -> Option<usize> {
    let mut run = 0;
    let mut skipped = false;
    for (at, byte) in bytes.iter().enumerate() {
        let twice = mark == b'\'' && bytes.get(at + 1) == Some(&mark);
        if *byte == b'\\' {
            run += 1;
            continue;
        }
        let ends = run == slashes || (slashes == 0 && run % 2 == 0);
        if *byte == mark && ends && !skipped {
            if !twice {
                return Some(at - slashes);
            }
            skipped = true;
        } else {
            skipped = false;
        }
        run = 0;
    }
    None
}

/// The lines below a name that go with it: those of a block, or the value alone.
fn below(text: &str, name: usize, end: usize) -> Option<Range<usize>> {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let start = text[..name].rfind('\n').map_or(0, |line| line + 1);
    let own = indent(&text[start..]);
    let block = text[start..end].trim_end().ends_with(['|', '>', '-', '+']);
    let begin = (end + 1).min(text.len());
    let mut last = begin;
    for line in text[begin..].split_inclusive('\n') {
        let deeper = line.trim().is_empty() || indent(line) > own;
        // Without a sign for a block, what looks like a map is one, and is read by its own names.
        if !deeper || (!block && (line.contains(": ") || line.trim_end().ends_with(':'))) {
            break;
        }
        last += line.len();
    }
    Some(begin..begin + text[begin..last].trim_end_matches('\n').len())
}

/// The text of an element: `<password>...</password>`.
fn element(text: &str, at: usize) -> Option<Range<usize>> {
    let open = text[..at].rfind(['<', '>', '\n']).filter(|open| text.as_bytes()[*open] == b'<')?;
    let name = text[open + 1..at].split([' ', '\t']).next().unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or_default();
    if name.is_empty() || !name.bytes().all(named) || !SecretNames::default().announces(name) {
        return None;
    }
    let end = text[at + 1..].find('<').map_or(text.len(), |end| at + 1 + end);
    Some(at + 1..end)
}

/// Whether the name before a sign has other meanings too.
fn is_ambiguous(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let before = |mut end: usize, is: fn(u8) -> bool| {
        while end > 0 && is(bytes[end - 1]) {
            end -= 1;
        }
        end
    };
    let close = before(at, |byte| blank(byte) || matches!(byte, b':' | b'+' | b'?'));
    let end = before(close, |byte| quote(byte) || byte == b'\\');
    SecretNames::default().is_ambiguous(&text[before(end, named)..end])
}

fn found(text: &str) -> Vec<Range<usize>> {
    let values = text.bytes().enumerate().filter_map(|(at, byte)| match byte {
        b'=' | b':' => {
            setting(text, at).filter(|value| !is_ambiguous(text, at) || harmless::looks_random(&text[value.clone()]))
        }
        b'>' => element(text, at),
        _ => None,
    });
    let mut all: Vec<_> = values.filter(|value| !harmless::is_harmless(&text[value.clone()])).collect();
    all.extend(super::spoken(text));
    merge_overlapping(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_reader_that_remembers_finds_what_one_that_looks_anew_finds(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "token", "password", "key", "x", "hunter2", "=", ":", "=", ":", ": ", "=>", "==", "|", ">", "<", "</",
                " ", "  ", "\n", "\n  ", "\n    ", "\"", "'", "''", "`", "\\", "\\\\", "{", "}", ",", "&", "?", "-", "$(",
                ")", "export ", "é", "\u{2003}", "+", ".",
            ]),
            0..40,
        ),
    ) {
        let text = parts.concat();
        prop_assert_eq!(merge_overlapping(super::find_in_text(&text, &SecretNames::default())), found(&text), "{:?}", text);
    }
}
