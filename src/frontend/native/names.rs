//! Checks names of clusters and tasks, and says what to change.

use super::context::DocumentContext;
use crate::diag::{Code, Diagnostic};
use crate::model::naming;
use crate::tree::Spanned;

/// The most characters of a DNS-1123 label.
const LONGEST: usize = 63;

/// What is wrong with a name that must be a DNS-1123 label (`apimachinery/pkg/util/validation.IsDNS1123Label`): at most
/// 63 of `[a-z0-9-]`, beginning and ending with a letter or digit. `what` it names stands in the message.
pub(super) fn dns_label(name: &Spanned<String>, what: &str) -> Option<Diagnostic> {
    let length = name.chars().count();
    characters(name, what).or_else(|| {
        let message = format!("`{}` cannot be the name of {what}: it has {length} characters", **name);
        let help = format!("shorten it by {}, to {LONGEST}", length.saturating_sub(LONGEST));
        (length > LONGEST).then(|| Diagnostic::new(Code::InvalidName, name.span, message).help(help))
    })
}

/// What is wrong with the characters of a name that must be a DNS-1123 label, whatever its length.
pub(super) fn characters(name: &Spanned<String>, what: &str) -> Option<Diagnostic> {
    let reason = naming::fault(name, "-")?;
    let message = format!("`{}` cannot be the name of {what}: {reason}", **name);
    let meant = naming::tidied(name, "-", LONGEST);
    let near = (!meant.is_empty()).then_some(meant.as_str());
    Some(Diagnostic::new(Code::InvalidName, name.span, message).did_you_mean(near))
}

/// No reference is read in the settings and the inventory.
const IN_SETTINGS: (&str, &str) =
    ("in the settings and the inventory", "write the name; in a task or an override `namespace` takes references");

/// Refuses a namespace of the settings or the inventory that Kubernetes would refuse.
pub(super) fn check_namespace(namespace: &Spanned<String>, context: &mut DocumentContext<'_, '_>) {
    if !context.refuses_reference(namespace, IN_SETTINGS) {
        context.diags.extend(dns_label(namespace, "a namespace"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{FileId, Span};

    /// `apimachinery/pkg/util/validation.IsDNS1123Label`
    #[test]
    fn is_dns1123_label() {
        let wrong = |name: &str| dns_label(&Spanned::new(name.to_owned(), Span::new(FileId(0), 0, 0)), "a cluster");
        for good in ["a", "a-b", "0", &"a".repeat(63)] {
            assert_eq!(wrong(good), None, "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "../x", "é", &"a".repeat(64)] {
            assert!(wrong(bad).is_some(), "{bad}");
        }
    }
}
