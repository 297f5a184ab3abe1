//! Webhooks: addresses to which the platform sends what happens.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::{DeliveryId, WebhookId};

use super::connection::{self, Connection, Paging};
use super::context::{self, load};
use super::domain::{self, payload};
use super::error::{ApiError, UserError};
use super::events::{Event, EventKind};
use super::id::{self, GlobalId};
use super::input::{change, set};
use super::kinds::{DeliveryFailure, DeliveryStatus, WebhookStatus};
use crate::change::Change;
use crate::error::Refusal;
use crate::events::Kind;
use crate::queries::events::{Deliveries, DeliveriesById, Delivery, Events};
use crate::webhooks::{self, Made, NewWebhook, Rotation, Secret, WebhookEdit};

impl GlobalId for WebhookId {
    const TYPE: &'static str = "Webhook";

    fn of(number: i64) -> WebhookId {
        WebhookId(number)
    }
}

impl GlobalId for DeliveryId {
    const TYPE: &'static str = "WebhookDelivery";

    fn of(number: i64) -> DeliveryId {
        DeliveryId(number)
    }
}

/// An address to which the platform sends what happens, as JSON by HTTP POST, signed by the convention of the Standard
/// Webhooks: each event at least once, in no order that is promised.
#[derive(Clone, Debug)]
pub struct Webhook(webhooks::Webhook);

/// An event on its way to a webhook, and how that went. What receivers answer besides a status is not kept.
#[derive(Clone, Debug)]
pub struct WebhookDelivery(Arc<Delivery>);

impl From<Arc<Delivery>> for WebhookDelivery {
    fn from(delivery: Arc<Delivery>) -> WebhookDelivery {
        WebhookDelivery(delivery)
    }
}

/// An address to which the platform sends what happens, as JSON by HTTP POST, signed by the convention of the Standard
/// Webhooks: each event at least once, in no order that is promised.
#[Object]
impl Webhook {
    /// The id: opaque, never given to another webhook.
    async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Where events are sent.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// The kinds of events that are sent; null: all.
    async fn kinds(&self) -> Option<Vec<EventKind>> {
        let kinds = self.0.kinds.as_deref()?;
        Some(kinds.split(' ').filter_map(Kind::of).map(EventKind::from).collect())
    }

    /// What it is for; null if nobody said.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Whether events are sent.
    async fn status(&self) -> WebhookStatus {
        self.0.status.into()
    }

    /// Until when the former secret signs beside the present one; null if there is no former one.
    async fn former_secret_until(&self) -> Option<DateTime<Utc>> {
        self.0.former_until
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was given up, since nothing arrived for days; null if it was not.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// What was sent to it, and is to be; the oldest first. Kept as long as the events.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand so.")] status: Option<DeliveryStatus>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<WebhookDelivery>, ApiError> {
        let deliveries = Deliveries { status: status.map(Into::into) };
        connection::of_relation(ctx, deliveries, self.0.id, &Paging { first, after, last, before })
    }
}

/// An event on its way to a webhook, and how that went. What receivers answer besides a status is not kept.
#[Object]
impl WebhookDelivery {
    /// The id: opaque, never given to another delivery.
    async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What is sent; null for a trial.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>, ApiError> {
        match self.0.event_id {
            Some(event) => Ok(load::<Events>(ctx, event).await?.map(Event::from)),
            None => Ok(None),
        }
    }

    /// Where it stands.
    async fn status(&self) -> DeliveryStatus {
        self.0.status.into()
    }

    /// How often it was sent, or begun to be.
    async fn attempts(&self) -> i64 {
        self.0.attempts
    }

    /// The status of HTTP that the last attempt was answered with; null if there was none.
    async fn status_code(&self) -> Option<i64> {
        self.0.status_code
    }

    /// Why the last attempt failed; null if it did not, or there was none.
    async fn failure(&self) -> Option<DeliveryFailure> {
        self.0.failure.map(Into::into)
    }

    /// When it is sent next; null if it is not, or its webhook is stopped.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.0.next_attempt_at
    }

    /// Since when it is on its way.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it arrived, or was given up; null if neither.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

/// The webhook to make.
#[derive(Clone, Debug, InputObject)]
pub struct CreateWebhookInput {
    /// Where events are sent: `https://…`, at port 443, 80, or 1024 and above, on the public network. Others, and
    /// `http://…`, the operator has to allow.
    url: String,
    /// The kinds of events that are sent; all of them, also those to come, if left out.
    kinds: Option<Vec<EventKind>>,
    /// What it is for, 1 to 200 characters.
    description: Option<String>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer, but for the secret, and
    /// does nothing.
    idempotency_key: Option<String>,
}

/// Whether a webhook is to be sent events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum WebhookSwitch {
    /// It goes on, and what happened meanwhile is sent.
    Active,
    /// It stops for now.
    Paused,
}

/// What to change about a webhook. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateWebhookInput {
    /// Which.
    webhook_id: ID,
    /// Where events are sent, as for a new one.
    url: MaybeUndefined<String>,
    /// The kinds of events that are sent; null means all of them.
    kinds: MaybeUndefined<Vec<EventKind>>,
    /// What it is for, 1 to 200 characters; null means that nobody says.
    description: MaybeUndefined<String>,
    /// Whether it goes on, also after it was given up, or stops.
    status: MaybeUndefined<WebhookSwitch>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// The webhook whose secret to change.
#[derive(Clone, Debug, InputObject)]
pub struct RotateWebhookSecretInput {
    /// Which.
    webhook_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer, but for the secret, and
    /// does nothing.
    idempotency_key: Option<String>,
}

/// The webhook to try.
#[derive(Clone, Debug, InputObject)]
pub struct TestWebhookInput {
    /// Which.
    webhook_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// The webhook to delete.
#[derive(Clone, Debug, InputObject)]
pub struct DeleteWebhookInput {
    /// Which.
    webhook_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// What to send once more.
#[derive(Clone, Debug, InputObject)]
pub struct RetryDeliveryInput {
    /// Which.
    delivery_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

fn names(kinds: Vec<EventKind>) -> Vec<&'static str> {
    kinds.into_iter().map(|kind| Kind::from(kind).as_str()).collect()
}

impl UpdateWebhookInput {
    fn read(self) -> Result<WebhookEdit, Refusal> {
        let kinds = match change(self.kinds) {
            Change::Keep => Change::Keep,
            Change::Clear => Change::Clear,
            Change::Set(kinds) => Change::Set(names(kinds)),
        };
        Ok(WebhookEdit {
            webhook: id::parse(&self.webhook_id, &["webhookId"])?,
            url: set(self.url, &["url"])?,
            kinds,
            description: change(self.description),
            goes_on: set(self.status, &["status"])?.map(|status| status == WebhookSwitch::Active),
        })
    }
}

/// What making a webhook, and changing its secret, answers with.
#[derive(Debug, SimpleObject)]
pub struct WebhookSecretPayload {
    /// The webhook; null if nothing was done.
    webhook: Option<Webhook>,
    /// What it signs with, `whsec_…`. It is kept as it is, since it has to be known to sign with it, and shown this once;
    /// null if nothing was done, or the request had been sent before.
    secret: Option<String>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

impl WebhookSecretPayload {
    async fn of(
        ctx: &Context<'_>,
        done: Result<Made, UserError>,
        drawn: &Secret,
    ) -> Result<WebhookSecretPayload, ApiError> {
        let (id, sha256) = match done {
            Ok(made) => made,
            Err(error) => {
                return Ok(WebhookSecretPayload { webhook: None, secret: None, user_errors: vec![error] });
            }
        };
        let secret = (drawn.sha256() == sha256).then(|| drawn.as_str().to_owned());
        Ok(WebhookSecretPayload { webhook: one(ctx, id).await?, secret, user_errors: Vec::new() })
    }
}

payload! {
    /// What `updateWebhook` answers with.
    UpdateWebhookPayload {
        /// The webhook as it is now; null if nothing was done.
        webhook: Webhook
    }
}

payload! {
    /// What `testWebhook` and `retryDelivery` answer with.
    WebhookDeliveryPayload {
        /// What is on its way now; null if nothing was done.
        delivery: WebhookDelivery
    }
}

payload! {
    /// What `deleteWebhook` answers with.
    DeleteWebhookPayload {
        /// The webhook that is gone; null if nothing was done.
        deleted_webhook_id: ID
    }
}

/// The webhooks, for who may see them.
async fn all(ctx: &Context<'_>) -> Result<Vec<Webhook>, ApiError> {
    let found = domain::read(ctx, |db, caller| async move { webhooks::all(&db, &caller).await }).await?;
    Ok(found.into_iter().map(Webhook).collect())
}

async fn one(ctx: &Context<'_>, id: WebhookId) -> Result<Option<Webhook>, ApiError> {
    Ok(all(ctx).await?.into_iter().find(|webhook| webhook.0.id == id))
}

async fn delivery(ctx: &Context<'_>, id: DeliveryId) -> Result<Option<WebhookDelivery>, ApiError> {
    // Whoever might see it once, and asks again by the same key, may not any more.
    all(ctx).await?;
    Ok(load::<DeliveriesById>(ctx, id).await?.map(WebhookDelivery))
}

/// Reads of webhooks.
#[derive(Debug, Default)]
pub struct WebhookQuery;

/// Reads of webhooks.
#[Object]
impl WebhookQuery {
    /// The webhooks, at most 20, the oldest first. For platform administrators, and the platform's own tokens.
    async fn webhooks(&self, ctx: &Context<'_>) -> Result<Vec<Webhook>, ApiError> {
        all(ctx).await
    }

    /// The webhook of this id; null where there is none. For platform administrators, and the platform's own tokens.
    async fn webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Webhook>, ApiError> {
        one(ctx, id::parse(&id, &["id"])?).await
    }
}

/// Changes of webhooks.
#[derive(Debug, Default)]
pub struct WebhookMutation;

/// Changes of webhooks.
#[Object]
impl WebhookMutation {
    /// Makes a webhook, to which is sent what happens from now on. At most 20. By platform administrators; no token is
    /// good for it, since it would go on after the token is revoked.
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to send what.")] input: CreateWebhookInput,
    ) -> Result<WebhookSecretPayload, ApiError> {
        let (key, drawn) = (input.idempotency_key, Secret::draw()?);
        let new = NewWebhook {
            url: input.url,
            kinds: input.kinds.map(names),
            description: input.description,
            secret: drawn.clone(),
        };
        let reach = context::reach(ctx)?;
        let done = domain::perform(ctx, "createWebhook", key, Ok(new), |db, caller, key, new| async move {
            webhooks::create(&db, &reach, caller, key, new).await
        });
        WebhookSecretPayload::of(ctx, done.await?, &drawn).await
    }

    /// Changes a webhook, stops it, or lets it go on. By platform administrators.
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateWebhookInput,
    ) -> Result<UpdateWebhookPayload, ApiError> {
        let (key, reach) = (input.idempotency_key.clone(), context::reach(ctx)?);
        let done =
            domain::perform(ctx, "updateWebhook", key, input.read(), |db, caller, key, edit| async move {
                webhooks::update(&db, &reach, caller, key, edit).await
            });
        UpdateWebhookPayload::of(done.await?, |id| one(ctx, id)).await
    }

    /// Draws another secret for a webhook. For 24 hours the former one signs beside it: `webhook-signature` then has two
    /// signatures, separated by a space. By platform administrators.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RotateWebhookSecretInput,
    ) -> Result<WebhookSecretPayload, ApiError> {
        let drawn = Secret::draw()?;
        let webhook = id::parse(&input.webhook_id, &["webhookId"]);
        let rotation = webhook.map(|webhook| Rotation { webhook, secret: drawn.clone() });
        let done =
            domain::write(ctx, "rotateWebhookSecret", input.idempotency_key, rotation, |tx, rotation| {
                Box::pin(webhooks::rotate(tx, rotation))
            });
        WebhookSecretPayload::of(ctx, done.await?, &drawn).await
    }

    /// Sends a trial, once, also where the webhook is stopped: an event of the type `webhook.test`, which is none of
    /// `changes`. By platform administrators.
    async fn test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: TestWebhookInput,
    ) -> Result<WebhookDeliveryPayload, ApiError> {
        let webhook = id::parse(&input.webhook_id, &["webhookId"]);
        let done = domain::write(ctx, "testWebhook", input.idempotency_key, webhook, |tx, webhook| {
            Box::pin(webhooks::test(tx, webhook))
        });
        let done = done.await?;
        context::happened(ctx)?;
        WebhookDeliveryPayload::of(done, |id| delivery(ctx, id)).await
    }

    /// Deletes a webhook, and what is on its way to it. By platform administrators.
    async fn delete_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeleteWebhookInput,
    ) -> Result<DeleteWebhookPayload, ApiError> {
        let webhook = id::parse(&input.webhook_id, &["webhookId"]);
        let done = domain::write(ctx, "deleteWebhook", input.idempotency_key, webhook, |tx, webhook| {
            Box::pin(webhooks::delete(tx, webhook))
        });
        DeleteWebhookPayload::of(done.await?, |_| async { Ok(Some(input.webhook_id)) }).await
    }

    /// Sends something once more, at once: what was given up, what waits, or what arrived and got lost there. By platform
    /// administrators.
    async fn retry_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RetryDeliveryInput,
    ) -> Result<WebhookDeliveryPayload, ApiError> {
        let asked = id::parse(&input.delivery_id, &["deliveryId"]);
        let done = domain::write(ctx, "retryDelivery", input.idempotency_key, asked, |tx, id| {
            Box::pin(webhooks::retry(tx, id))
        });
        let done = done.await?;
        context::happened(ctx)?;
        WebhookDeliveryPayload::of(done, |id| delivery(ctx, id)).await
    }
}
