//! `host-path`: a volume is a folder of the node. The next run may be on another node.

use serde_json::Value;

use super::{POD, Running};
use crate::diag::{Code, Diagnostic};

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let volumes = running.pod().and_then(|pod| pod.get("volumes")).and_then(Value::as_array);
    let volumes = volumes.into_iter().flatten().enumerate();
    volumes
        .filter_map(|(at, volume)| {
            let path = volume.get("hostPath")?.get("path")?.as_str()?;
            let name = volume.get("name").and_then(Value::as_str).unwrap_or_default();
            let message = format!("volume `{name}` is the folder or file `{path}` of whatever node the pod lands on");
            let span = running.said(&format!("{POD}/volumes/{at}/hostPath"));
            Some(
                Diagnostic::new(Code::HostPath, span, message)
                    .note("the Pod Security Standards `baseline` and `restricted` refuse its pods")
                    .help("use a PersistentVolumeClaim, or an `emptyDir` for what one run needs"),
            )
        })
        .collect()
}
