//! `output.fluxSubstitution` against what Flux does. Flux' envsubst is played here, by the rules of its scanner
//! (fluxcd/pkg `envsubst/parse`): `$$` is one `$`, `${` begins a variable, all else is text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;

use crate::support::{self, Files};

const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// What envsubst makes of a text where no variable has a value; `None` where it fails.
fn envsubst(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            let name = after.len() - after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
            let (name, after) = after.split_at(name);
            let end = after.find('}')?;
            match &after[..end] {
                _ if name.is_empty() => return None,
                "" => {}
                default if default.starts_with(":-") || default.starts_with(":=") => out.push_str(&default[2..]),
                _ => return None,
            }
            rest = &after[end + 1..];
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Flux on one object: nothing if the object says so, else envsubst over its text, which is then read again.
fn flux(object: &Value) -> Option<Value> {
    let metadata = &object["metadata"];
    if metadata["labels"][SWITCH] == "disabled" || metadata["annotations"][SWITCH] == "disabled" {
        return Some(object.clone());
    }
    let text = serde_yaml::to_string(object).expect("YAML");
    serde_yaml::from_str(&envsubst(&text)?).ok()
}

#[test]
fn the_played_envsubst_is_that_of_flux() {
    // From fluxcd/pkg `envsubst/eval_test.go`, with no variable set.
    let cases = [
        ("abcdEFGH28ij", Some("abcdEFGH28ij")),
        ("$${var01}", Some("${var01}")),
        ("some text ${var01}$${var$${var01}$var01${var01}", Some("some text ${var${var01}$var01")),
        ("${var:=xyz}", Some("xyz")),
        ("\\\\something", Some("\\\\something")),
        ("$(date) $HOME 5$", Some("$(date) $HOME 5$")),
        ("${A[@]}", None),
        ("${A", None),
    ];
    for (text, expected) in cases {
        assert_eq!(envsubst(text).as_deref(), expected, "{text}");
    }
}

/// A fleet that says what to do about Flux, with a task that holds this text in many places.
fn fleet(setting: &str, text: &str, more: &str) -> Files {
    let quoted = Value::from(text).to_string();
    let api = "apiVersion: fleetcron.dev/v1alpha1";
    let mut task = format!(
        "{api}\nkind: Task\nmetadata: {{name: t, namespace: jobs}}\nspec:\n  placement: {{clusters: \"*\"}}\n  \
         schedule: {{cron: \"0 3 * * *\", timeZone: Etc/UTC}}\n"
    );
    let _infallible = write!(
        task,
        "  annotations: {{note: {quoted}}}\n  container: {{image: \"a/b:1\", command: [sh, -c, {quoted}], env: {{A: {quoted}}}}}\n  \
         resources: [config.yaml, custom.yaml]\n{more}"
    );
    vec![
        (
            "fleetcron.yaml".to_owned(),
            format!("{api}\nkind: Fleet\nmetadata: {{name: a}}\nspec: {{output: {{fluxSubstitution: {setting}}}}}\n"),
        ),
        ("clusters/all.yaml".to_owned(), format!("{api}\nkind: Cluster\nmetadata: {{name: eu-1}}\n")),
        ("tasks/t.yaml".to_owned(), task),
        (
            "tasks/config.yaml".to_owned(),
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config}}\ndata: {{script: {quoted}}}\n"),
        ),
        (
            "tasks/custom.yaml".to_owned(),
            format!(
                "apiVersion: example.com/v1\nkind: Custom\nmetadata: {{name: custom}}\nspec: {{{quoted}: [{{a: {quoted}}}]}}\n"
            ),
        ),
    ]
}

fn objects(files: &Files) -> BTreeMap<String, Value> {
    let output = support::right(files);
    output.iter().map(|(path, bytes)| (path.clone(), serde_yaml::from_slice(bytes).expect("YAML"))).collect()
}

const TEXTS: [&str; 10] = [
    "tar czf /out/${DATE}.tgz /data",
    "echo $$ > /run/pid",
    "$$(HOME) $${A} $$${B} $$$$",
    "x=${A%%y}; ${B[@]} ${C:-d} ${D",
    "line one ${A}\nline two $$\n",
    "'${A}' \"$${B}\" \\${C} \\\\$${D}",
    "${",
    "$$",
    "é${é}$",
    "no dollar ends it $",
];

#[test]
fn what_is_escaped_or_switched_off_flux_leaves_as_it_was() {
    for text in TEXTS {
        let plain = objects(&fleet("allow", text, ""));
        assert_eq!(plain.len(), 3);
        let acts = text.contains("${") || text.contains("$$");
        let harmed = plain.values().any(|object| flux(object).as_ref() != Some(object));
        assert_eq!(harmed, acts, "{text:?}: Flux changes what holds `${{` or `$$`, and nothing else");
        for (path, escaped) in objects(&fleet("escape", text, "")) {
            assert_eq!(flux(&escaped).as_ref(), Some(&plain[&path]), "{text:?} in {path}");
            assert_eq!(escaped != plain[&path], acts, "{text:?} in {path}: only what Flux would change is escaped");
        }
        for (path, mut off) in objects(&fleet("disable", text, "")) {
            assert_eq!(flux(&off).as_ref(), Some(&off), "{text:?} in {path}");
            let annotations = off["metadata"].as_object_mut().expect("a map").get_mut("annotations");
            let said = annotations.and_then(|all| all.as_object_mut()?.remove(SWITCH));
            assert_eq!(said.is_some(), acts, "{text:?} in {path}");
            if off["metadata"]["annotations"].as_object().is_some_and(serde_json::Map::is_empty) {
                off["metadata"].as_object_mut().expect("a map").remove("annotations");
            }
            assert_eq!(off, plain[&path], "{text:?} in {path}: nothing else differs");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives(text in "[$${}a-c (:\\\\\n-]{1,24}") {
        let plain = objects(&fleet("allow", &text, ""));
        for (path, escaped) in objects(&fleet("escape", &text, "")) {
            prop_assert_eq!(flux(&escaped), Some(plain[&path].clone()), "{:?} in {}", text, path);
        }
    }
}

#[test]
fn an_object_that_is_switched_off_already_stays_as_it_is() {
    for kind in ["labels", "annotations"] {
        for setting in ["warn", "escape", "disable"] {
            let text = "echo ${A} $$";
            let mut files = fleet(setting, text, "");
            let off = |text: &str, indent: &str| {
                text.replace(
                    "metadata: {name: c",
                    &format!("metadata: {{{kind}: {{{SWITCH}: disabled}}, name: c{indent}"),
                )
            };
            for at in [3, 4] {
                files[at].1 = off(&files[at].1, "");
            }
            let said = if kind == "labels" { "  labels:" } else { "  annotations:" };
            files[2].1 = match kind {
                "labels" => format!("{}{said} {{{SWITCH}: disabled}}\n", files[2].1),
                _ => files[2].1.replace("  annotations: {", &format!("  annotations: {{{SWITCH}: disabled, ")),
            };
            let mut allowed = files.clone();
            allowed[0].1 = allowed[0].1.replace(setting, "allow");
            assert_eq!(objects(&files), objects(&allowed), "{kind} {setting}");
            let compilation = fleetcron::compile::compile(&support::tree(&files));
            let found = (&compilation.diags).into_iter().filter(|d| d.code.name() == "flux-substitution").count();
            assert_eq!(found, 0, "{kind} {setting}");
        }
    }
}

#[test]
fn what_an_encrypted_file_shows_is_told_and_not_changed() {
    let secret = |annotations: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: jobs, annotations: {{{annotations}}}}}\n\
             data: {{a: \"ENC[AES256_GCM,data:x]\"}}\nsops: {{version: 3.9.0, note: \"${{kept}}\"}}\n"
        )
    };
    for (setting, expected) in [
        ("warn", Some("this encrypted object holds `${`, which Flux replaces where substitution is on")),
        ("escape", Some("and it cannot be escaped: an encrypted file passes byte for byte")),
        ("disable", Some("and no annotation can be set: an encrypted file passes byte for byte")),
        ("allow", None),
    ] {
        for (annotations, expected) in [
            ("note: \"see ${A}\"".to_owned(), expected),
            (format!("note: \"see ${{A}}\", {SWITCH}: disabled"), None),
            ("note: plain".to_owned(), None),
        ] {
            let mut files = fleet(setting, "plain", "");
            files[2].1 = files[2].1.replace("[config.yaml, custom.yaml]", "[s.enc.yaml]");
            files.push(("tasks/s.enc.yaml".to_owned(), secret(&annotations)));
            assert_eq!(support::right(&files)["eu-1/jobs/s.secret.yaml"], secret(&annotations).as_bytes());
            let sources = support::tree(&files);
            let compilation = fleetcron::compile::compile(&sources);
            let found: Vec<&str> = (&compilation.diags)
                .into_iter()
                .filter(|diagnostic| diagnostic.code.name() == "flux-substitution")
                .map(|diagnostic| diagnostic.message.as_str())
                .collect();
            assert_eq!(found.len(), usize::from(expected.is_some()), "{setting} {annotations}: {found:?}");
            assert!(expected.is_none_or(|expected| found[0].contains(expected)), "{setting} {annotations}: {found:?}");
        }
    }
}
