//! Changes of what people learn from and take part in: courses, paths, sessions, slots, activities, enrolments; and
//! what they reach.

mod activities;
mod audiences;
mod courses;
mod enrolments;
mod paths;
mod people;
mod progress;
mod results;
mod sessions;
mod slots;

use async_graphql::{ID, MaybeUndefined, MergedObject};

use super::id::{self, GlobalId};
use super::input::set;
use crate::error::Refusal;

/// Changes of works and of who takes part in them.
#[derive(Debug, Default, MergedObject)]
pub struct WorksMutation(
    courses::CourseMutation,
    paths::PathMutation,
    sessions::SessionMutation,
    audiences::AudienceMutation,
    slots::SlotMutation,
    activities::ActivityMutation,
    enrolments::EnrolmentMutation,
    progress::ProgressMutation,
    results::ResultMutation,
);

/// The ids in the list at `field`; a wrong one is named by its place in it.
fn all<T: GlobalId>(ids: &[ID], field: &str) -> Result<Vec<T>, Refusal> {
    ids.iter().enumerate().map(|(place, id)| id::parse(id, &[field, &place.to_string()])).collect()
}

/// As [`all`], for a list that may stay as it is; null empties it.
fn all_or_keep<T: GlobalId>(ids: &MaybeUndefined<Vec<ID>>, field: &str) -> Result<Option<Vec<T>>, Refusal> {
    match ids {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(Vec::new())),
        MaybeUndefined::Value(ids) => all(ids, field).map(Some),
    }
}

/// The id in `field`, which may stay as it is and cannot be empty.
fn one_or_keep<T: GlobalId>(id: MaybeUndefined<ID>, field: &str) -> Result<Option<T>, Refusal> {
    id::parse_option(set(id, &[field])?.as_ref(), &[field])
}
