//! Karmada's admission of PropagationPolicies: defaults and refusals. Source: `pkg/webhook/propagationpolicy/mutating.go`,
//! `pkg/util/validation/validation.go ValidatePropagationSpec`, and the CRDs.

use std::sync::Arc;

use super::wire::{
    AffinitySpec, DivisionPreference, GroupSpec, LabelSelectorSpec, OverflowSpec, PlacementSpec, PolicyDocument,
    Preemption, PropagationSpec, RequirementSpec, SchedulingSpec, SchedulingType, SelectorSpec, SpreadField,
};
use super::{Reader, at_path, refuse};
use crate::diag::{Code, Diagnostic};
use crate::model::karmada::{
    DraftGroup, DraftSpread, DraftToleration, DraftWeights, LabelRequirement, Policy, PolicyScope, ResourceSelector,
    Scheduling, Suspension, Terms, WrittenPlacement, is_key,
};
use crate::tree::{Located, Span, Spanned};
use crate::yaml::Node;

/// The scheduler that Karmada brings.
const SCHEDULER: &str = "default-scheduler";

/// The value that makes the API server write a ServiceImport's Services too.
const SERVICE_IMPORT: &str = "ServiceImport";

/// Reads a policy; what is refused is reported and does not exist.
pub(super) fn policy(
    root: &Node,
    scope: PolicyScope,
    name: Spanned<String>,
    reader: &mut Reader<'_>,
) -> Option<Policy> {
    let document: PolicyDocument = reader.read(root)?;
    let located = Arc::new(root.located());
    let before = reader.errors;
    let spec = document.spec;
    check(&spec, &scope, &located, reader);
    let selectors: Vec<ResourceSelector> =
        spec.resource_selectors.iter().map(|selector| self::selector(selector, &scope)).collect();
    let draft = spec.placement.as_ref().map(draft).unwrap_or_default();
    let draft = match draft.checked() {
        Ok(draft) => draft,
        Err(objections) => {
            for objection in objections {
                let span = at_path(&located.spans, &objection.path);
                reader.push(refuse(span, objection.message));
            }
            WrittenPlacement::default()
        }
    };
    if reader.errors > before {
        return None;
    }
    let imports = selectors.iter().any(|selector| selector.kind == SERVICE_IMPORT);
    let suspension = spec.suspension.map(|suspension| Suspension {
        everywhere: suspension.dispatching.is_some_and(|all| all.value),
        clusters: suspension.dispatching_on_clusters.and_then(|some| some.cluster_names).unwrap_or_default(),
    });
    let foreign = |scheduler: &Spanned<String>| !scheduler.is_empty() && scheduler.as_str() != SCHEDULER;
    Some(Policy {
        scope,
        name,
        selectors,
        draft,
        priority: i64::from(spec.priority.unwrap_or_default()),
        propagates_dependencies: spec.propagate_deps.unwrap_or(imports),
        suspension: suspension.unwrap_or_default(),
        foreign_scheduler: spec.scheduler_name.filter(foreign),
        dependent_overrides: spec.dependent_overrides.unwrap_or_default(),
        priority_class: spec.schedule_priority.map(|priority| priority.value.priority_class_name),
        document: located,
    })
}

/// What the CRD and `ValidatePropagationSpec` refuse, the placement aside.
fn check(spec: &PropagationSpec, scope: &PolicyScope, located: &Located, reader: &mut Reader<'_>) {
    if spec.resource_selectors.is_empty() {
        let span = at_path(&located.spans, "spec.resourceSelectors");
        reader.push(refuse(span, "`resourceSelectors` needs at least one selector").help("name what it selects"));
    }
    for selector in &spec.resource_selectors {
        let SelectorSpec { namespace, name, .. } = &selector.value;
        if let (PolicyScope::Namespace(own), Some(namespace)) = (scope, namespace)
            && !namespace.is_empty()
            && **namespace != **own
        {
            let message =
                format!("a PropagationPolicy in `{own}` cannot select in another namespace, `{}`", **namespace);
            reader.push(
                refuse(namespace.span, message)
                    .help(format!("move the policy to `{}`, or use a ClusterPropagationPolicy", **namespace)),
            );
        }
        let always = spec.preemption.as_ref().filter(|preemption| preemption.value == Preemption::Always);
        if let Some(preemption) = always
            && name.as_ref().is_none_or(|name| name.is_empty())
        {
            reader.push(
                refuse(selector.span, "a selector without `name` cannot stand beside `preemption: Always`")
                    .other(preemption.span, "preemption is asked for here"),
            );
        }
    }
    check_placement(spec.placement.as_ref(), located, reader);
    check_suspension(spec, reader);
    check_failover(spec, reader);
}

fn check_placement(placement: Option<&PlacementSpec>, located: &Located, reader: &mut Reader<'_>) {
    let Some(placement) = placement else { return };
    let groups = placement.cluster_affinities.iter().flatten();
    for (at, group) in groups.enumerate() {
        let path = format!("spec.placement.clusterAffinities[{at}].affinityName");
        let span = at_path(&located.spans, &path);
        let overflows = group.overflow_affinities.iter().flatten();
        for name in overflows.map(|overflow| &overflow.affinity_name).chain([&group.affinity_name]) {
            if name.is_empty() || name.chars().count() > 32 {
                reader.push(refuse(span, format!("`affinityName` has 1 to 32 characters, and `{name}` has not")));
            } else if !is_key(name) {
                let message = format!("`{name}` is not a name of letters, digits, `-`, `_` and `.`");
                reader.push(refuse(span, message));
            }
        }
    }
    let scheduling = placement.replica_scheduling.as_ref();
    let weights = scheduling.and_then(|scheduling| scheduling.weight_preference.as_ref());
    for weight in weights.iter().flat_map(|weights| &weights.static_weight_list).flatten() {
        if weight.weight.value < 1 {
            reader.push(refuse(weight.weight.span, "a weight is at least 1"));
        }
    }
    if let Some(affinity) = &placement.workload_affinity {
        let groups = [&affinity.value.affinity, &affinity.value.anti_affinity];
        for group in groups.into_iter().flatten().filter(|group| !is_key(&group.group_by_label_key)) {
            let message = format!("`{}` is not a label key", *group.group_by_label_key);
            reader.push(refuse(group.group_by_label_key.span, message));
        }
    }
}

fn check_suspension(spec: &PropagationSpec, reader: &mut Reader<'_>) {
    let Some(suspension) = &spec.suspension else { return };
    let names = suspension.dispatching_on_clusters.as_ref().and_then(|some| some.cluster_names.as_ref());
    if let (Some(all), Some(_)) = (&suspension.dispatching, names.filter(|names| !names.is_empty()))
        && all.value
    {
        let message = "`dispatching: true` cannot stand beside `dispatchingOnClusters.clusterNames`";
        reader.push(refuse(all.span, message).help("keep one of them"));
    }
}

/// `ValidateFailover`; the purge modes of older versions are named with what replaces them.
fn check_failover(spec: &PropagationSpec, reader: &mut Reader<'_>) {
    let Some(failover) = &spec.failover else { return };
    let cluster = failover.value.cluster.as_ref().and_then(|cluster| cluster.purge_mode.as_ref());
    let application = failover.value.application.as_ref();
    for mode in application.and_then(|application| application.value.purge_mode.as_ref()).into_iter().chain(cluster) {
        let new = match mode.as_str() {
            "Directly" | "Gracefully" | "Never" => continue,
            "Immediately" => Some("Directly"),
            "Graciously" => Some("Gracefully"),
            _ => None,
        };
        let diagnostic = refuse(mode.span, format!("`{}` is not a purge mode", **mode));
        reader.push(match new {
            Some(new) => diagnostic.help(format!("write `{new}`, as it is called since Karmada 1.18")),
            None => diagnostic.help("write `Directly`, `Gracefully` or `Never`"),
        });
    }
    let Some(application) = application else { return };
    if spec.propagate_deps != Some(true) {
        let message = "`failover.application` needs `propagateDeps: true`";
        reader.push(refuse(application.span, message).help("write `propagateDeps: true`"));
    }
    let conditions = application.value.decision_conditions.as_ref();
    let seconds = conditions.and_then(|conditions| conditions.toleration_seconds.as_ref());
    if let Some(seconds) = seconds.filter(|seconds| seconds.value < 0) {
        reader.push(refuse(seconds.span, "`tolerationSeconds` cannot be negative"));
    }
    let gracefully = application.value.purge_mode.as_ref().is_none_or(|mode| mode.as_str() == "Gracefully");
    if let Some(grace) = &application.value.grace_period_seconds {
        if !gracefully {
            reader.push(refuse(grace.span, "`gracePeriodSeconds` only stands beside `purgeMode: Gracefully`"));
        } else if grace.value <= 0 {
            reader.push(refuse(grace.span, "`gracePeriodSeconds` must be greater than 0"));
        }
    }
}

/// A selector; one of a namespaced policy that names no namespace is for the policy's own (`mutating.go`).
pub(super) fn selector(spec: &Spanned<SelectorSpec>, scope: &PolicyScope) -> ResourceSelector {
    let SelectorSpec { api_version, kind, namespace, name, label_selector } = &spec.value;
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone()).unwrap_or_default();
    let mut namespace = text(namespace);
    if let (true, PolicyScope::Namespace(own)) = (namespace.is_empty(), scope) {
        namespace.clone_from(own);
    }
    ResourceSelector {
        api_version: api_version.clone(),
        kind: kind.clone(),
        namespace,
        name: text(name),
        labels: label_selector.as_ref().map(|selector| label_requirements(&selector.value)),
        span: spec.span,
        name_span: name.as_ref().map(|name| name.span),
        labels_span: label_selector.as_ref().map(|selector| selector.span),
    }
}

fn label_requirements(selector: &LabelSelectorSpec) -> Vec<LabelRequirement> {
    let equal = selector.match_labels.iter().flatten().map(|(key, value)| LabelRequirement {
        key: key.clone(),
        operator: "In".to_owned(),
        values: vec![value.clone()],
    });
    equal.chain(requirements(selector.match_expressions.as_deref())).collect()
}

fn requirements(list: Option<&[RequirementSpec]>) -> Vec<LabelRequirement> {
    let requirement = |spec: &RequirementSpec| LabelRequirement {
        key: spec.key.clone(),
        operator: spec.operator.clone(),
        values: spec.values.clone().unwrap_or_default(),
    };
    list.into_iter().flatten().map(requirement).collect()
}

fn draft(placement: &PlacementSpec) -> WrittenPlacement {
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let toleration = |spec: &super::wire::TolerationSpec| DraftToleration {
        key: word(&spec.key),
        operator: word(&spec.operator),
        value: word(&spec.value),
        effect: word(&spec.effect),
    };
    let spread = |spec: &super::wire::SpreadSpec| DraftSpread {
        field: spec.spread_by_field.map(spread_field).unwrap_or_default().to_owned(),
        label: word(&spec.spread_by_label),
        min: spec.min_groups.unwrap_or_default(),
        max: spec.max_groups.unwrap_or_default(),
    };
    WrittenPlacement {
        affinity: placement.cluster_affinity.as_ref().map(terms),
        groups: placement.cluster_affinities.iter().flatten().map(group).collect(),
        tolerations: placement.cluster_tolerations.iter().flatten().map(toleration).collect(),
        spread: placement.spread_constraints.iter().flatten().map(spread).collect(),
        scheduling: placement.replica_scheduling.as_ref().map(scheduling),
    }
}

fn spread_field(field: SpreadField) -> &'static str {
    match field {
        SpreadField::Cluster => "cluster",
        SpreadField::Region => "region",
        SpreadField::Zone => "zone",
        SpreadField::Provider => "provider",
    }
}

fn scheduling(spec: &SchedulingSpec) -> Scheduling {
    let kind = match spec.replica_scheduling_type {
        Some(SchedulingType::Duplicated) => "Duplicated",
        Some(SchedulingType::Divided) => "Divided",
        None => "",
    };
    let preference = match spec.replica_division_preference {
        Some(DivisionPreference::Aggregated) => "Aggregated",
        Some(DivisionPreference::Weighted) => "Weighted",
        None => "",
    };
    Scheduling {
        kind: kind.to_owned(),
        preference: preference.to_owned(),
        weights: spec.weight_preference.as_ref().map(|weights| DraftWeights {
            dynamic: weights.dynamic_weight.map(|_| "AvailableReplicas".to_owned()).unwrap_or_default(),
            fixed: weights
                .static_weight_list
                .iter()
                .flatten()
                .map(|rule| (terms(&rule.target_cluster), rule.weight.value))
                .collect(),
        }),
    }
}

/// An affinity as terms.
pub(super) fn terms(spec: &AffinitySpec) -> Terms {
    Terms {
        names: spec.cluster_names.clone().unwrap_or_default(),
        exclude: spec.exclude.clone().unwrap_or_default(),
        labels: spec.label_selector.as_ref().map(label_requirements),
        fields: spec.field_selector.as_ref().map(|fields| requirements(fields.match_expressions.as_deref())),
    }
}

fn group(spec: &GroupSpec) -> DraftGroup {
    let terms = Terms {
        names: spec.cluster_names.clone().unwrap_or_default(),
        exclude: spec.exclude.clone().unwrap_or_default(),
        labels: spec.label_selector.as_ref().map(label_requirements),
        fields: spec.field_selector.as_ref().map(|fields| requirements(fields.match_expressions.as_deref())),
    };
    let overflow = spec.overflow_affinities.iter().flatten().map(overflow).collect();
    DraftGroup { name: spec.affinity_name.clone(), terms, overflow }
}

fn overflow(spec: &OverflowSpec) -> DraftGroup {
    let terms = Terms {
        names: spec.cluster_names.clone().unwrap_or_default(),
        exclude: spec.exclude.clone().unwrap_or_default(),
        labels: spec.label_selector.as_ref().map(label_requirements),
        fields: spec.field_selector.as_ref().map(|fields| requirements(fields.match_expressions.as_deref())),
    };
    DraftGroup { name: spec.affinity_name.clone(), terms, overflow: Vec::new() }
}

/// That the documents of one kind have one name each.
pub(super) fn duplicate(span: Span, first: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::DuplicateName, span, format!("there are two documents for {what}"))
        .other(first, "the first is here")
        .note("Karmada's API server takes the second as an update of the first")
        .help("remove one of them, or give it another name")
}
