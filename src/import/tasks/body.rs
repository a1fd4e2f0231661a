//! A CronJob as the body of a task, and what in it no body can say.

use serde_json::{Map, Value, json};

use crate::model::reference;

/// Fields of CronJobSpec that stand in `job`.
const CRON_JOB_FIELDS: [&str; 4] =
    ["startingDeadlineSeconds", "concurrencyPolicy", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"];

/// A CronJob taken apart.
#[derive(Clone, Debug)]
pub(super) struct TakenBody {
    /// What a task says of it: schedule, timeZone, labels, annotations, job, pod, container.
    pub(super) body: Value,
    /// `suspend`, where it is written.
    pub(super) suspend: Option<bool>,
    /// A text that the format would read as its own reference, or a field for which it has no word: such a CronJob is
    /// taken whole, as a file.
    pub(super) needs_file: Option<String>,
}

/// Takes a CronJob apart; `None` if it has no container, no schedule or another form than Kubernetes' own.
pub(super) fn take_apart(object: &Value) -> Option<TakenBody> {
    let spec = object.get("spec")?.as_object()?;
    let job_template = spec.get("jobTemplate")?.as_object()?;
    let job_spec = job_template.get("spec")?.as_object()?;
    let template = job_spec.get("template")?.as_object()?;
    let pod_spec = template.get("spec")?.as_object()?;
    let containers = pod_spec.get("containers")?.as_array()?;
    let (first, others) = containers.split_first()?;
    first.get("image")?.as_str()?;
    let mut unknown = UnknownField::default();
    let mut body = Map::new();
    let (mut job, mut pod) = (Map::new(), Map::new());
    for (name, value) in spec {
        match name.as_str() {
            "schedule" => _ = body.insert(name.clone(), value.clone()),
            "timeZone" => _ = body.insert(name.clone(), value.clone()),
            "suspend" | "jobTemplate" => {}
            known if CRON_JOB_FIELDS.contains(&known) => _ = job.insert(name.clone(), value.clone()),
            _ => unknown.add("spec", name),
        }
    }
    body.get("schedule")?.as_str()?;

    metadata(object.get("metadata")?, &mut body, &["name", "namespace"], &mut unknown);
    for (part, owner) in [(job_template, "jobTemplate"), (template, "template")] {
        part.keys()
            .filter(|name| !matches!(name.as_str(), "metadata" | "spec"))
            .for_each(|name| unknown.add(owner, name));
    }
    job.extend(
        job_spec.iter().filter(|(name, _)| *name != "template").map(|(name, value)| (name.clone(), value.clone())),
    );
    for name in ["schedule", "timeZone", "labels", "annotations", "shardEnv", "suspend", "container", "containers"] {
        if job_spec.contains_key(name) {
            unknown.add("jobTemplate.spec", name);
        }
    }
    pod.extend(
        pod_spec.iter().filter(|(name, _)| *name != "containers").map(|(name, value)| (name.clone(), value.clone())),
    );
    for name in ["labels", "annotations"] {
        if pod_spec.contains_key(name) {
            unknown.add("template.spec", name);
        }
    }
    metadata(job_template.get("metadata").unwrap_or(&json!({})), &mut job, &[], &mut unknown);
    metadata(template.get("metadata").unwrap_or(&json!({})), &mut pod, &[], &mut unknown);
    if !others.is_empty() {
        pod.insert("containers".to_owned(), Value::Array(others.to_vec()));
    }
    for (name, part) in [("job", job), ("pod", pod)] {
        if !part.is_empty() {
            body.insert(name.to_owned(), Value::Object(part));
        }
    }
    body.insert("container".to_owned(), first.clone());
    let body = Value::Object(body);
    let needs_file = unknown
        .0
        .or_else(|| holds_reference(&body).map(|text| format!("`{text}` would be read as a reference of fleetcron")));
    Some(TakenBody { body, suspend: spec.get("suspend").and_then(Value::as_bool), needs_file })
}

/// The first field that a body has no word for.
#[derive(Default)]
struct UnknownField(Option<String>);

impl UnknownField {
    fn add(&mut self, owner: &str, name: &str) {
        self.0.get_or_insert_with(|| format!("no field of a task stands for `{owner}.{name}`"));
    }
}

fn metadata(metadata: &Value, into: &mut Map<String, Value>, known: &[&str], unknown: &mut UnknownField) {
    for (name, value) in metadata.as_object().into_iter().flatten() {
        match name.as_str() {
            "labels" | "annotations" => _ = into.insert(name.clone(), value.clone()),
            known_name if known.contains(&known_name) => {}
            _ => unknown.add("metadata", name),
        }
    }
}

/// The first text in a value that fleetcron would read as a reference.
pub(super) fn holds_reference(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => reference::first(text),
        Value::Array(items) => items.iter().find_map(holds_reference),
        Value::Object(members) => {
            members.iter().find_map(|(key, member)| reference::first(key).or_else(|| holds_reference(member)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_lands_in_its_part() {
        let object = json!({"metadata": {"name": "a", "namespace": "n", "labels": {"l": "m"}}, "spec": {
            "schedule": "0 3 * * *", "suspend": true, "concurrencyPolicy": "Forbid", "jobTemplate": {
                "metadata": {"labels": {"j": "k"}}, "spec": {"backoffLimit": 0, "template": {
                    "metadata": {"annotations": {"p": "q"}},
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "e"}]}}}}}});
        let taken = take_apart(&object).expect("a CronJob");
        assert_eq!((taken.suspend, taken.needs_file), (Some(true), None));
        assert_eq!(
            taken.body,
            json!({"schedule": "0 3 * * *", "labels": {"l": "m"}, "job": {"concurrencyPolicy": "Forbid", "backoffLimit": 0, "labels": {"j": "k"}},
                "pod": {"annotations": {"p": "q"}, "restartPolicy": "Never", "containers": [{"name": "d", "image": "e"}]},
                "container": {"name": "c", "image": "i"}})
        );
        let mut other = object.clone();
        other["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["$(var.x)"]);
        assert!(take_apart(&other).and_then(|taken| taken.needs_file).is_some());
        other["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"] = json!([]);
        assert!(take_apart(&other).is_none());
    }
}
