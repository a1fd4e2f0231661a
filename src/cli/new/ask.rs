//! Prompts on a terminal.
//!
//! An interrupt comes back as an answer, so the caller ends in order: nothing is written, and the cursor is restored.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::console::{self, Term};
use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, MultiSelect, Select};

use super::super::args::Format;
use super::super::outcome::Failure;
use crate::report::escape::{self, ColorStyle};

/// A question stands on the terminal.
static ASKING: AtomicBool = AtomicBool::new(false);

/// As many choices are shown at once.
const SHOWN: usize = 15;

/// Whether somebody can be asked: questions move the cursor, which a terminal that calls itself dumb cannot.
pub(super) fn may() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !dumb && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The terminal.
pub(super) struct Desk {
    theme: ColorfulTheme,
}

impl Desk {
    /// From now on an interrupt ends a question, and the program only between two.
    pub(super) fn open(colored: bool) -> Result<Self, Failure> {
        console::set_colors_enabled_stderr(colored);
        let handled = ctrlc::set_handler(|| {
            if !ASKING.load(Ordering::SeqCst) {
                #[expect(clippy::disallowed_methods, reason = "an interrupt leaves nothing to return to")]
                std::process::exit(2);
            }
        });
        handled.map_err(|error| Failure::run(&error))?;
        Ok(Self { theme: ColorfulTheme::default() })
    }

    /// Says something between two questions.
    pub(super) fn say(&self, text: &str) {
        let mut stderr = anstream::AutoStream::new(std::io::stderr().lock(), anstream::ColorChoice::Auto);
        let _nobody_reads = stderr.write_all(escape::for_log(Format::Text, text, ColorStyle::Colored).as_bytes());
    }

    /// A line of text; `check` says what is wrong with it.
    pub(super) fn line(
        &self,
        prompt: &str,
        usual: Option<&str>,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, Failure> {
        let input = Input::<String>::with_theme(&self.theme).with_prompt(prompt).allow_empty(true);
        let input = match usual {
            Some(usual) => input.default(usual.to_owned()),
            None => input,
        };
        let text = asked(|| input.validate_with(|text: &String| check(text.trim())).interact_text())?;
        Ok(text.trim().to_owned())
    }

    /// One of several.
    pub(super) fn pick<T: Display>(&self, prompt: &str, items: &[T]) -> Result<usize, Failure> {
        let select = Select::with_theme(&self.theme).with_prompt(prompt).default(0).max_length(SHOWN);
        let shown = items.iter().map(|item| escape::plain(&item.to_string()));
        asked(|| select.items(shown).interact())
    }

    /// Some of several, at least one.
    pub(super) fn picks<T: Display>(&self, prompt: &str, items: &[T]) -> Result<Vec<usize>, Failure> {
        loop {
            let select = MultiSelect::with_theme(&self.theme).max_length(SHOWN);
            let select = select.with_prompt(format!("{prompt} (space chooses, enter goes on)"));
            let shown = items.iter().map(|item| escape::plain(&item.to_string()));
            let chosen = asked(|| select.items(shown).interact())?;
            if !chosen.is_empty() {
                return Ok(chosen);
            }
        }
    }

    /// Yes or no.
    pub(super) fn yes(&self, prompt: &str) -> Result<bool, Failure> {
        asked(|| Confirm::with_theme(&self.theme).with_prompt(prompt).default(true).interact())
    }
}

/// Asks, and puts the terminal in order whatever the answer.
fn asked<T>(ask: impl FnOnce() -> dialoguer::Result<T>) -> Result<T, Failure> {
    ASKING.store(true, Ordering::SeqCst);
    let answer = ask();
    // The interrupt itself may come after what it brought about.
    ASKING.store(answer.is_err(), Ordering::SeqCst);
    answer.map_err(|dialoguer::Error::IO(error)| {
        let term = Term::stderr();
        let _best_effort = term.show_cursor().and_then(|()| term.write_line(""));
        match error.kind() {
            ErrorKind::Interrupted | ErrorKind::UnexpectedEof => {
                Failure::Run("interrupted: nothing was written".to_owned())
            }
            _ => Failure::Run(format!("the terminal cannot be asked: {error}; nothing was written")),
        }
    })
}
