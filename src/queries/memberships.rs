//! Who holds which role in which group (R2).

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::{GroupId, UserId};
use entity::kind::Role;
use entity::membership::Model as Membership;
use serde::Deserialize;

use super::groups::{Group, Groups};
use super::links::{FromOther, FromUser, Link, Rows};
use super::users::User;
use super::{
    Batch, By, Filter, List, Order, Reader, Relation, Seen, Selected, all, columns, grouped, select,
};
use crate::error::Error;

/// Roles in groups, by the group's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Memberships {
    /// This role alone.
    pub role: Option<Role>,
}

impl Link for Memberships {
    type Row = Membership;
    type Other = Group;
    type OtherId = GroupId;
    const ROWS: Rows = Rows::Table("memberships");
    const COLUMN: &'static str = "l.group_id";

    fn filter(&self) -> Filter {
        Filter::new().maybe("l.role = {role}", "role", self.role)
    }
}

impl FromUser for Memberships {
    type Others = Groups;
    const OF_USER: &'static str = "memberships.of_user";
    const ORDER: &'static [By] = &[By::text("o.name_key"), By::number("o.id"), By::text("l.role")];
    const SEEN: &'static [Seen] = &[Seen::Group("l.group_id")];

    fn other(row: &Membership) -> GroupId {
        row.group_id
    }
}

impl FromOther for Memberships {
    const OF_OTHER: &'static str = "memberships.of_group";
    const PEOPLE: &'static [By] = &[By::text("u.name_key"), By::number("u.id"), By::text("l.role")];
}

/// Where somebody is administrator or user administrator, by the group's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Administrations;

impl Link for Administrations {
    type Row = Membership;
    type Other = Group;
    type OtherId = GroupId;
    const ROWS: Rows = Rows::Table("memberships");
    const COLUMN: &'static str = "l.group_id";

    fn filter(&self) -> Filter {
        Filter::new().and("l.role in ('ADMINISTRATOR', 'USER_ADMINISTRATOR')")
    }
}

impl FromUser for Administrations {
    type Others = Groups;
    const OF_USER: &'static str = "memberships.administrations";
    const ORDER: &'static [By] = &[By::text("o.name_key"), By::number("o.id"), By::text("l.role")];
    // One's own.
    const SEEN: &'static [Seen] = &[];

    fn other(row: &Membership) -> GroupId {
        row.group_id
    }
}

/// The members of a group, each once, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Members {
    /// Those who hold this role.
    pub role: Option<Role>,
}

/// A member of a group.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    /// Of this group.
    pub group: GroupId,
    /// Who.
    pub user: Arc<User>,
}

impl Relation for Members {
    type Parent = GroupId;
    type Item = Member;
    const PARENT: &'static str = "m.group_id";

    fn list(&self) -> List<Member> {
        let filter = Filter::new();
        let filter = match self.role {
            Some(role) => filter.with("m.role = {role}", "role", role),
            // One row a person: that of their first role.
            None => filter.and(
                "not exists (select 1 from memberships o
                             where o.user_id = m.user_id and o.group_id = m.group_id and o.role < m.role)",
            ),
        };
        List {
            name: "memberships.members",
            selected: Selected::several([Selected::value("m.group_id"), User::selected("u").any()]),
            from: "memberships m join users u on u.id = m.user_id".to_owned(),
            seen: vec![Seen::Person("u")],
            filter,
            order: Order::new("NAME", const { &[By::text("u.name_key"), By::number("u.id")] }),
        }
    }
}

/// The roles of people in groups, by group and person.
#[derive(Debug)]
pub struct Roles;

impl Batch for Roles {
    type Key = (GroupId, UserId);
    type Value = Arc<Vec<Membership>>;

    async fn load(
        reader: &Reader,
        keys: Vec<(GroupId, UserId)>,
    ) -> Result<HashMap<(GroupId, UserId), Arc<Vec<Membership>>>, Error> {
        let asked = crate::db::sql::Rows::new()
            .numbers("group_id", keys.iter().map(|(group, _)| *group))
            .numbers("user_id", keys.iter().map(|(_, user)| *user));
        let rest = "from {asked} join memberships m
                on m.user_id = asked.user_id and m.group_id = asked.group_id
             order by m.role";
        let statement = select("memberships.roles", &columns::<Membership>("m"), rest).rows("asked", asked);
        let rows: Vec<Membership> = all(statement, reader).await?;
        Ok(grouped(rows.into_iter().map(|row| ((row.group_id, row.user_id), row))))
    }
}
