//! A link by which somebody chooses a password without knowing the one before: used once, soon, and only as long as
//! the address it was sent to is still theirs.

use sea_orm::entity::prelude::*;

use crate::id::UserId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "password_links")]
pub struct Model {
    /// The SHA-256 of its secret, which is kept nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    /// Whose password it sets.
    pub user_id: UserId,
    /// The folded email that it was sent to.
    pub email_key: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it stops working.
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
