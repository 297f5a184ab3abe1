//! What somebody proves to be themselves with. Whoever is not here signs in by other means.

use sea_orm::entity::prelude::*;

use crate::id::UserId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passwords")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Argon2id, as a PHC string; the password itself is kept nowhere.
    pub hash: String,
    /// Whether somebody else set it, so that it must be changed at the next sign-in (R34).
    pub must_change: bool,
    /// When it was set.
    pub set_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
