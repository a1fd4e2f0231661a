//! Matches existing objects with those of a compilation, one cluster at a time, by group, kind, namespace and name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

/// What tells an object from others of its cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The group of its API; empty for the core.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, if it is written.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectKey {
    /// Of an object; `None` if it has no kind or no name.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let version = text("/apiVersion")?;
        Some(Self {
            group: version.split_once('/').map_or("", |(group, _)| group).to_owned(),
            kind: text("/kind")?.to_owned(),
            namespace: text("/metadata/namespace").map(str::to_owned),
            name: text("/metadata/name")?.to_owned(),
        })
    }
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, namespace, name, .. } = self;
        match namespace {
            Some(namespace) => write!(f, "{kind} {namespace}/{name}"),
            None => write!(f, "{kind} {name}"),
        }
    }
}

/// An object, and where it is from.
#[derive(Clone, Debug)]
pub struct ExistingObject {
    /// What it is.
    pub key: ObjectKey,
    /// The object; the same one may stand on many clusters.
    pub value: Arc<Value>,
    /// The file.
    pub file: String,
}

/// An object of both sides.
#[derive(Clone, Copy, Debug)]
pub struct MatchedObject<'a> {
    /// As it stands there.
    pub theirs: &'a ExistingObject,
    /// As it is given here.
    pub ours: &'a ExistingObject,
}

/// One cluster.
#[derive(Clone, Debug, Default)]
pub struct Against<'a> {
    /// On both sides.
    pub both: Vec<MatchedObject<'a>>,
    /// Only there.
    pub theirs: Vec<&'a ExistingObject>,
    /// Only here.
    pub ours: Vec<&'a ExistingObject>,
    /// Objects that two files there have and that differ: the object, the first file and the second. Equal ones are one.
    pub twice: Vec<(ObjectKey, String, String)>,
}

/// Pairs the objects of one cluster. An object there without a namespace is in `namespace`, if that is given, else in the
/// one of the only object here that fits.
pub fn against<'a>(theirs: &'a [ExistingObject], ours: &'a [ExistingObject], namespace: Option<&str>) -> Against<'a> {
    let mut found = Against::default();
    let here: BTreeMap<&ObjectKey, &ExistingObject> = ours.iter().map(|object| (&object.key, object)).collect();
    let mut taken: BTreeMap<&ObjectKey, &ExistingObject> = BTreeMap::new();
    // Who says a namespace comes first, so that it is not taken by one who does not.
    let (said, unsaid): (Vec<&ExistingObject>, Vec<&ExistingObject>) =
        theirs.iter().partition(|object| object.key.namespace.is_some());
    for object in said.into_iter().chain(unsaid) {
        let exact = here.get(&object.key).copied();
        let own = |other: &&ExistingObject| {
            let (a, b) = (&other.key, &object.key);
            (&a.group, &a.kind, &a.name) == (&b.group, &b.kind, &b.name)
        };
        let fits: Vec<&ExistingObject> = match (&object.key.namespace, namespace) {
            (Some(_), _) => exact.into_iter().collect(),
            (None, Some(namespace)) => {
                let named = ObjectKey { namespace: Some(namespace.to_owned()), ..object.key.clone() };
                here.get(&named).copied().or(exact).into_iter().collect()
            }
            (None, None) if exact.is_some() => exact.into_iter().collect(),
            (None, None) => ours.iter().filter(own).collect(),
        };
        match fits.as_slice() {
            [only] => match taken.get(&only.key) {
                Some(first) if first.value == object.value => {}
                Some(first) => found.twice.push((only.key.clone(), first.file.clone(), object.file.clone())),
                None => {
                    taken.insert(&only.key, object);
                    found.both.push(MatchedObject { theirs: object, ours: only });
                }
            },
            _ => found.theirs.push(object),
        }
    }
    let mut seen: BTreeMap<&ObjectKey, &ExistingObject> = BTreeMap::new();
    for object in std::mem::take(&mut found.theirs) {
        match seen.get(&object.key) {
            Some(first) if first.value == object.value => {}
            Some(first) => {
                found.twice.push((object.key.clone(), first.file.clone(), object.file.clone()));
                found.theirs.push(object);
            }
            None => {
                seen.insert(&object.key, object);
                found.theirs.push(object);
            }
        }
    }
    let there: BTreeSet<&ObjectKey> = taken.keys().copied().collect();
    found.ours = ours.iter().filter(|object| !there.contains(&object.key)).collect();
    found.both.sort_by(|a, b| a.ours.key.cmp(&b.ours.key));
    found.theirs.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(namespace: Option<&str>, name: &str) -> ExistingObject {
        let value =
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name, "namespace": namespace}});
        ExistingObject { key: ObjectKey::of(&value).expect("a key"), value: value.into(), file: name.to_owned() }
    }

    fn counts(
        theirs: &[ExistingObject],
        ours: &[ExistingObject],
        namespace: Option<&str>,
    ) -> (usize, usize, usize, usize) {
        let found = against(theirs, ours, namespace);
        (found.both.len(), found.theirs.len(), found.ours.len(), found.twice.len())
    }

    #[test]
    fn a_namespace_that_is_not_written_is_the_one_that_fits() {
        let ours = [object(Some("a"), "x"), object(Some("b"), "x"), object(Some("a"), "y")];
        assert_eq!(counts(&[object(None, "y")], &ours, None), (1, 0, 2, 0));
        assert_eq!(counts(&[object(None, "x")], &ours, None), (0, 1, 3, 0), "two fit");
        assert_eq!(counts(&[object(None, "x")], &ours, Some("b")), (1, 0, 2, 0));
        assert_eq!(counts(&[object(None, "y")], &ours, Some("c")), (0, 1, 3, 0));
        assert_eq!(counts(&[object(Some("a"), "y"), object(None, "y")], &ours, None), (1, 0, 2, 1));
        let mut other = object(Some("c"), "y");
        std::sync::Arc::make_mut(&mut other.value)["spec"] = json!({"suspend": true});
        assert_eq!(counts(&[object(Some("c"), "y"), other.clone()], &ours, None), (0, 2, 3, 1));
        assert_eq!(counts(&[object(Some("c"), "y"), object(Some("c"), "y")], &ours, None), (0, 1, 3, 0), "equal ones");
        other.key.namespace = Some("a".to_owned());
        assert_eq!(counts(&[object(Some("a"), "y"), other], &ours, None), (1, 0, 2, 1));
        assert_eq!(counts(&[object(Some("a"), "y"), object(Some("a"), "y")], &ours, None), (1, 0, 2, 0), "equal ones");
    }
}
