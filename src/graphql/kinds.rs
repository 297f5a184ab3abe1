//! The kinds of things as GraphQL names them.

use async_graphql::Enum;
use entity::id::UserId;
use entity::kind;

use crate::queries::audiences::How;

/// Whether a person did something, or the platform itself. It tells the platform, which is nobody, from somebody whom you may
/// not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
pub enum ActorKind {
    /// A person. If the field beside it is null, you may not see who.
    Person,
    /// The platform itself: its operator, a service token, or something that was set to happen. The field beside it is null.
    Platform,
}

impl ActorKind {
    /// The kind of who did something, if a person did.
    pub const fn of(person: Option<UserId>) -> ActorKind {
        if person.is_some() { ActorKind::Person } else { ActorKind::Platform }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $of:literal { $($(#[$value_doc:meta])* $value:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
        #[graphql(remote = $of)]
        pub enum $name {
            $($(#[$value_doc])* $value),+
        }
    )+};
}

kinds! {
    /// The state of an account.
    UserStatus = "kind::Status" {
        /// Signs in, takes a seat.
        Active,
        /// Cannot sign in; keeps its seat and its email.
        Suspended,
        /// Cannot sign in; its seat is free, its email stays reserved.
        Deactivated,
        /// Its personal data are gone for good; only a number is left.
        Anonymized,
        /// Deleted; can be reinstated.
        Deleted,
        /// Erased for good; only the record is left.
        Erased,
    }

    /// Who sees a group (R1).
    GroupPrivacy = "kind::Privacy" {
        /// Seen by everybody who sees its parent.
        Public,
        /// Seen by its own people and by administrators above.
        Private,
    }

    /// Whether events are sent to a webhook.
    WebhookStatus = "kind::WebhookStatus" {
        /// They are.
        Active,
        /// Somebody stopped it. What happens meanwhile is sent when it goes on, as long as events are kept.
        Paused,
        /// It was given up, since nothing arrived for days. As for one that was stopped.
        Disabled,
    }

    /// Where an event on its way to a webhook stands.
    DeliveryStatus = "kind::DeliveryStatus" {
        /// It has not arrived yet.
        Pending,
        /// It arrived: it was answered with a status from 200 to 299.
        Delivered,
        /// It was given up.
        Failed,
    }

    /// Why an attempt to send an event failed.
    DeliveryFailure = "kind::DeliveryFailure" {
        /// The address is none that events are sent to: a name of it leads into a network that is not public.
        AddressRefused,
        /// Nobody could be reached there.
        Unreachable,
        /// No answer came within 15 seconds.
        TimedOut,
        /// It was answered with another status than 200 to 299.
        Refused,
    }

    /// What somebody is in a group (R2). One person may hold several roles in one group.
    Role = "kind::Role" {
        /// Takes part in the sessions of the group.
        Learner,
        /// Follows learners.
        Coach,
        /// Makes courses and paths.
        Author,
        /// Manages the learners of this group alone.
        UserAdministrator,
        /// Manages this group and every group below (R4).
        Administrator,
    }

    /// How a session finds its people (R8).
    AudienceKind = "kind::AudienceKind" {
        /// Whoever is a learner of an audience group now.
        Dynamic,
        /// Whoever was captured when the audience was saved.
        Static,
    }

    /// By what somebody takes part in a session (R8).
    ParticipationKind = "How" {
        /// By an individual enrolment.
        Individual,
        /// As a learner of an audience group, now.
        Group,
        /// Captured, when a static audience was saved or when the session ended.
        Captured,
    }

    /// What carried somebody into a session when they were captured (R8).
    Carrier = "kind::Carrier" {
        /// An audience group.
        Group,
        /// An individual enrolment.
        Individual,
    }

    /// What somebody does in a classroom slot (R8).
    SeatKind = "kind::SeatKind" {
        /// Attends: takes one of the slot's seats.
        Attendee,
        /// Trains: takes no seat.
        Trainer,
    }

    /// What happens to private subgroups when somebody is taken out of a group above them (R6).
    PrivateSubgroups = "kind::PrivateSubgroups" {
        /// Private subgroups, and what is below them, are left alone.
        Keep,
        /// Private subgroups are reached like public ones.
        Remove,
    }

    /// What happens to the posts of somebody deleted (R9).
    PostTreatment = "kind::Posts" {
        /// They keep their author.
        Keep,
        /// They show an anonymous author, for good.
        Anonymize,
    }

    /// Why a removal happened.
    RemovalCause = "kind::Cause" {
        /// Somebody asked for it.
        Requested,
        /// The last membership went, and with it the account (R7).
        LastGroup,
        /// A date set for the person came (R25).
        Scheduled,
        /// The person had been inactive for too long (R25).
        Inactivity,
        /// A row of an imported list (R27).
        Imported,
    }

    /// At which step a successor was found (R10, R11, R12).
    SuccessionStep = "kind::Step" {
        /// The first eligible co-author.
        CoAuthor,
        /// The first eligible co-instructor.
        CoInstructor,
        /// The main author of the session's path.
        PathAuthor,
        /// An administrator appointed in the owner group.
        GroupAdministrator,
        /// An administrator appointed in the owner group's parent.
        ParentAdministrator,
        /// The platform owner, when there is nobody else.
        PlatformOwner,
    }

    /// What became of one person of a removal (R7, R16).
    RemovalOutcome = "kind::Outcome" {
        /// The entry of the list is no email address.
        InvalidEmail,
        /// Nobody is known by that id, external id or email.
        NotFound,
        /// The account was deleted before; nothing was changed.
        AlreadyDeleted,
        /// The account was erased before; nothing was changed.
        AlreadyErased,
        /// The platform owner cannot be removed (R14).
        OwnerProtected,
        /// Nobody removes themselves from the platform (R14).
        SelfRemoval,
        /// You have no right to it (R15).
        Forbidden,
        /// Not in the group, or the role is not held; nothing was changed.
        NotAMember,
        /// The filter of the request no longer matched when the person's turn came.
        NoLongerMatches,
        /// The entry names the platform group, which nobody is taken out of: people are deleted instead (R16).
        PlatformGroup,
        /// It would take the last membership, which was not confirmed (R7).
        WouldDeleteAccount,
        /// Keeping and removing private subgroups had come to differ for the person, and the request said neither (R6).
        PrivateSubgroupsUndecided,
        /// Something other than what the plan showed would have been done, so nothing was (R18).
        PlanChanged,
        /// The account was deleted.
        Deleted,
        /// Taken out of the group, or the role revoked; the account lives.
        Removed,
        /// A deletion after which memberships in or below private groups still keep the person.
        RemovedNotDeleted,
        /// A deletion that keeps private subgroups, of somebody who lives in them alone: nothing was changed.
        NothingReached,
        /// The job was cancelled before the person's turn.
        Cancelled,
        /// It failed for an unexpected reason, and nothing was changed.
        Failed,
    }

    /// Why a plan that was prepared can no longer be started (R29).
    PlanExpiry = "kind::Expiry" {
        /// Nobody started the job within 24 hours.
        NotStarted,
        /// The server was upgraded, and computes plans in another form now: prepare the removal again.
        PlanOutdated,
    }

    /// Where a job stands (R29).
    JobStatus = "kind::JobStatus" {
        /// Its plan is being computed.
        Preparing,
        /// Its plan can be read and started.
        Prepared,
        /// It was prepared, and its plan can no longer be started; `expiredBecause` says why.
        Expired,
        /// It needs somebody to confirm it.
        AwaitingConfirmation,
        /// It waits for its turn.
        Queued,
        /// Its chunks are being carried out.
        Running,
        /// It stops at the next chunk.
        Cancelling,
        /// It was cancelled; what was done stays done.
        Cancelled,
        /// Everybody of the list has an outcome, and none is a failure.
        Succeeded,
        /// Everybody of the list has an outcome; some could not be removed.
        FinishedWithFailures,
    }

    /// What a post is.
    PostKind = "kind::PostKind" {
        /// Read by a group.
        Post,
        /// Read by its people.
        Message,
    }
}
