//! The rows of webhooks, and of what is on its way to them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{DeliveryId, EventId, UserId, WebhookId};
use entity::kind::{DeliveryFailure, DeliveryStatus, WebhookStatus};
use sea_orm::{ConnectionTrait, DbBackend};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Became, Claim, MOST, NewWebhook, Rotation, Sent};
use crate::db::clock::Moment;
use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::events::store::settled;

/// A webhook, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Which.
    pub id: WebhookId,
    /// Where events are sent.
    pub url: String,
    /// The kinds that are sent, separated by spaces; none: all.
    pub kinds: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether events are sent.
    pub status: WebhookStatus,
    /// Until when the former secret signs.
    pub former_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was given up.
    pub disabled_at: Option<DateTime<Utc>>,
}

type Row = (
    WebhookId,
    String,
    Option<String>,
    Option<String>,
    WebhookStatus,
    Option<DateTime<Utc>>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
);

fn read((id, url, kinds, description, status, former_until, created_at, disabled_at): Row) -> Webhook {
    Webhook { id, url, kinds, description, status, former_until, created_at, disabled_at }
}

/// A delivery that was taken, and all that is needed to send it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Parcel {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The number of the attempt, from 1.
    pub attempt: i64,
    /// To which webhook.
    pub webhook: WebhookId,
    /// Where.
    pub url: String,
    /// What to sign with.
    pub secrets: Vec<String>,
    /// What is sent: id, kind, when, data; none for a trial.
    pub event: Option<(EventId, String, DateTime<Utc>, String)>,
    /// Since when it is on its way.
    pub since: DateTime<Utc>,
    /// When it was taken.
    pub now: DateTime<Utc>,
}

/// A place among the events: a transaction, and an event of it.
pub type Place = (i64, EventId);

fn locked(db: &impl ConnectionTrait) -> &'static str {
    if db.get_database_backend() == DbBackend::Postgres { "for no key update" } else { "" }
}

/// That the event `e` is news to the webhook `w`: it had not been committed when the webhook was made. Its place alone
/// does not tell, which is before the oldest transaction that ran then, and others have been committed since that began.
const fn news(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "(w.made_within is null
                or not pg_visible_in_snapshot(e.transaction_id::text::xid8, w.made_within::pg_snapshot))"
        }
        _ => "1 = 1",
    }
}

/// Adds a webhook, whose place is before all that is not committed yet.
pub async fn add(
    db: &impl ConnectionTrait,
    url: &Url,
    new: &NewWebhook,
    description: Option<&str>,
    creator: UserId,
    now: DateTime<Utc>,
) -> Result<WebhookId, Error> {
    let place = if db.get_database_backend() == DbBackend::Postgres {
        "pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 0, pg_current_snapshot()::text"
    } else {
        "0, (select coalesce(max(id), 0) from events), null"
    };
    let text = format!(
        "insert into webhooks (url, kinds, description, status, secret, transaction_id, event_id, made_within,
            created_by, created_at)
         values ({{url}}, {{kinds}}, {{description}}, 'ACTIVE', {{secret}}, {place}, {{creator}}, {{now}})
         returning id"
    );
    let (id,) = sql("webhooks.add", text)
        .bind("url", url.as_str())
        .bind("kinds", new.kinds.as_ref().map(|kinds| kinds.join(" ")))
        .bind("description", description)
        .bind("secret", new.secret.as_str())
        .bind("creator", creator)
        .bind("now", now)
        .only(db)
        .await?;
    Ok(id)
}

/// Every webhook, the oldest first.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Webhook>, Error> {
    let rows: Vec<Row> = sql(
        "webhooks.all",
        "select id, url, kinds, description, status, former_until, created_at, disabled_at from webhooks
         order by id limit {most}",
    )
    .bind("most", MOST as i64)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// A webhook, which nobody else changes until the transaction ends.
pub async fn held(db: &impl ConnectionTrait, webhook: WebhookId) -> Result<Option<Webhook>, Error> {
    let text = format!(
        "select id, url, kinds, description, status, former_until, created_at, disabled_at from webhooks
         where id = {{webhook}} {}",
        locked(db)
    );
    let row: Option<Row> = sql("webhooks.held", text).bind("webhook", webhook).one(db).await?;
    Ok(row.map(read))
}

/// Writes what can change of a webhook by hand.
pub async fn update(db: &impl ConnectionTrait, webhook: &Webhook) -> Result<(), Error> {
    sql(
        "webhooks.update",
        "update webhooks set url = {url}, kinds = {kinds}, description = {description}, status = {status},
            disabled_at = {disabled}
         where id = {webhook}",
    )
    .bind("url", webhook.url.as_str())
    .bind("kinds", webhook.kinds.as_deref())
    .bind("description", webhook.description.as_deref())
    .bind("status", webhook.status)
    .bind("disabled", webhook.disabled_at)
    .bind("webhook", webhook.id)
    .exactly(db, 1)
    .await
}

/// Puts another secret in the place of a webhook's, which signs until then.
pub async fn rotate(
    db: &impl ConnectionTrait,
    rotation: &Rotation,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "webhooks.rotate",
        "update webhooks set former_secret = secret, former_until = {until}, secret = {secret}
         where id = {webhook}",
    )
    .bind("until", until)
    .bind("secret", rotation.secret.as_str())
    .bind("webhook", rotation.webhook)
    .exactly(db, 1)
    .await
}

/// Deletes a webhook, and what is on its way to it.
pub async fn delete(db: &impl ConnectionTrait, webhook: WebhookId) -> Result<(), Error> {
    sql("webhooks.delete_deliveries", "delete from webhook_deliveries where webhook_id = {webhook}")
        .bind("webhook", webhook)
        .execute(db)
        .await?;
    sql("webhooks.delete", "delete from webhooks where id = {webhook}")
        .bind("webhook", webhook)
        .exactly(db, 1)
        .await
}

/// What is on its way to a webhook waits until it goes on.
pub async fn hold(db: &impl ConnectionTrait, webhook: WebhookId) -> Result<(), Error> {
    sql(
        "webhooks.hold",
        "update webhook_deliveries set next_attempt_at = null
         where webhook_id = {webhook} and status = 'PENDING' and event_id is not null",
    )
    .bind("webhook", webhook)
    .execute(db)
    .await?;
    Ok(())
}

/// What is on its way to a webhook goes on now, as if it had not been tried yet.
pub async fn release(db: &impl ConnectionTrait, webhook: WebhookId, now: DateTime<Utc>) -> Result<(), Error> {
    sql(
        "webhooks.release",
        "update webhook_deliveries set next_attempt_at = {now}, attempts = 0
         where webhook_id = {webhook} and status = 'PENDING'",
    )
    .bind("now", now)
    .bind("webhook", webhook)
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a webhook up that goes on, unless something has arrived there `since`; whether it did.
pub async fn disable(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let disabled = sql(
        "webhooks.disable",
        "update webhooks set status = 'DISABLED', disabled_at = {now}
         where id = {webhook} and status = 'ACTIVE' and not exists (select 1 from webhook_deliveries d
            where d.webhook_id = webhooks.id and d.status = 'DELIVERED' and d.ended_at >= {since})",
    )
    .bind("now", now)
    .bind("webhook", webhook)
    // Nothing has arrived later than now.
    .bind("since", since.unwrap_or(DateTime::<Utc>::MAX_UTC.min(now + chrono::TimeDelta::days(1))))
    .execute(db)
    .await?;
    Ok(disabled > 0)
}

/// Puts a trial on its way.
pub async fn add_trial(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    now: DateTime<Utc>,
) -> Result<DeliveryId, Error> {
    let (id,) = sql(
        "webhooks.add_trial",
        "insert into webhook_deliveries (webhook_id, status, attempts, next_attempt_at, created_at)
         values ({webhook}, 'PENDING', 0, {now}, {now}) returning id",
    )
    .bind("webhook", webhook)
    .bind("now", now)
    .only(db)
    .await?;
    Ok(id)
}

/// Sends a delivery once more; whether there is such a one.
pub async fn retry(
    db: &impl ConnectionTrait,
    delivery: DeliveryId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let written = sql(
        "webhooks.retry",
        "update webhook_deliveries set attempts = case when status = 'PENDING' then attempts else 0 end,
            status = 'PENDING', ended_at = null,
            next_attempt_at = case when event_id is null or exists (select 1 from webhooks w
                where w.id = webhook_deliveries.webhook_id and w.status = 'ACTIVE') then {now} end
         where id = {delivery}",
    )
    .bind("now", now)
    .bind("delivery", delivery)
    .execute(db)
    .await?;
    Ok(written > 0)
}

/// Webhooks that go on, and have not heard of all that happened.
pub async fn behind(db: &impl ConnectionTrait) -> Result<Vec<WebhookId>, Error> {
    let backend = db.get_database_backend();
    let text = format!(
        "select w.id from webhooks w where w.status = 'ACTIVE' and exists (select 1 from events e
            where (e.transaction_id, e.id) > (w.transaction_id, w.event_id) and {} and {}) order by w.id",
        settled(backend),
        news(backend)
    );
    let rows: Vec<(WebhookId,)> = sql("webhooks.behind", text).all(db).await?;
    Ok(rows.into_iter().map(|(webhook,)| webhook).collect())
}

/// The place of a webhook that goes on, and the kinds that it is sent; nobody else moves it until the transaction ends.
/// None where it stopped, or somebody else is at it.
pub async fn place(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
) -> Result<Option<(Place, Option<String>)>, Error> {
    let skip = if db.get_database_backend() == DbBackend::Postgres { "skip locked" } else { "" };
    let text = format!(
        "select transaction_id, event_id, kinds from webhooks where id = {{webhook}} and status = 'ACTIVE' {} {skip}",
        locked(db)
    );
    let row: Option<(i64, EventId, Option<String>)> =
        sql("webhooks.place", text).bind("webhook", webhook).one(db).await?;
    Ok(row.map(|(transaction, event, kinds)| ((transaction, event), kinds)))
}

/// What happened after a place of a webhook and is news to it, in order: transaction, event, kind.
pub async fn after(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    (transaction, event): Place,
    most: i64,
) -> Result<Vec<(i64, EventId, String)>, Error> {
    let backend = db.get_database_backend();
    let text = format!(
        "select e.transaction_id, e.id, e.kind from webhooks w cross join events e
         where w.id = {{webhook}} and (e.transaction_id, e.id) > ({{transaction}}, {{event}}) and {} and {}
         order by e.transaction_id, e.id limit {{most}}",
        settled(backend),
        news(backend)
    );
    sql("webhooks.after", text)
        .bind("webhook", webhook)
        .bind("transaction", transaction)
        .bind("event", event)
        .bind("most", most)
        .all(db)
        .await
}

/// Puts these events on their way to a webhook.
pub async fn add_deliveries(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    events: &[EventId],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "webhooks.add_deliveries",
        "insert into webhook_deliveries (webhook_id, event_id, status, attempts, next_attempt_at, created_at)
         select {webhook}, event_id, 'PENDING', 0, {now}, {now} from {events} where true",
    )
    .rows("events", Rows::new().numbers("event_id", events.iter().copied()))
    .bind("webhook", webhook)
    .bind("now", now)
    .exactly(db, events.len())
    .await
}

/// Moves the place of a webhook.
pub async fn go_on(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    (transaction, event): Place,
) -> Result<(), Error> {
    sql(
        "webhooks.go_on",
        "update webhooks set transaction_id = {transaction}, event_id = {event} where id = {webhook}",
    )
    .bind("transaction", transaction)
    .bind("event", event)
    .bind("webhook", webhook)
    .exactly(db, 1)
    .await
}

/// Whether anything is due, to other webhooks than these.
pub async fn is_due(db: &impl ConnectionTrait, now: Moment, busy: &[WebhookId]) -> Result<bool, Error> {
    let found: Option<(DeliveryId,)> = sql(
        "webhooks.is_due",
        "select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id
         where d.status = 'PENDING' and d.next_attempt_at <= {now} and d.webhook_id not in {busy}
            and (w.status = 'ACTIVE' or d.event_id is null)
         order by d.next_attempt_at, d.id limit 1",
    )
    .time("now", now)
    .ids("busy", busy.iter().copied())
    .one(db)
    .await?;
    Ok(found.is_some())
}

/// Takes deliveries that are due, those that wait longest first, and counts the attempt: which, and its number.
pub async fn claim(
    db: &impl ConnectionTrait,
    claim: &Claim,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<(DeliveryId, i64)>, Error> {
    // Two who look at once take others. SQLite has one writer.
    let skip = if db.get_database_backend() == DbBackend::Postgres {
        "for no key update of d skip locked"
    } else {
        ""
    };
    let text = format!(
        "update webhook_deliveries set attempts = attempts + 1, next_attempt_at = {{until}}
         where id in (select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id
            where d.status = 'PENDING' and d.next_attempt_at <= {{now}} and d.webhook_id not in {{busy}}
                and (w.status = 'ACTIVE' or d.event_id is null)
            order by d.next_attempt_at, d.id limit {{most}} {skip})
         returning id, attempts"
    );
    sql("webhooks.claim", text)
        .bind("until", until)
        .bind("now", now)
        .ids("busy", claim.busy.iter().copied())
        .bind("most", i64::try_from(claim.most).unwrap_or(i64::MAX))
        .all(db)
        .await
}

/// What deliveries are made of, those that were taken.
pub async fn parcels(
    db: &impl ConnectionTrait,
    taken: &[(DeliveryId, i64)],
    now: DateTime<Utc>,
) -> Result<Vec<Parcel>, Error> {
    type Cells = (
        DeliveryId,
        i64,
        WebhookId,
        String,
        String,
        Option<String>,
        Option<DateTime<Utc>>,
        Option<EventId>,
        Option<String>,
        Option<DateTime<Utc>>,
        Option<String>,
        DateTime<Utc>,
    );
    let rows: Vec<Cells> = sql(
        "webhooks.parcels",
        "select d.id, d.attempts, w.id, w.url, w.secret, w.former_secret, w.former_until, e.id, e.kind, e.at, e.data,
            d.created_at
         from webhook_deliveries d join webhooks w on w.id = d.webhook_id left join events e on e.id = d.event_id
         where d.id in {taken} and (d.event_id is null or e.id is not null) order by d.id",
    )
    .ids("taken", taken.iter().map(|(delivery, _)| *delivery))
    .all(db)
    .await?;
    let parcel =
        |(delivery, attempt, webhook, url, secret, former, until, event, kind, at, data, since): Cells| {
            let former = former.filter(|_| until.is_some_and(|until| now < until));
            let event = match (event, kind, at, data) {
                (Some(id), Some(kind), Some(at), Some(data)) => Some((id, kind, at, data)),
                _ => None,
            };
            let secrets = std::iter::once(secret).chain(former).collect();
            Parcel { delivery, attempt, webhook, url, secrets, event, since, now }
        };
    Ok(rows.into_iter().map(parcel).collect())
}

/// Writes what came of attempts, unless another one was begun since; of which it was written.
pub async fn settle(
    db: &impl ConnectionTrait,
    sent: &[Sent],
    now: DateTime<Utc>,
) -> Result<BTreeSet<DeliveryId>, Error> {
    let rows = Rows::new()
        .numbers("id", sent.iter().map(|sent| sent.delivery))
        .numbers("attempt", sent.iter().map(|sent| sent.attempt))
        .texts("status", sent.iter().map(|sent| status(sent.became()).as_str()))
        .numbers_or_null("status_code", sent.iter().map(|sent| sent.status_code().map(i64::from)))
        .texts_or_null("failure", sent.iter().map(|sent| sent.failure().map(DeliveryFailure::as_str)))
        .times(
            "next_at",
            sent.iter().map(|sent| match sent.became() {
                Became::Again(wait) => Some(now + wait),
                Became::Delivered | Became::Failed => None,
            }),
        )
        .times(
            "ended_at",
            sent.iter().map(|sent| match sent.became() {
                Became::Again(_) => None,
                Became::Delivered | Became::Failed => Some(now),
            }),
        );
    let written = sql(
        "webhooks.settle",
        "update webhook_deliveries set status = done.status, status_code = done.status_code, failure = done.failure,
            ended_at = done.ended_at, next_attempt_at = case when exists (select 1 from webhooks w
                where w.id = webhook_deliveries.webhook_id and w.status = 'ACTIVE') then done.next_at end
         from {done}
         where webhook_deliveries.id = done.id and webhook_deliveries.attempts = done.attempt
            and webhook_deliveries.status = 'PENDING'
         returning webhook_deliveries.id",
    )
    .rows("done", rows)
    .all::<(DeliveryId,)>(db)
    .await?;
    Ok(written.into_iter().map(|(delivery,)| delivery).collect())
}

const fn status(became: Became) -> DeliveryStatus {
    match became {
        Became::Delivered => DeliveryStatus::Delivered,
        Became::Again(_) => DeliveryStatus::Pending,
        Became::Failed => DeliveryStatus::Failed,
    }
}

/// Forgets how these events were sent, trials from before `before`, and secrets that sign no more.
pub async fn forget(
    db: &impl ConnectionTrait,
    events: &[EventId],
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("webhooks.forget", "delete from webhook_deliveries where event_id in {events}")
        .ids("events", events.iter().copied())
        .execute(db)
        .await?;
    sql(
        "webhooks.forget_trials",
        "delete from webhook_deliveries where event_id is null and created_at < {before}",
    )
    .bind("before", before)
    .execute(db)
    .await?;
    sql(
        "webhooks.forget_secrets",
        "update webhooks set former_secret = null, former_until = null where former_until <= {now}",
    )
    .bind("now", now)
    .execute(db)
    .await?;
    Ok(())
}
