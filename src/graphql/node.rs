//! Everything that has an id.

use async_graphql::{Context, ID, Interface, Object};
use futures::future::try_join_all;

use super::activity::Activity;
use super::context::loaders;
use super::course::Course;
use super::error::ApiError;
use super::group::Group;
use super::id::{self, AnyId};
use super::learning::{ActivityResult, Certificate, Sale};
use super::path::Path;
use super::post::Post;
use super::removal::{Removal, RemovalJob};
use super::session::Session;
use super::slot::Slot;
use super::thing::Thing;
use super::user::User;
use crate::error::{self, Refusal};

/// Most ids that `nodes` takes.
const IDS: usize = 100;

/// Something with an id that is its own in the whole platform.
#[derive(Clone, Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The id: opaque, never given to anything else."))]
pub enum Node {
    /// A person's account.
    User(User),
    /// A group.
    Group(Group),
    /// A course.
    Course(Course),
    /// A path.
    Path(Path),
    /// A session.
    Session(Session),
    /// A slot.
    Slot(Slot),
    /// An activity.
    Activity(Activity),
    /// A post or a message.
    Post(Post),
    /// A result in an activity.
    Result(ActivityResult),
    /// A certificate.
    Certificate(Certificate),
    /// A sale.
    Sale(Sale),
    /// A removal that was done.
    Removal(Removal),
    /// A job that removes many people.
    RemovalJob(RemovalJob),
}

impl Node {
    /// What has this id; none where nothing has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: AnyId) -> Result<Option<Node>, ApiError> {
        Ok(match id {
            AnyId::User(id) => User::load(ctx, id).await?.map(Node::User),
            AnyId::Group(id) => Group::load(ctx, id).await?.map(Node::Group),
            AnyId::Course(id) => Course::load(ctx, id).await?.map(Node::Course),
            AnyId::Path(id) => Path::load(ctx, id).await?.map(Node::Path),
            AnyId::Session(id) => Session::load(ctx, id).await?.map(Node::Session),
            AnyId::Slot(id) => Slot::load(ctx, id).await?.map(Node::Slot),
            AnyId::Activity(id) => Activity::load(ctx, id).await?.map(Node::Activity),
            AnyId::Post(id) => Post::load(ctx, id).await?.map(Node::Post),
            AnyId::Result(id) => ActivityResult::load(ctx, id).await?.map(Node::Result),
            AnyId::Certificate(id) => Certificate::load(ctx, id).await?.map(Node::Certificate),
            AnyId::Sale(id) => Sale::load(ctx, id).await?.map(Node::Sale),
            AnyId::Removal(id) => Removal::load(ctx, id).await?.map(Node::Removal),
            AnyId::RemovalJob(id) => RemovalJob::load(ctx, id).await?.map(Node::RemovalJob),
        })
    }
}

/// What a refusal is about, of what the caller may see.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn of_refusal(ctx: &Context<'_>, refusal: &Refusal) -> Result<Vec<Node>, ApiError> {
    let about = refusal.nodes();
    if about.is_empty() {
        return Ok(Vec::new());
    }
    let ids = about.into_iter().map(|node| match node {
        error::Node::User(id) => AnyId::User(id),
        error::Node::Group(id) => AnyId::Group(id),
        error::Node::Course(id) => AnyId::Course(id),
        error::Node::Path(id) => AnyId::Path(id),
        error::Node::Session(id) => AnyId::Session(id),
        error::Node::Record(id) => AnyId::Removal(id),
        error::Node::Job(id) => AnyId::RemovalJob(id),
    });
    let found = try_join_all(ids.map(|id| Node::load(ctx, id))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Reads by id, of whatever it is.
#[derive(Debug, Default)]
pub struct NodeQuery;

/// Reads by id.
#[Object]
impl NodeQuery {
    /// What has this id, of whatever type; null where nothing has.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of anything.")] id: ID,
    ) -> Result<Option<Node>, ApiError> {
        loaders(ctx)?;
        Node::load(ctx, id::parse_any(&id, &["id"])?).await
    }

    /// What has these ids, in their order; null for each that nothing has.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, ApiError> {
        if ids.len() > IDS {
            return Err(Refusal::bad_input(&["ids"], format!("At most {IDS} ids at once.")).into());
        }
        let ids: Vec<AnyId> = ids.iter().map(|id| id::parse_any(id, &["ids"])).collect::<Result<_, _>>()?;
        try_join_all(ids.into_iter().map(|id| Node::load(ctx, id))).await
    }
}
