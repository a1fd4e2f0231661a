//! What `repo` takes from a work tree, and what it leaves.

#![expect(clippy::disallowed_methods, reason = "these tests make files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fleetcron::repo::{Error, Note, ReadSources, SIZE_LIMIT, Worktree, output_dir, read_sources};
use fleetcron::tree::{ProblemKind, ReadProblem, RepoPath};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn plain() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn git() -> Self {
        let folder = Self::plain();
        folder.run_git(&["init", "-q"]);
        folder
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn with(self, files: &[(&str, &str)]) -> Self {
        for (path, text) in files {
            self.put(path, text);
        }
        self
    }

    fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run_git(&self, args: &[&str]) {
        run_git(self.0.path(), args);
    }

    fn read(&self) -> ReadSources {
        read_sources(self.0.path(), &[]).unwrap()
    }
}

fn run_git(folder: &Path, args: &[&str]) {
    let output = Command::new("git")
        .current_dir(folder)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"])
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn names(sources: &ReadSources) -> Vec<&str> {
    sources.tree.files().map(|(_, file)| file.path.as_str()).collect()
}

fn problems(sources: &ReadSources) -> Vec<(&str, &ProblemKind)> {
    sources.tree.problems().iter().map(|ReadProblem { path, kind }| (path.as_str(), kind)).collect()
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

#[test]
fn documents_are_read_in_path_order_and_other_files_are_not() {
    let folder = Folder::git().with(&[
        ("tasks/b.yaml", "b"),
        ("tasks/a.yml", "a"),
        ("tasks-old.json", "{}"),
        ("run.sh", "echo"),
        ("yaml", ""),
        ("README.md", ""),
    ]);
    let sources = folder.read();
    assert_eq!(names(&sources), ["tasks-old.json", "tasks/a.yml", "tasks/b.yaml"]);
    assert_eq!(&*sources.tree.get(&path("tasks/a.yml")).unwrap().1.bytes, b"a");
    assert!(sources.notes.is_empty() && problems(&sources).is_empty());
}

#[test]
fn ignored_files_are_left_out_whoever_ignores_them() {
    let folder = Folder::git().with(&[
        (".gitignore", "*.tmp.yaml\n/build/\n!/kept.tmp.yaml\n"),
        (".git/info/exclude", "private.yaml\n"),
        ("a.yaml", ""),
        ("a.tmp.yaml", ""),
        ("kept.tmp.yaml", ""),
        ("build/a.yaml", ""),
        ("deep/build/a.yaml", ""),
        ("deep/private.yaml", ""),
        ("deep/.gitignore", "local-*\n!local-but-shared.yaml\n"),
        ("deep/local-a.yaml", ""),
        ("deep/local-but-shared.yaml", ""),
        ("local-a.yaml", ""),
    ]);
    let wanted = ["a.yaml", "deep/build/a.yaml", "deep/local-but-shared.yaml", "kept.tmp.yaml", "local-a.yaml"];
    assert_eq!(names(&folder.read()), wanted);
}

#[test]
fn rules_above_the_fleet_root_hold_below_it() {
    let folder = Folder::git().with(&[
        (".gitignore", "drafts/\n/fleet/old.yaml\n"),
        ("elsewhere.yaml", ""),
        ("fleet/a.yaml", ""),
        ("fleet/old.yaml", ""),
        ("fleet/drafts/a.yaml", ""),
    ]);
    let sources = read_sources(&folder.at("fleet"), &[]).unwrap();
    assert_eq!(names(&sources), ["a.yaml"]);
}

#[test]
fn tracked_files_count_even_if_a_rule_ignores_them() {
    let folder = Folder::git().with(&[("drafts/old.yaml", ""), ("generated.yaml", "")]);
    folder.run_git(&["add", "."]);
    let folder = folder.with(&[(".gitignore", "drafts/\ngenerated.yaml\n"), ("drafts/new.yaml", "")]);
    assert_eq!(names(&folder.read()), ["drafts/old.yaml", "generated.yaml"]);
}

#[test]
fn a_tracked_file_that_was_removed_from_disk_is_not_there() {
    let folder = Folder::git().with(&[("a.yaml", ""), ("b.yaml", "")]);
    folder.run_git(&["add", "."]);
    fs::remove_file(folder.at("b.yaml")).unwrap();
    assert_eq!(names(&folder.read()), ["a.yaml"]);
}

#[test]
fn hidden_files_are_left_out_but_for_the_attributes_at_the_root() {
    let folder = Folder::git().with(&[
        (".gitattributes", "fleetcron.lock merge=union\n"),
        (".gitignore", "fleetcron.lock\n"),
        ("fleetcron.lock", "lock"),
        (".github/a.yaml", ""),
        (".pre-commit-config.yaml", ""),
        ("deep/.gitattributes", ""),
        ("deep/fleetcron.lock", ""),
    ]);
    assert_eq!(names(&folder.read()), [".gitattributes", "fleetcron.lock"]);
    let worktree = Worktree::open(folder.0.path()).unwrap();
    assert_eq!(worktree.attribute(&path("fleetcron.lock"), "merge").as_deref(), Some("union"));
    assert_eq!(worktree.attribute(&path("a.yaml"), "merge"), None);
}

#[test]
fn output_directories_are_left_out() {
    let folder = Folder::git().with(&[("a.yaml", ""), ("rendered/eu/a.yaml", ""), ("other/out/a.yaml", "")]);
    let skip = [PathBuf::from("rendered"), folder.at("other/out"), PathBuf::from("gone"), PathBuf::from(".")];
    assert_eq!(names(&read_sources(folder.0.path(), &skip).unwrap()), ["a.yaml"]);
}

#[test]
fn a_plain_folder_is_read_whole_with_a_note() {
    let folder = Folder::plain().with(&[(".gitignore", "*\n"), ("a.yaml", ""), ("deep/b.yaml", "")]);
    let sources = folder.read();
    assert_eq!(names(&sources), ["a.yaml", "deep/b.yaml"]);
    assert_eq!(sources.notes, [Note::NoGit]);
}

#[test]
fn a_broken_repository_is_a_plain_folder_with_another_note() {
    for (place, text) in [(".git", "gitdir: /nowhere/at/all\n"), (".git", "nonsense"), (".git/HEAD", "nonsense")] {
        let folder = Folder::plain().with(&[(place, text), ("a.yaml", "")]);
        let sources = folder.read();
        assert_eq!(names(&sources), ["a.yaml"]);
        assert!(matches!(&sources.notes[..], [Note::UnusableGit(_)]), "{place} {text:?}: {:?}", sources.notes);
    }
    let folder = Folder::git().with(&[("a.yaml", ""), (".git/index", "nonsense"), (".gitignore", "*")]);
    let sources = folder.read();
    assert_eq!(names(&sources), ["a.yaml"]);
    assert!(matches!(&sources.notes[..], [Note::UnusableGit(_)]), "{:?}", sources.notes);
}

#[test]
fn a_linked_worktree_has_an_index_of_its_own() {
    let folder = Folder::git().with(&[(".gitignore", "*.tmp.yaml\n"), ("a.yaml", "")]);
    folder.run_git(&["add", "."]);
    folder.run_git(&["commit", "-qm", "a"]);
    let other = Folder::plain();
    folder.run_git(&["worktree", "add", "-q", other.at("tree").to_str().unwrap()]);
    let other = other.with(&[("tree/tracked.tmp.yaml", ""), ("tree/b.tmp.yaml", "")]);
    run_git(&other.at("tree"), &["add", "-f", "tracked.tmp.yaml"]);
    let sources = read_sources(&other.at("tree"), &[]).unwrap();
    assert_eq!(names(&sources), ["a.yaml", "tracked.tmp.yaml"]);
    assert!(sources.notes.is_empty());
}

#[test]
fn a_repository_within_is_named_and_not_read() {
    let inner = Folder::git().with(&[("a.yaml", "")]);
    inner.run_git(&["add", "."]);
    inner.run_git(&["commit", "-qm", "a"]);
    let folder = Folder::git().with(&[("a.yaml", ""), ("cloned/a.yaml", "")]);
    run_git(&folder.at("cloned"), &["init", "-q"]);
    folder.run_git(&["submodule", "--quiet", "add", inner.0.path().to_str().unwrap(), "sub"]);
    let sources = folder.read();
    assert_eq!(names(&sources), ["a.yaml"]);
    assert_eq!(sources.notes, [Note::NestedRepository("cloned".into()), Note::NestedRepository("sub".into())]);
}

#[test]
fn a_fleet_in_an_ignored_folder_is_read_as_a_plain_one() {
    let folder = Folder::git().with(&[(".gitignore", "/checkouts/\n"), ("checkouts/fleet/a.yaml", "")]);
    let sources = read_sources(&folder.at("checkouts/fleet"), &[]).unwrap();
    assert_eq!(names(&sources), ["a.yaml"]);
    assert_eq!(sources.notes, [Note::IgnoredRoot]);
}

#[test]
fn a_root_that_is_missing_or_a_file_is_an_error_that_names_it() {
    let folder = Folder::plain().with(&[("a.yaml", "")]);
    let missing = read_sources(&folder.at("gone"), &[]).unwrap_err();
    assert!(missing.to_string().contains("gone") && matches!(missing, Error::Read { .. }));
    assert!(matches!(read_sources(&folder.at("a.yaml"), &[]), Err(Error::NotAFolder(_))));
}

#[test]
fn a_file_over_the_limit_is_a_problem() {
    let folder = Folder::git().with(&[("small.yaml", "")]);
    let limit = usize::try_from(SIZE_LIMIT).unwrap();
    folder.put("full.yaml", vec![b'#'; limit]);
    folder.put("large.yaml", vec![b'#'; limit + 1]);
    let sources = folder.read();
    assert_eq!(names(&sources), ["full.yaml", "small.yaml"]);
    assert_eq!(problems(&sources), [("large.yaml", &ProblemKind::TooLarge(SIZE_LIMIT + 1))]);
}

#[test]
fn references_may_have_any_name_and_are_read_on_demand() {
    let folder = Folder::git().with(&[
        (".gitignore", "secret.sh\n"),
        ("a.yaml", ""),
        ("run.sh", "echo"),
        ("secret.sh", "s"),
        (".hidden/x.txt", "h"),
        ("folder/x", ""),
    ]);
    let worktree = Worktree::open(folder.0.path()).unwrap();
    let first = worktree.read(&[]);
    let wanted = ["run.sh", "secret.sh", ".hidden/x.txt", "folder", "gone", "a.yaml/gone", "a.yaml", ".git/config"];
    let sources = worktree.read_more(&first, &wanted.map(path));
    assert_eq!(names(&sources), [".hidden/x.txt", "a.yaml", "run.sh", "secret.sh"]);
    assert_eq!(sources.notes, [Note::IgnoredReference("secret.sh".into())]);
    let refused: Vec<_> = problems(&sources).into_iter().map(|(path, _)| path).collect();
    assert_eq!(refused, [".git/config", "folder"]);
    let again = worktree.read_more(&sources, &wanted.map(path));
    assert_eq!((names(&again), problems(&again)), (names(&sources), problems(&sources)));
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_followed_only_within_the_root() {
        let outside = Folder::plain().with(&[("a.yaml", "secret"), ("folder/a.yaml", "secret")]);
        let folder = Folder::git().with(&[("real/a.yaml", "a"), (".shared/b.yaml", "b"), ("data.txt", "")]);
        let link = |target: &str, name: &str| symlink(target, folder.at(name)).unwrap();
        link("real/a.yaml", "in.yaml");
        link("in.yaml", "twice.yaml");
        link(".shared/b.yaml", "hidden-target.yaml");
        link("data.txt", "in.txt");
        link("real", "folder-in");
        link(".", "folder-itself");
        link(".git", "folder-git");
        link("gone.yaml", "broken.yaml");
        link("gone", "broken-folder");
        link("loop.yaml", "loop.yaml");
        link(".git/config", "config.yaml");
        let (file, below) = (outside.at("a.yaml"), outside.at("folder"));
        symlink(&file, folder.at("out.yaml")).unwrap();
        symlink(&file, folder.at("out.txt")).unwrap();
        symlink(&below, folder.at("folder-out")).unwrap();
        symlink(&below, folder.at("folder.yaml")).unwrap();
        symlink(&below, folder.at(".hidden-out")).unwrap();
        let sources = folder.read();
        let files: Vec<_> = sources.tree.files().map(|(_, f)| (f.path.as_str(), &*f.bytes, f.link)).collect();
        let (a, b): (&[u8], &[u8]) = (b"a", b"b");
        assert_eq!(
            files,
            [
                ("hidden-target.yaml", b, false),
                ("in.yaml", a, true),
                ("real/a.yaml", a, false),
                ("twice.yaml", a, true)
            ]
        );
        let (file, below) = (file.to_str().unwrap().to_owned(), below.to_str().unwrap().to_owned());
        assert_eq!(
            problems(&sources),
            [
                ("broken.yaml", &ProblemKind::LinkBroken("gone.yaml".into())),
                ("config.yaml", &ProblemKind::Unreadable("it lies in Git's own folder".into())),
                ("folder-out", &ProblemKind::LinkOutside(below.clone())),
                ("folder.yaml", &ProblemKind::LinkOutside(below)),
                ("loop.yaml", &ProblemKind::LinkBroken("loop.yaml".into())),
                ("out.yaml", &ProblemKind::LinkOutside(file)),
            ]
        );
    }

    #[test]
    fn references_through_links_stay_within_the_root() {
        let outside = Folder::plain().with(&[("x.sh", "secret")]);
        let folder = Folder::git().with(&[("real/x.sh", "x")]);
        symlink("real", folder.at("inside")).unwrap();
        symlink(outside.0.path(), folder.at("outside")).unwrap();
        symlink(".git", folder.at("git")).unwrap();
        let worktree = Worktree::open(folder.0.path()).unwrap();
        let wanted = ["inside/x.sh", "outside/x.sh", "git/config"].map(path);
        let sources = worktree.read_more(&ReadSources::default(), &wanted);
        assert_eq!(names(&sources), ["inside/x.sh"]);
        let target = outside.0.path().to_str().unwrap().to_owned();
        assert_eq!(
            problems(&sources),
            [
                ("git/config", &ProblemKind::Unreadable("it lies in Git's own folder".into())),
                ("outside/x.sh", &ProblemKind::LinkOutside(target)),
            ]
        );
    }

    #[test]
    fn an_ignored_link_may_lead_anywhere() {
        let folder = Folder::git().with(&[(".gitignore", "/result\n"), ("a.yaml", "")]);
        symlink("/", folder.at("result")).unwrap();
        assert!(problems(&folder.read()).is_empty());
    }

    #[test]
    fn a_pipe_or_a_socket_is_a_problem_and_never_waited_for() {
        let folder = Folder::git();
        assert!(Command::new("mkfifo").arg(folder.at("pipe.yaml")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(folder.at("socket.json")).unwrap();
        symlink("pipe.yaml", folder.at("link.yaml")).unwrap();
        let worktree = Worktree::open(folder.0.path()).unwrap();
        let sources = worktree.read_more(&worktree.read(&[]), &[path("pipe.yaml")]);
        let special = ProblemKind::Unreadable("it is a pipe, a socket or a device".into());
        let all = [("link.yaml", &special), ("pipe.yaml", &special), ("socket.json", &special)];
        assert_eq!(problems(&sources), all);
    }

    #[test]
    fn what_may_not_be_read_is_a_problem() {
        let folder = Folder::git().with(&[("a.yaml", ""), ("b.yaml", ""), ("closed/c.yaml", "")]);
        let mode = |name: &str, mode| fs::set_permissions(folder.at(name), fs::Permissions::from_mode(mode)).unwrap();
        mode("a.yaml", 0o000);
        mode("closed", 0o000);
        let privileged = fs::read(folder.at("a.yaml")).is_ok();
        let sources = folder.read();
        mode("closed", 0o755);
        if privileged {
            return;
        }
        assert_eq!(names(&sources), ["b.yaml"]);
        assert!(matches!(
            problems(&sources)[..],
            [("a.yaml", ProblemKind::Unreadable(_)), ("closed", ProblemKind::Unreadable(_))]
        ));
    }

    #[test]
    fn names_that_are_no_paths_of_ours_are_problems_where_they_would_be_read() {
        let folder = Folder::git().with(&[(".gitignore", "*.ignored.yaml\n")]);
        for name in [&b"bad-\xff.yaml"[..], b"bad-\xff.txt", b"line\nbreak.yaml", b"\xff.ignored.yaml"] {
            fs::write(folder.0.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        let below = folder.0.path().join(OsStr::from_bytes(b"d\xff"));
        fs::create_dir(&below).unwrap();
        fs::write(below.join("x.yaml"), "").unwrap();
        let sources = folder.read();
        assert!(names(&sources).is_empty());
        let name = &ProblemKind::Name;
        assert_eq!(
            problems(&sources),
            [("bad-\u{fffd}.yaml", name), ("d\u{fffd}/x.yaml", name), ("line\nbreak.yaml", name)]
        );
    }

    #[test]
    fn an_output_directory_behind_a_link_that_leaves_the_root_is_refused() {
        let outside = Folder::plain();
        let folder = Folder::git().with(&[("real/x", "")]);
        symlink(outside.0.path(), folder.at("out")).unwrap();
        symlink("gone", folder.at("dangling")).unwrap();
        symlink("real", folder.at("in")).unwrap();
        let dir = |text: &str| output_dir(folder.0.path(), &path(text));
        for bad in ["out", "out/deep", "dangling"] {
            assert!(matches!(dir(bad), Err(Error::OutputOutside(_))), "{bad}");
        }
        for good in ["in", "in/deep", "real", "new/deep"] {
            assert_eq!(dir(good).unwrap(), folder.at(good));
        }
    }
}
