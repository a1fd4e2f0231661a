//! Finds secrets in text and redacts them.
//!
//! Showing a secret cannot be undone and hiding too much costs a look into the file, so in doubt it is redacted (the
//! lint `secret-in-env` is the opposite).

mod ahead;
mod commands;
mod harmless;
mod names;
mod redact;
mod sections;
mod settings;
mod tokens;

pub use names::{SecretNames, is_section_name, split_words};
pub use redact::Redactor;

use std::ops::Range;

/// The secrets in a text that stands under a name, in order and merged; all of it, where the name announces one.
pub fn find_secrets(name: &str, text: &str, names: &SecretNames) -> Vec<Range<usize>> {
    if names.announces(name) {
        let number = names::may_be_count(name) && text.len() < 7 && text.bytes().all(|byte| byte.is_ascii_digit());
        let path = names::may_be_path(name) && harmless::is_path(text);
        let other = names.is_ambiguous(name) && !harmless::looks_random(text);
        if other {
            return find_in_text(text, names);
        }
        let shown = number || path || harmless::is_harmless(text);
        return if shown { Vec::new() } else { std::iter::once(0..text.len()).collect() };
    }
    find_in_text(text, names)
}

/// Whether something of a value that stands under a name is a secret.
pub fn is_secret(name: &str, text: &str, names: &SecretNames) -> bool {
    !find_secrets(name, text, names).is_empty()
}

/// Whether a value reveals nothing whatever its name: a switch, a placeholder, a reference.
pub fn is_harmless(text: &str) -> bool {
    harmless::is_harmless(text)
}

/// The secrets in the words of a command, word by word. `program` is what else may say which program that is.
pub fn find_in_command(words: &[&str], program: &[&str], names: &SecretNames) -> Vec<Vec<Range<usize>>> {
    let mut all: Vec<Vec<Range<usize>>> = words.iter().map(|word| find_in_text(word, names)).collect();
    for (at, range) in commands::find_in_arguments(words, program, names) {
        all[at].push(range);
    }
    all.into_iter().map(merge_overlapping).collect()
}

/// The secrets in a text of which nobody says what it is.
fn find_in_text(text: &str, names: &SecretNames) -> Vec<Range<usize>> {
    // The shortest that can be told from other words.
    if text.len() < 6 {
        return Vec::new();
    }
    let mut all = tokens::find_in_text(text);
    all.extend(settings::find_in_text(text, names));
    all.extend(sections::find_in_text(text));
    all.extend(commands::find_in_text(text, names));
    merge_overlapping(all)
}

/// In order, and what meets is one.
fn merge_overlapping(mut all: Vec<Range<usize>>) -> Vec<Range<usize>> {
    all.retain(|range| !range.is_empty());
    all.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(all.len());
    for range in all {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text without what is hidden.
    fn seen(name: &str, text: &str) -> String {
        let mut shown = String::new();
        let mut at = 0;
        for range in find_secrets(name, text, &SecretNames::default()) {
            shown.push_str(&text[at..range.start]);
            shown.push('#');
            at = range.end;
        }
        shown + &text[at..]
    }

    #[test]
    fn what_a_name_calls_secret_is_one() {
        for name in [
            "DB_PASSWORD",
            "dbPassword",
            "db-password",
            "spring.datasource.password",
            "PASSWORD_2",
            "password1",
            "PGPASSWORD",
            "MYSQL_PWD",
            "PASSWD",
            "DB_PASS",
            "API_TOKEN",
            "REDISCLI_AUTH",
            "AUTHORIZATION",
            "CREDENTIALS",
            "credentials.json",
            "APIKEY",
            "API_KEY",
            "X-Api-Key",
            "PRIVATE_KEY",
            "SECRET_ACCESS_KEY",
            "DSN",
            "CONNECTION_STRING",
            "connectionString",
            "PASSPHRASE",
            "CLIENT_SECRET",
            "SECRET_KEY_BASE",
            "aws_secret_access_key",
            "Cookie",
            ".dockerconfigjson",
        ] {
            for value in ["hunter2", "/hunter2", "$hunter2", "$hunter2$(X)", "two words", "7391827364", "a\nb"] {
                assert_eq!(seen(name, value), "#", "{name}: {value}");
            }
            let told =
                ["", "true", "$(SHARED)", "${SHARED}", "$SHARED", "<password>", "********", "{{ .x }}", "vault:a/b#c"];
            for value in told {
                assert_eq!(seen(name, value), value, "{name}");
            }
        }
        for name in [
            "PASSWORD_FILE",
            "PASSWORD_LENGTH",
            "SECRET_NAME",
            "TOKEN_URL",
            "LOG_LEVEL",
            "COMPASS",
            "topologyKey",
            "key",
            "AUTHOR",
            "KEYS",
            "PATH",
            "publicKey",
            "cacheKey",
        ] {
            assert_eq!(seen(name, "hunter2"), "hunter2", "{name}");
        }
        for name in ["AUTH", "GITHUB_PAT", "key", "sig", "PAT_1"] {
            assert_eq!(seen(name, "hunter2"), "hunter2", "{name}: it does not look random");
            assert_eq!(seen(name, "a1B2c3D4e5F6"), "#", "{name}");
        }
        let own = SecretNames::new(["LICENSE_ID"], ["token"]);
        let hidden = |name: &str, text: &str| is_secret(name, text, &own);
        assert!(hidden("licenseId", "acme") && hidden("DB_PASSWORD", "acme") && !hidden("token", "acme"));
        assert!(hidden("", "export LICENSE_ID=acme\n") && !hidden("", "run --token acme --x"));
        assert_eq!((seen("PWD", "/work"), seen("MAX_TOKENS", "4096")), ("/work".to_owned(), "4096".to_owned()));
        assert_eq!(seen("pwd", "hunter2"), "#");
    }

    /// What can be nothing else is made here, so that this file holds no text that looks like a secret.
    fn token(prefix: &str, length: usize) -> String {
        prefix.chars().chain("a1B2c3D4e5F6".chars().cycle().take(length)).collect()
    }

    #[test]
    fn a_token_is_known_by_its_shape() {
        let aws: String = "AKIA".chars().chain("Q7Z3".chars().cycle().take(16)).collect();
        for secret in [
            token("ghp_", 36),
            token("xoxb-", 24),
            token("glpat-", 20),
            token("eyJ", 40),
            token("sk_live_", 24),
            aws,
            token("", 40),
            format!("-----BEGIN RSA {}-----\nMII\n-----END RSA {}-----", "PRIVATE KEY", "PRIVATE KEY"),
        ] {
            for (before, after) in
                [("", ""), ("run ", " go"), ("\"", "\""), ("x=", "\n"), ("(", ")"), ("https://a/?b=", "&c=d")]
            {
                let text = format!("{before}{secret}{after}");
                assert_eq!(seen("", &text), format!("{before}#{after}"), "{text}");
            }
        }
        for text in [
            "registry.example.com/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
            "123e4567-e89b-12d3-a456-426614174000",
            "/opt/very/long/Path/To/Some/Folder/Of/Version2024",
            "ghp_short",
            "task-skeleton",
        ] {
            assert_eq!(seen("", text), text);
        }
    }

    #[test]
    fn settings_in_any_format_are_read_by_their_names() {
        for (text, shown) in [
            ("export DB_PASSWORD=hunter2\nrun\n", "export DB_PASSWORD=#\nrun\n"),
            ("export DB_PASSWORD=\"hunter2 x\"\nrun", "export DB_PASSWORD=\"#\"\nrun"),
            ("a DB_PASSWORD=hunter2 b", "a DB_PASSWORD=# b"),
            ("user=x\npassword = two words\nlevel=1", "user=x\npassword = #\nlevel=1"),
            ("db:\n  password: hunter2\n  host: x", "db:\n  password: #\n  host: x"),
            ("password: |\n  one\n  two\nhost: x", "password: |\n#\nhost: x"),
            ("password:\n  hunter2\nhost: x", "password:\n#\nhost: x"),
            ("{\"a\": 1, \"password\": \"hun\\\"ter2\", \"b\": 2}", "{\"a\": 1, \"password\": \"#\", \"b\": 2}"),
            ("{\"password\": 7391827364, \"b\": 2}", "{\"password\": #, \"b\": 2}"),
            ("{password: hunter2, b: 2}", "{password: #, b: 2}"),
            ("\"{\\\"password\\\": \\\"hunter2\\\"}\"", "\"{\\\"password\\\": \\\"#\\\"}\""),
            ("<db><password>hunter2</password></db>", "<db><password>#</password></db>"),
            ("<db password='hunter2' a='b'/>", "<db password='#' a='b'/>"),
            ("Server=x;User=y;Password=hunter2;", "Server=x;User=y;Password=#"),
            ("https://x/?a=b&token=hunter2&c=d", "https://x/?a=b&token=#&c=d"),
            ("curl -H \"Authorization: Bearer hunter2x\" http://x", "curl -H \"Authorization: #\" http://x"),
            ("Authorization: Basic aHVudGVyMg==", "Authorization: #"),
            ("send Bearer hunter2x now", "send Bearer # now"),
            ("postgres://u:hunter2@host/db", "postgres://u:#@host/db"),
            ("postgres://u:hun/ter2@host/db", "postgres://u:#@host/db"),
            ("uses token hunter2Xq1 here", "uses token # here"),
            ("machine x login y password hunter", "machine x login y password #"),
            ("config.secret => 'hunter2',", "config.secret => '#',"),
            (
                "[db]\nhost = x\n[secrets]\nmain = hunter2\nother: x1\n[end]\na = b",
                "[db]\nhost = x\n[secrets]\nmain = #\nother: #\n[end]\na = b",
            ),
            ("https://x/?a=b&sig=dD80ihBh5jfN%2FxQI%3D&c=d", "https://x/?a=b&sig=#&c=d"),
            ("secrets: {main: hunter2, other: x1}", "secrets: #"),
        ] {
            assert_eq!(seen("", text), shown, "{text}");
        }
        for text in [
            "--password=$(DB_PASSWORD)",
            "password: ${DB_PASSWORD}",
            "{\"password\": \"\", \"b\": 2}",
            "if [ $a == b ]; then run; fi",
            "postgres://u:$(DB_PASSWORD)@host/db",
            "http://proxy.example.com:3128/a@b",
            "ssh://git@github.com:22/a/b",
            "secretName: db",
            "key: value",
            "the token is rotated",
            "level=debug password_file=/run/x",
            "bearer token",
            "mail: a@b.c",
        ] {
            assert_eq!(seen("", text), text);
        }
    }

    #[test]
    fn commands_are_read_as_a_shell_reads_them() {
        for (text, shown) in [
            ("mysql -phunter2 -h x", "mysql -p# -h x"),
            ("/usr/bin/mysqldump -u a -p'hun ter2' db | gzip", "/usr/bin/mysqldump -u a -p'#' db | gzip"),
            ("mysql -p12345 db", "mysql -p# db"),
            ("run --password hunter2 go", "run --password # go"),
            ("--password hunter2", "--password #"),
            ("run --db-password 'two words' go", "run --db-password '#' go"),
            ("tool -p hunter2", "tool -p #"),
            ("curl -u admin:hunter2 http://x", "curl -u admin:# http://x"),
            ("curl --user 'admin:hun ter2' http://x", "curl --user 'admin:#' http://x"),
            ("curl -uadmin:hunter2 http://x", "curl -uadmin:# http://x"),
            ("a; redis-cli -a hunter2 ping", "a; redis-cli -a # ping"),
            ("echo x && sshpass -phunter2 ssh x", "echo x && sshpass -p# ssh x"),
        ] {
            assert_eq!(seen("", text), shown, "{text}");
        }
        for text in [
            "mkdir -p data/x && run",
            "tool -p 8080",
            "tool -p /work",
            "ssh -p 2222 host",
            "docker run -u 1000:1000 -p 80:80 x",
            "psql -p 5432 -U me",
            "tool --password -v",
            "cp -pr a b",
            "mysql -p",
            "curl -u admin:$TOKEN http://x",
        ] {
            assert_eq!(seen("", text), text);
        }
        let list = |words: &[&str], program: &[&str]| -> Vec<String> {
            let hidden = find_in_command(words, program, &SecretNames::default());
            words
                .iter()
                .zip(hidden)
                .filter(|(_, ranges)| !ranges.is_empty())
                .map(|(word, _)| (*word).to_owned())
                .collect()
        };
        assert_eq!(list(&["-p", "hunter2", "-v"], &["app"]), ["hunter2"]);
        assert_eq!(list(&["--password", "hunter2", "--token=two words"], &[]), ["hunter2", "--token=two words"]);
        assert_eq!(list(&["-u", "root", "-phunter2"], &["mysql"]), ["-phunter2"]);
        assert_eq!(list(&["-u", "a:hunter2"], &[]), ["a:hunter2"]);
        assert_eq!(list(&["-p", "8080", "-prefix", "x", "--password", "--verbose"], &["app"]), [""; 0]);
        assert_eq!(list(&["-p", "data"], &["mkdir"]), [""; 0]);
    }

    #[test]
    fn no_text_is_cut_within_a_character() {
        for text in [
            "password=é",
            "é=password: \u{202e}x",
            "-p é",
            "x://é:é@é",
            "<password>é",
            "\"password\\\": é",
            "Bearer ééééééééé1",
        ] {
            for name in ["", "password"] {
                assert!(
                    find_secrets(name, text, &SecretNames::default())
                        .iter()
                        .all(|range| text.get(range.clone()).is_some()),
                    "{text}"
                );
            }
        }
    }
}
