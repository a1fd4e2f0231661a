//! A search that is remembered: of the places that are looked for from many positions of a text, one after the other, each
//! is found once.

/// The next place of one kind.
#[derive(Default)]
pub(super) struct Ahead(Option<(usize, usize)>);

impl Ahead {
    /// The first place at `from` or behind it, by a search in the rest of the text; the end of the text if there is none.
    /// One `Ahead` serves one search in one text.
    pub(super) fn next(&mut self, text: &str, from: usize, find: impl Fn(&str) -> Option<usize>) -> usize {
        if let Some((since, found)) = self.0
            && since <= from
            && from <= found
        {
            return found;
        }
        let found = find(&text[from..]).map_or(text.len(), |at| from + at);
        self.0 = Some((from, found));
        found
    }
}
