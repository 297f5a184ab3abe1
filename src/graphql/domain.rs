//! The ways into the domain: its doors for what is written, its questions for what no list answers. What is written, and
//! what takes several statements, is carried out in a task of its own, which goes on when the client hangs up.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Context;
use entity::id::JobId;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use super::context::{self, Visit};
use super::error::{ApiError, UserError};
use super::node;
use crate::access::Caller;
use crate::db::Database;
use crate::error::{Error, Failure, Refusal};
use crate::events;
use crate::jobs;
use crate::sign_in::Desk;
use crate::transaction;
use crate::transaction::{Key, Snapshot, Tx};

/// Runs a door for a mutation: in a task of its own, which goes on if the client hangs up, and in one transaction.
///
/// `input` is what the door is given, or why it could not be read. The inner result is what the door answered with,
/// or the error of the payload. What is read afterwards is read anew.
///
/// # Errors
/// `UNAUTHENTICATED`, or what broke.
pub async fn write<I, T>(
    ctx: &Context<'_>,
    operation: &'static str,
    key: Option<String>,
    input: Result<I, Refusal>,
    door: impl for<'a> Fn(&'a Tx, &'a I) -> BoxFuture<'a, Result<T, Failure>> + Send + Sync + 'static,
) -> Result<Result<T, UserError>, ApiError>
where
    I: Serialize + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + 'static,
{
    perform(ctx, operation, key, input, move |database, caller, key, input| async move {
        transaction::write(&database, caller, key, input, door).await
    })
    .await
}

/// As [`write`], for what takes more than one transaction.
///
/// # Errors
/// As [`write`].
pub async fn perform<I, T, F>(
    ctx: &Context<'_>,
    operation: &'static str,
    key: Option<String>,
    input: Result<I, Refusal>,
    act: impl FnOnce(Database, Caller, Option<Key>, I) -> F + Send + 'static,
) -> Result<Result<T, UserError>, ApiError>
where
    I: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let request = context::of(ctx)?;
    let caller = request.caller()?;
    let asked = input.and_then(|input| Ok((input, Key::parse(operation, key)?)));
    let done = match asked {
        Ok((input, key)) => {
            let database = request.database().clone();
            to_its_end(Box::pin(act(database, caller, key, input))).await?
        }
        Err(refusal) => Err(Failure::Refused(refusal)),
    };
    told(ctx, done).await
}

/// As [`perform`], for anybody, known or not: at the desk, in a task of its own.
///
/// # Errors
/// What broke, and `RATE_LIMITED`.
pub async fn at_the_desk<T, F>(
    ctx: &Context<'_>,
    act: impl FnOnce(Database, Arc<Desk>, Visit) -> F + Send + 'static,
) -> Result<Result<T, UserError>, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let request = context::of(ctx)?;
    let (database, desk, visit) =
        (request.database().clone(), request.desk().clone(), request.visit().clone());
    let done = to_its_end(Box::pin(act(database, desk, visit))).await?;
    told(ctx, done).await
}

/// What a payload says of what was done or refused.
async fn told<T>(ctx: &Context<'_>, done: Result<T, Failure>) -> Result<Result<T, UserError>, ApiError> {
    let request = context::of(ctx)?;
    request.forget();
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Failure::Refused(refusal)) => {
            let nodes = node::of_refusal(ctx, &refusal).await?;
            Ok(Err(UserError::of(refusal, nodes)?))
        }
        Err(Failure::Broken(error)) => {
            let error = Arc::new(error);
            if error.is_outage() {
                // Nobody waits once more for each further field.
                request.give_up(error.clone());
            }
            Err(error.into())
        }
    }
}

/// Reads one state of the database with several statements, in a task of its own like a mutation.
///
/// # Errors
/// What `work` refuses with, or what broke.
pub async fn snapshot<I, T>(
    ctx: &Context<'_>,
    input: I,
    work: impl for<'a> Fn(&'a Snapshot<'a>, &'a I) -> BoxFuture<'a, Result<T, Failure>> + Send + Sync + 'static,
) -> Result<T, ApiError>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    let database = context::of(ctx)?.database().clone();
    Ok(to_its_end(Box::pin(async move { transaction::snapshot(&database, input, work).await })).await??)
}

/// Carries `work` out in a task of its own, which goes on when nobody waits for it any more.
///
/// # Errors
/// When it panicked.
async fn to_its_end<T: Send + 'static>(work: BoxFuture<'static, T>) -> Result<T, Error> {
    let (tell, told) = oneshot::channel();
    // Boxed, so that one type of task is compiled and not one for each mutation.
    let task: BoxFuture<'static, ()> = Box::pin(async move {
        // Whoever no longer listens does not stop the work.
        let _ = tell.send(work.await);
    });
    tokio::spawn(task);
    told.await.map_err(|_| Error::Broken("work runs to its end"))
}

/// What a mutation is asked, where reading its input took the database: a refusal is one of the payload.
///
/// # Errors
/// What broke.
pub fn asked<I>(read: Result<I, ApiError>) -> Result<Result<I, Refusal>, ApiError> {
    match read {
        Ok(input) => Ok(Ok(input)),
        Err(ApiError::Refused(refusal)) => Ok(Err(refusal)),
        Err(broken) => Err(broken),
    }
}

/// What the domain answers people alone outside a mutation, in a task of its own: no token is good for it.
///
/// # Errors
/// `UNAUTHENTICATED`, `FORBIDDEN` for tokens, what is refused, or what broke.
pub async fn asked_of<T, F>(
    ctx: &Context<'_>,
    ask: impl FnOnce(Database, Caller) -> F + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    context::require_no_token(ctx)?;
    read(ctx, ask).await
}

/// What the domain answers outside a mutation, in a task of its own.
///
/// # Errors
/// `UNAUTHENTICATED`, what is refused, or what broke.
pub async fn read<T, F>(
    ctx: &Context<'_>,
    ask: impl FnOnce(Database, Caller) -> F + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let request = context::of(ctx)?;
    Ok(to_its_end(Box::pin(ask(request.database().clone(), request.caller()?))).await??)
}

/// Passes whoever may hear what happened on the platform.
///
/// # Errors
/// `UNAUTHENTICATED`, `FORBIDDEN`.
pub async fn may_hear(ctx: &Context<'_>) -> Result<(), ApiError> {
    let request = context::of(ctx)?;
    Ok(events::may_hear(request.database(), &request.caller()?).await?)
}

/// Waits for `job` to end, `patience` at most and not when the server stops. What is read afterwards is read anew.
///
/// # Errors
/// When the database cannot be read.
pub async fn wait_for(ctx: &Context<'_>, job: JobId, patience: Duration) -> Result<(), ApiError> {
    let request = context::of(ctx)?;
    let stopping = request.stopping();
    let stopping = async move {
        match stopping {
            // A server that is gone has stopped.
            Some(mut stopping) => drop(stopping.wait_for(|stops| *stops).await),
            None => std::future::pending().await,
        }
    };
    jobs::wait(request.database(), job, patience, Box::pin(stopping)).await?;
    request.forget();
    Ok(())
}

/// Declares the payload of a mutation: the thing, and why it was not done.
///
/// ```text
/// payload! {
///     /// What `createGroup` answers with.
///     CreateGroupPayload {
///         /// The new group.
///         group: Group
///     }
/// }
/// ```
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $thing:ty $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_doc])*
            $field: Option<$thing>,
            /// Why nothing was done; empty when it was.
            user_errors: Vec<$crate::graphql::error::UserError>,
        }

        impl $name {
            /// What the door answered with: `load` reads the thing as it is now.
            async fn of<T, F>(
                done: Result<T, $crate::graphql::error::UserError>,
                load: impl FnOnce(T) -> F,
            ) -> Result<$name, $crate::graphql::error::ApiError>
            where
                F: Future<Output = Result<Option<$thing>, $crate::graphql::error::ApiError>>,
            {
                Ok(match done {
                    Ok(done) => $name { $field: load(done).await?, user_errors: Vec::new() },
                    Err(error) => $name { $field: None, user_errors: vec![error] },
                })
            }
        }
    };
}
pub(super) use payload;
