//! People.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::activity::Activity;
use super::connection::{self, Connection, Paging};
use super::context::{load, loaders};
use super::course::Course;
use super::entry::{CustomField, ExternalId, full_name, nameless};
use super::error::ApiError;
use super::extent;
use super::id::GlobalId;
use super::kinds::{Role, SeatKind, UserStatus};
use super::learning::{ActivityResult, Certificate, CourseEnrolment, PaymentSubscription, Progress, Sale};
use super::membership::Membership;
use super::participation::Participation;
use super::path::Path;
use super::permission::UserPermissions;
use super::post::Post;
use super::prompt::Prompts;
use super::removal::{Deletion, Removal};
use super::session::Session;
use super::slot::Registration;
use super::thing::Thing;
use crate::queries::activities::OwnedActivities;
use crate::queries::audiences::Participations;
use crate::queries::courses::AuthoredCourses;
use crate::queries::learning::{self, CourseEnrolments};
use crate::queries::links::OfUser;
use crate::queries::memberships::Memberships;
use crate::queries::paths::AuthoredPaths;
use crate::queries::posts::PostsBy;
use crate::queries::removals;
use crate::queries::sessions::InstructedSessions;
use crate::queries::slots::Registrations;
use crate::queries::users::{self, CustomFields, ExternalIds, PendingEmails, Personal, Users};

/// A person's account.
#[derive(Clone, Debug)]
pub struct User(Arc<users::User>);

impl User {
    /// The fields that its head does not answer.
    pub(super) const REST: &'static [&'static str] = &[
        "statusSince",
        "email",
        "emailVerified",
        "phone",
        "jobTitle",
        "language",
        "photoUrl",
        "createdAt",
        "invitedAt",
        "lastSignInAt",
        "viewerCan",
        "deletion",
    ];

    /// What else there is to it.
    async fn rest(&self, ctx: &Context<'_>) -> Result<Arc<users::Rest>, ApiError> {
        extent::rest::<Users, _, _>(ctx, &self.0).await
    }

    /// Something personal, for whoever may see that of this person.
    async fn personal<T>(&self, ctx: &Context<'_>, value: Option<T>) -> Result<Option<T>, ApiError> {
        let loaders = loaders(ctx)?;
        let seen = match loaders.reader().sight().await?.sees_personal(self.0.id) {
            Some(seen) => seen,
            None => load::<Personal>(ctx, self.0.id).await?.is_some(),
        };
        Ok(value.filter(|_| seen))
    }

    /// Whether the account is present in the sessions it belongs to (R8).
    pub(super) fn is_present(&self) -> bool {
        self.0.status.is_present()
    }
}

impl Thing for User {
    type Noun = Users;
}

impl From<Arc<users::User>> for User {
    fn from(row: Arc<users::User>) -> User {
        User(row)
    }
}

/// A person's account, in whatever state.
///
/// What a state or a right may hide can be null: of an anonymized or erased account only its number is left.
#[Object]
impl User {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The state of the account.
    async fn status(&self) -> UserStatus {
        self.0.status.into()
    }

    /// When the state last changed.
    async fn status_since(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>, ApiError> {
        Ok(self.rest(ctx).await?.status_since)
    }

    /// What to call the person; always answers: the name, else the username if you may see it, else a number
    /// (`Anonymous 42`), and `Erased` for somebody erased.
    async fn display_name(&self, ctx: &Context<'_>) -> Result<String, ApiError> {
        if let Some(name) = full_name(&self.0) {
            return Ok(name);
        }
        let username = self.username(ctx).await?;
        Ok(username.map_or_else(|| nameless(&self.0), str::to_owned))
    }

    /// The first name.
    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    /// The last name.
    async fn last_name(&self) -> Option<&str> {
        self.0.last_name.as_deref()
    }

    /// What the person signs in with, if not with the email; null if you may not see it.
    async fn username(&self, ctx: &Context<'_>) -> Result<Option<&str>, ApiError> {
        self.personal(ctx, self.0.username.as_deref()).await
    }

    /// The email, as typed; null if you may not see it.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>, ApiError> {
        self.personal(ctx, self.rest(ctx).await?.email.clone()).await
    }

    /// Whether the email is known to be the person's: confirmed by a link that was sent to it, or given when the account was
    /// made. False if it was changed on a server that sends no letters. Null if there is no email, or you may not see it.
    async fn email_verified(&self, ctx: &Context<'_>) -> Result<Option<bool>, ApiError> {
        let rest = self.rest(ctx).await?;
        let verified = rest.email.as_ref().map(|_| rest.email_unconfirmed_since.is_none());
        self.personal(ctx, verified).await
    }

    /// The email that takes the place of the present one as soon as the link that was sent to it is opened (R24); null if
    /// none waits, or if you may not see it.
    async fn pending_email(&self, ctx: &Context<'_>) -> Result<Option<String>, ApiError> {
        let found = load::<PendingEmails>(ctx, self.0.id).await?.unwrap_or_default();
        Ok(found.first().map(|row| row.email.clone()))
    }

    /// The phone number, as typed; null if you may not see it.
    async fn phone(&self, ctx: &Context<'_>) -> Result<Option<String>, ApiError> {
        self.personal(ctx, self.rest(ctx).await?.phone.clone()).await
    }

    /// The job title.
    async fn job_title(&self, ctx: &Context<'_>) -> Result<Option<String>, ApiError> {
        Ok(self.rest(ctx).await?.job_title.clone())
    }

    /// The language the person is spoken to in, as `en` or `fr-CA`.
    async fn language(&self, ctx: &Context<'_>) -> Result<Option<String>, ApiError> {
        Ok(self.rest(ctx).await?.language.clone())
    }

    /// Where the photo is.
    async fn photo_url(&self, ctx: &Context<'_>) -> Result<Option<String>, ApiError> {
        Ok(self.rest(ctx).await?.photo_url.clone())
    }

    /// The number that stands for the person after anonymizing (R21); null for everybody else.
    async fn anonymous_number(&self) -> Option<i64> {
        self.0.anonymous_number
    }

    /// What other systems call the person, by system; none if you may not see it.
    async fn external_ids(&self, ctx: &Context<'_>) -> Result<Prompts<ExternalId>, ApiError> {
        let found = load::<ExternalIds>(ctx, self.0.id).await?.unwrap_or_default();
        Ok(found.iter().map(|row| ExternalId::new(&row.system, &row.value)).collect())
    }

    /// The fields of the entry that the platform has added, by name; none if you may not see them.
    async fn custom_fields(&self, ctx: &Context<'_>) -> Result<Prompts<CustomField>, ApiError> {
        let found = load::<CustomFields>(ctx, self.0.id).await?.unwrap_or_default();
        Ok(found.iter().map(|row| CustomField::new(&row.name, &row.value)).collect())
    }

    /// When the account was made.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>, ApiError> {
        Ok(self.rest(ctx).await?.created_at)
    }

    /// When the person was invited; null if never, or if you may not see it.
    async fn invited_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>, ApiError> {
        self.personal(ctx, self.rest(ctx).await?.invited_at).await
    }

    /// When the person last signed in; null if never, or if you may not see it.
    async fn last_sign_in_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>, ApiError> {
        self.personal(ctx, self.rest(ctx).await?.last_sign_in_at).await
    }

    /// The roles that the person holds, by the group's name. Somebody deleted has none.
    async fn memberships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "This role alone.")] role: Option<Role>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Membership>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(Memberships { role: role.map(Into::into) }),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The sessions that the person takes part in, by start, each with how and since when (R8). Only active and suspended
    /// accounts are present in them.
    async fn participations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only sessions that have ended, or only those that have not.")] ended: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Participation>, ApiError> {
        let now = match ended {
            Some(_) => Some(loaders(ctx)?.reader().now().await?),
            None => None,
        };
        let sessions = Participations {
            ending_after: now.filter(|_| ended == Some(false)),
            ended_by: now.filter(|_| ended == Some(true)),
        };
        connection::of_relation(ctx, OfUser(sessions), self.0.id, &Paging { first, after, last, before })
    }

    /// The person's seats in classroom slots, by start.
    async fn registrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As attendee, or as trainer, alone.")] kind: Option<SeatKind>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Registration>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(Registrations { kind: kind.map(Into::into) }),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The courses of which the person is main author or co-author, by title.
    async fn authored_courses(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Course>, ApiError> {
        connection::of_relation(ctx, AuthoredCourses, self.0.id, &Paging { first, after, last, before })
    }

    /// The paths of which the person is main author or co-author, by title.
    async fn authored_paths(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Path>, ApiError> {
        connection::of_relation(ctx, AuthoredPaths, self.0.id, &Paging { first, after, last, before })
    }

    /// The sessions of which the person is main instructor or co-instructor, by start.
    async fn instructed_sessions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Session>, ApiError> {
        connection::of_relation(ctx, InstructedSessions, self.0.id, &Paging { first, after, last, before })
    }

    /// The activities that the person owns, oldest first.
    async fn activities(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Activity>, ApiError> {
        connection::of_relation(ctx, OwnedActivities, self.0.id, &Paging { first, after, last, before })
    }

    /// The courses that the person is individually enrolled in, the oldest course first (R32).
    async fn course_enrolments(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<CourseEnrolment>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(CourseEnrolments),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// How far the person is in which course, the oldest course first. It is kept whatever happens to a membership.
    async fn progress(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Progress>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(learning::Progress),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The person's results in activities, oldest first.
    async fn results(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<ActivityResult>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(learning::Results),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The certificates of the person, oldest first.
    async fn certificates(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Certificate>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(learning::Certificates),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// What the person bought, oldest first.
    async fn sales(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Sale>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(learning::Sales),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// The person's payment subscriptions, oldest first.
    async fn payment_subscriptions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<PaymentSubscription>, ApiError> {
        connection::of_relation(
            ctx,
            OfUser(learning::Subscriptions),
            self.0.id,
            &Paging { first, after, last, before },
        )
    }

    /// What the person wrote under their name, oldest first.
    async fn posts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Post>, ApiError> {
        connection::of_relation(ctx, PostsBy, self.0.id, &Paging { first, after, last, before })
    }

    /// What you may do to the person, told before you try it.
    async fn viewer_can(&self, ctx: &Context<'_>) -> Result<UserPermissions, ApiError> {
        Ok(UserPermissions::new(self.0.id, self.rest(ctx).await?.deleted_at))
    }

    /// How the account came to be deleted: when, why, by whom, and the groups at the time; null while it lives.
    async fn deletion(&self, ctx: &Context<'_>) -> Result<Option<Deletion>, ApiError> {
        Ok(Deletion::of(self.0.id, &*self.rest(ctx).await?))
    }

    /// What was done to the person: every removal, newest first (R17).
    async fn removals(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Removal>, ApiError> {
        connection::of_relation(ctx, removals::OfUser, self.0.id, &Paging { first, after, last, before })
    }
}
