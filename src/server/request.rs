//! Reading a request of GraphQL over HTTP: a JSON object in the body of a POST, or the parameters of a GET.

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Variables};
use axum::extract::Query;
use axum::http::{HeaderMap, Uri, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Problem;
use crate::sign_in::cookie::Cookie;

/// Bytes of what may be the mark of a device.
const LONGEST_MARK: usize = 200;

/// What a client asks, before anything of it is parsed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The text of the query.
    #[serde(default)]
    pub query: Option<String>,
    /// The name of a trusted document, in its stead.
    #[serde(default)]
    pub document_id: Option<String>,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default)]
    extensions: Option<Map<String, Value>>,
}

/// The parameters of a GET, of which two are JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Asked {
    /// What the body of a POST asks.
    ///
    /// # Errors
    /// `BATCH_UNSUPPORTED`, or `BAD_INPUT` when it is no request.
    pub fn in_body(body: &[u8]) -> Result<Asked, Problem> {
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return Err(Problem::batch_unsupported());
        }
        serde_json::from_slice(body).map_err(|_| Problem::no_request())
    }

    /// What the parameters of a GET ask.
    ///
    /// # Errors
    /// `BAD_INPUT` when they are no request.
    pub fn in_parameters(uri: &Uri) -> Result<Asked, Problem> {
        let Query(asked) = Query::<Parameters>::try_from_uri(uri).map_err(|_| Problem::no_request())?;
        Ok(Asked {
            query: asked.query,
            document_id: asked.document_id,
            operation_name: asked.operation_name.filter(|name| !name.is_empty()),
            variables: json(asked.variables)?,
            extensions: json(asked.extensions)?,
        })
    }

    /// The name of the trusted document that is asked for, in either way of naming one.
    pub fn document(&self) -> Option<&str> {
        let as_apollo = || self.extensions.as_ref()?.get("persistedQuery")?.get("sha256Hash")?.as_str();
        self.document_id.as_deref().or_else(as_apollo)
    }

    /// The request to be carried out, of the query `text`.
    pub fn request(self, text: String) -> Request {
        let mut request = Request::new(text);
        if let Some(name) = self.operation_name {
            request = request.operation_name(name);
        }
        if let Some(variables) = self.variables {
            request = request.variables(Variables::from_json(Value::Object(variables)));
        }
        request
    }
}

fn json<T: for<'a> Deserialize<'a>>(text: Option<String>) -> Result<Option<T>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| serde_json::from_str(&text).map_err(|_| Problem::no_request())).transpose()
}

/// The operation that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// What kind it is; none where the query has no such operation, which is said later on.
    pub kind: Option<OperationType>,
    /// Its name, where it has one.
    pub name: Option<String>,
}

/// Looks for the operation that is asked for. To be called for a query that the guard has let pass: this parses.
pub fn operation(request: &mut Request) -> Operation {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return Operation { kind: None, name } };
    let mut operations = document.operations.iter();
    let found = match &name {
        Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known.as_str() == name)),
        None => operations.next(),
    };
    let kind = found.map(|(_, operation)| operation.node.ty);
    Operation { kind, name: name.or_else(|| Some(found?.0?.to_string())) }
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

/// What a client shows of who it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A bearer token.
    Bearer(String),
    /// The secret in a cookie, which a browser sends whether or not it still works.
    Cookie(String),
}

/// What a request shows of who sends it: its token, before its cookie.
///
/// # Errors
/// `UNAUTHENTICATED` when what is sent as a token is none.
pub fn shown(headers: &HeaderMap, cookie: Cookie) -> Result<Shown, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let bearer = value.to_str().ok().and_then(bearer_of).ok_or_else(Problem::unauthenticated)?;
        return Ok(Shown::Bearer(bearer.to_owned()));
    }
    let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let secret = cookies.find_map(|value| cookie.find(value));
    Ok(secret.map_or(Shown::Nothing, |secret| Shown::Cookie(secret.to_owned())))
}

/// The mark of a device that a browser sends; none that is longer than a mark is.
pub fn device(headers: &HeaderMap, cookie: Cookie) -> Option<String> {
    let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .find_map(|value| cookie.find_device(value))
        .filter(|mark| mark.len() <= LONGEST_MARK)
        .map(str::to_owned)
}

/// The token in `Bearer …`.
pub fn bearer_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
