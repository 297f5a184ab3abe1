//! Answering at once with what is there.
//!
//! async-graphql makes room on the heap for every field of every object, as if each might wait, and most of it is never
//! needed: what a list finds is read whole before its items are answered. Here a field is begun in one place, and what
//! comes of it at once leaves the place to the next; only what waits keeps its own. The order in which fields are begun,
//! and what they come to, are the same.
//!
//! For what [`super::api`] carries out quickly: where an extension stands around every field, and where a selection has
//! more in it than fields, async-graphql does it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Task, Poll};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};
use futures::future::{OptionFuture, try_join_all};

use super::context;
use super::error::{ApiError, refused};
use super::tally::{Tally, bytes};

/// An object, most of which is there.
#[derive(Clone, Debug)]
pub struct Prompt<N>(pub N);

/// A list of objects, most of which are there.
#[derive(Clone, Debug)]
pub struct Prompts<N>(pub Vec<N>);

impl<N> FromIterator<N> for Prompts<N> {
    fn from_iter<I: IntoIterator<Item = N>>(items: I) -> Prompts<N> {
        Prompts(items.into_iter().collect())
    }
}

impl<N> Default for Prompts<N> {
    fn default() -> Prompts<N> {
        Prompts(Vec::new())
    }
}

impl<N: ContainerType> OutputType for Prompt<N> {
    fn type_name() -> Cow<'static, str> {
        N::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        N::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match form(ctx) {
            Some((Some(form), tally)) => object(&self.0, ctx, &form, tally).await,
            Some((None, _)) | None => Box::pin(self.0.resolve(ctx, field)).await,
        }
    }
}

impl<N: ContainerType> OutputType for Prompts<N> {
    fn type_name() -> Cow<'static, str> {
        Vec::<N>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<N>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<N>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let Some((form, tally)) = form(ctx) else { return Box::pin(self.0.resolve(ctx, field)).await };
        counted(ctx, tally.add(self.0.len() * ctx.item.node.items.len(), 2 * self.0.len()))?;
        let Some(form) = form else { return Box::pin(self.0.resolve(ctx, field)).await };
        let form = &form;
        let items = self.0.iter().enumerate().map(|(at, item)| async move {
            let ctx = ctx.with_index(at);
            object(item, &ctx, form, tally).await.map_err(|error| ctx.set_error_path(error))
        });
        Ok(Value::List(all(items).await?))
    }
}

/// An object before it is answered. Copied for every object that the same is selected of, it spares looking at the names
/// again.
#[derive(Debug)]
pub(super) struct Form {
    /// The names of its fields, each without a value.
    answer: IndexMap<Name, Value>,
    /// Bytes that the names take.
    bytes: usize,
}

/// The forms of a document's selections, by where they stand in it; none for what is more than fields.
pub(super) type Forms = Mutex<HashMap<usize, Option<Arc<Form>>>>;

/// The form of what is selected here, if it has one, and what the answer has come to; nothing where an extension stands
/// around every field.
fn form<'a>(ctx: &ContextSelectionSet<'a>) -> Option<(Option<Arc<Form>>, &'a Tally)> {
    let (forms, tally) = context::quick(ctx)?;
    let mut forms = forms.lock().unwrap_or_else(PoisonError::into_inner);
    let at = std::ptr::from_ref(ctx.item).addr();
    Some((forms.entry(at).or_insert_with(|| form_of(&ctx.item.node)).clone(), tally))
}

/// The form of a selection, if there is nothing but fields in it and each has a name of its own in the answer.
fn form_of(selection: &SelectionSet) -> Option<Arc<Form>> {
    let mut answer = IndexMap::with_capacity(selection.items.len());
    for selection in &selection.items {
        let Selection::Field(field) = &selection.node else { return None };
        let is_taken = answer.insert(field.node.response_key().node.clone(), Value::Null).is_some();
        if is_taken || !field.node.directives.is_empty() {
            return None;
        }
    }
    let bytes = answer.keys().map(|name: &Name| name.len() + 3).sum();
    Some(Arc::new(Form { answer, bytes }))
}

/// What is selected of an object, in its form.
async fn object<N: ContainerType>(
    object: &N,
    ctx: &ContextSelectionSet<'_>,
    form: &Form,
    tally: &Tally,
) -> ServerResult<Value> {
    let fields = ctx.item.node.items.iter().filter_map(|selection| match &selection.node {
        Selection::Field(field) => Some(field),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => None,
    });
    let values = fields.map(|field| async move {
        if field.node.name.node == "__typename" {
            return Ok(Value::String(object.introspection_type_name().into_owned()));
        }
        let ctx = ctx.with_field(field);
        Ok(object.resolve_field(&ctx).await?.unwrap_or_default())
    });
    let values = all(values).await?;
    counted(ctx, tally.add(0, form.bytes + values.iter().map(bytes).sum::<usize>()))?;
    let mut answer = form.answer.clone();
    for (place, value) in answer.values_mut().zip(values) {
        *place = value;
    }
    Ok(Value::Object(answer))
}

/// Passes what was counted on, or stops the answer.
fn counted(ctx: &ContextSelectionSet<'_>, counted: Result<(), ApiError>) -> ServerResult<()> {
    counted.map_err(|error| refused(error, ctx.item.pos))
}

/// What all of `futures` come to, or the first error. They are begun in their order.
async fn all<F>(futures: impl Iterator<Item = F> + Send) -> ServerResult<Vec<Value>>
where
    F: Future<Output = ServerResult<Value>> + Send,
{
    let mut futures = Some(futures);
    let begun = poll_fn(|task| Poll::Ready(futures.take().map(|futures| begin(futures, task))));
    let (mut values, waiting) = begun.await.transpose()?.unwrap_or_default();
    if !waiting.is_empty() {
        // What was begun in this turn is not asked again before the next: loads count the turns that they let others go
        // first, and whatever wakes one of them wakes all.
        let mut is_next = false;
        poll_fn(|_| if mem::replace(&mut is_next, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        let (places, waiting): (Vec<usize>, Vec<Waiting<'_>>) = waiting.into_iter().unzip();
        let ended = Box::pin(try_join_all(waiting.into_iter().map(ended))).await?;
        for (at, value) in places.into_iter().zip(ended) {
            values[at] = value;
        }
    }
    Ok(values)
}

/// What was begun and waits.
type Waiting<'a> = Pin<Box<dyn Future<Output = Option<ServerResult<Value>>> + Send + 'a>>;

async fn ended(waiting: Waiting<'_>) -> ServerResult<Value> {
    waiting.await.unwrap_or(Ok(Value::Null))
}

type Begun<'a> = (Vec<Value>, Vec<(usize, Waiting<'a>)>);

/// What is there at once, nothing standing for what waits, and what waits, with its place.
fn begin<'a, F>(futures: impl Iterator<Item = F>, task: &mut Task<'_>) -> ServerResult<Begun<'a>>
where
    F: Future<Output = ServerResult<Value>> + Send + 'a,
{
    let mut values = Vec::with_capacity(futures.size_hint().1.unwrap_or_default());
    let mut waiting: Vec<(usize, Waiting<'a>)> = Vec::new();
    let mut free: Option<Pin<Box<OptionFuture<F>>>> = None;
    for (at, future) in futures.enumerate() {
        let future = OptionFuture::from(Some(future));
        let mut place = match free.take() {
            Some(mut place) => {
                place.set(future);
                place
            }
            None => Box::pin(future),
        };
        match place.as_mut().poll(task) {
            Poll::Ready(value) => {
                values.push(value.transpose()?.unwrap_or_default());
                free = Some(place);
            }
            Poll::Pending => {
                values.push(Value::Null);
                waiting.push((at, place));
            }
        }
    }
    Ok((values, waiting))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_graphql::ServerError;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn all_are_begun_in_their_order_and_those_that_wait_come_to_their_place() {
        let begun = Mutex::new(Vec::new());
        let begun = &begun;
        let futures = (0..100).map(|number: i32| async move {
            begun.lock().expect("a list").push(number);
            for _ in 0..number % 3 {
                yield_now().await;
            }
            Ok(Value::from(number))
        });
        let values = all(futures).await.expect("values");
        assert_eq!(values, (0..100).map(Value::from).collect::<Vec<_>>());
        assert_eq!(*begun.lock().expect("a list"), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn one_error_is_the_error_of_all() {
        for late in [false, true] {
            let futures = (0..3).map(|number: i32| async move {
                if late {
                    yield_now().await;
                }
                if number == 1 { Err(ServerError::new("one", None)) } else { Ok(Value::from(number)) }
            });
            assert_eq!(all(futures).await.expect_err("an error").message, "one");
        }
    }
}
