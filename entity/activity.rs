//! An activity of a course. It is never handed over: who may see it may copy it (R13).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{ActivityId, CourseId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "activities")]
pub struct Model {
    /// Never given to another activity.
    #[sea_orm(primary_key)]
    pub id: ActivityId,
    /// The course.
    pub course_id: CourseId,
    /// Whose it is, also after they left.
    pub owner_id: UserId,
    /// As typed.
    pub title: String,
    /// What sorting by title compares: `title` folded, by code point.
    pub title_key: String,
    /// What text search looks into: `title` folded, without accents.
    pub search_key: String,
    /// What it is a copy of. Null: it is none.
    pub copied_from_id: Option<ActivityId>,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::course::Entity",
        from = "Column::CourseId",
        to = "super::course::Column::Id"
    )]
    Course,
}

impl Related<super::course::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Course.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
