//! Prints values as people write YAML: a map or list on one line where it fits, on several otherwise, plain scalars where
//! YAML 1.1 and 1.2 agree, texts of several lines as blocks.

use serde_json::{Map, Value};

use super::{FieldOrder, emit};

/// The order of members, and where a value may not stand on one line. A cursor that walks beside the values.
pub trait Layout: Copy {
    /// The place of a member in its map; equal ones are sorted by name.
    fn position(&self, name: &str) -> usize;
    /// The layout of a member.
    fn member(&self, name: &str) -> Self;
    /// The layout of a list's items.
    fn item(&self) -> Self;
    /// Whether the value has a line for each member, however short it is.
    fn is_open(&self) -> bool;
    /// Whether a list of texts that does not fit on one line fills as few lines as it takes.
    fn is_filled(&self) -> bool {
        false
    }
}

/// Members sorted by name, everything on one line that fits.
#[derive(Clone, Copy, Debug)]
pub struct Sorted;

impl Layout for Sorted {
    fn position(&self, _: &str) -> usize {
        0
    }

    fn member(&self, _: &str) -> Self {
        Sorted
    }

    fn item(&self) -> Self {
        Sorted
    }

    fn is_open(&self) -> bool {
        false
    }
}

/// Texts need no order of fields.
#[derive(Clone, Copy)]
struct Plain;

impl FieldOrder for Plain {
    fn is_ordered(&self) -> bool {
        false
    }

    fn field(&self, _: &str) -> Option<(usize, Self)> {
        None
    }

    fn other(&self) -> Self {
        Plain
    }

    fn item(&self) -> Self {
        Plain
    }
}

/// The text of a document, at most `width` characters a line where what is on one line can stand on several.
pub fn pretty<L: Layout>(value: &Value, layout: L, width: usize) -> String {
    let mut printer = Printer { out: String::new(), width };
    match value {
        Value::Object(members) if !members.is_empty() => printer.members(members, layout, 0, false),
        Value::Array(items) if !items.is_empty() => printer.items(items, layout, 0),
        other => {
            let line = one_line(other, layout, usize::MAX).unwrap_or_else(|| other.to_string());
            printer.out.push_str(&line);
            printer.out.push('\n');
        }
    }
    printer.out
}

struct Printer {
    out: String,
    width: usize,
}

impl Printer {
    /// Members, a line or more each; the first may continue a line that has begun.
    fn members<L: Layout>(&mut self, members: &Map<String, Value>, layout: L, indent: usize, mut begun: bool) {
        for (name, value) in ordered(members, layout) {
            if !begun {
                self.indent(indent);
            }
            begun = false;
            let start = self.out.rfind('\n').map_or(0, |at| at + 1);
            self.out.push_str(&canonical(name));
            self.out.push(':');
            let room = self.width.saturating_sub(self.out[start..].chars().count() + 1);
            self.value(value, layout.member(name), indent, room);
        }
    }

    /// What follows a key.
    fn value<L: Layout>(&mut self, value: &Value, layout: L, indent: usize, room: usize) {
        if let Some(line) = one_line(value, layout, room) {
            self.out.push(' ');
            self.out.push_str(&line);
            self.out.push('\n');
            return;
        }
        match value {
            Value::Object(members) => {
                self.out.push('\n');
                self.members(members, layout, indent + 2, false);
            }
            Value::Array(items) if layout.is_filled() && items.iter().all(Value::is_string) => {
                self.out.push('\n');
                self.filled(items, layout, indent + 2);
            }
            Value::Array(items) => {
                self.out.push('\n');
                self.items(items, layout, indent + 2);
            }
            Value::String(text) => {
                self.out.push(' ');
                self.block(text, indent + 2);
            }
            _ => self.out.push('\n'),
        }
    }

    /// A long list of words, in brackets over several lines.
    fn filled<L: Layout>(&mut self, items: &[Value], layout: L, indent: usize) {
        self.indent(indent);
        self.out.push('[');
        let mut column = indent + 1;
        for (at, item) in items.iter().enumerate() {
            let word = one_line(item, layout.item(), usize::MAX).unwrap_or_else(|| item.to_string());
            let length = word.chars().count() + 2;
            if at > 0 && column + length > self.width {
                self.out.truncate(self.out.trim_end_matches(' ').len());
                self.out.push('\n');
                self.indent(indent + 1);
                column = indent + 1;
            }
            self.out.push_str(&word);
            self.out.push_str(if at + 1 < items.len() { ", " } else { "]\n" });
            column += length;
        }
    }

    /// Items, a line or more each.
    fn items<L: Layout>(&mut self, items: &[Value], layout: L, indent: usize) {
        let layout = layout.item();
        for item in items {
            self.indent(indent);
            self.out.push_str("- ");
            let room = self.width.saturating_sub(indent + 2);
            match (item, one_line(item, layout, room)) {
                (_, Some(line)) => {
                    self.out.push_str(&line);
                    self.out.push('\n');
                }
                (Value::Object(members), None) => self.members(members, layout, indent + 2, true),
                (Value::Array(items), None) => {
                    self.out.push('\n');
                    self.items(items, layout, indent + 2);
                }
                (Value::String(text), None) => self.block(text, indent + 2),
                (_, None) => self.out.push('\n'),
            }
        }
    }

    /// A text of several lines: as a block where the canonical emitter writes it as one.
    fn block(&mut self, text: &str, indent: usize) {
        // It is given an item, whose lines stand two deep.
        let item = emit(&Value::Array(vec![Value::String(text.to_owned())]), Plain);
        for (at, line) in item.strip_prefix("- ").unwrap_or(&item).split_inclusive('\n').enumerate() {
            if at > 0 && !line.trim_end_matches('\n').is_empty() {
                self.indent(indent.saturating_sub(2));
            }
            self.out.push_str(line);
        }
    }

    fn indent(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}

/// The members of a map in the order of the layout.
fn ordered<L: Layout>(members: &Map<String, Value>, layout: L) -> Vec<(&String, &Value)> {
    let mut ordered: Vec<(&String, &Value)> = members.iter().collect();
    ordered.sort_by_key(|(name, _)| layout.position(name));
    ordered
}

/// The value on one line, if it may stand there and is no longer than `room`. Single texts are never broken for their
/// length.
fn one_line<L: Layout>(value: &Value, layout: L, room: usize) -> Option<String> {
    let line = match value {
        Value::String(text) if text.contains('\n') => return None,
        Value::String(text) => return Some(scalar(text)),
        Value::Array(items) if items.is_empty() => return Some("[]".to_owned()),
        Value::Object(members) if members.is_empty() => return Some("{}".to_owned()),
        Value::Array(_) | Value::Object(_) if layout.is_open() => return None,
        Value::Array(items) => {
            let mut line = String::from("[");
            for (at, item) in items.iter().enumerate() {
                line.push_str(if at > 0 { ", " } else { "" });
                line.push_str(&one_line(item, layout.item(), room)?);
                if line.len() > room.saturating_mul(4) {
                    return None;
                }
            }
            line + "]"
        }
        Value::Object(members) => {
            let mut line = String::from("{");
            for (at, (name, member)) in ordered(members, layout).into_iter().enumerate() {
                line.push_str(if at > 0 { ", " } else { "" });
                line.push_str(&canonical(name));
                line.push_str(": ");
                line.push_str(&one_line(member, layout.member(name), room)?);
                if line.len() > room.saturating_mul(4) {
                    return None;
                }
            }
            line + "}"
        }
        other => return Some(other.to_string()),
    };
    (line.chars().count() <= room).then_some(line)
}

/// A key, or a text that may stand anywhere on a line.
fn canonical(text: &str) -> String {
    if is_simple(text) {
        return text.to_owned();
    }
    emit(&Value::String(text.to_owned()), Plain).trim_end_matches('\n').to_owned()
}

/// Words that no reader takes for anything but texts: most keys and values, found without the emitter.
fn is_simple(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && text.len() > 5
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/'))
}

/// A text as a person writes it: options and amounts bare too, which the canonical text would quote.
fn scalar(text: &str) -> String {
    let option = text.trim_start_matches('-');
    let dashes = text.len() - option.len();
    let is_option = (1..=2).contains(&dashes) && option.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_option && canonical(&format!("x{option}")) == format!("x{option}") {
        return text.to_owned();
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_amount = unit.len() < text.len() && ["s", "m", "h", "k", "M", "G", "Ki", "Mi", "Gi", "Ti"].contains(&unit);
    if is_amount { text.to_owned() } else { canonical(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileId;
    use proptest::prelude::*;
    use serde_json::json;

    fn read_back(text: &str) -> Value {
        let parsed = crate::yaml::parse(FileId(0), text.as_bytes());
        assert!(parsed.diagnostics.is_empty(), "{text}\n{:?}", parsed.diagnostics);
        parsed.documents[0].root.to_value()
    }

    #[test]
    fn what_fits_stands_on_one_line() {
        let value =
            json!({"metadata": {"labels": {"env": "prod"}, "name": "a"}, "spec": {"command": ["sh", "a\nb\n"]}});
        let text = pretty(&value, Sorted, 40);
        assert_eq!(
            text,
            "metadata: {labels: {env: prod}, name: a}\nspec:\n  command:\n    - sh\n    - |\n      a\n      b\n"
        );
        assert_eq!(pretty(&value["metadata"], Sorted, 15), "labels:\n  env: prod\nname: a\n");
    }

    #[derive(Clone, Copy)]
    struct Filled;

    impl Layout for Filled {
        fn position(&self, _: &str) -> usize {
            0
        }

        fn member(&self, _: &str) -> Self {
            Filled
        }

        fn item(&self) -> Self {
            Filled
        }

        fn is_open(&self) -> bool {
            false
        }

        fn is_filled(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_long_list_of_words_fills_its_lines() {
        let names: Vec<String> = (0..7).map(|at| format!("eu-{at}")).collect();
        let value = json!({"active": names});
        let text = pretty(&value, Filled, 24);
        assert_eq!(text, "active:\n  [eu-0, eu-1, eu-2,\n   eu-3, eu-4, eu-5,\n   eu-6]\n");
        assert_eq!(read_back(&text), value);
    }

    fn value() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            "[ -~é]{0,12}",
            "[a-z:#\\n'\"$(){}, -]{0,30}",
            "-{0,2}[a-z=]{1,5}",
            "[0-9]{1,3}[smGKi]{0,2}",
            prop::sample::select(vec!["on", "y", "~", "null", "1_000", "0x1F", "=", "<<", "true", "@x", "$(var.x)"])
                .prop_map(str::to_owned)
        ];
        let leaf = prop_oneof![
            word.prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            (0..99).prop_map(Value::from),
            Just(Value::Null)
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z0-9./-]{1,8}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn a_key_of_digits_and_letters_reads_back() {
        let root = json!({"root": {"00a": {}}});
        assert_eq!(read_back(&pretty(&root, Sorted, 10)), root);
    }

    proptest! {
        #[test]
        fn every_value_reads_back(value in value(), width in 10..80_usize) {
            let root = json!({"root": value});
            prop_assert_eq!(&read_back(&pretty(&root, Sorted, width)), &root);
            prop_assert_eq!(&read_back(&pretty(&root, Filled, width)), &root);
        }
    }
}
