//! A sale of a course, which may outlive the personal data of its buyer (R23).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{CourseId, SaleId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "sales")]
pub struct Model {
    /// Never given to another sale.
    #[sea_orm(primary_key)]
    pub id: SaleId,
    /// Who bought it. Null: somebody erased since.
    pub user_id: Option<UserId>,
    /// The course.
    pub course_id: CourseId,
    /// The price in hundredths of the currency, 0 or more.
    pub amount_cents: i64,
    /// The currency, three letters as in ISO 4217.
    pub currency: String,
    /// When it was sold.
    pub sold_at: DateTimeUtc,
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
