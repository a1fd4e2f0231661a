//! Finds secrets given to programs as arguments: `--password x`, `-px`, `-u user:x`, in shell text or argument lists.
//! What `-p` means depends on the program.

use std::ops::Range;

use super::harmless;
use super::names::is_secret_name;

/// Of these `-pX` is a password.
const ATTACHED: [&str; 9] =
    ["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mariadb", "mariadb-dump", "sshpass", "7z"];

/// Of these `-p X` is none.
const OTHERWISE: [&str; 24] = [
    "mkdir",
    "cp",
    "rsync",
    "ssh",
    "psql",
    "pg_dump",
    "pg_dumpall",
    "pg_restore",
    "pg_isready",
    "pgbench",
    "createdb",
    "read",
    "ps",
    "tar",
    "install",
    "kubectl",
    "nc",
    "git",
    "make",
    "jq",
    "redis-cli",
    "lsof",
    "unzip",
    "perl",
];

/// Programs with another letter for a password.
const LETTERS: [(&str, &str); 7] = [
    ("redis-cli", "-a"),
    ("ldapsearch", "-w"),
    ("ldapmodify", "-w"),
    ("ldapadd", "-w"),
    ("sqlcmd", "-P"),
    ("unzip", "-P"),
    ("zip", "-P"),
];

/// Words before a command that are none.
const BEFORE: [&str; 16] = [
    "sudo", "exec", "env", "time", "nohup", "then", "do", "else", "if", "while", "!", "{", "(", "command", "eval",
    "until",
];

/// A word of a text, without its quotes.
struct Word {
    range: Range<usize>,
    /// Nothing stands before it in its command.
    first: bool,
}

/// The secrets in a text for a shell.
pub(super) fn find_in_text(text: &str) -> Vec<Range<usize>> {
    // Options alone are looked for.
    if !text.starts_with('-') && !text.contains(" -") && !text.contains("\n-") && !text.contains("\t-") {
        return Vec::new();
    }
    let words = words(text);
    let mut all = Vec::new();
    let mut program = "";
    for (at, word) in words.iter().enumerate() {
        let said = &text[word.range.clone()];
        if word.first {
            program = "";
        }
        if program.is_empty() && !said.contains('=') && !BEFORE.contains(&said) {
            program = base(said);
        }
        let next = words.get(at + 1).filter(|next| !next.first).map(|next| &text[next.range.clone()]);
        match given(said, next, &[program]) {
            Some(Given::Own(from)) => all.push(word.range.start + from..word.range.end),
            Some(Given::Next(from)) => {
                all.extend(words.get(at + 1).map(|next| next.range.start + from..next.range.end))
            }
            None => {}
        }
    }
    all
}

/// The secrets in the words of a command: which word, and where in it.
pub(super) fn find_in_arguments(words: &[&str], program: &[&str]) -> Vec<(usize, Range<usize>)> {
    let programs: Vec<&str> = program.iter().map(|program| base(program)).collect();
    let mut all = Vec::new();
    for (at, word) in words.iter().enumerate() {
        // `--password=...`: here the word is known to end where it does.
        if let Some((name, value)) = word.split_once('=')
            && name.starts_with('-')
            && is_secret_name(name)
            && !harmless::is_harmless(value)
        {
            all.push((at, name.len() + 1..word.len()));
            continue;
        }
        let next = words.get(at + 1).copied();
        match given(word, next, &programs) {
            Some(Given::Own(from)) => all.push((at, from..word.len())),
            Some(Given::Next(from)) => all.push((at + 1, from..next.map_or(0, str::len))),
            None => {}
        }
    }
    all
}

/// Where a secret is: in the word itself, or in the next one, from there on.
enum Given {
    Own(usize),
    Next(usize),
}

/// What an option gives to a program.
fn given(word: &str, next: Option<&str>, programs: &[&str]) -> Option<Given> {
    if !word.starts_with('-') {
        return None;
    }
    let any = |of: &[&str]| programs.iter().any(|program| of.contains(program));
    let value = next.filter(|next| !is_option(next) && !harmless::is_harmless(next));
    // `user:secret`, of which the user may be seen.
    let pair = |text: &str| {
        let colon = text.find(':')?;
        let secret = &text[colon + 1..];
        let number = secret.bytes().all(|byte| byte.is_ascii_digit());
        (!number && !text.contains("://") && !harmless::is_harmless(secret)).then_some(colon + 1)
    };
    match word {
        "-u" | "-U" | "--user" | "--proxy-user" => return pair(value?).map(Given::Next),
        "-p" => {
            let value = value?;
            let known = any(&ATTACHED) || any(&["mongodump", "mongorestore", "mongosh"]);
            let port = value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'/' | b'-'));
            let other = any(&OTHERWISE) || port || harmless::is_path(value);
            // Of these the option asks for it, and the next word is something else.
            let asks = any(&ATTACHED[..7]);
            return (!asks && (known || !other)).then_some(Given::Next(0));
        }
        _ => {}
    }
    if LETTERS.iter().any(|(program, letter)| *letter == word && programs.contains(program)) {
        return value.map(|_| Given::Next(0));
    }
    if let Some(own) = word.strip_prefix("-p").filter(|_| any(&ATTACHED)) {
        let bare = own.trim_start_matches(['\'', '"']);
        return (!harmless::is_harmless(bare)).then_some(Given::Own(word.len() - bare.len()));
    }
    if let Some(own) = word.strip_prefix("-u").filter(|_| any(&["curl", "wget"])) {
        return pair(own).map(|from| Given::Own(from + 2));
    }
    let name = word.trim_start_matches('-');
    let named = name.len() > 1 && !name.contains(['=', ' ', '\n']) && is_secret_name(name);
    value.filter(|_| named).map(|_| Given::Next(0))
}

/// Whether a word is an option itself, and no value that begins with a dash.
fn is_option(word: &str) -> bool {
    let rest = word.strip_prefix("--").or_else(|| word.strip_prefix('-').filter(|rest| rest.len() == 1));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The name of a program without its folder.
fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or_default()
}

/// The words of a text for a shell. A word that is quoted as a whole is given without its quotes; one that is quoted in
/// part keeps all but the last of them.
fn words(text: &str) -> Vec<Word> {
    let mut all = Vec::new();
    let mut first = true;
    let mut start: Option<usize> = None;
    let mut open: Option<char> = None;
    let mut escaped = false;
    let mut end_of = |from: usize, to: usize, first: &mut bool| {
        let mut range = from..to;
        let said = &text[range.clone()];
        for mark in ['\'', '"'] {
            if said.len() > 1 && said.ends_with(mark) {
                range.end -= 1;
                range.start += usize::from(said.starts_with(mark));
                break;
            }
        }
        all.push(Word { range, first: std::mem::take(first) });
    };
    for (at, c) in text.char_indices() {
        let was = escaped;
        escaped = c == '\\' && !was;
        let breaks =
            open.is_none() && (c.is_whitespace() || matches!(c, ';' | '|' | '&' | '(' | ')')) && !(was && c != '\n');
        if breaks {
            if let Some(from) = start.take() {
                // A backslash at the end of a line is no word.
                if &text[from..at] != "\\" {
                    end_of(from, at, &mut first);
                }
            }
            first |= !c.is_whitespace() || (c == '\n' && !was);
            continue;
        }
        start.get_or_insert(at);
        match open {
            Some(mark) if c == mark && !was => open = None,
            None if matches!(c, '\'' | '"') && !was => open = Some(c),
            _ => {}
        }
    }
    if let Some(from) = start {
        end_of(from, text.len(), &mut first);
    }
    all
}
