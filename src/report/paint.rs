//! Colours of results: deletions red, additions green, standby copies and notes dim.

/// Paints text, or leaves it as it is where no colour is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Whether colour is wanted.
    pub fn new(on: bool) -> Self {
        Self { on }
    }

    /// What is lost.
    pub fn red(self, text: &str) -> String {
        self.sgr("31", text)
    }

    /// What is added.
    pub fn green(self, text: &str) -> String {
        self.sgr("32", text)
    }

    /// What is odd.
    pub fn yellow(self, text: &str) -> String {
        self.sgr("33", text)
    }

    /// Where something stands.
    pub fn cyan(self, text: &str) -> String {
        self.sgr("36", text)
    }

    /// What matters less: standby copies, notes.
    pub fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    /// Headings.
    pub fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }

    /// Each line is painted by itself, so that a pager which shows a part of the text shows it in its colours.
    fn sgr(self, code: &str, text: &str) -> String {
        if !self.on {
            return text.to_owned();
        }
        let mut painted = String::with_capacity(text.len() + 16);
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end_matches('\n');
            match bare.trim().is_empty() {
                true => painted.push_str(line),
                false => painted.push_str(&format!("\u{1b}[{code}m{bare}\u{1b}[0m{}", &line[bare.len()..])),
            }
        }
        painted
    }
}

#[cfg(test)]
mod tests {
    use super::Paint;

    #[test]
    fn each_line_is_painted_by_itself_and_only_if_wanted() {
        assert_eq!(Paint::new(true).red("a\n\n  b\n"), "\u{1b}[31ma\u{1b}[0m\n\n\u{1b}[31m  b\u{1b}[0m\n");
        assert_eq!(Paint::new(false).red("a\n"), "a\n");
    }
}
