//! Somebody registered for a classroom slot (R8).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{SlotId, UserId};
use crate::kind::SeatKind;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "slot_registrations")]
pub struct Model {
    /// The slot.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot_id: SlotId,
    /// Who is registered.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// As what; one person may be both.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: SeatKind,
    /// Who registered them. Null: the system.
    pub registered_by: Option<UserId>,
    /// When they were registered.
    pub registered_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::slot::Entity", from = "Column::SlotId", to = "super::slot::Column::Id")]
    Slot,
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::slot::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Slot.def()
    }
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
