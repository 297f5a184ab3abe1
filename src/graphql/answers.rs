//! The one extension: what every field's answer passes through.
//!
//! - Nobody reads anything unless they are known: the check stands in front of every field of a root type. Whoever is
//!   known by a token gets what its scopes are good for ([`crate::access::scopes`]), whichever way they come to it.
//! - async-graphql 8.0.0-rc.5 answers a failing `Result<Option<T>>` with null for its *parent*, and overwrites the
//!   path of an error that passes a list. Here a failure stops at the nearest field that may be null, as the
//!   specification says, and keeps the path at which it happened.
//! - Errors of ours are logged once, every error has a code, and there are at most a hundred. What a misspelt field
//!   may have meant is told to known callers alone.
//! - What a request costs is paid before anything is read.
//! - What has been answered is counted, and an answer that becomes too large is given up ([`super::tally`]).

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextRequest, NextResolve, NextValidation,
    ResolveInfo,
};
use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, ValidationResult,
    Value, value,
};

use super::context::RequestContext;
use super::cost::Paid;
use super::error::{give_code, hide_suggestion, log, rate_limited, refused, too_large};
use super::tally::{Tally, bytes};
use crate::access::Scopes;
use crate::access::scopes::{self, Rule};
use crate::error::Refusal;

/// At most so many errors in an answer.
const ERRORS: usize = 100;
/// The root types.
const ROOTS: [&str; 3] = ["Query", MUTATION, "Subscription"];
/// The root type of what changes something.
const MUTATION: &str = "Mutation";

/// Makes one [`Answers`] for each request.
pub(super) struct Factory;

impl ExtensionFactory for Factory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Answers::default())
    }
}

/// The errors of a request that fields have stopped, and what it cost.
#[derive(Default)]
struct Answers {
    stopped: Mutex<Vec<ServerError>>,
    limits: OnceLock<Option<Scopes>>,
    paid: OnceLock<Paid>,
}

/// Where an error happened, kept in the error itself, where no list overwrites it.
struct Origin(Vec<PathSegment>);

#[async_trait]
impl Extension for Answers {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        response.errors.truncate(ERRORS);
        response.errors.iter_mut().for_each(give_code);
        if let Some(Paid { cost, left, points }) = self.paid.get() {
            let cost = value!({ "requested": *cost, "left": *left, "perMinute": *points });
            response.extensions.insert("cost".to_owned(), cost);
        }
        response
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let found = next.run(ctx).await.map_err(|mut errors| {
            if !is_known(ctx) {
                errors.iter_mut().for_each(hide_suggestion);
            }
            errors
        })?;
        if let Some(purse) = ctx.data_opt::<RequestContext>().and_then(RequestContext::purse) {
            let introspection = ctx.data_opt::<RequestContext>().map_or(0, RequestContext::introspection);
            match purse.pay(found.complexity.saturating_add(introspection)) {
                // Asked once for each request.
                Ok(paid) => drop(self.paid.set(paid)),
                Err(wait) => return Err(vec![rate_limited(wait)]),
            }
        }
        Ok(found)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let tally = ctx.data_opt::<RequestContext>().map(RequestContext::tally);
        tally.inspect(|tally| tally.reset());
        let mut response = next.run(ctx, operation_name).await;
        if let Some(excess) = tally.and_then(Tally::excess) {
            response.data = Value::Null;
            response.errors = vec![too_large(excess)];
            return response;
        }
        response.errors.append(&mut self.stopped.lock().unwrap_or_else(PoisonError::into_inner));
        for error in &mut response.errors {
            if let Some(Origin(path)) = error.source::<Origin>() {
                error.path = path.clone();
            }
        }
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if info.is_for_introspection {
            return next.run(ctx, info).await;
        }
        let tally = ctx.data_opt::<RequestContext>().map(RequestContext::tally);
        // What is given up is answered no further; what else a mutation is to do is done.
        if info.parent_type != MUTATION && tally.is_some_and(|tally| tally.excess().is_some()) {
            return Ok(Some(Value::Null));
        }
        let (node, nullable) = (info.path_node, !info.return_type.ends_with('!'));
        let name = match node.segment {
            QueryPathSegment::Name(name) => name.len() + 3,
            QueryPathSegment::Index(_) => 0,
        };
        let refusal = if ROOTS.contains(&info.parent_type) {
            operation(ctx, &info)
        } else {
            // Asked of every field: of a caller without a token there is nothing more to ask.
            self.limits(ctx).and_then(|limits| field(limits, &info))
        };
        let answer = match refusal {
            Some(refusal) => Err(refused(refusal, info.field.name.pos)),
            None => next.run(ctx, info).await,
        };
        if let (Some(tally), Ok(Some(value))) = (tally, &answer)
            && tally.add(usize::from(name > 0), name + bytes(value)).is_err()
        {
            return Ok(Some(Value::Null));
        }
        answer.or_else(|mut error| {
            if error.source::<Origin>().is_none() {
                log(&mut error, ctx.data_opt::<RequestContext>().map_or("", RequestContext::request_id));
                error.source = Some(Arc::new(Origin(path(node))));
            }
            if !nullable {
                return Err(error);
            }
            self.stopped.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            Ok(Some(Value::Null))
        })
    }
}

impl Answers {
    /// What the caller's token may be used for, where it is one that may not be used for everything.
    fn limits(&self, ctx: &ExtensionContext<'_>) -> Option<&Scopes> {
        let read = || ctx.data_opt::<RequestContext>()?.scopes().cloned();
        self.limits.get_or_init(read).as_ref()
    }
}

/// Why the caller may not ask for a field of a root type.
fn operation(ctx: &ExtensionContext<'_>, info: &ResolveInfo<'_>) -> Option<Refusal> {
    let rule = match info.name {
        "__schema" | "__type" => Rule::Open,
        name => scopes::of_operation(info.parent_type, name),
    };
    let request = ctx.data_opt::<RequestContext>().filter(|request| request.is_known());
    let by_token = request.is_some_and(RequestContext::is_by_token);
    match (rule, request) {
        (Rule::Open, _) => None,
        (_, None) => Some(Refusal::Unauthenticated),
        (Rule::Never, _) => by_token.then_some(Refusal::NotByToken),
        (Rule::Needs(scope), Some(request)) => request.require(scope).err(),
        (Rule::Any | Rule::ByInput, _) => None,
    }
}

/// Why the caller's token is not good for a field of anything else.
fn field(limits: &Scopes, info: &ResolveInfo<'_>) -> Option<Refusal> {
    limits.require(scopes::of_field(info.parent_type, info.name)?).err()
}

/// Whether somebody asks whom we know.
fn is_known(ctx: &ExtensionContext<'_>) -> bool {
    ctx.data_opt::<RequestContext>().is_some_and(RequestContext::is_known)
}

/// The path of a field or of an item of a list.
fn path(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let mut path: Vec<PathSegment> = std::iter::once(node)
        .chain(node.parents())
        .map(|node| match node.segment {
            QueryPathSegment::Index(index) => PathSegment::Index(index),
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
        })
        .collect();
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::access::Caller;
    use crate::db::Database;
    use crate::error::Error;
    use crate::graphql::error::ApiError;

    struct Query;
    struct Row(i32);

    #[Object]
    impl Query {
        async fn rows(&self) -> Vec<Row> {
            vec![Row(0), Row(1)]
        }

        async fn maybe_rows(&self) -> Vec<Option<Row>> {
            vec![Some(Row(0)), None, Some(Row(1))]
        }

        async fn broken(&self) -> Result<Option<i32>, ApiError> {
            Err(Error::Broken("a secret").into())
        }

        async fn page(&self, first: i32) -> i32 {
            first
        }
    }

    #[Object]
    impl Row {
        async fn number(&self) -> i32 {
            self.0
        }

        async fn may_fail(&self) -> Result<Option<i32>, ApiError> {
            self.must_not_fail_().map(Some)
        }

        async fn must_not_fail(&self) -> Result<i32, ApiError> {
            self.must_not_fail_()
        }
    }

    impl Row {
        fn must_not_fail_(&self) -> Result<i32, ApiError> {
            if self.0 == 1 { Err(Refusal::not_found(&["id"], "Row").into()) } else { Ok(self.0) }
        }
    }

    /// What a query is answered with: data and errors, these as path and code.
    async fn answer(query: &str) -> (Json, Vec<(Vec<Json>, String)>) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let database = Database::open_file(file.path()).await.expect("a database");
        let caller = Some(Caller::System { on_behalf_of: None });
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription)
            .data(RequestContext::new(database, caller, "request-1".to_owned()))
            .extension(Factory)
            .finish();
        let response = serde_json::to_value(schema.execute(query).await).expect("json");
        let errors = response["errors"].as_array().cloned().unwrap_or_default();
        let errors = errors.iter().map(|error| {
            let path = error["path"].as_array().cloned().unwrap_or_default();
            (path, error["extensions"]["code"].as_str().unwrap_or_default().to_owned())
        });
        (response["data"].clone(), errors.collect())
    }

    #[tokio::test]
    async fn a_field_that_may_be_null_stops_its_failure() {
        let (data, errors) = answer("{ rows { number mayFail } }").await;
        assert_eq!(
            data,
            json!({ "rows": [{ "number": 0, "mayFail": 0 }, { "number": 1, "mayFail": null }] })
        );
        assert_eq!(errors, [(vec![json!("rows"), json!(1), json!("mayFail")], "NOT_FOUND".to_owned())]);
    }

    #[tokio::test]
    async fn other_fields_pass_it_on_to_the_next_that_may() {
        let path = |list: &str, at: i32| vec![json!(list), json!(at), json!("mustNotFail")];
        let (data, errors) = answer("{ maybeRows { mustNotFail } }").await;
        assert_eq!(data, json!({ "maybeRows": [{ "mustNotFail": 0 }, null, null] }));
        assert_eq!(errors, [(path("maybeRows", 2), "NOT_FOUND".to_owned())]);
        let (data, errors) = answer("{ rows { number mustNotFail } }").await;
        assert_eq!(data, Json::Null);
        assert_eq!(errors, [(path("rows", 1), "NOT_FOUND".to_owned())]);
    }

    #[tokio::test]
    async fn every_error_has_a_code_and_ours_say_nothing() {
        let (data, errors) = answer("{ broken rows { number } }").await;
        assert_eq!(data, json!({ "broken": null, "rows": [{ "number": 0 }, { "number": 1 }] }));
        assert_eq!(errors, [(vec![json!("broken")], "INTERNAL".to_owned())]);
        for query in [
            "{",
            "{ unknown }",
            "{ page(first: 99999999999) }",
            "{ page }",
            "query Q($a: Int!) { page(first: $a) }",
        ] {
            let (_, errors) = answer(query).await;
            assert_eq!(errors.len(), 1, "{query}");
            assert_eq!(errors[0].1, "BAD_INPUT", "{query}");
        }
    }
}
