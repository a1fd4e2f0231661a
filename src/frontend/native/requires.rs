//! `requires` of the Fleet: which versions of fleetcron may compile the repository.
//!
//! It is read from the document as it was parsed, not from its type, because a newer version may know fields that this one
//! does not: then the requirement is the message, not the fields.

use super::super::Unmet;
use super::context::DocumentContext;
use crate::diag::{Code, Diagnostic};
use crate::model::{VersionRequirement, version};
use crate::tree::Spanned;
use crate::yaml::Node;

/// The version of this program.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// The text of `spec.requires` of a Fleet document.
pub(super) fn text(root: &Node) -> Option<Spanned<String>> {
    let node = root.get("spec")?.get("requires")?;
    Some(Spanned::new(node.as_str()?.to_owned(), node.span))
}

/// The requirement, if this program does not meet it. One that cannot be read is reported when the Fleet is lowered.
pub(super) fn unmet(text: &Spanned<String>) -> Option<Unmet> {
    let requirement = VersionRequirement::parse(text).ok()?;
    let met = version(OWN).is_some_and(|own| requirement.accepts(own));
    (!met).then(|| Unmet { requirement: text.value.clone(), span: text.span, version: OWN })
}

/// Reports a requirement that cannot be read.
pub(super) fn check(text: &Spanned<String>, context: &mut DocumentContext<'_, '_>) {
    let Err(error) = VersionRequirement::parse(text) else { return };
    let message = format!("`{}` is not a range of versions: {error}", **text);
    let example = error.meant.as_deref().filter(|_| error.condition == text.trim()).unwrap_or(">=0.3 <0.4");
    let diagnostic = Diagnostic::new(Code::InvalidValue, text.span, message);
    context.diags.push(diagnostic.help(format!(
        "write conditions with `>=`, `>`, `<`, `<=` or `=`, separated by spaces: `requires: \"{example}\"`"
    )));
}
