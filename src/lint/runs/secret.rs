//! `secret-in-env`: an environment variable whose value looks like a secret. The value is never repeated.
//!
//! A false alarm costs more than a miss: either the value can be nothing else (a private key, a known kind of token, a
//! password in a URL), or the name ends in a word for a secret and the value could be one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Running;
use crate::diag::{Code, Diagnostic};
use crate::model::reference;
use crate::secrets::split_words;
use crate::tree::{SourceTree, Span};

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for container in running.containers() {
        let variables = container.value.get("env").and_then(Value::as_array);
        for (at, variable) in variables.into_iter().flatten().enumerate() {
            let text = |member: &str| variable.get(member).and_then(Value::as_str);
            let (Some(name), Some(value)) = (text("name"), text("value")) else { continue };
            let Some(what) = suspicion(name, value) else { continue };
            let span = running.said(&container.at(&format!("env/{at}/value")));
            let message = format!("the value of `{name}` looks like {what}, and stands in the open");
            let diagnostic = Diagnostic::new(Code::SecretInEnv, span, message)
                .note("whoever can read the repository, the manifest or the pod can read it")
                .help(format!(
                    "put it into a Secret: `{name}: {{valueFrom: {{secretKeyRef: {{name: ..., key: ...}}}}}}`"
                ));
            found.push(match hidden(running.sources, span, value) {
                Some(text) => diagnostic.secret(text),
                None => diagnostic,
            });
        }
    }
    found
}

/// The text that no report may show: the value where it was written, or the whole line where it is not found in its
/// place. A reference alone shows nothing.
fn hidden(sources: &SourceTree, span: Span, value: &str) -> Option<Span> {
    let text = sources.text(span);
    let bare = text.trim_matches(['"', '\'']);
    match reference::first(bare) {
        Some(only) if only == bare => None,
        _ if text.contains(value) => Some(span),
        _ => Some(sources.line(span)),
    }
}

/// What a value looks like; nothing if it is in order.
fn suspicion(name: &str, value: &str) -> Option<&'static str> {
    let value = value.trim();
    made_to_be_secret(value).or_else(|| {
        let word = secret_word(name)?;
        plausible(word, value).then_some(word.what())
    })
}

/// A value that can be nothing else, whatever it is called.
fn made_to_be_secret(value: &str) -> Option<&'static str> {
    // Prefix, and how many characters of a token follow it at least.
    const MAKES: [(&str, usize, &str); 21] = [
        ("ghp_", 36, "a token of GitHub"),
        ("gho_", 36, "a token of GitHub"),
        ("ghu_", 36, "a token of GitHub"),
        ("ghs_", 36, "a token of GitHub"),
        ("ghr_", 36, "a token of GitHub"),
        ("github_pat_", 40, "a token of GitHub"),
        ("glpat-", 20, "a token of GitLab"),
        ("xoxb-", 20, "a token of Slack"),
        ("xoxp-", 20, "a token of Slack"),
        ("xapp-", 20, "a token of Slack"),
        ("https://hooks.slack.com/services/T", 20, "a webhook of Slack, which is a secret"),
        ("https://discord.com/api/webhooks/", 40, "a webhook of Discord, which is a secret"),
        ("sk_live_", 20, "a key of Stripe"),
        ("rk_live_", 20, "a key of Stripe"),
        ("AIza", 35, "a key of Google"),
        ("SG.", 60, "a key of SendGrid"),
        ("npm_", 36, "a token of npm"),
        ("pypi-AgEI", 50, "a token of PyPI"),
        ("hvs.", 24, "a token of Vault"),
        ("dop_v1_", 60, "a token of DigitalOcean"),
        ("AGE-SECRET-KEY-1", 50, "a private key"),
    ];
    if value.contains("-----BEGIN ") && value.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    let token =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '='));
    let make =
        MAKES.iter().filter(|(prefix, least, _)| value.len() >= prefix.len() + least).find(|(prefix, least, _)| {
            value.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least && token(rest) && letters(rest) > 5)
        });
    if let Some((.., what)) = make {
        return Some(what);
    }
    let parts: Vec<&str> = value.split('.').collect();
    if value.starts_with("eyJ") && parts.len() == 3 && parts[1].starts_with("eyJ") && token(value) {
        return Some("a signed token (JWT)");
    }
    if password_in_url(value) {
        return Some("a URL with a password");
    }
    password_in_connection(value).then_some("a connection string with a key")
}

/// `scheme://user:password@host`
fn password_in_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let known = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    known && user.split_once(':').is_some_and(|(_, password)| !password.is_empty() && !is_placeholder(password))
}

/// `AccountKey=...;`, `Password=...;` among other settings.
fn password_in_connection(value: &str) -> bool {
    const KEYS: [&str; 5] = ["accountkey", "sharedaccesskey", "sharedaccesssignature", "password", "pwd"];
    let parts: Vec<(&str, &str)> = value.split(';').filter_map(|part| part.split_once('=')).collect();
    let secret = |(key, value): &(&str, &str)| {
        KEYS.contains(&key.trim().to_ascii_lowercase().as_str()) && !value.is_empty() && !is_placeholder(value)
    };
    parts.len() > 1 && parts.iter().any(secret)
}

/// What the end of a name says that the value is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum SecretWord {
    Password,
    Token,
    Secret,
    Key,
}

impl SecretWord {
    fn what(self) -> &'static str {
        match self {
            SecretWord::Password => "a password",
            SecretWord::Token => "a token",
            SecretWord::Secret => "a secret",
            SecretWord::Key => "a secret key",
        }
    }
}

/// The last word of a name decides: `TOKEN_URL` is a URL, `PASSWORD_FILE` a file, `SECRET_NAME` a name.
fn secret_word(name: &str) -> Option<SecretWord> {
    // Most names end otherwise, and need not be taken apart.
    const ENDS: [&str; 9] = ["password", "passwd", "passphrase", "pwd", "pass", "token", "pat", "jwt", "secret"];
    let end = name.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    let ends = |with: &str| {
        let from = end.len().checked_sub(with.len());
        from.and_then(|from| end.get(from..)).is_some_and(|last| last.eq_ignore_ascii_case(with))
    };
    if !ends("key") && !ENDS.iter().any(|with| ends(with)) {
        return None;
    }
    let words = split_words(name);
    let last = words.iter().rposition(|word| !word.chars().all(|c| c.is_ascii_digit()))?;
    let before = last.checked_sub(1).map_or("", |at| words[at].as_str());
    match words[last].as_str() {
        // The shell's own `PWD` and `OLDPWD` are folders.
        "pwd" if last == 0 => None,
        "password" | "passwd" | "passphrase" | "pwd" | "pass" => Some(SecretWord::Password),
        "token" | "pat" | "jwt" if last > 0 || words[last] == "token" => Some(SecretWord::Token),
        "secret" => Some(SecretWord::Secret),
        "apikey" | "secretkey" | "privatekey" => Some(SecretWord::Key),
        // `SECRET_KEY`, `SECRET_ACCESS_KEY`
        "key" if words[..last].iter().any(|word| word == "secret") => Some(SecretWord::Secret),
        "key" => {
            const KEYS: [&str; 9] =
                ["api", "access", "private", "auth", "account", "encryption", "signing", "master", "hmac"];
            KEYS.contains(&before).then_some(SecretWord::Key)
        }
        _ => None,
    }
}

/// Whether a value could be the secret that the name speaks of.
fn plausible(word: SecretWord, value: &str) -> bool {
    if is_placeholder(value) || is_setting(value) || is_elsewhere(value) {
        return false;
    }
    match word {
        // People choose passwords that look like anything.
        SecretWord::Password => true,
        // What only looks like the name of something is taken for one: of a Secret, of a key in it, of a kind of token.
        SecretWord::Token | SecretWord::Secret => !is_namely(value),
        SecretWord::Key => !is_namely(value) && value.len() >= 12,
    }
}

/// Something that is filled in elsewhere: `$(X)`, `${X}`, `<token>`, `{{ x }}`, `xxxx`, `***`, `REDACTED`.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    value.is_empty()
        || value.starts_with('$')
        || value.contains("$(")
        || value.contains("${")
        || value.contains("{{")
        || (value.starts_with('<') && value.ends_with('>'))
        || lower.contains("redacted")
        || lower.contains("placeholder")
        || lower.contains("xxxx")
        || letters(value) < 2
}

/// How many different characters there are: who fills in `xxxx` needs one.
fn letters(value: &str) -> usize {
    value.chars().collect::<BTreeSet<char>>().len()
}

/// A switch or a number.
fn is_setting(value: &str) -> bool {
    const WORDS: [&str; 15] = [
        "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "enabled", "disabled", "required",
        "optional", "default", "auto",
    ];
    let number = value.len() < 6 && value.chars().all(|c| c.is_ascii_digit());
    number || WORDS.contains(&value.to_ascii_lowercase().as_str())
}

/// A place where the secret is: a path, a URL, the address of a store.
fn is_elsewhere(value: &str) -> bool {
    const STORES: [&str; 8] = ["arn:", "vault:", "ref+", "file:", "env:", "secret:", "gcp:", "projects/"];
    // `/` is also one of the letters of base64, in the middle of a word.
    let path = value.starts_with(['/', '~']) || value.starts_with("./") || value.starts_with("../");
    path || value.contains("://") || STORES.iter().any(|store| value.starts_with(store))
}

/// It reads like a name: words of small letters, with few digits between them.
fn is_namely(value: &str) -> bool {
    let fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_' | '/');
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let longest = value.split(['-', '.', '_', '/']).map(str::len).max().unwrap_or_default();
    let constant = value.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    constant || (value.chars().all(fit) && digits * 4 <= value.len() && longest <= 16)
}

#[cfg(test)]
mod tests {
    use super::suspicion;

    /// A value made here, so that this file holds no text that looks like a secret.
    fn token(prefix: &str, length: usize) -> String {
        prefix.chars().chain("a1B2c3D4e5F6".chars().cycle().take(length)).collect()
    }

    #[test]
    fn what_is_a_secret_draws_an_alarm() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("dbPassword", "correct horse"),
            ("MYSQL_PWD", "letmein"),
            ("PASSWORD_2", "changeme"),
            ("API_TOKEN", &token("", 20)),
            ("CLIENT_SECRET", &token("", 24)),
            ("AWS_SECRET_ACCESS_KEY", &token("", 40)),
            ("MINIO_SECRET_ACCESS_KEY", "minio123"),
            ("APIKEY", &token("", 32)),
            ("ANYTHING", &token("ghp_", 36)),
            ("ANYTHING", &token("https://hooks.slack.com/services/T", 40)),
            ("ANYTHING", &token("AIza", 35)),
            ("ANYTHING", &format!("eyJ{0}.eyJ{0}.{0}", token("", 20))),
            ("ANYTHING", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
            ("DATABASE_URL", "postgres://app:hunter2@db:5432/app"),
            ("STORAGE", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=core"),
        ] {
            assert!(suspicion(name, value).is_some(), "{name}={value}");
        }
    }

    #[test]
    fn what_only_speaks_of_one_draws_none() {
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD", "$(SHARED)"),
            ("DB_PASSWORD", "${SHARED}"),
            ("DB_PASSWORD", "<password>"),
            ("DB_PASSWORD", "********"),
            ("DB_PASSWORD", "/run/secrets/password"),
            ("DB_PASSWORD", "vault:secret/data/db#password"),
            ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:1:secret:x"),
            ("ASK_FOR_PASSWORD", "false"),
            ("PASSWORD_FILE", "hunter2"),
            ("PASSWORD_LENGTH", "16"),
            ("SECRET_NAME", "db-credentials"),
            ("TLS_SECRET", "my-app-tls"),
            ("CLIENT_SECRET", "oauth2.client.secret"),
            ("SECRET_KEY", "password"),
            ("TOKEN_URL", "https://login.example.com/token"),
            ("TOKEN_TTL", "3600"),
            ("MAX_TOKENS", "4096"),
            ("SERVICE_TOKEN", "projected-token"),
            ("USE_TOKEN", "1"),
            ("AWS_ACCESS_KEY_ID", &token("AKIA", 16)),
            ("CACHE_KEY", &token("", 32)),
            ("PWD", "/work"),
            ("COMPASS", "north"),
            ("PROXY", "http://proxy.example.com:3128"),
            ("REPO", "ssh://git@github.com:22/a/b"),
            ("DATABASE_URL", "postgres://app:$(DB_PASSWORD)@db/app"),
            ("GREETING", "mail me: a@b.c"),
            ("IMAGE", "registry.example.com/a@sha256:0123"),
            ("TOKEN", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-"),
        ] {
            assert_eq!(suspicion(name, value), None, "{name}={value}");
        }
    }
}
