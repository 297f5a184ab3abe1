//! What inputs have in common.

use async_graphql::{InputObject, MaybeUndefined};

use crate::change::Change;
use crate::error::Refusal;
use crate::keys::ExternalId;

/// Absent means unchanged, null clears.
pub fn change<T>(field: MaybeUndefined<T>) -> Change<T> {
    match field {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(value) => Change::Set(value),
    }
}

/// As [`change`], for a field that cannot be empty.
///
/// # Errors
/// `BAD_INPUT` when it is null.
pub fn set<T>(field: MaybeUndefined<T>, path: &[&str]) -> Result<Option<T>, Refusal> {
    match field {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => {
            Err(Refusal::bad_input(path, "This cannot be empty; leave it out to keep it."))
        }
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// An external id: what some other system calls a person or a group.
#[derive(Clone, Debug, InputObject)]
pub struct ExternalIdInput {
    /// The system that gave it, as `SIS`.
    pub system: String,
    /// What it gave.
    pub value: String,
}

impl From<ExternalIdInput> for ExternalId {
    fn from(id: ExternalIdInput) -> ExternalId {
        ExternalId { system: id.system, value: id.value }
    }
}
