//! What Karmada ignores without a word, said at the place where it was written.

use super::join::{Claim, Requirements};
use super::{Documents, Request};
use crate::diag::Diagnostics;

/// What is to be said of the documents, one by one.
pub(super) fn documents(_documents: &Documents, _request: &Request<'_, '_>, _diags: &mut Diagnostics) {}

/// What is to be said of templates and the policies that select them.
pub(super) fn joined(
    _documents: &Documents,
    _claims: &[Claim<'_>],
    _requires: &Requirements,
    _request: &Request<'_, '_>,
    _diags: &mut Diagnostics,
) {
}
