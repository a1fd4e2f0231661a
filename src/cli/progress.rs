//! Shows progress on a terminal, and measures how long each stage took.

#![expect(clippy::disallowed_methods, reason = "the clock is read here")]

use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what is being done, and a record of it.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// The folder that is worked on.
    folder: String,
    /// What was begun, and when.
    stages: Vec<(&'static str, Instant)>,
}

impl Progress {
    /// A line, if anybody looks.
    pub(super) fn new(shown: bool, folder: &Path) -> Self {
        let bar = shown.then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(300));
            bar
        });
        Self { bar, folder: folder.display().to_string(), stages: Vec::new() }
    }

    /// Says what comes next.
    pub(super) fn now(&mut self, what: &'static str) {
        self.stages.push((what, Instant::now()));
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{what}: {}", self.folder));
        }
    }

    /// Takes the line away.
    pub(super) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// How long each stage took, in the order in which they were begun.
    pub(super) fn took(&self) -> Vec<(&'static str, Duration)> {
        let ends = self.stages.iter().skip(1).map(|(_, begun)| *begun).chain([Instant::now()]);
        self.stages.iter().zip(ends).map(|((what, begun), end)| (*what, end.duration_since(*begun))).collect()
    }
}
