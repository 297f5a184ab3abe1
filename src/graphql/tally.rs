//! What an answer has come to so far, so that one that becomes too large is given up before it fills the memory.
//!
//! What a request may cost bounds how many values are asked for, not how many there are in lists that are no
//! connections, nor how long their texts are. Both are counted as fields are answered: by the extension, where it stands
//! around every field, else list by list and object by object ([`super::prompt`]).

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::Value;

use super::COMPLEXITY;
use super::error::{ApiError, Excess, LARGEST_ANSWER};

/// The values and the bytes of one answer.
#[derive(Debug, Default)]
pub(super) struct Tally {
    values: AtomicUsize,
    bytes: AtomicUsize,
}

impl Tally {
    /// Adds so many values and bytes.
    ///
    /// # Errors
    /// When there are too many of either by now.
    pub(super) fn add(&self, values: usize, bytes: usize) -> Result<(), ApiError> {
        self.values.fetch_add(values, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.excess().map_or(Ok(()), |excess| Err(ApiError::TooLarge(excess)))
    }

    /// What there is too much of.
    pub(super) fn excess(&self) -> Option<Excess> {
        if self.bytes.load(Ordering::Relaxed) > LARGEST_ANSWER {
            Some(Excess::Bytes)
        } else if self.values.load(Ordering::Relaxed) > COMPLEXITY {
            Some(Excess::Values)
        } else {
            None
        }
    }

    /// Begins anew: the next event of a subscription is an answer of its own.
    pub(super) fn reset(&self) {
        self.values.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }
}

/// Bytes that a value takes in an answer, without what is in it where it is an object; never more than it does take.
pub(super) fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Enum(name) => name.len() + 2,
        Value::List(items) => 1 + items.len(),
        Value::Object(_) | Value::Binary(_) => 2,
        Value::Null | Value::Number(_) | Value::Boolean(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_up_for_its_values_or_its_bytes() {
        let tally = Tally::default();
        assert!(tally.add(COMPLEXITY, LARGEST_ANSWER).is_ok());
        assert!(matches!(tally.add(1, 0), Err(ApiError::TooLarge(Excess::Values))));
        assert!(matches!(tally.add(0, 1), Err(ApiError::TooLarge(Excess::Bytes))));
        tally.reset();
        assert_eq!(tally.excess(), None);
    }
}
