//! What changes what somebody signs in with, who may change it, and what becomes of an address (R24).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::GroupId;
use entity::kind::Role;

use crate::access::{Scopes, scopes};
use crate::change::Change;
use crate::error::Refusal;
use crate::people::Entry;
use crate::people::rules::Known;

/// How long ago a sign-in may be that stands for the password.
pub const LATELY: TimeDelta = TimeDelta::minutes(10);
/// How long the link to a new address works, and the address is reserved.
pub const LASTS: TimeDelta = TimeDelta::days(7);

/// By what somebody asks for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// A token that is good for these scopes; none: for every scope.
    Token(Option<&'a Scopes>),
    /// A person who is there, and has shown so much.
    Person(Presence),
}

/// What a person has shown of being there themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// That they have signed in at some time.
    SignedIn,
    /// That they signed in within the last ten minutes, here or at the organisation's provider.
    Lately,
    /// Their current password.
    Password,
}

impl Presence {
    /// Of somebody who signed in at `since`.
    pub fn of(since: DateTime<Utc>, now: DateTime<Utc>) -> Presence {
        if since > now - LATELY { Presence::Lately } else { Presence::SignedIn }
    }
}

/// What a change of an entry comes to for the email.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailStep {
    /// Nothing.
    Same,
    /// It goes, and with it the one that waits.
    Clear,
    /// The one that waits goes.
    Withdraw,
    /// Another one waits until a link to it is opened.
    Wait,
    /// Another one counts at once, unconfirmed: there are no letters.
    Count,
}

/// What `change` comes to for an account that has `email`, while `pending` waits.
pub fn step(
    email: Option<&str>,
    pending: Option<&str>,
    change: &Change<String>,
    has_letters: bool,
    by_token: bool,
) -> EmailStep {
    match change {
        Change::Keep => EmailStep::Same,
        Change::Clear if email.is_none() && pending.is_none() => EmailStep::Same,
        Change::Clear => EmailStep::Clear,
        Change::Set(typed) => {
            let typed = Some(typed.trim());
            if typed == pending {
                EmailStep::Same
            } else if typed == email {
                // A program that sends what it knows again takes nothing back.
                if pending.is_some() && !by_token { EmailStep::Withdraw } else { EmailStep::Same }
            } else if has_letters {
                EmailStep::Wait
            } else {
                EmailStep::Count
            }
        }
    }
}

/// Whether `change` gives somebody another username than in `entry`.
pub fn renames(entry: &Entry, change: &Change<String>) -> bool {
    match change {
        Change::Keep => false,
        Change::Clear => entry.username.is_some(),
        Change::Set(typed) => entry.username.as_deref() != Some(typed.trim()),
    }
}

/// Whether what an account signs in with may be changed, by whoever has the right over the account
/// ([`crate::people::rules::may_update`]).
///
/// One's own takes the current password, or a sign-in of the last ten minutes; where there are no letters, by which the
/// person would hear of it, the password. No token changes one's own, nor that of an account that holds more than the token
/// is good for ([`scopes::may_rename`]): it would become a sign-in by a link to the new address.
///
/// # Errors
/// `FORBIDDEN` for a token; `BAD_INPUT` at `currentPassword` for oneself.
pub fn may_rename(
    by: By<'_>,
    is_oneself: bool,
    root: GroupId,
    memberships: &BTreeMap<GroupId, BTreeSet<Role>>,
    has_letters: bool,
) -> Result<(), Refusal> {
    match by {
        By::Token(_) if is_oneself => Err(Refusal::NotByToken),
        By::Token(held) => scopes::may_rename(held, root, memberships),
        By::Person(_) if !is_oneself => Ok(()),
        By::Person(Presence::Password) => Ok(()),
        By::Person(Presence::Lately) if has_letters => Ok(()),
        By::Person(Presence::SignedIn | Presence::Lately) => {
            let message = if has_letters {
                "Changing your own email or username takes your current password, or a sign-in of the last ten minutes."
            } else {
                "Changing your own email or username takes your current password."
            };
            Err(Refusal::bad_input(&["currentPassword"], message))
        }
    }
}

/// The entry that counts now, where `wanted` is asked for and the email of it must wait.
///
/// # Errors
/// `BAD_INPUT` when nothing would be left to sign in with meanwhile.
pub fn meanwhile(wanted: Known, before: Known) -> Result<Known, Refusal> {
    if before.email_key.is_none() && wanted.username_key.is_none() {
        let message = "The new email does not count before it is confirmed: keep the username until then.";
        return Err(Refusal::bad_input(&["username"], message));
    }
    let entry = Entry { email: before.entry.email, ..wanted.entry };
    Ok(Known { entry, email_key: before.email_key, username_key: wanted.username_key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r24_what_becomes_of_an_address() {
        let set = |typed: &str| Change::Set(typed.to_owned());
        let (old, new) = (Some("old@example.org"), Some("new@example.org"));
        for (email, pending, change, letters, token, becomes) in [
            (old, None, Change::Keep, true, false, EmailStep::Same),
            (old, None, set(" old@example.org "), true, false, EmailStep::Same),
            (old, None, set("new@example.org"), true, false, EmailStep::Wait),
            (old, None, set("Old@example.org"), true, false, EmailStep::Wait),
            (None, None, set("new@example.org"), true, true, EmailStep::Wait),
            (old, None, set("new@example.org"), false, false, EmailStep::Count),
            (old, new, set("new@example.org"), true, false, EmailStep::Same),
            (old, new, set("other@example.org"), true, false, EmailStep::Wait),
            (old, new, set("old@example.org"), true, false, EmailStep::Withdraw),
            (old, new, set("old@example.org"), true, true, EmailStep::Same),
            (old, new, Change::Clear, true, false, EmailStep::Clear),
            (None, new, Change::Clear, true, false, EmailStep::Clear),
            (None, None, Change::Clear, true, false, EmailStep::Same),
        ] {
            assert_eq!(
                step(email, pending, &change, letters, token),
                becomes,
                "{email:?} {pending:?} {change:?}"
            );
        }
    }

    #[test]
    fn r24_who_changes_what_somebody_signs_in_with() {
        const ROOT: GroupId = GroupId(1);
        let pupil = BTreeMap::from([(ROOT, BTreeSet::from([Role::Learner]))]);
        let chief = BTreeMap::from([(ROOT, BTreeSet::from([Role::Administrator]))]);
        let code = |by, oneself, memberships: &_, letters| {
            may_rename(by, oneself, ROOT, memberships, letters).err().map(|no| no.code())
        };
        for (presence, letters, refusal) in [
            (Presence::Password, true, None),
            (Presence::Password, false, None),
            (Presence::Lately, true, None),
            (Presence::Lately, false, Some("BAD_INPUT")),
            (Presence::SignedIn, true, Some("BAD_INPUT")),
            (Presence::SignedIn, false, Some("BAD_INPUT")),
        ] {
            assert_eq!(code(By::Person(presence), true, &pupil, letters), refusal, "{presence:?} {letters}");
            assert_eq!(code(By::Person(presence), false, &chief, letters), None);
        }
        assert_eq!(code(By::Token(None), true, &pupil, true), Some("FORBIDDEN"));
        assert_eq!(code(By::Token(None), false, &pupil, true), None);
        assert_eq!(code(By::Token(None), false, &chief, true), Some("FORBIDDEN"));
        assert_eq!(code(By::Token(Some(&Scopes::default())), false, &pupil, true), Some("FORBIDDEN"));
    }

    #[test]
    fn ten_minutes_are_lately() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        assert_eq!(Presence::of(now - TimeDelta::seconds(599), now), Presence::Lately);
        assert_eq!(Presence::of(now - LATELY, now), Presence::SignedIn);
    }
}
