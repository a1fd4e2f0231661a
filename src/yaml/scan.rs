//! Checks the bytes before parsing: invalid text, control characters, separators that `kubectl` refuses.

use crate::diag::{Code, Diagnostic};
use crate::tree::{FileId, Span};

use super::encoding::Encoding;
use super::{MAX_BYTES, MAX_SAID};

/// The byte-order mark, which may stand at the very beginning.
pub(super) const MARK: char = '\u{feff}';

/// Bytes that need a closer look: controls but tab and line breaks, DEL, and the first bytes of what may be C1, U+2028/9, U+FFFE/F.
static SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = !matches!(byte as u8, b'\t' | b'\n' | b'\r');
        byte += 1;
    }
    table[0x7f] = true;
    table[0xc2] = true;
    table[0xe2] = true;
    table[0xef] = true;
    table
};

/// The bytes as text, if they are UTF-8 and not too many.
pub(super) fn text(file: FileId, bytes: &[u8]) -> Result<&str, Box<Diagnostic>> {
    if bytes.len() > MAX_BYTES {
        let span = Span::new(file, 0, 0);
        let message = format!("the file has {} bytes, more than the {MAX_BYTES} that are read", bytes.len());
        return Err(Box::new(Diagnostic::new(Code::YamlLimits, span, message)));
    }
    if let Some(encoding) = Encoding::detect(bytes) {
        let span = Span::new(file, 0, encoding.unit());
        let message = format!("the file is {}, and YAML for Kubernetes is UTF-8", encoding.name());
        return Err(Box::new(Diagnostic::new(Code::InvalidUtf8, span, message)));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let length = error.error_len().unwrap_or(bytes.len() - at);
        let diagnostic = Diagnostic::new(
            Code::InvalidUtf8,
            Span::new(file, at, at + length),
            format!("byte {at} of the file is not UTF-8"),
        );
        Box::new(diagnostic.help("save the file as UTF-8"))
    })
}

/// Whether `kubectl` reads the text by the rules of JSON.
pub(super) fn is_json(text: &str) -> bool {
    text.strip_prefix(MARK).unwrap_or(text).trim_start().starts_with('{')
}

/// Characters that must not stand bare in YAML.
pub(super) fn characters(file: FileId, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|&b| SUSPECT[usize::from(b)]).map(|i| from + i) {
        let Some(character) = text[at..].chars().next() else {
            break;
        };
        from = at + character.len_utf8();
        if found.len() == MAX_SAID {
            break;
        }
        let span = Span::new(file, at, from);
        match character {
            '\u{7f}' => found.push(refused(span, character)),
            '\u{2028}' | '\u{2029}' => found.push(
                Diagnostic::new(
                    Code::ControlCharacter,
                    span,
                    format!(
                        "the line separator U+{:04X} is a line break to some YAML readers and text to others",
                        u32::from(character)
                    ),
                )
                .help(format!("write it as `{}` in double quotes, or break the line", escape(character))),
            ),
            '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => found.push(refused(span, character)),
            '\0'..='\u{1f}' => found.push(
                Diagnostic::new(
                    Code::ControlCharacter,
                    span,
                    format!("the control character U+{:04X} cannot stand in YAML", u32::from(character)),
                )
                .help(format!("write it as `{}` in double quotes, or remove it", escape(character))),
            ),
            _ => {}
        }
    }
    found
}

/// A character that does not arrive even if it is escaped: what its plugins answer Argo CD turns into JSON, where these
/// stand bare, and reads that as YAML (the reader of go-yaml: `readerc.go`). U+0085 becomes a space there, and in kustomize.
pub(crate) fn uncarried(text: &str) -> Option<char> {
    let refused = |c: &char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    text.bytes().any(|byte| matches!(byte, 0x7f | 0xc2 | 0xef)).then(|| text.chars().find(refused))?
}

/// Such a character, told.
pub(crate) fn refused(span: Span, character: char) -> Diagnostic {
    let name = match character {
        '\u{7f}' => " (DEL)",
        '\u{85}' => " (NEL)",
        _ => "",
    };
    let code = u32::from(character);
    let message = format!("the control character U+{code:04X}{name} cannot be carried by a manifest");
    Diagnostic::new(Code::ControlCharacter, span, message).help("remove it")
}

fn escape(character: char) -> String {
    match u32::from(character) {
        code @ ..=0xff => format!("\\x{code:02X}"),
        code => format!("\\u{code:04X}"),
    }
}

/// Lines that begin with `---` and go on with something: `kubectl` cuts a file there, wherever that is, and refuses the rest.
pub(super) fn separators(file: FileId, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // One byte is found many times faster than three, so line ends are looked for and not the dashes.
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    for at in starts.filter(|at| text[*at..].starts_with("---")) {
        if found.len() == MAX_SAID {
            break;
        }
        let rest = text[at + 3..].split('\n').next().unwrap_or_default();
        let shown = rest.trim();
        if !shown.is_empty() && !shown.starts_with('#') {
            let start = at + 3 + (rest.len() - rest.trim_start().len());
            found.push(
                Diagnostic::new(
                    Code::YamlSyntax,
                    Span::new(file, start, start + shown.len()),
                    "only a comment may follow `---` on its line",
                )
                .help("begin the document on the next line"),
            );
        }
    }
    found
}

/// An escape in a double-quoted text that go-yaml refuses although YAML 1.2 has it; its offset, and what is wrong with it.
pub(super) fn foreign_escape(source: &str) -> Option<(std::ops::Range<usize>, &'static str, &'static str)> {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(step) = bytes.get(at..)?.iter().position(|&b| b == b'\\') {
        at += step;
        match bytes.get(at + 1) {
            Some(b'/') => {
                return Some((at..at + 2, "Kubernetes does not read the escape `\\/` in YAML", "write `/` alone"));
            }
            Some(b'u')
                if matches!(
                    bytes.get(at + 2..at + 4),
                    Some([b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F'])
                ) =>
            {
                let help = "write the character itself, or `\\U` with eight digits";
                return Some((at..at + 6, "Kubernetes does not read halves of a character in YAML", help));
            }
            _ => at += 2,
        }
    }
    None
}

/// Where a tab stands instead of a block scalar's indentation, which go-yaml refuses: in its first line, unless the header
/// says how deep the lines are, and behind fewer spaces than the lines have. Source: `yaml_parser_scan_block_scalar_breaks`
/// in `scannerc.go`. `content` begins behind the indentation of the first line.
pub(super) fn misplaced_tab(text: &str, before: usize, content: std::ops::Range<usize>) -> Option<usize> {
    let tab_at = |at: usize| text.as_bytes().get(at) == Some(&b'\t');
    if tab_at(content.end) {
        return Some(content.end);
    }
    if !tab_at(content.start) {
        return None;
    }
    let header = text.get(before..content.start)?.trim_end().lines().next_back()?;
    let header = header.split(" #").next()?.split_whitespace().next_back()?;
    let header = &header[header.rfind(['|', '>'])?..];
    (!header.contains(|c: char| c.is_ascii_digit())).then_some(content.start)
}

/// The first `-` in what stands between two values that begins its line or follows another `-`.
pub(super) fn dash(between: &str) -> Option<usize> {
    let mut line_start = 0;
    for line in between.split_inclusive(['\n', '\r']) {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line[indent..].starts_with('-') {
            return Some(line_start + indent);
        }
        line_start += line.len();
    }
    None
}
