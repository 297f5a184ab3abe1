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

use super::answer::Problem;
use super::request::Operation;

/// A request that takes longer is logged whatever it came to.
const SLOW: Duration = Duration::from_secs(1);
/// Names of operations that have figures of their own; clients choose them, so there might be any number.
const NAMES: usize = 200;
/// Bytes of such a name.
const NAME: usize = 64;
/// The bounds between which durations are counted, in seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 25.0];

/// A request under way.
#[derive(Debug)]
pub struct Told {
    began: Instant,
    request_id: String,
    operation: String,
    kind: &'static str,
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
        Told { began: Instant::now(), request_id: request_id.to_owned(), operation, kind }
    }

    /// Tells what it came to.
    pub fn answered(self, response: &Response) {
        let code = |error: &async_graphql::ServerError| match error.extensions.as_ref()?.get("code")? {
            Value::String(code) => Some(code.clone()),
            _ => None,
        };
        let codes: BTreeSet<String> = response.errors.iter().filter_map(code).collect();
        let cost = match response.extensions.get("cost") {
            Some(Value::Object(cost)) => cost.get("requested").map(ToString::to_string),
            _ => None,
        };
        self.tell(codes, cost);
    }

    /// Tells that it never reached the schema.
    pub fn refused(self, problem: &Problem) {
        self.tell(BTreeSet::from([problem.code().to_owned()]), None);
    }

    fn tell(self, codes: BTreeSet<String>, cost: Option<String>) {
        let Told { began, request_id, operation, kind } = self;
        let took = began.elapsed();
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let code = codes.into_iter().collect::<Vec<_>>().join(" ");
        let cost = cost.unwrap_or_default();
        if code.is_empty() && took < SLOW {
            tracing::debug!(request_id, operation, kind, milliseconds, cost, "answered");
        } else {
            tracing::info!(request_id, operation, kind, milliseconds, cost, code, "answered");
        }
        let code = if code.is_empty() { "OK".to_owned() } else { code };
        let labels = [("operation", operation), ("kind", kind.to_owned()), ("code", code)];
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
