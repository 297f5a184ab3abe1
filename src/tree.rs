//! The tree of groups (R1): who is above, who is below, and how far a removal reaches (R5). Pure.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use entity::id::GroupId;
use entity::kind::{Privacy, PrivateSubgroups};

/// How many levels there may be below the platform group.
pub const DEEPEST: usize = 50;

/// The tree at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    root: GroupId,
    groups: BTreeMap<GroupId, Branch>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Branch {
    parent: Option<GroupId>,
    privacy: Privacy,
    children: Vec<GroupId>,
}

impl Tree {
    /// The tree of these groups: id, parent, privacy. None when it is no tree, which no write lets happen.
    pub fn new(groups: impl IntoIterator<Item = (GroupId, Option<GroupId>, Privacy)>) -> Option<Tree> {
        let mut branches: BTreeMap<GroupId, Branch> = groups
            .into_iter()
            .map(|(id, parent, privacy)| (id, Branch { parent, privacy, children: Vec::new() }))
            .collect();
        let links: Vec<(GroupId, Option<GroupId>)> =
            branches.iter().map(|(id, branch)| (*id, branch.parent)).collect();
        let mut root = None;
        for (id, parent) in links {
            match parent {
                Some(parent) => branches.get_mut(&parent)?.children.push(id),
                None if root.is_none() => root = Some(id),
                None => return None,
            }
        }
        let tree = Tree { root: root?, groups: branches };
        // A cycle hangs from no root.
        (tree.below(tree.root).len() + 1 == tree.groups.len()).then_some(tree)
    }

    /// The tree of a new platform: its root alone.
    pub fn of_root(root: GroupId) -> Tree {
        let branch = Branch { parent: None, privacy: Privacy::Public, children: Vec::new() };
        Tree { root, groups: BTreeMap::from([(root, branch)]) }
    }

    /// The platform group.
    pub fn root(&self) -> GroupId {
        self.root
    }

    /// Whether there is such a group.
    pub fn contains(&self, group: GroupId) -> bool {
        self.groups.contains_key(&group)
    }

    /// The parent; none for the platform group and for what does not exist.
    pub fn parent(&self, group: GroupId) -> Option<GroupId> {
        self.groups.get(&group)?.parent
    }

    /// Whether the group is private. What does not exist is.
    pub fn is_private(&self, group: GroupId) -> bool {
        self.groups.get(&group).is_none_or(|branch| branch.privacy == Privacy::Private)
    }

    /// The group and every group above it, the platform group last.
    pub fn upwards(&self, group: GroupId) -> impl Iterator<Item = GroupId> + '_ {
        let first = self.groups.contains_key(&group).then_some(group);
        std::iter::successors(first, |group| self.parent(*group))
    }

    /// How many levels below the platform group.
    pub fn depth(&self, group: GroupId) -> usize {
        self.upwards(group).count().saturating_sub(1)
    }

    /// The groups directly below.
    pub fn children(&self, group: GroupId) -> &[GroupId] {
        self.groups.get(&group).map_or(&[], |branch| &branch.children)
    }

    /// Every group below, in order of id.
    pub fn below(&self, group: GroupId) -> Vec<GroupId> {
        self.descend(group, |_| true)
    }

    /// The groups below `group` that taking somebody out of it reaches (R5), in order of id.
    pub fn reached_below(&self, group: GroupId, private: PrivateSubgroups) -> Vec<GroupId> {
        match private {
            PrivateSubgroups::Remove => self.below(group),
            PrivateSubgroups::Keep => self.descend(group, |below| !self.is_private(below)),
        }
    }

    /// The groups above `group` into which its learners rise (R3), nearest first: up to and including the first
    /// private group, or the platform group. None for a private group.
    pub fn risen_into(&self, group: GroupId) -> Vec<GroupId> {
        let mut risen = Vec::new();
        let mut at = group;
        while !self.is_private(at) {
            let Some(parent) = self.parent(at) else { break };
            risen.push(parent);
            at = parent;
        }
        risen
    }

    /// The highest private group above `group`, or itself: whoever may see that branch may see it (R1, R33). None
    /// where everybody may.
    pub fn first_private_upwards(&self, group: GroupId) -> Option<GroupId> {
        self.upwards(group).find(|above| self.is_private(*above))
    }

    fn descend(&self, group: GroupId, enter: impl Fn(GroupId) -> bool) -> Vec<GroupId> {
        let mut found = Vec::new();
        let mut open = vec![group];
        while let Some(at) = open.pop() {
            for child in self.children(at) {
                // Each is entered once, so that even a broken tree ends.
                if enter(*child) && found.len() < self.groups.len() {
                    found.push(*child);
                    open.push(*child);
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// The tree as last read, kept while its revision stands. A revision is a random number drawn by each change, so that
/// the revision of a change that was rolled back is never met again.
#[derive(Debug, Default)]
pub struct TreeCache(RwLock<Option<(i64, Arc<Tree>)>>);

impl TreeCache {
    /// The tree of this revision, if it is the one kept.
    pub fn get(&self, revision: i64) -> Option<Arc<Tree>> {
        let kept = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| *of == revision).map(|(_, tree)| tree.clone())
    }

    /// Keeps `tree` as the one of `revision`.
    pub fn put(&self, revision: i64, tree: Arc<Tree>) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((revision, tree));
    }
}
