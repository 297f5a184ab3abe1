//! GraphiQL, built into the program. Its files are stored compressed and served as they are.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use serde::Serialize;

use super::Server;

#[derive(RustEmbed)]
#[folder = "src/graphql/graphiql/dist/"]
struct Files;

/// Only what this server serves is ever loaded, and nobody frames it. Styles alone may stand in the page: its editor
/// writes them there.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// What the page opens with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Start {
    /// The text in its headers editor, a JSON object.
    pub headers: String,
    /// The operations in its tabs.
    pub tabs: Vec<Tab>,
}

/// An operation in a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tab {
    /// The operation.
    pub query: String,
    /// Its variables, a JSON object as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<String>,
}

/// Serves the page itself.
pub async fn page(headers: HeaderMap) -> Response {
    let mut answer = embedded(&headers, "index.html");
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

/// Serves what the page loads.
pub async fn file(headers: HeaderMap, Path(name): Path<String>) -> Response {
    embedded(&headers, &name)
}

/// Serves what the page opens with, where there is something.
pub async fn start(State(server): State<Server>) -> Response {
    match &server.doors.start {
        Some(start) => ([(header::CACHE_CONTROL, "no-store")], Json(start.as_ref())).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn embedded(headers: &HeaderMap, name: &str) -> Response {
    let compressed = Files::get(&format!("{name}.gz"));
    let is_compressed = compressed.is_some();
    let Some(file) = compressed.or_else(|| Files::get(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let common: [(HeaderName, &str); 4] = [
        (header::ETAG, &tag),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let mut answer = (common, [(header::CONTENT_TYPE, content_type(name))], file.data).into_response();
    if is_compressed {
        answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
