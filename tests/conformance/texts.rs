//! Generates YAML texts of scalars: plain, quoted and block ones in every chomping, at every indentation and with every
//! ending, and a hand-written list of those that readers are known to disagree about.
//!
//! Each text is a JSON patch with one operation, whose `value` is what is compared: kustomize hands such a file to
//! `sigs.k8s.io/yaml` as it is, without adding a newline at its end.

/// What stands before the `value`.
const HEAD: &str = "- op: add\n  path: /v\n";

/// Random numbers: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// The text of that number; the same for all time.
pub(crate) fn generated(number: usize) -> String {
    let mut random = Random(number as u64 * 2 + 1);
    let random = &mut random;
    let scalar = |random: &mut Random, parent: usize, last: bool| -> String {
        match random.below(8) {
            0..4 => block(random, parent, last),
            4 => plain(random),
            5 => lines_of_plain(random, parent),
            6 => single_quoted(random, parent),
            _ => double_quoted(random, parent),
        }
    };
    let value = match random.below(8) {
        0 | 1 => format!("  value: {}", scalar(random, 2, true)),
        2 => format!("  value:\n  - {}", scalar(random, 2, true)),
        3 => {
            let first = terminated(scalar(random, 2, false));
            format!("  value:\n  - {first}  - {}", scalar(random, 2, true))
        }
        4 => {
            let first = terminated(scalar(random, 4, false));
            format!("  value:\n    a: {first}    b: {}", scalar(random, 4, true))
        }
        5 => format!("  value:\n  - - {}", scalar(random, 4, true)),
        6 => {
            let inside = |random: &mut Random| match random.below(3) {
                0 => plain(random),
                1 => single_quoted(random, 4),
                _ => double_quoted(random, 4),
            };
            let (a, b) = (inside(random), inside(random));
            match random.below(3) {
                0 => format!("  value: [{a}, {b}]"),
                1 => format!("  value: {{a: {a}, b: {b}}}"),
                _ => format!("  value: [\n    {a},\n    {b}\n  ]"),
            }
        }
        _ => format!("  value: {}", plain(random)),
    };
    let mut text = format!("{HEAD}{value}");
    text.push_str(
        random.pick(&["", "", "", "\n", "\n", "\n", "\n\n", "\n\n\n", "\n  ", "\n      ", "\n # c", "\n# c\n"]),
    );
    if random.one_in(12) {
        text = text.replace('\n', "\r\n");
    }
    text
}

/// With a line break at its end.
fn terminated(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A block scalar under a parent that stands so many columns in.
fn block(random: &mut Random, parent: usize, last: bool) -> String {
    let deep = 1 + random.below(4);
    let mut text = random.pick(&["|", ">"]).to_owned();
    let chomping = random.pick(&["", "", "+", "-"]);
    let indicated = random.one_in(4);
    match (indicated, random.one_in(2)) {
        (true, true) => text.push_str(&format!("{deep}{chomping}")),
        (true, false) => text.push_str(&format!("{chomping}{deep}")),
        (false, _) => text.push_str(chomping),
    }
    text.push_str(random.pick(&["", "", "", "", " ", " # c"]));
    let indent = " ".repeat(parent + deep);
    let count = if random.one_in(12) { 0 } else { 1 + random.below(5) };
    for line in 0..count {
        text.push('\n');
        match random.below(if line == 0 { 12 } else { 9 }) {
            0 => {}
            1 => text.push_str(&" ".repeat(random.below(parent + deep + 1))),
            // Deeper than the others: in the first line only where an indicator says how deep the others are.
            2 if line > 0 || indicated => {
                text.push_str(&format!("{indent}{}{}", random.pick(&[" ", "  ", "\t"]), line_of_block(random)));
            }
            3 if line > 0 || indicated => text.push_str(&format!("{indent}{}", random.pick(&[" ", "   ", "\t"]))),
            _ => text.push_str(&format!("{indent}{}", line_of_block(random))),
        }
    }
    for _ in 0..if random.one_in(3) { random.below(4) } else { 0 } {
        text.push('\n');
        text.push_str(&" ".repeat(if random.one_in(3) { random.below(parent + deep + 1) } else { 0 }));
    }
    if last && random.one_in(10) {
        text.push_str(&format!("\n{}# c", " ".repeat(random.below(parent + 1))));
    }
    text
}

fn line_of_block(random: &mut Random) -> String {
    let mut line = random
        .pick(&[
            "a", "b c", "# d", "- e", "f: g", "\"h", "'i", "*j", "---", "...", "é", "日本", "😀", "$(k)", "{l", "%m",
        ])
        .to_owned();
    line.push_str(random.pick(&["", "", "", "", "", " ", "  ", "\t", " # n", ":", "\\"]));
    line
}

/// Something that may be a number, a boolean, null, a date or a text.
fn plain(random: &mut Random) -> String {
    const WORDS: [&str; 40] = [
        "y",
        "Y",
        "yes",
        "Yes",
        "yEs",
        "n",
        "NO",
        "on",
        "oN",
        "OFF",
        "true",
        "True",
        "tRUE",
        "false",
        "null",
        "Null",
        "nULL",
        "~",
        "~x",
        ".5",
        ".5_0",
        "._5",
        ".e1",
        "1_000",
        "1__0",
        "_1",
        "1e3",
        "1E+03",
        "1.e-2",
        "0x1_F",
        "0b1_1",
        "0o1_7",
        "12:30",
        "1:2:3",
        "2026-01-01",
        "2026-1-1",
        "20260101T000000Z",
        "=",
        "a b",
        "a:b",
    ];
    match random.below(4) {
        0 => random.pick(&WORDS).to_owned(),
        1 => {
            let prefix =
                random.pick(&["", "-", "+", "0", "00", "0x", "0o", "0b", "0X", "0O", "0B", "-0x", "+0o", "-0b", "0b-"]);
            let digits =
                ["0", "1", "7", "8", "9", "18", "777", "_", "a", "F", "9223372036854775807", "18446744073709551616"];
            let digits: String = (0..=random.below(3)).map(|_| random.pick(&digits)).collect();
            format!("{prefix}{digits}")
        }
        2 => {
            let whole = random.pick(&["", "0", "1", "08", "-3", "+4", "1_0", "123456789"]);
            let part = random.pick(&["", "", ".", ".0", ".50", ".1_0", "._1", ".00000000000000000001"]);
            let power = random.pick(&["", "", "e3", "E3", "e+3", "e-3", "e", "e400", "e_3", "e21"]);
            // What is left of nothing is no scalar.
            let text = format!("{whole}{part}{power}");
            if text.is_empty() { "0".to_owned() } else { text }
        }
        _ => {
            const LETTERS: &[&str] =
                &["0", "1", "8", "9", "+", "-", ".", "_", "e", "x", "o", "b", "f", "n", "y", "T", "~", ":", "/", "="];
            let first = random.pick(&["0", "1", "8", "+1", "-1", ".", "~", "n", "y", "f", "T", "o", "a"]);
            let rest: String = (0..random.below(5)).map(|_| random.pick(LETTERS)).collect();
            // A colon at the end makes a key of it.
            format!("{first}{rest}").trim_end_matches(':').to_owned()
        }
    }
}

/// A plain scalar over several lines.
fn lines_of_plain(random: &mut Random, parent: usize) -> String {
    let mut text = random.pick(&["a", "1", "yes", "b#c", "d e"]).to_owned();
    for _ in 0..=random.below(3) {
        text.push_str(random.pick(&["\n", "\n", "\n\n", " \n", "\n   \n", "\n\n\n"]));
        text.push_str(&" ".repeat(parent + 1 + random.below(4)));
        text.push_str(random.pick(&["a", "2", "no", "-f", "g'h", "i\"", "j "]));
    }
    text
}

fn single_quoted(random: &mut Random, parent: usize) -> String {
    let parts = ["a", "''", " ", "  ", "\"", "\\", "#", ": ", "é", "018", "~", "\t", "\n", "\n\n", " \n ", "---"];
    quoted(random, '\'', &parts, parent)
}

/// Without the escapes of the other line breaks (`\\N`, `\\L`, `\\P`): what kustomize writes of them is not what it read.
fn double_quoted(random: &mut Random, parent: usize) -> String {
    let parts = [
        "a",
        "'",
        " ",
        "  ",
        "\\\"",
        "\\\\",
        "\\n",
        "\\t",
        "\\x41",
        "\\u00e9",
        "\\U0001F600",
        "\\e",
        "\\0",
        "\\ ",
        "\\_",
        "#",
        ": ",
        "é",
        "018",
        "\t",
        "\n",
        "\n\n",
        " \n ",
        "\\\n",
        "\\\n\n",
        "\\\t",
        "\\a\\b\\v\\f\\r",
    ];
    quoted(random, '"', &parts, parent)
}

fn quoted(random: &mut Random, quote: char, parts: &[&str], parent: usize) -> String {
    let mut text = String::from(quote);
    for _ in 0..random.below(6) {
        let part = random.pick(parts);
        // A lone backslash would take the quote with it.
        let part = if part == "\\" && quote == '"' { "b" } else { part };
        text.push_str(part);
        if part.ends_with('\n') {
            text.push_str(&" ".repeat(parent + 1 + random.below(3)));
        }
    }
    text.push(quote);
    text
}

/// Every style of block scalar with every ending, and plain scalars at the borders of go-yaml's rules.
pub(crate) fn listed() -> Vec<String> {
    let mut all = Vec::new();
    let endings = [
        "",
        "\n",
        "\n\n",
        "\n\n\n",
        "\n  ",
        "\n      ",
        "\n        ",
        "\n  \n",
        "\n      \n",
        "\r\n",
        " ",
        "\n # c",
        "\n# c\n",
    ];
    for header in ["|", ">", "|-", ">-", "|+", ">+", "|2", ">2", "|2-", "|-2", ">+2", ">2+", "| # c", "|+ "] {
        for body in [
            "",
            "\n    x",
            "\n    x\n    y",
            "\n    x\n\n    y",
            "\n    x\n      y\n    z",
            "\n\n    x",
            "\n    x \n    \n    y",
        ] {
            for ending in endings {
                all.push(format!("{HEAD}  value: {header}{body}{ending}"));
            }
        }
        for ending in ["", "\n", "\n\n"] {
            all.push(format!("{HEAD}  value:\n  - {header}\n    x{ending}"));
            all.push(format!("{HEAD}  value:\n  - {header}\n    x\n  - {header}\n    y{ending}"));
            all.push(format!("{HEAD}  value:\n    - - {header}\n        x{ending}"));
        }
    }
    const PLAIN: [&str; 66] = [
        "018",
        "-018",
        "+018",
        "0180",
        "019",
        "09",
        "0_8",
        "08_",
        "08.5",
        "018.5",
        "018e2",
        "-08",
        "0018",
        "018:30",
        "0o18",
        "0o8",
        "0b12",
        "0x1G",
        "00",
        "0_",
        "0_0",
        "-0",
        "+0",
        "-00",
        "-0_",
        "0x",
        "0x_",
        "0x_1",
        "0b",
        "0b_1",
        "0o",
        "0o_7",
        "1__0",
        "1_",
        "-1_",
        "+_1",
        "-_1",
        "1_.5",
        "1._5",
        "1.5_",
        "1e_5",
        "1e5_",
        ".5_",
        "._5",
        "._",
        "+.5",
        "-.5_5",
        "+.",
        "-.",
        "..",
        "1..",
        "1.e",
        "1e+",
        "1e-",
        "+1e5",
        "-1e400",
        "1e-400",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "+9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "0777777777777777777777",
        "02000000000000000000000",
        "0xFFFFFFFFFFFFFFFF",
    ];
    all.extend(PLAIN.iter().map(|text| format!("{HEAD}  value: {text}\n")));
    all.extend(PLAIN.iter().map(|text| format!("{HEAD}  value: {{k{text}: [{text}]}}")));
    all
}
