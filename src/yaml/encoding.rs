//! Recognizes texts that are encoded as UTF-16 or UTF-32.
//!
//! The detection is that of YAML 1.2.2, section 5.2 (Character Encodings): a byte order mark, or the zero bytes
//! beside an ASCII character.

/// An encoding of a text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf16 { little: bool, marked: bool },
    Utf32 { little: bool, marked: bool },
}

impl Encoding {
    /// The encoding of a text, if its first bytes show that it is UTF-16 or UTF-32.
    pub(crate) fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0, 0, 0xfe, 0xff, ..] => Some(Self::Utf32 { little: false, marked: true }),
            [0xff, 0xfe, 0, 0, ..] => Some(Self::Utf32 { little: true, marked: true }),
            [0xfe, 0xff, ..] => Some(Self::Utf16 { little: false, marked: true }),
            [0xff, 0xfe, ..] => Some(Self::Utf16 { little: true, marked: true }),
            [0, 0, 0, 1..=0x7f, 0, 0, 0, 1..=0x7f, ..] => Some(Self::Utf32 { little: false, marked: false }),
            [1..=0x7f, 0, 0, 0, 1..=0x7f, 0, 0, 0, ..] => Some(Self::Utf32 { little: true, marked: false }),
            [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some(Self::Utf16 { little: false, marked: false }),
            [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some(Self::Utf16 { little: true, marked: false }),
            _ => None,
        }
    }

    /// The name of the encoding for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf16 { .. } => "UTF-16",
            Self::Utf32 { .. } => "UTF-32",
        }
    }

    /// The name of the encoding for `iconv -f`. Where a byte order mark says the order of bytes, so that the mark is not
    /// taken for a part of the text, the name does not.
    pub(crate) fn iconv_name(self) -> &'static str {
        match self {
            Self::Utf16 { marked: true, .. } => "UTF-16",
            Self::Utf16 { little: true, .. } => "UTF-16LE",
            Self::Utf16 { .. } => "UTF-16BE",
            Self::Utf32 { marked: true, .. } => "UTF-32",
            Self::Utf32 { little: true, .. } => "UTF-32LE",
            Self::Utf32 { .. } => "UTF-32BE",
        }
    }

    /// The length of one unit, in bytes: that of a byte order mark too.
    pub(crate) fn unit(self) -> usize {
        match self {
            Self::Utf16 { .. } => 2,
            Self::Utf32 { .. } => 4,
        }
    }

    /// The text; what cannot be decoded is U+FFFD.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf16 { little, .. } => {
                let units = bytes.chunks_exact(2).map(|pair| {
                    let pair = [pair[0], pair[1]];
                    if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
                });
                char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            Self::Utf32 { little, .. } => {
                let units = bytes.chunks_exact(4).map(|four| {
                    let four = [four[0], four[1], four[2], four[3]];
                    if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }
                });
                units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text in an encoding, written without the code that reads it.
    fn encode(text: &str, wide: bool, little: bool, marked: bool) -> Vec<u8> {
        let text = if marked { format!("\u{feff}{text}") } else { text.to_owned() };
        let order = |mut bytes: Vec<u8>| {
            if little {
                bytes.reverse();
            }
            bytes
        };
        if wide {
            text.chars().flat_map(|c| order(u32::from(c).to_be_bytes().to_vec())).collect()
        } else {
            text.encode_utf16().flat_map(|unit| order(unit.to_be_bytes().to_vec())).collect()
        }
    }

    #[test]
    fn every_wide_encoding_is_recognized_and_decoded() {
        let text = "apiVersion: é😀\n";
        for wide in [false, true] {
            for little in [false, true] {
                for marked in [false, true] {
                    let bytes = encode(text, wide, little, marked);
                    let found = Encoding::detect(&bytes).expect("recognized");
                    assert_eq!(found.decode(&bytes).trim_start_matches('\u{feff}'), text);
                    let order = if marked {
                        ""
                    } else if little {
                        "LE"
                    } else {
                        "BE"
                    };
                    assert_eq!(found.iconv_name(), format!("UTF-{}{order}", if wide { 32 } else { 16 }));
                }
            }
        }
    }

    #[test]
    fn other_bytes_are_not_taken_for_wide_text() {
        for bytes in [&b""[..], b"a", b"a: b\n", b"\xef\xbb\xbfa: b", b"\0GITCRYPT\0", b"\0apiVersion: x", b"\xff\xffa"]
        {
            assert_eq!(Encoding::detect(bytes), None, "{bytes:?}");
        }
    }
}
