//! The door of the program: GraphQL over HTTP and over a socket, GraphiQL, health and figures.
//!
//! | file        | what it does                                                                         |
//! |-------------|--------------------------------------------------------------------------------------|
//! | `listen`    | accepts connections, bounded in number and in patience                                |
//! | `provider`  | knows tokens of the organisation's own provider of identities                         |
//! | `proxies`   | finds whose address a request comes from                                              |
//! | `origin`    | refuses pages of other sites, lets in those that were named                           |
//! | `http`      | `POST` and `GET /graphql`                                                             |
//! | `socket`    | `/graphql/ws`, by graphql-transport-ws                                                |
//! | `outcomes`  | `/jobs/{id}/outcomes.csv` and `.xlsx`                                                 |
//! | `request`   | reads a request: JSON alone, bounded, never a batch                                   |
//! | `documents` | where they are given, lets only trusted documents pass                                |
//! | `guard`     | refuses queries that the parser could not bear                                        |
//! | `parsed`    | keeps what was asked lately, so that it is parsed once                                |
//! | `courier`   | carries what happened to webhooks                                                     |
//! | `answer`    | writes an answer in the media type that the client accepts, with the status it wants  |
//! | `health`    | `/livez` and `/readyz`                                                                |
//! | `metrics`   | a line in the log for each request, and `/metrics`                                    |
//! | `graphiql`  | serves the page that is built into the program                                        |
//!
//! A request is carried out in a task of its own: it comes to its end when the client hangs up, and one that panics
//! is answered like anything else that breaks.

mod answer;
mod courier;
mod documents;
mod graphiql;
mod guard;
mod health;
mod http;
mod listen;
mod metrics;
mod origin;
mod outcomes;
mod parsed;
mod provider;
mod proxies;
mod request;
mod socket;

use std::num::NonZeroU32;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::parser::types::OperationType;
use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{any, get};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use entity::id::{SignInId, UserId};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tracing::Instrument;

use self::answer::{Problem, Written};
pub use self::documents::{Documents, DocumentsError};
pub use self::graphiql::{Start, Tab};
use self::listen::Peer;
use self::metrics::Told;
pub use self::origin::Origins;
use self::parsed::Parsed;
pub use self::provider::Provider;
use self::provider::Vouched;
pub use self::proxies::Proxies;
use self::request::{Asked, Operation, Shown};
use self::socket::Places;
use crate::access::{self, Caller, Known, Pass};
use crate::db::Database;
use crate::error::{Error, Failure};
use crate::events::KEPT;
use crate::graphql::RequestContext;
use crate::graphql::api::Api;
use crate::graphql::context::Visit;
use crate::graphql::cost::{Budget, Payer, Purse};
use crate::graphql::introspection;
use crate::jobs::{self, Pace};
use crate::keys::email_key;
use crate::removal::batch::CHUNK;
use crate::sessions;
use crate::sign_in::cookie::Cookie;
use crate::sign_in::{self, Desk};
use crate::token::{self, Kind};
use crate::tokens;
use crate::webhooks::Reach;
use crate::workers::KINDS;

/// Bytes of what may be a secret of ours: what is longer is none.
const LONGEST_SECRET: usize = 200;

/// How many requests of nobody known are under way: far more than there are processors to look at a password.
const STRANGERS: usize = 64;

/// Who may come in, and for what.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// Sites whose pages may use this server, besides its own.
    pub origins: Origins,
    /// The only operations that are carried out; all where there is none.
    pub documents: Option<Arc<Documents>>,
    /// What every caller may spend in a minute; without bounds where there is none.
    pub points: Option<NonZeroU32>,
    /// The most people that one transaction removes, where it is fewer than is usual.
    pub chunk: Option<usize>,
    /// Whether the schema may be read.
    pub introspection: Introspection,
    /// What GraphiQL opens with.
    pub start: Option<Arc<Start>>,
    /// The proxies that are believed when they say where a request comes from.
    pub proxies: Proxies,
    /// How browsers keep what they are signed in by.
    pub cookie: Cookie,
    /// What signing in is done with.
    pub desk: Arc<Desk>,
    /// Where the organisation's people sign in besides.
    pub provider: Option<Arc<Provider>>,
    /// What webhooks may reach.
    pub reach: Arc<Reach>,
    /// How long it is kept what happened, where that is not as long as is usual.
    pub kept: Option<TimeDelta>,
}

/// Whether the schema may be read over the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Introspection {
    /// It is public.
    #[default]
    Allowed,
    /// It is not told.
    Off,
}

/// What answers requests.
#[derive(Clone)]
pub struct Server {
    api: Api,
    database: Database,
    doors: Doors,
    parsed: Parsed,
    strangers: Arc<Semaphore>,
    places: Places,
    budget: Option<Arc<Budget>>,
    /// Whether the program is asked to stop.
    stopping: watch::Receiver<bool>,
    /// Held by every request in flight, so that whoever stops the program can wait for the last.
    in_flight: mpsc::Sender<()>,
}

/// Stops a server, and ends when its last request in flight has.
#[derive(Debug)]
pub struct Stop {
    stopping: watch::Sender<bool>,
    in_flight: mpsc::Receiver<()>,
}

/// Who asks, from where, on whose purse.
#[derive(Clone, Debug)]
struct Asker {
    known: Option<Known>,
    visit: Visit,
    purse: Option<Purse>,
}

/// What was used to come in, which is noted from time to time.
enum Used {
    SignIn(UserId, SignInId),
    /// A token of the provider's, whose sign-in is not ours to see.
    Provider(UserId),
    Token(tokens::Which),
}

impl Stop {
    /// Waits for the last request. The server itself must be gone by then.
    pub async fn wait(mut self) {
        while self.in_flight.recv().await.is_some() {}
    }
}

impl Server {
    /// A server of this database.
    pub fn new(database: Database, doors: Doors) -> (Server, Stop) {
        let (in_flight, last) = mpsc::channel(1);
        let (stop, stopping) = watch::channel(false);
        let (api, parsed) = (Api::new(), Parsed::default());
        let strangers = Arc::new(Semaphore::new(STRANGERS));
        let budget = doors.points.map(|points| Arc::new(Budget::per_minute(points)));
        let places = Places::default();
        let server = Server { api, database, doors, parsed, strangers, places, budget, stopping, in_flight };
        (server, Stop { stopping: stop, in_flight: last })
    }

    /// Its routes.
    pub fn router(self) -> Router {
        metrics::start();
        let api = Router::new()
            .route("/graphql", any(http::graphql))
            .route("/graphql/ws", get(socket::open))
            .route("/jobs/{id}/outcomes.csv", get(outcomes::csv))
            .route("/jobs/{id}/outcomes.xlsx", get(outcomes::xlsx))
            .layer(self.doors.origins.cors());
        Router::new()
            .route("/", get(graphiql::page))
            .route("/graphiql.json", get(graphiql::start))
            .route("/graphiql/{file}", get(graphiql::file))
            .route("/livez", get(health::live))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(metrics::page))
            .merge(api)
            .with_state(self)
    }

    /// From where, and how, a request with these headers came in.
    fn visit(&self, peer: Peer, headers: &HeaderMap) -> Visit {
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let cookie = self.doors.origins.allow(headers).then_some(self.doors.cookie);
        Visit {
            address: self.doors.proxies.client(peer.0, headers),
            user_agent: user_agent.map(str::to_owned),
            cookie,
            device: cookie.and_then(|cookie| request::device(headers, cookie)),
        }
    }

    /// Whoever shows this, looked up in `database`; nobody where nothing is shown, or a cookie that no longer works: a browser sends it all the
    /// same, and it must not be in the way of whoever signs in again.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when a token is not one of somebody who may sign in; `UNAVAILABLE` or `INTERNAL` when the database
    /// cannot say.
    async fn asker(&self, database: &Database, shown: Shown, visit: Visit) -> Result<Asker, Problem> {
        let known = match &shown {
            Shown::Nothing => None,
            Shown::Bearer(token) => {
                Some(self.known(database, token).await?.ok_or_else(Problem::unauthenticated)?)
            }
            // No token is good as a cookie.
            Shown::Cookie(secret) if Kind::of(secret) == Kind::SignIn => self.known(database, secret).await?,
            Shown::Cookie(_) => None,
        };
        let payer = match known.as_ref().map(|known| &known.caller) {
            Some(Caller::User(user)) => Payer::User(*user),
            Some(Caller::Service(token)) => Payer::Service(*token),
            Some(Caller::System { .. }) | None => Payer::Address(visit.address),
        };
        let purse = self.budget.clone().map(|budget| Purse { budget, payer });
        Ok(Asker { known, visit, purse })
    }

    /// Whoever has this secret, while it works.
    ///
    /// # Errors
    /// `UNAVAILABLE` or `INTERNAL` when the database cannot say.
    async fn known(&self, database: &Database, secret: &str) -> Result<Option<Known>, Problem> {
        if let Some(provider) = self.doors.provider.as_ref().filter(|_| Provider::may_be(secret)) {
            let Some(vouched) = provider.vouched(secret).await else { return Ok(None) };
            return self.vouched(database, &vouched).await.map_err(|error| broken(&error, request_id()));
        }
        if secret.len() > LONGEST_SECRET {
            return Ok(None);
        }
        self.found(database, Kind::of(secret), &token::sha256(secret))
            .await
            .map_err(|error| broken(&error, request_id()))
    }

    /// Whoever has the address that the provider vouches for, and has been active since.
    async fn vouched(&self, database: &Database, vouched: &Vouched) -> Result<Option<Known>, Error> {
        let Ok(email_key) = email_key(&vouched.email) else { return Ok(None) };
        let (db, clock) = (&database.read, &database.clock);
        let found = access::store::vouched(db, clock, &email_key, vouched.at).await?;
        Ok(found.map(|((user, sees_everything), is_due)| {
            if is_due {
                self.note(&Used::Provider(user));
            }
            Known { caller: Caller::User(user), pass: Pass::Provider(vouched.signed_in_at), sees_everything }
        }))
    }

    async fn found(&self, database: &Database, kind: Kind, sha256: &str) -> Result<Option<Known>, Error> {
        let (db, clock) = (&database.read, &database.clock);
        let found = match kind {
            Kind::SignIn => {
                let lifetimes = self.doors.desk.lifetimes;
                let found = sign_in::store::shown(db, clock, lifetimes, sha256).await?;
                found.map(|((user, id, sees_everything), is_due)| {
                    let known = Known { caller: Caller::User(user), pass: Pass::SignIn(id), sees_everything };
                    (known, is_due.then_some(Used::SignIn(user, id)))
                })
            }
            Kind::Token => {
                let found = tokens::store::shown(db, clock, sha256).await?;
                found.map(|((user, id, sees_everything), scopes, is_due)| {
                    let known =
                        Known { caller: Caller::User(user), pass: Pass::Token(scopes), sees_everything };
                    (known, is_due.then_some(Used::Token(tokens::Which::Own(id))))
                })
            }
            Kind::Service => {
                let found = tokens::store::service_shown(db, clock, sha256).await?;
                found.map(|(id, scopes, is_due)| {
                    let pass = Pass::Token(scopes);
                    let known = Known { caller: Caller::Service(id), pass, sees_everything: true };
                    (known, is_due.then_some(Used::Token(tokens::Which::Service(id))))
                })
            }
            // By a link a password is chosen or an address confirmed, and nothing else done; a device marks nobody.
            Kind::Link | Kind::Email | Kind::Device => None,
        };
        if let Some((_, Some(used))) = &found {
            self.note(used);
        }
        Ok(found.map(|(known, _)| known))
    }

    /// Notes that something was used to come in, in a task that nobody waits for.
    fn note(&self, used: &Used) {
        let (db, in_flight) = (self.database.clone(), self.in_flight.clone());
        let noting: BoxFuture<'static, Result<(), Failure>> = match *used {
            Used::SignIn(user, id) => Box::pin(async move { sign_in::used(&db, user, id).await }),
            Used::Provider(user) => Box::pin(async move { sign_in::came(&db, user).await }),
            Used::Token(which) => Box::pin(async move { tokens::used(&db, which).await }),
        };
        tokio::spawn(async move {
            if let Err(error) = noting.await {
                tracing::warn!(%error, "it was not noted that a token was used");
            }
            drop(in_flight);
        });
    }

    /// The request that is asked for, once it is known to be one that may be parsed.
    ///
    /// # Errors
    /// What `documents` or `guard` refuse.
    fn admit(&self, asked: Asked) -> Result<(Request, Operation), Problem> {
        self.looked_at(asked).inspect_err(|problem| {
            Told::begin(&request_id(), &Operation::default()).hear_refused(problem);
        })
    }

    fn looked_at(&self, mut asked: Asked) -> Result<(Request, Operation), Problem> {
        let text = match &self.doors.documents {
            Some(documents) => documents.text_of(&asked)?,
            None => asked.query.take().ok_or_else(Problem::no_request)?,
        };
        let mut request = asked.request(text);
        self.parsed.parse(&mut request)?;
        if self.doors.introspection == Introspection::Off {
            request = request.disable_introspection();
        }
        let operation = request::operation(&mut request);
        Ok((request, operation))
    }

    /// What a request carries besides what was asked.
    fn context(&self, database: Database, asker: Asker, request_id: String) -> RequestContext {
        let caller = asker.known.as_ref().map(|known| known.caller.clone());
        let context = RequestContext::new(database, caller, request_id)
            .with_desk(self.doors.desk.clone(), asker.visit)
            .with_chunk(self.doors.chunk.unwrap_or(CHUNK))
            .with_reach(self.doors.reach.clone())
            .until(self.stopping.clone());
        let context = match asker.known {
            Some(known) => context.with_pass(known.pass, known.sees_everything),
            None => context,
        };
        match asker.purse {
            Some(purse) => context.with_purse(purse),
            None => context,
        }
    }

    /// Carries out what `asker` asks, where its kind is `allowed`; what is `held` to read by is theirs until then.
    ///
    /// # Errors
    /// What is refused before it is looked at; `INTERNAL` when something broke.
    async fn execute(
        &self,
        asker: Asker,
        held: Option<Database>,
        asked: Asked,
        allowed: impl FnOnce(Option<OperationType>) -> Result<(), Problem>,
    ) -> Result<Written, Problem> {
        // Nobody unknown keeps others from reading.
        let held = held.filter(|_| asker.known.is_some());
        let place = self.place_of_a_stranger(&asker).await;
        let (request, operation) = self.admit(asked)?;
        allowed(operation.kind)?;
        self.carry_out(asker, (held, place), request, &operation).await
    }

    /// What whoever shows this reads by, who may be about to read, taken before it is looked up who they are: what is known
    /// of their rights then is known when they read. Not of whom others vouch for: who they are may take others' time.
    ///
    /// # Errors
    /// `UNAVAILABLE` where there is no connection to be had.
    async fn held_for(&self, shown: &Shown) -> Result<Option<Database>, Problem> {
        match shown {
            Shown::Nothing => Ok(None),
            Shown::Bearer(secret) | Shown::Cookie(secret)
                if self.doors.provider.is_some() && Provider::may_be(secret) =>
            {
                Ok(None)
            }
            Shown::Bearer(_) | Shown::Cookie(_) => {
                self.database.hold().await.map(Some).map_err(|error| broken(&error, request_id()))
            }
        }
    }

    /// The place of somebody whom we do not know. Until one is free nothing is parsed of what they ask, so that memory does
    /// not grow with how many come at once.
    async fn place_of_a_stranger(&self, asker: &Asker) -> Option<OwnedSemaphorePermit> {
        if asker.known.is_some() {
            return None;
        }
        // They are never closed.
        Arc::clone(&self.strangers).acquire_owned().await.ok()
    }

    /// As [`Server::execute`], for whoever can take several answers: what is subscribed to goes on until it ends, or
    /// until the stream is dropped.
    ///
    /// # Errors
    /// As [`Server::execute`].
    async fn stream(&self, asker: Asker, asked: Asked) -> Result<BoxStream<'static, Written>, Problem> {
        let place = self.place_of_a_stranger(&asker).await;
        let (request, operation) = self.admit(asked)?;
        if operation.kind == Some(OperationType::Subscription) {
            let request_id = request_id();
            let mut told = Told::begin(&request_id, &operation);
            let answers = self.api.stream(request, self.context(self.database.clone(), asker, request_id));
            let write = move |response| Written::of(response, operation.kind, |it| told.hear(it));
            return Ok(answers.map(write).boxed());
        }
        let written = self.carry_out(asker, (None, place), request, &operation).await?;
        Ok(stream::once(async { written }).boxed())
    }

    /// Carries a request out in a task of its own, and tells of it. Who writes gives back what is `held` to read by, and
    /// waits for whom they would disturb.
    async fn carry_out(
        &self,
        asker: Asker,
        (held, place): (Option<Database>, Option<OwnedSemaphorePermit>),
        request: Request,
        operation: &Operation,
    ) -> Result<Written, Problem> {
        let request_id = request_id();
        let mut told = Told::begin(&request_id, operation);
        let held = held.filter(|_| operation.kind == Some(OperationType::Query));
        let database = held.unwrap_or_else(|| self.database.clone());
        let context = self.context(database, asker, request_id.clone());
        let (api, kind, in_flight) = (self.api.clone(), operation.kind, self.in_flight.clone());
        let span = told.span();
        let carrying_out = async move {
            let response = api.execute(request, kind, context).await;
            let written = Written::of(response, kind, |it| told.hear(it));
            drop((told, in_flight, place));
            written
        };
        let running = tokio::spawn(carrying_out.instrument(span));
        running.await.map_err(|_| broken(&Error::Broken("a request comes to its end"), request_id))
    }
}

/// Answers on `listener`, works on jobs and sends what happened until `stop` is done, then finishes what is in flight.
pub fn serve(
    listener: TcpListener,
    database: Database,
    doors: Doors,
    stop: impl Future<Output = ()> + Send + 'static,
) -> BoxFuture<'static, ()> {
    serve_until(listener, database, doors, Box::pin(stop))
}

/// The same of one type, so that it is compiled with the library, and not again with whoever calls it.
fn serve_until(
    listener: TcpListener,
    database: Database,
    doors: Doors,
    stop: BoxFuture<'static, ()>,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        tokio::task::spawn_blocking(introspection::prepare);
        let workers = jobs::start_workers(&database, KINDS, Pace::default());
        let couriers = courier::start(&database, doors.reach.clone(), doors.kept.unwrap_or(KEPT));
        let sessions = sessions::worker::start(&database, sessions::worker::LOOK);
        let (server, last) = Server::new(database, doors);
        let stop = async {
            stop.await;
            last.stopping.send_replace(true);
            workers.ask_to_stop();
            couriers.ask_to_stop();
            sessions.ask_to_stop();
        };
        listen::answer(listener, server.router(), stop).await;
        last.wait().await;
        workers.stop().await;
        couriers.stop().await;
        sessions.stop().await;
    })
}

fn broken(error: &Error, request_id: String) -> Problem {
    tracing::error!(request_id, %error, "a request failed");
    if error.is_outage() { Problem::unavailable(request_id) } else { Problem::internal(request_id) }
}

/// What errors of ours are logged under: random, so that nothing can be told from it.
fn request_id() -> String {
    let mut random = [0_u8; 12];
    // Without randomness the id is of no use, and the request is none the worse.
    let _ = getrandom::fill(&mut random);
    URL_SAFE_NO_PAD.encode(random)
}
