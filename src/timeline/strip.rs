//! Rows of a day: the peak minute of each cell, rows that look alike folded into one.

use std::collections::BTreeMap;

/// Groups with the same runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// The groups, in order.
    pub names: Vec<String>,
    /// Starts in the whole span.
    pub starts: u64,
    /// Most starts in one minute.
    pub peak: u64,
    /// The minutes of the span that have so many, ascending.
    pub peak_minutes: Vec<usize>,
    /// Most starts in one minute of each cell.
    pub cells: Vec<u64>,
}

impl Strip {
    /// The strip of some starts by minute; `cell` says in which cell a minute lies.
    pub fn of(
        name: String,
        sums: impl Iterator<Item = u64> + Clone,
        cells: usize,
        cell: &dyn Fn(usize) -> usize,
    ) -> Strip {
        let peak = sums.clone().max().unwrap_or(0);
        let mut strip = Strip { names: vec![name], starts: 0, peak, peak_minutes: Vec::new(), cells: vec![0; cells] };
        for (minute, sum) in sums.enumerate().filter(|(_, sum)| *sum > 0) {
            strip.starts += sum;
            if sum == peak {
                strip.peak_minutes.push(minute);
            }
            if let Some(most) = strip.cells.get_mut(cell(minute)) {
                *most = sum.max(*most);
            }
        }
        strip
    }

    /// Strips that differ in their names alone become one; the order is that of the first names.
    pub fn fold(strips: Vec<Strip>) -> Vec<Strip> {
        let mut folded: BTreeMap<(Vec<u64>, Vec<usize>, u64), Vec<String>> = BTreeMap::new();
        for strip in strips {
            folded.entry((strip.cells, strip.peak_minutes, strip.starts)).or_default().extend(strip.names);
        }
        let mut strips: Vec<Strip> = folded
            .into_iter()
            .map(|((cells, peak_minutes, starts), mut names)| {
                names.sort();
                let peak = cells.iter().copied().max().unwrap_or(0);
                Strip { names, starts, peak, peak_minutes, cells }
            })
            .collect();
        strips.sort_by(|a, b| a.names.cmp(&b.names));
        strips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_its_busiest_minute_and_equal_rows_are_one() {
        let half = |minute: usize| minute / 3;
        let strip = |name: &str, sums: &[u64]| Strip::of(name.to_owned(), sums.iter().copied(), 2, &half);
        let first = strip("b", &[1, 4, 0, 0, 4, 2]);
        assert_eq!((first.starts, first.peak), (11, 4));
        assert_eq!((&first.peak_minutes, &first.cells), (&vec![1, 4], &vec![4, 4]));
        let folded = Strip::fold(vec![first, strip("c", &[0; 6]), strip("a", &[1, 4, 0, 0, 4, 2])]);
        let names: Vec<&[String]> = folded.iter().map(|strip| strip.names.as_slice()).collect();
        assert_eq!(names, [&["a".to_owned(), "b".to_owned()][..], &["c".to_owned()][..]]);
    }
}
