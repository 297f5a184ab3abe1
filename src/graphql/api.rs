//! Carrying requests out, as quickly as each allows.
//!
//! The extension ([`super::answers`]) stands around every field of an answer, where it costs as much as a plain field
//! does. It has something to do where a field fails, where nobody is known, where a token is good for some things alone,
//! and where a request is paid for. So what a known caller reads is first carried out without it, and where anything
//! failed, once more with it: reading changes nothing, and what the loaders hold is not read again. Everything else is
//! carried out once, with it.
//!
//! What tells much of the schema, and nothing else, takes a processor for a while: it is carried out aside, one request at a
//! time.
//!
//! Whatever a known caller reads in one request is read over one connection, which is held until the answer is there. So
//! as much is under way as there are connections to read with: more would wait for one all the same, each with half of
//! an answer in memory. Who writes holds none, and takes one for each statement that reads besides.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response};
use futures::stream::{BoxStream, StreamExt};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::block_in_place;

use super::context::RequestContext;
use super::error::{given_up, instead_of, introspects_too_much, is_given_up, is_too_large, not_begun};
use super::introspection::{self, TooMuch};
use super::{RosterSchema, quick_schema, schema};

/// What carries requests out.
#[derive(Clone)]
pub struct Api {
    whole: RosterSchema,
    quick: RosterSchema,
    telling: Arc<Semaphore>,
}

impl Default for Api {
    fn default() -> Api {
        Api::new()
    }
}

/// Points of introspection that are told aside.
const MUCH: usize = 1_000;

impl Api {
    /// The API; each request brings the database that it is about.
    pub fn new() -> Api {
        Api { whole: schema(), quick: quick_schema(), telling: Arc::new(Semaphore::new(1)) }
    }

    /// Carries out a query or a mutation; its `kind` is that of the operation asked for, if the query has that. A known
    /// caller who reads and holds no connection yet waits for one.
    pub async fn execute(
        &self,
        mut request: Request,
        kind: Option<OperationType>,
        context: RequestContext,
    ) -> Response {
        let introspection = match introspection::of(&mut request) {
            Ok(introspection) => introspection,
            Err(TooMuch) => return introspects_too_much(),
        };
        let context = context.with_introspection(introspection.points);
        // What tells of the schema alone reads nothing.
        let reads = kind == Some(OperationType::Query) && context.is_known() && !introspection.is_all;
        // Until there is a connection, a request takes no room to be carried out in.
        let context = if reads { context.reading_over_one_connection().await } else { Ok(context) };
        let context = match context {
            Ok(context) => context,
            Err((error, request_id)) => return not_begun(error, &request_id),
        };
        let carrying_out = Box::pin(self.carry_out(request, kind, context, introspection.is_all));
        let is_aside = introspection.is_all && introspection.points > MUCH;
        let response = if is_aside { self.aside(carrying_out).await } else { carrying_out.await };
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
        // Whatever takes too long would take as long again, and who does not answer will not.
        if let Some(error) = response.errors.iter().find_map(given_up) {
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
