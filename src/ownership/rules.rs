//! The steps by which a successor is found.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{CourseId, GroupId, PathId, SessionId, UserId, WorkId};
use entity::kind::{Status, Step};
use serde::{Deserialize, Serialize};

use crate::tree::Tree;

/// Works that lose their owner, and everybody who might succeed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Courses that lose their main author.
    pub courses: BTreeMap<CourseId, Course>,
    /// Paths that lose their main author, and those of the sessions below.
    pub paths: BTreeMap<PathId, Path>,
    /// Sessions that lose their main instructor.
    pub sessions: BTreeMap<SessionId, Session>,
    /// The administrators appointed in each owner group and in its parent, in the order in which they come.
    pub administrators: BTreeMap<GroupId, Vec<Administrator>>,
    /// The state of everybody above.
    pub status: BTreeMap<UserId, Status>,
}

/// A course, as far as succession depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The owner group.
    pub group: GroupId,
    /// Co-authors with their rank, first rank first.
    pub co_authors: Vec<(i32, UserId)>,
}

/// A path, as far as succession depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The owner group.
    pub group: GroupId,
    /// The main author.
    pub main_author: UserId,
    /// Co-authors with their rank, first rank first.
    pub co_authors: Vec<(i32, UserId)>,
}

/// A session, as far as succession depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its path.
    pub path: PathId,
    /// Co-instructors with their rank, first rank first.
    pub co_instructors: Vec<(i32, UserId)>,
}

/// An `ADMINISTRATOR` row of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Administrator {
    /// When appointed: the first comes first.
    pub granted_at: DateTime<Utc>,
    /// Who; between two appointed at once the lower id comes first.
    pub user: UserId,
}

/// What the whole request takes away, known before its first chunk (R13). A chunk that comes later no longer finds all
/// of it in the database, and still tells who was passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// Whose account ends.
    pub users: BTreeSet<UserId>,
    /// `ADMINISTRATOR` rows that go, also from people whose account lives, by group.
    pub administrators: BTreeMap<GroupId, BTreeSet<Administrator>>,
    /// Places of `users` as co-authors and co-instructors with their rank, by work.
    pub places: BTreeMap<WorkId, BTreeSet<(i32, UserId)>>,
}

impl Leaving {
    /// Adds places of those whose account ends.
    pub fn hold(&mut self, places: impl IntoIterator<Item = (WorkId, UserId, i32)>) {
        for (work, user, rank) in places {
            self.places.entry(work).or_default().insert((rank, user));
        }
    }
}

/// Who succeeds, and how they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// Who.
    pub user: UserId,
    /// At which step.
    pub step: Step,
    /// The place they give up for it.
    pub former_rank: Option<i32>,
    /// Who came before them and could not succeed.
    pub passed_over: Vec<PassedOver>,
}

/// Somebody who came before the successor and could not succeed (R13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    /// Who.
    pub user: UserId,
    /// Why.
    pub why: Ineligible,
}

/// Why somebody cannot succeed (R13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ineligible {
    /// The account is not active.
    NotActive,
    /// They leave in the same request.
    Leaving,
    /// They lose, in the same request, the role that would have made them successor.
    LosesRole,
}

/// The rule by which the successor of a work is found.
pub fn rule_of(work: WorkId) -> &'static str {
    match work {
        WorkId::Course(_) => "R10",
        WorkId::Path(_) => "R11",
        WorkId::Session(_) => "R12",
    }
}

/// R10, for a course that `leaver` is the main author of. The platform owner where the course is unknown.
pub fn successor_of_course(
    course: CourseId,
    leaver: UserId,
    candidates: &Candidates,
    leaving: &Leaving,
    tree: &Tree,
    owner: UserId,
) -> Successor {
    let mut search = Search { candidates, leaving, leaver, owner, passed_over: Vec::new() };
    let work = WorkId::Course(course);
    let Some(course) = candidates.courses.get(&course) else { return search.ends_at_owner() };
    search
        .among_ranked(work, &course.co_authors, Step::CoAuthor)
        .or_else(|| search.among_administrators(course.group, tree))
        .unwrap_or_else(|| search.ends_at_owner())
}

/// R11, for a path that `leaver` is the main author of. The platform owner where the path is unknown.
pub fn successor_of_path(
    path: PathId,
    leaver: UserId,
    candidates: &Candidates,
    leaving: &Leaving,
    tree: &Tree,
    owner: UserId,
) -> Successor {
    let mut search = Search { candidates, leaving, leaver, owner, passed_over: Vec::new() };
    search.for_path(path, tree)
}

/// R12, for a session that `leaver` is the main instructor of: the co-instructors; the path's main author as R11 leaves it;
/// on through R11's steps for that path. The platform owner where the session is unknown.
pub fn successor_of_session(
    session: SessionId,
    leaver: UserId,
    candidates: &Candidates,
    leaving: &Leaving,
    tree: &Tree,
    owner: UserId,
) -> Successor {
    let mut search = Search { candidates, leaving, leaver, owner, passed_over: Vec::new() };
    let work = WorkId::Session(session);
    let Some(session) = candidates.sessions.get(&session) else { return search.ends_at_owner() };
    if let Some(successor) = search.among_ranked(work, &session.co_instructors, Step::CoInstructor) {
        return successor;
    }
    let Some(path) = candidates.paths.get(&session.path) else { return search.ends_at_owner() };
    if leaving.users.contains(&path.main_author) {
        // R11 makes this very person main author of the path, whichever chunk does it.
        let heir = successor_of_path(session.path, path.main_author, candidates, leaving, tree, owner);
        return search.found(heir.user, Step::PathAuthor, None);
    }
    if search.passes(path.main_author) {
        return search.found(path.main_author, Step::PathAuthor, None);
    }
    // A co-author of the path gives up no place in the session.
    Successor { former_rank: None, ..search.for_path(session.path, tree) }
}

/// One search for a successor: who was looked at and could not succeed is remembered.
struct Search<'a> {
    candidates: &'a Candidates,
    leaving: &'a Leaving,
    /// Whose work it is until now.
    leaver: UserId,
    owner: UserId,
    passed_over: Vec<PassedOver>,
}

impl Search<'_> {
    fn for_path(&mut self, path: PathId, tree: &Tree) -> Successor {
        let work = WorkId::Path(path);
        let Some(path) = self.candidates.paths.get(&path) else { return self.ends_at_owner() };
        self.among_ranked(work, &path.co_authors, Step::CoAuthor)
            .or_else(|| self.among_administrators(path.group, tree))
            .unwrap_or_else(|| self.ends_at_owner())
    }

    fn among_ranked(&mut self, work: WorkId, ranked: &[(i32, UserId)], step: Step) -> Option<Successor> {
        let gone = self.leaving.places.get(&work).into_iter().flatten();
        let ranked: BTreeSet<(i32, UserId)> = ranked.iter().chain(gone).copied().collect();
        for (rank, user) in ranked {
            if self.passes(user) {
                return Some(self.found(user, step, Some(rank)));
            }
        }
        None
    }

    /// Those appointed in the owner group, then those appointed in its parent: one level, and R4 does not count.
    fn among_administrators(&mut self, group: GroupId, tree: &Tree) -> Option<Successor> {
        let levels =
            [(Some(group), Step::GroupAdministrator), (tree.parent(group), Step::ParentAdministrator)];
        for (group, step) in levels {
            let Some(group) = group else { continue };
            let gone: BTreeSet<Administrator> =
                self.leaving.administrators.get(&group).cloned().unwrap_or_default();
            let appointed = self.candidates.administrators.get(&group).into_iter().flatten();
            let all: BTreeSet<Administrator> = appointed.chain(&gone).copied().collect();
            for Administrator { user, .. } in all {
                let loses_role = gone.iter().any(|gone| gone.user == user);
                if loses_role && !self.leaving.users.contains(&user) {
                    self.pass_over(user, Ineligible::LosesRole);
                } else if self.passes(user) {
                    return Some(self.found(user, step, None));
                }
            }
        }
        None
    }

    /// R13; who does not pass is remembered.
    fn passes(&mut self, user: UserId) -> bool {
        if user == self.owner {
            return true;
        }
        if self.leaving.users.contains(&user) {
            self.pass_over(user, Ineligible::Leaving);
            return false;
        }
        if !self.candidates.status.get(&user).is_some_and(|status| status.may_succeed()) {
            self.pass_over(user, Ineligible::NotActive);
            return false;
        }
        true
    }

    fn pass_over(&mut self, user: UserId, why: Ineligible) {
        // Whoever hands a work over is no candidate for it, and somebody may come up twice: as main author of the path and
        // as its administrator.
        if user != self.leaver && !self.passed_over.iter().any(|passed| passed.user == user) {
            self.passed_over.push(PassedOver { user, why });
        }
    }

    fn found(&mut self, user: UserId, step: Step, former_rank: Option<i32>) -> Successor {
        Successor { user, step, former_rank, passed_over: std::mem::take(&mut self.passed_over) }
    }

    fn ends_at_owner(&mut self) -> Successor {
        self.found(self.owner, Step::PlatformOwner, None)
    }
}
