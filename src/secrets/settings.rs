//! Secrets in settings, in whatever format they are written: `name=value`, `name: value`, JSON, XML, a header, a URL. It
//! parses none of them.
//!
//! In all formats a name stands before its value with a sign between them, so the sign is looked for, then the name before
//! it; where the value ends depends on the quote, on the sign and on what stands before the name. Every search is
//! remembered: a text of nothing but signs costs no more than its length.

use std::collections::BTreeMap;
use std::ops::Range;

use super::ahead::Ahead;
use super::harmless;
use super::names::SecretNames;

/// The secrets in a text.
pub(super) fn find_in_text(text: &str, names: &SecretNames) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut reader = SettingsReader::new(text, names);
    for (at, byte) in text.bytes().enumerate() {
        let value = match byte {
            b'=' | b':' => reader.setting(at),
            b'>' => reader.element(at),
            _ => None,
        };
        let told =
            |value: &Range<usize>| !harmless::is_harmless(&text[value.clone()]) && !reader.means_other(value, byte);
        if let Some(value) = value.filter(told) {
            reader.hidden(&value);
            all.push(value);
        }
        reader.pass(at, byte);
    }
    all.extend(spoken(text));
    all
}

fn named(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Where the runs of bytes begin that end at the current position: what may stand between a name and its sign, before
/// that the quotes that close a name, before that the name.
#[derive(Default)]
struct ByteRuns {
    named: usize,
    quotes: usize,
    named_before_quotes: usize,
    gap: usize,
    quotes_before_gap: usize,
    named_before_gap: usize,
}

impl ByteRuns {
    fn pass(&mut self, at: usize, byte: u8) {
        let next = at + 1;
        if !named(byte) {
            self.named = next;
        }
        if !quote(byte) && byte != b'\\' {
            (self.quotes, self.named_before_quotes) = (next, self.named);
        }
        if !blank(byte) && !matches!(byte, b':' | b'+' | b'?') {
            (self.gap, self.quotes_before_gap) = (next, self.quotes);
            self.named_before_gap = self.named_before_quotes;
        }
    }
}

/// A name before a sign.
#[derive(Clone, Copy)]
struct Name {
    start: usize,
    end: usize,
    speaks: bool,
    /// What stands before it, blanks and quotes aside.
    prior: Option<u8>,
}

/// A line of the text.
struct SettingsLine {
    start: usize,
    /// Where its list marks and blanks end.
    lead: usize,
    /// Where it ends without the blanks at its end.
    trimmed: usize,
    end: usize,
}

/// What is remembered while a text is read from its start.
struct SettingsReader<'t> {
    text: &'t str,
    names: &'t SecretNames,
    bytes: &'t [u8],
    runs: ByteRuns,
    /// The last `<`, `>` or newline.
    bracket: Option<usize>,
    name: Option<Name>,
    line: Option<SettingsLine>,
    newline: Ahead,
    solid: Ahead,
    space: Ahead,
    parameter: Ahead,
    member: Ahead,
    close: Ahead,
    tag: Ahead,
    /// A place, and where the blanks before it begin.
    trimmed: Option<(usize, usize)>,
    /// By quote and its backslashes: from where on one was looked for, and where it is.
    closings: BTreeMap<(u8, usize), (usize, Option<usize>)>,
    /// The end of a line, and the lines below it that are its value.
    below: Option<(usize, Range<usize>)>,
    /// The end of a block that is hidden: what is below a name in it, is in it.
    block: usize,
}

impl<'t> SettingsReader<'t> {
    fn new(text: &'t str, names: &'t SecretNames) -> Self {
        Self {
            text,
            names,
            bytes: text.as_bytes(),
            runs: ByteRuns::default(),
            bracket: None,
            name: None,
            line: None,
            newline: Ahead::default(),
            solid: Ahead::default(),
            space: Ahead::default(),
            parameter: Ahead::default(),
            member: Ahead::default(),
            close: Ahead::default(),
            tag: Ahead::default(),
            trimmed: None,
            closings: BTreeMap::new(),
            below: None,
            block: 0,
        }
    }

    /// Goes past a byte.
    fn pass(&mut self, at: usize, byte: u8) {
        self.runs.pass(at, byte);
        if matches!(byte, b'<' | b'>' | b'\n') {
            self.bracket = Some(at);
        }
    }

    /// Whether the name before a value has other meanings too, and the value does not look random.
    fn means_other(&self, value: &Range<usize>, sign: u8) -> bool {
        let name = self.name.filter(|_| sign != b'>').map(|name| &self.text[name.start..name.end]);
        name.is_some_and(|name| self.names.is_ambiguous(name)) && !harmless::looks_random(&self.text[value.clone()])
    }

    /// Remembers what is hidden.
    fn hidden(&mut self, value: &Range<usize>) {
        let is_block = self.below.as_ref().is_some_and(|(end, below)| below == value && self.opens_block(*end));
        if is_block {
            self.block = self.block.max(value.end);
        }
    }

    /// The name before a sign, if it speaks of a secret.
    fn name(&mut self) -> Option<Name> {
        let (start, end) = (self.runs.named_before_gap, self.runs.quotes_before_gap);
        let known = self.name.filter(|name| (name.start, name.end) == (start, end));
        let name = known.unwrap_or_else(|| {
            let speaks = start < end && self.names.announces(&self.text[start..end]);
            let telling = |byte: &&u8| !blank(**byte) && !quote(**byte) && **byte != b'\\';
            let prior = if speaks { self.bytes[..start].iter().rev().find(telling).copied() } else { None };
            Name { start, end, speaks, prior }
        });
        self.name = Some(name);
        name.speaks.then_some(name)
    }

    /// The line that holds a place.
    fn line(&mut self, at: usize) -> &SettingsLine {
        let text = self.text;
        let known = self.line.take().filter(|line| line.start <= at && at <= line.end);
        self.line.insert(known.unwrap_or_else(|| {
            let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
            let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
            let line = &text[start..end];
            let lead = start + line.len() - line.trim_start_matches(['-', ' ', '\t']).len();
            SettingsLine { start, lead, trimmed: start + line.trim_end().len(), end }
        }))
    }

    /// The value behind a sign, if the name before it speaks of a secret.
    fn setting(&mut self, at: usize) -> Option<Range<usize>> {
        let (text, bytes) = (self.text, self.bytes);
        // A comparison sets nothing.
        let near = [at.checked_sub(1).map(|at| bytes[at]), bytes.get(at + 1).copied()];
        if bytes[at] == b'='
            && (matches!(near[0], Some(b'=' | b'!' | b'<' | b'>')) || matches!(near[1], Some(b'=' | b'~')))
        {
            return None;
        }
        let Name { start, end, prior, .. } = self.name()?;
        let quoted = end < self.runs.gap;
        let opened = start.checked_sub(1).map(|before| bytes[before]).filter(|byte| quote(*byte));
        let flag = bytes[start] == b'-';
        let &SettingsLine { lead, trimmed, end: line_end, .. } = self.line(at);
        let lead = text.get(lead..start).unwrap_or_default();
        let first = matches!(lead, "" | "export " | "set " | "\"" | "'") && !flag;
        let arrow = usize::from(bytes.get(at + 1) == Some(&b'>'));
        let mut from = at + 1 + arrow;
        if bytes[at] == b':' || first || quoted || arrow > 0 {
            from += bytes[from..].iter().take_while(|byte| blank(**byte)).count();
        }
        // A quote, its backslashes where it stands in a quoted text itself.
        let slashes = bytes[from..].iter().take_while(|byte| **byte == b'\\').count();
        if let Some(mark) = bytes.get(from + slashes).filter(|byte| quote(**byte)) {
            let begin = from + slashes + 1;
            return Some(begin..self.closing(begin, *mark, slashes).unwrap_or(text.len()));
        }
        if let Some(mark) = opened.filter(|_| !quoted) {
            // The quotes are around name and value: a header, or a setting as one word.
            let newline = self.newline.next(text, from, |rest| rest.find('\n'));
            return Some(from..self.closing(from, mark, 0).unwrap_or(newline));
        }
        let solid = self.solid.next(text, from, |rest| rest.find(|c: char| !c.is_whitespace()));
        if bytes[at] == b':' && (solid >= line_end || matches!(bytes[from], b'|' | b'>')) {
            return self.below(at);
        }
        let stop = match (bytes[at], prior) {
            (_, Some(b'?' | b'&')) => {
                self.parameter.next(text, from, |rest| rest.find(|c: char| c == '&' || c.is_whitespace()))
            }
            _ if text[from..line_end].starts_with("$(") => {
                self.close.next(text, from, |rest| rest.find(')')).saturating_add(1)
            }
            (b':', Some(b'{' | b',')) => self.member.next(text, from, |rest| rest.find([',', '}'])),
            (b':', _) => line_end,
            _ if first => line_end,
            _ => self.space.next(text, from, |rest| rest.find(char::is_whitespace)),
        };
        let end = if stop < line_end { self.trimmed(stop) } else { trimmed }.max(from);
        let value = &text[from..end];
        let value = value.strip_suffix(['"', '\'', '`']).unwrap_or(value);
        Some(from..from + value.len())
    }

    /// A place without the blanks before it.
    fn trimmed(&mut self, stop: usize) -> usize {
        let (_, trimmed) = self
            .trimmed
            .filter(|(known, _)| *known == stop)
            .unwrap_or_else(|| (stop, self.text[..stop].trim_end().len()));
        self.trimmed = Some((stop, trimmed));
        trimmed
    }

    /// Where a quoted text ends; the mark has as many backslashes as the opening one. Two single quotes are no end.
    fn closing(&mut self, begin: usize, mark: u8, slashes: usize) -> Option<usize> {
        let bytes = self.bytes;
        let known = self.closings.get(&(mark, slashes)).copied();
        let (mut run, mut skipped) = (0, false);
        let mut since = None;
        for (at, byte) in bytes.iter().enumerate().skip(begin) {
            if *byte == b'\\' {
                run += 1;
                continue;
            }
            if *byte == mark {
                let twice = mark == b'\'' && bytes.get(at + 1) == Some(&mark);
                let ends = (run == slashes || (slashes == 0 && run % 2 == 0)) && !skipped;
                if ends && !twice {
                    let end = at - slashes;
                    // Also where the end is found before any other byte: the next one may be looked for from here.
                    self.closings.insert((mark, slashes), (since.unwrap_or(at), Some(end)));
                    return Some(end);
                }
                skipped = ends;
            } else {
                skipped = false;
                // From here on all that was read before is without effect.
                let from = *since.get_or_insert(at);
                if let Some((known, end)) = known
                    && from == at
                    && known <= at
                    && end.is_none_or(|end| at < end)
                {
                    return end;
                }
            }
            run = 0;
        }
        if let Some(since) = since {
            self.closings.insert((mark, slashes), (since, None));
        }
        None
    }

    /// Whether the lines below one are a block.
    fn opens_block(&self, end: usize) -> bool {
        let line = self.line.as_ref().filter(|line| line.end == end);
        line.is_some_and(|line| self.text[line.start..line.trimmed].ends_with(['|', '>', '-', '+']))
    }

    /// The lines below a name that go with it: those of a block, or the value alone.
    fn below(&mut self, at: usize) -> Option<Range<usize>> {
        let text = self.text;
        let &SettingsLine { start, end, .. } = self.line(at);
        if at < self.block {
            return None;
        }
        if let Some((_, known)) = self.below.as_ref().filter(|(line, _)| *line == end) {
            return Some(known.clone());
        }
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let own = indent(&text[start..]);
        let block = self.opens_block(end);
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
        let range = begin..begin + text[begin..last].trim_end_matches('\n').len();
        self.below = Some((end, range.clone()));
        Some(range)
    }

    /// The text of an element: `<password>...</password>`.
    fn element(&mut self, at: usize) -> Option<Range<usize>> {
        let text = self.text;
        let open = self.bracket.filter(|open| self.bytes[*open] == b'<')?;
        let name = text[open + 1..at].split([' ', '\t']).next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        if name.is_empty() || !name.bytes().all(named) || !self.names.announces(name) {
            return None;
        }
        Some(at + 1..self.tag.next(text, at + 1, |rest| rest.find('<')))
    }
}

/// `password hunter2x` in a sentence, and any word behind it in a file of logins.
fn spoken(text: &str) -> Vec<Range<usize>> {
    const WORDS: [&str; 6] = ["password", "passwd", "passphrase", "token", "secret", "apikey"];
    let mut all = Vec::new();
    let mut after = false;
    let logins = text.contains("login ") && text.contains("password ");
    let mut at = 0;
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end();
        if after && (harmless::is_dense(word) || logins) && !word.contains(['=', ':']) && !harmless::is_harmless(word) {
            all.push(at..at + word.len());
        }
        after = WORDS.iter().any(|known| word.eq_ignore_ascii_case(known));
        at += part.len();
    }
    all
}

#[cfg(test)]
mod reference;
