//! Describes a change in words: schedule, image, or a field by its path.

use serde_json::Value;

use crate::cron::{Expression, ExpressionForm};
use crate::diff::{FieldChange, PathSegment, What, When, Why, path_text};
use crate::patch::image::Image;
use crate::report::diff::values::{self, lines_between, list, show};
use crate::validate::UNEXPANDED;

/// A change in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One sentence.
    pub line: String,
    /// Lines below it that are not to be broken: those of a text that differ.
    pub more: Vec<String>,
    /// The same for several tasks, where what is the task's own is left out.
    pub shared: String,
    /// Whether something is lost or added.
    pub tone: Tone,
}

/// Whether a change takes something away or adds it; the colour follows from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither.
    #[default]
    Neutral,
    /// A copy or an object that is not there any more.
    Lost,
    /// A copy or an object that was not there.
    Added,
}

impl Tone {
    fn of(what: &What) -> Tone {
        match what {
            What::New { .. } | What::Came { .. } | What::ObjectNew { .. } => Tone::Added,
            What::Gone | What::Left(_) | What::ObjectGone { .. } => Tone::Lost,
            What::Renamed { .. }
            | What::Active { .. }
            | What::Group { .. }
            | What::Instances { .. }
            | What::When { .. }
            | What::Field { .. } => Tone::Neutral,
        }
    }
}

impl Words {
    /// One line without more.
    pub fn of(line: impl Into<String>) -> Self {
        let line = line.into();
        Self { shared: line.clone(), line, more: Vec::new(), tone: Tone::Neutral }
    }
}

/// What changes, in words. `alone`: the pod has one container, which then needs no name.
pub fn words(what: &What, alone: bool) -> Words {
    Words { tone: Tone::of(what), ..change_words(what, alone) }
}

fn change_words(what: &What, alone: bool) -> Words {
    match what {
        What::New { instances, when, images } => {
            let pods = if *instances == 1 { String::new() } else { format!(", {instances} instances each") };
            let images: Vec<String> = images.iter().map(|image| show(&Value::from(image.as_str()))).collect();
            Words::of(format!("runs {}{pods}: {}", moment(when), images.join(", ")))
        }
        What::Gone => Words::of("goes"),
        What::Renamed { from, to } => {
            let warning =
                "a delete and a create: running Jobs of the old one are deleted with it, and its history is lost";
            Words {
                shared: format!("its CronJob gets another name or namespace: {warning}"),
                ..Words::of(format!("CronJob {from} -> {to}: {warning}"))
            }
        }
        What::Left(why) => Words::of(format!("no longer here: {}", because(why))),
        What::Came { why, instances } => {
            let pods = if *instances == 1 { String::new() } else { format!(" with {instances} instances") };
            let link = if why.words.starts_with("before: ") { "; " } else { ": " };
            Words::of(format!("runs here now{pods}{link}{}", because(why)))
        }
        What::Active { from, to, why } => {
            let moves = match (from.as_slice(), to.as_slice()) {
                (from, []) => format!("no longer active on {}", from.join(", ")),
                ([], to) => format!("active on {} too", to.join(", ")),
                ([from], [to]) => format!("the active copy moves from {from} to {to}"),
                (from, to) => format!("the active copies move from {} to {}", from.join(", "), to.join(", ")),
            };
            Words::of(match why {
                Some(why) => format!("{moves}: {}", because(why)),
                None => moves,
            })
        }
        What::Group { from, to } => {
            let name = |group: &Option<String>| group.clone().unwrap_or_else(|| "none".to_owned());
            Words::of(format!("fallback group {} -> {}", name(from), name(to)))
        }
        What::Instances { from, to } => Words::of(format!("instances {from} -> {to}")),
        What::When { from, to } => schedule(from, to),
        What::Field { object: None, field } => of_job(field, alone),
        What::Field { object: Some(object), field } if field.starts(&["sops"]) => Words::of(format!(
            "{object}: the encrypted file differs, in what SOPS says of itself ({})",
            path_text(&field.path)
        )),
        What::Field { object: Some(object), field } => {
            let words = plain(&format!("{object}: {}", path_text(&field.path)), field);
            if words.line.contains("(hidden") { Words::of(changed_hidden(&words.line)) } else { words }
        }
        What::ObjectNew { object } => Words::of(format!("{object} is new")),
        What::ObjectGone { object } => Words::of(format!("{object} goes")),
    }
}

fn because(why: &Why) -> String {
    match &why.place {
        Some(place) => format!("{} ({place})", why.words),
        None => why.words.clone(),
    }
}

/// When it runs: the schedule, what it means, and where that is meant.
pub fn moment(when: &When) -> String {
    let suspended = if when.suspended { ", suspended" } else { "" };
    format!("{} ({}, {}){suspended}", meaning(&when.schedule), values::quoted(&when.schedule), zone(when))
}

fn meaning(schedule: &str) -> String {
    Expression::parse(schedule).map_or_else(|_| "at times that Kubernetes refuses".to_owned(), |known| known.words())
}

fn zone(when: &When) -> String {
    when.zone.clone().unwrap_or_else(|| "in the controller's own zone".to_owned())
}

fn schedule(from: &When, to: &When) -> Words {
    if from.schedule == to.schedule {
        let own = |when: &When| when.zone.clone().unwrap_or_else(|| "the controller's own".to_owned());
        let line = format!("time zone {} -> {}", own(from), own(to));
        let said = format!("{line}: {} there ({})", meaning(&to.schedule), values::quoted(&to.schedule));
        return Words { shared: line, ..Words::of(said) };
    }
    let zones = if from.zone == to.zone { String::new() } else { format!(", {} -> {}", zone(from), zone(to)) };
    let more = match (a_day(&from.schedule), a_day(&to.schedule)) {
        (Some(was), Some(is)) if was != is => format!("; runs a day: {was} -> {is}"),
        _ => String::new(),
    };
    Words::of(format!(
        "schedule {} -> {}{zones}: was {}, is {}{more}",
        values::quoted(&from.schedule),
        values::quoted(&to.schedule),
        meaning(&from.schedule),
        meaning(&to.schedule),
    ))
}

/// How often a schedule runs on a day, if it runs alike every day.
fn a_day(schedule: &str) -> Option<u64> {
    match Expression::parse(schedule).ok()?.form() {
        ExpressionForm::Every(seconds) => (86_400 % seconds == 0).then_some(86_400 / seconds),
        ExpressionForm::Fields(fields) => {
            let daily = fields.day.full() && fields.month.full() && fields.weekday.full();
            let runs = fields.minute.numbers().count() * fields.hour.numbers().count();
            daily.then_some(runs as u64)
        }
    }
}

const JOB: [&str; 3] = ["spec", "jobTemplate", "spec"];
const POD: [&str; 5] = ["spec", "jobTemplate", "spec", "template", "spec"];

/// A field of the CronJob.
fn of_job(field: &FieldChange, alone: bool) -> Words {
    let words = if field.starts(&POD) {
        of_pod(field, alone)
    } else if field.starts(&JOB) {
        match rest(field, JOB.len()).as_slice() {
            ["activeDeadlineSeconds"] => limit("a run may take", field, "as long as it likes"),
            // Six, unless each index has a limit of its own, and then none.
            ["backoffLimit"] => or("retries of a failed run", field, "the default"),
            ["template", "metadata", ..] => labels("pod ", field, JOB.len() + 2),
            _ => plain(&format!("job {}", path_text(&field.path[JOB.len()..])), field),
        }
    } else if field.starts(&["spec", "jobTemplate", "metadata"]) {
        labels("job ", field, 3)
    } else if field.starts(&["metadata"]) {
        labels("", field, 1)
    } else {
        match rest(field, 1).as_slice() {
            ["suspend"] => Words::of(match field.new {
                Some(Value::Bool(true)) => "suspended: no run starts from now on",
                _ => "no longer suspended: it runs again",
            }),
            ["concurrencyPolicy"] => {
                let name = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or("Allow").to_owned();
                let (old, new) = (name(&field.old), name(&field.new));
                let means = match new.as_str() {
                    "Forbid" => "a run that is due while another goes on is skipped",
                    "Replace" => "a run that goes on is killed for the one that is due",
                    _ => "runs may overlap",
                };
                Words::of(format!("concurrency {old} -> {new}: {means}"))
            }
            ["startingDeadlineSeconds"] => limit("a run may start late by", field, "any time"),
            ["successfulJobsHistoryLimit"] => or("finished runs kept", field, "3"),
            ["failedJobsHistoryLimit"] => or("failed runs kept", field, "1"),
            _ => plain(&path_text(&field.path[usize::from(field.starts(&["spec"]))..]), field),
        }
    };
    if words.line.contains("(hidden") { Words::of(changed_hidden(&words.line)) } else { words }
}

/// The members of a path behind so many steps; an item is `*`.
fn rest(field: &FieldChange, from: usize) -> Vec<&str> {
    fn name(step: &PathSegment) -> &str {
        match step {
            PathSegment::Member(name) => name.as_str(),
            PathSegment::Item(_) | PathSegment::Order => "*",
        }
    }
    field.path.get(from..).unwrap_or_default().iter().map(name).collect()
}

fn of_pod(field: &FieldChange, alone: bool) -> Words {
    let below = &field.path[POD.len()..];
    let (list, item) = match below {
        [PathSegment::Member(list), PathSegment::Item(item), ..] if list.ends_with("ontainers") => {
            (list.as_str(), item.as_str())
        }
        _ => return plain(&format!("pod {}", path_text(below)), field),
    };
    let of = match list {
        "containers" if alone => String::new(),
        "containers" => format!("container {item}: "),
        "initContainers" => format!("init container {item}: "),
        _ => format!("{list} {item}: "),
    };
    let path = &field.path[POD.len() + 2..];
    match path {
        [] => {
            let what = of.trim_end_matches(": ");
            let what = if what.is_empty() { format!("container {item}") } else { what.to_owned() };
            let image = |value: &Option<Value>| {
                let image = value.as_ref().and_then(|value| value.get("image")).and_then(Value::as_str);
                image.map_or_else(String::new, |image| format!(", image {}", show(&Value::from(image))))
            };
            Words::of(match (&field.old, &field.new) {
                (None, _) => format!("{what} is new{}", image(&field.new)),
                _ => format!("{what} goes{}", image(&field.old)),
            })
        }
        [PathSegment::Member(name)] if name == "image" => image(&of, field),
        [PathSegment::Member(name), PathSegment::Item(variable), ..] if name == "env" => {
            variable_words(&of, variable, field, &path[2..])
        }
        [PathSegment::Member(resources), PathSegment::Member(kind), PathSegment::Member(name)]
            if resources == "resources" =>
        {
            let kind = kind.strip_suffix('s').unwrap_or(kind);
            or(&format!("{of}{name} {kind}"), field, "none")
        }
        _ => plain(&format!("{of}{}", path_text(path)), field),
    }
}

/// A variable of a container.
fn variable_words(of: &str, name: &str, field: &FieldChange, below: &[PathSegment]) -> Words {
    let value = |value: &Option<Value>| match value {
        Some(Value::Object(members)) => match (members.get("value"), members.get("valueFrom")) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(from)) => Some(from.clone()),
            (None, None) => Some(Value::String(String::new())),
        },
        other => other.clone(),
    };
    let (old, new) = (value(&field.old), value(&field.new));
    let what = match below {
        [] => format!("{of}env {name}"),
        [PathSegment::Member(member)] if member == "value" => format!("{of}env {name}"),
        more => format!("{of}env {name} {}", path_text(more)),
    };
    plain(&what, &FieldChange { path: field.path.clone(), old, new })
}

/// Labels and annotations.
fn labels(of: &str, field: &FieldChange, from: usize) -> Words {
    match &field.path[from..] {
        [PathSegment::Member(kind), PathSegment::Member(key)] if kind == "labels" || kind == "annotations" => {
            let kind = &kind[..kind.len() - 1];
            if of.is_empty() && key == "kubernetes.io/description" {
                return plain("description", field);
            }
            plain(&format!("{of}{kind} {key}"), field)
        }
        more => plain(&format!("{of}{}", path_text(more)), field),
    }
}

/// An image; what several tasks can share of it is the part that differs.
fn image(of: &str, field: &FieldChange) -> Words {
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let (old, new) = (text(&field.old), text(&field.new));
    let whole = plain(&format!("{of}image"), field);
    let (Ok(was), Ok(is)) = (Image::parse(&old), Image::parse(&new)) else { return whole };
    let registry = |image: &Image| image.registry.clone().unwrap_or_else(|| "none (docker.io)".to_owned());
    let tag = |image: &Image| image.tag.clone().unwrap_or_else(|| "none (latest)".to_owned());
    if (&was.registry, &was.repository) == (&is.registry, &is.repository) && was.digest == is.digest {
        // A digest decides, whatever the tag says.
        let pinned = if is.digest.is_some() { "; the digest stays, so the same image runs" } else { "" };
        let shared = format!("image tag {} -> {}{pinned}", tag(&was), tag(&is));
        let line = format!("{of}image {}: {} -> {}{pinned}", was.name(), tag(&was), tag(&is));
        return Words { shared, ..Words::of(line) };
    }
    if (&was.repository, &was.tag, &was.digest) == (&is.repository, &is.tag, &is.digest) {
        let shared = format!("image registry {} -> {}", registry(&was), registry(&is));
        let rest = Image { registry: None, ..is.clone() };
        let line = format!("{of}image registry {} -> {}, of {rest}", registry(&was), registry(&is));
        return Words { shared, ..Words::of(line) };
    }
    whole
}

/// A number of seconds that limits something.
fn limit(what: &str, field: &FieldChange, none: &str) -> Words {
    let said = |value: &Option<Value>| match value.as_ref().and_then(Value::as_u64) {
        Some(seconds) => values::seconds(seconds),
        None => value.as_ref().map_or_else(|| none.to_owned(), show),
    };
    Words::of(format!("{what}: {} -> {}", said(&field.old), said(&field.new)))
}

/// A value that has a default.
fn or(what: &str, field: &FieldChange, none: &str) -> Words {
    let said = |value: &Option<Value>| value.as_ref().map_or_else(|| none.to_owned(), show);
    Words::of(format!("{what}: {} -> {}", said(&field.old), said(&field.new)))
}

/// Any other field: by what it is called, old and new.
pub fn plain(what: &str, field: &FieldChange) -> Words {
    let list_of = |value: &Option<Value>| value.as_ref().and_then(Value::as_array).cloned();
    if field.is_order() {
        let names = |value: &Option<Value>| {
            list_of(value).unwrap_or_default().iter().map(show).collect::<Vec<String>>().join(", ")
        };
        return Words::of(format!("order of {what}: {} -> {}", names(&field.old), names(&field.new)));
    }
    if let [.., PathSegment::Item(name), PathSegment::Member(member)] = field.path.as_slice()
        && member == UNEXPANDED
    {
        return replaced(what.strip_suffix(UNEXPANDED).unwrap_or(what).trim_end_matches('.'), name, field);
    }
    if let (None, Some(Value::Object(variable))) | (Some(Value::Object(variable)), None) = (&field.old, &field.new)
        && let Some(mark) = variable.get(UNEXPANDED)
    {
        let bare = |value: &Option<Value>| {
            let mut value = value.clone();
            value.as_mut().and_then(Value::as_object_mut).map(|members| members.remove(UNEXPANDED));
            value
        };
        let bare = FieldChange { path: field.path.clone(), old: bare(&field.old), new: bare(&field.new) };
        let names = mark.as_array().into_iter().flatten().filter_map(Value::as_str);
        let references = names.map(|name| format!("$({name})")).collect::<Vec<_>>().join(", ");
        let words = plain(what, &bare);
        return Words::of(format!("{}; {references} in it is not replaced, because of the order", words.line));
    }
    match (&field.old, &field.new) {
        (Some(Value::String(old)), Some(Value::String(new))) if old.contains('\n') || new.contains('\n') => {
            let (count, more) = lines_between(old, new);
            Words { more, ..Words::of(format!("{what}: {count}")) }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            let (line, more) = list(what, old, new);
            Words { more, ..Words::of(line) }
        }
        (None, Some(new)) => Words::of(format!("{what} added: {}", show(new))),
        (Some(old), None) => Words::of(format!("{what} removed, was {}", show(old))),
        (Some(old), Some(new)) => {
            let (was, is) = values::both(old, new);
            Words::of(format!("{what}: {was} -> {is}"))
        }
        (None, None) => Words::of(what),
    }
}

/// Which references of a variable are replaced now, and which no longer: that depends on the order of the variables.
fn replaced(what: &str, name: &str, field: &FieldChange) -> Words {
    let names = |value: &Option<Value>| -> Vec<String> {
        let names = value.as_ref().and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (before, after) = (names(&field.old), names(&field.new));
    let only = |these: &[String], others: &[String]| -> Vec<String> {
        these.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    let line = |names: &[String], is: &str, side: &str| {
        let list = |form: fn(&String) -> String| names.iter().map(form).collect::<Vec<_>>().join(", ");
        let (references, names) = (list(|name| format!("$({name})")), list(String::clone));
        format!("{references} {is}: {names} stands {side} {name} in the list")
    };
    let (now, no_longer) = (only(&before, &after), only(&after, &before));
    let lines = [
        (!now.is_empty()).then(|| line(&now, "is replaced by its value now", "before")),
        (!no_longer.is_empty()).then(|| line(&no_longer, "is no longer replaced by its value", "after")),
    ];
    Words::of(format!("{what}: {}", lines.into_iter().flatten().collect::<Vec<_>>().join("; ")))
}

/// That a covered text differs is all that can be said of it; numbers tell nothing where there is one cover or two.
fn changed_hidden(line: &str) -> String {
    let parts: Vec<&str> = line.split("(hidden").collect();
    let after = |part: &str| part.split_once(')').map_or(String::new(), |(_, rest)| rest.to_owned());
    match parts.as_slice() {
        [before, one, two] if before.ends_with(": ") && after(one) == " -> " && after(two).is_empty() => {
            format!("{before}changed (hidden)")
        }
        [before, one] => format!("{before}(hidden){}", after(one)),
        _ => line.to_owned(),
    }
}
