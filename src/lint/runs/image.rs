//! `unpinned-image`: an image without a tag, or with `latest`.

use serde_json::Value;

use super::{POD, Running};
use crate::diag::{Code, Diagnostic};

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let containers = running.containers();
    let images = containers.iter().filter_map(|container| Some((container.at("image"), container.text("image")?)));
    let volumes = running.pod().and_then(|pod| pod.get("volumes")).and_then(Value::as_array).into_iter().flatten();
    let volumes = volumes.enumerate().filter_map(|(at, volume)| {
        let image = volume.get("image")?.get("reference")?.as_str()?;
        Some((format!("{POD}/volumes/{at}/image/reference"), image))
    });
    images
        .chain(volumes)
        .filter_map(|(pointer, image)| {
            let message = match tag(image) {
                Tag::None => "this image has no tag, which means `latest`",
                Tag::Latest => "this image is whatever `latest` is on the day of the pull",
                Tag::Other => return None,
            };
            let span = running.said(&pointer);
            Some(
                Diagnostic::new(Code::UnpinnedImage, span, message)
                    .help("name the version that is meant: a tag, or a digest that nobody can move"),
            )
        })
        .collect()
}

#[derive(Debug, PartialEq)]
enum Tag {
    None,
    Latest,
    Other,
}

/// What an image says of its version. A digest says it best. The tag stands behind the colon of the last part.
fn tag(image: &str) -> Tag {
    let last = image.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        _ if image.is_empty() || image.contains('@') => Tag::Other,
        None | Some((_, "")) => Tag::None,
        Some((_, "latest")) => Tag::Latest,
        Some(_) => Tag::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tag, tag};

    #[test]
    fn a_port_is_no_tag_and_a_digest_needs_none() {
        for image in ["busybox", "reg:5000/busybox", "busybox:"] {
            assert_eq!(tag(image), Tag::None, "{image}");
        }
        assert_eq!(tag("reg:5000/a/busybox:latest"), Tag::Latest);
        for image in ["", "busybox:1", "reg:5000/a:1.2", "busybox@sha256:ab", "busybox:latest@sha256:ab", "a:latest-1"]
        {
            assert_eq!(tag(image), Tag::Other, "{image}");
        }
    }
}
