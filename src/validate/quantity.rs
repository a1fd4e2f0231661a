//! Resource quantities as Kubernetes reads them, in whole nanos.
//!
//! Source: `k8s.io/apimachinery/pkg/api/resource/quantity.go` (`ParseQuantity`, `UnmarshalJSON`) and `suffix.go`.

use std::fmt;

const NANOS: i128 = 1_000_000_000;
const SUFFIXES: [(&str, Scale); 16] = [
    ("n", Scale::Ten(-9)),
    ("u", Scale::Ten(-6)),
    ("m", Scale::Ten(-3)),
    ("", Scale::Ten(0)),
    ("k", Scale::Ten(3)),
    ("M", Scale::Ten(6)),
    ("G", Scale::Ten(9)),
    ("T", Scale::Ten(12)),
    ("P", Scale::Ten(15)),
    ("E", Scale::Ten(18)),
    ("Ki", Scale::Two(10)),
    ("Mi", Scale::Two(20)),
    ("Gi", Scale::Two(30)),
    ("Ti", Scale::Two(40)),
    ("Pi", Scale::Two(50)),
    ("Ei", Scale::Two(60)),
];

/// An amount, in whole nanos.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Quantity(i128);

/// What a suffix multiplies by.
#[derive(Clone, Copy)]
enum Scale {
    /// A power of ten.
    Ten(i64),
    /// A power of two.
    Two(u32),
}

/// Why a text is not a quantity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuantityError {
    /// One sentence, with the text in backticks.
    pub message: String,
    /// What may have been meant.
    pub help: Option<String>,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QuantityError {}

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);

    /// A whole number of units.
    pub fn from_units(units: i64) -> Quantity {
        Quantity(i128::from(units) * NANOS)
    }

    /// In billionths; exact.
    pub fn nanos(self) -> i128 {
        self.0
    }

    /// In thousandths, rounded away from zero as Kubernetes' `MilliValue` does.
    pub fn millis(self) -> i128 {
        away_from_zero(self.0, NANOS / 1000)
    }

    /// In units, rounded away from zero as Kubernetes' `Value` does.
    pub fn units(self) -> i128 {
        away_from_zero(self.0, NANOS)
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum; as large as can be if it is larger.
    #[must_use]
    pub fn plus(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_add(other.0))
    }

    /// So many times the amount; as large as can be if it is larger.
    #[must_use]
    pub fn times(self, count: i64) -> Quantity {
        Quantity(self.0.saturating_mul(i128::from(count)))
    }
}

/// Reads an amount as the API server reads a JSON string: white space around it does not count, unless JSON
/// escapes it.
///
/// # Errors
///
/// Says what is wrong, and what may have been meant.
pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
    match QuantityParts::of(trim_unescaped(text)) {
        Some(parts) => parts.scale().map(|scale| parts.amount(scale)).ok_or_else(|| refusal(text)),
        None => Err(refusal(text)),
    }
}

/// Reads a JSON number, which is as good as the same text in quotes.
///
/// # Errors
///
/// None that a JSON number can cause, but the texts are the same.
pub fn parse_number(number: &serde_json::Number) -> Result<Quantity, QuantityError> {
    parse(&number.to_string())
}

/// `UnmarshalJSON` trims the JSON text and does not unescape it, so a tab or a line end is a backslash and a letter there.
fn trim_unescaped(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() && c >= ' ' && !matches!(c, '\u{2028}' | '\u{2029}'))
}

/// The text that `UnmarshalJSON` reads of a JSON value; none of what is neither text nor number.
pub fn text_of(value: &serde_json::Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        serde_json::Value::String(text) => Some(trim_unescaped(text).into()),
        serde_json::Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// `Quantity.Value`, rounded up, of an amount that the API server has rounded up to thousandths before. What does not fit
/// 64 bits is 0 in the short form of an amount and its last 64 bits in the long one.
pub fn value_in_64_bits(text: &str) -> Option<i64> {
    let parts = QuantityParts::of(text)?;
    parts.scale().map(|scale| parts.in_64_bits(scale, 0))
}

/// `Quantity.MilliValue`, otherwise as [`value_in_64_bits`].
pub fn millis_in_64_bits(text: &str) -> Option<i64> {
    let parts = QuantityParts::of(text)?;
    parts.scale().map(|scale| parts.in_64_bits(scale, 3))
}

/// Whether `ParseQuantity` keeps the text for `String`, rather than writing the amount in its own way. It guesses whether
/// the text is canonical, and takes a sign, zeros in front and an exponent for canonical.
pub fn keeps_spelling(text: &str) -> bool {
    let Some(parts) = QuantityParts::of(text) else { return false };
    let Some(scale) = parts.scale().filter(|scale| parts.is_short(*scale)) else { return false };
    let digits = parts.digits();
    match scale {
        Scale::Two(power) => power % 10 == 0 && last_64_bits(digits.bytes()) & 7 != 0,
        Scale::Ten(power) => parts.places(power) % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0'),
    }
}

/// The number that the digits are, its last 64 bits.
fn last_64_bits(digits: impl Iterator<Item = u8>) -> u64 {
    digits.fold(0, |sum: u64, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit.saturating_sub(b'0'))))
}

/// The pieces of a quantity, as `parseQuantityString` cuts them.
struct QuantityParts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> QuantityParts<'a> {
    fn of(text: &'a str) -> Option<QuantityParts<'a>> {
        if text.is_empty() {
            return None;
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, rest) = split_digits(unsigned);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_digits(rest),
            None => ("", rest),
        };
        Some(QuantityParts { negative: text.starts_with('-'), whole, fraction, suffix })
    }

    /// `suffixHandler.interpret`: a known suffix, else `e` or `E` with a signed integer.
    fn scale(&self) -> Option<Scale> {
        if let Some((_, scale)) = SUFFIXES.iter().find(|(name, _)| *name == self.suffix) {
            return Some(*scale);
        }
        let exponent = self.suffix.strip_prefix(['e', 'E'])?;
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        exponent.parse().ok().map(Scale::Ten)
    }

    /// All digits, without the zeros in front of the whole part.
    fn digits(&self) -> String {
        let whole = self.whole.trim_start_matches('0');
        format!("{}{}", if whole.is_empty() { "0" } else { whole }, self.fraction)
    }

    /// The power of ten that the digits are to be multiplied by.
    fn places(&self, power: i64) -> i64 {
        power.saturating_sub(i64::try_from(self.fraction.len()).unwrap_or(i64::MAX))
    }

    /// Whether `ParseQuantity` makes a number of 64 bits and a power of ten of it, its fast path.
    fn is_short(&self, scale: Scale) -> bool {
        let count = self.digits().len();
        match scale {
            Scale::Ten(power) => count <= 18 && self.places(power) >= -9,
            Scale::Two(power) => {
                self.fraction.is_empty() && usize::try_from(power * 3 / 10).is_ok_and(|more| count + more < 15)
            }
        }
    }

    /// The amount with so many decimal places as a whole number of 64 bits, rounded up.
    fn in_64_bits(&self, scale: Scale, places: i64) -> i64 {
        let power = match scale {
            Scale::Ten(power) => self.places(power).saturating_add(places),
            Scale::Two(_) => {
                // `ParseQuantity` caps what has a binary unit.
                let most = i128::from(i64::MAX) * NANOS;
                let unit = if places == 0 { NANOS } else { NANOS / 1000 };
                let whole = away_from_zero(self.amount(scale).0.clamp(-most, most), unit);
                return if self.is_short(scale) { i64::try_from(whole).unwrap_or(0) } else { low_bits(whole) };
            }
        };
        let digits = self.digits();
        let count = usize::try_from(power.unsigned_abs()).unwrap_or(usize::MAX);
        let number = if power >= 0 {
            // Ten to the power of 64 is a multiple of two to the power of 64.
            let zeros = std::iter::repeat_n(b'0', count.min(64));
            let whole: String = digits.bytes().chain(zeros).map(char::from).collect();
            let fits = digits.bytes().all(|digit| digit == b'0') || whole.parse::<i64>().is_ok();
            if self.is_short(scale) && !fits { 0 } else { last_64_bits(whole.bytes()) }
        } else {
            let kept = digits.len().saturating_sub(count);
            let left = digits.bytes().skip(kept).any(|digit| digit != b'0');
            last_64_bits(digits.bytes().take(kept)).wrapping_add(u64::from(left))
        };
        let number = number.cast_signed();
        if self.negative { number.wrapping_neg() } else { number }
    }

    fn amount(&self, scale: Scale) -> Quantity {
        let (ten, two) = match scale {
            Scale::Ten(ten) => (ten, 0),
            Scale::Two(two) => (0, two),
        };
        let digits = || self.whole.bytes().chain(self.fraction.bytes()).skip_while(|b| *b == b'0');
        let places = i64::try_from(self.fraction.len()).unwrap_or(i64::MAX);
        // The value is `digits * 10^shift * 2^two` nanos.
        let shift = ten.saturating_sub(places).saturating_add(9);
        let nanos = if shift >= 0 { grown(digits(), shift, two) } else { shrunk(digits(), shift.unsigned_abs(), two) };
        Quantity(if self.negative { nanos.saturating_neg() } else { nanos })
    }
}

/// `digits * 10^shift * 2^two`, as large as can be if it is larger.
fn grown(digits: impl Iterator<Item = u8>, shift: i64, two: u32) -> i128 {
    let number = digits.fold(0i128, |sum, digit| sum.saturating_mul(10).saturating_add(value(digit)));
    let power = u32::try_from(shift).ok().and_then(|shift| 10i128.checked_pow(shift));
    match power {
        _ if number == 0 => 0,
        Some(power) => number.saturating_mul(power).saturating_mul(1 << two),
        None => i128::MAX,
    }
}

/// `digits / 10^shift * 2^two`, rounded up.
fn shrunk(digits: impl Iterator<Item = u8> + Clone, shift: u64, two: u32) -> i128 {
    let count = u64::try_from(digits.clone().count()).unwrap_or(u64::MAX);
    let whole = usize::try_from(count.saturating_sub(shift)).unwrap_or(usize::MAX);
    let front = digits.clone().take(whole);
    let mut number = front.fold(0i128, |sum, digit| sum.saturating_mul(10).saturating_add(value(digit)));
    let rest = digits.skip(whole);
    if two == 0 {
        let left = rest.into_iter().any(|digit| digit != b'0');
        return number.saturating_add(i128::from(left));
    }
    // A power of two has no exponent beside it, so there are no more zeros here than the text has digits.
    let zeros = usize::try_from(shift.saturating_sub(count)).unwrap_or(usize::MAX);
    let mut rest: Vec<u8> = std::iter::repeat_n(b'0', zeros).chain(rest).collect();
    for _ in 0..two {
        let mut carry = 0;
        for digit in rest.iter_mut().rev() {
            let double = (*digit - b'0') * 2 + carry;
            (*digit, carry) = (b'0' + double % 10, double / 10);
        }
        number = number.saturating_mul(2).saturating_add(i128::from(carry));
    }
    number.saturating_add(i128::from(rest.iter().any(|digit| *digit != b'0')))
}

fn value(digit: u8) -> i128 {
    i128::from(digit.saturating_sub(b'0'))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The last 64 bits, as `big.Int.Int64` has them.
fn low_bits(number: i128) -> i64 {
    let [.., b7, b6, b5, b4, b3, b2, b1, b0] = number.to_be_bytes();
    i64::from_be_bytes([b7, b6, b5, b4, b3, b2, b1, b0])
}

fn away_from_zero(nanos: i128, unit: i128) -> i128 {
    nanos / unit + (nanos % unit).signum()
}

fn refusal(text: &str) -> QuantityError {
    let trimmed = text.trim();
    let message = format!("`{}` is not a quantity", text.escape_debug());
    QuantityError { message, help: proposal(trimmed) }
}

/// What may have been meant. Kubernetes' units are case-sensitive and have no `B`.
fn proposal(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, '_' | ',' | ' ')).collect();
    let unit_at = plain.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(plain.len());
    let (number, unit) = plain.split_at_checked(unit_at)?;
    if !QuantityParts::of(number)
        .is_some_and(|it| it.suffix.is_empty() && !(it.whole.is_empty() && it.fraction.is_empty()))
    {
        return Some("write a number and a unit, such as `500m`, `2`, `64Mi` or `1G`".to_owned());
    }
    let lower = unit.to_ascii_lowercase();
    let letters = lower.strip_suffix("bytes").or_else(|| lower.strip_suffix("byte")).unwrap_or(&lower);
    let letters = letters.strip_suffix('b').unwrap_or(letters);
    Some(match letters {
        "" => format!("did you mean `{number}`?"),
        "m" | "g" | "t" | "p" | "e" => {
            let (up, power) = SIZES.iter().find(|size| size.0.eq_ignore_ascii_case(letters)).map(|s| (s.0, s.1))?;
            format!("did you mean `{number}{up}` (10^{power}) or `{number}{up}i` (2^{})?", power / 3 * 10)
        }
        "k" => format!("did you mean `{number}k` (10^3) or `{number}Ki` (2^10)?"),
        "ki" | "mi" | "gi" | "ti" | "pi" | "ei" => {
            let up = letters.trim_end_matches('i').to_ascii_uppercase();
            format!("did you mean `{number}{up}i`?")
        }
        "mega" | "meg" => format!("did you mean `{number}M` (10^6) or `{number}Mi` (2^20)?"),
        "milli" | "millis" | "mcpu" => format!("did you mean `{number}m`?"),
        "cpu" | "cpus" | "core" | "cores" => format!("did you mean `{number}`?"),
        _ => "units are `n`, `u`, `m`, `k`, `M`, `G`, `T`, `P`, `E` and `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`".to_owned(),
    })
}

const SIZES: [(&str, u32); 5] = [("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

#[cfg(test)]
mod tests {
    use super::{Quantity, parse};

    fn nanos(text: &str) -> i128 {
        parse(text).unwrap().nanos()
    }

    /// `TestQuantityParse` in `quantity_test.go`, and answers of kube-apiserver 1.36.
    #[test]
    fn quantity_parse() {
        let unit = 1_000_000_000;
        for (text, units) in [
            ("0", 0),
            ("0n", 0),
            ("1", 1),
            ("+5", 5),
            ("-1", -1),
            (" 1", 1),
            ("1 ", 1),
            ("5.", 5),
            ("1.G", unit),
            ("64k", 64_000),
            ("64Mi", 64 << 20),
            ("1.5Gi", 3 << 29),
            ("1e3", 1000),
            ("1E", 1_000_000_000_000_000_000),
            ("1Ei", 1 << 60),
            ("1E2", 100),
            ("1E+2", 100),
            ("1000e-3", 1),
            ("00012", 12),
            ("1000m", 1),
            ("1e30", 10i128.pow(29) * 10),
        ] {
            let whole = units.checked_mul(unit);
            assert_eq!(nanos(text), whole.unwrap_or(i128::MAX), "{text}");
        }
        assert_eq!(nanos("0.5"), unit / 2);
        assert_eq!(nanos("100m"), unit / 10);
        assert_eq!(nanos("1n"), 1);
        assert_eq!(nanos("0.1Ki"), 102_400_000_000);
    }

    proptest::proptest! {
        /// Below 64 bits both forms are the amount itself, as [`Quantity`] has it by other arithmetic.
        #[test]
        fn in_64_bits_an_amount_that_fits_is_itself(
            text in "-?[0-9]{1,22}(\\.[0-9]{0,12})?(n|u|m|k|M|G|Ki|Mi|Gi|e-?[0-9]{1,2})?",
        ) {
            let amount = parse(&text).unwrap();
            // Beyond that the short form overflows to 0, which other tests show.
            if amount.nanos().unsigned_abs() < u128::from(u64::MAX) * 1_000 {
                let wanted = (i64::try_from(amount.units()).ok(), i64::try_from(amount.millis()).ok());
                let found = (super::value_in_64_bits(&text), super::millis_in_64_bits(&text));
                proptest::prop_assert_eq!(found, wanted, "{}", text);
            }
        }
    }

    /// `UnmarshalJSON`, answers of kube-apiserver 1.36: what JSON escapes is not trimmed.
    #[test]
    fn white_space_that_json_escapes_is_not_trimmed() {
        for text in ["1Gi\n", "\t1", "1\r", "\u{b}1", "1\u{2028}"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        for text in [" 1 ", "\u{a0}1", "1\u{3000}", "\u{85}1"] {
            assert!(parse(text).is_ok(), "{text:?}");
        }
    }

    /// `ParseQuantity` and `String`, answers of kube-apiserver 1.36 about divisors.
    #[test]
    fn some_spellings_are_kept() {
        for text in ["1", "+1", "01", "1.", "1e0", "1e-3", "1m", "+1Mi", "+1Ti", "1E3", "1.001"] {
            assert!(super::keeps_spelling(text), "{text}");
        }
        for text in ["1000", "1000m", "0.001", "1.0", "1024Ki", "+1Pi", "1.0Mi", "0", "1.5", "x", "+1000k"] {
            assert!(!super::keeps_spelling(text), "{text}");
        }
    }

    /// `Value` and `MilliValue`: `TestQuantityMillisInt64` has no amount beyond 64 bits; answers of kube-apiserver 1.36.
    #[test]
    fn value_and_milli_value_in_64_bits() {
        use super::{millis_in_64_bits, value_in_64_bits};
        for (text, value, millis) in [
            ("1", 1, 1000),
            ("1500m", 2, 1500),
            ("0.1m", 1, 1),
            ("-1500m", -2, -1500),
            ("1e999", 0, 0),
            ("1e17", 100_000_000_000_000_000, 0),
            ("2Ki", 2048, 2_048_000),
            ("1Ei", 1 << 60, (1i64 << 60).wrapping_mul(1000)),
            ("99Ei", i64::MAX, i64::MAX.wrapping_mul(1000)),
            ("1234567890123456789", 1_234_567_890_123_456_789, 1_234_567_890_123_456_789i64.wrapping_mul(1000)),
            ("1234567890123456789e999", 0, 0),
        ] {
            assert_eq!((value_in_64_bits(text), millis_in_64_bits(text)), (Some(value), Some(millis)), "{text}");
        }
    }

    #[test]
    fn quantity_parse_refuses() {
        for text in ["", " ", "64K", "64MB", "64mb", "64MiB", "1e", "0x10", "1_000", "1,5", "1 Gi", "é", "1e+", "abc"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("1e99999999999999999999").is_err(), "beyond 64 bits");
    }

    #[test]
    fn less_than_a_nano_is_rounded_away_from_zero() {
        assert_eq!(nanos("0.1n"), 1);
        assert_eq!(nanos("-0.1n"), -1);
        assert_eq!(nanos("1e-1000"), 1);
        assert_eq!(nanos("0e-1000"), 0);
        assert_eq!(nanos("0.00000000000000000000000000000000000000000000000000001Ei"), 1);
        assert_eq!(nanos("1.0000000000001"), 1_000_000_001);
        assert_eq!(nanos("0.0000000001Gi"), 107_374_183, "107374182.4 nanos");
    }

    #[test]
    fn no_number_is_too_large() {
        let huge = parse("1e1000").unwrap();
        assert!(huge > parse("999E").unwrap());
        assert_eq!(huge, parse("2e1000").unwrap());
        assert!(parse("-1e9223372036854775807").unwrap() < parse("-1E").unwrap());
        assert_eq!(nanos("1e-9223372036854775808"), 1);
        assert_eq!(parse(&"9".repeat(500)).unwrap(), huge);
        assert_eq!(nanos(&format!("0.{}", "9".repeat(500))), 1_000_000_000);
        assert_eq!(huge.plus(huge).times(3), huge);
    }

    #[test]
    fn the_same_amount_has_many_spellings() {
        assert_eq!(parse("1"), parse("1000m"));
        assert_eq!(parse("1Ki"), parse("1024"));
        assert!(parse("1G").unwrap() < parse("1Gi").unwrap());
        assert_eq!(Quantity::from_units(2), parse("2").unwrap());
        assert_eq!(Quantity::default(), Quantity::ZERO);
    }

    /// `Value` and `MilliValue` round up.
    #[test]
    fn whole_units_round_away_from_zero() {
        assert_eq!(parse("0.0001").unwrap().millis(), 1);
        assert_eq!(parse("1.5m").unwrap().millis(), 2);
        assert_eq!(parse("100m").unwrap().units(), 1);
        assert_eq!(parse("-100m").unwrap().units(), -1);
        assert_eq!(parse("2").unwrap().units(), 2);
        assert!(parse("-1").unwrap().is_negative());
    }

    #[test]
    fn a_refusal_proposes_what_was_meant() {
        let help = |text: &str| parse(text).unwrap_err().help.unwrap_or_default();
        assert_eq!(parse("64MB").unwrap_err().message, "`64MB` is not a quantity");
        assert_eq!(help("64MB"), "did you mean `64M` (10^6) or `64Mi` (2^20)?");
        assert_eq!(help("64mb"), "did you mean `64M` (10^6) or `64Mi` (2^20)?");
        assert_eq!(help("64K"), "did you mean `64k` (10^3) or `64Ki` (2^10)?");
        assert_eq!(help("2gb"), "did you mean `2G` (10^9) or `2Gi` (2^30)?");
        assert_eq!(help("64MiB"), "did you mean `64Mi`?");
        assert_eq!(help("1 Gi"), "did you mean `1Gi`?");
        assert_eq!(help("1_000"), "did you mean `1000`?");
        assert_eq!(help("2cores"), "did you mean `2`?");
        assert_eq!(help("1e"), "did you mean `1E` (10^18) or `1Ei` (2^60)?");
        assert!(help("").starts_with("write a number"));
        assert!(help("five").starts_with("write a number"));
        assert!(help("5q").starts_with("units are"));
    }
}
