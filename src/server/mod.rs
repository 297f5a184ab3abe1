//! The door of the program: GraphQL over HTTP and over a socket, GraphiQL, health and figures.
//!
//! | file        | what it does                                                                         |
//! |-------------|--------------------------------------------------------------------------------------|
//! | `listen`    | accepts connections, bounded in number and in patience                                |
//! | `origin`    | refuses pages of other sites, lets in those that were named                           |
//! | `http`      | `POST` and `GET /graphql`                                                             |
//! | `socket`    | `/graphql/ws`, by graphql-transport-ws                                                |
//! | `outcomes`  | `/jobs/{id}/outcomes.csv`                                                             |
//! | `request`   | reads a request: JSON alone, bounded, never a batch                                   |
//! | `documents` | where they are given, lets only trusted documents pass                                |
//! | `guard`     | refuses queries that the parser could not bear                                        |
//! | `answer`    | writes an answer in the media type that the client accepts, with the status it wants  |
//! | `health`    | `/livez` and `/readyz`                                                                |
//! | `metrics`   | a line in the log for each request, and `/metrics`                                    |
//! | `graphiql`  | serves the page that is built into the program                                        |
//!
//! A request is carried out in a task of its own: it comes to its end when the client hangs up, and one that panics
//! is answered like anything else that breaks.

mod answer;
mod documents;
mod graphiql;
mod guard;
mod health;
mod http;
mod listen;
mod metrics;
mod origin;
mod outcomes;
mod request;
mod socket;

use std::num::NonZeroU32;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response};
use axum::Router;
use axum::routing::{any, get};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tracing::Instrument;

use self::answer::Problem;
pub use self::documents::{Documents, DocumentsError};
pub use self::graphiql::{Start, Tab};
use self::listen::Peer;
use self::metrics::Told;
pub use self::origin::Origins;
use self::request::{Asked, Operation};
use crate::access::{self, Caller};
use crate::db::Database;
use crate::error::Error;
use crate::graphql::RequestContext;
use crate::graphql::api::Api;
use crate::graphql::cost::{Budget, Payer, Purse};
use crate::jobs::{Pace, Workers};
use crate::removal::batch::CHUNK;
use crate::token;

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

/// Who asks, on whose purse.
#[derive(Clone, Debug)]
struct Asker {
    caller: Option<Caller>,
    purse: Option<Purse>,
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
        let api = Api::new();
        let budget = doors.points.map(|points| Arc::new(Budget::per_minute(points)));
        (
            Server { api, database, doors, budget, stopping, in_flight },
            Stop { stopping: stop, in_flight: last },
        )
    }

    /// Its routes.
    pub fn router(self) -> Router {
        metrics::start();
        let api = Router::new()
            .route("/graphql", any(http::graphql))
            .route("/graphql/ws", get(socket::open))
            .route("/jobs/{id}/outcomes.csv", get(outcomes::csv))
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

    /// Whoever has the token `bearer`; nobody where there is none.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when the token is not one of somebody who may sign in; `INTERNAL` when the database cannot say.
    async fn asker(&self, bearer: Option<&str>, peer: Peer) -> Result<Asker, Problem> {
        let caller = match bearer {
            None => None,
            Some(token) => match access::store::bearer(&self.database.read, &token::sha256(token)).await {
                Ok(Some(user)) => Some(Caller::User(user)),
                Ok(None) => return Err(Problem::unauthenticated()),
                Err(error) => return Err(broken(&error, request_id())),
            },
        };
        let payer = match caller {
            Some(Caller::User(user)) => Payer::User(user),
            _ => Payer::Address(peer.0),
        };
        let purse = self.budget.clone().map(|budget| Purse { budget, payer });
        Ok(Asker { caller, purse })
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
            None => {
                let text = asked.query.take().ok_or_else(Problem::no_request)?;
                guard::admit(&text)?;
                text
            }
        };
        let mut request = asked.request(text);
        if self.doors.introspection == Introspection::Off {
            request = request.disable_introspection();
        }
        let operation = request::operation(&mut request);
        Ok((request, operation))
    }

    /// What a request carries besides what was asked.
    fn context(&self, asker: Asker, request_id: String) -> RequestContext {
        let context = RequestContext::new(self.database.clone(), asker.caller, request_id)
            .with_chunk(self.doors.chunk.unwrap_or(CHUNK))
            .until(self.stopping.clone());
        match asker.purse {
            Some(purse) => context.with_purse(purse),
            None => context,
        }
    }

    /// Carries out what `asker` asks, where its kind is `allowed`.
    ///
    /// # Errors
    /// What is refused before it is looked at; `INTERNAL` when something broke.
    async fn execute(
        &self,
        asker: Asker,
        asked: Asked,
        allowed: impl FnOnce(Option<OperationType>) -> Result<(), Problem>,
    ) -> Result<Response, Problem> {
        let (request, operation) = self.admit(asked)?;
        allowed(operation.kind)?;
        self.carry_out(asker, request, &operation).await
    }

    /// As [`Server::execute`], for whoever can take several answers: what is subscribed to goes on until it ends, or
    /// until the stream is dropped.
    ///
    /// # Errors
    /// As [`Server::execute`].
    async fn stream(&self, asker: Asker, asked: Asked) -> Result<BoxStream<'static, Response>, Problem> {
        let (request, operation) = self.admit(asked)?;
        if operation.kind == Some(OperationType::Subscription) {
            let request_id = request_id();
            let mut told = Told::begin(&request_id, &operation);
            let answers = self.api.stream(request, self.context(asker, request_id));
            return Ok(answers.inspect(move |response| told.hear(response)).boxed());
        }
        let response = self.carry_out(asker, request, &operation).await?;
        Ok(stream::once(async { response }).boxed())
    }

    /// Carries a request out in a task of its own, and tells of it.
    async fn carry_out(
        &self,
        asker: Asker,
        request: Request,
        operation: &Operation,
    ) -> Result<Response, Problem> {
        let request_id = request_id();
        let mut told = Told::begin(&request_id, operation);
        let context = self.context(asker, request_id.clone());
        let (api, kind, in_flight) = (self.api.clone(), operation.kind, self.in_flight.clone());
        let span = told.span();
        let carrying_out = async move {
            let response = api.execute(request, kind, context).await;
            told.hear(&response);
            drop((told, in_flight));
            response
        };
        let running = tokio::spawn(carrying_out.instrument(span));
        running.await.map_err(|_| broken(&Error::Broken("a request comes to its end"), request_id))
    }
}

/// Answers on `listener` and works on jobs until `stop` is done, then finishes what is in flight: requests, and chunks.
pub async fn serve(
    listener: TcpListener,
    database: Database,
    doors: Doors,
    stop: impl Future<Output = ()> + Send,
) {
    let workers = Workers::start(&database, Pace::default());
    let (server, last) = Server::new(database, doors);
    let stop = async {
        stop.await;
        last.stopping.send_replace(true);
        workers.ask_to_stop();
    };
    listen::answer(listener, server.router(), stop).await;
    last.wait().await;
    workers.stop().await;
}

fn broken(error: &Error, request_id: String) -> Problem {
    tracing::error!(request_id, %error, "a request failed");
    Problem::internal(request_id)
}

/// What errors of ours are logged under: random, so that nothing can be told from it.
fn request_id() -> String {
    let mut random = [0_u8; 12];
    // Without randomness the id is of no use, and the request is none the worse.
    let _ = getrandom::fill(&mut random);
    URL_SAFE_NO_PAD.encode(random)
}
