//! Values on one short line, and the lines in which two texts differ.

use serde_json::Value;
use similar::{Algorithm, ChangeTag, TextDiff, capture_diff_slices};

use crate::report::escape::plain;

/// A value that is longer is cut.
const LONG: usize = 100;

/// So many lines of a text that differ are shown.
const LINES: usize = 12;

/// A schedule or a name, in backticks.
pub fn quoted(text: &str) -> String {
    format!("`{}`", plain(text))
}

/// A value on one line.
pub fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) => {
            let bare = !text.is_empty() && text.trim() == text && !text.contains([' ', '"', '\n', '\t']);
            if bare || text.starts_with("(hidden") {
                plain(text)
            } else {
                plain(&Value::from(text.as_str()).to_string())
            }
        }
        other => plain(&other.to_string()),
    };
    cut(&text)
}

/// Two values that differ, each on one line; where they would look the same, so that they do not.
pub fn both(old: &Value, new: &Value) -> (String, String) {
    let (was, is) = (show(old), show(new));
    match (old, new) {
        _ if old == new => (was, is),
        // A number is told from a text that looks like one.
        (Value::String(_), other) | (other, Value::String(_)) if !other.is_string() => {
            let text = |value: &Value| cut(&plain(&value.to_string()));
            (text(old), text(new))
        }
        (Value::String(a), Value::String(b)) if was == is => from_where_they_part(&plain(a), &plain(b)),
        (a, b) if was == is => from_where_they_part(&plain(&a.to_string()), &plain(&b.to_string())),
        _ => (was, is),
    }
}

/// Two long texts, cut in front of the place where they part.
fn from_where_they_part(old: &str, new: &str) -> (String, String) {
    const BEFORE: usize = 20;
    let alike = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| {
        let rest: String = text.chars().skip(alike.saturating_sub(BEFORE)).collect();
        cut(&format!("...{rest}"))
    };
    (from(old), from(new))
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONG {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONG - 3).collect();
    format!("{kept}...")
}

/// `6 minutes`, `1 hour`, `90 seconds`.
pub fn seconds(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0 => (0, "second"),
        n if n % 86_400 == 0 => (n / 86_400, "day"),
        n if n % 3600 == 0 => (n / 3600, "hour"),
        n if n % 60 == 0 => (n / 60, "minute"),
        n => (n, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// What is added and removed, counted, with the first of it.
#[derive(Default)]
struct Tally {
    added: usize,
    removed: usize,
    lines: Vec<String>,
}

impl Tally {
    /// Counts a change, and keeps its text behind a sign.
    fn take(&mut self, tag: ChangeTag, text: &str, ended: bool) {
        let (sign, count) = match tag {
            ChangeTag::Equal => return,
            ChangeTag::Insert => ('+', &mut self.added),
            ChangeTag::Delete => ('-', &mut self.removed),
        };
        *count += 1;
        // What nobody sees is quoted, or said.
        let text = if text.trim_end() == text { plain(text) } else { Value::from(text).to_string() };
        let end = if ended { "" } else { " (no line end)" };
        self.lines.push(format!("{sign} {text}{end}").trim_end().to_owned());
    }

    /// The first of the lines, cut; two that would look the same, from where they part.
    fn shown(&self) -> Vec<String> {
        let lines = &self.lines[..self.lines.len().min(LINES)];
        let shown = lines.iter().map(|line| {
            let other = lines.iter().find(|other| line[..1] != other[..1] && cut(&line[1..]) == cut(&other[1..]));
            match other.filter(|other| line[1..] != other[1..]) {
                Some(other) => format!("{} {}", &line[..1], from_where_they_part(&line[2..], &other[2..]).0),
                None => cut(line),
            }
        });
        shown.collect()
    }
}

/// How many lines of two texts differ, and the first of them with their signs.
pub fn lines_between(old: &str, new: &str) -> (String, Vec<String>) {
    let difference = TextDiff::from_lines(old, new);
    let mut tally = Tally::default();
    for change in difference.iter_all_changes() {
        tally.take(change.tag(), change.value().trim_end_matches('\n'), !change.missing_newline());
    }
    let (mut lines, all) = (tally.shown(), tally.lines.len());
    let Tally { added, removed, .. } = tally;
    if all > LINES {
        lines.push(format!("and {} more lines; `--patch` shows all", all - LINES));
    }
    let count = |n: usize, what: &str| format!("{n} line{} {what}", if n == 1 { "" } else { "s" });
    let said: Vec<String> = [(added, "added"), (removed, "removed")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| count(n, what))
        .collect();
    (said.join(", "), lines)
}

/// Two lists: whole if they are short, else by the items that differ.
pub fn list(what: &str, old: &[Value], new: &[Value]) -> (String, Vec<String>) {
    let differing: Vec<usize> = (0..old.len().min(new.len())).filter(|at| old[*at] != new[*at]).collect();
    if let ([at], true) = (differing.as_slice(), old.len() == new.len())
        && let (Value::String(was), Value::String(is)) = (&old[*at], &new[*at])
        && (was.contains('\n') || is.contains('\n'))
    {
        let (count, more) = lines_between(was, is);
        return (format!("{what}[{at}]: {count}"), more);
    }
    let whole = |items: &[Value]| Value::Array(items.to_vec()).to_string();
    let (was, is) = (whole(old), whole(new));
    if was.len() + is.len() <= LONG {
        return (format!("{what}: {} -> {}", plain(&was), plain(&is)), Vec::new());
    }
    let texts = |items: &[Value]| -> Vec<String> { items.iter().map(Value::to_string).collect() };
    let (before, after) = (texts(old), texts(new));
    let mut tally = Tally::default();
    for op in capture_diff_slices(Algorithm::Myers, &before, &after) {
        for change in op.iter_changes(&before, &after) {
            tally.take(change.tag(), &change.value(), true);
        }
    }
    let (mut more, left) = (tally.shown(), tally.lines.len().saturating_sub(LINES));
    let Tally { added, removed, .. } = tally;
    if left > 0 {
        more.push(format!("and {left} more; `--patch` shows all"));
    }
    let said: Vec<String> = [(added, "added"), (removed, "removed")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    (format!("{what}: {}", said.join(", ")), more)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_stands_on_one_line_and_obeys_nobody() {
        assert_eq!(show(&json!("info")), "info");
        assert_eq!(show(&json!("two words")), "\"two words\"");
        assert_eq!(show(&json!("")), "\"\"");
        assert_eq!(show(&json!("a\u{1b}[31mb\u{202e}")), "a\\u{1b}[31mb\\u{202e}");
        assert_eq!(show(&json!("x".repeat(200))).chars().count(), LONG);
        assert_eq!([60, 3600, 90, 86_400].map(seconds), ["1 minute", "1 hour", "90 seconds", "1 day"]);
    }

    #[test]
    fn two_values_that_differ_never_look_the_same() {
        let long = |end: &str| json!("v".repeat(200) + end);
        let of = |old: Value, new: Value| {
            let (was, is) = both(&old, &new);
            assert_ne!(was, is);
            format!("{was} {is}")
        };
        let vs = "v".repeat(20);
        assert_eq!(of(long("1"), long("2")), format!("...{vs}1 ...{vs}2"));
        assert_eq!(of(json!(1), json!("1")), "1 \"1\"");
        assert_eq!(of(json!("true"), json!(true)), "\"true\" true");
        assert_eq!(of(json!("x"), json!("null")), "x null");
        assert!(of(json!({"a": "v".repeat(200), "b": 1}), json!({"a": "v".repeat(200), "b": 2})).contains("\"b\":2"));
        let (_, lines) = lines_between(&format!("{}1\n", "v".repeat(200)), &format!("{}2\n", "v".repeat(200)));
        assert_eq!(lines, [format!("- ...{vs}1"), format!("+ ...{vs}2")]);
        let items = |end: &str| vec![json!("a"), json!("v".repeat(200) + end), json!("b")];
        assert_eq!(list("args", &items("1"), &items("2")).1, [format!("- ...{vs}1\""), format!("+ ...{vs}2\"")]);
        let (_, lines) = lines_between("x\ny\n", "x \ny");
        assert_eq!(lines, ["- x", "- y", "+ \"x \"", "+ y (no line end)"]);
    }

    #[test]
    fn of_long_texts_and_lists_what_differs_is_told() {
        let (count, lines) = lines_between("a\nb\nc\n", "a\nx\nc\nd\n");
        assert_eq!(
            (count.as_str(), lines),
            ("2 lines added, 1 line removed", vec!["- b".into(), "+ x".into(), "+ d".into()])
        );
        let long: Vec<Value> = (0..40).map(|at| json!(format!("--option-{at}"))).collect();
        let (line, more) = list("args", &long, &long[1..]);
        assert_eq!((line.as_str(), more), ("args: 1 removed", vec!["- \"--option-0\"".to_owned()]));
        assert_eq!(list("args", &[json!("a")], &[json!("b")]).0, "args: [\"a\"] -> [\"b\"]");
        assert_eq!(
            list("args", &[json!("-c"), json!("a\nb\n")], &[json!("-c"), json!("a\nc\n")]).0,
            "args[1]: 1 line added, 1 line removed"
        );
    }
}
