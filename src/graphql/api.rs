//! Carrying requests out, as quickly as each allows.
//!
//! The extension ([`super::answers`]) stands around every field of an answer, where it costs as much as a plain field
//! does. It has something to do where a field fails, where nobody is known, where a token is good for some things alone,
//! and where a request is paid for. So what a known caller reads is first carried out without it, and where anything
//! failed, once more with it: reading changes nothing, and what the loaders hold is not read again. Everything else is
//! carried out once, with it.
//!
//! Whatever a known caller reads in one request is read over one connection, which is held until the answer is there. So
//! as much is under way as there are connections to read with: more would wait for one all the same, each with half of
//! an answer in memory. Who writes holds none, and takes one for each statement that reads besides.

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response};
use futures::stream::BoxStream;

use super::context::RequestContext;
use super::error::{given_up, not_begun};
use super::{RosterSchema, quick_schema, schema};

/// What carries requests out.
#[derive(Clone)]
pub struct Api {
    whole: RosterSchema,
    quick: RosterSchema,
}

impl Default for Api {
    fn default() -> Api {
        Api::new()
    }
}

impl Api {
    /// The API; each request brings the database that it is about.
    pub fn new() -> Api {
        Api { whole: schema(), quick: quick_schema() }
    }

    /// Carries out a query or a mutation; its `kind` is that of the operation asked for, if the query has that. A known
    /// caller who reads and holds no connection yet waits for one.
    pub async fn execute(
        &self,
        request: Request,
        kind: Option<OperationType>,
        context: RequestContext,
    ) -> Response {
        let reads = kind == Some(OperationType::Query) && context.is_known();
        // Until there is a connection, a request takes no room to be carried out in.
        let context = if reads { context.reading_over_one_connection().await } else { Ok(context) };
        match context {
            Ok(context) => Box::pin(self.carry_out(request, kind, context)).await,
            Err((error, request_id)) => not_begun(error, &request_id),
        }
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
        // Whatever takes too long would take as long again, and who does not answer will not.
        if let Some(error) = response.errors.iter().find_map(given_up) {
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
