//! The outcomes of a job as a table for spreadsheets: `/jobs/{id}/outcomes.csv`, for whoever
//! shows what the API wants to be shown.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use entity::id::JobId;
use futures::stream;

use super::Server;
use super::answer::{MediaType, Problem};
use super::listen::Peer;
use super::request;
use crate::access::{Known, Scope};
use crate::error::Error;
use crate::graphql::id::{self, GlobalId};
use crate::queries::removals::{self, OutcomeRow};
use crate::queries::{Batch, Reader, Sight};
use crate::table::cell;

/// The first line.
const HEAD: &str = "position,outcome,failure,typed,userId,firstName,lastName,email\r\n";

/// Answers with the outcomes of a job that the caller may follow, in the order of its list.
pub async fn csv(
    State(server): State<Server>,
    peer: Peer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    table(&server, peer, &id, &headers).await.unwrap_or_else(|problem| problem.answer(MediaType::Json))
}

async fn table(server: &Server, peer: Peer, id: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    if headers.contains_key(header::COOKIE) && !server.doors.origins.allow(headers) {
        return Err(Problem::foreign_origin());
    }
    let shown = request::shown(headers, server.doors.cookie)?;
    let asker = server.asker(shown, server.visit(peer, headers)).await?;
    let Known { caller, pass, .. } = asker.known.ok_or_else(Problem::unauthenticated)?;
    pass.require(Scope::Jobs).map_err(|_| Problem::not_found())?;
    let job: JobId = id::parse(&async_graphql::ID::from(id), &["id"]).map_err(|_| Problem::not_found())?;
    let reader = Arc::new(Reader::new(server.database.clone(), caller));
    let broken = |error: Error| super::broken(&error, super::request_id());
    if removals::Jobs::load(&reader, vec![job]).await.map_err(broken)?.is_empty() {
        return Err(Problem::not_found());
    }
    // Names are for those who may see everybody's.
    let sees_everybody = *reader.sight().await.map_err(broken)? == Sight::Everything;
    let named = sees_everybody && pass.require(Scope::UsersPii).is_ok();
    let pages = stream::unfold((reader, Some(0)), move |(reader, after)| async move {
        let after = after?;
        let page = match removals::outcome_rows(&reader, job, after).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "a table of outcomes broke off");
                return Some((Err(std::io::Error::other("broken off")), (reader, None)));
            }
        };
        let head = if after == 0 { HEAD } else { "" };
        let lines: String = page.iter().map(|row| line(row, named)).collect();
        let next = page.last().map(|row| row.position);
        (after == 0 || next.is_some()).then(|| (Ok(format!("{head}{lines}")), (reader, next)))
    });
    let mut answer = Body::from_stream(pages).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let attachment = HeaderValue::from_static("attachment; filename=\"outcomes.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, attachment);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("authorization, cookie"));
    Ok(answer)
}

fn line(row: &OutcomeRow, named: bool) -> String {
    let person = |text: &Option<String>| text.clone().filter(|_| named).unwrap_or_default();
    let cells = [
        row.position.to_string(),
        row.outcome.map(|outcome| outcome.as_str().to_owned()).unwrap_or_default(),
        row.reason.clone().unwrap_or_default(),
        row.typed.clone().unwrap_or_default(),
        row.user.map(|user| user.global().0).unwrap_or_default(),
        person(&row.first_name),
        person(&row.last_name),
        person(&row.email),
    ];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}
