//! Groups and the tree they form (R1).

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
pub use entity::group_external_id::Model as GroupExternalId;
use entity::id::GroupId;
use entity::kind::Privacy;

use super::users::search_text;
use super::{
    Batch, By, Direction, Filter, List, Order, Parted, Reader, Relation, Seen, Selected, all, columns,
    grouped, noun, row, select,
};
use crate::db::sql::sql;
use crate::error::{Error, Refusal};

row! {
    /// What a group is called.
    pub struct Head {
        /// Its id.
        id: GroupId,
        /// Its name.
        name: String,
    }
}

row! {
    /// What else there is to a group.
    pub struct Rest {
        /// The group directly above; none above the platform group.
        parent_id: Option<GroupId>,
        /// Who sees it.
        privacy: Privacy,
        /// When it was made.
        created_at: DateTime<Utc>,
    }
}

/// A group.
pub type Group = Parted<Head, Rest>;

noun! {
    /// Groups by id.
    Groups: "groups.by_id", "groups", Group = Group::selected, GroupId, [Seen::Group("r.id")]
}

/// The external ids of groups, by system.
#[derive(Debug)]
pub struct GroupExternalIds;

impl Batch for GroupExternalIds {
    type Key = GroupId;
    type Value = Arc<Vec<GroupExternalId>>;

    async fn load(
        reader: &Reader,
        ids: Vec<GroupId>,
    ) -> Result<HashMap<GroupId, Arc<Vec<GroupExternalId>>>, Error> {
        let rest = "from group_external_ids e where e.group_id in {groups} order by e.system, e.value";
        let statement =
            select("groups.external_ids", &columns::<GroupExternalId>("e"), rest).ids("groups", ids);
        let rows: Vec<GroupExternalId> = all(statement, reader).await?;
        Ok(grouped(rows.into_iter().map(|row| (row.group_id, row))))
    }
}

/// The group with this external id.
///
/// # Errors
/// When the database cannot be read.
pub async fn with_external_id(reader: &Reader, system: &str, value: &str) -> Result<Option<GroupId>, Error> {
    let found: Option<(GroupId,)> = sql(
        "groups.with_external_id",
        "select group_id from group_external_ids where system = {system} and value = {value}",
    )
    .bind("system", system.replace('\0', ""))
    .bind("value", value.replace('\0', ""))
    .one(reader.db())
    .await?;
    Ok(found.map(|(group,)| group))
}

/// Part of the tree, as filters name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The group.
    pub group: GroupId,
    /// And every group below it.
    pub below: bool,
}

impl Branch {
    /// The groups it has, in order of id; none when there is no such group.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn groups(self, reader: &Reader) -> Result<Option<Vec<GroupId>>, Error> {
        let (tree, sight) = (reader.tree().await?, reader.sight().await?);
        if !tree.contains(self.group) || !sight.sees_group(self.group) {
            return Ok(None);
        }
        let mut groups = if self.below { tree.below(self.group) } else { Vec::new() };
        groups.retain(|group| sight.sees_group(*group));
        groups.push(self.group);
        groups.sort_unstable();
        Ok(Some(groups))
    }
}

/// Which groups are meant: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct GroupFilter {
    /// Of this branch.
    pub within: Option<Vec<GroupId>>,
    /// Public or private.
    pub privacy: Option<Privacy>,
    /// With this text somewhere in the name.
    pub text: Option<String>,
}

/// Every group that meets `filter`, by name.
///
/// # Errors
/// `BAD_INPUT` for a text that cannot be looked for.
pub fn list(filter: &GroupFilter, direction: Direction) -> Result<List<Arc<Group>>, Refusal> {
    let mut conditions = Filter::new().maybe("g.privacy = {privacy}", "privacy", filter.privacy);
    if let Some(within) = &filter.within {
        conditions = conditions.within("g.id in {groups}", "groups", within.iter().copied());
    }
    if let Some(text) = &filter.text {
        conditions = conditions.contains("g.search_key", "text", &search_text(text)?);
    }
    Ok(by_name("groups.list", "groups g", conditions).towards(direction))
}

fn by_name(name: &'static str, from: &str, filter: Filter) -> List<Arc<Group>> {
    List {
        name,
        selected: Group::selected("g").shared(),
        from: from.to_owned(),
        seen: vec![Seen::Group("g.id")],
        filter,
        order: Order::new("NAME", const { &[By::text("g.name_key"), By::number("g.id")] }),
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
        by_name("groups.subgroups", "groups g", Filter::new())
    }
}

/// A group in its place, as far as the reader sees the tree.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The group.
    pub group: Arc<Group>,
    /// The nearest group above that is seen.
    pub parent: Option<GroupId>,
    /// How many of the groups above are seen.
    pub depth: usize,
}

/// The whole tree as far as it is seen: each group after the one above it, the groups of one parent by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn tree(reader: &Reader) -> Result<Vec<Placed>, Error> {
    let value = Selected::<(Option<GroupId>, Arc<Group>)>::several([
        Selected::value("g.parent_id"),
        Group::selected("g").any(),
    ]);
    let everything = select("groups.tree", &value, "from groups g order by g.name_key, g.id");
    let rows: Vec<(Option<GroupId>, Arc<Group>)> = all(everything, reader).await?;
    let sight = reader.sight().await?;
    let mut children: HashMap<Option<GroupId>, Vec<Arc<Group>>> = HashMap::new();
    for (parent, group) in rows {
        children.entry(parent).or_default().push(group);
    }
    let mut placed = Vec::new();
    let mut open: Vec<Placed> = Vec::new();
    let mut below = |above: Option<GroupId>, parent, depth, open: &mut Vec<Placed>| {
        let found = children.remove(&above).unwrap_or_default();
        open.extend(found.into_iter().rev().map(|group| Placed { group, parent, depth }));
    };
    below(None, None, 0, &mut open);
    while let Some(at) = open.pop() {
        // What is below a group that is not seen hangs on what is seen above it.
        let id = at.group.id;
        if sight.sees_group(id) {
            below(Some(id), Some(id), at.depth + 1, &mut open);
            placed.push(at);
        } else {
            below(Some(id), at.parent, at.depth, &mut open);
        }
    }
    Ok(placed)
}

/// How many people each group has.
#[derive(Debug)]
pub struct MemberCounts;

impl Batch for MemberCounts {
    type Key = GroupId;
    type Value = i64;

    async fn load(reader: &Reader, ids: Vec<GroupId>) -> Result<HashMap<GroupId, i64>, Error> {
        let seen = reader.sight().await?.filter_all(&[Seen::Person("u")]);
        let filter = seen.within("m.group_id in {groups}", "groups", ids);
        let text = format!(
            "select m.group_id, count(distinct m.user_id) from memberships m left join users u on u.id = m.user_id
             where {} group by m.group_id",
            filter.text()
        );
        let statement = filter.bind(sql("groups.member_counts", text));
        let rows: Vec<(GroupId, i64)> = statement.all(reader.db()).await?;
        Ok(rows.into_iter().collect())
    }
}
