//! Where a field of `job`, `pod` or `container` belongs that the part does not have: another part of the task, or
//! another spelling. The validator sees only the finished CronJob, whose levels have other names.

use super::fold::CRON_JOB_FIELDS;
use crate::diag::{Code, Diagnostic, nearest};
use crate::tree::Span;
use crate::validate::SchemaNode;

/// The parts of a task that hold fields of Kubernetes, with the shapes of those.
const PARTS: [(&str, &str); 3] = [("job", "JobSpec"), ("pod", "PodSpec"), ("container", "Container")];

/// Fields of a part that its shape does not have.
fn own_fields(part: &str) -> Vec<&'static str> {
    match part {
        "job" => [&CRON_JOB_FIELDS[..], &["labels", "annotations", "restartPolicy", "shardEnv"]].concat(),
        "pod" => vec!["labels", "annotations"],
        _ => Vec::new(),
    }
}

fn fields(part: &str) -> Vec<&'static str> {
    let shape = PARTS.iter().find(|(name, _)| *name == part).and_then(|(_, shape)| SchemaNode::named(shape));
    [&own_fields(part)[..], shape.map_or(&[][..], SchemaNode::fields)].concat()
}

/// What to say of a field that a part does not have, where it is known what was meant.
pub(super) fn find(part: &str, field: &str, span: Span) -> Option<Diagnostic> {
    if fields(part).contains(&field) {
        return None;
    }
    let help = match field {
        "name" if part == "container" => return None,
        "schedule" => format!("write `schedule` beside `{part}`, not in it"),
        "name" | "namespace" => format!("move `{field}` into `metadata` of the task"),
        _ => match PARTS.iter().find(|(other, _)| *other != part && fields(other).contains(&field)) {
            Some((other, _)) => format!("move `{field}` into `{other}`, beside `{part}`"),
            None => format!("did you mean `{}`?", own_slip(part, field)?),
        },
    };
    let message = format!("`{part}` has no field `{field}`");
    Some(Diagnostic::new(Code::UnknownField, span, message).help(help))
}

/// The field of a part that a slip means and that the shape of the part does not have; slips of the others are seen by
/// the validator, which knows that the field itself is then not missing.
fn own_slip(part: &str, slip: &str) -> Option<&'static str> {
    let near = nearest_field(part, slip)?;
    own_fields(part).contains(&near).then_some(near)
}

fn nearest_field(part: &str, slip: &str) -> Option<&'static str> {
    nearest(slip, fields(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileId;

    fn help(part: &str, field: &str) -> Option<String> {
        find(part, field, Span::new(FileId(0), 0, 1)).and_then(|found| found.help.first().cloned())
    }

    #[test]
    fn a_field_of_another_part_is_moved_and_a_slip_keeps_its_meaning() {
        assert_eq!(help("container", "volumes").as_deref(), Some("move `volumes` into `pod`, beside `container`"));
        assert_eq!(help("job", "name").as_deref(), Some("move `name` into `metadata` of the task"));
        assert_eq!(help("job", "nodeSelector").as_deref(), Some("move `nodeSelector` into `pod`, beside `job`"));
        assert_eq!(help("pod", "suspend").as_deref(), Some("move `suspend` into `job`, beside `pod`"));
        assert_eq!(help("job", "startingDeadlineSecond").as_deref(), Some("did you mean `startingDeadlineSeconds`?"));
        assert_eq!(help("job", "activeDeadlineSecond"), None, "the validator says it");
    }

    /// Whatever letter of a field is lost, the field itself is offered, and never one of another meaning.
    #[test]
    fn a_lost_letter_never_gives_another_field() {
        for (part, _) in PARTS {
            for field in fields(part).into_iter().filter(|field| field.len() > 5) {
                for at in 0..field.len() {
                    let slip = format!("{}{}", &field[..at], &field[at + 1..]);
                    if PARTS.iter().any(|(part, _)| fields(part).contains(&slip.as_str())) {
                        continue;
                    }
                    assert_eq!(nearest_field(part, &slip), Some(field), "{part}.{slip}");
                }
            }
        }
    }
}
