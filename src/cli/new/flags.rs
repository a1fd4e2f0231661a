//! Turns the flags of `fleetcron new` into a requested task.

use super::super::outcome::Failure;
use crate::cli::args::New;
use crate::scaffold::schedule::ScheduleRequest;
use crate::scaffold::task::{PlacementRequest, TaskRequest};
use crate::scaffold::task_override;

/// What the flags ask for.
pub(super) fn task_request(flags: &New) -> Result<TaskRequest, Failure> {
    let mut request = TaskRequest {
        namespace: flags.namespace.clone(),
        description: flags.description.clone(),
        bases: flags.bases.clone(),
        place: PlacementRequest {
            all: flags.all,
            clusters: flags.clusters.clone(),
            providers: flags.providers.clone(),
            regions: flags.regions.clone(),
            zones: flags.zones.clone(),
            labels: parse_pairs("--label", &flags.labels, false)?,
            exclude: flags.exclude.clone(),
        },
        instances: flags.instances,
        strategy: flags.strategy.clone(),
        active: flags.active.clone(),
        active_max: flags.active_max,
        image: flags.image.clone(),
        command: flags.command.clone(),
        args: flags.args.clone(),
        env: parse_pairs("--env", &flags.env, true)?,
        requests: parse_pairs("--request", &flags.requests, true)?,
        schedule: flags.schedule.as_deref().map(ScheduleRequest::parse).transpose().map_err(Failure::Run)?,
        time_zone: flags.time_zone.clone(),
        ..TaskRequest::default()
    };
    for text in &flags.overrides {
        task_override::add_override(text, &mut request.differences).map_err(Failure::Run)?;
    }
    if let Some(name) = &flags.name {
        request.set_name(name).map_err(Failure::Run)?;
    }
    Ok(request)
}

/// The two parts of `KEY=VALUE`.
pub(super) fn parse_pair(flag: &str, text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(Failure::Run(format!("`{flag} {text}`: write it as `{flag} KEY=VALUE`"))),
    }
}

fn parse_pairs(flag: &str, texts: &[String], once: bool) -> Result<Vec<(String, String)>, Failure> {
    let mut all: Vec<(String, String)> = Vec::new();
    for text in texts {
        let (key, value) = parse_pair(flag, text)?;
        if once && all.iter().any(|(known, _)| *known == key) {
            return Err(Failure::Run(format!("`{flag} {key}` is given twice")));
        }
        all.push((key, value));
    }
    Ok(all)
}
