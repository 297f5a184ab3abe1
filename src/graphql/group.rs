//! Groups and their tree (R1).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::id::GroupId;

use super::connection::{self, Connection, Paging};
use super::context::{load, load_known};
use super::error::ApiError;
use super::id::GlobalId;
use crate::queries::Direction;
use crate::queries::groups::{self, Groups, Subgroups};

/// A group.
#[derive(Clone, Debug)]
pub struct Group(Arc<groups::Group>);

impl Group {
    /// The group of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: GroupId) -> Result<Option<Group>, ApiError> {
        Ok(load::<Groups>(ctx, id).await?.map(Group))
    }
}

impl From<Arc<groups::Group>> for Group {
    fn from(row: Arc<groups::Group>) -> Group {
        Group(row)
    }
}

/// A group of the tree (R1): a department, a school, a class. The root of the tree is the platform group.
#[Object]
impl Group {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The group directly above; null for the platform group.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Group>, ApiError> {
        match self.0.parent_id {
            Some(parent) => Ok(Some(Group(load_known::<Groups>(ctx, parent).await?))),
            None => Ok(None),
        }
    }

    /// The groups directly below, by name.
    async fn subgroups(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Group>, ApiError> {
        connection::of_relation(Subgroups, self.0.id, &Paging { first, after, last, before })
    }
}

/// Reads of groups.
#[derive(Debug, Default)]
pub struct GroupQuery;

/// Reads of groups.
#[Object]
impl GroupQuery {
    /// Every group, by name.
    async fn groups(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Group>, ApiError> {
        let list = groups::list(&groups::GroupFilter::default(), Direction::Ascending)?;
        connection::of_list(list, &Paging { first, after, last, before })
    }
}
