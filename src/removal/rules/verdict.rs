//! What becomes of one person, from memberships alone (R5, R7, R14, R15).

use std::collections::BTreeSet;

use entity::id::GroupId;
use entity::kind::{Outcome, PrivateSubgroups, Role, Status};

use crate::removal::facts::{Membership, Setting, Standing, roles_by_group};
use crate::removal::reason::Reason;
use crate::removal::request::{Request, Scope};

/// What becomes of one person: the outcome, and each membership with whether it goes and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of them.
    pub outcome: Outcome,
    /// Where a right is missing, when the outcome is `FORBIDDEN`.
    pub missing: Vec<GroupId>,
    /// Where the answers to R6 differ, when the outcome is `PRIVATE_SUBGROUPS_UNDECIDED`.
    pub undecided: BTreeSet<GroupId>,
    /// Memberships that go, in order of group and role.
    pub going: Vec<(Membership, Reason)>,
    /// Memberships that stay.
    pub staying: Vec<(Membership, Reason)>,
}

impl Verdict {
    /// Nothing is done, because of `outcome`.
    fn refused(outcome: Outcome) -> Verdict {
        let (missing, going, staying) = (Vec::new(), Vec::new(), Vec::new());
        Verdict { outcome, missing, undecided: BTreeSet::new(), going, staying }
    }
}

/// What `request` does to this person; R6: only where either answer comes to the same, if it gives none.
pub fn verdict(person: &Standing, request: &Request, setting: &Setting) -> Verdict {
    let Some(private) = request.options.private_subgroups else {
        let undecided = undecided_groups(person, request, setting);
        return if undecided.is_empty() {
            verdict_with(person, request, PrivateSubgroups::Keep, setting)
        } else {
            Verdict { undecided, ..Verdict::refused(Outcome::PrivateSubgroupsUndecided) }
        };
    };
    verdict_with(person, request, private, setting)
}

/// R6: the groups in which keeping and removing private subgroups differ for this person; none where either answer comes
/// to the same. What merely stays for another reason makes no difference.
fn undecided_groups(person: &Standing, request: &Request, setting: &Setting) -> BTreeSet<GroupId> {
    let scope = request.of(person.named).scope;
    let kept = split(person, scope, PrivateSubgroups::Keep, setting);
    if !kept.staying.iter().any(|(_, reason)| *reason == Reason::PrivateSubgroupKept) {
        return BTreeSet::new();
    }
    let one = verdict_with(person, request, PrivateSubgroups::Keep, setting);
    let other = verdict_with(person, request, PrivateSubgroups::Remove, setting);
    if one.outcome == other.outcome && one.going == other.going {
        return BTreeSet::new();
    }
    // Not from the verdicts: one that refuses names no membership.
    let removed = split(person, scope, PrivateSubgroups::Remove, setting).going;
    let differing = removed.iter().filter(|gone| !kept.going.contains(gone));
    differing.map(|(membership, _)| membership.group).collect()
}

/// What `request` does to this person with `private` as the answer to R6. The first outcome that applies.
fn verdict_with(
    person: &Standing,
    request: &Request,
    private: PrivateSubgroups,
    setting: &Setting,
) -> Verdict {
    let request = &request.of(person.named);
    let refused = Verdict::refused;
    match person.status {
        Status::Deleted => return refused(Outcome::AlreadyDeleted),
        Status::Erased => return refused(Outcome::AlreadyErased),
        Status::Active | Status::Suspended | Status::Deactivated | Status::Anonymized => {}
    }
    let Split { going, staying } = split(person, request.scope, private, setting);
    let takes_account = !going.is_empty() && staying.is_empty();
    let is_deletion = request.scope == Scope::Platform;

    if person.user == setting.owner && (is_deletion || takes_owner_out(request.scope, setting)) {
        return refused(Outcome::OwnerProtected);
    }
    if setting.authority.is(person.user) && (is_deletion || takes_account) {
        return refused(Outcome::SelfRemoval);
    }
    let missing = missing_rights(person, request.scope, &going, is_deletion || takes_account, setting);
    if !missing.is_empty() {
        return Verdict { missing, ..Verdict::refused(Outcome::Forbidden) };
    }
    let outcome = if is_deletion {
        match (going.is_empty(), staying.is_empty()) {
            // An account without any membership would be a broken promise (R2); deleting it mends it.
            (_, true) => Outcome::Deleted,
            (true, false) => Outcome::NothingReached,
            (false, false) => Outcome::RemovedNotDeleted,
        }
    } else if !is_member(person, request.scope) {
        return refused(Outcome::NotAMember);
    } else if takes_account && !request.options.confirm_account_deletion {
        return refused(Outcome::WouldDeleteAccount);
    } else if takes_account {
        Outcome::Deleted
    } else {
        Outcome::Removed
    };
    Verdict { going, staying, ..Verdict::refused(outcome) }
}

/// Somebody as this verdict leaves them, for what else is asked of them.
pub fn left_by(person: Standing, verdict: &Verdict) -> Standing {
    if !verdict.outcome.is_done() {
        return person;
    }
    let stays = |membership: &Membership| !verdict.going.iter().any(|(gone, _)| gone == membership);
    let status = if verdict.outcome == Outcome::Deleted { Status::Deleted } else { person.status };
    let memberships = person.memberships.into_iter().filter(stays).collect();
    Standing { status, memberships, ..person }
}

/// Somebody's memberships, each with its reason.
struct Split {
    going: Vec<(Membership, Reason)>,
    staying: Vec<(Membership, Reason)>,
}

/// R5: which memberships go and which stay, whether or not it may be done.
fn split(person: &Standing, scope: Scope, private: PrivateSubgroups, setting: &Setting) -> Split {
    let named = scope.group(setting.tree.root());
    let mut split = Split { going: Vec::new(), staying: Vec::new() };
    for membership in &person.memberships {
        let (goes, reason) = fate(*membership, scope, named, private, setting);
        let half = if goes { &mut split.going } else { &mut split.staying };
        half.push((*membership, reason));
    }
    // Not in the named group, or without the named role there: nothing changes, also below (R7).
    if !is_member(person, scope) {
        split.staying.append(&mut split.going);
    }
    split
}

/// Whether one membership goes, and why.
fn fate(
    membership: Membership,
    scope: Scope,
    named: GroupId,
    private: PrivateSubgroups,
    setting: &Setting,
) -> (bool, Reason) {
    let tree = &setting.tree;
    let Membership { group, role, .. } = membership;
    if group == named {
        return match scope {
            Scope::Role(_, named_role) if named_role == role => (true, Reason::NamedRole),
            Scope::Role(..) => (false, Reason::OtherRole),
            Scope::Platform | Scope::Group(_) | Scope::Each => (true, Reason::NamedGroup),
        };
    }
    // From the group up to the named one: is it below at all, and is a private group on the way?
    let mut behind_private = false;
    let below = tree.upwards(group).any(|above| {
        behind_private |= above != named && tree.is_private(above);
        above == named
    });
    let reaches_below = match scope {
        Scope::Platform | Scope::Group(_) | Scope::Each => true,
        Scope::Role(_, named_role) => named_role == Role::Learner,
    };
    if !below {
        return (false, Reason::OutsideReach);
    }
    if !reaches_below {
        return (false, Reason::RoleReachesNoneBelow);
    }
    if behind_private && private == PrivateSubgroups::Keep {
        return (false, Reason::PrivateSubgroupKept);
    }
    // Where the platform group is named, every role goes everywhere it reaches; else only the learner's.
    if role != Role::Learner && scope != Scope::Platform {
        return (false, Reason::OtherRoleBelow);
    }
    (true, if behind_private { Reason::PrivateSubgroup } else { Reason::PublicSubgroup })
}

fn is_member(person: &Standing, scope: Scope) -> bool {
    person.memberships.iter().any(|membership| match scope {
        // Who has no group of their own in a request for each is none of those whom it names.
        Scope::Platform | Scope::Each => true,
        Scope::Group(group) => membership.group == group,
        Scope::Role(group, role) => membership.group == group && membership.role == role,
    })
}

/// R2, R14: the platform owner is always administrator of the platform group.
fn takes_owner_out(scope: Scope, setting: &Setting) -> bool {
    match scope {
        Scope::Platform | Scope::Each => true,
        Scope::Group(group) => group == setting.tree.root(),
        Scope::Role(group, role) => group == setting.tree.root() && role == Role::Administrator,
    }
}

/// R15: the groups in which a right to this is missing; empty where it may be done.
fn missing_rights(
    person: &Standing,
    scope: Scope,
    going: &[(Membership, Reason)],
    ends_account: bool,
    setting: &Setting,
) -> Vec<GroupId> {
    let Setting { tree, authority, .. } = setting;
    let mut missing = BTreeSet::new();
    if let Scope::Group(group) | Scope::Role(group, _) = scope {
        let roles = roles_by_group(person.memberships.iter()).remove(&group).unwrap_or_default();
        let allowed = match scope {
            // Leaving an ordinary group oneself is allowed (R14).
            _ if authority.is(person.user) && group != tree.root() => true,
            Scope::Role(_, role) if role != Role::Learner => authority.may_grant(tree, group, role),
            _ => authority.may_remove(tree, group, &roles),
        };
        if !allowed {
            missing.insert(group);
        }
    }
    if ends_account {
        let reached = roles_by_group(
            person
                .memberships
                .iter()
                .filter(|membership| going.iter().any(|(gone, _)| gone.group == membership.group)),
        );
        missing.extend(authority.missing_to_delete(tree, &reached));
    }
    missing.into_iter().collect()
}
