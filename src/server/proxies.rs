//! Whose address a request comes from, where proxies stand in front: what a proxy says is believed of those alone that
//! the operator has named.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::network::Network;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies that are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    /// These.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Proxies {
        Proxies(networks.into_iter().collect())
    }

    /// Whether any is believed.
    pub fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// The client of a request that came from `peer`: as long as it is a proxy, whoever it says that it came from.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default());
        let named: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut client = peer;
        for name in named.into_iter().rev() {
            let is_proxy = self.0.iter().any(|network| network.contains(client));
            match name.parse() {
                Ok(address) if is_proxy => client = address,
                _ => break,
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> Proxies {
        Proxies::new(networks.iter().map(|text| text.parse().expect("a network")))
    }

    fn client(proxies: &Proxies, peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().expect("a header"));
        }
        proxies.client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn a_proxy_that_is_trusted_says_who_the_client_is() {
        let trusted = proxies(&["10.0.0.0/8", "fd00::/8"]);
        for (peer, forwarded, expected) in [
            ("10.0.0.1", &["203.0.113.9"] as &[_], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, 10.2.3.4"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9", "10.2.3.4"], "203.0.113.9"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(client(&trusted, peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        let trusted = proxies(&["10.0.0.0/8"]);
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["198.51.100.1"] as &[_], "203.0.113.9"),
            // What the client sent stands before what the proxy added.
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("11.0.0.1", &["203.0.113.9"], "11.0.0.1"),
        ] {
            assert_eq!(client(&trusted, peer, forwarded), expected, "{peer} {forwarded:?}");
        }
        assert_eq!(client(&Proxies::default(), "127.0.0.1", &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(client(&proxies(&["0.0.0.0/0"]), "1.2.3.4", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&proxies(&["::/0"]), "::1", &["203.0.113.9"]), "203.0.113.9");
    }
}
