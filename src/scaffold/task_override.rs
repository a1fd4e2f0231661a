//! An override as a flag or a prompt can express it. Everything given for the same clusters goes into one override.

use super::schedule::ScheduleRequest;
use crate::scaffold::yaml_text::PrettyValue;

/// What differs in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRequest {
    /// `cluster` or `region`.
    pub by: OverrideTarget,
    /// Its name.
    pub place: String,
    /// What differs, in the order it was said.
    pub changes: Vec<OverrideChange>,
}

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideTarget {
    /// One cluster.
    Cluster,
    /// All of a region.
    Region,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverrideChange {
    /// Where the image comes from.
    Registry(String),
    /// Its tag.
    Tag(String),
    /// A variable of the environment.
    Env(String, String),
    /// When.
    Schedule(ScheduleRequest),
    /// Whether it is suspended.
    Suspend(bool),
}

/// Reads one `--override` and adds it to `all`.
///
/// # Errors
/// The text does not have the form `cluster=NAME:WHAT=VALUE`.
pub fn add_override(text: &str, all: &mut Vec<OverrideRequest>) -> Result<(), String> {
    let wrong = |why: &str| format!("`--override {text}`: {why}");
    let form = "write it as `cluster=NAME:WHAT=VALUE` or `region=NAME:WHAT=VALUE`";
    let (place, change) = text.split_once(':').ok_or_else(|| wrong(form))?;
    let (by, place) = match place.split_once('=') {
        Some(("cluster", name)) if !name.is_empty() => (OverrideTarget::Cluster, name),
        Some(("region", name)) if !name.is_empty() => (OverrideTarget::Region, name),
        _ => return Err(wrong(form)),
    };
    let (what, value) = change.split_once('=').ok_or_else(|| wrong(form))?;
    let change = match what {
        "registry" => OverrideChange::Registry(value.to_owned()),
        "tag" => OverrideChange::Tag(value.to_owned()),
        "schedule" => OverrideChange::Schedule(ScheduleRequest::parse(value)?),
        "suspend" => OverrideChange::Suspend(value.parse().map_err(|_| wrong("`suspend` is true or false"))?),
        _ => match what.strip_prefix("env.") {
            Some(name) if !name.is_empty() => OverrideChange::Env(name.to_owned(), value.to_owned()),
            _ => return Err(wrong("what differs is `registry`, `tag`, `env.NAME`, `schedule` or `suspend`")),
        },
    };
    merge_override(OverrideRequest { by, place: place.to_owned(), changes: vec![change] }, all);
    Ok(())
}

/// Adds a difference to those of the same place.
pub fn merge_override(new: OverrideRequest, all: &mut Vec<OverrideRequest>) {
    match all.iter_mut().find(|known| (known.by, &known.place) == (new.by, &new.place)) {
        Some(known) => known.changes.extend(new.changes),
        None => all.push(new),
    }
}

/// As they stand in a file; what is said twice counts as it was said last.
pub fn overrides_to_yaml(all: &[OverrideRequest]) -> PrettyValue {
    let of = |by: OverrideTarget| all.iter().filter(move |difference| difference.by == by);
    let names: Vec<&str> = of(OverrideTarget::Cluster).map(|difference| difference.place.as_str()).collect();
    // The last that matches wins, so what is said of one cluster stands behind what is said of many.
    let regions = of(OverrideTarget::Region).map(|difference| {
        let name = &difference.place;
        let taken = names.contains(&name.as_str());
        override_to_yaml(if taken { format!("{name}-region") } else { name.clone() }, difference)
    });
    let clusters = of(OverrideTarget::Cluster).map(|difference| override_to_yaml(difference.place.clone(), difference));
    PrettyValue::Items(regions.chain(clusters).collect())
}

fn override_to_yaml(name: String, difference: &OverrideRequest) -> PrettyValue {
    let member = |key: &str, value: PrettyValue| (key.to_owned(), value);
    let place = || PrettyValue::text(&difference.place);
    let mut members = vec![
        member("name", PrettyValue::text(name)),
        match difference.by {
            OverrideTarget::Cluster => member("clusters", PrettyValue::List(vec![place()])),
            OverrideTarget::Region => member("match", PrettyValue::Map(vec![member("region", place())])),
        },
    ];
    let last = |pick: &dyn Fn(&OverrideChange) -> Option<PrettyValue>| difference.changes.iter().rev().find_map(pick);
    let schedule = |change: &OverrideChange| {
        if let OverrideChange::Schedule(period) = change { Some(period.to_yaml(None)) } else { None }
    };
    members.extend(last(&schedule).map(|schedule| member("schedule", schedule)));
    let suspend = |change: &OverrideChange| {
        if let OverrideChange::Suspend(suspend) = change { Some(PrettyValue::Bare(suspend.to_string())) } else { None }
    };
    members.extend(last(&suspend).map(|suspend| member("job", PrettyValue::Map(vec![member("suspend", suspend)]))));
    let mut image = Vec::new();
    let registry = |change: &OverrideChange| {
        if let OverrideChange::Registry(text) = change { Some(PrettyValue::text(text)) } else { None }
    };
    image.extend(last(&registry).map(|registry| member("registry", registry)));
    let tag = |change: &OverrideChange| {
        if let OverrideChange::Tag(text) = change { Some(PrettyValue::text(text)) } else { None }
    };
    image.extend(last(&tag).map(|tag| member("tag", tag)));
    let mut env: Vec<(String, PrettyValue)> = Vec::new();
    for change in &difference.changes {
        if let OverrideChange::Env(name, value) = change {
            env.retain(|(known, _)| known != name);
            env.push(member(name, PrettyValue::text(value)));
        }
    }
    let mut container = Vec::new();
    if !image.is_empty() {
        container.push(member("image", PrettyValue::Map(image)));
    }
    if !env.is_empty() {
        container.push(member("env", PrettyValue::Map(env)));
    }
    if !container.is_empty() {
        members.push(member("container", PrettyValue::Map(container)));
    }
    PrettyValue::Open(members)
}
