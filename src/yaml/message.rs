//! The parser's errors in our words: what is there and what to write instead.

use granit_parser::{ErrorKind, ScanError};

use crate::diag::{Code, Diagnostic, Fix};
use crate::tree::{FileId, Span};

use super::MAX_DEPTH;
use super::cause;
use super::scalar::{self, Scalar};

const TABS: &str = "YAML does not allow tabs for indentation; use spaces";

/// A diagnostic for an error of the parser. `open` is the innermost bracket that is still open.
pub(super) fn diagnostic(file: FileId, text: &str, error: &ScanError, open: Option<Span>) -> Diagnostic {
    let at = text.floor_char_boundary(error.marker().byte_offset().unwrap_or(text.len()));
    if let Some(cause) = cause::find(file, text, at) {
        return cause;
    }
    let (message, help) = words(error.kind());
    let range = if help == TABS { tab(text, at) } else { None };
    let range = range.unwrap_or(at..word_end(text, at));
    let span = Span::new(file, range.start, range.end);
    let word = text.get(range).unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::RecursionLimitExceeded => return too_deep(span),
        ErrorKind::UnknownAnchor if word.len() > 1 => format!("the alias `{word}` has no anchor before it"),
        ErrorKind::UnexpectedCharacter { character: '`' } => "an unquoted text cannot begin with a backtick".to_owned(),
        ErrorKind::UnexpectedCharacter { character } => format!("an unquoted text cannot begin with `{character}`"),
        _ => message.to_owned(),
    };
    let mut diagnostic = Diagnostic::new(Code::YamlSyntax, span, message);
    if let Some(open) = open.filter(|open| *open != span) {
        diagnostic = diagnostic.other(open, "this bracket is still open");
    }
    match error.kind() {
        ErrorKind::UnknownAnchor if word.starts_with("*/") => {
            diagnostic.help("a text that begins with `*` needs quotes")
        }
        _ if help.is_empty() => diagnostic,
        _ => diagnostic.help(help),
    }
}

/// The tab that is meant by an error at an offset: on that line, or on one of the lines after it.
fn tab(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let tab = line_start + text[line_start..].find('\t')?;
    Some(tab..tab + 1)
}

/// Lists and maps nested beyond the limit.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(Code::YamlLimits, span, format!("lists and maps are nested more than {MAX_DEPTH} deep"))
}

/// A scalar that readers take differently: what it is to Kubernetes, and what to `other` readers. Where only a number will
/// do, the number is what to write.
pub(super) fn ambiguous(span: Span, text: &str, resolved: Scalar, other: &str, number: bool) -> Diagnostic {
    let kubernetes = match resolved {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(value) => format!("the boolean {value}"),
        Scalar::Text => format!("the text `{text}`"),
        number => scalar::json_number(number).map_or_else(|| "a number".to_owned(), |n| format!("the number {n}")),
    };
    let message = format!("`{text}` is {kubernetes} to Kubernetes and {other} to other YAML readers");
    let plain = match resolved {
        Scalar::Bool(value) => Some(value.to_string()),
        number => scalar::json_number(number).map(|n| n.to_string()),
    };
    let kept = plain.clone().unwrap_or_else(|| format!("\"{text}\""));
    let fixed = plain.is_some() || !text.contains(['"', '\\']);
    let diagnostic = Diagnostic::new(Code::AmbiguousScalar, span, message);
    // It means what it meant to Kubernetes.
    let diagnostic = if fixed { diagnostic.quiet_fix(Fix::replace(span, kept)) } else { diagnostic };
    diagnostic.help(match plain {
        Some(plain) if number => format!(
            "write `{plain}`, which is what Kubernetes reads here; in quotes it would be a text, which this field does not take"
        ),
        Some(plain) => format!("write `\"{text}\"` for the text, or `{plain}` for what Kubernetes reads"),
        None => format!("write `\"{text}\"` for the text"),
    })
}

/// The end of the word at an offset: at least one character, at most to the end of the line.
fn word_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut end = 0;
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        let colon = character == ':' && characters.peek().is_none_or(|next| next.is_whitespace());
        if matches!(character, '\n' | '\r')
            || (end > 0 && (colon || character.is_whitespace() || ",]}".contains(character)))
        {
            break;
        }
        end += character.len_utf8();
        if character.is_whitespace() || (end == 1 && "[]{}:,?".contains(character)) {
            break;
        }
    }
    at + end
}

fn words(kind: &ErrorKind) -> (&'static str, &'static str) {
    const QUOTE: &str = "put the text in quotes";
    use ErrorKind as K;
    match kind {
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabAtBlockScalarStart
        | K::TabInIndentation
        | K::TabInPlainScalar => ("a tab stands where only spaces may", TABS),
        K::InvalidBlockEntryWhitespace => ("a tab follows `-`", "use a space"),
        K::InvalidMappingValueWhitespace => ("a tab follows `:` before a list or a map", "use a space"),
        K::UnexpectedEofFlowSequence => ("the list is not closed", "add `]`"),
        K::UnexpectedEofFlowMapping | K::UnexpectedEofImplicitFlowMapping => ("the map is not closed", "add `}`"),
        K::UnclosedFlowCollection { open: '[' } => ("the list that begins here is not closed", "add `]`"),
        K::UnclosedFlowCollection { .. } => ("the map that begins here is not closed", "add `}`"),
        K::UnexpectedEofBlockSequence | K::UnexpectedEofBlockMapping | K::UnexpectedEof => {
            ("the file ends too early", "")
        }
        K::DirectiveDisallowed
        | K::DuplicateVersionDirective
        | K::UnsupportedYamlMajorVersion
        | K::DuplicateTagDirective
        | K::MissingDocumentEndBeforeDirective => {
            ("Kubernetes does not read directives such as `%YAML`", "remove the line that begins with `%`")
        }
        K::ExpectedDocumentStart => ("the document ended above, and no other was begun", "begin a document with `---`"),
        K::InvalidDocumentEnd => ("only a comment may follow `...` on its line", ""),
        K::UnknownAnchor => ("the alias has no anchor before it", ""),
        K::MissingAnchorOrAliasName => ("`*` or `&` needs a name after it", QUOTE),
        K::ExpectedNodeContent => ("a value is missing here", ""),
        K::ExpectedBlockMappingKey => {
            ("this stands where the next `key: value` should", "check the indentation and the quotes above")
        }
        K::ExpectedFlowMappingSeparator => {
            ("expected `,` or `}` here", "put texts with spaces, colons or braces in quotes")
        }
        K::ExpectedFlowSequenceSeparator => {
            ("expected `,` or `]` here", "put texts with spaces, colons or brackets in quotes")
        }
        K::ExpectedBlockSequenceEntry => ("this stands where the next `- item` should", "check the indentation"),
        K::UndeclaredTagHandle => {
            ("the tag is not declared", "Kubernetes' YAML has `!!str`, `!!int` and their like only")
        }
        K::SimpleKeyExpected | K::InvalidSimpleKey => {
            ("this is no `key: value`", "check the indentation, or add the `:`")
        }
        K::InvalidIndentation
        | K::InvalidFlowScalarIndent
        | K::InvalidQuotedScalarIndent
        | K::InvalidBlockScalarIndent => ("the indentation fits nothing above", "line it up with its siblings"),
        K::BomInsideDocument => ("a byte-order mark stands inside the file", "remove it"),
        K::UnexpectedCharacter { .. } => ("an unquoted text cannot begin like this", QUOTE),
        K::CommentInterceptedScalar => {
            ("a comment interrupts a text of several lines", "move the comment, or put the text in quotes")
        }
        K::ExpectedWhitespace => ("a space is missing here", ""),
        K::CommentNotSeparated => ("a comment needs a space before its `#`", ""),
        K::MisplacedFlowCollectionEnd => ("this bracket closes nothing", "remove it, or put the text in quotes"),
        K::MismatchedFlowCollectionEnd { .. } => ("this bracket does not match the open one", ""),
        K::BlockEntryInFlowCollection => ("`- ` cannot stand inside brackets", "separate items by commas"),
        K::BlockSequenceEntryNotAllowed => {
            ("a list cannot begin here", "begin the list on the next line, or put the text in quotes")
        }
        K::ZeroBlockScalarIndent | K::InvalidBlockScalarHeader => {
            ("only an indentation digit and `+` or `-` may follow `|` or `>`", "begin the text on the next line")
        }
        K::DocumentIndicatorInQuotedScalar => ("a quoted text runs into `---` or `...`", "close the quotes"),
        K::UnclosedQuotedScalar => ("the quoted text is not closed", "add the closing quote"),
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => (
            "something follows the closing quote",
            "put the whole text in quotes; a single quote inside single quotes is written twice",
        ),
        K::UnknownQuotedScalarEscape => {
            ("double quotes have no such escape", "write `\\\\` for a backslash, or use single quotes")
        }
        K::InvalidQuotedScalarHexEscape
        | K::InvalidLowSurrogateHexEscape
        | K::InvalidLowSurrogate
        | K::MissingLowSurrogate
        | K::UnpairedLowSurrogate
        | K::InvalidUnicodeEscape => {
            ("the escape is not a character", "write `\\x` and 2, `\\u` and 4 or `\\U` and 8 hexadecimal digits")
        }
        K::PlainScalarStartsWithDashFlowIndicator | K::UnexpectedEndOfPlainScalar => {
            ("an unquoted text cannot begin like this", QUOTE)
        }
        K::MappingKeyNotAllowed => ("`?` cannot stand here", QUOTE),
        K::MappingValueNotAllowed | K::InvalidColonPlacement | K::FlowMappingValueAdjacentCollection => {
            ("`: ` cannot stand inside an unquoted text", "put the text in quotes, or check the indentation")
        }
        K::ExpectedTagBang
        | K::InvalidGlobalTagCharacter
        | K::InvalidTagTerminator
        | K::MissingTagUri
        | K::UnclosedVerbatimTag
        | K::InvalidTagEscape
        | K::InvalidTagUtf8LeadingByte
        | K::InvalidTagUtf8TrailingByte
        | K::InvalidTagUtf8 => ("the tag cannot be read", "put a text that begins with `!` in quotes"),
        _ => ("this is not YAML", ""),
    }
}
