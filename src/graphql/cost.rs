//! What a request costs, and how much each caller may spend.
//!
//! The cost is the complexity that the schema counts: one for a field, times the items of the connections around it.
//! It is known before anything is read, so a request that the caller can not afford costs nothing.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use entity::id::{ServiceTokenId, UserId};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// After so many callers those whose purse is full again are forgotten.
const CALLERS: usize = 10_000;

/// Whose purse a request is paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payer {
    /// Somebody we know, wherever they ask from.
    User(UserId),
    /// A program of the platform's own.
    Service(ServiceTokenId),
    /// Whoever asks from there.
    Address(IpAddr),
}

/// How much every caller may spend in a minute: all of it at once, or as it comes back.
#[derive(Debug)]
pub struct Budget {
    points: NonZeroU32,
    clock: DefaultClock,
    spent: RateLimiter<Payer, DefaultKeyedStateStore<Payer>, DefaultClock, StateInformationMiddleware>,
}

/// The purse of the caller of one request.
#[derive(Clone, Debug)]
pub struct Purse {
    /// What every caller has.
    pub budget: Arc<Budget>,
    /// Whose it is.
    pub payer: Payer,
}

/// What is left after a request was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// What it cost.
    pub cost: u32,
    /// What the caller has left.
    pub left: u32,
    /// What the caller has when nothing was spent for a minute.
    pub points: u32,
}

impl Budget {
    /// So many points a minute for everybody.
    pub fn per_minute(points: NonZeroU32) -> Budget {
        let clock = DefaultClock::default();
        let spent = RateLimiter::keyed(Quota::per_minute(points)).with_middleware();
        Budget { points, clock, spent }
    }
}

impl Purse {
    /// Pays `cost`, at least one point.
    ///
    /// # Errors
    /// How long to wait until the purse holds so much; for more than it ever holds, the minute in which it fills.
    pub fn pay(&self, cost: usize) -> Result<Paid, Duration> {
        let Budget { points, clock, spent } = &*self.budget;
        if spent.len() > CALLERS {
            spent.retain_recent();
        }
        let cost = u32::try_from(cost).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        match spent.check_key_n(&self.payer, cost) {
            Ok(Ok(state)) => {
                let left = state.remaining_burst_capacity();
                Ok(Paid { cost: cost.get(), left, points: points.get() })
            }
            Ok(Err(until)) => Err(until.wait_time_from(clock.now())),
            Err(_) => Err(Duration::from_secs(60)),
        }
    }
}
