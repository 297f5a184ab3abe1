//! GraphQL over a socket, by the protocol graphql-transport-ws.
//!
//! The protocol is spoken here and not by the ready-made service, which closes with other codes than it asks for. A
//! socket begins with `connection_init`, in whose payload the token is (`authorization`, as in the header of a request;
//! the header or the cookie of the upgrade counts where there is none), and belongs to one caller until it is closed. While it is open
//! the token is looked at again, every two seconds and before an operation is begun, so that whoever loses their rights
//! loses the socket. Of nobody known there are few sockets from one address ([`places`]).

mod connection;
mod message;
mod places;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use self::connection::Connection;
pub use self::places::Places;
use super::answer::{MediaType, Problem};
use super::listen::Peer;
use super::{Server, request};
use crate::graphql::context::Visit;

/// The protocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// Bytes of a message.
const LARGEST_MESSAGE: usize = 512 << 10;

/// Opens a socket, unless a foreign page asks for it.
pub async fn open(
    State(server): State<Server>,
    peer: Peer,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !server.doors.origins.allow(&headers) {
        return Problem::foreign_origin().answer(MediaType::Json);
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let shown = match request::shown(&headers, server.doors.cookie) {
        Ok(shown) => shown,
        Err(problem) => return problem.answer(MediaType::Json),
    };
    // A socket sets no cookies.
    let visit = Visit { cookie: None, ..server.visit(peer, &headers) };
    let Some(place) = server.places.unsaid.take(visit.address) else {
        return Problem::too_many_sockets().answer(MediaType::Json);
    };
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .on_upgrade(move |socket| Connection::run(server, visit, shown, place, socket))
}
