//! How often somebody may try: to sign in, from one address and on one account; to have letters sent.
//!
//! Both are counted by this process alone. An address of IPv6 is its network: whoever has one has all the addresses in
//! it.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::error::Refusal;
use crate::network::of_client;
use crate::token::sha256;

/// After so many attempts those who have not tried for long are forgotten.
const TIDY: u32 = 4_096;

/// How many attempts there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// From one address, in a minute.
    pub by_address: NonZeroU32,
    /// On one account, in a minute.
    pub by_account: NonZeroU32,
}

impl Default for Allowed {
    fn default() -> Allowed {
        // A school may have one address, and begin at eight.
        Allowed { by_address: many(600), by_account: many(10) }
    }
}

/// Letters that an address may ask for in an hour.
const LETTERS_BY_ADDRESS: u32 = 60;
/// Letters that one account is sent in an hour.
const LETTERS_BY_ACCOUNT: u32 = 5;

const fn many(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// Counts attempts.
#[derive(Debug)]
pub struct Attempts {
    by_address: Counter<IpAddr>,
    by_account: Counter<String>,
    letters_by_address: Counter<IpAddr>,
    letters_by_account: Counter<String>,
}

impl Attempts {
    /// So many may be made.
    pub fn new(allowed: Allowed) -> Attempts {
        Attempts {
            by_address: Counter::new(Quota::per_minute(allowed.by_address)),
            by_account: Counter::new(Quota::per_minute(allowed.by_account)),
            letters_by_address: Counter::new(Quota::per_hour(many(LETTERS_BY_ADDRESS))),
            letters_by_account: Counter::new(Quota::per_hour(many(LETTERS_BY_ACCOUNT))),
        }
    }

    /// Counts an attempt from `address` on `account`, which need not exist.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn sign_in(&self, address: IpAddr, account: &str) -> Result<(), Refusal> {
        self.by_address.count(of_client(address))?;
        self.by_account.count(sha256(account))
    }

    /// Counts an attempt on `account` by somebody who is known already.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn account(&self, account: &str) -> Result<(), Refusal> {
        self.by_account.count(sha256(account))
    }

    /// Counts an attempt from `address`, on no account in particular.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn address(&self, address: IpAddr) -> Result<(), Refusal> {
        self.by_address.count(of_client(address))
    }

    /// Counts a letter that `address` asks to be sent to `account`, which need not exist.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn letter(&self, address: IpAddr, account: &str) -> Result<(), Refusal> {
        self.letters_by_address.count(of_client(address))?;
        self.letters_by_account.count(sha256(account))
    }
}

/// Counts attempts by something.
#[derive(Debug)]
struct Counter<K: Hash + Eq + Clone> {
    clock: DefaultClock,
    counted: AtomicU32,
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>,
}

impl<K: Hash + Eq + Clone> Counter<K> {
    fn new(quota: Quota) -> Counter<K> {
        Counter {
            clock: DefaultClock::default(),
            counted: AtomicU32::new(0),
            limiter: RateLimiter::keyed(quota),
        }
    }

    fn count(&self, by: K) -> Result<(), Refusal> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&by).map_err(|until| {
            let wait: Duration = until.wait_time_from(self.clock.now());
            Refusal::RateLimited { seconds: wait.as_secs() + 1 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(done: Result<(), Refusal>) -> bool {
        match done {
            Ok(()) => false,
            Err(refusal) => {
                assert!(matches!(refusal, Refusal::RateLimited { seconds: 1.. }), "{refusal}");
                true
            }
        }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_account_is_tried_so_often_from_wherever() {
        let attempts = Attempts::new(Allowed { by_address: many(1_000), by_account: many(3) });
        let tries = (0..10).map(|number| attempts.sign_in(address(&format!("10.0.0.{number}")), "ada"));
        assert_eq!(tries.filter(|done| done.is_ok()).count(), 3);
        assert!(!refused(attempts.sign_in(address("10.0.0.1"), "bob")));
    }

    #[test]
    fn an_address_tries_so_often_whatever_account() {
        let attempts = Attempts::new(Allowed { by_address: many(3), by_account: many(1_000) });
        let tries = (0..10).map(|number| attempts.sign_in(address("10.0.0.1"), &number.to_string()));
        assert_eq!(tries.filter(|done| done.is_ok()).count(), 3);
        assert!(!refused(attempts.sign_in(address("10.0.0.2"), "ada")));
        // Whoever has a network has all its addresses; an address may be written in two ways.
        for number in 0..3 {
            assert!(!refused(attempts.address(address(&format!("2001:db8::{number}")))));
        }
        assert!(refused(attempts.address(address("2001:db8::f00"))));
        assert!(!refused(attempts.address(address("2001:db8:0:1::1"))));
        assert!(refused(attempts.address(address("::ffff:10.0.0.1"))));
    }

    #[test]
    fn letters_are_few() {
        let attempts = Attempts::new(Allowed::default());
        let sent = (0..1_000).filter(|_| attempts.letter(address("10.0.0.1"), "ada").is_ok()).count();
        assert_eq!(sent, 5);
    }
}
