//! How far somebody is in a course. Leaving never erases it, coming back resumes it (R8, R32).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{CourseId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "progress")]
pub struct Model {
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The course.
    #[sea_orm(primary_key, auto_increment = false)]
    pub course_id: CourseId,
    /// How much is done, 0 to 100.
    pub percent: i32,
    /// When they began.
    pub started_at: DateTimeUtc,
    /// When `percent` last changed.
    pub updated_at: DateTimeUtc,
    /// When `percent` came to 100. Set exactly while it is 100.
    pub completed_at: Option<DateTimeUtc>,
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
