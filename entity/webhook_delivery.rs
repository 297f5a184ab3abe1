//! An event on its way to a webhook.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{DeliveryId, EventId, WebhookId};
use crate::kind::{DeliveryFailure, DeliveryStatus};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    /// Never given to another delivery.
    #[sea_orm(primary_key)]
    pub id: DeliveryId,
    /// Where it goes.
    pub webhook_id: WebhookId,
    /// What is sent; forgotten together with it. Null: a trial.
    pub event_id: Option<EventId>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How often it was sent, or begun to be, 0 or more.
    pub attempts: i64,
    /// What the last attempt was answered with, as a status of HTTP. Null: none, or no answer came.
    pub status_code: Option<i64>,
    /// Why the last attempt failed. Null: there was none, or it did not.
    pub failure: Option<DeliveryFailure>,
    /// When it is sent next; while it is being sent, when another one may take it. Null: it is not, or waits for its
    /// webhook to go on.
    pub next_attempt_at: Option<DateTimeUtc>,
    /// Since when it is on its way.
    pub created_at: DateTimeUtc,
    /// When it arrived, or was given up. Null: neither.
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
