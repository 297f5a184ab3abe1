//! An instant as a database tells it: SQLite as the text that it keeps, PostgreSQL as microseconds since 1970. Read so by
//! what lists find in large numbers: where a text is asked for, one is made for every row.

use chrono::{DateTime, Utc};
use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Reads either.
///
/// # Errors
/// When it is anything else.
pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    struct Instant;

    impl Visitor<'_> for Instant {
        type Value = DateTime<Utc>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an instant")
        }

        fn visit_i64<E: Error>(self, micros: i64) -> Result<DateTime<Utc>, E> {
            DateTime::from_timestamp_micros(micros)
                .ok_or_else(|| E::invalid_value(Unexpected::Signed(micros), &self))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<DateTime<Utc>, E> {
            text.parse().map_err(|_| E::invalid_value(Unexpected::Str("another text"), &self))
        }
    }

    deserializer.deserialize_any(Instant)
}
