//! A work handed over by a removal (R10 to R12).

use sea_orm::entity::prelude::*;

use crate::id::{RecordId, UserId};
use crate::kind::{Step, Work};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hand_overs")]
pub struct Model {
    /// The record of the removal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: RecordId,
    /// What kind of work it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: Work,
    /// The course, path or session, by `kind`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub work_id: i64,
    /// Who left it.
    pub from_user_id: UserId,
    /// Who has it since.
    pub to_user_id: UserId,
    /// The step at which the successor was found.
    pub step: Step,
    /// The successor's rank as co-author or co-instructor until then. Null: they were none.
    pub former_rank: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::record::Entity",
        from = "Column::RecordId",
        to = "super::record::Column::Id"
    )]
    Record,
}

impl Related<super::record::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Record.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
