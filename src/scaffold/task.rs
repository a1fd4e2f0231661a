//! A requested task, from flags or answers, and its text. What was not asked for is not written.

use super::schedule::ScheduleRequest;
use super::task_override::{self, OverrideRequest};
use crate::frontend::native::API_VERSION;
use crate::scaffold::yaml_text::{self, PrettyValue};

/// A task that does not exist yet.
#[derive(Clone, Debug, Default)]
pub struct TaskRequest {
    /// `metadata.name` of the task.
    pub name: String,
    /// `metadata.namespace` of the task.
    pub namespace: Option<String>,
    /// `description` of the task.
    pub description: Option<String>,
    /// `bases` of the task.
    pub bases: Vec<String>,
    /// `placement` of the task.
    pub place: PlacementRequest,
    /// `instances` of the task.
    pub instances: Option<u32>,
    /// `strategy` of the task.
    pub strategy: Option<String>,
    /// `active` of the task.
    pub active: Vec<String>,
    /// `active.max` of the task.
    pub active_max: Option<u32>,
    /// `container.image` of the task.
    pub image: Option<String>,
    /// `container.command` of the task.
    pub command: Vec<String>,
    /// `container.args` of the task.
    pub args: Vec<String>,
    /// `container.env` of the task.
    pub env: Vec<(String, String)>,
    /// `container.resources.requests` of the task.
    pub requests: Vec<(String, String)>,
    /// `schedule` of the task.
    pub schedule: Option<ScheduleRequest>,
    /// `schedule.timeZone` of the task.
    pub time_zone: Option<String>,
    /// `overrides` of the task.
    pub differences: Vec<OverrideRequest>,
}

/// Where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacementRequest {
    /// `placement.clusters: "*"` of the task.
    pub all: bool,
    /// `placement.clusters` of the task.
    pub clusters: Vec<String>,
    /// `match.provider` of the task.
    pub providers: Vec<String>,
    /// `match.region` of the task.
    pub regions: Vec<String>,
    /// `match.zone` of the task.
    pub zones: Vec<String>,
    /// `match.labels` of the task.
    pub labels: Vec<(String, String)>,
    /// `exclude.clusters` of the task.
    pub exclude: Vec<String>,
}

impl PlacementRequest {
    /// Whether any cluster is selected.
    pub fn is_set(&self) -> bool {
        let lists = [&self.clusters, &self.providers, &self.regions, &self.zones];
        self.all || !self.labels.is_empty() || lists.iter().any(|list| !list.is_empty())
    }

    fn to_yaml(&self) -> PrettyValue {
        let mut members = Vec::new();
        if self.all {
            members.push(member("clusters", PrettyValue::Quoted("*".to_owned())));
        } else if !self.clusters.is_empty() {
            members.push(member("clusters", PrettyValue::texts(&self.clusters)));
        }
        let mut matching = Vec::new();
        for (key, values) in [("provider", &self.providers), ("region", &self.regions), ("zone", &self.zones)] {
            if !values.is_empty() {
                matching.push(member(key, PrettyValue::one_or_more(values)));
            }
        }
        let (mut labels, mut expressions) = (Vec::new(), Vec::new());
        let mut keys: Vec<&String> = self.labels.iter().map(|(key, _)| key).collect();
        keys.dedup();
        let mut seen = std::collections::BTreeSet::new();
        for key in keys.into_iter().filter(|key| seen.insert(*key)) {
            let values: Vec<String> =
                self.labels.iter().filter(|(other, _)| other == key).map(|(_, value)| value.clone()).collect();
            match values.as_slice() {
                [only] => labels.push((key.clone(), only.clone())),
                several => expressions.push(PrettyValue::Map(vec![
                    member("key", PrettyValue::text(key)),
                    member("operator", PrettyValue::text("In")),
                    member("values", PrettyValue::texts(several)),
                ])),
            }
        }
        if !labels.is_empty() {
            matching.push(member("labels", PrettyValue::pairs(&labels)));
        }
        if !expressions.is_empty() {
            matching.push(member("expressions", PrettyValue::List(expressions)));
        }
        if !matching.is_empty() {
            members.push(member("match", PrettyValue::Map(matching)));
        }
        if !self.exclude.is_empty() {
            members
                .push(member("exclude", PrettyValue::Map(vec![member("clusters", PrettyValue::texts(&self.exclude))])));
        }
        PrettyValue::Open(members)
    }
}

fn member(key: &str, value: PrettyValue) -> (String, PrettyValue) {
    (key.to_owned(), value)
}

impl TaskRequest {
    /// Sets `name` or `namespace/name`.
    ///
    /// # Errors
    /// Another namespace was given before.
    pub fn set_name(&mut self, text: &str) -> Result<(), String> {
        let Some((namespace, name)) = text.split_once('/') else {
            text.clone_into(&mut self.name);
            return Ok(());
        };
        if self.namespace.as_deref().is_some_and(|other| other != namespace) {
            return Err(format!("`{text}` and `--namespace` name two namespaces: give one of them"));
        }
        self.namespace = Some(namespace.to_owned());
        name.clone_into(&mut self.name);
        Ok(())
    }

    /// The flags of required fields that are not set; a base may set all but the name.
    pub fn missing_flags(&self) -> Vec<&'static str> {
        let bare = self.bases.is_empty();
        let all = [
            (self.name.is_empty(), "NAME"),
            (bare && self.image.is_none(), "--image"),
            (bare && self.schedule.is_none(), "--schedule"),
            (bare && !self.place.is_set(), "where it runs (--all, --cluster, --region, --zone, --provider or --label)"),
        ];
        all.into_iter().filter_map(|(missing, what)| missing.then_some(what)).collect()
    }

    /// `namespace/name`, or the name alone.
    pub fn identity(&self) -> String {
        self.namespace.as_ref().map_or_else(|| self.name.clone(), |namespace| format!("{namespace}/{}", self.name))
    }

    /// The text of the file.
    pub fn file_text(&self) -> String {
        let mut metadata = vec![member("name", PrettyValue::text(&self.name))];
        metadata.extend(self.namespace.as_ref().map(|namespace| member("namespace", PrettyValue::text(namespace))));
        let mut spec = Vec::new();
        spec.extend(self.description.as_ref().map(|text| member("description", PrettyValue::text(text))));
        if !self.bases.is_empty() {
            spec.push(member("bases", PrettyValue::texts(&self.bases)));
        }
        let mut place = match self.place.to_yaml() {
            PrettyValue::Open(members) => members,
            _ => Vec::new(),
        };
        place.extend(self.strategy.as_ref().map(|strategy| member("strategy", PrettyValue::text(strategy))));
        if !place.is_empty() {
            spec.push(member("placement", PrettyValue::Open(place)));
        }
        spec.extend(self.instances.map(|instances| member("instances", PrettyValue::Bare(instances.to_string()))));
        match (self.active.as_slice(), self.active_max) {
            ([], None) => {}
            (names, None) => spec.push(member("active", PrettyValue::texts(names))),
            (names, Some(max)) => {
                let clusters = (!names.is_empty()).then(|| member("clusters", PrettyValue::texts(names)));
                let max = member("max", PrettyValue::Bare(max.to_string()));
                spec.push(member("active", PrettyValue::Map(clusters.into_iter().chain([max]).collect())));
            }
        }
        let zone = self.time_zone.as_deref();
        match (&self.schedule, zone) {
            (Some(period), zone) => spec.push(member("schedule", period.to_yaml(zone))),
            (None, Some(zone)) => {
                spec.push(member("schedule", PrettyValue::Map(vec![member("timeZone", PrettyValue::text(zone))])));
            }
            (None, None) => {}
        }
        let mut container = Vec::new();
        container.extend(self.image.as_ref().map(|image| member("image", PrettyValue::text(image))));
        for (key, words) in [("command", &self.command), ("args", &self.args)] {
            if !words.is_empty() {
                container.push(member(key, PrettyValue::texts(words)));
            }
        }
        if !self.env.is_empty() {
            container.push(member("env", PrettyValue::pairs(&self.env)));
        }
        if !self.requests.is_empty() {
            container.push(member(
                "resources",
                PrettyValue::Map(vec![member("requests", PrettyValue::pairs(&self.requests))]),
            ));
        }
        if !container.is_empty() {
            spec.push(member("container", PrettyValue::Open(container)));
        }
        if !self.differences.is_empty() {
            spec.push(member("overrides", task_override::overrides_to_yaml(&self.differences)));
        }
        yaml_text::document(&[
            member("apiVersion", PrettyValue::Bare(API_VERSION.to_owned())),
            member("kind", PrettyValue::text("Task")),
            member("metadata", PrettyValue::Map(metadata)),
            member("spec", PrettyValue::Open(spec)),
        ])
    }
}
