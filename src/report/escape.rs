//! Escapes what a terminal, a browser or the log of a CI job would obey or not show in text of other people: control
//! characters, bidirectional and zero-width characters, workflow commands.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io;

use serde_json::Value;

use crate::report::Format;

/// How colours begin; anything else that begins so is obeyed too, and never ours.
const ESCAPE: char = '\u{1b}';

/// Commands that a log takes from anywhere in a line: older ones of GitHub Actions, those of Azure Pipelines and TeamCity.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Whether colours of ours stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorStyle {
    /// There are none: every escape character is somebody else's.
    Plain,
    /// Sequences that set a colour (SGR) pass.
    Colored,
}

/// A text of one line.
pub fn plain(text: &str) -> String {
    escaped(text, odd)
}

/// A text of several lines.
pub fn lines(text: &str) -> String {
    escaped(text, |c| c != '\n' && odd(c))
}

/// A text for standard output or error, either of which may be the log of a CI job.
///
/// GitHub's runner takes a line as a command that begins with `::` after white space, a known name, and `::`
/// (`ActionCommand.TryParseV2` in actions/runner), so no line does but one: `::: path:1:2` leads to another file in a report
/// and can be no command, because `:` is the name of none. Where the report is for GitHub itself, that is broken up too.
pub fn for_log(format: Format, text: &str, style: ColorStyle) -> Cow<'_, str> {
    let strange = |c: char| !matches!(c, '\n' | '\t') && odd(c);
    if !text.contains("::") && !text.contains("##") && !text.contains(strange) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(strange) {
        safe.push_str(&rest[..at]);
        let colour = if style == ColorStyle::Colored { sgr(&rest[at..]) } else { 0 };
        let length = if colour > 0 { colour } else { rest[at..].chars().next().map_or(0, char::len_utf8) };
        let (odd, after) = rest[at..].split_at(length);
        if colour > 0 {
            safe.push_str(odd);
        } else {
            safe.extend(odd.chars().flat_map(char::escape_default));
        }
        rest = after;
    }
    safe.push_str(rest);
    let strict = format == Format::Github;
    Cow::Owned(broken_up(safe, "## ").split_inclusive('\n').map(|line| without_command(line, strict)).collect())
}

/// A text without the commands that a log takes from anywhere, `apart` in the place of their `##`.
fn broken_up(mut text: String, apart: &str) -> String {
    if text.contains("##") {
        for command in COMMANDS {
            text = text.replace(command, &command.replacen("##", apart, 1));
        }
    }
    text
}

/// A document for a program: escapes of JSON say the same, so nothing is lost.
pub fn json(text: &str) -> Cow<'_, str> {
    // What JSON itself does not escape stands in strings alone.
    let strange = |c: char| c >= '\u{7f}' && odd(c);
    if !text.contains(strange) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if strange(c) {
            let mut units = [0; 2];
            safe.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(broken_up(safe, "#\\u0023"))
}

/// Writes a value as a document of [`json`] and ends the line; it is never held as a text.
pub fn write_json(out: &mut impl io::Write, value: &Value) -> io::Result<()> {
    let mut safe = SafeJson { out, error: None };
    let written = write!(safe, "{value:#}");
    match (written, safe.error) {
        (_, Some(error)) => Err(error),
        (Err(fmt::Error), None) => Err(io::Error::other("a value could not be written as JSON")),
        (Ok(()), None) => out.write_all(b"\n"),
    }
}

struct SafeJson<'o, W> {
    out: &'o mut W,
    error: Option<io::Error>,
}

impl<W: io::Write> fmt::Write for SafeJson<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_all(json(text).as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

/// A report in a format for a service of CI, whose own lines may be commands.
pub fn report(format: Format, text: &str) -> Cow<'_, str> {
    match format {
        Format::Github => Cow::Owned(broken_up(lines(text), "## ")),
        Format::Json | Format::Sarif | Format::Gitlab => json(text),
        Format::Text | Format::Markdown | Format::Csv | Format::Junit => for_log(format, text, ColorStyle::Plain),
    }
}

/// A line that no runner takes as a command: `: :` for `::` at its beginning.
fn without_command(line: &str, strict: bool) -> Cow<'_, str> {
    let mut start = 0;
    loop {
        let rest = &line[start..];
        let blank = rest.len() - rest.trim_start().len();
        let colour = sgr(&rest[blank..]);
        start += blank + colour;
        if colour == 0 {
            break;
        }
    }
    match line[start..].strip_prefix("::") {
        Some(rest) if strict || !rest.starts_with(": ") => Cow::Owned(format!("{}: :{rest}", &line[..start])),
        _ => Cow::Borrowed(line),
    }
}

/// How long the sequence is that sets a colour (`ESC [ numbers m`); 0 if the text does not begin with one.
fn sgr(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(ESCAPE).and_then(|rest| rest.strip_prefix('[')) else { return 0 };
    let numbers = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    if rest[numbers..].starts_with('m') { 2 + numbers + 1 } else { 0 }
}

fn escaped(text: &str, odd: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if odd(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// What a terminal or a browser obeys, or shows nothing of: control and format characters, fillers, variation selectors.
fn odd(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_obeyed_or_overlooked_is_spelt_out() {
        assert_eq!(plain("a\u{1b}[31m\nb\u{202e}\u{200b}c"), "a\\u{1b}[31m\\nb\\u{202e}\\u{200b}c");
        assert_eq!(lines("a\nb\r\u{9b}"), "a\nb\\r\\u{9b}");
        assert_eq!(plain("größer 日本 <a> `b` 😀"), "größer 日本 <a> `b` 😀");
    }

    #[test]
    fn no_line_of_a_log_is_a_command() {
        let log = |text| for_log(Format::Text, text, ColorStyle::Plain).into_owned();
        assert_eq!(log("a\n ::add-mask::x\n\t\u{a0}::stop::\nb::c"), "a\n : :add-mask::x\n\t\u{a0}: :stop::\nb::c");
        assert_eq!(log("x\r::error::y\u{85}::z\u{2028}::"), "x\\r::error::y\\u{85}::z\\u{2028}::");
        assert_eq!(log("x ##[error]y ##vso[task] ##teamcity["), "x ## [error]y ## vso[task] ## teamcity[");
        assert_eq!(log("# ## a: b"), "# ## a: b");
        assert_eq!(log(" ::: a:1:2\n :::error::a"), " ::: a:1:2\n : ::error::a");
        assert_eq!(for_log(Format::Github, " ::: a:1:2", ColorStyle::Plain), " : :: a:1:2");
    }

    #[test]
    fn only_colours_of_ours_pass() {
        let text = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[2J\u{1b}]0;title\u{7}\n\u{1b}[32m ::error::x";
        let colored = "\u{1b}[1;31mred\u{1b}[0m \\u{1b}[2J\\u{1b}]0;title\\u{7}\n\u{1b}[32m : :error::x";
        assert_eq!(for_log(Format::Text, text, ColorStyle::Colored), colored);
        let none = for_log(Format::Text, text, ColorStyle::Plain);
        assert!(!none.contains(ESCAPE) && none.starts_with("\\u{1b}[1;31mred"), "{none}");
    }

    #[test]
    fn a_document_of_json_says_the_same_without_odd_characters() {
        let value = serde_json::json!({"a\u{202e}": "##[error] ##vso[b\u{200b}\u{7f}\u{9b}\u{e0041}é😀\u{1b}", "c": 1});
        let text = value.to_string();
        let safe = json(&text);
        assert!(!safe.contains(odd) && !safe.contains("##"), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
