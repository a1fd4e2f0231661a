//! Reads JSON: a file that begins with `{` is JSON to `kubectl`. Gives the same nodes as YAML.

use crate::diag::{Code, Diagnostic};
use crate::tree::{FileId, Span};

use super::node::{Data, Document, Entry, Node, NodeStyle, Parsed};
use super::scalar::{self, Scalar};
use super::{MAX_DEPTH, MAX_NODES, MAX_SAID, message, scan};

/// Reads one value after another.
pub(super) fn parse(file: FileId, text: &str, parsed: &mut Parsed) {
    let at = if text.starts_with(scan::MARK) { scan::MARK.len_utf8() } else { 0 };
    let mut reader = JsonReader { file, text, at, depth: 0, nodes: 0, diagnostics: Vec::new() };
    loop {
        reader.blank();
        if reader.at == text.len() {
            break;
        }
        match reader.value() {
            Ok(root) => parsed.documents.push(Document { root }),
            Err(diagnostic) => {
                reader.diagnostics.push(*diagnostic);
                break;
            }
        }
        reader.separator();
    }
    parsed.diagnostics.append(&mut reader.diagnostics);
}

type JsonResult<T> = Result<T, Box<Diagnostic>>;

struct JsonReader<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    depth: usize,
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

impl JsonReader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at.max(start))
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_SAID {
            self.diagnostics.push(diagnostic);
        }
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A line `---` between two values.
    fn separator(&mut self) {
        self.blank();
        let own_line = self.at == 0 || self.text.as_bytes()[self.at - 1] == b'\n';
        if own_line && self.text[self.at..].starts_with("---") {
            let rest = &self.text[self.at + 3..];
            let line = rest.split('\n').next().unwrap_or_default();
            if line.trim().is_empty() {
                self.at += 3 + line.len();
            }
        }
    }

    fn fail<T>(&self, start: usize, message: impl Into<String>) -> JsonResult<T> {
        let end =
            if self.at > start { self.at } else { start + self.text[start..].chars().next().map_or(0, char::len_utf8) };
        let span = Span::new(self.file, start, end);
        Err(Box::new(
            Diagnostic::new(Code::YamlSyntax, span, message).note("a file that begins with `{` is read as JSON"),
        ))
    }

    fn unexpected<T>(&self, expected: &str) -> JsonResult<T> {
        match self.text[self.at..].chars().next() {
            Some(c) => self.fail(self.at, format!("expected {expected}, found `{}`", c.escape_debug())),
            None => self.fail(self.at, format!("expected {expected}, but the file ends")),
        }
    }

    fn value(&mut self) -> JsonResult<Node> {
        self.nodes += 1;
        let start = self.at;
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            return Err(Box::new(Diagnostic::new(Code::YamlLimits, self.span(start), message)));
        }
        match self.peek() {
            Some(b'{' | b'[') if self.depth == MAX_DEPTH => {
                self.at += 1;
                Err(Box::new(message::too_deep(self.span(start))))
            }
            Some(b'{') => self.map(),
            Some(b'[') => self.list(),
            Some(b'"') => {
                let text = self.string()?;
                Ok(Node::new(self.span(start), Data::String(text), NodeStyle::Quoted))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn map(&mut self) -> JsonResult<Node> {
        let start = self.at;
        self.at += 1;
        self.depth += 1;
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = std::collections::HashMap::new();
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.blank();
                if self.peek() != Some(b'"') {
                    return self.unexpected("a key in double quotes");
                }
                let key_start = self.at;
                let key = self.string()?;
                let key_span = self.span(key_start);
                self.blank();
                if self.peek() != Some(b':') {
                    return self.unexpected("`:`");
                }
                self.at += 1;
                self.blank();
                let value = self.value()?;
                if let Some(&first) = seen.get(&key) {
                    let message = format!("the key `{key}` stands here twice");
                    let diagnostic = Diagnostic::new(Code::DuplicateKey, key_span, message);
                    self.error(diagnostic.label("again here").other(first, "first here"));
                } else {
                    seen.insert(key.clone(), key_span);
                    entries.push(Entry { key, key_span, value });
                }
                if self.after_item(b'}', "`,` or `}`")? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(Node::new(self.span(start), Data::Map(entries), NodeStyle::Flow))
    }

    fn list(&mut self) -> JsonResult<Node> {
        let start = self.at;
        self.at += 1;
        self.depth += 1;
        let mut items = Vec::new();
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.blank();
                items.push(self.value()?);
                if self.after_item(b']', "`,` or `]`")? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(Node::new(self.span(start), Data::Seq(items), NodeStyle::Flow))
    }

    /// Takes `,` or the closing bracket; whether it was the bracket.
    fn after_item(&mut self, close: u8, expected: &str) -> JsonResult<bool> {
        self.blank();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            _ => self.unexpected(expected),
        }
    }

    fn word(&mut self) -> JsonResult<Node> {
        let start = self.at;
        for (word, data) in [("null", Data::Null), ("true", Data::Bool(true)), ("false", Data::Bool(false))] {
            if self.text[start..].starts_with(word) {
                self.at += word.len();
                let mut node = Node::new(self.span(start), data, NodeStyle::Plain);
                node.source = matches!(node.data, Data::Bool(_)).then(|| word.into());
                return Ok(node);
            }
        }
        self.unexpected("a value")
    }

    fn number(&mut self) -> JsonResult<Node> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let value = if let Ok(whole) = text.parse::<i64>() {
            Some(Scalar::Int(whole))
        } else {
            text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Scalar::Float)
        };
        match value.and_then(scalar::json_number) {
            Some(number) if is_number(text) => {
                let mut node = Node::new(self.span(start), Data::Number(number), NodeStyle::Plain);
                node.source = Some(text.into());
                Ok(node)
            }
            _ => self.fail(start, format!("`{text}` is not a number of JSON")),
        }
    }

    fn string(&mut self) -> JsonResult<String> {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            let from = self.at;
            while matches!(self.peek(), Some(byte) if byte != b'"' && byte != b'\\' && byte >= 0x20) {
                self.at += 1;
            }
            value.push_str(&self.text[from..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if let Some(character) = scan::uncarried(&value) {
                        self.error(scan::refused(self.span(start), character));
                    }
                    return Ok(value);
                }
                Some(b'\\') => value.push(self.escape()?),
                Some(_) => {
                    return self.fail(self.at, "a line break or control character stands in a text");
                }
                None => return self.fail(start, "the quoted text is not closed"),
            }
        }
    }

    fn escape(&mut self) -> JsonResult<char> {
        let start = self.at;
        self.at += 2;
        let plain = match self.text.as_bytes().get(start + 1) {
            Some(b'u') => return self.unicode(start),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => {
                self.at = start;
                return self.fail(start, "JSON has no such escape");
            }
        };
        Ok(plain)
    }

    fn unicode(&mut self, start: usize) -> JsonResult<char> {
        let first = self.hex(start)?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).map_or_else(|| self.fail(start, "the escape is not a character"), Ok);
        }
        if first < 0xdc00 && self.text.as_bytes().get(self.at..self.at + 2) == Some(b"\\u") {
            self.at += 2;
            let second = self.hex(start)?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).map_or_else(|| self.fail(start, "the escape is not a character"), Ok);
            }
        }
        self.fail(start, "the escape is half a character")
    }

    fn hex(&mut self, start: usize) -> JsonResult<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|d| u32::from_str_radix(d, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.fail(start, "`\\u` needs four hexadecimal digits"),
        }
    }
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}
