//! Who may make and edit works, and who may stand beside whom. Pure.

use entity::id::{GroupId, UserId};
use entity::kind::Work;

use super::{Editor, Standing};
use crate::error::Refusal;

/// The most co-authors or co-instructors that a work may have.
pub const MOST_OTHERS: usize = 100;

/// What a kind of work calls its things: the names of its fields in inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it is called.
    pub what: &'static str,
    /// The field with its id.
    pub id: &'static str,
    /// The field with who owns it.
    pub main: &'static str,
    /// The field with those beside them.
    pub others: &'static str,
}

impl Words {
    /// That there is no such work.
    pub fn not_found(self) -> Refusal {
        Refusal::not_found(&[self.id], self.what)
    }
}

/// What a kind of work calls its things.
pub const fn words(kind: Work) -> Words {
    match kind {
        Work::Course => Words { what: "Course", id: "courseId", main: "mainAuthorId", others: "coAuthorIds" },
        Work::Path => Words { what: "Path", id: "pathId", main: "mainAuthorId", others: "coAuthorIds" },
        Work::Session => {
            Words { what: "Session", id: "sessionId", main: "mainInstructorId", others: "coInstructorIds" }
        }
    }
}

/// Those who stand beside `main`, in the order given; somebody named twice stands where they were named first.
///
/// # Errors
/// `BAD_INPUT` where `main` is among them, or where they are more than 100.
pub fn beside(words: Words, main: UserId, others: &[UserId]) -> Result<Vec<UserId>, Refusal> {
    if others.len() > MOST_OTHERS {
        return Err(Refusal::bad_input(&[words.others], format!("Name at most {MOST_OTHERS} people.")));
    }
    let mut beside = Vec::with_capacity(others.len());
    for (position, other) in others.iter().enumerate() {
        if *other == main {
            return Err(Refusal::bad_input(
                &[words.others, &position.to_string()],
                "Whoever owns this cannot stand beside themselves.",
            ));
        }
        if !beside.contains(other) {
            beside.push(*other);
        }
    }
    Ok(beside)
}

/// Those who left, where nobody came and nobody changed places: the others keep their ranks then, as they do when
/// somebody is removed (R17).
pub fn left(before: &[UserId], after: &[UserId]) -> Option<Vec<UserId>> {
    let (stay, gone): (Vec<UserId>, Vec<UserId>) = before.iter().partition(|other| after.contains(other));
    (stay == after).then_some(gone)
}

/// Passes whoever sees `group`, which is to own a work.
///
/// # Errors
/// `NOT_FOUND` of a group that does not exist or is not seen.
pub fn require_seen(editor: &Editor, group: GroupId) -> Result<(), Refusal> {
    crate::groups::rules::visible(&editor.authority, &editor.tree, group, "groupId")
}

/// Passes whoever may make works in `group`, which they see: its administrators and its authors.
///
/// # Errors
/// `FORBIDDEN` naming it.
pub fn require_maker(editor: &Editor, group: GroupId) -> Result<(), Refusal> {
    editor.authority.require_author(&editor.tree, group)
}

/// Passes administrators of the owner group, and its authors where the work is theirs.
///
/// # Errors
/// `FORBIDDEN` naming the owner group.
pub fn require_own(editor: &Editor, standing: &Standing) -> Result<(), Refusal> {
    if may_edit(editor, standing) {
        Ok(())
    } else {
        Err(editor.authority.forbidden(&editor.tree, [standing.group]))
    }
}

/// As [`require_own`], of a work that the caller may not know of.
///
/// # Errors
/// `NOT_FOUND` where they do not see its owner group and it is not theirs, else `FORBIDDEN`.
pub fn require_editor(editor: &Editor, words: Words, standing: &Standing) -> Result<(), Refusal> {
    if may_edit(editor, standing) {
        Ok(())
    } else if sees(editor, standing) {
        Err(editor.authority.forbidden(&editor.tree, [standing.group]))
    } else {
        Err(words.not_found())
    }
}

/// Passes the administrators and all authors of the owner group, for what they may do to each other's works.
///
/// # Errors
/// As [`require_editor`].
pub fn require_colleague(editor: &Editor, words: Words, standing: &Standing) -> Result<(), Refusal> {
    if editor.authority.may_author(&editor.tree, standing.group) {
        Ok(())
    } else {
        require_editor(editor, words, standing)
    }
}

/// Whether the caller may edit the work.
pub fn may_edit(editor: &Editor, standing: &Standing) -> bool {
    let (authority, tree) = (&editor.authority, &editor.tree);
    authority.administers(tree, standing.group)
        || (authority.may_author(tree, standing.group) && owns(editor, standing))
}

/// Whether the caller sees the work: it is one of their groups, or it is theirs.
pub fn sees(editor: &Editor, standing: &Standing) -> bool {
    editor.authority.sees_works(&editor.tree, standing.group) || owns(editor, standing)
}

fn owns(editor: &Editor, standing: &Standing) -> bool {
    std::iter::once(&standing.main).chain(&standing.others).any(|user| editor.authority.is(*user))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entity::kind::{Privacy, Role};

    use super::*;
    use crate::access::Authority;
    use crate::tree::Tree;

    const ADA: UserId = UserId(1);
    const BEA: UserId = UserId(2);
    const CAI: UserId = UserId(3);
    const PLATFORM: GroupId = GroupId(1);
    const SCHOOL: GroupId = GroupId(2);
    const BOARD: GroupId = GroupId(3);

    fn editor(user: UserId, roles: &[(GroupId, Role)]) -> Editor {
        let tree = Tree::new([
            (PLATFORM, None, Privacy::Public),
            (SCHOOL, Some(PLATFORM), Privacy::Public),
            (BOARD, Some(PLATFORM), Privacy::Private),
        ]);
        Editor {
            authority: Authority::of_user(user, roles.iter().copied()),
            tree: Arc::new(tree.expect("a tree")),
        }
    }

    fn of(group: GroupId, main: UserId, others: &[UserId]) -> Standing {
        Standing { group, main, others: others.to_vec() }
    }

    fn code(answer: Result<(), Refusal>) -> &'static str {
        answer.map_or_else(|refusal| refusal.code(), |()| "OK")
    }

    #[test]
    fn others_keep_their_order_and_count_once() {
        let words = words(Work::Course);
        assert_eq!(beside(words, ADA, &[CAI, BEA, CAI]), Ok(vec![CAI, BEA]));
        let refusal = beside(words, ADA, &[BEA, ADA]).expect_err("nobody stands beside themselves");
        assert_eq!((refusal.code(), refusal.path()), ("BAD_INPUT", vec!["coAuthorIds".into(), "1".into()]));
    }

    #[test]
    fn who_leaves_renumbers_nobody() {
        assert_eq!(left(&[ADA, BEA, CAI], &[ADA, CAI]), Some(vec![BEA]));
        assert_eq!(left(&[ADA, BEA], &[ADA, BEA]), Some(vec![]));
        assert_eq!(left(&[ADA, BEA], &[]), Some(vec![ADA, BEA]));
        assert_eq!(left(&[ADA, BEA], &[BEA, ADA]), None);
        assert_eq!(left(&[ADA], &[ADA, BEA]), None);
    }

    #[test]
    fn administrators_edit_what_is_below_and_authors_their_own() {
        let words = words(Work::Path);
        let work = of(SCHOOL, ADA, &[BEA]);
        let answer = |editor: &Editor| code(require_editor(editor, words, &work));
        assert_eq!(answer(&editor(CAI, &[(PLATFORM, Role::Administrator)])), "OK");
        assert_eq!(answer(&editor(ADA, &[(SCHOOL, Role::Author)])), "OK");
        assert_eq!(answer(&editor(BEA, &[(SCHOOL, Role::Author)])), "OK");
        assert_eq!(answer(&editor(CAI, &[(SCHOOL, Role::Author)])), "FORBIDDEN");
        assert_eq!(answer(&editor(ADA, &[(SCHOOL, Role::Coach)])), "FORBIDDEN");
    }

    #[test]
    fn a_work_of_a_group_that_is_not_seen_does_not_exist() {
        let words = words(Work::Session);
        let answer = |editor: &Editor| code(require_editor(editor, words, &of(BOARD, ADA, &[])));
        assert_eq!(answer(&editor(CAI, &[(SCHOOL, Role::Administrator)])), "NOT_FOUND");
        assert_eq!(answer(&editor(CAI, &[(BOARD, Role::Learner)])), "FORBIDDEN");
        assert_eq!(answer(&editor(ADA, &[(SCHOOL, Role::Author)])), "FORBIDDEN");
        assert_eq!(code(require_seen(&editor(CAI, &[]), BOARD)), "NOT_FOUND");
        assert_eq!(code(require_maker(&editor(CAI, &[]), SCHOOL)), "FORBIDDEN");
    }
}
