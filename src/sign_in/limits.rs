//! How often somebody may try: to sign in, and to have letters sent.
//!
//! What is counted of passwords is failures. A stranger who guesses at somebody's account is counted by the account and the
//! network that they come from, so that they keep nobody out who comes from elsewhere; by the account alone far higher,
//! against a crowd of networks; and a device on which somebody has signed in before ([`super::device`]) is counted for
//! itself, so that not even a crowd keeps its person out. An attempt is counted before it is made, and taken back when it
//! has not failed: however many come at once, no more than may be are on their way.
//!
//! All is counted by this process alone. An address of IPv6 is its network: whoever has one has all the addresses in it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::{DefaultKeyedStateStore, ShrinkableKeyedStateStore};
use governor::{Quota, RateLimiter};

use crate::error::Refusal;
use crate::network::of_client;
use crate::token::sha256;

/// After so many attempts those who have not tried for long are forgotten.
const TIDY: u32 = 4_096;

/// How many attempts there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// From one network, whatever comes of them, in a minute.
    pub by_address: NonZeroU32,
    /// Failures on one account from one network, or from one known device, in a minute; in an hour ten times as many. On
    /// one account from everywhere: a hundred times as many in an hour.
    pub by_account: NonZeroU32,
}

impl Default for Allowed {
    fn default() -> Allowed {
        // A school may have one address, and begin at eight.
        Allowed { by_address: many(600), by_account: many(10) }
    }
}

/// Letters that a network may ask for in an hour.
const LETTERS_BY_ADDRESS: u32 = 60;
/// Letters of one kind that an address is sent in an hour because strangers ask.
const LETTERS_BY_STRANGERS: u32 = 1;
/// Letters that somebody who is signed in may have sent to their new address in an hour, and addresses that they may try.
const ADDRESSES: u32 = 10;

const fn many(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// Counts attempts.
#[derive(Debug)]
pub struct Attempts {
    by_address: Counter,
    by_network: [Counter; 2],
    by_account: Counter,
    by_device: [Counter; 2],
    letters_by_address: Counter,
    letters_by_strangers: Counter,
    addresses: Counter,
}

impl Attempts {
    /// So many may be made.
    pub fn new(allowed: Allowed) -> Attempts {
        let times = |times: u32| allowed.by_account.saturating_mul(many(times));
        let failures = || {
            [Counter::new(Quota::per_minute(allowed.by_account)), Counter::new(Quota::per_hour(times(10)))]
        };
        Attempts {
            by_address: Counter::new(Quota::per_minute(allowed.by_address)),
            by_network: failures(),
            by_account: Counter::new(Quota::per_hour(times(100))),
            by_device: failures(),
            letters_by_address: Counter::new(Quota::per_hour(many(LETTERS_BY_ADDRESS))),
            letters_by_strangers: Counter::new(Quota::per_hour(many(LETTERS_BY_STRANGERS))),
            addresses: Counter::new(Quota::per_hour(many(ADDRESSES))),
        }
    }

    /// Counts an attempt from `address` at a password of `account`, which need not exist; on a `device` that is known to be
    /// the account's, for that alone.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn password(
        &self,
        address: IpAddr,
        account: &str,
        device: Option<&str>,
    ) -> Result<Attempt<'_>, Refusal> {
        let mut attempt = Attempt(Vec::new());
        match device {
            Some(device) => attempt.count(&self.by_device, &sha256(device))?,
            None => {
                attempt.count(&self.by_network, &sha256(&format!("{} {account}", of_client(address))))?;
                attempt.count(std::slice::from_ref(&self.by_account), &sha256(account))?;
            }
        }
        Ok(attempt)
    }

    /// Counts something that is asked for from `address`, whatever comes of it.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn address(&self, address: IpAddr) -> Result<(), Refusal> {
        self.by_address.count(&of_client(address).to_string())
    }

    /// Counts a letter that is asked for from `address`.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn letter(&self, address: IpAddr) -> Result<(), Refusal> {
        self.letters_by_address.count(&of_client(address).to_string())
    }

    /// Whether a letter goes to `account` because somebody asks who need not be known. Whoever asks is answered the same.
    pub fn may_be_written_to(&self, account: &str) -> bool {
        self.letters_by_strangers.count(&sha256(account)).is_ok()
    }

    /// Counts an address that `account` tries to have, or another letter to it. What was neither taken nor written to is
    /// taken back.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with how long to wait.
    pub fn own_address(&self, account: &str) -> Result<Attempt<'_>, Refusal> {
        let mut attempt = Attempt(Vec::new());
        attempt.count(std::slice::from_ref(&self.addresses), &sha256(account))?;
        Ok(attempt)
    }
}

/// Something that is counted already, and taken back when it is dropped, unless it has failed.
#[derive(Debug)]
#[must_use]
pub struct Attempt<'a>(Vec<(&'a Counter, String)>);

impl<'a> Attempt<'a> {
    fn count(&mut self, counters: &'a [Counter], by: &str) -> Result<(), Refusal> {
        for counter in counters {
            counter.count(by)?;
            self.0.push((counter, by.to_owned()));
        }
        Ok(())
    }

    /// It stays counted.
    pub fn failed(mut self) {
        self.0.clear();
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        for (counter, by) in &self.0 {
            counter.take_back(by);
        }
    }
}

/// Counts attempts by something.
#[derive(Debug)]
struct Counter {
    clock: DefaultClock,
    counted: AtomicU32,
    states: States,
    /// How long it takes until one more may be counted.
    one: Nanos,
    limiter: RateLimiter<String, States, DefaultClock>,
}

impl Counter {
    fn new(quota: Quota) -> Counter {
        let (clock, states) = (DefaultClock::default(), States::default());
        Counter {
            counted: AtomicU32::new(0),
            one: quota.replenish_interval().into(),
            limiter: RateLimiter::new(quota, states.clone(), clock.clone()),
            clock,
            states,
        }
    }

    fn count(&self, by: &str) -> Result<(), Refusal> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&by.to_owned()).map_err(|until| {
            let wait: Duration = until.wait_time_from(self.clock.now());
            Refusal::RateLimited { seconds: wait.as_secs() + 1 }
        })
    }

    fn take_back(&self, by: &str) {
        let earlier = |until: Option<Nanos>| {
            Ok::<_, std::convert::Infallible>(((), until.unwrap_or(Nanos::from(0)).saturating_sub(self.one)))
        };
        let Ok(()) = self.states.measure_and_replace(&by.to_owned(), earlier);
    }
}

/// Where a limiter keeps what it has counted, so that something can be taken back, which a limiter itself does not know.
#[derive(Clone, Debug, Default)]
struct States(Arc<DefaultKeyedStateStore<String>>);

impl StateStore for States {
    type Key = String;

    fn measure_and_replace<T, F, E>(&self, key: &String, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.measure_and_replace(key, f)
    }
}

impl ShrinkableKeyedStateStore<String> for States {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain_recent(drop_below);
    }

    fn len(&self) -> usize {
        ShrinkableKeyedStateStore::len(&*self.0)
    }

    fn is_empty(&self) -> bool {
        ShrinkableKeyedStateStore::is_empty(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(by_address: u32, by_account: u32) -> Attempts {
        Attempts::new(Allowed { by_address: many(by_address), by_account: many(by_account) })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// Whether an attempt may be made, which fails.
    fn fails(attempts: &Attempts, from: &str, account: &str, device: Option<&str>) -> bool {
        match attempts.password(address(from), account, device) {
            Ok(attempt) => {
                attempt.failed();
                true
            }
            Err(refusal) => {
                assert!(matches!(refusal, Refusal::RateLimited { seconds: 1.. }), "{refusal}");
                false
            }
        }
    }

    #[test]
    fn failures_are_counted_by_account_and_network() {
        let attempts = attempts(1_000, 3);
        let tries = (0..10).filter(|_| fails(&attempts, "10.0.0.1", "ada", None));
        assert_eq!(tries.count(), 3);
        assert!(fails(&attempts, "10.0.0.2", "ada", None), "from another network");
        assert!(fails(&attempts, "10.0.0.1", "bob", None), "on another account");
    }

    #[test]
    fn an_account_alone_bears_a_hundred_times_as_many_and_a_known_device_does_not_count_there() {
        let attempts = attempts(1_000, 1);
        let from = |number: u32| format!("10.0.{}.{}", number / 200, number % 200);
        let tries = (0..150).filter(|number| fails(&attempts, &from(*number), "ada", None));
        assert_eq!(tries.count(), 100);
        assert!(fails(&attempts, "10.1.0.1", "ada", Some("her own")));
        assert!(!fails(&attempts, "10.1.0.1", "ada", Some("her own")), "it is counted for itself");
        assert!(fails(&attempts, "10.1.0.1", "ada", Some("another of hers")));
    }

    #[test]
    fn what_has_not_failed_is_taken_back() {
        let attempts = attempts(1_000, 2);
        for _ in 0..50 {
            drop(attempts.password(address("10.0.0.1"), "ada", None).expect("one more"));
        }
        // While they are on their way they count.
        let under_way: Vec<_> =
            (0..5).filter_map(|_| attempts.password(address("10.0.0.1"), "ada", None).ok()).collect();
        assert_eq!(under_way.len(), 2);
        drop(under_way);
        assert_eq!((0..10).filter(|_| fails(&attempts, "10.0.0.1", "ada", None)).count(), 2);
    }

    #[test]
    fn a_network_asks_so_often_whatever_it_asks() {
        let attempts = attempts(3, 1_000);
        let asks = |from: &str| attempts.address(address(from)).is_ok();
        assert_eq!((0..10).filter(|_| asks("10.0.0.1")).count(), 3);
        assert!(asks("10.0.0.2"));
        // Whoever has a network has all its addresses; an address may be written in two ways.
        for number in 0..3 {
            assert!(asks(&format!("2001:db8::{number}")));
        }
        assert!(!asks("2001:db8::f00"));
        assert!(asks("2001:db8:0:1::1"));
        assert!(!asks("::ffff:10.0.0.1"));
    }

    #[test]
    fn letters_are_few() {
        let attempts = Attempts::new(Allowed::default());
        assert_eq!((0..1_000).filter(|_| attempts.letter(address("10.0.0.1")).is_ok()).count(), 60);
        assert_eq!((0..1_000).filter(|_| attempts.may_be_written_to("ada")).count(), 1);
        assert!(attempts.may_be_written_to("bob"));
    }
}
