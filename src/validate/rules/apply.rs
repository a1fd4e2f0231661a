//! What a POST accepts and server-side apply refuses: duplicate items of lists that are maps or sets
//! (`listItemToPathElement` in `sigs.k8s.io/structured-merge-diff/typed/helpers.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::at::At;
use super::found::Findings;
use crate::diag::{Code, Severity};
use crate::patch::ListShape;
use crate::patch::table::{ApplyList, default_of};
use crate::validate::{Finding, FindingKind, SchemaNode};

/// A whole object.
pub(crate) fn object(object: &At<'_>, schema: SchemaNode, found: &mut Findings) {
    for (field, value) in [("apiVersion", schema.group_version().unwrap_or_default()), ("kind", schema.name())] {
        if object.words(field).is_empty() {
            let message = format!("`{field}` is missing, and server-side apply needs it");
            found
                .add(object, Code::ApplyRefused, FindingKind::Apply, message)
                .at_key()
                .help(format!("write `{field}: {value}`"));
        }
    }
    let Some(metadata) = object.get("metadata") else { return };
    if let Some(fields) = metadata.get("managedFields") {
        let message = "`managedFields` are the API server's own, and server-side apply refuses them".to_owned();
        found.add(&fields, Code::ApplyRefused, FindingKind::Apply, message).at_key().help("leave them out");
    }
    if let Some(uid) = metadata.get("uid").filter(|_| !metadata.words("uid").is_empty()) {
        let message =
            "an object with a `uid` is that object and no new one, and server-side apply refuses to make it".to_owned();
        found.add(&uid, Code::ApplyRefused, FindingKind::Apply, message).at_key().help("leave it out");
    }
    if let Some(version) = metadata.get("resourceVersion").filter(|_| !metadata.words("resourceVersion").is_empty()) {
        // `Create` in `k8s.io/apiserver/pkg/storage/etcd3/store.go`, to which a dry run does not come.
        let message = "an object with a `resourceVersion` cannot be made, only changed";
        let finding = found.refuse(&version, message).at_key();
        finding.help("leave it out: the API server writes it").severity = Severity::Warning;
    }
}

/// Every list of a value that server-side apply takes for a map or a set: an item that stands there twice, has no key, or
/// is null. The value is as the author wrote it: a null that the API server reads as an empty text is a null here.
pub(crate) fn lists(at: &At<'_>, shape: ListShape, findings: &mut Vec<Finding>) {
    let refused: Vec<String> = findings.iter().filter(|it| it.is_refusal()).map(|it| it.pointer.clone()).collect();
    let mut walk = Walk { refused, found: Vec::new() };
    walk.value(at, shape);
    findings.extend(walk.found);
}

struct Walk {
    /// Where something is refused in any case.
    refused: Vec<String>,
    found: Vec<Finding>,
}

impl Walk {
    fn value(&mut self, at: &At<'_>, shape: ListShape) {
        let Some(members) = at.value().as_object() else { return };
        for (name, value) in members {
            let shape = shape.field(name);
            match value {
                Value::Array(_) if shape.is_list() => {
                    match shape.apply_list() {
                        ApplyList::Atomic => {}
                        ApplyList::Set => self.unique(at, name, scalar),
                        ApplyList::Map(keys) => self.unique(at, name, |item| identity(item, name, keys)),
                    }
                    at.items(name).for_each(|item| self.value(&item, shape.item()));
                }
                Value::Object(_) => {
                    if let Some(member) = at.get(name) {
                        self.value(&member, shape);
                    }
                }
                _ => {}
            }
        }
    }

    fn unique(&mut self, at: &At<'_>, list: &str, key: impl Fn(&At<'_>) -> Result<String, &'static str>) {
        // Places are written out for what is refused alone: nearly every item of every list is fine.
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for (index, item) in at.items(list).enumerate() {
            let (message, help) = match key(&item) {
                _ if item.value().is_null() => {
                    ("is null, and server-side apply refuses that in this list".to_owned(), "remove the item")
                }
                Err(key) => (format!("has no `{key}`, by which server-side apply knows it"), "leave it out"),
                Ok(key) => {
                    let Some(first) = known.get(&key).copied() else {
                        known.insert(key, index);
                        continue;
                    };
                    if at.items(list).nth(first).is_some_and(|first| self.is_refused(&first.pointer())) {
                        continue;
                    }
                    let what =
                        if key.is_empty() { "an empty name".to_owned() } else { format!("`{}`", super::shown(&key)) };
                    let message = format!("{what} stands in `{list}` twice, and server-side apply refuses that");
                    self.add(&item, message, "leave out one of the two");
                    continue;
                }
            };
            self.add(&item, format!("`{}` {message}", item.place()), help);
        }
    }

    fn is_refused(&self, pointer: &str) -> bool {
        let inside =
            |place: &String| place.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.refused.iter().any(inside)
    }

    /// Nothing where the item is refused in any case: that is one mistake.
    fn add(&mut self, item: &At<'_>, message: String, help: &str) {
        let pointer = item.pointer();
        if self.is_refused(&pointer) {
            return;
        }
        self.found.push(Finding {
            pointer,
            at_key: false,
            code: Code::ApplyRefused,
            severity: Severity::Error,
            message,
            help: vec![help.to_owned()],
            kind: FindingKind::Apply,
            within: None,
            beside: None,
        });
    }
}

fn scalar(item: &At<'_>) -> Result<String, &'static str> {
    Ok(item.value().as_str().map_or_else(|| item.value().to_string(), str::to_owned))
}

/// What tells an item of a map from the others, or the member that is missing.
fn identity(item: &At<'_>, list: &str, keys: &'static [&'static str]) -> Result<String, &'static str> {
    let member = |key: &&'static str| match item.value().get(*key).filter(|value| !value.is_null()) {
        Some(Value::String(text)) if !(text.is_empty() && *key == "protocol") => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        // The default of a `LocalObjectReference`.
        _ if (list, *key) == ("imagePullSecrets", "name") => Ok(String::new()),
        _ => default_of(key).map(str::to_owned).ok_or(*key),
    };
    Ok(keys.iter().map(member).collect::<Result<Vec<_>, _>>()?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::validate::SCHEMA_VERSION;
    use serde_json::json;

    /// Where server-side apply refuses something of a pod.
    fn pod(spec: Value) -> Vec<String> {
        let mut findings = Vec::new();
        lists(&At::root(&spec), ListShape::pod_spec(), &mut findings);
        findings.into_iter().map(|finding| finding.pointer).collect()
    }

    #[test]
    fn nothing_stands_in_a_list_twice() {
        let container = json!({
            "name": "c",
            "env": [{"name": "A"}, {"name": "B"}, {"name": "A"}],
            "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80, "protocol": "TCP"}],
            "restartPolicyRules": [{"exitCodes": {"values": [1, 2, 1]}}],
        });
        let spec = json!({"containers": [container], "imagePullSecrets": [{"name": "a"}, {}, {"name": "a"}]});
        let rules = "/containers/0/restartPolicyRules/0/exitCodes/values/2";
        assert_eq!(pod(spec), ["/containers/0/env/2", "/containers/0/ports/2", rules, "/imagePullSecrets/2"]);
    }

    #[test]
    fn a_key_may_be_a_default_or_a_part() {
        let secrets = |second: Value| pod(json!({"imagePullSecrets": [{}, second]})).len();
        assert_eq!([secrets(json!({})), secrets(json!({"name": ""})), secrets(json!({"name": "a"}))], [1, 1, 0]);
        let claims = json!([{"name": "c", "request": "a"}, {"name": "c", "request": "b"}]);
        let claims = pod(json!({"containers": [{"name": "c", "resources": {"claims": claims}}]}));
        assert_eq!(claims, ["/containers/0/resources/claims/1"]);
    }

    #[test]
    fn an_item_that_is_null_has_no_key() {
        let rules = json!([{"exitCodes": {"values": [null, 1]}}]);
        let spec = json!({"imagePullSecrets": [null], "containers": [{"name": "c", "restartPolicyRules": rules, "args": [null, null]}]});
        let values = "/containers/0/restartPolicyRules/0/exitCodes/values/0";
        assert_eq!(pod(spec), [values, "/imagePullSecrets/0"]);
    }

    #[test]
    fn templates_and_other_kinds_have_such_lists_too() {
        let of = |value: Value, kind: &str, version: &str| {
            let mut findings = Vec::new();
            lists(&At::root(&value), ListShape::of(version, kind), &mut findings);
            findings.into_iter().map(|finding| finding.pointer).collect::<Vec<_>>()
        };
        let meta = json!({"finalizers": ["a.b/c", "a.b/c"], "ownerReferences": [{}, {"uid": "b"}, {"uid": "b"}]});
        let job = json!({"metadata": meta, "spec": {"template": {"metadata": {"finalizers": ["a.b/c", "a.b/c"]}}}});
        assert_eq!(
            of(json!({"spec": {"jobTemplate": job}}), "CronJob", "batch/v1"),
            ["finalizers/1", "ownerReferences/0", "ownerReferences/2"]
                .map(|at| format!("/spec/jobTemplate/metadata/{at}"))
                .into_iter()
                .chain(["/spec/jobTemplate/spec/template/metadata/finalizers/1".to_owned()])
                .collect::<Vec<_>>()
        );
        let account =
            json!({"secrets": [{"name": "a"}, {"name": "a"}], "imagePullSecrets": [{"name": "a"}, {"name": "a"}]});
        assert_eq!(of(account, "ServiceAccount", "v1"), ["/secrets/1"]);
        let service = json!({"spec": {"ports": [{"port": 80}, {"port": 80, "protocol": "TCP"}]}});
        assert_eq!(of(service, "Service", "v1"), ["/spec/ports/1"]);
    }

    #[test]
    fn one_mistake_is_one_message() {
        let object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a", "namespace": "b"},
            "spec": {"schedule": "0 1 * * *", "timeZone": "UTC", "jobTemplate": {"spec": {"template": {"spec": {
                "restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}, {"name": "c", "image": "i:1"}]}}}}}});
        let findings = crate::validate::cron_job(&object, crate::validate::Options::default());
        assert_eq!(findings.len(), 1, "{findings:?}");
    }

    /// `k8s.io/apiserver/pkg/storage/etcd3.Create`
    #[test]
    fn create() {
        let mut found = Findings::new(SCHEMA_VERSION);
        let given = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"resourceVersion": "1"}});
        object(&At::root(&given), SchemaNode::cronjob(), &mut found);
        let said = found.into_findings().into_iter().map(|finding| (finding.pointer, finding.severity));
        assert_eq!(said.collect::<Vec<_>>(), [("/metadata/resourceVersion".to_owned(), Severity::Warning)]);
    }

    #[test]
    fn what_the_server_writes_nobody_applies() {
        let whole = |value| found_by(value, |at, found| object(at, SchemaNode::cronjob(), found));
        let metadata = json!({"uid": "u", "managedFields": []});
        let given = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata});
        assert_eq!(whole(given), ["/metadata/managedFields", "/metadata/uid"]);
        assert_eq!(whole(json!({"kind": ""})), ["", ""]);
    }
}
