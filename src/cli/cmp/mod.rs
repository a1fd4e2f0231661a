//! `fleetcron cmp`: the config-management plugin of Argo CD.
//!
//! Argo CD takes standard output for the whole truth, so it is written in one go and only when everything is known to
//! be right. Standard error is shown to people: no colour, no secrets, at most a screen. No Git: the copy that a plugin
//! gets has no usable repository.

mod answer;
mod generate;
mod parameters;
mod request;
mod wrong;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::request::PluginRequest;
use self::wrong::Wrong;
use super::args::{Cmp, Format, Global};
use super::outcome::Failure;
use crate::repo;
use crate::report::escape::{self, ColorStyle};

/// How many threads a plugin takes: after one commit Argo CD asks for hundreds of applications at once.
pub(super) const THREADS: usize = 4;

/// What a command of the plugin answers.
struct PluginAnswer {
    /// To standard output, all of it.
    stdout: Vec<u8>,
    /// To standard error, a line each.
    remarks: Vec<String>,
}

/// Where a command runs.
struct PluginPlace {
    /// The fleet root.
    root: PathBuf,
    /// What leads from the top of the repository to the folder of the application, if anybody knows.
    application: Option<String>,
}

impl PluginPlace {
    /// The fleet root above the folder that Argo CD starts its plugin in, and never above the copy of the repository.
    fn find(here: &Path, request: &PluginRequest, global: &Global) -> Result<Self, Failure> {
        let top = repo::top_of_copy(here, request.path.as_deref());
        let root = match (&global.root, &top) {
            (None, Some(top)) => repo::find_root_within(here, top),
            (asked, _) => repo::find_root(here, asked.as_deref()).map_err(|error| Failure::run(&error))?,
        };
        let below = top.as_deref().and_then(|top| here.strip_prefix(top).ok()?.to_str());
        Ok(Self { root, application: request.path.clone().or(below.map(str::to_owned)) })
    }

    /// The last folder of the application's path.
    fn folder(&self) -> Option<&str> {
        Path::new(self.application.as_deref()?).file_name()?.to_str()
    }
}

/// Runs a command of the plugin and prints its answer; `ask` gives the values of the environment.
pub(super) fn run(what: &Cmp, global: &Global, here: &Path, ask: impl Fn(&str) -> Option<OsString>) -> ExitCode {
    let answer = match what {
        _ if global.format != Format::Text => {
            Err(Wrong::from(Failure::Run("`cmp` answers Argo CD and knows no other `--format`".to_owned())))
        }
        Cmp::Generate => generate::run(global, here, &ask),
        Cmp::Parameters => Ok(parameters::run(global, here, &ask)),
    };
    let answer = answer.and_then(|answer| {
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(&answer.stdout).and_then(|()| stdout.flush());
        let unwritten = |error| Wrong::from(Failure::Run(format!("the answer could not be written: {error}")));
        written.map(|()| answer.remarks).map_err(unwritten)
    });
    let mut stderr = std::io::stderr().lock();
    match answer {
        Ok(remarks) => {
            for remark in remarks.iter().filter(|_| !global.quiet) {
                let _nobody_reads = writeln!(stderr, "{}", escape::plain(remark));
            }
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            let _nobody_reads =
                stderr.write_all(escape::for_log(Format::Text, &wrong.text(here), ColorStyle::Plain).as_bytes());
            ExitCode::from(wrong.code)
        }
    }
}
