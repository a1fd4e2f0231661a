//! `explain`: how clusters were chosen among those that fit, step by step, with the numbers that each step used.

use serde_json::{Value, json};

use crate::compile::{self, Compilation, TaskResult, line};
use crate::lock::PATH;
use crate::model::{InstanceStrategy, Unit};
use crate::place::{self, Account, Division, DivisionStep, ScoredCluster, SpreadLevel, Verdict};
use crate::report::capacity::quantity;
use crate::report::explain::verdicts::indented;
use crate::report::layout;
use crate::report::paint::Paint;
use crate::report::table::{self, LongNames, count};
use crate::tree::{SourceTree, Span};

/// So many rows of a table are shown.
const ROWS: usize = 12;

/// A list of names takes no more lines.
const LINES: usize = 3;

/// One task's choice.
pub(super) struct TaskSelection<'a> {
    pub(super) unit: &'a Unit,
    pub(super) built: &'a TaskResult,
    pub(super) compilation: &'a Compilation,
    pub(super) sources: &'a SourceTree,
    pub(super) account: Account,
    width: usize,
    paint: Paint,
}

impl<'a> TaskSelection<'a> {
    /// Asks how the task at that place of the model was decided.
    pub(super) fn new(compilation: &'a Compilation, task: usize, sources: &'a SourceTree, width: usize) -> Self {
        let (_, account) = compile::account(compilation, task);
        let (unit, built) = (&compilation.model.units[task], &compilation.plan[task]);
        Self { unit, built, compilation, sources, account, width, paint: Paint::default() }
    }

    /// The same in colours.
    pub(super) fn painted(self, paint: Paint) -> Self {
        Self { paint, ..self }
    }

    pub(super) fn name(&self, at: usize) -> &'a str {
        &self.compilation.model.clusters[at].name.value
    }

    pub(super) fn names(&self, list: &[usize]) -> Vec<String> {
        list.iter().map(|at| self.name(*at).to_owned()).collect()
    }

    pub(super) fn at(&self, span: Span) -> String {
        line(self.sources, span)
    }

    pub(super) fn say(&self, text: &mut String, indent: usize, sentence: &str) {
        text.push_str(&layout::sentence(indent, sentence, self.width));
    }

    pub(super) fn list(&self, text: &mut String, indent: usize, lead: &str, names: &[String]) {
        let lines = layout::names(lead, names, self.width.saturating_sub(indent + 2), LINES);
        text.push_str(&indented(indent, lines));
    }

    /// The same for copies that do not run.
    pub(super) fn dim_list(&self, text: &mut String, indent: usize, lead: &str, names: &[String]) {
        let mut lines = String::new();
        self.list(&mut lines, indent, lead, names);
        text.push_str(&self.paint.dim(&lines));
    }

    fn rows(&self, text: &mut String, heading: &[&str], rows: Vec<Vec<String>>) {
        let more = rows.len().saturating_sub(ROWS);
        let heading: Vec<String> = std::iter::once(format!("  {}", heading[0]))
            .chain(heading[1..].iter().map(|cell| (*cell).to_owned()))
            .collect();
        let heading: Vec<&str> = heading.iter().map(String::as_str).collect();
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .take(ROWS)
            .map(|mut row| {
                row[0].insert_str(0, "  ");
                row
            })
            .collect();
        text.push_str(&table::table(&heading, &rows));
        if more > 0 {
            text.push_str(&format!("  and {more} more\n"));
        }
    }

    /// Everything behind the filter, in lines.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.groups(&mut text);
        let placement = &self.unit.placement;
        if !placement.chooses() && !placement.strategy.divides() {
            if let Some(instances) = self.built.decision.chosen().map(|(_, instances)| instances).max() {
                let differ = self.built.decision.chosen().any(|(_, other)| other != instances);
                let each = if differ { "with the instances of its manifest".to_owned() } else { each(instances) };
                self.say(&mut text, 0, &format!("assign: Duplicated, every cluster that fits is taken, {each}"));
            }
        } else if self.built.decision.kept {
            self.prioritize(&mut text);
            let names: Vec<String> = (self.built.decision.chosen())
                .map(|(at, instances)| format!("{} ({instances})", self.name(at)))
                .collect();
            self.list(&mut text, 0, &format!("select, assign: kept as recorded in {PATH}:"), &names);
            let task = &self.unit.identity;
            let said = format!("it passes every rule still, so nothing is chosen anew; `build --fresh {task}` would");
            self.say(&mut text, 2, &said);
        } else {
            // Weights ask for no room, so the order means nothing.
            if placement.strategy != InstanceStrategy::StaticWeight {
                self.prioritize(&mut text);
            }
            self.select(&mut text);
            self.assign(&mut text);
        }
        self.active(&mut text);
        self.lock(&mut text);
        text
    }

    /// Why nothing was placed though clusters fit, and what would fit instead.
    pub(super) fn failure(&self) -> Option<String> {
        let failure = self.built.decision.failure.as_ref()?;
        let fitting = (0..self.built.decision.verdicts.len()).filter(|at| self.built.decision.possible(*at)).count();
        let mut text = compile::in_words(failure, self.unit, &self.built.planned, fitting);
        if let (place::PlacementFailure::TooLittle { free: 1.., .. }, Some(said)) = (failure, &self.unit.instances) {
            text.push_str(&format!(", so fewer `instances` would do ({})", self.at(said.span)));
        }
        Some(text)
    }

    /// What one instance requests.
    fn request(&self) -> String {
        let request = &self.built.planned.request;
        let amounts = request
            .iter()
            .filter(|(_, nanos)| **nanos > 0)
            .map(|(name, nanos)| format!("{name} {}", place::shown(name, whole(name, *nanos))));
        let amounts: Vec<String> = amounts.collect();
        if amounts.is_empty() { "nothing but a pod".to_owned() } else { amounts.join(", ") }
    }

    fn room(&self, entry: &ScoredCluster) -> String {
        let known = self.compilation.model.clusters[entry.at].capacity.is_some();
        if known { entry.room.to_string() } else { "?".to_owned() }
    }

    fn prioritize(&self, text: &mut String) {
        let fitting = &self.account.fitting;
        if fitting.is_empty() {
            return;
        }
        let said = "prioritize: who has the task already comes first, then who has more room, then by name";
        self.say(text, 0, said);
        let clusters = &self.compilation.model.clusters;
        let known = fitting.iter().any(|entry| clusters[entry.at].capacity.is_some());
        if known {
            let requests = self.request();
            self.say(text, 2, &format!("one instance requests {requests}; ROOM: so many more a cluster can take"));
        } else {
            self.say(text, 2, "nobody says what these clusters can take");
        }
        let had = fitting.iter().any(|entry| entry.before.is_some());
        let mut heading = vec!["#", "CLUSTER"];
        heading.extend(known.then_some("ROOM"));
        if had {
            heading.push("HAS");
        }
        if fitting.iter().any(|entry| entry.shunned) {
            heading.push("");
        }
        let rows = fitting.iter().enumerate().map(|(order, entry)| {
            let mut row = vec![(order + 1).to_string(), self.name(entry.at).to_owned()];
            row.extend(known.then(|| self.room(entry)));
            if had {
                row.push(entry.before.map_or_else(String::new, |(_, had)| had.to_string()));
            }
            if heading.last() == Some(&"") {
                row.push(if entry.shunned { "last: it has a PreferNoSchedule taint" } else { "" }.to_owned());
            }
            row
        });
        self.rows(text, &heading, rows.collect());
    }

    fn select(&self, text: &mut String) {
        let spread = &self.unit.placement.spread;
        let selected = &self.account.selected;
        if spread.is_empty() {
            if !selected.is_empty() {
                self.say(text, 0, &format!("select: no spread, so {} on", all_go(selected.len())));
            }
            return;
        }
        let words: Vec<String> = spread
            .iter()
            .map(|spread| {
                let most = spread.max.map_or_else(String::new, |max| max.to_string());
                format!("{} {}..{most} ({})", spread.by, spread.min, self.at(spread.span))
            })
            .collect();
        self.say(text, 0, &format!("select: spread by {}", words.join(", ")));
        for SpreadLevel { by, groups } in &self.account.levels {
            let title = by.to_string();
            let title = if title.contains(':') { title } else { title.to_uppercase() };
            let heading = [format!("  {title}"), "SCORE".to_owned(), "TAKEN".to_owned(), "CLUSTERS".to_owned()];
            let heading: Vec<&str> = heading.iter().map(String::as_str).collect();
            let mut best: Vec<_> = groups.iter().collect();
            best.sort_by(|a, b| b.taken.cmp(&a.taken).then(b.score.cmp(&a.score)).then(a.name.cmp(&b.name)));
            let more = best.len().saturating_sub(ROWS);
            best.truncate(ROWS);
            let rows: Vec<Vec<String>> = best
                .iter()
                .map(|group| {
                    let taken = if group.taken { "yes" } else { "no" };
                    vec![format!("  {}", group.name), group.score.to_string(), taken.to_owned()]
                })
                .collect();
            text.push_str(&table::wide(&heading, &rows, self.width, LongNames::OwnLine, |at, room| {
                let clusters = &best[at].clusters;
                layout::names(&format!("{}:", clusters.len()), &self.names(clusters), room.max(12), 1)
            }));
            if more > 0 {
                text.push_str(&format!("  and {more} more\n"));
            }
        }
        if !self.account.levels.is_empty() {
            let what = match self.unit.placement.strategy {
                InstanceStrategy::Duplicated => "a thousand for each cluster with room for all instances",
                _ => "a thousand for each instance of its part that it has room for",
            };
            self.say(
                text,
                2,
                &format!(
                    "SCORE: {what}, and up to 100 where the task is already; of the best, as few are taken as will do"
                ),
            );
        }
        if !selected.is_empty() {
            self.list(text, 2, "selected, in this order:", &self.names(selected));
            let chosen = |at: &usize| selected.contains(at);
            let others: Vec<usize> =
                self.account.fitting.iter().map(|entry| entry.at).filter(|at| !chosen(at)).collect();
            if !others.is_empty() {
                self.list(
                    text,
                    2,
                    &format!("{} {} and not taken:", others.len(), fit(others.len())),
                    &self.names(&others),
                );
            }
        }
    }

    fn assign(&self, text: &mut String) {
        let strategy = self.unit.placement.strategy;
        let place = self.unit.placement.strategy_said.map_or_else(String::new, |span| format!(" ({})", self.at(span)));
        let Some(division) = &self.account.division else {
            if let Some((_, instances)) = self.account.shares.first() {
                let instances = u32::try_from(*instances).unwrap_or(u32::MAX);
                self.say(text, 0, &format!("assign: {}{place}, {}", strategy.name(), each(instances)));
            }
            return;
        };
        let all = self.built.planned.demand.replicas;
        let base: i64 = division.base.iter().map(|(_, had)| had).sum();
        let how = match (division.step, strategy) {
            (DivisionStep::Weights, _) => format!("shares {} out by weight", count_of(division.target)),
            (DivisionStep::Fewer, _) => {
                format!("has more than the {all} that are asked for, and shares {all} out by what each has")
            }
            (DivisionStep::Stay, _) => format!("has all {all} already, and they stay"),
            (DivisionStep::More | DivisionStep::Anew, InstanceStrategy::Aggregated) => {
                format!("shares {} out by room, among as few clusters as can take them", count_of(division.target))
            }
            (DivisionStep::More | DivisionStep::Anew, _) => format!("shares {} out by room", count_of(division.target)),
        };
        let besides = if base > 0 && division.step == DivisionStep::More {
            format!("; {base} of {all} are there already and stay")
        } else {
            String::new()
        };
        self.say(text, 0, &format!("assign: {}{place} {how}{besides}", strategy.name()));
        let (heading, rows) = self.division(division, base > 0);
        self.rows(text, &heading, rows);
        if division.step != DivisionStep::Stay && !self.account.shares.is_empty() && division.weights.len() > 1 {
            self.say(
                text,
                2,
                "Webster's method: the next always to the greatest WEIGHT / (2 n + 1), n being what it got so far",
            );
        }
        let given = |at: &usize| division.weights.iter().chain(&division.base).any(|(known, _)| known == at);
        let others: Vec<usize> = self.account.selected.iter().copied().filter(|at| !given(at)).collect();
        if !others.is_empty() {
            let why = if strategy == InstanceStrategy::StaticWeight { "without a weight:" } else { "not needed:" };
            self.list(text, 2, why, &self.names(&others));
        }
    }

    fn division(&self, division: &Division, based: bool) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let find = |list: &[(usize, i64)], at: usize| list.iter().find(|(known, _)| *known == at).map(|(_, n)| *n);
        let mut clusters: Vec<usize> = division.weights.iter().chain(&division.base).map(|(at, _)| *at).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let placed = !self.account.shares.is_empty();
        let gets = |at: usize| find(&self.account.shares, at).unwrap_or(0);
        clusters.sort_by_key(|at| (std::cmp::Reverse(gets(*at)), *at));
        let number = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        let weighed = !division.weights.is_empty();
        let rows = clusters.iter().map(|at| {
            let mut row = vec![self.name(*at).to_owned()];
            if based {
                row.push(number(find(&division.base, *at)));
            }
            if weighed {
                row.push(number(find(&division.weights, *at)));
            }
            if placed {
                row.push(gets(*at).to_string());
            }
            row
        });
        let rows = rows.collect();
        let mut heading = vec!["CLUSTER"];
        heading.extend(based.then_some("HAS"));
        heading.extend(weighed.then_some("WEIGHT"));
        heading.extend(placed.then_some("GETS"));
        (heading, rows)
    }

    /// What is known of one cluster behind the filter, in lines.
    pub(super) fn on(&self, at: usize) -> String {
        let mut text = String::new();
        if matches!(self.built.decision.verdicts[at], Verdict::Refused(_)) {
            return text;
        }
        let groups = &self.unit.placement.fallback;
        if let Some(group) = self.built.decision.group {
            let group = &groups[group];
            let belongs = place::matches(&group.selector, &self.compilation.model.clusters[at]).is_ok();
            let belongs = if belongs { "it belongs to it" } else { "it does not belong to it" };
            self.say(&mut text, 0, &format!("fallback: group {} works, and {belongs}", *group.name));
        }
        let order = self.account.fitting.iter().position(|entry| entry.at == at);
        let counts = self.unit.placement.chooses() || self.unit.placement.strategy.divides();
        if let Some(order) = order.filter(|_| counts) {
            let entry = &self.account.fitting[order];
            let has = entry.before.map_or_else(String::new, |(_, had)| format!(", it has {had} already"));
            let shunned = if entry.shunned { ", last because of its PreferNoSchedule taint" } else { "" };
            let room = self.room(entry);
            self.say(
                &mut text,
                0,
                &format!(
                    "prioritize: no. {} of {}; room for {room} more of {}{has}{shunned}",
                    order + 1,
                    self.account.fitting.len(),
                    self.request()
                ),
            );
            if self.built.decision.kept {
                let kept = matches!(self.built.decision.verdicts[at], Verdict::Chosen { .. });
                let kept = if kept { "recorded there" } else { "not recorded there" };
                self.say(&mut text, 0, &format!("select, assign: kept as recorded in {PATH}; {kept}"));
                return text;
            }
            for level in &self.account.levels {
                for group in level.groups.iter().filter(|group| group.clusters.contains(&at)) {
                    let taken = if group.taken { "taken" } else { "not taken" };
                    let said = format!("select: {} {}, score {}, is {taken}", level.by, group.name, group.score);
                    self.say(&mut text, 0, &said);
                }
            }
            if !self.unit.placement.spread.is_empty() {
                let place = self.account.selected.iter().position(|selected| *selected == at);
                let of = self.account.selected.len();
                let said = place.map_or_else(
                    || format!("not one of the {of} selected"),
                    |place| format!("no. {} of {of} selected", place + 1),
                );
                self.say(&mut text, 0, &format!("select: {said}"));
            }
            if let Some(division) = &self.account.division {
                let find = |list: &[(usize, i64)]| list.iter().find(|(known, _)| *known == at).map(|(_, n)| *n);
                let weight = find(&division.weights).map_or_else(|| "no weight".to_owned(), |n| format!("weight {n}"));
                let total: i64 = division.weights.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n));
                let gets = find(&self.account.shares).unwrap_or(0);
                let all = self.built.planned.demand.replicas;
                let name = self.unit.placement.strategy.name();
                let said = format!("assign: {name}, {weight} of {total}: it gets {gets} of {all}");
                self.say(&mut text, 0, &said);
            }
        }
        if let (Some(active), Some(activation)) = (&self.unit.active, &self.built.planned.activation)
            && matches!(self.built.decision.verdicts[at], Verdict::Chosen { .. })
        {
            let place = self.at(active.span);
            let said = if activation.running.contains(&at) {
                format!("its copy runs: the choice is {}", self.because(at, &activation.eligible))
            } else if activation.eligible.contains(&at) {
                let running = self.names(&activation.running).join(", ");
                format!("its copy stands by, suspended: {running} runs")
            } else if let Some(by) = active.per.as_ref().filter(|_| activation.ungrouped.contains(&at)) {
                format!("its copy is suspended: it has no {by} to group by")
            } else {
                "its copy is suspended: `active` does not meet it".to_owned()
            };
            let mut line = String::new();
            self.say(&mut line, 0, &format!("active ({place}): {said}"));
            text.push_str(&if activation.running.contains(&at) { line } else { self.paint.dim(&line) });
        }
        text
    }

    /// For programs: what is known of one cluster behind the filter.
    pub(super) fn entry(&self, at: usize) -> Value {
        let Some(order) = self.account.fitting.iter().position(|entry| entry.at == at) else { return Value::Null };
        let entry = &self.account.fitting[order];
        let known = self.compilation.model.clusters[at].capacity.is_some();
        let find = |list: &[(usize, i64)]| list.iter().find(|(known, _)| *known == at).map(|(_, n)| *n);
        let kept = self.built.decision.kept;
        json!({
            "order": order + 1,
            "room": known.then_some(entry.room),
            "has": entry.before.map(|(_, had)| had),
            "last": entry.shunned,
            "selected": self.account.selected.contains(&at),
            "weight": self.account.division.as_ref().filter(|_| !kept).and_then(|division| find(&division.weights)),
        })
    }

    /// Whether the copy on a cluster runs, stands by, or neither.
    pub(super) fn copy(&self, at: usize) -> Option<&'static str> {
        let activation = self.built.planned.activation.as_ref()?;
        matches!(self.built.decision.verdicts[at], Verdict::Chosen { .. }).then_some(())?;
        Some(match (activation.running.contains(&at), activation.eligible.contains(&at)) {
            (true, _) => "runs",
            (_, true) => "standby",
            _ => "suspended",
        })
    }

    /// For programs: everything behind the filter.
    pub(super) fn value(&self) -> Value {
        let decision = &self.built.decision;
        let planned = &self.built.planned;
        let groups: Vec<Value> = (self.unit.placement.fallback.iter().enumerate())
            .map(|(at, group)| {
                let (clusters, fit, words) = self.group(at);
                let used = decision.group == Some(at);
                let place = self.sources.place(group.name.span);
                json!({"group": *group.name, "used": used, "clusters": clusters, "fit": fit, "words": words, "place": place})
            })
            .collect();
        let levels = self.account.levels.iter().filter(|_| !decision.kept).map(|level| {
            let groups = level.groups.iter().map(|group| {
                let clusters = self.names(&group.clusters);
                json!({"group": group.name, "clusters": clusters, "score": group.score, "taken": group.taken})
            });
            json!({"by": level.by.to_string(), "groups": groups.collect::<Vec<Value>>()})
        });
        let shares = |list: &[(usize, i64)], what: &str| -> Value {
            list.iter().map(|(at, n)| json!({"cluster": self.name(*at), what: n})).collect()
        };
        let division = self.account.division.as_ref().filter(|_| !decision.kept).map(|division| {
            let step = match division.step {
                DivisionStep::Weights => "weights",
                DivisionStep::Anew => "anew",
                DivisionStep::Fewer => "fewer",
                DivisionStep::More => "more",
                DivisionStep::Stay => "stay",
            };
            json!({
                "step": step,
                "target": division.target,
                "weights": shares(&division.weights, "weight"),
                "base": shares(&division.base, "instances"),
            })
        });
        let active = planned.activation.as_ref().map(|activation| {
            let why = activation
                .running
                .iter()
                .map(|at| json!({"cluster": self.name(*at), "because": self.because(*at, &activation.eligible)}));
            let mut value =
                json!({"running": why.collect::<Vec<Value>>(), "eligible": self.names(&activation.eligible)});
            if self.unit.active.as_ref().is_some_and(|active| active.per.is_some()) {
                let groups = activation.groups.iter().map(|(name, at)| (name.clone(), json!(self.names(at))));
                value["groups"] = Value::Object(groups.collect());
                value["ungrouped"] = json!(self.names(&activation.ungrouped));
            }
            value
        });
        let recorded = planned.recorded.as_ref().map(|recorded| {
            let clusters = recorded.clusters.iter().map(|(name, n)| json!({"cluster": name, "instances": n}));
            json!({
                "clusters": clusters.collect::<Vec<Value>>(),
                "group": recorded.group,
                "active": recorded.active,
            })
        });
        let task = self.unit.identity.to_string();
        let changes = self.compilation.drift.iter().filter(|drift| drift.task == task);
        let changes: Vec<String> = changes.map(|drift| drift.words(|span| self.at(span))).collect();
        let requests: std::collections::BTreeMap<&str, String> = (planned.request.iter())
            .map(|(name, nanos)| (name.as_str(), quantity(name, whole(name, *nanos))))
            .collect();
        json!({
            "strategy": self.unit.placement.strategy.name(),
            "instances": planned.demand.replicas,
            "requests": requests,
            "order": self.names(&self.account.fitting.iter().map(|entry| entry.at).collect::<Vec<_>>()),
            "spread": levels.collect::<Vec<Value>>(),
            "selected": self.names(&self.account.selected),
            "division": division,
            "groups": groups,
            "kept": decision.kept,
            "active": active,
            "once": self.unit.once.is_some(),
            "lock": {"recorded": recorded, "changes": changes},
            "failure": self.failure(),
        })
    }
}

/// Billionths as they are counted: thousandths of processors, units of everything else.
fn whole(name: &str, nanos: i128) -> i64 {
    let unit = if name == "cpu" { 1_000_000 } else { 1_000_000_000 };
    i64::try_from((nanos + unit - 1) / unit).unwrap_or(i64::MAX)
}

pub(super) fn fit(clusters: usize) -> &'static str {
    if clusters == 1 { "fits" } else { "fit" }
}

fn all_go(clusters: usize) -> String {
    if clusters == 1 { "the only one that fits goes".to_owned() } else { format!("all {clusters} that fit go") }
}

fn each(instances: u32) -> String {
    format!("{} each", count(instances as usize, "instance"))
}

fn count_of(instances: i64) -> String {
    count(usize::try_from(instances).unwrap_or(usize::MAX), "instance")
}
