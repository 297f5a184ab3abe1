//! Yes or no as a database tells it: PostgreSQL a boolean, SQLite the number that it keeps.

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Reads either.
///
/// # Errors
/// When it is anything else.
pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Flag;

    impl Visitor<'_> for Flag {
        type Value = bool;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("yes or no")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<bool, E> {
            match value {
                0 => Ok(false),
                1 => Ok(true),
                other => Err(E::invalid_value(Unexpected::Signed(other), &self)),
            }
        }
    }

    deserializer.deserialize_any(Flag)
}
