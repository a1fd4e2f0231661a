//! `odd-amount`: an amount whose unit makes it something that nobody asks for: bytes in thousandths, millions of cores.

use serde_json::Value;

use super::{POD, Running};
use crate::diag::{Code, Diagnostic};
use crate::tree::reach;
use crate::validate::{Quantity, quantity};

/// A container runtime needs more than this for any process.
const LEAST_BYTES: i64 = 1 << 20;
/// More than any node has.
const MOST_CORES: i64 = 1000;

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut look = |place: &dyn Fn() -> String, name: &str, amount: &Value| {
        if let Some((message, meant)) = odd(name, amount) {
            found.push(
                Diagnostic::new(Code::OddAmount, running.said(&place()), message)
                    .note("Kubernetes accepts it: units are case-sensitive, and `m` is a thousandth")
                    .help(format!("write `{meant}` if that is meant")),
            );
        }
    };
    for container in running.containers() {
        amounts(container.value.get("resources"), &container.at("resources"), &mut look);
    }
    let Some(pod) = running.pod() else { return found };
    amounts(pod.get("resources"), &format!("{POD}/resources"), &mut look);
    let volumes = pod.get("volumes").and_then(Value::as_array).into_iter().flatten();
    for (at, volume) in volumes.enumerate() {
        let place = format!("{POD}/volumes/{at}");
        if let Some(limit) = reach(volume, "/emptyDir/sizeLimit") {
            look(&|| format!("{place}/emptyDir/sizeLimit"), "sizeLimit", limit);
        }
        let claim = "/ephemeral/volumeClaimTemplate/spec/resources";
        amounts(reach(volume, claim), &format!("{place}{claim}"), &mut look);
    }
    found
}

/// Every amount of `requests` and `limits`.
fn amounts(resources: Option<&Value>, place: &str, look: &mut impl FnMut(&dyn Fn() -> String, &str, &Value)) {
    for list in ["requests", "limits"] {
        let entries = resources.and_then(|all| all.get(list)).and_then(Value::as_object).into_iter().flatten();
        for (name, amount) in entries {
            let at = || format!("{place}/{list}/{}", name.replace('~', "~0").replace('/', "~1"));
            look(&at, name, amount);
        }
    }
}

/// What is odd about an amount, and what is probably meant.
fn odd(name: &str, amount: &Value) -> Option<(String, String)> {
    let text = quantity::text_of(amount)?;
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(unit_at)?;
    let size = quantity::parse(&text).ok().filter(|size| *size > Quantity::ZERO)?;
    match name {
        "cpu" if matches!(unit, "M" | "Mi" | "k" | "Ki" | "G" | "Gi" | "T" | "Ti" | "P" | "Pi" | "E" | "Ei") => {
            Some((format!("`cpu: {text}` is {} cores", size.units()), format!("{number}m")))
        }
        "cpu" if unit.is_empty() && size >= Quantity::from_units(MOST_CORES) => {
            Some((format!("`cpu: {text}` is {text} cores"), format!("{number}m")))
        }
        "memory" | "ephemeral-storage" | "storage" | "sizeLimit"
            if matches!(unit, "" | "m" | "u" | "n") && size < Quantity::from_units(LEAST_BYTES) =>
        {
            let message = match size.units() {
                1 => format!("`{name}: {text}` is one byte at most"),
                bytes => format!("`{name}: {text}` is {bytes} bytes"),
            };
            Some((message, format!("{number}Mi")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::odd;
    use serde_json::{Value, json};

    fn meant(name: &str, amount: Value) -> Option<String> {
        odd(name, &amount).map(|(_, meant)| meant)
    }

    #[test]
    fn a_unit_of_the_wrong_kind_is_odd() {
        assert_eq!(meant("memory", json!("512m")).as_deref(), Some("512Mi"));
        assert_eq!(meant("memory", json!(64)).as_deref(), Some("64Mi"));
        assert_eq!(meant("sizeLimit", json!("512m")).as_deref(), Some("512Mi"));
        assert_eq!(meant("ephemeral-storage", json!("1.5")).as_deref(), Some("1.5Mi"));
        assert_eq!(meant("cpu", json!("100M")).as_deref(), Some("100m"));
        assert_eq!(meant("cpu", json!("100Mi")).as_deref(), Some("100m"));
        assert_eq!(meant("cpu", json!(2000)).as_deref(), Some("2000m"));
    }

    #[test]
    fn an_amount_that_somebody_asks_for_is_not() {
        for (name, amount) in [
            ("memory", json!("64Mi")),
            ("memory", json!("512k")),
            ("memory", json!(134_217_728)),
            ("memory", json!("1e9")),
            ("memory", json!(0)),
            ("sizeLimit", json!("0")),
            ("cpu", json!("100m")),
            ("cpu", json!(64)),
            ("cpu", json!("0.5")),
            ("example.com/gpu", json!(1)),
            ("pods", json!("m")),
        ] {
            assert_eq!(meant(name, amount.clone()), None, "{name} {amount}");
        }
    }
}
