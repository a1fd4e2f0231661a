//! `unknown-object`: a ConfigMap, Secret or ServiceAccount that no task of the cluster and namespace brings. Off by
//! default, because other tools often create them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{POD, Running};
use crate::diag::{Code, Diagnostic};
use crate::tree::Span;

/// An object that a pod cannot do without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequiredObject {
    kind: &'static str,
    namespace: Option<String>,
    name: String,
    span: Span,
}

/// The objects of one cluster.
#[derive(Default)]
pub struct Present<'a> {
    /// Kind, namespace and name of each.
    known: BTreeSet<(&'a str, Option<&'a str>, &'a str)>,
    /// Those of custom kinds: namespace and manifest.
    custom: Vec<(Option<&'a str>, &'a [u8])>,
}

impl<'a> Present<'a> {
    /// Adds one; the kind is `Kind`, or `group/Kind` for custom ones.
    pub fn add(&mut self, kind: &'a str, namespace: Option<&'a str>, name: &'a str, manifest: &'a [u8]) {
        if kind.contains('/') {
            self.custom.push((namespace, manifest));
        } else {
            self.known.insert((kind, namespace, name));
        }
    }
}

/// Where objects are named: below a pod, a volume, a container. Each is the way to a map, the member that names, and the
/// kind; a map with `optional: true` asks for nothing.
type ReferencePath = (&'static [&'static str], &'static str, &'static str);

const VOLUME: [ReferencePath; 3] = [
    (&["configMap"], "name", "ConfigMap"),
    (&["secret"], "secretName", "Secret"),
    (&["csi", "nodePublishSecretRef"], "name", "Secret"),
];
const PROJECTED: [ReferencePath; 2] = [(&["configMap"], "name", "ConfigMap"), (&["secret"], "name", "Secret")];
const ENV: [ReferencePath; 2] =
    [(&["valueFrom", "configMapKeyRef"], "name", "ConfigMap"), (&["valueFrom", "secretKeyRef"], "name", "Secret")];
const ENV_FROM: [ReferencePath; 2] = [(&["configMapRef"], "name", "ConfigMap"), (&["secretRef"], "name", "Secret")];
const PULL: [ReferencePath; 1] = [(&[], "name", "Secret")];
const ACCOUNT: [ReferencePath; 1] = [(&[], "serviceAccountName", "ServiceAccount")];

/// What the pods of a variant cannot do without, each named once.
pub(super) fn wanted(running: &Running<'_>) -> Vec<RequiredObject> {
    let Some(pod) = running.pod() else { return Vec::new() };
    let namespace = running.cron_job.pointer("/metadata/namespace").and_then(Value::as_str).map(str::to_owned);
    let mut all = Search { running, namespace, seen: BTreeSet::new(), found: Vec::new() };
    all.look(pod, POD, &ACCOUNT);
    all.each(pod, POD, "imagePullSecrets", &PULL);
    all.each(pod, POD, "volumes", &VOLUME);
    for (at, volume) in items(pod, "volumes") {
        if let Some(projected) = volume.get("projected") {
            all.each(projected, &format!("{POD}/volumes/{at}/projected"), "sources", &PROJECTED);
        }
    }
    for container in running.containers() {
        all.each(container.value, &container.pointer, "env", &ENV);
        all.each(container.value, &container.pointer, "envFrom", &ENV_FROM);
    }
    all.found
}

fn items<'v>(value: &'v Value, list: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    value.get(list).and_then(Value::as_array).into_iter().flatten().enumerate()
}

struct Search<'a> {
    running: &'a Running<'a>,
    namespace: Option<String>,
    seen: BTreeSet<(&'static str, String)>,
    found: Vec<RequiredObject>,
}

impl Search<'_> {
    fn each(&mut self, owner: &Value, pointer: &str, list: &str, ways: &[ReferencePath]) {
        for (at, item) in items(owner, list) {
            self.look(item, &format!("{pointer}/{list}/{at}"), ways);
        }
    }

    fn look(&mut self, value: &Value, pointer: &str, ways: &[ReferencePath]) {
        for (way, member, kind) in ways {
            let Some(map) = way.iter().try_fold(value, |value, step| value.get(step)) else { continue };
            let optional = map.get("optional").and_then(Value::as_bool).unwrap_or_default();
            let Some(name) = map.get(member).and_then(Value::as_str).filter(|name| !name.is_empty() && !optional)
            else {
                continue;
            };
            // Kubernetes puts these two into every namespace.
            let given = matches!((*kind, name), ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt"));
            if !given && self.seen.insert((kind, name.to_owned())) {
                let way: String = way.iter().map(|step| format!("/{step}")).collect();
                let span = self.running.said(&format!("{pointer}{way}/{member}"));
                let (namespace, name) = (self.namespace.clone(), name.to_owned());
                self.found.push(RequiredObject { kind, namespace, name, span });
            }
        }
    }
}

impl RequiredObject {
    /// Whether it is there, or something that makes it.
    pub fn is_met_by(&self, present: &Present<'_>) -> bool {
        let namespace = self.namespace.as_deref();
        let makes = |(of, text): &(Option<&str>, &[u8])| (of.is_none() || *of == namespace) && names(text, &self.name);
        present.known.contains(&(self.kind, namespace, self.name.as_str()))
            || (self.kind != "ServiceAccount" && present.custom.iter().any(makes))
    }

    /// What to say of it where it is missing.
    pub fn diagnostic(&self) -> Diagnostic {
        let place = self.namespace.as_ref().map_or_else(String::new, |namespace| format!(" in `{namespace}`"));
        let message = format!("no task brings the {} `{}`{place}", self.kind, self.name);
        let diagnostic = Diagnostic::new(Code::UnknownObject, self.span, message)
            .help("name its file under `resources`; what others make there needs no file");
        match self.kind {
            "ServiceAccount" => diagnostic.note("without it no pod of the task is made"),
            _ => diagnostic.help("`optional: true` says that the task can do without it"),
        }
    }
}

/// Whether a text holds a name that is not a part of a longer one.
fn names(text: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(text);
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    text.match_indices(name).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(part) && !behind.starts_with(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileId;

    #[test]
    fn a_custom_object_that_names_a_secret_makes_it() {
        let span = Span::new(FileId(0), 0, 0);
        let wanted = |kind| RequiredObject { kind, namespace: Some("a".to_owned()), name: "db".to_owned(), span };
        let met = |kind, present: (&str, Option<&str>, &str, &str)| {
            let (own, namespace, name, text) = present;
            let mut all = Present::default();
            all.add(own, namespace, name, text.as_bytes());
            wanted(kind).is_met_by(&all)
        };
        assert!(met("Secret", ("Secret", Some("a"), "db", "")));
        assert!(!met("Secret", ("Secret", Some("b"), "db", "")));
        assert!(!met("Secret", ("ConfigMap", Some("a"), "db", "")));
        let external = "external-secrets.io/ExternalSecret";
        assert!(met("Secret", (external, Some("a"), "x", "target:\n  name: db\n")));
        assert!(met("Secret", (external, None, "x", "name: \"db\"")));
        assert!(!met("Secret", (external, Some("a"), "x", "name: db-2\nkey: my.db\n")));
        assert!(!met("ServiceAccount", (external, Some("a"), "x", "name: db")));
    }
}
