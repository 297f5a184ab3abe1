//! Who takes part in a session, and why (R8).

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::error::ApiError;
use super::kinds::{ActorKind, Carrier, ParticipationKind};
use super::prompt::Prompt;
use super::session::Session;
use super::thing::Thing;
use super::user::User;
use crate::queries::audiences::{Participations, SessionCaptures, SessionEnrolments, SessionExclusions};
use crate::queries::links::Linked;

/// That somebody takes part in a session (R8).
#[derive(Clone, Debug)]
pub struct Participation(Arc<Linked<Participations>>);

impl From<Arc<Linked<Participations>>> for Participation {
    fn from(linked: Arc<Linked<Participations>>) -> Participation {
        Participation(linked)
    }
}

/// That somebody takes part in a session (R8).
#[Object]
impl Participation {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// In which session.
    async fn session(&self, ctx: &Context<'_>) -> Result<Prompt<Session>, ApiError> {
        Session::linked(ctx, self.0.other.as_ref(), self.0.row.session_id).await
    }

    /// What makes the person a participant. Until the session is captured at its end: of several, the first of
    /// `INDIVIDUAL`, `GROUP`, `CAPTURED`. Afterwards always `CAPTURED`; the session's `captures` tell what carried the
    /// person then (R8).
    async fn how(&self) -> ParticipationKind {
        self.0.row.how.into()
    }

    /// Since when: the earliest of what carries the person.
    async fn since(&self) -> DateTime<Utc> {
        self.0.row.since
    }

    /// Whether the person is present: only active and suspended accounts are; the others stay listed.
    async fn present(&self, ctx: &Context<'_>) -> Result<bool, ApiError> {
        Ok(User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await?.0.is_present())
    }
}

/// An individual enrolment in a session (R8).
#[derive(Clone, Debug)]
pub struct SessionEnrolment(Arc<Linked<SessionEnrolments>>);

impl From<Arc<Linked<SessionEnrolments>>> for SessionEnrolment {
    fn from(linked: Arc<Linked<SessionEnrolments>>) -> SessionEnrolment {
        SessionEnrolment(linked)
    }
}

/// An individual enrolment in a session (R8).
#[Object]
impl SessionEnrolment {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// In which session.
    async fn session(&self, ctx: &Context<'_>) -> Result<Prompt<Session>, ApiError> {
        Session::linked(ctx, self.0.other.as_ref(), self.0.row.session_id).await
    }

    /// Who granted it; null for the platform itself, or if you may not see them.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.row.granted_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself granted it.
    async fn granted_by_kind(&self) -> ActorKind {
        ActorKind::of(self.0.row.granted_by)
    }

    /// Since when.
    async fn enrolled_at(&self) -> DateTime<Utc> {
        self.0.row.enrolled_at
    }
}

/// That somebody is excluded from a session, whatever else would carry them (R8).
#[derive(Clone, Debug)]
pub struct SessionExclusion(Arc<Linked<SessionExclusions>>);

impl From<Arc<Linked<SessionExclusions>>> for SessionExclusion {
    fn from(linked: Arc<Linked<SessionExclusions>>) -> SessionExclusion {
        SessionExclusion(linked)
    }
}

/// That somebody is excluded from a session, whatever else would carry them (R8).
#[Object]
impl SessionExclusion {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// In which session.
    async fn session(&self, ctx: &Context<'_>) -> Result<Prompt<Session>, ApiError> {
        Session::linked(ctx, self.0.other.as_ref(), self.0.row.session_id).await
    }

    /// Who excluded them; null for the platform itself, or if you may not see them.
    async fn excluded_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        match self.0.row.excluded_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// Whether a person or the platform itself excluded them.
    async fn excluded_by_kind(&self) -> ActorKind {
        ActorKind::of(self.0.row.excluded_by)
    }

    /// Since when.
    async fn excluded_at(&self) -> DateTime<Utc> {
        self.0.row.excluded_at
    }
}

/// That somebody was captured for a session: when its static audience was saved, or at its end (R8).
#[derive(Clone, Debug)]
pub struct SessionCapture(Arc<Linked<SessionCaptures>>);

impl From<Arc<Linked<SessionCaptures>>> for SessionCapture {
    fn from(linked: Arc<Linked<SessionCaptures>>) -> SessionCapture {
        SessionCapture(linked)
    }
}

/// That somebody was captured for a session: when its static audience was saved, or at its end (R8).
#[Object]
impl SessionCapture {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Prompt<User>, ApiError> {
        User::linked(ctx, self.0.user.as_ref(), self.0.row.user_id).await
    }

    /// In which session.
    async fn session(&self, ctx: &Context<'_>) -> Result<Prompt<Session>, ApiError> {
        Session::linked(ctx, self.0.other.as_ref(), self.0.row.session_id).await
    }

    /// What carried the person.
    async fn carried_by(&self) -> Carrier {
        self.0.row.carried_by.into()
    }

    /// Since when the person took part.
    async fn since(&self) -> DateTime<Utc> {
        self.0.row.since
    }

    /// When the person was captured.
    async fn captured_at(&self) -> DateTime<Utc> {
        self.0.row.captured_at
    }
}
