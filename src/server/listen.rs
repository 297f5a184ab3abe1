//! Listening: connections that are bounded in number and in patience.
//!
//! The ready-made loop of axum waits for ever for a request's head. HTTP/1 alone is spoken; whoever wants HTTP/2 puts a
//! proxy in front, which also speaks TLS.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::Layer;

/// Connections that may be open at once; others wait to be accepted.
const CONNECTIONS: usize = 10_000;
/// How long a client may take for the head of a request, and how long an idle connection is kept.
const HEAD_WAIT: Duration = Duration::from_secs(30);
/// How long the last requests may take once the server stops.
const LAST_WAIT: Duration = Duration::from_secs(60);
/// How long to wait when the system has no more connections to give.
const BREATH: Duration = Duration::from_millis(50);
/// Bytes of a connection's buffer: room for a head, and little more, since there are many.
const BUFFER: usize = 16 << 10;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Infallible> {
        // Only a router that was not put behind `answer` has none.
        Ok(parts.extensions.get::<Peer>().copied().unwrap_or(Peer(IpAddr::from([0, 0, 0, 0]))))
    }
}

/// Answers connections of `listener` with `router` until `stop` is done, then finishes what is in flight.
pub async fn answer(listener: TcpListener, router: Router, stop: impl Future<Output = ()> + Send) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT).max_buf_size(BUFFER);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            // Nobody closes the semaphore.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            listener.accept().await.map(|accepted| (accepted, place))
        };
        let ((stream, address), place) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
        };
        // A small answer is not held back to wait for more.
        let _ = stream.set_nodelay(true);
        let service = Extension(Peer(address.ip())).layer(router.clone());
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
            .into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off is no news.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_WAIT, graceful.shutdown()).await;
}
