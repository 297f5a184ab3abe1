//! Writing an answer of GraphQL over HTTP, and what is answered when nothing could be carried out.

use std::io::{self, Write};

use async_graphql::parser::types::OperationType;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::graphql::error::{LARGEST_ANSWER, RETRY_AFTER, UNAVAILABLE, is_given_up, too_many_bytes};

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// The one of GraphQL over HTTP, whose status says whether the request was carried out.
    GraphQL,
    /// The one of older clients, for which every request that could be read was answered.
    Json,
}

impl MediaType {
    /// The one that the client accepts: what it names, before what a wildcard allows; the older one where it leaves the
    /// choice to us. None where it accepts neither.
    pub fn accepted(headers: &HeaderMap) -> Option<MediaType> {
        let mut accepted: Vec<String> = Vec::new();
        for value in headers.get_all(header::ACCEPT) {
            let value = value.to_str().ok()?.to_ascii_lowercase();
            accepted.extend(value.split(',').filter(|range| !is_refused(range)).map(essence));
        }
        let names = |wanted: &str| accepted.iter().any(|range| range == wanted);
        if names("application/graphql-response+json") {
            Some(MediaType::GraphQL)
        } else if !headers.contains_key(header::ACCEPT)
            || ["application/json", "application/*", "*/*"].into_iter().any(names)
        {
            Some(MediaType::Json)
        } else {
            None
        }
    }

    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            MediaType::GraphQL => "application/graphql-response+json; charset=utf-8",
            MediaType::Json => "application/json; charset=utf-8",
        })
    }
}

/// A media range without its parameters.
fn essence(range: &str) -> String {
    range.split(';').next().unwrap_or("").trim().to_owned()
}

/// Whether a media range is named to be refused: `q=0`.
fn is_refused(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        let weight = parameter.trim().strip_prefix("q=");
        weight.is_some_and(|weight| weight.trim_matches(['0', '.']).is_empty())
    })
}

/// Whether anything was carried out: an error of a field names the field, and an answer that was given up was begun;
/// without either, and without data, nothing was.
fn is_carried_out(response: &async_graphql::Response) -> bool {
    response.errors.is_empty()
        || response.data != async_graphql::Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty())
        || is_given_up(response)
}

/// An answer of GraphQL as it is sent, at most [`LARGEST_ANSWER`] bytes.
#[derive(Debug)]
pub struct Written {
    body: Vec<u8>,
    /// The errors alone, where nothing was carried out.
    refused: Option<serde_json::Value>,
    /// Whether that was because the database does not answer.
    is_unavailable: bool,
    wait: Option<u64>,
    headers: HeaderMap,
}

impl Written {
    /// The answer to an operation of this kind. One that is too large is given up while it is written. `hear` is told
    /// what is answered.
    pub fn of(
        response: async_graphql::Response,
        kind: Option<OperationType>,
        hear: impl FnOnce(&async_graphql::Response),
    ) -> Written {
        let (response, body) = match bytes(&response) {
            Some(body) => (response, body),
            None => {
                let instead = too_many_bytes(response, kind);
                let body = bytes(&instead).unwrap_or_default();
                (instead, body)
            }
        };
        hear(&response);
        let refused = (!is_carried_out(&response)).then(|| json!(response.errors));
        let body = match &refused {
            // What was not carried out has no data, not even null.
            Some(errors) => {
                let mut body = json!({ "errors": errors });
                if !response.extensions.is_empty() {
                    body["extensions"] = json!(response.extensions);
                }
                body.to_string().into_bytes()
            }
            None => body,
        };
        let (is_unavailable, wait) = (is_unavailable(&response), retry_after(&response));
        Written { body, refused, is_unavailable, wait, headers: response.http_headers }
    }

    /// The answer over HTTP.
    pub fn answer(self, media_type: MediaType) -> Response {
        let status = match media_type {
            _ if self.refused.is_some() && self.is_unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ if self.refused.is_some() && self.wait.is_some() => StatusCode::TOO_MANY_REQUESTS,
            MediaType::GraphQL if self.refused.is_some() => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        let mut answer = (status, self.body).into_response();
        let headers = answer.headers_mut();
        headers.extend(self.headers);
        headers.insert(header::CONTENT_TYPE, media_type.header());
        if let Some(seconds) = self.wait {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }

    /// The answer as a text, or the errors of what was not carried out.
    pub fn into_text(self) -> Result<String, serde_json::Value> {
        match self.refused {
            Some(errors) => Err(errors),
            // What was written is JSON.
            None => Ok(String::from_utf8(self.body).unwrap_or_default()),
        }
    }
}

/// An answer as JSON; none where that would be too large.
fn bytes(response: &async_graphql::Response) -> Option<Vec<u8>> {
    let mut bounded = Bounded(Vec::new());
    serde_json::to_writer(&mut bounded, response).ok().map(|()| bounded.0)
}

/// What is written, as long as it is no larger than an answer may be.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST_ANSWER {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether nothing was carried out because the database does not answer.
fn is_unavailable(response: &async_graphql::Response) -> bool {
    let unavailable = async_graphql::Value::from("UNAVAILABLE");
    let mut codes = response.errors.iter().filter_map(|error| error.extensions.as_ref()?.get("code"));
    codes.any(|code| *code == unavailable)
}

/// How many seconds to wait, where an error says so.
fn retry_after(response: &async_graphql::Response) -> Option<u64> {
    response.errors.iter().find_map(|error| match error.extensions.as_ref()?.get("retryAfter")? {
        async_graphql::Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    })
}

/// Why a request never reached the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    request_id: Option<String>,
}

impl Problem {
    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Problem {
        Problem { status, code, message, request_id: None }
    }

    /// The client accepts nothing that we write.
    pub const fn not_acceptable() -> Problem {
        let message = "Answers are application/graphql-response+json or application/json.";
        Problem::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
    }

    /// There is nothing of that address, or nothing that the caller may know of.
    pub const fn not_found() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing here that you may see.")
    }

    /// The body is no JSON.
    pub const fn unsupported_media_type() -> Problem {
        let message = "Send the request as application/json in UTF-8.";
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    /// The body is larger than is read.
    pub const fn body_too_large() -> Problem {
        let message = "A request has at most 4 MiB.";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    /// The body is packed, and so of any size.
    pub const fn packed_body() -> Problem {
        let message = "Send the request as it is, without Content-Encoding: what is packed is not unpacked.";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    /// The body broke off.
    pub const fn incomplete_body() -> Problem {
        let message = "The body of the request ended too soon.";
        Problem::new(StatusCode::BAD_REQUEST, "BAD_INPUT", message)
    }

    /// The body did not come in time.
    pub const fn slow_body() -> Problem {
        let message = "The body of the request took too long.";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", message)
    }

    /// A page of another site asks, with what tells us who its user is.
    pub const fn foreign_origin() -> Problem {
        let message = "Pages of this site may not use this server.";
        Problem::new(StatusCode::FORBIDDEN, "FOREIGN_ORIGIN", message)
    }

    /// A GET asks for something that changes things.
    pub const fn only_queries_over_get() -> Problem {
        let message = "Only queries are carried out over GET; send the request with POST.";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    /// Neither a GET nor a POST.
    pub const fn method_not_allowed() -> Problem {
        let message = "Send GraphQL requests with POST, as application/json; queries also with GET.";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    /// The operation is none of those that this server was given.
    pub const fn untrusted_document() -> Problem {
        let message = "This server carries out none but the operations that it was given.";
        Problem::new(StatusCode::BAD_REQUEST, "UNTRUSTED_DOCUMENT", message)
    }

    /// Too many operations are under way on one socket.
    pub const fn too_many_operations() -> Problem {
        let message = "At most 100 operations may be under way on one socket.";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "LIMIT", message)
    }

    /// Too many sockets from one address have not said yet who opened them.
    pub const fn too_many_sockets() -> Problem {
        let message = "At most 200 sockets from one address may wait for their connection_init.";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "LIMIT", message)
    }

    /// Several requests in one.
    pub const fn batch_unsupported() -> Problem {
        let message = "One request at a time: a list of requests is not carried out.";
        Problem::new(StatusCode::BAD_REQUEST, "BATCH_UNSUPPORTED", message)
    }

    /// The body is not what a request looks like.
    pub const fn no_request() -> Problem {
        let message = "The body is no GraphQL request: a JSON object with `query` (a text), and where needed \
                       `operationName` (a text) and `variables` (an object).";
        Problem::new(StatusCode::BAD_REQUEST, "BAD_INPUT", message)
    }

    /// The query is longer than is read.
    pub const fn query_too_large() -> Problem {
        let message = "A query has at most 64 KiB; lists belong into variables.";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    /// The query nests too deep to be parsed.
    pub const fn query_too_deep() -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "QUERY_TOO_DEEP", "Query is nested too deep.")
    }

    /// The query has too many words, or too many fields once its fragments are spread.
    pub const fn query_too_complex() -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "QUERY_TOO_COMPLEX", "Query is too complex.")
    }

    /// The query asks for too many things at its root.
    pub const fn too_many_root_fields() -> Problem {
        let message = "A query has at most 20 fields at its root.";
        Problem::new(StatusCode::BAD_REQUEST, "TOO_MANY_ROOT_FIELDS", message)
    }

    /// The query has too many operations and fragments.
    pub const fn too_many_definitions() -> Problem {
        let message = "A query has at most 50 operations and fragments.";
        Problem::new(StatusCode::BAD_REQUEST, "TOO_MANY_DEFINITIONS", message)
    }

    /// The query has too many directives.
    pub const fn too_many_directives() -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "TOO_MANY_DIRECTIVES", "A query has at most 50 directives.")
    }

    /// A fragment of the query is spread inside itself.
    pub const fn fragment_cycle() -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "FRAGMENT_CYCLE", "A fragment is spread inside itself.")
    }

    /// The token is not one, or is one of somebody who may not sign in.
    pub const fn unauthenticated() -> Problem {
        let message = "This token is not valid. Send one as `Authorization: Bearer …`, or none.";
        Problem::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
    }

    /// Something of ours broke, and was logged under this id.
    pub const fn internal(request_id: String) -> Problem {
        Problem {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "INTERNAL",
            message: "Something broke on our side; the request id finds it in our logs.",
            request_id: Some(request_id),
        }
    }

    /// The database does not answer; it was logged under this id.
    pub const fn unavailable(request_id: String) -> Problem {
        Problem {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "UNAVAILABLE",
            message: UNAVAILABLE,
            request_id: Some(request_id),
        }
    }

    /// The stable code, as it stands in the API.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The problem as an error of GraphQL.
    pub fn error(&self) -> serde_json::Value {
        let mut extensions = json!({ "code": self.code });
        if let Some(request_id) = &self.request_id {
            extensions["requestId"] = request_id.as_str().into();
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            extensions["retryAfter"] = RETRY_AFTER.into();
        }
        json!({ "message": self.message, "extensions": extensions })
    }

    /// The problem as an answer.
    pub fn answer(self, media_type: MediaType) -> Response {
        let mut answer = written(media_type, self.status, &json!({ "errors": [self.error()] }));
        let says = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::METHOD_NOT_ALLOWED if self == Problem::only_queries_over_get() => {
                Some((header::ALLOW, "POST"))
            }
            StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "GET, POST")),
            StatusCode::SERVICE_UNAVAILABLE => {
                answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
                None
            }
            _ => None,
        };
        if let Some((name, value)) = says {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        answer
    }
}

fn written(media_type: MediaType, status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, media_type.header())], body.to_string()).into_response()
}
