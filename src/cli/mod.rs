//! The command line: arguments to requests, results to text or JSON, kinds of failure to exit codes.
//!
//! Only here are the environment, the terminal and exit codes known. Standard output carries results only; everything
//! else goes to standard error.
#![expect(clippy::disallowed_methods, reason = "only the command line knows the environment")]

mod args;
mod base;
mod build;
mod check;
mod ci;
mod cmp;
mod compare;
mod cron;
mod deletions;
mod diff;
mod documents;
mod explain;
mod fix;
mod ignored;
mod import;
mod init;
mod line_ends;
mod moment;
mod moved;
mod new;
mod outcome;
mod plan;
mod progress;
mod publish;
mod renames;
mod render;
pub mod schema;
mod scope;
mod selection;
mod session;
mod side;
mod stage;
mod terminal;
mod tidy;
mod timeline;
mod timeline_clock;
mod timeline_data;
mod timeline_moments;
mod timeline_suggest;
mod timeline_text;
mod version;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;
use serde_json::{Value, json};

use self::args::{Cli, Color, Command, Format, Global, Import};
use self::outcome::{Failure, Outcome};
use self::session::Session;
use crate::diag::{Code, Diagnostics};
use crate::repo::{self, Started, View};
use crate::report::diagnostics::Drawing;
use crate::report::escape::ColorStyle;
use crate::report::paint::Paint;
use crate::report::{self, diagnostics, escape};
use crate::tree::SourceTree;

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match args::command().try_get_matches().and_then(|found| Cli::from_arg_matches(&found)) {
        Ok(cli) => cli,
        Err(error) if error.kind() == ErrorKind::DisplayVersion && version::asks_for_details(std::env::args_os()) => {
            let _nobody_reads = std::io::stdout().write_all(version::details().as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let fine = !error.use_stderr();
            let _nobody_reads = if fine { error.print() } else { refuse(&error) };
            let detailed = std::env::args_os().any(|arg| arg == "--detailed-exitcode");
            return if fine { ExitCode::SUCCESS } else { ExitCode::from(if detailed { 1 } else { 2 }) };
        }
    };
    // The thread that asks works too: one heap less to fill.
    let threads = rayon::ThreadPoolBuilder::new().num_threads(threads(&cli.command)).use_current_thread();
    let _already_built = threads.build_global();
    repo::started(hook());
    if let Command::Cmp { what } = &cli.command {
        // A folder that is gone has nothing to read, and that is said.
        let here = std::env::current_dir().unwrap_or_default();
        return cmp::run(what, &cli.global, &here, |name| std::env::var_os(name));
    }
    // As terraform has it: 1 could not run, 2 something differs.
    let detailed = matches!(&cli.command, Command::Diff(args) if args.detailed_exitcode);
    match run(&cli) {
        Ok(code) if !detailed || code == ExitCode::SUCCESS => code,
        Ok(code) => ExitCode::from(if code == ExitCode::from(1) { 2 } else { 1 }),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_reads = writeln!(std::io::stderr(), "error: the result could not be written: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints what is wrong with the arguments, which may come from a text of somebody else.
fn refuse(error: &clap::Error) -> std::io::Result<()> {
    let text = error.render().ansi().to_string();
    let mut stderr = anstream::AutoStream::auto(std::io::stderr().lock());
    stderr.write_all(escape::for_log(Format::Text, &text, ColorStyle::Colored).as_bytes())
}

/// How many threads work: 0 is one a core, or what RAYON_NUM_THREADS says.
fn threads(command: &Command) -> usize {
    if !matches!(command, Command::Cmp { .. }) {
        return 0;
    }
    let said = std::env::var("RAYON_NUM_THREADS").ok().and_then(|said| said.parse().ok()).filter(|said| *said > 0);
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    said.unwrap_or_else(cores).min(cmp::THREADS)
}

/// Runs a command and prints what it comes to.
fn run(cli: &Cli) -> std::io::Result<ExitCode> {
    let global = &cli.global;
    if let Some(why) = ci::refused(global.format, &cli.command) {
        writeln!(std::io::stderr(), "error: {why}")?;
        return Ok(ExitCode::from(2));
    }
    let mut session = None;
    let result = dispatch(&cli.command, global, &mut session);
    if let Some(session) = &session {
        session.progress.done();
    }
    let code = match &result {
        Ok(outcome) => {
            let diags = session.as_ref().map_or(&outcome.diags, |session| &session.diags);
            u8::from(outcome.wrong || diags.has_errors())
        }
        Err(Failure::Files(_) | Failure::Typed(_)) => 1,
        Err(Failure::Run(_)) => 2,
    };
    match tell(cli, result, session.as_ref(), code) {
        // Whoever reads no further is told the truth all the same: a hook whose words nobody wants must stop a commit.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::from(code)),
        told => told.map(|()| ExitCode::from(code)),
    }
}

/// Prints what a command comes to; `code` is how it ends.
fn tell(cli: &Cli, result: Result<Outcome, Failure>, session: Option<&Session>, code: u8) -> std::io::Result<()> {
    let global = &cli.global;
    let mut stdout = std::io::stdout().lock();
    let mut stderr = anstream::AutoStream::new(std::io::stderr().lock(), choice(global));
    let colored = colored(global);
    let log = |text: &str| escape::for_log(global.format, text, style(colored)).into_owned();
    if let Some(session) = session
        && global.format != Format::Json
    {
        for note in session.notes().iter().filter(|note| global.verbose || note.is_grave()) {
            writeln!(stderr, "{}", log(&escape::lines(&format!("note: {note}"))))?;
        }
        if global.verbose {
            let took = session.progress.took();
            let took: Vec<String> =
                took.iter().map(|(what, time)| format!("{what} {:.1} ms", time.as_secs_f64() * 1e3)).collect();
            writeln!(stderr, "note: {}", took.join(", "))?;
        }
        let mut diags = printed(session, global).0;
        if global.quiet {
            diags.relevel(|d| (d.severity == crate::diag::Severity::Error).then_some(d.severity));
        }
        stderr.write_all(log(&diagnostics::text(&diags, session.tree(), drawing(global))).as_bytes())?;
    }
    let failure = match result {
        Ok(outcome) => {
            if global.format != Format::Json {
                stderr.write_all(
                    log(&diagnostics::text(&outcome.diags, &SourceTree::default(), drawing(global))).as_bytes(),
                )?;
            }
            finish(outcome, session, global, code != 0, &mut stdout, &mut stderr)?;
            None
        }
        Err(failure) => {
            if global.format == Format::Json {
                let value = json!({"ok": false, "error": failure.to_string(), "diagnostics": found(session)});
                escape::write_json(&mut stdout, &value)?;
            } else {
                match &failure {
                    Failure::Typed(typed) => {
                        stderr.write_all(log(&diagnostics::invalid_argument(typed, colored)).as_bytes())?
                    }
                    Failure::Files(_) | Failure::Run(_) => {
                        writeln!(stderr, "{}", log(&escape::lines(&format!("error: {failure}"))))?;
                    }
                }
            }
            Some(failure.to_string())
        }
    };
    if global.format.is_report() {
        let (text, remark) = ci::report(global.format, &cli.command, session, failure.as_deref(), code);
        stdout.write_all(text.as_bytes())?;
        stdout.flush()?;
        if let Some(remark) = remark {
            writeln!(stderr, "{}", log(&remark))?;
        }
    }
    stdout.flush()
}

/// The diagnostics to print, and in words how many others there are: all with `--verbose` and in reports.
fn printed(session: &Session, global: &Global) -> (Diagnostics, Option<String>) {
    match global.verbose || global.format.is_report() {
        true => (session.diags.clone(), None),
        false => session.scope.select(&session.diags),
    }
}

/// How diagnostics are drawn on standard error.
fn drawing(global: &Global) -> Drawing {
    Drawing { color: colored(global), width: terminal::error_width(), all: global.verbose }
}

fn style(colored: bool) -> ColorStyle {
    if colored { ColorStyle::Colored } else { ColorStyle::Plain }
}

/// Whether standard output takes colour.
fn paints(global: &Global) -> bool {
    takes_color(global, &std::io::stdout())
}

/// Whether standard error shows colours.
fn colored(global: &Global) -> bool {
    takes_color(global, &std::io::stderr())
}

fn takes_color(global: &Global, to: &impl IsTerminal) -> bool {
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => to.is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    }
}

fn choice(global: &Global) -> anstream::ColorChoice {
    match global.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
}

fn found(session: Option<&Session>) -> Value {
    session.map_or_else(|| json!([]), |session| diagnostics::json(&session.diags, session.tree()))
}

fn finish(
    outcome: Outcome,
    session: Option<&Session>,
    global: &Global,
    wrong: bool,
    stdout: &mut impl Write,
    stderr: &mut impl Write,
) -> std::io::Result<()> {
    let log = |text: &str| escape::for_log(global.format, text, ColorStyle::Plain).into_owned();
    if global.format == Format::Json {
        let own = || diagnostics::json(&outcome.diags, &SourceTree::default());
        let mut value = json!({"ok": !wrong, "diagnostics": session.map_or_else(own, |session| found(Some(session)))});
        value["result"] = outcome.value;
        escape::write_json(stdout, &value)?;
    } else {
        if !(global.quiet && outcome.chatty) {
            match global.format.is_report() {
                true => stderr.write_all(log(&outcome.text).as_bytes())?,
                false if outcome.data => stdout.write_all(outcome.text.as_bytes())?,
                false => {
                    stdout.write_all(escape::for_log(global.format, &outcome.text, style(paints(global))).as_bytes())?
                }
            }
        }
        let (totals, left) = match session {
            Some(session) => {
                let (shown, left) = printed(session, global);
                (diagnostics::totals(&shown), left)
            }
            None => (diagnostics::totals(&outcome.diags), None),
        };
        let totals: Vec<String> = totals.into_iter().chain(left).collect();
        if !totals.is_empty() && (wrong || !global.quiet) {
            let remarks: Vec<String> = totals.into_iter().chain(outcome.remarks).collect();
            writeln!(stderr, "{}", log(&escape::lines(&remarks.join("; "))))?;
        } else {
            for remark in outcome.remarks {
                writeln!(stderr, "{}", log(&escape::lines(&remark)))?;
            }
        }
    }
    Ok(())
}

fn dispatch<'s>(command: &Command, global: &Global, slot: &'s mut Option<Session>) -> Result<Outcome, Failure> {
    let here = || std::env::current_dir().map_err(|error| Failure::run(&error));
    let watched = std::io::stderr().is_terminal() && global.format != Format::Json && !global.quiet;
    let out = match command {
        Command::Build(args) => args.out.as_deref(),
        Command::Check(args) => args.out.as_deref(),
        Command::Diff(args) => args.against.as_deref(),
        _ => None,
    };
    let open = |slot: &'s mut Option<Session>| -> Result<&'s mut Session, Failure> {
        let here = here()?;
        let view = view(command);
        let session = slot.insert(Session::open(global, &here, out, view, watched)?);
        if let Some(out) = &session.out {
            let check = if matches!(command, Command::Diff(_)) { repo::check_against } else { repo::check_out };
            check(&session.root, out).map_err(|error| Failure::run(&error))?;
        }
        Ok(session)
    };
    match command {
        Command::Init(args) => {
            let here = here()?;
            init::run(slot.insert(init::open(args, global, &here, watched)?), args, &here, global.quiet)
        }
        Command::New(args) => {
            let here = here()?;
            let session = slot.insert(Session::open(global, &here, None, View::Folder, watched)?);
            new::run(session, args, global, &here, colored(global))
        }
        Command::Build(args) => build::build(open(slot)?, args),
        Command::Check(args) => check::run(open(slot)?, args),
        Command::Render(args) => render::run(open(slot)?, args),
        Command::Plan(args) => plan::run(open(slot)?, args),
        Command::Timeline(args) => timeline::run(open(slot)?, args, global.format, paints(global)),
        Command::Explain(args) => match &args.subject {
            None => Ok(report::explain::all_codes().into()),
            // Needs no repository.
            Some(subject) if args.cluster.is_none() && Code::named(subject).is_some() => {
                explain::code_page(args, subject)
            }
            Some(subject) => explain::run(open(slot)?, args, subject),
        },
        Command::Diff(args) => diff::run(open(slot)?, args, diff::Drawn::of(global, paints(global))),
        Command::Cron(args) => cron::run(args, Paint::new(paints(global))),
        Command::Tidy(args) => tidy::run(open(slot)?, args),
        Command::Import { what: Import::Clusters(args) } => import::clusters(args, global.quiet),
        Command::Import { what: Import::Tasks(args) } => import::tasks(args, global),
        Command::Import { what: Import::Karmada(args) } => import::repository::run(args, global.quiet),
        Command::Import { what: Import::Durations(args) } => import::durations(open(slot)?, args),
        // `main` has it answered before.
        Command::Cmp { .. } => Err(Failure::Run("`cmp` answers by itself".to_owned())),
        Command::Schema(args) => schema::run(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut args::command(), "fleetcron", &mut script);
            let text = String::from_utf8_lossy(&script).into_owned();
            Ok(Outcome::data(text.clone(), json!({"script": text})))
        }
        Command::Man { out } => manual(out.as_deref()),
    }
}

/// The state of the repository that a command looks at.
fn view(command: &Command) -> View {
    let (state, stage) = match command {
        Command::Build(args) => (&args.state, args.stage),
        Command::Check(args) => (&args.state, false),
        Command::Render(args) => (&args.state, false),
        Command::Plan(args) => (&args.state, false),
        Command::Explain(args) => (&args.state, false),
        Command::Diff(args) => return args.view(index_file()),
        Command::Timeline(args) => return args.view(index_file()),
        _ => return View::Folder,
    };
    match &state.at {
        Some(revision) => View::Revision(revision.clone()),
        None if state.staged || stage => View::Index(index_file()),
        None => View::Folder,
    }
}

/// What Git tells its hooks of the repository.
fn hook() -> Started {
    let path = |name: &str| std::env::var_os(name).filter(|said| !said.is_empty());
    let folder = |said: std::ffi::OsString| Path::new(&said).canonicalize().ok();
    let apart = path("GIT_DIR").and_then(folder).zip(path("GIT_WORK_TREE").and_then(folder));
    let more = path("GIT_ALTERNATE_OBJECT_DIRECTORIES");
    let more = more.iter().flat_map(std::env::split_paths).collect::<Vec<_>>();
    let objects = path("GIT_OBJECT_DIRECTORY").map(PathBuf::from).into_iter().chain(more);
    Started { apart, objects: objects.filter_map(|said| said.canonicalize().ok()).collect() }
}

/// The index that Git tells its hooks to look at: while it commits only some paths that is not the repository's own.
fn index_file() -> Option<PathBuf> {
    std::env::var_os("GIT_INDEX_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// The manual page, or one a command in a folder.
fn manual(out: Option<&Path>) -> Result<Outcome, Failure> {
    let Some(dir) = out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(args::command()).render(&mut page).map_err(|error| Failure::run(&error))?;
        let text = String::from_utf8_lossy(&page).into_owned();
        return Ok(Outcome::data(text.clone(), json!({"page": text})));
    };
    std::fs::create_dir_all(dir).map_err(|error| Failure::run(&error))?;
    clap_mangen::generate_to(args::command(), dir).map_err(|error| Failure::run(&error))?;
    Ok(Outcome::result(String::new(), json!({"written": dir.display().to_string()})))
}
