//! The door of the program: `POST /graphql`, and GraphiQL at `/`.
//!
//! | file        | what it does                                                                         |
//! |-------------|--------------------------------------------------------------------------------------|
//! | `request`   | reads a request: JSON alone, bounded, never a batch                                   |
//! | `guard`     | refuses queries that the parser could not bear                                        |
//! | `answer`    | writes an answer in the media type that the client accepts, with the status it wants  |
//! | `graphiql`  | serves the page that is built into the program                                        |
//!
//! A request is carried out in a task of its own: it comes to its end when the client hangs up, and one that panics
//! is answered like anything else that breaks.

mod answer;
mod graphiql;
mod guard;
mod request;

use std::sync::Arc;

use async_graphql::Request;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use self::answer::{MediaType, Problem};
pub use self::graphiql::{Start, Tab};
use crate::access::{self, Caller};
use crate::db::Database;
use crate::error::Error;
use crate::graphql::{RequestContext, RosterSchema};
use crate::token;

/// Bytes of a request's body.
const LARGEST_BODY: usize = 4 << 20;

/// What answers requests.
#[derive(Clone)]
pub struct Server {
    schema: RosterSchema,
    database: Database,
    start: Option<Arc<Start>>,
    /// Held by every request in flight, so that whoever stops the program can wait for the last.
    in_flight: mpsc::Sender<()>,
}

/// Ends when the last request in flight has.
#[derive(Debug)]
pub struct LastRequest(mpsc::Receiver<()>);

impl LastRequest {
    /// Waits for it. The server itself must be gone by then.
    pub async fn wait(mut self) {
        while self.0.recv().await.is_some() {}
    }
}

impl Server {
    /// A server of this database. `start` is what GraphiQL opens with.
    pub fn new(database: Database, start: Option<Start>) -> (Server, LastRequest) {
        let (in_flight, last) = mpsc::channel(1);
        let schema = crate::graphql::schema();
        (Server { schema, database, start: start.map(Arc::new), in_flight }, LastRequest(last))
    }

    /// Its routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/graphql", post(graphql).fallback(answer::only_post))
            .route("/", get(graphiql::page))
            .route("/graphiql.json", get(graphiql::start))
            .route("/graphiql/{file}", get(graphiql::file))
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .with_state(self)
    }

    /// Carries out `request` for whoever has the token `bearer`; for nobody where there is none.
    ///
    /// # Errors
    /// What the guard refuses with; `UNAUTHENTICATED` when the token is not one of somebody who may sign in; `INTERNAL` when something broke before
    /// the request was carried out.
    pub async fn execute(
        &self,
        bearer: Option<&str>,
        request: Request,
    ) -> Result<async_graphql::Response, Problem> {
        guard::admit(&request.query)?;
        let request_id = request_id();
        let caller = match bearer {
            None => None,
            Some(token) => match access::store::bearer(&self.database.read, &token::sha256(token)).await {
                Ok(Some(user)) => Some(Caller::User(user)),
                Ok(None) => return Err(Problem::unauthenticated()),
                Err(error) => return Err(broken(&error, request_id)),
            },
        };
        let request = request.data(RequestContext::new(self.database.clone(), caller, request_id.clone()));
        let (schema, in_flight) = (self.schema.clone(), self.in_flight.clone());
        let running = tokio::spawn(async move {
            let response = schema.execute(request).await;
            drop(in_flight);
            response
        });
        running.await.map_err(|_| broken(&Error::Broken("a request comes to its end"), request_id))
    }
}

/// Answers on `listener` until `stop` is done, then finishes what is in flight.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    database: Database,
    start: Option<Start>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (server, last) = Server::new(database, start);
    axum::serve(listener, server.router()).with_graceful_shutdown(stop).await?;
    last.wait().await;
    Ok(())
}

async fn graphql(
    State(server): State<Server>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(media_type) = MediaType::accepted(&headers) else {
        return Problem::not_acceptable().answer(MediaType::Json);
    };
    let answer = async {
        request::is_json(&headers)?;
        let bearer = request::bearer(&headers)?;
        let request = request::read(&body.map_err(|rejection| Problem::unreadable_body(&rejection))?)?;
        server.execute(bearer, request).await
    };
    match answer.await {
        Ok(response) => answer::response(media_type, response),
        Err(problem) => problem.answer(media_type),
    }
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
