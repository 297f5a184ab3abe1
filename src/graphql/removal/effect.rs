//! One thing that goes, stays or moves, with its reason: the same in a plan and in a record (R18).

use async_graphql::{Context, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;

use super::about::{Granter, OfGroup, OfSession, OfSlot, OfUser, OfWork, Successor, sees_everything};
use super::reason::{Ineligibility, RemovalReason};
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::kinds::{Role, SeatKind, SuccessionStep, UserStatus};
use crate::graphql::prompt::Prompts;
use crate::graphql::session::Session;
use crate::graphql::slot::Slot;
use crate::graphql::thing::Thing;
use crate::graphql::user::User;
use crate::ownership;
use crate::removal::plan::Effect;

/// A role in a group that goes.
#[derive(Clone, Debug, SimpleObject)]
pub struct MembershipRemoved {
    #[graphql(flatten)]
    group: OfGroup,
    /// The role.
    role: Role,
    #[graphql(flatten)]
    granted_by: Granter,
    /// When it had been granted.
    granted_at: DateTime<Utc>,
    /// Why.
    reason: RemovalReason,
}

/// A role in a group that stays.
#[derive(Clone, Debug, SimpleObject)]
pub struct MembershipKept {
    #[graphql(flatten)]
    group: OfGroup,
    /// The role.
    role: Role,
    /// Why.
    reason: RemovalReason,
}

/// A session in which the person no longer takes part. Progress is never erased: coming back resumes it.
#[derive(Clone, Debug, SimpleObject)]
pub struct SessionLeft {
    #[graphql(flatten)]
    session: OfSession,
    /// Why.
    reason: RemovalReason,
}

/// A session in which the person still takes part, although the removal touches it.
#[derive(Clone, Debug, SimpleObject)]
pub struct SessionKept {
    #[graphql(flatten)]
    session: OfSession,
    /// Why.
    reason: RemovalReason,
}

/// A registration in an upcoming classroom slot that is released.
#[derive(Clone, Debug, SimpleObject)]
pub struct SeatReleased {
    #[graphql(flatten)]
    slot: OfSlot,
    /// As what the person was registered.
    kind: SeatKind,
    /// Why.
    reason: RemovalReason,
}

/// A registration in an upcoming classroom slot that stays, although the removal touches its session.
#[derive(Clone, Debug, SimpleObject)]
pub struct SeatKept {
    #[graphql(flatten)]
    slot: OfSlot,
    /// As what the person was registered.
    kind: SeatKind,
    /// Why.
    reason: RemovalReason,
}

/// An individual enrolment in a session that goes.
#[derive(Clone, Debug, SimpleObject)]
pub struct EnrolmentRemoved {
    #[graphql(flatten)]
    session: OfSession,
    #[graphql(flatten)]
    granted_by: Granter,
    /// Since when the person had been enrolled.
    enrolled_at: DateTime<Utc>,
    /// Why.
    reason: RemovalReason,
}

/// A place as co-author or co-instructor that goes. The others keep their ranks.
#[derive(Clone, Debug, SimpleObject)]
pub struct PlaceRemoved {
    #[graphql(flatten)]
    work: OfWork,
    /// The rank, 1 being the first.
    rank: i32,
    /// Why.
    reason: RemovalReason,
}

/// A course, path or session that gets another main author or main instructor.
#[derive(Clone, Debug, SimpleObject)]
pub struct HandedOver {
    #[graphql(flatten)]
    work: OfWork,
    #[graphql(flatten)]
    to: Successor,
    /// At which step the successor was found.
    step: SuccessionStep,
    /// The rank that the successor had as co-author or co-instructor, a place they give up; null if they had none.
    former_rank: Option<i32>,
    #[graphql(flatten)]
    passed_over: AllPassedOver,
    /// Why, and by which rule the successor was found.
    reason: RemovalReason,
}

/// The account ends: it can no longer sign in, its seat is free, its tokens no longer work.
#[derive(Clone, Debug, SimpleObject)]
pub struct AccountDeleted {
    /// The state before, to which it can be reinstated.
    from: UserStatus,
    /// Why.
    reason: RemovalReason,
}

/// The person's posts and messages show an anonymous author from now on.
#[derive(Clone, Debug, SimpleObject)]
pub struct PostsAnonymized {
    /// Why.
    reason: RemovalReason,
}

/// Somebody who came before the successor and could not succeed (R13).
#[derive(Clone, Debug, SimpleObject)]
pub struct PassedOver {
    #[graphql(flatten)]
    user: OfUser,
    /// Why not.
    why: Ineligibility,
}

impl From<ownership::PassedOver> for PassedOver {
    fn from(passed: ownership::PassedOver) -> PassedOver {
        PassedOver { user: OfUser(passed.user), why: passed.why.into() }
    }
}

/// Everybody who came before a successor and could not succeed.
#[derive(Clone, Debug)]
struct AllPassedOver(Vec<ownership::PassedOver>);

impl AllPassedOver {
    async fn seen(&self, ctx: &Context<'_>) -> Result<Vec<PassedOver>, ApiError> {
        let seen = self.0.iter().map(|passed| async move {
            Ok::<_, ApiError>(User::load(ctx, passed.user).await?.map(|_| PassedOver::from(*passed)))
        });
        Ok(try_join_all(seen).await?.into_iter().flatten().collect())
    }
}

/// Everybody who came before a successor and could not succeed.
#[Object]
impl AllPassedOver {
    /// The people who came before the successor and could not succeed, in order, of those you may see.
    async fn passed_over(&self, ctx: &Context<'_>) -> Result<Prompts<PassedOver>, ApiError> {
        Ok(Prompts(self.seen(ctx).await?))
    }

    /// How many more people came before the successor whom you may not see.
    async fn passed_over_hidden_count(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        Ok(self.0.len() - self.seen(ctx).await?.len())
    }
}

/// One thing that goes, stays or moves when somebody is removed. Ask each for its `reason`.
#[derive(Clone, Debug, Union)]
pub enum RemovalEffect {
    /// A role in a group that goes.
    MembershipRemoved(MembershipRemoved),
    /// A role in a group that stays.
    MembershipKept(MembershipKept),
    /// A session that is left.
    SessionLeft(SessionLeft),
    /// A session that is not left.
    SessionKept(SessionKept),
    /// A seat that is released.
    SeatReleased(SeatReleased),
    /// A seat that is kept.
    SeatKept(SeatKept),
    /// An individual enrolment that goes.
    EnrolmentRemoved(EnrolmentRemoved),
    /// A place as co-author or co-instructor that goes.
    PlaceRemoved(PlaceRemoved),
    /// A work that is handed over.
    HandedOver(HandedOver),
    /// The account ends.
    AccountDeleted(AccountDeleted),
    /// Posts that lose their author's name.
    PostsAnonymized(PostsAnonymized),
}

impl From<Effect> for RemovalEffect {
    fn from(effect: Effect) -> RemovalEffect {
        match effect {
            Effect::MembershipRemoved { group, role, granted_by, granted_at, reason } => {
                RemovalEffect::MembershipRemoved(MembershipRemoved {
                    group: OfGroup(group),
                    role: role.into(),
                    granted_by: Granter(granted_by),
                    granted_at,
                    reason: reason.into(),
                })
            }
            Effect::MembershipKept { group, role, reason } => {
                let (group, role, reason) = (OfGroup(group), role.into(), reason.into());
                RemovalEffect::MembershipKept(MembershipKept { group, role, reason })
            }
            Effect::SessionLeft { session, reason } => {
                let (session, reason) = (OfSession(session), reason.into());
                RemovalEffect::SessionLeft(SessionLeft { session, reason })
            }
            Effect::SessionKept { session, reason } => {
                let (session, reason) = (OfSession(session), reason.into());
                RemovalEffect::SessionKept(SessionKept { session, reason })
            }
            Effect::SeatReleased { slot, kind, reason } => {
                let (slot, kind, reason) = (OfSlot(slot), kind.into(), reason.into());
                RemovalEffect::SeatReleased(SeatReleased { slot, kind, reason })
            }
            Effect::SeatKept { slot, kind, reason } => {
                let (slot, kind, reason) = (OfSlot(slot), kind.into(), reason.into());
                RemovalEffect::SeatKept(SeatKept { slot, kind, reason })
            }
            Effect::EnrolmentRemoved { session, granted_by, enrolled_at, reason } => {
                RemovalEffect::EnrolmentRemoved(EnrolmentRemoved {
                    session: OfSession(session),
                    granted_by: Granter(granted_by),
                    enrolled_at,
                    reason: reason.into(),
                })
            }
            Effect::PlaceRemoved { work, rank, reason } => {
                let (work, reason) = (OfWork(work), reason.into());
                RemovalEffect::PlaceRemoved(PlaceRemoved { work, rank, reason })
            }
            Effect::HandedOver { work, to, step, former_rank, passed_over, reason } => {
                RemovalEffect::HandedOver(HandedOver {
                    work: OfWork(work),
                    to: Successor(to),
                    step: step.into(),
                    former_rank,
                    passed_over: AllPassedOver(passed_over),
                    reason: RemovalReason { rule: ownership::rule_of(work), ..reason.into() },
                })
            }
            Effect::AccountDeleted { from, reason } => {
                let (from, reason) = (from.into(), reason.into());
                RemovalEffect::AccountDeleted(AccountDeleted { from, reason })
            }
            Effect::PostsAnonymized { reason } => {
                RemovalEffect::PostsAnonymized(PostsAnonymized { reason: reason.into() })
            }
        }
    }
}

/// Those of `effects` that are on something the caller may see (R18).
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn seen(ctx: &Context<'_>, effects: Vec<Effect>) -> Result<Vec<Effect>, ApiError> {
    if sees_everything(ctx).await? {
        return Ok(effects);
    }
    let are_seen = try_join_all(effects.iter().map(|effect| is_seen(ctx, effect))).await?;
    Ok(effects.into_iter().zip(are_seen).filter_map(|(effect, is_seen)| is_seen.then_some(effect)).collect())
}

async fn is_seen(ctx: &Context<'_>, effect: &Effect) -> Result<bool, ApiError> {
    Ok(match effect {
        Effect::MembershipRemoved { group, .. } | Effect::MembershipKept { group, .. } => {
            Group::load(ctx, *group).await?.is_some()
        }
        Effect::SessionLeft { session, .. }
        | Effect::SessionKept { session, .. }
        | Effect::EnrolmentRemoved { session, .. } => Session::load(ctx, *session).await?.is_some(),
        Effect::SeatReleased { slot, .. } | Effect::SeatKept { slot, .. } => {
            Slot::load(ctx, *slot).await?.is_some()
        }
        Effect::PlaceRemoved { work, .. } | Effect::HandedOver { work, .. } => {
            OfWork(*work).load(ctx).await?.is_some()
        }
        Effect::AccountDeleted { .. } | Effect::PostsAnonymized { .. } => true,
    })
}
