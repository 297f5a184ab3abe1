//! An answer already given: the same key gets it again (R29).

use sea_orm::entity::prelude::*;

use crate::id::UserId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Who asked, each having keys of their own: a user's id, or minus the id of a token of the platform.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_id: UserId,
    /// The key, as sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The SHA-256 of the input; the key with another input is refused.
    pub input_sha256: String,
    /// What was answered, as JSON.
    pub answer: String,
    /// When it was answered.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
