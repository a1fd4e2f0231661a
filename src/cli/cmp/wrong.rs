//! Formats errors of the plugin for Argo CD's UI.
//!
//! The text is shown in a small box without the files at hand: place and mistake first, then the fix, and only a few of
//! them.

use std::fmt::Write as _;
use std::path::Path;

use super::super::outcome::Failure;
use crate::diag::{Diagnostic, Diagnostics, Place, Severity};
use crate::report::escape::plain;
use crate::report::source_redaction::Secrets;
use crate::report::table::count;
use crate::tree::SourceTree;

/// How many mistakes are told.
const MOST: usize = 20;
/// How long a line may be, in characters.
const LINE: usize = 400;

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Wrong {
    said: String,
    /// It may name paths of the machine.
    machine: bool,
    /// The exit code.
    pub(super) code: u8,
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        let code = match &failure {
            Failure::Files(_) | Failure::Typed(_) => 1,
            Failure::Run(_) => 2,
        };
        Self { said: format!("error: {}\n", line(&failure.to_string())), machine: true, code }
    }
}

impl Wrong {
    /// The errors among what was found; `partly` where it looks as if not the whole repository were there.
    pub(super) fn files(diags: &Diagnostics, sources: &SourceTree, partly: bool) -> Self {
        let secrets = Secrets::of(diags, sources);
        let errors: Vec<&Diagnostic> = diags.iter().filter(|d| d.severity == Severity::Error).collect();
        let mut said = String::new();
        for error in errors.iter().take(MOST) {
            one(&mut said, &secrets.without(error), sources);
        }
        let more = errors.len().saturating_sub(MOST);
        if more > 0 {
            let _infallible = writeln!(said, "and {more} more error{}", if more == 1 { "" } else { "s" });
        }
        if partly {
            said.push_str(
                "fleetcron.lock is not in what Argo CD sent: by argocd.argoproj.io/manifest-generate-paths it sends only the \
                 folder that all paths named there have in common; that must be the fleet root\n",
            );
        }
        said.push_str(
            "nothing was rendered; `fleetcron build --dry-run --frozen` shows the same with the lines in question\n",
        );
        Self { said, machine: false, code: 1 }
    }

    /// The text for standard error. Paths of the machine differ from run to run: those above `here` are not shown.
    pub(super) fn text(&self, here: &Path) -> String {
        let mut text = self.said.clone();
        let hidden =
            here.ancestors().filter(|_| self.machine).filter(|above| above.parent().is_some()).filter_map(Path::to_str);
        for above in hidden.filter(|above| above.matches('/').count() > 1) {
            text = text.replace(&format!("{above}/"), "").replace(above, ".");
        }
        text
    }
}

fn one(said: &mut String, error: &Diagnostic, sources: &SourceTree) {
    let place = match &error.place {
        Place::Text(span) => format!("{}: ", sources.place(*span)),
        Place::Path(path) => format!("{path}: "),
        Place::Whole => String::new(),
    };
    let mut message = format!("{place}error[{}]: {}", error.code.name(), error.message);
    if let Some(clusters) = &error.clusters {
        let _infallible = write!(message, " (on {} of {})", clusters.names.len(), count(clusters.of, "cluster"));
    }
    let _infallible = writeln!(said, "{}", line(&message));
    for other in error.others.iter().take(2) {
        let _infallible = writeln!(said, "  {}", line(&format!("{}: {}", sources.place(other.span), other.text)));
    }
    for help in error.help.iter().take(2) {
        let _infallible = writeln!(said, "  help: {}", line(help));
    }
}

/// A text as one line that is not too long.
fn line(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(LINE) {
        None => text,
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_without_colour_and_without_the_path_of_the_machine() {
        let folder = "/tmp/_cmp_server/1b4e/clusters";
        let failure =
            Failure::Run(format!("cannot read `{folder}/x`\n\u{1b}[31mred\u{202e} in `{folder}` {}", "x".repeat(900)));
        let text = Wrong::from(failure).text(Path::new(folder));
        assert!(text.starts_with("error: cannot read `x`\\n\\u{1b}[31mred\\u{202e} in `.` xxx"), "{text}");
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.len() < 500 && text.ends_with("x...\n"), "{text}");
    }
}
