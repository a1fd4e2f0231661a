//! Prompts for a new task in four steps: where, what, when, differences.
//!
//! Each step is compiled before the next begins, so a wrong answer is corrected at once. What a flag gave is not asked.

use jiff::Timestamp;

use super::super::outcome::Failure;
use super::super::session::Session;
use super::super::terminal;
use super::ask::Desk;
use super::draft::{self, TaskDraft};
use super::flags::parse_pair;
use super::shown;
use super::words;
use crate::compile::Compilation;
use crate::diag::Severity;
use crate::model::Model;
use crate::report::diagnostics;
use crate::scaffold::schedule::{DAYS, ScheduleRequest};
use crate::scaffold::task::TaskRequest;
use crate::scaffold::task_override::{OverrideChange, OverrideRequest, OverrideTarget, merge_override};
use crate::tree::RepoPath;

/// What stands in for what was not asked yet.
const IMAGE: &str = "example.com/not-asked-yet:1";

/// What the questions need.
pub(super) struct Wizard<'a> {
    pub(super) desk: Desk,
    pub(super) session: &'a mut Session,
    pub(super) into: Option<&'a RepoPath>,
    pub(super) from: Timestamp,
    pub(super) colored: bool,
    /// The repository as it is.
    pub(super) before: Compilation,
    /// What is common to the tasks that are there.
    pub(super) namespace: Option<String>,
}

impl Wizard<'_> {
    /// Asks for what is missing; `None` if in the end it is not wanted.
    pub(super) fn ask(&mut self, given: &TaskRequest) -> Result<Option<(TaskRequest, TaskDraft)>, Failure> {
        let mut request = given.clone();
        for (at, title, step) in [
            (
                1,
                "what it is, and where it runs",
                Self::place as fn(&Self, &TaskRequest) -> Result<TaskRequest, Failure>,
            ),
            (2, "the container", Self::container),
            (3, "when it runs", Self::schedule),
        ] {
            self.desk.say(&format!("\nstep {at} of 4: {title}\n"));
            request = self.until_right(&request, at, step)?;
        }
        self.desk.say("\nstep 4 of 4: what differs on some clusters\n");
        loop {
            let draft = self.draft(&request, 4)?;
            let Some(new) = self.difference(&draft)? else { break };
            let mut more = request.clone();
            merge_override(new, &mut more.differences);
            self.draft(&more, 4)?;
            if self.tell() {
                self.desk.say("that was left out\n");
            } else {
                request = more;
            }
        }
        let draft = self.draft(&request, 4)?;
        draft::narrow(self.session, &draft);
        self.desk.say(&format!("\n{}:\n\n", draft.path));
        self.desk.say(&draft.text.lines().map(|line| format!("  {line}\n")).collect::<String>());
        let differences = shown::differences(&draft, self.session);
        self.desk.say(&format!("\n{}{}", shown::places(&draft), shown::times(&draft, self.from)));
        if !differences.is_empty() {
            self.desk.say(&format!("\n{differences}"));
        }
        self.desk.say("\n");
        Ok(if self.desk.yes(&format!("write {}?", draft.path))? { Some((request, draft)) } else { None })
    }

    /// Asks one step until it compiles.
    fn until_right(
        &mut self,
        before: &TaskRequest,
        at: u8,
        step: fn(&Self, &TaskRequest) -> Result<TaskRequest, Failure>,
    ) -> Result<TaskRequest, Failure> {
        loop {
            let request = step(self, before)?;
            let draft = match self.draft(&request, at) {
                Ok(draft) => draft,
                Err(Failure::Files(why)) if at == 1 && self.into.is_none() && before.name.is_empty() => {
                    self.desk.say(&format!("{why}\n"));
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            draft::narrow(self.session, &draft);
            if at != 3 {
                // Of what stands in for a schedule nothing is said.
                self.session.diags.relevel(|d| (d.severity == Severity::Error).then_some(d.severity));
            }
            if self.tell() {
                if format!("{request:?}") == format!("{before:?}") {
                    return Err(Failure::files("nothing was written: what the flags say is wrong"));
                }
                continue;
            }
            match at {
                1 => self.desk.say(&shown::places(&draft)),
                3 => self.desk.say(&shown::times(&draft, self.from)),
                _ => {}
            }
            return Ok(request);
        }
    }

    /// What is known so far, compiled; something stands in for the rest.
    fn draft(&mut self, request: &TaskRequest, step: u8) -> Result<TaskDraft, Failure> {
        let mut whole = request.clone();
        if whole.bases.is_empty() {
            if step < 2 {
                whole.image.get_or_insert_with(|| IMAGE.to_owned());
            }
            if step < 3 {
                whole.schedule.get_or_insert_with(|| ScheduleRequest::Cron("0 0 * * *".to_owned()));
                whole.differences.clear();
            }
        }
        let path = draft::path(self.session, &whole, self.into, &self.before)?;
        draft::of(self.session, &whole, path)
    }

    /// Says what was found; whether it is wrong.
    fn tell(&self) -> bool {
        let drawing = diagnostics::Drawing { color: self.colored, width: terminal::error_width(), all: false };
        self.desk.say(&diagnostics::text(&self.session.diags, self.session.tree(), drawing));
        self.session.diags.has_errors()
    }

    fn place(&self, before: &TaskRequest) -> Result<TaskRequest, Failure> {
        let mut request = before.clone();
        let model = &self.before.model;
        if request.name.is_empty() {
            let name = self.desk.line("name", None, |text| {
                if text.is_empty() { Err("a task needs a name".to_owned()) } else { Ok(()) }
            })?;
            request.set_name(&name).map_err(Failure::Run)?;
        }
        if request.namespace.is_none() {
            let said = self.desk.line("namespace", self.namespace.as_deref(), |_| Ok(()))?;
            request.namespace = Some(said).filter(|said| !said.is_empty());
        }
        if request.description.is_none() {
            let said = self.desk.line("what it is for (may be empty)", None, |_| Ok(()))?;
            request.description = Some(said).filter(|said| !said.is_empty());
        }
        if !request.place.is_set() && request.bases.is_empty() {
            self.whereabouts(&mut request, model)?;
        }
        Ok(request)
    }

    fn whereabouts(&self, request: &mut TaskRequest, model: &Model) -> Result<(), Failure> {
        let seen = |pick: &dyn Fn(&crate::model::Cluster) -> Option<String>| -> Vec<String> {
            let mut values: Vec<String> = model.clusters.iter().filter_map(pick).collect();
            values.sort();
            values.dedup();
            values
        };
        let clusters: Vec<String> = model.clusters.iter().map(|cluster| cluster.name.value.clone()).collect();
        let regions = seen(&|cluster| cluster.region.as_ref().map(|region| region.value.clone()));
        let providers = seen(&|cluster| cluster.provider.as_ref().map(|provider| provider.value.clone()));
        let labels = model.clusters.iter().flat_map(|cluster| &cluster.labels);
        let mut labels: Vec<(String, String)> = labels.map(|(key, value)| (key.clone(), value.value.clone())).collect();
        labels.sort();
        labels.dedup();
        let mut ways = vec![format!("everywhere: {} clusters", clusters.len())];
        let lists = [("in some regions", &regions), ("at some providers", &providers)];
        ways.extend(lists.iter().filter(|(_, list)| !list.is_empty()).map(|(way, _)| (*way).to_owned()));
        ways.extend((!labels.is_empty()).then(|| "by label".to_owned()));
        ways.push("on some clusters, by name".to_owned());
        let way = self.desk.pick("where", &ways)?;
        let of = |chosen: Vec<usize>, list: &[String]| chosen.into_iter().map(|at| list[at].clone()).collect();
        match ways[way].as_str() {
            "in some regions" => request.place.regions = of(self.desk.picks("regions", &regions)?, &regions),
            "at some providers" => request.place.providers = of(self.desk.picks("providers", &providers)?, &providers),
            "by label" => {
                let shown: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let chosen = self.desk.picks("labels", &shown)?;
                request.place.labels = chosen.into_iter().map(|at| labels[at].clone()).collect();
            }
            "on some clusters, by name" => {
                request.place.clusters = of(self.desk.picks("clusters", &clusters)?, &clusters);
            }
            _ => request.place.all = true,
        }
        Ok(())
    }

    fn container(&self, before: &TaskRequest) -> Result<TaskRequest, Failure> {
        let mut request = before.clone();
        if request.image.is_none() && request.bases.is_empty() {
            let image = self.desk.line("image", None, |text| {
                if text.is_empty() { Err("a container needs an image".to_owned()) } else { Ok(()) }
            })?;
            request.image = Some(image);
        }
        let split = |text: &str| words::split(text).map(|_| ());
        if request.command.is_empty() {
            let said = self.desk.line("command (empty: the image's own)", None, split)?;
            request.command = words::split(&said).unwrap_or_default();
        }
        if request.args.is_empty() {
            let said = self.desk.line("arguments (may be empty)", None, split)?;
            request.args = words::split(&said).unwrap_or_default();
        }
        if request.env.is_empty() {
            let check = |text: &str| match text.is_empty() || parse_pair("", text).is_ok() {
                true => Ok(()),
                false => Err("write it as NAME=VALUE".to_owned()),
            };
            while let Ok(new) =
                parse_pair("", &self.desk.line("environment, NAME=VALUE (empty: no more)", None, check)?)
            {
                request.env.retain(|(known, _)| *known != new.0);
                request.env.push(new);
            }
        }
        if request.requests.is_empty() {
            for (resource, example) in [("cpu", "100m"), ("memory", "64Mi")] {
                let said =
                    self.desk.line(&format!("{resource} request, as {example} (may be empty)"), None, |_| Ok(()))?;
                request.requests.extend((!said.is_empty()).then(|| (resource.to_owned(), said)));
            }
        }
        Ok(request)
    }

    fn schedule(&self, before: &TaskRequest) -> Result<TaskRequest, Failure> {
        let mut request = before.clone();
        if request.schedule.is_some() || !request.bases.is_empty() {
            return Ok(request);
        }
        request.schedule = Some(self.period()?);
        if request.time_zone.is_none() {
            let own = self.before.model.fleet.defaults.time_zone.as_ref().map(|zone| zone.value.clone());
            let prompt = match own {
                Some(zone) => format!("time zone, `cluster` for each cluster's own (empty: {zone}, as the fleet says)"),
                None => "time zone, `cluster` for each cluster's own (empty: the controller's)".to_owned(),
            };
            let said = self.desk.line(&prompt, None, |_| Ok(()))?;
            request.time_zone = Some(said).filter(|said| !said.is_empty());
        }
        Ok(request)
    }

    fn period(&self) -> Result<ScheduleRequest, Failure> {
        let ways = ["daily", "weekly", "monthly", "hourly", "every so many minutes or hours", "a cron expression"];
        let some = |text: &str| if text.is_empty() { Err("it cannot be empty".to_owned()) } else { Ok(()) };
        let at = || self.desk.line("at", Some("03:00"), some);
        Ok(match self.desk.pick("schedule", &ways)? {
            0 => ScheduleRequest::Daily(at()?),
            1 => {
                let days = self.desk.picks("on", &DAYS)?.into_iter().map(|day| DAYS[day].to_owned());
                ScheduleRequest::Weekly(days.collect(), at()?)
            }
            2 => {
                let number = |text: &str| match text.split(',').all(|day| day.trim().parse::<u32>().is_ok()) {
                    true => Ok(()),
                    false => Err("write days of the month as 1,15".to_owned()),
                };
                let days = self.desk.line("on days of the month", Some("1"), number)?;
                ScheduleRequest::Monthly(days.split(',').map(|day| day.trim().to_owned()).collect(), at()?)
            }
            3 => {
                let minute = |text: &str| text.parse::<u32>().map(|_| ()).map_err(|_| "write a minute".to_owned());
                ScheduleRequest::Hourly(self.desk.line("at minute", Some("0"), minute)?.parse().unwrap_or_default())
            }
            4 => ScheduleRequest::Every(self.desk.line("every", Some("15m"), some)?),
            _ => ScheduleRequest::Cron(self.desk.line("cron expression", Some("0 3 * * *"), some)?),
        })
    }

    /// One more difference; `None` if there is none.
    fn difference(&self, draft: &TaskDraft) -> Result<Option<OverrideRequest>, Failure> {
        let Some(at) = draft.unit else { return Ok(None) };
        let clusters = &draft.compilation.model.clusters;
        let chosen: Vec<usize> = draft.compilation.plan[at].decision.chosen().map(|(at, _)| at).collect();
        let mut regions: Vec<&str> =
            chosen.iter().filter_map(|at| clusters[*at].region.as_ref().map(|region| region.as_str())).collect();
        regions.sort_unstable();
        regions.dedup();
        let mut ways = vec!["nothing more", "on one cluster"];
        ways.extend((!regions.is_empty()).then_some("in one region"));
        let (by, place) = match self.desk.pick("what differs", &ways)? {
            0 => return Ok(None),
            1 => {
                let names: Vec<&str> = chosen.iter().map(|at| clusters[*at].name.as_str()).collect();
                (OverrideTarget::Cluster, names[self.desk.pick("cluster", &names)?].to_owned())
            }
            _ => (OverrideTarget::Region, regions[self.desk.pick("region", &regions)?].to_owned()),
        };
        let some = |text: &str| if text.is_empty() { Err("it cannot be empty".to_owned()) } else { Ok(()) };
        let what = ["another image registry", "another image tag", "a variable", "another schedule", "it is suspended"];
        let change = match self.desk.pick("how", &what)? {
            0 => OverrideChange::Registry(self.desk.line("registry", None, some)?),
            1 => OverrideChange::Tag(self.desk.line("tag", None, some)?),
            2 => {
                let check =
                    |text: &str| parse_pair("", text).map(|_| ()).map_err(|_| "write it as NAME=VALUE".to_owned());
                let (name, value) = parse_pair("", &self.desk.line("variable, NAME=VALUE", None, check)?)?;
                OverrideChange::Env(name, value)
            }
            3 => OverrideChange::Schedule(self.period()?),
            _ => OverrideChange::Suspend(true),
        };
        Ok(Some(OverrideRequest { by, place, changes: vec![change] }))
    }
}

/// The namespace of most tasks, else the fleet's.
pub(super) fn usual_namespace(model: &Model) -> Option<String> {
    let mut votes = std::collections::BTreeMap::<&str, usize>::new();
    for namespace in model.units.iter().filter_map(|unit| unit.identity.namespace.as_deref()) {
        *votes.entry(namespace).or_default() += 1;
    }
    let most = votes.values().copied().max();
    let usual = votes.into_iter().find(|(_, count)| Some(*count) == most).map(|(namespace, _)| namespace.to_owned());
    let fleet = || model.fleet.defaults.namespace.as_ref().map(|namespace| namespace.value.clone());
    usual.or_else(fleet)
}
