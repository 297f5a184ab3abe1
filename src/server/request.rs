//! Reading a request of GraphQL over HTTP: a JSON object in a body of JSON.

use async_graphql::{Request, Variables};
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Problem;

/// What a body may hold. Anything else in it is left alone.
#[derive(Deserialize)]
struct Body {
    query: String,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default, rename = "extensions")]
    _extensions: Option<Map<String, Value>>,
}

/// Whether the body says that it is JSON, which no form of a foreign page can.
///
/// # Errors
/// `UNSUPPORTED_MEDIA_TYPE`, also for JSON in another charset than UTF-8.
pub fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if is_json && is_utf8 { Ok(()) } else { Err(Problem::unsupported_media_type()) }
}

/// The token of the request; none where it has none.
///
/// # Errors
/// `UNAUTHENTICATED` when what it has is no bearer token.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let value = value.to_str().map_err(|_| Problem::unauthenticated())?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Problem::unauthenticated()),
    }
}

/// The request in a body.
///
/// # Errors
/// `BATCH_UNSUPPORTED`, or `BAD_INPUT` when it is no request.
pub fn read(body: &[u8]) -> Result<Request, Problem> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::batch_unsupported());
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| Problem::no_request())?;
    let mut request = Request::new(body.query);
    if let Some(name) = body.operation_name {
        request = request.operation_name(name);
    }
    if let Some(variables) = body.variables {
        request = request.variables(Variables::from_json(Value::Object(variables)));
    }
    Ok(request)
}
