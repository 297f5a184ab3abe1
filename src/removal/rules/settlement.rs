//! What must be known of the whole list before anything is done to anybody (R13).

use entity::id::UserId;
use entity::kind::{Outcome, Role};

use super::verdict::Verdict;
use crate::ownership::{Administrator, Leaving};

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
