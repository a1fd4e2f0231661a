//! Karmada's JSON into the plain values that `place` decides about. It decides nothing.

use std::collections::BTreeSet;

use fleetcron::place::{
    Candidate, CandidateInventory, CandidateTaint, Demand, DraftGroup, DraftSpread, DraftToleration, DraftWeights,
    FreeCapacity, Nodes, Previous, ReplicaRequest, Requirement, ResourceAmounts, Scheduling, Terms, Tie,
    WrittenPlacement, effect,
};
use fleetcron::validate::quantity;
use serde_json::Value;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(text).collect()
}

fn items<T>(list: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    list.as_array().into_iter().flatten().map(read).collect()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn nanos(value: &Value) -> i128 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    quantity::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}")).nanos()
}

fn amounts(map: &Value) -> ResourceAmounts {
    map.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), nanos(value))).collect()
}

/// The clusters of a case; without admission, `zone` stays what it is.
pub(super) fn inventory(case: &Value) -> CandidateInventory {
    let admitted = case["admission"] != false;
    CandidateInventory::new(items(&case["clusters"], |cluster| candidate(cluster, admitted)))
}

fn candidate(cluster: &Value, admitted: bool) -> Candidate {
    let (metadata, spec, status) = (&cluster["metadata"], &cluster["spec"], &cluster["status"]);
    let some = |value: &Value| Some(text(value)).filter(|text| !text.is_empty());
    let mut zones = texts(&spec["zones"]);
    if zones.is_empty() && admitted {
        zones.extend(some(&spec["zone"]));
    }
    let taint = |taint: &Value| {
        let effect = effect(taint["effect"].as_str()?)?;
        Some(CandidateTaint { key: text(&taint["key"]), value: text(&taint["value"]), effect })
    };
    let labels = metadata["labels"].as_object().into_iter().flatten();
    let mut apis = BTreeSet::new();
    for version in status["apiEnablements"].as_array().into_iter().flatten() {
        for resource in version["resources"].as_array().into_iter().flatten() {
            apis.insert((text(&version["groupVersion"]), text(&resource["kind"])));
        }
    }
    Candidate {
        name: text(&metadata["name"]),
        labels: labels.map(|(key, value)| (key.clone(), text(value))).collect(),
        provider: some(&spec["provider"]),
        region: some(&spec["region"]),
        zones,
        release: None,
        taints: items(&spec["taints"], taint).into_iter().flatten().collect(),
        apis,
        serves_all: false,
        capacity: status.get("resourceSummary").map(|summary| capacity(summary, &spec["resourceModels"])),
        leaving: metadata.get("deletionTimestamp").is_some(),
    }
}

fn capacity(summary: &Value, models: &Value) -> FreeCapacity {
    let part = |name: &str| amounts(&summary[name]);
    let least = |grade: &Value| {
        let model = models.as_array().into_iter().flatten().find(|model| model["grade"] == *grade);
        let ranges = model.and_then(|model| model["ranges"].as_array()).into_iter().flatten();
        ranges.map(|range| (text(&range["name"]), nanos(&range["min"]))).collect::<ResourceAmounts>()
    };
    let nodes = |nodes: &Value| Nodes::new(number(&nodes["count"]), &least(&nodes["grade"]));
    let counted = if models.as_array().is_some_and(|models| !models.is_empty()) {
        items(&summary["allocatableModelings"], nodes)
    } else {
        Vec::new()
    };
    FreeCapacity::new(&part("allocatable"), &part("allocated"), &part("allocating")).with_nodes(counted)
}

/// The placement of a case.
pub(super) fn draft(placement: &Value) -> WrittenPlacement {
    let spread = |spread: &Value| DraftSpread {
        field: text(&spread["spreadByField"]),
        label: text(&spread["spreadByLabel"]),
        min: number(&spread["minGroups"]),
        max: number(&spread["maxGroups"]),
    };
    let toleration = |toleration: &Value| DraftToleration {
        key: text(&toleration["key"]),
        operator: text(&toleration["operator"]),
        value: text(&toleration["value"]),
        effect: text(&toleration["effect"]),
    };
    WrittenPlacement {
        affinity: placement.get("clusterAffinity").map(terms),
        groups: items(&placement["clusterAffinities"], group),
        tolerations: items(&placement["clusterTolerations"], toleration),
        spread: items(&placement["spreadConstraints"], spread),
        scheduling: placement.get("replicaScheduling").map(|scheduling| Scheduling {
            kind: text(&scheduling["replicaSchedulingType"]),
            preference: text(&scheduling["replicaDivisionPreference"]),
            weights: scheduling.get("weightPreference").map(|weights| DraftWeights {
                dynamic: text(&weights["dynamicWeight"]),
                fixed: items(&weights["staticWeightList"], |rule| {
                    (terms(&rule["targetCluster"]), number(&rule["weight"]))
                }),
            }),
        }),
    }
}

fn group(group: &Value) -> DraftGroup {
    DraftGroup {
        name: text(&group["affinityName"]),
        terms: terms(group),
        overflow: items(&group["overflowAffinities"], self::group),
    }
}

fn terms(affinity: &Value) -> Terms {
    Terms {
        names: texts(&affinity["clusterNames"]),
        exclude: texts(&affinity["exclude"]),
        labels: affinity.get("labelSelector").map(|selector| {
            let equal = selector["matchLabels"].as_object().into_iter().flatten().map(|(key, value)| Requirement {
                key: key.clone(),
                operator: "In".to_owned(),
                values: vec![text(value)],
            });
            equal.chain(requirements(selector)).collect()
        }),
        fields: affinity.get("fieldSelector").map(requirements),
    }
}

fn requirements(selector: &Value) -> Vec<Requirement> {
    items(&selector["matchExpressions"], |expression| Requirement {
        key: text(&expression["key"]),
        operator: text(&expression["operator"]),
        values: texts(&expression["values"]),
    })
}

/// What a case has to place.
pub(super) fn demand(case: &Value) -> Demand {
    let resource = &case["resource"];
    Demand {
        replicas: number(&case["replicas"]),
        request: case.get("requirements").map(|requirements| ReplicaRequest::new(&amounts(requirements))),
        api: Some((text(&resource["apiVersion"]), text(&resource["kind"]))),
        keep_empty: case["emptyWorkloadPropagation"] == true,
        tie: Tie::of(&text(&resource["uid"])),
    }
}

/// What was decided before.
pub(super) fn previous(case: &Value) -> Previous {
    Previous {
        clusters: items(&case["previous"], |target| (text(&target["name"]), number(&target["replicas"]))),
        evicting: texts(&case["evicting"]),
        group: case["observedAffinity"].as_str().map(str::to_owned),
        fresh: case["reschedule"] == true,
        bounded: false,
    }
}
