//! What is told of each request: a line in the log, and figures at `/metrics` in Prometheus' format.
//!
//! Never a name, an email, a token, nor anything of a query but the name of its operation, its kind and its codes. A
//! request that was answered well and soon is logged at `debug`.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, Value};
use axum::http::header;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Span;
use tracing::field::Empty;

use super::answer::Problem;
use super::request::Operation;
use crate::telemetry::REQUESTS;

/// A request that takes longer is logged whatever it came to.
const SLOW: Duration = Duration::from_secs(1);
/// Names of operations that have figures of their own; clients choose them, so there might be any number.
const NAMES: usize = 200;
/// Bytes of such a name.
const NAME: usize = 64;
/// The bounds between which durations are counted, in seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 25.0];

/// A request under way, told of when it is dropped.
#[derive(Debug)]
pub struct Told {
    began: Instant,
    request_id: String,
    operation: String,
    kind: &'static str,
    codes: BTreeSet<String>,
    cost: String,
    span: Span,
}

impl Told {
    /// Begins to tell of a request.
    pub fn begin(request_id: &str, operation: &Operation) -> Told {
        let kind = match operation.kind {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "unknown",
        };
        let operation = bounded(operation.name.as_deref().unwrap_or("anonymous"));
        let span = tracing::trace_span!(
            target: REQUESTS,
            "request",
            otel.name = operation,
            graphql.operation.name = operation,
            graphql.operation.type = kind,
            request_id,
            cost = Empty,
            code = Empty,
            otel.status_code = Empty,
        );
        Told {
            began: Instant::now(),
            request_id: request_id.to_owned(),
            operation,
            kind,
            codes: BTreeSet::new(),
            cost: String::new(),
            span,
        }
    }

    /// The span of the request, for traces.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Hears an answer: the only one, or one of those to a subscription.
    pub fn hear(&mut self, response: &Response) {
        let code = |error: &async_graphql::ServerError| match error.extensions.as_ref()?.get("code")? {
            Value::String(code) => Some(code.clone()),
            _ => None,
        };
        self.codes.extend(response.errors.iter().filter_map(code));
        if let Some(Value::Object(cost)) = response.extensions.get("cost") {
            self.cost = cost.get("requested").map(ToString::to_string).unwrap_or_default();
        }
    }

    /// Hears that it never reached the schema.
    pub fn hear_refused(&mut self, problem: &Problem) {
        self.codes.insert(problem.code().to_owned());
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        if std::thread::panicking() {
            self.codes.insert("INTERNAL".to_owned());
        }
        let code = self.codes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let Told { request_id, operation, kind, cost, span, .. } = &*self;
        span.record("cost", cost).record("code", &code);
        if !code.is_empty() {
            span.record("otel.status_code", "ERROR");
        }
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if code.is_empty() && took < SLOW {
            tracing::debug!(request_id, operation, kind, milliseconds, cost, "answered");
        } else {
            tracing::info!(request_id, operation, kind, milliseconds, cost, code, "answered");
        }
        let code = if code.is_empty() { "OK".to_owned() } else { code };
        let labels = [("operation", operation.clone()), ("kind", (*kind).to_owned()), ("code", code)];
        metrics::counter!("roster_requests_total", &labels).increment(1);
        metrics::histogram!("roster_request_seconds", &labels[..2]).record(took.as_secs_f64());
    }
}

/// The name itself, while there are few; `other` for whatever comes after.
fn bounded(name: &str) -> String {
    static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let fits = name.len() <= NAME && (known.len() < NAMES || known.contains(name));
    if !fits {
        return "other".to_owned();
    }
    if !known.contains(name) {
        known.insert(name.to_owned());
    }
    name.to_owned()
}

/// The figures of this process.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let seconds = Matcher::Suffix("_seconds".to_owned());
        PrometheusBuilder::new().set_buckets_for_metric(seconds, &BOUNDS).ok()?.install_recorder().ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Begins to count. What happened before is not in the figures.
pub fn start() {
    if let Some(recorder) = recorder() {
        recorder.run_upkeep();
        metrics::describe_counter!("roster_requests_total", "Requests, by operation, kind and code.");
        metrics::describe_histogram!(
            "roster_request_seconds",
            "How long requests took, by operation and kind."
        );
    }
}

/// The figures, as Prometheus reads them.
pub async fn page() -> impl IntoResponse {
    let figures = recorder().map(|recorder| {
        recorder.run_upkeep();
        recorder.render()
    });
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], figures.unwrap_or_default())
}
