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

/// Reads an amount as the API server reads a JSON string: white space around it does not count.
///
/// # Errors
///
/// Says what is wrong, and what may have been meant.
pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
    match Parts::of(text.trim()) {
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

/// The pieces of a quantity, as `parseQuantityString` cuts them.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Parts<'a>> {
        if text.is_empty() {
            return None;
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, rest) = split_digits(unsigned);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_digits(rest),
            None => ("", rest),
        };
        Some(Parts { negative: text.starts_with('-'), whole, fraction, suffix })
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
    if !Parts::of(number).is_some_and(|it| it.suffix.is_empty() && !(it.whole.is_empty() && it.fraction.is_empty())) {
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
