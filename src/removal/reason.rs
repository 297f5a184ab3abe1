//! Why something goes, stays or moves, in words and by the rule that says so.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = ($rule:literal, $text:literal)),+ $(,)?) => {
        /// Why something goes, stays or moves. Its name is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Reason {
            $($(#[$doc])* $variant),+
        }

        impl Reason {
            /// The rule that says so.
            pub const fn rule(self) -> &'static str {
                match self { $(Reason::$variant => $rule),+ }
            }

            /// One sentence for people, in English.
            pub const fn text(self) -> &'static str {
                match self { $(Reason::$variant => $text),+ }
            }
        }
    };
}

reasons! {
    /// It is the group that was named.
    NamedGroup = ("R5", "It is the group from which the person is taken."),
    /// It is the role that was named.
    NamedRole = ("R5", "It is the role that is revoked."),
    /// It is reached from the named group through public groups only.
    PublicSubgroup = ("R5", "The group is reached from the named one through public groups only."),
    /// It is a private subgroup, or below one, and those are removed too.
    PrivateSubgroup = ("R5", "The group is private, or below a private one, and private subgroups are removed as well."),
    /// It is a private subgroup, or below one, and those are kept.
    PrivateSubgroupKept = ("R5", "The group is private, or below a private one, and private subgroups are kept."),
    /// Below the named group only the learner role goes.
    OtherRoleBelow = ("R5", "In the groups below the named one only the learner role goes; this role stays."),
    /// In the named group only the named role goes.
    OtherRole = ("R5", "Only the named role is revoked; this one stays."),
    /// Revoking the named role takes nothing from the groups below.
    RoleReachesNoneBelow = ("R5", "Revoking this role reaches no group below the named one."),
    /// The group is above or beside the named one.
    OutsideReach = ("R5", "The group is above or beside the named one, and is not touched."),
    /// No audience group of the session has the person any more.
    LastAudienceGroup = ("R8", "The person is no longer a learner of any group in the session's audience, and is not enrolled individually."),
    /// Another audience group still carries the person.
    OtherAudienceGroup = ("R8", "Another group in the session's audience still has the person as a learner."),
    /// An individual enrolment carries the person.
    IndividualEnrolment = ("R8", "The person is enrolled in the session individually."),
    /// The audience is static: changes of membership do not touch it.
    StaticAudience = ("R8", "The session's audience is static: who was captured stays."),
    /// The session has ended; who took part stays written.
    SessionEnded = ("R8", "The session has ended: who took part in it stays written."),
    /// The session of the slot is left.
    SessionLeft = ("R8", "The session of this slot is left, and its upcoming seats with it."),
    /// The person still takes part in the session of the slot.
    StillParticipant = ("R8", "The person still takes part in the session of this slot."),
    /// Trainers are not tied to the audience.
    TrainerStays = ("R8", "A trainer need not take part in the session."),
    /// The account is deleted.
    AccountDeleted = ("R9", "The account is deleted."),
    /// The main author or main instructor is deleted.
    OwnerDeleted = ("R9", "The account of the main author or main instructor is deleted, and ownership moves."),
    /// Deleting the account was asked for.
    DeletionRequested = ("R7", "Deleting the account was asked for, and no membership is left."),
    /// The last membership went.
    LastMembership = ("R7", "The last membership went, and the account with it."),
    /// Anonymizing the posts was asked for.
    PostsAnonymizedOnRequest = ("R9", "Anonymizing the posts was asked for."),
}
