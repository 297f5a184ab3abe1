//! What happened, for other systems to read.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Json, Object};
use chrono::{DateTime, Utc};
use entity::id::{
    CertificateId, CourseId, EventId, GroupId, JobId, PathId, RecordId, SessionId, UserId, WebhookId,
};
use serde_json::Value;

use super::connection::{self, Connection, Paging};
use super::context::loaders;
use super::domain;
use super::error::ApiError;
use super::id::GlobalId;
use crate::error::Error;
use crate::events::Kind;
use crate::events::catalogue::catalogue;
use crate::queries::events;

impl GlobalId for EventId {
    const TYPE: &'static str = "Event";

    fn of(number: i64) -> EventId {
        EventId(number)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal { $($data:ident),+ })+) => {
        /// What happened, and what the `data` of such an event have. New kinds may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[graphql(remote = "Kind")]
        pub enum EventKind {
            $($(#[$doc])* $kind),+
        }
    };
}
catalogue!(kinds);

/// Whose ids stand in data under which names.
const SUBJECTS: &[(&str, fn(i64) -> ID)] = &[
    ("certificateId", |number| CertificateId(number).global()),
    ("courseId", |number| CourseId(number).global()),
    ("fromGroupId", |number| GroupId(number).global()),
    ("fromUserId", |number| UserId(number).global()),
    ("groupId", |number| GroupId(number).global()),
    ("groupIds", |number| GroupId(number).global()),
    ("jobId", |number| JobId(number).global()),
    ("parentId", |number| GroupId(number).global()),
    ("pathId", |number| PathId(number).global()),
    ("removalId", |number| RecordId(number).global()),
    ("sessionId", |number| SessionId(number).global()),
    ("toGroupId", |number| GroupId(number).global()),
    ("toUserId", |number| UserId(number).global()),
    ("userId", |number| UserId(number).global()),
    ("webhookId", |number| WebhookId(number).global()),
];

/// Data of an event as other systems read them, with ids as this API has them.
///
/// # Errors
/// When they are not what was written.
pub fn data(stored: &str) -> Result<Value, Error> {
    let mut data: Value = serde_json::from_str(stored)?;
    write_ids(&mut data);
    Ok(data)
}

/// Writes ids as this API has them, wherever they stand in `data`.
fn write_ids(data: &mut Value) {
    for (name, value) in data.as_object_mut().into_iter().flatten() {
        let subject = SUBJECTS.iter().find(|(subject, _)| *subject == name.as_str());
        let values = match value {
            Value::Array(values) => values.as_mut_slice(),
            value => std::slice::from_mut(value),
        };
        for value in values {
            match (value.as_i64(), subject) {
                (Some(number), Some((_, global))) => *value = Value::String(global(number).0),
                _ => write_ids(value),
            }
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event(Arc<events::Event>);

impl From<Arc<events::Event>> for Event {
    fn from(event: Arc<events::Event>) -> Event {
        Event(event)
    }
}

/// Something that happened.
#[Object]
impl Event {
    /// The id: opaque, never given to another event. As `webhook-id` it is the same.
    async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What happened.
    async fn kind(&self) -> Result<EventKind, ApiError> {
        let kind = Kind::of(&self.0.kind).ok_or(Error::Broken("an event is of a kind of the catalogue"))?;
        Ok(kind.into())
    }

    /// What happened, by its name: `user.deleted`. Webhooks have it as `type`.
    async fn name(&self) -> &str {
        &self.0.kind
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// To whom and what, as the kind says: ids as everywhere in this API, kinds and counts, never a name or an address.
    async fn data(&self) -> Result<Json<Value>, ApiError> {
        Ok(Json(data(&self.0.data)?))
    }
}

/// Reads of what happened.
#[derive(Debug, Default)]
pub struct EventQuery;

/// Reads of what happened.
#[Object]
impl EventQuery {
    /// What happened, in the order in which it was done: read on from `pageInfo.endCursor`, nothing is missed and nothing
    /// comes twice. Events are kept for 30 days, or as long as the operator says; from a place that is older, it is
    /// refused with `INVALID_CURSOR`. By platform administrators, and by the platform's own tokens.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of these kinds; of all if left out.")] kinds: Option<Vec<EventKind>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Event>, ApiError> {
        domain::may_hear(ctx).await?;
        let loaders = loaders(ctx)?;
        let reader = loaders.reader();
        for place in [&after, &before].into_iter().flatten() {
            events::require_kept(reader, place).await??;
        }
        let kinds: Option<Vec<Kind>> = kinds.map(|kinds| kinds.into_iter().map(Kind::from).collect());
        connection::of_list(
            ctx,
            events::list(reader, kinds.as_deref()),
            &Paging { first, after, last, before },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_its_data_have_and_every_id_is_one_of_this_api() {
        let sdl = crate::graphql::sdl();
        let (_, kinds) = sdl.split_once("enum EventKind {").expect("the kinds");
        for kind in Kind::ALL {
            let name = kind.as_str().to_uppercase().replace('.', "_");
            let (before, _) = kinds.split_once(&format!("\t{name}\n")).unwrap_or_else(|| panic!("{name}"));
            let described = before.rsplit("\t\"\"\"").nth(1).expect("a description");
            for data in kind.data() {
                assert!(
                    described.contains(&format!("`{data}`")),
                    "{name} says that it has {data}: {described}"
                );
                let is_id = data.ends_with("Id") || data.ends_with("Ids");
                assert_eq!(is_id, SUBJECTS.iter().any(|(subject, _)| subject == data), "{data}");
            }
        }
    }
}
