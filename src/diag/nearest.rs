//! The nearest spelling. It proposes; it never corrects.
//!
//! The one idea: a proposal far from what was written is worse than none.

/// The candidate nearest to `word` (Damerau-Levenshtein, case aside), if it is near enough to be a slip:
/// at most a third of the letters, or one contains the other. Ties go to the first in sorted order.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == word {
            continue;
        }
        let other = candidate.to_lowercase();
        let mut distance = strsim::damerau_levenshtein(&lower, &other);
        let longest = lower.chars().count().max(other.chars().count());
        let shortest = lower.chars().count().min(other.chars().count());
        if distance * 3 > longest.max(3) {
            let contained = shortest >= 4 && (other.contains(&lower) || lower.contains(&other));
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

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_met_and_a_stranger_is_not() {
        let words = ["schedule", "image", "imagePullPolicy", "args"];
        assert_eq!(nearest("shedule", words), Some("schedule"));
        assert_eq!(nearest("Image", words), Some("image"));
        assert_eq!(nearest("pullPolicy", words), Some("imagePullPolicy"));
        assert_eq!(nearest("xyz", words), None);
    }
}
