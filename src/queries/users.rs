//! People: who is found by what (R26).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
pub use entity::custom_field::Model as CustomField;
pub use entity::external_id::Model as ExternalId;
use entity::id::{GroupId, UserId};
use entity::kind::{Cause, Role, Status};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::{
    Batch, By, Direction, Filter, List, Order, Parted, Reader, Seen, Sight, all, columns, grouped, noun, row,
    select,
};
use crate::accounts::{self, Holder, Name};
use crate::db::sql::sql;
use crate::error::{Error, Failure, Refusal};
use crate::keys;

/// Characters that a text to be found may have.
const TEXT_LENGTH: usize = 200;
/// More people than these are not asked one by one whether they are seen.
const MANY: usize = 1_000;

row! {
    /// What an account is called.
    pub struct Head {
        /// Its id.
        id: UserId,
        /// Its state.
        status: Status,
        /// The person's first name.
        first_name: Option<String>,
        /// The person's last name.
        last_name: Option<String>,
        /// What the person signs in with, if not with the email; what somebody without a name is called.
        username: Option<String>,
        /// What stands for the person after anonymizing.
        anonymous_number: Option<i64>,
    }
}

row! {
    /// What else there is to an account.
    pub struct Rest {
        /// When the state last changed.
        status_since: DateTime<Utc>,
        /// The email, as typed.
        email: Option<String>,
        /// Since when it counts although nobody has confirmed it.
        email_unconfirmed_since: Option<DateTime<Utc>>,
        /// The phone number, as typed.
        phone: Option<String>,
        /// The job title.
        job_title: Option<String>,
        /// The language the person is spoken to in.
        language: Option<String>,
        /// Where the photo is.
        photo_url: Option<String>,
        /// When the account was made.
        created_at: DateTime<Utc>,
        /// When the person was invited.
        invited_at: Option<DateTime<Utc>>,
        /// When the person last signed in.
        last_sign_in_at: Option<DateTime<Utc>>,
        /// When the account was deleted.
        deleted_at: Option<DateTime<Utc>>,
        /// Why it was deleted.
        deletion_cause: Option<Cause>,
        /// Who deleted it.
        deleted_by: Option<UserId>,
    }
}

row! {
    /// An email that waits to be confirmed (R24).
    pub struct PendingEmail {
        /// Whose it is to be.
        user_id: UserId,
        /// The email, as typed.
        email: String,
    }
}

/// An account.
pub type User = Parted<Head, Rest>;

noun! {
    /// Accounts by id, in whatever state.
    Users: "users.by_id", "users", User = User::selected, UserId, [Seen::Person("r")]
}

/// The people of whom the reader sees what is personal: email, username, phone, when they were last here.
#[derive(Debug)]
pub struct Personal;

impl Batch for Personal {
    type Key = UserId;
    type Value = ();

    async fn load(reader: &Reader, ids: Vec<UserId>) -> Result<HashMap<UserId, ()>, Error> {
        let seen = &[Seen::Personal("u.id")];
        let users = visible(reader.db(), reader.sight().await?, seen, ids.into_iter().collect()).await?;
        Ok(users.into_iter().map(|user| (user, ())).collect())
    }
}

/// The emails of people that wait to be confirmed (R24).
#[derive(Debug)]
pub struct PendingEmails;

impl Batch for PendingEmails {
    type Key = UserId;
    type Value = Arc<Vec<PendingEmail>>;

    async fn load(
        reader: &Reader,
        ids: Vec<UserId>,
    ) -> Result<HashMap<UserId, Arc<Vec<PendingEmail>>>, Error> {
        let seen = reader.sight().await?.filter(&[Seen::Personal("c.user_id")]);
        let filter = seen.within("c.user_id in {users}", "users", ids);
        let rest = format!("from email_changes c where {} and c.expires_at > {{now}}", filter.text());
        let statement = filter.bind(select("users.pending_emails", &columns::<PendingEmail>("c"), &rest));
        let statement = statement.bind("now", reader.now().await?);
        let rows: Vec<PendingEmail> = all(statement, reader).await?;
        Ok(grouped(rows.into_iter().map(|row| (row.user_id, row))))
    }
}

/// The external ids of people, by system.
#[derive(Debug)]
pub struct ExternalIds;

impl Batch for ExternalIds {
    type Key = UserId;
    type Value = Arc<Vec<ExternalId>>;

    async fn load(reader: &Reader, ids: Vec<UserId>) -> Result<HashMap<UserId, Arc<Vec<ExternalId>>>, Error> {
        let seen = reader.sight().await?.filter(&[Seen::Personal("e.user_id")]);
        let filter = seen.within("e.user_id in {users}", "users", ids);
        let rest = format!("from external_ids e where {} order by e.system, e.value", filter.text());
        let statement = filter.bind(select("users.external_ids", &columns::<ExternalId>("e"), &rest));
        let rows: Vec<ExternalId> = all(statement, reader).await?;
        Ok(grouped(rows.into_iter().map(|row| (row.user_id, row))))
    }
}

/// The custom fields of people, by name.
#[derive(Debug)]
pub struct CustomFields;

impl Batch for CustomFields {
    type Key = UserId;
    type Value = Arc<Vec<CustomField>>;

    async fn load(
        reader: &Reader,
        ids: Vec<UserId>,
    ) -> Result<HashMap<UserId, Arc<Vec<CustomField>>>, Error> {
        let seen = reader.sight().await?.filter(&[Seen::Personal("f.user_id")]);
        let filter = seen.within("f.user_id in {users}", "users", ids);
        let rest = format!("from custom_fields f where {} order by f.name", filter.text());
        let statement = filter.bind(select("users.custom_fields", &columns::<CustomField>("f"), &rest));
        let rows: Vec<CustomField> = all(statement, reader).await?;
        Ok(grouped(rows.into_iter().map(|row| (row.user_id, row))))
    }
}

/// What one account is found by.
#[derive(Clone, Debug)]
pub enum UserBy {
    /// Its id.
    Id(UserId),
    /// Its email, as typed.
    Email(String),
    /// Its username, as typed.
    Username(String),
    /// An external id.
    ExternalId {
        /// The system that gave it.
        system: String,
        /// What it gave.
        value: String,
    },
}

/// The account found by that, in whatever state. An email, a username or an external id means the account that reserves
/// it, else the one deleted last (R16); it finds those alone of whom the reader sees it, or whom the reader deleted.
///
/// # Errors
/// `BAD_INPUT` for an email or a username that cannot be one; when the database cannot be read.
pub async fn find(reader: &Reader, by: &UserBy) -> Result<Option<UserId>, crate::error::Failure> {
    let name = match by {
        UserBy::Id(id) => return Ok(Some(*id)),
        UserBy::Email(typed) => Name::email(typed)?,
        UserBy::Username(typed) => Name::username(typed)?,
        UserBy::ExternalId { system, value } => Name::ExternalId(keys::ExternalId {
            system: literal(&["externalId", "system"], system)?.to_owned(),
            value: literal(&["externalId", "value"], value)?.to_owned(),
        }),
    };
    let Some(Holder { user, .. }) = accounts::meant(reader.db(), &name).await? else { return Ok(None) };
    let seen = &[Seen::Person("u"), Seen::Found("u")];
    let seen = visible(reader.db(), reader.sight().await?, seen, BTreeSet::from([user])).await?;
    Ok(seen.contains(&user).then_some(user))
}

/// What people are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserOrder {
    /// By name.
    #[default]
    Name,
    /// By email.
    Email,
    /// By when they last signed in.
    LastSignIn,
    /// By when they were deleted.
    DeletedAt,
    /// By when the account was made.
    CreatedAt,
}

impl UserOrder {
    const fn order(self) -> Order {
        match self {
            UserOrder::Name => Order::new("NAME", const { &[By::text("u.name_key"), By::number("u.id")] }),
            UserOrder::Email => {
                Order::nullable("EMAIL", const { &[By::text("u.email_key"), By::number("u.id")] })
            }
            UserOrder::LastSignIn => Order::nullable(
                "LAST_SIGN_IN",
                const { &[By::time("u.last_sign_in_at"), By::number("u.id")] },
            ),
            UserOrder::DeletedAt => {
                Order::nullable("DELETED_AT", const { &[By::time("u.deleted_at"), By::number("u.id")] })
            }
            UserOrder::CreatedAt => {
                Order::new("CREATED_AT", const { &[By::time("u.created_at"), By::number("u.id")] })
            }
        }
    }
}

/// A span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// From here on, this instant included.
    pub from: Option<DateTime<Utc>>,
    /// Up to here, this instant not included.
    pub until: Option<DateTime<Utc>>,
}

/// Who is meant: everybody who meets all of it (R26).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFilter {
    /// In one of these states. None given: where a span of deletion is, deleted; else any but `DELETED` and `ERASED`.
    pub status: Option<Vec<Status>>,
    /// Members of one of these groups; of the deleted, those who were when they were deleted.
    pub groups: Option<Vec<GroupId>>,
    /// Who hold one of these roles, or did when they were deleted: in one of the groups, or anywhere if no group is given.
    pub roles: Option<Vec<Role>>,
    /// Who did not sign in since: not at this instant or later.
    pub inactive_since: Option<DateTime<Utc>>,
    /// Who never signed in, or did at least once.
    pub never_signed_in: Option<bool>,
    /// Who were invited and never signed in; or everybody else.
    pub invited_and_never_seen: Option<bool>,
    /// Whose account was made then.
    pub created: Span,
    /// Who were deleted then.
    pub deleted: Span,
    /// Who last signed in then.
    pub last_sign_in: Span,
    /// With this email, as typed.
    pub email: Option<String>,
    /// With this username, as typed.
    pub username: Option<String>,
    /// With this phone, letter by letter.
    pub phone: Option<String>,
    /// With this job title, letter by letter.
    pub job_title: Option<String>,
    /// With this language, letter by letter.
    pub language: Option<String>,
    /// With this external id: system, value.
    pub external_id: Option<(String, String)>,
    /// With this custom field: name, value.
    pub custom_field: Option<(String, String)>,
    /// With this text somewhere in name, email, username, external ids or job title, whatever case and accents.
    pub text: Option<String>,
}

impl UserFilter {
    /// The conditions, on a table called `u`, for who sees as much as `sight`.
    ///
    /// # Errors
    /// `BAD_INPUT`, naming the field of the filter.
    pub fn conditions(&self, sight: &Sight) -> Result<Filter, Refusal> {
        let filter = self.standing(sight);
        let filter = self.activity(filter);
        self.entry(filter)
    }

    /// What being found by this tells of somebody, in a list of this order.
    fn seen(&self, order: UserOrder) -> Vec<Seen> {
        let UserFilter { email, username, phone, external_id, custom_field, last_sign_in, .. } = self;
        let texts = [email, username, phone].into_iter().any(Option::is_some);
        let fields = external_id.is_some() || custom_field.is_some();
        let visits = self.inactive_since.is_some()
            || self.never_signed_in.is_some()
            || self.invited_and_never_seen.is_some()
            || *last_sign_in != Span::default();
        let mut seen = vec![Seen::Person("u")];
        if texts || fields || visits || matches!(order, UserOrder::Email | UserOrder::LastSignIn) {
            seen.push(Seen::Personal("u.id"));
        }
        if self.text.is_some() {
            seen.push(Seen::Text("u"));
        }
        seen
    }

    /// The states that are meant.
    fn statuses(&self) -> BTreeSet<Status> {
        match &self.status {
            Some(statuses) => statuses.iter().copied().collect(),
            None if self.deleted != Span::default() => BTreeSet::from([Status::Deleted]),
            None => Status::ALL.iter().copied().filter(|status| status.is_living()).collect(),
        }
    }

    fn standing(&self, sight: &Sight) -> Filter {
        let statuses = self.statuses();
        // A list of nothing matches nobody, on both databases.
        let filter = Filter::new().and(if statuses.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("u.status in {}", Status::listed(|status| statuses.contains(&status)))
        });
        // Nobody is found by what they are, or were, in a group that is not seen.
        let rows = match (&self.groups, &self.roles) {
            (None, None) => return filter,
            (Some(groups), _) => {
                let groups = groups.iter().copied().filter(|group| sight.sees_group(*group));
                Filter::new().within("m.group_id in {groups}", "groups", groups)
            }
            (None, Some(_)) => sight.filter(&[Seen::Group("m.group_id")]),
        };
        let deleted = statuses.contains(&Status::Deleted);
        let only_deleted = deleted && statuses.len() == 1;
        filter.merge(rows.inside(|rows| match (deleted, only_deleted) {
            (false, _) => self.are(rows),
            (true, true) => self.were(rows),
            (true, false) => format!(
                "(u.status <> 'DELETED' and {} or u.status = 'DELETED' and {})",
                self.are(rows),
                self.were(rows)
            ),
        }))
    }

    /// That somebody has one of these `rows` of memberships, called `m`.
    fn are(&self, rows: &str) -> String {
        match &self.roles {
            // Almost everybody is a learner of something: it is looked up for those on the page alone, which this form
            // of the question makes sure of.
            Some(roles) if self.groups.is_none() && roles.contains(&Role::Learner) => format!(
                "(select m.user_id from memberships m where m.user_id = u.id and {rows}{} limit 1) is not null",
                with_roles(roles)
            ),
            Some(roles) if self.groups.is_none() => format!(
                "u.id in (select m.user_id from memberships m where m.role <> 'LEARNER' and {rows}{})",
                with_roles(roles)
            ),
            roles => format!(
                "u.id in (select m.user_id from memberships m where {rows}{})",
                roles.as_deref().map(with_roles).unwrap_or_default()
            ),
        }
    }

    /// That somebody had one of these `rows`, of the same columns, when they were deleted.
    fn were(&self, rows: &str) -> String {
        let of_role = self.roles.as_deref().map(with_roles).unwrap_or_default();
        let rows = format!("{rows}{of_role}").replace("m.", "fm.");
        format!("u.id in (select fm.user_id from former_memberships fm where {rows})")
    }

    fn activity(&self, filter: Filter) -> Filter {
        let filter = filter.maybe(
            "(u.last_sign_in_at < {inactive} or (u.last_sign_in_at is null and u.created_at < {inactive}))",
            "inactive",
            self.inactive_since,
        );
        let filter = match self.never_signed_in {
            Some(true) => filter.and("u.last_sign_in_at is null"),
            Some(false) => filter.and("u.last_sign_in_at is not null"),
            None => filter,
        };
        let filter = match self.invited_and_never_seen {
            Some(true) => filter.and("u.invited_at is not null and u.last_sign_in_at is null"),
            Some(false) => filter.and("(u.invited_at is null or u.last_sign_in_at is not null)"),
            None => filter,
        };
        filter
            .maybe("u.created_at >= {created_from}", "created_from", self.created.from)
            .maybe("u.created_at < {created_until}", "created_until", self.created.until)
            .maybe("u.deleted_at >= {deleted_from}", "deleted_from", self.deleted.from)
            .maybe("u.deleted_at < {deleted_until}", "deleted_until", self.deleted.until)
            .maybe("u.last_sign_in_at >= {seen_from}", "seen_from", self.last_sign_in.from)
            .maybe("u.last_sign_in_at < {seen_until}", "seen_until", self.last_sign_in.until)
    }

    fn entry(&self, filter: Filter) -> Result<Filter, Refusal> {
        let mut filter = filter
            .maybe("u.email_key = {email}", "email", self.email.as_deref().map(keys::email_key).transpose()?)
            .maybe(
                "u.username_key = {username}",
                "username",
                self.username.as_deref().map(keys::username_key).transpose()?,
            )
            .maybe("u.phone = {phone}", "phone", exact("phone", &self.phone)?)
            .maybe("u.job_title = {job_title}", "job_title", exact("jobTitle", &self.job_title)?)
            .maybe("u.language = {language}", "language", exact("language", &self.language)?);
        if let Some((system, value)) = &self.external_id {
            filter = filter
                .with(
                    "u.id in (select e.user_id from external_ids e
                              where e.system = {id_system} and e.value = {id_value})",
                    "id_system",
                    literal(&["filter", "externalId", "system"], system)?,
                )
                .also("id_value", literal(&["filter", "externalId", "value"], value)?);
        }
        if let Some((name, value)) = &self.custom_field {
            filter = filter
                .with(
                    "u.id in (select f.user_id from custom_fields f
                              where f.name = {field_name} and f.value = {field_value})",
                    "field_name",
                    literal(&["filter", "customField", "name"], name)?,
                )
                .also("field_value", literal(&["filter", "customField", "value"], value)?);
        }
        Ok(match &self.text {
            Some(text) => filter.contains("u.search_key", "text", &search_text(text)?),
            None => filter,
        })
    }
}

/// Everybody who meets `filter`, for who sees as much as `sight`.
///
/// # Errors
/// As [`UserFilter::conditions`].
pub fn list(
    sight: &Sight,
    filter: &UserFilter,
    order: UserOrder,
    direction: Direction,
) -> Result<List<Arc<User>>, Refusal> {
    Ok(List {
        name: "users.list",
        selected: User::selected("u").shared(),
        from: "users u".to_owned(),
        filter: filter.conditions(sight)?,
        seen: filter.seen(order),
        order: order.order().towards(direction),
    })
}

/// Passes for somebody whom `sight` sees.
///
/// # Errors
/// `NOT_FOUND`, the same for nobody and for somebody who is not seen.
pub async fn require_seen(db: &impl ConnectionTrait, sight: &Sight, user: UserId) -> Result<(), Failure> {
    let seen = visible(db, sight, &[Seen::Person("u")], BTreeSet::from([user])).await?;
    if seen.is_empty() { Err(Refusal::not_found(&["userId"], "User").into()) } else { Ok(()) }
}

/// Those of `users` of whom `sight` sees what is `seen` of a table called `u`.
///
/// # Errors
/// When the database cannot be read.
pub async fn visible(
    db: &impl ConnectionTrait,
    sight: &Sight,
    seen: &[Seen],
    users: BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Error> {
    if *sight == Sight::Everything || users.is_empty() {
        return Ok(users);
    }
    // Of many, it costs less to find out at once who is seen at all.
    let conditions = if users.len() > MANY { sight.filter_all(seen) } else { sight.filter(seen) };
    let filter = conditions.within("u.id in {users}", "users", users);
    let text = format!("select u.id from users u where {}", filter.text());
    let rows: Vec<(UserId,)> = filter.bind(sql("users.visible", text)).all(db).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// The ids of those who meet `filter` and are seen, in order, at most `limit` of them; only `among` these people, if any are given.
///
/// # Errors
/// As [`UserFilter::conditions`], and when the database cannot be read.
pub async fn matching(
    db: &impl ConnectionTrait,
    sight: &Sight,
    filter: &UserFilter,
    among: Option<&[UserId]>,
    limit: usize,
) -> Result<Vec<UserId>, Failure> {
    let mut conditions = filter.conditions(sight)?.merge(sight.filter_all(&filter.seen(UserOrder::Name)));
    if let Some(among) = among {
        conditions = conditions.within("u.id in {among}", "among", among.iter().copied());
    }
    let text = format!("select u.id from users u where {} order by u.id limit {limit}", conditions.text());
    let rows: Vec<(UserId,)> = conditions.bind(sql("users.matching", text)).all(db).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// A text to be found somewhere in a search key.
///
/// # Errors
/// `BAD_INPUT` when it is longer than 200 characters or has control characters.
pub fn search_text(text: &str) -> Result<String, Refusal> {
    Ok(keys::search_key(literal(&["filter", "text"], text)?))
}

/// A text of the filter to be compared letter by letter, if there is one.
fn exact<'a>(field: &str, text: &'a Option<String>) -> Result<Option<&'a str>, Refusal> {
    text.as_deref().map(|text| literal(&["filter", field], text)).transpose()
}

/// A text to be compared letter by letter.
fn literal<'a>(path: &[&str], text: &'a str) -> Result<&'a str, Refusal> {
    if text.chars().count() > TEXT_LENGTH {
        return Err(Refusal::bad_input(path, format!("This has at most {TEXT_LENGTH} characters.")));
    }
    if text.contains(char::is_control) {
        return Err(Refusal::bad_input(path, "This has control characters in it."));
    }
    Ok(text)
}

/// A further condition on a membership, called `m`: one of these roles. None is none, on both databases.
fn with_roles(roles: &[Role]) -> String {
    if roles.is_empty() {
        return " and 1 = 0".to_owned();
    }
    format!(" and m.role in {}", Role::listed(|role| roles.contains(&role)))
}
