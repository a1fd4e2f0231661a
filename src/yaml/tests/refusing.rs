//! What is wrong, in which words, and where exactly.

use super::super::{MAX_BYTES, MAX_DEPTH, parse};
use super::{parsed, said};
use crate::tree::FileId;

/// What is said about a text, each with the first help.
fn refused(text: &str) -> Vec<String> {
    let parsed = parsed(text);
    let help = parsed.diagnostics.iter().map(|d| d.help.first().cloned().unwrap_or_default());
    said(text, &parsed.diagnostics).into_iter().zip(help).map(|(line, help)| format!("{line} {help}")).collect()
}

#[test]
fn syntax_errors_are_said_in_our_words_at_the_wrong_word() {
    for (text, expected) in [
        (
            "m:\n\ta: 1\n",
            "a tab stands where only spaces may [\t] YAML does not allow tabs for indentation; use spaces",
        ),
        (
            "a: 1\r\n\tb: 2\r\n",
            "a tab stands where only spaces may [\t] YAML does not allow tabs for indentation; use spaces",
        ),
        ("s: */5 * * * *\n", "the alias `*/5` has no anchor before it [*/5] a text that begins with `*` needs quotes"),
        ("é: *nope\n", "the alias `*nope` has no anchor before it [*nope] "),
        ("é: &x {c: *x}\n", "the alias stands inside the value it names [*x] "),
        ("a: é: c\n", "`: ` cannot stand inside an unquoted text [:] put the text in quotes, or check the indentation"),
        (
            "a: .inf\n",
            "Kubernetes cannot read the number `.inf`: JSON has no infinity and no not-a-number [.inf] quote it if it is a text: `\".inf\"`",
        ),
        (
            "%YAML 1.2\n---\na: 1\n",
            "Kubernetes does not read directives such as `%YAML` [%YAML] remove the line that begins with `%`",
        ),
        ("a: \"x\\/y\"\n", "Kubernetes does not read the escape `\\/` in YAML [\\/] write `/` alone"),
        ("a: @x y\n", "an unquoted text cannot begin with `@` [@x] put the text in quotes"),
        ("--- {a: 1}\n", "only a comment may follow `---` on its line [{a: 1}] begin the document on the next line"),
        ("a: 1\n...\nb: 2\n", "Kubernetes drops what follows `...` without a word [b] begin the document with `---`"),
        ("a: !!int x\n", "`x` cannot be read as `!!int` [x] "),
        ("c:\n  <<: 1\n", "`<<` merges a map or a list of maps, and this is neither [1] "),
        ("a: 'x\n", "the quoted text is not closed ['x] add the closing quote"),
        ("a:\n- x\nb\n", "this is no `key: value` [b] check the indentation, or add the `:`"),
        ("{\"a\": 1,}\n", "expected a key in double quotes, found `}` [}] "),
        ("{{- if .x }}\n", "expected a key in double quotes, found `{` [{] "),
        ("{\"a\": 01}", "`01` is not a number of JSON [01] "),
        ("- name: x\n value: y\n", "this stands where the next `- item` should [value] check the indentation"),
        (
            "a: {b:}\n",
            "`b:` is a key to some YAML readers and a text to others [b] put a space after the colon, or quote the text: `\"b:\"`",
        ),
        ("a: {b: c\n", "the map that begins here is not closed [{] add `}`"),
    ] {
        assert_eq!(refused(text), [format!("yaml-syntax: {expected}")], "{text:?}");
    }
}

#[test]
fn keys_and_characters_have_codes_of_their_own() {
    assert_eq!(
        refused("a: 1\nb: {c: 1, c: 2}\n\"a\": 2\n"),
        ["duplicate-key: the key `c` stands here twice [c] ", "duplicate-key: the key `a` stands here twice [\"a\"] "]
    );
    let twice = parsed("é: 1\né: 2\n");
    assert_eq!(twice.diagnostics[0].others[0].span.range(), 0..2);
    assert_eq!(refused("~: x\n"), ["null-key: null cannot be a key [~] put it in quotes if it is a text"]);
    assert_eq!(refused("? [a, b]\n: x\n"), ["null-key: a list cannot be a key [[a, b]] "]);
    assert_eq!(
        refused("a: {{ .X }}\n"),
        ["null-key: a map cannot be a key [{ .X }] a text that begins with `{` needs quotes"]
    );
    assert_eq!(
        refused("a: x\u{7}\n"),
        [
            "control-character: the control character U+0007 cannot stand in YAML [\u{7}] write it as `\\x07` in double quotes, or remove it"
        ]
    );
    for text in ["a: \"\\x7f\"\n", "a: x\u{7f}\n", "{\"a\": \"\\u007f\"}", "a: \u{85}x\n", "# \u{2028}\n"] {
        assert!(refused(text)[0].starts_with("control-character: "), "{text:?}");
    }
    let bytes = parse(FileId(0), b"a: \xff\n");
    assert_eq!(said("a: \u{1}\n", &bytes.diagnostics), ["invalid-utf8: byte 3 of the file is not UTF-8 [\u{1}]"]);
}

#[test]
fn the_documents_behind_a_broken_one_are_read() {
    let text = "a: [1, 2\nb: 3\n---\nc: 1\n---\nd: \"x\n---\n\n---\ne: *x\n---\nf: {g: 1, g: 2}\n";
    let parsed = parsed(text);
    let keys: Vec<_> = parsed.documents.iter().filter_map(|d| d.root.as_map()).map(|map| map[0].key.as_str()).collect();
    assert_eq!(keys, ["c", "f"]);
    assert_eq!(parsed.diagnostics.len(), 4);
    assert_eq!(parsed.diagnostics[0].others[0].span.range(), 3..4);
}

#[test]
fn scalars_that_readers_take_differently_draw_a_warning_once() {
    let text = "a: &x on\nb: [*x, y, 0777, 1_000, 0o7, 0b1]\nyes: 1\nq: \"on\"\nr: !!str on\n";
    let parsed = parsed(text);
    let warned: Vec<_> = parsed
        .warnings
        .iter()
        .filter_map(|d| match d.place {
            crate::diag::Place::Text(span) => text.get(span.range()),
            _ => None,
        })
        .collect();
    assert_eq!(warned, ["on", "y", "0777", "1_000", "0o7", "0b1", "yes"]);
    assert_eq!(
        said(text, &parsed.warnings)[2],
        "ambiguous-scalar: `0777` is the number 511 to Kubernetes and the number 777 to other YAML readers [0777]"
    );
    assert_eq!(parsed.warnings[0].help, ["write `\"on\"` for the text, or `true` for what Kubernetes reads"]);
}

#[test]
fn an_octal_user_is_offered_as_the_number_that_it_is_and_a_file_mode_is_what_everybody_means() {
    let help = |text: &str| parsed(text).warnings[0].help.join("");
    assert!(help("runAsUser: 0755\n").starts_with("write `493`, which is what Kubernetes reads here"));
    assert!(parsed("defaultMode: 0755\nitems: [{mode: 0400}]\n").warnings.is_empty());
    assert_eq!(help("args: [0755]\n"), "write `\"0755\"` for the text, or `493` for what Kubernetes reads");
}

#[test]
fn two_words_for_one_boolean_are_told_to_be_quoted() {
    let help = |text: &str| parsed(text).diagnostics[0].help.len();
    assert_eq!([help("y: 1\non: 2\n"), help("a: 1\na: 2\n")], [1, 0]);
}

#[test]
fn ordinary_scalars_draw_none() {
    let text = "[true, False, null, ~, 0, -1, +1, 007, 1.5, 1e3, .5, 0x1F, 12:30:00, 2026-01-01, 10Mi, 1.2.3, -, --x, no-op, yesterday, 08]";
    assert!(parsed(&format!("a: {}\n", text.replace("-, ", ""))).warnings.is_empty());
}

fn codes(bytes: &[u8]) -> Vec<&'static str> {
    parse(FileId(0), bytes).diagnostics.iter().map(|d| d.code.name()).collect()
}

#[test]
fn depth_size_and_aliases_are_bounded() {
    assert_eq!(codes("[".repeat(MAX_DEPTH + 1).as_bytes()), ["yaml-limits"]);
    assert_eq!(codes(format!("{{\"a\":{}", "[".repeat(MAX_DEPTH + 1)).as_bytes()), ["yaml-limits"]);
    assert_eq!(codes("- ".repeat(MAX_DEPTH + 1).as_bytes()), ["yaml-limits"]);
    assert_eq!(codes(format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)).as_bytes()), [] as [&str; 0]);
    assert_eq!(codes(&vec![b'#'; MAX_BYTES + 1]), ["yaml-limits"]);
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    let mut chain = String::from("a0: &a0 [x]\n");
    let mut words = format!("a0: &a0 {}\nl:\n", "x".repeat(100_000));
    for i in 1..200 {
        let before = format!("*a{}", i - 1);
        laughs.push_str(&format!("a{i}: &a{i} [{}]\n", [before.as_str(); 9].join(", ")));
        chain.push_str(&format!("a{i}: &a{i} [{before}]\n"));
        words.push_str("- *a0\n");
    }
    assert_eq!(codes(laughs.as_bytes()), ["yaml-limits"]);
    assert_eq!(codes(chain.as_bytes()), ["yaml-limits"]);
    assert_eq!(codes(words.as_bytes()), ["yaml-limits"]);
}

/// What aliases may repeat grows with the file, so that many small ones do not add up.
#[test]
fn a_small_file_repeats_less_than_a_large_one() {
    let list = |count: usize| {
        format!(
            "a: &a [{}]
b: [{}]
",
            ["x"; 100].join(", "),
            vec!["*a"; count].join(", ")
        )
    };
    assert_eq!(codes(list(90).as_bytes()), [] as [&str; 0]);
    assert_eq!(codes(list(110).as_bytes()), ["yaml-limits"]);
    let padded = format!("# {}\n{}", "x".repeat(2_000), list(110));
    assert_eq!(codes(padded.as_bytes()), [] as [&str; 0]);
    let text = |length: usize| format!("a: &a {}\nb: [{}]\n", "x".repeat(length), ["*a"; 100].join(", "));
    assert_eq!(codes(text(10_000).as_bytes()), [] as [&str; 0]);
    assert_eq!(codes(text(12_000).as_bytes()), ["yaml-limits"]);
}

/// `yaml_parser_scan_block_scalar_breaks` in go-yaml's `scannerc.go`.
#[test]
fn scan_block_scalar_breaks_refuses_a_tab_for_indentation() {
    for text in ["a: |\n    \tx\n", "a: >-\n\n  \t\n  x\n", "l:\n- | # a |2 b\n  \tx", "a: |2\n  x\n \ty\n"] {
        let said = refused(text);
        assert!(said.iter().any(|said| said.contains("a tab stands")), "{text:?}: {said:?}");
    }
    for text in ["a: |2\n  \tx\n", "a: >+1 # c\n \tx\n", "a: |\n  x\n  \ty\n", "a: |\n  x\n\nb: '\t'\n"] {
        assert_eq!(refused(text), [] as [&str; 0], "{text:?}");
    }
}
