//! `fleetcron init`: what it makes, what it leaves alone, and that its hook stops a commit.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Place, documents};
use crate::support::{grumbled, read, said};

/// The program's folder in front of the PATH.
fn path() -> std::ffi::OsString {
    let binary = Path::new(env!("CARGO_BIN_EXE_fleetcron")).parent().expect("a folder");
    let old = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(binary.to_path_buf()).chain(std::env::split_paths(&old))).expect("a path")
}

impl Place {
    /// Commits all; whether it went through, and what was said.
    pub(super) fn commit(&self, dir: &Path) -> (bool, String) {
        let added = self.command("git", dir).args(["add", "-A"]).output().expect("git starts");
        assert!(added.status.success(), "{}", grumbled(&added));
        let mut command = self.command("git", dir);
        let output = command.env("PATH", path()).args(["commit", "-m", "x"]).output().expect("git starts");
        (output.status.success(), format!("{}{}", said(&output), grumbled(&output)))
    }
}

#[test]
fn an_empty_folder_becomes_a_repository_that_checks() {
    let place = Place::empty();
    let told = place.fine(&["init"]);
    for part in [
        "create fleetcron.yaml",
        "demo/hello would run at 03:00 every day, zone Etc/UTC, on 2 of 3 clusters",
        "git init",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert_eq!(place.files().len(), 6, "{:?}", place.files());
    place.git(&["init", "-q", "-b", "main"]);
    let built = place.run(&["build", "--strict"]);
    assert!(built.status.success() && built.stderr.is_empty(), "{}", grumbled(&built));
    let checked = place.run(&["check", "--strict"]);
    assert!(checked.status.success() && checked.stderr.is_empty(), "{}", grumbled(&checked));
    assert!(place.commit(&place.dir).0);
    place.fine(&["check", "--strict", "--at", "HEAD"]);
    assert_eq!(place.git(&["check-attr", "merge", "fleetcron.lock"]), "fleetcron.lock: merge: union\n");
    let generated = place.git(&["check-attr", "linguist-generated", "rendered/eu-west-1-a/demo/hello.cronjob.yaml"]);
    assert!(generated.ends_with(": true\n"), "{generated}");

    // Again: nothing changes.
    let before = read(&place.dir);
    let told = place.fine(&["init"]);
    assert!(told.contains("a fleet is in . already"), "{told}");
    fs::create_dir(place.dir.join("tasks/deep")).expect("a folder");
    let below = place.command("fleetcron", &place.dir.join("tasks/deep")).arg("init").output().expect("it starts");
    assert!(said(&below).contains("already"), "{}", said(&below));
    assert_eq!(read(&place.dir), before);
}

#[test]
fn a_folder_that_does_not_exist_is_made_and_a_dry_run_makes_nothing() {
    let place = Place::empty();
    let told = place.fine(&["init", "deep/Er", "--dry-run", "--flux"]);
    assert!(told.contains("would write in deep/Er") && told.contains("create flux/eu-west-1-a.yaml"), "{told}");
    assert!(place.files().is_empty() && !place.dir.join("deep").exists());
    let told = place.fine(&["init", "deep/acme-jobs"]);
    assert!(told.contains("cd deep/acme-jobs"), "{told}");
    assert!(place.text("deep/acme-jobs/fleetcron.yaml").contains("metadata: {name: acme-jobs}"));
    place.put("file", "");
    assert!(place.ends(2, &["init", "file"]).contains("is not a folder"));
    assert!(place.ends(2, &["init", "file/below"]).contains("is not a folder"));
    assert!(place.ends(2, &["init", "a", "--root", "b"]).contains("give one of them"));
    assert!(place.ends(2, &["init", "--branch", "x"]).contains("go with `--argocd` or `--flux`"));
}

#[test]
fn nothing_that_stands_there_is_replaced() {
    let place = Place::empty();
    place.put("tasks/hello.yaml", "mine: true\n");
    place.put(".gitattributes", "*.png binary");
    place.put("README.md", "hello\n");
    let output = place.run(&["init"]);
    assert_eq!(output.status.code(), Some(0), "{}", grumbled(&output));
    assert!(grumbled(&output).contains("left as it is: tasks/hello.yaml (a file with other content is there)"));
    assert!(said(&output).contains("add to .gitattributes"), "{}", said(&output));
    assert_eq!(place.text("tasks/hello.yaml"), "mine: true\n");
    assert!(place.text(".gitattributes").starts_with("*.png binary\nfleetcron.lock -text merge=union"));

    // A folder where a file should be, and a link: neither is touched.
    let place = Place::empty();
    fs::create_dir_all(place.dir.join("clusters/eu-west-1-a.yaml")).expect("a folder");
    place.put("own", "*.png binary\n");
    std::os::unix::fs::symlink("own", place.dir.join(".gitattributes")).expect("a link");
    let told = place.ends(0, &["init"]);
    assert!(told.contains("clusters/eu-west-1-a.yaml (a folder is there)"), "{told}");
    assert!(told.contains(".gitattributes (a symbolic link is there)"), "{told}");
    assert_eq!(place.text("own"), "*.png binary\n");

    // A file where a folder should be keeps the whole fleet from compiling, so nothing is written.
    let place = Place::empty();
    place.put("clusters", "a file\n");
    let told = place.ends(1, &["init"]);
    assert!(told.contains("nothing was written") && told.contains("`clusters` is no folder"), "{told}");
    assert_eq!(place.files(), ["clusters"]);
}

#[test]
fn a_fleet_with_errors_gets_nothing() {
    let place = Place::fleet();
    place.put("tasks/hello.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {nam: x}\n");
    let before = read(&place.dir);
    let told = place.ends(1, &["init", "--flux", "--hook"]);
    assert!(told.contains("tasks/hello.yaml:3:12") && told.contains("nothing was written"), "{told}");
    assert_eq!(read(&place.dir), before);
}

#[test]
fn the_hook_stops_a_stale_commit_and_lets_a_right_one_pass() {
    let place = Place::fleet();
    let told = place.fine(&["init", "--hook"]);
    assert!(told.contains("create .git/hooks/pre-commit") && told.contains("id: fleetcron-check"), "{told}");
    let hook = place.dir.join(".git/hooks/pre-commit");
    assert_eq!(fs::metadata(&hook).expect("the hook").permissions().mode() & 0o777, 0o755);
    let (went, told) = place.commit(&place.dir);
    assert!(!went && told.contains("git add"), "{told}");
    place.fine(&["build"]);
    let (went, told) = place.commit(&place.dir);
    assert!(went && told.contains("up to date"), "{told}");

    // Again it is right already; without the program the commit is stopped, and told how to go on.
    assert!(place.fine(&["init", "--hook"]).contains("everything is there"));
    place.put("note", "");
    place.git(&["add", "-A"]);
    let tools = place.dir.join("../tools");
    fs::create_dir(&tools).expect("a folder");
    for tool in ["git", "sh"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .map(|folder| folder.join(tool))
            .find(|path| path.is_file())
            .expect("git and sh");
        std::os::unix::fs::symlink(found, tools.join(tool)).expect("a link");
    }
    let commit = |args: &[&str]| {
        let mut command = place.command("git", &place.dir);
        command.env("PATH", &tools).args(["commit", "-m", "x"]).args(args).output().expect("git starts")
    };
    let stopped = commit(&[]);
    assert!(
        !stopped.status.success() && grumbled(&stopped).contains("git commit --no-verify"),
        "{}",
        grumbled(&stopped)
    );
    assert!(commit(&["--no-verify"]).status.success());

    // Another's hook is never touched.
    place.put(".git/hooks/pre-commit", "#!/bin/sh\n# fleetcron check --staged\nmake lint\n");
    let told = place.ends(1, &["init", "--hook"]);
    assert!(told.contains("\n  fleetcron check --staged || exit 1\n"), "{told}");
    assert_eq!(place.text(".git/hooks/pre-commit"), "#!/bin/sh\n# fleetcron check --staged\nmake lint\n");
    // With the lines added to it, it is right; but Git must be allowed to run it.
    place.put(".git/hooks/pre-commit", "#!/bin/sh\nfleetcron check --staged || exit 1\n");
    assert!(place.fine(&["init", "--hook"]).contains("everything is there"));
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).expect("a mode");
    assert!(place.ends(1, &["init", "--hook"]).contains("chmod +x"));
}

#[test]
fn the_hook_goes_where_git_looks_and_knows_where_the_fleet_is() {
    // A fleet in a folder below the top, with a name that a shell would split, and a hook folder of the repository.
    let place = Place::empty();
    place.git(&["init", "-q", "-b", "main"]);
    place.git(&["config", "core.hooksPath", "my hooks"]);
    place.fine(&["init", "the fleet's", "--hook"]);
    assert!(
        place.text("my hooks/pre-commit").contains(r"--root='the fleet'\''s'"),
        "{}",
        place.text("my hooks/pre-commit")
    );
    let (went, told) = place.commit(&place.dir);
    assert!(!went && told.contains("fleetcron build"), "{told}");
    place.fine(&["build", "--root", "the fleet's"]);
    let (went, told) = place.commit(&place.dir);
    assert!(went, "{told}");

    // A linked work tree: its hooks are those of the common folder.
    place.git(&["config", "--unset", "core.hooksPath"]);
    let linked = place.dir.join("../linked");
    place.git(&["worktree", "add", "-q", "../linked"]);
    let output =
        place.command("fleetcron", &linked.join("the fleet's")).args(["init", "--hook"]).output().expect("it starts");
    assert!(output.status.success(), "{}", grumbled(&output));
    assert!(place.dir.join(".git/hooks/pre-commit").is_file());
    fs::remove_dir_all(linked.join("the fleet's/rendered/us-east-1-a")).expect("removed");
    let (went, told) = place.commit(&linked);
    assert!(!went && told.contains("us-east-1-a"), "{told}");

    // A folder in the home: other repositories use it too, and are left in peace.
    place.git(&["config", "core.hooksPath", "~/hooks"]);
    let output = place.run(&["init", "the fleet's", "--hook"]);
    assert!(output.status.success() && grumbled(&output).contains("every repository that uses that folder"));
    let shared = place.dir.join("../hooks/pre-commit");
    assert!(fs::read_to_string(&shared).expect("the hook").contains("git cat-file -e"));
    let other = place.dir.join("../other");
    fs::create_dir(&other).expect("a folder");
    for args in [&["init", "-q"][..], &["config", "core.hooksPath", "~/hooks"]] {
        assert!(place.command("git", &other).args(args).status().expect("git starts").success());
    }
    fs::write(other.join("a"), "").expect("a file");
    let (went, told) = place.commit(&other);
    assert!(went, "{told}");
    fs::remove_file(place.dir.join("the fleet's/rendered/us-east-1-a/demo/hello.cronjob.yaml")).expect("removed");
    assert!(!place.commit(&place.dir).0);

    // So it is if the folder stands in the user's own settings, also for a fleet that is new; a fleet without a manifest
    // cannot be told from other repositories.
    let settings = place.dir.join("../settings");
    fs::write(&settings, "[core]\n\thooksPath = ~/own-hooks\n").expect("a file");
    let own = Place::empty();
    own.git(&["init", "-q"]);
    let run = || {
        let mut command = own.command("fleetcron", &own.dir);
        command.env("GIT_CONFIG_GLOBAL", &settings).args(["init", "--hook"]).output().expect("it starts")
    };
    let first = run();
    assert!(first.status.success(), "{}", grumbled(&first));
    assert!(own.dir.join("../own-hooks/pre-commit").is_file() && !own.dir.join(".git/hooks/pre-commit").exists());
    fs::remove_file(own.dir.join("fleetcron.yaml")).expect("removed");
    assert!(grumbled(&run()).contains("the hook needs a fleetcron.yaml"));

    // Hooks that are switched off are said to be.
    place.git(&["config", "core.hooksPath", "/dev/null"]);
    assert!(place.ends(1, &["init", "the fleet's", "--hook"]).contains("Git runs none"));
    let nowhere = Place::empty();
    assert!(nowhere.ends(2, &["init", "--hook"]).contains("run `git init` first"));
    assert!(nowhere.files().is_empty());
}

#[test]
fn an_application_set_deletes_nothing_by_itself() {
    let place = Place::fleet();
    place.git(&["remote", "add", "origin", "https://me:s3cret@git.example.com/acme/fleet.git"]);
    place.fine(&["build"]);
    let output = place.run(&["init", "--argocd"]);
    assert!(
        grumbled(&output).contains("credentials in the URL were left out") && !grumbled(&output).contains("s3cret")
    );
    let text = place.text("argocd/applicationset.yaml");
    assert!(!text.contains("s3cret") && !text.contains("REPLACE"), "{text}");
    let set = &documents(&text)[0];
    let spec = &set["spec"];
    assert_eq!(set["metadata"]["name"], "acme");
    assert_eq!(spec["goTemplateOptions"], serde_json::json!(["missingkey=error"]));
    assert_eq!(
        spec["syncPolicy"],
        serde_json::json!({"applicationsSync": "create-update", "preserveResourcesOnDeletion": true})
    );
    let generator = serde_json::json!({"git": {
        "repoURL": "https://git.example.com/acme/fleet.git", "revision": "HEAD", "directories": [{"path": "rendered/*"}]
    }});
    assert_eq!(spec["generators"], serde_json::json!([generator]));
    let template = &spec["template"];
    assert_eq!(template["spec"]["destination"]["name"], "{{.path.basename}}");
    assert_eq!(template["spec"]["source"]["directory"], serde_json::json!({"recurse": true}));
    assert_eq!(
        template["spec"]["syncPolicy"]["automated"],
        serde_json::json!({"prune": true, "selfHeal": true, "allowEmpty": false})
    );
    assert_eq!(template["metadata"]["annotations"]["argocd.argoproj.io/manifest-generate-paths"], ".");
    place.fine(&["check", "--strict"]);

    // Again it is right; another URL finds it in the way, and it stays.
    assert!(place.fine(&["init", "--argocd"]).contains("everything is there"));
    let told = place.ends(1, &["init", "--argocd", "--repo-url", "git@git.example.com:other.git"]);
    assert!(told.contains("left as it is: argocd/applicationset.yaml"), "{told}");
    assert_eq!(place.text("argocd/applicationset.yaml"), text);
    assert!(place.ends(2, &["init", "--argocd", "--repo-url", "/srv/fleet"]).contains("https://HOST"));
}

#[test]
fn an_application_set_follows_the_settings() {
    let place = Place::empty();
    place.git(&["init", "-q", "-b", "main"]);
    place.fine(&["init", "fleet"]);
    let manifest = place.text("fleet/fleetcron.yaml");
    let set = |from: &str, to: &str| {
        assert!(manifest.contains(from), "{from}");
        place.put("fleet/fleetcron.yaml", &manifest.replace(from, to));
        let _absent = fs::remove_dir_all(place.dir.join("fleet/argocd"));
        let told = place.ends(0, &["init", "fleet", "--argocd"]);
        (place.text("fleet/argocd/applicationset.yaml"), told)
    };
    let (text, told) = set("committed: true", "committed: true, kustomization: true".split_at(15).0);
    assert!(told.contains("the URL of the repository is not known") && text.contains("# REPLACE"), "{told}");
    assert_eq!(documents(&text)[0]["spec"]["generators"][0]["git"]["directories"][0]["path"], "fleet/rendered/*");
    let (text, told) = set("committed: true", "committed: false");
    let git = &documents(&text)[0]["spec"]["generators"][0]["git"];
    assert_eq!((&git["directories"][0]["path"], &git["revision"]), (&"*".into(), &"rendered".into()));
    assert!(told.contains("fleetcron build --commit-to rendered"), "{told}");
    let (text, _) = set("namespaces: true", "kustomization: true");
    let source = &documents(&text)[0]["spec"]["template"]["spec"]["source"];
    assert!(source.get("directory").is_none() && text.contains("it refuses the mix"), "{text}");
    let (text, _) = set("namespace: jobs", "namespace: null");
    assert_eq!(documents(&text)[0]["spec"]["template"]["spec"]["destination"]["namespace"], "default");
    place.put("fleet/fleetcron.yaml", &manifest.replace("dir: rendered", "dir: argocd"));
    let _absent = fs::remove_dir_all(place.dir.join("fleet/argocd"));
    assert!(place.ends(2, &["init", "fleet", "--argocd"]).contains("give `output.dir` another name"));
}

#[test]
fn flux_gets_a_file_a_cluster_and_new_ones_later() {
    let place = Place::fleet();
    let url = ["--repo-url", "git@git.example.com:acme/fleet.git"];
    let told = place.ends(0, &["init", "--flux", url[0], url[1]]);
    assert!(told.contains("output.fluxSubstitution is `warn`"), "{told}");
    let source = &documents(&place.text("flux/fleetcron.gitrepository.yaml"))[0];
    assert_eq!(source["apiVersion"], "source.toolkit.fluxcd.io/v1");
    assert_eq!(source["spec"]["url"], "ssh://git@git.example.com/acme/fleet.git");
    assert_eq!(source["spec"]["ref"]["branch"], "main");
    let one = &documents(&place.text("flux/us-east-1-a.yaml"))[0];
    let expected = serde_json::json!({
        "interval": "10m", "retryInterval": "2m", "path": "./rendered/us-east-1-a", "prune": true, "wait": false,
        "sourceRef": {"kind": "GitRepository", "name": "acme"},
    });
    assert_eq!((&one["kind"], &one["spec"]), (&"Kustomization".into(), &expected));
    place.fine(&["build"]);
    place.fine(&["check", "--strict"]);

    // The inventory changes: one comes, one goes.
    let cluster = place.text("clusters/us-east-1-a.yaml");
    place.put("clusters/us-east-2-a.yaml", &cluster.replace("us-east-1", "us-east-2"));
    fs::remove_file(place.dir.join("clusters/europe-west4-b.yaml")).expect("removed");
    let before = place.text("flux/us-east-1-a.yaml");
    let told = place.ends(0, &["init", "--flux", url[0], url[1]]);
    assert!(told.contains("create flux/us-east-2-a.yaml") && !told.contains("create flux/us-east-1-a.yaml"), "{told}");
    assert!(told.contains("left as it is: flux/europe-west4-b.yaml (the inventory has no such cluster)"), "{told}");
    assert!(place.dir.join("flux/europe-west4-b.yaml").is_file());
    assert_eq!(place.text("flux/us-east-1-a.yaml"), before);
}

#[test]
fn programs_are_told_too() {
    let place = Place::empty();
    let value: serde_json::Value = serde_json::from_str(&place.fine(&["init", "--format", "json"])).expect("JSON");
    let result = &value["result"];
    assert_eq!((&value["ok"], &result["written"]), (&true.into(), &true.into()));
    assert_eq!(result["files"][0], serde_json::json!({"path": "fleetcron.yaml", "fate": "create", "why": null}));
    assert_eq!(result["next"], serde_json::json!(["git init", "fleetcron build", "git add -A"]));
}
