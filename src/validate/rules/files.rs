//! Paths and modes of files in a pod, as `pkg/apis/core/validation/validation.go` checks them.

use super::at::At;
use super::found::Findings;

/// `validatePathNoBacksteps`
pub(super) fn no_backsteps(at: &At<'_>, field: &str, found: &mut Findings) {
    if at.words(field).split('/').any(|part| part == "..")
        && let Some(path) = at.get(field)
    {
        found.refuse(&path, format!("`{field}` may not lead upwards with `..`"));
    }
}

/// `validateLocalDescendingPath`
pub(super) fn local_descending(at: &At<'_>, field: &str, found: &mut Findings) {
    if at.words(field).starts_with('/')
        && let Some(path) = at.get(field)
    {
        found.refuse(&path, format!("`{field}` must be a relative path, and it begins with `/`"));
    }
    no_backsteps(at, field, found);
}

/// `ValidateLocalNonReservedPath`
pub(super) fn local_non_reserved(at: &At<'_>, field: &str, found: &mut Findings) {
    local_descending(at, field, found);
    reserved(at, field, found);
}

/// The same for a path that may be absolute.
pub(super) fn non_reserved(at: &At<'_>, field: &str, found: &mut Findings) {
    no_backsteps(at, field, found);
    reserved(at, field, found);
}

fn reserved(at: &At<'_>, field: &str, found: &mut Findings) {
    let path = at.words(field);
    if path.starts_with("..")
        && path.split('/').all(|part| part != "..")
        && let Some(path) = at.get(field)
    {
        found.refuse(&path, format!("`{field}` may not begin with `..`, which is kept for Kubernetes' own files"));
    }
}

/// A mode of files, 0 to 0777.
pub(super) fn mode(at: &At<'_>, field: &str, found: &mut Findings) {
    let Some(number) = at.number(field).filter(|number| !(0..=0o777).contains(number)) else { return };
    let Some(place) = at.get(field) else { return };
    let message = format!("`{field}` is {number}, and a file mode is between 0 and 511 (octal 0777)");
    let finding = found.refuse(&place, message);
    // Decimal digits that were meant as octal ones.
    if let Some(meant) = u32::try_from(number).ok().and_then(|it| u32::from_str_radix(&it.to_string(), 8).ok())
        && meant <= 0o777
    {
        finding.help(format!("did you mean octal 0{number}? Write `0{number}` in YAML, or {meant}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::json;

    /// `pkg/apis/core/validation.ValidateLocalNonReservedPath`
    #[test]
    fn validate_local_non_reserved_path() {
        let faults = |path: &str| found_by(json!({ "p": path }), |at, found| local_non_reserved(at, "p", found)).len();
        for good in ["", "a", "a/b", "a..b", ".a"] {
            assert_eq!(faults(good), 0, "{good}");
        }
        for bad in ["/a", "..", "a/../b", "..a"] {
            assert_eq!(faults(bad), 1, "{bad}");
        }
    }

    #[test]
    fn a_mode_in_decimal_digits_is_understood() {
        let help = |number: i64| {
            let mut found = Findings::new(crate::validate::SCHEMA_VERSION);
            mode(&At::root(&json!({ "m": number })), "m", &mut found);
            found.into_findings().into_iter().map(|it| it.help.concat()).collect::<Vec<_>>()
        };
        assert_eq!(help(0o777), NONE);
        assert_eq!(help(644), ["did you mean octal 0644? Write `0644` in YAML, or 420"]);
        assert_eq!(help(999), [""]);
        assert_eq!(help(-1), [""]);
    }
}
