//! Making and changing sessions, and who instructs them.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use chrono::{DateTime, Utc};

use super::{all, all_or_keep, one_or_keep};
use crate::error::Refusal;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::input::set;
use crate::graphql::kinds::AudienceKind;
use crate::graphql::session::Session;
use crate::graphql::thing::Thing;
use crate::sessions::{self, Instructors, NewSession, SessionEdit};

/// A session to be made: people going through a path, from a start to an end.
#[derive(Clone, Debug, InputObject)]
pub struct CreateSessionInput {
    /// The path that its people go through; one that you see.
    path_id: ID,
    /// What it is called: 1 to 200 characters.
    title: String,
    /// When it starts, in the years 1970 to 9999.
    starts_at: DateTime<Utc>,
    /// When it ends, after it starts. At its end the people who take part are written down, and stay as they are from
    /// then on; with an end that has passed that happens at once.
    ends_at: DateTime<Utc>,
    /// The group that is to own it; its administrators may edit the session.
    group_id: ID,
    /// How it finds its people (R8). Dynamic: whoever is a learner of an audience group, as long as they are. Static:
    /// whoever is one now.
    audience_kind: AudienceKind,
    /// The groups whose learners take part, at most 1,000; groups that you see. Without any, people take part only when
    /// they are individually enrolled.
    audience_group_ids: Option<Vec<ID>>,
    /// Who is to own it; you, if left out.
    main_instructor_id: Option<ID>,
    /// Who instructs with the main instructor, at most 100. Their order counts: the first follows a main instructor who
    /// leaves (R12). Naming somebody twice is as naming them once; the main instructor cannot be among them.
    co_instructor_ids: Option<Vec<ID>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// What to change of a session. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateSessionInput {
    /// Which session.
    session_id: ID,
    /// What it is called: 1 to 200 characters.
    title: MaybeUndefined<String>,
    /// When it starts. Not once it has ended.
    starts_at: MaybeUndefined<DateTime<Utc>>,
    /// When it ends, after it starts. Not once it has ended; a time that has passed ends it now.
    ends_at: MaybeUndefined<DateTime<Utc>>,
    /// The group that is to own it. You need to be its administrator or author as well.
    group_id: MaybeUndefined<ID>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// Who is to instruct a session. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct SetSessionInstructorsInput {
    /// Which session.
    session_id: ID,
    /// Who is to own it. A co-instructor who becomes main instructor stops being listed as co-instructor; the former
    /// main instructor is not listed unless `coInstructorIds` says so.
    main_instructor_id: MaybeUndefined<ID>,
    /// Who instructs with the main instructor, in order, at most 100: the whole list, in place of the former one. Null
    /// means nobody.
    co_instructor_ids: MaybeUndefined<Vec<ID>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl CreateSessionInput {
    fn read(self) -> Result<NewSession, Refusal> {
        Ok(NewSession {
            path: id::parse(&self.path_id, &["pathId"])?,
            title: self.title,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            group: id::parse(&self.group_id, &["groupId"])?,
            audience: self.audience_kind.into(),
            audience_groups: all(&self.audience_group_ids.unwrap_or_default(), "audienceGroupIds")?,
            main_instructor: id::parse_option(self.main_instructor_id.as_ref(), &["mainInstructorId"])?,
            co_instructors: all(&self.co_instructor_ids.unwrap_or_default(), "coInstructorIds")?,
        })
    }
}

impl UpdateSessionInput {
    fn read(self) -> Result<SessionEdit, Refusal> {
        Ok(SessionEdit {
            session: id::parse(&self.session_id, &["sessionId"])?,
            title: set(self.title, &["title"])?,
            starts_at: set(self.starts_at, &["startsAt"])?,
            ends_at: set(self.ends_at, &["endsAt"])?,
            group: one_or_keep(self.group_id, "groupId")?,
        })
    }
}

impl SetSessionInstructorsInput {
    fn read(self) -> Result<Instructors, Refusal> {
        Ok(Instructors {
            session: id::parse(&self.session_id, &["sessionId"])?,
            main_instructor: one_or_keep(self.main_instructor_id, "mainInstructorId")?,
            co_instructors: all_or_keep(&self.co_instructor_ids, "coInstructorIds")?,
        })
    }
}

payload! {
    /// What `createSession` answers with.
    CreateSessionPayload {
        /// The new session; null if nothing was done.
        session: Session
    }
}

payload! {
    /// What `updateSession` answers with.
    UpdateSessionPayload {
        /// The session as it is now; null if nothing was done.
        session: Session
    }
}

payload! {
    /// What `setSessionInstructors` answers with.
    SetSessionInstructorsPayload {
        /// The session as it is now; null if nothing was done.
        session: Session
    }
}

/// Changes of sessions.
#[derive(Debug, Default)]
pub struct SessionMutation;

/// Changes of sessions.
#[Object]
impl SessionMutation {
    /// Makes a session of a path and saves its audience. By the administrators of the group that is to own it, and by
    /// its authors where they are main instructor or co-instructor of the session (R4).
    async fn create_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to make.")] input: CreateSessionInput,
    ) -> Result<CreateSessionPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "createSession", key, input.read(), |tx, input| {
            Box::pin(sessions::create(tx, input))
        });
        CreateSessionPayload::of(done.await?, |session| Session::load(ctx, session)).await
    }

    /// Changes a session's title, dates or owner group. By the administrators of its owner group, and by that group's
    /// authors where they are main instructor or co-instructor of the session. Its audience is changed by
    /// `setSessionAudience`.
    async fn update_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session, and what to change of it.")] input: UpdateSessionInput,
    ) -> Result<UpdateSessionPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updateSession", key, input.read(), |tx, input| {
            Box::pin(sessions::update(tx, input))
        });
        UpdateSessionPayload::of(done.await?, |session| Session::load(ctx, session)).await
    }

    /// Changes who instructs a session, also after its end. By those who may change the session.
    async fn set_session_instructors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session, and who instructs it.")] input: SetSessionInstructorsInput,
    ) -> Result<SetSessionInstructorsPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "setSessionInstructors", key, input.read(), |tx, input| {
            Box::pin(sessions::set_instructors(tx, input))
        });
        SetSessionInstructorsPayload::of(done.await?, |session| Session::load(ctx, session)).await
    }
}
