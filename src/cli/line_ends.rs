//! Finds files that Git checked out with other line endings than it stores.
//!
//! `core.autocrlf` and the attribute `text` make every generated file differ on disk although a commit would change
//! nothing. That is one mistake, in `.gitattributes`.

use std::sync::Arc;

use super::outcome::Failure;
use super::session::Session;
use crate::compile::Compilation;
use crate::diag::{Code, Diagnostic, Place};
use crate::repo::{self, View};
use crate::report::table::count;
use crate::tree::Difference;

/// The bytes with the line ends of Unix; `None` if they have no others.
pub(super) fn unix(bytes: &[u8]) -> Option<Arc<[u8]>> {
    if !bytes.windows(2).any(|pair| pair == b"\r\n") {
        return None;
    }
    let kept = bytes.iter().enumerate().filter(|(at, byte)| **byte != b'\r' || bytes.get(at + 1) != Some(&b'\n'));
    Some(kept.map(|(_, byte)| *byte).collect())
}

/// Whether two texts are the same but for their line ends.
pub(super) fn alike(a: &[u8], b: &[u8]) -> bool {
    a == b || unix(a).is_some_and(|a| *a == *b) || unix(b).is_some_and(|b| *a == *b)
}

/// Takes the files that differ only in their line ends out of what stands in a folder, and says so once.
pub(super) fn told(
    session: &mut Session,
    compilation: &Compilation,
    standing: &mut Difference,
    shown: &str,
) -> Result<(), Failure> {
    if session.view != View::Folder {
        return Ok(());
    }
    let dir = session.output(compilation)?;
    let mut only = Vec::new();
    for write in &standing.update {
        let disk = repo::contents(&dir.join(write.path.as_str())).map_err(|error| Failure::run(&error))?;
        let unix = disk.as_deref().and_then(unix);
        only.extend((unix.as_deref() == Some(&*write.bytes)).then(|| write.path.clone()));
    }
    if only.is_empty() {
        return Ok(());
    }
    standing.update.retain(|write| !only.contains(&write.path));
    let (verb, their) = if only.len() == 1 { ("differs", "its") } else { ("differ", "their") };
    let message = format!("{} {verb} from what the inputs give only in {their} line ends", count(only.len(), "file"));
    let diagnostic = Diagnostic::at(Code::StaleOutput, Place::Path(shown.to_owned()), message)
        .note("Git changes line ends at checkout where `core.autocrlf` or the attribute `text` tell it to")
        .help(format!("add the line `{shown}/** -text` to .gitattributes, and run `fleetcron build`"));
    session.diags.push(diagnostic);
    session.diags.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{alike, unix};

    #[test]
    fn only_the_ends_of_lines_change() {
        assert_eq!(unix(b"a\r\nb\r\n").as_deref(), Some(&b"a\nb\n"[..]));
        assert_eq!(unix(b"a\rb\r\r\n\r").as_deref(), Some(&b"a\rb\r\n\r"[..]));
        assert_eq!(unix(b"a\rb\n"), None);
        assert!(alike(b"a\r\n", b"a\n") && alike(b"a\n", b"a\r\n") && !alike(b"a", b"a\n"));
    }
}
