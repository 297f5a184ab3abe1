//! The program's log on standard error; and with the feature `otel` a trace of each request.
//!
//! Traces go to the collector at `OTEL_EXPORTER_OTLP_ENDPOINT` by OTLP over HTTP, and nowhere where there is none. A
//! client's `traceparent` is gone on with. Like the log, they hold the names of operations, kinds, durations, costs
//! and codes, and nothing of anybody.

use std::io::IsTerminal;

use axum::http::HeaderMap;
use tracing::Span;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// The target of the spans that make up traces. They are of the level `TRACE`, so that no log shows them by chance.
pub const REQUESTS: &str = "roster::request";

/// What is told about the program while it runs; to be stopped at its end.
#[derive(Debug)]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    traces: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

impl Telemetry {
    /// Begins to tell: what `RUST_LOG` asks for, else everything that an operator should know.
    pub fn start() -> Telemetry {
        let filter = EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn,opentelemetry=warn"));
        let colours = std::io::stderr().is_terminal();
        let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
        let log = tracing_subscriber::registry().with(log.with_filter(filter));
        #[cfg(feature = "otel")]
        {
            let traces = otel::traces();
            log.with(traces.as_ref().map(otel::layer)).init();
            Telemetry { traces }
        }
        #[cfg(not(feature = "otel"))]
        {
            log.init();
            Telemetry {}
        }
    }

    /// Sends what was not sent yet.
    pub fn stop(self) {
        #[cfg(feature = "otel")]
        if let Some(traces) = self.traces {
            // A collector that is gone has missed it.
            let _ = traces.shutdown();
        }
    }
}

/// The span around a request that came over HTTP, in the trace that its client began.
#[cfg_attr(
    not(feature = "otel"),
    allow(unused_variables, reason = "without traces there is nothing to go on with")
)]
pub fn incoming(headers: &HeaderMap) -> Span {
    #[cfg(feature = "otel")]
    return otel::incoming(headers);
    #[cfg(not(feature = "otel"))]
    Span::none()
}

#[cfg(feature = "otel")]
mod otel {
    use axum::http::HeaderMap;
    use opentelemetry::propagation::{Extractor, TextMapPropagator};
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::SpanExporter;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::{Span, Subscriber};
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::registry::LookupSpan;

    use super::REQUESTS;

    /// Where traces go, if they go anywhere.
    pub(super) fn traces() -> Option<SdkTracerProvider> {
        let named = |name: &str| std::env::var_os(name).is_some();
        if !named("OTEL_EXPORTER_OTLP_ENDPOINT") && !named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            return None;
        }
        let exporter = SpanExporter::builder().with_http().build().ok()?;
        let resource = Resource::builder().with_service_name("roster").build();
        Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
    }

    pub(super) fn layer<S>(traces: &SdkTracerProvider) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let requests = Targets::new().with_target(REQUESTS, LevelFilter::TRACE);
        tracing_opentelemetry::layer().with_tracer(traces.tracer("roster")).with_filter(requests)
    }

    pub(super) fn incoming(headers: &HeaderMap) -> Span {
        let span = tracing::trace_span!(target: REQUESTS, "http", otel.kind = "server");
        // Without a trace to go on with, or without a collector, it begins one of its own.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(headers)));
        span
    }

    struct Headers<'a>(&'a HeaderMap);

    impl Extractor for Headers<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.get(name)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(axum::http::HeaderName::as_str).collect()
        }
    }
}
