//! The lines of `.gitattributes` for the lock and the output. Missing lines are added at the end; existing lines keep
//! their bytes.

use crate::lock;

/// The file.
pub const PATH: &str = crate::tree::GIT_ATTRIBUTES;

/// The lines that a fleet wants.
fn lines(output: &str) -> [String; 2] {
    // Git takes these for patterns.
    let special = |c: char| matches!(c, '*' | '?' | '[' | '\\');
    let output: String = output.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect();
    let output = if output.contains([' ', '"']) {
        format!("\"{}/**\"", output.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("{output}/**")
    };
    // `-text`: no line ends are changed at checkout, or every file would differ from what a build gives.
    let lock = format!("{} -text merge=union linguist-generated=true", lock::PATH);
    [lock, format!("{output} -text linguist-generated=true")]
}

/// The whole text, the lines that are missing added; the same bytes if none is.
pub fn add_missing_lines(existing: &[u8], output: &str) -> Vec<u8> {
    let held = String::from_utf8_lossy(existing);
    let has = |wanted: &str| {
        let mut words = wanted.split(' ');
        let (path, attributes) = (words.next(), words.collect::<Vec<_>>());
        held.lines().any(|line| {
            let mut said = line.split_whitespace();
            said.next() == path && {
                let said: Vec<&str> = said.collect();
                attributes.iter().all(|attribute| said.contains(attribute))
            }
        })
    };
    let missing: Vec<String> = lines(output).into_iter().filter(|line| !has(line)).collect();
    let mut text = existing.to_vec();
    if missing.is_empty() {
        return text;
    }
    let end: &[u8] = if held.contains("\r\n") { b"\r\n" } else { b"\n" };
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.extend_from_slice(end);
    }
    for line in missing {
        text.extend_from_slice(line.as_bytes());
        text.extend_from_slice(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::add_missing_lines;

    #[test]
    fn lines_are_added_once_and_nothing_else_changes() {
        let fresh = add_missing_lines(b"", "rendered");
        let expected =
            "fleetcron.lock -text merge=union linguist-generated=true\nrendered/** -text linguist-generated=true\n";
        assert_eq!(String::from_utf8_lossy(&fresh), expected);
        assert_eq!(add_missing_lines(&fresh, "rendered"), fresh);
        let after = add_missing_lines(b"*.png binary", "out");
        assert!(after.starts_with(b"*.png binary\nfleetcron.lock -text merge=union "), "{after:?}");
        let windows = add_missing_lines(b"a text\r\n", "out");
        assert!(windows.ends_with(b"linguist-generated=true\r\n") && !windows.contains(&0), "{windows:?}");
        let strange = add_missing_lines(b"\xff x\nfleetcron.lock  merge=union   linguist-generated=true -text", "o");
        assert!(strange.starts_with(b"\xff x\n") && strange.ends_with(b"\no/** -text linguist-generated=true\n"));
        assert!(String::from_utf8_lossy(&add_missing_lines(b"", "a b")).contains("\"a b/**\" -text linguist"));
        assert!(String::from_utf8_lossy(&add_missing_lines(b"", "r[e]d*")).contains("\nr\\[e]d\\*/** -text linguist"));
    }
}
