//! A course of a path.

use sea_orm::entity::prelude::*;

use crate::id::{CourseId, PathId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "path_courses")]
pub struct Model {
    /// The path.
    #[sea_orm(primary_key, auto_increment = false)]
    pub path_id: PathId,
    /// The course, once in a path at most.
    #[sea_orm(primary_key, auto_increment = false)]
    pub course_id: CourseId,
    /// Its place in the path, from 1, unique there.
    pub position: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::path::Entity", from = "Column::PathId", to = "super::path::Column::Id")]
    Path,
    #[sea_orm(
        belongs_to = "super::course::Entity",
        from = "Column::CourseId",
        to = "super::course::Column::Id"
    )]
    Course,
}

impl Related<super::path::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Path.def()
    }
}

impl Related<super::course::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Course.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
