//! What removals are asked with.

use std::time::Duration;

use async_graphql::{Context, ID, InputObject, OneofObject};
use entity::id::{GroupId, JobId, UserId};
use entity::kind;

use crate::error::Refusal;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::input::ExternalIdInput;
use crate::graphql::kinds::{PostTreatment, PrivateSubgroups, Role};
use crate::graphql::users::UserFilterInput;
use crate::removal::batch::{Batch, Retry, Start};
use crate::removal::list::{LONGEST, one_email, split_emails, typed_external};
use crate::removal::request::{Entry, Matching, Named, Options, People, Request, Scope};
use crate::removal::single::Single;

/// Seconds that a request waits for its job where it does not say.
const WAIT: i32 = 10;
/// Most seconds that a request waits for its job.
const LONGEST_WAIT: i32 = 30;

/// How long to wait for a job.
///
/// # Errors
/// `BAD_INPUT` for less than none, and for more than 30 seconds.
pub fn patience(wait: Option<i32>) -> Result<Duration, Refusal> {
    let wait = wait.unwrap_or(WAIT);
    let seconds = u64::try_from(wait).ok().filter(|_| wait <= LONGEST_WAIT);
    seconds.map(Duration::from_secs).ok_or_else(|| {
        Refusal::bad_input(&["wait"], format!("A request waits for 0 to {LONGEST_WAIT} seconds."))
    })
}

/// The people that a request is about, in exactly one of these ways. Who is named twice counts once.
#[derive(Clone, Debug, OneofObject)]
#[expect(clippy::large_enum_variant, reason = "made once a request, and read at once")]
pub enum PeopleInput {
    /// By id, at most 100,000.
    Ids(Vec<ID>),
    /// By email, at most 100,000. An entry may hold several, separated by commas, semicolons or line breaks outside of
    /// quotation marks. White space and invisible characters around an email do not count (a byte order mark is one), nor
    /// do the quotation marks of a CSV cell, nor case. An email means the account that reserves it, else the one deleted
    /// last.
    Emails(Vec<String>),
    /// By the ids that other systems gave them, at most 100,000. They are compared as given, letter by letter.
    ExternalIds(Vec<ExternalIdInput>),
    /// Whoever meets this, at most 100,000. Looked up once, when the request is accepted; who no longer meets it when
    /// their turn comes is left alone.
    Filter(PeopleFilterInput),
}

/// Which people are to be changed. All conditions given hold together; there is at least one, or `everybody`, and none
/// of them is blank (R16).
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "PeopleFilter")]
pub struct PeopleFilterInput {
    /// The conditions by which people are found.
    #[graphql(flatten)]
    conditions: UserFilterInput,
    /// Whether everybody is meant: all people you see except the deleted and the erased. It stands in place of conditions.
    #[graphql(default)]
    everybody: bool,
    /// The ids of people who are left out, at most 100,000. One that is nobody's, or somebody's whom you do not see,
    /// refuses the whole request.
    #[graphql(default)]
    except: Vec<ID>,
}

impl PeopleFilterInput {
    async fn read(self, ctx: &Context<'_>) -> Result<Matching, ApiError> {
        self.conditions.check_for_change(self.everybody)?;
        let entry = |(place, id): (usize, &ID)| id::parse(id, &["filter", "except", &place.to_string()]);
        let except = self.except.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        Ok(Matching { filter: self.conditions.read(ctx).await?, except })
    }
}

impl PeopleInput {
    async fn read(self, ctx: &Context<'_>) -> Result<People, ApiError> {
        Ok(People::Named(match self {
            PeopleInput::Ids(ids) => {
                let users = id::parse_all(&ids, &["people", "ids"])?;
                let entry = |(user, id): (UserId, ID)| Entry { named: Named::Id(user), typed: id.0 };
                users.into_iter().zip(ids).map(entry).collect()
            }
            // One too many is enough to see that they are too many.
            PeopleInput::Emails(texts) => {
                texts.iter().flat_map(|text| split_emails(text)).take(LONGEST + 1).collect()
            }
            PeopleInput::ExternalIds(ids) => ids.into_iter().map(external).collect(),
            PeopleInput::Filter(filter) => {
                return match filter.read(ctx).await {
                    Err(ApiError::Refused(refusal)) => Err(refusal.at(&["people".to_owned()]).into()),
                    read => Ok(People::Matching(Box::new(read?))),
                };
            }
        }))
    }
}

fn external(ExternalIdInput { system, value }: ExternalIdInput) -> Entry {
    Entry { typed: typed_external(&system, &value), named: Named::ExternalId { system, value } }
}

/// Whom to delete from the platform.
#[derive(Clone, Debug, InputObject)]
pub struct DeleteUsersInput {
    /// Whom.
    people: PeopleInput,
    /// What happens to private groups (R6). Left out: refused with `PRIVATE_SUBGROUPS_UNDECIDED` where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// What happens to their posts.
    #[graphql(default_with = "PostTreatment::Keep")]
    posts: PostTreatment,
    /// The digest of the plan that was shown: if what would happen now is anything else, nothing is done.
    plan_digest: Option<String>,
    /// The number that confirms deletions beyond the safety share, asked for with `CONFIRM_COUNT_REQUIRED`: how many accounts
    /// this request deletes, or for a list of one person how many went in the last 24 hours, this one included (R29).
    confirm_count: Option<i64>,
    /// How many seconds to wait for the job to end before answering with it as it stands then: 0 to 30; 10 if left out.
    pub wait: Option<i32>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// Whom to take out of a group. Taking somebody out of the platform group deletes them.
#[derive(Clone, Debug, InputObject)]
pub struct RemoveUsersFromGroupInput {
    /// Out of which group.
    group_id: ID,
    /// Whom.
    people: PeopleInput,
    /// What happens to private subgroups (R6). Left out: refused with `PRIVATE_SUBGROUPS_UNDECIDED` where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// Whether you know that taking somebody's last membership deletes the account (R7).
    #[graphql(default)]
    confirm_account_deletion: bool,
    /// What happens to the posts of those whose account ends.
    #[graphql(default_with = "PostTreatment::Keep")]
    posts: PostTreatment,
    /// The digest of the plan that was shown: if what would happen now is anything else, nothing is done.
    plan_digest: Option<String>,
    /// The number that confirms deletions beyond the safety share, asked for with `CONFIRM_COUNT_REQUIRED`: how many accounts
    /// this request deletes, or for a list of one person how many went in the last 24 hours, this one included (R29).
    confirm_count: Option<i64>,
    /// How many seconds to wait for the job to end before answering with it as it stands then: 0 to 30; 10 if left out.
    pub wait: Option<i32>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// Whom to delete from the platform.
#[derive(Clone, Debug, InputObject)]
pub struct DeleteUserInput {
    /// Whom.
    user_id: ID,
    /// What happens to private groups (R6). Left out: refused with `PRIVATE_SUBGROUPS_UNDECIDED` where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// What happens to the person's posts.
    #[graphql(default_with = "PostTreatment::Keep")]
    posts: PostTreatment,
    /// The digest of the plan that was shown: if what would happen now is anything else, nothing is done.
    plan_digest: Option<String>,
    /// The number that confirms a deletion beyond the safety share, asked for with `CONFIRM_COUNT_REQUIRED`: how many accounts
    /// went in the last 24 hours, this one included (R29).
    confirm_count: Option<i64>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// Whom to take out of a group. Taking somebody out of the platform group deletes them.
#[derive(Clone, Debug, InputObject)]
pub struct RemoveUserFromGroupInput {
    /// Out of which group.
    group_id: ID,
    /// Whom.
    user_id: ID,
    /// What happens to private subgroups (R6). Left out: refused with `PRIVATE_SUBGROUPS_UNDECIDED` where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// Whether you know that taking the last membership deletes the account (R7).
    #[graphql(default)]
    confirm_account_deletion: bool,
    /// What happens to the person's posts if the account ends.
    #[graphql(default_with = "PostTreatment::Keep")]
    posts: PostTreatment,
    /// The digest of the plan that was shown: if what would happen now is anything else, nothing is done.
    plan_digest: Option<String>,
    /// The number that confirms a deletion beyond the safety share, asked for with `CONFIRM_COUNT_REQUIRED`: how many accounts
    /// went in the last 24 hours, this one included (R29).
    confirm_count: Option<i64>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// Which role to take from whom.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeRoleInput {
    /// In which group.
    group_id: ID,
    /// From whom.
    user_id: ID,
    /// Which role. Revoking `LEARNER` reaches the groups below as removing does (R5).
    role: Role,
    /// What happens to private subgroups (R6). Left out: refused with `PRIVATE_SUBGROUPS_UNDECIDED` where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// Whether you know that taking the last membership deletes the account (R7).
    #[graphql(default)]
    confirm_account_deletion: bool,
    /// The digest of the plan that was shown: if what would happen now is anything else, nothing is done.
    plan_digest: Option<String>,
    /// The number that confirms a deletion beyond the safety share, asked for with `CONFIRM_COUNT_REQUIRED`: how many accounts
    /// went in the last 24 hours, this one included (R29).
    confirm_count: Option<i64>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// A removal to be prepared.
#[derive(Clone, Debug, InputObject)]
pub struct PrepareRemovalInput {
    /// Whom, here up to 100,000 people, and what would be done to them.
    removal: RemovalPlanInput,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// Which job to let run.
#[derive(Clone, Debug, InputObject)]
pub struct StartRemovalJobInput {
    /// The job: one that is prepared, or waits to be confirmed.
    job_id: ID,
    /// The digest of the job's plan, as it was shown. A prepared job cannot be started without it (`BAD_INPUT`): if anything
    /// else would happen now, for you who start it, nothing is done.
    plan_digest: Option<String>,
    /// The number that confirms deletions beyond the safety share, asked for with `CONFIRM_COUNT_REQUIRED`: how many accounts
    /// this request deletes, or for a list of one person how many went in the last 24 hours, this one included (R29).
    confirm_count: Option<i64>,
    /// How many seconds to wait for the job to end before answering with it as it stands then: 0 to 30; 10 if left out.
    pub wait: Option<i32>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// Which job to cancel.
#[derive(Clone, Debug, InputObject)]
pub struct CancelRemovalJobInput {
    /// The job.
    job_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

/// Which job's failures to try again.
#[derive(Clone, Debug, InputObject)]
pub struct RetryRemovalJobInput {
    /// The job, which has ended.
    job_id: ID,
    /// What happens to private subgroups (R6); as the job has it if left out, which is refused with
    /// `PRIVATE_SUBGROUPS_UNDECIDED` where it has come to matter.
    private_subgroups: Option<PrivateSubgroups>,
    /// The number that confirms deletions beyond the safety share, asked for with `CONFIRM_COUNT_REQUIRED`: how many accounts
    /// this request deletes, or for a list of one person how many went in the last 24 hours, this one included (R29).
    confirm_count: Option<i64>,
    /// How many seconds to wait for the job to end before answering with it as it stands then: 0 to 30; 10 if left out.
    pub wait: Option<i32>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub idempotency_key: Option<String>,
}

fn job(id: &ID) -> Result<JobId, Refusal> {
    id::parse(id, &["jobId"])
}

impl PrepareRemovalInput {
    /// What is to be planned, in chunks as the server is set.
    pub async fn read(self, ctx: &Context<'_>) -> Result<Batch, ApiError> {
        let (people, request) = self.removal.read(ctx).await?;
        Ok(Batch { people, request, plan_digest: None, confirm_count: None, bounds: context::bounds(ctx)? })
    }
}

impl StartRemovalJobInput {
    /// What is asked.
    pub fn read(self) -> Result<Start, Refusal> {
        let job = job(&self.job_id)?;
        Ok(Start { job, plan_digest: self.plan_digest, confirm_count: self.confirm_count })
    }
}

impl CancelRemovalJobInput {
    /// What is asked.
    pub fn read(self) -> Result<JobId, Refusal> {
        job(&self.job_id)
    }
}

impl RetryRemovalJobInput {
    /// What is asked.
    pub fn read(self) -> Result<Retry, Refusal> {
        let private_subgroups = self.private_subgroups.map(Into::into);
        Ok(Retry { job: job(&self.job_id)?, private_subgroups, confirm_count: self.confirm_count })
    }
}

/// A deletion to be planned.
#[derive(Clone, Debug, InputObject)]
pub struct PlanDeletionInput {
    /// Whom, at most 3,000.
    people: PeopleInput,
    /// What happens to private groups (R6). Left out: the plan shows both where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// What happens to their posts.
    #[graphql(default_with = "PostTreatment::Keep")]
    posts: PostTreatment,
}

/// A removal from a group to be planned.
#[derive(Clone, Debug, InputObject)]
pub struct PlanGroupRemovalInput {
    /// Out of which group.
    group_id: ID,
    /// Whom, at most 3,000.
    people: PeopleInput,
    /// What happens to private subgroups (R6). Left out: the plan shows both where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// Whether you know that taking somebody's last membership deletes the account (R7).
    #[graphql(default)]
    confirm_account_deletion: bool,
    /// What happens to the posts of those whose account ends.
    #[graphql(default_with = "PostTreatment::Keep")]
    posts: PostTreatment,
}

/// The revocation of a role to be planned.
#[derive(Clone, Debug, InputObject)]
pub struct PlanRoleRevocationInput {
    /// In which group.
    group_id: ID,
    /// From whom, at most 3,000.
    people: PeopleInput,
    /// Which role.
    role: Role,
    /// What happens to private subgroups (R6). Left out: the plan shows both where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// Whether you know that taking the last membership deletes the account (R7).
    #[graphql(default)]
    confirm_account_deletion: bool,
}

/// Somebody, in exactly one of these ways.
#[derive(Clone, Debug, OneofObject)]
pub enum RemovedMemberInput {
    /// By id.
    UserId(ID),
    /// By email: the account that reserves it, else the one deleted last.
    Email(String),
    /// By the id that another system gave them.
    ExternalId(ExternalIdInput),
}

/// Somebody, and a group to take them out of.
#[derive(Clone, Debug, InputObject)]
pub struct RemovedMembershipInput {
    /// Whom.
    member: RemovedMemberInput,
    /// The group that the person is taken out of. An entry that names the platform group has the outcome `PLATFORM_GROUP`:
    /// people are deleted rather than taken out of it.
    group_id: ID,
}

impl RemovedMembershipInput {
    fn read(self, place: usize) -> Result<(Entry, GroupId), Refusal> {
        let place = place.to_string();
        let path = |field| ["memberships", place.as_str(), field];
        let group = id::parse(&self.group_id, &path("groupId"))?;
        let entry = match self.member {
            RemovedMemberInput::UserId(id) => {
                Entry { named: Named::Id(id::parse(&id, &path("member"))?), typed: id.0 }
            }
            RemovedMemberInput::Email(email) => one_email(&email),
            RemovedMemberInput::ExternalId(id) => external(id),
        };
        Ok((entry, group))
    }
}

/// Removals from several groups to be planned. What is asked of one person is done one after the other, from the deepest
/// group up: each is a removal of its own, with an outcome and a record of its own.
#[derive(Clone, Debug, InputObject)]
pub struct PlanMembershipsRemovalInput {
    /// Whom, out of which group each; at most 3,000 to be shown at once, 100,000 to be prepared. What is named twice counts
    /// once. A request holds 4 MiB, which is some 60,000.
    memberships: Vec<RemovedMembershipInput>,
    /// What happens to private subgroups (R6). Left out: the plan shows both where it matters.
    private_subgroups: Option<PrivateSubgroups>,
    /// Whether you know that taking somebody's last membership deletes the account (R7).
    #[graphql(default)]
    confirm_account_deletion: bool,
    /// What happens to the posts of those whose account ends.
    #[graphql(default_with = "PostTreatment::Keep")]
    posts: PostTreatment,
}

/// A removal to be planned: exactly one of these.
#[derive(Clone, Debug, OneofObject)]
pub enum RemovalPlanInput {
    /// Delete people from the platform.
    DeleteUsers(PlanDeletionInput),
    /// Take people out of a group.
    RemoveUsersFromGroup(PlanGroupRemovalInput),
    /// Take a role from people.
    RevokeRole(PlanRoleRevocationInput),
    /// Take people out of groups, each out of one that is named with them.
    RemoveMemberships(PlanMembershipsRemovalInput),
}

fn request(scope: Scope, private: Option<PrivateSubgroups>, confirmed: bool, posts: kind::Posts) -> Request {
    Request {
        scope,
        options: Options {
            private_subgroups: private.map(Into::into),
            confirm_account_deletion: confirmed,
            posts,
        },
        cause: kind::Cause::Requested,
    }
}

fn group(group_id: &ID) -> Result<Scope, Refusal> {
    Ok(Scope::Group(id::parse(group_id, &["groupId"])?))
}

fn role(group_id: &ID, role: Role) -> Result<Scope, Refusal> {
    Ok(Scope::Role(id::parse(group_id, &["groupId"])?, role.into()))
}

fn user(user_id: &ID) -> Result<Named, Refusal> {
    Ok(Named::Id(id::parse(user_id, &["userId"])?))
}

impl RemovalPlanInput {
    /// Whom it concerns, and what would be done.
    pub async fn read(self, ctx: &Context<'_>) -> Result<(People, Request), ApiError> {
        Ok(match self {
            RemovalPlanInput::DeleteUsers(input) => (
                input.people.read(ctx).await?,
                request(Scope::Platform, input.private_subgroups, false, input.posts.into()),
            ),
            RemovalPlanInput::RemoveUsersFromGroup(input) => (
                input.people.read(ctx).await?,
                request(
                    group(&input.group_id)?,
                    input.private_subgroups,
                    input.confirm_account_deletion,
                    input.posts.into(),
                ),
            ),
            RemovalPlanInput::RevokeRole(input) => (
                input.people.read(ctx).await?,
                request(
                    role(&input.group_id, input.role)?,
                    input.private_subgroups,
                    input.confirm_account_deletion,
                    kind::Posts::Keep,
                ),
            ),
            RemovalPlanInput::RemoveMemberships(input) => {
                let pairs = input.memberships.into_iter().enumerate();
                let pairs =
                    pairs.map(|(place, membership)| membership.read(place)).collect::<Result<_, _>>()?;
                (
                    People::Pairs(pairs),
                    request(
                        Scope::Each,
                        input.private_subgroups,
                        input.confirm_account_deletion,
                        input.posts.into(),
                    ),
                )
            }
        })
    }
}

impl DeleteUserInput {
    /// What is asked.
    pub fn read(self) -> Result<Single, Refusal> {
        Ok(Single {
            user: user(&self.user_id)?,
            request: request(Scope::Platform, self.private_subgroups, false, self.posts.into()),
            plan_digest: self.plan_digest,
            confirm_count: self.confirm_count,
        })
    }
}

impl RemoveUserFromGroupInput {
    /// What is asked.
    pub fn read(self) -> Result<Single, Refusal> {
        let scope = group(&self.group_id)?;
        let posts = self.posts.into();
        Ok(Single {
            user: user(&self.user_id)?,
            request: request(scope, self.private_subgroups, self.confirm_account_deletion, posts),
            plan_digest: self.plan_digest,
            confirm_count: self.confirm_count,
        })
    }
}

impl RevokeRoleInput {
    /// What is asked.
    pub fn read(self) -> Result<Single, Refusal> {
        let scope = role(&self.group_id, self.role)?;
        let posts = kind::Posts::Keep;
        Ok(Single {
            user: user(&self.user_id)?,
            request: request(scope, self.private_subgroups, self.confirm_account_deletion, posts),
            plan_digest: self.plan_digest,
            confirm_count: self.confirm_count,
        })
    }
}

impl DeleteUsersInput {
    /// What is asked, to be done in chunks as the server is set.
    pub async fn read(self, ctx: &Context<'_>) -> Result<Batch, ApiError> {
        Ok(Batch {
            people: self.people.read(ctx).await?,
            request: request(Scope::Platform, self.private_subgroups, false, self.posts.into()),
            plan_digest: self.plan_digest,
            confirm_count: self.confirm_count,
            bounds: context::bounds(ctx)?,
        })
    }
}

impl RemoveUsersFromGroupInput {
    /// What is asked, to be done in chunks as the server is set.
    pub async fn read(self, ctx: &Context<'_>) -> Result<Batch, ApiError> {
        let scope = group(&self.group_id)?;
        let posts = self.posts.into();
        Ok(Batch {
            people: self.people.read(ctx).await?,
            request: request(scope, self.private_subgroups, self.confirm_account_deletion, posts),
            plan_digest: self.plan_digest,
            confirm_count: self.confirm_count,
            bounds: context::bounds(ctx)?,
        })
    }
}
