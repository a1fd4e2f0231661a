//! Describes sets of numbers as English lists: "0, 5 to 9 and 30". Three or more neighbours are a range.

use crate::cron::calendar::joined;

/// The numbers whose bits are set, ascending.
pub(super) fn numbers(bits: u64) -> Vec<u32> {
    (0..64).filter(|number| bits >> number & 1 == 1).collect()
}

/// The numbers as ranges, first to last: a range of one is a number, and there is no range of two.
fn ranges(order: &[u32], next: impl Fn(u32) -> u32) -> Vec<(u32, u32)> {
    let mut runs: Vec<Vec<u32>> = Vec::new();
    for number in order {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| next(*last) == *number) => run.push(*number),
            _ => runs.push(vec![*number]),
        }
    }
    let mut ranges = Vec::new();
    for run in runs {
        match run.as_slice() {
            [first, _, .., last] => ranges.push((*first, *last)),
            short => ranges.extend(short.iter().map(|number| (*number, *number))),
        }
    }
    ranges
}

/// The set with each number as `show` writes it, ranges as "5 to 9".
pub(super) fn set(numbers: &[u32], show: impl Fn(u32) -> String) -> String {
    let parts = ranges(numbers, |number| number + 1).into_iter().map(|(first, last)| match first == last {
        true => show(first),
        false => format!("{} to {}", show(first), show(last)),
    });
    joined(&parts.collect::<Vec<_>>(), "and")
}

/// The ranges of a set that begins again after its highest number: days of the week, months. A range over the turn is
/// one range and comes first.
pub(super) fn circle(numbers: &[u32], (low, high): (u32, u32)) -> Vec<(u32, u32)> {
    let head = (low..=high).take_while(|number| numbers.contains(number)).count();
    let tail = (low..=high).rev().take_while(|number| numbers.contains(number)).count();
    let mut order = numbers.to_vec();
    if head > 0 && tail > 0 && tail < numbers.len() && (head + tail > 2 || numbers.len() == 2) {
        order.rotate_right(tail);
    }
    ranges(&order, |number| if number == high { low } else { number + 1 })
}

/// The step of two or more numbers that lie equally far apart.
pub(super) fn step(numbers: &[u32]) -> Option<u32> {
    let step = numbers.get(1)? - numbers[0];
    numbers.windows(2).all(|pair| pair[1] - pair[0] == step).then_some(step)
}
