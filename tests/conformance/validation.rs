//! The rules against kube-apiserver 1.36: its verdict, the field it names, and what fails although it was accepted.
//!
//! `validate::cron_job` is what a build calls, and each finding says of which layer it is. Rows that cannot agree stand in a
//! list with a reason; a row of the list that agrees after all is a failure too. There are two files of answers of one
//! form: `validation`, which has answers of older releases as well, and `validation-fresh`, about rarely used fields.

use std::collections::{BTreeMap, BTreeSet};

use fleetcron::diag::Severity;
use fleetcron::tree::FileId;
use fleetcron::validate::{self, Finding, FindingKind, Options, Version};
use serde_json::Value;

use super::{counted, report, vectors};

const LISTED: &str = include_str!("../../fixtures/conformance/validation-differences.tsv");

/// The reasons by suite and id.
fn listed() -> BTreeMap<(&'static str, &'static str), &'static str> {
    let rows = LISTED.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
        [suite, id, reason] => ((suite, id), reason),
        _ => panic!("{line}"),
    })
    .collect()
}

/// The manifest of a case as a build reads it; nothing if it cannot be read.
fn manifest(case: &Value) -> Option<Value> {
    let Some(raw) = case.get("manifest_raw").and_then(Value::as_str) else { return case.get("manifest").cloned() };
    let parsed = fleetcron::yaml::parse(FileId(0), raw.as_bytes());
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    if case["content_type"] == "application/json" {
        return serde_json::from_str(raw).ok();
    }
    parsed.documents.first().map(|document| document.root.to_value())
}

fn findings(value: &Value, minor: u16) -> Vec<Finding> {
    validate::cron_job(value, Options { version: Version { major: 1, minor }, partial: false })
}

/// Whether a finding is a refusal of the API server itself.
fn refuses(finding: &Finding) -> bool {
    let later = matches!(finding.kind, FindingKind::Later | FindingKind::Apply | FindingKind::Version);
    finding.severity == Severity::Error && !later
}

fn has(findings: &[Finding], kind: FindingKind) -> bool {
    findings.iter().any(|finding| finding.kind == kind)
}

fn said(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("{}: {}", finding.pointer, finding.message));
    lines.collect::<Vec<_>>().join("; ")
}

/// Why a case of that kind cannot agree, or need not. The ids of the list mean nothing in another folder, so there the
/// kind alone counts.
fn excuse(suite: &str, case: &Value) -> Option<&'static str> {
    let text = |pointer: &str| case.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let zone = text("/manifest/spec/timeZone");
    let (field, message) = (text("/causes/0/field"), text("/causes/0/message"));
    let made = case["downstream"]["pod"]["message"].as_str().unwrap_or_default();
    let folder = ["posix/", "right/"].iter().any(|folder| zone.starts_with(folder));
    match suite.rsplit_once('-').map_or("", |(_, part)| part) {
        "verdict" if folder || matches!(zone, "posixrules" | "localtime") => {
            Some("a name of the zoneinfo folder on that server, not of the IANA database")
        }
        "field" if field.ends_with(".fieldPath") && message.contains("unsupported pod version") => {
            Some("the server names `fieldPath`, and the member beside it is wrong, to which we point")
        }
        "field" if field.contains(".tolerations[") && field.ends_with(".operator") => {
            Some("the server names `operator`, and the member beside it is wrong, to which we point")
        }
        "field" if has_two_volumes_of_a_name(case) => {
            Some("the server does not compare the name of a volume that it refuses for something else")
        }
        "downstream" if made.contains("doesn't match RuntimeClass's defined Overhead") => {
            Some("what overhead a RuntimeClass of a cluster defines is not known at build time")
        }
        "downstream" if made.contains("RuntimeClass") && made.contains("not found") => {
            Some("which RuntimeClasses a cluster has is not known at build time")
        }
        "downstream" if made.contains("no PriorityClass with name") => {
            Some("which PriorityClasses a cluster has is not known at build time")
        }
        _ => None,
    }
}

/// Whether two volumes of the pod have one name, and one of them is refused.
fn has_two_volumes_of_a_name(case: &Value) -> bool {
    let volumes = case.pointer("/manifest/spec/jobTemplate/spec/template/spec/volumes").and_then(Value::as_array);
    let names: Vec<&str> = volumes.into_iter().flatten().filter_map(|volume| volume["name"].as_str()).collect();
    let refused = |field: &str| field.starts_with("spec.jobTemplate.spec.template.spec.volumes[");
    let mut causes = case["causes"].as_array().into_iter().flatten();
    names.iter().collect::<BTreeSet<_>>().len() < names.len()
        && causes.any(|cause| cause["field"].as_str().is_some_and(refused))
}

/// Judges each case, sets the listed ones apart, and reports.
fn suite<'c>(name: &'static str, cases: impl Iterator<Item = (String, &'c Value, Result<(), String>)>) {
    let elsewhere = std::env::var_os("FLEETCRON_VECTORS").is_some_and(|folder| !folder.is_empty());
    let listed = listed();
    let (mut total, mut failures, mut apart, mut met) = (0, Vec::new(), BTreeMap::new(), BTreeSet::new());
    for (id, case, verdict) in cases {
        total += 1;
        let reason = excuse(name, case).filter(|reason| elsewhere || listed.get(&(name, id.as_str())) == Some(reason));
        met.insert(id.clone());
        match (verdict, reason) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) if elsewhere => {}
            (Ok(()), Some(_)) => failures.push(format!("{id}: agrees, and stands in the list")),
            (Err(_), Some(reason)) => *apart.entry(reason.to_owned()).or_insert(0) += 1,
            (Err(why), None) => failures.push(format!("{id}: {why}")),
        }
    }
    if !elsewhere {
        let unmet = listed.keys().filter(|(suite, id)| *suite == name && !met.contains(*id));
        failures.extend(unmet.map(|(_, id)| format!("{id}: stands in the list, and there is no such row")));
    }
    counted(name, "listed", &apart);
    report(name, total, &failures);
}

/// The cases but those that only say that a namespace was missing on that server.
fn cases(file: &str) -> Option<Vec<Value>> {
    let cases = vectors(file)?;
    Some(cases.into_iter().filter(|case| case["code"] != 404).collect())
}

fn id(case: &Value) -> String {
    case["id"].as_str().expect("an id").to_owned()
}

#[test]
fn validation_verdict() {
    verdict("validation", "validation-verdict");
}

#[test]
fn validation_fresh_verdict() {
    verdict("validation-fresh", "validation-fresh-verdict");
}

fn verdict(file: &str, name: &'static str) {
    let Some(cases) = cases(file) else { return };
    let judge = |case: &Value| {
        let accepted = case["accepted"] == true;
        let findings = manifest(case).map(|value| findings(&value, 36));
        let refused = findings.as_ref().is_none_or(|findings| findings.iter().any(refuses));
        match (accepted, refused) {
            (true, true) => Err(format!("refused: {}", findings.map_or("unreadable".to_owned(), |it| said(&it)))),
            (false, false) => Err(format!("accepted, in spite of {}", case["message"])),
            _ => Ok(()),
        }
    };
    suite(name, cases.iter().map(|case| (id(case), case, judge(case))));
}

/// Where the server writes a field otherwise than the manifest has it: what it writes, and what it means.
const SPELLINGS: [(&str, &str); 13] = [
    ("spec.jobTemplate.spec.template.labels", "spec.jobTemplate.spec.template.metadata.labels"),
    ("spec.jobTemplate.spec.template.annotations", "spec.jobTemplate.spec.template.metadata.annotations"),
    (".overhead.limits[", ".overhead["),
    (".persistentDisk", ".gcePersistentDisk"),
    (".cephFS", ".cephfs"),
    (".downwarAPI", ".downwardAPI"),
    (".initiatorname", ".initiatorName"),
    (".clusterTrustBundlePEM", ".clusterTrustBundle"),
    (".HostPID", ".hostPID"),
    (".HostIPC", ".hostIPC"),
    (".{topologyKey, whenUnsatisfiable}", ""),
    (".securityContext.shareProcessNamespace", ".shareProcessNamespace"),
    (".metadata.uID", ".metadata.uid"),
];

/// The steps of a field as the server writes it: `a.b[0].c` and `limits[nvidia.com/gpu]`.
fn steps(field: &str) -> Vec<String> {
    let mut field = field.to_owned();
    for (written, meant) in SPELLINGS {
        field = field.replace(written, meant);
    }
    let (mut steps, mut rest) = (Vec::new(), field.as_str());
    while !rest.is_empty() {
        if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            steps.push(inside.to_owned());
            rest = after;
        } else {
            let plain = rest.strip_prefix('.').unwrap_or(rest);
            let end = plain.find(['.', '[']).unwrap_or(plain.len());
            steps.push(plain[..end].to_owned());
            rest = &plain[end..];
        }
    }
    // Of a key with dots only its map can be told, and some faults are named one step beside what is wrong.
    let plain = ["annotations", "labels"];
    if let Some(at) = steps.iter().position(|step| plain.contains(&step.as_str())) {
        steps.truncate(at + 1);
    }
    let beside = [["projected", "path"], ["csi", "name"], ["resources", "storage"]];
    if beside.iter().any(|pair| steps.ends_with(&pair.map(str::to_owned))) {
        steps.pop();
    }
    // The limit of a container that is above the pod's: `resources.containers[0][cpu].limits`.
    if let Some(at) = steps.windows(2).position(|two| two == ["resources", "containers"]) {
        steps.remove(at);
        if let [.., name, limits] = &mut steps[..] {
            std::mem::swap(name, limits);
        }
        let end = steps.len() - 2;
        steps.insert(end, "resources".to_owned());
    }
    steps
}

/// Whether a pointer is the field that the server names, its parent, or inside it: the server names a whole map of labels
/// where one is wrong, and no number of an item in some lists. Where the manifest does not have the field, it is the
/// nearest above that it has.
fn names(pointer: &str, field: &str, manifest: &Value) -> bool {
    let own: Vec<String> = pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    let mut theirs = steps(field);
    match theirs.last_mut() {
        Some(last) if last == "namespace" && field.contains("ffinity") => "namespaces".clone_into(last),
        // The old name of the field, which the server has moved.
        Some(last) if last == "serviceAccountName" && !manifest.to_string().contains("\"serviceAccountName\"") => {
            "serviceAccount".clone_into(last);
        }
        // The server has made a name of the prefix before it looks.
        Some(last) if field == "metadata.name" && manifest["metadata"]["generateName"].is_string() => {
            "generateName".clone_into(last);
        }
        _ => {}
    }
    // Nor does it name the list of files of the downward API.
    let files = theirs.iter().any(|step| step == "downwardAPI");
    let without = |steps: &[String]| -> Vec<String> {
        let plain = |step: &&String| step.parse::<usize>().is_err() && !(files && *step == "items");
        steps.iter().filter(plain).cloned().collect()
    };
    let parent = &theirs[..theirs.len().saturating_sub(1)];
    let there = |steps: &[String]| {
        let mut value = Some(manifest);
        for step in steps {
            value = value.and_then(|value| match step.parse::<usize>() {
                Ok(at) if value.is_array() => value.get(at),
                _ => value.get(step.as_str()),
            });
        }
        value.is_some_and(|value| !value.is_null())
    };
    let nearest = (0..=theirs.len()).rev().map(|count| &theirs[..count]).find(|steps| there(steps));
    own == theirs
        || own == parent
        || own.starts_with(&theirs)
        || nearest.is_some_and(|nearest| own == nearest)
        || without(&own) == without(&theirs)
        || without(&own) == without(parent)
}

#[test]
fn validation_field() {
    field("validation", "validation-field");
}

#[test]
fn validation_fresh_field() {
    field("validation-fresh", "validation-fresh-field");
}

fn field(file: &str, name: &'static str) {
    let Some(cases) = cases(file) else { return };
    let cases = cases.iter().filter(|case| case["causes"].as_array().is_some_and(|causes| !causes.is_empty()));
    let judge = |case: &Value| {
        let Some(value) = manifest(case) else { return Err("unreadable".to_owned()) };
        let findings: Vec<Finding> = findings(&value, 36).into_iter().filter(refuses).collect();
        let causes = case["causes"].as_array().expect("a list");
        let fields: Vec<&str> = causes.iter().filter_map(|cause| cause["field"].as_str()).collect();
        // Each of ours is one of the server's, and the server's first is among ours. It names a mount of a volume that it
        // refuses too; that is no mistake of its own.
        let all = findings.iter().all(|own| fields.iter().any(|field| names(&own.pointer, field, &value)));
        let first = findings.iter().any(|own| names(&own.pointer, fields[0], &value));
        if all && first { Ok(()) } else { Err(format!("{} instead of {fields:?}", said(&findings))) }
    };
    suite(name, cases.map(|case| (id(case), case, judge(case))));
}

#[test]
fn validation_downstream() {
    downstream("validation", "validation-downstream");
}

#[test]
fn validation_fresh_downstream() {
    downstream("validation-fresh", "validation-fresh-downstream");
}

fn downstream(file: &str, name: &'static str) {
    let Some(cases) = cases(file) else { return };
    let cases = cases.iter().filter(|case| case["downstream"].is_object());
    let judge = |case: &Value| {
        let failed = ["job", "pod"].iter().any(|made| case["downstream"][*made]["accepted"] == false);
        let Some(value) = manifest(case) else { return Err("unreadable".to_owned()) };
        let findings = findings(&value, 36);
        match (failed, has(&findings, FindingKind::Later)) {
            (true, false) => Err(format!("not found: {}", case["downstream"])),
            (false, true) => Err(format!("a false alarm: {}", said(&findings))),
            _ => Ok(()),
        }
    };
    suite(name, cases.map(|case| (id(case), case, judge(case))));
}

#[test]
fn validation_ssa() {
    ssa("validation", "validation-ssa");
}

#[test]
fn validation_fresh_ssa() {
    ssa("validation-fresh", "validation-fresh-ssa");
}

fn ssa(file: &str, name: &'static str) {
    let Some(cases) = cases(file) else { return };
    let cases = cases.iter().filter(|case| case["accepted"] == true && case["ssa"].is_object());
    let judge = |case: &Value| {
        let Some(value) = manifest(case) else { return Err("unreadable".to_owned()) };
        let findings = findings(&value, 36);
        match (case["ssa"]["accepted"] == false, has(&findings, FindingKind::Apply)) {
            (true, false) => Err(format!("not found: {}", case["ssa"])),
            (false, true) => Err(format!("a false alarm: {}", said(&findings))),
            _ => Ok(()),
        }
    };
    suite(name, cases.map(|case| (id(case), case, judge(case))));
}

#[test]
fn validation_skew() {
    let Some(cases) = cases("validation") else { return };
    let mut judged = Vec::new();
    for case in &cases {
        let Some(value) = manifest(case) else { continue };
        let minor = |version: &str| version.strip_prefix("1.").and_then(|it| it.parse().ok()).expect("a version");
        for (version, verdict) in case["skew"].as_object().into_iter().flatten() {
            let findings = findings(&value, minor(version));
            let agrees = findings.iter().any(refuses) == (verdict["accepted"] == false);
            let said = if agrees { Ok(()) } else { Err(format!("{verdict}, and here: {}", said(&findings))) };
            judged.push((format!("{}@{version}", id(case)), case, said));
        }
        for version in case["silently_dropped_in"].as_array().into_iter().flatten() {
            let version = version.as_str().expect("a version");
            let found = has(&findings(&value, minor(version)), FindingKind::Version);
            let said = if found { Ok(()) } else { Err("dropped, and nothing is said".to_owned()) };
            judged.push((format!("{}@{version}", id(case)), case, said));
        }
    }
    suite("validation-skew", judged.into_iter());
}
