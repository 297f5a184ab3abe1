//! Somebody captured in a session (R8): when a static audience was saved, or at the end.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{SessionId, UserId};
use crate::kind::Carrier;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "session_captures")]
pub struct Model {
    /// The session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: SessionId,
    /// Who was captured.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// What carried them in.
    pub carried_by: Carrier,
    /// Since when it carried them.
    pub since: DateTimeUtc,
    /// When they were captured.
    pub captured_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::session::Entity",
        from = "Column::SessionId",
        to = "super::session::Column::Id"
    )]
    Session,
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
