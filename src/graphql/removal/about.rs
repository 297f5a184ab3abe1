//! What an effect is about, by its id, which tells of it even where it has gone. What the caller may not see is not told at
//! all (R18).

use async_graphql::{Context, ID, Object, Union};
use entity::id::{GroupId, SessionId, SlotId, UserId, WorkId};

use crate::graphql::context::loaders;
use crate::graphql::course::Course;
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::id::GlobalId;
use crate::graphql::kinds::ActorKind;
use crate::graphql::path::Path;
use crate::graphql::session::Session;
use crate::graphql::slot::Slot;
use crate::graphql::thing::Thing;
use crate::graphql::user::User;

/// Whether the caller sees everything, also what no longer exists.
///
/// # Errors
/// When the database cannot be read.
pub async fn sees_everything(ctx: &Context<'_>) -> Result<bool, ApiError> {
    Ok(loaders(ctx)?.reader().sight().await?.sees_everything())
}

/// The id of a group; none for one that the caller may not see. One that no longer exists is told to whoever sees everything.
///
/// # Errors
/// When the database cannot be read.
pub async fn group_id(ctx: &Context<'_>, group: GroupId) -> Result<Option<ID>, ApiError> {
    let is_seen = sees_everything(ctx).await? || Group::load(ctx, group).await?.is_some();
    Ok(is_seen.then(|| group.global()))
}

/// The group that an effect is about.
#[derive(Clone, Copy, Debug)]
pub struct OfGroup(pub GroupId);

/// The group that an effect is about.
#[Object]
impl OfGroup {
    /// The id of the group, whether or not it still exists.
    async fn group_id(&self) -> ID {
        self.0.global()
    }

    /// The group; null if it no longer exists or you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        Group::load(ctx, self.0).await
    }
}

/// The session that an effect is about.
#[derive(Clone, Copy, Debug)]
pub struct OfSession(pub SessionId);

/// The session that an effect is about.
#[Object]
impl OfSession {
    /// The id of the session, whether or not it still exists.
    async fn session_id(&self) -> ID {
        self.0.global()
    }

    /// The session; null if it no longer exists, or you may not see it.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>, ApiError> {
        Session::load(ctx, self.0).await
    }
}

/// The classroom slot that an effect is about.
#[derive(Clone, Copy, Debug)]
pub struct OfSlot(pub SlotId);

/// The classroom slot that an effect is about.
#[Object]
impl OfSlot {
    /// The id of the slot, whether or not it still exists.
    async fn slot_id(&self) -> ID {
        self.0.global()
    }

    /// The slot; null if it no longer exists.
    async fn slot(&self, ctx: &Context<'_>) -> Result<Option<Slot>, ApiError> {
        Slot::load(ctx, self.0).await
    }
}

/// Something that has an owner, who may leave.
#[derive(Clone, Debug, Union)]
pub enum Work {
    /// A course and its main author.
    Course(Course),
    /// A path and its main author.
    Path(Path),
    /// A session and its main instructor.
    Session(Session),
}

/// The work that an effect is about.
#[derive(Clone, Copy, Debug)]
pub struct OfWork(pub WorkId);

impl OfWork {
    /// The course, path or session; none where it no longer exists, or the caller may not see it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(self, ctx: &Context<'_>) -> Result<Option<Work>, ApiError> {
        Ok(match self.0 {
            WorkId::Course(id) => Course::load(ctx, id).await?.map(Work::Course),
            WorkId::Path(id) => Path::load(ctx, id).await?.map(Work::Path),
            WorkId::Session(id) => Session::load(ctx, id).await?.map(Work::Session),
        })
    }
}

/// The work that an effect is about.
#[Object]
impl OfWork {
    /// The id of the course, path or session, whether or not it still exists.
    async fn work_id(&self) -> ID {
        match self.0 {
            WorkId::Course(id) => id.global(),
            WorkId::Path(id) => id.global(),
            WorkId::Session(id) => id.global(),
        }
    }

    /// The course, path or session; null if it no longer exists, or you may not see it.
    async fn work(&self, ctx: &Context<'_>) -> Result<Option<Work>, ApiError> {
        self.load(ctx).await
    }
}

/// Who had granted what goes.
#[derive(Clone, Copy, Debug)]
pub struct Granter(pub Option<UserId>);

/// Who had granted what goes.
#[Object]
impl Granter {
    /// Who had granted it; null for the platform itself, or if you may not see them.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0 {
            Some(id) => User::load(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself had granted it.
    async fn granted_by_kind(&self) -> ActorKind {
        ActorKind::of(self.0)
    }
}

/// Who succeeds.
#[derive(Clone, Copy, Debug)]
pub struct Successor(pub UserId);

/// Who succeeds.
#[Object]
impl Successor {
    /// The id of the successor; null if you may not see them.
    #[graphql(name = "toId")]
    async fn successor_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, ApiError> {
        Ok(User::load(ctx, self.0).await?.map(|_| self.0.global()))
    }

    /// The successor, the new main author or main instructor; null if you may not see them.
    async fn to(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.0).await
    }
}

/// Somebody whom an effect is about.
#[derive(Clone, Copy, Debug)]
pub struct OfUser(pub UserId);

/// Somebody whom an effect is about.
#[Object]
impl OfUser {
    /// The id of the person.
    async fn user_id(&self) -> ID {
        self.0.global()
    }

    /// Who; null if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.0).await
    }
}
