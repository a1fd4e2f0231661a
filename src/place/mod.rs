//! Decides which clusters a unit is placed on, with how many instances, and why not elsewhere.
//!
//! A verdict is data: for every cluster the instances, or the first rule that excluded it, with both source locations.
//! The steps are Karmada's (`pkg/scheduler/core/generic_scheduler.go`): filter, prioritize, select, assign. `filter`
//! knows the author's words, `plugins` knows Karmada's; the later steps are shared, and [`Ways`] says where ours
//! differ.

mod account;
mod activate;
mod admit;
mod affinity;
mod assign;
mod candidate;
mod decide;
mod decision;
mod failure;
mod filter;
mod groups;
mod holds;
mod plugins;
mod prioritize;
mod rules;
mod schedule;
mod select;
mod spread;
mod webster;

pub use crate::model::karmada::{
    DraftGroup, DraftSpread, DraftToleration, DraftWeights, LabelRequirement as Requirement, Objection, Scheduling,
    Terms, WrittenPlacement,
};
pub use account::{Account, Division, DivisionStep, Scored, SpreadLevel};
pub use activate::{Activation, activate};
pub use admit::effect;
pub use affinity::Affinity;
pub use candidate::{Candidate, CandidateInventory, CandidateTaint, FreeCapacity, Nodes, ResourceAmounts, shown};
pub use decide::{DecisionRequest, NearMiss, RecordedPlacement, account, decide, helpful_rule, possible, unmet};
pub use decision::{Decision, FilteredProperty, Passed, Reason, Rule, Verdict};
pub use failure::{FailureCause, PlacementFailure};
pub use filter::{examine, matches};
pub use holds::tolerates;
pub use plugins::PluginRefusal;
pub use prioritize::ScoredCluster;
pub use rules::{
    AffinityGroup, Area, Demand, PlacementRules, PlacementToleration, Previous, ReplicaRequest, ReplicaStrategy,
    ReplicaWeight, SpreadBy, SpreadRule, Tie, Ways,
};
pub use schedule::{ScheduledReplicas, choose, refusals, schedule};
pub use webster::in_proportion;
