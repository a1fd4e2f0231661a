//! Parses image references into registry, repository, tag and digest. A digest is never lost: a new tag over it must
//! say what becomes of it.

use std::fmt;

/// An image reference, taken apart as Docker does (`distribution/reference`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Image {
    /// The host, with its port: what stands before the first `/` if it has a `.` or `:` or is `localhost`.
    pub registry: Option<String>,
    /// The path at the registry.
    pub repository: String,
    /// What stands behind the `:`.
    pub tag: Option<String>,
    /// What stands behind the `@`: `sha256:...`.
    pub digest: Option<String>,
}

/// New parts for an image. An absent part is kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImageParts {
    /// Another registry, also where there was none.
    pub registry: Option<String>,
    /// Another repository.
    pub repository: Option<String>,
    /// Another tag.
    pub tag: Option<String>,
    /// Another digest; `Some(None)` drops the old one.
    pub digest: Option<Option<String>>,
}

/// An entry of kustomize's `images`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rename {
    /// Which images: the reference without tag and digest.
    pub name: String,
    /// Another name, registry included.
    pub new_name: Option<String>,
    /// Another tag.
    pub new_tag: Option<String>,
    /// Another digest; `Some(None)` drops the old one.
    pub digest: Option<Option<String>>,
}

/// Why an image reference cannot be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Nothing is left for the repository.
    #[error("the image `{0}` has no repository")]
    NoRepository(String),
    /// A part is not what it must be.
    #[error("`{text}` is not {part} of an image")]
    Part {
        /// `a registry`, `a repository`, `a tag`, `a digest`.
        part: &'static str,
        /// What stands there.
        text: String,
    },
    /// A new tag over an old digest would run the old bytes, or lose the promise.
    #[error("the new tag `{tag}` stands over the digest of `{image}`, and nothing is said of the digest")]
    DigestLost {
        /// The image as it was.
        image: String,
        /// The new tag.
        tag: String,
    },
}

impl ImageError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            ImageError::NoRepository(_) => None,
            ImageError::Part { part: "a repository", .. } => {
                Some("lower-case letters and digits, parted by `/`, `.`, `_` or `-`")
            }
            ImageError::Part { part: "a tag", .. } => {
                Some("letters, digits, `_`, `.` and `-`, at most 128, not beginning with `.` or `-`")
            }
            ImageError::Part { part: "a digest", .. } => Some("`sha256:` and 64 hexadecimal digits"),
            ImageError::Part { .. } => Some("a host name, and a port if need be: `registry.example.com:5000`"),
            ImageError::DigestLost { .. } => Some("give the new `digest` too, or `digest: null` to go without"),
        }
    }
}

impl Image {
    /// Takes a reference apart.
    ///
    /// # Errors
    /// [`ImageError`] names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon behind the last slash begins the tag; before it, it belongs to the registry's port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (Some(host), path),
            _ => (None, name),
        };
        if repository.is_empty() {
            return Err(ImageError::NoRepository(text.to_owned()));
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (registry, tag, digest) = (owned(registry), owned(tag), owned(digest));
        Self { registry, repository: repository.to_owned(), tag, digest }.checked()
    }

    /// The reference without tag and digest.
    pub fn name(&self) -> String {
        match &self.registry {
            Some(registry) => format!("{registry}/{}", self.repository),
            None => self.repository.clone(),
        }
    }

    /// The same image with some parts replaced.
    ///
    /// # Errors
    /// [`ImageError::DigestLost`] for another tag over a digest of which nothing is said; [`ImageError::Part`] for a
    /// part that cannot be one.
    pub fn with_parts(&self, parts: &ImageParts) -> Result<Self, ImageError> {
        if let (Some(_), None, Some(tag)) = (&self.digest, &parts.digest, &parts.tag)
            && self.tag.as_ref() != Some(tag)
        {
            return Err(ImageError::DigestLost { image: self.to_string(), tag: tag.clone() });
        }
        let ImageParts { registry, repository, tag, digest } = parts.clone();
        Self {
            registry: registry.or_else(|| self.registry.clone()),
            repository: repository.unwrap_or_else(|| self.repository.clone()),
            tag: tag.or_else(|| self.tag.clone()),
            digest: digest.unwrap_or_else(|| self.digest.clone()),
        }
        .checked()
    }

    /// The same image after an entry of kustomize's `images`, if the entry is about it. As there, a new digest without
    /// a new tag takes the tag away.
    ///
    /// # Errors
    /// As [`Image::with_parts`]. Kustomize drops the digest silently where this is [`ImageError::DigestLost`].
    pub fn renamed(&self, rename: &Rename) -> Result<Option<Self>, ImageError> {
        if self.name() != rename.name {
            return Ok(None);
        }
        let (tag, digest) = (rename.new_tag.clone(), rename.digest.clone());
        let pinned = matches!(digest, Some(Some(_))) && tag.is_none();
        let mut image = self.with_parts(&ImageParts { tag, digest, ..ImageParts::default() })?;
        if pinned {
            image.tag = None;
        }
        if let Some(new_name) = &rename.new_name {
            let named = Self::parse(new_name)?;
            if named.tag.is_some() || named.digest.is_some() {
                let (part, text) = ("a repository", new_name.clone());
                return Err(ImageError::Part { part, text });
            }
            (image.registry, image.repository) = (named.registry, named.repository);
        }
        Ok(Some(image))
    }

    fn checked(self) -> Result<Self, ImageError> {
        let wrong = |part, text: &str| Err(ImageError::Part { part, text: text.to_owned() });
        match &self {
            Image { registry: Some(text), .. } if !is_registry(text) => wrong("a registry", text),
            Image { repository: text, .. } if !is_repository(text) => wrong("a repository", text),
            Image { tag: Some(text), .. } if !is_tag(text) => wrong("a tag", text),
            Image { digest: Some(text), .. } if !is_digest(text) => wrong("a digest", text),
            _ => Ok(self),
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// Holds a whole reference to what a container runtime reads: `ParseNormalizedNamed` in `distribution/reference`.
///
/// # Errors
/// [`ImageError`] names the part that is wrong.
pub fn check_reference(text: &str) -> Result<(), ImageError> {
    // `anchoredIdentifierRegexp`: an id and no name.
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(ImageError::Part { part: "a repository", text: text.to_owned() });
    }
    let image = Image::parse(text)?;
    // `RepositoryNameTotalLengthMax`, of the path alone.
    if image.repository.len() > 255 {
        return Err(ImageError::Part { part: "a repository", text: image.repository });
    }
    match &image.digest {
        Some(digest) if !is_known_digest(digest) => Err(ImageError::Part { part: "a digest", text: digest.clone() }),
        _ => Ok(()),
    }
}

/// `Digest.Validate` in `opencontainers/go-digest`: the algorithms that there are, each with its length, in lower case.
fn is_known_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the first part of a name is a host and not the first part of a path.
fn is_host(text: &str) -> bool {
    // `splitDockerDomain` takes capitals for a host too, for a path can have none.
    text.contains(['.', ':']) || text == "localhost" || text.bytes().any(|b| b.is_ascii_uppercase())
}

/// A host and perhaps a port. An address of IPv6 stands in brackets. A new registry may carry a path of its own
/// (`mirror.example.com/docker-hub`).
fn is_registry(text: &str) -> bool {
    let (host, path) = match text.split_once('/') {
        Some((host, path)) => (host, Some(path)),
        None => (text, None),
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let name = match address {
        Some(address) => !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'),
        None => name.split('.').all(is_label),
    };
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    name && port.is_none_or(digits) && path.is_none_or(is_repository)
}

fn is_label(label: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = label.as_bytes();
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

/// Parts of lower-case letters and digits, between them one `.`, one or two `_`, or any number of `-`.
fn is_repository(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|b| b == b'-');
    text.split('/').all(|part| {
        let edges = part.starts_with(alphanumeric) && part.ends_with(alphanumeric);
        edges && part.split(alphanumeric).all(separator)
    })
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&text.len()) && text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let algorithm_ok = algorithm.split(['+', '.', '-', '_']).all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    });
    let length_ok = if algorithm == "sha256" { hex.len() == 64 } else { hex.len() >= 32 };
    algorithm_ok && length_ok && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn parts(text: &str) -> [String; 4] {
        let image = Image::parse(text).unwrap();
        assert_eq!(image.to_string(), text);
        let part = |part: Option<String>| part.unwrap_or_default();
        [part(image.registry), image.repository, part(image.tag), part(image.digest)]
    }

    fn changed(image: &str, change: ImageParts) -> Result<String, ImageError> {
        Image::parse(image)?.with_parts(&change).map(|image| image.to_string())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_reference_falls_into_its_parts() {
        assert_eq!(parts("nginx"), ["", "nginx", "", ""]);
        assert_eq!(parts("library/nginx:1.27"), ["", "library/nginx", "1.27", ""]);
        assert_eq!(parts("localhost/x"), ["localhost", "x", "", ""]);
        assert_eq!(parts("reg:5000/a/b"), ["reg:5000", "a/b", "", ""]);
        assert_eq!(parts(&format!("reg:5000/a/b:1@{A}")), ["reg:5000", "a/b", "1", A]);
        assert_eq!(parts("ghcr.io/x/y__z-1.2:v_1"), ["ghcr.io", "x/y__z-1.2", "v_1", ""]);
        assert_eq!(parts("[::1]:5000/x"), ["[::1]:5000", "x", "", ""]);
    }

    #[test]
    fn what_is_no_reference_is_refused_by_part() {
        for (text, message) in [
            ("", "the image `` has no repository"),
            ("ghcr.io/", "the image `ghcr.io/` has no repository"),
            ("Nginx", "`Nginx` is not a repository of an image"),
            ("a/b:", "`` is not a tag of an image"),
            ("a:-x", "`-x` is not a tag of an image"),
            ("a@sha256:12", "`sha256:12` is not a digest of an image"),
            ("-x.io/a", "`-x.io` is not a registry of an image"),
            ("a..b", "`a..b` is not a repository of an image"),
            (" a", "` a` is not a repository of an image"),
        ] {
            assert_eq!(Image::parse(text).unwrap_err().to_string(), message);
        }
    }

    /// `TestValidateReferenceName` and `TestReferenceParse` in `distribution/reference`.
    #[test]
    fn parse_normalized_named() {
        let name = "docker/docker-very-long".to_owned() + &"a".repeat(230);
        for good in [
            "docker/docker",
            "library/debian",
            "debian",
            "docker.io/library/debian",
            "127.0.0.1:5000/docker/docker",
            "index.docker.io/docker/docker",
            "[2001:db8::1]:5000/repo",
            "a/b_b",
            "a/b__b",
            "a/b---b",
            "HOST/b:1",
            "xn--n3h.com/myimage:xn--n3h.com",
            &format!("a:1@{A}"),
            &name,
        ] {
            assert!(check_reference(good).is_ok(), "{good}");
        }
        for bad in [
            "https://github.com/docker/docker",
            "docker/Docker",
            "-docker",
            "-docker/docker",
            "docker///docker",
            "a b:1",
            "docker.io/docker///docker",
            "a//b:1",
            ":1",
            "None:None",
            "a/b:1:2",
            "a@sha256:abc",
            "App:1",
            "${IMAGE}",
            "a:{{tag}}",
            "1a3f5e7d9c1b3f5e7d9c1b3f5e7d9c1b3f5e7d9c1b3f5e7d9c1b3f5e7d9c1b3f",
            "a@md5:0123456789abcdef0123456789abcdef",
            &format!("a@sha256:{}", "A".repeat(64)),
            "a/b___b",
            &format!("a/{}", "a".repeat(256)),
        ] {
            assert!(check_reference(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_absent_part_is_kept() {
        let registry = || ImageParts { registry: some("reg.cn"), ..ImageParts::default() };
        assert_eq!(changed("nginx:1", registry()).unwrap(), "reg.cn/nginx:1");
        assert_eq!(changed(&format!("ghcr.io/a/b:1@{A}"), registry()).unwrap(), format!("reg.cn/a/b:1@{A}"));
        let tag = ImageParts { tag: some("2"), ..ImageParts::default() };
        assert_eq!(changed("reg:5000/nginx", tag).unwrap(), "reg:5000/nginx:2");
    }

    #[test]
    fn a_registry_may_bring_a_path_prefix() {
        let mirror = ImageParts { registry: some("mirror.cn/hub"), ..ImageParts::default() };
        assert_eq!(changed("docker.io/a:1", mirror).unwrap(), "mirror.cn/hub/a:1");
    }

    #[test]
    fn a_digest_is_never_lost_in_passing() {
        let old = format!("a:1@{A}");
        let tag = |digest| ImageParts { tag: some("2"), digest, ..ImageParts::default() };
        assert!(matches!(changed(&old, tag(None)), Err(ImageError::DigestLost { .. })));
        assert_eq!(changed(&old, tag(Some(None))).unwrap(), "a:2");
        assert_eq!(changed(&old, tag(Some(some(B)))).unwrap(), format!("a:2@{B}"));
        let same = ImageParts { tag: some("1"), ..ImageParts::default() };
        assert_eq!(changed(&old, same).unwrap(), old);
    }

    #[test]
    fn kustomize_s_entries_match_by_name_without_tag() {
        let rename =
            |name: &str, new_name, new_tag, digest| Rename { name: name.to_owned(), new_name, new_tag, digest };
        let apply = |image: &str, entry: &Rename| {
            Image::parse(image).unwrap().renamed(entry).map(|image| image.map(|i| i.to_string()))
        };
        let entry = rename("nginx", some("reg.cn/ngx"), some("2"), None);
        assert_eq!(apply("nginx:1", &entry), Ok(some("reg.cn/ngx:2")));
        assert_eq!(apply("docker.io/nginx:1", &entry), Ok(None));
        assert!(apply(&format!("nginx@{A}"), &entry).is_err());
        let pin = rename("nginx", None, None, Some(some(B)));
        assert_eq!(apply(&format!("nginx:1@{A}"), &pin), Ok(Some(format!("nginx@{B}"))));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_printed_as_it_was(text in "[a-zA-Z0-9./:@_-]{0,20}|.*") {
            if let Ok(image) = Image::parse(&text) {
                prop_assert_eq!(image.to_string(), text);
            }
        }
    }
}
