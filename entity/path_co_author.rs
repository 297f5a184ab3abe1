//! A co-author of a path, who may succeed its main author (R11).

use sea_orm::entity::prelude::*;

use crate::id::{PathId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "path_co_authors")]
pub struct Model {
    /// The path.
    #[sea_orm(primary_key, auto_increment = false)]
    pub path_id: PathId,
    /// The co-author.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The place in their order, from 1, unique here; never renumbered (R17), so there may be gaps.
    pub rank: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::path::Entity", from = "Column::PathId", to = "super::path::Column::Id")]
    Path,
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::path::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Path.def()
    }
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
