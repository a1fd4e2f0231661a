//! Volume mounts and devices: `ValidateVolumeMounts`, `ValidateVolumeDevices` in
//! `pkg/apis/core/validation/validation.go`.

use std::collections::{BTreeMap, BTreeSet};

use super::at::At;
use super::files;
use super::found::Findings;

/// The volumes of a pod by name, and whether a claim stands behind each.
#[derive(Default)]
pub(super) struct Volumes<'a>(BTreeMap<&'a str, bool>);

impl<'a> Volumes<'a> {
    /// Those of a pod's `spec`.
    pub(super) fn of(pod: &At<'a>) -> Volumes<'a> {
        let volumes = pod.list("volumes").iter().filter_map(|volume| {
            let has = |field: &str| volume.get(field).is_some_and(|it| !it.is_null());
            Some((volume.get("name")?.as_str()?, has("persistentVolumeClaim") || has("ephemeral")))
        });
        Volumes(volumes.collect())
    }
}

/// The mounts and the devices of a container.
pub(super) fn check(container: &At<'_>, volumes: &Volumes<'_>, found: &mut Findings) {
    let mut paths = BTreeSet::new();
    for mount in container.items("volumeMounts") {
        if found.filled(&mount, "name") {
            known(&mount, volumes, found);
        }
        if found.filled(&mount, "mountPath")
            && let (Some(at), Some(path)) = (mount.get("mountPath"), mount.text("mountPath"))
            && !paths.insert(path)
        {
            found.refuse(&at, format!("two volumes are mounted at `{}`", super::shown(path)));
        }
        below(&mount, found);
        propagation(container, &mount, found);
    }
    devices(container, volumes, found);
}

fn known(at: &At<'_>, volumes: &Volumes<'_>, found: &mut Findings) {
    let (Some(place), Some(name)) = (at.get("name"), at.text("name")) else { return };
    if volumes.0.contains_key(name) {
        return;
    }
    let finding = found.refuse(&place, format!("there is no volume `{}` in the pod", super::shown(name)));
    let meant = crate::diag::nearest(name, volumes.0.keys().copied());
    finding.help.extend(meant.map(|meant| format!("did you mean `{meant}`?")));
}

/// `subPath` and `subPathExpr`.
fn below(mount: &At<'_>, found: &mut Findings) {
    files::local_descending(mount, "subPath", found);
    if mount.words("subPathExpr").is_empty() {
        return;
    }
    if !mount.words("subPath").is_empty()
        && let (Some(at), Some(other)) = (mount.get("subPathExpr"), mount.get("subPath"))
    {
        found.refuse(&at, "`subPath` or `subPathExpr`, and not both").at_key().beside(&other);
    }
    files::local_descending(mount, "subPathExpr", found);
}

/// `validateMountPropagation`, `validateMountRecursiveReadOnly`
fn propagation(container: &At<'_>, mount: &At<'_>, found: &mut Findings) {
    let context = container.get("securityContext");
    let privileged = context.as_ref().is_some_and(|context| context.is_true("privileged"));
    let mode = mount.words("mountPropagation");
    if mode == "Bidirectional"
        && !privileged
        && let Some(at) = mount.get("mountPropagation")
    {
        found.refuse(&at, "`Bidirectional` needs a container with `securityContext: {privileged: true}`");
    }
    found.one_of(mount, "recursiveReadOnly", &["Disabled", "IfPossible", "Enabled"]);
    let Some(at) = mount.get("recursiveReadOnly") else { return };
    if matches!(mount.words("recursiveReadOnly"), "IfPossible" | "Enabled") {
        if !mount.is_true("readOnly") {
            found.refuse(&at, "`recursiveReadOnly` needs `readOnly: true`").at_key();
        }
        if !matches!(mode, "" | "None") {
            found.refuse(&at, "`recursiveReadOnly` allows no `mountPropagation` but `None`").at_key();
        }
    }
}

/// `ValidateVolumeDevices`
fn devices(container: &At<'_>, volumes: &Volumes<'_>, found: &mut Findings) {
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for device in container.items("volumeDevices") {
        let mut twice = false;
        if found.filled(&device, "name")
            && let (Some(at), Some(name)) = (device.get("name"), device.text("name"))
        {
            known(&device, volumes, found);
            if volumes.0.get(name) == Some(&false) {
                found.refuse(&at, format!("the volume `{}` is no claim, so it cannot be a device", super::shown(name)));
            }
            let mounted = container.items("volumeMounts").any(|mount| mount.text("name") == Some(name));
            twice = !names.insert(name) || mounted;
            if twice {
                found.refuse(&at, format!("the volume `{}` is used twice", super::shown(name)));
            }
        }
        if found.filled(&device, "devicePath")
            && let (Some(at), Some(path)) = (device.get("devicePath"), device.text("devicePath"))
        {
            files::no_backsteps(&device, "devicePath", found);
            let mounted = container.items("volumeMounts").any(|mount| mount.text("mountPath") == Some(path));
            if (!paths.insert(path) || mounted) && !twice {
                found.refuse(&at, format!("two volumes are at `{}`", super::shown(path)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn of(container: Value) -> Vec<String> {
        let pod = json!({"volumes": [{"name": "v"}, {"name": "p", "persistentVolumeClaim": {"claimName": "c"}}]});
        found_by(container, |at, found| check(at, &Volumes::of(&At::root(&pod)), found))
    }

    /// `pkg/apis/core/validation.ValidateVolumeMounts`
    #[test]
    fn validate_volume_mounts() {
        let one = |more: Value| {
            let mut mount = json!({"name": "v", "mountPath": "/v"});
            mount.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let found = of(json!({ "volumeMounts": [mount] }));
            found.into_iter().map(|pointer| pointer.replace("/volumeMounts/0", "")).collect::<Vec<_>>()
        };
        assert_eq!(one(json!({"subPath": "a/b", "mountPath": "a:b"})), NONE);
        assert_eq!(one(json!({"name": "w"})), ["/name"]);
        assert_eq!(one(json!({"mountPath": ""})), ["/mountPath"]);
        assert_eq!(one(json!({"subPath": "/a"})), ["/subPath"]);
        assert_eq!(one(json!({"subPath": "a", "subPathExpr": "b"})), ["/subPathExpr"]);
        assert_eq!(one(json!({"mountPropagation": "Bidirectional"})), ["/mountPropagation"]);
        assert_eq!(one(json!({"recursiveReadOnly": "Enabled"})), ["/recursiveReadOnly"]);
        assert_eq!(one(json!({"recursiveReadOnly": "Enabled", "readOnly": true})), NONE);
        let twice = json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "p", "mountPath": "/v"}]});
        assert_eq!(of(twice), ["/volumeMounts/1/mountPath"]);
    }

    /// `pkg/apis/core/validation.ValidateVolumeDevices`
    #[test]
    fn validate_volume_devices() {
        let one = |name: &str, path: &str| of(json!({"volumeDevices": [{"name": name, "devicePath": path}]}));
        assert_eq!(one("p", "/dev/x"), NONE);
        assert_eq!(one("v", "/dev/x"), ["/volumeDevices/0/name"]);
        assert_eq!(one("p", "/dev/../x"), ["/volumeDevices/0/devicePath"]);
        let both = json!({"volumeDevices": [{"name": "p", "devicePath": "/d"}], "volumeMounts": [{"name": "p", "mountPath": "/d"}]});
        assert_eq!(of(both), ["/volumeDevices/0/name"]);
    }
}
