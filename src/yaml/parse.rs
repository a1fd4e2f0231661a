//! Turns parser events into nodes. The only file that names the parser crate.
//!
//! One loop and one stack, no recursion; depth, aliases and text are counted before they are built.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag, options};

use crate::diag::{Code, Diagnostic};
use crate::tree::{FileId, Span};

use super::members::{MapBuilder, Pending};
use super::node::{Data, Document, Entry, Node, NodeStyle, Parsed};
use super::scalar::{self, Scalar};
use super::{MAX_DEPTH, MAX_NODES, MAX_SAID, json, message, most_repeated, scan, tag};

/// Reads all documents of a file.
pub fn parse(file: FileId, bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let text = match scan::text(file, bytes) {
        Ok(text) => text,
        Err(diagnostic) => {
            parsed.diagnostics.push(*diagnostic);
            return parsed;
        }
    };
    if scan::is_json(text) {
        json::parse(file, text, &mut parsed);
        return parsed;
    }
    parsed.diagnostics = scan::characters(file, text);
    if !parsed.diagnostics.is_empty() {
        return parsed;
    }
    parsed.diagnostics = scan::separators(file, text);
    let mut builder = Builder::new(file, text, parsed);
    let mut parser = Parser::new_from_str_with_options(
        text,
        options! {
            disallow_directives: true,
            bom_inside_document_as_content: true,
            // go-yaml adds no newline where the file ends on the last line of a block scalar (`yaml_parser_scan_block_scalar`).
            block_scalar_eof_without_line_feed: true,
            emit_anchor_events: true,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        },
    );
    loop {
        match parser.next_event() {
            None => break,
            Some(Ok((event, span))) => {
                if builder.event(event, span).is_ok() {
                    continue;
                }
            }
            Some(Err(error)) => {
                let diagnostic = message::diagnostic(file, text, &error, builder.open_bracket());
                builder.error(diagnostic);
            }
        }
        builder.abandon();
        if builder.exhausted() || !matches!(parser.proceed_next_document(), Ok(true)) {
            break;
        }
    }
    builder.parsed
}

/// The name of a tag of YAML's own: `int` for `!!int`.
fn core_name(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}

/// The document cannot be finished; why has been said.
struct Abandon;

struct Builder<'a> {
    file: FileId,
    text: &'a str,
    parsed: Parsed,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Option<Anchor>>,
    /// Values so far, copies included.
    nodes: usize,
    /// Values that aliases repeated, and bytes of text.
    repeated: usize,
    copied: usize,
    /// One past the last byte that belongs to a value.
    last_end: usize,
    documents: usize,
}

/// A finished value that aliases may repeat.
struct Anchor {
    node: Node,
    size: ParsedSize,
}

/// What a value costs.
#[derive(Clone, Copy, Default)]
struct ParsedSize {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

/// A list or map that is being read.
struct Frame {
    start: usize,
    style: NodeStyle,
    anchor: usize,
    size: ParsedSize,
    kind: OpenCollection,
}

enum OpenCollection {
    Seq(Vec<Node>),
    Map(MapBuilder),
}

/// A finished value on its way to its parent.
struct Done {
    node: Node,
    size: ParsedSize,
    /// A merge key if it stands where a key may.
    merge: bool,
    alias: bool,
    /// What the scalar is, for keys.
    scalar: Option<Scalar>,
}

impl<'a> Builder<'a> {
    fn new(file: FileId, text: &'a str, parsed: Parsed) -> Self {
        Self {
            file,
            text,
            parsed,
            stack: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            repeated: 0,
            copied: 0,
            last_end: 0,
            documents: 0,
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end.max(start))
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        if self.parsed.diagnostics.len() < MAX_SAID {
            self.parsed.diagnostics.push(diagnostic);
        }
    }

    fn exhausted(&self) -> bool {
        let (values, bytes) = most_repeated(self.text.len());
        self.nodes > MAX_NODES
            || self.repeated > values
            || self.copied > bytes
            || self.parsed.diagnostics.len() >= MAX_SAID
    }

    /// The innermost bracket that is still open.
    fn open_bracket(&self) -> Option<Span> {
        let mut flow = self.stack.iter().rev().take_while(|frame| frame.style == NodeStyle::Flow);
        let frame = flow.find(|frame| matches!(self.text.as_bytes().get(frame.start), Some(b'[' | b'{')))?;
        Some(self.span(frame.start, frame.start + 1))
    }

    fn abandon(&mut self) {
        self.stack.clear();
        self.anchors.clear();
    }

    fn event(&mut self, event: Event<'_>, place: granit_parser::Span) -> Result<(), Abandon> {
        if let Some(tag) = place.tag_span().and_then(|tag| tag.byte_range()) {
            self.tag_end(tag);
        }
        let place = place.byte_range().unwrap_or_default();
        match event {
            Event::DocumentStart(explicit, _) => {
                if self.documents > 0 && !explicit {
                    let at = self.text[place.start..].find(|c: char| !c.is_whitespace()).unwrap_or(0) + place.start;
                    let end = at + self.text[at..].chars().next().map_or(0, char::len_utf8);
                    let span = self.span(at, end);
                    self.error(
                        Diagnostic::new(Code::YamlSyntax, span, "Kubernetes drops what follows `...` without a word")
                            .help("begin the document with `---`"),
                    );
                }
                self.documents += 1;
                self.anchors.clear();
                Ok(())
            }
            Event::Alias(id) => self.alias(id, place),
            Event::Anchor(_, name) => {
                if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
                    return Ok(());
                }
                let span = self.span(place.start, place.end);
                self.error(Diagnostic::new(
                    Code::YamlSyntax,
                    span,
                    format!("the anchor `&{name}` holds more than letters, digits, `_` and `-`"),
                ));
                Ok(())
            }
            Event::Scalar(value, style, anchor, tag) => self.scalar(value, style, anchor, tag.as_deref(), place),
            Event::SequenceStart(style, anchor, _) => self.open(OpenCollection::Seq(Vec::new()), style, anchor, place),
            Event::MappingStart(style, anchor, _) => {
                self.open(OpenCollection::Map(MapBuilder::default()), style, anchor, place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            _ => Ok(()),
        }
    }

    /// A tag runs on over commas and brackets in go-yaml, and ends before them here: so neither.
    fn tag_end(&mut self, tag: std::ops::Range<usize>) {
        if self.text[tag.end..].starts_with(|c: char| !c.is_whitespace()) {
            let span = self.span(tag.start, tag.end);
            self.error(Diagnostic::new(Code::YamlSyntax, span, "a space is missing after the tag"));
        }
    }

    /// Unquoted texts in brackets that go-yaml cuts elsewhere than YAML 1.2 does.
    fn flow_text(&mut self, source: &str, span: Span) {
        if self.stack.last().is_none_or(|frame| frame.style != NodeStyle::Flow) {
            return;
        }
        let mut after = self.text[span.end as usize..].chars();
        if after.next() == Some(':') && after.next().is_some_and(|c| ",[]{}".contains(c)) {
            self.error(
                Diagnostic::new(
                    Code::YamlSyntax,
                    span,
                    format!("`{source}:` is a key to some YAML readers and a text to others"),
                )
                .help(format!("put a space after the colon, or quote the text: `\"{source}:\"`")),
            );
        } else if source.starts_with('?') {
            self.error(
                Diagnostic::new(Code::YamlSyntax, span, "an unquoted text in brackets cannot begin with `?`")
                    .help("put the text in quotes"),
            );
        }
    }

    /// Counts values, before they are made.
    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Abandon> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            self.error(Diagnostic::new(
                Code::YamlLimits,
                span,
                format!("the file has more than {MAX_NODES} values, aliases followed"),
            ));
            return Err(Abandon);
        }
        Ok(())
    }

    fn open(
        &mut self,
        kind: OpenCollection,
        style: StructureStyle,
        anchor: usize,
        place: std::ops::Range<usize>,
    ) -> Result<(), Abandon> {
        let span = self.span(place.start, place.end);
        if self.stack.len() >= MAX_DEPTH {
            self.error(message::too_deep(span));
            return Err(Abandon);
        }
        self.count(1, span)?;
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        let style = match style {
            StructureStyle::Block => NodeStyle::Block,
            StructureStyle::Flow => NodeStyle::Flow,
        };
        let mut start = place.start;
        if style == NodeStyle::Block
            && matches!(kind, OpenCollection::Seq(_))
            && matches!(self.stack.last(), Some(Frame { kind: OpenCollection::Map(_), .. }))
            && let Some(dash) = self.text.get(self.last_end..start).and_then(scan::dash)
        {
            start = self.last_end + dash;
        }
        self.last_end = self.last_end.max(start);
        if style == NodeStyle::Flow {
            self.last_end = self.last_end.max(place.end);
        }
        self.stack.push(Frame { start, style, anchor, size: ParsedSize::default(), kind });
        Ok(())
    }

    fn close(&mut self, place: std::ops::Range<usize>) -> Result<(), Abandon> {
        let Some(frame) = self.stack.pop() else {
            return Err(Abandon);
        };
        if frame.style == NodeStyle::Flow {
            self.last_end = self.last_end.max(place.end);
        }
        let span = self.span(frame.start, self.last_end);
        let data = match frame.kind {
            OpenCollection::Seq(items) => Data::Seq(items),
            OpenCollection::Map(members) => Data::Map(members.entries),
        };
        let size = ParsedSize { nodes: frame.size.nodes + 1, bytes: frame.size.bytes, depth: frame.size.depth + 1 };
        let node = Node::new(span, data, frame.style);
        self.remember(frame.anchor, &node, size)?;
        self.done(Done { node, size, merge: false, alias: false, scalar: None });
        Ok(())
    }

    /// Keeps a copy of an anchored value for its aliases.
    fn remember(&mut self, anchor: usize, node: &Node, size: ParsedSize) -> Result<(), Abandon> {
        if anchor != 0 {
            self.copy(size, node.span)?;
            self.anchors.insert(anchor, Some(Anchor { node: node.clone(), size }));
        }
        Ok(())
    }

    /// Counts what an anchor keeps or an alias repeats, before it is copied.
    fn copy(&mut self, size: ParsedSize, span: Span) -> Result<(), Abandon> {
        self.count(size.nodes, span)?;
        self.repeated = self.repeated.saturating_add(size.nodes);
        self.copied = self.copied.saturating_add(size.bytes);
        let (values, bytes) = most_repeated(self.text.len());
        let message = if self.repeated > values {
            format!("aliases repeat more than {values} values, too many for a file of this size")
        } else if self.copied > bytes {
            format!("aliases repeat more than {bytes} bytes of text, too many for a file of this size")
        } else {
            return Ok(());
        };
        self.error(Diagnostic::new(Code::YamlLimits, span, message).help("write the values out, or split the file"));
        Err(Abandon)
    }

    fn alias(&mut self, id: usize, place: std::ops::Range<usize>) -> Result<(), Abandon> {
        let span = self.span(place.start, place.end);
        self.last_end = self.last_end.max(place.end);
        let size = match self.anchors.get(&id) {
            Some(Some(anchor)) => anchor.size,
            _ => {
                self.error(Diagnostic::new(Code::YamlSyntax, span, "the alias stands inside the value it names"));
                return Err(Abandon);
            }
        };
        if self.stack.len() + size.depth > MAX_DEPTH {
            self.error(message::too_deep(span));
            return Err(Abandon);
        }
        self.copy(size, span)?;
        let Some(Some(Anchor { node, size })) = self.anchors.get(&id) else {
            return Err(Abandon);
        };
        let scalar = match (&node.data, node.style) {
            (Data::Seq(_) | Data::Map(_), _) => None,
            (Data::String(_), _) => Some(Scalar::Text),
            (Data::Bool(value), _) => Some(Scalar::Bool(*value)),
            (_, _) => Some(node.source.as_deref().map_or(Scalar::Null, scalar::resolve)),
        };
        let done = Done { node: node.clone(), size: *size, merge: false, alias: true, scalar };
        self.done(done);
        Ok(())
    }

    fn scalar(
        &mut self,
        value: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        place: std::ops::Range<usize>,
    ) -> Result<(), Abandon> {
        let source = self.text.get(place.clone()).unwrap_or_default();
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && let Some(tab) = scan::misplaced_tab(self.text, self.last_end, place.clone())
        {
            let span = self.span(tab, tab + 1);
            let message = "a tab stands where the indentation of a block scalar is expected";
            self.error(Diagnostic::new(Code::YamlSyntax, span, message).help("indent the lines with spaces"));
        }
        let empty = source.is_empty();
        let mut start = place.start;
        let mut end = place.end;
        if empty {
            start = self.nothing(start);
            end = start;
            self.last_end = self.last_end.max(end);
        } else {
            if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                end = start + source.trim_end_matches([' ', '\t', '\n', '\r']).len();
            }
            self.last_end = self.last_end.max(end);
        }
        let span = self.span(start, end);
        self.count(1, span)?;
        if style == ScalarStyle::DoubleQuoted && source.contains('\\') {
            if let Some((at, message, help)) = scan::foreign_escape(source) {
                let span = self.span(start + at.start, (start + at.end).min(end));
                self.error(Diagnostic::new(Code::YamlSyntax, span, message).help(help));
            }
            if let Some(character) = scan::uncarried(&value) {
                self.error(scan::refused(span, character));
            }
        }
        let plain = style == ScalarStyle::Plain;
        if plain && !empty {
            self.flow_text(source, span);
        }
        let (resolved, value) = match tag {
            None if !plain => (Scalar::Text, value),
            None => {
                let resolved = scalar::resolve(&value);
                if let Some(other) = scalar::disagreement(&value, resolved) {
                    self.ambiguous(span, &value, resolved, &other);
                }
                (resolved, value)
            }
            Some(tag) => self.tagged(tag, value, span),
        };
        let merge = (plain && tag.is_none() && value == "<<")
            || (value == "<<" && tag.is_some_and(|tag| core_name(tag).as_deref() == Some("merge")));
        let node_style = match style {
            ScalarStyle::Plain => NodeStyle::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => NodeStyle::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => NodeStyle::Block,
        };
        let mut node = Node::new(span, Data::Null, node_style);
        let size = ParsedSize { nodes: 1, bytes: value.len(), depth: 0 };
        match resolved {
            Scalar::Null => {}
            Scalar::Text => node.data = Data::String(value.into_owned()),
            Scalar::Bool(boolean) => {
                node.data = Data::Bool(boolean);
                node.source = Some(value.into());
            }
            number => {
                if let Some(number) = scalar::json_number(number) {
                    node.data = Data::Number(number);
                } else if !self.at_key() {
                    self.error(
                        Diagnostic::new(
                            Code::YamlSyntax,
                            span,
                            format!(
                                "Kubernetes cannot read the number `{value}`: JSON has no infinity and no not-a-number"
                            ),
                        )
                        .help(format!("quote it if it is a text: `\"{value}\"`")),
                    );
                }
                node.source = Some(value.into());
            }
        }
        self.remember(anchor, &node, size)?;
        self.done(Done { node, size, merge, alias: false, scalar: Some(resolved) });
        Ok(())
    }

    /// Where an empty value is shown: after its `-`, or after the `:` of its key.
    fn nothing(&self, at: usize) -> usize {
        let between = self.text.get(self.last_end..at).unwrap_or_default();
        match self.stack.last().map(|frame| &frame.kind) {
            Some(OpenCollection::Seq(_)) => scan::dash(between).map_or(at, |dash| self.last_end + dash + 1),
            Some(OpenCollection::Map(MapBuilder { pending: Pending::None, .. })) => at,
            _ => {
                let rest = self.text.get(self.last_end..).unwrap_or_default();
                let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                let near = rest[blanks..].starts_with(':').then_some(blanks);
                near.or_else(|| between.find(':')).map_or(at, |colon| self.last_end + colon + 1)
            }
        }
    }

    fn tagged<'v>(&mut self, tag: &Tag, value: Cow<'v, str>, span: Span) -> (Scalar, Cow<'v, str>) {
        let (resolved, value, wrong) = tag::resolve(core_name(tag).as_deref(), value, span);
        wrong.into_iter().for_each(|diagnostic| self.error(diagnostic));
        (resolved, value)
    }

    fn ambiguous(&mut self, span: Span, text: &str, resolved: Scalar, other: &str) {
        if self.parsed.warnings.len() >= MAX_SAID {
            return;
        }
        if self.wants_file_mode() && text.starts_with('0') && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
            return;
        }
        let diagnostic = message::ambiguous(span, text, resolved, other, self.wants_number());
        self.parsed.warnings.push(diagnostic);
    }

    /// Whether the next value is a file mode, which everybody writes and reads in octal, `0755`.
    fn wants_file_mode(&self) -> bool {
        self.pending_key().is_some_and(|key| matches!(key, "defaultMode" | "mode"))
    }

    /// The key whose value is read next.
    fn pending_key(&self) -> Option<&str> {
        match self.stack.last() {
            Some(Frame { kind: OpenCollection::Map(MapBuilder { pending: Pending::Key(key, _), .. }), .. }) => {
                Some(key)
            }
            _ => None,
        }
    }

    /// Whether the next value stands under a field that people write in octal, and that takes a number only.
    fn wants_number(&self) -> bool {
        let numbers = ["defaultMode", "mode", "runAsUser", "runAsGroup", "fsGroup"];
        self.pending_key().is_some_and(|key| numbers.contains(&key))
    }

    /// Whether the next value is the key of a map.
    fn at_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame { kind: OpenCollection::Map(MapBuilder { pending: Pending::None, .. }), .. })
        )
    }

    /// Hands a finished value to the list, map or document it belongs to.
    fn done(&mut self, done: Done) {
        let Some(frame) = self.stack.last_mut() else {
            if done.node.data != Data::Null {
                self.parsed.documents.push(Document { root: done.node });
            }
            return;
        };
        frame.size.nodes += done.size.nodes;
        frame.size.bytes += done.size.bytes;
        frame.size.depth = frame.size.depth.max(done.size.depth);
        let written = match &mut frame.kind {
            OpenCollection::Seq(items) => {
                items.push(done.node);
                Ok(())
            }
            OpenCollection::Map(members) => match std::mem::take(&mut members.pending) {
                Pending::None => {
                    let read = key(done);
                    members.pending = Pending::Bad;
                    read.map(|pending| members.pending = pending)
                }
                Pending::Key(key, span) => {
                    frame.size.bytes += key.len();
                    members.write(Entry { key, key_span: span, value: done.node })
                }
                Pending::Merge => members.merge(done.node, done.alias),
                Pending::Bad => Ok(()),
            },
        };
        if let Err(diagnostic) = written {
            self.error(*diagnostic);
        }
    }
}

/// What a value is as a key.
fn key(done: Done) -> Result<Pending, Box<Diagnostic>> {
    let Done { node, merge, scalar, .. } = done;
    if merge {
        return Ok(Pending::Merge);
    }
    let span = node.span;
    let text = match node.data {
        Data::String(text) => return Ok(Pending::Key(text, span)),
        _ => scalar.and_then(|scalar| scalar::key(scalar, node.source.as_deref().unwrap_or_default())),
    };
    if let Some(text) = text {
        return Ok(Pending::Key(text, span));
    }
    let diagnostic = match (&node.data, scalar) {
        (Data::Seq(_), _) => Diagnostic::new(Code::NullKey, span, "a list cannot be a key"),
        (Data::Map(_), _) => Diagnostic::new(Code::NullKey, span, "a map cannot be a key")
            .help("a text that begins with `{` needs quotes"),
        (_, Some(Scalar::Big(_))) => {
            Diagnostic::new(Code::NullKey, span, "a number this large cannot be a key").help("put it in quotes")
        }
        _ => Diagnostic::new(Code::NullKey, span, "null cannot be a key").help("put it in quotes if it is a text"),
    };
    Err(Box::new(diagnostic))
}
