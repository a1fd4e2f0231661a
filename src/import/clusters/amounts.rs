//! Sums of resource quantities, written in the shortest text that means exactly the sum.

use serde_json::{Value, json};

use crate::validate::Quantity;
pub(super) use crate::validate::requests::{ResourceQuantities, add, read};

/// As they are written; nothing of a resource is not worth a line.
pub(super) fn write(amounts: &ResourceQuantities) -> Value {
    let some = amounts.iter().filter(|(_, amount)| **amount != Quantity::ZERO);
    some.map(|(name, amount)| (name.clone(), json!(shown(name, *amount)))).collect::<serde_json::Map<_, _>>().into()
}

/// Whether two texts mean the same amounts.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    let some = |value| {
        let mut amounts = read(Some(value)).ok()?;
        amounts.retain(|_, amount| *amount != Quantity::ZERO);
        Some(amounts)
    };
    let (a, b) = (some(a), some(b));
    a.is_some() && a == b
}

const NANOS: i128 = 1_000_000_000;

/// `64`, `500m`, `256Gi`.
fn shown(name: &str, amount: Quantity) -> String {
    let nanos = amount.nanos();
    for (unit, suffix) in [(NANOS, ""), (NANOS / 1000, "m"), (1000, "u")] {
        if nanos % unit == 0 {
            let count = nanos / unit;
            return if suffix.is_empty() && in_bytes(name) { bytes(count) } else { format!("{count}{suffix}") };
        }
    }
    format!("{nanos}n")
}

/// Whether a resource is counted in bytes.
fn in_bytes(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or(name);
    name == "memory" || name.ends_with("storage") || name.starts_with("hugepages-")
}

/// The largest unit that leaves a whole number.
fn bytes(count: i128) -> String {
    let (base, suffixes) = match count % 1024 {
        0 => (1024, ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]),
        _ => (1000, ["", "k", "M", "G", "T", "P", "E"]),
    };
    let (mut count, mut at) = (count, 0);
    while count != 0 && count % base == 0 && at + 1 < suffixes.len() {
        (count, at) = (count / base, at + 1);
    }
    format!("{count}{}", suffixes[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::quantity;
    use crate::validate::requests::raise;

    #[test]
    fn amounts_are_written_as_a_person_would() {
        for (name, text, wanted) in [
            ("cpu", "64000m", "64"),
            ("cpu", "1500m", "1500m"),
            ("cpu", "64k", "64000"),
            ("cpu", "1u", "1u"),
            ("cpu", "1n", "1n"),
            ("memory", "268435456Ki", "256Gi"),
            ("memory", "263921172Ki", "263921172Ki"),
            ("memory", "1000000000", "1G"),
            ("memory", "1001", "1001"),
            ("memory", "128974848000m", "123Mi"),
            ("memory", "1500m", "1500m"),
            ("hugepages-1Gi", "4294967296", "4Gi"),
            ("requests.storage", "1Ti", "1Ti"),
            ("pods", "1100", "1100"),
            ("nvidia.com/gpu", "8", "8"),
        ] {
            let amount = quantity::parse(text).unwrap();
            assert_eq!(shown(name, amount), wanted, "{name} {text}");
            assert_eq!(quantity::parse(wanted).unwrap(), amount);
        }
    }

    #[test]
    fn sums_are_exact_and_nothing_is_left_out() {
        let read = |value: Value| read(Some(&value)).unwrap();
        let mut sum = read(json!({"cpu": "100m", "memory": "1Gi", "hugepages-2Mi": "0"}));
        add(&mut sum, &read(json!({"cpu": 2, "memory": "1"})));
        assert_eq!(write(&sum), json!({"cpu": "2100m", "memory": "1073741825"}));
        raise(&mut sum, &read(json!({"cpu": "1", "pods": "3"})));
        assert_eq!(write(&sum), json!({"cpu": "2100m", "memory": "1073741825", "pods": "3"}));
        assert!(same(&json!({"cpu": "1", "x": "0"}), &json!({"cpu": "1000m"})));
        assert!(!same(&json!({"cpu": "1"}), &json!({"cpu": "one"})));
    }
}
