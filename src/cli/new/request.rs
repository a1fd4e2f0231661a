//! A requested task, from flags or answers, and its text. What was not asked for is not written.

use super::super::hand::{self, Hand};
use super::super::outcome::Failure;
use super::difference::{self, Difference};
use super::period::Period;
use super::typed::New;
use crate::frontend::native::API_VERSION;

/// A task that does not exist yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) description: Option<String>,
    pub(super) bases: Vec<String>,
    pub(super) place: Place,
    pub(super) instances: Option<u32>,
    pub(super) strategy: Option<String>,
    pub(super) active: Vec<String>,
    pub(super) active_max: Option<u32>,
    pub(super) image: Option<String>,
    pub(super) command: Vec<String>,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) requests: Vec<(String, String)>,
    pub(super) schedule: Option<Period>,
    pub(super) time_zone: Option<String>,
    pub(super) differences: Vec<Difference>,
}

/// Where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) all: bool,
    pub(super) clusters: Vec<String>,
    pub(super) providers: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) zones: Vec<String>,
    pub(super) labels: Vec<(String, String)>,
    pub(super) exclude: Vec<String>,
}

impl Place {
    /// Whether it says where.
    pub(super) fn is_said(&self) -> bool {
        let lists = [&self.clusters, &self.providers, &self.regions, &self.zones];
        self.all || !self.labels.is_empty() || lists.iter().any(|list| !list.is_empty())
    }

    fn hand(&self) -> Hand {
        let mut members = Vec::new();
        if self.all {
            members.push(member("clusters", Hand::Quoted("*".to_owned())));
        } else if !self.clusters.is_empty() {
            members.push(member("clusters", Hand::texts(&self.clusters)));
        }
        let mut matching = Vec::new();
        for (key, values) in [("provider", &self.providers), ("region", &self.regions), ("zone", &self.zones)] {
            if !values.is_empty() {
                matching.push(member(key, Hand::one_or_more(values)));
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
                several => expressions.push(Hand::Map(vec![
                    member("key", Hand::text(key)),
                    member("operator", Hand::text("In")),
                    member("values", Hand::texts(several)),
                ])),
            }
        }
        if !labels.is_empty() {
            matching.push(member("labels", Hand::pairs(&labels)));
        }
        if !expressions.is_empty() {
            matching.push(member("expressions", Hand::List(expressions)));
        }
        if !matching.is_empty() {
            members.push(member("match", Hand::Map(matching)));
        }
        if !self.exclude.is_empty() {
            members.push(member("exclude", Hand::Map(vec![member("clusters", Hand::texts(&self.exclude))])));
        }
        Hand::Open(members)
    }
}

fn member(key: &str, value: Hand) -> (String, Hand) {
    (key.to_owned(), value)
}

/// The two parts of `KEY=VALUE`.
pub(super) fn pair(flag: &str, said: &str) -> Result<(String, String), Failure> {
    match said.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(Failure::Run(format!("`{flag} {said}`: write it as `{flag} KEY=VALUE`"))),
    }
}

fn pairs(flag: &str, said: &[String], once: bool) -> Result<Vec<(String, String)>, Failure> {
    let mut all: Vec<(String, String)> = Vec::new();
    for text in said {
        let (key, value) = pair(flag, text)?;
        if once && all.iter().any(|(known, _)| *known == key) {
            return Err(Failure::Run(format!("`{flag} {key}` is given twice")));
        }
        all.push((key, value));
    }
    Ok(all)
}

impl Request {
    /// What the flags say.
    pub(super) fn of(flags: &New) -> Result<Self, Failure> {
        let mut request = Self {
            namespace: flags.namespace.clone(),
            description: flags.description.clone(),
            bases: flags.bases.clone(),
            place: Place {
                all: flags.all,
                clusters: flags.clusters.clone(),
                providers: flags.providers.clone(),
                regions: flags.regions.clone(),
                zones: flags.zones.clone(),
                labels: pairs("--label", &flags.labels, false)?,
                exclude: flags.exclude.clone(),
            },
            instances: flags.instances,
            strategy: flags.strategy.clone(),
            active: flags.active.clone(),
            active_max: flags.active_max,
            image: flags.image.clone(),
            command: flags.command.clone(),
            args: flags.args.clone(),
            env: pairs("--env", &flags.env, true)?,
            requests: pairs("--request", &flags.requests, true)?,
            schedule: flags.schedule.as_deref().map(Period::read).transpose()?,
            time_zone: flags.time_zone.clone(),
            ..Self::default()
        };
        for said in &flags.overrides {
            difference::add(said, &mut request.differences)?;
        }
        if let Some(name) = &flags.name {
            request.named(name)?;
        }
        Ok(request)
    }

    /// Takes `name` or `namespace/name`.
    pub(super) fn named(&mut self, said: &str) -> Result<(), Failure> {
        let Some((namespace, name)) = said.split_once('/') else {
            said.clone_into(&mut self.name);
            return Ok(());
        };
        if self.namespace.as_deref().is_some_and(|other| other != namespace) {
            return Err(Failure::Run(format!("`{said}` and `--namespace` name two namespaces: give one of them")));
        }
        self.namespace = Some(namespace.to_owned());
        name.clone_into(&mut self.name);
        Ok(())
    }

    /// What a task cannot do without and nobody has said; a base may say all but the name.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let bare = self.bases.is_empty();
        let all = [
            (self.name.is_empty(), "NAME"),
            (bare && self.image.is_none(), "--image"),
            (bare && self.schedule.is_none(), "--schedule"),
            (
                bare && !self.place.is_said(),
                "where it runs (--all, --cluster, --region, --zone, --provider or --label)",
            ),
        ];
        all.into_iter().filter_map(|(missing, what)| missing.then_some(what)).collect()
    }

    /// `namespace/name`, or the name alone.
    pub(super) fn identity(&self) -> String {
        self.namespace.as_ref().map_or_else(|| self.name.clone(), |namespace| format!("{namespace}/{}", self.name))
    }

    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let mut metadata = vec![member("name", Hand::text(&self.name))];
        metadata.extend(self.namespace.as_ref().map(|namespace| member("namespace", Hand::text(namespace))));
        let mut spec = Vec::new();
        spec.extend(self.description.as_ref().map(|text| member("description", Hand::text(text))));
        if !self.bases.is_empty() {
            spec.push(member("bases", Hand::texts(&self.bases)));
        }
        let mut place = match self.place.hand() {
            Hand::Open(members) => members,
            _ => Vec::new(),
        };
        place.extend(self.strategy.as_ref().map(|strategy| member("strategy", Hand::text(strategy))));
        if !place.is_empty() {
            spec.push(member("placement", Hand::Open(place)));
        }
        spec.extend(self.instances.map(|instances| member("instances", Hand::Bare(instances.to_string()))));
        match (self.active.as_slice(), self.active_max) {
            ([], None) => {}
            (names, None) => spec.push(member("active", Hand::texts(names))),
            (names, Some(max)) => {
                let clusters = (!names.is_empty()).then(|| member("clusters", Hand::texts(names)));
                let max = member("max", Hand::Bare(max.to_string()));
                spec.push(member("active", Hand::Map(clusters.into_iter().chain([max]).collect())));
            }
        }
        let zone = self.time_zone.as_deref();
        match (&self.schedule, zone) {
            (Some(period), zone) => spec.push(member("schedule", period.hand(zone))),
            (None, Some(zone)) => {
                spec.push(member("schedule", Hand::Map(vec![member("timeZone", Hand::text(zone))])));
            }
            (None, None) => {}
        }
        let mut container = Vec::new();
        container.extend(self.image.as_ref().map(|image| member("image", Hand::text(image))));
        for (key, words) in [("command", &self.command), ("args", &self.args)] {
            if !words.is_empty() {
                container.push(member(key, Hand::texts(words)));
            }
        }
        if !self.env.is_empty() {
            container.push(member("env", Hand::pairs(&self.env)));
        }
        if !self.requests.is_empty() {
            container.push(member("resources", Hand::Map(vec![member("requests", Hand::pairs(&self.requests))])));
        }
        if !container.is_empty() {
            spec.push(member("container", Hand::Open(container)));
        }
        if !self.differences.is_empty() {
            spec.push(member("overrides", difference::hand(&self.differences)));
        }
        hand::document(&[
            member("apiVersion", Hand::Bare(API_VERSION.to_owned())),
            member("kind", Hand::text("Task")),
            member("metadata", Hand::Map(metadata)),
            member("spec", Hand::Open(spec)),
        ])
    }
}
