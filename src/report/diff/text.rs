//! Changes as text for a terminal or a log.

use crate::diff::Changes;
use crate::report::diff::patch;
use crate::report::diff::sections::Report;
use crate::report::escape::plain;
use crate::report::layout;

/// The text. `red` is whether there is colour, `quiet` leaves out all but losses and numbers.
pub fn text(report: &Report<'_>, titles: [&str; 2], width: usize, red: bool, quiet: bool) -> String {
    let mut text = format!("{} -> {}\n", plain(titles[0]), plain(titles[1]));
    let section = |text: &mut String, title: &str, lines: &[String]| {
        if lines.is_empty() {
            return;
        }
        text.push_str(&format!("\n{title}\n"));
        lines.iter().for_each(|line| text.push_str(&layout::sentence(2, line, width)));
    };
    let mut lost = String::new();
    section(&mut lost, "refused updates, and deletions that take more with them", &report.consequences);
    section(&mut lost, "deletions", &report.deletions);
    text.push_str(&if red && !lost.is_empty() { format!("\u{1b}[31m{lost}\u{1b}[0m") } else { lost });
    section(&mut text, "copies that may start at once", &report.starts);
    text.push('\n');
    report.summary.iter().for_each(|line| text.push_str(&layout::sentence(0, line, width)));
    if let Some(sources) = report.sources.as_ref().filter(|_| !quiet) {
        text.push_str(&layout::sentence(0, sources, width));
    }
    if quiet {
        return text;
    }
    section(&mut text, "inventory", &report.inventory);
    for entry in &report.entries {
        text.push('\n');
        text.push_str(&layout::sentence(0, &entry.title, width));
        for block in &entry.blocks {
            text.push_str(&layout::sentence(2, &block.on, width));
            for words in &block.lines {
                text.push_str(&layout::sentence(4, &words.line, width));
                words.more.iter().for_each(|line| text.push_str(&format!("      {line}\n")));
            }
        }
        entry.note.iter().for_each(|note| text.push_str(&layout::sentence(2, note, width)));
    }
    section(&mut text, "objects of no task", &report.others);
    text
}

/// The text of all objects that differ, each distinct pair once.
pub fn patches(changes: &Changes, red: bool) -> String {
    let mut text = String::new();
    for document in changes.tasks.iter().chain(&changes.written).flat_map(|task| &task.documents) {
        let patch = patch::unified(document);
        if patch.is_empty() {
            continue;
        }
        text.push('\n');
        for line in patch.lines() {
            let code = match line.as_bytes() {
                [b'-', ..] if red => "\u{1b}[31m",
                [b'+', ..] if red => "\u{1b}[32m",
                [b'@', b'@', ..] if red => "\u{1b}[36m",
                _ => "",
            };
            let end = if code.is_empty() { "" } else { "\u{1b}[0m" };
            text.push_str(&format!("{code}{line}{end}\n"));
        }
    }
    text
}
