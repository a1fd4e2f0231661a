//! Separates differences that mean something to Kubernetes from those that are only written differently.
//!
//! A field is insignificant if both objects mean the same there after defaulting, and undoing it alone would change
//! nothing either. Defaults that depend on another changed field are never taken for insignificant.

use serde_json::Value;

use super::field::{FieldChange, PathSegment, fields, value_at, value_with};
use super::list_keys::ListKeys;
use crate::validate::normal;

/// Whether the order of a list means something although its items have keys: init containers run one after another.
pub fn is_order_significant(path: &[PathSegment]) -> bool {
    path.iter().rev().nth(1) == Some(&PathSegment::Member("initContainers".to_owned()))
}

/// Differences that mean something, and those that are only written otherwise.
pub(super) fn split_by_meaning(
    old: &Value,
    new: &Value,
    found: Vec<FieldChange>,
) -> (Vec<FieldChange>, Vec<FieldChange>) {
    let lists = ListKeys::new(new);
    let (was, is) = (normal(old), normal(new));
    let mut meant = fields(&was, &is, lists);
    meant.retain(|field| !field.is_order() || is_order_significant(&field.path));
    if meant.is_empty() {
        return (Vec::new(), found);
    }
    let (mut told, written): (Vec<FieldChange>, Vec<FieldChange>) = found.into_iter().partition(|field| {
        let taken_back = || {
            let put = value_at(old, &field.path, lists);
            value_with(new, &field.path, put, lists).is_some_and(|back| normal(&back) != is)
        };
        meant.iter().any(|other| other.touches(field)) || !field.is_order() && taken_back()
    });
    if told.is_empty() {
        // They do not mean the same, so something of it does: better all than nothing.
        return (written, told);
    }
    // What is limited and not requested is requested as it is limited: none is not none.
    for field in told.iter_mut().filter(|field| is_request(&field.path)) {
        for (side, of) in [(&mut field.old, &was), (&mut field.new, &is)] {
            if side.is_none() {
                *side = value_at(of, &field.path, lists).cloned();
            }
        }
    }
    (told, written)
}

/// Whether a path is that of an amount that a container requests.
fn is_request(path: &[PathSegment]) -> bool {
    let member = |step: &PathSegment, name: &str| *step == PathSegment::Member(name.to_owned());
    matches!(path, [.., resources, requests, PathSegment::Member(_)]
        if member(resources, "resources") && member(requests, "requests"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is told, and what is not, of a change of a container and of the spec.
    fn told(old: (Value, Value), new: (Value, Value)) -> (Vec<String>, Vec<String>) {
        let job = |(spec, container): (Value, Value)| {
            let mut spec = spec;
            spec["jobTemplate"] = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": spec})
        };
        let (old, new) = (job(old), job(new));
        let (told, written) = split_by_meaning(&old, &new, fields(&old, &new, ListKeys::new(&new)));
        let names = |all: Vec<FieldChange>| {
            all.iter().map(|field| field.at().rsplit('.').next().unwrap_or_default().to_owned()).collect()
        };
        (names(told), names(written))
    }

    #[test]
    fn a_default_that_is_written_out_says_nothing_beside_something_that_does() {
        let (plain, image) = (json!({"name": "a", "image": "x:1"}), json!({"name": "a", "image": "x:2"}));
        let spelt = json!({"suspend": false, "concurrencyPolicy": "Allow"});
        let names = |told: &[&str]| told.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let both = names(&["concurrencyPolicy", "suspend"]);
        assert_eq!(told((json!({}), plain.clone()), (spelt.clone(), plain.clone())), (vec![], both.clone()));
        assert_eq!(told((json!({}), plain.clone()), (spelt, image)), (names(&["image"]), both));
        assert_eq!(told((json!({}), plain.clone()), (json!({"suspend": true}), plain)), (names(&["suspend"]), vec![]));
    }

    #[test]
    fn a_request_that_goes_gives_way_to_the_limit() {
        let job = |requests: Value| {
            let resources = json!({"limits": {"cpu": 1}, "requests": requests});
            let pod = json!({"containers": [{"name": "a", "image": "x:1", "resources": resources}]});
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}})
        };
        let (old, new) = (job(json!({"cpu": "500m"})), job(json!({})));
        let (told, _) = split_by_meaning(&old, &new, fields(&old, &new, ListKeys::new(&new)));
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].old.as_ref(), told[0].new.as_ref()), (Some(&json!("500m")), Some(&json!("1"))));
    }

    #[test]
    fn a_default_that_depends_on_what_changed_is_told() {
        let policy = |image: &str, policy: Value| json!({"name": "a", "image": image, "imagePullPolicy": policy});
        let bare = |image: &str| json!({"name": "a", "image": image});
        let case = |old: Value, new: Value| told((json!({}), old), (json!({}), new));
        let names = |told: &[&str]| told.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        // Before, the image is pulled if it is not there; after, always.
        let (said, silent) = case(policy("x:1", "IfNotPresent".into()), bare("x"));
        assert_eq!((said, silent), (names(&["image", "imagePullPolicy"]), vec![]));
        let (said, silent) = case(bare("x:1"), policy("x:2", "IfNotPresent".into()));
        assert_eq!((said, silent), (names(&["image"]), names(&["imagePullPolicy"])));
        let (said, silent) = case(policy("x", "Always".into()), bare("x"));
        assert_eq!((said, silent), (vec![], names(&["imagePullPolicy"])));
    }
}
