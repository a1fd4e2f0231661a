//! What a stagger would do to the starts of some tasks.

use std::collections::BTreeSet;

use super::{CopyState, TimelineCopies};
use crate::cron::{Expression, HashSeed};
use crate::model::{Model, Unit};

/// The copies as they would be with a stagger on some tasks: the widest window up to so many minutes that works for the
/// schedule. Copies whose start is spread by hash already stay.
pub fn staggered(
    copies: &[TimelineCopies],
    model: &Model,
    tasks: &BTreeSet<usize>,
    window_minutes: u32,
) -> Vec<TimelineCopies> {
    with_salt(copies, model, tasks, (window_minutes, ""))
}

/// As [`staggered`], with a salt.
pub(super) fn with_salt(
    copies: &[TimelineCopies],
    model: &Model,
    tasks: &BTreeSet<usize>,
    (window_minutes, salt): (u32, &str),
) -> Vec<TimelineCopies> {
    let mut result = Vec::with_capacity(copies.len());
    for one in copies {
        let moved = (tasks.contains(&one.task) && one.state == CopyState::Runs && !one.spread)
            .then(|| stagger_one(one, model, (window_minutes, salt)))
            .flatten();
        match moved {
            Some(moved) => result.extend(moved),
            None => result.push(one.clone()),
        }
    }
    result
}

/// The largest window that works for a schedule, up to so many minutes; `None` if nothing is spread by it.
pub fn window_for(schedule: &str, most: u32) -> Option<u32> {
    let expression = Expression::parse(schedule).ok()?;
    let works = (1..most).find(|minutes| expression.shifted(*minutes).is_err()).unwrap_or(most);
    let window = expression.period_minutes().map_or(works, |period| period.min(works));
    (expression.shifted(0).is_ok() && window > 1).then_some(window)
}

fn stagger_one(
    copies: &TimelineCopies,
    model: &Model,
    (window_minutes, salt): (u32, &str),
) -> Option<Vec<TimelineCopies>> {
    let window = window_for(&copies.schedule, window_minutes)?;
    let expression = Expression::parse(&copies.schedule).ok()?;
    let unit = &model.units[copies.task];
    let on = |cluster: &usize| {
        let seed = HashSeed { salt, ..seed(unit, &model.clusters[*cluster].name) };
        let offset = seed.stagger_minutes(window);
        let schedule = expression.shifted(offset).ok()?;
        Some(TimelineCopies { clusters: vec![*cluster], schedule, ..copies.clone() })
    };
    copies.clusters.iter().map(on).collect()
}

/// The names that a stagger without settings of its own hashes.
fn seed<'a>(unit: &'a Unit, cluster: &'a str) -> HashSeed<'a> {
    HashSeed {
        namespace: unit.identity.namespace.as_deref().unwrap_or_default(),
        task: &unit.identity.name,
        cluster: if unit.active.is_some() { "" } else { cluster },
        salt: "",
    }
}
