//! What a password may be, what somebody signs in by, and how long a sign-in lasts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use entity::id::{GroupId, UserId};
use entity::kind::{Role, Status};

use crate::access::Authority;
use crate::error::Refusal;
use crate::keys;
use crate::people;
use crate::people::rules::Touches;
use crate::tree::Tree;

/// Bytes of a password: enough to be none that is guessed, few enough to be hashed.
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=128;
/// Bytes of what somebody signs in by: more than an email or a username has.
const LOGIN: usize = 400;
/// Characters that are kept of what a client says of itself.
const USER_AGENT: usize = 120;

/// How long sign-ins last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// However much they are used.
    pub absolute: TimeDelta,
    /// Without being used.
    pub idle: TimeDelta,
}

impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes { absolute: TimeDelta::days(30), idle: TimeDelta::days(14) }
    }
}

/// What somebody may be found by when they sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// The key of the email that it may be; empty where it is none.
    pub email_key: String,
    /// The key of the username that it may be; empty where it is none.
    pub username_key: String,
}

impl Login {
    /// What `text` may mean. What is neither an email nor a username is nobody's.
    ///
    /// # Errors
    /// `BAD_INPUT` when it is longer than either could be.
    pub fn read(text: &str) -> Result<Login, Refusal> {
        if text.len() > LOGIN {
            return Err(Refusal::bad_input(&["login"], "This is longer than an email or a username may be."));
        }
        Ok(Login {
            email_key: keys::email_key(text).unwrap_or_default(),
            username_key: keys::username_key(text).unwrap_or_default(),
        })
    }

    /// The one text that attempts on this account are counted by, however it was typed.
    pub fn account(&self) -> &str {
        if self.email_key.is_empty() { &self.username_key } else { &self.email_key }
    }
}

/// Whether the caller may set the password of `person` (R34).
///
/// # Errors
/// As [`people::rules::may_update`] of what somebody signs in with; `BAD_INPUT` for one's own, which takes the one
/// before; as [`people::rules::may_change`].
pub fn may_set(
    authority: &Authority,
    tree: &Tree,
    person: UserId,
    is_owner: bool,
    status: Status,
    memberships: &BTreeMap<GroupId, BTreeSet<Role>>,
) -> Result<(), Refusal> {
    let touches = Touches { organisation: false, sign_in: true };
    people::rules::may_update(authority, tree, person, is_owner, memberships, touches)?;
    if authority.is(person) {
        let message = "Change your own password with changePassword, which asks for the one before.";
        return Err(Refusal::bad_input(&["userId"], message));
    }
    people::rules::may_change(person, status)
}

/// A password that somebody chose, or tries.
///
/// # Errors
/// `BAD_INPUT` on `field` when it has fewer than 8 or more than 128 bytes, or control characters.
pub fn password(field: &str, text: &str) -> Result<(), Refusal> {
    if !PASSWORD.contains(&text.len()) {
        return Err(Refusal::bad_input(&[field], "A password has 8 to 128 bytes."));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::bad_input(&[field], "A password has no control characters."));
    }
    Ok(())
}

/// What is kept of what a client says of itself.
pub fn user_agent(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_128_bytes_and_no_control_characters() {
        for good in ["eight888", "pass word", "pässword", &"a".repeat(128)] {
            assert_eq!(password("password", good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "seven77",
            &"a".repeat(129),
            &"ä".repeat(65),
            &"a".repeat(1 << 20),
            "nul\0nul\0",
            "line\nline",
        ] {
            let refusal = password("newPassword", bad).expect_err("a bad password");
            assert_eq!((refusal.code(), refusal.path()), ("BAD_INPUT", vec!["newPassword".to_owned()]));
        }
    }

    #[test]
    fn an_account_is_one_however_it_is_typed() {
        let typed = ["ada@example.org", " ADA@Example.ORG "];
        let logins = typed.map(|text| Login::read(text).expect("a login"));
        assert_eq!(logins[0].account(), logins[1].account());
        let name = Login::read("Ada").expect("a login");
        assert_eq!((name.email_key.as_str(), name.account()), ("", "ada"));
        assert_eq!(Login::read("no\0body").expect("nobody"), Login::default());
        assert!(Login::read(&"a".repeat(401)).is_err());
    }

    #[test]
    fn clients_are_kept_short() {
        assert_eq!(user_agent(" Mozilla/5.0\r\n "), Some("Mozilla/5.0".to_owned()));
        assert_eq!(user_agent("\0 "), None);
        assert_eq!(user_agent(&"x".repeat(10_000)).map(|text| text.len()), Some(USER_AGENT));
    }
}
