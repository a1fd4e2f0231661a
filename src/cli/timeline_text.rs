//! The text of a timeline: strips of the day, starts by minute of the hour, busiest minutes.

#![expect(clippy::disallowed_methods, reason = "the locale says whether block characters can be shown")]

use std::collections::BTreeMap;

use super::terminal;
use super::timeline::{Composition, TimelineView};
use crate::report::escape::plain;
use crate::report::layout;
use crate::report::table::count;
use crate::timeline::{Measure, Strip};

/// Rows shown before the rest is counted.
const MOST_ROWS: usize = 24;

/// Busiest minutes shown.
const MOST_MINUTES: usize = 4;

/// Lines of the chart by minute of the hour.
const CHART_LINES: u64 = 4;

/// The characters of a chart, from nothing to a full cell in eight steps.
#[derive(Clone, Copy)]
struct Blocks {
    strip: [char; 9],
    chart: [char; 9],
    times: char,
    more: &'static str,
}

const UNICODE: Blocks = Blocks {
    strip: ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    chart: [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    times: '×',
    more: "…",
};

const ASCII: Blocks = Blocks {
    strip: ['.', '1', '2', '3', '4', '5', '6', '7', '8'],
    chart: [' ', '.', '.', ':', ':', '|', '|', '#', '#'],
    times: 'x',
    more: "...",
};

/// Whether the locale has UTF-8: POSIX looks at `LC_ALL`, then `LC_CTYPE`, then `LANG`; where none is set, it is taken so.
fn blocks() -> Blocks {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    let utf8 = |locale: String| locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    if locale.is_none_or(utf8) { UNICODE } else { ASCII }
}

/// How the strips are laid out in the width.
struct StripLayout {
    /// Columns of the names.
    label: usize,
    /// Cells of a day.
    cells: usize,
    /// Columns of a cell.
    wide: usize,
    /// Whether starts and minutes of the peak have columns.
    full: bool,
}

/// The whole text.
pub(super) fn text(view: &TimelineView<'_>, colored: bool) -> String {
    let blocks = blocks();
    let width = terminal::width();
    let mut text = head(view, width);
    if view.timeline.schedules.is_empty() {
        return text;
    }
    text.push_str(&strips(view, blocks, width, colored));
    text.push_str(&chart(view, blocks));
    text.push_str(&busiest(view, blocks, width));
    text
}

/// What is counted, and what is not.
fn head(view: &TimelineView<'_>, width: usize) -> String {
    let timeline = &view.timeline;
    let from = crate::report::time::local(timeline.span.start, &view.zone).strftime("%a %Y-%m-%d %H:%M");
    let starts: u64 = view.starts().iter().sum();
    let running =
        || timeline.schedules.iter().flat_map(|schedule| &schedule.members).map(|member| &view.copies[*member]);
    let running = || running().chain(timeline.rates.iter().map(|rate| &view.copies[rate.member]));
    let tasks: std::collections::BTreeSet<usize> = running().map(|copies| copies.task).collect();
    let clusters: std::collections::BTreeSet<usize> =
        running().flat_map(|copies| copies.clusters.iter().copied()).collect();
    let mut lines = vec![format!(
        "{} from {from} {}: {} of {}, {}",
        view.length(),
        view.zone_name(),
        counted(starts, "start"),
        count(tasks.len(), "task"),
        count(clusters.len(), "cluster"),
    )];
    let instances: u64 = view.instances().iter().sum();
    if instances != starts {
        lines.push(format!("Instances: {} pods", number(instances)));
    }
    let left_out = [(timeline.suspended, "suspended"), (timeline.paused, "paused")];
    let left_out: Vec<String> = left_out.iter().filter(|(n, _)| *n > 0).map(|(n, what)| copies(*n, what)).collect();
    if !left_out.is_empty() {
        lines.push(format!("Left out: {}", left_out.join(", ")));
    }
    if timeline.without_zone > 0 {
        lines.push(format!("Taken as UTC: {} without a time zone", copies(timeline.without_zone, "")));
    }
    lines.extend(rates(view));
    lines.extend(at_once(view));
    lines.iter().map(|line| layout::sentence(0, line, width)).collect()
}

/// What `@every` adds: no minute is known.
fn rates(view: &TimelineView<'_>) -> Option<String> {
    let (mut copies_of_rates, mut min, mut max) = (0, 0, 0);
    for rate in &view.timeline.rates {
        let (clusters, starts) = (view.copies[rate.member].clusters.len(), view.timeline.rate_starts(rate));
        copies_of_rates += clusters;
        min += starts.min * clusters as u64;
        max += starts.max * clusters as u64;
    }
    let range = if min == max { number(min) } else { format!("{} to {}", number(min), number(max)) };
    (copies_of_rates > 0).then(|| {
        format!(
            "Not shown: {range} starts of {} with `@every`, which count from a run that only the cluster knows",
            copies(copies_of_rates, "")
        )
    })
}

/// What runs at once, where a duration is known.
fn at_once(view: &TimelineView<'_>) -> Option<String> {
    let of = |measure| view.timeline.load(&view.copies, measure, |member| view.copies[member].clusters.len());
    let running = of(Measure::Running);
    if running.copies == running.unknown {
        return None;
    }
    let peak = |sums: &[u64]| sums.iter().copied().max().unwrap_or(0);
    let most = peak(&running.least);
    let minute = running.least.iter().position(|sum| *sum == most).unwrap_or(0);
    let mut line = format!("At once: {} running", number(most));
    let (cpu, memory) = (peak(&of(Measure::Cpu).least), peak(&of(Measure::Memory).least));
    if cpu > 0 || memory > 0 {
        line.push_str(&format!(", {} CPU and {} of memory requested", cores(cpu), bytes(memory)));
    }
    line.push_str(&format!(", the most runs at {}", at(view, minute)));
    if running.unknown > 0 {
        let upper = peak(&running.most);
        let upper =
            if upper > most { format!(", up to {} by `activeDeadlineSeconds`", number(upper)) } else { String::new() };
        line.push_str(&format!(
            "; at least, {} of {} have no `expectedDuration`{upper}",
            number(running.unknown as u64),
            copies(running.copies, "")
        ));
    }
    Some(line)
}

/// `0.25`, `12`
pub(super) fn cores(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `512Mi`, `12.5Gi`
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    match UNITS.iter().find(|(_, size)| bytes >= *size) {
        None => bytes.to_string(),
        Some((unit, size)) => {
            let tenths = bytes / (size / 10).max(1);
            let rest = if tenths.is_multiple_of(10) { String::new() } else { format!(".{}", tenths % 10) };
            format!("{}{rest}{unit}", tenths / 10)
        }
    }
}

/// `1 copy`, `20 suspended copies`
pub(super) fn copies(number_of: usize, what: &str) -> String {
    let noun = if number_of == 1 { "copy" } else { "copies" };
    let what = if what.is_empty() { String::new() } else { format!("{what} ") };
    format!("{} {what}{noun}", number(number_of as u64))
}

fn counted(number_of: u64, what: &str) -> String {
    if number_of == 1 { format!("1 {what}") } else { format!("{} {what}s", number(number_of)) }
}

/// A number with commas between its thousands.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `00:05`, with the day where the span has several.
pub(super) fn at(view: &TimelineView<'_>, minute: usize) -> String {
    let pattern = if view.timeline.minutes() > 24 * 60 { "%a %m-%d %H:%M" } else { "%H:%M" };
    crate::report::time::local(view.timeline.instant(minute), &view.zone).strftime(pattern).to_string()
}

/// `00:05 and 23 more`
fn at_all(view: &TimelineView<'_>, minutes: &[usize]) -> String {
    match minutes {
        [] => String::new(),
        [one] => at(view, *one),
        [first, rest @ ..] => format!("{} and {} more", at(view, *first), number(rest.len() as u64)),
    }
}

/// `duge and 2 more`
fn label(strip: &Strip, room: usize) -> String {
    let first = plain(strip.names.first().map_or("", String::as_str));
    let more = match strip.names.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let left = room.saturating_sub(layout::measure(&more));
    if layout::measure(&first) <= left {
        return format!("{first}{more}");
    }
    let cut: String = first.chars().take(left.saturating_sub(1)).collect();
    format!("{cut}~{more}")
}

fn layout(view: &TimelineView<'_>, strips: &[Strip], width: usize) -> StripLayout {
    let names = strips.iter().map(|strip| layout::measure(&label(strip, usize::MAX)));
    let wanted = names.chain(["all clusters".len(), view.zone_name().len()]).max().unwrap_or(0) + 2;
    let at = strips.iter().map(|strip| layout::measure(&at_all(view, &strip.peak_minutes))).max().unwrap_or(0);
    let (short, full) = (7, 7 + 9 + 2 + at.max(2));
    let least = wanted.clamp(14, 19);
    for (cells, wide, right) in [(96, 1, full), (96, 1, short), (24, 2, full)] {
        if least + cells * wide + right <= width {
            return StripLayout { label: wanted.min(width - cells * wide - right), cells, wide, full: right == full };
        }
    }
    let wide = if least + 48 + short <= width { 2 } else { 1 };
    StripLayout { label: wanted.clamp(8, width.saturating_sub(24 * wide + short).max(8)), cells: 24, wide, full: false }
}

/// Rows of the day with the peak minute of each cell.
fn strips(view: &TimelineView<'_>, blocks: Blocks, width: usize, colored: bool) -> String {
    let (hours, total) = (view.strips(24), view.total_strip(24));
    let layout = layout(view, &[hours.as_slice(), std::slice::from_ref(&total)].concat(), width);
    let (mut rows, total) = (view.strips(layout.cells), view.total_strip(layout.cells));
    let hidden = rows.len().saturating_sub(MOST_ROWS);
    let mut below = 0;
    if hidden > 0 {
        rows.sort_by(|a, b| b.peak.cmp(&a.peak).then_with(|| a.names.cmp(&b.names)));
        let rest = rows.split_off(MOST_ROWS);
        below = rest.iter().map(|strip| strip.names.len()).sum();
        rows.sort_by(|a, b| view.by_weekday.cmp(&true).then_with(|| a.names.cmp(&b.names)));
    }
    let each = rows.iter().map(|strip| strip.peak).max().unwrap_or(0);
    let cell = if layout.cells == 24 { "hour" } else { "quarter of an hour" };
    let mut text = format!("\nMost starts in one minute of each {cell}\n");
    let hours: String = (0..24).step_by(3).map(|hour| format!("{hour:02}")).fold(String::new(), |line, hour| {
        let columns = layout.cells / 24 * layout.wide * 3;
        format!("{line}{hour:columns$}")
    });
    let right = if layout.full { "   peak   starts  at" } else { "   peak" };
    let name = plain(view.zone_name());
    text.push_str(&format!("{name:label$}{hours}{right}\n", label = layout.label));
    text.push_str(&row(view, &total, total.peak, &layout, blocks, colored));
    let by_rows = rows.len() > 1 || view.by_weekday || rows.iter().any(|strip| strip.names.len() > 1);
    if by_rows {
        rows.iter().for_each(|strip| text.push_str(&row(view, strip, each, &layout, blocks, colored)));
    }
    if below > 0 {
        text.push_str(&format!("and {below} more with lower peaks\n"));
    }
    let one = if view.by_weekday { "one day" } else { "one" };
    let second = if by_rows { format!(", {} for {one}", number(each)) } else { String::new() };
    text.push_str(&format!("full height: {} for all clusters{second}\n", number(total.peak)));
    text
}

fn row(
    view: &TimelineView<'_>,
    strip: &Strip,
    full: u64,
    layout: &StripLayout,
    blocks: Blocks,
    colored: bool,
) -> String {
    let name = label(strip, layout.label.saturating_sub(1));
    let mut text = format!("{name:label$}", label = layout.label);
    let mut painted = false;
    for sum in &strip.cells {
        let busy = colored && *sum == strip.peak && *sum > 0;
        if busy != painted {
            text.push_str(if busy { "\u{1b}[1;33m" } else { "\u{1b}[0m" });
            painted = busy;
        }
        let block = blocks.strip[level(*sum, full, 8)];
        text.extend(std::iter::repeat_n(block, layout.wide));
    }
    if painted {
        text.push_str("\u{1b}[0m");
    }
    text.push_str(&format!("{:>7}", number(strip.peak)));
    if layout.full {
        text.push_str(&format!("{:>9}  {}", number(strip.starts), at_all(view, &strip.peak_minutes)));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The step of so many for a value, rounded up: what is there is seen.
fn level(value: u64, full: u64, steps: u64) -> usize {
    if full == 0 { 0 } else { usize::try_from((value * steps).div_ceil(full)).unwrap_or(0).min(steps as usize) }
}

/// Starts by minute of the hour.
fn chart(view: &TimelineView<'_>, blocks: Blocks) -> String {
    let sums = view.by_minute_of_hour();
    let most = sums.iter().copied().max().unwrap_or(0);
    let mut text = "\nStarts by minute of the hour\n".to_owned();
    for line in (0..CHART_LINES).rev() {
        let scale = number((most * (line + 1)).div_ceil(CHART_LINES));
        let mut row = format!("{scale:>7} ");
        for sum in sums {
            let eighths = (sum * CHART_LINES * 8 + most / 2).checked_div(most).unwrap_or(0);
            let level = usize::try_from(eighths.saturating_sub(line * 8).min(8)).unwrap_or(0);
            row.push(blocks.chart[level]);
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    let axis: String = (0..60).step_by(5).map(|minute| format!("{minute:02}   ")).collect();
    text.push_str(&format!("        {}\n", axis.trim_end()));
    text
}

/// The busiest minutes, those with the same starts folded.
fn busiest(view: &TimelineView<'_>, blocks: Blocks, width: usize) -> String {
    /// So many of the busiest minutes are looked at for equal ones.
    const LOOKED_AT: usize = 400;
    let starts = view.starts();
    let mut folded: Vec<(u64, Composition, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<(u64, Composition), usize> = BTreeMap::new();
    for busiest in crate::timeline::busiest_minutes(&starts, LOOKED_AT) {
        let composition = view.composition(busiest.minute);
        match known.get(&(busiest.sum, composition.clone())) {
            Some(at) => folded[*at].2.push(busiest.minute),
            None => {
                known.insert((busiest.sum, composition.clone()), folded.len());
                folded.push((busiest.sum, composition, vec![busiest.minute]));
            }
        }
    }
    folded.truncate(MOST_MINUTES);
    let times = |minutes: &[usize]| at_all(view, minutes);
    let column = folded.iter().map(|(_, _, minutes)| layout::measure(&times(minutes))).max().unwrap_or(0) + 2;
    let indent = 6 + column;
    let mut text = format!("\nBusiest minutes, {}\n", view.zone_name());
    for (sum, composition, minutes) in &folded {
        let room = width.saturating_sub(indent);
        let at = times(minutes);
        let clusters = list(&composition.clusters, room, ", ", |(name, n)| format!("{name} {n}"));
        text.push_str(&format!("{:>4}  {at:column$}{clusters}\n", number(*sum)));
        for (what, most) in [(&composition.schedules, "; "), (&composition.tasks, ", ")] {
            let line = list(what, room, most, |(name, n)| format!("{n} {} {name}", blocks.times));
            text.push_str(&format!("{:indent$}{line}\n", ""));
        }
    }
    text.replace(UNICODE.more, blocks.more)
}

/// As many as fit, and how many more there are.
fn list(all: &[(String, usize)], room: usize, between: &str, show: impl Fn(&(String, usize)) -> String) -> String {
    let shown: Vec<String> = all.iter().map(|one| plain(&show(one))).collect();
    let more = |rest: usize| if rest == 0 { String::new() } else { format!("{between}{rest} more") };
    let joined = |n: usize| format!("{}{}", shown[..n].join(between), more(shown.len() - n));
    let fits = (1..=shown.len()).rev().find(|n| layout::measure(&joined(*n)) <= room);
    joined(fits.unwrap_or(1.min(shown.len())))
}
