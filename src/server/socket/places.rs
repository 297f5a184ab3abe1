//! How many sockets there may be from one address as long as nobody known has opened them: each takes memory for as long
//! as it is open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::network::of_client;

/// Sockets from one address, or one network of IPv6, that have not said yet who opened them, which they have to within
/// seconds. Many people may be behind one address, and come back at once when a server was restarted.
const UNSAID: usize = 200;
/// Sockets from one address that were opened by nobody known.
const STRANGERS: usize = 20;

/// The places for sockets of nobody known.
#[derive(Clone, Debug)]
pub struct Places {
    /// For those that have not said yet who opened them.
    pub unsaid: Counted,
    /// For those that were opened by nobody known.
    pub strangers: Counted,
}

impl Default for Places {
    fn default() -> Places {
        Places { unsaid: Counted::new(UNSAID), strangers: Counted::new(STRANGERS) }
    }
}

/// How many places are taken, by where from.
#[derive(Clone, Debug)]
pub struct Counted {
    most: usize,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// The place of one socket, until it is dropped.
#[derive(Debug)]
pub struct Place {
    counted: Counted,
    network: IpAddr,
}

impl Counted {
    fn new(most: usize) -> Counted {
        Counted { most, taken: Arc::default() }
    }

    /// A place for a socket from `address`, if there is one.
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        let network = of_client(address);
        let mut taken = self.lock();
        let count = taken.get(&network).copied().unwrap_or_default();
        if count >= self.most {
            return None;
        }
        taken.insert(network, count + 1);
        Some(Place { counted: self.clone(), network })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.counted.lock();
        if let Some(count) = taken.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_a_network_of_ipv6_is_one() {
        let counted = Counted::new(3);
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let mut taken: Vec<Place> =
            (0..9).map_while(|at| counted.take(address(&format!("2001:db8::{at}")))).collect();
        assert_eq!(taken.len(), 3);
        assert!(counted.take(address("2001:db8::ffff:1")).is_none(), "of the same network");
        assert!(counted.take(address("2001:db8:0:1::1")).is_some(), "of another one");
        assert!(counted.take(address("203.0.113.9")).is_some());
        taken.pop();
        assert!(counted.take(address("2001:db8::1")).is_some(), "one has gone");
        drop(taken);
        assert!(counted.lock().is_empty(), "nothing is kept of who has gone");
    }
}
