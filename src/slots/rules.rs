//! What a slot can be, and until when it changes. Pure.

use chrono::{DateTime, Utc};

use crate::error::Refusal;

/// How many can attend.
///
/// # Errors
/// `BAD_INPUT` for none or fewer.
pub fn capacity(seats: i32) -> Result<i32, Refusal> {
    if seats > 0 {
        Ok(seats)
    } else {
        Err(Refusal::bad_input(&["capacity"], "A slot has at least one seat; without a limit, send none."))
    }
}

/// Passes a slot that is upcoming: it starts after now.
///
/// # Errors
/// `BAD_INPUT` on `path`.
pub fn require_upcoming(path: &[&str], starts_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if starts_at > now {
        Ok(())
    } else {
        Err(Refusal::bad_input(path, "This works for upcoming slots alone; its start has passed."))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_slot_that_starts_now_is_no_longer_upcoming() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        assert!(require_upcoming(&["slotId"], now + TimeDelta::microseconds(1), now).is_ok());
        assert_eq!(require_upcoming(&["slotId"], now, now).expect_err("started").code(), "BAD_INPUT");
    }

    #[test]
    fn a_slot_has_a_seat() {
        assert_eq!(capacity(1), Ok(1));
        assert_eq!(capacity(0).expect_err("no seat").path(), ["capacity"]);
    }
}
