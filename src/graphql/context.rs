//! What a request carries: the database, who asks, its id, its loaders.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_graphql::{Context, ContextBase};
use entity::id::SignInId;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::connection::Parts;
use super::cost::Purse;
use super::error::ApiError;
use super::loaders::Loaders;
use super::prompt::Forms;
use super::tally::Tally;
use crate::access::{Caller, Pass, Scope, Scopes};
use crate::bell::News;
use crate::db::Database;
use crate::error::{Error, Refusal};
use crate::queries::{Batch, Reader};
use crate::removal::batch::{Bounds, CHUNK};
use crate::sign_in::Desk;
use crate::sign_in::cookie::Cookie;
use crate::webhooks::Reach;

/// From where, and how, a request came in, as far as it matters to who signs in.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The address of the client.
    pub address: IpAddr,
    /// What the client says of itself.
    pub user_agent: Option<String>,
    /// How a cookie is set; none where none can be.
    pub cookie: Option<Cookie>,
    /// The mark of a device, as a browser keeps it.
    pub device: Option<String>,
}

impl Default for Visit {
    fn default() -> Visit {
        Visit { address: IpAddr::from([127, 0, 0, 1]), user_agent: None, cookie: None, device: None }
    }
}

/// What belongs to one request. The server adds it to the request's data, made afresh.
#[derive(Clone, Debug)]
pub struct RequestContext {
    database: Database,
    caller: Option<Caller>,
    request_id: String,
    bounds: Bounds,
    purse: Option<Purse>,
    pass: Option<Pass>,
    desk: Arc<Desk>,
    visit: Visit,
    reach: Arc<Reach>,
    stopping: Option<watch::Receiver<bool>>,
    loaders: Arc<Mutex<Option<Arc<Loaders>>>>,
    given_up: OnceLock<Arc<Error>>,
    parts: Arc<Parts>,
    forms: Option<Arc<Forms>>,
    introspection: usize,
    tally: Arc<Tally>,
}

impl RequestContext {
    /// A request of `caller`; without one nothing but the schema itself can be read. The id is what errors of ours
    /// are logged under.
    pub fn new(database: Database, caller: Option<Caller>, request_id: String) -> RequestContext {
        RequestContext {
            database,
            caller,
            request_id,
            bounds: Bounds::default(),
            purse: None,
            pass: None,
            desk: Arc::default(),
            visit: Visit::default(),
            reach: Arc::default(),
            stopping: None,
            loaders: Arc::default(),
            given_up: OnceLock::new(),
            parts: Arc::default(),
            forms: None,
            introspection: 0,
            tally: Arc::default(),
        }
    }

    /// The same, by a caller who is known by `pass`; without one they may do whatever they have the right to. Where it is
    /// known too that they see everything, it holds until something is written.
    #[must_use]
    pub fn with_pass(self, pass: Pass, sees_everything: bool) -> RequestContext {
        let context = RequestContext { pass: Some(pass), ..self };
        let caller = context.caller.clone().filter(|_| sees_everything);
        let made = caller.map(|caller| context.made(Reader::seeing_everything, caller));
        RequestContext { loaders: Arc::new(Mutex::new(made)), ..context }
    }

    /// The same, come in by `visit`; signing in is done at `desk`.
    #[must_use]
    pub fn with_desk(self, desk: Arc<Desk>, visit: Visit) -> RequestContext {
        RequestContext { desk, visit, ..self }
    }

    /// The same, removing at most `chunk` people in one transaction: 1 to [`CHUNK`].
    #[must_use]
    pub fn with_chunk(self, chunk: usize) -> RequestContext {
        let bounds = Bounds { people: chunk.clamp(1, CHUNK), ..self.bounds };
        RequestContext { bounds, ..self }
    }

    /// The same, removing people in one transaction who bring at most `rows` decided rows together.
    #[must_use]
    pub fn with_rows(self, rows: i64) -> RequestContext {
        let bounds = Bounds { rows, ..self.bounds };
        RequestContext { bounds, ..self }
    }

    /// The same; webhooks may reach what `reach` passes.
    #[must_use]
    pub fn with_reach(self, reach: Arc<Reach>) -> RequestContext {
        RequestContext { reach, ..self }
    }

    /// The same, waiting for nothing more once `stopping` says so.
    #[must_use]
    pub fn until(self, stopping: watch::Receiver<bool>) -> RequestContext {
        RequestContext { stopping: Some(stopping), ..self }
    }

    /// The same, paid from `purse`.
    #[must_use]
    pub fn with_purse(self, purse: Purse) -> RequestContext {
        RequestContext { purse: Some(purse), ..self }
    }

    /// The same, reading over one connection, which is waited for where none is held yet and given back with the request.
    ///
    /// # Errors
    /// Why there is none, and the id of the request.
    pub(super) async fn reading_over_one_connection(self) -> Result<RequestContext, (ApiError, String)> {
        if self.database.is_held() {
            return Ok(self);
        }
        let (held, waited) = match self.database.hold_now().await {
            Ok(Some(held)) => (Ok(held), false),
            Ok(None) => (self.database.hold().await, true),
            Err(error) => (Err(error), false),
        };
        match held {
            Ok(database) => {
                // What was known of the caller's rights was known before whatever was waited for.
                let sees_everything = !waited && self.sees_everything();
                let context = RequestContext { database, loaders: Arc::default(), ..self };
                Ok(match context.pass.clone() {
                    Some(pass) => context.with_pass(pass, sees_everything),
                    None => context,
                })
            }
            Err(error) => Err((error.into(), self.request_id)),
        }
    }

    /// Whether it is known that the caller sees everything.
    fn sees_everything(&self) -> bool {
        let kept = self.loaders.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().is_some_and(|loaders| loaders.reader().is_known_to_see_everything())
    }

    /// The same, carried out without an extension around every field. Its fields are no other run's.
    pub(super) fn quick(self) -> RequestContext {
        RequestContext { parts: Arc::default(), forms: Some(Arc::default()), tally: Arc::default(), ..self }
    }

    /// The same; its introspection costs so many points.
    #[must_use]
    pub(super) fn with_introspection(self, points: usize) -> RequestContext {
        RequestContext { introspection: points, ..self }
    }

    /// The points that its introspection costs.
    pub(super) fn introspection(&self) -> usize {
        self.introspection
    }

    /// What the answer has come to so far.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the request is paid from; none where nothing is to pay.
    pub(super) fn purse(&self) -> Option<&Purse> {
        self.purse.as_ref()
    }

    /// Whether somebody asks whom we know.
    pub(super) fn is_known(&self) -> bool {
        self.caller.is_some()
    }

    /// What the caller's token may be used for; none where it is no token, or one for everything that tokens may do.
    pub(super) fn scopes(&self) -> Option<&Scopes> {
        match &self.pass {
            Some(Pass::Token(scopes)) => scopes.as_ref(),
            Some(Pass::SignIn(_) | Pass::Provider(_)) | None => None,
        }
    }

    /// As [`Pass::require`]; who is not known has no token.
    ///
    /// # Errors
    /// As [`Pass::require`].
    pub(super) fn require(&self, scope: Scope) -> Result<(), Refusal> {
        self.pass.as_ref().map_or(Ok(()), |pass| pass.require(scope))
    }

    /// Whether the caller is known by a token.
    pub(super) fn is_by_token(&self) -> bool {
        matches!(self.pass, Some(Pass::Token(_)))
    }

    /// What errors of ours are logged under.
    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Reads nothing more, because of `error`.
    pub(super) fn give_up(&self, error: Arc<Error>) {
        let _ = self.given_up.set(error);
    }

    /// The database that it is about.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// What signing in is done with.
    pub(super) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// From where it came in.
    pub(super) fn visit(&self) -> &Visit {
        &self.visit
    }

    /// What says that the server stops; none where nothing stops it.
    pub(super) fn stopping(&self) -> Option<watch::Receiver<bool>> {
        self.stopping.clone()
    }

    /// Who asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when nobody does whom we know.
    pub(super) fn caller(&self) -> Result<Caller, ApiError> {
        self.caller.clone().ok_or_else(|| Refusal::Unauthenticated.into())
    }

    fn loaders(&self) -> Result<Arc<Loaders>, ApiError> {
        let caller = self.caller()?;
        let mut kept = self.loaders.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get_or_insert_with(|| self.made(Reader::new, caller)).clone())
    }

    fn made(&self, reader: fn(Database, Caller) -> Reader, caller: Caller) -> Arc<Loaders> {
        let reader = reader(self.database.clone(), caller);
        let is_good = self.require(Scope::UsersPii).is_ok();
        Arc::new(Loaders::new(if is_good { reader } else { reader.impersonal() }))
    }

    /// Forgets what was read, because something was written.
    pub(super) fn forget(&self) {
        *self.loaders.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The context of this request.
///
/// # Errors
/// When the server forgot to add one, or the request was given up.
pub(super) fn of<'a>(ctx: &Context<'a>) -> Result<&'a RequestContext, ApiError> {
    let request = ctx
        .data_opt::<RequestContext>()
        .ok_or_else(|| ApiError::from(Error::Broken("every request has a context")))?;
    match request.given_up.get() {
        None => Ok(request),
        Some(error) => Err(error.clone().into()),
    }
}

/// Which parts of which lists the fields of this request ask for.
///
/// # Errors
/// When the server forgot to add a context.
pub(super) fn parts<'a>(ctx: &Context<'a>) -> Result<&'a Parts, ApiError> {
    Ok(&of(ctx)?.parts)
}

/// The forms of what this request selects and what its answer has come to, where no extension stands around every field
/// of it.
pub(super) fn quick<'a, T>(ctx: &ContextBase<'a, T>) -> Option<(&'a Forms, &'a Tally)> {
    let request = ctx.data_opt::<RequestContext>()?;
    Some((request.forms.as_deref()?, request.tally()))
}

/// Who asks.
///
/// # Errors
/// `UNAUTHENTICATED` when nobody does whom we know.
pub fn caller(ctx: &Context<'_>) -> Result<Caller, ApiError> {
    of(ctx)?.caller()
}

/// The loaders of this request, and through them who reads. In a mutation: those of this root field.
///
/// # Errors
/// `UNAUTHENTICATED` when nobody asks whom we know.
pub fn loaders(ctx: &Context<'_>) -> Result<Arc<Loaders>, ApiError> {
    of(ctx)?.loaders()
}

/// Forgets what was read, so that what is read next is read anew.
///
/// # Errors
/// When the server forgot to add a context.
pub fn forget(ctx: &Context<'_>) -> Result<(), ApiError> {
    of(ctx)?.forget();
    Ok(())
}

/// What `B` answers for `key`, asked together with what other fields of the level ask for.
///
/// # Errors
/// When the database cannot be read.
pub fn load<'a, B: Batch>(
    ctx: &'a Context<'_>,
    key: B::Key,
) -> BoxFuture<'a, Result<Option<B::Value>, ApiError>> {
    // Boxed: every field of an object makes room for what the largest of them waits for.
    Box::pin(async move { loaders(ctx)?.load::<B>(key).await })
}

/// As [`load`], where a foreign key promises that there is an answer.
///
/// # Errors
/// As [`load`], and when there is none.
pub async fn load_known<B: Batch>(ctx: &Context<'_>, key: B::Key) -> Result<B::Value, ApiError> {
    load::<B>(ctx, key).await?.ok_or_else(|| Error::Broken("what is referred to exists").into())
}

/// What signing in is done with.
///
/// # Errors
/// When the server forgot to add a context.
pub fn desk(ctx: &Context<'_>) -> Result<Arc<Desk>, ApiError> {
    Ok(of(ctx)?.desk.clone())
}

/// From where the request came in.
///
/// # Errors
/// When the server forgot to add a context.
pub fn visit<'a>(ctx: &Context<'a>) -> Result<&'a Visit, ApiError> {
    Ok(&of(ctx)?.visit)
}

/// The sign-in that the caller is known by, where it is one.
///
/// # Errors
/// When the server forgot to add a context.
pub fn current_sign_in(ctx: &Context<'_>) -> Result<Option<SignInId>, ApiError> {
    Ok(of(ctx)?.pass.as_ref().and_then(Pass::sign_in))
}

/// What the caller is known by; none where they had to show nothing.
///
/// # Errors
/// When the server forgot to add a context.
pub fn pass(ctx: &Context<'_>) -> Result<Option<Pass>, ApiError> {
    Ok(of(ctx)?.pass.clone())
}

/// Passes where the caller's token may be used for `scope`, or is none.
///
/// # Errors
/// `FORBIDDEN`, naming the scope.
pub fn require_scope(ctx: &Context<'_>, scope: Scope) -> Result<(), ApiError> {
    Ok(of(ctx)?.require(scope)?)
}

/// Passes everybody but tokens.
///
/// # Errors
/// `FORBIDDEN`.
pub fn require_no_token(ctx: &Context<'_>) -> Result<(), ApiError> {
    if of(ctx)?.is_by_token() { Err(Refusal::NotByToken.into()) } else { Ok(()) }
}

/// Whether the caller is known by a token.
///
/// # Errors
/// When the server forgot to add a context.
pub fn is_by_token(ctx: &Context<'_>) -> Result<bool, ApiError> {
    Ok(of(ctx)?.is_by_token())
}

/// What the caller's token may be used for; none where it is no token, or one for everything that tokens may do.
///
/// # Errors
/// When the server forgot to add a context.
pub fn scopes(ctx: &Context<'_>) -> Result<Option<Scopes>, ApiError> {
    Ok(of(ctx)?.scopes().cloned())
}

/// Whether the caller's token may not be used for everything.
///
/// # Errors
/// When the server forgot to add a context.
pub fn is_limited(ctx: &Context<'_>) -> Result<bool, ApiError> {
    Ok(of(ctx)?.scopes().is_some())
}

/// What webhooks may reach.
///
/// # Errors
/// When the server forgot to add a context.
pub fn reach(ctx: &Context<'_>) -> Result<Arc<Reach>, ApiError> {
    Ok(of(ctx)?.reach.clone())
}

/// Tells those who send that there is something to be sent.
///
/// # Errors
/// When the server forgot to add a context.
pub fn happened(ctx: &Context<'_>) -> Result<(), ApiError> {
    of(ctx)?.database.bell.happened();
    Ok(())
}

/// What is heard of jobs from now on, here and, a little later, from other instances.
///
/// # Errors
/// When the server forgot to add a context.
pub fn news(ctx: &Context<'_>) -> Result<News, ApiError> {
    Ok(of(ctx)?.database.bell.news())
}

/// How much one transaction of a removal takes.
///
/// # Errors
/// When the server forgot to add a context.
pub fn bounds(ctx: &Context<'_>) -> Result<Bounds, ApiError> {
    Ok(of(ctx)?.bounds)
}
