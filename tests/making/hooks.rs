//! `fleetcron init`: where its hook goes and when it minds a commit, what Git would ignore of what it writes, and what others
//! take for a pattern.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Place, documents};
use crate::support::{grumbled, said};

#[test]
fn the_hook_lets_branches_without_the_fleet_be() {
    let place = Place::fleet();
    let told = place.fine(&["init", "--hook"]);
    assert!(told.contains("next:\n  fleetcron build\n  git add -A\n  git commit\n"), "{told}");
    place.fine(&["build"]);
    let (went, told) = place.commit(&place.dir);
    assert!(went && told.contains("up to date"), "{told}");
    place.git(&["checkout", "-q", "--orphan", "pages"]);
    place.git(&["rm", "-q", "-r", "-f", "."]);
    place.put("index.html", "");
    let (went, told) = place.commit(&place.dir);
    assert!(went && !told.contains("error"), "{told}");
    // Where the fleet was a moment ago, a commit that takes it away is looked at.
    place.git(&["checkout", "-q", "main"]);
    place.git(&["rm", "-q", "-r", "clusters", "fleetcron.yaml"]);
    let (went, told) = place.commit(&place.dir);
    assert!(!went && told.contains("error"), "{told}");
    place.git(&["reset", "-q", "--hard"]);
    // With the fleet in the index, that can be checked next.
    fs::remove_file(place.dir.join(".git/hooks/pre-commit")).expect("removed");
    assert!(place.fine(&["init", "--hook"]).ends_with("next:\n  fleetcron check --staged\n"));
    place.fine(&["check", "--staged"]);
}

#[test]
fn husky_keeps_its_hooks_beside_the_folder_that_git_knows() {
    let place = Place::fleet();
    place.fine(&["build"]);
    place.git(&["config", "core.hooksPath", ".husky/_"]);
    // As husky makes it: its own hooks run those beside their folder.
    let own = place.dir.join(".husky/_/pre-commit");
    place.put(".husky/_/.gitignore", "*\n");
    place.put(
        ".husky/_/pre-commit",
        "#!/bin/sh\ns=\"$(dirname \"$(dirname \"$0\")\")/pre-commit\"\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\"\n",
    );
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).expect("executable");
    let before = fs::read(&own).expect("the hook");
    let output = place.run(&["init", "--hook"]);
    assert!(said(&output).contains("create .husky/pre-commit"), "{}", said(&output));
    assert!(said(&output).ends_with("git add -A\n  git commit\n") && grumbled(&output).contains("husky runs"));
    assert_eq!(fs::read(&own).expect("the hook"), before);
    let (went, told) = place.commit(&place.dir);
    assert!(went && told.contains("up to date"), "{told}");
    assert!(place.git(&["ls-files", ".husky"]) == ".husky/pre-commit\n");
    // It need not be executable; another's gets lines to add, which work.
    place.put(".husky/pre-commit", "true\n");
    let told = place.ends(1, &["init", "--hook"]);
    let lines: Vec<&str> = told.lines().skip_while(|line| !line.contains("add these lines")).skip(1).collect();
    let lines: Vec<&str> = lines.iter().map_while(|line| line.strip_prefix("  ")).collect();
    place.put(".husky/pre-commit", &format!("true\n{}\n", lines.join("\n")));
    fs::set_permissions(place.dir.join(".husky/pre-commit"), fs::Permissions::from_mode(0o644)).expect("a mode");
    assert!(place.fine(&["init", "--hook"]).contains("everything is there"));
    let hello = place.text("tasks/hello.yaml").replace("1.37.0", "1.36.0");
    place.put("tasks/hello.yaml", &hello);
    let (went, told) = place.commit(&place.dir);
    assert!(!went && told.contains("stale-output"), "{told}");
}

#[test]
fn what_git_would_ignore_is_not_written() {
    let place = Place::empty();
    place.git(&["init", "-q"]);
    place.put(".gitignore", "tasks/\n");
    let told = place.ends(1, &["init"]);
    assert!(told.contains("Git ignores tasks/hello.yaml") && told.contains("nothing was written"), "{told}");
    assert_eq!(place.files(), [".gitignore"]);
    // Of the lock and the output, which a build writes, it is said.
    place.put(".gitignore", "*.lock\nrendered/\n");
    let told = place.ends(0, &["init"]);
    assert!(told.contains("Git ignores fleetcron.lock") && told.contains("Git ignores rendered"), "{told}");
    place.put(".gitignore", "flux/us-east-1-a.yaml\n");
    assert!(place.ends(1, &["init", "--flux"]).contains("Git ignores flux/us-east-1-a.yaml"));
    assert!(!place.dir.join("flux").exists());
}

#[test]
fn what_others_take_for_a_pattern_or_a_word_is_escaped() {
    let place = Place::empty();
    place.git(&["init", "-q"]);
    let told = place.fine(&["init", "my fleet"]);
    assert!(told.contains("\n  cd 'my fleet'\n"), "{told}");
    assert!(place.ends(1, &["init", "my fleet", "--ci", "github"]).contains("`--root 'my fleet'`"));
    let manifest = place.text("my fleet/fleetcron.yaml").replace("dir: rendered", "dir: \"re[n]*\"");
    place.put("my fleet/fleetcron.yaml", &manifest);
    place.ends(0, &["init", "my fleet", "--argocd"]);
    let set = &documents(&place.text("my fleet/argocd/applicationset.yaml"))[0];
    assert_eq!(set["spec"]["generators"][0]["git"]["directories"][0]["path"], r"my fleet/re\[n]\*/*");
}

#[test]
fn a_kustomization_of_somebody_else_is_none_of_ours() {
    let place = Place::fleet();
    let own = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: infra}\n";
    place.put("flux/infra.yaml", own);
    let told = place.ends(0, &["init", "--flux"]);
    assert!(!told.contains("infra"), "{told}");
}
