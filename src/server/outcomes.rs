//! The outcomes of a job as a table for spreadsheets: `/jobs/{id}/outcomes.csv` and `.xlsx`, for whoever shows what the API
//! wants to be shown. Texts alone, never a formula, whatever somebody is called.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use entity::id::JobId;
use futures::stream;
use rust_xlsxwriter::{Workbook, XlsxError};

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

/// What the columns are called.
const HEAD: [&str; 9] =
    ["position", "outcome", "failure", "typed", "userId", "firstName", "lastName", "email", "groupId"];
/// Characters of a cell of a workbook, as UTF-16 counts them.
const CELL: usize = 32_767;

/// As much of a text as fits a cell.
fn cut(text: &str) -> String {
    let fits = text.chars().scan(0, |length, character| {
        *length += character.len_utf16();
        (*length <= CELL).then_some(character)
    });
    fits.collect()
}

/// Answers with the outcomes of a job that the caller may follow, in the order of its list.
pub async fn csv(
    State(server): State<Server>,
    peer: Peer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let table = Table::asked(&server, peer, &id, &headers).await;
    table.map_or_else(|problem| problem.answer(MediaType::Json), Table::csv)
}

/// As [`csv`], as a workbook.
pub async fn xlsx(
    State(server): State<Server>,
    peer: Peer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let workbook = async {
        let table = Table::asked(&server, peer, &id, &headers).await?;
        table.xlsx().await.map_err(|error| super::broken(&error, super::request_id()))
    };
    workbook.await.unwrap_or_else(|problem| problem.answer(MediaType::Json))
}

/// A table that somebody may read.
struct Table {
    reader: Arc<Reader>,
    job: JobId,
    /// Whether people's names stand in it.
    named: bool,
}

impl Table {
    async fn asked(server: &Server, peer: Peer, id: &str, headers: &HeaderMap) -> Result<Table, Problem> {
        if headers.contains_key(header::COOKIE) && !server.doors.origins.allow(headers) {
            return Err(Problem::foreign_origin());
        }
        let shown = request::shown(headers, server.doors.cookie)?;
        let asker = server.asker(&server.database, shown, server.visit(peer, headers)).await?;
        let Known { caller, pass, .. } = asker.known.ok_or_else(Problem::unauthenticated)?;
        pass.require(Scope::Jobs).map_err(|_| Problem::not_found())?;
        let job: JobId =
            id::parse(&async_graphql::ID::from(id), &["id"]).map_err(|_| Problem::not_found())?;
        let reader = Arc::new(Reader::new(server.database.clone(), caller));
        let broken = |error: Error| super::broken(&error, super::request_id());
        if removals::Jobs::load(&reader, vec![job]).await.map_err(broken)?.is_empty() {
            return Err(Problem::not_found());
        }
        // Names are for those who may see everybody's.
        let sees_everybody = *reader.sight().await.map_err(broken)? == Sight::Everything;
        let named = sees_everybody && pass.require(Scope::UsersPii).is_ok();
        Ok(Table { reader, job, named })
    }

    fn csv(self) -> Response {
        let Table { reader, job, named } = self;
        let pages = stream::unfold((reader, Some(0)), move |(reader, after)| async move {
            let after = after?;
            let page = match removals::outcome_rows(&reader, job, after).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "a table of outcomes broke off");
                    return Some((Err(std::io::Error::other("broken off")), (reader, None)));
                }
            };
            let head = if after == 0 { HEAD.join(",") + "\r\n" } else { String::new() };
            let line = |row| cells(row, named).map(|text| cell(&text)).join(",") + "\r\n";
            let lines: String = page.iter().map(line).collect();
            let next = page.last().map(|row| row.position);
            (after == 0 || next.is_some()).then(|| (Ok(format!("{head}{lines}")), (reader, next)))
        });
        attached(Body::from_stream(pages), "text/csv; charset=utf-8", "outcomes.csv")
    }

    /// A workbook is whole or none: its rows wait in a file, so that memory holds no more than the end of it.
    async fn xlsx(self) -> Result<Response, Error> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(unwritten)?;
        sheet.set_name("Outcomes").map_err(unwritten)?;
        for (column, name) in (0..).zip(HEAD) {
            sheet.write_string(0, column, name).map_err(unwritten)?;
        }
        let (mut line, mut after) = (0, 0);
        loop {
            let page = removals::outcome_rows(&self.reader, self.job, after).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            for row in &page {
                line += 1;
                for (column, text) in (0..).zip(cells(row, self.named)) {
                    if !text.is_empty() {
                        sheet.write_string(line, column, cut(&text)).map_err(unwritten)?;
                    }
                }
            }
        }
        let written = tokio::task::spawn_blocking(move || workbook.save_to_buffer()).await;
        let bytes = written.map_err(|_| Error::Broken("a workbook is written"))?.map_err(unwritten)?;
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        Ok(attached(Body::from(Bytes::from(bytes)), kind, "outcomes.xlsx"))
    }
}

fn unwritten(error: XlsxError) -> Error {
    tracing::error!(%error, "a workbook could not be written");
    Error::Broken("a workbook is written")
}

/// An answer that a browser keeps as a file, and nobody else does.
fn attached(body: Body, kind: &'static str, name: &'static str) -> Response {
    let mut answer = body.into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(attachment) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, attachment);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("authorization, cookie"));
    answer
}

fn cells(row: &OutcomeRow, named: bool) -> [String; 9] {
    let person = |text: &Option<String>| text.clone().filter(|_| named).unwrap_or_default();
    [
        row.position.to_string(),
        row.outcome.map(|outcome| outcome.as_str().to_owned()).unwrap_or_default(),
        row.reason.clone().unwrap_or_default(),
        row.typed.clone().unwrap_or_default(),
        row.user.map(|user| user.global().0).unwrap_or_default(),
        person(&row.first_name),
        person(&row.last_name),
        person(&row.email),
        row.group.map(|group| group.global().0).unwrap_or_default(),
    ]
}
