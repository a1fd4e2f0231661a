//! Schedules: laws over generated ones, and what another crate makes of them.
//!
//! The one idea: a schedule is generated as what it means, and written down from that. So the test knows the answer
//! without asking the reader.

mod laws;
mod second;

use fleetcron::cron::CronField;
use proptest::prelude::*;
use proptest::sample::select;

/// An item of a field as it is meant.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    start: u32,
    end: u32,
    step: u32,
    /// 0: as few signs as it takes; 1: a star if it is the whole field; 2: names.
    spelling: u8,
}

/// Five fields as they are meant; an empty one is written `,`.
pub(crate) type Fields = [Vec<Meant>; 5];

impl Meant {
    fn has(&self, number: u32) -> bool {
        (self.start..=self.end).contains(&number) && (number - self.start).is_multiple_of(self.step)
    }

    fn is_star(&self, unit: CronField) -> bool {
        self.spelling == 1 && (self.start, self.end) == unit.bounds()
    }

    fn write(&self, unit: CronField) -> String {
        let (low, high) = unit.bounds();
        let number = |number: u32| match unit.names() {
            names if self.spelling == 2 && !names.is_empty() => names[(number - low) as usize].to_owned(),
            _ => number.to_string(),
        };
        let open = self.end == high && self.step > 1;
        let range = match self {
            _ if self.is_star(unit) => "*".to_owned(),
            Meant { start, end, .. } if start == end && self.step == 1 || open => number(*start),
            Meant { start, end, .. } => format!("{}-{}", number(*start), number(*end)),
        };
        // A lone start with a step goes on to the end of the field.
        match self.step {
            1 => range,
            step => format!("{range}/{step}"),
        }
    }
}

fn field(unit: CronField) -> impl Strategy<Value = Vec<Meant>> {
    let (low, high) = unit.bounds();
    let item = (low..=high, low..=high, 0..4u8, 1..=high + 2, 0..3u8).prop_map(move |(a, b, shape, step, spelling)| {
        let (start, end) = match shape {
            0 => (a, a),
            1 => (a.min(b), a.max(b)),
            2 => (a, high),
            _ => (low, high),
        };
        Meant { start, end, step, spelling }
    });
    let star = Just(vec![Meant { start: low, end: high, step: 1, spelling: 1 }]);
    prop_oneof![4 => star, 2 => item.clone().prop_map(|item| vec![item]), 1 => prop::collection::vec(item, 0..4)]
}

/// Fields that mean something, and how they are written.
pub(crate) fn fields() -> impl Strategy<Value = (Fields, String)> {
    let all = (
        field(CronField::Minute),
        field(CronField::Hour),
        field(CronField::Day),
        field(CronField::Month),
        field(CronField::Weekday),
    );
    all.prop_map(|(minute, hour, day, month, weekday)| {
        let fields = [minute, hour, day, month, weekday];
        let written: Vec<String> =
            CronField::ALL.into_iter().zip(&fields).map(|(unit, field)| write(unit, field)).collect();
        (fields, written.join(" "))
    })
}

fn write(unit: CronField, field: &[Meant]) -> String {
    match field {
        [] => ",".to_owned(),
        items => items.iter().map(|item| item.write(unit)).collect::<Vec<_>>().join(","),
    }
}

/// Any text, and text made of what schedules are made of.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "*",
        "?",
        ",",
        "-",
        "/",
        " ",
        "  ",
        "\t",
        "\u{85}",
        "\u{3000}",
        "\u{200b}",
        "0",
        "1",
        "5",
        "7",
        "24",
        "59",
        "60",
        "007",
        "+3",
        "-1",
        "9223372036854775807",
        "18446744073709551616",
        "mon",
        "FRI",
        "fr\u{130}",
        "sept",
        "tues",
        "L",
        "W",
        "#",
        "H",
        "~",
        "TZ",
        "TZ=",
        "CRON_TZ=Europe/Berlin ",
        "@every ",
        "@daily",
        "@",
        "1h",
        ".5m",
        "é",
        "\u{1f600}",
        "\0",
        "0 3 * * ",
        "*/0",
        "1-2-3",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()),
        fields().prop_map(|(_, text)| text),
    ]
}
