//! A bearer token, which works until its row goes (R9.2, R19).

use sea_orm::entity::prelude::*;

use crate::id::{TokenId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    /// Never given to another token.
    #[sea_orm(primary_key)]
    pub id: TokenId,
    /// Whose it is; it can never do more than they can.
    pub user_id: UserId,
    /// The SHA-256 of the token, unique; the token itself is kept nowhere.
    pub sha256: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
