//! `explain` of a template of Karmada: which policy has it and why, where it goes, and what the override policies did.

use serde_json::{Value, json};

use crate::compile::{self, Compilation, KarmadaOutcome as Placed, TaskResult};
use crate::model::karmada::{Policy, Template, labels_of};
use crate::place::Verdict;
use crate::report::layout;
use crate::report::{ReportContext, TextAndJson};
use crate::tree::SourceTree;

/// Explains a template, on one cluster or on all.
pub fn template(
    at: usize,
    cluster: Option<usize>,
    template: &Template,
    compilation: &Compilation,
    context: &ReportContext<'_>,
) -> TextAndJson {
    let (unit, built) = (&compilation.model.units[at], &compilation.plan[at]);
    let nothing = Placed::default();
    let outcome = built.karmada.as_deref().unwrap_or(&nothing);
    let page = TemplatePage { built, template, outcome, compilation, sources: context.sources, width: context.width };
    let verdicts = &built.decision.verdicts;
    let clusters: Vec<usize> = cluster.map_or_else(|| (0..verdicts.len()).collect(), |at| vec![at]);
    let mut text = page.line(0, format!("template {}  ({})", template.key, context.sources.place(unit.name)));
    text.push_str(&page.policies());
    text.push_str(&page.placement());
    let mut values = Vec::new();
    for at in clusters {
        let (line, value) = page.verdict(at, &verdicts[at]);
        text.push_str(&page.line(2, line));
        values.push(value);
    }
    let (overrides, applied) = page.overrides(cluster);
    text.push_str(&overrides);
    if let Some(at) = cluster {
        let variant = built.rendered.variants.iter().find(|variant| variant.clusters.contains(&at));
        for manifest in variant.iter().flat_map(|variant| &variant.manifests) {
            let name = &compilation.model.clusters[at].name.value;
            text.push_str(&format!("\n--- {name}/{}\n{}", manifest.path, String::from_utf8_lossy(&manifest.bytes)));
        }
    }
    let losers: Vec<String> = template.losers.iter().map(ToString::to_string).collect();
    let value = json!({
        "task": unit.identity.to_string(),
        "policy": template.policy.as_ref().map(ToString::to_string),
        "losers": losers,
        "group": outcome.group,
        "clusters": values,
        "overrides": applied,
    });
    TextAndJson { text, json: value }
}

struct TemplatePage<'p> {
    built: &'p TaskResult,
    template: &'p Template,
    outcome: &'p Placed,
    compilation: &'p Compilation,
    sources: &'p SourceTree,
    width: usize,
}

impl TemplatePage<'_> {
    fn line(&self, indent: usize, text: impl AsRef<str>) -> String {
        layout::sentence(indent, text.as_ref(), self.width)
    }

    /// Which policy has it, and which would have.
    fn policies(&self) -> String {
        let mut text = String::new();
        let place = |policy: &Policy| compile::line(self.sources, policy.name.span);
        match &self.template.policy {
            Some(policy) => {
                let how = self.selected_by(policy);
                text.push_str(&self.line(0, format!("{policy} has it, {how} ({})", place(policy))));
                for loser in &self.template.losers {
                    let why = compile::why(policy, loser);
                    let how = self.selected_by(loser);
                    let said =
                        format!("{loser} selects it too, {how}, and places nothing of it: {why} ({})", place(loser));
                    text.push_str(&self.line(0, said));
                }
            }
            None if self.template.everywhere => {
                text.push_str(&self.line(0, "a Namespace goes to every cluster by itself"));
            }
            None => text.push_str(&self.line(0, "no policy selects it")),
        }
        let by: Vec<String> = self.outcome.required_by.iter().map(ToString::to_string).collect();
        if !by.is_empty() {
            text.push_str(&self.line(0, format!("brought along by {}", by.join(", "))));
        }
        text
    }

    fn selected_by(&self, policy: &Policy) -> &'static str {
        match policy.selects(&self.template.key, &labels_of(&self.template.object.value)) {
            Some(3) => "selected by name",
            Some(2) => "selected by labels",
            _ => "selected by kind",
        }
    }

    fn placement(&self) -> String {
        let all = self.compilation.model.clusters.len();
        let mut text = format!("\nplaced by its policy on {} of {all} clusters", self.outcome.placed.len());
        if let Some(group) = &self.outcome.group {
            text.push_str(&format!(", affinity group `{group}`"));
        }
        text.push('\n');
        text
    }

    /// One cluster, in words and for programs.
    fn verdict(&self, at: usize, verdict: &Verdict) -> (String, Value) {
        let name = &self.compilation.model.clusters[at].name.value;
        match verdict {
            Verdict::Chosen { instances } => {
                let own = self.outcome.placed.iter().find(|(placed, _)| *placed == at).map(|(_, replicas)| *replicas);
                let words = match own {
                    Some(0) => format!("{name}: sent"),
                    Some(replicas) => format!("{name}: sent, with {replicas} replicas"),
                    None if self.template.everywhere => format!("{name}: sent, as to every cluster"),
                    None => format!("{name}: sent, for those that need it"),
                };
                (words, json!({"cluster": name, "chosen": true, "instances": instances}))
            }
            Verdict::Passed(passed) => {
                let place = passed.task().map(|span| format!(" ({})", compile::line(self.sources, span)));
                let words = format!("{name}: {passed}{}", place.unwrap_or_default());
                (words, json!({"cluster": name, "chosen": false, "reason": passed.to_string()}))
            }
            Verdict::Refused(reason) => {
                let span = reason.task().or(reason.inventory());
                let place = span.map(|span| format!(" ({})", compile::line(self.sources, span))).unwrap_or_default();
                let words = format!("{name}: {reason}{place}");
                (words, json!({"cluster": name, "chosen": false, "reason": reason.rule()}))
            }
        }
    }

    /// What the override policies did, in the order in which they ran.
    fn overrides(&self, cluster: Option<usize>) -> (String, Value) {
        let mut text = String::new();
        let mut values = Vec::new();
        let name = |at: &usize| self.compilation.model.clusters[*at].name.value.clone();
        for (variant, applied) in self.built.rendered.variants.iter().zip(&self.outcome.applied) {
            if applied.is_empty() || cluster.is_some_and(|at| !variant.clusters.contains(&at)) {
                continue;
            }
            let on: Vec<String> = variant.clusters.iter().map(name).collect();
            text.push_str(&format!("\noverridden on {}, in this order:\n", on.join(", ")));
            for rule in applied {
                let policy = &self.template.overrides[rule.policy];
                for effect in &rule.effects {
                    let what = match effect.touched.as_slice() {
                        [] => "changes nothing".to_owned(),
                        touched => format!("changes {}", touched.join(", ")),
                    };
                    let place = compile::line(self.sources, policy.name.span);
                    let said = format!("{policy}, rule {}: {} {what} ({place})", rule.rule + 1, effect.kind.field());
                    text.push_str(&self.line(2, said));
                    values.push(json!({
                        "policy": policy.to_string(), "rule": rule.rule, "overrider": effect.kind.field(),
                        "changes": effect.touched, "clusters": on,
                    }));
                }
            }
        }
        for (error, clusters) in &self.outcome.refused {
            let policy = &self.template.overrides[error.policy];
            let on: Vec<String> = clusters.iter().map(name).collect();
            text.push_str(&self.line(0, format!("{policy} fails on {}: {}", on.join(", "), error.error)));
        }
        (text, Value::Array(values))
    }
}
