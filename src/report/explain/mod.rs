//! The text of `fleetcron explain`: why a task is placed where it is, why not elsewhere, what each override changes.

mod karmada;
mod recorded;
mod selection;
mod verdicts;

pub use self::karmada::template;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::selection::TaskSelection;
use self::verdicts::Verdicts;
use super::{ReportContext, TextAndJson, layout, schedules};
use crate::compile::{self, Compilation, TaskResult};
use crate::diag::Code;
use crate::diff::Redaction;
use crate::model::{BodyOrigin, Cluster, Source, Unit};
use crate::place::Verdict;
use crate::report::source_redaction::starred_manifest;
use crate::report::table::{self, LongNames, count};
use crate::tree::SourceTree;

/// So many next runs are shown.
const RUNS: usize = 3;

/// A list of names takes no more lines.
const LINES: usize = 3;

/// The page of a diagnostic code.
pub fn page_of_code(code: Code) -> TextAndJson {
    let severity = if code.waits() { "off" } else { code.severity().word() };
    let value = json!({"code": code.name(), "severity": severity, "summary": code.summary(), "page": code.page()});
    TextAndJson { text: code.page().to_owned(), json: value }
}

/// All codes of diagnostics with their levels, as a table.
pub fn all_codes() -> TextAndJson {
    let level = |code: Code| if code.waits() { "off" } else { code.severity().word() };
    let row = |code: &Code| vec![code.name().to_owned(), level(*code).to_owned(), code.summary().to_owned()];
    let rows: Vec<Vec<String>> = Code::ALL.iter().map(row).collect();
    let one = |code: &Code| json!({"code": code.name(), "severity": level(*code), "summary": code.summary()});
    let text = table::table(&["CODE", "LEVEL", "SUMMARY"], &rows);
    TextAndJson {
        text: format!(
            "{text}\n`fleetcron explain CODE` describes one; `lints` in the Fleet sets the level of warnings and notes\n"
        ),
        json: json!({"codes": Code::ALL.iter().map(one).collect::<Vec<Value>>()}),
    }
}

fn origin(unit: &Unit, sources: &SourceTree) -> String {
    format!("task {}  ({})\n", unit.identity, sources.place(unit.name))
}

fn made_of(unit: &Unit) -> String {
    let mut bases: Vec<&str> = unit
        .layers
        .iter()
        .filter_map(|layer| match &layer.origin {
            BodyOrigin::Base(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    // A base with a `podTemplate` is two layers.
    let mut seen = std::collections::BTreeSet::new();
    bases.retain(|name| seen.insert(*name));
    let containers = match unit.source {
        Source::Container => "`container`",
        Source::PodTemplate => "`podTemplate`",
        Source::CronJob => "a `cronJob` file",
        Source::Template => "a template of Karmada",
    };
    match bases.as_slice() {
        [] => format!("made of {containers}\n"),
        bases => format!("made of {containers}, bases {}\n", bases.join(", ")),
    }
}

/// Why a task is placed where it is, over all clusters.
pub fn task(at: usize, from: Timestamp, compilation: &Compilation, context: &ReportContext<'_>) -> TextAndJson {
    let sources = context.sources;
    let (unit, built) = (&compilation.model.units[at], &compilation.plan[at]);
    let (width, paint) = (context.width, context.paint);
    let clusters = &compilation.model.clusters;
    let name = |at: usize| clusters[at].name.as_str();
    let chosen: Vec<usize> = built.decision.chosen().map(|(at, _)| at).collect();
    let verdicts = Verdicts::new(unit, built, &compilation.model, sources);
    let choice = TaskSelection::new(compilation, at, sources, width).painted(paint);
    let mut text = paint.bold(&layout::sentence(0, origin(unit, sources).trim_end(), width));
    text.push_str(&layout::sentence(0, made_of(unit).trim_end(), width));
    text.push_str(&layout::sentence(
        0,
        &format!(
            "runs on {} of {} as {}; placement at {}",
            chosen.len(),
            count(clusters.len(), "cluster"),
            count(built.rendered.variants.len(), "variant"),
            sources.place(unit.placement.span),
        ),
        width,
    ));
    let mut histogram = None;
    if chosen.is_empty() {
        let why = choice.failure().unwrap_or_else(|| verdicts.histogram());
        text.push_str(&paint.red(&layout::sentence(0, &why, width)));
        histogram = Some(verdicts.histogram());
    } else {
        let on = layout::names("on", &placed(built, &chosen, clusters), width - 2, LINES);
        text.push_str(&paint.green(&verdicts::indented(0, on)));
    }
    let rule = if chosen.is_empty() { compile::helpful_rule(compilation, at) } else { None };
    let nearest = rule.map(|rule| verdicts.nearest(rule));
    if let Some((lead, names, _)) = &nearest {
        text.push_str(&verdicts::indented(0, layout::names(lead, names, width - 2, LINES)));
    }
    text.push('\n');
    text.push_str(&verdicts.text(width));
    text.push_str(&choice.text());
    if !unit.overrides.is_empty() {
        text.push('\n');
        text.push_str(&overrides(unit, built, compilation, sources, width));
    }
    let found = schedules::of(built);
    for (at, schedule) in found.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { "" });
        text.push_str(&schedule.lines(from, RUNS, Some(schedule.on(chosen.len(), name)), width));
    }
    text.push_str(&paint.dim(&concurrency(chosen.len(), width)));
    let found: Vec<Value> = found.iter().map(|schedule| schedule.value(from, RUNS, name)).collect();
    let values: Vec<Value> = (0..clusters.len())
        .map(|at| cluster_value(unit, built, at, &verdicts, &choice, compilation, sources))
        .collect();
    let mut value = json!({
        "task": unit.identity.to_string(),
        "clusters": values,
        "schedules": found,
        "fit": verdicts.fitting(),
        "rules": verdicts.value(),
        "choice": choice.value(),
        "histogram": histogram,
    });
    value["nearest"] = nearest.map_or(Value::Null, |(words, clusters, places)| {
        json!({"words": words.trim_end_matches(':'), "clusters": clusters, "places": places})
    });
    TextAndJson { text, json: value }
}

/// The clusters that a task runs on, with their instances where those differ.
pub fn placed(built: &TaskResult, chosen: &[usize], clusters: &[Cluster]) -> Vec<String> {
    let instances: Vec<u32> = built.decision.chosen().map(|(_, instances)| instances).collect();
    let differ = instances.windows(2).any(|pair| pair[0] != pair[1]);
    let one = |(at, instances): (&usize, &u32)| match differ {
        true => format!("{} ({instances})", *clusters[*at].name),
        false => clusters[*at].name.value.clone(),
    };
    chosen.iter().zip(&instances).map(one).collect()
}

/// One cluster for programs.
fn cluster_value(
    unit: &Unit,
    built: &TaskResult,
    at: usize,
    verdicts: &Verdicts<'_>,
    choice: &TaskSelection<'_>,
    compilation: &Compilation,
    sources: &SourceTree,
) -> Value {
    let mut value = json!({
        "cluster": compilation.model.clusters[at].name.value,
        "rules": verdicts.of(at),
        "choice": choice.entry(at),
    });
    match &built.decision.verdicts[at] {
        Verdict::Chosen { instances } => {
            let overrides = applied(built, at);
            let names: Vec<&str> = overrides.iter().map(|at| unit.overrides[*at].name.as_str()).collect();
            value["chosen"] = json!(true);
            value["instances"] = json!(instances);
            value["overrides"] = json!(names);
            value["copy"] = json!(choice.copy(at));
        }
        Verdict::Passed(passed) => {
            let places: Vec<String> = passed.task().map(|span| sources.place(span)).into_iter().collect();
            value["chosen"] = json!(false);
            value["reason"] = json!(passed.to_string());
            value["places"] = json!(places);
        }
        Verdict::Refused(reason) => {
            let spans = reason.task().into_iter().chain(reason.inventory());
            let places: Vec<String> = spans.map(|span| sources.place(span)).collect();
            value["chosen"] = json!(false);
            value["reason"] = json!(reason.rule());
            value["places"] = json!(places);
            value["alone"] = json!(verdicts.is_near(at));
        }
    }
    value
}

/// What holds within one cluster only; said because people expect otherwise.
fn concurrency(chosen: usize, width: usize) -> String {
    if chosen < 2 {
        return String::new();
    }
    let said = format!(
        "concurrencyPolicy holds within one cluster: a run on one of the {chosen} does not stop a run on another"
    );
    format!("\n{}", layout::sentence(0, &said, width))
}

fn applied(built: &TaskResult, cluster: usize) -> &[usize] {
    let variant = built.rendered.variants.iter().find(|variant| variant.clusters.contains(&cluster));
    variant.map_or(&[], |variant| &variant.overrides)
}

/// Its overrides, and where each applies.
pub fn overrides(
    unit: &Unit,
    built: &TaskResult,
    compilation: &Compilation,
    sources: &SourceTree,
    width: usize,
) -> String {
    let rows: Vec<Vec<String>> = unit
        .overrides
        .iter()
        .map(|over| vec![over.name.value.clone(), compile::line(sources, over.name.span)])
        .collect();
    table::wide(&["OVERRIDE", "SAID AT", "ON"], &rows, width, LongNames::OwnLine, |at, room| {
        let effect = built.rendered.effects.get(at);
        let names: Vec<String> =
            effect.reached.iter().map(|i| compilation.model.clusters[*i].name.value.clone()).collect();
        let idle = effect.reached.len() - effect.changed.len();
        let room = room.max(20);
        let mut lines = match names.as_slice() {
            [] => layout::fill("reaches none of the task's clusters".split(' '), room),
            names => layout::names("", names, room, 2),
        };
        match idle {
            0 => {}
            all if all == names.len() => lines.push("(changes nothing)".to_owned()),
            idle => lines.push(format!("(changes nothing on {idle})")),
        }
        lines
    })
}

/// Why a task is placed on one cluster or not, and its manifests there.
pub fn on_cluster(
    task: usize,
    at: usize,
    from: Timestamp,
    compilation: &Compilation,
    context: &ReportContext<'_>,
) -> TextAndJson {
    let sources = context.sources;
    let (unit, built) = (&compilation.model.units[task], &compilation.plan[task]);
    let (width, paint) = (context.width, context.paint);
    let cluster = &compilation.model.clusters[at];
    let mut text = paint.bold(&layout::sentence(0, origin(unit, sources).trim_end(), width));
    text.push_str(&layout::sentence(0, made_of(unit).trim_end(), width));
    let name = cluster.name.as_str();
    let choice = TaskSelection::new(compilation, task, sources, width).painted(paint);
    let (rules, said) = verdicts::on(unit, built, &compilation.model, at, sources, width);
    let mut value = json!({
        "task": unit.identity.to_string(),
        "cluster": name,
        "rules": said,
        "choice": choice.entry(at),
        "copy": choice.copy(at),
    });
    let why = format!("\n{rules}{}", choice.on(at));
    match &built.decision.verdicts[at] {
        Verdict::Passed(passed) => {
            text.push_str(&paint.red(&layout::sentence(0, &format!("does not run on {name}: {passed}"), width)));
            text.push_str(&why);
            value["chosen"] = json!(false);
            value["reason"] = json!(passed.to_string());
        }
        Verdict::Refused(reason) => {
            text.push_str(&paint.red(&layout::sentence(0, &format!("does not run on {name}: {reason}"), width)));
            for (what, span) in [("the task says so", reason.task()), ("the inventory says so", reason.inventory())] {
                if let Some(span) = span {
                    text.push_str(&format!("  {what} at {}\n", sources.place(span)));
                }
            }
            text.push_str(&why);
            value["chosen"] = Value::Bool(false);
            value["reason"] = Value::String(reason.rule());
        }
        Verdict::Chosen { instances } => {
            let runs = format!("runs on {name} with {}\n", count(*instances as usize, "instance"));
            text.push_str(&paint.green(&runs));
            text.push_str(&why);
            value["chosen"] = Value::Bool(true);
            value["instances"] = json!(instances);
            let mut said = Vec::new();
            for i in applied(built, at) {
                let over = &unit.overrides[*i];
                let changes = built.rendered.effects.get(*i).changed.contains(&at);
                let what = if changes { "changes it" } else { "changes nothing" };
                let place = compile::line(sources, over.name.span);
                text.push_str(&layout::sentence(0, &format!("override {} {what} ({place})", *over.name), width));
                said.push(json!({"name": over.name.value, "changes": changes, "place": sources.place(over.name.span)}));
            }
            value["overrides"] = Value::Array(said);
            let variant = built.rendered.variants.iter().find(|variant| variant.clusters.contains(&at));
            if let Some(variant) = variant {
                let others = variant.clusters.len() - 1;
                if others > 0 {
                    let same = format!("its manifests are the same on {}\n", count(others, "other cluster"));
                    text.push_str(&paint.dim(&same));
                }
                if let Some(schedule) =
                    schedules::of(built).into_iter().find(|schedule| schedule.clusters.contains(&at))
                {
                    text.push('\n');
                    text.push_str(&schedule.lines(from, RUNS, None, width));
                    value["schedule"] = schedule.value(from, RUNS, |at| compilation.model.clusters[at].name.as_str());
                }
                let redaction = Redaction::new(&[compilation]);
                let paths: Vec<String> = variant.manifests.iter().map(|m| format!("{name}/{}", m.path)).collect();
                for (path, manifest) in paths.iter().zip(&variant.manifests) {
                    let heading = paint.bold(&format!("--- {path}"));
                    let bytes = String::from_utf8_lossy(&manifest.bytes);
                    text.push_str(&format!("\n{heading}\n{}", starred_manifest(&bytes, &redaction, sources)));
                }
                value["files"] = json!(paths);
            }
        }
    }
    TextAndJson { text, json: value }
}
