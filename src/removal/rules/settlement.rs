//! What must be known of the whole list before anything is done to anybody (R6, R13).

use std::collections::BTreeSet;

use entity::id::{GroupId, UserId};
use entity::kind::{Outcome, PrivateSubgroups, Role};

use super::verdict::{Verdict, split, verdict};
use crate::ownership::{Administrator, Leaving};
use crate::removal::facts::{Setting, Standing};
use crate::removal::request::Request;

/// R13: adds to `leaving` what these verdicts take away.
pub fn settle(leaving: &mut Leaving, verdicts: &[(UserId, Verdict)]) {
    for (user, verdict) in verdicts.iter().filter(|(_, verdict)| verdict.outcome.is_done()) {
        if verdict.outcome == Outcome::Deleted {
            leaving.users.insert(*user);
        }
        for (membership, _) in &verdict.going {
            if membership.role == Role::Administrator {
                let administrator = Administrator { granted_at: membership.granted_at, user: *user };
                leaving.administrators.entry(membership.group).or_default().insert(administrator);
            }
        }
    }
}

/// R6: the groups in which keeping and removing private subgroups differ for any of `people`; empty where the
/// question needs no answer. What merely stays for another reason makes no difference.
pub fn undecided_groups(people: &[Standing], request: &Request, setting: &Setting) -> BTreeSet<GroupId> {
    let mut differing = BTreeSet::new();
    for person in people {
        let kept = verdict(person, request, PrivateSubgroups::Keep, setting);
        let removed = verdict(person, request, PrivateSubgroups::Remove, setting);
        if kept.outcome != removed.outcome || kept.going != removed.going {
            // Not from the verdicts: one that refuses names no membership.
            let scope = request.of(person.named).scope;
            let reached = |private| split(person, scope, private, setting).going;
            let kept = reached(PrivateSubgroups::Keep);
            differing.extend(
                reached(PrivateSubgroups::Remove)
                    .iter()
                    .filter(|gone| !kept.contains(gone))
                    .map(|(membership, _)| membership.group),
            );
        }
    }
    differing
}
