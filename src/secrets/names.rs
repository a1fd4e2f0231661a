//! Names that announce a secret. The last word decides: `TOKEN_URL` is a URL, `PASSWORD_FILE` a file, `SECRET_NAME` a
//! name.

use std::collections::BTreeSet;

/// Last words of names of secrets.
const WORDS: [&str; 16] = [
    "pwd",
    "pass",
    "jwt",
    "cred",
    "creds",
    "dsn",
    "sas",
    "signature",
    "cookie",
    "bearer",
    "salt",
    "otp",
    "netrc",
    "kubeconfig",
    "dockercfg",
    "connstr",
];

/// Words that announce a secret only if the value looks random: they have other meanings too.
pub(super) const AMBIGUOUS: [&str; 4] = ["key", "pat", "sig", "auth"];

/// Whole names of secrets, as words, that their last word does not show.
const WHOLE: [&str; 2] = ["secret_key_base", "rediscli_auth"];

/// Words that make one of a secret, whatever they are grown together with.
const ENDS: [&str; 17] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "authorization",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "authkey",
    "connectionstring",
    "htpasswd",
    "pgpass",
    "dockerconfigjson",
];

/// Words before `key` that make it a secret.
const KEYS: [&str; 21] = [
    "api",
    "access",
    "private",
    "secret",
    "auth",
    "account",
    "encryption",
    "signing",
    "master",
    "hmac",
    "ssh",
    "shared",
    "license",
    "deploy",
    "client",
    "session",
    "storage",
    "crypt",
    "cipher",
    "jwt",
    "service",
];

/// What a name may end in where it is that of a file.
const FILES: [&str; 10] = ["json", "yaml", "yml", "txt", "conf", "ini", "properties", "toml", "xml", "cfg"];

/// So much of the end of a name is read.
const LONGEST: usize = 256;

/// The names that announce a secret: those of the lists above, with what a fleet adds and takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretNames {
    added: BTreeSet<String>,
    shown: BTreeSet<String>,
}

impl SecretNames {
    /// The lists above, names that announce a secret too, and names that do not.
    pub fn new<N: AsRef<str>>(added: impl IntoIterator<Item = N>, shown: impl IntoIterator<Item = N>) -> Self {
        let words = |name: N| split_words(end(name.as_ref())).join("_");
        Self { added: added.into_iter().map(words).collect(), shown: shown.into_iter().map(words).collect() }
    }

    /// What both fleets of a comparison add; only what both show is shown.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self { added: &self.added | &other.added, shown: &self.shown & &other.shown }
    }

    /// Whether what stands under a name is a secret, or, of an ambiguous name, if it looks random.
    pub fn announces(&self, name: &str) -> bool {
        if self.added.is_empty() && self.shown.is_empty() {
            return announces(name);
        }
        let words = split_words(end(name)).join("_");
        !self.shown.contains(&words) && (self.added.contains(&words) || announces(name))
    }

    /// Whether what stands under a name is secret only if it looks random.
    pub fn is_ambiguous(&self, name: &str) -> bool {
        let words = split_words(end(name));
        let last =
            words.iter().rfind(|word| !word.bytes().all(|byte| byte.is_ascii_digit())).map_or("", String::as_str);
        let whole = words.join("_");
        AMBIGUOUS.contains(&last.trim_end_matches(|c: char| c.is_ascii_digit()))
            && !is_key_of_secret(&words)
            && !WHOLE.contains(&whole.as_str())
            && !self.added.contains(&whole)
    }
}

/// Whether everything in a map or section under a name is a secret: `secrets`, `credentials`.
pub fn is_section_name(name: &str) -> bool {
    let words = split_words(end(name));
    words.last().is_some_and(|last| ["secrets", "credentials", "passwords", "tokens"].contains(&last.as_str()))
}

/// Whether the last two words are those of a key that is a secret: `api key`.
fn is_key_of_secret(words: &[String]) -> bool {
    let [.., before, last] = words else { return false };
    matches!(last.as_str(), "key" | "keys") && KEYS.contains(&before.as_str())
}

/// Whether a name announces a secret, by the lists.
fn announces(name: &str) -> bool {
    let whole = name.len() <= LONGEST;
    let name = end(name);
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if FILES.contains(&ending.to_ascii_lowercase().as_str()) => stem,
        _ => name,
    };
    let words = split_words(stem);
    let Some(at) = words.iter().rposition(|word| !word.bytes().all(|byte| byte.is_ascii_digit())) else {
        return !whole;
    };
    let last = words[at].trim_end_matches(|c: char| c.is_ascii_digit());
    let before = at.checked_sub(1).map_or("", |at| words[at].as_str());
    let ends = |word: &str| ENDS.iter().any(|with| word.ends_with(with));
    WORDS.contains(&last)
        || AMBIGUOUS.contains(&last)
        || ends(last)
        || last.strip_suffix('s').is_some_and(ends)
        || (matches!(last, "key" | "keys") && KEYS.contains(&before))
        || (last == "string" && matches!(before, "connection" | "conn"))
        || (words.len() > 1 && WHOLE.contains(&words.join("_").as_str()))
}

/// Whether a name of a secret is as well one of a file or folder: there a path is none.
pub(super) fn may_be_path(name: &str) -> bool {
    let name = end(name).to_ascii_uppercase();
    matches!(name.as_str(), "PWD" | "OLDPWD") || ["KUBECONFIG", "NETRC", "PGPASS"].iter().any(|end| name.ends_with(end))
}

/// Whether a name may say how many secrets there are.
pub(super) fn may_be_count(name: &str) -> bool {
    name.ends_with(['s', 'S']) && !end(name).to_ascii_lowercase().ends_with("pass")
}

/// The end of a name, which decides: one long name may stand above any number of values.
fn end(name: &str) -> &str {
    &name[name.ceil_char_boundary(name.len().saturating_sub(LONGEST))..]
}

/// The words of a name, in lower case: `dbPassword`, `DB_PASSWORD` and `db.password` have the same.
pub fn split_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        let part = !c.is_ascii_alphanumeric();
        if part || (lower && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !part) {
            word.push(c.to_ascii_lowercase());
        }
        lower = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
