//! A payment subscription, cancelled when its holder goes (R9.7, R21).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{CourseId, SubscriptionId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "subscriptions")]
pub struct Model {
    /// Never given to another subscription.
    #[sea_orm(primary_key)]
    pub id: SubscriptionId,
    /// Who pays.
    pub user_id: UserId,
    /// What for.
    pub course_id: CourseId,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// When it was cancelled. Null: it goes on.
    pub cancelled_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
