//! A role that somebody holds in a group (R2). Members hold at least one, several at once.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{GroupId, UserId};
use crate::kind::Role;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    /// Who holds it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Where.
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: GroupId,
    /// What they are there.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: Role,
    /// Who granted it. Null: the system.
    pub granted_by: Option<UserId>,
    /// When it was granted; who was appointed first succeeds first (R13).
    #[serde(deserialize_with = "crate::instant::read")]
    pub granted_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
    #[sea_orm(belongs_to = "super::group::Entity", from = "Column::GroupId", to = "super::group::Column::Id")]
    Group,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl Related<super::group::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Group.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
