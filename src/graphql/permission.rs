//! What the caller may do to people, groups and memberships, told before they try it: for pages that draw buttons.
//!
//! Each field asks what the door of its mutation asks, the same pure rule with the same things known, and the same
//! scope of a token; so that what is told here and what is answered there are one. A test tries both for everybody
//! everywhere (`tests/access/permission.rs`).
//!
//! To add one: a method of the `#[Object]` of the thing, which calls [`ask`] with the mutation's name and the rule of
//! its door. Where the rule stands in the door and not in a `rules.rs`, it moves there first.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind;
use futures::future::try_join_all;

use super::context::{self, load, load_known};
use super::error::{ApiError, UserErrorCode};
use super::group::Group;
use super::kinds::{PrivateSubgroups, Role};
use super::prompt::Prompts;
use super::thing::Thing;
use super::{grant, id, removal};
use crate::access::Scope as TokenScope;
use crate::access::scopes::{self, Rule};
use crate::error::Refusal;
use crate::groups;
use crate::memberships;
use crate::people::email::rules::{By, Presence, may_rename};
use crate::people::{self, NewPerson, rules::Touches};
use crate::queries::permissions::{Callers, GroupContents, Standings};
use crate::removal::facts::{Membership, Setting, Standing, roles_by_group};
use crate::removal::request::{Options, Request, Scope};
use crate::removal::single::permitted;
use crate::sign_in;
use crate::works::{self, Editor};

/// Whether you may do something.
#[derive(Clone, Debug)]
pub struct Permission(Result<(), Refusal>);

/// Whether you may do something, as things stand now. The operation itself asks again.
///
/// Asked are your rights and the state of what it is about. What depends on the rest of an input, and on everybody (an
/// email that is taken, free seats, the safety share, learners who would rise), only the operation knows.
#[Object]
impl Permission {
    /// Whether the operation would be done.
    async fn allowed(&self) -> bool {
        self.0.is_ok()
    }

    /// What the operation would be refused with; null where it is allowed. What you may not know of is `NOT_FOUND`.
    async fn code(&self) -> Option<UserErrorCode> {
        UserErrorCode::of(self.0.as_ref().err()?)
    }

    /// The same for people, in English; null where it is allowed.
    async fn message(&self) -> Option<String> {
        Some(self.0.as_ref().err()?.to_string())
    }

    /// With `FORBIDDEN`: the groups in which you lack a right, of those you may see (R15). Else none.
    async fn missing_groups(&self, ctx: &Context<'_>) -> Result<Prompts<Group>, ApiError> {
        let Err(Refusal::Forbidden { groups }) = &self.0 else { return Ok(Prompts::default()) };
        let found = try_join_all(groups.seen.iter().map(|group| Group::load(ctx, *group))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// With `FORBIDDEN`: in how many more groups you lack a right, which you may not see.
    async fn hidden_count(&self) -> usize {
        match &self.0 {
            Err(Refusal::Forbidden { groups }) => groups.hidden,
            _ => 0,
        }
    }
}

/// What `rule` says, where the caller may use `operation` as they ask. A token may need a scope that depends on the
/// input: `scope` asks for it.
async fn ask<F>(
    ctx: &Context<'_>,
    operation: &str,
    scope: Result<(), ApiError>,
    rule: impl FnOnce(Arc<Setting>) -> F,
) -> Result<Permission, ApiError>
where
    F: Future<Output = Result<Result<(), Refusal>, ApiError>>,
{
    let good = match scopes::of_operation("Mutation", operation) {
        Rule::Open | Rule::Any => Ok(()),
        Rule::Needs(scope) => context::require_scope(ctx, scope),
        Rule::ByInput => scope,
        Rule::Never => context::require_no_token(ctx),
    };
    let answer = match good {
        Ok(()) => {
            let setting = load_known::<Callers>(ctx, ()).await?;
            rule(setting).await?
        }
        Err(ApiError::Refused(refusal)) => Err(refusal),
        Err(broken) => return Err(broken),
    };
    Ok(Permission(answer))
}

/// As [`ask`], of a rule that needs no more than the tree and the caller's rights.
async fn ask_setting(
    ctx: &Context<'_>,
    operation: &str,
    scope: Result<(), ApiError>,
    rule: impl FnOnce(&Setting) -> Result<(), Refusal>,
) -> Result<Permission, ApiError> {
    ask(ctx, operation, scope, |setting| async move { Ok(rule(&setting)) }).await
}

/// As [`ask`], of a rule about one person.
async fn ask_person(
    ctx: &Context<'_>,
    operation: &str,
    scope: Result<(), ApiError>,
    person: UserId,
    rule: impl FnOnce(&Setting, &Standing) -> Result<(), Refusal>,
) -> Result<Permission, ApiError> {
    ask(ctx, operation, scope, |setting| async move {
        Ok(match load::<Standings>(ctx, person).await? {
            Some(standing) => rule(&setting, &standing),
            None => Err(Refusal::not_found(&["userId"], "User")),
        })
    })
    .await
}

/// As [`ask`], of the removal of one person.
async fn ask_removal(
    ctx: &Context<'_>,
    operation: &str,
    person: UserId,
    deleted_at: Option<DateTime<Utc>>,
    request: Request,
) -> Result<Permission, ApiError> {
    // The confirmation is asked for by a removal that deletes the account, and by no other.
    let options = Options { confirm_account_deletion: false, ..request.options };
    let scope = removal::good_for(ctx, &Request { options, ..request }).await;
    let deletes = context::require_scope(ctx, TokenScope::UsersDelete);
    ask_person(ctx, operation, scope, person, |setting, standing| {
        let outcome = permitted(standing, &request, setting)?;
        if let (kind::Outcome::Deleted, Err(ApiError::Refused(refusal))) = (outcome, deletes) {
            return Err(refusal);
        }
        match (outcome, deleted_at) {
            // The operation would answer with what was done then.
            (kind::Outcome::AlreadyDeleted, Some(at)) => Err(Refusal::AlreadyDeleted { at, record: None }),
            _ => Ok(()),
        }
    })
    .await
}

fn request(scope: Scope, private_subgroups: Option<PrivateSubgroups>, confirmed: bool) -> Request {
    Request {
        scope,
        options: Options {
            private_subgroups: private_subgroups.map(Into::into),
            confirm_account_deletion: confirmed,
            posts: kind::Posts::Keep,
        },
        cause: kind::Cause::Requested,
    }
}

/// What you may do to a person.
#[derive(Clone, Copy, Debug)]
pub struct UserPermissions {
    user: UserId,
    deleted_at: Option<DateTime<Utc>>,
}

impl UserPermissions {
    /// Of this person, who was deleted then, if they were.
    pub fn new(user: UserId, deleted_at: Option<DateTime<Utc>>) -> UserPermissions {
        UserPermissions { user, deleted_at }
    }

    async fn changed(&self, ctx: &Context<'_>, touches: Touches) -> Result<Permission, ApiError> {
        let (by_token, scopes) = (context::is_by_token(ctx)?, context::scopes(ctx)?);
        ask_person(ctx, "updateUser", Ok(()), self.user, |setting, standing| {
            let (is_owner, roles) = (self.user == setting.owner, roles_by_group(standing.memberships.iter()));
            let Setting { authority, tree, .. } = setting;
            people::rules::may_update(authority, tree, self.user, is_owner, &roles, touches)?;
            people::rules::may_change(self.user, standing.status)?;
            // Whoever is there themselves gives their password with the input.
            let by = if by_token { By::Token(scopes.as_ref()) } else { By::Person(Presence::Password) };
            let is_oneself = authority.is(self.user);
            if touches.sign_in { may_rename(by, is_oneself, tree.root(), &roles, true) } else { Ok(()) }
        })
        .await
    }
}

/// What you may do to a person. Roles are given by `grantRole` of a group's `viewerCan`, and taken by those of the
/// person's memberships.
#[Object]
impl UserPermissions {
    /// Change the name, the phone number, the job title, the language or the photo: `updateUser`.
    async fn update(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        self.changed(ctx, Touches { organisation: false, sign_in: false }).await
    }

    /// Change the email or the username, by which the person signs in: `updateUser`. Your own takes your current password
    /// besides, or a recent sign-in.
    async fn update_sign_in(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        self.changed(ctx, Touches { organisation: false, sign_in: true }).await
    }

    /// Change external ids or the fields that the platform has added: `updateUser`.
    async fn update_external_ids(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        self.changed(ctx, Touches { organisation: true, sign_in: false }).await
    }

    /// Set the person's password: `setPassword`.
    async fn set_password(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        ask_person(ctx, "setPassword", Ok(()), self.user, |setting, standing| {
            let is_owner = self.user == setting.owner;
            let Setting { authority, tree, .. } = setting;
            sign_in::rules::may_set(
                authority,
                tree,
                self.user,
                is_owner,
                standing.status,
                &roles_by_group(standing.memberships.iter()),
            )
        })
        .await
    }

    /// Delete the account: `deleteUser`. Of an account that is deleted the code is `ALREADY_DELETED`.
    async fn delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What would be said of private groups (R6): asked without it, the code may be `PRIVATE_SUBGROUPS_UNDECIDED`.",
            default_with = "Some(PrivateSubgroups::Remove)"
        )]
        private_subgroups: Option<PrivateSubgroups>,
    ) -> Result<Permission, ApiError> {
        let request = request(Scope::Platform, private_subgroups, false);
        ask_removal(ctx, "deleteUser", self.user, self.deleted_at, request).await
    }
}

/// What you may do to a group.
#[derive(Clone, Copy, Debug)]
pub struct GroupPermissions(pub GroupId);

/// What you may do to a group, and to whoever is in it.
#[Object]
impl GroupPermissions {
    /// Change the name or the external ids: `updateGroup`.
    async fn update(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        ask_setting(ctx, "updateGroup", Ok(()), |setting| {
            groups::rules::may_rename(&setting.authority, &setting.tree, self.0)
        })
        .await
    }

    /// Make a group directly below it: `createGroup`.
    async fn create_subgroup(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        ask_setting(ctx, "createGroup", Ok(()), |setting| {
            groups::rules::may_create(&setting.authority, &setting.tree, self.0)
        })
        .await
    }

    /// Move it: `moveGroup`. Learners who would rise are asked about by the operation (R33).
    #[graphql(name = "move")]
    async fn move_to(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Below which group; left out, it is asked whether it may leave its place at all.")]
        parent_id: Option<ID>,
    ) -> Result<Permission, ApiError> {
        let parent = id::parse_option(parent_id.as_ref(), &["parentId"])?;
        ask_setting(ctx, "moveGroup", Ok(()), |setting| {
            groups::rules::may_move_to(&setting.authority, &setting.tree, self.0, parent)
        })
        .await
    }

    /// Open or close it: `setGroupPrivacy`. Learners who would rise are asked about by the operation (R33).
    async fn change_privacy(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        ask_setting(ctx, "setGroupPrivacy", Ok(()), |setting| {
            groups::rules::may_open_close_or_delete(&setting.authority, &setting.tree, self.0)
        })
        .await
    }

    /// Delete it: `deleteGroup`. While it has members, subgroups or works the code is `GROUP_NOT_EMPTY`, as without
    /// `contentTo`.
    async fn delete(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        ask(ctx, "deleteGroup", Ok(()), |setting| async move {
            let right = groups::rules::may_open_close_or_delete(&setting.authority, &setting.tree, self.0);
            if right.is_err() {
                return Ok(right);
            }
            let contents = load::<GroupContents>(ctx, self.0).await?.unwrap_or_default();
            Ok(groups::rules::empty(contents))
        })
        .await
    }

    /// Create a person who holds this role in it: `createUser`.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role.", default_with = "Role::Learner")] role: Role,
    ) -> Result<Permission, ApiError> {
        let scope = given(ctx, self.0, role).await;
        ask_setting(ctx, "createUser", scope, |setting| {
            let memberships = vec![(self.0, role.into())];
            let person = NewPerson { memberships, ..NewPerson::default() };
            people::rules::rows(&person, &setting.authority, &setting.tree).map(|_| ())
        })
        .await
    }

    /// Give this role in it to somebody who holds none of the roles that come with it: `grantRole`. With `LEARNER`: add
    /// a learner, who also rises into the groups above (R3).
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role.")] role: Role,
    ) -> Result<Permission, ApiError> {
        let scope = given(ctx, self.0, role).await;
        ask_setting(ctx, "grantRole", scope, |setting| {
            let Setting { authority, tree, .. } = setting;
            memberships::rules::may_grant_to_newcomer(authority, tree, self.0, role.into())
        })
        .await
    }

    /// Take somebody out of it who holds this role and no other: `removeUserFromGroup`. Out of the platform group, that
    /// deletes them. Of a certain member, their own `viewerCan` tells.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role.", default_with = "Role::Learner")] role: Role,
    ) -> Result<Permission, ApiError> {
        let asked = |confirmed| request(Scope::Group(self.0), Some(PrivateSubgroups::Keep), confirmed);
        // Whoever has other groups keeps the account.
        let scope = removal::good_for(ctx, &asked(false)).await;
        ask_setting(ctx, "removeUserFromGroup", scope, |setting| {
            permitted(&anybody(setting, self.0, role.into()), &asked(true), setting).map(|_| ())
        })
        .await
    }

    /// Make courses, paths and sessions of it: `createCourse`, `createPath`, `createSession`.
    async fn create_content(&self, ctx: &Context<'_>) -> Result<Permission, ApiError> {
        ask_setting(ctx, "createCourse", Ok(()), |setting| {
            let editor = Editor { authority: setting.authority.clone(), tree: setting.tree.clone() };
            works::rules::require_seen(&editor, self.0)?;
            works::rules::require_maker(&editor, self.0)
        })
        .await
    }
}

/// Passes where the caller's token is good for giving `role` in `group`, or is none.
async fn given(ctx: &Context<'_>, group: GroupId, role: Role) -> Result<(), ApiError> {
    grant::good_for(ctx, [role])?;
    grant::within_token(ctx, &[(group, role.into())]).await
}

/// Somebody who holds `role` in `group`, and what comes with it, and nothing else.
fn anybody(setting: &Setting, group: GroupId, role: kind::Role) -> Standing {
    let rows = memberships::rules::rows(&setting.tree, [((), group, role)]);
    let membership =
        |((), group, role)| Membership { group, role, granted_by: None, granted_at: DateTime::UNIX_EPOCH };
    Standing {
        user: UserId::NOBODY,
        status: kind::Status::Active,
        memberships: rows.into_iter().map(membership).collect(),
        named: None,
    }
}

/// What you may do to a member of a group.
#[derive(Clone, Copy, Debug)]
pub struct MemberPermissions {
    /// Who.
    pub user: UserId,
    /// Of which group.
    pub group: GroupId,
}

/// What you may do to a member of a group.
#[Object]
impl MemberPermissions {
    /// Take the person out of the group, with every role there: `removeUserFromGroup`.
    async fn remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What would be said of private subgroups (R6): asked without it, the code may be `PRIVATE_SUBGROUPS_UNDECIDED`.",
            default_with = "Some(PrivateSubgroups::Remove)"
        )]
        private_subgroups: Option<PrivateSubgroups>,
        #[graphql(
            desc = "Whether the loss of an account would be confirmed (R7): asked without it, the code may be `WOULD_DELETE_ACCOUNT`.",
            default = true
        )]
        confirm_account_deletion: bool,
    ) -> Result<Permission, ApiError> {
        let request = request(Scope::Group(self.group), private_subgroups, confirm_account_deletion);
        ask_removal(ctx, "removeUserFromGroup", self.user, None, request).await
    }
}

/// What you may do to somebody's role in a group.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MembershipPermissions {
    /// Whose, and where.
    #[graphql(flatten)]
    pub member: MemberPermissions,
    /// Which role.
    #[graphql(skip)]
    pub role: kind::Role,
}

#[ComplexObject]
impl MembershipPermissions {
    /// Take this role: `revokeRole`.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What would be said of private subgroups (R6): asked without it, the code may be `PRIVATE_SUBGROUPS_UNDECIDED`.",
            default_with = "Some(PrivateSubgroups::Remove)"
        )]
        private_subgroups: Option<PrivateSubgroups>,
        #[graphql(
            desc = "Whether the loss of an account would be confirmed (R7): asked without it, the code may be `WOULD_DELETE_ACCOUNT`.",
            default = true
        )]
        confirm_account_deletion: bool,
    ) -> Result<Permission, ApiError> {
        let scope = Scope::Role(self.member.group, self.role);
        let request = request(scope, private_subgroups, confirm_account_deletion);
        ask_removal(ctx, "revokeRole", self.member.user, None, request).await
    }
}
