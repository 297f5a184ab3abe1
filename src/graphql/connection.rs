//! Cursor Connections, once for every list.
//!
//! A resolver names a [`List`] or a [`Relation`] and passes on `first`, `after`, `last` and `before`; what these mean,
//! and what they cost, is written into the schema by [`Arguments`]. Nothing is read before a field of the connection
//! is asked for: `totalCount` alone costs one count, `nodes` alone one page.

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Object, OutputType, Positioned, ServerResult, SimpleObject,
    TypeName, Value,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::context::{self, load, load_known, loaders};
use super::error::ApiError;
use super::extent;
use super::lists;
use super::prompt::{Prompt, Prompts};
use crate::error::{Error, Refusal};
use crate::queries::{By, Counts, Cursor, List, Order, Page, Pages, Relation, Slice};

/// Items of a page where the caller does not say.
const DEFAULT: i32 = 20;
/// Most items of a page.
const MOST: i32 = 100;

/// Which part of a list the caller asks for.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// So many from the beginning, or after `after`.
    pub first: Option<i32>,
    /// From after this place.
    pub after: Option<String>,
    /// So many from the end, or before `before`.
    pub last: Option<i32>,
    /// Up to before this place.
    pub before: Option<String>,
}

impl Paging {
    /// The part of the list called `list`, in this order.
    ///
    /// # Errors
    /// `BAD_INPUT` for a page that is too large or runs both ways, `INVALID_CURSOR` for a cursor of another list.
    pub fn slice(&self, list: &str, order: &Order) -> Result<Slice, Refusal> {
        let backward = self.last.is_some() || (self.before.is_some() && self.first.is_none());
        let (count, count_name) = if backward { (self.last, "last") } else { (self.first, "first") };
        let (from, stray) = if backward { (&self.before, &self.after) } else { (&self.after, &self.before) };
        if stray.is_some() || (backward && self.first.is_some()) {
            return Err(Refusal::bad_input(
                &[count_name],
                "A page goes one way: `first` with `after`, or `last` with `before`.",
            ));
        }
        let count = count.unwrap_or(DEFAULT);
        let size = usize::try_from(count)
            .ok()
            .filter(|_| count <= MOST)
            .ok_or_else(|| Refusal::bad_input(&[count_name], format!("A page has 0 to {MOST} items.")))?;
        let from = from.as_ref().map(|text| Cursor::decode(text, list, order)).transpose()?;
        Ok(Slice { from, backward, ..Slice::first(size) })
    }
}

/// A list of `N`, of which a part can be read.
pub struct Connection<N>(Arc<dyn Source<N>>);

/// One item of a list and its place in it.
#[derive(Debug)]
pub struct Edge<N> {
    node: N,
    cursor: Option<Cursor>,
    list: &'static str,
    order: Order,
}

/// Where the page that was read stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether there are more items after this page. Having come from a later place (`before`), it is true.
    has_next_page: bool,
    /// Whether there are more items before this page. Having come from an earlier place (`after`), it is true.
    has_previous_page: bool,
    /// The place of the page's first item; null for an empty page.
    start_cursor: Option<String>,
    /// The place of the page's last item; null for an empty page.
    end_cursor: Option<String>,
}

/// A list of everything there is of a kind.
///
/// # Errors
/// As [`Paging::slice`].
pub fn of_list<T, N>(ctx: &Context<'_>, list: List<T>, paging: &Paging) -> Result<Connection<N>, ApiError>
where
    T: Clone + DeserializeOwned + Send + Sync + 'static,
    N: OutputType + From<T> + 'static,
{
    let slice = extent::asked::<N>(ctx, paging.slice(list.name, &list.order)?);
    Ok(Connection(Arc::new(Whole { list, slice, page: OnceCell::new() })))
}

/// A list that hangs on something else; the lists of all parents of a level are read together.
///
/// # Errors
/// As [`Paging::slice`].
pub fn of_relation<R, N>(
    ctx: &Context<'_>,
    relation: R,
    parent: R::Parent,
    paging: &Paging,
) -> Result<Connection<N>, ApiError>
where
    R: Relation,
    N: OutputType + From<R::Item> + 'static,
{
    let part = part::<R>(ctx, || {
        let List { name, order, .. } = relation.list();
        let slice = extent::asked::<N>(ctx, paging.slice(name, &order)?);
        Ok(Part { slice, list: name, order })
    })?;
    Ok(Connection(Arc::new(Hanging { relation, parent, part })))
}

/// A list that is already there, in order; it is called `list`, so that its cursors fit no other.
///
/// # Errors
/// As [`Paging::slice`].
pub fn of_items<T, N>(
    list: &'static str,
    items: Arc<Vec<T>>,
    paging: &Paging,
) -> Result<Connection<N>, ApiError>
where
    T: Clone + Send + Sync + 'static,
    N: From<T> + 'static,
{
    let slice = paging.slice(list, &BY_POSITION)?;
    Ok(Connection(Arc::new(Held { list, items, slice })))
}

/// The order of a list that is already there.
const BY_POSITION: Order = Order::new("POSITION", &[By::number("position")]);

/// Where a connection reads from.
trait Source<N>: Send + Sync {
    fn page<'a>(&'a self, ctx: &'a Context<'a>) -> BoxFuture<'a, Result<Edges<N>, ApiError>>;
    fn count<'a>(&'a self, ctx: &'a Context<'a>) -> BoxFuture<'a, Result<i64, ApiError>>;
}

struct Edges<N> {
    edges: Vec<Edge<N>>,
    has_next: bool,
    has_previous: bool,
}

impl<N> Edges<N> {
    fn of<T: Clone>(page: &Page<T>, list: &'static str, order: Order) -> Edges<N>
    where
        N: From<T>,
    {
        let edges = page.items.iter().map(|item| Edge {
            node: item.value.clone().into(),
            cursor: item.cursor.clone(),
            list,
            order,
        });
        Edges { edges: edges.collect(), has_next: page.has_next, has_previous: page.has_previous }
    }
}

struct Whole<T> {
    list: List<T>,
    slice: Slice,
    page: OnceCell<Page<T>>,
}

impl<T, N> Source<N> for Whole<T>
where
    T: Clone + DeserializeOwned + Send + Sync + 'static,
    N: From<T>,
{
    fn page<'a>(&'a self, ctx: &'a Context<'a>) -> BoxFuture<'a, Result<Edges<N>, ApiError>> {
        async move {
            let loaders = loaders(ctx)?;
            let read = || self.list.page(loaders.reader(), &self.slice);
            Ok(Edges::of(self.page.get_or_try_init(read).await?, self.list.name, self.list.order))
        }
        .boxed()
    }

    fn count<'a>(&'a self, ctx: &'a Context<'a>) -> BoxFuture<'a, Result<i64, ApiError>> {
        async move { Ok(self.list.count(loaders(ctx)?.reader()).await?) }.boxed()
    }
}

struct Hanging<R: Relation> {
    relation: R,
    parent: R::Parent,
    part: Arc<Part>,
}

/// Which part of which list a field asks for.
#[derive(Debug)]
pub(super) struct Part {
    slice: Slice,
    list: &'static str,
    order: Order,
}

/// The parts that the fields of a document ask for, by where the field stands in it and what its list is of: whatever the
/// lists of a level hang on, its arguments are the same, and so is what is asked of the items.
pub(super) type Parts = Mutex<HashMap<(usize, TypeId), Arc<Part>>>;

/// The part that this field asks for of a list of `R`; worked out by the first that asks.
fn part<R: 'static>(
    ctx: &Context<'_>,
    work_out: impl FnOnce() -> Result<Part, Refusal>,
) -> Result<Arc<Part>, ApiError> {
    let field = (std::ptr::from_ref(ctx.item).addr(), TypeId::of::<R>());
    let mut parts = context::parts(ctx)?.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = parts.get(&field) {
        return Ok(known.clone());
    }
    let part = Arc::new(work_out()?);
    parts.insert(field, part.clone());
    Ok(part)
}

impl<R, N> Source<N> for Hanging<R>
where
    R: Relation,
    N: From<R::Item>,
{
    fn page<'a>(&'a self, ctx: &'a Context<'a>) -> BoxFuture<'a, Result<Edges<N>, ApiError>> {
        async move {
            let key = (self.relation.clone(), self.parent, self.part.slice.clone());
            let page = load_known::<Pages<R>>(ctx, key).await?;
            Ok(Edges::of(&page, self.part.list, self.part.order))
        }
        .boxed()
    }

    fn count<'a>(&'a self, ctx: &'a Context<'a>) -> BoxFuture<'a, Result<i64, ApiError>> {
        async move {
            let count = load::<Counts<R>>(ctx, (self.relation.clone(), self.parent)).await?;
            Ok(count.unwrap_or(0))
        }
        .boxed()
    }
}

struct Held<T> {
    list: &'static str,
    items: Arc<Vec<T>>,
    slice: Slice,
}

impl<T, N> Source<N> for Held<T>
where
    T: Clone + Send + Sync + 'static,
    N: From<T>,
{
    fn page<'a>(&'a self, _: &'a Context<'a>) -> BoxFuture<'a, Result<Edges<N>, ApiError>> {
        let page = self.slice.of(&self.items);
        async move { Ok(Edges::of(&page, self.list, BY_POSITION)) }.boxed()
    }

    fn count<'a>(&'a self, _: &'a Context<'a>) -> BoxFuture<'a, Result<i64, ApiError>> {
        let count = i64::try_from(self.items.len()).unwrap_or(i64::MAX);
        async move { Ok(count) }.boxed()
    }
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// A part of an ordered list, and how to go on: pass `pageInfo.endCursor` as `after`, or `pageInfo.startCursor` as
/// `before`.
#[Object(name_type)]
impl<N: ContainerType + 'static> Connection<N> {
    /// The items of the page, each with its place in the list.
    async fn edges(&self, ctx: &Context<'_>) -> Result<Prompts<Edge<N>>, ApiError> {
        Ok(Prompts(self.0.page(ctx).await?.edges))
    }

    /// The items of the page.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Prompts<N>, ApiError> {
        Ok(Prompts(self.0.page(ctx).await?.edges.into_iter().map(|edge| edge.node).collect()))
    }

    /// Where the page stands in the list.
    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo, ApiError> {
        let page = self.0.page(ctx).await?;
        Ok(PageInfo {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            // Where neither is asked for, no place was read.
            start_cursor: page.edges.first().and_then(Edge::place),
            end_cursor: page.edges.last().and_then(Edge::place),
        })
    }

    /// How many items the whole list has. Counted only where it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        self.0.count(ctx).await
    }
}

/// One item of a list and its place in it.
#[Object(name_type)]
impl<N: ContainerType> Edge<N> {
    /// The item.
    async fn node(&self) -> Prompt<&N> {
        Prompt(&self.node)
    }

    /// The place: to be passed as `after` or `before` to the same list in the same order.
    async fn cursor(&self) -> Result<String, ApiError> {
        Ok(self.place().ok_or(Error::Broken("a place is read where it is asked for"))?)
    }
}

impl<N> Edge<N> {
    fn place(&self) -> Option<String> {
        Some(self.cursor.as_ref()?.encode(self.list, &self.order))
    }
}

/// What the arguments of every connection mean, and what a connection costs: registered with the schema after all
/// other types, it describes them in one place.
pub(super) struct Arguments;

impl OutputType for Arguments {
    fn type_name() -> Cow<'static, str> {
        "PageInfo".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        for kind in registry.types.values_mut() {
            let MetaType::Object { fields, .. } = kind else { continue };
            for field in
                fields.values_mut().filter(|field| field.ty.trim_end_matches('!').ends_with("Connection"))
            {
                for (name, argument) in &mut field.args {
                    let Some(meaning) = meaning(name) else { continue };
                    argument.description = Some(meaning);
                }
                // As many times what an item costs as items may come.
                field.compute_complexity = Some(|ctx, variables, field, each| {
                    // A variable that was declared and not sent is an argument that was left out.
                    let asked = |name: &str| -> Option<i32> {
                        ctx.param_value(variables, field, name, None).ok().flatten()
                    };
                    let items = asked("first").or(asked("last")).unwrap_or(DEFAULT).clamp(1, MOST);
                    Ok(usize::try_from(items).unwrap_or(1).saturating_mul(each).saturating_add(1))
                });
            }
        }
        lists::weigh(registry);
        Self::type_name().into_owned()
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

fn meaning(argument: &str) -> Option<String> {
    Some(match argument {
        "first" => format!(
            "At most so many items from the beginning, or after `after`: 0 to {MOST}; {DEFAULT} if left out."
        ),
        "after" => "Go on after this place: a cursor of the same list in the same order.".to_owned(),
        "last" => format!(
            "At most so many items from the end, or before `before`: 0 to {MOST}. Not together with `first`."
        ),
        "before" => "Go back from this place: a cursor of the same list in the same order.".to_owned(),
        _ => return None,
    })
}
