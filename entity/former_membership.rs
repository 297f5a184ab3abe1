//! A role that somebody held in a group when their account was deleted (R26). Whoever administers the group sees them.

use sea_orm::entity::prelude::*;

use crate::id::{GroupId, UserId};
use crate::kind::Role;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "former_memberships")]
pub struct Model {
    /// In which group, which may be gone since.
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: GroupId,
    /// Who is deleted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Which role.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: Role,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
