//! Who may change the tree, where a group may hang, and whose learners rise when it changes (R1, R3, R33).
//!
//! As everywhere, everything that is named is looked for first (`NOT_FOUND`), then the caller's rights are (`FORBIDDEN`),
//! and the shape of the change last (`PLATFORM_GROUP`, `CYCLE`, `GROUP_TOO_DEEP`).

use std::collections::BTreeSet;

use entity::id::{GroupId, SessionId, UserId};
use sha2::{Digest, Sha256};

use crate::access::Authority;
use crate::error::Refusal;
use crate::tree::{DEEPEST, Tree};

/// Whether a group may be made below `parent`.
///
/// # Errors
/// `NOT_FOUND` of what is not seen, `FORBIDDEN` without administrator rights, `GROUP_TOO_DEEP`.
pub fn may_create(authority: &Authority, tree: &Tree, parent: GroupId) -> Result<(), Refusal> {
    visible(authority, tree, parent, "parentId")?;
    authority.require_administrator(tree, parent)?;
    may_hang_below(tree, parent)
}

/// Whether the name and the external ids of `group` may be changed.
///
/// # Errors
/// `NOT_FOUND` of what is not seen, `FORBIDDEN` without administrator rights.
pub fn may_rename(authority: &Authority, tree: &Tree, group: GroupId) -> Result<(), Refusal> {
    visible(authority, tree, group, "groupId")?;
    authority.require_administrator(tree, group)
}

/// Whether `group` may be moved: below `parent`, or at all where none is named.
///
/// # Errors
/// `NOT_FOUND` of what is not seen, `FORBIDDEN` without administrator rights on it, on its old and on its new parent,
/// `PLATFORM_GROUP`, `CYCLE`, `GROUP_TOO_DEEP`.
pub fn may_move_to(
    authority: &Authority,
    tree: &Tree,
    group: GroupId,
    parent: Option<GroupId>,
) -> Result<(), Refusal> {
    visible(authority, tree, group, "groupId")?;
    if let Some(parent) = parent {
        visible(authority, tree, parent, "parentId")?;
    }
    let concerned = tree.parent(group).into_iter().chain([group]).chain(parent);
    let missing: BTreeSet<GroupId> =
        concerned.filter(|concerned| !authority.administers(tree, *concerned)).collect();
    if !missing.is_empty() {
        return Err(authority.forbidden(tree, missing));
    }
    match parent {
        Some(parent) if tree.parent(group) != Some(parent) => may_move(tree, group, parent),
        Some(_) | None => not_platform(tree, group),
    }
}

/// Whether `group` may be opened or closed, or deleted where its works stay.
///
/// # Errors
/// `NOT_FOUND` of what is not seen, `FORBIDDEN` without administrator rights, `PLATFORM_GROUP`.
pub fn may_open_close_or_delete(authority: &Authority, tree: &Tree, group: GroupId) -> Result<(), Refusal> {
    may_delete(authority, tree, group, None)
}

/// Whether `group` may be deleted, with its works going to another group where one is named.
///
/// # Errors
/// `NOT_FOUND` of what is not seen, `FORBIDDEN` without administrator rights on it or those of an author where its works
/// go, `PLATFORM_GROUP`, `BAD_INPUT` if its works were to stay in it.
pub fn may_delete(
    authority: &Authority,
    tree: &Tree,
    group: GroupId,
    content_to: Option<GroupId>,
) -> Result<(), Refusal> {
    visible(authority, tree, group, "groupId")?;
    if let Some(to) = content_to {
        visible(authority, tree, to, "contentTo")?;
    }
    authority.require_administrator(tree, group)?;
    if let Some(to) = content_to {
        authority.require_author(tree, to)?;
    }
    not_platform(tree, group)?;
    if content_to == Some(group) {
        let message = "The works of a deleted group go to another group: name one, or leave `contentTo` out.";
        return Err(Refusal::bad_input(&["contentTo"], message));
    }
    Ok(())
}

/// Whether the caller sees `group`, which the input names in `field`.
///
/// # Errors
/// `NOT_FOUND`.
pub fn visible(authority: &Authority, tree: &Tree, group: GroupId, field: &str) -> Result<(), Refusal> {
    if authority.sees(tree, group) { Ok(()) } else { Err(Refusal::not_found(&[field], "Group")) }
}

/// Whether one more group may hang below `parent`.
///
/// # Errors
/// `GROUP_TOO_DEEP`.
pub fn may_hang_below(tree: &Tree, parent: GroupId) -> Result<(), Refusal> {
    fits(tree.depth(parent) + 1)
}

/// Whether `group`, with everything below it, may move below `parent`.
///
/// # Errors
/// `PLATFORM_GROUP`, `CYCLE`, `GROUP_TOO_DEEP`.
pub fn may_move(tree: &Tree, group: GroupId, parent: GroupId) -> Result<(), Refusal> {
    not_platform(tree, group)?;
    if tree.upwards(parent).any(|above| above == group) {
        return Err(Refusal::Cycle);
    }
    let top = tree.depth(group);
    let levels = tree.below(group).into_iter().map(|below| tree.depth(below) - top).max().unwrap_or(0);
    fits(tree.depth(parent) + 1 + levels)
}

/// R1: the platform group is never moved, opened, closed or deleted.
///
/// # Errors
/// `PLATFORM_GROUP`.
pub fn not_platform(tree: &Tree, group: GroupId) -> Result<(), Refusal> {
    if group == tree.root() { Err(Refusal::PlatformGroup) } else { Ok(()) }
}

/// What hangs on a group, and keeps it from being deleted (R33).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// People with at least one role in it.
    pub members: i64,
    /// Groups directly below.
    pub subgroups: i64,
    /// Courses that it owns.
    pub courses: i64,
    /// Paths that it owns.
    pub paths: i64,
    /// Sessions that it owns.
    pub sessions: i64,
    /// Sessions that have not ended, in whose audience it stands.
    pub audiences: i64,
    /// Posts in it.
    pub posts: i64,
}

/// R33: whether a group with these contents may be deleted.
///
/// # Errors
/// `GROUP_NOT_EMPTY` with counts.
pub fn empty(contents: Contents) -> Result<(), Refusal> {
    if contents == Contents::default() {
        Ok(())
    } else {
        Err(Refusal::GroupNotEmpty { what: contents.in_words() })
    }
}

impl Contents {
    fn in_words(self) -> String {
        let parts = [
            (self.members, "member", "members"),
            (self.subgroups, "subgroup", "subgroups"),
            (self.courses, "course", "courses"),
            (self.paths, "path", "paths"),
            (self.sessions, "session", "sessions"),
            (
                self.audiences,
                "audience of a session that has not ended",
                "audiences of sessions that have not ended",
            ),
            (self.posts, "post", "posts"),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        said.join(", ")
    }
}

/// R3: the groups into which the learners of a public group below `parent` rise, nearest first.
pub fn risen_from_below(tree: &Tree, parent: GroupId) -> Vec<GroupId> {
    std::iter::once(parent).chain(tree.risen_into(parent)).collect()
}

/// The digest of a change by which learners would rise (R33): over the change, each row that would be written, and each
/// session that somebody would join. `rows` and `sessions` are in order.
pub fn digest(change: &str, rows: &[(UserId, GroupId)], sessions: &[SessionId]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{change}\n"));
    for (user, group) in rows {
        hash.update(format!("learner {} {}\n", user.0, group.0));
    }
    for session in sessions {
        hash.update(format!("session {}\n", session.0));
    }
    format!("{:x}", hash.finalize())
}

fn fits(depth: usize) -> Result<(), Refusal> {
    if depth > DEEPEST { Err(Refusal::GroupTooDeep { limit: DEEPEST }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use entity::kind::{Privacy, Role};
    use proptest::prelude::*;

    use super::*;
    use crate::memberships::rules::rows;

    type Link = (GroupId, Option<GroupId>, Privacy);

    fn chain(levels: i64) -> Vec<Link> {
        let root = (GroupId(1), None, Privacy::Public);
        std::iter::once(root)
            .chain((2..=levels + 1).map(|id| (GroupId(id), Some(GroupId(id - 1)), Privacy::Public)))
            .collect()
    }

    #[test]
    fn fifty_levels_and_no_more() {
        let full = Tree::new(chain(50)).expect("a tree");
        assert_eq!(may_hang_below(&full, GroupId(51)), Err(Refusal::GroupTooDeep { limit: 50 }));
        assert_eq!(may_hang_below(&full, GroupId(50)), Ok(()));

        // Two levels more than fit, below the lowest.
        let mut links = chain(49);
        links.push((GroupId(90), Some(GroupId(1)), Privacy::Public));
        links.push((GroupId(91), Some(GroupId(90)), Privacy::Public));
        let tree = Tree::new(links).expect("a tree");
        assert_eq!(may_move(&tree, GroupId(90), GroupId(50)), Err(Refusal::GroupTooDeep { limit: 50 }));
        assert_eq!(may_move(&tree, GroupId(90), GroupId(49)), Ok(()));
        assert_eq!(may_move(&tree, GroupId(91), GroupId(50)), Ok(()));
    }

    #[test]
    fn no_group_is_below_itself_and_the_platform_group_stays() {
        let tree = Tree::new(chain(3)).expect("a tree");
        assert_eq!(may_move(&tree, GroupId(2), GroupId(2)), Err(Refusal::Cycle));
        assert_eq!(may_move(&tree, GroupId(2), GroupId(4)), Err(Refusal::Cycle));
        assert_eq!(may_move(&tree, GroupId(4), GroupId(2)), Ok(()));
        assert_eq!(may_move(&tree, GroupId(1), GroupId(4)), Err(Refusal::PlatformGroup));
    }

    #[test]
    fn a_digest_says_what_would_happen() {
        let (ana, school, class) = (UserId(7), GroupId(2), SessionId(3));
        let one = digest("move 4 2", &[(ana, school)], &[class]);
        assert_eq!(one, digest("move 4 2", &[(ana, school)], &[class]));
        assert_ne!(one, digest("move 5 2", &[(ana, school)], &[class]));
        assert_ne!(one, digest("move 4 2", &[(UserId(8), school)], &[class]));
        assert_ne!(one, digest("move 4 2", &[(ana, school)], &[]));
    }

    /// Up to 20 groups, each below an earlier one.
    fn any_links() -> impl Strategy<Value = Vec<Link>> {
        prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..20).prop_map(|groups| {
            let root = (GroupId(1), None, Privacy::Public);
            let others = groups.into_iter().enumerate().map(|(at, (parent, private))| {
                let parent = GroupId(parent.index(at + 1) as i64 + 1);
                let privacy = if private { Privacy::Private } else { Privacy::Public };
                (GroupId(at as i64 + 2), Some(parent), privacy)
            });
            std::iter::once(root).chain(others).collect()
        })
    }

    /// Learners as an organisation has them: whoever was put somewhere has risen.
    fn learners(tree: &Tree, put: &[(i64, GroupId)]) -> BTreeSet<(i64, GroupId)> {
        rows(tree, put.iter().map(|(who, group)| (*who, *group, Role::Learner)))
            .into_iter()
            .map(|(who, group, _)| (who, group))
            .collect()
    }

    /// R3's invariant.
    fn is_closed(tree: &Tree, learners: &BTreeSet<(i64, GroupId)>) -> bool {
        learners.iter().all(|(who, group)| {
            tree.is_private(*group)
                || tree.parent(*group).is_none_or(|parent| learners.contains(&(*who, parent)))
        })
    }

    proptest! {
        /// After a move or an opening, and the rising that comes with it, a learner of a public group is a learner of
        /// its parent; nobody lost anything.
        #[test]
        fn the_invariant_of_learners_survives_the_tree(
            links in any_links(),
            put in prop::collection::vec((0..3_i64, any::<prop::sample::Index>()), 0..6),
            moved in any::<prop::sample::Index>(),
            below in any::<prop::sample::Index>(),
            opens in any::<bool>(),
        ) {
            let tree = Tree::new(links.clone()).expect("a tree");
            let put: Vec<(i64, GroupId)> =
                put.into_iter().map(|(who, group)| (who, group.get(&links).0)).collect();
            let mut learners = learners(&tree, &put);
            prop_assert!(is_closed(&tree, &learners));

            let at = moved.index(links.len() - 1) + 1;
            let group = links[at].0;
            let mut links = links;
            if opens {
                links[at].2 = Privacy::Public;
            } else {
                let parent = below.get(&links).0;
                prop_assume!(may_move(&tree, group, parent).is_ok());
                links[at].1 = Some(parent);
            }
            let (_, parent, privacy) = links[at];
            let after = Tree::new(links).expect("still a tree");
            if privacy == Privacy::Public {
                let risen = risen_from_below(&after, parent.expect("not the platform group"));
                prop_assert_eq!(&risen, &after.risen_into(group));
                // The tree before tells the same, since what is above does not move.
                prop_assert_eq!(&risen, &risen_from_below(&tree, parent.expect("not the platform group")));
                let rising: Vec<i64> =
                    learners.iter().filter(|(_, of)| *of == group).map(|(who, _)| *who).collect();
                for who in rising {
                    learners.extend(risen.iter().map(|into| (who, *into)));
                }
            }
            prop_assert!(is_closed(&after, &learners));
        }
    }
}
