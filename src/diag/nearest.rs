//! Finds the nearest spelling of a name. A far-fetched suggestion is worse than none, and names that cannot be near are
//! skipped unmeasured.

/// Longer words are no names of anything; to measure two of them costs the product of their lengths, in memory too.
const LONGEST: usize = 256;

/// The candidate nearest to `word` (Damerau-Levenshtein, case aside), if it is near enough to be a slip:
/// at most a third of the letters, or one contains the other. Ties go to the first in sorted order. Words of more than 256
/// bytes are near to none.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let lower = Lower::of(word);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == word || candidate.len() > LONGEST {
            continue;
        }
        let letters = Letters::of(candidate);
        let longest = lower.letters.count.max(letters.count);
        let shortest = lower.letters.count.min(letters.count);
        let least = lower.letters.least_distance(&letters);
        let may_contain = shortest >= 4 && lower.letters.may_contain(&letters);
        let too_far = least * 3 > longest.max(3);
        if too_far && !may_contain {
            continue;
        }
        // What contains the other counts as one that is longer away than any slip.
        let least = if too_far { least + longest } else { least };
        if best.is_some_and(|best| (least, candidate) >= best) {
            continue;
        }
        let other = candidate.to_lowercase();
        let mut distance = if lower.text == other { 0 } else { strsim::damerau_levenshtein(&lower.text, &other) };
        if distance * 3 > longest.max(3) {
            let contained = shortest >= 4 && (other.contains(&lower.text) || lower.text.contains(&other));
            if !contained {
                continue;
            }
            distance += longest;
        }
        if best.is_none_or(|(d, c)| (distance, candidate) < (d, c)) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

struct Lower {
    text: String,
    letters: Letters,
}

impl Lower {
    fn of(word: &str) -> Self {
        Self { text: word.to_lowercase(), letters: Letters::of(word) }
    }
}

/// Which letters a word has, and how many of each: classes of letters, so that words of any script have them.
struct Letters {
    /// How many characters it has.
    count: usize,
    /// How many are in each class.
    classes: [u8; 32],
}

impl Letters {
    fn of(word: &str) -> Self {
        let (mut count, mut classes) = (0, [0_u8; 32]);
        let mut add = |class: u32| {
            let class = &mut classes[(class % 32) as usize];
            *class = class.saturating_add(1);
            count += 1;
        };
        if word.is_ascii() {
            word.bytes().for_each(|byte| add(u32::from(byte.to_ascii_lowercase())));
        } else {
            word.to_lowercase().chars().for_each(|char| add(u32::from(char)));
        }
        Self { count, classes }
    }

    /// How many characters stand in one and not in the other, at least: an edit changes one on each side at most.
    fn least_distance(&self, other: &Self) -> usize {
        let (mut more, mut less) = (0_usize, 0_usize);
        for (own, other) in self.classes.iter().zip(&other.classes) {
            more += usize::from(own.saturating_sub(*other));
            less += usize::from(other.saturating_sub(*own));
        }
        more.max(less)
    }

    /// Whether one may be a part of the other.
    fn may_contain(&self, other: &Self) -> bool {
        let all = || self.classes.iter().zip(&other.classes);
        all().all(|(own, other)| own <= other) || all().all(|(own, other)| own >= other)
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;
    use proptest::prelude::*;

    #[test]
    fn a_slip_is_met_and_a_stranger_is_not() {
        let words = ["schedule", "image", "imagePullPolicy", "args"];
        assert_eq!(nearest("shedule", words), Some("schedule"));
        assert_eq!(nearest("Image", words), Some("image"));
        assert_eq!(nearest("pullPolicy", words), Some("imagePullPolicy"));
        assert_eq!(nearest("xyz", words), None);
        let long = "x".repeat(300);
        assert_eq!(nearest(&long, [&*long.replacen('x', "y", 1)]), None);
    }

    /// Every candidate measured.
    fn measured<'a>(word: &str, candidates: &'a [String]) -> Option<&'a str> {
        let lower = word.to_lowercase();
        let near = candidates.iter().filter(|candidate| *candidate != word).filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &other);
            let (a, b) = (lower.chars().count(), other.chars().count());
            if distance * 3 <= a.max(b).max(3) {
                return Some((distance, candidate));
            }
            let contained = a.min(b) >= 4 && (other.contains(&lower) || lower.contains(&other));
            contained.then_some((distance + a.max(b), candidate))
        });
        near.min().map(|(_, candidate)| candidate.as_str())
    }

    proptest! {
        #[test]
        fn what_is_passed_over_was_not_the_nearest(
            word in "[abAüß]{0,9}",
            words in prop::collection::vec("[abcAü]{0,9}|[ab]{4,5}c[ab]{0,20}", 0..8),
        ) {
            prop_assert_eq!(nearest(&word, words.iter().map(String::as_str)), measured(&word, &words));
        }
    }
}
