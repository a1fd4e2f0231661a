//! How long it takes to read ten thousand schedules and to find the next five runs of each: `cargo bench`.
//!
//! The one idea: the schedules are those of the recorded answers, in their own zones, so the odd ones and those that
//! never fire are among them.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement reads its input and the clock")]

use std::hint::black_box;
use std::io::Read;
use std::time::Instant;

use fleetcron::cron::{Expression, Zone};
use jiff::Timestamp;
use serde_json::Value;

const COUNT: usize = 10_000;
const RUNS: usize = 5;

fn main() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/conformance/schedule.jsonl.gz");
    let mut text = String::new();
    let bytes = std::fs::read(file).expect("the recorded answers");
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let accepted = cases.iter().filter(|case| case["expect"]["ok"] == true);
    let inputs: Vec<(&str, &str, Timestamp)> = accepted
        .map(|case| {
            let zone = case["timeZone"].as_str().unwrap_or("UTC");
            (
                case["schedule"].as_str().expect("text"),
                zone,
                case["from"].as_str().expect("text").parse().expect("instant"),
            )
        })
        .collect();
    for round in ["zones read for the first time", "again"] {
        let (mut runs, mut worst) = (0, 0.0f64);
        let start = Instant::now();
        for (schedule, zone, from) in inputs.iter().cycle().take(COUNT) {
            let one = Instant::now();
            let expression = Expression::parse(black_box(schedule)).expect("accepted");
            let zone = Zone::parse(black_box(zone)).expect("accepted");
            runs += expression.runs(*from, &zone).take(RUNS).count();
            worst = worst.max(one.elapsed().as_secs_f64());
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{round}: {COUNT} schedules, {runs} runs: {seconds:.3} s, the slowest {:.3} ms", worst * 1e3);
    }
    let from = inputs[0].2;
    for hard in ["0 0 30 2 *", ", * * * *", "0 0 29 2 *", "59 23 31 12 ?", "0 0 31 */2 ?", "* * * * *"] {
        let expression = Expression::parse(hard).expect("accepted");
        let zone = Zone::parse("America/Sao_Paulo").expect("a zone");
        let start = Instant::now();
        for _ in 0..1_000 {
            black_box(expression.runs(black_box(from), &zone).take(RUNS).count());
        }
        println!("{hard}: {:.1} microseconds for {RUNS} runs", start.elapsed().as_secs_f64() * 1e3);
    }
}
