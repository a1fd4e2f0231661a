//! fleetcron's own merge of bases, task and overrides: a strategic merge in which new elements are appended and null
//! means "as if never set".

use super::error::{PatchError, PatchProblem, plain, type_name};
use super::table::{List, ListShape, default_of};
use super::variables::{self, FREE};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

const PATCH: &str = "$patch";
const DELETE: &str = "delete";

/// Lays `layer` over `target`.
///
/// Maps merge; null removes; lists with a merge key merge by it, new elements behind the old ones; sets of scalars are
/// united; everything else replaces. An element `{KEY: x, $patch: delete}` removes the element with that key. New
/// variables of an `env` go where [`variables::arrange`] puts them.
///
/// # Errors
/// An element of a keyed list that is no map, lacks its key or repeats one, or another `$patch`. The pointer leads
/// into the layer; the target is then as it was.
pub fn merge(target: &mut Value, layer: &Value, shape: ListShape) -> Result<(), PatchError> {
    check(layer, shape)?;
    if !layer.is_null() {
        lay(target, layer, shape);
    }
    Ok(())
}

/// What can be refused is in the layer alone, so it is found before the target is touched.
fn check(layer: &Value, shape: ListShape) -> Result<(), PatchError> {
    match (layer, shape.list()) {
        (Value::Object(map), _) => {
            map.iter().try_for_each(|(key, value)| check(value, shape.field(key)).map_err(|error| error.under(key)))
        }
        (Value::Array(elements), List::Keyed { key, identity }) => {
            let keys = Keys { key, identity };
            let mut seen = HashSet::with_capacity(elements.len());
            elements.iter().enumerate().try_for_each(|(index, element)| {
                check_element(&mut seen, element, keys, shape.item()).map_err(|error| error.under(index))
            })
        }
        _ => Ok(()),
    }
}

/// Takes every member that is null out of every map. Null elements of lists stay: there is no place to unset.
pub fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// Lays one value over another; tells how many elements it put behind those of a keyed list.
fn lay(target: &mut Value, layer: &Value, shape: ListShape) -> usize {
    match layer {
        Value::Object(layer) => lay_map(become_map(target), layer, shape),
        Value::Array(layer) => {
            if !target.is_array() {
                *target = Value::Array(Vec::new());
            }
            if let Value::Array(old) = target {
                return lay_list(old, layer, shape);
            }
        }
        scalar => *target = scalar.clone(),
    }
    0
}

/// The map that a value is, or becomes where it was something else.
fn become_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it was made a map just now")
}

fn lay_map(target: &mut Map<String, Value>, layer: &Map<String, Value>, shape: ListShape) {
    for (key, value) in layer {
        if value.is_null() {
            target.remove(key);
        } else {
            let place = target.entry(key.as_str()).or_insert(Value::Null);
            let had_items = place.as_array().is_some_and(|items| !items.is_empty());
            let new = lay(place, value, shape.field(key));
            // The layer removed the last item, as if the list had never been set.
            if had_items && place.as_array().is_some_and(Vec::is_empty) && !value.as_array().is_some_and(Vec::is_empty)
            {
                target.remove(key);
                continue;
            }
            if key == "env"
                && let Value::Array(list) = place
            {
                variables::arrange(list, new);
            }
        }
    }
}

fn lay_list(target: &mut Vec<Value>, layer: &[Value], shape: ListShape) -> usize {
    match shape.list() {
        List::Atomic => {
            *target = layer.to_vec();
            target.iter_mut().for_each(strip_nulls);
        }
        List::Union => {
            let mut seen: HashSet<Value> = target.iter().cloned().collect();
            target.extend(layer.iter().filter(|element| seen.insert((*element).clone())).cloned());
        }
        List::Keyed { key, identity } => return lay_keyed(target, layer, Keys { key, identity }, shape.item()),
    }
    0
}

/// By what the elements of a list are told apart.
#[derive(Clone, Copy)]
struct Keys {
    /// The merge key: enough where it is unique.
    key: &'static str,
    /// The members that server-side apply wants to be unique together: a port by number *and* protocol.
    identity: &'static [&'static str],
}

/// What makes an element this one and no other.
type ElementIdentity = Vec<Option<Value>>;

impl Keys {
    fn identity(self, element: &Value) -> ElementIdentity {
        let member = |name: &&str| match element.get(*name) {
            None | Some(Value::Null) => default_of(name).map(Value::from),
            Some(value) => Some(value.clone()),
        };
        std::iter::once(&self.key).chain(self.identity).map(member).collect()
    }
}

/// An element must be a map that says which one it is, once.
fn check_element(
    seen: &mut HashSet<ElementIdentity>,
    element: &Value,
    keys: Keys,
    shape: ListShape,
) -> Result<(), PatchError> {
    let Value::Object(map) = element else {
        let what = "an element of this list".to_owned();
        return Err(PatchError::here(PatchProblem::NotAMap { what, found: type_name(element) }));
    };
    let key = keys.key;
    let Some(value) = map.get(key).filter(|value| !value.is_null()) else {
        let problem = PatchProblem::MissingMergeKey { key: key.to_owned(), whose: "the element" };
        return Err(PatchError::here(problem).help(format!("say with `{key}` which element is meant")));
    };
    if value.is_object() || value.is_array() {
        return Err(PatchError::at(key, PatchProblem::KeyIsNoScalar { key: key.to_owned(), found: type_name(value) }));
    }
    if !seen.insert(keys.identity(element)) {
        let problem = PatchProblem::DuplicateKey { key: key.to_owned(), value: plain(value) };
        return Err(PatchError::at(key, problem));
    }
    match map.get(PATCH) {
        None => check(element, shape),
        Some(directive) if directive == DELETE => Ok(()),
        Some(directive) => {
            let error = PatchError::at(PATCH, PatchProblem::UnknownDirective(plain(directive)));
            Err(error.help("directives belong into `patches`, under `strategic`"))
        }
    }
}

/// Lays elements that were checked, each over the one it is about: by merge key; where several have that, by the whole
/// identity. Nothing is searched from the front, so a long list costs what its length is. Tells how many are new.
fn lay_keyed(target: &mut Vec<Value>, layer: &[Value], keys: Keys, shape: ListShape) -> usize {
    let mut new_ones = 0;
    let mut standing = ElementPositions::of(target, layer, keys);
    for element in layer {
        let Value::Object(map) = element else { continue };
        if map.get(PATCH).is_some_and(|directive| directive == DELETE) {
            standing.remove(element);
            continue;
        }
        match standing.find(element).and_then(|place| target.get_mut(place)) {
            Some(old) => {
                let old = become_map(old);
                let is_free = old.contains_key(FREE);
                lay_map(old, map, shape);
                // Who gave it a place first has given it.
                if !is_free {
                    old.remove(FREE);
                }
            }
            None => {
                let mut new = Map::new();
                lay_map(&mut new, map, shape);
                standing.add(element, target.len());
                target.push(Value::Object(new));
                new_ones += 1;
            }
        }
    }
    if !standing.gone.is_empty() {
        let mut place = 0..;
        target.retain(|_| place.next().is_some_and(|place| !standing.gone.contains(&place)));
    }
    new_ones
}

/// Where the elements of a list stand while a layer is laid over it: those that the layer is about, for of a thousand
/// layers each says a word to a list of thousands.
struct ElementPositions<'l> {
    keys: Keys,
    /// The merge keys of the layer's elements, numbered.
    asked: HashMap<Option<&'l Value>, usize>,
    /// How many elements of the layer have each.
    counts: Vec<usize>,
    /// Where the list has each.
    places: Vec<Vec<usize>>,
    exact: HashMap<ElementIdentity, usize>,
    /// What the layer removed: taken out at the end, so that the others keep their places.
    gone: HashSet<usize>,
}

impl<'l> ElementPositions<'l> {
    fn of(list: &[Value], layer: &'l [Value], keys: Keys) -> Self {
        let mut asked = HashMap::with_capacity(layer.len());
        let mut counts = Vec::new();
        for element in layer {
            let number = *asked.entry(element.get(keys.key)).or_insert(counts.len());
            counts.resize(counts.len().max(number + 1), 0);
            counts[number] += 1;
        }
        let places = vec![Vec::new(); counts.len()];
        let mut standing = Self { keys, asked, counts, places, exact: HashMap::new(), gone: HashSet::new() };
        list.iter().enumerate().for_each(|(place, element)| standing.add(element, place));
        standing
    }

    fn number(&self, element: &Value) -> Option<usize> {
        self.asked.get(&element.get(self.keys.key)).copied()
    }

    fn add(&mut self, element: &Value, place: usize) {
        let Some(number) = self.number(element) else { return };
        self.places[number].push(place);
        let gone = &self.gone;
        self.exact
            .entry(self.keys.identity(element))
            .and_modify(|old| *old = if gone.contains(old) { place } else { *old })
            .or_insert(place);
    }

    fn find(&self, element: &Value) -> Option<usize> {
        let number = self.number(element)?;
        match self.places[number].as_slice() {
            [] => None,
            [place] if self.counts[number] <= 1 => Some(*place),
            _ => self.exact.get(&self.keys.identity(element)).copied().filter(|place| !self.gone.contains(place)),
        }
    }

    fn remove(&mut self, element: &Value) {
        if let Some(number) = self.number(element) {
            self.gone.extend(std::mem::take(&mut self.places[number]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn merged(mut target: Value, layer: Value, shape: ListShape) -> Value {
        merge(&mut target, &layer, shape).unwrap();
        target
    }

    fn refusal(layer: Value, shape: ListShape) -> String {
        let mut target = json!({"kept": 1});
        let message = merge(&mut target, &layer, shape).unwrap_err().to_string();
        assert_eq!(target, json!({"kept": 1}));
        message
    }

    #[test]
    fn new_elements_come_behind_the_old_ones() {
        let old = json!({"env": [{"name": "B", "value": "1"}, {"name": "A", "value": "2"}]});
        let new = json!({"env": [{"name": "C", "value": "3"}, {"name": "A", "value": "4"}]});
        let env = json!([
            {"name": "B", "value": "1"}, {"name": "A", "value": "4"}, {"name": "C", "value": "3"}
        ]);
        assert_eq!(merged(old, new, ListShape::container()), json!({"env": env}));
    }

    #[test]
    fn args_replace_and_finalizers_unite() {
        let shape = ListShape::container();
        assert_eq!(merged(json!({"args": ["a", "b"]}), json!({"args": ["c"]}), shape), json!({"args": ["c"]}));
        let shape = ListShape::cron_job().field("metadata");
        let old = json!({"finalizers": ["a", "b"]});
        let union = json!({"finalizers": ["a", "b", "c"]});
        assert_eq!(merged(old, json!({"finalizers": ["c", "a"]}), shape), union);
    }

    #[test]
    fn null_is_as_if_never_said() {
        let old = json!({"a": 1, "b": {"c": 2}});
        assert_eq!(merged(old.clone(), json!({"a": null, "x": null}), ListShape::UNKNOWN), json!({"b": {"c": 2}}));
        assert_eq!(
            merged(json!({}), json!({"x": {"y": null, "z": [{"n": null}]}}), ListShape::UNKNOWN),
            json!({"x": {"z": [{}]}})
        );
        assert_eq!(merged(old.clone(), json!(null), ListShape::UNKNOWN), old);
    }

    #[test]
    fn an_entry_turned_from_value_to_reference_loses_the_value() {
        let old = json!({"env": [{"name": "A", "value": "1"}]});
        let reference = json!({"fieldRef": {"fieldPath": "status.podIP"}});
        let new = json!({"env": [{"name": "A", "value": null, "valueFrom": reference}]});
        let result = json!({"env": [{"name": "A", "valueFrom": reference}]});
        assert_eq!(merged(old, new, ListShape::container()), result);
    }

    #[test]
    fn an_element_can_be_removed_and_removing_none_is_fine() {
        let old = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]});
        let new = json!({"env": [{"name": "A", "$patch": "delete"}, {"name": "Z", "$patch": "delete"}]});
        let result = json!({"env": [{"name": "B", "value": "2"}]});
        assert_eq!(merged(old, new, ListShape::container()), result);
    }

    #[test]
    fn a_list_whose_last_element_is_removed_is_gone() {
        let old = json!({"env": [{"name": "A", "value": "1"}], "image": "x"});
        let removing = json!({"env": [{"name": "A", "$patch": "delete"}]});
        assert_eq!(merged(old.clone(), removing, ListShape::container()), json!({"image": "x"}));
        // A list that an author empties, or that was empty, is as it was written.
        assert_eq!(merged(json!({"args": ["a"]}), json!({"args": []}), ListShape::container()), json!({"args": []}));
        assert_eq!(merged(json!({"env": []}), json!({"env": []}), ListShape::container()), json!({"env": []}));
    }

    #[test]
    fn what_a_layer_removes_it_may_say_anew() {
        let shape = ListShape::container();
        let old = json!({"ports": [{"containerPort": 53}, {"containerPort": 80}, {"containerPort": 53, "name": "x"}]});
        let layer = json!({"ports": [
            {"containerPort": 53, "$patch": "delete"}, {"containerPort": 53, "protocol": "UDP"},
            {"containerPort": 80, "name": "web"}
        ]});
        let result = json!({"ports": [
            {"containerPort": 80, "name": "web"}, {"containerPort": 53, "protocol": "UDP"}
        ]});
        assert_eq!(merged(old, layer, shape), result);
    }

    #[test]
    fn a_port_is_known_by_number_and_where_needed_by_protocol() {
        let shape = ListShape::container();
        let dns = json!({"ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]});
        assert_eq!(merged(json!({}), dns.clone(), shape), dns);
        let named = json!({"ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"}]});
        let result = json!({"ports": [
            {"containerPort": 53}, {"containerPort": 53, "protocol": "UDP", "name": "dns"}
        ]});
        assert_eq!(merged(dns, named, shape), result);
        let one = json!({"ports": [{"containerPort": 80}]});
        let changed = json!({"ports": [{"containerPort": 80, "protocol": "UDP"}]});
        assert_eq!(merged(one, changed.clone(), shape), changed);
    }

    #[test]
    fn an_element_without_its_key_or_with_another_s_is_refused() {
        let shape = ListShape::container();
        assert_eq!(
            refusal(json!({"env": [{"name": "A"}, {"value": "x"}]}), shape),
            "`/env/1`: the element has no `name`, by which this list is merged"
        );
        assert_eq!(
            refusal(json!({"env": [{"name": "A"}, {"name": "A"}]}), shape),
            "`/env/1/name`: two elements have the name `A`"
        );
        assert_eq!(
            refusal(json!({"env": ["A"]}), shape),
            "`/env/0`: an element of this list must be a map, not a string"
        );
        assert_eq!(
            refusal(json!({"env": [{"name": {"env": null}}]}), shape),
            "`/env/0/name`: this list is merged by `name`, which cannot be a map"
        );
        assert_eq!(
            refusal(json!({"env": [{"name": "A", "$patch": "replace"}]}), shape),
            "`/env/0/$patch`: unknown `$patch` directive `replace`"
        );
    }

    #[test]
    fn another_type_replaces() {
        assert_eq!(merged(json!({"a": {"b": 1}}), json!({"a": 1}), ListShape::UNKNOWN), json!({"a": 1}));
        assert_eq!(merged(json!({"a": 1}), json!({"a": {"b": 1}}), ListShape::UNKNOWN), json!({"a": {"b": 1}}));
    }

    /// Values that look a little like a container.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            "[a-b]".prop_map(Value::from),
        ];
        let key = prop::sample::select(vec!["env", "name", "ports", "containerPort", "args", "$patch"]);
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn has_null_member(value: &Value) -> bool {
        match value {
            Value::Object(map) => map.values().any(|v| v.is_null() || has_null_member(v)),
            Value::Array(items) => items.iter().any(has_null_member),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_null_remains(mut target in value(), layer in value()) {
            strip_nulls(&mut target);
            if merge(&mut target, &layer, ListShape::container()).is_ok() {
                prop_assert!(!has_null_member(&target));
            }
        }

        /// What is looked up is what a search from the front finds.
        #[test]
        fn a_list_is_laid_as_if_it_were_searched(
            old in prop::collection::vec((0..3_i64, prop::sample::select(vec!["TCP", "UDP"])), 0..5),
            new in prop::collection::vec((0..3_i64, prop::sample::select(vec!["TCP", "UDP", "delete"]), 0..9_i64), 0..5),
        ) {
            let port = |(number, protocol): &(i64, &str)| json!({"containerPort": number, "protocol": protocol});
            let said = |(number, protocol, host): &(i64, &str, i64)| match *protocol {
                "delete" => json!({"containerPort": number, "$patch": "delete"}),
                _ => json!({"containerPort": number, "protocol": protocol, "hostPort": host}),
            };
            let layer: Vec<Value> = new.iter().map(said).collect();
            let mut searched: Vec<Value> = old.iter().map(port).collect();
            for element in &layer {
                let same = |other: &Value, names: &[&str]| names.iter().all(|name| other.get(*name) == element.get(*name));
                let alone = |list: &[Value]| list.iter().filter(|other| same(other, &["containerPort"])).count() == 1;
                if element.get(PATCH).is_some() {
                    searched.retain(|other| !same(other, &["containerPort"]));
                    continue;
                }
                let names: &[&str] = if alone(&searched) && alone(&layer) { &["containerPort"] } else { &["containerPort", "protocol"] };
                match searched.iter().position(|other| same(other, names)) {
                    Some(at) => {
                        let merged = element.as_object().unwrap().clone();
                        searched[at].as_object_mut().unwrap().extend(merged);
                    }
                    None => searched.push(element.clone()),
                }
            }
            let mut target = json!({"ports": old.iter().map(port).collect::<Vec<_>>()});
            if merge(&mut target, &json!({"ports": layer}), ListShape::container()).is_ok() {
                // Of a list whose last item the layer removed nothing is left.
                let emptied = searched.is_empty() && !old.is_empty() && !new.is_empty();
                let expected = if emptied { json!({}) } else { json!({"ports": searched}) };
                prop_assert_eq!(target, expected);
            }
        }

        #[test]
        fn an_empty_layer_changes_nothing(env in value()) {
            let target = json!({"env": env});
            prop_assert_eq!(merged(target.clone(), json!({}), ListShape::container()), target);
        }

        #[test]
        fn a_layer_laid_twice_is_laid_once(env in value(), layer in value()) {
            let (mut once, layer) = (json!({"env": env}), json!({"env": layer}));
            if merge(&mut once, &layer, ListShape::container()).is_ok() {
                prop_assert_eq!(merged(once.clone(), layer, ListShape::container()), once);
            }
        }
    }
}
