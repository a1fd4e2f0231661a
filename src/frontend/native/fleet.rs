//! Reads the Fleet document into settings. Defaults come from [`Fleet::default`].

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use super::context::{DocumentContext, IN_ZONE};
use super::sources::SourceGlobs;
use super::wire::{self, FleetDocument, FluxSpec, LevelSpec, MarkerWhenSpec};
use super::{body, fleet_time, names, placing, requires};
use crate::diag::{Code, Diagnostic, Severity, nearest};
use crate::model::karmada::Compatibility;
use crate::model::{Fleet, FluxSubstitution, LintLevel, MarkerWhen, OutputMetadata, Redact, VariableSet, release};
use crate::tree::{Located, RepoPath, ScalarText, Span, Spanned};

/// The settings, and which files they look at.
pub(super) struct Settings {
    pub(super) settings: Fleet,
    pub(super) sources: SourceGlobs,
    /// Where `output.dir` is written.
    pub(super) output_dir: Option<Span>,
    /// The tasks that entries of the settings select, by the index that these hold.
    pub(super) task_filters: Vec<wire::TasksSpec>,
}

pub(super) fn lower(documents: Vec<FleetDocument>, context: &mut DocumentContext<'_, '_>) -> Settings {
    let mut fleet = Fleet::default();
    let mut rest = documents.into_iter();
    let Some(first) = rest.next() else {
        return Settings {
            settings: fleet,
            sources: SourceGlobs::default(),
            output_dir: None,
            task_filters: Vec::new(),
        };
    };
    for other in rest {
        context.diags.push(
            Diagnostic::new(Code::DuplicateName, other.metadata.name.span, "there are two Fleet documents")
                .other(first.metadata.name.span, "the first is here")
                .help("keep one: the settings hold for the whole repository"),
        );
    }
    let sources = SourceGlobs::of(&first);
    fleet.name = Some(first.metadata.name.value);
    let Some(spec) = first.spec else {
        return Settings { settings: fleet, sources, output_dir: None, task_filters: Vec::new() };
    };
    if let Some(requires) = &spec.requires {
        requires::check(requires, context);
    }
    if let Some(defaults) = spec.defaults {
        lower_defaults(defaults, &mut fleet, context);
    }
    for set in spec.variables.into_iter().flatten() {
        let when = placing::selector(set.clusters, set.matching, set.exclude, context);
        let variables = body::variables(&set.set, context);
        fleet.variables.push(VariableSet { when: Some(when).filter(|w| *w != Default::default()), set: variables });
    }
    let output_dir = spec.output.as_ref().and_then(|output| output.dir.as_ref()).map(|dir| dir.span);
    if let Some(output) = spec.output {
        lower_output(output, &mut fleet, context);
    }
    if let Some(deletions) = spec.guards.and_then(|guards| guards.deletions) {
        if let Some(percent) = deletions.percent {
            if percent.value > 100 {
                context.error(Code::InvalidValue, percent.span, "a percentage is at most 100");
            }
            fleet.guards.percent = percent.value;
        }
        fleet.guards.min = deletions.min.unwrap_or(fleet.guards.min);
    }
    if let Some(redact) = spec.reports.and_then(|reports| reports.redact) {
        fleet.redact = Redact { names: redact.names.unwrap_or_default(), show: redact.show.unwrap_or_default() };
    }
    for (code, level) in spec.lints.into_iter().flat_map(|lints| lints.0) {
        lower_lint(&code, &level, &mut fleet, context);
    }
    if let Some(span) = spec.daylight_saving {
        fleet.daylight_saving = daylight_saving(&span, context);
    }
    let entries = fleet_time::Entries { blackouts: spec.blackouts, budgets: spec.budgets, pauses: spec.pauses };
    let task_filters = fleet_time::lower(entries, &mut fleet, context);
    if let Some(karmada) = spec.karmada {
        lower_karmada(&karmada, &mut fleet, context);
    }
    Settings { settings: fleet, sources, output_dir, task_filters }
}

/// `spec.karmada`: the oldest version that is told apart, and the newest.
const KARMADA: std::ops::RangeInclusive<(u32, u32)> = (1, 10)..=(1, 19);

fn lower_karmada(karmada: &wire::KarmadaSpec, fleet: &mut Fleet, context: &mut DocumentContext<'_, '_>) {
    if let Some(compatibility) = &karmada.compatibility {
        fleet.karmada.compatibility = match compatibility.value {
            wire::CompatibilitySpec::Exact => Compatibility::Exact,
            wire::CompatibilitySpec::Intended => Compatibility::Intended,
        };
    }
    let Some(version) = &karmada.version else { return };
    let numbers = version.trim_start_matches('v').split_once('.');
    let parsed = numbers.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    match parsed.filter(|version| KARMADA.contains(version)) {
        Some(parsed) => fleet.karmada.version = Some(Spanned::new(parsed, version.span)),
        None => {
            let message = format!("`{}` is not a version of Karmada that is known", **version);
            let diagnostic = Diagnostic::new(Code::InvalidValue, version.span, message);
            context.diags.push(diagnostic.help("write `\"1.19\"`, or another from `\"1.10\"` on"));
        }
    }
}

/// The longest span that is searched for changes of the clock, in days.
const LONGEST_SPAN: i64 = 10 * 366;

fn daylight_saving(span: &wire::DaylightSavingSpec, context: &mut DocumentContext<'_, '_>) -> Option<Range<Timestamp>> {
    let mut day = |text: &Spanned<String>| {
        let read = text.parse::<Date>().ok().filter(|_| text.len() == "2026-01-01".len());
        let read = read.and_then(|date| jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok());
        if read.is_none() {
            let message = format!("`{}` is not a day", **text);
            let diagnostic = Diagnostic::new(Code::InvalidValue, text.span, message);
            context.diags.push(diagnostic.help("write year, month and day: `2026-01-01`"));
        }
        read
    };
    let (from, until) = (day(&span.from), day(&span.until));
    let (from, until) = (from?, until?);
    let days = (until.as_second() - from.as_second()) / 86_400;
    if !(1..=LONGEST_SPAN).contains(&days) {
        let message = format!("the span from `{}` has to end later, and within ten years", *span.from);
        context.error(Code::InvalidValue, span.until.span, message);
        return None;
    }
    Some(from..until)
}

fn lower_defaults(defaults: wire::DefaultsSpec, fleet: &mut Fleet, context: &mut DocumentContext<'_, '_>) {
    if let Some(said) = defaults.namespace {
        fleet.defaults.namespace_said = true;
        if let Some(namespace) = &said {
            names::check_namespace(namespace, context);
        }
        fleet.defaults.namespace = said;
    }
    fleet.defaults.time_zone = defaults.time_zone.filter(|zone| !context.refuses_reference(zone, IN_ZONE));
    if let Some(text) = defaults.kubernetes_version
        && let Some(version) = context.version(&text)
    {
        fleet.defaults.kubernetes_version = version.value;
        fleet.defaults.release = release(&text).map(|release| Spanned::new(release, version.span));
    }
    fleet.defaults.job = defaults.job;
}

fn lower_output(output: wire::OutputSpec, fleet: &mut Fleet, context: &mut DocumentContext<'_, '_>) {
    let settings = &mut fleet.output;
    if let Some(dir) = output.dir {
        match RepoPath::new(dir.trim_end_matches('/')) {
            Ok(path) if !path.as_str().split('/').any(|part| part.eq_ignore_ascii_case(".git")) => {
                settings.dir = path.to_string();
            }
            Ok(_) => refuse_dir(&dir, "it lies in the folder of Git", context),
            Err(error) => refuse_dir(&dir, &error.to_string(), context),
        }
    }
    settings.committed = output.committed.unwrap_or(settings.committed);
    settings.namespaces = output.namespaces.unwrap_or(settings.namespaces);
    settings.kustomization = output.kustomization.unwrap_or(settings.kustomization);
    if let Some(marker) = output.marker {
        settings.marker.when = match marker.when {
            Some(MarkerWhenSpec::Always) => MarkerWhen::Always,
            Some(MarkerWhenSpec::Never) => MarkerWhen::Never,
            Some(MarkerWhenSpec::Idle) | None => MarkerWhen::Idle,
        };
        if let Some(namespace) = marker.namespace {
            names::check_namespace(&namespace, context);
            settings.marker.namespace = namespace.value;
        }
    }
    if let Some(metadata) = output.metadata {
        settings.metadata = output_metadata(metadata, context);
    }
    settings.flux = match output.flux_substitution {
        Some(FluxSpec::Allow) => FluxSubstitution::Allow,
        Some(FluxSpec::Escape) => FluxSubstitution::Escape,
        Some(FluxSpec::Disable) => FluxSubstitution::Disable,
        Some(FluxSpec::Warn) | None => FluxSubstitution::Warn,
    };
}

/// The same text in every cluster, so no reference is read in it.
const EVERYWHERE: (&str, &str) = ("in `output.metadata`", "write the text; a base or an override may hold references");

fn output_metadata(spec: wire::OutputMetadataSpec, context: &mut DocumentContext<'_, '_>) -> OutputMetadata {
    let mut texts = |map: Option<Located>| {
        let mut map = map?;
        for (key, spans) in body::members(&map, context).to_vec() {
            match map.value.get(&key) {
                Some(serde_json::Value::String(text)) => {
                    context.refuses_reference(&Spanned::new(text.clone(), spans.value), EVERYWHERE);
                }
                _ => context.diags.push(
                    Diagnostic::new(Code::WrongType, spans.value, format!("the value of `{key}` is not a string"))
                        .help("put it in quotes"),
                ),
            }
        }
        // What was refused is left out, so that nothing follows from it.
        if let Some(members) = map.value.as_object_mut() {
            members.retain(|_, value| value.is_string());
        }
        Some(map).filter(|map| map.value.as_object().is_some_and(|map| !map.is_empty()))
    };
    let (labels, annotations) = (texts(spec.labels), texts(spec.annotations));
    OutputMetadata { labels, annotations, pods: spec.pods.unwrap_or(false) }
}

fn refuse_dir(dir: &Spanned<String>, why: &str, context: &mut DocumentContext<'_, '_>) {
    let message = format!("`{}` cannot be the output folder: {why}", **dir);
    let diagnostic = Diagnostic::new(Code::InvalidValue, dir.span, message);
    context.diags.push(diagnostic.help("name a folder below the fleet root; `--out` writes elsewhere"));
}

/// Errors by themselves that are warnings in some places: there their level can be set.
const MILD: [Code; 5] =
    [Code::DigestLost, Code::InvalidValue, Code::ObjectRenamed, Code::ResourceInvalid, Code::UnknownField];

fn lower_lint(
    code: &Spanned<String>,
    level: &Spanned<ScalarText>,
    fleet: &mut Fleet,
    context: &mut DocumentContext<'_, '_>,
) {
    let level = match level.value.0.as_str() {
        "off" => LevelSpec::Off,
        "warn" => LevelSpec::Warn,
        "error" => LevelSpec::Error,
        other => {
            let diagnostic = Diagnostic::new(Code::InvalidValue, level.span, format!("`{other}` is not a level"));
            context.diags.push(diagnostic.help("the levels are off, warn and error"));
            return;
        }
    };
    let level = match level {
        LevelSpec::Off => LintLevel::Off,
        LevelSpec::Warn => LintLevel::Warn,
        LevelSpec::Error => LintLevel::Error,
    };
    let warn = |message: String| Diagnostic::new(Code::InvalidValue, code.span, message).severity(Severity::Warning);
    match Code::named(code) {
        None => {
            let names = Code::ALL.iter().map(|code| code.name());
            let diagnostic = warn(format!("there is no diagnostic `{}`", **code)).did_you_mean(nearest(code, names));
            context.diags.push(diagnostic);
        }
        Some(known) if known.lowers_to_warning() || known == Code::Nowhere => {
            if level == LintLevel::Off {
                let message = format!("`{}` cannot be turned off, for what it finds is not written anywhere", **code);
                context.diags.push(warn(message).help(format!("write `{}: warn`", **code)));
                return;
            }
        }
        Some(known) if known.severity() == Severity::Error && !MILD.contains(&known) && level != LintLevel::Error => {
            let message = format!("`{}` is an error by itself, and its level cannot be changed", **code);
            context.diags.push(warn(message).help("remove this line"));
        }
        Some(_) => {}
    }
    fleet.lints.insert(code.value.clone(), level);
}
