//! `explain`: fallback groups, active copies and the recorded placement, each with what would change it.

use std::collections::BTreeMap;

use crate::compile;
use crate::lock::PATH;
use crate::model::Named;
use crate::place::{self, Verdict};
use crate::report::explain::selection::{TaskSelection, fit};
use crate::report::table::count;

impl TaskSelection<'_> {
    /// The fallback groups with what became of each.
    pub(super) fn groups(&self, text: &mut String) {
        let groups = &self.unit.placement.fallback;
        if groups.is_empty() {
            return;
        }
        let used = self.built.decision.group;
        let recorded = self.built.planned.recorded.as_ref().and_then(|recorded| recorded.group.as_deref());
        let why = match (used, recorded) {
            (Some(used), Some(name)) if *groups[used].name == *name && self.built.decision.kept => {
                format!(", kept as recorded in {PATH}")
            }
            (Some(used), Some(name)) if *groups[used].name == *name => format!(", as recorded in {PATH}"),
            _ => String::new(),
        };
        match used {
            Some(used) => text.push_str(&format!("fallback: group {} works{why}\n", *groups[used].name)),
            None => text.push_str("fallback: no group works\n"),
        }
        for (at, group) in groups.iter().enumerate() {
            let (members, fitting, words) = self.group(at);
            let place = self.at(group.name.span);
            let lead =
                format!("{} ({place}): {fitting} of {} {}", *group.name, count(members, "cluster"), fit(fitting));
            let lead = if words.is_empty() { lead } else { format!("{lead}; {words}") };
            self.say(text, 2, &lead);
        }
    }

    /// The clusters of a group, those of them that fit, and what became of it.
    pub(super) fn group(&self, at: usize) -> (usize, usize, String) {
        let group = &self.unit.placement.fallback[at];
        let clusters = &self.compilation.model.clusters;
        let decision = &self.built.decision;
        let members: Vec<usize> =
            (0..clusters.len()).filter(|at| place::matches(&group.selector, &clusters[*at]).is_ok()).collect();
        let fitting = members.iter().filter(|at| decision.possible(**at)).count();
        let mut refusals = BTreeMap::<String, usize>::new();
        for at in &members {
            if let Verdict::Refused(reason) = &decision.verdicts[*at] {
                *refusals.entry(reason.rule()).or_default() += 1;
            }
        }
        let refused: Vec<String> = refusals.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
        let failure = self.account.failed.iter().find(|(group, _)| *group == Some(at)).map(|(_, failure)| failure);
        let words = match failure {
            _ if decision.group == Some(at) => "it is used".to_owned(),
            Some(failure) => compile::in_words(failure, self.unit, &self.built.planned, fitting),
            None if fitting == 0 => refused.join(", "),
            None => "not tried".to_owned(),
        };
        (members.len(), fitting, words)
    }

    /// Why a copy runs.
    pub(super) fn because(&self, at: usize, eligible: &[usize]) -> String {
        let clusters = &self.compilation.model.clusters;
        let recorded = self.built.planned.recorded.as_ref();
        let ran =
            recorded.is_some_and(|recorded| recorded.active.iter().any(|name| **name == *clusters[at].name.value));
        if ran {
            return format!("as recorded in {PATH}");
        }
        let active = self.unit.active.as_ref();
        if let Some(Named::Names(names)) = active.and_then(|active| active.clusters.as_ref()) {
            let place = names.value.iter().position(|name| *name.value == *clusters[at].name.value);
            if let Some(place) = place {
                let span = names.value[place].span;
                return format!("as listed, no. {} ({})", place + 1, self.at(span));
            }
        }
        let tainted = |at: usize| !clusters[at].taints.is_empty();
        if !tainted(at) && eligible.iter().any(|other| tainted(*other)) {
            return "without a taint, by name".to_owned();
        }
        "by name".to_owned()
    }

    pub(super) fn active(&self, text: &mut String) {
        let (Some(active), Some(activation)) = (&self.unit.active, &self.built.planned.activation) else {
            if let Some(span) = self.unit.once {
                self.say(text, 0, &format!("once ({}): one copy runs and no other", self.at(span)));
            }
            return;
        };
        let placed: Vec<usize> = self.built.decision.chosen().map(|(at, _)| at).collect();
        let (running, eligible) = (&activation.running, &activation.eligible);
        let runs = if running.len() == 1 { "runs" } else { "run" };
        let copies = if placed.len() == 1 { "copy" } else { "copies" };
        let lead = format!("active ({}): {} of {} {copies} {runs}", self.at(active.span), running.len(), placed.len());
        self.say(text, 0, &lead);
        if running.len() == eligible.len() && !running.is_empty() {
            self.list(text, 2, "all that may run:", &self.names(running));
        } else if running.len() <= 3 {
            for at in running {
                self.say(text, 2, &format!("{} runs: the choice is {}", self.name(*at), self.because(*at, eligible)));
            }
        } else {
            self.list(text, 2, "run: what ran before, as listed, without a taint, by name:", &self.names(running));
        }
        if let Some(by) = &active.per {
            let empty: Vec<String> =
                activation.groups.iter().filter(|(_, at)| at.is_empty()).map(|(name, _)| name.clone()).collect();
            if !empty.is_empty() {
                self.list(text, 2, &format!("groups by {by} without an active copy:"), &empty);
            }
            if !activation.ungrouped.is_empty() {
                let names = self.names(&activation.ungrouped);
                self.list(text, 2, &format!("suspended, for they have no {by} to group by:"), &names);
            }
        }
        let next: Vec<usize> = eligible.iter().copied().filter(|at| !running.contains(at)).collect();
        if !next.is_empty() {
            self.dim_list(text, 2, "standing by, the next first:", &self.names(&next));
        }
        let grouped = |at: &usize| !activation.ungrouped.contains(at);
        let never: Vec<usize> = placed.into_iter().filter(|at| !eligible.contains(at)).filter(grouped).collect();
        if !never.is_empty() {
            self.dim_list(text, 2, "suspended, because `active` does not meet them:", &self.names(&never));
        }
        if let Some(span) = self.unit.once {
            self.say(text, 2, &format!("once ({}): no more than one may run", self.at(span)));
        }
    }

    /// What the lock says and what would change.
    pub(super) fn lock(&self, text: &mut String) {
        let task = self.unit.identity.to_string();
        let changes: Vec<String> = (self.compilation.drift.iter())
            .filter(|drift| drift.task == task)
            .map(|drift| drift.words(|span| self.at(span)))
            .collect();
        let Some(recorded) = &self.built.planned.recorded else {
            if self.built.decision.chosen().next().is_some() {
                text.push_str(&format!("{PATH}: the task is not recorded yet\n"));
            }
            return;
        };
        let divided = self.unit.placement.strategy.divides();
        let differ = divided || recorded.clusters.windows(2).any(|pair| pair[0].1 != pair[1].1);
        let names: Vec<String> = recorded
            .clusters
            .iter()
            .map(|(name, instances)| if differ { format!("{name} ({instances})") } else { name.clone() })
            .collect();
        self.list(text, 0, &format!("{PATH}: recorded on"), &names);
        if let Some(group) = &recorded.group {
            self.say(text, 2, &format!("fallback group {group}"));
        }
        if !recorded.active.is_empty() {
            self.list(text, 2, "active:", &recorded.active);
        }
        match changes.as_slice() {
            [] => text.push_str("  the next build changes nothing of that\n"),
            changes => changes.iter().for_each(|words| {
                let words = words.strip_prefix(&format!("{task}: ")).unwrap_or(words);
                self.say(text, 2, &format!("the next build: {words}"));
            }),
        }
    }
}
