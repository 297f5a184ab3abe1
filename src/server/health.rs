//! Whether the program lives, and whether it can answer: for whoever restarts it, and for whoever sends it requests.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Server;

/// What `/readyz` says, each in its own words.
#[derive(Debug, Serialize)]
struct Ready {
    /// Whether the database answers.
    database: bool,
    /// Whether it is at the newest step that this program knows.
    migrated: bool,
    /// Whether the program is asked to stop, and only finishes what is in flight.
    draining: bool,
}

/// The program runs: as long as it answers, 200.
pub async fn live() -> &'static str {
    "ok\n"
}

/// Whether to send requests here: 200, or 503 with what is missing.
pub async fn ready(State(server): State<Server>) -> Response {
    let draining = *server.stopping.borrow();
    let step = server.database.is_migrated().await;
    let ready = Ready { database: step.is_ok(), migrated: step.unwrap_or(false), draining };
    let status = if ready.database && ready.migrated && !draining {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(ready)).into_response()
}
