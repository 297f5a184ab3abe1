//! A sign-in of somebody, which works until its row goes or its time is over (R9.2, R19).

use sea_orm::entity::prelude::*;

use crate::id::{SignInId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_ins")]
pub struct Model {
    /// Never given to another sign-in.
    #[sea_orm(primary_key)]
    pub id: SignInId,
    /// Who signed in.
    pub user_id: UserId,
    /// The SHA-256 of its secret, unique; the secret itself is kept nowhere.
    pub sha256: String,
    /// What the client said of itself, shortened. Null: nothing.
    pub user_agent: Option<String>,
    /// When the person signed in.
    pub created_at: DateTimeUtc,
    /// When it was last used, give or take a minute.
    pub last_used_at: DateTimeUtc,
    /// When it stops working, however much it is used.
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
