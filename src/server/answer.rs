//! Writing an answer of GraphQL over HTTP, and what is answered when nothing could be carried out.

use async_graphql_axum::GraphQLResponse;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// The one of GraphQL over HTTP, whose status says whether the request was carried out.
    GraphQL,
    /// The one of older clients, for which every request that could be read was answered.
    Json,
}

impl MediaType {
    /// The one that the client accepts: what it names, before what a wildcard allows. None where it accepts neither.
    pub fn accepted(headers: &HeaderMap) -> Option<MediaType> {
        let mut accepted: Vec<String> = Vec::new();
        for value in headers.get_all(header::ACCEPT) {
            let value = value.to_str().ok()?.to_ascii_lowercase();
            accepted.extend(value.split(',').filter(|range| !is_refused(range)).map(essence));
        }
        let names = |wanted: &str| accepted.iter().any(|range| range == wanted);
        if !headers.contains_key(header::ACCEPT) || names("application/graphql-response+json") {
            Some(MediaType::GraphQL)
        } else if names("application/json") {
            Some(MediaType::Json)
        } else if names("*/*") || names("application/*") {
            Some(MediaType::GraphQL)
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

/// The answer to a request that was carried out, or that GraphQL refused to.
pub fn response(media_type: MediaType, response: async_graphql::Response) -> Response {
    // An error of a field names the field; without one, and without data, nothing was carried out.
    let carried_out = response.errors.is_empty()
        || response.data != async_graphql::Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty());
    if !carried_out {
        let status = match media_type {
            MediaType::GraphQL => StatusCode::BAD_REQUEST,
            MediaType::Json => StatusCode::OK,
        };
        return written(media_type, status, &json!({ "errors": response.errors }));
    }
    let mut answer = GraphQLResponse::from(response).into_response();
    answer.headers_mut().insert(header::CONTENT_TYPE, media_type.header());
    answer
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

    /// The body is no JSON.
    pub const fn unsupported_media_type() -> Problem {
        let message = "Send the request as application/json in UTF-8.";
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    /// The body did not come, or is too large.
    pub fn unreadable_body(rejection: &BytesRejection) -> Problem {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let message = "A request has at most 4 MiB.";
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message);
        }
        Problem::new(StatusCode::BAD_REQUEST, "BAD_INPUT", "The body of the request ended too soon.")
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

    /// The stable code, as it stands in the API.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The problem as an answer.
    pub fn answer(self, media_type: MediaType) -> Response {
        let mut extensions = json!({ "code": self.code });
        if let Some(request_id) = self.request_id {
            extensions["requestId"] = request_id.into();
        }
        let body = json!({ "errors": [{ "message": self.message, "extensions": extensions }] });
        let mut answer = written(media_type, self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// Answers whatever is not a POST.
pub async fn only_post(headers: HeaderMap) -> Response {
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "Send GraphQL requests with POST, as application/json.",
    );
    let mut answer = problem.answer(MediaType::accepted(&headers).unwrap_or(MediaType::Json));
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    answer
}

fn written(media_type: MediaType, status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, media_type.header())], body.to_string()).into_response()
}
