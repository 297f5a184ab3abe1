//! A date set for a person: automatic deletion or scheduled deactivation (R25), one of each at most.

use sea_orm::entity::prelude::*;

use crate::id::UserId;
use crate::kind::DateKind;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dates")]
pub struct Model {
    /// The person; never the platform owner (R14).
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// What happens on it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: DateKind,
    /// When it is due: the platform's midnight, or its 23:59, in UTC.
    pub due_at: DateTimeUtc,
    /// Who set it. Null: the platform, by a policy.
    pub set_by: Option<UserId>,
    /// When it was set.
    pub set_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
