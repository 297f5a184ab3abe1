//! Whom events may be sent to: the public network, and what the operator allows besides.

use std::net::IpAddr;

use url::Url;

use super::rules::{is_public, literal};
use crate::error::Refusal;
use crate::network::Network;

/// Which addresses may be reached.
#[derive(Clone, Debug, Default)]
pub struct Reach(Vec<Network>);

impl Reach {
    /// The public network, and these.
    pub fn with(allowed: impl IntoIterator<Item = Network>) -> Reach {
        Reach(allowed.into_iter().collect())
    }

    /// Whether the operator allows this address, whatever it is.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether all of these addresses may be reached, and there is one. What others may listen to goes only where the
    /// operator allows it.
    pub fn passes(&self, addresses: &[IpAddr], is_secret: bool) -> bool {
        let passes = |address: &IpAddr| self.allows(*address) || (is_secret && is_public(*address));
        !addresses.is_empty() && addresses.iter().all(passes)
    }

    /// Passes an address of the web that may be reached as things are now. A name that nobody knows yet may be known
    /// when something is sent.
    ///
    /// # Errors
    /// `BAD_INPUT` naming the field.
    pub async fn check(&self, url: &Url) -> Result<(), Refusal> {
        let addresses = match (literal(url), url.host_str()) {
            (Some(address), _) => vec![address],
            (None, Some(name)) => lookup(name).await.unwrap_or_default(),
            (None, None) => Vec::new(),
        };
        let is_secret = url.scheme() == "https";
        let named = literal(url).is_some();
        if self.passes(&addresses, is_secret) || (addresses.is_empty() && is_secret && !named) {
            return Ok(());
        }
        let message = if is_secret || self.passes(&addresses, true) {
            "Events are sent to public addresses alone, by https; others the operator has to allow."
        } else {
            "Events are sent by https alone, but where the operator allows the address."
        };
        Err(Refusal::bad_input(&["url"], message))
    }
}

/// The addresses of a name.
///
/// # Errors
/// When it has none, or nobody can say.
pub async fn lookup(name: &str) -> std::io::Result<Vec<IpAddr>> {
    // The port is of no matter, and has to be there.
    Ok(tokio::net::lookup_host((name, 443)).await?.map(|address| address.ip()).collect())
}
