//! Shares out seats by weight: Webster's (Sainte-Laguë) method in exact integers.
//!
//! Seats above a common bound are given at once, so only about as many as parties are dealt one by one. Source:
//! Karmada's `pkg/util/helper/webstermethod.go`, which compares floats.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::rules::Tie;

/// A party waiting for its next seat; the greatest gets one.
#[derive(PartialEq, Eq)]
struct Claim {
    weight: i64,
    seats: i64,
    /// Its rank among those with the same claim.
    rank: Reverse<usize>,
    party: usize,
}

impl Ord for Claim {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = i128::from(self.weight) * (2 * i128::from(other.seats) + 1);
        let right = i128::from(other.weight) * (2 * i128::from(self.seats) + 1);
        left.cmp(&right).then(other.seats.cmp(&self.seats)).then(self.rank.cmp(&other.rank))
    }
}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The seats of each party, which stand in the order of their names. Nothing if nobody has a weight.
pub(super) fn share(seats: i64, weights: &[i64], tie: Tie) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        return Vec::new();
    }
    let mut given: Vec<i64> = weights.iter().map(|weight| certain(seats, *weight, weights.len(), sum)).collect();
    let mut left = seats - given.iter().sum::<i64>();
    let claim = |party: usize, seats: i64| Claim {
        weight: weights[party],
        seats,
        rank: Reverse(if tie == Tie::Smaller { party } else { weights.len() - party }),
        party,
    };
    let mut claims: Vec<Claim> = (0..weights.len()).map(|party| claim(party, given[party])).collect();
    // Only as many parties as there are seats can get one.
    if let Some(last) = usize::try_from(left).ok().and_then(|left| left.checked_sub(1)).filter(|at| *at < claims.len())
    {
        claims.select_nth_unstable_by(last, |a, b| b.cmp(a));
        claims.truncate(last + 1);
    }
    let mut heap = BinaryHeap::from(claims);
    while left > 0
        && let Some(mut first) = heap.peek_mut()
    {
        first.seats += 1;
        given[first.party] = first.seats;
        left -= 1;
    }
    given
}

/// A number shared out in proportion to weights, of two with the same claim to the first: how Karmada divides a Job's
/// completions by the shares of its clusters (`divideReplicasByJobCompletions`).
pub fn in_proportion(number: i64, weights: &[i64]) -> Vec<i64> {
    share(number, weights, Tie::Smaller)
}

/// The seats whose quotient is above sum / (2 · seats − parties): all parties together have fewer than `seats` of them.
fn certain(seats: i64, weight: i64, parties: usize, sum: i128) -> i64 {
    let bound = 2 * i128::from(seats) - parties as i128;
    let Some(twice) = i128::from(weight).checked_mul(bound).filter(|_| bound > 0) else { return 0 };
    let above = (twice - sum + 2 * sum - 1).div_euclid(2 * sum);
    i64::try_from(above.max(0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One seat after the other, as Karmada does it.
    fn slowly(seats: i64, weights: &[i64], tie: Tie) -> Vec<i64> {
        let mut given = vec![0_i64; weights.len()];
        for _ in 0..seats {
            let claim = |party: usize| Claim {
                weight: weights[party],
                seats: given[party],
                rank: Reverse(if tie == Tie::Smaller { party } else { weights.len() - party }),
                party,
            };
            let first = (0..weights.len()).map(claim).max().expect("a party");
            given[first.party] += 1;
        }
        given
    }

    #[test]
    fn seats_given_at_once_are_those_given_one_by_one() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as i64
        };
        for round in 0..3000 {
            let parties = random(12) + 1;
            let weights: Vec<i64> = (0..parties).map(|_| random(if round % 2 == 0 { 4 } else { 1000 })).collect();
            if weights.iter().sum::<i64>() == 0 {
                continue;
            }
            let seats = random(60);
            for tie in [Tie::Smaller, Tie::Greater] {
                assert_eq!(share(seats, &weights, tie), slowly(seats, &weights, tie), "{seats} {weights:?} {tie:?}");
            }
        }
    }

    #[test]
    fn great_numbers_cost_nothing_and_do_not_overflow() {
        assert_eq!(share(i64::MAX, &[1, 1], Tie::Smaller), [i64::MAX / 2 + 1, i64::MAX / 2]);
        assert_eq!(share(3, &[i64::MAX, i64::MAX, 1], Tie::Greater), [1, 2, 0]);
        assert_eq!(share(3, &[0, 0], Tie::Smaller), Vec::<i64>::new());
        assert_eq!(share(9, &[1, 2], Tie::Smaller), [3, 6]);
    }
}
