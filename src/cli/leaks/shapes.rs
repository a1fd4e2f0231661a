//! Secrets that can be nothing else: tokens of known makes, private keys, passwords in URLs, long random words. It looks
//! at no name.
//!
//! The one idea: whoever makes tokens gives them a prefix, so that programs like this one know them.

use std::ops::Range;

use super::values;

/// Prefix, and how many characters of a token follow it at least.
const MAKES: [(&str, usize); 40] = [
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 12),
    ("gldt-", 12),
    ("glrt-", 12),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("sk_live_", 12),
    ("sk_test_", 12),
    ("rk_live_", 12),
    ("sk-", 20),
    ("AIza", 30),
    ("ya29.", 20),
    ("SG.", 20),
    ("npm_", 20),
    ("pypi-", 20),
    ("hvs.", 16),
    ("hvb.", 16),
    ("dop_v1_", 20),
    ("AGE-SECRET-KEY-1", 20),
    ("AKIA", 16),
    ("ASIA", 16),
    ("ABIA", 16),
    ("eyJ", 16),
    ("dckr_pat_", 16),
    ("shpat_", 16),
    ("lin_api_", 16),
    ("PMAK-", 16),
    ("hf_", 20),
    ("tskey-", 12),
    ("hooks.slack.com/services/", 10),
    ("discord.com/api/webhooks/", 10),
];

/// The secrets in a text.
pub(super) fn found(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        // The beginning of a word.
        let rest = &text[at..];
        let end = at + rest.bytes().take_while(|byte| word(*byte)).count();
        let make = MAKES.iter().filter(|(prefix, _)| prefix.as_bytes()[0] == bytes[at]);
        let mut make = make.filter(|(prefix, least)| rest.starts_with(prefix) && token(rest, prefix.len()) >= *least);
        if let Some((prefix, _)) = make.next() {
            let end = at + prefix.len() + token(rest, prefix.len());
            all.push(at..end);
            at = end;
        } else if is_random(&text[at..end]) {
            all.push(at..end);
            at = end;
        } else {
            at += rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        }
    }
    all.extend(blocks(text));
    all.extend(urls(text));
    all.extend(bearers(text));
    all
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-' | b'=')
}

/// How many characters of a token stand from there on.
fn token(text: &str, from: usize) -> usize {
    text.as_bytes()[from..].iter().take_while(|byte| word(**byte) || **byte == b'.').count()
}

/// A long word in which capitals, small letters and digits are mixed as no name and no path mixes them.
fn is_random(word: &str) -> bool {
    let word = word.trim_end_matches('=');
    if word.len() < 32 || word.contains('=') {
        return false;
    }
    let number = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    let parts = word.split(['/', '-', '_', '+']).count();
    let digits = number(u8::is_ascii_digit);
    parts * 10 <= word.len()
        && digits * 12 >= word.len()
        && number(u8::is_ascii_uppercase) > 3
        && number(u8::is_ascii_lowercase) > 3
}

/// Blocks of a PEM file, unless they are there to be shown.
fn blocks(text: &str) -> Vec<Range<usize>> {
    const BEGIN: &str = "-----BEGIN ";
    let mut all = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).map(|start| start + from) {
        let title = text[start + BEGIN.len()..].split("-----").next().unwrap_or_default();
        let end = text[start..].find("-----END ").map(|end| start + end + "-----END ".len());
        let end = end.map_or(text.len(), |end| text[end..].find("-----").map_or(text.len(), |close| end + close + 5));
        let public =
            ["CERTIFICATE", "PUBLIC", "CRL", "PARAMETERS", "SIGNATURE"].iter().any(|word| title.contains(word));
        all.extend((!public).then_some(start..end));
        from = end;
    }
    all
}

/// Passwords in URLs: `scheme://user:password@host`, `https://token@host`.
fn urls(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices("://") {
        let begin = at + 3;
        let length = text[begin..].find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>'));
        let url = &text[begin..length.map_or(text.len(), |length| begin + length)];
        let authority = url.find(['/', '?', '#']).map_or(url, |end| &url[..end]);
        let secret = match (authority.rfind('@'), url.rfind('@'), url.find(':')) {
            (Some(host), _, _) => match authority.find(':').filter(|colon| *colon < host) {
                Some(colon) => colon + 1..host,
                // A name alone is short; a token is not.
                None if host >= 16 && values::is_dense(&authority[..host]) => 0..host,
                None => continue,
            },
            // A password with a slash that nobody escaped; behind a port there is a path.
            (None, Some(host), Some(colon)) if colon < host => {
                let port = url[colon + 1..].split('/').next().unwrap_or_default();
                if port.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
                colon + 1..host
            }
            _ => continue,
        };
        if !values::tells_nothing(&url[secret.clone()]) {
            all.push(begin + secret.start..begin + secret.end);
        }
    }
    all
}

/// What stands behind `Bearer` and `Basic`.
fn bearers(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for scheme in ["Bearer ", "bearer ", "Basic ", "basic "] {
        for (at, _) in text.match_indices(scheme) {
            let begin = at + scheme.len();
            let length =
                text.as_bytes()[begin..].iter().take_while(|byte| word(**byte) || matches!(byte, b'.' | b'~')).count();
            let value = &text[begin..begin + length];
            let odd = values::is_dense(value) || value.len() >= 20 || (value.len() >= 6 && value.ends_with('='));
            all.extend(odd.then_some(begin..begin + length));
        }
    }
    all
}
