//! What an unquoted scalar means: `resolve` of go-yaml v2 (`resolve.go`) with Go's `strconv` behind it, then what
//! `sigs.k8s.io/yaml` makes of it as JSON.

use serde_json::Number;

/// What a scalar is to `kubectl`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number above `i64`: a value becomes a float, a key is refused.
    Big(u64),
    /// A float; infinite and not-a-number only from their YAML words.
    Float(f64),
    Text,
}

/// Reads a scalar that has no tag and no quotes.
pub(super) fn resolve(text: &str) -> Scalar {
    let Some(&first) = text.as_bytes().first() else {
        return Scalar::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text).unwrap_or(Scalar::Text)
        }
        b'.' => word(text).or_else(|| go_float(text).map(Scalar::Float)).unwrap_or(Scalar::Text),
        b'+' | b'-' | b'0'..=b'9' => word(text).or_else(|| number(text)).unwrap_or(Scalar::Text),
        _ => Scalar::Text,
    }
}

/// The words of `resolveMapList`.
fn word(text: &str) -> Option<Scalar> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// What begins with a digit or a sign: underscores anywhere are ignored; whole number, float, or Go's odd `0b-1`.
fn number(text: &str) -> Option<Scalar> {
    let bare: std::borrow::Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    if let Some(whole) = whole(&bare) {
        return Some(whole);
    }
    if is_float(&bare) {
        return bare.parse::<f64>().ok().filter(|f| f.is_finite()).map(Scalar::Float);
    }
    let rest = bare.strip_prefix("0b")?;
    let (negative, digits) = match rest.as_bytes().first()? {
        b'-' => (true, &rest[1..]),
        b'+' => (false, &rest[1..]),
        _ => return None,
    };
    signed(digits, 2, negative)
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`: `0x`, `0o`, `0b` and a leading zero tell the base.
fn whole(text: &str) -> Option<Scalar> {
    let (negative, plus, digits) = match text.as_bytes().first()? {
        b'-' => (true, false, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let bytes = digits.as_bytes();
    let (radix, digits) = match bytes {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    match signed(digits, radix, negative)? {
        Scalar::Big(_) if plus => None,
        scalar => Some(scalar),
    }
}

fn signed(digits: &str, radix: u32, negative: bool) -> Option<Scalar> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match i64::try_from(magnitude) {
        Ok(value) => Some(Scalar::Int(if negative { -value } else { value })),
        Err(_) if negative => 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int),
        Err(_) => Some(Scalar::Big(magnitude)),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, the same in go-yaml v2 and in the core schema of YAML 1.2.
fn is_float(text: &str) -> bool {
    let digits = |at: usize| text.as_bytes()[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let before = digits(at);
    at += before;
    if bytes.get(at) == Some(&b'.') {
        let after = digits(at + 1);
        if before + after == 0 {
            return false;
        }
        at += 1 + after;
    } else if before == 0 {
        return false;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}

/// `strconv.ParseFloat` of what begins with a dot: underscores only between digits.
fn go_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    let fair = bytes
        .iter()
        .enumerate()
        .all(|(i, &b)| b != b'_' || (i > 0 && digit(bytes.get(i - 1)) && digit(bytes.get(i + 1))));
    let bare = text.replace('_', "");
    if !fair || !is_float(&bare) {
        return None;
    }
    bare.parse::<f64>().ok().filter(|f| f.is_finite())
}

/// What a tag of YAML's own namespace makes of a text; `None` if it cannot.
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Option<Scalar> {
    let scalar = resolve(text);
    match (tag, scalar) {
        ("null", Scalar::Null)
        | ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::Big(_))
        | ("float", Scalar::Float(_)) => Some(scalar),
        ("float", Scalar::Int(value)) => Some(Scalar::Float(value as f64)),
        ("timestamp", Scalar::Text) if is_date(text) => Some(Scalar::Text),
        _ => None,
    }
}

/// Whether a text has the look of go-yaml's time stamps: `2026-1-1`, with a time after `T`, `t` or a space.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let mut part = |length: std::ops::RangeInclusive<usize>| {
        parts.next().is_some_and(|p| length.contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let day = part(4..=4) && part(1..=2) && part(1..=2);
    let time = time.is_none_or(|time| time.split(':').count() >= 3 && time.starts_with(|c: char| c.is_ascii_digit()));
    day && parts.next().is_none() && time
}

/// The number that reaches Kubernetes: a whole one wherever Go's JSON prints it without a dot. `None` for infinity and not-a-number.
pub(super) fn json_number(scalar: Scalar) -> Option<Number> {
    match scalar {
        Scalar::Int(value) => Some(value.into()),
        Scalar::Big(value) => Number::from_f64(value as f64),
        Scalar::Float(value) if value.is_finite() => match value.to_string().parse::<i64>() {
            Ok(whole) => Some(whole.into()),
            Err(_) => Number::from_f64(value),
        },
        _ => None,
    }
}

/// A key that is not a text, as `sigs.k8s.io/yaml` turns it into one; `None` for null and for numbers too large.
pub(super) fn key(scalar: Scalar, text: &str) -> Option<String> {
    Some(match scalar {
        Scalar::Null | Scalar::Big(_) => return None,
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Float(value) => go_g32(value),
        Scalar::Text => text.to_owned(),
    })
}

/// `strconv.FormatFloat(value, 'g', -1, 32)`, with YAML's words for what is not finite.
fn go_g32(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf".into() } else { "-.inf".into() };
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e').map(|(mantissa, exponent)| (mantissa, exponent.parse::<i32>())) {
        Some((mantissa, Ok(exponent))) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

/// How a reader of YAML 1.2 (core schema) takes a scalar that Kubernetes takes otherwise; `None` where they agree.
pub(super) fn disagreement(text: &str, scalar: Scalar) -> Option<String> {
    if matches!(text.as_bytes().first(), None | Some(b'a'..=b'e' | b'g'..=b'm' | b'p'..=b's' | b'u'..=b'x' | b'z' | b'/'))
    {
        return None;
    }
    let number = |scalar| json_number(scalar).map_or_else(|| "infinity".to_owned(), |n| n.to_string());
    if matches!(word(text), Some(Scalar::Bool(_))) {
        let agreed = matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE");
        return (!agreed).then(|| format!("the text `{text}`"));
    }
    if text.starts_with("0o") && scalar != Scalar::Text {
        return Some(format!("the text `{text}`"));
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let core = if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let value = text.parse::<f64>().unwrap_or(f64::INFINITY);
        Some(text.parse::<i64>().map_or(Scalar::Float(value), Scalar::Int))
    } else if is_float(text) {
        text.parse::<f64>().ok().map(Scalar::Float)
    } else {
        let hex = text.strip_prefix("0x").filter(|hex| !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        hex.map(|hex| signed(hex, 16, false).unwrap_or(Scalar::Float(f64::INFINITY)))
    };
    match (core, scalar) {
        (None, Scalar::Text | Scalar::Null) => None,
        (None, Scalar::Float(value)) if !value.is_finite() => None,
        (None, _) => Some(format!("the text `{text}`")),
        (Some(core), Scalar::Text) => Some(format!("the number {}", number(core))),
        (Some(core), _) if json_number(core) == json_number(scalar) => None,
        (Some(core), _) => Some(format!("the number {}", number(core))),
    }
}
