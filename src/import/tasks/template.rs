//! Finds texts that copies have in common once each copy's own values are replaced by references.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// What one copy may be told by: a reference with its brackets, and its value there. The order is that of preference.
pub(super) type Refs = Vec<(String, String)>;

/// The text with each occurrence of a value between word borders replaced by the reference; `None` if there is none.
pub(super) fn replace_words(text: &str, value: &str, reference: &str) -> Option<String> {
    if value.is_empty() || !text.contains(value) {
        return None;
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut result = String::with_capacity(text.len());
    let (mut from, mut replaced) = (0, false);
    for (at, _) in text.match_indices(value) {
        if at < from {
            continue;
        }
        let (before, after) = (text[..at].chars().next_back(), text[at + value.len()..].chars().next());
        // Within a reference that was put in before nothing is replaced.
        let inside = text[..at].rfind("$(").is_some_and(|open| !text[open..at].contains(')'));
        if is_word(before) || is_word(after) || inside {
            continue;
        }
        result.push_str(&text[from..at]);
        result.push_str(reference);
        from = at + value.len();
        replaced = true;
    }
    result.push_str(&text[from..]);
    // `$` before a bracket would escape it.
    (replaced && !result.contains("$$(")).then_some(result)
}

/// The same in every text of a value; `name` of a map stays, for it is what items are told apart by.
pub(super) fn replace_in(value: &Value, refs: &[(String, String)]) -> Option<Value> {
    match value {
        Value::String(text) => {
            let mut result: Option<String> = None;
            for (reference, own) in refs {
                if let Some(next) = replace_words(result.as_deref().unwrap_or(text), own, reference) {
                    result = Some(next);
                }
            }
            result.map(Value::String)
        }
        Value::Array(items) => {
            let replaced: Vec<Option<Value>> = items.iter().map(|item| replace_in(item, refs)).collect();
            replaced
                .iter()
                .any(Option::is_some)
                .then(|| replaced.into_iter().zip(items).map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect())
        }
        Value::Object(members) => {
            let is_item =
                members.contains_key("name") && (members.contains_key("value") || members.contains_key("valueFrom"));
            let mut result = members.clone();
            let mut any = false;
            for (key, member) in members {
                if is_item && key == "name" {
                    continue;
                }
                if let Some(new) = replace_in(member, refs) {
                    result.insert(key.clone(), new);
                    any = true;
                }
            }
            any.then_some(Value::Object(result))
        }
        _ => None,
    }
}

/// For each copy the text it shares with the most others: its own value, or one with references. The greatest cover wins;
/// at a tie the plain value, then the reference named first.
pub(super) fn unify(values: &[Option<&Value>], refs: &[Refs]) -> Vec<Option<Value>> {
    let plain = || values.iter().map(|value| value.cloned()).collect();
    let mut present = values.iter().flatten();
    let Some(first) = present.next() else { return plain() };
    if present.all(|value| value == first) {
        return plain();
    }
    // Candidates by their text: how many copies have each, and the rank of the first way that gives it.
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    let mut candidates: Vec<Vec<(String, Value)>> = Vec::with_capacity(values.len());
    for (value, refs) in values.iter().zip(refs) {
        let mut own: Vec<(String, Value)> = Vec::new();
        if let Some(value) = value {
            let singles = refs.iter().map(std::slice::from_ref);
            let ways = std::iter::once(&[][..]).chain(singles).chain((refs.len() > 1).then_some(refs.as_slice()));
            for (rank, way) in ways.enumerate() {
                let candidate = if way.is_empty() { Some((*value).clone()) } else { replace_in(value, way) };
                let Some(candidate) = candidate else { continue };
                let text = candidate.to_string();
                if own.iter().any(|(known, _)| *known == text) {
                    continue;
                }
                let entry = counts.entry(text.clone()).or_insert((0, rank));
                entry.0 += 1;
                entry.1 = entry.1.min(rank);
                own.push((text, candidate));
            }
        }
        candidates.push(own);
    }
    let choose = |own: Vec<(String, Value)>| {
        own.into_iter()
            .max_by(|(a, _), (b, _)| {
                let (a_count, a_rank) = counts[a];
                let (b_count, b_rank) = counts[b];
                a_count.cmp(&b_count).then(b_rank.cmp(&a_rank)).then(b.cmp(a))
            })
            .map(|(_, value)| value)
    };
    candidates.into_iter().map(choose).collect()
}

/// One text cut where a person would: at spaces, line breaks, `=`, commas and quotes.
pub(super) fn columns(text: &str) -> Vec<&str> {
    text.split_inclusive([' ', '=', ',', '"', '\'', '\n'])
        .flat_map(|part| {
            match part
                .char_indices()
                .next_back()
                .filter(|(_, last)| matches!(last, ' ' | '=' | ',' | '"' | '\'' | '\n'))
            {
                Some((at, _)) => vec![&part[..at], &part[at..]],
                None => vec![part],
            }
        })
        .collect()
}

/// What the texts of a column have in common at their ends, and the middles; cut where words begin and end.
pub(super) fn cut<'t>(texts: &[&'t str]) -> (&'t str, &'t str, Vec<&'t str>) {
    let Some(first) = texts.first() else { return ("", "", Vec::new()) };
    let mut prefix = first.len();
    for text in texts {
        let same = first.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        prefix = prefix.min(same);
    }
    while !first.is_char_boundary(prefix) || prefix > 0 && is_inside(texts, prefix) {
        prefix -= 1;
    }
    let rest: Vec<&str> = texts.iter().map(|text| &text[prefix..]).collect();
    let mut suffix = rest[0].len();
    for text in &rest {
        let same = rest[0].bytes().rev().zip(text.bytes().rev()).take_while(|(a, b)| a == b).count();
        suffix = suffix.min(same);
    }
    let inside = |suffix: usize| {
        rest.iter().any(|text| {
            let at = text.len() - suffix;
            !text.is_char_boundary(at) || is_between_words(text, at)
        })
    };
    while suffix > 0 && inside(suffix) {
        suffix -= 1;
    }
    let end = rest[0].len() - suffix;
    let middles = rest.iter().map(|text| &text[..text.len() - suffix]).collect();
    (&first[..prefix], &rest[0][end..], middles)
}

fn is_inside(texts: &[&str], at: usize) -> bool {
    texts.iter().any(|text| is_between_words(text, at))
}

/// Whether a cut there would part a word.
fn is_between_words(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at..].chars().next();
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

/// The most frequent of some values; at a tie that of the copy `preferred`, then presence, then the bytes.
pub(super) fn majority<'v>(values: &[Option<&'v Value>], preferred: usize) -> Option<&'v Value> {
    let mut counts: BTreeMap<Option<String>, (usize, usize)> = BTreeMap::new();
    for (at, value) in values.iter().enumerate() {
        let entry = counts.entry(value.map(Value::to_string)).or_insert((0, at));
        entry.0 += 1;
        if at == preferred {
            entry.1 = at;
        }
    }
    let best = counts.iter().max_by(|(a, (a_count, a_at)), (b, (b_count, b_at))| {
        a_count
            .cmp(b_count)
            .then((*a_at == preferred).cmp(&(*b_at == preferred)))
            .then(a.is_some().cmp(&b.is_some()))
            .then(b.cmp(a))
    })?;
    values[best.1.1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_replaced_between_word_borders_alone() {
        let replaced = |text: &str| replace_words(text, "eu-1", "$(cluster.name)");
        assert_eq!(
            replaced("db-eu-1.example.com/eu-1").as_deref(),
            Some("db-$(cluster.name).example.com/$(cluster.name)")
        );
        assert_eq!(replaced("neu-1"), None);
        assert_eq!(replaced("eu-10"), None);
        assert_eq!(replaced("$eu-1"), None, "a dollar sign would escape the bracket");
    }

    #[test]
    fn what_most_copies_share_wins_and_a_tie_keeps_the_constant() {
        let refs = |name: &str| vec![("$(cluster.name)".to_owned(), name.to_owned())];
        let values = [json!("db-a"), json!("db-b"), json!("db-x")];
        let values: Vec<Option<&Value>> = values.iter().map(Some).collect();
        let unified = unify(&values, &[refs("a"), refs("b"), refs("c")]);
        assert_eq!(
            unified,
            [Some(json!("db-$(cluster.name)")), Some(json!("db-$(cluster.name)")), Some(json!("db-x"))]
        );
        let values = [json!("a"), json!("a")];
        let values: Vec<Option<&Value>> = values.iter().map(Some).collect();
        assert_eq!(unify(&values, &[refs("a"), refs("b")]), [Some(json!("a")), Some(json!("a"))]);
    }

    #[test]
    fn texts_are_cut_at_words() {
        assert_eq!(
            cut(&["https://api.a1.x.com", "https://api.a22.x.com"]),
            ("https://api.", ".x.com", vec!["a1", "a22"])
        );
        assert_eq!(cut(&["sample1", "sample12"]), ("", "", vec!["sample1", "sample12"]));
        assert_eq!(columns("a=b, c\n").concat(), "a=b, c\n");
    }
}
