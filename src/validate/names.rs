//! Names, labels and keys as the API server accepts them: one function per rule of
//! `k8s.io/apimachinery/pkg/util/validation/validation.go`.

use crate::diag::Code;
use crate::model::naming;

const LABEL_MAX: usize = 63;
const SUBDOMAIN_MAX: usize = 253;
const PORT_MAX: usize = 15;
/// `pkg/apis/batch/validation`: 63 less the 11 characters that the controller appends.
const CRONJOB_MAX: usize = 52;

/// Why a name is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameError {
    /// `invalid-name` or `name-too-long`.
    pub code: Code,
    /// One sentence, with the name in backticks.
    pub message: String,
    /// What may have been meant.
    pub help: Option<String>,
}

/// A DNS-1123 label, `IsDNS1123Label`: the name of a namespace or container.
///
/// # Errors
///
/// Says which rule is broken.
pub fn dns1123_label(name: &str) -> Result<(), NameError> {
    within(name, LABEL_MAX)?;
    let Some(reason) = naming::fault(name, "-") else { return Ok(()) };
    Err(unfit(name, &reason, &naming::tidied(name, "-", LABEL_MAX)))
}

/// A DNS-1035 label, `IsDNS1035Label`: a version of an API group.
///
/// # Errors
///
/// Says which rule is broken.
pub fn dns1035_label(name: &str) -> Result<(), NameError> {
    dns1123_label(name)?;
    if name.starts_with(|c: char| c.is_ascii_lowercase()) { Ok(()) } else { Err(invalid(name, "a letter in front")) }
}

/// A DNS-1123 subdomain, `IsDNS1123Subdomain`: the name of most objects.
///
/// # Errors
///
/// Says which rule is broken.
pub fn dns1123_subdomain(name: &str) -> Result<(), NameError> {
    within(name, SUBDOMAIN_MAX)?;
    let Some(reason) = naming::fault(name, "-.") else { return Ok(()) };
    Err(unfit(name, &reason, &naming::tidied(name, "-.", SUBDOMAIN_MAX)))
}

/// The name of a CronJob as the API server takes it: a subdomain of at most 52 characters
/// (`NameIsDNSSubdomain` and `ValidateCronJobCreate` in `pkg/apis/batch/validation/validation.go`).
///
/// # Errors
///
/// Says which rule is broken.
pub fn cronjob_name(name: &str) -> Result<(), NameError> {
    dns1123_subdomain(name).and_then(|()| within_cronjob(name))
}

/// The name of a CronJob that we make: a DNS label, since it also names Jobs and Pods, of at most 52 characters.
///
/// # Errors
///
/// Says which rule is broken.
pub fn task_name(name: &str) -> Result<(), NameError> {
    dns1123_label(name).and_then(|()| within_cronjob(name))
}

/// The name of a namespace, `ValidateNamespaceName`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn namespace(name: &str) -> Result<(), NameError> {
    dns1123_label(name)
}

/// The name of a role or of a binding of one, `IsValidPathSegmentName`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn path_segment(name: &str) -> Result<(), NameError> {
    let fine = !matches!(name, "." | "..") && !name.contains(['/', '%']);
    if fine { Ok(()) } else { Err(invalid(name, "anything but `.`, `..`, and texts with `/` or `%`")) }
}

/// A qualified name, `IsQualifiedName`: `name` or `prefix/name`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn qualified_name(name: &str) -> Result<(), NameError> {
    let (prefix, rest) = match name.split_once('/') {
        Some((_, rest)) if rest.contains('/') => {
            return Err(invalid(name, "at most one `/`, between a DNS name and the name itself"));
        }
        Some((prefix, rest)) => (Some(prefix), rest),
        None => (None, name),
    };
    match prefix {
        Some("") => return Err(invalid(name, "a DNS name before the `/`")),
        Some(prefix) => {
            dns1123_subdomain(prefix).map_err(|error| NameError {
                message: format!("the prefix of `{}` is wrong: {}", shown(name), error.message),
                help: error.help,
                ..error
            })?;
        }
        None => {}
    }
    within(rest, LABEL_MAX)?;
    if is_qualified(rest) { Ok(()) } else { Err(invalid(name, QUALIFIED)) }
}

/// The key of a label, `ValidateLabelName`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn label_key(key: &str) -> Result<(), NameError> {
    qualified_name(key)
}

/// The value of a label, `IsValidLabelValue`: empty, or as the name part of a qualified name.
///
/// # Errors
///
/// Says which rule is broken.
pub fn label_value(value: &str) -> Result<(), NameError> {
    within(value, LABEL_MAX)?;
    if value.is_empty() || is_qualified(value) { Ok(()) } else { Err(invalid(value, QUALIFIED)) }
}

/// The key of an annotation, `ValidateAnnotations`: as a label's, but its letters may be upper case everywhere.
///
/// # Errors
///
/// Says which rule is broken.
pub fn annotation_key(key: &str) -> Result<(), NameError> {
    // Lowered as Go does it, letters beyond ASCII too.
    qualified_name(&key.to_lowercase()).map_err(|error| match qualified_name(key) {
        Err(as_written) => as_written,
        Ok(()) => error,
    })
}

/// The name of an environment variable, `IsRelaxedEnvVarName`: any printable ASCII but `=`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn env_name(name: &str) -> Result<(), NameError> {
    let fine = !name.is_empty() && name.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'=');
    if fine { Ok(()) } else { Err(invalid(name, "printable ASCII characters without `=`, at least one")) }
}

/// The name of an environment variable before Kubernetes 1.32, `IsEnvVarName`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn strict_env_name(name: &str) -> Result<(), NameError> {
    let fine = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !matches!(name, "" | "." | "..")
        && !name.starts_with("..");
    let rule = "letters, digits, `_`, `-` and `.`, without a digit in front, on a Kubernetes older than 1.32";
    if fine { Ok(()) } else { Err(invalid(name, rule)) }
}

/// The beginning of the name of an object, to which something may be added, `NameIsDNSSubdomain` with `prefix`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn subdomain_prefix(name: &str) -> Result<(), NameError> {
    // `maskTrailingDash`
    match name.strip_suffix('-') {
        Some(rest) if dns1123_subdomain(&format!("{rest}a")).is_ok() => Ok(()),
        _ => dns1123_subdomain(name),
    }
}

/// The name of a port, `IsValidPortName`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn port_name(name: &str) -> Result<(), NameError> {
    within(name, PORT_MAX)?;
    let fine = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.bytes().any(|b| b.is_ascii_lowercase())
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-');
    let rule = "lower case letters, digits and single `-` inside, with one letter at least";
    if fine { Ok(()) } else { Err(invalid(name, rule)) }
}

/// A key of a ConfigMap or a Secret, `IsConfigMapKey`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn config_map_key(key: &str) -> Result<(), NameError> {
    within(key, SUBDOMAIN_MAX)?;
    let fine = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if !fine || matches!(key, "." | "..") || key.starts_with("..") {
        return Err(invalid(key, "letters, digits, `-`, `_` and `.`, without `..` in front"));
    }
    Ok(())
}

/// The name of a driver of volumes, `ValidateCSIDriverName`: a subdomain, its letters may be upper case.
///
/// # Errors
///
/// Says which rule is broken.
pub fn csi_driver(name: &str) -> Result<(), NameError> {
    within(name, LABEL_MAX)?;
    dns1123_subdomain(&name.to_lowercase())
}

/// The name of a header of HTTP, `IsHTTPHeaderName`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn http_header(name: &str) -> Result<(), NameError> {
    let fine = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if fine { Ok(()) } else { Err(invalid(name, "letters, digits and `-`")) }
}

/// A domain to search names in, `IsDNS1123SubdomainWithUnderscore`: each part may begin with one `_`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn search_domain(name: &str) -> Result<(), NameError> {
    let bare: Vec<&str> = name.split('.').map(|part| part.strip_prefix('_').unwrap_or(part)).collect();
    let inside = |part: &str| part.replace('_', "-");
    within(name, SUBDOMAIN_MAX)?;
    match bare.iter().map(|part| naming::fault(&inside(part), "-")).find(Option::is_some).flatten() {
        Some(reason) => Err(unfit(name, &reason, &naming::tidied(name, "-._", SUBDOMAIN_MAX))),
        None if bare.iter().any(|part| part.starts_with('_') || part.ends_with('_')) => {
            Err(invalid(name, "parts between dots with a letter or a digit at both ends, after one `_` at most"))
        }
        None => Ok(()),
    }
}

/// A path with a domain in front, `IsDomainPrefixedPath`: `example.com/controller`.
///
/// # Errors
///
/// Says which rule is broken.
pub fn domain_path(path: &str) -> Result<(), NameError> {
    let rule = "a domain and a path, such as `example.com/controller`";
    match path.split_once('/') {
        Some((domain, rest)) if !domain.is_empty() && !rest.is_empty() => {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b);
            dns1123_subdomain(domain)?;
            if rest.bytes().all(allowed) { Ok(()) } else { Err(invalid(path, rule)) }
        }
        _ => Err(invalid(path, rule)),
    }
}

const QUALIFIED: &str = "letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";

fn is_qualified(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

/// Go counts bytes.
fn within(name: &str, most: usize) -> Result<(), NameError> {
    if name.len() <= most {
        return Ok(());
    }
    Err(NameError {
        code: Code::NameTooLong,
        message: format!("`{}` has {} characters, and {most} are allowed", shown(name), name.len()),
        help: None,
    })
}

fn within_cronjob(name: &str) -> Result<(), NameError> {
    within(name, CRONJOB_MAX).map_err(|error| NameError {
        message: format!(
            "`{}` has {} characters, and the API server refuses a CronJob name over {CRONJOB_MAX} characters, because it \
             appends 11 characters to make the name of a Job",
            shown(name),
            name.len()
        ),
        ..error
    })
}

fn invalid(name: &str, rule: &str) -> NameError {
    let message = if name.is_empty() {
        format!("an empty name where Kubernetes asks for {rule}")
    } else {
        format!("`{}` is not a name that Kubernetes takes here: it asks for {rule}", shown(name))
    };
    NameError { code: Code::InvalidName, message, help: None }
}

fn unfit(name: &str, reason: &str, meant: &str) -> NameError {
    let message = if name.is_empty() {
        "an empty name where Kubernetes asks for one".to_owned()
    } else {
        format!("`{}` is not a name that Kubernetes takes here: {reason}", shown(name))
    };
    let help = (!meant.is_empty()).then(|| format!("did you mean `{meant}`?"));
    NameError { code: Code::InvalidName, message, help }
}

/// A name fit for a message: short, and without control characters.
fn shown(name: &str) -> String {
    let short: String = name.chars().take(80).collect();
    let more = if short.len() < name.len() { "..." } else { "" };
    format!("{}{more}", short.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = fn(&str) -> Result<(), NameError>;

    fn holds(rule: Rule, good: &[&str], bad: &[&str]) {
        for name in good {
            assert_eq!(rule(name), Ok(()), "{name}");
        }
        for name in bad {
            assert!(rule(name).is_err(), "{name}");
        }
    }

    #[test]
    fn is_dns1123_label() {
        let (most, over) = ("a".repeat(63), "a".repeat(64));
        let good = ["a", "ab", "abc", "a1", "a-1", "a--1--2--b", "0", "01", "1a", "1-a", "1--a--b--2", &most];
        let bad = ["", "A", "ABC", "aBc", "A1", "-", "a-", "-a", "1-", "-1", "_", "a_", "_a", "a_b", ".", "a.", ".a"];
        holds(dns1123_label, &good, &bad);
        holds(dns1123_label, &[], &["a.b", " ", "a ", " a", "a b", "#a", "é", "a\n", &over]);
        holds(namespace, &good, &bad);
    }

    #[test]
    fn is_dns1035_label() {
        let (most, over) = ("a".repeat(63), "a".repeat(64));
        let good = ["a", "ab", "abc", "a1", "a-1", "a--1--2--b", &most];
        holds(dns1035_label, &good, &["", "0", "1a", "A", "-a", "a-", "a.b", "a b", "a\n", &over]);
    }

    #[test]
    fn is_dns1123_subdomain() {
        let (most, over) = (format!("{}.a", "a".repeat(251)), "a".repeat(254));
        holds(
            dns1123_subdomain,
            &["a", "a-1", "0", "1a", "a.b", "a.b.c", "1.2.3", "a-b.c-d", &most],
            &["", "A", "-", "a-", "-a", "a_b", ".", "a.", ".a", "a..b", "a.-b", "a-.b", "a b", "é.a", &over],
        );
    }

    #[test]
    fn is_qualified_name() {
        holds(
            qualified_name,
            &["simple", "now-with-dashes", "1-starts-with-num", "1234", "simple/simple", "now-with-dashes/simple"],
            &["", "nospecialchars%^=@", "cantendwithadash-", "-cantstartwithadash-", "only/one/slash", "/name", "a/"],
        );
        holds(
            qualified_name,
            &["1.2.3.4/5678", "Uppercase_Is_OK_123", "example.com/Uppercase_Is_OK_123", "requests.storage-foo"],
            &["Example.com/abc", "example_com/abc", "example.com/", &"a".repeat(64), &format!("{}/a", "a".repeat(254))],
        );
        holds(label_key, &["app.kubernetes.io/name"], &["App.kubernetes.io/name"]);
    }

    #[test]
    fn is_valid_label_value() {
        holds(
            label_value,
            &["", "simple", "now-with-dashes", "1-starts-with-num", "end-with-num-1", "1234", "Mixed.Case_1"],
            &["nospecialchars%^=@", "Tama-nui-te-ra.is.Maori.sun-", "-start", "end.", "a b", "a/b", &"a".repeat(64)],
        );
    }

    #[test]
    fn validate_annotations() {
        holds(
            annotation_key,
            &["simple", "Example.COM/Upper", "example.com/a_B"],
            &["", "é/a", "a/b/c", "-a", "a b", "Example_com/a"],
        );
    }

    #[test]
    fn is_relaxed_env_var_name() {
        holds(env_name, &["a", "A B", "1", "-", "a.b", "$(x)", "~"], &["", "a=b", "=", "é", "a\tb", "\u{7f}"]);
    }

    #[test]
    fn a_cronjob_name_leaves_room_for_the_name_of_a_job() {
        assert_eq!(cronjob_name(&"a".repeat(52)), Ok(()));
        assert_eq!(cronjob_name("a.b"), Ok(()));
        assert!(task_name("a.b").is_err());
        let long = cronjob_name(&"a".repeat(53)).unwrap_err();
        assert_eq!(long.code, Code::NameTooLong);
        assert!(
            long.message.contains("has 53 characters, and the API server refuses a CronJob name over 52 characters")
        );
        assert!(task_name(&"a".repeat(63)).unwrap_err().message.contains("appends 11 characters"));
        let over = task_name(&"a".repeat(64)).unwrap_err();
        assert_eq!(
            (over.code, over.message.ends_with("has 64 characters, and 63 are allowed")),
            (Code::NameTooLong, true)
        );
    }

    #[test]
    fn a_refusal_proposes_the_name_that_was_meant() {
        let help = |name| task_name(name).unwrap_err().help.unwrap_or_default();
        assert_eq!(help("Invoice_Rollup"), "did you mean `invoice-rollup`?");
        assert_eq!(help("-a."), "did you mean `a`?");
        assert_eq!(help("***"), "");
        assert_eq!(dns1123_subdomain("a..B").unwrap_err().help.unwrap(), "did you mean `a.b`?");
    }
}
