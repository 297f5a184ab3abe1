//! Couriers: they carry what happened to webhooks, inside each instance of the program.
//!
//! What is to be sent, and what becomes of it, is the business of [`crate::webhooks`]. Here it is sent: as JSON, signed,
//! with a POST that follows nothing, waits for 15 seconds, reads the beginning of an answer and keeps nothing but its
//! status. A name is looked up for every connection, and one that leads anywhere but where events may be sent is
//! refused then too, whatever it led to when the webhook was made; no proxy of the environment is asked instead.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, TimeDelta};
use entity::id::WebhookId;
use entity::kind::DeliveryFailure;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{DATE, HeaderName, RETRY_AFTER};
use reqwest::{Client, redirect};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use url::Url;

use crate::background::Background;
use crate::db::Database;
use crate::error::Error;
use crate::graphql::events;
use crate::graphql::id::GlobalId;
use crate::webhooks::reach::lookup;
use crate::webhooks::rules::{asked_to_wait, http_date, literal, signatures};
use crate::webhooks::{self, Claim, Parcel, Reach, Sent};

/// What one instance sends at once to one webhook: one that answers slowly does not hold up the others.
const EACH: usize = 16;
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// For so long nobody else sends what somebody is sending: longer than that may take.
const TAKEN: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read, so that its connection can be used again.
const READ: usize = 4 << 10;
/// How often it is looked what happened that this instance was not told of.
const LOOK: Duration = Duration::from_secs(1);
/// How soon it is looked again once something has happened, which others may hold back for a moment.
const SOON: Duration = Duration::from_millis(50);
/// How often it is looked again so soon.
const LOOKS_SOON: u32 = 5;
/// How often what is too old is forgotten.
const TIDY: Duration = Duration::from_secs(60);

/// Starts the couriers of this instance. What happened is `kept` for so long. They end when what is on its way was
/// answered, or was waited for long enough.
pub fn start(db: &Database, reach: Arc<Reach>, kept: TimeDelta) -> Background {
    let round = Round { db: db.clone(), sender: Arc::new(Sender::new(reach)), kept };
    Background::start(|stopped| round.go(stopped))
}

/// What couriers go on with.
struct Round {
    db: Database,
    sender: Arc<Sender>,
    kept: TimeDelta,
}

impl Round {
    /// Sends until it is asked to stop, then waits for what is on its way.
    async fn go(self, mut stopped: watch::Receiver<bool>) {
        let (mut on_the_way, mut sending) = (JoinSet::new(), BTreeMap::new());
        let (mut tidied, mut soon): (Option<Instant>, u32) = (None, 0);
        while !*stopped.borrow() {
            if tidied.is_none_or(|tidied| tidied.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                if let Err(error) = webhooks::tidy(&self.db, self.kept).await {
                    tracing::warn!(%error, "what is too old was not forgotten");
                }
            }
            let more = self.look(&mut on_the_way, &mut sending).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "what happened could not be handed out");
                false
            });
            if more {
                self.back(None, &mut on_the_way, &mut sending).await;
                continue;
            }
            let wait = if soon > 0 { SOON } else { LOOK };
            tokio::select! {
                () = self.db.bell.heard() => soon = LOOKS_SOON,
                Some(sent) = on_the_way.join_next() => self.back(sent.ok(), &mut on_the_way, &mut sending).await,
                () = sleep(wait) => soon = soon.saturating_sub(1),
                _ = stopped.changed() => {}
            }
        }
        while let Some(sent) = on_the_way.join_next().await {
            self.back(sent.ok(), &mut on_the_way, &mut sending).await;
        }
    }

    /// Hands out what happened, and sends what is due; whether there is more at once.
    async fn look(
        &self,
        on_the_way: &mut JoinSet<Sent>,
        sending: &mut BTreeMap<WebhookId, usize>,
    ) -> Result<bool, crate::error::Failure> {
        let more = webhooks::hand_out(&self.db).await?;
        let (busy, free): (Vec<_>, Vec<_>) = sending.iter().partition(|(_, count)| **count >= EACH);
        let busy = busy.into_iter().map(|(webhook, _)| *webhook).collect();
        // All that is due may be for the one that has most on its way.
        let most = EACH - free.into_iter().map(|(_, count)| *count).max().unwrap_or(0);
        let claim = Claim { most, busy, lasting: TAKEN.as_millis() as i64 };
        let parcels = webhooks::claim(&self.db, claim).await?;
        let full = parcels.len() == most;
        for parcel in parcels {
            *sending.entry(parcel.webhook).or_default() += 1;
            let sender = self.sender.clone();
            on_the_way.spawn(async move { sender.send(parcel).await });
        }
        Ok(more || full)
    }

    /// Notes what came of one attempt, and of all others that have ended by now.
    async fn back(
        &self,
        first: Option<Sent>,
        on_the_way: &mut JoinSet<Sent>,
        sending: &mut BTreeMap<WebhookId, usize>,
    ) {
        let mut sent: Vec<Sent> = first.into_iter().collect();
        while let Some(next) = on_the_way.try_join_next() {
            sent.extend(next.ok());
        }
        for sent in &sent {
            if let Some(count) = sending.get_mut(&sent.webhook) {
                *count = count.saturating_sub(1);
            }
        }
        sending.retain(|_, count| *count > 0);
        if sent.is_empty() {
            return;
        }
        if let Err(error) = webhooks::settle(&self.db, sent).await {
            // It is sent again when nobody is taken for sending it any more.
            tracing::warn!(%error, "it was not noted what was sent");
        }
    }
}

/// Sends over HTTP.
struct Sender {
    reach: Arc<Reach>,
    /// For addresses that others cannot listen to. Made when it is first needed: it reads whom the machine trusts.
    secret: OnceLock<Option<Client>>,
    /// For those that the operator allows.
    open: OnceLock<Option<Client>>,
}

impl Sender {
    fn new(reach: Arc<Reach>) -> Sender {
        Sender { reach, secret: OnceLock::new(), open: OnceLock::new() }
    }

    /// The client for addresses that others can or cannot listen to.
    fn client(&self, is_secret: bool) -> Option<&Client> {
        let made = || {
            let resolver = Passing { reach: self.reach.clone(), is_secret };
            let client = Client::builder()
                .timeout(PATIENCE)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .https_only(is_secret)
                .tls_built_in_root_certs(is_secret)
                .user_agent("Roster")
                .dns_resolver(Arc::new(resolver))
                .build();
            client.inspect_err(|error| tracing::error!(%error, "nothing can be sent")).ok()
        };
        let kept = if is_secret { &self.secret } else { &self.open };
        kept.get_or_init(made).as_ref()
    }

    /// Sends a parcel, once.
    async fn send(&self, parcel: Parcel) -> Sent {
        let answer = match message(&parcel) {
            Ok((id, body)) => self.post(&parcel, &id, body).await,
            Err(error) => {
                tracing::error!(%error, delivery = parcel.delivery.0, "an event cannot be written down");
                Err(DeliveryFailure::Unreachable)
            }
        };
        let asked_to_wait = answer.ok().and_then(|answer| answer.asked_to_wait?.num_microseconds());
        let mut chance = [0];
        // Without randomness it is not put off.
        let _ = getrandom::fill(&mut chance);
        Sent {
            delivery: parcel.delivery,
            webhook: parcel.webhook,
            attempt: parcel.attempt,
            is_trial: parcel.event.is_none(),
            since: parcel.since,
            answer: answer.map(|answer| answer.status),
            asked_to_wait,
            chance: chance[0],
        }
    }

    async fn post(&self, parcel: &Parcel, id: &str, body: String) -> Result<Answer, DeliveryFailure> {
        let url = Url::parse(&parcel.url).map_err(|_| DeliveryFailure::AddressRefused)?;
        let is_secret = url.scheme() == "https";
        // What is no name is not looked up.
        if literal(&url).is_some_and(|address| !self.reach.passes(&[address], is_secret)) {
            return Err(DeliveryFailure::AddressRefused);
        }
        let client = self.client(is_secret).ok_or(DeliveryFailure::Unreachable)?;
        let second = parcel.now.timestamp();
        let signed = signatures(parcel.secrets.iter().map(String::as_str), id, second, &body);
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", second)
            .header("webhook-signature", signed)
            .body(body);
        let mut answer = request.send().await.map_err(|error| why(&error))?;
        let status = answer.status().as_u16();
        let header = |name: HeaderName| answer.headers().get(name)?.to_str().ok();
        // A date is one of the receiver's clock, which need not be ours.
        let sent_at = header(DATE).and_then(http_date).unwrap_or(parcel.now);
        let asked_to_wait = header(RETRY_AFTER).and_then(|text| asked_to_wait(status, text, sent_at));
        let mut read = 0;
        while let Ok(Some(part)) = answer.chunk().await {
            read += part.len();
            if read > READ {
                break;
            }
        }
        Ok(Answer { status, asked_to_wait })
    }
}

/// What a receiver answered.
#[derive(Clone, Copy, Debug)]
struct Answer {
    status: u16,
    /// How long it asks to be left alone.
    asked_to_wait: Option<TimeDelta>,
}

/// What is sent: its id, the same for every attempt, and its body.
fn message(parcel: &Parcel) -> Result<(String, String), Error> {
    let at = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let (id, body) = match &parcel.event {
        Some((id, kind, when, data)) => {
            (id.global(), json!({ "type": kind, "timestamp": at(*when), "data": events::data(data)? }))
        }
        None => {
            let data = json!({ "webhookId": parcel.webhook.global().0 });
            (
                parcel.delivery.global(),
                json!({ "type": "webhook.test", "timestamp": at(parcel.since), "data": data }),
            )
        }
    };
    Ok((id.0, body.to_string()))
}

fn why(error: &reqwest::Error) -> DeliveryFailure {
    if error.is_timeout() {
        return DeliveryFailure::TimedOut;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotPassing>() {
            return DeliveryFailure::AddressRefused;
        }
        cause = inner.source();
    }
    DeliveryFailure::Unreachable
}

/// Looks names up, and passes those that lead nowhere but where events may be sent.
struct Passing {
    reach: Arc<Reach>,
    is_secret: bool,
}

/// A name that leads elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("the name leads into a network that is not public")]
struct NotPassing;

impl Resolve for Passing {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, is_secret) = (self.reach.clone(), self.is_secret);
        Box::pin(async move {
            let addresses = lookup(name.as_str()).await?;
            if !reach.passes(&addresses, is_secret) {
                return Err(NotPassing.into());
            }
            let found: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(found)
        })
    }
}
