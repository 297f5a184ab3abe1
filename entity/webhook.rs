//! Where events are sent, and what they are signed with.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{UserId, WebhookId};
use crate::kind::WebhookStatus;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    /// Never given to another webhook.
    #[sea_orm(primary_key)]
    pub id: WebhookId,
    /// Where events are sent.
    pub url: String,
    /// The kinds of events that are sent, separated by spaces. Null: all.
    pub kinds: Option<String>,
    /// What it is for. Null: nobody said.
    pub description: Option<String>,
    /// Whether events are sent.
    pub status: WebhookStatus,
    /// What is signed with: it has to be known to sign, so it is kept as it is. Never told again.
    pub secret: String,
    /// What was signed with before, and still is for a while. Null: nothing.
    pub former_secret: Option<String>,
    /// Until when. Null: there is no former secret.
    pub former_until: Option<DateTimeUtc>,
    /// The transaction of the last event that was looked at for it.
    pub transaction_id: i64,
    /// The last event that was looked at for it, or its place before there was one.
    pub event_id: i64,
    /// What had been committed when it was made, as PostgreSQL says so. Null: whatever is before its place.
    pub made_within: Option<String>,
    /// Who made it. It outlives their account.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was given up. Null: it was not.
    pub disabled_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
