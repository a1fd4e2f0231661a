//! Changes as text for a terminal or a log.

use crate::diff::Changes;
use crate::report::diff::patch;
use crate::report::diff::sections::Report;
use crate::report::diff::words::Tone;
use crate::report::escape::plain;
use crate::report::layout;
use crate::report::paint::Paint;

/// The text; `quiet` leaves out all but losses and numbers.
pub fn text(report: &Report<'_>, titles: [&str; 2], width: usize, paint: Paint, quiet: bool) -> String {
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
    text.push_str(&paint.red(&lost));
    section(&mut text, "copies that may start at once", &report.starts);
    text.push('\n');
    report.summary.iter().for_each(|line| text.push_str(&layout::sentence(0, line, width)));
    if let Some(sources) = report.sources.as_ref().filter(|_| !quiet) {
        text.push_str(&paint.dim(&layout::sentence(0, sources, width)));
    }
    if quiet {
        return text;
    }
    section(&mut text, "inventory", &report.inventory);
    for entry in &report.entries {
        text.push('\n');
        text.push_str(&paint.bold(&layout::sentence(0, &entry.title, width)));
        for block in &entry.blocks {
            text.push_str(&layout::sentence(2, &block.on, width));
            for words in &block.lines {
                let mut lines = layout::sentence(4, &words.line, width);
                words.more.iter().for_each(|line| lines.push_str(&format!("      {line}\n")));
                text.push_str(&match words.tone {
                    Tone::Lost => paint.red(&lines),
                    Tone::Added => paint.green(&lines),
                    Tone::Neutral => lines,
                });
            }
        }
        entry.note.iter().for_each(|note| text.push_str(&paint.dim(&layout::sentence(2, note, width))));
    }
    section(&mut text, "objects of no task", &report.others);
    text
}

/// The text of all objects that differ, each distinct pair once.
pub fn patches(changes: &Changes, paint: Paint) -> String {
    let mut text = String::new();
    for document in changes.tasks.iter().chain(&changes.written).flat_map(|task| &task.documents) {
        let patch = patch::unified(document);
        if patch.is_empty() {
            continue;
        }
        text.push('\n');
        for line in patch.lines() {
            let painted = match line.as_bytes() {
                [b'-', ..] => paint.red(line),
                [b'+', ..] => paint.green(line),
                [b'@', b'@', ..] => paint.cyan(line),
                _ => line.to_owned(),
            };
            text.push_str(&format!("{painted}\n"));
        }
    }
    text
}
