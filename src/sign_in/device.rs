//! The mark of a device on which somebody has signed in: shown again, wrong passwords are counted for the device alone, and
//! no stranger's keep it out ([`super::limits`]). It lets nobody in.
//!
//! A mark is drawn at random and signed with a key that is derived from the hash of the account's password: so it is good
//! for this account alone, and for as long as the password stays; nothing is kept of it, and nothing of the person stands
//! in it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::UserId;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::error::Error;
use crate::token::Kind;

/// How long a mark is good for.
pub const LASTS: TimeDelta = TimeDelta::days(180);
/// Random bytes by which a device is known.
const NUMBER: usize = 16;
/// Bytes of the time at which a mark ends.
const ENDS: usize = 8;
/// Bytes of a signature.
const SIGNATURE: usize = 32;

/// The mark of a device on which somebody has just signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct Mark(String);

impl std::fmt::Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mark(…)")
    }
}

impl Mark {
    /// A mark of `user`, whose password has this hash.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn draw(user: UserId, hash: &str, now: DateTime<Utc>) -> Result<Mark, Error> {
        let mut bytes = [0_u8; NUMBER + ENDS];
        getrandom::fill(&mut bytes[..NUMBER]).map_err(|_| Error::Broken("randomness"))?;
        bytes[NUMBER..].copy_from_slice(&(now + LASTS).timestamp().to_be_bytes());
        let signature = signing(user, hash, &bytes)?.finalize().into_bytes();
        let text = URL_SAFE_NO_PAD.encode([&bytes[..], &signature[..]].concat());
        Ok(Mark(format!("{}{text}", Kind::Device.prefix())))
    }

    /// The text that the device keeps.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the device that shows `mark` is known by, if it is one of `user`, whose password has this hash, and not too old.
///
/// # Errors
/// When the platform cannot sign at all.
pub fn known(mark: &str, user: UserId, hash: &str, now: DateTime<Utc>) -> Result<Option<String>, Error> {
    let Some(text) = mark.strip_prefix(Kind::Device.prefix()) else { return Ok(None) };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { return Ok(None) };
    if bytes.len() != NUMBER + ENDS + SIGNATURE {
        return Ok(None);
    }
    let (signed, signature) = bytes.split_at(NUMBER + ENDS);
    let ends = <[u8; ENDS]>::try_from(&signed[NUMBER..]).map(i64::from_be_bytes);
    if ends.is_ok_and(|ends| ends <= now.timestamp()) {
        return Ok(None);
    }
    // Compared in a time that tells nothing.
    let is_ours = signing(user, hash, signed)?.verify_slice(signature).is_ok();
    Ok(is_ours.then(|| URL_SAFE_NO_PAD.encode(&signed[..NUMBER])))
}

fn signing(user: UserId, hash: &str, signed: &[u8]) -> Result<Hmac<Sha256>, Error> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(hash.as_bytes()).map_err(|_| Error::Broken("a key signs"))?;
    mac.update(b"roster device");
    mac.update(&user.0.to_be_bytes());
    mac.update(signed);
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_good_for_its_account_its_password_and_its_time() {
        let (now, ada, bob) = (DateTime::UNIX_EPOCH + TimeDelta::days(20_000), UserId(1), UserId(2));
        let mark = Mark::draw(ada, "hash", now).expect("a mark");
        let number = known(mark.as_str(), ada, "hash", now).expect("a look");
        assert!(number.is_some());
        assert_eq!(
            known(mark.as_str(), ada, "hash", now + LASTS - TimeDelta::days(1)).expect("a look"),
            number
        );
        assert_ne!(Mark::draw(ada, "hash", now).expect("a mark"), mark);
        for (mark, user, hash, at) in [
            (mark.as_str(), bob, "hash", now),
            (mark.as_str(), ada, "another", now),
            (mark.as_str(), ada, "hash", now + LASTS),
            (&mark.as_str()[1..], ada, "hash", now),
            (&mark.as_str()[..40], ada, "hash", now),
            ("roster_device_!", ada, "hash", now),
            ("roster_device_", ada, "hash", now),
            ("", ada, "hash", now),
        ] {
            assert_eq!(known(mark, user, hash, at).expect("a look"), None, "{mark} {user:?} {hash} {at}");
        }
        // Its end cannot be moved.
        let mut bytes = URL_SAFE_NO_PAD.decode(&mark.as_str()["roster_device_".len()..]).expect("base64");
        bytes[NUMBER + 1] ^= 1;
        let forged = format!("roster_device_{}", URL_SAFE_NO_PAD.encode(bytes));
        assert_eq!(known(&forged, ada, "hash", now).expect("a look"), None);
        assert_eq!(format!("{mark:?}"), "Mark(…)");
    }
}
