//! Groups and the tree they form (R1).

use std::collections::HashMap;
use std::sync::Arc;

pub use entity::group::Model as Group;
use entity::id::GroupId;

use super::{Batch, By, Direction, Filter, List, Order, Reader, Relation, Row, by_id, columns};
use crate::error::Error;

/// Groups by id.
#[derive(Debug)]
pub struct Groups;

impl Batch for Groups {
    type Key = GroupId;
    type Value = Arc<Group>;

    async fn load(reader: &Reader, ids: Vec<GroupId>) -> Result<HashMap<GroupId, Arc<Group>>, Error> {
        by_id("groups.by_id", "groups", ids, reader.db(), |group: &Group| group.id).await
    }
}

/// Orders groups by name.
const BY_NAME: Order = Order::new("NAME", &[By::text("g.name_key"), By::number("g.id")]);

/// Every group that meets `filter`.
pub fn list(filter: Filter, direction: Direction) -> List<Arc<Group>> {
    List {
        name: "groups.list",
        columns: columns::<Group>("g"),
        from: "groups g".to_owned(),
        filter,
        order: BY_NAME.towards(direction),
        read: |row| Ok(Arc::new(Group::read(row, "g")?)),
    }
}

/// The groups directly below a group, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subgroups;

impl Relation for Subgroups {
    type Parent = GroupId;
    type Item = Arc<Group>;
    const PARENT: &'static str = "g.parent_id";

    fn list(&self) -> List<Arc<Group>> {
        List { name: "groups.subgroups", ..list(Filter::new(), Direction::Ascending) }
    }
}
