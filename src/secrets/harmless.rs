//! Values that reveal nothing whatever their name: switches, placeholders, references.

/// What is longer is no word for a secret, and is hidden unread.
const LONGEST: usize = 1024;

/// Whether a value is none, a switch, a mark in place of a value, or a reference alone.
pub(super) fn is_harmless(value: &str) -> bool {
    const SWITCHES: [&str; 19] = [
        "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "enabled", "disabled", "required",
        "optional", "auto", "default", "redacted", "0", "1", "~",
    ];
    if value.len() > LONGEST {
        return false;
    }
    let value = value.trim();
    let bare = value.trim_matches(['"', '\'']);
    bare.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '.' | '-' | '_'))
        || SWITCHES.iter().any(|switch| bare.eq_ignore_ascii_case(switch))
        || (bare.starts_with('<') && bare.ends_with('>'))
        || is_reference(bare)
        || is_elsewhere(bare)
}

/// `$(X)`, `${X}`, `$X`, `{{ x }}`, and nothing beside it.
pub(super) fn is_reference(value: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    let inner = |open: &str, close: &str| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let variable = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    inner("$(", ")").is_some_and(name)
        || inner("${", "}").is_some_and(name)
        || inner("{{", "}}").is_some_and(|inner| !inner.contains(['"', '\'', '`', '{', '}']))
        || value.strip_prefix('$').is_some_and(variable)
}

/// The address of a store of secrets.
fn is_elsewhere(value: &str) -> bool {
    const STORES: [&str; 6] = ["arn:aws:", "vault:", "ref+", "op://", "secretref:", "akv:"];
    let plain = !value.contains(|c: char| c.is_whitespace());
    let google = value.starts_with("projects/") && value.contains("/secrets/");
    plain && (google || STORES.iter().any(|store| value.starts_with(store)))
}

/// A path of a file.
pub(super) fn is_path(value: &str) -> bool {
    ["/", "./", "../", "~"].iter().any(|begin| value.starts_with(begin))
}

/// Whether a value looks as if a machine made it: a run of eight or more letters and digits, mixed.
pub(super) fn looks_random(value: &str) -> bool {
    value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| run.len() >= 8).any(|run| {
        let count = |is: fn(&u8) -> bool| run.bytes().filter(is).count();
        let digits = count(u8::is_ascii_digit);
        let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
        digits > 0 && upper + lower > 0 && (digits > 1 || (upper > 0 && lower > 0))
    })
}

/// Whether a word could have been made by a machine: letters and digits, and not short.
pub(super) fn is_dense(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    word.len() >= 6 && digits > 0 && letters > 0
}
