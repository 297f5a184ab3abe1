//! Changing who a session is for, until it ends (R8).

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::people::people_payload;
use super::{all, all_or_keep};
use crate::error::Refusal;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::input::set;
use crate::graphql::kinds::AudienceKind;
use crate::graphql::session::Session;
use crate::graphql::thing::Thing;
use crate::sessions::audience::{self, Audience, People};

/// What to change of a session's audience. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct SetSessionAudienceInput {
    /// Which session.
    session_id: ID,
    /// How it finds its people. From dynamic to static, whoever is a learner of an audience group now is captured; from
    /// static to dynamic, those captured are forgotten, and whoever is a learner of an audience group takes part.
    audience_kind: MaybeUndefined<AudienceKind>,
    /// The groups whose learners take part, at most 1,000: all of them, in place of the former ones. Null means none.
    audience_group_ids: MaybeUndefined<Vec<ID>>,
    /// Of a static session: whether to drop those captured who are no longer learners of an audience group. Without it
    /// saving only adds people, and drops the excluded.
    #[graphql(default)]
    recapture: bool,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

macro_rules! people_input {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, InputObject)]
        pub struct $name {
            /// Which session.
            session_id: ID,
            /// Who, 1 to 10,000 people. Naming somebody twice is as naming them once.
            user_ids: Vec<ID>,
            /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does
            /// nothing.
            idempotency_key: Option<String>,
        }

        impl $name {
            fn read(&self) -> Result<People, Refusal> {
                Ok(People {
                    session: id::parse(&self.session_id, &["sessionId"])?,
                    users: all(&self.user_ids, "userIds")?,
                })
            }
        }
    )+};
}

people_input! {
    /// Who to enrol individually in which session.
    EnrolInSessionInput,
    /// Whose individual enrolment in which session to end.
    UnenrolFromSessionInput,
    /// Who to exclude from which session.
    ExcludeFromSessionInput,
    /// Whose exclusion from which session to end.
    IncludeInSessionInput,
}

impl SetSessionAudienceInput {
    fn read(self) -> Result<Audience, Refusal> {
        Ok(Audience {
            session: id::parse(&self.session_id, &["sessionId"])?,
            kind: set(self.audience_kind, &["audienceKind"])?.map(Into::into),
            groups: all_or_keep(&self.audience_group_ids, "audienceGroupIds")?,
            recapture: self.recapture,
        })
    }
}

payload! {
    /// What `setSessionAudience` answers with.
    SetSessionAudiencePayload {
        /// The session as it is now; null if nothing was done.
        session: Session
    }
}

people_payload! {
    /// What `enrolInSession` answers with.
    EnrolInSessionPayload {
        /// The session as it is now; null if nothing was done.
        session: Session
    }
}

people_payload! {
    /// What `unenrolFromSession` answers with.
    UnenrolFromSessionPayload {
        /// The session as it is now; null if nothing was done.
        session: Session
    }
}

people_payload! {
    /// What `excludeFromSession` answers with.
    ExcludeFromSessionPayload {
        /// The session as it is now; null if nothing was done.
        session: Session
    }
}

people_payload! {
    /// What `includeInSession` answers with.
    IncludeInSessionPayload {
        /// The session as it is now; null if nothing was done.
        session: Session
    }
}

/// Changes of who a session is for.
#[derive(Debug, Default)]
pub struct AudienceMutation;

/// Changes of who a session is for.
#[Object]
impl AudienceMutation {
    /// Saves the audience of a session that has not ended. A static one captures whoever is a learner of an audience
    /// group now, besides those it has. Whoever no longer takes part loses their seats in its upcoming slots; their
    /// progress stays (R8). By those who may change the session; see `updateSession`.
    async fn set_session_audience(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session, and its audience.")] input: SetSessionAudienceInput,
    ) -> Result<SetSessionAudiencePayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "setSessionAudience", key, input.read(), |tx, input| {
            Box::pin(audience::set(tx, input))
        });
        SetSessionAudiencePayload::of(done.await?, |session| Session::load(ctx, session)).await
    }

    /// Enrols people individually in a session that has not ended: they take part whatever groups they are in. One
    /// outcome a person: ENROLLED, ALREADY_ENROLLED, EXCLUDED, NOT_FOUND or USER_DELETED. By those who may change the
    /// session; see `updateSession`.
    async fn enrol_in_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session, and who.")] input: EnrolInSessionInput,
    ) -> Result<EnrolInSessionPayload, ApiError> {
        let people = input.read();
        let done = domain::write(ctx, "enrolInSession", input.idempotency_key, people, |tx, input| {
            Box::pin(async move { Ok((input.session, audience::enrol(tx, input).await?)) })
        });
        EnrolInSessionPayload::of(done.await?, |session| Session::load(ctx, session)).await
    }

    /// Ends the individual enrolment of people in a session that has not ended. Whoever a group carries too still takes
    /// part; the others lose their seats in its upcoming slots, and keep their progress. One outcome a person:
    /// UNENROLLED, NOT_ENROLLED, NOT_FOUND or USER_DELETED. By those who may change the session; see `updateSession`.
    async fn unenrol_from_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session, and who.")] input: UnenrolFromSessionInput,
    ) -> Result<UnenrolFromSessionPayload, ApiError> {
        let people = input.read();
        let done = domain::write(ctx, "unenrolFromSession", input.idempotency_key, people, |tx, input| {
            Box::pin(async move { Ok((input.session, audience::unenrol(tx, input).await?)) })
        });
        UnenrolFromSessionPayload::of(done.await?, |session| Session::load(ctx, session)).await
    }

    /// Excludes people from a session that has not ended: they do not take part, whatever would carry them, and lose
    /// their seats in its upcoming slots; their progress stays. One outcome a person: EXCLUDED, ALREADY_EXCLUDED,
    /// NOT_FOUND or USER_DELETED. By those who may change the session; see `updateSession`.
    async fn exclude_from_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session, and who.")] input: ExcludeFromSessionInput,
    ) -> Result<ExcludeFromSessionPayload, ApiError> {
        let people = input.read();
        let done = domain::write(ctx, "excludeFromSession", input.idempotency_key, people, |tx, input| {
            Box::pin(async move { Ok((input.session, audience::exclude(tx, input).await?)) })
        });
        ExcludeFromSessionPayload::of(done.await?, |session| Session::load(ctx, session)).await
    }

    /// Ends the exclusion of people from a session that has not ended: whatever carries them counts again. Whoever was
    /// captured in a static session is still, unless its audience was saved meanwhile. One outcome a person: INCLUDED,
    /// NOT_EXCLUDED, NOT_FOUND or USER_DELETED. By those who may change the session; see `updateSession`.
    async fn include_in_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session, and who.")] input: IncludeInSessionInput,
    ) -> Result<IncludeInSessionPayload, ApiError> {
        let people = input.read();
        let done = domain::write(ctx, "includeInSession", input.idempotency_key, people, |tx, input| {
            Box::pin(async move { Ok((input.session, audience::include(tx, input).await?)) })
        });
        IncludeInSessionPayload::of(done.await?, |session| Session::load(ctx, session)).await
    }
}
