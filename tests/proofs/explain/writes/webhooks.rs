//! Webhooks, and what is sent to them.

use chrono::TimeDelta;
use entity::id::{DeliveryId, WebhookId};
use roster::access::Caller;
use roster::change::Change;
use roster::queries::events::DeliveriesById;
use roster::queries::{Batch, Reader};
use roster::webhooks::{self, Claim, NewWebhook, Reach, Rotation, Secret, Sent, WebhookEdit, store};

use crate::events::until;
use crate::proofs::explain::large::{Large, OWNER};

/// Runs every write, and every read that is none of the API's.
pub async fn everything(large: &Large) {
    let db = &large.db;
    let (reach, secret) = (Reach::default(), || Secret::draw().expect("randomness"));
    let new = NewWebhook {
        url: "https://93.184.216.34/".to_owned(),
        kinds: None,
        description: None,
        secret: secret(),
    };
    let made = webhooks::create(db, &reach, Caller::User(OWNER), None, new).await;
    let (webhook, _) = made.expect("a webhook");
    run!(large, webhooks::rotate, Rotation { webhook, secret: secret() });
    let trial: DeliveryId = run!(large, webhooks::test, webhook);
    run!(large, webhooks::retry, trial);
    let reader = Reader::new(db.clone(), Caller::User(OWNER));
    assert!(DeliveriesById::load(&reader, vec![trial]).await.expect("a look").contains_key(&trial));
    // There is something that it has not heard of yet.
    super::people::somebody_named(large, "webhook").await;
    // Whatever else runs on that server may come before it, for a moment.
    until(|| async { (!store::behind(&db.read).await.expect("a look").is_empty()).then_some(()) }).await;
    while webhooks::hand_out(db).await.expect("handed out") {}
    let claim = |busy: Vec<WebhookId>| Claim { most: 16, busy, lasting: 30_000 };
    assert!(webhooks::claim(db, claim(vec![webhook])).await.expect("a look").len() < 16);
    let taken = webhooks::claim(db, claim(Vec::new())).await.expect("a look");
    let sent = taken.into_iter().map(|parcel| Sent {
        asked_to_wait: None,
        delivery: parcel.delivery,
        webhook,
        attempt: parcel.attempt,
        is_trial: false,
        since: parcel.since,
        answer: Ok(410),
        chance: 0,
    });
    webhooks::settle(db, sent.collect()).await.expect("settled");
    for goes_on in [true, false] {
        let edit = WebhookEdit {
            webhook,
            url: None,
            kinds: Change::Keep,
            description: Change::Keep,
            goes_on: Some(goes_on),
        };
        webhooks::update(db, &reach, Caller::User(OWNER), None, edit).await.expect("changed");
    }
    run!(large, webhooks::delete, webhook);
    webhooks::tidy(db, TimeDelta::days(30)).await.expect("tidied");
}
