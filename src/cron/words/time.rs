//! Describes the times of a day in English.
//!
//! "every N" is only used where the distance really is N throughout.

use super::lists::{numbers, set, step};
use crate::cron::calendar::joined;

/// So many times are listed one by one.
const LISTED: usize = 6;

/// The times of a day, said.
pub(super) struct Times {
    pub(super) text: String,
    /// Whether no hour is without one.
    pub(super) every_hour: bool,
}

impl Times {
    /// The times, where neither set is empty.
    pub(super) fn of(minutes: u64, hours: u64) -> Times {
        let (minutes, hours) = (numbers(minutes), numbers(hours));
        match hours.len() == 24 {
            true if even(&minutes) => Times { text: within_an_hour(&minutes), every_hour: true },
            true => Times { text: within_an_hour(&minutes) + " of every hour", every_hour: true },
            false => Times { text: of_hours(&minutes, &hours), every_hour: false },
        }
    }
}

fn of_hours(minutes: &[u32], hours: &[u32]) -> String {
    let times: Vec<u32> = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| hour * 60 + minute)).collect();
    if let (Some(step), [first, .., last]) = (step(&times), times.as_slice())
        && times.len() >= if step <= 60 { 4 } else { LISTED + 1 }
    {
        return format!("every {} from {} to {}", pace(step), clock(*first), clock(*last));
    }
    if times.len() <= LISTED {
        return format!("at {}", joined(&times.iter().map(|time| clock(*time)).collect::<Vec<_>>(), "and"));
    }
    let of = if even(minutes) && minutes.len() < 60 { "in" } else { "of" };
    let plural = if hours.len() == 1 { "" } else { "s" };
    format!("{} {of} the hour{plural} {}", within_an_hour(minutes), set(hours, |hour| format!("{hour:02}")))
}

/// Whether the minutes lie equally far apart and go on so in the next hour, from minute 0 on.
fn even(minutes: &[u32]) -> bool {
    minutes[0] == 0 && step(minutes).is_some_and(|step| step as usize * minutes.len() == 60)
}

fn within_an_hour(minutes: &[u32]) -> String {
    match (step(minutes), minutes) {
        (Some(step), _) if even(minutes) => format!("every {}", pace(step)),
        (Some(step), [first, .., last]) if minutes.len() > if step == 1 { 2 } else { LISTED } => {
            format!("every {} from minute {first} to {last}", pace(step))
        }
        (_, [one]) => format!("at minute {one}"),
        _ => format!("at minutes {}", set(minutes, |minute| minute.to_string())),
    }
}

fn clock(time: u32) -> String {
    format!("{:02}:{:02}", time / 60, time % 60)
}

fn pace(step: u32) -> String {
    match step {
        1 => "minute".to_owned(),
        60 => "hour".to_owned(),
        _ if step.is_multiple_of(60) => format!("{} hours", step / 60),
        _ => format!("{step} minutes"),
    }
}
