//! A result of an activity: one attempt of one person.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{ActivityId, ResultId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "results")]
pub struct Model {
    /// Never given to another result.
    #[sea_orm(primary_key)]
    pub id: ResultId,
    /// Whose it is.
    pub user_id: UserId,
    /// The activity.
    pub activity_id: ActivityId,
    /// The score in percent, 0 to 100.
    pub score: i32,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::activity::Entity",
        from = "Column::ActivityId",
        to = "super::activity::Column::Id"
    )]
    Activity,
}

impl Related<super::activity::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Activity.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
