//! What the walk says, one behaviour a test.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{Finding, FindingKind, Options, check, quantity};
use crate::diag::{Code, Severity};
use crate::validate::{SCHEMA_VERSION, SchemaNode, Version};

const PARTIAL: Options = Options { version: SCHEMA_VERSION, partial: true };

/// The only finding in a part.
fn part(schema: SchemaNode, value: Value) -> Finding {
    let mut findings = check(&value, schema, PARTIAL);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

/// Message and first help of the only finding in a part.
fn said(schema: SchemaNode, value: Value) -> (String, String) {
    let finding = part(schema, value);
    (finding.message, finding.help.into_iter().next().unwrap_or_default())
}

fn help(schema: SchemaNode, value: Value) -> String {
    said(schema, value).1
}

fn cronjob() -> Value {
    let pod = json!({"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]});
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "a", "labels": {"x": null}},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    })
}

#[test]
fn a_sound_cronjob_has_no_finding() {
    assert_eq!(check(&cronjob(), SchemaNode::cronjob(), Options::default()), []);
}

#[test]
fn null_counts_as_absent() {
    let mut job = cronjob();
    job["spec"]["suspend"] = Value::Null;
    job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "A", "value": null}]);
    assert_eq!(check(&job, SchemaNode::cronjob(), Options::default()), []);
    job["spec"]["schedule"] = Value::Null;
    let findings = check(&job, SchemaNode::cronjob(), Options::default());
    assert_eq!((findings[0].pointer.as_str(), findings[0].kind), ("/spec", FindingKind::Missing));
    assert_eq!(findings[0].message, "`schedule` is missing in `spec`");
}

#[test]
fn whatever_is_missing_is_told_where_it_is_missing() {
    let findings =
        check(&json!({"kind": "CronJob", "spec": {"jobTemplate": {}}}), SchemaNode::cronjob(), Options::default());
    let told: Vec<_> = findings.iter().map(|it| (it.pointer.as_str(), it.message.as_str())).collect();
    assert_eq!(
        told,
        [
            ("/spec/jobTemplate", "`spec` is missing in `jobTemplate`"),
            ("/spec", "`schedule` is missing in `spec`"),
            ("", "`name` is missing in `CronJob`"),
        ]
    );
    let findings = check(&json!({"containers": [{"name": "a"}, null]}), SchemaNode::pod_spec(), Options::default());
    let told: Vec<_> = findings.iter().map(|it| (it.pointer.as_str(), it.message.as_str())).collect();
    assert_eq!(told[0], ("/containers/0", "`image` is missing in `containers[0]`"));
    assert_eq!(told[1], ("/containers/1", "`name` is missing in `containers[1]`"));
    assert_eq!(findings.last().map(|it| it.code), Some(Code::RestartPolicy));
    assert_eq!(check(&json!({"containers": [{"name": "a"}]}), SchemaNode::pod_spec(), PARTIAL), []);
}

#[test]
fn absent_is_as_good_as_zero_where_the_server_says_so() {
    let probe = json!({"httpGet": {"port": "http", "httpHeaders": [{"name": "A"}]}});
    let probes = SchemaNode::container().field("livenessProbe").unwrap();
    assert_eq!(check(&probe, probes, Options::default()), []);
}

#[test]
fn a_misspelt_field_meets_its_neighbour() {
    let finding = part(SchemaNode::container(), json!({"Image": "a"}));
    assert_eq!((finding.pointer.as_str(), finding.at_key, finding.code), ("/Image", true, Code::UnknownField));
    assert_eq!(finding.message, "there is no field `Image` in `Container`");
    assert_eq!(finding.help, ["did you mean `image`?"]);
    assert_eq!(help(SchemaNode::cronjob_spec(), json!({"timezone": "UTC"})), "did you mean `timeZone`?");
    assert_eq!(help(SchemaNode::cronjob_spec(), json!({"suspended": true})), "did you mean `suspend`?");
    assert_eq!(help(SchemaNode::container(), json!({"environment": []})), "did you mean `env`?");
    assert_eq!(help(SchemaNode::container(), json!({"env": [{"val": "a"}]})), "did you mean `value`?");
    assert_eq!(help(SchemaNode::container(), json!({"resources": {"request": {}}})), "did you mean `requests`?");
    assert_eq!(help(SchemaNode::pod_spec(), json!({"container": []})), "did you mean `containers`?");
    assert_eq!(
        help(SchemaNode::pod_spec(), json!({"volumes": [{"secret": {"name": "a"}}]})),
        "did you mean `secretName`?"
    );
}

#[test]
fn a_field_in_the_wrong_place_is_sent_home() {
    let pod = SchemaNode::pod_spec;
    assert_eq!(help(pod(), json!({"env": []})), "`env` belongs in a container");
    assert_eq!(help(pod(), json!({"image": "a"})), "`image` belongs in a container");
    assert_eq!(
        help(pod(), json!({"backoffLimit": 1})),
        "`backoffLimit` belongs in the Job's `spec`, under `jobTemplate`"
    );
    assert_eq!(
        help(SchemaNode::container(), json!({"volumes": []})),
        "`volumes` belongs in the pod's `spec`, under `template`"
    );
    assert_eq!(
        help(SchemaNode::job_spec(), json!({"restartPolicy": "Never"})),
        "`restartPolicy` belongs in the pod's `spec`, under `template`"
    );
    assert_eq!(
        help(SchemaNode::cronjob_spec(), json!({"jobTemplate": {"schedule": "@daily"}})),
        "`schedule` belongs in the CronJob's `spec`"
    );
    assert_eq!(
        help(SchemaNode::cronjob_spec(), json!({"template": {}})),
        "`template` belongs in the Job's `spec`, under `jobTemplate`"
    );
    assert_eq!(
        help(SchemaNode::job_spec(), json!({"labels": {}})),
        "`labels` belongs in the `metadata` beside the `spec`"
    );
    assert_eq!(help(SchemaNode::pod_template(), json!({"labels": {}})), "`labels` belongs in `metadata`");
}

#[test]
fn a_field_one_level_off_is_sent_there() {
    assert_eq!(help(SchemaNode::container(), json!({"runAsUser": 1})), "`runAsUser` belongs in `securityContext`");
    assert_eq!(help(SchemaNode::container(), json!({"requests": {}})), "`requests` belongs in `resources`");
    assert_eq!(
        help(SchemaNode::container(), json!({"resources": {"cpu": 1}})),
        "`cpu` belongs in `requests` or `limits`"
    );
    assert_eq!(
        help(SchemaNode::container(), json!({"env": [{"name": "A", "secretKeyRef": {}}]})),
        "`secretKeyRef` belongs in `valueFrom`"
    );
    assert_eq!(
        help(SchemaNode::container(), json!({"livenessProbe": {"httpGet": {"periodSeconds": 5}}})),
        "`periodSeconds` belongs one level up, beside `httpGet`"
    );
    assert_eq!(
        help(SchemaNode::container(), json!({"securityContext": {"fsGroup": 5}})),
        "`fsGroup` belongs in the pod's `securityContext`"
    );
    assert_eq!(
        help(SchemaNode::pod_spec(), json!({"securityContext": {"capabilities": {}}})),
        "`capabilities` belongs in a container's `securityContext`"
    );
}

#[test]
fn words_from_elsewhere_are_understood() {
    let container = SchemaNode::container;
    assert_eq!(help(container(), json!({"cmd": []})), "did you mean `command`?");
    assert_eq!(help(SchemaNode::job_spec(), json!({"retries": 1})), "did you mean `backoffLimit`?");
    assert_eq!(
        help(container(), json!({"memory": "1Gi"})),
        "`memory` belongs in `resources`, under `requests` or `limits`"
    );
    assert_eq!(
        help(container(), json!({"volumeMounts": [{"defaultMode": 420}]})),
        "`defaultMode` belongs in the volume's source, under the pod's `volumes`"
    );
    assert_eq!(
        help(container(), json!({"volumeMounts": [{"configMap": {}}]})),
        "`configMap` belongs in the pod's `volumes`"
    );
}

#[test]
fn every_word_that_is_proposed_exists() {
    for (shape, _, field) in super::stray::SYNONYMS {
        assert!(SchemaNode::named(shape).unwrap().position(field).is_some(), "{shape}.{field}");
    }
    for (shape, _) in super::stray::SPINE {
        assert!(SchemaNode::named(shape).is_some(), "{shape}");
    }
    for (shape, twin, _) in super::stray::TWINS {
        assert!(SchemaNode::named(shape).is_some() && SchemaNode::named(twin).is_some(), "{shape}");
    }
    let named = [super::ZERO_WILL_DO.as_slice(), &super::ASKED_FOR, &super::EMPTY_IS_DEFAULT, &[super::DROPPED]];
    for (shape, field) in named.concat() {
        assert!(SchemaNode::named(shape).unwrap().position(field).is_some(), "{shape}.{field}");
    }
}

/// `lifecycle.stopSignal` is dropped by 1.36 while its feature is off, whatever it says.
#[test]
fn what_the_server_drops_is_a_warning() {
    let finding = part(SchemaNode::container(), json!({"lifecycle": {"stopSignal": "SIGFOO"}}));
    assert_eq!(finding.severity, Severity::Warning);
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = ["spec", "jobTemplate", "template", "containers", "name", "env", "metadata", "labels", "resources"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 64, 4, move |inner| {
        let key = prop_oneof![4 => select(words.to_vec()).prop_map(str::to_owned), 1 => ".{0,5}"];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(key, inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_walked_and_every_finding_is_at_a_place(value in any_json()) {
        for finding in check(&value, SchemaNode::cronjob(), Options::default()) {
            prop_assert!(value.pointer(&finding.pointer).is_some(), "{}", finding.pointer);
        }
    }

    #[test]
    fn any_text_is_a_quantity_or_is_not(text in "[-+]?[0-9.]{0,40}[eEinumkKMGTP]{0,2}[-+]?[0-9]{0,20}") {
        if let Ok(amount) = quantity::parse(&text) {
            prop_assert!(amount.is_negative() == text.starts_with('-') || amount == quantity::Quantity::ZERO);
        }
    }
}

#[test]
fn a_stranger_is_answered_with_the_fields_there_are() {
    assert_eq!(
        help(SchemaNode::container(), json!({"env": [{"foo": 1}]})),
        "its fields are `name`, `value` and `valueFrom`"
    );
    assert_eq!(part(SchemaNode::container(), json!({"foo": 1})).help, [""; 0]);
}

#[test]
fn a_newer_kubernetes_may_know_what_we_do_not() {
    let newer = Options { version: Version { major: 1, minor: SCHEMA_VERSION.minor + 1 }, partial: true };
    let findings = check(&json!({"foo": 1, "Image": "a"}), SchemaNode::container(), newer);
    let told: Vec<_> = findings.iter().map(|it| (it.pointer.as_str(), it.severity)).collect();
    assert_eq!(told, [("/Image", Severity::Error), ("/foo", Severity::Warning)]);
    assert_eq!(
        findings[1].message,
        "there is no field `foo` in `Container` that we know of: our schema is that of Kubernetes 1.36"
    );
}

#[test]
fn a_wrong_type_is_told_with_both_sides() {
    let (job, container) = (SchemaNode::job_spec, SchemaNode::container);
    assert_eq!(
        said(job(), json!({"parallelism": "5"})),
        ("expected an integer for `parallelism`, found the string `5`".into(), "write `5` without quotes".into())
    );
    assert_eq!(
        said(container(), json!({"env": [{"name": "A", "value": 5}]})),
        ("expected a string for `value`, found the number `5`".into(), "write `\"5\"` in quotes".into())
    );
    assert_eq!(
        said(container(), json!({"args": ["a", true]})),
        ("expected a string in `args`, found the boolean `true`".into(), "write it in quotes, as in `\"true\"`".into())
    );
    assert_eq!(
        said(container(), json!({"command": "run"})),
        ("expected a list for `command`, found the string `run`".into(), "write `command: [\"run\"]`".into())
    );
    assert_eq!(
        said(container(), json!({"env": {"A": "b"}})).1,
        "write each variable as `- name: NAME` with `value: ...` below it"
    );
    assert_eq!(
        said(SchemaNode::pod_spec(), json!({"imagePullSecrets": ["a"]})),
        ("expected a map in `imagePullSecrets`, found the string `a`".into(), "write `- name: a`".into())
    );
    assert_eq!(
        said(job(), json!({"suspend": "yes"})),
        (
            "expected `true` or `false` for `suspend`, found the string `yes`".into(),
            "write `true` without quotes".into()
        )
    );
    assert_eq!(
        said(SchemaNode::object_meta(), json!({"labels": {"tier/x": 1}})).0,
        "expected a string for `tier/x`, found the number `1`"
    );
    assert_eq!(part(SchemaNode::object_meta(), json!({"labels": {"tier/x~": 1}})).pointer, "/labels/tier~1x~0");
    assert_eq!(part(SchemaNode::container(), json!([])).message, "expected a map, found a list");
}

/// POST with strict validation refuses `3.0` where an integer must stand; server-side apply takes it.
#[test]
fn an_integer_with_a_point_is_no_integer() {
    assert_eq!(
        said(SchemaNode::job_spec(), json!({"backoffLimit": 3.0})),
        ("expected an integer for `backoffLimit`, found the number `3.0`".into(), "write `3`".into())
    );
    assert_eq!(said(SchemaNode::job_spec(), json!({"backoffLimit": 1.5})).1, "");
}

#[test]
fn an_integer_must_fit() {
    let finding = part(SchemaNode::job_spec(), json!({"backoffLimit": 2_147_483_648_i64}));
    assert_eq!((finding.code, finding.kind), (Code::InvalidValue, FindingKind::OutOfRange));
    assert_eq!(finding.message, "2147483648 does not fit `backoffLimit`, an integer of 32 bits");
    assert_eq!(check(&json!({"activeDeadlineSeconds": i64::MAX}), SchemaNode::job_spec(), PARTIAL), []);
    assert_eq!(part(SchemaNode::job_spec(), json!({"activeDeadlineSeconds": u64::MAX})).kind, FindingKind::OutOfRange);
    let probe = SchemaNode::container().field("livenessProbe").unwrap();
    assert_eq!(check(&json!({"httpGet": {"port": "http"}, "grpc": {"port": 1}}), probe, PARTIAL), []);
    assert_eq!(part(probe, json!({"httpGet": {"port": 1.5}})).kind, FindingKind::WrongType);
}

#[test]
fn a_value_outside_its_enum_is_refused() {
    let finding = part(SchemaNode::cronjob_spec(), json!({"concurrencyPolicy": "FORBID"}));
    assert_eq!(
        (finding.code, finding.message.as_str()),
        (Code::InvalidValue, "`FORBID` is not a value of `concurrencyPolicy`")
    );
    assert_eq!(finding.help, ["did you mean `Forbid`?", "allowed are `Allow`, `Forbid` and `Replace`"]);
    assert_eq!(check(&json!({"concurrencyPolicy": ""}), SchemaNode::cronjob_spec(), PARTIAL), []);
    assert_eq!(part(SchemaNode::job_spec(), json!({"completionMode": ""})).kind, FindingKind::NotAllowed);
    assert_eq!(part(SchemaNode::container(), json!({"imagePullPolicy": "always"})).help[0], "did you mean `Always`?");
}

#[test]
fn a_job_cannot_have_every_restart_policy() {
    let finding = part(SchemaNode::pod_spec(), json!({"restartPolicy": "Always"}));
    assert_eq!(
        (finding.code, finding.message.as_str()),
        (Code::RestartPolicy, "a Job's pod cannot be restarted always")
    );
    assert_eq!(help(SchemaNode::pod_spec(), json!({"restartPolicy": "never"})), "did you mean `Never`?");
    assert_eq!(check(&json!({"restartPolicy": "Always"}), SchemaNode::container(), PARTIAL), []);
}

#[test]
fn quantities_are_read_where_they_stand() {
    let sound =
        json!({"resources": {"requests": {"cpu": 0.5, "memory": "64Mi"}, "limits": {"cpu": 1, "memory": "1e1000"}}});
    assert_eq!(check(&sound, SchemaNode::container(), PARTIAL), []);
    let finding = part(SchemaNode::container(), json!({"resources": {"limits": {"memory": "64MB"}}}));
    assert_eq!((finding.pointer.as_str(), finding.code), ("/resources/limits/memory", Code::InvalidQuantity));
    assert_eq!(finding.message, "`64MB` is not a quantity");
    let volumes = json!({"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1gb"}}]});
    assert_eq!(help(SchemaNode::pod_spec(), volumes), "did you mean `1G` (10^9) or `1Gi` (2^30)?");
    assert_eq!(part(SchemaNode::container(), json!({"resources": {"limits": {"cpu": true}}})).code, Code::WrongType);
}

#[test]
fn another_kind_is_told() {
    let mut job = cronjob();
    job["apiVersion"] = json!("batch/v1beta1");
    let findings = check(&job, SchemaNode::cronjob(), Options::default());
    assert_eq!(findings[0].message, "`apiVersion` is `batch/v1beta1` where `batch/v1` must stand");
    assert_eq!((findings.len(), findings[0].kind), (1, FindingKind::OtherKind));
}

#[test]
fn moments_are_read_as_rfc_3339() {
    for text in
        ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.678+01:00", "2024-12-31T23:59:59,5-00:30", "2000-02-29T00:00:00Z"]
    {
        assert_eq!(check(&json!({"creationTimestamp": text}), SchemaNode::object_meta(), PARTIAL), [], "{text}");
    }
    for text in [
        "",
        "yesterday",
        "2024-01-02",
        "2020-02-30T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-13-02T03:04:05Z",
        "2024-01-02T03:04:05",
        "2024-01-02T03:04:05.Z",
        "é",
    ] {
        let finding = part(SchemaNode::object_meta(), json!({"creationTimestamp": text}));
        assert_eq!(finding.kind, FindingKind::Time, "{text}");
    }
}

#[test]
fn an_object_beside_a_task_is_judged_by_its_metadata_alone() {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": 5, "more": []});
    assert_eq!(check(&map, SchemaNode::other_object(), Options::default()), []);
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "label": {}}});
    assert_eq!(check(&map, SchemaNode::other_object(), Options::default())[0].help, ["did you mean `labels`?"]);
}

#[test]
fn a_message_is_short_and_has_no_control_characters() {
    let finding = part(SchemaNode::job_spec(), json!({"parallelism": "\u{7}\n".repeat(100)}));
    assert!(finding.message.len() < 500 && !finding.message.contains(char::is_control), "{}", finding.message);
}

#[test]
fn an_owner_in_a_template_may_lack_anything() {
    let mut job = cronjob();
    job["spec"]["jobTemplate"]["metadata"] = json!({"ownerReferences": [{}]});
    assert_eq!(check(&job, SchemaNode::cronjob(), Options::default()), []);
    job["metadata"]["ownerReferences"] = json!([{}]);
    let findings = check(&job, SchemaNode::cronjob(), Options::default());
    assert!(findings.len() == 4 && findings.iter().all(|finding| finding.pointer == "/metadata/ownerReferences/0"));
}
