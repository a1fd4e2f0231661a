//! An override as a flag or a prompt can express it. Everything given for the same clusters goes into one override.

use super::super::hand::Hand;
use super::super::outcome::Failure;
use super::period::Period;

/// What differs in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// `cluster` or `region`.
    pub(super) by: By,
    /// Its name.
    pub(super) place: String,
    /// What differs, in the order it was said.
    pub(super) changes: Vec<Change>,
}

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// One cluster.
    Cluster,
    /// All of a region.
    Region,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Where the image comes from.
    Registry(String),
    /// Its tag.
    Tag(String),
    /// A variable of the environment.
    Env(String, String),
    /// When.
    Schedule(Period),
    /// Whether it is suspended.
    Suspend(bool),
}

/// Reads one `--override` and adds it to those that are there.
pub(super) fn add(said: &str, all: &mut Vec<Difference>) -> Result<(), Failure> {
    let wrong = |why: &str| Failure::Run(format!("`--override {said}`: {why}"));
    let form = "write it as `cluster=NAME:WHAT=VALUE` or `region=NAME:WHAT=VALUE`";
    let (place, change) = said.split_once(':').ok_or_else(|| wrong(form))?;
    let (by, place) = match place.split_once('=') {
        Some(("cluster", name)) if !name.is_empty() => (By::Cluster, name),
        Some(("region", name)) if !name.is_empty() => (By::Region, name),
        _ => return Err(wrong(form)),
    };
    let (what, value) = change.split_once('=').ok_or_else(|| wrong(form))?;
    let change = match what {
        "registry" => Change::Registry(value.to_owned()),
        "tag" => Change::Tag(value.to_owned()),
        "schedule" => Change::Schedule(Period::read(value)?),
        "suspend" => Change::Suspend(value.parse().map_err(|_| wrong("`suspend` is true or false"))?),
        _ => match what.strip_prefix("env.") {
            Some(name) if !name.is_empty() => Change::Env(name.to_owned(), value.to_owned()),
            _ => return Err(wrong("what differs is `registry`, `tag`, `env.NAME`, `schedule` or `suspend`")),
        },
    };
    join(Difference { by, place: place.to_owned(), changes: vec![change] }, all);
    Ok(())
}

/// Adds a difference to those of the same place.
pub(super) fn join(new: Difference, all: &mut Vec<Difference>) {
    match all.iter_mut().find(|known| (known.by, &known.place) == (new.by, &new.place)) {
        Some(known) => known.changes.extend(new.changes),
        None => all.push(new),
    }
}

/// As they stand in a file; what is said twice counts as it was said last.
pub(super) fn hand(all: &[Difference]) -> Hand {
    let of = |by: By| all.iter().filter(move |difference| difference.by == by);
    let names: Vec<&str> = of(By::Cluster).map(|difference| difference.place.as_str()).collect();
    // The last that matches wins, so what is said of one cluster stands behind what is said of many.
    let regions = of(By::Region).map(|difference| {
        let name = &difference.place;
        let taken = names.contains(&name.as_str());
        one(if taken { format!("{name}-region") } else { name.clone() }, difference)
    });
    let clusters = of(By::Cluster).map(|difference| one(difference.place.clone(), difference));
    Hand::Items(regions.chain(clusters).collect())
}

fn one(name: String, difference: &Difference) -> Hand {
    let member = |key: &str, value: Hand| (key.to_owned(), value);
    let place = || Hand::text(&difference.place);
    let mut members = vec![
        member("name", Hand::text(name)),
        match difference.by {
            By::Cluster => member("clusters", Hand::List(vec![place()])),
            By::Region => member("match", Hand::Map(vec![member("region", place())])),
        },
    ];
    let last = |pick: &dyn Fn(&Change) -> Option<Hand>| difference.changes.iter().rev().find_map(pick);
    let schedule = |change: &Change| if let Change::Schedule(period) = change { Some(period.hand(None)) } else { None };
    members.extend(last(&schedule).map(|schedule| member("schedule", schedule)));
    let suspend = |change: &Change| {
        if let Change::Suspend(suspend) = change { Some(Hand::Bare(suspend.to_string())) } else { None }
    };
    members.extend(last(&suspend).map(|suspend| member("job", Hand::Map(vec![member("suspend", suspend)]))));
    let mut image = Vec::new();
    let registry = |change: &Change| if let Change::Registry(text) = change { Some(Hand::text(text)) } else { None };
    image.extend(last(&registry).map(|registry| member("registry", registry)));
    let tag = |change: &Change| if let Change::Tag(text) = change { Some(Hand::text(text)) } else { None };
    image.extend(last(&tag).map(|tag| member("tag", tag)));
    let mut env: Vec<(String, Hand)> = Vec::new();
    for change in &difference.changes {
        if let Change::Env(name, value) = change {
            env.retain(|(known, _)| known != name);
            env.push(member(name, Hand::text(value)));
        }
    }
    let mut container = Vec::new();
    if !image.is_empty() {
        container.push(member("image", Hand::Map(image)));
    }
    if !env.is_empty() {
        container.push(member("env", Hand::Map(env)));
    }
    if !container.is_empty() {
        members.push(member("container", Hand::Map(container)));
    }
    Hand::Open(members)
}
