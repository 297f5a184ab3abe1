//! The one place that turns a [`Refusal`] or an [`Error`] into GraphQL.
//!
//! Resolvers answer with [`ApiError`], which has no `Display` and cannot be made of a database's error: so `?` on one
//! does not compile, and no statement reaches a client. What the domain refuses in a mutation is data of its payload
//! ([`UserError`]); a top-level error is for what never reached the domain, and always has `extensions.code`.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Pos, ServerError, SimpleObject, Value};

use super::node::Node;
use crate::error::{Error, Failure, Refusal};

/// Why a resolver has no answer.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// Told to the caller as it is.
    Refused(Refusal),
    /// Logged, and told as `INTERNAL`, or as `TIMED_OUT`.
    Broken(Arc<Error>),
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> ApiError {
        ApiError::Refused(refusal)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        ApiError::Broken(Arc::new(error))
    }
}

impl From<Arc<Error>> for ApiError {
    fn from(error: Arc<Error>) -> ApiError {
        ApiError::Broken(error)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> ApiError {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Broken(error) => error.into(),
        }
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> async_graphql::Error {
        let mut extensions = ErrorExtensionValues::default();
        let message = match &error {
            ApiError::Refused(refusal) => {
                extensions.set("code", refusal.code());
                match refusal {
                    Refusal::MissingScope { scope } => extensions.set("scope", scope.as_str()),
                    Refusal::RateLimited { seconds } => extensions.set("retryAfter", *seconds),
                    _ => {}
                }
                let argument = refusal.path();
                if !argument.is_empty() {
                    let parts = argument.into_iter().map(Value::from).collect();
                    extensions.set("argument", Value::List(parts));
                }
                refusal.to_string()
            }
            ApiError::Broken(error) => {
                let (code, message) =
                    if error.is_out_of_time() { ("TIMED_OUT", TIMED_OUT) } else { ("INTERNAL", INTERNAL) };
                extensions.set("code", code);
                message.to_owned()
            }
        };
        async_graphql::Error { message, source: Some(Arc::new(error)), extensions: Some(extensions) }
    }
}

/// A refusal of the field at `place`, before its resolver is asked.
pub(super) fn refused(refusal: Refusal, place: Pos) -> ServerError {
    async_graphql::Error::from(ApiError::from(refusal)).into_server_error(place)
}

/// What broke, where the database gave a read up.
pub(super) fn out_of_time(error: &ServerError) -> Option<Arc<Error>> {
    match error.source::<ApiError>() {
        Some(ApiError::Broken(cause)) if cause.is_out_of_time() => Some(cause.clone()),
        _ => None,
    }
}

/// A request that the caller cannot afford for as long as `wait`.
pub(super) fn rate_limited(wait: Duration) -> ServerError {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let message = format!("You have asked for too much at once; ask again in {seconds} seconds.");
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", "RATE_LIMITED");
    extensions.set("retryAfter", seconds);
    error
}

/// What a client reads of an error that is ours.
const INTERNAL: &str =
    "Something broke on our side. Nothing was changed; the request id finds it in our logs.";

/// What a client reads where the database gave a read up.
const TIMED_OUT: &str = "This takes longer than a read may take. Ask for less at once, or narrow the filter.";

/// Writes an error of ours to the log, once, and the request id into what the client reads of it.
pub(super) fn log(error: &mut ServerError, request_id: &str) {
    let Some(ApiError::Broken(cause)) = error.source::<ApiError>() else { return };
    tracing::error!(request_id, error = %cause, "a request failed");
    error.extensions.get_or_insert_default().set("requestId", request_id);
}

/// Takes from an error of a query what it says of the schema besides.
pub(super) fn hide_suggestion(error: &mut ServerError) {
    if let Some(at) = error.message.find(" Did you mean ") {
        error.message.truncate(at);
    }
}

/// A code for an error that GraphQL itself found: in the query, in a variable, in a limit.
pub(super) fn give_code(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_some() {
        return;
    }
    // The parser shows the line it stopped at, with whatever stands in it.
    if let Some((_, expected)) = error.message.strip_prefix(" --> ").and_then(|shown| shown.rsplit_once("= "))
    {
        error.message = format!("This is no GraphQL: {expected}.");
    }
    extensions.set(
        "code",
        match error.message.as_str() {
            "Query is nested too deep." => "QUERY_TOO_DEEP",
            "Query is too complex." => "QUERY_TOO_COMPLEX",
            _ => "BAD_INPUT",
        },
    );
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $pattern:pat),+ $(,)?) => {
        /// Why a mutation did not do what it was asked. Codes are stable; new ones may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
        pub enum UserErrorCode {
            $($(#[$doc])* $variant),+
        }

        impl UserErrorCode {
            /// The code of a refusal; none where it is a top-level error instead.
            pub(super) fn of(refusal: &Refusal) -> Option<UserErrorCode> {
                match refusal {
                    $($pattern => Some(UserErrorCode::$variant),)+
                    Refusal::At { refusal, .. } => UserErrorCode::of(refusal),
                    Refusal::Unauthenticated
                    | Refusal::InvalidCursor
                    | Refusal::CursorTooOld
                    | Refusal::RateLimited { .. } => None,
                }
            }
        }
    };
}

codes! {
    /// A field of the input is not what it should be; `path` says which.
    BadInput = Refusal::BadInput { .. },
    /// What was named does not exist, or you may not know of it; `path` says which.
    NotFound = Refusal::NotFound { .. },
    /// You have no right to do this; `nodes` are the groups in which it is missing (R15). Or your token was not made
    /// for it.
    Forbidden = Refusal::Forbidden { .. } | Refusal::MissingScope { .. } | Refusal::NotByToken,
    /// The password is wrong, or nobody can sign in with this email or username.
    InvalidCredentials = Refusal::InvalidCredentials,
    /// The password was set by somebody else; the person chooses another one to sign in (R34).
    PasswordMustChange = Refusal::PasswordMustChange,
    /// The link was used before, is too old, or its address or account has changed.
    InvalidToken = Refusal::InvalidToken,
    /// Nobody can sign up: the platform names no group for it (R34).
    SignUpClosed = Refusal::SignUpClosed,
    /// The platform owner cannot be removed; the platform is handed over first (R14).
    OwnerProtected = Refusal::OwnerProtected,
    /// Nobody removes themselves from the platform (R14).
    SelfRemoval = Refusal::SelfRemoval,
    /// The person is not a member of the group, or does not hold the role in it (R7).
    NotAMember = Refusal::NotAMember,
    /// Say what happens to private subgroups; `nodes` are the groups in which the answers differ (R6).
    PrivateSubgroupsUndecided = Refusal::PrivateSubgroupsUndecided { .. },
    /// The person is in private groups alone, in `nodes`, and those are kept (R7).
    NothingReached = Refusal::NothingReached { .. },
    /// It takes the person's last membership and so deletes the account; it needs `confirmAccountDeletion` (R7).
    WouldDeleteAccount = Refusal::WouldDeleteAccount,
    /// What would happen now is not what the plan showed (R18).
    PlanChanged = Refusal::PlanChanged,
    /// The account was deleted before; `nodes` has the removal that did it (R16).
    AlreadyDeleted = Refusal::AlreadyDeleted { .. },
    /// The account was erased before (R30).
    AlreadyErased = Refusal::AlreadyErased,
    /// The state of the account, or of the job, does not allow it (R29, R30).
    InvalidTransition = Refusal::InvalidTransition { .. } | Refusal::InvalidJobTransition { .. },
    /// Nobody of the job failed who could be tried again (R29).
    NothingToRetry = Refusal::NothingToRetry,
    /// More accounts would go within a day than the safety share: type how many into `confirmCount` (R29).
    ConfirmCountRequired = Refusal::ConfirmCountRequired { .. },
    /// `confirmCount` is not how many accounts would go (R29).
    CountMismatch = Refusal::CountMismatch,
    /// The person named by `path` is deleted or erased.
    UserDeleted = Refusal::UserDeleted { .. },
    /// Somebody else has this email (R24).
    EmailTaken = Refusal::EmailTaken,
    /// Somebody else has this username (R24).
    UsernameTaken = Refusal::UsernameTaken,
    /// Something else has this external id in this system (R34).
    ExternalIdTaken = Refusal::ExternalIdTaken,
    /// A deleted person, in `nodes`, had this email: reinstate them, or create a new account anyway (R24).
    ReinstateAvailable = Refusal::ReinstateAvailable { .. },
    /// Every seat is taken (R22).
    NoSeatAvailable = Refusal::NoSeatAvailable { .. },
    /// A group cannot be below itself (R1).
    Cycle = Refusal::Cycle,
    /// The tree would be too deep (R1).
    GroupTooDeep = Refusal::GroupTooDeep { .. },
    /// The platform group cannot be moved, opened, closed or deleted (R1).
    PlatformGroup = Refusal::PlatformGroup,
    /// The group still has members, subgroups or works, or stands in a running audience (R33).
    GroupNotEmpty = Refusal::GroupNotEmpty { .. },
    /// Learners would rise into further groups, in `nodes`; confirm with `digest` (R33).
    LearnersWouldRise = Refusal::LearnersWouldRise { .. },
    /// Only a present participant of the session can attend a slot (R8).
    NotAParticipant = Refusal::NotAParticipant,
    /// Every seat of the slot is taken (R8).
    SlotFull = Refusal::SlotFull { .. },
    /// The session has ended; its audience can no longer be edited (R8).
    SessionEnded = Refusal::SessionEnded,
    /// Too many people are named at once (R16).
    BatchTooLarge = Refusal::BatchTooLarge { .. },
    /// You have as many prepared jobs open as one person may have, in `nodes`: start or cancel one first (R29).
    TooManyPreparedJobs = Refusal::TooManyPreparedJobs { .. },
    /// Your lists of the last hour and this one have more entries than one person may name within an hour (R29).
    TooManyEntries = Refusal::TooManyEntries { .. },
    /// The idempotency key was used with another input.
    IdempotencyMismatch = Refusal::IdempotencyMismatch,
    /// The first request with the idempotency key is still being carried out: ask again later.
    IdempotencyInProgress = Refusal::IdempotencyInProgress,
}

/// Why a mutation did not do what it was asked. Nothing was changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// What kind of refusal it is, for programs.
    code: UserErrorCode,
    /// What it is about, for people, in English.
    message: String,
    /// The field of the input that it is about, from the input's root; empty where it is about the whole.
    path: Vec<String>,
    /// What it is about and you may see: groups, people, removals, jobs.
    nodes: Vec<Node>,
    /// How many more things it is about that you may not see.
    hidden_count: i32,
    /// What to send to say that this is what you want, where the error asks for it (R33); else null.
    digest: Option<String>,
}

impl UserError {
    /// The error of a refusal and what it is about.
    ///
    /// # Errors
    /// The refusal again where it is a top-level error.
    pub fn of(refusal: Refusal, nodes: Vec<Node>) -> Result<UserError, ApiError> {
        let Some(code) = UserErrorCode::of(&refusal) else { return Err(refusal.into()) };
        Ok(UserError {
            code,
            message: refusal.to_string(),
            path: refusal.path(),
            nodes,
            digest: refusal.digest().map(str::to_owned),
            hidden_count: i32::try_from(refusal.hidden_count()).unwrap_or(i32::MAX),
        })
    }
}
