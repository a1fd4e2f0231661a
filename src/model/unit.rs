//! A task with all that decides about it: layers, placement, overrides. It is not placed or rendered here.
//!
//! The one idea: a unit is complete in itself. Whoever builds it needs the fleet and the unit, and no other unit.

use std::sync::Arc;

use super::{Active, Layer, Named, Placement, Selector};
use crate::tree::{Span, Spanned};

/// What a task is called: its namespace as its metadata says, and its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Identity {
    /// `metadata.namespace`
    pub namespace: Option<String>,
    /// `metadata.name`
    pub name: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
    /// The layers with those of some of its overrides behind them, in order of precedence.
    pub fn layers_with<'a, 'o>(
        &'a self,
        overrides: &'o [usize],
    ) -> impl DoubleEndedIterator<Item = &'a Layer> + use<'a, 'o> {
        let overrides = overrides.iter().map(move |at| &self.overrides[*at].layer);
        self.layers.iter().map(Arc::as_ref).chain(overrides)
    }
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
