//! Which clusters a build writes: named ones, or one shard of several.
//!
//! The shard of a cluster depends on its name alone, so a removed cluster still has a shard that cleans up, and a new
//! cluster moves no other.

use std::str::FromStr;

/// `I/N`: the I-th of N parts, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Shard {
    number: u32,
    of: u32,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}` is no shard: write `1/4` for the first of four");
        let (number, of) = text.split_once('/').ok_or_else(form)?;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let (number, of): (u32, u32) = (plain(number).ok_or_else(form)?, plain(of).ok_or_else(form)?);
        if of == 0 || number == 0 || number > of {
            return Err(format!("{}; there are {of}, counted from 1", form()));
        }
        Ok(Self { number, of })
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Whether a cluster falls to it: by FNV-1a of its name, 64 bits.
    pub(in crate::cli) fn takes(self, cluster: &str) -> bool {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in cluster.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash % u64::from(self.of) == u64::from(self.number - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cluster_falls_to_exactly_one_shard() {
        let shards: Vec<Shard> = (1..=7).map(|number| format!("{number}/7").parse().unwrap()).collect();
        let mut sizes = [0; 7];
        for i in 0..700 {
            let name = format!("cluster-{i:03}");
            let takers: Vec<usize> = (0..7).filter(|at| shards[*at].takes(&name)).collect();
            assert_eq!(takers.len(), 1, "{name}");
            sizes[takers[0]] += 1;
        }
        assert!(sizes.iter().all(|size| *size > 60), "{sizes:?}");
        // The place of a cluster is part of what a release promises: half-done runs of two versions must agree.
        assert!(Shard { number: 2, of: 4 }.takes("eu-west-1-a"));
    }

    #[test]
    fn a_shard_is_counted_from_one() {
        for wrong in ["0/4", "5/4", "1/0", "4", "a/b", "-1/4", "+1/4", "1/4/4", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        assert_eq!("4/4".parse::<Shard>().unwrap().to_string(), "4/4");
    }
}
