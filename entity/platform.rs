//! The platform itself: one row.

use sea_orm::entity::prelude::*;

use crate::id::{GroupId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "platform")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// As typed.
    pub name: String,
    /// The platform group (R1).
    pub root_group_id: GroupId,
    /// The platform owner (R2), whom nothing removes (R14).
    pub owner_id: UserId,
    /// The zone in which dates are due (R25), by its IANA name.
    pub time_zone: String,
    /// How many seats there are (R22), 0 or more. Null: no limit.
    pub seat_limit: Option<i64>,
    /// The safety share (R29) in percent, 0 to 100.
    pub safety_share: i64,
    /// Changes with the tree of groups, so that a copy of it can be checked.
    pub tree_revision: i64,
    /// The group that people who sign up become learners of (R34). Null: nobody signs up.
    pub sign_up_group_id: Option<GroupId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
