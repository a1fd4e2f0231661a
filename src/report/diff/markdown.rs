//! Changes as a Markdown comment. The top always survives; below it whole objects are left out and counted where there
//! is no room.

use crate::report::diff::patch;
use crate::report::diff::sections::{Report, TaskSection};
use crate::report::escape;
use crate::report::table::count;

/// The title of the first section.
const CONSEQUENCES: &str = "Refused updates, and deletions that take more with them";

/// The comment, in at most so many bytes.
pub fn markdown(report: &Report<'_>, titles: [&str; 2], most: usize) -> String {
    let top = top(report, titles, usize::MAX);
    let rest = format!("\n{}\n", left_out(report.entries.len(), usize::MAX));
    if top.len() + rest.len() > most {
        return shortest(report, titles, most);
    }
    let mut text = top;
    let (mut tasks, mut objects) = (0, 0);
    // What says how much is left out needs room itself.
    let room = most - rest.len();
    for entry in &report.entries {
        match fitting(entry, room.saturating_sub(text.len())) {
            Some((block, without)) => {
                text.push_str(&block);
                objects += without;
            }
            None => {
                tasks += 1;
                objects += entry.documents.len();
            }
        }
    }
    if tasks + objects > 0 {
        text.push_str(&format!("\n{}\n", left_out(tasks, objects)));
    }
    text
}

fn left_out(entries: usize, objects: usize) -> String {
    let objects = objects.min(999_999_999);
    let said: Vec<String> = [(entries, "entry"), (objects, "object diff")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| count(n, what).replace("entrys", "entries"))
        .collect();
    format!("_There was no room for {}; `fleetcron diff --patch` shows all._", said.join(" and "))
}

/// What always survives, with so many lines of each list.
fn top(report: &Report<'_>, titles: [&str; 2], lines: usize) -> String {
    let mut text = format!(
        "### fleetcron diff: {} to {}\n",
        escaped(&format!("`{}`", titles[0])),
        escaped(&format!("`{}`", titles[1]))
    );
    let section = |text: &mut String, title: &str, all: &[String]| {
        if all.is_empty() {
            return;
        }
        text.push_str(&format!("\n**{title}**\n\n"));
        all.iter().take(lines).for_each(|line| text.push_str(&format!("- {}\n", escaped(line))));
        if all.len() > lines {
            text.push_str(&format!("- and {} more\n", all.len() - lines));
        }
    };
    section(&mut text, CONSEQUENCES, &report.consequences);
    let title = if report.guarded { "Deletions: the guard would stop this" } else { "Deletions" };
    section(&mut text, title, &report.deletions);
    section(&mut text, "Copies that may start at once", &report.starts);
    text.push('\n');
    let summary: Vec<String> = report.summary.iter().map(|line| format!("**{}**", escaped(line))).collect();
    text.push_str(&summary.join("<br>\n"));
    text.push('\n');
    if let Some(sources) = &report.sources {
        text.push_str(&format!("\n{}\n", escaped(sources)));
    }
    section(&mut text, "Inventory", &report.inventory);
    section(&mut text, "Objects of no task", &report.others);
    text
}

/// Where not even the top has room: ever fewer of its lines, at last the numbers alone.
fn shortest(report: &Report<'_>, titles: [&str; 2], most: usize) -> String {
    let rest =
        format!("\n{}\n", left_out(report.entries.len(), report.entries.iter().map(|one| one.documents.len()).sum()));
    for lines in [20, 10, 5, 2, 1, 0] {
        let text = format!("{}{rest}", top(report, titles, lines));
        if text.len() <= most {
            return text;
        }
    }
    let numbers = format!("{}\n", report.summary.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("; "));
    let guard = if report.guarded { "**The deletion guard would stop this.** " } else { "" };
    let whole = format!("{guard}{numbers}{rest}");
    if whole.len() <= most { whole } else { format!("{guard}{numbers}") }
}

/// An entry in so much room, and how many of its objects are left out; `None` if not even its words have room.
fn fitting(entry: &TaskSection<'_>, room: usize) -> Option<(String, usize)> {
    const END: &str = "\n</details>\n";
    let mut text = format!("\n<details>\n<summary>{}</summary>\n\n", escaped(&entry.title));
    for block in &entry.blocks {
        text.push_str(&format!("- {}\n", escaped(&block.on)));
        for words in &block.lines {
            text.push_str(&format!("  - {}\n", escaped(&words.line)));
            if !words.more.is_empty() {
                let lines: String = words.more.iter().map(|line| format!("{line}\n")).collect();
                let indented: String = fenced(&lines).lines().map(|line| format!("    {line}\n")).collect();
                text.push_str(&format!("\n{indented}\n"));
            }
        }
    }
    entry.note.iter().for_each(|note| text.push_str(&format!("\n{}\n", escaped(note))));
    if text.len() + END.len() > room {
        return None;
    }
    // The line that says how many are left out has room, too.
    const NOTE: usize = 80;
    let mut left = 0;
    let mut first = true;
    for document in &entry.documents {
        let patch = patch::unified(document);
        if patch.is_empty() {
            continue;
        }
        let lead = match (entry.example, first) {
            (Some(task), true) => format!("\nFor example {}:\n", escaped(task)),
            _ => String::new(),
        };
        let block = format!("{lead}\n{}", fenced(&patch));
        if left > 0 || text.len() + block.len() + END.len() + NOTE > room {
            left += 1;
            continue;
        }
        first = false;
        text.push_str(&block);
    }
    if left > 0 && text.len() + NOTE + END.len() <= room {
        text.push_str(&format!("\n_No room for {} of this entry._\n", count(left, "object diff")));
    }
    text.push_str(END);
    Some((text, left))
}

/// A block of code, its fence longer than any run of backticks in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{text}{fence}\n")
}

/// A text in which nothing is markup, nobody is mentioned and no issue is linked; what stands in backticks is code.
fn escaped(text: &str) -> String {
    let plain = |text: &str| -> String {
        let safe = |c: char| c.is_alphanumeric() || " .,;:/()'+=%?-".contains(c);
        text.chars().map(|c| if safe(c) { c.to_string() } else { format!("&#{};", u32::from(c)) }).collect()
    };
    let text = escape::plain(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(&text);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        0 => plain(part),
        _ => format!("<code>{}</code>", plain(part)),
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::diff::sections::Block;
    use crate::report::diff::words::Words;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(escaped("a_b*c <d> @team #12 [x](y)"), "a&#95;b&#42;c &#60;d&#62; &#64;team &#35;12 &#91;x&#93;(y)");
        assert_eq!(escaped("at `0 3 * * *`"), "at <code>0 3 &#42; &#42; &#42;</code>");
        assert!(!escaped("an odd ` one").contains('`'));
        assert!(fenced("a ```` b\n").starts_with("`````diff\n"));
    }

    #[test]
    fn whatever_the_room_it_is_whole() {
        let block = |at: usize| Block { on: format!("on cluster-{at}"), lines: vec![Words::of("image a -> b")] };
        let entry = |at| TaskSection {
            title: format!("task {at}"),
            blocks: vec![block(at)],
            note: None,
            documents: Vec::new(),
            example: None,
        };
        let report = Report {
            deletions: (0..30).map(|at| format!("task {at} is removed")).collect(),
            summary: vec!["30 tasks removed".to_owned(), "30 objects: 30 deleted".to_owned()],
            entries: (0..50).map(entry).collect(),
            ..Report::default()
        };
        let mut whole = 0;
        for most in (500..9000).step_by(37) {
            let text = markdown(&report, ["a", "b"], most);
            assert!(text.len() <= most, "{most}: {}", text.len());
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count(), "{text}");
            assert!(text.contains("30 tasks removed"), "{most}\n{text}");
            let shown = text.matches("<details>").count();
            whole += usize::from(shown == 50);
            assert_eq!(shown < 50, text.contains("no room for"), "{most}\n{text}");
        }
        assert!(whole > 0);
    }
}
