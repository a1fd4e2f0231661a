//! Reads a sentence about a schedule back into the moments that it claims. It knows the English and nothing of cron.
//!
//! The one idea: a sentence is read whole or not at all, and a claim that does not hold by itself ("every 45 minutes",
//! "on day 31 of April") is refused.

use std::collections::BTreeSet;

const MONTHS: &str = "January February March April May June July August September October November December";
const WEEKDAYS: &str = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday";

/// Month, day of the month, day of the week (Sunday is 0).
pub(crate) type Date = (u32, u32, u32);

/// What a sentence claims.
#[derive(Debug, PartialEq)]
pub(crate) enum Claim {
    /// A delay in seconds.
    Delay(u64),
    /// These fields are empty, by the words for their numbers.
    Empty(Vec<String>),
    /// None of these months has one of these days.
    NoSuchDay { days: BTreeSet<u32>, months: BTreeSet<u32> },
    /// Runs at these minutes of these days.
    Runs { times: BTreeSet<u32>, dates: BTreeSet<Date> },
}

/// All days that a year can have; in a common year if so wished.
pub(crate) fn calendar(leap: bool) -> impl Iterator<Item = Date> {
    (1..=12).flat_map(move |month| {
        (1..=31).filter(move |day| exists(month, *day, leap)).flat_map(move |day| (0..7).map(move |w| (month, day, w)))
    })
}

fn exists(month: u32, day: u32, leap: bool) -> bool {
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=length).contains(&day)
}

/// What the sentence claims; `None` if it is not one of the house's, or not true by itself.
pub(crate) fn read(sentence: &str) -> Option<Claim> {
    let mut reader = Reader { rest: sentence };
    let claim = reader.claim()?;
    reader.rest.is_empty().then_some(claim)
}

type Set = BTreeSet<u32>;
type Test = Box<dyn Fn(Date) -> bool>;

#[derive(Clone)]
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Takes what the part reads, or nothing.
    fn maybe<T>(&mut self, part: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = self.clone();
        let read = part(&mut ahead)?;
        *self = ahead;
        Some(read)
    }

    fn word(&mut self, is: impl Fn(char) -> bool) -> Option<&'a str> {
        let end = self.rest.find(|c| !is(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn number(&mut self) -> Option<u32> {
        let digits = self.word(|c| c.is_ascii_digit())?;
        (digits == "0" || !digits.starts_with('0')).then(|| digits.parse().ok())?
    }

    fn two_digits(&mut self) -> Option<u32> {
        let digits = self.word(|c| c.is_ascii_digit())?;
        (digits.len() == 2).then(|| digits.parse().ok())?
    }

    fn hour(&mut self) -> Option<u32> {
        self.two_digits().filter(|hour| *hour < 24)
    }

    fn clock(&mut self) -> Option<u32> {
        let hour = self.hour()?;
        self.eat(":")?;
        Some(hour * 60 + self.two_digits().filter(|minute| *minute < 60)?)
    }

    /// A name of the list, as its place in it.
    fn name(&mut self, names: &str) -> Option<u32> {
        let word = self.word(|c| c.is_ascii_alphabetic())?;
        Some(names.split(' ').position(|name| name == word)? as u32)
    }

    fn month(&mut self) -> Option<u32> {
        Some(self.name(MONTHS)? + 1)
    }

    fn weekday(&mut self) -> Option<u32> {
        self.name(WEEKDAYS)
    }

    /// `a`, `a and b`, `a, b and c`: the items in order.
    fn list<T>(&mut self, last: &str, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = vec![item(self)?];
        loop {
            let next = |reader: &mut Self, separator: &str, item: &mut dyn FnMut(&mut Self) -> Option<T>| {
                reader.maybe(|reader| {
                    reader.eat(separator)?;
                    item(reader)
                })
            };
            if let Some(end) = next(self, &format!(" {last} "), &mut item) {
                items.push(end);
                return Some(items);
            }
            match next(self, ", ", &mut item) {
                Some(middle) => items.push(middle),
                None => return (items.len() == 1).then_some(items),
            }
        }
    }

    /// Ascending numbers and ranges of three and more.
    fn set(&mut self, mut number: impl FnMut(&mut Self) -> Option<u32>) -> Option<Set> {
        let ranges = self.list("and", |reader| {
            let first = number(reader)?;
            let last = reader.maybe(|reader| {
                reader.eat(" to ")?;
                number(reader)
            });
            Some((first, last.unwrap_or(first)))
        })?;
        let sound = ranges.iter().all(|(first, last)| first == last || first + 1 < *last);
        let ascending = ranges.windows(2).all(|pair| pair[0].1 < pair[1].0);
        (sound && ascending).then(|| ranges.iter().flat_map(|(first, last)| *first..=*last).collect())
    }

    fn claim(&mut self) -> Option<Claim> {
        if self.eat("never: ").is_some() {
            return self.reason();
        }
        if let Some(seconds) = self.maybe(Self::delay) {
            return Some(Claim::Delay(seconds));
        }
        let (times, said) = self.times()?;
        let meant = match self.rest.is_empty() {
            true if said => Box::new(|_| true),
            true => return None,
            false => self.dates(said)?,
        };
        let dates = calendar(true).filter(|date| meant(*date)).collect();
        Some(Claim::Runs { times, dates })
    }

    fn reason(&mut self) -> Option<Claim> {
        if self.maybe(|reader| reader.eat("both fields for days are empty")).is_some() {
            return Some(Claim::Empty(vec!["days of the month".to_owned(), "days of the week".to_owned()]));
        }
        if self.maybe(|reader| reader.eat("the field for ")).is_some() {
            let name = self.rest.strip_suffix(" is empty")?;
            self.rest = "";
            return Some(Claim::Empty(vec![name.to_owned()]));
        }
        self.eat("there is no ")?;
        let (days, months) = match self.maybe(|reader| reader.eat("day ")) {
            Some(()) => {
                let days = self.list("or", Self::number)?;
                self.eat(" in ")?;
                (days, self.list("or", Self::month)?)
            }
            None => {
                let day = self.number()?;
                self.eat(" ")?;
                (vec![day], vec![self.month()?])
            }
        };
        Some(Claim::NoSuchDay { days: days.into_iter().collect(), months: months.into_iter().collect() })
    }

    fn delay(&mut self) -> Option<u64> {
        self.eat("every ")?;
        let parts = self.list("and", |reader| {
            let count = reader.maybe(|reader| {
                let count: u64 = reader.word(|c| c.is_ascii_digit())?.parse().ok()?;
                reader.eat(" ")?;
                Some(count)
            });
            let word = reader.word(|c| c.is_ascii_lowercase())?;
            let plural = count.is_some_and(|count| count != 1);
            let unit = if plural { word.strip_suffix('s')? } else { word };
            let seconds = ["second", "minute", "hour"].iter().position(|name| *name == unit)?;
            Some(count.unwrap_or(1) * 60u64.pow(seconds as u32))
        })?;
        self.eat(", counted from the last run")?;
        parts.windows(2).all(|pair| pair[0] > pair[1]).then(|| parts.iter().sum())
    }

    /// The minutes of a day, and whether the words say "every".
    fn times(&mut self) -> Option<(Set, bool)> {
        if self.maybe(|reader| reader.eat("every ")).is_some() {
            let step = self.pace()?;
            if let Some(times) = self.maybe(|reader| reader.stretch(step, " from ", Self::clock)) {
                return Some((times, true));
            }
            if let Some(minutes) = self.maybe(|reader| reader.stretch(step, " from minute ", Self::number)) {
                return Some((product(&minutes, &self.hours()?.0)?, true));
            }
            // Without its ends, "every 15 minutes" must go on evenly over the hour.
            let minutes = (step < 60 && 60 % step == 0).then(|| (0..60).step_by(step as usize).collect())?;
            let of = if step == 1 { " of the hour" } else { " in the hour" };
            let hours = self.maybe(|reader| reader.some_hours(of)).unwrap_or_else(|| (0..24).collect());
            return Some((product(&minutes, &hours)?, true));
        }
        self.eat("at ")?;
        if self.maybe(|reader| reader.eat("minute")).is_some() {
            let plural = self.maybe(|reader| reader.eat("s")).is_some();
            self.eat(" ")?;
            let minutes = self.set(Self::number)?;
            let (hours, every) = self.hours()?;
            return (plural == (minutes.len() > 1)).then_some((product(&minutes, &hours)?, every));
        }
        let times = self.list("and", Self::clock)?;
        times.windows(2).all(|pair| pair[0] < pair[1]).then(|| (times.into_iter().collect(), false))
    }

    /// In minutes.
    fn pace(&mut self) -> Option<u32> {
        let count = self.maybe(|reader| {
            let count = reader.number().filter(|count| *count > 1)?;
            reader.eat(" ")?;
            Some(count)
        });
        let minutes = match (self.word(|c| c.is_ascii_lowercase())?, count) {
            ("minute", None) | ("minutes", Some(_)) => 1,
            ("hour", None) | ("hours", Some(_)) => 60,
            _ => return None,
        };
        Some(count.unwrap_or(1) * minutes)
    }

    /// A stretch with both its ends; the steps must meet the second.
    fn stretch(&mut self, step: u32, from: &str, end: impl Fn(&mut Self) -> Option<u32>) -> Option<Set> {
        self.eat(from)?;
        let first = end(self)?;
        self.eat(" to ")?;
        let last = end(self)?;
        (first < last && (last - first) % step == 0).then(|| (first..=last).step_by(step as usize).collect())
    }

    /// The hours, and whether they are said to be all.
    fn hours(&mut self) -> Option<(Set, bool)> {
        if self.maybe(|reader| reader.eat(" of every hour")).is_some() {
            return Some(((0..24).collect(), true));
        }
        Some((self.some_hours(" of the hour")?, false))
    }

    fn some_hours(&mut self, of: &str) -> Option<Set> {
        self.eat(of)?;
        let plural = self.maybe(|reader| reader.eat("s")).is_some();
        self.eat(" ")?;
        let hours = self.set(Self::hour)?;
        (plural == (hours.len() > 1)).then_some(hours)
    }

    /// The days; `said` is whether the words before have said that it is every day if nothing else is said.
    fn dates(&mut self, said: bool) -> Option<Test> {
        self.maybe(|reader| reader.eat(",")).unwrap_or_default();
        self.eat(" ")?;
        if let Some(days) = self.maybe(Self::all_but_one) {
            return Some(days);
        }
        if self.maybe(|reader| reader.eat("every day")).is_some() {
            return self.then_months(Box::new(|_| true));
        }
        if let Some(date) = self.maybe(Self::one_date) {
            return Some(date);
        }
        if let Some(either) = self.maybe(Self::either) {
            return Some(either);
        }
        if let Some(days) = self.maybe(Self::days_of_months) {
            return Some(days);
        }
        if let Some(week) = self.maybe(|reader| reader.named("on", &Self::weekday, 7, 0)) {
            return self.then_months(Box::new(move |(_, _, weekday)| week.contains(&weekday)));
        }
        let months = self.months()?;
        if self.maybe(|reader| reader.eat(", ")).is_some() {
            let days = self.maybe(Self::all_but_one).or_else(|| self.either())?;
            return Some(Box::new(move |date| months.contains(&date.0) && days(date)));
        }
        said.then(|| Box::new(move |(month, _, _): Date| months.contains(&month)) as Test)
    }

    fn then_months(&mut self, days: Test) -> Option<Test> {
        if self.rest.is_empty() {
            return Some(days);
        }
        self.maybe(|reader| reader.eat(",")).unwrap_or_default();
        self.eat(" ")?;
        let months = self.months()?;
        Some(Box::new(move |date| months.contains(&date.0) && days(date)))
    }

    fn all_but_one(&mut self) -> Option<Test> {
        self.eat("every day except ")?;
        let free = self.weekday()?;
        Some(Box::new(move |(_, _, weekday)| weekday != free))
    }

    fn one_date(&mut self) -> Option<Test> {
        self.eat("on ")?;
        let day = self.number()?;
        self.eat(" ")?;
        let month = self.month()?;
        let leap = self.maybe(|reader| reader.eat(", in leap years")).is_some();
        let sound = exists(month, day, true) && leap != exists(month, day, false);
        sound.then(|| Box::new(move |(m, d, _): Date| (m, d) == (month, day)) as Test)
    }

    /// "on day 13 of the month or on any Friday"
    fn either(&mut self) -> Option<Test> {
        let (days, _) = self.days()?;
        self.eat(" of the month or on any ")?;
        let week: Set = match self.maybe(|reader| reader.eat("day except ")) {
            Some(()) => {
                let free = self.weekday()?;
                (0..7).filter(|weekday| *weekday != free).collect()
            }
            None => {
                let ranges = self.list("or", |reader| {
                    reader.maybe(|reader| reader.eat("any ")).unwrap_or_default();
                    match reader.maybe(|reader| reader.eat("day ")) {
                        Some(()) => reader.range(&Self::weekday, 7, 0),
                        None => Some(vec![reader.weekday()?]),
                    }
                })?;
                ranges.into_iter().flatten().collect()
            }
        };
        Some(Box::new(move |date| days(date.0, date.1) || week.contains(&date.2)))
    }

    /// "on days 1 and 15 of every month"
    fn days_of_months(&mut self) -> Option<Test> {
        let (days, listed) = self.days()?;
        self.eat(" of ")?;
        let every = self.maybe(|reader| reader.eat("every month")).is_some();
        let months: Set = match every {
            true if self.maybe(|reader| reader.eat(" except ")).is_some() => {
                let free = self.month()?;
                (1..=12).filter(|month| *month != free).collect()
            }
            true if self.rest.starts_with(" from ") => {
                self.eat(" ")?;
                self.range(&Self::month, 12, 1)?.into_iter().collect()
            }
            true => (1..=12).collect(),
            false => self.list("and", Self::month)?.into_iter().collect(),
        };
        let clauses = [" that has one", ", where it exists", ", where they exist"];
        let clause = clauses.iter().find(|clause| self.maybe(|reader| reader.eat(clause)).is_some());
        // A month that lacks a listed day is owned up to, and only then.
        let lacking = listed
            .is_some_and(|listed| months.iter().any(|month| listed.iter().any(|day| !exists(*month, *day, false))));
        (lacking == clause.is_some())
            .then(|| Box::new(move |(month, day, _): Date| months.contains(&month) && days(month, day)) as Test)
    }

    /// Days of a month, and their numbers where they are listed.
    #[expect(clippy::type_complexity, reason = "a test by month and day")]
    fn days(&mut self) -> Option<(Box<dyn Fn(u32, u32) -> bool>, Option<Set>)> {
        if self.maybe(|reader| reader.eat("on odd days")).is_some() {
            return Some((Box::new(|_, day| day % 2 == 1), None));
        }
        if self.maybe(|reader| reader.eat("on even days")).is_some() {
            return Some((Box::new(|_, day| day % 2 == 0), None));
        }
        if self.maybe(|reader| reader.eat("from day ")).is_some() {
            let first = self.number().filter(|first| *first <= 28)?;
            self.eat(" to the last day")?;
            return Some((Box::new(move |_, day| day >= first), None));
        }
        self.eat("on day")?;
        let plural = self.maybe(|reader| reader.eat("s")).is_some();
        self.eat(" ")?;
        let days = self.set(Self::number)?;
        let set = days.clone();
        (plural == (days.len() > 1))
            .then(|| -> (Box<dyn Fn(u32, u32) -> bool>, _) { (Box::new(move |_, day| set.contains(&day)), Some(days)) })
    }

    fn months(&mut self) -> Option<Set> {
        if self.maybe(|reader| reader.eat("in every month except ")).is_some() {
            let free = self.month()?;
            return Some((1..=12).filter(|month| *month != free).collect());
        }
        self.named("in", &Self::month, 12, 1)
    }

    /// "on A, B and C", "from A to C", "on A and from C to E"
    fn named(
        &mut self,
        preposition: &str,
        name: &dyn Fn(&mut Self) -> Option<u32>,
        size: u32,
        low: u32,
    ) -> Option<Set> {
        let mut bare = None;
        let parts = self.list("and", |reader| {
            if reader.rest.starts_with("from ") {
                bare = Some(false);
                return reader.range(name, size, low);
            }
            let own = reader.maybe(|reader| reader.eat(&format!("{preposition} "))).is_some();
            (own || bare == Some(true)).then_some(())?;
            bare = bare.or(Some(true));
            Some(vec![name(reader)?])
        })?;
        let all: Vec<u32> = parts.into_iter().flatten().collect();
        let set: Set = all.iter().copied().collect();
        (set.len() == all.len()).then_some(set)
    }

    /// "from C to E", around the turn if need be.
    fn range(&mut self, name: &dyn Fn(&mut Self) -> Option<u32>, size: u32, low: u32) -> Option<Vec<u32>> {
        self.eat("from ")?;
        let first = name(self)?;
        self.eat(" to ")?;
        let last = name(self)?;
        let length = (last + size - first) % size + 1;
        (length > 2).then(|| (0..length).map(|more| (first - low + more) % size + low).collect())
    }
}

fn product(minutes: &Set, hours: &Set) -> Option<Set> {
    let sound = minutes.iter().all(|minute| *minute < 60);
    sound.then(|| hours.iter().flat_map(|hour| minutes.iter().map(move |minute| hour * 60 + minute)).collect())
}
