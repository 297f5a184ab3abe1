//! A bearer token of the platform itself, for programs that are nobody's. It works until its row goes or its time is
//! over.

use sea_orm::entity::prelude::*;

use crate::id::{ServiceTokenId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_tokens")]
pub struct Model {
    /// Never given to another token.
    #[sea_orm(primary_key)]
    pub id: ServiceTokenId,
    /// What it is called.
    pub name: String,
    /// How the token begins, by which it is known again.
    pub hint: String,
    /// What it may be used for, separated by spaces.
    pub scopes: String,
    /// The SHA-256 of the token, unique; the token itself is kept nowhere.
    pub sha256: String,
    /// Who made it. It outlives their account.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it stops working. Null: never of itself.
    pub expires_at: Option<DateTimeUtc>,
    /// When it was last used, give or take a minute. Null: never.
    pub last_used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
