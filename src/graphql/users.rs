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
use crate::keys;
use crate::queries::users::{self, UserFilter};

/// What one person is found by.
#[derive(Clone, Debug, OneofObject)]
pub enum UserBy {
    /// The id.
    Id(ID),
    /// The email, in any case: the account that reserves it, or else the one deleted last.
    Email(String),
    /// The username, in any case: the account that reserves it, or else the one deleted last.
    Username(String),
    /// An id in another system, letter by letter: the account that reserves it, or else the one deleted last.
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
    /// With this email, whatever its case. In a list to look at, a blank text is no condition, here and below.
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
    /// With this text anywhere in name, email, username, external ids or job title; case and accents do not
    /// matter. Every character means itself.
    text: Option<String>,
}

/// What a condition of a filter lacks, and the field that lacks it.
type Blank = &'static [&'static str];

impl UserFilterInput {
    /// The conditions that are given, each with the field of it that is blank, if one is.
    fn conditions(&self) -> Vec<Option<Blank>> {
        let UserFilterInput {
            status,
            group,
            role,
            inactive_since,
            never_signed_in,
            invited_and_never_seen,
            created,
            deleted,
            last_sign_in,
            email,
            username,
            phone,
            job_title,
            language,
            external_id,
            custom_field,
            text,
        } = self;
        let is_blank = |text: &String| keys::fold(text).is_empty();
        let blank = |is_blank: bool, field: Blank| is_blank.then_some(field);
        let text_of = |text: &Option<String>, field| Some(blank(is_blank(text.as_ref()?), field));
        let span_of = |span: &Option<TimeRange>, field| Some(blank(span.as_ref()?.is_open(), field));
        let pair_of = |one: &String, other: &String, fields: [Blank; 2]| {
            blank(is_blank(one), fields[0]).or(blank(is_blank(other), fields[1]))
        };
        [
            status.as_ref().map(|status| blank(status.is_empty(), &["status"])),
            group.as_ref().map(|_| None),
            role.as_ref().map(|role| blank(role.is_empty(), &["role"])),
            inactive_since.map(|_| None),
            never_signed_in.map(|_| None),
            invited_and_never_seen.map(|_| None),
            span_of(created, &["created"]),
            span_of(deleted, &["deleted"]),
            span_of(last_sign_in, &["lastSignIn"]),
            text_of(email, &["email"]),
            text_of(username, &["username"]),
            text_of(phone, &["phone"]),
            text_of(job_title, &["jobTitle"]),
            text_of(language, &["language"]),
            external_id.as_ref().map(|ExternalIdInput { system, value }| {
                pair_of(system, value, [&["externalId", "system"], &["externalId", "value"]])
            }),
            custom_field.as_ref().map(|CustomFieldFilter { name, value }| {
                pair_of(name, value, [&["customField", "name"], &["customField", "value"]])
            }),
            text_of(text, &["text"]),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Passes a filter by which people are changed: it has conditions, and none is blank. `everybody` stands for having
    /// none.
    ///
    /// # Errors
    /// `BAD_INPUT`, naming the field.
    pub fn check_for_change(&self, everybody: bool) -> Result<(), Refusal> {
        let conditions = self.conditions();
        if let Some(field) = conditions.iter().flatten().next() {
            let path: Vec<&str> = ["filter"].iter().chain(*field).copied().collect();
            return Err(Refusal::bad_input(
                &path,
                "This condition is blank; leave it out, or give it a value.",
            ));
        }
        match (conditions.is_empty(), everybody) {
            (true, false) => Err(Refusal::bad_input(
                &["filter"],
                "A filter by which people are changed has at least one condition; to mean everybody, say `everybody: true`.",
            )),
            (false, true) => Err(Refusal::bad_input(
                &["filter", "everybody"],
                "Everybody is meant without other conditions; leave this out, or leave those out.",
            )),
            _ => Ok(()),
        }
    }

    /// As the queries want it. A blank text is no condition.
    ///
    /// # Errors
    /// `BAD_INPUT` or `NOT_FOUND`, naming the field.
    pub async fn read(self, ctx: &Context<'_>) -> Result<UserFilter, ApiError> {
        let given = |text: Option<String>| text.filter(|text| !keys::fold(text).is_empty());
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
            email: given(self.email),
            username: given(self.username),
            phone: given(self.phone),
            job_title: given(self.job_title),
            language: given(self.language),
            external_id: self.external_id.map(|id| (id.system, id.value)),
            custom_field: self.custom_field.map(|field| (field.name, field.value)),
            text: given(self.text),
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
