//! Passwords are kept as Argon2id hashes: 19 MiB and two passes each. So much memory is taken by one hash a core at a
//! time, and is used again by the next; others wait for their turn, and when too many do, the next is told to come back.
//!
//! Whoever signs in as nobody waits as long as everybody else: where there is no hash, one that nothing fits is tried.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use argon2::password_hash::{Output, PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Failure, Refusal};

/// KiB that a hash takes.
const MEMORY: u32 = 19 << 10;
/// Passes over them.
const PASSES: u32 = 2;
/// How many may wait for their turn.
const WAITING: usize = 1_000;
/// How long whoever comes then is told to wait, in seconds.
const COME_BACK: u64 = 10;
/// A hash that no password has: its bytes were never the result of anything.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$bm9ib2R5IGhhcyBhIHBhc3N3b3JkIHRoYXQgZml0cyE";

/// One place a core.
static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)))
});
/// The memory of those who have had their turn.
static MEMORIES: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());
/// How many wait, or have their turn.
static HERE: AtomicUsize = AtomicUsize::new(0);

/// Somebody who waits, until dropped.
struct Waiting;

impl Waiting {
    fn enter() -> Option<Waiting> {
        let enter = |here: usize| (here < WAITING).then_some(here + 1);
        HERE.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter).ok().map(|_| Waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        HERE.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The hash that is kept of a password.
///
/// # Errors
/// `RATE_LIMITED` when too many wait already.
pub async fn hash(password: &str) -> Result<String, Failure> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|_| Error::Broken("randomness"))?;
    let password = password.to_owned();
    let hashed = in_turn(move || {
        let hash = computed(&password, &salt, Params::new(MEMORY, PASSES, 1, None).ok()?)?;
        let salt = SaltString::encode_b64(&salt).ok()?;
        Some(format!("$argon2id$v=19$m={MEMORY},t={PASSES},p=1${salt}${hash}"))
    })
    .await?;
    Ok(hashed.ok_or(Error::Broken("a password is hashed"))?)
}

/// Whether `password` is the one that `hash` was made of. Without a hash it is not, and that takes as long.
///
/// # Errors
/// `RATE_LIMITED` when too many wait already.
pub async fn fits(password: &str, hash: Option<String>) -> Result<bool, Failure> {
    let password = password.to_owned();
    let fits = in_turn(move || {
        let kept = PasswordHash::new(hash.as_deref().unwrap_or(NOBODYS)).ok()?;
        let mut salt = [0_u8; 64];
        let salt = kept.salt?.decode_b64(&mut salt).ok()?;
        // Outputs are compared in a time that tells nothing.
        Some(computed(&password, salt, Params::try_from(&kept).ok()?)? == kept.hash?)
    })
    .await?;
    metrics::counter!("roster_passwords_tried_total").increment(1);
    Ok(fits.ok_or(Error::Broken("a password is compared"))?)
}

/// The hash of a password, computed in memory that is used again: given back and asked for each time, it would be taken
/// by a crowd faster than the system gets it back.
fn computed(password: &str, salt: &[u8], params: Params) -> Option<Output> {
    let memories = || MEMORIES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = memories().pop().unwrap_or_default();
    memory.resize(params.block_count(), Block::new());
    let mut hash = [0_u8; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let done = argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, &mut memory);
    memories().push(memory);
    done.ok()?;
    Output::new(&hash).ok()
}

/// Does `work` when its turn has come, on a thread that may be kept busy.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let waiting = Waiting::enter().ok_or(Refusal::RateLimited { seconds: COME_BACK })?;
    let place = Arc::clone(&PLACES).acquire_owned().await.map_err(|_| Error::Broken("a place"))?;
    let working = tokio::task::spawn_blocking(move || {
        let done = work();
        // Kept to the end of the work, whoever has stopped waiting for it.
        drop((place, waiting));
        done
    });
    Ok(working.await.map_err(|_| Error::Broken("a hash comes to its end"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let kept = hash("correct horse").await.expect("a hash");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(hash("correct horse").await.expect("a hash"), kept, "each has a salt of its own");
        assert!(fits("correct horse", Some(kept.clone())).await.expect("a look"));
        assert!(!fits("Correct horse", Some(kept)).await.expect("a look"));
        assert!(!fits("correct horse", None).await.expect("a look"));
    }
}
