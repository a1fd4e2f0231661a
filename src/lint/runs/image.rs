//! `unpinned-image`: an image without a tag, or with `latest`. `invalid-image`: one that no container runtime can read.

use serde_json::Value;

use super::{POD, Running};
use crate::diag::{Code, Diagnostic};
use crate::model::reference;
use crate::patch::image;

/// Every image of the pod, with its place.
fn images<'r>(running: &'r Running<'_>) -> impl Iterator<Item = (String, &'r str)> {
    let containers = running.containers();
    let images = containers.iter().filter_map(|container| Some((container.at("image"), container.text("image")?)));
    let volumes = running.pod().and_then(|pod| pod.get("volumes")).and_then(Value::as_array).into_iter().flatten();
    let volumes = volumes.enumerate().filter_map(|(at, volume)| {
        let image = volume.get("image")?.get("reference")?.as_str()?;
        Some((format!("{POD}/volumes/{at}/image/reference"), image))
    });
    images.chain(volumes)
}

/// The pods of such an image stay in `InvalidImageName` (`applyDefaultImageTag` in `pkg/kubelet/images/image_manager.go`).
pub(super) fn invalid(running: &Running<'_>) -> Vec<Diagnostic> {
    // That a text is empty or has white space around it is reported by the rules of a pod, and a reference that is left in
    // it where it has no value.
    let told = |image: &str| image.is_empty() || image.trim() != image || reference::first(image).is_some();
    let images = images(running).filter(|(_, image)| !told(image));
    images
        .filter_map(|(pointer, image)| {
            let error = image::check_reference(image).err()?;
            let message = format!("`{}` is not an image reference: {}", image, error);
            let diagnostic = Diagnostic::new(Code::InvalidImage, running.said(&pointer), message)
                .note("the API server accepts it, and its pods stay in `InvalidImageName`");
            Some(help(image, &error).into_iter().fold(diagnostic, Diagnostic::help))
        })
        .collect()
}

/// What to write instead.
fn help(image: &str, error: &image::ImageError) -> Option<String> {
    if let Some((_, rest)) = image.split_once("://") {
        let spellings = [rest.to_owned(), rest.to_lowercase()];
        let sound = spellings.into_iter().find(|text| image::check_reference(text).is_ok());
        return Some(sound.map_or("leave out the scheme".to_owned(), |text| format!("leave out the scheme: `{text}`")));
    }
    if image.contains("{{") || image.contains('$') {
        return Some("a variable of another tool is not replaced; `$(var.NAME)` is one of fleetcron".to_owned());
    }
    let lower = image.to_lowercase();
    if lower != image && image::check_reference(&lower).is_ok() {
        return Some(format!("did you mean `{lower}`?"));
    }
    error.help().map(str::to_owned)
}

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    images(running)
        .filter(|(_, image)| image::check_reference(image).is_ok())
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
