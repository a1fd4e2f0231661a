//! The working tree, the index and a revision are three views of one repository: on a clean checkout they say the same.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use fleetcron::compile::compile;
use fleetcron::repo::{Opened, ReadSources, View, read_sources};
use fleetcron::tree::{Difference, OutputTree, ProblemKind, RepoPath};

use super::{Repo, git, run, task};
use crate::support::{self, grumbled, said};

type Output = BTreeMap<String, Vec<u8>>;

/// What a build of `root` gives, read as `how` says.
fn built(root: &Path, how: &[&str]) -> Output {
    let out = tempfile::tempdir().expect("a folder");
    let mut args = vec!["build", "--out", out.path().to_str().expect("text")];
    args.extend(how);
    let ran = run(root, &args);
    assert!(ran.status.success(), "{how:?} in {}: {}", root.display(), grumbled(&ran));
    support::read(out.path())
}

/// A folder laid into a new repository, built and committed.
fn repository_of(folder: &Path) -> Repo {
    let repo = Repo::empty();
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    for entry in files.filter(|entry| !entry.file_type().is_dir()) {
        let target = repo.dir.join(entry.path().strip_prefix(folder).expect("below"));
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        if entry.path_is_symlink() {
            symlink(fs::read_link(entry.path()).expect("a link"), target).expect("a link");
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
    repo.build();
    repo.commit("all");
    repo
}

#[test]
fn every_view_of_a_clean_checkout_gives_the_same_bytes() {
    for name in ["quickstart", "active", "capacity", "spreading"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
        let repo = repository_of(&folder.join("repo"));
        let home = repo.dir.parent().expect("a folder");
        let plain = built(&repo.dir, &[]);
        assert!(plain.len() > 2, "{name}");
        let same = |what: &str, other: Output| {
            let paths: Vec<&String> = other.keys().collect();
            assert!(plain == other, "{name}, {what}: {paths:?}");
        };
        same("the index", built(&repo.dir, &["--staged"]));
        same("HEAD", built(&repo.dir, &["--at", "HEAD"]));
        same("a revision with its folder", built(&repo.dir, &["--at", "main:"]));
        repo.git(&["worktree", "add", "-q", "--detach", "../linked"]);
        for how in [&[][..], &["--staged"], &["--at", "HEAD"]] {
            same("a linked worktree", built(&home.join("linked"), how));
        }
        repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
        same("a bare repository", built(&home.join("bare.git"), &["--at", "main"]));
        let url = format!("file://{}", repo.dir.display());
        repo.put("later", "");
        repo.commit("later");
        git(home, &["clone", "-q", "--depth", "1", &url, "shallow"]);
        for how in [&[][..], &["--staged"], &["--at", "HEAD"]] {
            same("a shallow clone", built(&home.join("shallow"), how));
        }
        fs::remove_dir_all(home.join("shallow/.git")).expect("removed");
        same("a copy without Git", built(&home.join("shallow"), &[]));
    }
}

/// Path -> bytes, and whether it is a link.
type Files = BTreeMap<String, (Vec<u8>, bool)>;

/// Path and kind.
type Problems = Vec<(String, String)>;

/// What a view reads, for comparison: files with bytes, and problems; where a link leads is said in words of the disk.
fn read(root: &Path, view: &View) -> (Files, Problems) {
    let opened = view.open(root).expect("opened");
    let sources = opened.read("rendered", &[]);
    let references: Vec<RepoPath> =
        ["run.sh", "hidden/.secret", "links/to-script", "links/folder/inner.txt", "nothing", "links/broken", "up"]
            .iter()
            .map(|path| RepoPath::new(path).expect("a path"))
            .collect();
    let ReadSources { tree, .. } = opened.read_more(&sources, &references);
    let files = tree.files().map(|(_, file)| (file.path.to_string(), (file.bytes.to_vec(), file.link))).collect();
    let problems = tree.problems().iter().map(|problem| (problem.path.clone(), format!("{:?}", problem.kind)));
    (files, problems.collect())
}

#[test]
fn what_a_folder_gives_the_index_and_the_commit_give_too() {
    let repo = Repo::empty();
    for (path, text) in [
        ("a.yaml", "a"),
        ("deep/er/b.json", "b"),
        ("deep/c.yml", "c"),
        (".hidden.yaml", "no"),
        (".folder/d.yaml", "no"),
        ("hidden/.secret", "told"),
        ("other.txt", "no"),
        ("run.sh", "echo"),
        ("folder/inner.txt", "inner"),
        ("folder/inner.yaml", "inner"),
        ("rendered/eu/x.yaml", "no"),
        ("rendered.yaml", "yes"),
        (".gitattributes", "* text"),
        ("fleetcron.lock", "lock"),
        ("lfs.json", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
    ] {
        repo.put(path, text);
    }
    fs::create_dir(repo.dir.join("links")).expect("a folder");
    fs::write(repo.dir.join("../elsewhere.yaml"), "not ours").expect("written");
    for (link, target) in [
        ("links/same.yaml", "../a.yaml"),
        ("links/script.yaml", "../run.sh"),
        ("links/to-script", "../run.sh"),
        ("links/chain.yaml", "same.yaml"),
        ("links/folder", "../folder"),
        ("links/through.yaml", "folder/inner.yaml"),
        ("links/out.yaml", "../../elsewhere.yaml"),
        ("links/absolute.yaml", "/etc/hostname"),
        ("links/broken.yaml", "nowhere.yaml"),
        ("links/broken", "nowhere"),
        ("links/round.yaml", "round.yaml"),
        ("links/git.yaml", "../.git/config"),
        ("up", "../.."),
    ] {
        symlink(target, repo.dir.join(link)).expect("a link");
    }
    let sub = tempfile::tempdir().expect("a folder");
    git(sub.path(), &["init", "-q"]);
    git(sub.path(), &["commit", "-q", "--allow-empty", "-m", "x"]);
    let from = sub.path().to_str().expect("text");
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from, "module"]);
    repo.commit("all");
    let folder = read(&repo.dir, &View::Folder);
    assert!(folder.0.len() > 8 && folder.1.len() > 4, "{folder:?}");
    assert!(folder.1.iter().any(|(path, kind)| path == "lfs.json" && kind == "LargeFilePointer"));
    for view in [View::Index(None), View::Revision("HEAD".to_owned()), View::Revision("main:".to_owned())] {
        assert_eq!(read(&repo.dir, &view), folder, "{view:?}");
    }
    for view in [View::Folder, View::Index(None), View::Revision("HEAD".to_owned())] {
        let notes: Vec<String> =
            view.open(&repo.dir).expect("opened").read("rendered", &[]).notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes, ["`module` is a Git repository of its own and is not read"], "{view:?}");
    }
}

#[test]
fn a_fleet_in_a_sub_folder_is_found_in_every_view() {
    let repo = Repo::new();
    repo.git(&["rm", "-q", "-r", "rendered"]);
    for name in ["tasks", "clusters", "fleetcron.lock", ".gitattributes"] {
        fs::create_dir_all(repo.dir.join("fleets/a")).expect("a folder");
        repo.git(&["mv", name, "fleets/a/"]);
    }
    repo.put("tasks/broken.yaml", "kind: Task\napiVersion: fleetcron.dev/v1alpha1\n");
    let root = repo.dir.join("fleets/a");
    fs::write(root.join("fleetcron.yaml"), "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\n")
        .expect("written");
    run(&root, &["build"]);
    repo.commit("moved");
    let plain = built(&root, &[]);
    assert_eq!(plain.len(), 6);
    assert_eq!(built(&root.join("tasks"), &["--staged"]), plain);
    assert_eq!(built(&root, &["--at", "HEAD"]), plain);
    repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = repo.dir.parent().expect("a folder").join("bare.git");
    assert_eq!(built(&bare, &["--at", "main:fleets/a"]), plain);
    let ran = run(&root, &["render", "eu-1", "--at", "HEAD~1"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(grumbled(&ran).contains("`HEAD~1` has no folder `fleets/a`"), "{}", grumbled(&ran));
}

#[test]
fn what_is_only_intended_to_be_added_is_not_staged() {
    let repo = Repo::new();
    repo.put("tasks/new.yaml", &task("new", "1"));
    repo.git(&["add", "-N", "tasks/new.yaml"]);
    assert!(!said(&repo.run(&["plan", "--staged"])).contains("billing/new"));
    assert!(said(&repo.run(&["plan"])).contains("billing/new"));
    repo.git(&["add", "tasks/new.yaml"]);
    assert!(said(&repo.run(&["plan", "--staged"])).contains("billing/new"));
    assert!(!said(&repo.run(&["plan", "--at", "HEAD"])).contains("billing/new"));
}

#[test]
fn what_git_cannot_give_is_said_with_a_way_out() {
    let repo = Repo::new();
    let fails = |args: &[&str], dir: &Path| {
        let ran = run(dir, args);
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {}", grumbled(&ran));
        assert_eq!(said(&ran), "", "{args:?}");
        grumbled(&ran)
    };
    let told = fails(&["render", "eu-1", "--at", "nowhere"], &repo.dir);
    assert!(told.starts_with("error: there is no revision `nowhere`: ") && told.contains("fetch it first"), "{told}");
    let told = fails(&["check", "--base", "origin/main"], &repo.dir);
    assert!(told.contains("there is no revision `origin/main`"), "{told}");
    let plain = tempfile::tempdir().expect("a folder");
    assert!(fails(&["check", "--staged"], plain.path()).contains("is in no Git repository"));
    fs::write(plain.path().join(".git"), "gitdir: nowhere").expect("written");
    assert!(fails(&["check", "--staged"], plain.path()).contains("cannot be used"));

    repo.commit_empty();
    let url = format!("file://{}", repo.dir.display());
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "--depth", "1", &url, "shallow"]);
    assert!(fails(&["plan", "--at", "HEAD~1"], &home.join("shallow")).contains("git fetch --unshallow"));

    repo.git(&["checkout", "-q", "-b", "other"]);
    repo.put("tasks/rollup.yaml", &task("rollup", "5"));
    repo.commit("theirs");
    repo.git(&["checkout", "-q", "main"]);
    repo.put("tasks/rollup.yaml", &task("rollup", "6"));
    repo.commit("ours");
    let merged = super::git_command(&repo.dir).args(["merge", "-q", "other"]).output().expect("git starts");
    assert!(!merged.status.success());
    let told = fails(&["check", "--staged"], &repo.dir);
    assert!(told.contains("unmerged paths, `tasks/rollup.yaml` the first of 1"), "{told}");
}

impl Repo {
    fn commit_empty(&self) {
        self.git(&["commit", "-q", "--allow-empty", "-m", "empty"]);
    }
}

#[test]
fn a_pointer_of_lfs_is_said_and_never_taken_for_the_file() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    let repo = Repo::new();
    repo.put("dashboards/big.json", pointer);
    repo.git(&["add", "-A"]);
    for how in [&["check"][..], &["check", "--staged"]] {
        let ran = repo.run(how);
        assert_eq!(ran.status.code(), Some(0), "{how:?}: {}", grumbled(&ran));
        assert!(grumbled(&ran).contains("warning[unreadable]: this is a pointer of Git LFS"), "{}", grumbled(&ran));
    }
    let with = task("rollup", "1.4").replace("container: {", "container: {command: [sh, -c, {fromFile: run.sh}], ");
    repo.put("tasks/rollup.yaml", &with);
    repo.put("tasks/run.sh", pointer);
    repo.git(&["add", "-A"]);
    for how in [&["build"][..], &["build", "--stage"], &["render", "eu-1", "--staged"]] {
        let ran = repo.run(how);
        assert_eq!(ran.status.code(), Some(1), "{how:?}: {}", grumbled(&ran));
        let told = grumbled(&ran);
        assert!(
            told.contains("error[unreadable]: this is a pointer of Git LFS") && told.contains("tasks/run.sh"),
            "{told}"
        );
        assert!(!told.contains("there is no file"), "{told}");
    }
}

#[test]
fn no_blob_is_opened_whose_name_is_the_one_to_write() {
    let repo = Repo::new();
    let sources = read_sources(&repo.dir, &[repo.dir.join("rendered")]).expect("sources").tree;
    let output: OutputTree = compile(&sources).output;
    let dir = RepoPath::new("rendered").expect("a path");
    for view in [View::Index(None), View::Revision("HEAD".to_owned())] {
        let Opened::Objects(objects) = view.open(&repo.dir).expect("opened") else { panic!("no objects") };
        let (existing, mut blobs) = objects.existing(Some(&dir), |_| true).expect("a list");
        let difference = Difference::between(&output, &existing, &mut blobs).expect("a difference");
        assert!(difference.is_empty() && difference.unchanged == 6, "{difference:?}");
        assert_eq!(blobs.opened(), 0, "{view:?}");
    }
    repo.put("rendered/eu-1/billing/rollup.cronjob.yaml", "other");
    repo.git(&["add", "-A"]);
    let Opened::Objects(objects) = View::Index(None).open(&repo.dir).expect("opened") else { panic!("no objects") };
    let (existing, mut blobs) = objects.existing(Some(&dir), |_| true).expect("a list");
    let difference = Difference::between(&output, &existing, &mut blobs).expect("a difference");
    assert_eq!((difference.conflicts.len(), blobs.opened()), (1, 1));
}

#[test]
fn a_name_that_is_no_text_is_a_problem_in_every_view() {
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::empty();
    let name = std::ffi::OsStr::from_bytes(b"bad-\xff.yaml");
    fs::write(repo.dir.join(name), "a: b").expect("written");
    repo.commit("one");
    for view in [View::Folder, View::Index(None), View::Revision("HEAD".to_owned())] {
        let sources = view.open(&repo.dir).expect("opened").read("rendered", &[]);
        let problems: Vec<&ProblemKind> = sources.tree.problems().iter().map(|problem| &problem.kind).collect();
        assert_eq!(problems, [&ProblemKind::Name], "{view:?}");
    }
}
