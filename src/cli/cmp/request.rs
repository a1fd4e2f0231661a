//! Reads the plugin's request from the environment that Argo CD sets.
//!
//! Unknown parameters, wrong types, duplicates and unreadable text are errors; nothing is guessed.

use std::ffi::OsString;

use serde_json::Value;

use super::super::outcome::Failure;
use crate::diag::nearest;

/// The parameters that there are.
pub(super) const CLUSTER: &str = "cluster";
/// Only the objects of some tasks.
pub(super) const TASKS: &str = "tasks";

/// Where Argo CD puts the parameters of an application.
const PARAMETERS: &str = "ARGOCD_APP_PARAMETERS";
/// Where a cluster may stand beside the parameters: in `plugin.env`, and in what Argo CD makes of parameters.
const ELSEWHERE: [&str; 2] = ["ARGOCD_ENV_CLUSTER", "PARAM_CLUSTER"];
/// Where Argo CD puts what `plugin.env` says of deletions.
const ALLOWED: &str = "ARGOCD_ENV_FLEETCRON_ALLOW_DELETIONS";
/// What one message between Argo CD's servers may hold, in MB.
const LIMIT: &str = "ARGOCD_GRPC_MAX_SIZE_MB";

/// What an application asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PluginRequest {
    /// The cluster, and who says so.
    pub(super) cluster: Option<(String, String)>,
    /// Only these tasks; all if there is none.
    pub(super) tasks: Vec<String>,
    /// The path of the application in its repository.
    pub(super) path: Option<String>,
    /// The commit.
    pub(super) revision: Option<String>,
    /// The Kubernetes version of the cluster that it goes to.
    pub(super) version: Option<String>,
    /// The deletions that `plugin.env` allows.
    pub(super) allowed: Vec<String>,
    /// How many MB one message between Argo CD's servers may have.
    pub(super) limit: u64,
}

impl PluginRequest {
    /// Reads the environment.
    ///
    /// # Errors
    /// A value cannot be read, or says something that is not known.
    pub(super) fn read(ask: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Failure> {
        let text = |name: &str| -> Result<Option<String>, Failure> {
            let Some(value) = ask(name) else { return Ok(None) };
            let value = value.into_string();
            let value =
                value.map_err(|_| Failure::Run(format!("the environment variable {name} is not UTF-8 text")))?;
            Ok(Some(value).filter(|value| !value.is_empty()))
        };
        let mut request = Self {
            path: text("ARGOCD_APP_SOURCE_PATH")?,
            revision: text("ARGOCD_APP_REVISION")?,
            version: text("KUBE_VERSION")?,
            allowed: text(ALLOWED)?.into_iter().collect(),
            // What is no number Argo CD passes over too.
            limit: text(LIMIT)?.and_then(|mb| mb.parse().ok()).unwrap_or(100),
            ..Self::default()
        };
        if let Some(said) = text(PARAMETERS)? {
            request.parameters(&said)?;
        }
        for name in ELSEWHERE {
            if request.cluster.is_none() {
                request.cluster = text(name)?.map(|cluster| (cluster, name.to_owned()));
            }
        }
        Ok(request)
    }

    fn parameters(&mut self, said: &str) -> Result<(), Failure> {
        let wrong = |why: String| Failure::Run(format!("{PARAMETERS} is not an array of parameters: {why}"));
        let items = match serde_json::from_str(said) {
            Ok(Value::Null) => Vec::new(),
            Ok(Value::Array(items)) => items,
            Ok(_) => return Err(wrong("it is other JSON".to_owned())),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let mut seen: Vec<&str> = Vec::new();
        for item in &items {
            let Some(name) = item.get("name").and_then(Value::as_str) else {
                return Err(wrong("one of them has no `name`".to_owned()));
            };
            if seen.contains(&name) {
                return Err(Failure::Run(format!("the parameter `{name}` is given twice")));
            }
            seen.push(name);
            match name {
                CLUSTER => {
                    let cluster = of_type(item, name, "string").and_then(|value| {
                        value
                            .map(|value| value.as_str().map(str::to_owned).ok_or_else(|| mistyped(name, "string")))
                            .transpose()
                    })?;
                    self.cluster = cluster
                        .filter(|cluster| !cluster.is_empty())
                        .map(|cluster| (cluster, format!("the parameter `{CLUSTER}`")));
                }
                TASKS => {
                    if let Some(value) = of_type(item, name, "array")? {
                        let tasks = value.as_array().ok_or_else(|| mistyped(name, "array"))?;
                        let tasks = tasks.iter().map(|task| task.as_str().map(str::to_owned));
                        self.tasks = tasks.collect::<Option<_>>().ok_or_else(|| mistyped(name, "array"))?;
                        if self.tasks.is_empty() {
                            let say = "name a task, or leave it out to get all tasks of the cluster";
                            return Err(Failure::Run(format!("the parameter `{TASKS}` is an empty list: {say}")));
                        }
                    }
                }
                _ => {
                    let near = nearest(name, [CLUSTER, TASKS]);
                    let hint = near.map_or_else(|| ";".to_owned(), |near| format!("; did you mean `{near}`?"));
                    let known = format!("there are `{CLUSTER}` (string) and `{TASKS}` (array)");
                    return Err(Failure::Run(format!("there is no parameter `{name}`{hint} {known}")));
                }
            }
        }
        Ok(())
    }
}

/// The value of a parameter, which must have this type if it has any.
fn of_type<'v>(item: &'v Value, name: &str, wanted: &str) -> Result<Option<&'v Value>, Failure> {
    let given = |member: &str| item.get(member).filter(|value| !value.is_null());
    if ["string", "array", "map"].iter().any(|other| *other != wanted && given(other).is_some()) {
        return Err(mistyped(name, wanted));
    }
    Ok(given(wanted))
}

fn mistyped(name: &str, wanted: &str) -> Failure {
    let form = match wanted {
        "string" => "`string: NAME`",
        _ => "`array: [NAME, ...]`",
    };
    Failure::Run(format!("the parameter `{name}` is not of the type {wanted}: write {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Result<PluginRequest, String> {
        let find =
            |name: &str| environment.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(value));
        PluginRequest::read(&find).map_err(|failure| failure.to_string())
    }

    fn parameters(said: &str) -> Result<PluginRequest, String> {
        read(&[(PARAMETERS, said)])
    }

    #[test]
    fn the_parameter_wins_over_the_environment() {
        let said = r#"[{"name":"cluster","string":"eu"},{"name":"tasks","array":["a","b/c"]}]"#;
        let request = read(&[(PARAMETERS, said), ("ARGOCD_ENV_CLUSTER", "us")]).unwrap();
        assert_eq!(request.cluster, Some(("eu".to_owned(), "the parameter `cluster`".to_owned())));
        assert_eq!(request.tasks, ["a", "b/c"]);
        let request = read(&[(PARAMETERS, "null"), ("ARGOCD_ENV_CLUSTER", "us"), ("PARAM_CLUSTER", "cn")]).unwrap();
        assert_eq!(request.cluster, Some(("us".to_owned(), "ARGOCD_ENV_CLUSTER".to_owned())));
        let request = read(&[("ARGOCD_ENV_CLUSTER", ""), ("PARAM_CLUSTER", "cn")]).unwrap();
        assert_eq!(request.cluster, Some(("cn".to_owned(), "PARAM_CLUSTER".to_owned())));
    }

    #[test]
    fn without_parameters_argo_cd_says_null_and_an_empty_default_says_nothing() {
        for said in ["null", "[]", "", r#"[{"name":"cluster","string":""}]"#, r#"[{"name":"cluster"}]"#] {
            assert_eq!(parameters(said).unwrap(), PluginRequest { limit: 100, ..PluginRequest::default() }, "{said}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let cases = [
            ("{", "is not an array of parameters: EOF"),
            ("{}", "it is other JSON"),
            ("[1]", "has no `name`"),
            (
                r#"[{"name":"clutser","string":"eu"}]"#,
                "there is no parameter `clutser`; did you mean `cluster`? there are `cluster`",
            ),
            (r#"[{"name":"region"}]"#, "there is no parameter `region`; there are `cluster` (string)"),
            (r#"[{"name":"cluster","array":["eu"]}]"#, "write `string: NAME`"),
            (r#"[{"name":"cluster","string":1}]"#, "write `string: NAME`"),
            (r#"[{"name":"cluster","string":"a","map":{}}]"#, "write `string: NAME`"),
            (r#"[{"name":"tasks","string":"a"}]"#, "write `array: [NAME, ...]`"),
            (r#"[{"name":"tasks","array":[1]}]"#, "write `array: [NAME, ...]`"),
            (r#"[{"name":"tasks","array":[]}]"#, "is an empty list"),
            (r#"[{"name":"cluster","string":"a"},{"name":"cluster","string":"b"}]"#, "given twice"),
        ];
        for (said, expected) in cases {
            let why = parameters(said).expect_err(said);
            assert!(why.contains(expected), "{said}: {why}");
        }
    }

    #[test]
    fn a_limit_that_is_no_number_is_argo_cds_own() {
        for (said, limit) in [("1", 1), ("0", 0), ("many", 100), ("-5", 100), ("", 100)] {
            assert_eq!(read(&[(LIMIT, said)]).unwrap().limit, limit);
        }
    }
}
