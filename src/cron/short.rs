//! Periods as short text, `daily 03:00`, which people type and Kubernetes does not read.

/// A period, and what it is written as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Short {
    /// The cron expression.
    pub expression: String,
    /// The `schedule` of a task, in YAML on one line.
    pub object: String,
}

/// The days of the week, as cron numbers them.
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Reads `every 15m`, `hourly 10`, `daily 03:00`, `weekly Mon,Thu 03:00` or `monthly 1,15 03:00`; `None` for anything else.
pub fn short(text: &str) -> Option<Short> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = |hour: u32, minute: u32| format!("at: \"{hour:02}:{minute:02}\"");
    let (expression, object) = match words.as_slice() {
        ["every", every] => (frequency(every)?, format!("every: {every}")),
        ["hourly"] => ("0 * * * *".to_owned(), "hourly: {minute: 0}".to_owned()),
        ["hourly", minute] => {
            let minute = number(minute.trim_start_matches(':'), 59)?;
            (format!("{minute} * * * *"), format!("hourly: {{minute: {minute}}}"))
        }
        ["daily", time] => {
            let (hour, minute) = clock(time)?;
            (format!("{minute} {hour} * * *"), format!("daily: {{{}}}", at(hour, minute)))
        }
        ["weekly", days, time] => {
            let (hour, minute) = clock(time)?;
            let days = days.split(',').map(weekday).collect::<Option<Vec<usize>>>()?;
            let numbers: Vec<String> = days.iter().map(usize::to_string).collect();
            let names: Vec<&str> = days.iter().filter_map(|day| DAYS[*day].get(..3)).collect();
            let object = format!("weekly: {{on: [{}], {}}}", names.join(", "), at(hour, minute));
            (format!("{minute} {hour} * * {}", numbers.join(",")), object)
        }
        ["monthly", days, time] => {
            let (hour, minute) = clock(time)?;
            let days =
                days.split(',').map(|day| number(day, 31).filter(|day| *day > 0)).collect::<Option<Vec<u32>>>()?;
            let days: Vec<String> = days.iter().map(u32::to_string).collect();
            let object = format!("monthly: {{on: [{}], {}}}", days.join(", "), at(hour, minute));
            (format!("{minute} {hour} {} * *", days.join(",")), object)
        }
        _ => return None,
    };
    Some(Short { expression, object: format!("{{{object}}}") })
}

/// Minutes that divide an hour, or hours that divide a day.
fn frequency(text: &str) -> Option<String> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count = number.parse::<u32>().ok().filter(|count| *count > 0)?;
    let minutes = match unit {
        "m" => count,
        "h" => count.checked_mul(60)?,
        _ => return None,
    };
    match minutes {
        1 => Some("* * * * *".to_owned()),
        60 => Some("0 * * * *".to_owned()),
        1440 => Some("0 0 * * *".to_owned()),
        n if n < 60 && 60 % n == 0 => Some(format!("*/{n} * * * *")),
        n if n.is_multiple_of(60) && 1440 % n == 0 => Some(format!("0 */{} * * *", n / 60)),
        _ => None,
    }
}

fn clock(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.split_once(':')?;
    Some((number(hour, 23)?, number(minute, 59)?))
}

fn number(text: &str, most: u32) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= most)
}

fn weekday(text: &str) -> Option<usize> {
    let same = |day: &&str| day.eq_ignore_ascii_case(text) || day[..3].eq_ignore_ascii_case(text);
    DAYS.iter().position(same)
}

#[cfg(test)]
mod tests {
    use super::short;
    use crate::cron::Expression;

    #[test]
    fn a_period_is_an_expression_and_an_object() {
        for (text, expression, object) in [
            ("daily 03:00", "0 3 * * *", "{daily: {at: \"03:00\"}}"),
            ("daily 3:05", "5 3 * * *", "{daily: {at: \"03:05\"}}"),
            ("weekly mon,Thursday 23:30", "30 23 * * 1,4", "{weekly: {on: [Mon, Thu], at: \"23:30\"}}"),
            ("monthly 1,15 00:00", "0 0 1,15 * *", "{monthly: {on: [1, 15], at: \"00:00\"}}"),
            ("hourly", "0 * * * *", "{hourly: {minute: 0}}"),
            ("hourly 10", "10 * * * *", "{hourly: {minute: 10}}"),
            ("every 15m", "*/15 * * * *", "{every: 15m}"),
            ("every 6h", "0 */6 * * *", "{every: 6h}"),
        ] {
            let found = short(text).unwrap();
            assert_eq!((found.expression.as_str(), found.object.as_str()), (expression, object), "{text}");
            assert!(Expression::parse(&found.expression).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_none() {
        for text in [
            "",
            "0 3 * * *",
            "@daily",
            "daily",
            "daily 24:00",
            "daily 3pm",
            "weekly 03:00",
            "monthly 32 03:00",
            "every 7m",
            "every day",
        ] {
            assert_eq!(short(text), None, "{text}");
        }
    }
}
