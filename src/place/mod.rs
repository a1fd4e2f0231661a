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
    Draft, DraftGroup, DraftSpread, DraftToleration, DraftWeights, LabelRequirement as Requirement, Objection,
    Scheduling, Terms,
};
pub use account::{Account, Division, Level, Scored, Step};
pub use activate::{Activation, activate};
pub use admit::effect;
pub use affinity::Affinity;
pub use candidate::{Amounts, Candidate, Capacity, Inventory, Nodes, Taint, shown};
pub use decide::{Asked, Nearest, Recorded, account, decide, helpful_rule, possible, unmet};
pub use decision::{Decision, Passed, Property, Reason, Rule, Verdict};
pub use failure::{Cause, Failure};
pub use filter::{examine, matches};
pub use holds::tolerates;
pub use plugins::Refusal;
pub use prioritize::Entry;
pub use rules::{Area, By, Demand, Group, Previous, Request, Rules, Spread, Strategy, Tie, Toleration, Ways, Weight};
pub use schedule::{Placed, choose, refusals, schedule};
pub use webster::in_proportion;
