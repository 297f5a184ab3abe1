//! The kinds of things, each with the questions the rules ask of it. Every `match` here names all variants, so
//! that a new one makes the compiler ask what it means.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter,
            DeriveActiveEnum,
        )]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name {
            $($(#[$vdoc])* #[sea_orm(string_value = $text)] #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The text that stands in the database, in records and in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// Those of which `which` holds, as a list for SQL: `('ONE', 'OTHER')`.
            pub fn listed(which: impl Fn($name) -> bool) -> String {
                let listed = Self::ALL.iter().filter(|kind| which(**kind));
                let texts: Vec<String> = listed.map(|kind| format!("'{}'", kind.as_str())).collect();
                format!("({})", texts.join(", "))
            }
        }
    )+};
}

kinds! {
    /// The state of an account (section 3 of the rules).
    Status {
        /// Signs in, takes a seat.
        Active = "ACTIVE",
        /// Cannot sign in; keeps its seat and its email.
        Suspended = "SUSPENDED",
        /// Cannot sign in; its seat is free.
        Deactivated = "DEACTIVATED",
        /// Its data are gone for good; only a number is left.
        Anonymized = "ANONYMIZED",
        /// Deleted; can be reinstated.
        Deleted = "DELETED",
        /// Erased for good; only the record is left.
        Erased = "ERASED",
    }

    /// Who sees a group (R1).
    Privacy {
        /// Seen by everybody who sees its parent.
        Public = "PUBLIC",
        /// Seen by its own people and by administrators above.
        Private = "PRIVATE",
    }

    /// What somebody is in a group (R2).
    Role {
        /// Takes part.
        Learner = "LEARNER",
        /// Follows learners.
        Coach = "COACH",
        /// Makes courses and paths.
        Author = "AUTHOR",
        /// Manages the learners of this group alone.
        UserAdministrator = "USER_ADMINISTRATOR",
        /// Manages this group and every group below.
        Administrator = "ADMINISTRATOR",
    }

    /// How a session finds its people (R8).
    AudienceKind {
        /// Whoever is a learner of an audience group now.
        Dynamic = "DYNAMIC",
        /// Whoever was captured when the audience was saved.
        Static = "STATIC",
    }

    /// What carried somebody into a session (R8).
    Carrier {
        /// An audience group.
        Group = "GROUP",
        /// An individual enrolment.
        Individual = "INDIVIDUAL",
    }

    /// What somebody does in a classroom slot (R8).
    SeatKind {
        /// Attends: takes one of the slot's seats.
        Attendee = "ATTENDEE",
        /// Trains: takes no seat.
        Trainer = "TRAINER",
    }

    /// The answer to what happens to private subgroups (R6).
    PrivateSubgroups {
        /// Private subgroups, and what is below them, are left alone.
        Keep = "KEEP",
        /// Private subgroups are reached like public ones.
        Remove = "REMOVE",
    }

    /// What happens to the posts of somebody deleted (R9.6).
    Posts {
        /// They keep their author.
        Keep = "KEEP",
        /// They show an anonymous author.
        Anonymize = "ANONYMIZE",
    }

    /// Why a removal happened (R9.1).
    Cause {
        /// Somebody asked for it.
        Requested = "REQUESTED",
        /// The last membership went (R7).
        LastGroup = "LAST_GROUP",
        /// A date came (R25).
        Scheduled = "SCHEDULED",
        /// An inactivity policy (R25).
        Inactivity = "INACTIVITY",
        /// A row of an imported list (R27).
        Imported = "IMPORTED",
    }

    /// What a work is: something with an owner who may leave (R10 to R12).
    Work {
        /// A course and its main author.
        Course = "COURSE",
        /// A path and its main author.
        Path = "PATH",
        /// A session and its main instructor.
        Session = "SESSION",
    }

    /// The step at which a successor was found (R10 to R12).
    Step {
        /// The first eligible co-author.
        CoAuthor = "CO_AUTHOR",
        /// The first eligible co-instructor.
        CoInstructor = "CO_INSTRUCTOR",
        /// The path's main author.
        PathAuthor = "PATH_AUTHOR",
        /// An administrator appointed in the owner group.
        GroupAdministrator = "GROUP_ADMINISTRATOR",
        /// An administrator appointed in the owner group's parent.
        ParentAdministrator = "PARENT_ADMINISTRATOR",
        /// The platform owner.
        PlatformOwner = "PLATFORM_OWNER",
    }

    /// What became of one person of a removal (R7, R16).
    Outcome {
        /// The entry is no email address.
        InvalidEmail = "INVALID_EMAIL",
        /// Nobody is known by that id, external id or email.
        NotFound = "NOT_FOUND",
        /// The account was deleted before.
        AlreadyDeleted = "ALREADY_DELETED",
        /// The account was erased before.
        AlreadyErased = "ALREADY_ERASED",
        /// The platform owner cannot be removed (R14).
        OwnerProtected = "OWNER_PROTECTED",
        /// Nobody removes themselves from the platform (R14).
        SelfRemoval = "SELF_REMOVAL",
        /// The caller has no right to it (R15).
        Forbidden = "FORBIDDEN",
        /// Not in the group, or the role is not held.
        NotAMember = "NOT_A_MEMBER",
        /// The filter of the request no longer matches.
        NoLongerMatches = "NO_LONGER_MATCHES",
        /// The entry names the platform group, out of which people are deleted (R16).
        PlatformGroup = "PLATFORM_GROUP",
        /// It would take the last membership, which was not confirmed (R7).
        WouldDeleteAccount = "WOULD_DELETE_ACCOUNT",
        /// Keeping and removing private subgroups differ for the person, and neither was asked for (R6).
        PrivateSubgroupsUndecided = "PRIVATE_SUBGROUPS_UNDECIDED",
        /// The plan that was shown no longer holds (R18).
        PlanChanged = "PLAN_CHANGED",
        /// The account was deleted.
        Deleted = "DELETED",
        /// Taken out of the group, or the role revoked; the account lives.
        Removed = "REMOVED",
        /// A deletion after which memberships in or below private groups still keep the person.
        RemovedNotDeleted = "REMOVED_NOT_DELETED",
        /// A deletion that keeps private subgroups, of somebody who lives in them alone.
        NothingReached = "NOTHING_REACHED",
        /// The job was cancelled before this person's turn.
        Cancelled = "CANCELLED",
        /// It failed for an unexpected reason, and nothing was done.
        Failed = "FAILED",
    }

    /// Why a plan that was prepared can no longer be started (R29).
    Expiry {
        /// Nobody started it in time.
        NotStarted = "NOT_STARTED",
        /// A newer version of the program computes plans in another form.
        PlanOutdated = "PLAN_OUTDATED",
    }

    /// What a job does.
    JobKind {
        /// Takes people out of groups and off the platform (R16).
        Removal = "REMOVAL",
    }

    /// Where a job stands (R29).
    JobStatus {
        /// Its plan is being computed.
        Preparing = "PREPARING",
        /// Its plan can be read and started.
        Prepared = "PREPARED",
        /// It was prepared and not started in time.
        Expired = "EXPIRED",
        /// It needs somebody to confirm it.
        AwaitingConfirmation = "AWAITING_CONFIRMATION",
        /// It waits for a worker.
        Queued = "QUEUED",
        /// Its chunks are being carried out.
        Running = "RUNNING",
        /// It stops at the next chunk.
        Cancelling = "CANCELLING",
        /// It was cancelled; what was done stays done.
        Cancelled = "CANCELLED",
        /// Everybody of the list has an outcome, and none is a failure.
        Succeeded = "SUCCEEDED",
        /// Everybody has an outcome; some could not be removed.
        FinishedWithFailures = "FINISHED_WITH_FAILURES",
    }

    /// Whether events are sent to a webhook.
    WebhookStatus {
        /// They are.
        Active = "ACTIVE",
        /// Somebody stopped it; what happens meanwhile is sent when it goes on.
        Paused = "PAUSED",
        /// It was given up, since nothing arrived for days; as for one that was stopped.
        Disabled = "DISABLED",
    }

    /// Where an event on its way to a webhook stands.
    DeliveryStatus {
        /// It has not arrived yet.
        Pending = "PENDING",
        /// It arrived.
        Delivered = "DELIVERED",
        /// It was given up.
        Failed = "FAILED",
    }

    /// Why an attempt to send an event failed.
    DeliveryFailure {
        /// The address is none that events are sent to.
        AddressRefused = "ADDRESS_REFUSED",
        /// Nobody could be reached there.
        Unreachable = "UNREACHABLE",
        /// No answer came in time.
        TimedOut = "TIMED_OUT",
        /// The answer was not that it had arrived.
        Refused = "REFUSED",
    }

    /// A post is read by a group, a message by its people.
    PostKind {
        /// A post.
        Post = "POST",
        /// A message.
        Message = "MESSAGE",
    }

    /// What a date set for somebody does (R25).
    DateKind {
        /// Automatic deletion.
        Deletion = "DELETION",
        /// Scheduled deactivation.
        Deactivation = "DEACTIVATION",
    }
}

impl Status {
    /// Whether the account takes a seat (R22).
    pub const fn takes_seat(self) -> bool {
        match self {
            Status::Active | Status::Suspended => true,
            Status::Deactivated | Status::Anonymized | Status::Deleted | Status::Erased => false,
        }
    }

    /// Whether the account keeps its email, its username and its external ids from others (R24).
    pub const fn reserves_email(self) -> bool {
        match self {
            Status::Active | Status::Suspended | Status::Deactivated => true,
            Status::Anonymized | Status::Deleted | Status::Erased => false,
        }
    }

    /// Whether the account is present in the sessions it belongs to (R8).
    pub const fn is_present(self) -> bool {
        match self {
            Status::Active | Status::Suspended => true,
            Status::Deactivated | Status::Anonymized | Status::Deleted | Status::Erased => false,
        }
    }

    /// Whether the account counts for the safety share when it is deleted (R29).
    pub const fn counts_for_share(self) -> bool {
        match self {
            Status::Active | Status::Suspended | Status::Deactivated => true,
            Status::Anonymized | Status::Deleted | Status::Erased => false,
        }
    }

    /// Whether works may be handed to the account (R13).
    pub const fn may_succeed(self) -> bool {
        match self {
            Status::Active => true,
            Status::Suspended
            | Status::Deactivated
            | Status::Anonymized
            | Status::Deleted
            | Status::Erased => false,
        }
    }

    /// Whether the account lives: has memberships, is found by default (R2, R26).
    pub const fn is_living(self) -> bool {
        match self {
            Status::Active | Status::Suspended | Status::Deactivated | Status::Anonymized => true,
            Status::Deleted | Status::Erased => false,
        }
    }
}

impl Role {
    /// Whether the role gives rights over people or groups (R4).
    pub const fn administers(self) -> bool {
        match self {
            Role::Administrator | Role::UserAdministrator => true,
            Role::Learner | Role::Coach | Role::Author => false,
        }
    }
}

impl JobStatus {
    /// Whether somebody works on it, or is to.
    pub const fn is_open(self) -> bool {
        match self {
            JobStatus::Preparing | JobStatus::Queued | JobStatus::Running | JobStatus::Cancelling => true,
            JobStatus::Prepared
            | JobStatus::AwaitingConfirmation
            | JobStatus::Expired
            | JobStatus::Cancelled
            | JobStatus::Succeeded
            | JobStatus::FinishedWithFailures => false,
        }
    }

    /// Whether it stays so: what is final is never changed again.
    pub const fn is_final(self) -> bool {
        match self {
            JobStatus::Expired
            | JobStatus::Cancelled
            | JobStatus::Succeeded
            | JobStatus::FinishedWithFailures => true,
            JobStatus::Preparing
            | JobStatus::Prepared
            | JobStatus::AwaitingConfirmation
            | JobStatus::Queued
            | JobStatus::Running
            | JobStatus::Cancelling => false,
        }
    }
}

impl Outcome {
    /// Whether something was done for the person, so that there is a record of it.
    pub const fn is_done(self) -> bool {
        match self {
            Outcome::Deleted | Outcome::Removed | Outcome::RemovedNotDeleted => true,
            Outcome::InvalidEmail
            | Outcome::NotFound
            | Outcome::AlreadyDeleted
            | Outcome::AlreadyErased
            | Outcome::OwnerProtected
            | Outcome::SelfRemoval
            | Outcome::Forbidden
            | Outcome::NotAMember
            | Outcome::NoLongerMatches
            | Outcome::PlatformGroup
            | Outcome::WouldDeleteAccount
            | Outcome::PrivateSubgroupsUndecided
            | Outcome::PlanChanged
            | Outcome::NothingReached
            | Outcome::Cancelled
            | Outcome::Failed => false,
        }
    }

    /// Whether the person could not be removed although the request asked for it.
    pub const fn is_failure(self) -> bool {
        match self {
            Outcome::Deleted
            | Outcome::Removed
            | Outcome::RemovedNotDeleted
            | Outcome::NothingReached
            | Outcome::AlreadyDeleted
            | Outcome::AlreadyErased
            | Outcome::NotAMember
            | Outcome::NoLongerMatches
            | Outcome::Cancelled => false,
            Outcome::InvalidEmail
            | Outcome::NotFound
            | Outcome::OwnerProtected
            | Outcome::SelfRemoval
            | Outcome::Forbidden
            | Outcome::PlatformGroup
            | Outcome::WouldDeleteAccount
            | Outcome::PrivateSubgroupsUndecided
            | Outcome::PlanChanged
            | Outcome::Failed => true,
        }
    }
}
