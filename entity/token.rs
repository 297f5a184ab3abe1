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
    /// What its owner calls it. Null: the operator made it.
    pub name: Option<String>,
    /// How the token begins, by which its owner knows it again. Null: the operator made it.
    pub hint: Option<String>,
    /// What it may be used for, separated by spaces. Null: for whatever a token may be used for.
    pub scopes: Option<String>,
    /// When it stops working. Null: never of itself.
    pub expires_at: Option<DateTimeUtc>,
    /// When it was last used, give or take a minute. Null: never.
    pub last_used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
