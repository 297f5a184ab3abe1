//! Which pages may speak for a browser's user.
//!
//! A browser says in `Origin` which page a request comes from. A page of another site must not open a socket, nor send
//! what a cookie could ride on, however it got there: the browser would send along who its user is.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what it may send.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// The sites whose pages may use this server, besides its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

impl Origins {
    /// These sites, each as a browser names it: `https://app.example.org`.
    pub fn new(sites: impl IntoIterator<Item = HeaderValue>) -> Origins {
        Origins(sites.into_iter().collect())
    }

    /// Whether a request comes from a page that may use this server, or from no page at all.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        self.0.contains(origin) || is_own(origin, headers)
    }

    /// What tells browsers of this: the pages of these sites may read answers, with or without credentials.
    pub fn cors(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.0.iter().cloned()))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::ACCEPT, header::AUTHORIZATION, header::CONTENT_TYPE])
            .expose_headers([header::RETRY_AFTER])
            .allow_credentials(true)
            .max_age(REMEMBERED)
    }
}

/// Whether the page was served by this server, under whatever name the browser knows it.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let site = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    host.is_some() && host == site
}
