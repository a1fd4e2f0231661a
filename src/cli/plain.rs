//! Texts of other people, as a terminal may show them: no colour, no line break, no turn of the direction of writing,
//! nothing that is there and cannot be seen. It knows nothing of what they say.
//!
//! The one idea: a reader must see what is there, so what would be obeyed or overlooked is spelt out.

/// A text of one line.
pub(super) fn plain(text: &str) -> String {
    escaped(text, odd)
}

/// A text of several lines.
pub(super) fn lines(text: &str) -> String {
    escaped(text, |c| c != '\n' && odd(c))
}

fn escaped(text: &str, odd: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if odd(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// What a terminal or a browser obeys, or shows nothing of.
fn odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
}
