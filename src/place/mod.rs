//! Where a unit goes, and why not elsewhere. It knows no text, no patches, no YAML, and no other unit.
//!
//! The one idea: a verdict is data. For every cluster it is `chosen` or the first rule that refused it, with
//! the place in the task and the place in the inventory; `plan` and `explain` only print it. The verbs are
//! Karmada's (`pkg/scheduler/core/generic_scheduler.go`): filter, prioritize, select, assign.
//!
//! There are two filters: `filter` knows the author's words and where they stand, `plugins` knows Karmada's. `decide` joins
//! the first to what is recorded. The verbs
//! after that are the same for both; [`Ways`] says where ours differ from Karmada's, and `docs/karmada-parity.md` why.

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

pub use account::{Account, Division, Level, Scored, Step};
pub use activate::{Activation, activate};
pub use admit::{Draft, DraftGroup, DraftSpread, DraftToleration, DraftWeights, Objection, Scheduling, effect};
pub use affinity::{Affinity, Requirement, Terms};
pub use candidate::{Amounts, Candidate, Capacity, Inventory, Nodes, Taint, shown};
pub use decide::{Asked, Nearest, Recorded, account, decide, nearest_rule, possible, unmet};
pub use decision::{Decision, Passed, Property, Reason, Rule, Verdict};
pub use failure::{Cause, Failure};
pub use filter::{examine, matches};
pub use plugins::Refusal;
pub use prioritize::Entry;
pub use rules::{Area, By, Demand, Group, Previous, Request, Rules, Spread, Strategy, Tie, Toleration, Ways, Weight};
pub use schedule::{Placed, choose, refusals, schedule};
pub use webster::in_proportion;
