//! Finds secrets by shape: tokens with a known prefix, private keys, passwords in URLs, long random words.

use std::ops::Range;

use super::ahead::Ahead;
use super::harmless;

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
pub(super) fn find_in_text(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let bytes = text.as_bytes();
    let mut rest = Rest::default();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        // The beginning of a word.
        rest.begin(bytes, at);
        let make = MAKES.iter().filter(|(prefix, _)| prefix.as_bytes()[0] == bytes[at]);
        let mut make =
            make.filter(|(prefix, least)| text[at..].starts_with(prefix) && token(&text[at..], prefix.len()) >= *least);
        if let Some((prefix, _)) = make.next() {
            let end = at + prefix.len() + token(&text[at..], prefix.len());
            all.push(at..end);
            at = end;
        } else if rest.is_random() {
            all.push(at..rest.end);
            at = rest.end;
        } else {
            at += bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
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

/// What is left of a word, counted: its parts are looked at from each on, so the counts are kept and not made anew.
#[derive(Default)]
struct Rest {
    at: usize,
    end: usize,
    /// The end without `=`.
    bare: usize,
    equals: usize,
    separators: usize,
    digits: usize,
    capitals: usize,
    smalls: usize,
}

impl Rest {
    /// The rest of the word that begins or goes on at a position behind the last one.
    fn begin(&mut self, bytes: &[u8], at: usize) {
        if at < self.end {
            bytes[self.at..at].iter().for_each(|byte| self.count(*byte, |count| *count -= 1));
        } else {
            let end = at + bytes[at..].iter().take_while(|byte| word(**byte)).count();
            let bare = end - bytes[at..end].iter().rev().take_while(|byte| **byte == b'=').count();
            *self = Self { end, bare, ..Self::default() };
            bytes[at..bare].iter().for_each(|byte| self.count(*byte, |count| *count += 1));
        }
        self.at = at;
    }

    fn count(&mut self, byte: u8, change: impl Fn(&mut usize)) {
        match byte {
            b'=' => change(&mut self.equals),
            b'/' | b'-' | b'_' | b'+' => change(&mut self.separators),
            b'0'..=b'9' => change(&mut self.digits),
            b'A'..=b'Z' => change(&mut self.capitals),
            b'a'..=b'z' => change(&mut self.smalls),
            _ => {}
        }
    }

    /// Whether it is a long word in which capitals, small letters and digits are mixed as no name and no path mixes them.
    fn is_random(&self) -> bool {
        let length = self.bare.saturating_sub(self.at);
        length >= 32
            && self.equals == 0
            && (self.separators + 1) * 10 <= length
            && self.digits * 12 >= length
            && self.capitals > 3
            && self.smalls > 3
    }
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
    let (mut space, mut sign) = (Ahead::default(), Ahead::default());
    // The last `@` before the end of a URL: several may end at one place.
    let mut last: Option<(usize, Option<usize>)> = None;
    for (at, _) in text.match_indices("://") {
        let begin = at + 3;
        let end = |rest: &str| rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>'));
        let end = space.next(text, begin, end);
        let url = &text[begin..end];
        let (_, host) = last
            .filter(|(known, _)| *known == end)
            .unwrap_or_else(|| (end, text[begin..end].rfind('@').map(|at| begin + at)));
        last = Some((end, host));
        let host = host.and_then(|host| host.checked_sub(begin));
        let colon = sign.next(text, begin, |rest| rest.find(':'));
        let colon = (colon < end).then(|| colon - begin);
        let authority = url.find(['/', '?', '#']).map_or(url, |end| &url[..end]);
        let secret = match (authority.rfind('@'), host, colon) {
            (Some(host), _, _) => match authority.find(':').filter(|colon| *colon < host) {
                Some(colon) => colon + 1..host,
                // A name alone is short; a token is not.
                None if host >= 16 && harmless::is_dense(&authority[..host]) => 0..host,
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
        if !harmless::is_harmless(&url[secret.clone()]) {
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
            let odd = harmless::is_dense(value) || value.len() >= 20 || (value.len() >= 6 && value.ends_with('='));
            all.extend(odd.then_some(begin..begin + length));
        }
    }
    all
}
