//! A group of the tree (R1).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::GroupId;
use crate::kind::Privacy;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "groups")]
pub struct Model {
    /// Never given to another group.
    #[sea_orm(primary_key)]
    pub id: GroupId,
    /// The group above. Null: the platform group, of which there is one.
    pub parent_id: Option<GroupId>,
    /// As typed.
    pub name: String,
    /// What sorting by name compares: `name` folded, by code point.
    pub name_key: String,
    /// What text search looks into: `name` folded, without accents.
    pub search_key: String,
    /// Who sees it; the platform group is always `Public`.
    pub privacy: Privacy,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::membership::Entity")]
    Memberships,
}

impl Related<super::membership::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Memberships.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
