//! The one place that turns a [`Refusal`] or an [`Error`] into GraphQL.
//!
//! Resolvers answer with [`ApiError`], which has no `Display` and cannot be made of a database's error: so `?` on one
//! does not compile, and no statement reaches a client. What the domain refuses in a mutation is data of its payload
//! ([`UserError`]); a top-level error is for what never reached the domain, and always has `extensions.code`.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError, SimpleObject, Value};

use super::node::Node;
use super::{COMPLEXITY, introspection};
use crate::error::{Error, Failure, Refusal};

/// Why a resolver has no answer.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// Told to the caller as it is.
    Refused(Refusal),
    /// Logged, and told as `INTERNAL`, `TIMED_OUT` or `UNAVAILABLE`.
    Broken(Arc<Error>),
    /// The answer has become too large, and is given up.
    TooLarge(Excess),
}

/// What an answer has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// More than [`LARGEST_ANSWER`] bytes.
    Bytes,
    /// More than [`COMPLEXITY`](super::COMPLEXITY) values.
    Values,
}

/// Bytes of the largest answer that is given.
pub const LARGEST_ANSWER: usize = 16 << 20;

/// The code of an answer that was given up because it became too large.
const TOO_LARGE: &str = "ANSWER_TOO_LARGE";

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
                    Refusal::MissingScope { scope } => extensions.set("scope", *scope),
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
                let (code, message) = if error.is_out_of_time() {
                    ("TIMED_OUT", TIMED_OUT)
                } else if error.is_outage() {
                    extensions.set("retryAfter", RETRY_AFTER);
                    ("UNAVAILABLE", UNAVAILABLE)
                } else {
                    ("INTERNAL", INTERNAL)
                };
                extensions.set("code", code);
                message.to_owned()
            }
            ApiError::TooLarge(excess) => {
                let error = too_large(*excess);
                extensions = error.extensions.unwrap_or_default();
                error.message
            }
        };
        async_graphql::Error { message, source: Some(Arc::new(error)), extensions: Some(extensions) }
    }
}

/// Why the field at `place` has no answer, where its resolver was not asked for it.
pub(super) fn refused(why: impl Into<ApiError>, place: Pos) -> ServerError {
    async_graphql::Error::from(why.into()).into_server_error(place)
}

/// What broke, where the database gave a read up or does not answer.
pub(super) fn given_up(error: &ServerError) -> Option<Arc<Error>> {
    match error.source::<ApiError>() {
        Some(ApiError::Broken(cause)) if cause.is_out_of_time() || cause.is_outage() => Some(cause.clone()),
        _ => None,
    }
}

/// The answer to a request that was not begun because of `error`.
pub(super) fn not_begun(error: ApiError, request_id: &str) -> Response {
    let mut error = async_graphql::Error::from(error).into_server_error(Pos::default());
    error.locations.clear();
    log(&mut error, request_id);
    Response::from_errors(vec![error])
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

/// The error that stands in place of an answer that has too much of something.
pub(super) fn too_large(excess: Excess) -> ServerError {
    let (limit, unit) = match excess {
        Excess::Bytes => (LARGEST_ANSWER, "bytes"),
        Excess::Values => (COMPLEXITY, "values"),
    };
    let message = format!("The answer has more than {limit} {unit}. Select less, or ask for smaller pages.");
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", TOO_LARGE);
    extensions.set("limit", limit);
    extensions.set("unit", unit.to_uppercase());
    error
}

/// What is answered instead of `response`, of which there is too much: the error alone, with the headers and figures
/// that go with every answer. What a mutation has done stays done, and is said to be.
pub fn instead_of(response: Response, kind: Option<OperationType>, error: ServerError) -> Response {
    let mut error = error;
    if kind == Some(OperationType::Mutation) {
        error.message.push_str(" The mutation has been carried out all the same: do not send it again.");
    }
    let mut answer = Response::from_errors(vec![error]).http_headers(response.http_headers);
    answer.extensions = response.extensions;
    answer
}

/// Whether an answer was given up because there was too much of it.
pub fn is_given_up(response: &Response) -> bool {
    response.errors.iter().any(is_too_large)
}

/// Whether this is the error of an answer that was given up.
pub(super) fn is_too_large(error: &ServerError) -> bool {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    code == Some(&Value::from(TOO_LARGE))
}

/// What is answered instead of an answer that would be larger than [`LARGEST_ANSWER`] when written.
pub fn too_many_bytes(response: Response, kind: Option<OperationType>) -> Response {
    instead_of(response, kind, too_large(Excess::Bytes))
}

/// A request whose introspection would tell too much.
pub(super) fn introspects_too_much() -> Response {
    let message = format!(
        "Query is too complex: introspection costs more than {} points. Nest fewer lists of the schema.",
        introspection::MOST
    );
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", "QUERY_TOO_COMPLEX");
    extensions.set("limit", introspection::MOST);
    Response::from_errors(vec![error])
}

/// What a client reads of an error that is ours.
const INTERNAL: &str =
    "Something broke on our side. Nothing was changed; the request id finds it in our logs.";

/// What a client reads where the database gave a read up.
const TIMED_OUT: &str = "This takes longer than a read may take. Ask for less at once, or narrow the filter.";

/// What a client reads while the database does not answer. Whether the last of what was written arrived is not known.
pub(crate) const UNAVAILABLE: &str = "The database does not answer at the moment. Retry in a few seconds; where \
                                      something was to be changed, with the same idempotencyKey.";

/// Seconds after which it may answer again.
pub(crate) const RETRY_AFTER: u64 = 5;

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
    /// More accounts would be deleted within 24 hours than the safety share allows: `confirmCount` has to say how many this
    /// request deletes, or, for one person, how many went in the last 24 hours with this one (R29).
    ConfirmCountRequired = Refusal::ConfirmCountRequired { .. },
    /// `confirmCount` is not the number that was to be confirmed (R29).
    CountMismatch = Refusal::CountMismatch { .. },
    /// The person named by `path` is deleted or erased.
    UserDeleted = Refusal::UserDeleted { .. },
    /// Somebody else has this email (R24).
    EmailTaken = Refusal::EmailTaken,
    /// Somebody else has this username (R24).
    UsernameTaken = Refusal::UsernameTaken,
    /// Another account reserves this external id (R24), or another group has it (R34).
    ExternalIdTaken = Refusal::ExternalIdTaken,
    /// A deleted person, in `nodes`, had the email, the username or the external id that `path` names: reinstate them,
    /// or create a new account with `createAnyway: true` (R24).
    ReinstateAvailable = Refusal::ReinstateAvailable { .. },
    /// A deactivated person, in `nodes`, has the email, the username or the external id that `path` names: reactivate
    /// them, or give the new account another (R24).
    ReactivateAvailable = Refusal::ReactivateAvailable { .. },
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
