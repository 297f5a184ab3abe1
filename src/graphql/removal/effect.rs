//! One thing that goes, stays or moves, with its reason: the same in a plan and in a record (R18).

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use entity::id::{GroupId, SessionId, SlotId, UserId};
use entity::kind::{Role as RoleKind, SeatKind as SeatKindKind, Status, Step};

use crate::graphql::course::Course;
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::id::GlobalId;
use crate::graphql::kinds::{Role, SeatKind, SuccessionStep, UserStatus};
use crate::graphql::path::Path;
use crate::graphql::session::Session;
use crate::graphql::slot::Slot;
use crate::graphql::user::User;
use crate::removal::plan::{self, WorkId};
use crate::removal::reason;

/// Why something goes, stays or moves. Codes are stable; new ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "reason::Reason")]
pub enum RemovalReasonCode {
    /// It is the group that was named.
    NamedGroup,
    /// It is the role that was named.
    NamedRole,
    /// It is reached from the named group through public groups only.
    PublicSubgroup,
    /// It is a private subgroup, or below one, and those are removed too.
    PrivateSubgroup,
    /// It is a private subgroup, or below one, and those are kept.
    PrivateSubgroupKept,
    /// Below the named group only the learner role goes.
    OtherRoleBelow,
    /// In the named group only the named role goes.
    OtherRole,
    /// The group is above or beside the named one.
    OutsideReach,
    /// No audience group of the session has the person any more.
    LastAudienceGroup,
    /// Another audience group still carries the person.
    OtherAudienceGroup,
    /// An individual enrolment carries the person.
    IndividualEnrolment,
    /// The audience is static: changes of membership do not touch it.
    StaticAudience,
    /// The session has ended; who took part stays written.
    SessionEnded,
    /// The session of the slot is left.
    SessionLeft,
    /// The person still takes part in the session of the slot.
    StillParticipant,
    /// Trainers are not tied to the audience.
    TrainerStays,
    /// The account is deleted.
    AccountDeleted,
    /// The main author or main instructor is deleted.
    OwnerDeleted,
    /// Deleting the account was asked for.
    DeletionRequested,
    /// The last membership went.
    LastMembership,
    /// Anonymizing the posts was asked for.
    PostsAnonymizedOnRequest,
}

/// Why something goes, stays or moves.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct RemovalReason {
    /// The reason, for programs.
    code: RemovalReasonCode,
    /// The rule that says so, as `R5`.
    rule: &'static str,
    /// One sentence for people, in English.
    text: &'static str,
}

impl From<reason::Reason> for RemovalReason {
    fn from(reason: reason::Reason) -> RemovalReason {
        RemovalReason { code: reason.into(), rule: reason.rule(), text: reason.text() }
    }
}

/// Why somebody who came before the successor could not succeed (R13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "plan::Ineligible")]
pub enum Ineligibility {
    /// The account is not active.
    NotActive,
    /// They leave in the same request.
    Leaving,
    /// They lose, in the same request, the role that would have made them successor.
    LosesRole,
}

/// Something that has an owner, who may leave.
#[derive(Clone, Debug, Union)]
pub enum Work {
    /// A course and its main author.
    Course(Course),
    /// A path and its main author.
    Path(Path),
    /// A session and its main instructor.
    Session(Session),
}

impl Work {
    async fn load(ctx: &Context<'_>, id: WorkId) -> Result<Option<Work>, ApiError> {
        Ok(match id {
            WorkId::Course(id) => Course::load(ctx, id).await?.map(Work::Course),
            WorkId::Path(id) => Path::load(ctx, id).await?.map(Work::Path),
            WorkId::Session(id) => Session::load(ctx, id).await?.map(Work::Session),
        })
    }
}

fn work_id(work: WorkId) -> ID {
    match work {
        WorkId::Course(id) => id.global(),
        WorkId::Path(id) => id.global(),
        WorkId::Session(id) => id.global(),
    }
}

async fn user(ctx: &Context<'_>, id: Option<UserId>) -> Result<Option<User>, ApiError> {
    match id {
        Some(id) => User::load(ctx, id).await,
        None => Ok(None),
    }
}

/// A role in a group that goes.
#[derive(Clone, Debug)]
pub struct MembershipRemoved {
    group: GroupId,
    role: RoleKind,
    granted_by: Option<UserId>,
    granted_at: DateTime<Utc>,
    reason: reason::Reason,
}

/// A role in a group that goes.
#[Object]
impl MembershipRemoved {
    /// The id of the group, whether or not it still exists.
    async fn group_id(&self) -> ID {
        self.group.global()
    }

    /// The group; null if it no longer exists or you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        Group::load(ctx, self.group).await
    }

    /// The role.
    async fn role(&self) -> Role {
        self.role.into()
    }

    /// Who had granted it; null for the platform itself.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        user(ctx, self.granted_by).await
    }

    /// When it had been granted.
    async fn granted_at(&self) -> DateTime<Utc> {
        self.granted_at
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// A role in a group that stays.
#[derive(Clone, Debug)]
pub struct MembershipKept {
    group: GroupId,
    role: RoleKind,
    reason: reason::Reason,
}

/// A role in a group that stays.
#[Object]
impl MembershipKept {
    /// The id of the group, whether or not it still exists.
    async fn group_id(&self) -> ID {
        self.group.global()
    }

    /// The group; null if it no longer exists or you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        Group::load(ctx, self.group).await
    }

    /// The role.
    async fn role(&self) -> Role {
        self.role.into()
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// A session in which the person no longer takes part. Progress is never erased: coming back resumes it.
#[derive(Clone, Debug)]
pub struct SessionLeft {
    session: SessionId,
    reason: reason::Reason,
}

/// A session in which the person no longer takes part. Progress is never erased: coming back resumes it.
#[Object]
impl SessionLeft {
    /// The id of the session, whether or not it still exists.
    async fn session_id(&self) -> ID {
        self.session.global()
    }

    /// The session; null if it no longer exists, or you may not see it.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>, ApiError> {
        Session::load(ctx, self.session).await
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// A session in which the person still takes part, although the removal touches it.
#[derive(Clone, Debug)]
pub struct SessionKept {
    session: SessionId,
    reason: reason::Reason,
}

/// A session in which the person still takes part, although the removal touches it.
#[Object]
impl SessionKept {
    /// The id of the session, whether or not it still exists.
    async fn session_id(&self) -> ID {
        self.session.global()
    }

    /// The session; null if it no longer exists, or you may not see it.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>, ApiError> {
        Session::load(ctx, self.session).await
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// A registration in an upcoming classroom slot that is released.
#[derive(Clone, Debug)]
pub struct SeatReleased {
    slot: SlotId,
    kind: SeatKindKind,
    reason: reason::Reason,
}

/// A registration in an upcoming classroom slot that is released.
#[Object]
impl SeatReleased {
    /// The id of the slot, whether or not it still exists.
    async fn slot_id(&self) -> ID {
        self.slot.global()
    }

    /// The slot; null if it no longer exists.
    async fn slot(&self, ctx: &Context<'_>) -> Result<Option<Slot>, ApiError> {
        Slot::load(ctx, self.slot).await
    }

    /// As what the person was registered.
    async fn kind(&self) -> SeatKind {
        self.kind.into()
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// A registration in an upcoming classroom slot that stays, although the removal touches its session.
#[derive(Clone, Debug)]
pub struct SeatKept {
    slot: SlotId,
    kind: SeatKindKind,
    reason: reason::Reason,
}

/// A registration in an upcoming classroom slot that stays, although the removal touches its session.
#[Object]
impl SeatKept {
    /// The id of the slot, whether or not it still exists.
    async fn slot_id(&self) -> ID {
        self.slot.global()
    }

    /// The slot; null if it no longer exists.
    async fn slot(&self, ctx: &Context<'_>) -> Result<Option<Slot>, ApiError> {
        Slot::load(ctx, self.slot).await
    }

    /// As what the person was registered.
    async fn kind(&self) -> SeatKind {
        self.kind.into()
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// An individual enrolment in a session that goes.
#[derive(Clone, Debug)]
pub struct EnrolmentRemoved {
    session: SessionId,
    granted_by: Option<UserId>,
    enrolled_at: DateTime<Utc>,
    reason: reason::Reason,
}

/// An individual enrolment in a session that goes.
#[Object]
impl EnrolmentRemoved {
    /// The id of the session, whether or not it still exists.
    async fn session_id(&self) -> ID {
        self.session.global()
    }

    /// The session; null if it no longer exists, or you may not see it.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>, ApiError> {
        Session::load(ctx, self.session).await
    }

    /// Who had granted it; null for the platform itself.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        user(ctx, self.granted_by).await
    }

    /// Since when the person had been enrolled.
    async fn enrolled_at(&self) -> DateTime<Utc> {
        self.enrolled_at
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// A place as co-author or co-instructor that goes. The others keep their ranks.
#[derive(Clone, Debug)]
pub struct PlaceRemoved {
    work: WorkId,
    rank: i32,
    reason: reason::Reason,
}

/// A place as co-author or co-instructor that goes. The others keep their ranks.
#[Object]
impl PlaceRemoved {
    /// The id of the course, path or session, whether or not it still exists.
    async fn work_id(&self) -> ID {
        work_id(self.work)
    }

    /// The course, path or session; null if it no longer exists, or you may not see it.
    async fn work(&self, ctx: &Context<'_>) -> Result<Option<Work>, ApiError> {
        Work::load(ctx, self.work).await
    }

    /// The rank, 1 being the first.
    async fn rank(&self) -> i32 {
        self.rank
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// A course, path or session that gets another main author or main instructor.
#[derive(Clone, Debug)]
pub struct HandedOver {
    work: WorkId,
    to: UserId,
    step: Step,
    former_rank: Option<i32>,
    passed_over: Vec<plan::PassedOver>,
    reason: reason::Reason,
}

/// A course, path or session that gets another main author or main instructor.
#[Object]
impl HandedOver {
    /// The id of the course, path or session, whether or not it still exists.
    async fn work_id(&self) -> ID {
        work_id(self.work)
    }

    /// The course, path or session; null if it no longer exists, or you may not see it.
    async fn work(&self, ctx: &Context<'_>) -> Result<Option<Work>, ApiError> {
        Work::load(ctx, self.work).await
    }

    /// The id of the successor.
    async fn to_id(&self) -> ID {
        self.to.global()
    }

    /// The successor, the new main author or main instructor; null if you may not see them.
    async fn to(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.to).await
    }

    /// At which step the successor was found.
    async fn step(&self) -> SuccessionStep {
        self.step.into()
    }

    /// The rank that the successor had as co-author or co-instructor, a place they give up; null if they had none.
    async fn former_rank(&self) -> Option<i32> {
        self.former_rank
    }

    /// Who came before the successor and could not succeed, in order.
    async fn passed_over(&self) -> Vec<PassedOver> {
        self.passed_over.iter().map(|passed| PassedOver { user: passed.user, why: passed.why }).collect()
    }

    /// Why, and by which rule the successor was found.
    async fn reason(&self) -> RemovalReason {
        RemovalReason { rule: self.work.rule(), ..self.reason.into() }
    }
}

/// The account ends: it can no longer sign in, its seat is free, its tokens no longer work.
#[derive(Clone, Debug)]
pub struct AccountDeleted {
    from: Status,
    reason: reason::Reason,
}

/// The account ends: it can no longer sign in, its seat is free, its tokens no longer work.
#[Object]
impl AccountDeleted {
    /// The state before, to which it can be reinstated.
    async fn from(&self) -> UserStatus {
        self.from.into()
    }

    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// The person's posts and messages show an anonymous author from now on.
#[derive(Clone, Debug)]
pub struct PostsAnonymized {
    reason: reason::Reason,
}

/// The person's posts and messages show an anonymous author from now on.
#[Object]
impl PostsAnonymized {
    /// Why.
    async fn reason(&self) -> RemovalReason {
        self.reason.into()
    }
}

/// Somebody who came before the successor and could not succeed (R13).
#[derive(Clone, Copy, Debug)]
pub struct PassedOver {
    user: UserId,
    why: plan::Ineligible,
}

/// Somebody who came before the successor and could not succeed (R13).
#[Object]
impl PassedOver {
    /// The id of the person.
    async fn user_id(&self) -> ID {
        self.user.global()
    }

    /// Who; null if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.user).await
    }

    /// Why not.
    async fn why(&self) -> Ineligibility {
        self.why.into()
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

impl From<plan::Effect> for RemovalEffect {
    fn from(effect: plan::Effect) -> RemovalEffect {
        use plan::Effect;
        match effect {
            Effect::MembershipRemoved { group, role, granted_by, granted_at, reason } => {
                RemovalEffect::MembershipRemoved(MembershipRemoved {
                    group,
                    role,
                    granted_by,
                    granted_at,
                    reason,
                })
            }
            Effect::MembershipKept { group, role, reason } => {
                RemovalEffect::MembershipKept(MembershipKept { group, role, reason })
            }
            Effect::SessionLeft { session, reason } => {
                RemovalEffect::SessionLeft(SessionLeft { session, reason })
            }
            Effect::SessionKept { session, reason } => {
                RemovalEffect::SessionKept(SessionKept { session, reason })
            }
            Effect::SeatReleased { slot, kind, reason } => {
                RemovalEffect::SeatReleased(SeatReleased { slot, kind, reason })
            }
            Effect::SeatKept { slot, kind, reason } => {
                RemovalEffect::SeatKept(SeatKept { slot, kind, reason })
            }
            Effect::EnrolmentRemoved { session, granted_by, enrolled_at, reason } => {
                RemovalEffect::EnrolmentRemoved(EnrolmentRemoved { session, granted_by, enrolled_at, reason })
            }
            Effect::PlaceRemoved { work, rank, reason } => {
                RemovalEffect::PlaceRemoved(PlaceRemoved { work, rank, reason })
            }
            Effect::HandedOver { work, to, step, former_rank, passed_over, reason } => {
                RemovalEffect::HandedOver(HandedOver { work, to, step, former_rank, passed_over, reason })
            }
            Effect::AccountDeleted { from, reason } => {
                RemovalEffect::AccountDeleted(AccountDeleted { from, reason })
            }
            Effect::PostsAnonymized { reason } => RemovalEffect::PostsAnonymized(PostsAnonymized { reason }),
        }
    }
}
