//! Which policy has which template, and who lost it. Source: `pkg/detector/policy.go propagateResource`,
//! `pkg/detector/compare.go`, `pkg/dependenciesdistributor`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::template::{self, FoundTemplate};
use super::{KarmadaDocuments, clashes, depend, diagnose};
use crate::diag::Diagnostics;
use crate::model::karmada::{
    LabelRequirement, Obstacle, OverridePolicy, Policy, PolicyScope, ResourceSelector, Template, TemplateKey, labels_of,
};
use crate::model::{Identity, KarmadaFacts, Placement, Selector, Source, Unit};
use crate::tree::Span;

/// Templates with their policies.
pub(super) struct Joined {
    pub(super) units: Vec<Unit>,
    pub(super) facts: KarmadaFacts,
}

/// A policy that would have had a template.
pub(super) struct Loser<'d> {
    pub(super) policy: &'d Arc<Policy>,
    pub(super) implicit: u8,
}

/// One template and the policies that select it, the one that has it first.
pub(super) struct PolicyClaim<'d> {
    pub(super) found: &'d FoundTemplate,
    /// Its labels, with those that the API server writes.
    pub(super) labels: BTreeMap<&'d str, &'d str>,
    pub(super) winner: Option<Loser<'d>>,
    pub(super) losers: Vec<Loser<'d>>,
    /// The override policies that may concern it.
    pub(super) overrides: Vec<Arc<OverridePolicy>>,
}

/// Policies by what their selectors ask of apiVersion and kind, so that a template meets few.
struct Index<'d, P> {
    by_kind: HashMap<(&'d str, &'d str), Vec<&'d Arc<P>>>,
    /// Those without selectors.
    all: Vec<&'d Arc<P>>,
}

impl<'d, P> Index<'d, P> {
    fn new(policies: &'d [Arc<P>], selectors: impl Fn(&'d P) -> &'d [ResourceSelector]) -> Self {
        let mut index = Self { by_kind: HashMap::new(), all: Vec::new() };
        for policy in policies {
            let list = selectors(policy);
            if list.is_empty() {
                index.all.push(policy);
            }
            let kinds: BTreeSet<(&str, &str)> =
                list.iter().map(|selector| (selector.api_version.as_str(), selector.kind.as_str())).collect();
            for kind in kinds {
                index.by_kind.entry(kind).or_default().push(policy);
            }
        }
        index
    }

    fn of(&self, key: &TemplateKey) -> Vec<&'d Arc<P>> {
        let kind = self.by_kind.get(&(key.api_version.as_str(), key.kind.as_str()));
        self.all.iter().chain(kind.into_iter().flatten()).copied().collect()
    }
}

/// Joins all templates with all policies.
pub(super) fn join(documents: &KarmadaDocuments, diags: &mut Diagnostics) -> Joined {
    let policies = Index::new(&documents.policies, |policy| &policy.selectors);
    let overrides = Index::new(&documents.overrides, |policy| &policy.selectors);
    let claims: Vec<PolicyClaim<'_>> = documents
        .templates
        .iter()
        .filter(|found| !found.skipped)
        .map(|found| claim(found, &policies, &overrides, documents))
        .collect();
    let requires = requirements(&claims);
    diagnose::joined(documents, &claims, &requires, diags);
    let skipped = documents.templates.iter().filter(|found| found.skipped).map(|found| found.key.clone());
    let mut facts = KarmadaFacts { skipped: skipped.collect(), unmatched: Vec::new() };
    let mut units = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        let everywhere = template::goes_everywhere(&claim.found.key, &claim.found.object.value);
        let required_by: Vec<Identity> = requires.by(at).map(|by| claims[by].found.key.identity()).collect();
        if claim.winner.is_none() && required_by.is_empty() && !everywhere {
            facts.unmatched.push(claim.found.key.clone());
            continue;
        }
        let dependencies = requires.of(at).map(|of| claims[of].found.key.identity()).collect();
        units.push(unit(claim, everywhere, dependencies, required_by, documents));
    }
    debug_assert!(clashes(&units).is_empty(), "no object is read twice");
    Joined { units, facts }
}

fn claim<'d>(
    found: &'d FoundTemplate,
    policies: &Index<'d, Policy>,
    overrides: &Index<'d, OverridePolicy>,
    documents: &'d KarmadaDocuments,
) -> PolicyClaim<'d> {
    let key = &found.key;
    let mut labels = labels_of(&found.object.value);
    // The API server writes it on every namespace.
    if key.kind == "Namespace" && key.group().is_empty() {
        labels.insert("kubernetes.io/metadata.name", &key.name);
    }
    let in_reach = |scope: &PolicyScope| match scope {
        PolicyScope::Cluster => true,
        PolicyScope::Namespace(namespace) => Some(namespace) == key.namespace.as_ref(),
    };
    let mut selecting: Vec<Loser<'d>> = policies
        .of(key)
        .into_iter()
        .filter(|policy| in_reach(&policy.scope))
        .filter_map(|policy| Some(Loser { policy, implicit: policy.selects(key, &labels)? }))
        .collect();
    // A policy of the namespace comes before any cluster-wide one, whatever the priorities.
    selecting.sort_by(|a, b| {
        let wide = |loser: &Loser<'_>| loser.policy.scope == PolicyScope::Cluster;
        let order = wide(a).cmp(&wide(b)).then(b.policy.priority.cmp(&a.policy.priority));
        order.then(b.implicit.cmp(&a.implicit)).then_with(|| a.policy.name.value.cmp(&b.policy.name.value))
    });
    let mut selecting = selecting.into_iter();
    let winner = selecting.next();
    let losers = selecting.collect();
    let overrides = possible_overrides(found, &labels, overrides, documents);
    PolicyClaim { found, labels, winner, losers, overrides }
}

/// The override policies that may concern a template on some cluster: cluster-wide ones see the labels that it has in the
/// control plane, those of its namespace what the cluster-wide ones made of them, kind and name included.
fn possible_overrides(
    found: &FoundTemplate,
    labels: &BTreeMap<&str, &str>,
    index: &Index<'_, OverridePolicy>,
    documents: &KarmadaDocuments,
) -> Vec<Arc<OverridePolicy>> {
    let key = &found.key;
    // The API server gives a Job the labels of its pods, and Karmada marks what a policy has.
    let settled = |selector: &ResourceSelector| {
        let marks = |required: &LabelRequirement| required.key.contains("karmada.io/");
        key.kind != "Job" && !selector.labels.iter().flatten().any(marks)
    };
    let may_select = |selector: &ResourceSelector, settled: bool| {
        selector.priority(key, labels).is_some()
            || !settled
                && selector.labels.is_some()
                && selector.meets_kind(key)
                && (selector.namespace.is_empty() || Some(&selector.namespace) == key.namespace.as_ref())
                && (selector.name.is_empty() || selector.name == key.name)
    };
    let possible = |policy: &OverridePolicy, labels_stay: bool| {
        let selectors = &policy.selectors;
        selectors.is_empty() || selectors.iter().any(|selector| may_select(selector, labels_stay && settled(selector)))
    };
    let of_kind = index.of(key);
    let wide = of_kind.iter().filter(|policy| policy.scope == PolicyScope::Cluster && possible(policy, true));
    let mut found: Vec<Arc<OverridePolicy>> = wide.map(|policy| (*policy).clone()).collect();
    if key.namespace.is_none() {
        return found;
    }
    if found.iter().any(|policy| {
        touches(policy, &["", "/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace"])
    }) {
        found.extend(documents.overrides.iter().filter(|policy| policy.scope != PolicyScope::Cluster).cloned());
        return found;
    }
    let labels_stay = !found.iter().any(|policy| touches(policy, &["/metadata/labels"]));
    let own = |scope: &PolicyScope| matches!(scope, PolicyScope::Namespace(own) if Some(own) == key.namespace.as_ref());
    let own = of_kind.iter().filter(|policy| own(&policy.scope) && possible(policy, labels_stay));
    found.extend(own.map(|policy| (*policy).clone()));
    found
}

/// Whether an override policy may change something at one of these places, or below the labels.
fn touches(policy: &OverridePolicy, places: &[&str]) -> bool {
    let at = |path: &str| {
        !path.starts_with('/')
            || places.contains(&path)
            || places.contains(&"/metadata/labels") && path.starts_with("/metadata/labels")
    };
    let labels = places.contains(&"/metadata/labels");
    policy.rules.iter().any(|rule| {
        let overriders = &rule.overriders;
        let fields = overriders.field.iter().map(|field| field.path.as_str());
        let mut paths = overriders.plaintext.iter().map(|operation| operation.path.as_str()).chain(fields);
        labels && !overriders.labels.is_empty() || paths.any(at)
    })
}

/// Which templates bring along which, by their places.
pub(super) struct Requirements {
    of: BTreeMap<usize, BTreeSet<usize>>,
    by: BTreeMap<usize, BTreeSet<usize>>,
    /// What is brought along and is not in the repository.
    pub(super) absent: Vec<(usize, &'static str, String)>,
}

impl Requirements {
    /// What a template brings along.
    pub(super) fn of(&self, at: usize) -> impl Iterator<Item = usize> {
        self.of.get(&at).into_iter().flatten().copied()
    }

    /// What brings a template along.
    pub(super) fn by(&self, at: usize) -> impl Iterator<Item = usize> {
        self.by.get(&at).into_iter().flatten().copied()
    }
}

fn requirements(claims: &[PolicyClaim<'_>]) -> Requirements {
    let places: HashMap<(&str, &str, Option<&str>, &str), usize> = claims
        .iter()
        .enumerate()
        .map(|(at, claim)| {
            let key = &claim.found.key;
            ((key.group(), key.kind.as_str(), key.namespace.as_deref(), key.name.as_str()), at)
        })
        .collect();
    let mut requirements = Requirements { of: BTreeMap::new(), by: BTreeMap::new(), absent: Vec::new() };
    for (at, claim) in claims.iter().enumerate() {
        let brings = |winner: &Loser<'_>| winner.policy.propagates_dependencies;
        if !claim.winner.as_ref().is_some_and(brings) {
            continue;
        }
        let key = &claim.found.key;
        for (kind, name) in depend::dependencies(key, &claim.found.object.value) {
            match places.get(&("", kind, key.namespace.as_deref(), name.as_str())) {
                Some(of) if *of != at => {
                    requirements.of.entry(at).or_default().insert(*of);
                    requirements.by.entry(*of).or_default().insert(at);
                }
                Some(_) => {}
                None => requirements.absent.push((at, kind, name)),
            }
        }
    }
    requirements
}

fn unit(
    claim: &PolicyClaim<'_>,
    everywhere: bool,
    dependencies: Vec<Identity>,
    required_by: Vec<Identity>,
    documents: &KarmadaDocuments,
) -> Unit {
    let found = claim.found;
    let policy = claim.winner.as_ref().map(|winner| winner.policy.clone());
    let obstacle = policy.as_ref().and_then(|policy| obstacle(policy, documents));
    let span = policy.as_ref().map_or(found.span, |policy| placement_span(policy));
    let template = Template {
        key: found.key.clone(),
        object: found.object.clone(),
        verbatim: found.verbatim.clone(),
        span: found.span,
        policy,
        obstacle,
        everywhere,
        losers: claim.losers.iter().map(|loser| loser.policy.clone()).collect(),
        overrides: claim.overrides.clone(),
        dependencies,
        required_by,
    };
    Unit {
        identity: found.key.identity(),
        name: found.span,
        document: found.object.span(),
        source: Source::Template,
        layers: Vec::new(),
        placement: Arc::new(Placement::of(Selector::default(), span)),
        instances: None,
        active: None,
        once: None,
        overrides: Vec::new(),
        template: Some(Arc::new(template)),
    }
}

/// Where a policy says where to.
fn placement_span(policy: &Policy) -> Span {
    let spot = policy.place(&["spec", "placement"]);
    if policy.document.value.pointer("/spec/placement").is_some() { spot.key } else { policy.name.span }
}

/// Why Karmada never places what a policy has.
pub(super) fn obstacle(policy: &Policy, documents: &KarmadaDocuments) -> Option<Obstacle> {
    let there =
        |name: &str| documents.overrides.iter().any(|known| known.scope == policy.scope && known.name.as_str() == name);
    if policy.dependent_overrides.iter().any(|name| !there(name)) {
        return Some(Obstacle::Detect);
    }
    let class = |name: &str| {
        documents.templates.iter().any(|found| {
            found.key.kind == "PriorityClass" && found.key.group() == "scheduling.k8s.io" && found.key.name == name
        })
    };
    if policy.priority_class.as_ref().is_some_and(|name| !class(name)) {
        return Some(Obstacle::Detect);
    }
    policy.foreign_scheduler.as_ref().map(|_| Obstacle::OtherScheduler)
}
