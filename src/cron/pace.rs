//! Finds how close two runs can be. The sets alone give a lower bound; only schedules near a limit are searched.

use jiff::Timestamp;

use super::{Expression, ExpressionForm, Zone};

/// Runs that are looked at: more than a day of any schedule by the quarter of an hour, more than a year of daily ones.
const RUNS: usize = 500;

impl Expression {
    /// Whether two runs can be less than so many seconds apart in a zone whose clock never changes, and then the
    /// shortest distance in seconds.
    pub fn closer_than(&self, seconds: u64) -> Option<u64> {
        if self.at_least() >= seconds {
            return None;
        }
        let closest = match self.form() {
            ExpressionForm::Every(every) => *every,
            ExpressionForm::Fields(_) => {
                let zone = Zone::utc();
                let runs: Vec<i64> =
                    self.runs(Timestamp::UNIX_EPOCH, &zone).take(RUNS).map(Timestamp::as_second).collect();
                runs.windows(2).map(|pair| pair[1].abs_diff(pair[0])).min()?
            }
        };
        (closest < seconds).then_some(closest)
    }

    /// No two runs come closer than this, in seconds: judged by minutes and hours, as if every day counted.
    fn at_least(&self) -> u64 {
        let fields = match self.form() {
            ExpressionForm::Every(every) => return *every,
            ExpressionForm::Fields(fields) => fields,
        };
        let times: Vec<u32> = fields.minute.numbers().collect();
        let hours: Vec<u32> = fields.hour.numbers().collect();
        let within = times.windows(2).map(|pair| pair[1] - pair[0]).min();
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return u64::MAX };
        let (Some(early), Some(late)) = (hours.first(), hours.last()) else { return u64::MAX };
        let apart = hours.windows(2).map(|pair| pair[1] - pair[0]).chain([24 - late + early]).min().unwrap_or(24);
        let across = apart * 60 - last + first;
        u64::from(within.map_or(across, |within| within.min(across))) * 60
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    #[test]
    fn the_closest_pair_is_found_across_hours_and_days() {
        let closest = |schedule: &str| Expression::parse(schedule).unwrap().closer_than(u64::MAX);
        for (schedule, seconds) in [
            ("* * * * *", 60),
            ("*/5 * * * *", 300),
            ("0,50 * * * *", 600),
            ("0 3 * * *", 86_400),
            ("0 0,23 * * *", 3_600),
            ("0 0,23 * * 1", 23 * 3_600),
            ("@every 90s", 90),
        ] {
            assert_eq!(closest(schedule), Some(seconds), "{schedule}");
        }
        assert_eq!(Expression::parse("*/5 * * * *").unwrap().closer_than(300), None);
        assert_eq!(Expression::parse("0 0,23 * * 1").unwrap().closer_than(7_200), None);
        assert_eq!(closest("0 0 30 2 *"), None);
    }
}
