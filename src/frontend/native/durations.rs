//! Reads lengths of time such as `20m` and `1h30m`.

use super::context::DocumentContext;
use crate::diag::{Code, Diagnostic};
use crate::tree::Spanned;

/// The longest expected duration, in seconds: 31 days.
const LONGEST: u64 = 31 * 86_400;

/// Seconds of numbers with `s`, `m`, `h` or `d` behind them, largest units first or not.
pub(super) fn parse_seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut seconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes()[digits] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(seconds)
}

/// `expectedDuration`; the outer `None` says that it was refused.
pub(super) fn expected(said: Option<Spanned<String>>, context: &mut DocumentContext<'_, '_>) -> Option<Option<u32>> {
    let Some(text) = said else { return Some(None) };
    match parse_seconds(&text).filter(|seconds| (1..=LONGEST).contains(seconds)) {
        Some(seconds) => Some(u32::try_from(seconds).ok()),
        None => {
            let message = format!("`{}` is not a duration of up to 31 days", *text);
            let help = "write a number with `s`, `m`, `h` or `d`: `90s`, `20m`, `1h30m`";
            context.diags.push(Diagnostic::new(Code::InvalidValue, text.span, message).help(help));
            None
        }
    }
}

/// A window in whole minutes between two bounds.
pub(super) fn window(
    text: &Spanned<String>,
    (least, most): (u32, u32),
    context: &mut DocumentContext<'_, '_>,
) -> Option<u32> {
    let minutes = parse_seconds(text).filter(|seconds| seconds % 60 == 0).map(|seconds| seconds / 60);
    let minutes = minutes.and_then(|minutes| u32::try_from(minutes).ok());
    let fits = minutes.filter(|minutes| (least..=most).contains(minutes));
    if fits.is_none() {
        let shown = |minutes: u32| {
            if minutes.is_multiple_of(60) { format!("{}h", minutes / 60) } else { format!("{minutes}m") }
        };
        let message =
            format!("`{}` is not a window of whole minutes from `{}` to `{}`", **text, shown(least), shown(most));
        let help = "write minutes or hours: `30m`";
        context.diags.push(Diagnostic::new(Code::InvalidValue, text.span, message).help(help));
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::parse_seconds;

    #[test]
    fn lengths_are_numbers_with_units() {
        let read = |text: &str| parse_seconds(text);
        assert_eq!([read("90s"), read("20m"), read("1h30m"), read("2d")], [90, 1200, 5400, 172_800].map(Some));
        for text in ["", "20", "m", "-5m", "1.5h", "20 m", "20x", "99999999999999999999m"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
