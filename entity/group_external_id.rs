//! What another system calls a group (R34).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::GroupId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "group_external_ids")]
pub struct Model {
    /// The other system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub system: String,
    /// The id there; one group at most has it per system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub value: String,
    /// The group.
    pub group_id: GroupId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
