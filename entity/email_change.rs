//! An address that somebody is to have in place of the one before (R24). It is reserved for them, and counts once the link
//! that was sent to it is opened.

use sea_orm::entity::prelude::*;

use crate::id::UserId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_changes")]
pub struct Model {
    /// Whose address it is to be.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The address, as typed.
    pub email: String,
    /// `email` folded; nobody else reserves it.
    pub email_key: String,
    /// The SHA-256 of the secret in the link that confirms it, which is kept nowhere.
    pub sha256: String,
    /// When the link was made.
    pub created_at: DateTimeUtc,
    /// When the link stops working, and with it the reservation.
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
