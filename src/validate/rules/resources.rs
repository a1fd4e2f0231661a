//! Requests and limits: `ValidateResourceRequirements` in `pkg/apis/core/validation/validation.go`, names from
//! `pkg/apis/core/helper/helpers.go`.

use std::collections::BTreeMap;

use super::at::At;
use super::found::Findings;
use super::shown;
use crate::diag::Code;
use crate::validate::quantity::{self, Quantity};
use crate::validate::{FindingKind, names};

/// `standardContainerResources`
const CONTAINER: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const HUGE: &str = "hugepages-";

/// The name of a resource, judged.
type NameRule = fn(&str) -> Result<(), String>;

/// The resources of a container, and the claims that the pod has.
pub(super) fn container(container: &At<'_>, pod: &At<'_>, found: &mut Findings) {
    if let Some(resources) = container.get("resources") {
        requirements(&resources, container_name, found);
        claims(&resources, pod, found);
    }
}

/// The overhead of a pod, which is judged as limits are.
pub(super) fn overhead(pod: &At<'_>, found: &mut Findings) {
    for (name, amount) in pod.entries("overhead") {
        amount_of(name, &amount, container_name, found);
    }
}

/// `validatePodResources`: those of the pod as a whole. Where they are not on yet they are dropped unread.
pub(super) fn pod(pod: &At<'_>, found: &mut Findings) {
    // Of a Windows pod nothing is asked but that it has none.
    let windows = pod.get("os").is_some_and(|os| os.words("name") == "windows");
    let Some(resources) = pod.get("resources").filter(|_| !windows && found.since(34)) else { return };
    if let Some(claims) = resources.get("claims") {
        found.refuse(&claims, "the `resources` of a pod have no `claims`; those of its containers have").at_key();
    }
    requirements(&resources, pod_name, found);
    sums(pod, &resources, found);
}

/// `helper.IsNativeResource`
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// `helper.IsExtendedResourceName`
fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && names::qualified_name(&format!("requests.{name}")).is_ok()
}

/// `helper.IsOvercommitAllowed`
fn may_overcommit(name: &str) -> bool {
    is_native(name) && !name.starts_with(HUGE)
}

/// `validateContainerResourceName`
fn container_name(name: &str) -> Result<(), String> {
    names::qualified_name(name).map_err(|error| error.message)?;
    if !name.contains('/') {
        if CONTAINER.contains(&name) || name.starts_with(HUGE) {
            return Ok(());
        }
        return Err(format!("`{}` is not a resource that a container can have", shown(name)));
    }
    if is_native(name) || is_extended(name) {
        return Ok(());
    }
    Err(format!("`{}` is not the name of a resource of a node", shown(name)))
}

/// `validatePodResourceName`
fn pod_name(name: &str) -> Result<(), String> {
    names::qualified_name(name).map_err(|error| error.message)?;
    if matches!(name, "cpu" | "memory") || name.starts_with(HUGE) {
        return Ok(());
    }
    Err(format!("`{}` is not a resource that a pod as a whole can have", shown(name)))
}

/// The name and the amount of one resource; its amount.
fn amount_of(name: &str, at: &At<'_>, rule: NameRule, found: &mut Findings) {
    if let Err(message) = rule(name) {
        let meant = crate::diag::nearest(name, CONTAINER);
        let finding = found.refuse(at, message).at_key();
        finding.help.extend(meant.map(|meant| format!("did you mean `{meant}`?")));
        if finding.help.is_empty() && !name.contains('/') {
            finding.help(format!(
                "there are {}, `hugepages-SIZE` and resources of a vendor, `example.com/gpu`",
                super::list(&CONTAINER)
            ));
        }
    }
    let Some(amount) = super::amount(at.value()) else { return };
    let mut wrong = |message: String| {
        found.add(at, Code::InvalidQuantity, FindingKind::Rule, message);
    };
    if amount.is_negative() {
        wrong(format!("`{}` is {}, and it may not be negative", shown(name), text(at)));
    }
    // What overflows 64 bits is judged by what is left of it, as `MilliValue` does.
    let text_read = quantity::text_of(at.value()).unwrap_or_default();
    if is_extended(name) && quantity::millis_in_64_bits(&text_read).is_some_and(|millis| millis % 1000 != 0) {
        wrong(format!("`{}` is {}, and resources of a vendor come in whole numbers", shown(name), text(at)));
    }
    if let Some(size) = name.strip_prefix(HUGE)
        && !divides(size, &text_read)
    {
        wrong(format!("`{}` is {}, and it must be a whole number of pages of {}", shown(name), text(at), shown(size)));
    }
}

/// `helper.IsHugePageResourceValueDivisible`
fn divides(size: &str, amount: &str) -> bool {
    let (Some(pages), Some(millis)) = (quantity::value_in_64_bits(size), quantity::millis_in_64_bits(size)) else {
        return false;
    };
    let amount = quantity::value_in_64_bits(amount).unwrap_or_default();
    quantity::parse(size).is_ok_and(|size| size > Quantity::ZERO)
        && millis % 1000 == 0
        && amount.checked_rem(pages) == Some(0)
}

/// The amount in thousandths, to which the API server rounds it up: `SetDefaults_ResourceList` in `pkg/apis/core/v1`.
fn rounded(at: &At<'_>) -> Option<i128> {
    super::amount(at.value()).map(Quantity::millis)
}

/// What the author wrote.
fn text(at: &At<'_>) -> String {
    at.value().as_str().map_or_else(|| at.value().to_string(), shown)
}

/// `ValidateResourceRequirements`, the claims aside.
fn requirements(resources: &At<'_>, rule: NameRule, found: &mut Findings) {
    let (mut huge, mut other) = (false, false);
    for field in ["limits", "requests"] {
        for (name, at) in resources.entries(field) {
            // The same amount as a limit was judged there.
            let limits = resources.get("limits").filter(|_| field == "requests");
            let judged = limits.and_then(|limits| limits.get(name).map(|limit| limit.value() == at.value()));
            if judged != Some(true) {
                amount_of(name, &at, rule, found);
            }
            // Of a size that is none the name is what is wrong.
            huge |= name.strip_prefix(HUGE).is_some_and(|size| quantity::parse(size).is_ok());
            other |= matches!(name, "cpu" | "memory");
        }
    }
    let limits = resources.get("limits");
    for (name, at) in resources.entries("requests") {
        let Some(request) = rounded(&at) else { continue };
        let limit = limits.as_ref().and_then(|limits| limits.get(name));
        let Some(limit) = limit else {
            if !may_overcommit(name) {
                let message = format!("`{}` has a request and no limit, and it needs both, equal", shown(name));
                let place = limits.as_ref().unwrap_or(resources);
                found.refuse(place, message).help(format!("write a limit of {} too", text(&at))).at_key().beside(&at);
            }
            continue;
        };
        let Some(most) = rounded(&limit) else { continue };
        if may_overcommit(name) && request > most {
            let message =
                format!("the request of {} `{}` is above the limit of {}", text(&at), shown(name), text(&limit));
            found.refuse(&at, message).beside(&limit);
        } else if !may_overcommit(name) && request != most {
            let message =
                format!("the request of {} `{}` must equal the limit of {}", text(&at), shown(name), text(&limit));
            found.refuse(&at, message).beside(&limit);
        }
    }
    if huge && !other {
        found.refuse(resources, "huge pages need `cpu` or `memory` beside them").at_key();
    }
}

/// `validateResourceClaimNames`
fn claims(resources: &At<'_>, pod: &At<'_>, found: &mut Findings) {
    let mut known: Vec<(&str, &str)> = Vec::new();
    for claim in resources.items("claims") {
        let (name, request) = (claim.words("name"), claim.words("request"));
        if !found.filled(&claim, "name") {
            continue;
        }
        if !request.is_empty() {
            found.named(&claim, "request", names::dns1123_label);
        }
        // A claim as a whole covers its requests.
        let covers =
            |other: &(&str, &str)| other.0 == name && (other.1 == request || other.1.is_empty() || request.is_empty());
        if known.iter().any(covers) {
            found.refuse(&claim, format!("the claim `{}` is named twice", shown(name)));
        }
        known.push((name, request));
        let there = pod.list("resourceClaims").iter().any(|it| it.get("name").and_then(|it| it.as_str()) == Some(name));
        if let Some(at) = claim.get("name").filter(|_| !there && found.since(34)) {
            found.refuse(&at, format!("there is no claim `{}` among the pod's `resourceClaims`", shown(name)));
        }
    }
}

/// `validatePodResourceConsistency`
fn sums(pod: &At<'_>, resources: &At<'_>, found: &mut Findings) {
    let asked = all_requests(pod, false);
    for (name, at) in resources.entries("requests") {
        if exceeds(&asked, name, &at) {
            let message = format!("the pod requests {} `{}`, and its containers together more", text(&at), shown(name));
            found.refuse(&at, message);
        }
    }
    for container in pod.items("containers") {
        let Some(own) = container.get("resources") else { continue };
        for (name, at) in own.entries("limits") {
            let limits = resources.get("limits");
            let most = limits.as_ref().and_then(|limits| limits.get(name));
            let Some((most, amount)) = most.and_then(|it| Some((it, rounded(&it)?))) else { continue };
            if rounded(&at).is_some_and(|own| own > amount) {
                let message =
                    format!("the limit of {} `{}` is above the pod's limit of {}", text(&at), shown(name), text(&most));
                found.refuse(&at, message).beside(&most);
            }
        }
    }
}

/// `setDefaultPodResources` in `pkg/apis/core/v1/defaults.go`, which is for pods and not for templates: a limit is a
/// request as well where there is none, and what the containers request the pod does.
pub(super) fn requests_of_pod(pod: &At<'_>, found: &mut Findings) {
    let Some(resources) = pod.get("resources").filter(|_| found.since(34)) else { return };
    let (asked, written) = (all_requests(pod, true), all_requests(pod, false));
    for (name, at) in resources.entries("requests") {
        if exceeds(&asked, name, &at) && !exceeds(&written, name, &at) {
            let message = format!(
                "the pod requests {} `{}`, and its containers together more: a limit without a request is both",
                text(&at),
                shown(name)
            );
            found.add(&at, Code::PodRefused, FindingKind::Later, message);
        }
    }
    let own = resources.get("requests");
    for (name, at) in resources.entries("limits") {
        let requested = own.as_ref().is_some_and(|own| own.has(name));
        if matches!(name, "cpu" | "memory") && !requested && exceeds(&asked, name, &at) {
            let message = format!(
                "the pod has a limit of {} `{}`, and its containers together request more",
                text(&at),
                shown(name)
            );
            found.add(&at, Code::PodRefused, FindingKind::Later, message);
        }
    }
}

/// Whether the containers ask for more of something than stands there.
fn exceeds(asked: &BTreeMap<String, Quantity>, name: &str, at: &At<'_>) -> bool {
    super::amount(at.value()).zip(asked.get(name)).is_some_and(|(own, sum)| *sum > own)
}

/// `AggregateContainerRequests` in `k8s.io/component-helpers/resource`: containers and sidecars run together, other init
/// containers one after another. With defaults a limit stands for a request that is missing.
fn all_requests(pod: &At<'_>, defaults: bool) -> BTreeMap<String, Quantity> {
    let own = |container: &At<'_>| {
        let resources = container.get("resources");
        let map = |field: &'static str| resources.as_ref().and_then(|it| it.map(field)).into_iter().flatten();
        let amounts: BTreeMap<_, _> = map("limits").filter(|_| defaults).chain(map("requests")).collect();
        amounts.into_iter().filter_map(|(name, value)| Some((name.clone(), super::amount(value)?))).collect::<Vec<_>>()
    };
    let mut sum: BTreeMap<String, Quantity> = BTreeMap::new();
    let add = |sum: &mut BTreeMap<String, Quantity>, name: String, amount: Quantity| {
        let entry = sum.entry(name).or_default();
        *entry = entry.plus(amount);
    };
    pod.items("containers").for_each(|it| own(&it).into_iter().for_each(|(name, amount)| add(&mut sum, name, amount)));
    let (mut sidecars, mut most) = (BTreeMap::new(), BTreeMap::<String, Quantity>::new());
    for container in pod.items("initContainers") {
        let stays = container.words("restartPolicy") == "Always";
        for (name, amount) in own(&container) {
            let mut now: Quantity = sidecars.get(&name).copied().unwrap_or_default();
            now = now.plus(amount);
            if stays {
                add(&mut sidecars, name.clone(), amount);
                add(&mut sum, name.clone(), amount);
            }
            let entry = most.entry(name).or_default();
            *entry = now.max(*entry);
        }
    }
    for (name, amount) in most {
        let entry = sum.entry(name).or_default();
        *entry = amount.max(*entry);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn of(resources: Value) -> Vec<String> {
        let value = json!({ "resources": resources });
        let found =
            found_by(value, |at, found| container(at, &At::root(&json!({"resourceClaims": [{"name": "c"}]})), found));
        found.into_iter().map(|pointer| pointer.replace("/resources", "")).collect()
    }

    /// `pkg/apis/core/validation.ValidateResourceRequirements`
    #[test]
    fn validate_resource_requirements() {
        assert_eq!(of(json!({"requests": {"cpu": "100m", "memory": 1}, "limits": {"memory": "1Gi"}})), NONE);
        assert_eq!(of(json!({"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}})), ["/requests/memory"]);
        assert_eq!(of(json!({"requests": {"cpu": "-1"}})), ["/requests/cpu"]);
        let gpu =
            |request: &str, limit: &str| of(json!({"requests": {"a.b/gpu": request}, "limits": {"a.b/gpu": limit}}));
        assert_eq!(gpu("1", "1"), NONE);
        assert_eq!(gpu("1", "2"), ["/requests/a.b~1gpu"]);
        assert_eq!(of(json!({"requests": {"a.b/gpu": 1}})), [""]);
        assert_eq!(of(json!({"limits": {"a.b/gpu": "500m"}})), ["/limits/a.b~1gpu"]);
        // Answers of kube-apiserver 1.36 beyond 64 bits.
        assert_eq!(of(json!({"limits": {"a.b/gpu": "1Ei"}})), ["/limits/a.b~1gpu"]);
        assert_eq!(of(json!({"limits": {"a.b/gpu": "1e999"}})), NONE);
    }

    /// `pkg/apis/core/v1.SetDefaults_ResourceList`
    #[test]
    fn set_defaults_resource_list() {
        let cpu = |request: &str, limit: &str| of(json!({"requests": {"cpu": request}, "limits": {"cpu": limit}}));
        assert_eq!(cpu("0.0005", "0.0004"), NONE);
        assert_eq!(cpu("0.0015", "0.001"), ["/requests/cpu"]);
    }

    /// `pkg/apis/core/validation.validateContainerResourceName`
    #[test]
    fn validate_container_resource_name() {
        for name in ["cpu", "ephemeral-storage", "a.b/gpu", "x.kubernetes.io/y"] {
            assert_eq!(of(json!({"limits": {name: 1}})), NONE, "{name}");
        }
        for name in ["CPU", "gpu", "storage", "requests.a.b/gpu", "a b/x", "a/b/c"] {
            assert_eq!(of(json!({"limits": {name: 1}})).len(), 1, "{name}");
        }
    }

    /// `pkg/apis/core/validation.validateResourceRequirements`, huge pages
    #[test]
    fn huge_pages() {
        let pages = |request: &str, limit: &str| {
            of(json!({"requests": {"hugepages-2Mi": request, "cpu": 1}, "limits": {"hugepages-2Mi": limit}}))
        };
        assert_eq!(pages("2Mi", "2Mi"), NONE);
        assert_eq!(pages("2Mi", "4Mi"), ["/requests/hugepages-2Mi"]);
        assert_eq!(pages("3Mi", "3Mi"), ["/limits/hugepages-2Mi"]);
        assert_eq!(of(json!({"limits": {"hugepages-2Mi": "2Mi"}})), [""]);
    }

    /// `pkg/apis/core/validation.validateResourceClaimNames`
    #[test]
    fn validate_resource_claim_names() {
        assert_eq!(of(json!({"claims": [{"name": "c"}]})), NONE);
        assert_eq!(of(json!({"claims": [{"name": "d"}]})), ["/claims/0/name"]);
        assert_eq!(of(json!({"claims": [{"name": "c", "request": "r"}, {"name": "c"}]})), ["/claims/1"]);
    }

    /// `pkg/apis/core/validation.validatePodResources`
    #[test]
    fn validate_pod_resources() {
        let asks = |requests: Value, limits: Value| json!({"resources": {"requests": requests, "limits": limits}});
        let whole = |resources: Value, containers: Value| {
            let mut value = json!({ "containers": containers });
            value.as_object_mut().unwrap().extend(resources.as_object().unwrap().clone());
            found_by(value, pod)
        };
        let two = json!([asks(json!({"cpu": 1}), json!({})), asks(json!({"cpu": 1}), json!({"cpu": 2}))]);
        assert_eq!(whole(asks(json!({"cpu": 2}), json!({"cpu": 2})), two.clone()), NONE);
        assert_eq!(whole(asks(json!({"cpu": 1}), json!({})), two.clone()), ["/resources/requests/cpu"]);
        assert_eq!(whole(asks(json!({}), json!({"cpu": 1})), two), ["/containers/1/resources/limits/cpu"]);
        assert_eq!(whole(asks(json!({}), json!({"a.b/gpu": 1})), json!([])), ["/resources/limits/a.b~1gpu"]);
    }
    /// `pkg/apis/core/v1.setDefaultPodResources`, `defaultPodRequests`
    #[test]
    fn set_default_pod_resources() {
        let cpu = |number: u8| json!({ "cpu": number });
        let whole = |own: Value, container: Value| {
            let value = json!({"resources": own, "containers": [{"resources": container}]});
            assert_eq!(found_by(value.clone(), pod), NONE, "{value}");
            assert_eq!(found_in(33, value.clone(), requests_of_pod), NONE, "{value}");
            found_by(value, requests_of_pod)
        };
        let limited = json!({"limits": cpu(2)});
        assert_eq!(whole(json!({"requests": cpu(1), "limits": cpu(4)}), limited.clone()), ["/resources/requests/cpu"]);
        assert_eq!(whole(json!({"requests": cpu(2), "limits": cpu(4)}), limited.clone()), NONE);
        assert_eq!(whole(json!({"requests": cpu(1)}), json!({"requests": cpu(1), "limits": cpu(2)})), NONE);
        assert_eq!(whole(json!({"limits": cpu(1)}), json!({"requests": cpu(2)})), ["/resources/limits/cpu"]);
        assert_eq!(whole(json!({"limits": cpu(2)}), limited), NONE);
    }
}
