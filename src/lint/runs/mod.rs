//! Lints over what a task runs: images, resources, probes, rights, secrets, deadlines. They examine the finished
//! CronJob and point at its source.

mod amounts;
mod env_order;
mod host_path;
mod idle;
mod image;
mod memory;
mod objects;
mod privileged;
mod probe;
mod requests;
mod root;
mod secret;
mod timeout;

pub use objects::{Present, RequiredObject};

use serde_json::Value;

use crate::diag::{Code, Diagnostic};
use crate::model::{Fleet, LintLevel};
use crate::tree::{SourceTree, Span, reach};

/// One variant of a task, as these rules see it.
pub struct Running<'a> {
    /// The finished CronJob.
    cron_job: &'a Value,
    /// A Service stands beside it.
    service: bool,
    /// The nearest text that somebody wrote about a place of the CronJob; the task's name if nobody did.
    said: &'a dyn Fn(&str) -> Span,
    /// Where the task's name stands.
    task: Span,
    /// The texts.
    sources: &'a SourceTree,
    pod: Option<&'a Value>,
    /// All containers, those that run first in front; found once for all rules.
    containers: Vec<Container<'a>>,
}

/// A container, and where it stands in the CronJob.
struct Container<'a> {
    value: &'a Value,
    pointer: String,
    /// It ends before the others begin.
    init: bool,
}

/// To the spec of the job template, and to that of its pod.
const JOB: &str = "/spec/jobTemplate/spec";
const POD: &str = "/spec/jobTemplate/spec/template/spec";

/// Everything odd about what a variant runs. Of one that is suspended only what is wrong with its text whether it runs or
/// not: a secret in it is readable all the same.
pub fn running(running: &Running<'_>, fleet: &Fleet) -> Vec<Diagnostic> {
    type Rule = fn(&Running<'_>) -> Vec<Diagnostic>;
    let rules: [(Code, Rule); 13] = [
        (Code::InvalidImage, image::invalid),
        (Code::OddAmount, amounts::run),
        (Code::RootRefused, root::run),
        (Code::EnvOrder, env_order::run),
        (Code::UnpinnedImage, image::run),
        (Code::NoResourceRequests, requests::run),
        (Code::NoMemoryLimit, memory::run),
        (Code::UselessProbe, probe::run),
        (Code::PrivilegedContainer, privileged::run),
        (Code::HostPath, host_path::run),
        (Code::SecretInEnv, secret::run),
        (Code::ImplicitTimeout, timeout::run),
        (Code::IdleJob, idle::run),
    ];
    let suspended = reach(running.cron_job, "/spec/suspend") == Some(&Value::Bool(true));
    let counts = |code: Code| !suspended || code == Code::SecretInEnv;
    rules.iter().filter(|(code, _)| counts(*code) && heard(*code, fleet)).flat_map(|(_, rule)| rule(running)).collect()
}

/// The ConfigMaps, Secrets and ServiceAccounts that a variant cannot do without, if the settings ask who is missing.
pub fn wanted(running: &Running<'_>, fleet: &Fleet) -> Vec<RequiredObject> {
    if heard(Code::UnknownObject, fleet) { objects::wanted(running) } else { Vec::new() }
}

/// Whether anybody wants to know.
fn heard(code: Code, fleet: &Fleet) -> bool {
    match fleet.lints.get(code.name()) {
        Some(level) => *level != LintLevel::Off,
        None => !code.waits(),
    }
}

impl<'a> Running<'a> {
    /// A finished CronJob; whether a Service stands beside it, where its places are said, where the task's name stands,
    /// and the texts.
    pub fn new(
        cron_job: &'a Value,
        service: bool,
        said: &'a dyn Fn(&str) -> Span,
        task: Span,
        sources: &'a SourceTree,
    ) -> Self {
        let pod = reach(cron_job, POD);
        let list = |name: &str| -> Vec<Container<'a>> {
            let items = pod.and_then(|pod| pod.get(name)).and_then(Value::as_array);
            let items = items.into_iter().flatten().enumerate();
            items.map(|(at, value)| Container { value, pointer: format!("{POD}/{name}/{at}"), init: false }).collect()
        };
        let mut containers = list("initContainers");
        // A sidecar stands among those that run first, and runs as long as the others.
        for container in &mut containers {
            container.init = container.text("restartPolicy") != Some("Always");
        }
        containers.extend(list("containers"));
        Self { cron_job, service, said, task, sources, pod, containers }
    }

    fn said(&self, pointer: &str) -> Span {
        (self.said)(pointer)
    }

    fn pod(&self) -> Option<&Value> {
        self.pod
    }

    /// All containers, those that run first in front.
    fn containers(&self) -> &[Container<'a>] {
        &self.containers
    }
}

impl Container<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.value.get(member).and_then(Value::as_str)
    }

    /// Where one of its members stands.
    fn at(&self, member: &str) -> String {
        format!("{}/{member}", self.pointer)
    }

    /// Whether it asks for an amount of something: `requests`, `limits`.
    fn amount(&self, of: &str, resource: &str) -> bool {
        self.value.get("resources").and_then(|all| all.get(of)).is_some_and(|amounts| amounts.get(resource).is_some())
    }

    /// The place where its resources are given, or where it is named.
    fn resources_or_name(&self) -> String {
        if self.value.get("resources").is_some() { self.at("resources") } else { self.at("name") }
    }
}
