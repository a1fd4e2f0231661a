//! Which lists merge, and by what key: strategic merge metadata of Kubernetes, as data under `schemas/k8s`. A [`ListShape`]
//! is a cursor that walks beside the values.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const CRON_JOB: &str = include_str!("../../schemas/k8s/cronjob-lists.tsv");
const OTHERS: &str = include_str!("../../schemas/k8s/other-lists.tsv");

static TABLE: LazyLock<BTreeMap<&'static str, ListNode>> = LazyLock::new(read_table);

/// How two values of one list become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum List {
    /// The new list replaces the old one.
    Atomic,
    /// Elements with the same key are one element.
    Keyed {
        /// The key of a strategic merge patch.
        key: &'static str,
        /// All members that together are unique (server-side apply): the key, and sometimes another.
        identity: &'static [&'static str],
    },
    /// A set of scalars: the union.
    Union,
}

/// A cursor in the table: what is known of the value that one stands on.
#[derive(Clone, Copy, Debug)]
pub struct ListShape(Option<&'static ListNode>);

/// What server-side apply takes a list for (`x-kubernetes-list-type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ApplyList {
    /// One value, as it is.
    #[default]
    Atomic,
    /// Scalars of which each stands there once.
    Set,
    /// Objects that these members together tell apart.
    Map(&'static [&'static str]),
}

#[derive(Clone, Default, Debug)]
struct ListNode {
    fields: BTreeMap<&'static str, ListNode>,
    list: Option<(List, Box<ListNode>)>,
    apply: ApplyList,
}

impl ListShape {
    /// Nothing is known: maps merge, lists replace.
    pub const UNKNOWN: ListShape = ListShape(None);

    /// A whole CronJob of batch/v1.
    pub fn cron_job() -> Self {
        Self::of("batch/v1", "CronJob")
    }

    /// A whole object of any kind. Of a kind that is not in the table only `metadata` is known.
    pub fn of(api_version: &str, kind: &str) -> Self {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let name = format!("{group}/{kind}");
        Self(TABLE.get(name.as_str()).or_else(|| TABLE.get("*")))
    }

    /// The `spec` of a CronJob's job template: a JobSpec.
    pub fn job_spec() -> Self {
        Self::cron_job().field("spec").field("jobTemplate").field("spec")
    }

    /// A PodTemplateSpec.
    pub fn pod_template() -> Self {
        Self::job_spec().field("template")
    }

    /// A PodSpec.
    pub fn pod_spec() -> Self {
        Self::pod_template().field("spec")
    }

    /// One container.
    pub fn container() -> Self {
        Self::pod_spec().field("containers").item()
    }

    /// The value of a member.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        Self(self.0.and_then(|node| node.fields.get(name)))
    }

    /// An element of the list.
    #[must_use]
    pub fn item(self) -> Self {
        Self(self.0.and_then(|node| node.list.as_ref()).map(|(_, item)| &**item))
    }

    /// How lists merge here; [`List::Atomic`] where nothing is known.
    pub fn list(self) -> List {
        self.0.and_then(|node| node.list.as_ref()).map_or(List::Atomic, |(list, _)| *list)
    }

    /// What server-side apply takes the list for.
    pub fn apply_list(self) -> ApplyList {
        self.0.map_or(ApplyList::Atomic, |node| node.apply)
    }

    /// Whether the table knows this value to be a list.
    pub fn is_list(self) -> bool {
        self.0.is_some_and(|node| node.list.is_some())
    }

    /// Every list below, with its path (`spec.containers[]`): for documentation and tests.
    pub fn lists(self) -> Vec<(String, List)> {
        fn walk(node: &ListNode, path: &str, found: &mut Vec<(String, List)>) {
            if let Some((list, item)) = &node.list {
                let path = format!("{path}[]");
                found.push((path.clone(), *list));
                walk(item, &path, found);
            }
            for (name, field) in &node.fields {
                let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
                walk(field, &path, found);
            }
        }
        let mut found = Vec::new();
        if let Some(node) = self.0 {
            walk(node, "", &mut found);
        }
        found
    }
}

/// What an identity member means that is not written.
pub fn default_of(member: &str) -> Option<&'static str> {
    (member == "protocol").then_some("TCP")
}

fn read_table() -> BTreeMap<&'static str, ListNode> {
    let mut cron_job = ListNode::default();
    for row in rows(CRON_JOB) {
        let [path, strategy, key, kind, keys] = row;
        cron_job.insert(path, list(strategy, key, keys), apply_list(kind, keys));
    }
    let mut kinds: BTreeMap<&'static str, ListNode> = BTreeMap::new();
    for [kind, path, strategy, key, keys] in rows(OTHERS) {
        let everywhere = kinds.get("*").cloned().unwrap_or_default();
        let node = kinds.entry(kind).or_insert(everywhere);
        match strategy {
            "=" => *node.reach(path) = cron_job.clone().reach(key).clone(),
            strategy => {
                let kind = if keys.is_empty() { "atomic" } else { "map" };
                node.insert(path, list(strategy, key, keys), apply_list(kind, keys));
            }
        }
    }
    kinds.insert("batch/CronJob", cron_job);
    kinds
}

/// The rows of a table: behind the comments and the line of column names.
fn rows(text: &'static str) -> impl Iterator<Item = [&'static str; 5]> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| {
        let mut cells = line.split('\t');
        std::array::from_fn(|_| cells.next().unwrap_or(""))
    })
}

fn list(strategy: &str, key: &'static str, keys: &'static str) -> List {
    let merges = strategy.split(',').any(|word| word == "merge");
    match (merges, key) {
        (false, _) => List::Atomic,
        (true, "") => List::Union,
        (true, key) => {
            let keys: Vec<_> = keys.split(',').filter(|word| !word.is_empty()).collect();
            let identity = if keys.is_empty() { vec![key] } else { keys };
            List::Keyed { key, identity: identity.leak() }
        }
    }
}

fn apply_list(kind: &str, keys: &'static str) -> ApplyList {
    match kind {
        "set" => ApplyList::Set,
        "map" => ApplyList::Map(keys.split(',').collect::<Vec<_>>().leak()),
        _ => ApplyList::Atomic,
    }
}

impl ListNode {
    /// The node at a path such as `spec.containers[].env`, made if it is not there.
    fn reach(&mut self, path: &'static str) -> &mut ListNode {
        path.split('.').fold(self, |node, step| {
            let name = step.trim_end_matches("[]");
            let node = node.fields.entry(name).or_default();
            if step.ends_with("[]") { node.item(List::Atomic) } else { node }
        })
    }

    fn insert(&mut self, path: &'static str, list: List, apply: ApplyList) {
        let node = self.reach(path.strip_suffix("[]").unwrap_or(path));
        node.item(list);
        node.apply = apply;
        if let Some((old, _)) = &mut node.list {
            *old = list;
        }
    }

    /// The element of the list that this node is; `list` if it was not known to be one.
    fn item(&mut self, list: List) -> &mut ListNode {
        &mut self.list.get_or_insert_with(|| (list, Box::default())).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_found_by_walking() {
        let lists: BTreeMap<_, _> = ListShape::cron_job().lists().into_iter().collect();
        let expected: Vec<_> = rows(CRON_JOB).collect();
        assert_eq!(lists.len(), expected.len());
        for [path, strategy, key, _, keys] in expected {
            assert_eq!(lists.get(path), Some(&list(strategy, key, keys)), "{path}");
        }
    }

    #[test]
    fn containers_merge_by_name_and_their_args_replace() {
        let containers = ListShape::pod_spec().field("containers");
        assert_eq!(containers.list(), List::Keyed { key: "name", identity: &["name"] });
        let ports = ListShape::container().field("ports").list();
        let identity: &[&str] = &["containerPort", "protocol"];
        assert_eq!(ports, List::Keyed { key: "containerPort", identity });
        assert_eq!(ListShape::container().field("args").list(), List::Atomic);
        assert!(ListShape::container().field("args").is_list());
    }

    #[test]
    fn finalizers_are_a_set_in_every_kind() {
        for (version, kind) in [("batch/v1", "CronJob"), ("v1", "ConfigMap"), ("x.io/v1", "Foo")] {
            let finalizers = ListShape::of(version, kind).field("metadata").field("finalizers");
            assert_eq!(finalizers.list(), List::Union, "{kind}");
        }
    }

    #[test]
    fn a_pod_template_is_the_same_wherever_it_stands() {
        let job = ListShape::of("batch/v1", "Job").field("spec").field("template").field("spec");
        let deployment = ListShape::of("apps/v1", "Deployment");
        let pod = deployment.field("spec").field("template").field("spec");
        for spec in [job, pod, ListShape::of("v1", "Pod").field("spec")] {
            assert_eq!(spec.lists(), ListShape::pod_spec().lists());
        }
    }

    #[test]
    fn an_account_s_secrets_merge_and_its_pull_secrets_replace() {
        let account = ListShape::of("v1", "ServiceAccount");
        assert_eq!(account.field("secrets").list(), List::Keyed { key: "name", identity: &["name"] });
        assert_eq!(account.field("imagePullSecrets").list(), List::Atomic);
    }

    #[test]
    fn server_side_apply_has_lists_of_its_own() {
        let rules = ListShape::container().field("restartPolicyRules").item();
        assert_eq!(rules.field("exitCodes").field("values").apply_list(), ApplyList::Set);
        assert_eq!(rules.field("exitCodes").field("values").list(), List::Atomic);
        assert_eq!(ListShape::pod_template().field("metadata").field("finalizers").apply_list(), ApplyList::Set);
        let secrets = ListShape::of("v1", "ServiceAccount").field("secrets");
        assert_eq!(secrets.apply_list(), ApplyList::Map(&["name"]));
        assert_eq!(ListShape::container().field("args").apply_list(), ApplyList::Atomic);
    }

    #[test]
    fn the_unknown_is_atomic() {
        assert_eq!(ListShape::UNKNOWN.field("x").item().field("y").list(), List::Atomic);
        assert!(!ListShape::cron_job().field("nonsense").is_list());
    }
}
