//! The one extension: what every field's answer passes through.
//!
//! - Nobody reads anything unless they are known: the check stands in front of every field of a root type.
//! - async-graphql 8.0.0-rc.5 answers a failing `Result<Option<T>>` with null for its *parent*, and overwrites the
//!   path of an error that passes a list. Here a failure stops at the nearest field that may be null, as the
//!   specification says, and keeps the path at which it happened.
//! - Errors of ours are logged once, every error has a code, and there are at most a hundred.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextRequest, NextResolve, ResolveInfo,
};
use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value,
};

use super::context::RequestContext;
use super::error::{ApiError, give_code, log};
use crate::error::Refusal;

/// At most so many errors in an answer.
const ERRORS: usize = 100;
/// Fields of the root types that need no caller.
const OPEN: [&str; 2] = ["__schema", "__type"];
/// The root types.
const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// Makes one [`Answers`] for each request.
pub(super) struct Factory;

impl ExtensionFactory for Factory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Answers::default())
    }
}

/// The errors of a request that fields have stopped.
#[derive(Default)]
struct Answers {
    stopped: Mutex<Vec<ServerError>>,
}

/// Where an error happened, kept in the error itself, where no list overwrites it.
struct Origin(Vec<PathSegment>);

#[async_trait]
impl Extension for Answers {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        response.errors.truncate(ERRORS);
        response.errors.iter_mut().for_each(give_code);
        response
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation_name).await;
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
        let (node, nullable) = (info.path_node, !info.return_type.ends_with('!'));
        let known = ctx.data_opt::<RequestContext>().is_some_and(RequestContext::is_known);
        let answer = if !known && ROOTS.contains(&info.parent_type) && !OPEN.contains(&info.name) {
            let refused = async_graphql::Error::from(ApiError::from(Refusal::Unauthenticated));
            Err(refused.into_server_error(info.field.name.pos))
        } else {
            next.run(ctx, info).await
        };
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
