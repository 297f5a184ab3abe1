//! Which rows a grant writes, and where it needs a right (R2, R3).

use std::collections::BTreeSet;

use entity::id::GroupId;
use entity::kind::Role;

use crate::access::Authority;
use crate::error::Refusal;
use crate::tree::Tree;

/// R3: the rows that these grants write: themselves, and for a learner one in every group that they rise into. `who` is
/// whatever tells people apart.
pub fn rows<W: Copy + Ord>(
    tree: &Tree,
    grants: impl IntoIterator<Item = (W, GroupId, Role)>,
) -> BTreeSet<(W, GroupId, Role)> {
    let mut rows = BTreeSet::new();
    for (who, group, role) in grants {
        rows.insert((who, group, role));
        match role {
            Role::Learner => {
                rows.extend(tree.risen_into(group).into_iter().map(|above| (who, above, Role::Learner)));
            }
            Role::Coach | Role::Author | Role::UserAdministrator | Role::Administrator => {}
        }
    }
    rows
}

/// The groups in which the right is missing to grant what is `asked`, and to write the rows among `written` by which
/// learners rise into a private group (R3). Into other groups they rise by themselves.
pub fn missing_rights(
    authority: &Authority,
    tree: &Tree,
    asked: &BTreeSet<(GroupId, Role)>,
    written: &BTreeSet<(GroupId, Role)>,
) -> BTreeSet<GroupId> {
    let needed = written.iter().filter(|(group, _)| tree.is_private(*group)).chain(asked);
    needed
        .filter(|(group, role)| !authority.may_grant(tree, *group, *role))
        .map(|(group, _)| *group)
        .collect()
}

/// Passes whoever may grant what is `asked` and write what is `written` (R3).
///
/// # Errors
/// `FORBIDDEN`, naming the groups in which a right is missing.
pub fn require(
    authority: &Authority,
    tree: &Tree,
    asked: &BTreeSet<(GroupId, Role)>,
    written: &BTreeSet<(GroupId, Role)>,
) -> Result<(), Refusal> {
    let missing = missing_rights(authority, tree, asked, written);
    if missing.is_empty() { Ok(()) } else { Err(authority.forbidden(tree, missing)) }
}

/// Whether `role` may be granted in `group`, whatever rises from it.
///
/// # Errors
/// `NOT_FOUND` of a group that is not seen, `FORBIDDEN` naming it.
pub fn may_grant(authority: &Authority, tree: &Tree, group: GroupId, role: Role) -> Result<(), Refusal> {
    if !authority.sees(tree, group) {
        return Err(Refusal::not_found(&["groupId"], "Group"));
    }
    require(authority, tree, &BTreeSet::from([(group, role)]), &BTreeSet::new())
}

/// As [`may_grant`], to somebody who is in none of the groups into which they would rise (R3).
///
/// # Errors
/// As [`may_grant`]; `FORBIDDEN` naming the private groups into which they would rise.
pub fn may_grant_to_newcomer(
    authority: &Authority,
    tree: &Tree,
    group: GroupId,
    role: Role,
) -> Result<(), Refusal> {
    may_grant(authority, tree, group, role)?;
    let written = rows(tree, [((), group, role)]).into_iter().map(|((), group, role)| (group, role));
    require(authority, tree, &BTreeSet::new(), &written.collect())
}

#[cfg(test)]
mod tests {
    use entity::id::UserId;
    use entity::kind::Privacy;
    use proptest::prelude::*;

    use super::*;

    const PLATFORM: GroupId = GroupId(1);
    const SCHOOL: GroupId = GroupId(2);
    const LAB: GroupId = GroupId(3);
    const TEAM: GroupId = GroupId(4);
    const ANA: UserId = UserId(10);

    /// Platform > school (public) > lab (private) > team (public).
    fn school() -> Tree {
        Tree::new([
            (PLATFORM, None, Privacy::Public),
            (SCHOOL, Some(PLATFORM), Privacy::Public),
            (LAB, Some(SCHOOL), Privacy::Private),
            (TEAM, Some(LAB), Privacy::Public),
        ])
        .expect("a tree")
    }

    #[test]
    fn learners_rise_up_to_the_first_private_group() {
        let tree = school();
        let groups = |group, role| {
            rows(&tree, [(ANA, group, role)]).into_iter().map(|(_, group, _)| group).collect::<Vec<_>>()
        };
        assert_eq!(groups(TEAM, Role::Learner), [LAB, TEAM]);
        assert_eq!(groups(LAB, Role::Learner), [LAB]);
        assert_eq!(groups(SCHOOL, Role::Learner), [PLATFORM, SCHOOL]);
        assert_eq!(groups(TEAM, Role::Coach), [TEAM]);
    }

    #[test]
    fn rising_into_a_private_group_takes_a_right_there() {
        let tree = school();
        let team_only = Authority::of_user(UserId(20), [(TEAM, Role::UserAdministrator)]);
        let both =
            Authority::of_user(UserId(21), [(TEAM, Role::UserAdministrator), (LAB, Role::UserAdministrator)]);
        let school_admin = Authority::of_user(UserId(22), [(SCHOOL, Role::Administrator)]);
        let asked = BTreeSet::from([(TEAM, Role::Learner)]);
        let written = BTreeSet::from([(TEAM, Role::Learner), (LAB, Role::Learner)]);
        assert_eq!(missing_rights(&team_only, &tree, &asked, &written), BTreeSet::from([LAB]));
        assert!(missing_rights(&team_only, &tree, &asked, &asked).is_empty(), "already a learner of the lab");
        assert!(missing_rights(&both, &tree, &asked, &written).is_empty());
        assert!(missing_rights(&school_admin, &tree, &asked, &written).is_empty());

        // Rising from the school to the platform group takes no right there.
        let asked = BTreeSet::from([(SCHOOL, Role::Learner)]);
        let written = BTreeSet::from([(SCHOOL, Role::Learner), (PLATFORM, Role::Learner)]);
        assert!(missing_rights(&school_admin, &tree, &asked, &written).is_empty());
    }

    /// A tree of up to 20 groups: each hangs below an earlier one.
    fn any_tree() -> impl Strategy<Value = Tree> {
        prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..20).prop_map(|groups| {
            let root = (GroupId(1), None, Privacy::Public);
            let others = groups.into_iter().enumerate().map(|(at, (parent, private))| {
                let parent = GroupId(parent.index(at + 1) as i64 + 1);
                let privacy = if private { Privacy::Private } else { Privacy::Public };
                (GroupId(at as i64 + 2), Some(parent), privacy)
            });
            Tree::new(std::iter::once(root).chain(others)).expect("a tree")
        })
    }

    proptest! {
        /// R3's invariant: a learner of a public group is a learner of its parent.
        #[test]
        fn what_is_written_is_closed_under_rising(
            tree in any_tree(),
            grants in prop::collection::vec(
                (0..3_i64, any::<prop::sample::Index>(), prop::sample::select(Role::ALL)), 0..6
            ),
        ) {
            let all: Vec<GroupId> = std::iter::once(tree.root()).chain(tree.below(tree.root())).collect();
            let asked: Vec<(i64, GroupId, Role)> =
                grants.into_iter().map(|(who, group, role)| (who, *group.get(&all), role)).collect();
            let rows = rows(&tree, asked.iter().copied());
            for row in &asked {
                prop_assert!(rows.contains(row));
            }
            for (who, group, role) in &rows {
                if *role == Role::Learner
                    && !tree.is_private(*group)
                    && let Some(parent) = tree.parent(*group)
                {
                    prop_assert!(rows.contains(&(*who, parent, Role::Learner)));
                }
                if !asked.contains(&(*who, *group, *role)) {
                    prop_assert_eq!(*role, Role::Learner, "nothing else rises");
                }
            }
        }
    }
}
