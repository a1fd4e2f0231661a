//! What a placement in Karmada's words means to the algorithm. Its defaults and refusals are in [`crate::model::karmada`].

use super::affinity::Affinity;
use super::rules::{
    AffinityGroup, Area, PlacementRules, PlacementToleration, ReplicaStrategy, ReplicaWeight, SpreadBy, SpreadRule,
    Ways,
};
use crate::model::TaintEffect;
use crate::model::karmada::{DraftGroup, DraftSpread, DraftToleration, Objection, Terms, WrittenPlacement};

impl WrittenPlacement {
    /// The placement with defaults filled in, as rules.
    ///
    /// # Errors
    /// All that Karmada's admission refuses.
    pub fn admit(self) -> Result<PlacementRules, Vec<Objection>> {
        self.checked().map(|draft| draft.settle())
    }

    /// What the words mean, unchecked; what means nothing is left out or matches nothing.
    pub fn settle(&self) -> PlacementRules {
        let area = match &self.affinity {
            Some(terms) => Area::One(Affinity::new(terms)),
            None if self.groups.is_empty() => Area::Everywhere,
            None => Area::Groups(self.groups.iter().map(DraftGroup::settle).collect()),
        };
        PlacementRules {
            ways: Ways::Karmada,
            area,
            tolerations: self.tolerations.iter().filter_map(DraftToleration::settle).collect(),
            spread: self.spread.iter().filter_map(DraftSpread::settle).collect(),
            strategy: self.strategy(),
        }
    }

    /// `newAssignState`
    fn strategy(&self) -> ReplicaStrategy {
        let Some(scheduling) = self.scheduling.as_ref().filter(|scheduling| scheduling.kind != "Duplicated") else {
            return ReplicaStrategy::Duplicated;
        };
        if scheduling.preference == "Aggregated" {
            return ReplicaStrategy::Aggregated;
        }
        match &scheduling.weights {
            Some(weights) if !weights.dynamic.is_empty() => ReplicaStrategy::DynamicWeight,
            weights => ReplicaStrategy::StaticWeight(weights.as_ref().map(|weights| {
                let rule =
                    |(terms, weight): &(Terms, i64)| ReplicaWeight { affinity: Affinity::new(terms), weight: *weight };
                weights.fixed.iter().map(rule).collect()
            })),
        }
    }
}

impl DraftGroup {
    fn settle(&self) -> AffinityGroup {
        AffinityGroup {
            name: self.name.clone(),
            affinity: Affinity::new(&self.terms),
            overflow: self.overflow.iter().map(|more| Affinity::new(&more.terms)).collect(),
        }
    }
}

impl DraftToleration {
    /// `None` where a word is unknown: such a toleration bears nothing.
    fn settle(&self) -> Option<PlacementToleration> {
        let exists = match self.operator.as_str() {
            "" | "Equal" => false,
            "Exists" => true,
            _ => return None,
        };
        let effect = match self.effect.as_str() {
            "" => None,
            word => Some(effect(word)?),
        };
        Some(PlacementToleration { key: self.key.clone(), exists, value: self.value.clone(), effect })
    }
}

/// The effect of that name.
pub fn effect(word: &str) -> Option<TaintEffect> {
    [TaintEffect::NoSchedule, TaintEffect::NoExecute, TaintEffect::PreferNoSchedule]
        .into_iter()
        .find(|effect| effect.name() == word)
}

impl DraftSpread {
    /// `None` where the field is unknown.
    fn settle(&self) -> Option<SpreadRule> {
        let by = match self.field.as_str() {
            "provider" => SpreadBy::Provider,
            "region" => SpreadBy::Region,
            "zone" => SpreadBy::Zone,
            "cluster" => SpreadBy::Cluster,
            "" => SpreadBy::Label(self.label.clone()),
            _ => return None,
        };
        let count = |number: i64| usize::try_from(number).unwrap_or(0);
        Some(SpreadRule { by, min: count(self.min), max: Some(count(self.max)).filter(|max| *max > 0) })
    }
}
