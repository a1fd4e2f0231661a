//! Image overrides over all images of a pod: those of containers, init containers too, and those of image volumes.
//!
//! The images are worked out first and written only if every one of them can be.

use super::Pointer;
use super::image::{Image, ImageError, ImageParts, Rename};
use serde_json::Value;

/// The lists of a PodSpec that hold containers.
pub const CONTAINER_LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// An image that cannot be changed, and where it stands in the object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}`: {error}")]
pub struct AtImage {
    /// The text in the object.
    pub pointer: Pointer,
    /// What is wrong.
    pub error: ImageError,
}

/// The images of a pod, each with its place in the object.
pub fn images<'a>(object: &'a Value, pod_spec: &Pointer) -> Vec<(Pointer, &'a str)> {
    let Some(spec) = pod_spec.get(object) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for list in CONTAINER_LISTS {
        let containers = spec.get(list).and_then(Value::as_array).into_iter().flatten();
        for (index, container) in containers.enumerate() {
            if let Some(image) = container.get("image").and_then(Value::as_str) {
                found.push((pod_spec.join(list).join(index).join("image"), image));
            }
        }
    }
    for (index, volume) in spec.get("volumes").and_then(Value::as_array).into_iter().flatten().enumerate() {
        if let Some(image) = volume.get("image").and_then(|image| image.get("reference")).and_then(Value::as_str) {
            found.push((pod_spec.join("volumes").join(index).join("image").join("reference"), image));
        }
    }
    found
}

/// Gives every image of the pod new parts. Tells how many changed.
///
/// # Errors
/// The first image that cannot take them; the object is then as it was.
pub fn set_parts(object: &mut Value, pod_spec: &Pointer, parts: &ImageParts) -> Result<usize, AtImage> {
    rewrite(object, pod_spec, |image| image.with_parts(parts))
}

/// Applies kustomize's `images` to every image of the pod, in order. Tells how many images each entry met.
///
/// # Errors
/// The first image that cannot take its entry; the object is then as it was.
pub fn rename(object: &mut Value, pod_spec: &Pointer, entries: &[Rename]) -> Result<Vec<usize>, AtImage> {
    let mut met = vec![0; entries.len()];
    rewrite(object, pod_spec, |mut image| {
        for (entry, met) in entries.iter().zip(&mut met) {
            if let Some(renamed) = image.renamed(entry)? {
                image = renamed;
                *met += 1;
            }
        }
        Ok(image)
    })?;
    Ok(met)
}

fn rewrite(
    object: &mut Value,
    pod_spec: &Pointer,
    mut change: impl FnMut(Image) -> Result<Image, ImageError>,
) -> Result<usize, AtImage> {
    let mut new = Vec::new();
    for (pointer, old) in images(object, pod_spec) {
        match Image::parse(old).and_then(&mut change).map(|image| image.to_string()) {
            Ok(image) if image != old => new.push((pointer, image)),
            Ok(_) => {}
            Err(error) => return Err(AtImage { pointer, error }),
        }
    }
    let changed = new.len();
    for (pointer, image) in new {
        if let Some(place) = pointer.get_mut(object) {
            *place = Value::String(image);
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod() -> (Value, Pointer) {
        let containers = json!([{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "x.io/b"}, {"name": "c"}]);
        let init = json!([{"name": "i", "image": "busybox"}]);
        let spec = json!({"containers": containers, "initContainers": init});
        (json!({"spec": spec}), Pointer::from_tokens(["spec"]))
    }

    fn all(object: &Value, spec: &Pointer) -> Vec<String> {
        images(object, spec).into_iter().map(|(_, image)| image.to_owned()).collect()
    }

    #[test]
    fn every_container_changes_and_init_containers_too() {
        let (mut object, spec) = pod();
        let parts = ImageParts { registry: Some("r.cn".into()), ..ImageParts::default() };
        assert_eq!(set_parts(&mut object, &spec, &parts), Ok(3));
        assert_eq!(all(&object, &spec), ["r.cn/busybox", "r.cn/nginx:1", "r.cn/b"]);
    }

    #[test]
    fn an_image_that_is_a_volume_changes_too() {
        let volumes = json!([{"name": "w", "emptyDir": {}}, {"name": "v", "image": {"reference": "x.io/data:1"}}]);
        let spec = Pointer::from_tokens(["spec"]);
        let mut object = json!({"spec": {"containers": [{"image": "x.io/app:1"}], "volumes": volumes}});
        let parts = ImageParts { registry: Some("y.io".into()), ..ImageParts::default() };
        assert_eq!(set_parts(&mut object, &spec, &parts), Ok(2));
        let entry = Rename { name: "y.io/data".into(), new_tag: Some("2".into()), ..Rename::default() };
        assert_eq!(rename(&mut object, &spec, &[entry]), Ok(vec![1]));
        assert_eq!(all(&object, &spec), ["y.io/app:1", "y.io/data:2"]);
    }

    #[test]
    fn one_image_that_cannot_change_stops_all() {
        let (mut object, spec) = pod();
        object["spec"]["containers"][1]["image"] = json!("Not An Image");
        let before = object.clone();
        let parts = ImageParts { tag: Some("2".into()), ..ImageParts::default() };
        let error = set_parts(&mut object, &spec, &parts).unwrap_err();
        assert_eq!(error.pointer.to_string(), "/spec/containers/1/image");
        assert_eq!(object, before);
    }

    #[test]
    fn an_entry_that_meets_no_image_is_seen() {
        let (mut object, spec) = pod();
        let entry = |name: &str| Rename { name: name.into(), new_tag: Some("9".into()), ..Rename::default() };
        assert_eq!(rename(&mut object, &spec, &[entry("nginx"), entry("nope")]), Ok(vec![1, 0]));
        assert_eq!(all(&object, &spec), ["busybox", "nginx:9", "x.io/b"]);
    }

    #[test]
    fn where_no_pod_is_nothing_happens() {
        let mut object = json!({"data": {}});
        let parts = ImageParts { tag: Some("2".into()), ..ImageParts::default() };
        assert_eq!(set_parts(&mut object, &Pointer::from_tokens(["spec"]), &parts), Ok(0));
    }
}
