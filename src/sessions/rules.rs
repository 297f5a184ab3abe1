//! When things begin and end. Pure.

use chrono::{DateTime, Datelike, SubsecRound, Utc};

use crate::error::Refusal;

/// The years that dates may fall in: those that every text form of an instant writes with four digits.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

/// A start and an end, in whole microseconds, as both databases hold them.
///
/// # Errors
/// `BAD_INPUT` where the end is not after the start, or a year is not between 1970 and 9999.
pub fn period(
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    for (path, time) in [("startsAt", starts_at), ("endsAt", ends_at)] {
        if !YEARS.contains(&time.year()) {
            return Err(Refusal::bad_input(&[path], "The year is between 1970 and 9999."));
        }
    }
    let (starts_at, ends_at) = (starts_at.trunc_subsecs(6), ends_at.trunc_subsecs(6));
    if starts_at < ends_at {
        Ok((starts_at, ends_at))
    } else {
        Err(Refusal::bad_input(&["endsAt"], "The end is after the start."))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_end_is_after_its_start_by_a_microsecond_at_least() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        assert!(period(start, start + TimeDelta::microseconds(1)).is_ok());
        for end in [start, start + TimeDelta::nanoseconds(999), start - TimeDelta::days(1)] {
            assert_eq!(period(start, end).expect_err("no period").path(), ["endsAt"]);
        }
        let year_10000 = DateTime::<Utc>::from_timestamp(253_402_300_800, 0).expect("a time");
        assert_eq!(period(start, year_10000).expect_err("too late").path(), ["endsAt"]);
    }
}
