//! Karmada's admission of override policies. Source: `pkg/webhook/overridepolicy`, `pkg/util/validation/validation.go
//! ValidateOverrideSpec`, and the CRDs.

use std::sync::Arc;

use super::admit::{selector, terms};
use super::wire::{
    AffinitySpec, ComponentSpec, FieldSpec, InnerSpec, ListOperatorSpec, ListSpec, MapSpec, OperatorSpec,
    OverrideDocument, OverridersSpec, PlaintextSpec,
};
use super::{Reader, at_path, refuse};
use crate::model::karmada::{OverridePolicy, OverrideRule, PolicyScope, is_key, is_name};
use crate::patch::Pointer;
use crate::patch::karmada::{
    Component, FieldOverrider, ImageOverrider, ListOverrider, MapOverrider, OverriderOperation, Overriders,
    PlaintextOperator,
};
use crate::tree::{Located, Spanned};
use crate::yaml::Node;

/// Reads an override policy; what is refused is reported and does not exist.
pub(super) fn policy(
    root: &Node,
    scope: PolicyScope,
    name: Spanned<String>,
    reader: &mut Reader<'_>,
) -> Option<OverridePolicy> {
    let document: OverrideDocument = reader.read(root)?;
    let located = Arc::new(root.located());
    let before = reader.errors;
    let spec = document.spec;
    let rules = spec.override_rules.unwrap_or_default();
    let mut admitted = Vec::new();
    if rules.is_empty() {
        let overriders = spec.overriders.as_ref().map(|overriders| &overriders.value);
        let overriders = overriders.map(self::overriders).unwrap_or_default();
        let target = spec.target_cluster.as_ref().map(|target| terms(&target.value));
        let path = ["spec", "overriders"].map(str::to_owned).to_vec();
        admitted.push(OverrideRule { target, overriders, path });
    } else {
        check_old_form(spec.target_cluster.as_ref(), spec.overriders.as_ref(), reader);
        for (at, rule) in rules.iter().enumerate() {
            let path = format!("spec.overrideRules[{at}]");
            check_target(rule.target_cluster.as_ref(), &format!("{path}.targetCluster"), &located, reader);
            check_overriders(&rule.overriders, &format!("{path}.overriders"), &located, reader);
            admitted.push(OverrideRule {
                target: rule.target_cluster.as_ref().map(terms),
                overriders: overriders(&rule.overriders),
                path: ["spec", "overrideRules", &at.to_string(), "overriders"].map(str::to_owned).to_vec(),
            });
        }
    }
    if reader.errors > before {
        return None;
    }
    let selectors = spec.resource_selectors.iter().flatten().map(|spec| selector(spec, &scope)).collect();
    Some(OverridePolicy { scope, name, selectors, rules: admitted, document: located })
}

/// The old form beside the new one.
fn check_old_form(
    target: Option<&Spanned<AffinitySpec>>,
    overriders: Option<&Spanned<OverridersSpec>>,
    reader: &mut Reader<'_>,
) {
    if let Some(target) = target {
        let message = "`targetCluster` cannot stand beside `overrideRules`";
        reader.push(refuse(target.span, message).help("move it into the rules"));
    }
    // A `fieldOverrider` alone is not looked at (`emptyOverrides`).
    let counts =
        |overriders: &OverridersSpec| !Overriders { field: Vec::new(), ..self::overriders(overriders) }.is_empty();
    if let Some(overriders) = overriders.filter(|overriders| counts(&overriders.value)) {
        let message = "`overriders` cannot stand beside `overrideRules`";
        reader.push(refuse(overriders.span, message).help("move it into a rule"));
    }
}

/// `ValidateClusterAffinity`
fn check_target(target: Option<&AffinitySpec>, path: &str, located: &Located, reader: &mut Reader<'_>) {
    let expressions = target.and_then(|target| target.field_selector.as_ref());
    for required in expressions.iter().flat_map(|fields| &fields.match_expressions).flatten() {
        let span = at_path(&located.spans, &format!("{path}.fieldSelector"));
        if !matches!(required.key.as_str(), "provider" | "region" | "zone") {
            let message = format!("unsupported key `{}`, must be provider, region, or zone", required.key);
            reader.push(refuse(span, message));
        }
        if !matches!(required.operator.as_str(), "In" | "NotIn") {
            let message = format!("unsupported operator `{}`, must be In or NotIn", required.operator);
            reader.push(refuse(span, message));
        }
    }
}

/// `validateOverrideRules`
fn check_overriders(spec: &OverridersSpec, path: &str, located: &Located, reader: &mut Reader<'_>) {
    let place = |part: String| at_path(&located.spans, &format!("{path}.{part}"));
    let bad_pointer = |text: &str| Pointer::parse(text).is_err();
    for (name, list, values_are_labels) in [
        ("labelsOverrider", &spec.labels_overrider, true),
        ("annotationsOverrider", &spec.annotations_overrider, false),
    ] {
        for (at, entry) in list.iter().flatten().enumerate() {
            for (key, value) in &entry.value {
                // The key of an annotation is looked at in lower case (`ValidateAnnotations`).
                let sound = is_key(key) || !values_are_labels && is_key(&key.to_lowercase());
                if !sound {
                    let message = format!("`{key}` is not a key of labels or annotations");
                    reader.push(refuse(place(format!("{name}[{at}].value")), message));
                } else if values_are_labels && !value.is_empty() && !is_name(value) {
                    let message = format!("`{value}` is not a value of a label");
                    reader.push(refuse(place(format!("{name}[{at}].value")), message));
                }
            }
        }
    }
    for (at, image) in spec.image_overrider.iter().flatten().enumerate() {
        if let Some(predicate) = image.predicate.as_ref().filter(|predicate| bad_pointer(&predicate.path)) {
            let message = format!("`{}` is not a JSON pointer", predicate.path);
            let help = "a pointer begins with `/`";
            reader.push(refuse(place(format!("imageOverrider[{at}].predicate.path")), message).help(help));
        }
    }
    for (at, field) in spec.field_overrider.iter().flatten().enumerate() {
        if bad_pointer(&field.field_path) {
            let message = format!("`{}` is not a JSON pointer", field.field_path);
            let help = "a pointer begins with `/`";
            reader.push(refuse(place(format!("fieldOverrider[{at}].fieldPath")), message).help(help));
        }
        let given = |list: &Option<Vec<InnerSpec>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let message = match (given(&field.json), given(&field.yaml)) {
            (false, false) => "a fieldOverrider needs `json` or `yaml`",
            (true, true) => "a fieldOverrider has either `json` or `yaml`, and not both",
            _ => "",
        };
        if !message.is_empty() {
            reader.push(refuse(place(format!("fieldOverrider[{at}]")), message));
        }
        for (form, list) in [("json", &field.json), ("yaml", &field.yaml)] {
            for (inner, operation) in list.iter().flatten().enumerate() {
                if bad_pointer(&operation.sub_path) {
                    let message = format!("`{}` is not a JSON pointer", operation.sub_path);
                    let place = place(format!("fieldOverrider[{at}].{form}[{inner}].subPath"));
                    reader.push(refuse(place, message).help("a pointer begins with `/`"));
                }
            }
        }
    }
}

fn overriders(spec: &OverridersSpec) -> Overriders {
    Overriders {
        image: spec
            .image_overrider
            .iter()
            .flatten()
            .map(|image| ImageOverrider {
                path: image.predicate.as_ref().map(|predicate| predicate.path.clone()),
                component: match image.component {
                    ComponentSpec::Registry => Component::Registry,
                    ComponentSpec::Repository => Component::Repository,
                    ComponentSpec::Tag => Component::Tag,
                },
                operator: operator(image.operator),
                value: image.value.clone().unwrap_or_default(),
            })
            .collect(),
        command: lists(spec.command_overrider.as_deref()),
        args: lists(spec.args_overrider.as_deref()),
        labels: maps(spec.labels_overrider.as_deref()),
        annotations: maps(spec.annotations_overrider.as_deref()),
        field: spec.field_overrider.iter().flatten().map(field).collect(),
        plaintext: spec.plaintext.iter().flatten().map(plaintext).collect(),
    }
}

fn operator(spec: OperatorSpec) -> PlaintextOperator {
    match spec {
        OperatorSpec::Add => PlaintextOperator::Add,
        OperatorSpec::Remove => PlaintextOperator::Remove,
        OperatorSpec::Replace => PlaintextOperator::Replace,
    }
}

fn lists(list: Option<&[ListSpec]>) -> Vec<ListOverrider> {
    let one = |spec: &ListSpec| ListOverrider {
        container: spec.container_name.clone(),
        operator: match spec.operator {
            ListOperatorSpec::Add => PlaintextOperator::Add,
            ListOperatorSpec::Remove => PlaintextOperator::Remove,
        },
        value: spec.value.clone().unwrap_or_default(),
    };
    list.into_iter().flatten().map(one).collect()
}

fn maps(list: Option<&[MapSpec]>) -> Vec<MapOverrider> {
    let one = |spec: &MapSpec| MapOverrider {
        operator: operator(spec.operator),
        value: spec.value.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
    };
    list.into_iter().flatten().map(one).collect()
}

fn field(spec: &FieldSpec) -> FieldOverrider {
    let operations = |list: &Option<Vec<InnerSpec>>| {
        let one = |inner: &InnerSpec| OverriderOperation {
            operator: operator(inner.operator),
            path: inner.sub_path.clone(),
            value: inner.value.as_ref().map(|value| value.value.clone()).unwrap_or_default(),
        };
        list.iter().flatten().map(one).collect()
    };
    FieldOverrider { path: spec.field_path.clone(), json: operations(&spec.json), yaml: operations(&spec.yaml) }
}

fn plaintext(spec: &PlaintextSpec) -> OverriderOperation {
    OverriderOperation {
        operator: operator(spec.operator),
        path: spec.path.clone(),
        value: spec.value.as_ref().map(|value| value.value.clone()).unwrap_or_default(),
    }
}
