//! Networks, as operators name them on the command line.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// One address, or a network of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: u128,
    /// Bits that all of its addresses share, of 128.
    shared: u32,
}

impl Network {
    /// Whether `address` is one of it.
    pub fn contains(self, address: IpAddr) -> bool {
        let differ = self.first ^ bits(address);
        self.shared == 0 || differ >> (128 - self.shared) == 0
    }
}

/// What one client has: an address, or a network of IPv6, of whose addresses it may take any.
pub fn of_client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

/// An address as one of IPv6: those of IPv4 have a network of their own there.
fn bits(address: IpAddr) -> u128 {
    let address: Ipv6Addr = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.to_bits()
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || format!("{text} is no address, and no network: they look like 10.0.0.0/8 or ::1");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let (all, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let length = length.map_or(Ok(all), |length| length.parse().map_err(|_| wrong()))?;
        if length > all {
            return Err(wrong());
        }
        Ok(Network { first: bits(address), shared: before + length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "localhost", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
