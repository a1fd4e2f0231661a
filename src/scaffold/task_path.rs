//! Chooses the folder of a new task file: the one where most tasks are.

use std::collections::BTreeMap;

use crate::model::{Identity, Model};
use crate::tree::SourceTree;

/// How the path of a task follows from its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Habit {
    /// The folder of all.
    folder: String,
    /// A folder a namespace below it.
    by_namespace: bool,
    /// A folder a task below that, with a file of this name.
    own: Option<String>,
    ending: String,
}

/// The path of a task that does not exist yet.
pub fn choose_task_path(namespace: Option<&str>, name: &str, model: &Model, tree: &SourceTree) -> String {
    let mut votes: BTreeMap<Habit, usize> = BTreeMap::new();
    for unit in &model.units {
        let file = &tree.file(unit.name.file).path;
        *votes.entry(habit(file.as_str(), &unit.identity)).or_default() += 1;
    }
    let most = votes.values().copied().max();
    let habit = votes.into_iter().find(|(_, count)| Some(*count) == most).map(|(habit, _)| habit);
    let habit = habit.unwrap_or_else(|| Habit {
        folder: "tasks".to_owned(),
        by_namespace: true,
        own: None,
        ending: "yaml".to_owned(),
    });
    let mut parts: Vec<String> = Vec::new();
    parts.extend((!habit.folder.is_empty()).then_some(habit.folder));
    parts.extend(namespace.filter(|_| habit.by_namespace).map(clean));
    let file = match habit.own {
        Some(own) => {
            parts.push(clean(name));
            own
        }
        None => clean(name),
    };
    format!("{}.{}", parts.into_iter().chain([file]).collect::<Vec<_>>().join("/"), habit.ending)
}

fn habit(path: &str, identity: &Identity) -> Habit {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, "yaml"));
    let ending = if ending == "yml" { "yml" } else { "yaml" };
    let split = |folder: &str| -> (String, String) {
        let (above, last) = folder.rsplit_once('/').unwrap_or(("", folder));
        (above.to_owned(), last.to_owned())
    };
    let (above, last) = split(folder);
    let (rest, own) = if last == identity.name && stem != identity.name {
        (above, Some(stem.to_owned()))
    } else {
        (folder.to_owned(), None)
    };
    let (above, last) = split(&rest);
    let by_namespace = identity.namespace.as_deref() == Some(last.as_str()) && !last.is_empty();
    Habit { folder: if by_namespace { above } else { rest }, by_namespace, own, ending: ending.to_owned() }
}

/// A part of a path; what the compiler will refuse as a name must not lead elsewhere first.
fn clean(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' };
    let clean: String = name.chars().map(kept).collect();
    let clean = clean.trim_start_matches('.').to_owned();
    if clean.is_empty() { "task".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compile;

    fn path_in(files: &[&str], namespace: Option<&str>, name: &str) -> String {
        let text = |path: &&str| {
            let name = path.replace(['/', '.'], "-");
            let name = if path.contains("/own/") { "own".to_owned() } else { name };
            let task = format!(
                "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}, namespace: pay}}\nspec: {{placement: {{clusters: \"*\"}}, schedule: \"0 3 * * *\", container: {{image: \"a:1\"}}}}\n"
            );
            ((*path).to_owned(), task)
        };
        let files: Vec<(String, String)> = files.iter().map(text).collect();
        let tree = SourceTree::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        super::choose_task_path(namespace, name, &compile(&tree).model, &tree)
    }

    #[test]
    fn the_habit_of_most_is_kept() {
        assert_eq!(path_in(&[], Some("pay"), "rollup"), "tasks/pay/rollup.yaml");
        assert_eq!(path_in(&[], None, "rollup"), "tasks/rollup.yaml");
        assert_eq!(path_in(&["jobs/pay/a.yml", "jobs/pay/b.yml", "c.yaml"], Some("x"), "new"), "jobs/x/new.yml");
        assert_eq!(path_in(&["jobs/a.yaml", "jobs/b.yaml"], Some("x"), "new"), "jobs/new.yaml");
        assert_eq!(path_in(&["jobs/own/task.yaml"], Some("x"), "new"), "jobs/new/task.yaml");
        assert_eq!(path_in(&["all.yaml"], Some("x"), "../../new"), "-..-new.yaml");
    }
}
