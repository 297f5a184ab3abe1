//! What inputs have in common.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined};
use chrono::{DateTime, Datelike, Utc};
use entity::id::GroupId;

use super::context::loaders;
use super::error::ApiError;
use super::id;
use crate::change::Change;
use crate::error::Refusal;
use crate::keys::ExternalId;
use crate::queries::Direction;
use crate::queries::groups::Branch;
use crate::queries::users::Span;

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

/// An instant of the years 1 to 9999, which is what both databases hold.
///
/// # Errors
/// `BAD_INPUT` for any other.
pub fn instant(time: DateTime<Utc>, path: &[&str]) -> Result<DateTime<Utc>, Refusal> {
    if (1..=9999).contains(&time.year()) {
        Ok(time)
    } else {
        Err(Refusal::bad_input(path, "This is not in the years 1 to 9999."))
    }
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// From the smallest, the earliest, or A; what has no value comes last.
    #[default]
    Asc,
    /// From the greatest, the latest, or Z; what has no value comes last here too.
    Desc,
}

impl From<OrderDirection> for Direction {
    fn from(direction: OrderDirection) -> Direction {
        match direction {
            OrderDirection::Asc => Direction::Ascending,
            OrderDirection::Desc => Direction::Descending,
        }
    }
}

/// A span of time, open where a side is left out.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub struct TimeRange {
    /// At this instant or later.
    from: Option<DateTime<Utc>>,
    /// Before this instant.
    until: Option<DateTime<Utc>>,
}

impl TimeRange {
    /// Whether it is open on both sides, and so leaves nothing out.
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }
}

/// The span that a field of a filter asks for; everything if it is left out.
///
/// # Errors
/// As [`instant`].
pub fn span(range: Option<TimeRange>, field: &str) -> Result<Span, Refusal> {
    let TimeRange { from, until } = range.unwrap_or_default();
    let read = |time: Option<DateTime<Utc>>, side| {
        time.map(|time| instant(time, &["filter", field, side])).transpose()
    };
    Ok(Span { from: read(from, "from")?, until: read(until, "until")? })
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

/// A group, or a branch of the tree.
#[derive(Clone, Debug, InputObject)]
pub struct GroupScope {
    /// The group.
    id: ID,
    /// And every group below it.
    #[graphql(default)]
    below: bool,
}

/// The groups that a field of a filter means; none if it is left out.
///
/// # Errors
/// `BAD_INPUT` or `NOT_FOUND`, naming the field.
pub async fn groups(
    ctx: &Context<'_>,
    scope: Option<&GroupScope>,
    field: &str,
) -> Result<Option<Vec<GroupId>>, ApiError> {
    let Some(scope) = scope else { return Ok(None) };
    let path = ["filter", field, "id"];
    let branch = Branch { group: id::parse(&scope.id, &path)?, below: scope.below };
    let groups = branch.groups(loaders(ctx)?.reader()).await?;
    Ok(Some(groups.ok_or_else(|| Refusal::not_found(&path, "Group"))?))
}
