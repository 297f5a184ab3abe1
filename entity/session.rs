//! A session of a path (R8) and its main instructor (R12).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{GroupId, PathId, SessionId, UserId};
use crate::kind::AudienceKind;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// Never given to another session.
    #[sea_orm(primary_key)]
    pub id: SessionId,
    /// The path.
    pub path_id: PathId,
    /// As typed.
    pub title: String,
    /// What sorting by title compares: `title` folded, by code point.
    pub title_key: String,
    /// What text search looks into: `title` folded, without accents.
    pub search_key: String,
    /// The owner group.
    pub group_id: GroupId,
    /// The main instructor, who is no co-instructor besides.
    pub main_instructor_id: UserId,
    /// How it finds its people.
    pub audience_kind: AudienceKind,
    /// Its start.
    pub starts_at: DateTimeUtc,
    /// Its end, later than its start.
    pub ends_at: DateTimeUtc,
    /// When its people were captured at its end. Null: not yet.
    pub captured_at: Option<DateTimeUtc>,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::path::Entity", from = "Column::PathId", to = "super::path::Column::Id")]
    Path,
    #[sea_orm(belongs_to = "super::group::Entity", from = "Column::GroupId", to = "super::group::Column::Id")]
    Group,
}

impl Related<super::path::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Path.def()
    }
}

impl Related<super::group::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Group.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
