//! Prints values as canonical YAML. A string is plain only if no reader of YAML 1.1 or 1.2 could take it for something
//! else.

use std::io::Write;

use serde_json::{Map, Number, Value};

/// The order of fields: a place in a schema.
pub trait FieldOrder: Copy {
    /// Whether the order of members is the shape's; the members of other maps have keys of the user's own, sorted.
    fn is_ordered(&self) -> bool;
    /// The place of a known field in output order, and its shape. Known fields have names that need no quotes.
    fn field(&self, name: &str) -> Option<(usize, Self)>;
    /// The shape of a member that is no known field.
    fn other(&self) -> Self;
    /// The shape of a list's items.
    fn item(&self) -> Self;
}

/// The canonical text of a value, with a line break at its end.
pub fn emit<S: FieldOrder>(value: &Value, shape: S) -> String {
    let mut out = Vec::with_capacity(1024);
    emit_into(&mut out, value, shape);
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Adds the canonical text of a value.
pub fn emit_into<S: FieldOrder>(out: &mut Vec<u8>, value: &Value, shape: S) {
    match value {
        Value::Object(members) if !members.is_empty() => map(out, members, shape, 0, false),
        Value::Array(items) if !items.is_empty() => list(out, items, shape, 0, false),
        Value::String(text) => {
            flat(out, text);
            out.push(b'\n');
        }
        other => {
            scalar(out, other, 0);
            out.push(b'\n');
        }
    }
}

/// The members of a map, each on lines of its own; the first may continue a line that has begun.
fn map<S: FieldOrder>(out: &mut Vec<u8>, members: &Map<String, Value>, shape: S, indent: usize, mut begun: bool) {
    let mut start = |out: &mut Vec<u8>| {
        if !begun {
            spaces(out, indent);
        }
        begun = false;
    };
    if !shape.is_ordered() {
        for (name, value) in members {
            start(out);
            key(out, name, indent);
            member(out, value, shape.other(), indent);
        }
        return;
    }
    let mut known: Vec<(usize, S, &String, &Value)> = Vec::with_capacity(members.len());
    let mut unknown = false;
    for (name, value) in members {
        match shape.field(name) {
            Some((rank, field)) => known.push((rank, field, name, value)),
            None => unknown = true,
        }
    }
    known.sort_unstable_by_key(|(rank, ..)| *rank);
    for (_, field, name, value) in known {
        start(out);
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        member(out, value, field, indent);
    }
    let others = members.iter().filter(|(name, _)| unknown && shape.field(name).is_none());
    for (name, value) in others {
        start(out);
        key(out, name, indent);
        member(out, value, shape.other(), indent);
    }
}

/// What follows a key and its colon.
fn member<S: FieldOrder>(out: &mut Vec<u8>, value: &Value, shape: S, indent: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            out.push(b'\n');
            map(out, members, shape, indent + 2, false);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push(b'\n');
            list(out, items, shape, indent, false);
        }
        other => {
            out.push(b' ');
            scalar(out, other, indent + 2);
            out.push(b'\n');
        }
    }
}

/// The items of a list, each on lines of its own; the first may continue a line that has begun.
fn list<S: FieldOrder>(out: &mut Vec<u8>, items: &[Value], shape: S, indent: usize, mut begun: bool) {
    for item in items {
        if !begun {
            spaces(out, indent);
        }
        begun = false;
        out.extend_from_slice(b"- ");
        match item {
            Value::Object(members) if !members.is_empty() => map(out, members, shape.item(), indent + 2, true),
            Value::Array(items) if !items.is_empty() => list(out, items, shape.item(), indent + 2, true),
            other => {
                scalar(out, other, indent + 2);
                out.push(b'\n');
            }
        }
    }
}

fn scalar(out: &mut Vec<u8>, value: &Value, indent: usize) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(value) => number(out, value),
        Value::String(value) => text(out, value, indent),
        Value::Array(_) => out.extend_from_slice(b"[]"),
        Value::Object(_) => out.extend_from_slice(b"{}"),
    }
}

/// A number; a float always with dot and signed exponent, as YAML 1.1 wants it.
fn number(out: &mut Vec<u8>, value: &Number) {
    let start = out.len();
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value}");
    if let Some(at) = out[start..].iter().position(|&b| b == b'e').map(|i| start + i) {
        if !matches!(out.get(at + 1), Some(b'-' | b'+')) {
            out.insert(at + 1, b'+');
        }
        if !out[start..at].contains(&b'.') {
            out.splice(at..at, *b".0");
        }
    }
}

/// May stand in a bare text.
const BARE: u8 = 1;
/// May begin a bare text.
const FIRST: u8 = 2;
/// May stand in double quotes and in a literal block as it is.
const PRINTABLE: u8 = 4;
/// Begins a character that may not be printable: see [`printable_wide`].
const WIDE: u8 = 8;
/// A colon: a space behind it would make a key of what stands before it.
const COLON: u8 = 16;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0x20;
    while byte < 0x7f {
        table[byte] = PRINTABLE;
        let letter = (byte as u8).is_ascii_alphanumeric();
        if letter
            || matches!(
                byte as u8,
                b'-' | b'_' | b'.' | b'/' | b'@' | b'+' | b'=' | b':' | b' ' | b'(' | b')' | b'$' | b';' | b'~' | b'^'
            )
        {
            table[byte] |= BARE;
        }
        if (byte as u8).is_ascii_alphabetic() || matches!(byte as u8, b'/' | b'_') {
            table[byte] |= FIRST;
        }
        byte += 1;
    }
    table[b':' as usize] |= COLON;
    byte = 0x80;
    while byte < 0x100 {
        table[byte] = if matches!(byte as u8, 0xc2 | 0xe2 | 0xef) { WIDE } else { PRINTABLE };
        byte += 1;
    }
    table
};

/// A value: bare, as a literal block, or in double quotes.
fn text(out: &mut Vec<u8>, text: &str, indent: usize) {
    if text.contains('\n') && may_be_literal(text) {
        literal(out, text, indent);
    } else {
        flat(out, text);
    }
}

/// A text on one line.
fn flat(out: &mut Vec<u8>, text: &str) {
    if may_be_bare(text) {
        out.extend_from_slice(text.as_bytes());
    } else {
        quoted(out, text);
    }
}

/// A key and its colon. One that is too long for a simple key gets a `?`.
fn key(out: &mut Vec<u8>, name: &str, indent: usize) {
    /// YAML allows 1024 characters; escapes may take up to ten for one.
    const SIMPLE: usize = 1000;
    let start = out.len();
    flat(out, name);
    if out.len() - start > SIMPLE {
        out.splice(start..start, *b"? ");
        out.push(b'\n');
        spaces(out, indent);
    }
    out.push(b':');
}

fn may_be_bare(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let (mut all, mut any) = (BARE, 0);
    for &byte in bytes {
        let class = CLASS[usize::from(byte)];
        all &= class;
        any |= class;
    }
    all != 0
        && CLASS[usize::from(first)] & FIRST != 0
        && !matches!(last, b' ' | b':')
        && (any & COLON == 0 || !bytes.windows(2).any(|pair| pair == b": "))
        && !is_word(text)
}

/// The words that some reader takes for a boolean, null or a number, in any case.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 11] = ["y", "n", "no", "on", "yes", "off", "inf", "nan", "true", "null", "false"];
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A literal block holds any printable text, if no line ends in white space and the first does not begin with it.
fn may_be_literal(text: &str) -> bool {
    if text.starts_with([' ', '\t', '\n']) {
        return false;
    }
    let bytes = text.as_bytes();
    let mut before = b'\n';
    for (at, &byte) in bytes.iter().enumerate() {
        let class = CLASS[usize::from(byte)];
        if byte == b'\n' {
            if matches!(before, b' ' | b'\t') {
                return false;
            }
        } else if class & PRINTABLE == 0 && byte != b'\t' && (class & WIDE == 0 || !printable_wide(&bytes[at..])) {
            return false;
        }
        before = byte;
    }
    !matches!(before, b' ' | b'\t')
}

/// Whether the character that begins with C2, E2 or EF is none of C1, U+2028/9, U+FEFF, U+FFFE/F.
fn printable_wide(bytes: &[u8]) -> bool {
    !matches!(
        bytes,
        [0xc2, 0x80..=0x9f, ..]
            | [0xe2, 0x80, 0xa8 | 0xa9, ..]
            | [0xef, 0xbb, 0xbf, ..]
            | [0xef, 0xbf, 0xbe | 0xbf, ..]
    )
}

fn literal(out: &mut Vec<u8>, text: &str, indent: usize) {
    let body = text.trim_end_matches('\n');
    match text.len() - body.len() {
        0 => out.extend_from_slice(b"|-"),
        1 => out.push(b'|'),
        _ => out.extend_from_slice(b"|+"),
    }
    for line in body.split('\n') {
        out.push(b'\n');
        if !line.is_empty() {
            spaces(out, indent);
            out.extend_from_slice(line.as_bytes());
        }
    }
    // The caller ends the line, so one of the breaks is already there.
    out.resize(out.len() + (text.len() - body.len()).saturating_sub(1), b'\n');
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut from = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let class = CLASS[usize::from(byte)];
        if class & PRINTABLE != 0 && byte != b'"' && byte != b'\\' || class & WIDE != 0 && printable_wide(&bytes[at..])
        {
            at += 1;
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        out.push(b'\\');
        match byte {
            b'"' | b'\\' => out.push(byte),
            b'\n' => out.push(b'n'),
            b'\t' => out.push(b't'),
            b'\r' => out.push(b'r'),
            _ => {
                let code = text[at..].chars().next().map_or(0, u32::from);
                let digits = if code <= 0xff {
                    out.push(b'x');
                    2
                } else {
                    out.push(b'u');
                    4
                };
                for digit in (0..digits).rev() {
                    out.push(HEX[(code >> (4 * digit)) as usize & 15]);
                }
                at += text[at..].chars().next().map_or(1, char::len_utf8) - 1;
            }
        }
        at += 1;
        from = at;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

fn spaces(out: &mut Vec<u8>, count: usize) {
    out.resize(out.len() + count, b' ');
}
