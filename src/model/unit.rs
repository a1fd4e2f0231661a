//! A task with everything that decides about it: layers, placement, overrides.

use std::sync::Arc;

use super::karmada::Template;
use super::{Active, Layer, Named, Placement, Selector};
use crate::tree::{Located, Span, Spanned};

/// What a task is called: its namespace as its metadata says, and its name; an object of another kind than CronJob has its
/// kind before them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Identity {
    /// The kind of an object that is no CronJob, with its group: `deployment.apps`.
    pub kind: Option<String>,
    /// `metadata.namespace`
    pub namespace: Option<String>,
    /// `metadata.name`
    pub name: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(kind) = &self.kind {
            write!(f, "{kind}:")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// One task.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Its identity.
    pub identity: Identity,
    /// Where its name stands.
    pub name: Span,
    /// Its whole document.
    pub document: Span,
    /// Where the containers come from.
    pub source: Source,
    /// Everything said before overrides, weakest first: the file, built-in and fleet defaults, bases, the task.
    pub layers: Vec<Arc<Layer>>,
    /// Where it goes.
    pub placement: Arc<Placement>,
    /// `instances`, where it is said: pods of one run, in every cluster or shared out.
    pub instances: Option<Spanned<u32>>,
    /// Which of its copies run, where it is said.
    pub active: Option<Arc<Active>>,
    /// Where `once: true` is said.
    pub once: Option<Span>,
    /// What differs on some clusters, in order of precedence, weakest first.
    pub overrides: Vec<Arc<Override>>,
    /// The object that Karmada's policies place; then nothing else of the unit says anything.
    pub template: Option<Arc<Template>>,
}

impl Unit {
    /// Whether a selector of its placement or of `active` could not be read: then it is placed nowhere, without a word.
    pub fn is_unread(&self) -> bool {
        self.placement.is_unread() || self.active.as_ref().is_some_and(|active| active.unread)
    }
}

/// Where the containers of a task come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The short form `container`.
    Container,
    /// `podTemplate`
    PodTemplate,
    /// `cronJob`: an existing one.
    CronJob,
    /// An object of any kind, whole, that Karmada's policies place.
    Template,
}

/// An override: what differs on the clusters it selects.
#[derive(Clone, Debug)]
pub struct Override {
    /// Its name, unique in its place.
    pub name: Spanned<String>,
    /// Which clusters.
    pub selector: Selector,
    /// What differs.
    pub layer: Layer,
    /// Who wrote it.
    pub reach: Reach,
    /// Something in what differs was refused, so that nothing follows from what it does not do.
    pub broken: bool,
}

/// How far an override was meant to reach; it decides what is a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It stands in the task: reaching nothing, or changing nothing, is an error.
    Task,
    /// It stands in a base or is a document of its own: it may concern some of its tasks only.
    Shared,
}

impl Unit {
    /// The CronJob of its `cronJob` file.
    pub fn file_object(&self) -> Option<&Located> {
        self.layers.iter().find_map(|layer| layer.body.object.as_ref())
    }

    /// The name that the CronJob has in its `cronJob` file; `None` where that gives none.
    pub fn name_in_file(&self) -> Option<Spanned<&str>> {
        self.file_object().and_then(name_of)
    }

    /// The last `objectName` of its layers and of some of its overrides.
    pub fn object_name(&self, overrides: &[usize]) -> Option<&Spanned<String>> {
        self.layers_with(overrides).filter_map(|layer| layer.body.object_name.as_ref()).next_back()
    }

    /// The layers with those of some of its overrides behind them, in order of precedence.
    pub fn layers_with<'a, 'o>(
        &'a self,
        overrides: &'o [usize],
    ) -> impl DoubleEndedIterator<Item = &'a Layer> + use<'a, 'o> {
        let overrides = overrides.iter().map(move |at| &self.overrides[*at].layer);
        self.layers.iter().map(Arc::as_ref).chain(overrides)
    }
}

/// `metadata.name` of an object, where that is a text; Kubernetes takes an empty one for none.
pub fn name_of(object: &Located) -> Option<Spanned<&str>> {
    let name = object.value.pointer("/metadata/name")?.as_str().filter(|name| !name.is_empty())?;
    let spot = object.spans.member("metadata").and_then(|metadata| metadata.member("name"));
    Some(Spanned::new(name, spot.map_or(object.span(), |spot| spot.value)))
}

impl Override {
    /// The names that its selector spells out.
    pub fn named(&self) -> &[Spanned<String>] {
        match &self.selector.clusters {
            Some(Named::Names(names)) => &names.value,
            _ => &[],
        }
    }
}
