//! GraphQL over HTTP.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::time::timeout;
use tracing::Instrument;

use super::Server;
use super::answer::{MediaType, Problem, Written};
use super::listen::Peer;
use super::request::{self, Asked};
use crate::telemetry::incoming;

/// Bytes of a request's body.
const LARGEST_BODY: usize = 4 << 20;
/// Bytes of a body that are read only to be thrown away.
const THROWN_AWAY: usize = 32 << 20;
/// How long a client may take to send it.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// Answers a request.
pub async fn graphql(State(server): State<Server>, peer: Peer, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut answer = match MediaType::accepted(&parts.headers) {
        None => Problem::not_acceptable().answer(MediaType::Json),
        Some(media_type) => {
            let span = incoming(&parts.headers);
            match asked(&server, peer, parts, body).instrument(span).await {
                Ok(written) => written.answer(media_type),
                Err(problem) => problem.answer(media_type),
            }
        }
    };
    // What is answered to one is nobody else's.
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("accept, authorization, cookie"));
    answer
}

async fn asked(server: &Server, peer: Peer, parts: Parts, body: Body) -> Result<Written, Problem> {
    let headers = &parts.headers;
    if headers.contains_key(header::COOKIE) && !server.doors.origins.allow(headers) {
        return Err(Problem::foreign_origin());
    }
    let asked = match parts.method {
        Method::GET => Asked::in_parameters(&parts.uri)?,
        Method::POST => {
            request::is_json(headers)?;
            // How large it is cannot be known without unpacking it.
            if headers.contains_key(header::CONTENT_ENCODING) {
                return Err(Problem::packed_body());
            }
            Asked::in_body(&read(body).await?)?
        }
        _ => return Err(Problem::method_not_allowed()),
    };
    let visit = server.visit(peer, headers);
    let shown = request::shown(headers, server.doors.cookie)?;
    let held = server.held_for(&shown).await?;
    let asker = server.asker(held.as_ref().unwrap_or(&server.database), shown, visit).await?;
    let over_get = parts.method == Method::GET;
    // Whoever waits needs it no more, and it is larger than most of what is asked.
    drop(parts);
    let changes = |kind| matches!(kind, Some(OperationType::Mutation | OperationType::Subscription));
    server
        .execute(asker, held, asked, |kind| {
            if over_get && changes(kind) { Err(Problem::only_queries_over_get()) } else { Ok(()) }
        })
        .await
}

/// The whole body. One that is too large is read on for a while and thrown away: a client that still sends would
/// otherwise lose the answer together with the connection.
async fn read(body: Body) -> Result<Bytes, Problem> {
    let read = async {
        // What says that it is too large is not kept at all, and of the rest nothing twice.
        let announced = body.size_hint().lower();
        let most = if announced > LARGEST_BODY as u64 { 0 } else { LARGEST_BODY };
        let (mut body, mut kept, mut length) = (body, Vec::new(), 0);
        while let Some(frame) = body.frame().await {
            let data = frame.map_err(|_| Problem::incomplete_body())?.into_data().unwrap_or_default();
            length += data.len();
            if length <= most {
                kept.push(data);
            } else if length > THROWN_AWAY {
                break;
            } else {
                kept = Vec::new();
            }
        }
        if length > LARGEST_BODY { Err(Problem::body_too_large()) } else { Ok(kept.concat().into()) }
    };
    timeout(BODY_WAIT, read).await.unwrap_or_else(|_| Err(Problem::slow_body()))
}
