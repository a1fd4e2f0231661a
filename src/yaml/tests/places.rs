//! Spans are bytes of the source: every one is cut out and looked at.

use super::super::{Data, Node};
use super::{parsed, said};

/// Every node as `path = source`, keys as `path: source`.
fn cut(text: &str) -> Vec<String> {
    fn walk(node: &Node, path: &str, text: &str, out: &mut Vec<String>) {
        out.push(format!("{path} = {}", text.get(node.span.range()).unwrap_or("(outside)").replace('\n', "\\n")));
        match &node.data {
            Data::Seq(items) => {
                for (i, item) in items.iter().enumerate() {
                    walk(item, &format!("{path}/{i}"), text, out);
                }
            }
            Data::Map(entries) => {
                for entry in entries {
                    let path = format!("{path}/{}", entry.key);
                    out.push(format!("{path}: {}", text.get(entry.key_span.range()).unwrap_or("(outside)")));
                    walk(&entry.value, &path, text, out);
                }
            }
            _ => {}
        }
    }
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", said(text, &parsed.diagnostics));
    let mut out = Vec::new();
    for document in &parsed.documents {
        walk(&document.root, "", text, &mut out);
    }
    out
}

#[test]
fn scalars_are_cut_exactly_also_after_letters_beyond_ascii() {
    let text = "é: ü # ö\nq: \"ä\\\"\"  # x\n's': 'ß'\nm: more\n  lines\nt: !!str 5\n日本: 1_0 \n";
    assert_eq!(
        cut(text)[1..],
        [
            "/é: é",
            "/é = ü",
            "/q: q",
            "/q = \"ä\\\"\"",
            "/s: 's'",
            "/s = 'ß'",
            "/m: m",
            "/m = more\\n  lines",
            "/t: t",
            "/t = 5",
            "/日本: 日本",
            "/日本 = 1_0",
        ]
    );
}

#[test]
fn blocks_end_with_their_last_line_and_not_at_the_next_value() {
    let text =
        "b: |\n  ñ\n  o\n\n# c\nl:\n- 日\n- - x\n  - {w: [1, 2 ], \"z\": \"é\" }\n\n\nlast:\n  k: v # c\n\n# end\n";
    assert_eq!(
        cut(text)[1..],
        [
            "/b: b",
            "/b = ñ\\n  o",
            "/l: l",
            "/l = - 日\\n- - x\\n  - {w: [1, 2 ], \"z\": \"é\" }",
            "/l/0 = 日",
            "/l/1 = - x\\n  - {w: [1, 2 ], \"z\": \"é\" }",
            "/l/1/0 = x",
            "/l/1/1 = {w: [1, 2 ], \"z\": \"é\" }",
            "/l/1/1/w: w",
            "/l/1/1/w = [1, 2 ]",
            "/l/1/1/w/0 = 1",
            "/l/1/1/w/1 = 2",
            "/l/1/1/z: \"z\"",
            "/l/1/1/z = \"é\"",
            "/last: last",
            "/last = k: v",
            "/last/k: k",
            "/last/k = v",
        ]
    );
}

#[test]
fn an_alias_shows_its_definition_and_a_merge_the_members_it_took() {
    let text = "é: &a\n  k: v\nb: *a\nc:\n  <<: *a\n  m: 1\nd: *a # end\n";
    assert_eq!(
        cut(text),
        [
            " = é: &a\\n  k: v\\nb: *a\\nc:\\n  <<: *a\\n  m: 1\\nd: *a",
            "/é: é",
            "/é = k: v",
            "/é/k: k",
            "/é/k = v",
            "/b: b",
            "/b = k: v",
            "/b/k: k",
            "/b/k = v",
            "/c: c",
            "/c = <<: *a\\n  m: 1",
            "/c/k: k",
            "/c/k = v",
            "/c/m: m",
            "/c/m = 1",
            "/d: d",
            "/d = k: v",
            "/d/k: k",
            "/d/k = v",
        ]
    );
}

#[test]
fn nothing_stands_right_behind_what_it_belongs_to() {
    let text = "a: # c: d\n\nl:\n-\n# - x\n-   # c\nz:\n";
    let parsed = parsed(text);
    let root = &parsed.documents[0].root;
    let start = |node: &Node| (node.span.start, node.span.end);
    assert_eq!(root.get("a").map(start), Some((2, 2)));
    let items = root.get("l").and_then(Node::as_seq).expect("a list");
    assert_eq!(start(&items[0]), (15, 15));
    assert_eq!(start(&items[1]), (23, 23));
    assert_eq!(root.get("z").map(start), Some((32, 32)));
}

#[test]
fn json_is_cut_exactly_too() {
    let text = " {\"é\": [1.0, true, null, \"x\\u00e9\\/\"], \"b\" : {} }\n{\"c\":-1e2}";
    assert_eq!(
        cut(text),
        [
            " = {\"é\": [1.0, true, null, \"x\\u00e9\\/\"], \"b\" : {} }",
            "/é: \"é\"",
            "/é = [1.0, true, null, \"x\\u00e9\\/\"]",
            "/é/0 = 1.0",
            "/é/1 = true",
            "/é/2 = null",
            "/é/3 = \"x\\u00e9\\/\"",
            "/b: \"b\"",
            "/b = {}",
            " = {\"c\":-1e2}",
            "/c: \"c\"",
            "/c = -1e2",
        ]
    );
}

#[test]
fn a_byte_order_mark_and_line_ends_of_windows_count_as_bytes() {
    assert_eq!(cut("\u{feff}a: 1\r\nb: x\r\n"), [" = a: 1\r\\nb: x", "/a: a", "/a = 1", "/b: b", "/b = x"]);
}
