//! A classroom slot of a session (R8).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{SessionId, SlotId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "slots")]
pub struct Model {
    /// Never given to another slot.
    #[sea_orm(primary_key)]
    pub id: SlotId,
    /// The session.
    pub session_id: SessionId,
    /// Where it is, as typed.
    pub place: String,
    /// Its start; it is upcoming as long as that is ahead (R9.4).
    pub starts_at: DateTimeUtc,
    /// Its end, later than its start.
    pub ends_at: DateTimeUtc,
    /// How many attendees it has seats for, 1 or more; trainers take none. Null: no limit.
    pub capacity: Option<i32>,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::session::Entity",
        from = "Column::SessionId",
        to = "super::session::Column::Id"
    )]
    Session,
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
