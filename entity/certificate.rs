//! A certificate, one per person and course at most.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{CertificateId, CourseId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "certificates")]
pub struct Model {
    /// Never given to another certificate.
    #[sea_orm(primary_key)]
    pub id: CertificateId,
    /// Whose it is.
    pub user_id: UserId,
    /// The course it is for.
    pub course_id: CourseId,
    /// When it was issued.
    pub issued_at: DateTimeUtc,
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
