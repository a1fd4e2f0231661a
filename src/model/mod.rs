//! What the user means, in whichever dialect it was written. Every field keeps its source location:
//! [`Spanned`](crate::tree::Spanned), [`Located`](crate::tree::Located).

mod body;
mod cluster;
mod document;
mod fleet;
mod fleet_time;
pub mod karmada;
mod kinds;
pub mod naming;
mod placing;
pub(crate) mod reference;
mod requirement;
mod selector;
mod starting;
mod timing;
mod unit;

pub use body::{
    Body, BodyOrigin, FROM_FILE, ImageRule, Layer, PatchKind, PatchStep, PatchTarget, Resource, ResourceFile,
    ScheduleLayer, TimeZone, Variables,
};
pub use cluster::{Cluster, ClusterCapacity, ClusterTaint, Grade, KarmadaCluster, TaintEffect, TaintToleration};
pub use document::DocumentName;
pub(crate) use fleet::NEWEST_KUBERNETES;
pub use fleet::{
    Defaults, Fleet, FluxSubstitution, Guards, Karmada, LintLevel, Marker, MarkerWhen, Output, OutputMetadata, Redact,
    VariableSet,
};
pub use fleet_time::{Blackout, BlackoutWhen, Budget, BudgetPer, CopySelector, Limit, LimitOf, Pause};
pub use kinds::cluster_wide;
pub use placing::{Active, FallbackGroup, InstanceStrategy, InstanceWeight, Placement, SpreadBy, SpreadConstraint};
pub use requirement::{
    FleetcronVersion, FleetcronVersion as Release, RequirementError, VersionRequirement, release, version,
};
pub use selector::{Exclude, LabelExpression, Match, Named, Operator, Selector, Values, VersionRange};
pub use starting::{HashBy, HashSettings, Stagger, StartSpread, WeeklyWindow, WindowZone};
pub use timing::{Concurrency, Idle, REFUSED_SCHEDULE, Timing};
pub use unit::{Identity, Override, Reach, Source, Unit, name_of};

/// The whole repository, understood.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The settings.
    pub fleet: Fleet,
    /// The inventory, sorted by name; no name twice.
    pub clusters: Vec<Cluster>,
    /// The tasks, sorted by identity; no identity twice.
    pub units: Vec<Unit>,
    /// Names of clusters whose documents could not be understood.
    pub unread_clusters: std::collections::BTreeSet<String>,
    /// Clusters whose names are refused, sorted; nothing is placed there, but what they are is known.
    pub misnamed: Vec<Cluster>,
    /// Tasks whose documents `spec.sources` leaves out, with where their names are.
    pub excluded_tasks: std::collections::BTreeMap<Identity, crate::tree::Span>,
    /// How many tasks were meant, counting those that could not be understood.
    pub tasks_seen: usize,
    /// What there is to know of the documents of Karmada as a whole.
    pub karmada: KarmadaFacts,
}

/// What there is to know of the documents of Karmada as a whole.
#[derive(Clone, Debug, Default)]
pub struct KarmadaFacts {
    /// Templates that no policy selects and that nothing brings along.
    pub unmatched: Vec<karmada::TemplateKey>,
    /// Objects that Karmada never looks at.
    pub skipped: Vec<karmada::TemplateKey>,
}

impl Model {
    /// Whether there are tasks of which it is not known what they are or where they go.
    pub fn has_unread_tasks(&self) -> bool {
        self.units.len() < self.tasks_seen || self.units.iter().any(Unit::is_unread)
    }
}
