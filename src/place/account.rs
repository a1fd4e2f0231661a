//! Records what each scheduling step looked at, for `explain`.

use super::failure::PlacementFailure;
use super::prioritize::ScoredCluster;
use super::rules::SpreadBy;

/// What was taken into account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The clusters that fit, in base order.
    pub fitting: Vec<ScoredCluster>,
    /// The groups that a spread chose among, the widest first; of an attempt that failed, as far as it came.
    pub levels: Vec<SpreadLevel>,
    /// Those that were selected, in order of selection.
    pub selected: Vec<usize>,
    /// How the instances were shared out, where they were.
    pub division: Option<Division>,
    /// What each got.
    pub shares: Vec<(usize, i64)>,
    /// Somebody wants to follow the division; it is not noted down else, because it costs as much as it does to divide.
    pub listens: bool,
    /// The attempts that failed before, with their fallback groups.
    pub failed: Vec<(Option<usize>, PlacementFailure)>,
}

/// Where a division is noted down, if somebody listens.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) listens: bool,
    pub(super) division: Option<Division>,
}

impl Heard {
    /// Notes a division down.
    pub(super) fn note(&mut self, division: impl FnOnce() -> Division) {
        if self.listens {
            self.division = Some(division());
        }
    }
}

/// What one constraint of a spread chose among.
#[derive(Clone, Debug)]
pub struct SpreadLevel {
    /// What makes a group.
    pub by: SpreadBy,
    /// The groups, by name.
    pub groups: Vec<Scored>,
}

/// A group of clusters with what it is worth.
#[derive(Clone, Debug)]
pub struct Scored {
    /// The value that its clusters share.
    pub name: String,
    /// Its clusters that were left, in base order.
    pub clusters: Vec<usize>,
    /// Karmada's score.
    pub score: i64,
    /// It was chosen.
    pub taken: bool,
}

/// One division by Webster's method.
#[derive(Clone, Debug)]
pub struct Division {
    /// What was being done.
    pub step: DivisionStep,
    /// So many instances were shared out.
    pub target: i64,
    /// Among these, each with its weight, by name.
    pub weights: Vec<(usize, i64)>,
    /// What each has besides.
    pub base: Vec<(usize, i64)>,
}

/// What a division is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DivisionStep {
    /// By the weights that the author gave.
    Weights,
    /// As if nothing were there.
    Anew,
    /// There are more than are asked for.
    Fewer,
    /// There are fewer than are asked for, or none.
    More,
    /// There are as many as are asked for.
    Stay,
}

impl DivisionStep {
    /// What is being done, as Karmada says it.
    pub(super) fn doing(self) -> Option<&'static str> {
        match self {
            DivisionStep::Anew => Some("do fresh scale"),
            DivisionStep::Fewer => Some("scale down"),
            DivisionStep::More => Some("scale up"),
            DivisionStep::Weights | DivisionStep::Stay => None,
        }
    }
}
