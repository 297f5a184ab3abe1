//! Carrying requests out, as quickly as each allows.
//!
//! The extension ([`super::answers`]) stands around every field of an answer, where it costs as much as a plain field
//! does. It has something to do where a field fails, where nobody is known, where a token is good for some things alone,
//! and where a request is paid for. So what a known caller reads is first carried out without it, and where anything
//! failed, once more with it: reading changes nothing, and what the loaders hold is not read again. Everything else is
//! carried out once, with it.
//!
//! Of all that known callers read, as much is under way as there are connections to read with: more would wait for one
//! all the same, each with half of an answer in memory.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response};
use futures::stream::BoxStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::context::RequestContext;
use super::error::out_of_time;
use super::{RosterSchema, quick_schema, schema};

/// The turn of somebody, until it is dropped.
pub type Turn = OwnedSemaphorePermit;

/// What carries requests out.
#[derive(Clone)]
pub struct Api {
    whole: RosterSchema,
    quick: RosterSchema,
    readers: Arc<Semaphore>,
}

impl Api {
    /// The API; each request brings the database that it is about, from which so many `readers` read at once.
    pub fn new(readers: usize) -> Api {
        Api { whole: schema(), quick: quick_schema(), readers: Arc::new(Semaphore::new(readers)) }
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
        request: Request,
        kind: Option<OperationType>,
        context: RequestContext,
        turn: Option<Turn>,
    ) -> Response {
        let reads = kind == Some(OperationType::Query);
        let _turn = match turn {
            None if reads && context.is_known() => self.late_turn(&context).await,
            // Who writes waits for whom they would disturb.
            Some(turn) => (reads || !context.is_known()).then_some(turn),
            None => None,
        };
        Box::pin(self.carry_out(request, kind, context)).await
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
    ) -> Response {
        let is_plain = context.is_known() && context.scopes().is_none() && context.purse().is_none();
        if kind != Some(OperationType::Query) || !is_plain {
            return self.whole.execute(request.data(context)).await;
        }
        let again = copy(&request);
        let response = self.quick.execute(request.data(context.clone().quick())).await;
        if response.errors.is_empty() {
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
        self.whole.execute_stream(request.data(context))
    }
}

/// The same request, to be carried out anew.
fn copy(request: &Request) -> Request {
    let mut copy = Request::new(request.query.clone()).variables(request.variables.clone());
    copy.operation_name = request.operation_name.clone();
    copy.introspection_mode = request.introspection_mode;
    copy
}
