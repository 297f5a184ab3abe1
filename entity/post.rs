//! A post or a message in a group.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{GroupId, PostId, UserId};
use crate::kind::PostKind;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "posts")]
pub struct Model {
    /// Never given to another post.
    #[sea_orm(primary_key)]
    pub id: PostId,
    /// The group it was written in.
    pub group_id: GroupId,
    /// Who wrote it. Null: somebody erased since (R23).
    pub author_id: Option<UserId>,
    /// Who reads it.
    pub kind: PostKind,
    /// Its text, as typed.
    pub body: String,
    /// When it was written.
    pub created_at: DateTimeUtc,
    /// Since when it shows an anonymous author (R9.6, R21). Null: it shows its author.
    pub anonymized_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::group::Entity", from = "Column::GroupId", to = "super::group::Column::Id")]
    Group,
}

impl Related<super::group::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Group.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
