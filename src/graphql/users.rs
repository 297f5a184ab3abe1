//! Finding people (R26).

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject};
use chrono::{DateTime, Utc};

use super::connection::{self, Connection, Paging};
use super::context::{self, loaders};
use super::error::ApiError;
use super::id;
use super::input::{ExternalIdInput, GroupScope, OrderDirection, TimeRange, groups, instant, span};
use super::kinds::{Role, UserStatus};
use super::prompt::Prompt;
use super::thing::Thing;
use super::user::User;
use crate::error::Refusal;
use crate::queries::users::{self, UserFilter};

/// What one person is found by.
#[derive(Clone, Debug, OneofObject)]
pub enum UserBy {
    /// The id.
    Id(ID),
    /// The email, whatever its case: the account that reserves it, else the one deleted last.
    Email(String),
    /// The username, whatever its case: the account that reserves it, else the one deleted last.
    Username(String),
    /// What some other system calls the person.
    ExternalId(ExternalIdInput),
}

impl UserBy {
    /// As the queries want it.
    ///
    /// # Errors
    /// As [`id::parse`].
    pub fn read(self) -> Result<users::UserBy, Refusal> {
        Ok(match self {
            UserBy::Id(id) => users::UserBy::Id(id::parse(&id, &["id"])?),
            UserBy::Email(email) => users::UserBy::Email(email),
            UserBy::Username(username) => users::UserBy::Username(username),
            UserBy::ExternalId(ExternalIdInput { system, value }) => {
                users::UserBy::ExternalId { system, value }
            }
        })
    }
}

/// A value of a field of the entry that the platform has added.
#[derive(Clone, Debug, InputObject)]
pub struct CustomFieldFilter {
    /// What the field is called.
    name: String,
    /// What it holds, letter by letter.
    value: String,
}

/// Which people. All conditions given hold together, and people are found only by what you may see of them. Without
/// `status` it is everybody but the deleted and the erased, or with `deleted` the deleted.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "UserFilter")]
pub struct UserFilterInput {
    /// In one of these states.
    status: Option<Vec<UserStatus>>,
    /// Members of this group, or of this branch of the tree; of the deleted, those who were members when they were deleted.
    group: Option<GroupScope>,
    /// Who hold one of these roles: in the groups of `group`, or in any that you may see without it. Of the deleted, those
    /// who held one when they were deleted.
    role: Option<Vec<Role>>,
    /// Who have not signed in since this instant; whose account is younger is left out.
    inactive_since: Option<DateTime<Utc>>,
    /// Who never signed in (true), or did at least once (false).
    never_signed_in: Option<bool>,
    /// Who were invited and never signed in (true), or everybody else (false).
    invited_and_never_seen: Option<bool>,
    /// Whose account was made then.
    created: Option<TimeRange>,
    /// Who were deleted then. Without `status` it means the deleted alone.
    deleted: Option<TimeRange>,
    /// Who last signed in then.
    last_sign_in: Option<TimeRange>,
    /// With this email, whatever its case.
    email: Option<String>,
    /// With this username, whatever its case.
    username: Option<String>,
    /// With this phone number, letter by letter.
    phone: Option<String>,
    /// With this job title, letter by letter.
    job_title: Option<String>,
    /// With this language, letter by letter.
    language: Option<String>,
    /// With this external id.
    external_id: Option<ExternalIdInput>,
    /// With this value in a field that the platform has added.
    custom_field: Option<CustomFieldFilter>,
    /// With this text anywhere in name, email, username, external ids or job title, whatever its case. Every character
    /// means itself.
    text: Option<String>,
}

impl UserFilterInput {
    /// As the queries want it.
    ///
    /// # Errors
    /// `BAD_INPUT` or `NOT_FOUND`, naming the field.
    pub async fn read(self, ctx: &Context<'_>) -> Result<UserFilter, ApiError> {
        let inactive_since = self.inactive_since.map(|time| instant(time, &["filter", "inactiveSince"]));
        Ok(UserFilter {
            status: self.status.map(|statuses| statuses.into_iter().map(Into::into).collect()),
            groups: groups(ctx, self.group.as_ref(), "group").await?,
            roles: self.role.map(|roles| roles.into_iter().map(Into::into).collect()),
            inactive_since: inactive_since.transpose()?,
            never_signed_in: self.never_signed_in,
            invited_and_never_seen: self.invited_and_never_seen,
            created: span(self.created, "created")?,
            deleted: span(self.deleted, "deleted")?,
            last_sign_in: span(self.last_sign_in, "lastSignIn")?,
            email: self.email,
            username: self.username,
            phone: self.phone,
            job_title: self.job_title,
            language: self.language,
            external_id: self.external_id.map(|id| (id.system, id.value)),
            custom_field: self.custom_field.map(|field| (field.name, field.value)),
            text: self.text,
        })
    }
}

/// What people are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "users::UserOrder")]
pub enum UserOrderField {
    /// By name.
    #[default]
    Name,
    /// By email; those without come last.
    Email,
    /// By when they last signed in; those who never did come last.
    LastSignIn,
    /// By when they were deleted; those who were not come last.
    DeletedAt,
    /// By when the account was made.
    CreatedAt,
}

/// How people are ordered.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub struct UserOrder {
    /// What they are ordered by.
    #[graphql(default)]
    field: UserOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// Reads of people.
#[derive(Debug, Default)]
pub struct UserQuery;

/// Reads of people.
#[Object]
impl UserQuery {
    /// Whose token this is.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<User, ApiError> {
        let user = context::caller(ctx)?.user().ok_or(Refusal::Unauthenticated)?;
        Ok(User::load(ctx, user).await?.ok_or(Refusal::Unauthenticated)?)
    }

    /// The person found by that, in whatever state; null where nobody is.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the person is found by: exactly one of it.")] by: UserBy,
    ) -> Result<Option<Prompt<User>>, ApiError> {
        match users::find(loaders(ctx)?.reader(), &by.read()?).await? {
            Some(user) => Ok(User::load(ctx, user).await?.map(Prompt)),
            None => Ok(None),
        }
    }

    /// People, by name unless `orderBy` says otherwise. Deleted people are found by `filter: {status: [DELETED]}`.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<UserFilterInput>,
        #[graphql(desc = "In which order.")] order_by: Option<UserOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<User>, ApiError> {
        let filter = filter.unwrap_or_default().read(ctx).await?;
        let UserOrder { field, direction } = order_by.unwrap_or_default();
        let sight = loaders(ctx)?;
        let sight = sight.reader().sight().await?;
        let list = users::list(sight, &filter, field.into(), direction.into())?;
        connection::of_list(ctx, list, &Paging { first, after, last, before })
    }
}
