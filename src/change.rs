//! What a change does to one field: absent means unchanged, null clears.

use serde::{Deserialize, Serialize};

/// What happens to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change<T> {
    /// It stays as it is: the caller did not name it.
    #[default]
    Keep,
    /// It becomes empty: the caller sent null.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Change<T> {
    /// Whether the field stays as it is.
    pub const fn is_keep(&self) -> bool {
        match self {
            Change::Keep => true,
            Change::Clear | Change::Set(_) => false,
        }
    }

    /// What the field holds afterwards, having held `before`.
    pub fn after(self, before: Option<T>) -> Option<T> {
        match self {
            Change::Keep => before,
            Change::Clear => None,
            Change::Set(value) => Some(value),
        }
    }

    /// The same change of what `read` makes of a value that is set.
    ///
    /// # Errors
    /// When `read` refuses the value.
    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Change<U>, E> {
        Ok(match self {
            Change::Keep => Change::Keep,
            Change::Clear => Change::Clear,
            Change::Set(value) => Change::Set(read(value)?),
        })
    }

    /// The change by reference.
    pub const fn as_ref(&self) -> Change<&T> {
        match self {
            Change::Keep => Change::Keep,
            Change::Clear => Change::Clear,
            Change::Set(value) => Change::Set(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Change;

    #[test]
    fn absent_keeps_and_null_clears() {
        assert_eq!(Change::Keep.after(Some("Ada")), Some("Ada"));
        assert_eq!(Change::Clear.after(Some("Ada")), None);
        assert_eq!(Change::Set("Grace").after(Some("Ada")), Some("Grace"));
        assert_eq!(Change::Set("7").try_map(str::parse::<i64>), Ok(Change::Set(7)));
    }
}
