//! Something that happened, for other systems to hear: written together with what it tells of, and kept for a while.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::EventId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// Never given to another event.
    #[sea_orm(primary_key)]
    pub id: EventId,
    /// The transaction that wrote it, by which PostgreSQL tells that nothing before it is still to come; 0 on SQLite,
    /// which has one writer.
    pub transaction_id: i64,
    /// What happened, as `user.deleted`.
    pub kind: String,
    /// When.
    pub at: DateTimeUtc,
    /// To whom and what, as JSON: ids, kinds and counts, never names.
    pub data: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
