//! The rights, as pure questions.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{GroupId, UserId};
use entity::kind::Role;

use crate::error::{Groups, Refusal};
use crate::tree::Tree;

/// What somebody is, in which groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    user: Option<UserId>,
    roles: BTreeMap<GroupId, BTreeSet<Role>>,
    everything: bool,
}

impl Authority {
    /// The platform itself, which may do everything that it was set to do.
    pub fn of_the_platform() -> Authority {
        Authority { user: None, roles: BTreeMap::new(), everything: true }
    }

    /// A caller that has lost every right.
    pub fn of_nobody() -> Authority {
        Authority { user: None, roles: BTreeMap::new(), everything: false }
    }

    /// Somebody with these roles.
    pub fn of_user(user: UserId, memberships: impl IntoIterator<Item = (GroupId, Role)>) -> Authority {
        let mut roles: BTreeMap<GroupId, BTreeSet<Role>> = BTreeMap::new();
        for (group, role) in memberships {
            roles.entry(group).or_default().insert(role);
        }
        Authority { user: Some(user), roles, everything: false }
    }

    /// Whether this is that user.
    pub fn is(&self, user: UserId) -> bool {
        self.user == Some(user)
    }

    /// R2: an administrator of the platform group.
    pub fn administers_platform(&self, tree: &Tree) -> bool {
        self.administers(tree, tree.root())
    }

    /// R4: an administrator of the group, or of one above.
    pub fn administers(&self, tree: &Tree, group: GroupId) -> bool {
        self.everything || tree.upwards(group).any(|above| self.has(above, Role::Administrator))
    }

    /// R4, R15: whether a person with `roles` in `group` may be taken out of it: by its administrators, and by its
    /// user administrators where the person is at most a learner there.
    pub fn may_remove(&self, tree: &Tree, group: GroupId, roles: &BTreeSet<Role>) -> bool {
        self.administers(tree, group)
            || (self.has(group, Role::UserAdministrator) && roles.iter().all(|role| *role == Role::Learner))
    }

    /// R15: whether there is a group out of which somebody may be taken.
    pub fn may_remove_somebody(&self) -> bool {
        let removes = |role: &Role| matches!(role, Role::Administrator | Role::UserAdministrator);
        self.everything || self.roles.values().flatten().any(removes)
    }

    /// Whether `role` may be granted to, or taken from, somebody in `group` (the matrix of trust): a learner by user
    /// administrators too, anything else by administrators alone.
    pub fn may_grant(&self, tree: &Tree, group: GroupId, role: Role) -> bool {
        match role {
            Role::Learner => self.administers(tree, group) || self.has(group, Role::UserAdministrator),
            Role::Coach | Role::Author | Role::UserAdministrator | Role::Administrator => {
                self.administers(tree, group)
            }
        }
    }

    /// R15: in which of the groups that deleting somebody reaches the right to delete them is missing; `reached` has
    /// the person's roles in each. Empty means that they may be deleted. Reaching none, it takes a platform
    /// administrator, and the platform group is missing.
    pub fn missing_to_delete(
        &self,
        tree: &Tree,
        reached: &BTreeMap<GroupId, BTreeSet<Role>>,
    ) -> Vec<GroupId> {
        if self.administers_platform(tree) {
            return Vec::new();
        }
        if reached.is_empty() {
            return vec![tree.root()];
        }
        reached
            .iter()
            .filter(|(group, roles)| !self.may_remove(tree, **group, roles))
            .map(|(group, _)| *group)
            .collect()
    }

    /// R1, R33: everybody sees a public group; a private one is seen by its members and by administrators above, and
    /// so is a public one below it.
    pub fn sees(&self, tree: &Tree, group: GroupId) -> bool {
        if !tree.contains(group) {
            return false;
        }
        match tree.first_private_upwards(group) {
            None => true,
            Some(private) => {
                self.roles.contains_key(&group)
                    || self.roles.contains_key(&private)
                    || self.administers(tree, group)
            }
        }
    }

    /// Whether the works that `group` owns are seen (the matrix of trust): by who holds a role in it or administers it,
    /// and by user administrators of the platform group.
    pub fn sees_works(&self, tree: &Tree, group: GroupId) -> bool {
        self.roles.contains_key(&group)
            || self.administers(tree, group)
            || self.has(tree.root(), Role::UserAdministrator)
    }

    /// Whether works (courses, paths, sessions) may be made or edited in `group`: by its administrators, and by its
    /// authors.
    pub fn may_author(&self, tree: &Tree, group: GroupId) -> bool {
        self.administers(tree, group) || self.has(group, Role::Author)
    }

    /// R8: whether `group` may be added to the audience of a session: by its administrators, and by user administrators,
    /// coaches and authors of it or of a group above.
    pub fn may_invite(&self, tree: &Tree, group: GroupId) -> bool {
        let roles = [Role::UserAdministrator, Role::Coach, Role::Author];
        self.administers(tree, group)
            || tree.upwards(group).any(|above| roles.iter().any(|role| self.has(above, *role)))
    }

    /// Splits `groups` into those this caller sees and a count of the others.
    pub fn seen_of(&self, tree: &Tree, groups: impl IntoIterator<Item = GroupId>) -> Groups {
        let mut split = Groups::default();
        for group in groups {
            if self.sees(tree, group) {
                split.seen.push(group);
            } else {
                split.hidden += 1;
            }
        }
        split.seen.sort_unstable();
        split
    }

    /// Refuses with the groups in which a right is missing.
    pub fn forbidden(&self, tree: &Tree, groups: impl IntoIterator<Item = GroupId>) -> Refusal {
        Refusal::Forbidden { groups: self.seen_of(tree, groups) }
    }

    /// Administrators of the group pass (R4).
    ///
    /// # Errors
    /// `FORBIDDEN`, naming the group.
    pub fn require_administrator(&self, tree: &Tree, group: GroupId) -> Result<(), Refusal> {
        if self.administers(tree, group) { Ok(()) } else { Err(self.forbidden(tree, [group])) }
    }

    /// Authors and administrators of the group pass.
    ///
    /// # Errors
    /// `FORBIDDEN`, naming the group.
    pub fn require_author(&self, tree: &Tree, group: GroupId) -> Result<(), Refusal> {
        if self.may_author(tree, group) { Ok(()) } else { Err(self.forbidden(tree, [group])) }
    }

    fn has(&self, group: GroupId, role: Role) -> bool {
        self.everything || self.roles.get(&group).is_some_and(|roles| roles.contains(&role))
    }
}
