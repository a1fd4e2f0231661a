//! The GitHub Actions job summary: a Markdown table, in which user text can become neither link, image nor HTML. A long
//! one is cut between rows and says so.

use super::CiReport;
use super::finding::CiFinding;
use crate::report::diagnostics::totals;

/// GitHub refuses more than this of a step, in bytes.
pub const LIMIT: usize = 1 << 20;

/// The summary in so much room; empty if there is none.
pub fn summary(report: &CiReport<'_>, room: usize) -> String {
    let came_to = match (report.failure, totals(report.diags)) {
        (Some(failure), _) => format!("could not run\n\n{}", cell(failure)),
        (None, Some(totals)) => totals,
        (None, None) => "nothing is wrong".to_owned(),
    };
    let mut text = format!("### {}: {came_to}\n\n", report.title());
    if !report.findings.is_empty() {
        text.push_str("| | code | place | what |\n|---|---|---|---|\n");
    }
    let left = |number: usize| format!("\n{number} more are left out: a job summary holds 1 MiB.\n\n");
    let longest = left(report.findings.len()).len();
    if text.len() + longest > room {
        return String::new();
    }
    for (at, found) in report.findings.iter().enumerate() {
        let row = row(found);
        if text.len() + row.len() + longest > room {
            text.push_str(&left(report.findings.len() - at));
            return text;
        }
        text.push_str(&row);
    }
    text.push('\n');
    text
}

fn row(found: &CiFinding) -> String {
    let code = found.code.name();
    let place = found.place().map_or_else(String::new, |place| format!("<code>{}</code>", plain(&place)));
    let page = super::page(found.code);
    format!("| {} | [{code}]({page}) | {place} | {} |\n", found.severity.word(), cell(&found.words()))
}

/// A text with backticks round the user's words, for a cell of a table.
fn cell(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let parts: Vec<&str> = line.split('`').collect();
        // The last backtick has no other one.
        let open = parts.len().is_multiple_of(2);
        let shown = parts.iter().enumerate().map(|(at, part)| match at % 2 == 1 {
            true if open && at + 1 == parts.len() => format!("&#96;{}", plain(part)),
            true => format!("<code>{}</code>", plain(part)),
            false => plain(part),
        });
        shown.collect::<String>()
    });
    lines.collect::<Vec<_>>().join("<br>")
}

/// A text without a character that means something to Markdown or HTML.
fn plain(text: &str) -> String {
    text.chars().fold(String::new(), |mut plain, c| {
        match c {
            '\n' | '\r' => plain.push(' '),
            '&' | '<' | '>' | '|' | '*' | '_' | '[' | ']' | '(' | ')' | '~' | '`' | '\\' | '#' | '@' | '!' | '$'
            | ':' => {
                plain.push_str(&format!("&#{};", u32::from(c)));
            }
            c => plain.push(c),
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_user_are_no_markdown() {
        assert_eq!(cell("no `a|b`, `"), "no <code>a&#124;b</code>, &#96;");
        assert_eq!(cell("<b>\n![x](y)"), "&#60;b&#62;<br>&#33;&#91;x&#93;&#40;y&#41;");
    }
}
