//! `env-order`: an environment variable that refers to one that is defined later, so that the program gets the text
//! `$(NAME)`.
//!
//! Source: `makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go` takes the variables of `envFrom` first, then those
//! of `env` from top to bottom, and expands each value by what it has so far.

use serde_json::Value;

use super::{Container, Running};
use crate::diag::{Code, Diagnostic};
use crate::patch::variables::{self, Late};

/// More than these of one container is for no reader, and each costs a search for its place.
const SHOWN: usize = 100;

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for container in running.containers() {
        let Some(env) = container.value.get("env").and_then(Value::as_array) else { continue };
        let late = variables::late(env);
        found.extend(late.iter().take(SHOWN).map(|late| diagnostic(running, container, env, *late)));
        if let Some(last) = found.last_mut().filter(|_| late.len() > SHOWN) {
            last.notes.push(format!("and {} more such references in this container", late.len() - SHOWN));
        }
    }
    found
}

fn diagnostic(running: &Running<'_>, container: &Container<'_>, env: &[Value], late: Late) -> Diagnostic {
    let name = |at: usize| env[at].get("name").and_then(Value::as_str).unwrap_or_default();
    let (from, to) = (name(late.from), name(late.to));
    let reference = format!("$({to})");
    let value = running.said(&container.at(&format!("env/{}/value", late.from)));
    let span = running.sources.find(value, &reference).unwrap_or(value);
    let other = running.said(&container.at(&format!("env/{}/name", late.to)));
    let gets = match container.value.get("envFrom") {
        Some(Value::Array(sources)) if !sources.is_empty() => {
            format!(
                "the program gets the value that `envFrom` has for `{to}`, or the text `{reference}` if it has none"
            )
        }
        _ => format!("the program gets the text `{reference}`"),
    };
    let message = match late.cycle {
        true => format!("`{from}` refers to `{to}`, which is defined later and refers back to `{from}`"),
        false => format!("`{from}` refers to `{to}`, which is defined later"),
    };
    let help = match late.cycle {
        true => format!("write the value itself in place of `{reference}`: no order replaces both references"),
        false => format!("move `{to}` before `{from}` in `env`"),
    };
    Diagnostic::new(Code::EnvOrder, span, message)
        .other(other, format!("`{to}` is defined here"))
        .note(format!("Kubernetes replaces `$(NAME)` only by earlier variables: {gets}"))
        .help(help)
        .help(format!("if the program is to get the text `{reference}`, write `${reference}`"))
}
