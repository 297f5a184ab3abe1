//! Carrying requests out, as quickly as each allows.
//!
//! The extension ([`super::answers`]) stands around every field of an answer, where it costs as much as a plain field
//! does. It has something to do where a field fails, where nobody is known, where a token is good for some things alone,
//! and where a request is paid for. So what a known caller reads is first carried out without it, and where anything
//! failed, once more with it: reading changes nothing, and what the loaders hold is not read again. Everything else is
//! carried out once, with it.
//!
//! What tells much of the schema takes a processor for a while: it is carried out aside, one request at a time.
//!
//! Of all that known callers read, as much is under way as there are connections to read with: more would wait for one
//! all the same, each with half of an answer in memory.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response};
use futures::stream::{BoxStream, StreamExt};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::block_in_place;

use super::context::RequestContext;
use super::error::{instead_of, introspects_too_much, is_given_up, is_too_large, out_of_time};
use super::introspection::{self, TooMuch};
use super::{RosterSchema, quick_schema, schema};

/// The turn of somebody, until it is dropped.
pub type Turn = OwnedSemaphorePermit;

/// What carries requests out.
#[derive(Clone)]
pub struct Api {
    whole: RosterSchema,
    quick: RosterSchema,
    readers: Arc<Semaphore>,
    telling: Arc<Semaphore>,
}

/// Points of introspection that are told aside.
const MUCH: usize = 1_000;

impl Api {
    /// The API; each request brings the database that it is about, from which so many `readers` read at once.
    pub fn new(readers: usize) -> Api {
        let (readers, telling) = (Arc::new(Semaphore::new(readers)), Arc::new(Semaphore::new(1)));
        Api { whole: schema(), quick: quick_schema(), readers, telling }
    }

    /// Waits for the turn of somebody who reads. What is learned of them after that need not be learned again.
    pub async fn turn(&self) -> Option<Turn> {
        // They are never closed.
        Arc::clone(&self.readers).acquire_owned().await.ok()
    }

    /// Carries out a query or a mutation; its `kind` is that of the operation asked for, if the query has that. Who reads
    /// and has had no `turn` yet waits for it; who writes gives it back; whoever is not known keeps theirs.
    pub async fn execute(
        &self,
        mut request: Request,
        kind: Option<OperationType>,
        context: RequestContext,
        turn: Option<Turn>,
    ) -> Response {
        let introspection = match introspection::of(&mut request) {
            Ok(introspection) => introspection,
            Err(TooMuch) => return introspects_too_much(),
        };
        let context = context.with_introspection(introspection.points);
        let reads = kind == Some(OperationType::Query);
        let _turn = match turn {
            None if reads && context.is_known() => self.late_turn(&context).await,
            // Who writes waits for whom they would disturb.
            Some(turn) => (reads || !context.is_known()).then_some(turn),
            None => None,
        };
        let carrying_out = Box::pin(self.carry_out(request, kind, context, introspection.is_all));
        let response =
            if introspection.points > MUCH { self.aside(carrying_out).await } else { carrying_out.await };
        bounded(kind, response)
    }

    /// Carries out what tells much of the schema. It takes a processor for a while and waits for nothing, so it does not
    /// keep others of its thread waiting, and of all such requests one is carried out at a time.
    async fn aside(&self, carrying_out: impl Future<Output = Response>) -> Response {
        // It is never closed.
        let _turn = self.telling.acquire().await.ok();
        let runtime = Handle::current();
        match runtime.runtime_flavor() {
            RuntimeFlavor::MultiThread => block_in_place(|| runtime.block_on(carrying_out)),
            _ => carrying_out.await,
        }
    }

    /// Until its turn has come, a request takes no room to be carried out in.
    async fn late_turn(&self, context: &RequestContext) -> Option<Turn> {
        if let Ok(turn) = Arc::clone(&self.readers).try_acquire_owned() {
            return Some(turn);
        }
        let turn = self.turn().await;
        // What was known of the caller's rights was known before.
        context.forget();
        turn
    }

    async fn carry_out(
        &self,
        request: Request,
        kind: Option<OperationType>,
        context: RequestContext,
        is_introspection: bool,
    ) -> Response {
        // The schema is everybody's.
        let is_free = is_introspection || context.is_known() && context.scopes().is_none();
        let is_plain = is_free && context.purse().is_none();
        if kind != Some(OperationType::Query) || !is_plain {
            return self.whole.execute(request.data(context)).await;
        }
        let again = copy(&request);
        let response = self.quick.execute(request.data(context.clone().quick())).await;
        if response.errors.is_empty() || is_given_up(&response) {
            return response;
        }
        // Whatever takes too long would take as long again.
        if let Some(error) = response.errors.iter().find_map(out_of_time) {
            context.give_up(error);
        }
        self.whole.execute(again.data(context)).await
    }

    /// Carries out a subscription.
    pub fn stream(&self, request: Request, context: RequestContext) -> BoxStream<'static, Response> {
        let answers = self.whole.execute_stream(request.data(context));
        answers.map(|response| bounded(Some(OperationType::Subscription), response)).boxed()
    }
}

/// The answer, or, where it was given up because there was too much of it, what is said in its place.
fn bounded(kind: Option<OperationType>, mut response: Response) -> Response {
    match response.errors.iter().position(is_too_large) {
        Some(at) => {
            let error = response.errors.swap_remove(at);
            instead_of(response, kind, error)
        }
        None => response,
    }
}

/// The same request, to be carried out anew.
fn copy(request: &Request) -> Request {
    let mut copy = Request::new(request.query.clone()).variables(request.variables.clone());
    copy.operation_name = request.operation_name.clone();
    copy.introspection_mode = request.introspection_mode;
    copy
}
