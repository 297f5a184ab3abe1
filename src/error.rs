//! The two ways in which something is not done.
//!
//! A [`Refusal`] is the domain saying no: it has a stable code and is meant for the caller. An [`Error`] is ours: it
//! is logged once, and the caller only learns that it happened.

use chrono::{DateTime, Utc};
use entity::id::{CourseId, GroupId, JobId, PathId, RecordId, SessionId, UserId};
use entity::kind::{JobStatus, Status};
use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// Why a door did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The domain says no; nothing was changed.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// Something of ours broke; nothing was changed.
    #[error(transparent)]
    Broken(#[from] Error),
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Failure {
        Failure::Broken(error.into())
    }
}

/// What broke.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or went away.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// A statement wrote another number of rows than was decided, so the facts have changed meanwhile: to be
    /// decided again.
    #[error("facts drifted under {0}")]
    Drift(&'static str),
    /// Stored data is not what the program wrote, or a promise of ours does not hold.
    #[error("broken promise: {0}")]
    Broken(&'static str),
    /// So many people bring more rows than one transaction takes (R16): to be tried with fewer.
    #[error("too much for one transaction")]
    TooMuch,
    /// Somebody else has taken the job over: nothing of it is done here any more (R29).
    #[error("somebody else works on the job")]
    Superseded,
    /// A stored document cannot be read.
    #[error("document: {0}")]
    Document(#[from] serde_json::Error),
}

impl Error {
    /// Whether doing the whole transaction again may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Drift(_) => true,
            // Serialization failure, deadlock, lock not available; SQLite: busy. And a unique key that somebody else
            // took since it was looked for: tried again, it is found and refused by name.
            Error::Database(error) => sqlstate(error).is_some_and(|code| {
                matches!(code.as_str(), "40001" | "40P01" | "55P03" | "23505" | "5" | "517")
            }),
            Error::Broken(_) | Error::TooMuch | Error::Superseded | Error::Document(_) => false,
        }
    }

    /// Whether a lock was waited for too long.
    pub fn is_lock_wait(&self) -> bool {
        matches!(self, Error::Database(error) if sqlstate(error).is_some_and(|code| code == "55P03"))
    }

    /// Whether the database gave a read up because it took too long.
    pub fn is_out_of_time(&self) -> bool {
        match self {
            // PostgreSQL: cancelled; SQLite: interrupted.
            Error::Database(error) => {
                sqlstate(error).is_some_and(|code| matches!(code.as_str(), "57014" | "9"))
            }
            Error::Drift(_) | Error::Broken(_) | Error::TooMuch | Error::Superseded | Error::Document(_) => {
                false
            }
        }
    }
}

impl Error {
    /// Whether the database went away, or can take nothing: nobody who is written is to blame.
    pub fn is_outage(&self) -> bool {
        let Error::Database(error) = self else { return false };
        if let Some(code) = sqlstate(error) {
            // PostgreSQL: connections, resources, an operator who steps in, a transaction that was idle for too long, a
            // server that only reads.
            // SQLite: what the file system refuses.
            let on_sqlite = code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 10 | 13 | 14));
            return ["08", "53", "57P"].iter().any(|class| code.starts_with(class))
                || matches!(code.as_str(), "25P03" | "25006")
                || on_sqlite;
        }
        matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_))
            || matches!(
                error,
                DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))
                    if !matches!(
                        **error,
                        SqlxError::Database(_) | SqlxError::ColumnDecode { .. } | SqlxError::Decode(_)
                            | SqlxError::Encode(_) | SqlxError::RowNotFound
                    )
            )
    }
}

/// The database's own code of an error.
fn sqlstate(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()?.code().map(|code| code.into_owned())
}

/// Something that a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// A user.
    User(UserId),
    /// A group.
    Group(GroupId),
    /// A course.
    Course(CourseId),
    /// A path.
    Path(PathId),
    /// A session.
    Session(SessionId),
    /// A record.
    Record(RecordId),
    /// A job.
    Job(JobId),
}

/// Groups that a refusal is about: those the caller may see, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// In order of id.
    pub seen: Vec<GroupId>,
    /// How many more the caller may not see.
    pub hidden: usize,
}

/// What a new account would share with another one (R24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shares {
    /// The email.
    Email,
    /// The username.
    Username,
    /// An external id.
    ExternalId,
}

impl Shares {
    const fn words(self) -> &'static str {
        match self {
            Shares::Email => "email",
            Shares::Username => "username",
            Shares::ExternalId => "external id",
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Shares::Email => "email",
            Shares::Username => "username",
            Shares::ExternalId => "externalIds",
        }
    }
}

/// The domain says no. Every variant has a stable code, which is its name in the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The input is not what it should be; `path` is the field, from the input's root.
    #[error("{message}")]
    BadInput {
        /// The field, from the input's root.
        path: Vec<String>,
        /// What is wrong with it.
        message: String,
    },
    /// What was named does not exist, or the caller may not know of it.
    #[error("{what} not found.")]
    NotFound {
        /// The field that names it.
        path: Vec<String>,
        /// What it is called.
        what: &'static str,
    },
    /// The caller is nobody we know, or no longer may sign in.
    #[error("Sign in first: this needs a valid token.")]
    Unauthenticated,
    /// The caller sees it but may not do it; the groups are those in which a right is missing.
    #[error("You have no right to do this{}.", if groups.seen.is_empty() { "" } else { " in every group concerned" })]
    Forbidden {
        /// Where a right is missing.
        groups: Groups,
    },
    /// The token was not made for this.
    #[error("This needs a token with the scope {scope}.")]
    MissingScope {
        /// What it would have to be good for.
        scope: &'static str,
    },
    /// Some things are done by people alone.
    #[error("No token is good for this: sign in for it.")]
    NotByToken,
    /// The password is not theirs, or there is nobody who could sign in: which of these is never told.
    #[error("Nobody can sign in with these.")]
    InvalidCredentials,
    /// R34.
    #[error("Somebody else set this password: choose another with `newPassword`.")]
    PasswordMustChange,
    /// The link was used, is too old, or was sent to somebody who is no longer there.
    #[error("This link no longer works; ask for another.")]
    InvalidToken,
    /// R34.
    #[error("Nobody signs up here.")]
    SignUpClosed,
    /// Too many tried.
    #[error("Too many attempts; try again in {seconds} seconds.")]
    RateLimited {
        /// How long to wait.
        seconds: u64,
    },
    /// R14.
    #[error("The platform owner cannot be removed; hand the platform over first.")]
    OwnerProtected,
    /// R14.
    #[error("Nobody can remove themselves from the platform.")]
    SelfRemoval,
    /// R7.
    #[error("The person is not a member of this group, or does not hold this role in it.")]
    NotAMember,
    /// R6.
    #[error(
        "Say what happens to private subgroups (KEEP or REMOVE): the answers differ in {} groups.",
        groups.seen.len() + groups.hidden
    )]
    PrivateSubgroupsUndecided {
        /// Where the two answers differ.
        groups: Groups,
    },
    /// R7.
    #[error("The person is in private groups alone, and those are kept: nothing was reached.")]
    NothingReached {
        /// The groups that keep the person.
        groups: Groups,
    },
    /// R7.
    #[error("This takes the person's last membership and so deletes the account: confirm it.")]
    WouldDeleteAccount,
    /// R18.
    #[error("What would happen now is not what was shown; look at the plan again.")]
    PlanChanged,
    /// R16.
    #[error("The account was deleted at {at}.")]
    AlreadyDeleted {
        /// When it was deleted.
        at: DateTime<Utc>,
        /// The record of that deletion, where there is one.
        record: Option<RecordId>,
    },
    /// R30.
    #[error("The account was erased.")]
    AlreadyErased,
    /// R30.
    #[error("This cannot be done to an account that is {}.", status.as_str())]
    InvalidTransition {
        /// Its state.
        status: Status,
    },
    /// R29.
    #[error("This cannot be done to a job that is {}.", status.as_str())]
    InvalidJobTransition {
        /// Where it stands.
        status: JobStatus,
    },
    /// R29.
    #[error("Nobody of this job failed who could be tried again.")]
    NothingToRetry,
    /// R29.
    #[error(
        "More than {most} accounts would be deleted within 24 hours: send as `confirmCount` {}.",
        counted(*of_day)
    )]
    ConfirmCountRequired {
        /// How many may go without.
        most: i64,
        /// For a request of one person: the accounts of the last 24 hours, this one included.
        of_day: Option<i64>,
    },
    /// R29.
    #[error("`confirmCount` is {typed}; it has to be {}. Look at the plan again.", counted(*of_day))]
    CountMismatch {
        /// What was typed.
        typed: i64,
        /// As [`Refusal::ConfirmCountRequired`] has it.
        of_day: Option<i64>,
    },
    /// The person named is deleted or erased.
    #[error("The person was deleted.")]
    UserDeleted {
        /// The person.
        user: UserId,
        /// The field that names them.
        path: Vec<String>,
    },
    /// R24.
    #[error("Somebody else has this email.")]
    EmailTaken,
    /// R24.
    #[error("Somebody else has this username.")]
    UsernameTaken,
    /// R24; R34, for groups.
    #[error("Somebody or something else has this external id.")]
    ExternalIdTaken,
    /// R24.
    #[error("A deleted person had this {}: reinstate them, or create a new account with `createAnyway: true`.", shares.words())]
    ReinstateAvailable {
        /// The deleted person.
        user: UserId,
        /// What they had.
        shares: Shares,
    },
    /// R24.
    #[error("A deactivated person has this {}: reactivate them, or give the new account another.", shares.words())]
    ReactivateAvailable {
        /// The deactivated person.
        user: UserId,
        /// What they have.
        shares: Shares,
    },
    /// R22.
    #[error("No seat is available: {used} of {limit} are taken.")]
    NoSeatAvailable {
        /// Seats taken.
        used: i64,
        /// Seats there are.
        limit: i64,
    },
    /// R1.
    #[error("A group cannot be below itself.")]
    Cycle,
    /// R1.
    #[error("Groups can be at most {limit} deep.")]
    GroupTooDeep {
        /// Levels, the platform group not counted.
        limit: usize,
    },
    /// R1.
    #[error("The platform group cannot be moved, opened, closed or deleted.")]
    PlatformGroup,
    /// R33.
    #[error("The group is not empty: {what}.")]
    GroupNotEmpty {
        /// What it still has, with counts.
        what: String,
    },
    /// R33.
    #[error(
        "Learners would rise into further groups ({people} in number); confirm with the digest {digest}."
    )]
    LearnersWouldRise {
        /// The groups they would join.
        groups: Vec<GroupId>,
        /// How many people.
        people: usize,
        /// Dynamic sessions they would join, those that the caller may see.
        sessions: Vec<SessionId>,
        /// How many more sessions they would join.
        hidden: usize,
        /// What to send to confirm.
        digest: String,
    },
    /// R8.
    #[error("Only a present participant of the session can attend.")]
    NotAParticipant,
    /// R8.
    #[error("All {capacity} seats of the slot are taken.")]
    SlotFull {
        /// Seats of the slot.
        capacity: i32,
    },
    /// R8.
    #[error("The session has ended; its audience can no longer be edited.")]
    SessionEnded,
    /// R16.
    #[error("At most {limit} people can be named at once.")]
    BatchTooLarge {
        /// The bound.
        limit: usize,
    },
    /// R29.
    #[error(
        "You have {} prepared jobs open, and may have {limit}: start or cancel one of them first.", jobs.len()
    )]
    TooManyPreparedJobs {
        /// How many may be open.
        limit: usize,
        /// Those that are.
        jobs: Vec<JobId>,
    },
    /// R29.
    #[error(
        "Your lists may have {limit} entries within an hour: they had {used}, and this one has {asked}. Ask again later, or \
         name fewer."
    )]
    TooManyEntries {
        /// Entries that may be named within an hour.
        limit: i64,
        /// Entries named within the last hour.
        used: i64,
        /// Entries of this list.
        asked: usize,
    },
    /// The key was used with another input.
    #[error("This idempotency key was used with another input.")]
    IdempotencyMismatch,
    /// The first request with the key is still being carried out.
    #[error("The first request with this idempotency key is still being carried out; ask again later.")]
    IdempotencyInProgress,
    /// The cursor is not one of this list.
    #[error("The cursor is not one of this list in this order.")]
    InvalidCursor,
    /// What came after the cursor's place is no longer kept whole.
    #[error("What came after this place is no longer kept; begin without a cursor.")]
    CursorTooOld,
    /// One entry of a list is refused.
    #[error("{refusal}")]
    At {
        /// The entry, from the input's root.
        path: Vec<String>,
        /// Why it is refused; its path starts at the entry.
        refusal: Box<Refusal>,
    },
}

impl Refusal {
    /// A field that is not what it should be.
    pub fn bad_input(path: &[&str], message: impl Into<String>) -> Refusal {
        Refusal::BadInput { path: owned(path), message: message.into() }
    }

    /// Something that does not exist.
    pub fn not_found(path: &[&str], what: &'static str) -> Refusal {
        Refusal::NotFound { path: owned(path), what }
    }

    /// Somebody who is deleted where a living person is needed.
    pub fn user_deleted(user: UserId, path: &[&str]) -> Refusal {
        Refusal::UserDeleted { user, path: owned(path) }
    }

    /// The same refusal, of the entry of a list that stands at `path`; an empty path is the input itself.
    #[must_use]
    pub fn at(self, path: &[String]) -> Refusal {
        if path.is_empty() { self } else { Refusal::At { path: path.to_vec(), refusal: Box::new(self) } }
    }

    /// The stable code, as it stands in the API.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::BadInput { .. } => "BAD_INPUT",
            Refusal::NotFound { .. } => "NOT_FOUND",
            Refusal::Unauthenticated => "UNAUTHENTICATED",
            Refusal::Forbidden { .. } | Refusal::MissingScope { .. } | Refusal::NotByToken => "FORBIDDEN",
            Refusal::InvalidCredentials => "INVALID_CREDENTIALS",
            Refusal::PasswordMustChange => "PASSWORD_MUST_CHANGE",
            Refusal::InvalidToken => "INVALID_TOKEN",
            Refusal::SignUpClosed => "SIGN_UP_CLOSED",
            Refusal::RateLimited { .. } => "RATE_LIMITED",
            Refusal::OwnerProtected => "OWNER_PROTECTED",
            Refusal::SelfRemoval => "SELF_REMOVAL",
            Refusal::NotAMember => "NOT_A_MEMBER",
            Refusal::PrivateSubgroupsUndecided { .. } => "PRIVATE_SUBGROUPS_UNDECIDED",
            Refusal::NothingReached { .. } => "NOTHING_REACHED",
            Refusal::WouldDeleteAccount => "WOULD_DELETE_ACCOUNT",
            Refusal::PlanChanged => "PLAN_CHANGED",
            Refusal::AlreadyDeleted { .. } => "ALREADY_DELETED",
            Refusal::AlreadyErased => "ALREADY_ERASED",
            Refusal::InvalidTransition { .. } => "INVALID_TRANSITION",
            Refusal::InvalidJobTransition { .. } => "INVALID_TRANSITION",
            Refusal::NothingToRetry => "NOTHING_TO_RETRY",
            Refusal::ConfirmCountRequired { .. } => "CONFIRM_COUNT_REQUIRED",
            Refusal::CountMismatch { .. } => "COUNT_MISMATCH",
            Refusal::UserDeleted { .. } => "USER_DELETED",
            Refusal::EmailTaken => "EMAIL_TAKEN",
            Refusal::UsernameTaken => "USERNAME_TAKEN",
            Refusal::ExternalIdTaken => "EXTERNAL_ID_TAKEN",
            Refusal::ReinstateAvailable { .. } => "REINSTATE_AVAILABLE",
            Refusal::ReactivateAvailable { .. } => "REACTIVATE_AVAILABLE",
            Refusal::NoSeatAvailable { .. } => "NO_SEAT_AVAILABLE",
            Refusal::Cycle => "CYCLE",
            Refusal::GroupTooDeep { .. } => "GROUP_TOO_DEEP",
            Refusal::PlatformGroup => "PLATFORM_GROUP",
            Refusal::GroupNotEmpty { .. } => "GROUP_NOT_EMPTY",
            Refusal::LearnersWouldRise { .. } => "LEARNERS_WOULD_RISE",
            Refusal::NotAParticipant => "NOT_A_PARTICIPANT",
            Refusal::SlotFull { .. } => "SLOT_FULL",
            Refusal::SessionEnded => "SESSION_ENDED",
            Refusal::BatchTooLarge { .. } => "BATCH_TOO_LARGE",
            Refusal::TooManyPreparedJobs { .. } => "TOO_MANY_PREPARED_JOBS",
            Refusal::TooManyEntries { .. } => "TOO_MANY_ENTRIES",
            Refusal::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Refusal::IdempotencyInProgress => "IDEMPOTENCY_IN_PROGRESS",
            Refusal::InvalidCursor | Refusal::CursorTooOld => "INVALID_CURSOR",
            Refusal::At { refusal, .. } => refusal.code(),
        }
    }

    /// The field of the input that the refusal is about, from its root; empty where it is about the whole.
    pub fn path(&self) -> Vec<String> {
        match self {
            Refusal::BadInput { path, .. }
            | Refusal::NotFound { path, .. }
            | Refusal::UserDeleted { path, .. } => path.clone(),
            Refusal::EmailTaken => owned(&["email"]),
            Refusal::ReinstateAvailable { shares, .. } | Refusal::ReactivateAvailable { shares, .. } => {
                owned(&[shares.field()])
            }
            Refusal::PasswordMustChange => owned(&["newPassword"]),
            Refusal::InvalidToken => owned(&["token"]),
            Refusal::UsernameTaken => owned(&["username"]),
            Refusal::ExternalIdTaken => owned(&["externalIds"]),
            Refusal::PrivateSubgroupsUndecided { .. } => owned(&["privateSubgroups"]),
            Refusal::WouldDeleteAccount => owned(&["confirmAccountDeletion"]),
            Refusal::PlanChanged => owned(&["planDigest"]),
            Refusal::ConfirmCountRequired { .. } | Refusal::CountMismatch { .. } => owned(&["confirmCount"]),
            Refusal::IdempotencyMismatch | Refusal::IdempotencyInProgress => owned(&["idempotencyKey"]),
            Refusal::LearnersWouldRise { .. } => owned(&["riseDigest"]),
            Refusal::At { path, refusal } => path.iter().cloned().chain(refusal.path()).collect(),
            _ => Vec::new(),
        }
    }

    /// What the refusal is about, and the caller may see.
    pub fn nodes(&self) -> Vec<Node> {
        match self {
            Refusal::Forbidden { groups }
            | Refusal::PrivateSubgroupsUndecided { groups }
            | Refusal::NothingReached { groups } => groups.seen.iter().copied().map(Node::Group).collect(),
            Refusal::LearnersWouldRise { groups, sessions, .. } => groups
                .iter()
                .copied()
                .map(Node::Group)
                .chain(sessions.iter().copied().map(Node::Session))
                .collect(),
            Refusal::UserDeleted { user, .. }
            | Refusal::ReinstateAvailable { user, .. }
            | Refusal::ReactivateAvailable { user, .. } => vec![Node::User(*user)],
            Refusal::TooManyPreparedJobs { jobs, .. } => jobs.iter().copied().map(Node::Job).collect(),
            Refusal::AlreadyDeleted { record, .. } => record.iter().copied().map(Node::Record).collect(),
            Refusal::At { refusal, .. } => refusal.nodes(),
            _ => Vec::new(),
        }
    }

    /// What the caller sends to say that this is what they want, where the refusal asks for it.
    pub fn digest(&self) -> Option<&str> {
        match self {
            Refusal::LearnersWouldRise { digest, .. } => Some(digest),
            Refusal::At { refusal, .. } => refusal.digest(),
            _ => None,
        }
    }

    /// How many more things it is about that the caller may not see.
    pub fn hidden_count(&self) -> usize {
        match self {
            Refusal::Forbidden { groups }
            | Refusal::PrivateSubgroupsUndecided { groups }
            | Refusal::NothingReached { groups } => groups.hidden,
            Refusal::LearnersWouldRise { hidden, .. } => *hidden,
            Refusal::At { refusal, .. } => refusal.hidden_count(),
            _ => 0,
        }
    }
}

/// What `confirmCount` has to say.
fn counted(of_day: Option<i64>) -> String {
    match of_day {
        None => "the number of accounts that this request deletes".to_owned(),
        Some(count) => format!("{count}, the accounts of the last 24 hours with this one"),
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|part| (*part).to_owned()).collect()
}
