//! Peaks of a series by minute: the busiest minutes, and sums over sliding windows.

/// Minutes with the same sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busiest {
    /// What they have.
    pub sum: u64,
    /// The minute of the span.
    pub minute: usize,
}

/// The minutes with the greatest sums, greater ones first, then earlier ones; none with nothing.
pub fn busiest_minutes(sums: &[u64], most: usize) -> Vec<Busiest> {
    let mut found: Vec<Busiest> = sums
        .iter()
        .enumerate()
        .filter(|(_, sum)| **sum > 0)
        .map(|(minute, sum)| Busiest { sum: *sum, minute })
        .collect();
    let order = |one: &Busiest| (std::cmp::Reverse(one.sum), one.minute);
    if found.len() > most && most > 0 {
        found.select_nth_unstable_by_key(most - 1, order);
    }
    found.truncate(most);
    found.sort_by_key(order);
    found
}

/// For each minute the sum over the window that begins with it; windows that leave the span are cut at its end.
pub fn windowed(sums: &[u64], window: usize) -> Vec<u64> {
    if window <= 1 {
        return sums.to_vec();
    }
    let mut within: u64 = sums.iter().take(window).sum();
    let mut windows = Vec::with_capacity(sums.len());
    for (minute, sum) in sums.iter().enumerate() {
        windows.push(within);
        within -= sum;
        within += sums.get(minute + window).copied().unwrap_or(0);
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busier_minutes_come_first_then_earlier_ones() {
        let found = busiest_minutes(&[1, 3, 0, 3, 2], 3);
        let found: Vec<(u64, usize)> = found.into_iter().map(|one| (one.sum, one.minute)).collect();
        assert_eq!(found, [(3, 1), (3, 3), (2, 4)]);
        assert_eq!(busiest_minutes(&[0, 0], 3), []);
        assert_eq!(busiest_minutes(&[1], 0), []);
    }

    #[test]
    fn a_sliding_window_sees_what_fixed_ones_cut() {
        let sums = [0, 0, 0, 5, 5, 0, 0];
        assert_eq!(windowed(&sums, 2).into_iter().max(), Some(10));
        assert_eq!(windowed(&sums, 1), sums);
        assert_eq!(windowed(&[1, 2, 3], 5), [6, 5, 3]);
        for window in 1..9 {
            let direct: Vec<u64> = (0..sums.len()).map(|at| sums[at..].iter().take(window).sum()).collect();
            assert_eq!(windowed(&sums, window), direct);
        }
    }
}
