//! Wraps lists and sentences to a width. A name is never cut: a long list goes on in the next line or counts the rest.

use crate::report::escape::plain;

/// How wide a text is.
pub fn measure(text: &str) -> usize {
    text.chars().count()
}

/// Lines of whole words; what a terminal would obey in one is spelt out.
pub fn fill<W: AsRef<str>>(words: impl IntoIterator<Item = W>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        let word = &plain(word.as_ref());
        match lines.last_mut() {
            Some(line) if measure(line) + 1 + measure(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A sentence at an indent, its further lines two deeper.
pub fn sentence(indent: usize, text: &str, width: usize) -> String {
    hanging(indent, text.split(' '), width)
}

/// Words at an indent, their further lines two deeper.
pub fn hanging<W: AsRef<str>>(indent: usize, words: impl IntoIterator<Item = W>, width: usize) -> String {
    let mut text = String::new();
    for (at, line) in fill(words, width.saturating_sub(indent + 2)).iter().enumerate() {
        text.extend(std::iter::repeat_n(' ', indent + if at == 0 { 0 } else { 2 }));
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Names joined by commas behind what introduces them, in at most so many lines; if need be only the first of them, and
/// how many more there are.
pub fn names(lead: &str, names: &[String], width: usize, most: usize) -> Vec<String> {
    let mut words: Vec<String> = lead.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let before = words.len();
    words.extend(names.iter().enumerate().map(|(at, name)| match at + 1 < names.len() {
        true => format!("{name},"),
        false => name.clone(),
    }));
    let more = |rest: usize| format!("and {rest} more");
    // Where each word ends, and the last name after which the rest can still be counted.
    let (mut line, mut column, mut last) = (0, 0, None);
    for (at, word) in words.iter().enumerate() {
        let wide = measure(word);
        if column > 0 && column + 1 + wide <= width {
            column += 1 + wide;
        } else {
            line += usize::from(at > 0);
            column = wide;
        }
        if line >= most {
            let kept = last.unwrap_or(before + 1).min(words.len());
            let rest = words.len() - kept;
            words.truncate(kept);
            if rest > 0 {
                if let Some(end) = words.last_mut().filter(|_| kept > before) {
                    end.truncate(end.trim_end_matches(',').len());
                }
                words.push(more(rest));
            }
            break;
        }
        if at >= before && (column + 1 + measure(&more(words.len() - at - 1)) <= width || line + 1 < most) {
            last = Some(at + 1);
        }
    }
    fill(words, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("cluster-{at}")).collect()
    }

    #[test]
    fn a_list_says_how_many_more_there_are() {
        assert_eq!(names("", &list(3), 40, 1), ["cluster-0, cluster-1, cluster-2"]);
        assert_eq!(names("", &list(9), 30, 1), ["cluster-0 and 8 more"]);
        assert_eq!(names("", &list(9), 30, 2), ["cluster-0, cluster-1,", "cluster-2 and 6 more"]);
        assert_eq!(names("on:", &list(9), 30, 2), ["on: cluster-0, cluster-1,", "cluster-2 and 6 more"]);
        assert_eq!(names("", &list(4), 25, usize::MAX), ["cluster-0, cluster-1,", "cluster-2, cluster-3"]);
        assert_eq!(names("", &list(2), 5, 1), ["cluster-0", "and 1 more"], "a name is never cut");
        for count in 1..40 {
            for width in 22..90 {
                for most in 1..4 {
                    let lines = names("", &list(count), width, most);
                    assert!(lines.len() <= most && lines.iter().all(|line| measure(line) <= width), "{lines:?}");
                    let text = lines.join(" ");
                    let more = text.split_once(" and ").map_or(0, |(_, rest)| rest[..rest.len() - 5].parse().unwrap());
                    assert_eq!(text.matches("cluster-").count() + more, count, "{text}");
                }
            }
        }
    }

    #[test]
    fn words_are_filled_into_lines() {
        assert_eq!(fill("a bb ccc dddd".split(' '), 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(sentence(2, "a bb ccc dddd", 10), "  a bb\n    ccc\n    dddd\n");
    }
}
