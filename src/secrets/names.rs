//! Names that announce a secret. The last word decides: `TOKEN_URL` is a URL, `PASSWORD_FILE` a file, `SECRET_NAME` a
//! name.

/// Last words of names of secrets.
const WORDS: [&str; 19] = [
    "pwd",
    "pass",
    "pat",
    "jwt",
    "auth",
    "cred",
    "creds",
    "dsn",
    "sas",
    "sig",
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

/// Whether what stands under a name is a secret.
pub fn is_secret_name(name: &str) -> bool {
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
        || ends(last)
        || last.strip_suffix('s').is_some_and(ends)
        || (matches!(last, "key" | "keys") && KEYS.contains(&before))
        || (last == "string" && matches!(before, "connection" | "conn"))
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
