//! Explains what is wrong with a DNS label or subdomain (RFC 1123), and suggests the name that was probably meant.

/// Whether a name has only lower case letters, digits and the characters of `inside`, parts between dots neither empty nor
/// with a hyphen at an end: nearly all names, told in one pass.
fn is_plain(name: &str, inside: &str) -> bool {
    let mut before = b'.';
    let fits = name.bytes().all(|byte| {
        let fits = match byte {
            b'a'..=b'z' | b'0'..=b'9' => true,
            b'.' => before != b'.' && before != b'-' && inside.contains('.'),
            b'-' => before != b'.' && inside.contains('-'),
            _ => false,
        };
        before = byte;
        fits
    });
    fits && before != b'.' && before != b'-'
}

/// What is wrong with the characters of a name, as the end of a sentence; `inside` may stand between letters and digits.
/// Of a subdomain each part between dots is held to it.
pub fn fault(name: &str, inside: &str) -> Option<String> {
    if name.is_empty() {
        return Some("it is empty".to_owned());
    }
    if is_plain(name, inside) {
        return None;
    }
    let mut odd: Vec<String> = Vec::new();
    for c in name.chars().filter(|c| !matches!(c, 'a'..='z' | '0'..='9') && !inside.contains(*c)) {
        let what = match c {
            'A'..='Z' => "upper case".to_owned(),
            ' ' => "a space".to_owned(),
            c => format!("`{}`", c.escape_debug()),
        };
        if !odd.contains(&what) {
            odd.push(what);
        }
    }
    odd.truncate(4);
    if let Some((last, rest)) = odd.split_last() {
        let (list, are) =
            if rest.is_empty() { (last.clone(), "is") } else { (format!("{} and {last}", rest.join(", ")), "are") };
        return Some(format!("{list} {are} not allowed"));
    }
    let part = |odd: fn(&str) -> bool| name.split('.').any(odd);
    if part(str::is_empty) {
        Some("a part between dots is empty".to_owned())
    } else if part(|part| part.starts_with('-')) {
        Some("it must begin with a letter or a digit".to_owned())
    } else if part(|part| part.ends_with('-')) {
        Some("it must end with a letter or a digit".to_owned())
    } else {
        None
    }
}

/// The name that was probably meant: lower case, other characters as `-`, nothing but letters and digits at the ends of
/// each part; empty if nothing is left.
pub fn tidied(name: &str, inside: &str, most: usize) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || inside.contains(c) => c,
        _ => '-',
    };
    let tidied: String = name.chars().map(letter).take(most).collect();
    let parts: Vec<_> = tidied.split('.').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty()).collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_hears_what_is_wrong_with_it() {
        for (name, wrong) in [
            ("a-1", None),
            ("", Some("it is empty")),
            ("My_Task", Some("upper case and `_` are not allowed")),
            ("a b", Some("a space is not allowed")),
            ("a.b", Some("`.` is not allowed")),
            ("../x", Some("`.` and `/` are not allowed")),
            ("-a", Some("it must begin with a letter or a digit")),
            ("a-", Some("it must end with a letter or a digit")),
        ] {
            assert_eq!(fault(name, "-").as_deref(), wrong, "{name}");
        }
        assert_eq!(fault("a..b", "-.").as_deref(), Some("a part between dots is empty"));
        assert_eq!(fault("a.b-c", "-."), None);
        assert_eq!(tidied("My_Task-", "-", 63), "my-task");
    }
}
