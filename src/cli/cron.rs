//! `fleetcron cron`: explains a schedule, with its next runs per zone.
//!
//! Each zone is a CronJob of its own, so each has its own column of runs.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::args::Cron;
use super::moment;
use super::outcome::{Failure, Outcome};
use crate::cron::{Expression, ExpressionForm, Shift, Zone};
use crate::diag::Code;
use crate::lint;
use crate::report::diagnostics::InvalidArgument;
use crate::report::paint::Paint;
use crate::report::table;
use crate::report::time;

/// How far ahead changes of the clock are looked for.
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A zone, and what the schedule does there.
struct Column {
    zone: Zone,
    runs: Vec<Timestamp>,
    /// Why there are fewer runs than were asked for.
    end: Option<End>,
    shifts: Vec<Shift>,
}

/// Why there is no run after the last.
#[derive(Clone, Copy)]
enum End {
    /// It cannot run at all.
    Never,
    /// Kubernetes looks up to the end of this year.
    Search(i16),
    /// There are no dates after the year 9999.
    Calendar,
}

/// Runs it.
pub(super) fn run(args: &Cron, paint: Paint) -> Result<Outcome, Failure> {
    let expression = expression(&args.expression)?;
    let mut zones = args.zones.iter().map(|name| zone(name)).collect::<Result<Vec<Zone>, Failure>>()?;
    if zones.is_empty() {
        zones.push(Zone::utc());
    }
    let from = moment::from(&args.moment, &zones[0])?;
    let most = usize::from(args.count);
    let columns: Vec<Column> = zones.into_iter().map(|zone| column(&expression, zone, from, most)).collect();
    let mut text = text(&expression, &columns, from, args.zones.is_empty(), paint);
    if let Some(short) = crate::cron::short(&args.expression) {
        text.insert_str(0, &format!("cron `{}`, in a task `schedule: {}`\n", short.expression, short.object));
    }
    Ok(Outcome::result(text, value(&expression, &columns, from)))
}

/// Reads a schedule.
fn expression(text: &str) -> Result<Expression, Failure> {
    if let Some(short) = crate::cron::short(text)
        && let Ok(expression) = Expression::parse(&short.expression)
    {
        return Ok(expression);
    }
    Expression::parse(text).map_err(|fault| {
        let (message, help) = (fault.to_string(), fault.help(text));
        Failure::Typed(InvalidArgument {
            code: Code::InvalidSchedule,
            text: text.to_owned(),
            at: fault.at,
            message,
            help,
        })
    })
}

/// Reads the name of a zone.
fn zone(name: &str) -> Result<Zone, Failure> {
    Zone::parse(name).map_err(|fault| {
        let (message, help) = (fault.to_string(), fault.help());
        Failure::Typed(InvalidArgument {
            code: Code::UnknownTimeZone,
            text: name.to_owned(),
            at: 0..name.len(),
            message,
            help,
        })
    })
}

fn column(expression: &Expression, zone: Zone, from: Timestamp, most: usize) -> Column {
    let runs = time::runs(expression, &zone, from, most);
    let year = time::local(*runs.last().unwrap_or(&from), &zone).year() + 5;
    let end = (runs.len() < most).then_some(match year {
        _ if !expression.fires() => End::Never,
        _ if year > DateTime::MAX.year() || matches!(expression.form(), ExpressionForm::Every(_)) => End::Calendar,
        _ => End::Search(year),
    });
    let shifts = expression.shifts(&zone, from..from.checked_add(YEAR).unwrap_or(Timestamp::MAX));
    Column { zone, runs, end, shifts }
}

fn text(expression: &Expression, columns: &[Column], from: Timestamp, unsaid: bool, paint: Paint) -> String {
    let mut text = paint.bold(&format!("{}\n", expression.words()));
    if unsaid {
        text.push_str(&paint.dim("no zone given: UTC\n"));
    }
    if let ExpressionForm::Every(_) = expression.form() {
        let from = time::shown(from, &columns[0].zone, true);
        let note = format!("counted here from {from}; the controller counts from the last run it made\n");
        text.push_str(&paint.dim(&note));
    }
    if columns.iter().any(|column| !column.runs.is_empty()) {
        text.push('\n');
        text.push_str(&runs(columns));
    }
    let ends: String = columns.iter().filter_map(ended).collect();
    if !ends.is_empty() {
        text.push_str(&format!("\n{}", paint.dim(&ends)));
    }
    let odd = odd(expression, columns, paint);
    if !odd.is_empty() {
        text.push_str(&format!("\n{odd}"));
    }
    text
}

/// Why there are no more runs; what never runs has said so.
fn ended(column: &Column) -> Option<String> {
    let until = match column.end? {
        End::Never => return None,
        End::Search(year) => format!("up to the end of {year}, where the search of Kubernetes ends"),
        End::Calendar => "before the year 10000".to_owned(),
    };
    Some(format!("{}: no other run {until}\n", column.zone.name()))
}

/// One column a zone; a single one has UTC beside it, where that is another time.
fn runs(columns: &[Column]) -> String {
    let seconds = columns.iter().flat_map(|column| &column.runs).any(|run| run.as_second() % 60 != 0);
    let shown = |zone: &Zone, runs: &[Timestamp]| -> Vec<String> {
        runs.iter().map(|run| time::shown(*run, zone, seconds)).collect()
    };
    let mut heading: Vec<&str> = columns.iter().map(|column| column.zone.name()).collect();
    let mut cells: Vec<Vec<String>> = columns.iter().map(|column| shown(&column.zone, &column.runs)).collect();
    if let [Column { zone, runs, .. }] = columns
        && runs.iter().any(|run| zone.offset(*run) != 0)
    {
        heading.push("UTC");
        cells.push(shown(&Zone::utc(), runs));
    }
    let rows = cells.iter().map(Vec::len).max().unwrap_or_default();
    let row = |at: usize| cells.iter().map(|column| column.get(at).cloned().unwrap_or_default()).collect();
    table::table(&heading, &(0..rows).map(row).collect::<Vec<_>>())
}

fn odd(expression: &Expression, columns: &[Column], paint: Paint) -> String {
    let mut text = String::new();
    let mut say = |code: Code, messages: &[String], help: &str| {
        for message in messages {
            let mark = paint.yellow(&format!("odd[{}]", code.name()));
            text.push_str(&format!("{mark}: {message}\n"));
        }
        text.push_str(&paint.dim(&format!("  {help}\n")));
    };
    for odd in expression.oddities() {
        say(lint::code(odd.kind), &[odd.message], &odd.help);
    }
    for zone in columns.iter().map(|column| &column.zone) {
        if let Some(today) = zone.deprecated() {
            let help = format!("write `{today}`: it keeps the same time");
            say(Code::DeprecatedTimeZone, &[format!("{} is an old name", zone.name())], &help);
        }
    }
    let shifts = columns.iter().flat_map(|column| column.shifts.iter().map(|shift| (column.zone.name(), shift)));
    let changes: Vec<String> = shifts.map(|(zone, shift)| format!("in {zone} {shift}")).collect();
    if !changes.is_empty() {
        let help = "to lose and to double no run, choose a time that no change touches, or a zone without, such as UTC";
        say(Code::DaylightSaving, &changes, help);
    }
    text
}

fn value(expression: &Expression, columns: &[Column], from: Timestamp) -> Value {
    let zones: Vec<Value> = columns
        .iter()
        .map(|Column { zone, runs, end, shifts }| {
            json!({
                "zone": zone.name(),
                "current": zone.deprecated().unwrap_or(zone.name()),
                "runs": runs.iter().map(|run| time::value(*run, zone)).collect::<Vec<_>>(),
                "end": end.map(|end| match end {
                    End::Never => "never",
                    End::Search(_) => "five-years",
                    End::Calendar => "calendar",
                }),
                "shifts": shifts.iter().map(shift).collect::<Vec<_>>(),
            })
        })
        .collect();
    let odd: Vec<Value> = expression
        .oddities()
        .iter()
        .map(|odd| {
            let at = [odd.at.start, odd.at.end];
            json!({"kind": lint::code(odd.kind).name(), "message": odd.message, "help": odd.help, "at": at})
        })
        .collect();
    json!({
        "expression": expression.text(),
        "meaning": expression.words(),
        "form": match expression.form() {
            ExpressionForm::Fields(_) => "fields",
            ExpressionForm::Every(_) => "every",
        },
        "from": from.to_string(),
        "zones": zones,
        "odd": odd,
    })
}

fn shift(shift: &Shift) -> Value {
    let times = |all: &[DateTime]| -> Vec<String> { all.iter().map(DateTime::to_string).collect() };
    json!({
        "at": shift.transition.at.to_string(),
        "before": time::offset(shift.transition.before),
        "after": time::offset(shift.transition.after),
        "skipped": times(&shift.skipped),
        "doubled": times(&shift.doubled),
        "added": times(&shift.added),
    })
}
