//! A sign of life on a terminal while something takes long. It writes nothing anywhere else.
//!
//! The one idea: it stands on standard error, only if that is a terminal, and it is gone when the work is done.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what is being done.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// A line, if anybody looks.
    pub(super) fn new(shown: bool) -> Self {
        let bar = shown.then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(300));
            bar
        });
        Self(bar)
    }

    /// Says what comes next.
    pub(super) fn now(&self, what: &'static str) {
        if let Some(bar) = &self.0 {
            bar.set_message(what);
        }
    }

    /// Takes the line away.
    pub(super) fn done(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
