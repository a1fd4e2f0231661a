//! Finds secrets given to programs as arguments: `--password x`, `-px`, `-u user:x`, in shell text or argument lists.
//! What `-p` means depends on the program.

use std::ops::Range;

use super::harmless;
use super::names::SecretNames;

/// How an option gives a secret to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In the same word, `-pSECRET`; alone it asks for it.
    Attached,
    /// In the same word or in the next.
    AttachedOrNext,
    /// In the next word.
    Next,
    /// In the next word, behind `user:`.
    Pair,
    /// As [`Form::Pair`], or in the same word: `-uuser:SECRET`.
    AttachedPair,
    /// In the next word, unless that is a port or a path.
    Guess,
    /// It gives no secret.
    Never,
}

/// Any program that has no row of its own for the option.
const ANY: &str = "*";

/// What options of well-known programs give; docs/redaction.md lists them.
#[rustfmt::skip]
pub(super) const OPTIONS: [(&str, &str, Form); 50] = [
    ("mysql", "-p", Form::Attached),
    ("mysqldump", "-p", Form::Attached),
    ("mysqladmin", "-p", Form::Attached),
    ("mysqlimport", "-p", Form::Attached),
    ("mysqlcheck", "-p", Form::Attached),
    ("mariadb", "-p", Form::Attached),
    ("mariadb-dump", "-p", Form::Attached),
    ("sshpass", "-p", Form::AttachedOrNext),
    ("7z", "-p", Form::AttachedOrNext),
    ("mongodump", "-p", Form::Next),
    ("mongorestore", "-p", Form::Next),
    ("mongosh", "-p", Form::Next),
    ("redis-cli", "-a", Form::Next),
    ("ldapsearch", "-w", Form::Next),
    ("ldapmodify", "-w", Form::Next),
    ("ldapadd", "-w", Form::Next),
    ("sqlcmd", "-P", Form::Next),
    ("unzip", "-P", Form::Next),
    ("zip", "-P", Form::Next),
    ("curl", "-u", Form::AttachedPair),
    ("wget", "-u", Form::AttachedPair),
    ("mkdir", "-p", Form::Never),
    ("cp", "-p", Form::Never),
    ("rsync", "-p", Form::Never),
    ("ssh", "-p", Form::Never),
    ("psql", "-p", Form::Never),
    ("pg_dump", "-p", Form::Never),
    ("pg_dumpall", "-p", Form::Never),
    ("pg_restore", "-p", Form::Never),
    ("pg_isready", "-p", Form::Never),
    ("pgbench", "-p", Form::Never),
    ("createdb", "-p", Form::Never),
    ("read", "-p", Form::Never),
    ("ps", "-p", Form::Never),
    ("tar", "-p", Form::Never),
    ("install", "-p", Form::Never),
    ("kubectl", "-p", Form::Never),
    ("nc", "-p", Form::Never),
    ("git", "-p", Form::Never),
    ("make", "-p", Form::Never),
    ("jq", "-p", Form::Never),
    ("redis-cli", "-p", Form::Never),
    ("lsof", "-p", Form::Never),
    ("unzip", "-p", Form::Never),
    ("perl", "-p", Form::Never),
    (ANY, "-u", Form::Pair),
    (ANY, "-U", Form::Pair),
    (ANY, "--user", Form::Pair),
    (ANY, "--proxy-user", Form::Pair),
    (ANY, "-p", Form::Guess),
];

/// Words before a command that are none.
const BEFORE: [&str; 16] = [
    "sudo", "exec", "env", "time", "nohup", "then", "do", "else", "if", "while", "!", "{", "(", "command", "eval",
    "until",
];

/// A word of a text, without its quotes.
struct CommandWord {
    range: Range<usize>,
    /// Nothing stands before it in its command.
    first: bool,
}

/// The secrets in a text for a shell.
pub(super) fn find_in_text(text: &str, names: &SecretNames) -> Vec<Range<usize>> {
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
        match given(said, next, &[program], names) {
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
pub(super) fn find_in_arguments(words: &[&str], program: &[&str], names: &SecretNames) -> Vec<(usize, Range<usize>)> {
    let programs: Vec<&str> = program.iter().map(|program| base(program)).collect();
    let mut all = Vec::new();
    for (at, word) in words.iter().enumerate() {
        // `--password=...`: here the word is known to end where it does.
        if let Some((name, value)) = word.split_once('=')
            && name.starts_with('-')
            && names.announces(name)
            && (!names.is_ambiguous(name) || harmless::looks_random(value))
            && !harmless::is_harmless(value)
        {
            all.push((at, name.len() + 1..word.len()));
            continue;
        }
        let next = words.get(at + 1).copied();
        match given(word, next, &programs, names) {
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
fn given(word: &str, next: Option<&str>, programs: &[&str], names: &SecretNames) -> Option<Given> {
    if !word.starts_with('-') {
        return None;
    }
    let value = next.filter(|next| !is_option(next) && !harmless::is_harmless(next));
    if let Some(form) = form_of(word, programs) {
        return match form {
            Form::Next | Form::AttachedOrNext => value.map(|_| Given::Next(0)),
            Form::Pair | Form::AttachedPair => value.and_then(behind_user).map(Given::Next),
            Form::Guess => value.filter(|value| !is_port(value) && !harmless::is_path(value)).map(|_| Given::Next(0)),
            Form::Attached | Form::Never => None,
        };
    }
    let own = |(program, option, form): &(&str, &str, Form)| {
        let own = word.strip_prefix(option).filter(|_| programs.contains(program))?;
        match form {
            Form::Attached | Form::AttachedOrNext => {
                let bare = own.trim_start_matches(['\'', '"']);
                Some((!harmless::is_harmless(bare)).then_some(Given::Own(word.len() - bare.len())))
            }
            Form::AttachedPair => Some(behind_user(own).map(|from| Given::Own(from + option.len()))),
            Form::Next | Form::Pair | Form::Guess | Form::Never => None,
        }
    };
    if let Some(given) = OPTIONS.iter().find_map(own) {
        return given;
    }
    let name = word.trim_start_matches('-');
    let named = name.len() > 1 && !name.contains(['=', ' ', '\n']) && names.announces(name);
    let fits = |value: &&str| !names.is_ambiguous(name) || harmless::looks_random(value);
    value.filter(|_| named).filter(fits).map(|_| Given::Next(0))
}

/// What an option means to one of the programs, else to any.
fn form_of(option: &str, programs: &[&str]) -> Option<Form> {
    let row = |of: &dyn Fn(&str) -> bool| OPTIONS.iter().find(|(program, known, _)| *known == option && of(program));
    let own = row(&|program| programs.contains(&program)).or_else(|| row(&|program| program == ANY));
    own.map(|(.., form)| *form)
}

/// Where the secret begins in `user:secret`.
fn behind_user(text: &str) -> Option<usize> {
    let colon = text.find(':')?;
    let secret = &text[colon + 1..];
    let number = secret.bytes().all(|byte| byte.is_ascii_digit());
    (!number && !text.contains("://") && !harmless::is_harmless(secret)).then_some(colon + 1)
}

fn is_port(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'/' | b'-'))
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
fn words(text: &str) -> Vec<CommandWord> {
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
        all.push(CommandWord { range, first: std::mem::take(first) });
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
