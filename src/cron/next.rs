//! Computes the next run: robfig/cron v3.0.1 `SpecSchedule.Next` and `ConstantDelaySchedule.Next`.
//!
//! What the search does around a clock change follows from its steps, so the steps are the same.

use std::iter::FusedIterator;
use std::ops::Range;

use jiff::Timestamp;

use super::calendar::LENGTHS;
use super::{Expression, ExpressionForm, Fields, Zone};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Expression {
    /// The next run after an instant, as Kubernetes' controller computes it with robfig's `Next`.
    ///
    /// `None` if there is none up to the end of the fifth year from then: robfig gives up there. It is also `None`
    /// where the run would lie beyond the last [`Timestamp`].
    ///
    /// A local time that a changing clock skips has no run, and one that comes twice has two. If the skipped time begins
    /// at midnight or within an hour, robfig's search misses that a day, a month or an hour has begun, and so does this
    /// one: runs are lost, or come on the day or in the hour or month after. `* * * 11 0` in America/Asuncion ran on 5
    /// December 1976 and not in November: 1 October had no midnight, so the search went on by months from the evening
    /// of 30 September.
    ///
    /// Where a zone skipped a whole day (Pacific/Apia, 30 December 2011) robfig's search does not end. This one goes
    /// on as if the calendar did not have that day.
    pub fn next(&self, after: Timestamp, zone: &Zone) -> Option<Timestamp> {
        self.next_at(after, &mut Local::new(zone))
    }

    /// All runs after an instant, until there is none.
    pub fn runs<'a>(&'a self, after: Timestamp, zone: &'a Zone) -> Runs<'a> {
        Runs { expression: self, local: Local::new(zone), last: Some(after) }
    }

    /// Whether it can run at all. It cannot if the set of a field is empty (`,`), or if no month in it has a day in it
    /// (30 February). Such a schedule is accepted, and then the controller only complains. 29 February can run.
    pub fn fires(&self) -> bool {
        match &self.form {
            ExpressionForm::Every(_) => true,
            ExpressionForm::Fields(fields) => fields.fires(),
        }
    }

    fn next_at(&self, after: Timestamp, local: &mut Local) -> Option<Timestamp> {
        // Parts of a second are cut, before 1970 too.
        let floor = after.as_second() - i64::from(after.subsec_nanosecond() < 0);
        let second = match &self.form {
            ExpressionForm::Every(seconds) => {
                i64::try_from(*seconds).ok().and_then(|seconds| floor.checked_add(seconds))?
            }
            ExpressionForm::Fields(fields) if fields.fires() => search(fields, floor + 1, local)?,
            ExpressionForm::Fields(_) => return None,
        };
        Timestamp::from_second(second).ok()
    }
}

/// The runs of a schedule after an instant, see [`Expression::runs`].
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    expression: &'a Expression,
    local: Local<'a>,
    last: Option<Timestamp>,
}

impl Iterator for Runs<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        self.last = self.expression.next_at(self.last?, &mut self.local);
        self.last
    }
}

impl FusedIterator for Runs<'_> {}

impl Fields {
    /// robfig's `dayMatches`: both days if one of them is written with a star, else either.
    pub(super) fn day_matches(&self, day: u32, weekday: u32) -> bool {
        let (day, weekday) = (self.day.has(day), self.weekday.has(weekday));
        if self.day.star || self.weekday.star { day && weekday } else { day || weekday }
    }

    fn fires(&self) -> bool {
        let dated = |month: u32| (1..=LENGTHS[month as usize - 1]).any(|day| self.day.has(day));
        let (weekday, any_month) = (self.weekday.bits != 0, self.month.bits != 0);
        // Over the years every date falls on every day of the week.
        let date = self.month.numbers().any(dated);
        let day = if self.day.star || self.weekday.star { date && weekday } else { date || weekday };
        self.minute.bits != 0 && self.hour.bits != 0 && any_month && day
    }
}

/// robfig's `Next`, from the second after the moment on. Its loop over seconds is there for zones whose offset has
/// some: only second 0 is in the set.
fn search(fields: &Fields, from: i64, local: &mut Local) -> Option<i64> {
    let mut t = from;
    let mut cut = false;
    let limit = local.read(t).year + 5;
    'wrap: loop {
        let mut now = local.read(t);
        if now.year > limit {
            return None;
        }
        while !fields.month.has(now.month) {
            if !cut {
                cut = true;
                t = local.instant(now.year, now.month, 1, 0);
                now = local.read(t);
            }
            t = local.instant(now.year, now.month + 1, i64::from(now.day), now.second_of_day);
            now = local.read(t);
            if now.month == 1 {
                continue 'wrap;
            }
        }
        while !fields.day_matches(now.day, now.weekday()) {
            if !cut {
                cut = true;
                t = local.instant(now.year, now.month, i64::from(now.day), 0);
                now = local.read(t);
            }
            t = next_day(t, &now, local);
            now = local.read(t);
            if now.day == 1 {
                continue 'wrap;
            }
        }
        while !fields.hour.has(now.hour()) {
            if !cut {
                cut = true;
                t = local.instant(now.year, now.month, i64::from(now.day), i64::from(now.hour()) * HOUR);
            }
            t += HOUR;
            now = local.read(t);
            if now.hour() == 0 {
                continue 'wrap;
            }
        }
        while !fields.minute.has(now.minute()) {
            if !cut {
                cut = true;
                t -= t.rem_euclid(MINUTE);
            }
            t += MINUTE;
            now = local.read(t);
            if now.minute() == 0 {
                continue 'wrap;
            }
        }
        while now.second() != 0 {
            cut = true;
            t += 1;
            now = local.read(t);
            if now.second() == 0 {
                continue 'wrap;
            }
        }
        return Some(t);
    }
}

/// A day on, and then to the midnight that is nearest. If the next day does not exist, that is no later than before:
/// robfig would stay there for ever, and we go to the day after it.
fn next_day(t: i64, now: &Reading, local: &mut Local) -> i64 {
    let mut next = t;
    for days in 1..=2 {
        next = local.instant(now.year, now.month, i64::from(now.day) + days, now.second_of_day);
        let hour = i64::from(local.read(next).hour());
        next += if hour > 12 { 24 - hour } else { -hour } * HOUR;
        if next > t {
            break;
        }
    }
    next
}

/// What calendar and clock on the wall say.
struct Reading {
    year: i64,
    month: u32,
    day: u32,
    /// Days since 1970-01-01.
    days: i64,
    second_of_day: i64,
}

impl Reading {
    fn weekday(&self) -> u32 {
        // The first of January 1970 was a Thursday.
        (self.days + 4).rem_euclid(7) as u32
    }

    fn hour(&self) -> u32 {
        (self.second_of_day / HOUR) as u32
    }

    fn minute(&self) -> u32 {
        (self.second_of_day % HOUR / MINUTE) as u32
    }

    fn second(&self) -> u32 {
        (self.second_of_day % MINUTE) as u32
    }
}

/// A zone, and the span around the last look-up in which its offset is known: a search asks many times near one place.
#[derive(Clone, Debug)]
struct Local<'a> {
    zone: &'a Zone,
    span: Range<i64>,
    offset: i64,
}

impl Local<'_> {
    fn new(zone: &Zone) -> Local<'_> {
        Local { zone, span: 0..0, offset: 0 }
    }

    fn offset(&mut self, second: i64) -> i64 {
        if !self.span.contains(&second) {
            (self.span, self.offset) = self.zone.span(second);
        }
        self.offset
    }

    fn read(&mut self, second: i64) -> Reading {
        let wall = second + self.offset(second);
        let days = wall.div_euclid(DAY);
        let (year, month, day) = date(days);
        Reading { year, month, day, days, second_of_day: wall.rem_euclid(DAY) }
    }

    /// Go's `time.Date`: the offset that holds at the local time as if it were UTC leads to an instant; the offset
    /// that holds there counts. A local time that is skipped or comes twice becomes whatever follows from that.
    fn instant(&mut self, year: i64, month: u32, day: i64, second_of_day: i64) -> i64 {
        let wall = (first_of_month(year, month) + day - 1) * DAY + second_of_day;
        match self.offset(wall) {
            0 => wall,
            offset => wall - self.offset(wall - offset),
        }
    }
}

/// Days from 1970-01-01 to the first of a month; month 13 is January of the next year. The calendar is the Gregorian
/// one at all times, counted in eras of 400 years that begin in March, so that the leap day is the last of a year.
fn first_of_month(year: i64, month: u32) -> i64 {
    let months = i64::from(month) + 9;
    let (year, month) = (year - 1 + months / 12, months % 12);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 - 719_468
}

/// Year, month and day of so many days after 1970-01-01.
fn date(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(schedule: &str, zone: &str, after: &str, n: usize) -> Vec<String> {
        let (expression, zone) = (Expression::parse(schedule).unwrap(), Zone::parse(zone).unwrap());
        expression.runs(after.parse().unwrap(), &zone).take(n).map(|run| run.to_string()).collect()
    }

    #[test]
    fn the_next_run_is_after_the_moment_and_on_a_full_second() {
        assert_eq!(runs("* * * * *", "UTC", "2026-01-01T00:00:00Z", 1), ["2026-01-01T00:01:00Z"]);
        assert_eq!(runs("* * * * *", "UTC", "2026-01-01T00:00:59.5Z", 1), ["2026-01-01T00:01:00Z"]);
        assert_eq!(runs("@every 90s", "UTC", "1969-12-31T23:59:58.5Z", 1), ["1970-01-01T00:01:28Z"]);
    }

    #[test]
    fn a_skipped_time_has_no_run_and_a_repeated_one_has_two() {
        let spring = runs("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 1);
        assert_eq!(spring, ["2026-03-30T00:30:00Z"]);
        let autumn = runs("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
    }

    #[test]
    fn a_day_without_midnight_may_be_lost() {
        assert_eq!(runs("0 12 24 4 *", "Africa/Cairo", "2026-01-01T00:00:00Z", 1), ["2027-04-24T10:00:00Z"]);
    }

    #[test]
    fn what_begins_without_its_midnight_may_be_missed() {
        let may = runs("* * 31 2-8/2 *", "Asia/Beirut", "1972-09-02T09:42:39Z", 1);
        assert_eq!(may, ["1973-05-30T21:00:00Z"]);
        let december = runs("* * * 11 0", "America/Asuncion", "1975-12-01T03:00:00Z", 1);
        assert_eq!(december, ["1976-12-05T03:00:00Z"]);
        let half_an_hour = runs("30 1 * * *", "Australia/Lord_Howe", "2026-10-03T14:31:00Z", 2);
        assert_eq!(half_an_hour, ["2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z"]);
    }

    #[test]
    fn a_day_that_the_calendar_skips_is_passed_over() {
        let friday = runs("0 0 * * 5", "Pacific/Apia", "2011-12-29T00:00:00Z", 1);
        assert_eq!(friday, ["2012-01-05T10:00:00Z"]);
        assert_eq!(runs("0 0 30 12 *", "Pacific/Apia", "2011-01-01T00:00:00Z", 1), ["2012-12-29T10:00:00Z"]);
    }

    #[test]
    fn the_search_ends_after_five_years() {
        assert_eq!(runs("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1), [""; 0]);
        assert_eq!(runs("0 0 29 2 *", "UTC", "2099-03-01T00:00:00Z", 1), ["2104-02-29T00:00:00Z"]);
    }

    #[test]
    fn time_may_end() {
        let expression = Expression::parse("0 0 1 1 *").unwrap();
        assert_eq!(expression.next(Timestamp::MAX, &Zone::utc()), None);
        assert!(expression.next(Timestamp::MIN, &Zone::utc()).is_some());
        assert_eq!(Expression::parse("@every 2562047h").unwrap().next(Timestamp::MAX, &Zone::utc()), None);
    }

    #[test]
    fn what_never_fires_is_known() {
        let fires = |schedule: &str| Expression::parse(schedule).unwrap().fires();
        for never in [
            ", * * * *",
            "* , * * *",
            "* * * , *",
            "* * , * *",
            "* * * * ,",
            "* * , * ,",
            "0 0 30 2 *",
            "0 0 31 2,4,6,9,11 ?",
            "0 0 30-31 feb *",
        ] {
            assert!(!fires(never), "{never}");
            assert_eq!(runs(never, "UTC", "2026-01-01T00:00:00Z", 1), [""; 0], "{never}");
        }
        for some in ["0 0 29 2 *", "0 0 31 * *", "0 0 30 2 1", "0 0 , * 1", "0 0 1 * ,", "@every 1ns", "0 0 31 1-2 *"] {
            assert!(fires(some), "{some}");
        }
    }

    #[test]
    fn days_become_dates_and_back() {
        for days in (-800_000..800_000).step_by(7) {
            let (year, month, day) = date(days);
            assert_eq!(first_of_month(year, month) + i64::from(day) - 1, days);
        }
        assert_eq!((date(0), date(-1)), ((1970, 1, 1), (1969, 12, 31)));
        assert_eq!((first_of_month(2000, 3), first_of_month(1999, 13)), (11_017, 10_957));
    }
}
