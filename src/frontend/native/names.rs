//! The names that fleetcron itself asks for: of clusters and tasks. Names inside manifests are `validate`'s.
//!
//! The one idea: the answer to a bad name is a sentence that says what to change.

use super::context::Context;
use crate::diag::Code;
use crate::tree::Spanned;

/// A DNS-1123 label (`apimachinery/pkg/util/validation.IsDNS1123Label`): at most 63 of `[a-z0-9-]`, beginning and
/// ending with a letter or digit.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub(super) fn dns_label(name: &str) -> Result<(), String> {
    characters(name)?;
    if name.len() > 63 { Err(format!("it has {} characters, and 63 are allowed", name.len())) } else { Ok(()) }
}

/// The characters of a DNS-1123 label, whatever its length.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub(super) fn characters(name: &str) -> Result<(), String> {
    let Some(first) = name.chars().next() else {
        return Err("it is empty".to_owned());
    };
    if let Some(odd) = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        let hint = if odd.is_ascii_uppercase() { ", upper case is not allowed" } else { "" };
        return Err(format!("`{}` is not among a-z, 0-9 and `-`{hint}", odd.escape_debug()));
    }
    let last = name.chars().next_back().unwrap_or(first);
    if first == '-' || last == '-' {
        return Err("it must begin and end with a letter or a digit".to_owned());
    }
    Ok(())
}

/// Refuses a namespace that Kubernetes would refuse; one with references is known only in each cluster.
pub(super) fn check_namespace(namespace: &Spanned<String>, context: &mut Context<'_, '_>) {
    if namespace.contains("$(") {
        return;
    }
    if let Err(reason) = dns_label(namespace) {
        let message = format!("`{}` cannot be the name of a namespace: {reason}", **namespace);
        context.error(Code::InvalidName, namespace.span, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `apimachinery/pkg/util/validation.IsDNS1123Label`
    #[test]
    fn is_dns1123_label() {
        for good in ["a", "a-b", "0", &"a".repeat(63)] {
            assert!(dns_label(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "../x", "é", &"a".repeat(64)] {
            assert!(dns_label(bad).is_err(), "{bad}");
        }
    }
}
