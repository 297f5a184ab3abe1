//! Why something goes, stays or moves (R18).

use async_graphql::{Enum, SimpleObject};

use crate::ownership;
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
    /// Revoking the named role takes nothing from the groups below.
    RoleReachesNoneBelow,
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
    pub(super) code: RemovalReasonCode,
    /// The rule that says so, as `R5`.
    pub(super) rule: &'static str,
    /// One sentence for people, in English.
    pub(super) text: &'static str,
}

impl From<reason::Reason> for RemovalReason {
    fn from(reason: reason::Reason) -> RemovalReason {
        RemovalReason { code: reason.into(), rule: reason.rule(), text: reason.text() }
    }
}

/// Why somebody who came before the successor could not succeed (R13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ownership::Ineligible")]
pub enum Ineligibility {
    /// The account is not active.
    NotActive,
    /// They leave in the same request.
    Leaving,
    /// They lose, in the same request, the role that would have made them successor.
    LosesRole,
}
