//! Sending what happened to other systems, by the convention of the Standard Webhooks.
//!
//! ```text
//! events ── hand_out ──► webhook_deliveries ── claim ──► sent over HTTP ── settle ──► arrived, or again later
//! ```
//!
//! A webhook has a place among the events, and goes on from there: [`hand_out`] makes a delivery of each event after it
//! that is asked for, and moves the place, in one transaction. Whoever sends ([`crate::server`]) takes deliveries that are
//! due ([`claim`]), which puts them off and counts the attempt before anything is sent; says afterwards what came of it
//! ([`settle`]), unless another attempt was begun meanwhile. So an event arrives at least once whatever happens to the
//! program, on whichever instance, and in no order that is promised.
//!
//! What does not arrive is sent again ever later ([`rules::again`]), and no sooner than a receiver that is busy asks for. Where the last attempt fails too, and nothing else
//! arrived since the first, the webhook is given up; it stays where it is until somebody lets it go on.
//!
//! A secret has to be known to sign with it, and so it is kept as it is, unlike every other secret here: whoever reads the
//! database could sign in our name to those who receive, and nothing else. It is shown once, when it is drawn, and is
//! neither in answers nor in logs again.

pub mod reach;
pub mod rules;
pub mod store;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{DeliveryId, UserId, WebhookId};
use entity::kind::{DeliveryFailure, WebhookStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

pub use self::reach::Reach;
pub use self::store::{Parcel, Webhook};
use crate::access::Caller;
use crate::change::Change;
use crate::db::{Database, locks};
use crate::error::{Error, Failure, Refusal};
use crate::events::{self, Event, Kind};
use crate::transaction::{Key, Tx, write};
use crate::{keys, platform};

/// Webhooks that there may be.
pub const MOST: usize = 20;
/// Characters of a description.
const DESCRIPTION: usize = 200;
/// How long a former secret still signs.
const BOTH: TimeDelta = TimeDelta::hours(24);
/// Events of which deliveries are made at once.
const PAGE: i64 = 1_000;
/// The status by which a receiver says that it is there no more.
const GONE: u16 = 410;

/// A secret that was just drawn. It is no part of what is asked for.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A secret that nobody can guess: 256 random bits.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn draw() -> Result<Secret, Error> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(|_| Error::Broken("randomness"))?;
        Ok(Secret(rules::secret(&random)))
    }

    /// Its text, to be shown once.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// By which it is known again.
    pub fn sha256(&self) -> String {
        crate::token::sha256(&self.0)
    }
}

/// A webhook to be made.
#[derive(Clone, Serialize)]
pub struct NewWebhook {
    /// Where events are sent.
    pub url: String,
    /// The kinds that are sent; all of them where none is named.
    pub kinds: Option<Vec<&'static str>>,
    /// What it is for: 1 to 200 characters.
    pub description: Option<String>,
    /// What it signs with.
    #[serde(skip)]
    pub secret: Secret,
}

/// What is to change of a webhook.
#[derive(Clone, Serialize)]
pub struct WebhookEdit {
    /// Which.
    pub webhook: WebhookId,
    /// Where events are sent.
    pub url: Option<String>,
    /// The kinds that are sent; cleared, all of them.
    pub kinds: Change<Vec<&'static str>>,
    /// What it is for.
    pub description: Change<String>,
    /// Whether it goes on or stops.
    pub goes_on: Option<bool>,
}

/// A secret to be put in the place of another.
#[derive(Clone, Serialize)]
pub struct Rotation {
    /// Of which webhook.
    pub webhook: WebhookId,
    /// The new one.
    #[serde(skip)]
    pub secret: Secret,
}

/// A webhook, and the hash of its secret: another one than was drawn where the request had been sent before.
pub type Made = (WebhookId, String);

/// Makes a webhook, which hears of what happens from now on. By platform administrators.
///
/// # Errors
/// `FORBIDDEN`; `BAD_INPUT` naming the field, also for an address that may not be reached, and where there are twenty
/// already.
pub async fn create(
    db: &Database,
    reach: &Reach,
    caller: Caller,
    key: Option<Key>,
    new: NewWebhook,
) -> Result<Made, Failure> {
    // Only who may have one is told what may be reached from here.
    events::may_hear(db, &caller).await?;
    reach.check(&rules::address(&new.url)?).await?;
    write(db, caller, key, new, |tx, new| Box::pin(add(tx, new))).await
}

/// Writes a webhook whose address may be reached.
async fn add(tx: &Tx, new: &NewWebhook) -> Result<Made, Failure> {
    let url = rules::address(&new.url)?;
    named(new.kinds.as_deref())?;
    let description = new
        .description
        .as_deref()
        .map(|text| keys::clearable_text(&["description"], text, DESCRIPTION))
        .transpose()?;
    locks::seats(&tx.conn).await?;
    let creator = administrator(tx).await?;
    if store::all(&tx.conn).await?.len() >= MOST {
        let message = format!("There are {MOST} webhooks already; delete one first.");
        return Err(Refusal::bad_input(&[], message).into());
    }
    let id = store::add(&tx.conn, &url, new, description.as_deref(), creator, tx.now).await?;
    Ok((id, new.secret.sha256()))
}

fn named(kinds: Option<&[&'static str]>) -> Result<(), Refusal> {
    match kinds {
        Some([]) => Err(Refusal::bad_input(&["kinds"], "Name at least one kind, or leave them out for all.")),
        _ => Ok(()),
    }
}

/// Changes a webhook, stops it, or lets it go on: what happened meanwhile is sent then. By platform administrators.
///
/// # Errors
/// As [`create`], and `NOT_FOUND`.
pub async fn update(
    db: &Database,
    reach: &Reach,
    caller: Caller,
    key: Option<Key>,
    edit: WebhookEdit,
) -> Result<WebhookId, Failure> {
    events::may_hear(db, &caller).await?;
    if let Some(url) = &edit.url {
        reach.check(&rules::address(url)?).await?;
    }
    write(db, caller, key, edit, |tx, edit| Box::pin(change(tx, edit))).await
}

async fn change(tx: &Tx, edit: &WebhookEdit) -> Result<WebhookId, Failure> {
    let url = edit.url.as_deref().map(rules::address).transpose()?;
    let kinds = edit.kinds.as_ref().try_map(|kinds| named(Some(kinds)).map(|()| kinds.join(" ")))?;
    let description = edit
        .description
        .as_ref()
        .try_map(|text| keys::clearable_text(&["description"], text, DESCRIPTION))?;
    let before = held(tx, edit.webhook).await?;
    let status = match edit.goes_on {
        None => before.status,
        Some(true) => WebhookStatus::Active,
        // What was given up stays so until it goes on.
        Some(false) if before.status == WebhookStatus::Disabled => WebhookStatus::Disabled,
        Some(false) => WebhookStatus::Paused,
    };
    let after = Webhook {
        url: url.map_or(before.url, Url::into),
        kinds: kinds.after(before.kinds),
        description: description.after(before.description),
        disabled_at: before.disabled_at.filter(|_| status == WebhookStatus::Disabled),
        status,
        ..before
    };
    store::update(&tx.conn, &after).await?;
    match (before.status, status) {
        (WebhookStatus::Active, WebhookStatus::Active) => {}
        (_, WebhookStatus::Active) => store::release(&tx.conn, edit.webhook, tx.now).await?,
        (_, WebhookStatus::Paused | WebhookStatus::Disabled) => store::hold(&tx.conn, edit.webhook).await?,
    }
    Ok(edit.webhook)
}

/// Puts another secret in the place of a webhook's. The former signs beside it for a day. By platform administrators.
///
/// # Errors
/// `FORBIDDEN`, `NOT_FOUND`.
pub async fn rotate(tx: &Tx, rotation: &Rotation) -> Result<Made, Failure> {
    held(tx, rotation.webhook).await?;
    store::rotate(&tx.conn, rotation, tx.now + BOTH).await?;
    Ok((rotation.webhook, rotation.secret.sha256()))
}

/// Sends a webhook a trial, once, also where it is stopped. By platform administrators.
///
/// # Errors
/// `FORBIDDEN`, `NOT_FOUND`.
pub async fn test(tx: &Tx, webhook: &WebhookId) -> Result<DeliveryId, Failure> {
    held(tx, *webhook).await?;
    Ok(store::add_trial(&tx.conn, *webhook, tx.now).await?)
}

/// Deletes a webhook, and what is on its way to it. By platform administrators.
///
/// # Errors
/// `FORBIDDEN`, `NOT_FOUND`.
pub async fn delete(tx: &Tx, webhook: &WebhookId) -> Result<WebhookId, Failure> {
    held(tx, *webhook).await?;
    store::delete(&tx.conn, *webhook).await?;
    Ok(*webhook)
}

/// Sends once more, at once, what has not arrived, or has; where its webhook is stopped, as soon as it goes on. By
/// platform administrators.
///
/// # Errors
/// `FORBIDDEN`, `NOT_FOUND`.
pub async fn retry(tx: &Tx, delivery: &DeliveryId) -> Result<DeliveryId, Failure> {
    administrator(tx).await?;
    if store::retry(&tx.conn, *delivery, tx.now).await? {
        Ok(*delivery)
    } else {
        Err(Refusal::not_found(&["deliveryId"], "WebhookDelivery").into())
    }
}

/// The webhooks, the oldest first. For platform administrators.
///
/// # Errors
/// `FORBIDDEN`.
pub async fn all(db: &Database, caller: &Caller) -> Result<Vec<Webhook>, Failure> {
    events::may_hear(db, caller).await?;
    Ok(store::all(&db.read).await?)
}

/// The webhook, which nobody else changes until the transaction ends, for a platform administrator.
async fn held(tx: &Tx, webhook: WebhookId) -> Result<Webhook, Failure> {
    let found = store::held(&tx.conn, webhook).await?;
    administrator(tx).await?;
    Ok(found.ok_or_else(|| Refusal::not_found(&["webhookId"], "Webhook"))?)
}

/// The platform administrator who asks.
async fn administrator(tx: &Tx) -> Result<UserId, Failure> {
    let (_, tree) = platform::current(&tx.conn, &tx.trees).await?;
    tx.authority().await?.require_administrator(&tree, tree.root())?;
    Ok(tx.caller.user().ok_or(Refusal::NotByToken)?)
}

/// Whoever sends: the platform itself.
fn sender() -> Caller {
    Caller::System { on_behalf_of: None }
}

/// Makes deliveries of what happened, for each webhook that goes on; whether there may be more.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn hand_out(db: &Database) -> Result<bool, Failure> {
    let mut more = false;
    for webhook in store::behind(&db.read).await? {
        more |= write(db, sender(), None, webhook, |tx, webhook| Box::pin(hand_page(tx, *webhook))).await?;
    }
    Ok(more)
}

async fn hand_page(tx: &Tx, webhook: WebhookId) -> Result<bool, Failure> {
    let Some((place, kinds)) = store::place(&tx.conn, webhook).await? else { return Ok(false) };
    let events = store::after(&tx.conn, webhook, place, PAGE).await?;
    let Some((transaction, id, _)) = events.last() else { return Ok(false) };
    let wanted: Option<Vec<&str>> = kinds.as_deref().map(|kinds| kinds.split(' ').collect());
    let is_wanted = |kind: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(&kind));
    let to_send: Vec<_> = events.iter().filter(|(.., kind)| is_wanted(kind)).map(|(_, id, _)| *id).collect();
    store::add_deliveries(&tx.conn, webhook, &to_send, tx.now).await?;
    store::go_on(&tx.conn, webhook, (*transaction, *id)).await?;
    Ok(events.len() == PAGE as usize)
}

/// What is to be taken.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// At most so many.
    pub most: usize,
    /// None of these webhooks, which are sent enough already.
    pub busy: Vec<WebhookId>,
    /// For so long nobody else takes them.
    pub lasting: i64,
}

/// Takes deliveries that are due, each with all that is needed to send it; the attempt is counted.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn claim(db: &Database, claim: Claim) -> Result<Vec<Parcel>, Failure> {
    if !store::is_due(&db.read, db.clock.moment(TimeDelta::zero()), &claim.busy).await? {
        return Ok(Vec::new());
    }
    write(db, sender(), None, claim, |tx, claim| Box::pin(take(tx, claim))).await
}

async fn take(tx: &Tx, claim: &Claim) -> Result<Vec<Parcel>, Failure> {
    let until = tx.now + TimeDelta::milliseconds(claim.lasting);
    let taken = store::claim(&tx.conn, claim, tx.now, until).await?;
    Ok(store::parcels(&tx.conn, &taken, tx.now).await?)
}

/// What came of an attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// The number of the attempt.
    pub attempt: i64,
    /// Whether it is a trial, which is sent once.
    pub is_trial: bool,
    /// Since when the event was on its way.
    pub since: DateTime<Utc>,
    /// What it was answered with.
    pub answer: Result<u16, DeliveryFailure>,
    /// How long the receiver asked to be left alone, in microseconds.
    pub asked_to_wait: Option<i64>,
    /// By how much the next attempt is put off, of 255 parts of a tenth.
    pub chance: u8,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Became {
    /// It arrived.
    Delivered,
    /// It is sent again, after so long.
    Again(TimeDelta),
    /// It is given up.
    Failed,
}

impl Sent {
    /// The status it was answered with.
    pub fn status_code(&self) -> Option<u16> {
        self.answer.ok()
    }

    /// Why it failed; none where it did not.
    pub fn failure(&self) -> Option<DeliveryFailure> {
        match self.answer {
            Ok(200..=299) => None,
            Ok(_) => Some(DeliveryFailure::Refused),
            Err(failure) => Some(failure),
        }
    }

    /// What becomes of it.
    pub fn became(&self) -> Became {
        if self.failure().is_none() {
            return Became::Delivered;
        }
        let asked = self.asked_to_wait.map(TimeDelta::microseconds);
        let again =
            rules::again(self.attempt, self.chance, asked).filter(|_| !self.is_trial && !self.is_gone());
        again.map_or(Became::Failed, Became::Again)
    }

    fn is_gone(&self) -> bool {
        self.status_code() == Some(GONE)
    }
}

/// Writes what came of attempts; a webhook at which nothing arrives any more is given up.
///
/// # Errors
/// When the database cannot be written.
pub async fn settle(db: &Database, sent: Vec<Sent>) -> Result<(), Failure> {
    write(db, sender(), None, sent, |tx, sent| Box::pin(note(tx, sent))).await
}

async fn note(tx: &Tx, sent: &[Sent]) -> Result<(), Failure> {
    let written = store::settle(&tx.conn, sent, tx.now).await?;
    let lost = sent.iter().filter(|sent| !sent.is_trial && sent.became() == Became::Failed);
    for lost in lost.filter(|lost| written.contains(&lost.delivery)) {
        let since = (!lost.is_gone()).then_some(lost.since);
        if store::disable(&tx.conn, lost.webhook, since, tx.now).await? {
            tracing::warn!(webhook = lost.webhook.0, "a webhook was given up: nothing arrives there");
            store::hold(&tx.conn, lost.webhook).await?;
            tx.tell([Event::new(Kind::WebhookDisabled, json!({ "webhookId": lost.webhook }))]);
        }
    }
    Ok(())
}

/// Forgets events that happened longer ago than they are `kept`, and how they were sent.
///
/// # Errors
/// When the database cannot be written.
pub async fn tidy(db: &Database, kept: TimeDelta) -> Result<(), Failure> {
    let kept = kept.num_milliseconds();
    write(db, sender(), None, kept, |tx, kept| Box::pin(forget(tx, TimeDelta::milliseconds(*kept)))).await
}

async fn forget(tx: &Tx, kept: TimeDelta) -> Result<(), Failure> {
    let gone = events::forget(&tx.conn, tx.now, kept).await?;
    Ok(store::forget(&tx.conn, &gone, tx.now - kept, tx.now).await?)
}
