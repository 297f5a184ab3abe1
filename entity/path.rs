//! A path, an ordered list of courses, and its main author (R11).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{GroupId, PathId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "paths")]
pub struct Model {
    /// Never given to another path.
    #[sea_orm(primary_key)]
    pub id: PathId,
    /// As typed.
    pub title: String,
    /// What sorting by title compares: `title` folded, by code point.
    pub title_key: String,
    /// What text search looks into: `title` folded, without accents.
    pub search_key: String,
    /// The owner group.
    pub group_id: GroupId,
    /// The main author, who is no co-author besides.
    pub main_author_id: UserId,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::group::Entity", from = "Column::GroupId", to = "super::group::Column::Id")]
    Group,
}

impl Related<super::group::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Group.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
